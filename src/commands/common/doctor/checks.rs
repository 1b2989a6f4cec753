//! All checks, and those of the backend. They are pure functions of the input.

use std::time::Duration;

use jiff::Timestamp;

use super::environment::{check_environments, skip_environments};
use super::input::{BackendInput, DoctorInput};
use super::policies::check_policies;
use super::result::{CheckResult, CheckVerdict};
use crate::error::{Code, Exit, Failure};
use crate::wire::Environment;

/// A slower response is a warning.
const SLOW: Duration = Duration::from_secs(2);

/// Builds the command line of a provider's command.
pub(super) type CommandBuilder<'a> = &'a dyn Fn(&[&str]) -> String;

/// Runs all checks. A check comes after the checks that it depends on.
pub(super) fn check(
    input: &DoctorInput,
    only: Option<Environment>,
    now: Timestamp,
    command: CommandBuilder<'_>,
) -> Vec<CheckResult> {
    match &input.backend {
        Ok(backend) => {
            let mut checks = check_backend(backend, only);
            if backend.status.as_ref().is_some_and(Result::is_ok) {
                checks.extend(check_environments(input, backend, only, now, command));
            } else {
                checks.extend(skip_environments(only, "the backend did not return a status"));
            }
            checks
        }
        Err(failure) => {
            let mut checks = check_lookup(failure);
            checks.extend(skip_environments(only, NO_BACKEND));
            checks
        }
    }
}

const NO_BACKEND: &str = "no usable address and key";

/// The checks if the lookup of the address and the key failed.
fn check_lookup(failure: &Failure) -> Vec<CheckResult> {
    let key_failed = matches!(failure.code, Code::NoApiKey | Code::ApiKeyInvalid | Code::KeyringUnavailable);
    let pair = if key_failed {
        [CheckResult::skipped("address", "no usable key for it"), CheckResult::failed("key", failure)]
    } else {
        [CheckResult::failed("address", failure), CheckResult::skipped("key", "no usable address")]
    };
    let others = ["reachable", "version", "routes", "key accepted"];
    let others = others.map(|name| CheckResult::skipped(name, NO_BACKEND));
    pair.into_iter().chain(others).collect()
}

fn check_backend(backend: &BackendInput, only: Option<Environment>) -> Vec<CheckResult> {
    let address = format!("{}, from {}", backend.address.value, backend.address.source);
    let key = format!("{}, from {}", backend.key.value, backend.key.source);
    let mut checks = vec![
        CheckResult::new("address", CheckVerdict::Pass, address),
        CheckResult::new("key", CheckVerdict::Pass, key),
    ];
    checks.extend(check_policies(&backend.policies, backend.is_bypassed, only));
    checks.extend(check_health(backend));
    checks.extend(check_status(backend));
    checks
}

fn check_health(backend: &BackendInput) -> [CheckResult; 2] {
    let no_version = || CheckResult::skipped("version", "the backend did not report it");
    match &backend.health {
        Ok(health) => {
            let verdict =
                if backend.health_duration > SLOW { CheckVerdict::Warn } else { CheckVerdict::Pass };
            let duration = backend.health_duration.as_millis();
            let reachable = CheckResult::new("reachable", verdict, format!("answered in {duration} ms"));
            let version = health.version.as_deref();
            let version = version.map(|version| CheckResult::new("version", CheckVerdict::Pass, version));
            [reachable, version.unwrap_or_else(no_version)]
        }
        // A proxy may hide the health route although payments work.
        Err(failure) if backend.status.as_ref().is_some_and(Result::is_ok) => [
            CheckResult { verdict: CheckVerdict::Warn, ..CheckResult::failed("reachable", failure) },
            no_version(),
        ],
        Err(failure) => [CheckResult::failed("reachable", failure), no_version()],
    }
}

/// Whether the payments routes exist, and whether the backend accepts the key.
fn check_status(backend: &BackendInput) -> [CheckResult; 2] {
    let (routes, accepted) = ("routes", "key accepted");
    match &backend.status {
        None => {
            let reason = "the backend is unreachable";
            [CheckResult::skipped(routes, reason), CheckResult::skipped(accepted, reason)]
        }
        Some(Ok(_)) => {
            let generation = backend.generation.map(|generation| format!("{generation} generation"));
            [
                CheckResult::new(routes, CheckVerdict::Pass, generation.unwrap_or_default()),
                CheckResult::new(accepted, CheckVerdict::Pass, "yes"),
            ]
        }
        Some(Err(failure)) if matches!(failure.exit, Exit::NotAuthenticated | Exit::Denied) => [
            CheckResult::skipped(routes, "the backend requires a valid key"),
            CheckResult::failed(accepted, failure).repaired_by(backend.set_key_command()),
        ],
        Some(Err(failure)) => [
            CheckResult::failed(routes, failure),
            CheckResult::skipped(accepted, "the payments routes failed"),
        ],
    }
}
