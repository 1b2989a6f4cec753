//! The checks of each environment.

use jiff::Timestamp;

use super::checks::CommandBuilder;
use super::input::{BackendInput, DoctorInput, EnvironmentInput};
use super::result::{CheckResult, CheckVerdict};
use super::selected_environments;
use crate::api::{Answer, MAX_ROWS, Method};
use crate::error::Failure;
use crate::runner::{Finding, UnmappedSubscriptions, WebhookRepair, is_local, join_first};
use crate::secret::redact;
use crate::wire::{Connection, Environment, is_public_https, is_reserved};

/// The age, in hours, at which the last sync is a warning. Webhooks update payments between syncs, but not the catalog.
const OLD_SYNC_HOURS: i64 = 24;
const PROVIDER_KEY: &str = "provider key";
pub(super) const WEBHOOK: &str = "webhook";

pub(super) fn skip_environments(
    only: Option<Environment>,
    reason: &str,
) -> impl Iterator<Item = CheckResult> {
    selected_environments(only).map(move |environment| CheckResult {
        environment: Some(environment),
        ..CheckResult::skipped(PROVIDER_KEY, reason)
    })
}

pub(super) fn check_environments(
    doctor: &DoctorInput,
    backend: &BackendInput,
    only: Option<Environment>,
    now: Timestamp,
    command: CommandBuilder<'_>,
) -> Vec<CheckResult> {
    let mut checks = Vec::new();
    let none_has_a_key = backend.environments.is_empty();
    for environment in selected_environments(only) {
        let input = backend.environments.iter().find(|one| one.environment == environment);
        let results = match (backend.connection(environment), input) {
            (Some(connection), Some(input)) => {
                EnvironmentChecks { doctor, backend, connection, input, command, now }.all()
            }
            (None, _) => {
                let found = "the backend's status does not include this environment";
                vec![CheckResult::new(PROVIDER_KEY, CheckVerdict::Fail, found)]
            }
            _ if only.is_some() || none_has_a_key && environment == Environment::Test => {
                let repair = command(&["config", "set", environment.as_str()]);
                vec![CheckResult::new(PROVIDER_KEY, CheckVerdict::Fail, "not configured").repaired_by(repair)]
            }
            _ => vec![CheckResult::new(PROVIDER_KEY, CheckVerdict::Skip, "not configured")],
        };
        let environment = Some(environment);
        checks.extend(results.into_iter().map(|result| CheckResult { environment, ..result }));
    }
    checks
}

/// The checks of an environment that has a key.
struct EnvironmentChecks<'a> {
    doctor: &'a DoctorInput,
    backend: &'a BackendInput,
    connection: &'a Connection,
    input: &'a EnvironmentInput,
    command: CommandBuilder<'a>,
    now: Timestamp,
}

impl EnvironmentChecks<'_> {
    fn all(&self) -> Vec<CheckResult> {
        let mut checks = vec![self.provider_key(), self.account()];
        checks.extend(self.webhook());
        checks.push(self.last_sync());
        checks.extend(self.catalog());
        checks.push(self.subscriptions());
        checks
    }

    /// The command line of a command for this environment.
    fn command(&self, words: &[&str]) -> String {
        (self.command)(&[words, &[self.input.environment.as_str()]].concat())
    }

    /// Whether the webhook must be reachable from the internet: in live, and for a backend that is.
    fn must_be_public(&self) -> bool {
        self.input.environment == Environment::Live || is_public_https(self.backend.address.value.as_str())
    }

    fn provider_key(&self) -> CheckResult {
        let environment = self.input.environment;
        let Some(key) = self.connection.masked_key.as_deref() else {
            return CheckResult::new(
                PROVIDER_KEY,
                CheckVerdict::Warn,
                "configured, but the backend does not show it",
            );
        };
        let prefix = self.doctor.key_prefix;
        if key.starts_with(prefix(environment)) {
            return CheckResult::new(PROVIDER_KEY, CheckVerdict::Pass, key);
        }
        let flaw = if key.starts_with(prefix(environment.other())) {
            format!("{key} is for {}, not {environment}", environment.other())
        } else {
            format!("{key} does not start with {}", prefix(environment))
        };
        CheckResult::new(PROVIDER_KEY, CheckVerdict::Fail, flaw).repaired_by(self.command(&["config", "set"]))
    }

    fn account(&self) -> CheckResult {
        let status = self.connection.status.as_str();
        if status != "connected" {
            let reason = self.sync_error().map_or_else(String::new, |reason| format!(": {reason}"));
            let found = format!("the status of the connection is {status}{reason}");
            return CheckResult::new("account", CheckVerdict::Fail, found)
                .repaired_by(self.connection_repair());
        }
        match self.connection.account() {
            Some(account) => CheckResult::new("account", CheckVerdict::Pass, account.to_string()),
            None => CheckResult::new("account", CheckVerdict::Warn, "connected, but the account is unknown")
                .repaired_by(self.command(&["sync"])),
        }
    }

    /// Set another key if the provider refused this one, because another sync would fail too; otherwise sync again.
    fn connection_repair(&self) -> String {
        self.command(if self.connection.key_is_refused() { &["config", "set"] } else { &["sync"] })
    }

    fn sync_error(&self) -> Option<String> {
        self.connection.last_sync_error().map(|reason| redact(&reason).into_owned())
    }

    /// Whether the webhook exists, leads to this backend from the internet, and responds.
    fn webhook(&self) -> Vec<CheckResult> {
        let connection = self.connection;
        let id = connection.webhook_endpoint_id.as_deref();
        let id = id.or(connection.webhook_configured_at.as_ref().map(|_| "configured"));
        let Some(id) = id else { return vec![self.missing_webhook()] };
        let mut checks = vec![if self.doctor.webhook.is_managed {
            CheckResult::new(WEBHOOK, CheckVerdict::Pass, id)
        } else {
            let provider = self.doctor.provider.name;
            let found =
                format!("not verifiable from here: only {provider}'s dashboard shows whether it is set up");
            CheckResult::new(WEBHOOK, CheckVerdict::Skip, found)
        }];
        let name = "webhook address";
        let Some(url) = connection.webhook_endpoint_url.as_deref() else {
            checks.push(CheckResult::new(name, CheckVerdict::Warn, "the backend does not report it"));
            return checks;
        };
        // Only the sandbox has such an address.
        if is_reserved(url) {
            checks.push(CheckResult::new(
                name,
                CheckVerdict::Pass,
                format!("{url}, simulated by the sandbox"),
            ));
            return checks;
        }
        checks.extend([
            CheckResult { name, ..self.webhook_address(url) },
            check_webhook_answer(self.input.webhook.as_ref()),
        ]);
        checks
    }

    fn missing_webhook(&self) -> CheckResult {
        let webhook = self.doctor.webhook;
        if !webhook.is_managed {
            let found =
                "not verifiable from here, but probably missing: its URL and secret were never requested";
            return CheckResult::new(WEBHOOK, CheckVerdict::Warn, found)
                .repaired_by_webhook(self.webhook_repair());
        }
        let verdict = if self.must_be_public() { CheckVerdict::Fail } else { CheckVerdict::Warn };
        let missing = CheckResult::new(WEBHOOK, verdict, "none, so the backend receives no payment events");
        // The provider refuses a webhook of this key too.
        if self.connection.key_is_refused() {
            return missing.repaired_by(self.command(&["config", "set"]));
        }
        missing.repaired_by_webhook(self.webhook_repair())
    }

    fn webhook_address(&self, url: &str) -> CheckResult {
        let (name, backend) = ("webhook address", &self.backend.address);
        if !is_public_https(url) {
            let verdict = if self.must_be_public() { CheckVerdict::Fail } else { CheckVerdict::Warn };
            let provider = self.doctor.provider.name;
            let found =
                format!("{url} is not a public https address, so {provider} cannot deliver events to it");
            let repair = if is_local(backend) && self.doctor.webhook.forwarder.is_some() {
                self.webhook_repair()
            } else {
                WebhookRepair::needs_public_address(&self.command(self.doctor.webhook.setup))
            };
            return CheckResult::new(name, verdict, found).repaired_by_webhook(repair);
        }
        if self.input.webhook.is_some() {
            return CheckResult::new(name, CheckVerdict::Pass, url);
        }
        let elsewhere = format!("{url} does not belong to {}", backend.value);
        let check = |found| CheckResult::new(name, CheckVerdict::Warn, found);
        match (is_local(backend), self.input.environment) {
            (false, _) => check(format!("{elsewhere}, so events go to another address")),
            (true, Environment::Test) => {
                check(format!("{elsewhere}; unless it leads there, events go elsewhere"))
            }
            // The usual way to a backend in production from its own machine. A new endpoint could have a local address.
            (true, Environment::Live) => return check(format!("{elsewhere}; check that it leads there")),
        }
        .repaired_by_webhook(self.webhook_repair())
    }

    fn webhook_repair(&self) -> WebhookRepair {
        let environment = self.input.environment;
        let provider = self.doctor.provider;
        self.doctor.webhook.repair(provider, environment, &self.backend.address, self.command)
    }

    fn last_sync(&self) -> CheckResult {
        let name = "last sync";
        let time = self.connection.last_synced_at.as_deref();
        let age = time.and_then(|text| text.parse::<Timestamp>().ok()).map(|then| age(self.now, then));
        let ago = age.map(|(_, words)| words);
        let sync = || self.command(&["sync"]);
        match self.connection.last_sync_status.as_deref() {
            Some("succeeded") => {
                let old = age.is_none_or(|(hours, _)| hours >= OLD_SYNC_HOURS);
                let verdict = if old { CheckVerdict::Warn } else { CheckVerdict::Pass };
                let found =
                    ago.map_or_else(|| "succeeded at an unknown time".to_owned(), |ago| ago.to_string());
                CheckResult::new(name, verdict, found).repaired_by(old.then(sync))
            }
            Some(status) => {
                let reason = self.sync_error().map_or_else(String::new, |reason| format!(": {reason}"));
                let success = ago.map_or_else(String::new, |ago| format!("; last successful sync: {ago}"));
                let found = format!("{status}{reason}{success}");
                CheckResult::new(name, CheckVerdict::Fail, found).repaired_by(self.connection_repair())
            }
            None => CheckResult::new(name, CheckVerdict::Warn, "never").repaired_by(sync()),
        }
    }

    fn catalog(&self) -> Vec<CheckResult> {
        let result = |finding: &Finding| {
            let verdict = if finding.is_problem { CheckVerdict::Warn } else { CheckVerdict::Pass };
            let repair = finding
                .repair
                .as_ref()
                .map(|words| (self.command)(&words.iter().map(String::as_str).collect::<Vec<_>>()));
            CheckResult::new(finding.check, verdict, finding.found.as_str()).repaired_by(repair)
        };
        match &self.input.catalog {
            Ok(findings) => findings.iter().map(result).collect(),
            Err(failure) => vec![CheckResult::failed("catalog", failure)],
        }
    }

    fn subscriptions(&self) -> CheckResult {
        let name = "subscriptions";
        let UnmappedSubscriptions { total, ids } = match &self.input.subscriptions {
            Ok(unmapped) => unmapped,
            Err(failure) => return CheckResult::failed(name, failure),
        };
        // The backend lists no more, so the others are unknown.
        let all =
            if *total == usize::from(MAX_ROWS) { format!("the first {total}") } else { total.to_string() };
        if ids.is_empty() {
            let (verdict, found) = match *total {
                0 => (CheckVerdict::Pass, "none".to_owned()),
                total if total == usize::from(MAX_ROWS) => {
                    (CheckVerdict::Warn, format!("{all} have a billing subject; the backend lists no more"))
                }
                _ => (CheckVerdict::Pass, format!("{all}, each with a billing subject")),
            };
            return CheckResult::new(name, verdict, found);
        }
        // No command repairs it: a sync alone changes nothing.
        let found = format!(
            "{} of {all} without a billing subject: {}; set insforge_subject_type and insforge_subject_id on them at {}, \
             then sync",
            ids.len(),
            join_first(ids),
            self.doctor.provider.name,
        );
        CheckResult::new(name, CheckVerdict::Warn, found)
    }
}

/// Whether the response at the webhook's address may come from the backend. The webhook takes events as POST requests, so
/// the status of a GET request means nothing else.
fn check_webhook_answer(answer: Option<&Result<Answer, Failure>>) -> CheckResult {
    let name = "webhook answers";
    match answer {
        None => CheckResult::skipped(name, "the doctor only contacts the backend"),
        Some(Err(failure)) => CheckResult::failed(name, failure),
        Some(Ok(answer)) => match answer.foreign(Method::Get) {
            Some(foreign) => {
                let sender =
                    foreign.sender().map_or_else(String::new, |it| format!(" but apparently from {it}"));
                let found = format!("HTTP {}, which does not come from the backend{sender}", answer.status);
                CheckResult::new(name, CheckVerdict::Fail, redact(&found))
            }
            None => CheckResult::new(name, CheckVerdict::Pass, "yes"),
        },
    }
}

/// The age of a timestamp, in whole hours and as text.
fn age(now: Timestamp, then: Timestamp) -> (i64, Age) {
    // The backend's clock may be ahead.
    let seconds = now.as_second().saturating_sub(then.as_second()).max(0);
    (seconds / 3600, Age(seconds))
}

/// A number of seconds, shown as `3 hours ago`.
#[derive(Clone, Copy)]
struct Age(i64);

impl std::fmt::Display for Age {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let minutes = self.0 / 60;
        let (count, unit) = match minutes {
            0 => return f.write_str("less than a minute ago"),
            1..60 => (minutes, "minute"),
            60..2880 => (minutes / 60, "hour"),
            _ => (minutes / 1440, "day"),
        };
        write!(f, "{count} {unit}{} ago", if count == 1 { "" } else { "s" })
    }
}
