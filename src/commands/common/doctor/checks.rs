//! What there is to say of the backend itself: found, reached, known, and the key accepted. A function of what was read.

use std::time::Duration;

use jiff::Timestamp;

use super::environment;
use super::gather::{Backend, Facts};
use crate::error::{Code, Exit, Failure};
use crate::secret::redact;
use crate::wire::Environment;

/// Longer than this is worth a word.
const SLOW: Duration = Duration::from_secs(2);

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is as it should be.
    Pass,
    /// Payments work, and something is weaker than it should be.
    Warn,
    /// Payments do not work like this.
    Fail,
    /// It was not looked at.
    Skip,
}

impl Verdict {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) name: &'static str,
    /// Nothing where it is the backend's.
    pub(super) environment: Option<Environment>,
    pub(super) verdict: Verdict,
    pub(super) found: String,
    /// A command line.
    pub(super) repair: Option<String>,
}

impl Check {
    pub(super) fn new(name: &'static str, verdict: Verdict, found: impl Into<String>) -> Self {
        Self { name, environment: None, verdict, found: found.into(), repair: None }
    }

    /// It could not be done, and its reason is what was found.
    pub(super) fn failed(name: &'static str, failure: &Failure) -> Self {
        let repair = failure.repair.as_ref().map(shell_words::join);
        let hint = failure.hint.as_deref().filter(|_| repair.is_none());
        let said = [Some(failure.what.as_str()), failure.why.as_deref(), hint].into_iter().flatten();
        let found = said.collect::<Vec<_>>().join("; ");
        // A provider's words may carry more than they should, and stdout goes far.
        Self { repair, ..Self::new(name, Verdict::Fail, redact(&found)) }
    }

    pub(super) fn repaired_by(self, command: impl Into<Option<String>>) -> Self {
        Self { repair: command.into().or(self.repair), ..self }
    }
}

/// Another command of the provider's, by its words.
pub(super) type Command<'a> = &'a dyn Fn(&[&str]) -> String;

/// Judges everything, in the order in which one thing needs the other.
pub(super) fn judge(
    facts: &Facts,
    only: Option<Environment>,
    now: Timestamp,
    command: Command<'_>,
) -> Vec<Check> {
    let mut checks = Vec::new();
    let because = match &facts.backend {
        Ok(backend) => {
            of_backend(backend, &mut checks);
            (!backend.status.as_ref().is_some_and(Result::is_ok)).then_some("the backend gave no status")
        }
        Err(failure) => {
            checks.extend(of_nothing(failure));
            Some("there is no backend to ask")
        }
    };
    match (&facts.backend, because) {
        (Ok(backend), None) => checks.extend(environment::judge(facts, backend, only, now, command)),
        (_, because) => {
            let environments =
                Environment::ALL.into_iter().filter(|one| only.is_none_or(|only| only == *one));
            let skipped = |one| Check {
                environment: Some(one),
                ..Check::new(
                    environment::PROVIDER_KEY,
                    Verdict::Skip,
                    format!("because {}", because.unwrap_or_default()),
                )
            };
            checks.extend(environments.map(skipped));
        }
    }
    checks
}

/// No address, or no key for it: they are found as a pair.
fn of_nothing(failure: &Failure) -> Vec<Check> {
    let is_about_the_key =
        matches!(failure.code, Code::NoApiKey | Code::ApiKeyInvalid | Code::KeyringUnavailable);
    let pair = if is_about_the_key {
        [
            Check::new("address", Verdict::Skip, "because it is used with its key only"),
            Check::failed("key", failure),
        ]
    } else {
        [
            Check::failed("address", failure),
            Check::new("key", Verdict::Skip, "because it is looked for where the address is"),
        ]
    };
    let rest = ["reachable", "version", "routes", "key accepted"];
    let rest = rest.map(|name| Check::new(name, Verdict::Skip, "because there is no backend to ask"));
    pair.into_iter().chain(rest).collect()
}

fn of_backend(backend: &Backend, checks: &mut Vec<Check>) {
    let address = format!("{}, from {}", backend.address.value, backend.address.source);
    let key = format!("{}, from {}", backend.key.value, backend.key.source);
    checks.push(Check::new("address", Verdict::Pass, address));
    checks.push(Check::new("key", Verdict::Pass, key));
    checks.extend(of_health(backend));
    checks.extend(of_status(backend));
}

fn of_health(backend: &Backend) -> [Check; 2] {
    let skipped = || Check::new("version", Verdict::Skip, "because the backend did not say it");
    match &backend.health {
        Ok(health) => {
            let verdict = if backend.took > SLOW { Verdict::Warn } else { Verdict::Pass };
            let reachable =
                Check::new("reachable", verdict, format!("answered in {} ms", backend.took.as_millis()));
            let version = health.version.as_deref();
            [reachable, version.map_or_else(skipped, |version| Check::new("version", Verdict::Pass, version))]
        }
        // Something in between may keep this to itself; the status says whether payments are there.
        Err(failure) if backend.status.as_ref().is_some_and(Result::is_ok) => {
            [Check { verdict: Verdict::Warn, ..Check::failed("reachable", failure) }, skipped()]
        }
        Err(failure) => [Check::failed("reachable", failure), skipped()],
    }
}

/// Whether the payments routes are there, and whether they take the key.
fn of_status(backend: &Backend) -> [Check; 2] {
    let (routes, accepted) = ("routes", "key accepted");
    let skipped = |name, why: &str| Check::new(name, Verdict::Skip, format!("because {why}"));
    match &backend.status {
        None => [
            skipped(routes, "the backend cannot be reached"),
            skipped(accepted, "the backend cannot be reached"),
        ],
        Some(Ok(_)) => {
            let generation = backend.generation.map(|generation| format!("{generation} generation"));
            [
                Check::new(routes, Verdict::Pass, generation.unwrap_or_default()),
                Check::new(accepted, Verdict::Pass, "yes"),
            ]
        }
        Some(Err(failure)) if matches!(failure.exit, Exit::NotAuthenticated | Exit::Denied) => [
            skipped(routes, "only who has a key learns that"),
            Check::failed(accepted, failure).repaired_by(backend.new_key()),
        ],
        Some(Err(failure)) => {
            [Check::failed(routes, failure), skipped(accepted, "the routes did not answer")]
        }
    }
}
