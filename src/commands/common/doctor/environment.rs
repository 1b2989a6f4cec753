//! What there is to say of an environment: its key at the provider, webhook, mirror, and what is for sale there.

use jiff::Timestamp;

use super::checks::{Check, Command, Verdict};
use super::gather::{Backend, Facts, Reading};
use crate::api::{Answer, is_out_of_reach};
use crate::error::Failure;
use crate::runner::{Finding, Unmapped, some_of};
use crate::secret::redact;
use crate::wire::{Connection, Environment, is_public_https};

/// Named here and where nothing can be said of an environment.
pub(super) const PROVIDER_KEY: &str = "provider key";
/// Hours after which a mirror is old. Webhooks bring payments in between, but no catalog.
const OLD: i64 = 24;

/// Judges those that are asked for.
pub(super) fn judge(
    facts: &Facts,
    backend: &Backend,
    only: Option<Environment>,
    now: Timestamp,
    command: Command<'_>,
) -> Vec<Check> {
    let mut checks = Vec::new();
    let none_has_a_key = backend.readings.is_empty();
    for environment in Environment::ALL.into_iter().filter(|one| only.is_none_or(|only| only == *one)) {
        let reading = backend.readings.iter().find(|reading| reading.environment == environment);
        let found = match (backend.connection(environment), reading) {
            (Some(connection), Some(reading)) => {
                Examined { facts, backend, connection, reading, command, now }.judge()
            }
            (None, _) => {
                vec![Check::new(PROVIDER_KEY, Verdict::Fail, "the backend's status does not name it")]
            }
            _ if only.is_some() || none_has_a_key && environment == Environment::Test => {
                let repair = command(&["config", "set", environment.as_str()]);
                vec![Check::new(PROVIDER_KEY, Verdict::Fail, "not configured").repaired_by(repair)]
            }
            _ => vec![Check::new(PROVIDER_KEY, Verdict::Skip, "not configured")],
        };
        checks.extend(found.into_iter().map(|check| Check { environment: Some(environment), ..check }));
    }
    checks
}

/// An environment that has a key, and all that was read of it.
struct Examined<'a> {
    facts: &'a Facts,
    backend: &'a Backend,
    connection: &'a Connection,
    reading: &'a Reading,
    command: Command<'a>,
    now: Timestamp,
}

impl Examined<'_> {
    fn judge(&self) -> Vec<Check> {
        let mut checks = vec![self.provider_key(), self.account()];
        checks.extend(self.webhook());
        checks.push(self.last_sync());
        checks.extend(self.offers());
        checks.push(self.subscriptions());
        checks
    }

    /// Another command for this environment.
    fn command(&self, words: &[&str]) -> String {
        (self.command)(&[words, &[self.reading.environment.as_str()]].concat())
    }

    /// Whether what is not reachable from outside has to be: in live, and where the backend itself is.
    fn has_to_be_public(&self) -> bool {
        self.reading.environment == Environment::Live || is_public_https(self.backend.address.value.as_str())
    }

    fn provider_key(&self) -> Check {
        let environment = self.reading.environment;
        let Some(key) = self.connection.masked_key.as_deref() else {
            return Check::new(PROVIDER_KEY, Verdict::Warn, "configured; the backend does not show which");
        };
        let beginning = self.facts.key_beginning;
        if key.starts_with(beginning(environment)) {
            return Check::new(PROVIDER_KEY, Verdict::Pass, key);
        }
        let flaw = if key.starts_with(beginning(environment.other())) {
            format!("{key} is for {}", environment.other())
        } else {
            format!("{key} does not begin with {}", beginning(environment))
        };
        Check::new(PROVIDER_KEY, Verdict::Fail, flaw).repaired_by(self.command(&["config", "set"]))
    }

    fn account(&self) -> Check {
        let status = self.connection.status.as_str();
        if status != "connected" {
            let reason = self.sync_error().map_or_else(String::new, |reason| format!(": {reason}"));
            let found = format!("the connection is in state {status}{reason}");
            return Check::new("account", Verdict::Fail, found).repaired_by(self.repair_of_connection());
        }
        match self.connection.account() {
            Some(account) => Check::new("account", Verdict::Pass, account.to_string()),
            None => Check::new("account", Verdict::Warn, "connected, to an account that is not known")
                .repaired_by(self.command(&["sync"])),
        }
    }

    /// Where the reason is about the key, another one is needed; otherwise trying again shows whether it is over.
    fn repair_of_connection(&self) -> String {
        let about_the_key = self.sync_error().is_some_and(|reason| reason.to_lowercase().contains("key"));
        self.command(if about_the_key { &["config", "set"] } else { &["sync"] })
    }

    fn sync_error(&self) -> Option<String> {
        self.connection.last_sync_error().map(|reason| redact(&reason).into_owned())
    }

    /// Whether there is one, whether it can be reached from outside, and whether somebody answers there.
    fn webhook(&self) -> Vec<Check> {
        let make = || self.command(self.facts.webhooks);
        let lacking = if self.has_to_be_public() { Verdict::Fail } else { Verdict::Warn };
        let connection = self.connection;
        if connection.webhook_endpoint_id.is_none() && connection.webhook_configured_at.is_none() {
            let found = "none, so the backend does not hear of payments";
            return vec![Check::new("webhook", lacking, found).repaired_by(make())];
        }
        let id = connection.webhook_endpoint_id.as_deref().unwrap_or("configured");
        let mut checks = vec![Check::new("webhook", Verdict::Pass, id)];
        let name = "webhook address";
        let Some(url) = connection.webhook_endpoint_url.as_deref() else {
            checks.push(Check::new(name, Verdict::Warn, "the backend does not show it"));
            return checks;
        };
        let address = if !is_public_https(url) {
            let provider = self.facts.provider.name;
            let found = format!(
                "{url} is no public https address: {provider} cannot deliver there; give the backend one \
                 (API_BASE_URL), then make the webhook again"
            );
            Check::new(name, lacking, found).repaired_by(make())
        } else if self.reading.webhook.is_none() {
            let found = format!("{url} is not at {}", self.backend.address.value);
            // A backend that is reached through this machine has another address outside.
            let moved = is_public_https(self.backend.address.value.as_str()).then(make);
            Check::new(name, Verdict::Warn, found).repaired_by(moved)
        } else {
            Check::new(name, Verdict::Pass, url)
        };
        checks.extend([address, of_answer(self.reading.webhook.as_ref())]);
        checks
    }

    fn last_sync(&self) -> Check {
        let name = "last sync";
        let success = self.connection.last_synced_at.as_deref();
        let age = success.and_then(|text| text.parse::<Timestamp>().ok()).map(|then| age(self.now, then));
        let ago = age.map(|(_, words)| words);
        let sync = || self.command(&["sync"]);
        match self.connection.last_sync_status.as_deref() {
            Some("succeeded") => {
                let old = age.is_none_or(|(hours, _)| hours >= OLD);
                let verdict = if old { Verdict::Warn } else { Verdict::Pass };
                let found =
                    ago.map_or_else(|| "succeeded, nobody knows when".to_owned(), |ago| ago.to_string());
                Check::new(name, verdict, found).repaired_by(old.then(sync))
            }
            Some(status) => {
                let reason = self.sync_error().map_or_else(String::new, |reason| format!(": {reason}"));
                let before = ago.map_or_else(String::new, |ago| format!("; the last that succeeded: {ago}"));
                let found = format!("{status}{reason}{before}");
                Check::new(name, Verdict::Fail, found).repaired_by(self.repair_of_connection())
            }
            None => Check::new(name, Verdict::Warn, "never").repaired_by(sync()),
        }
    }

    fn offers(&self) -> Vec<Check> {
        let check = |finding: &Finding| {
            let verdict = if finding.repair.is_some() { Verdict::Warn } else { Verdict::Pass };
            let repair = finding
                .repair
                .as_ref()
                .map(|words| (self.command)(&words.iter().map(String::as_str).collect::<Vec<_>>()));
            Check::new(finding.check, verdict, finding.found.as_str()).repaired_by(repair)
        };
        match &self.reading.offers {
            Ok(findings) => findings.iter().map(check).collect(),
            Err(failure) => vec![Check::failed("catalog", failure)],
        }
    }

    fn subscriptions(&self) -> Check {
        let name = "subscriptions";
        let Unmapped { of, ids } = match &self.reading.subscriptions {
            Ok(unmapped) => unmapped,
            Err(failure) => return Check::failed(name, failure),
        };
        if ids.is_empty() {
            let found =
                if *of == 0 { "none".to_owned() } else { format!("{of}, each with its billing subject") };
            return Check::new(name, Verdict::Pass, found);
        }
        let found = format!(
            "{} of {of} without a billing subject: {}; give them insforge_subject_type and insforge_subject_id \
             at {}, then sync",
            ids.len(),
            some_of(ids),
            self.facts.provider.name,
        );
        Check::new(name, Verdict::Warn, found).repaired_by(self.command(&["sync"]))
    }
}

/// Whether somebody answers at the webhook's address who may be the backend. It takes events as a POST, so what a GET is
/// answered says nothing more.
fn of_answer(answer: Option<&Result<Answer, Failure>>) -> Check {
    let name = "webhook answers";
    match answer {
        None => Check::new(name, Verdict::Skip, "because nobody but the backend is asked"),
        Some(Err(failure)) => Check::failed(name, failure),
        Some(Ok(answer)) if is_out_of_reach(answer.status) || is_foreign(answer) => {
            let found = format!("{}, which is not the backend's answer", answer.status);
            Check::new(name, Verdict::Fail, found)
        }
        Some(Ok(_)) => Check::new(name, Verdict::Pass, "yes"),
    }
}

/// A page that says that there is nothing. The backend's own says so in JSON, or in Express's words (exchanges of a
/// production image).
fn is_foreign(answer: &Answer) -> bool {
    let is_page = answer.content_type.starts_with("text/html");
    let own = String::from_utf8_lossy(&answer.body).contains("Cannot GET");
    answer.status == 404 && is_page && !own
}

/// How long ago that is, in whole hours and in words.
fn age(now: Timestamp, then: Timestamp) -> (i64, Age) {
    // The two clocks are not the same one.
    let seconds = now.as_second().saturating_sub(then.as_second()).max(0);
    (seconds / 3600, Age(seconds))
}

/// Seconds, shown as `3 hours ago`.
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
