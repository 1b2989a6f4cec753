//! The result of a check.

use super::environment::WEBHOOK;
use crate::error::{FOR_PEOPLE, Failure, shortened};
use crate::runner::WebhookRepair;
use crate::secret::redact;
use crate::wire::Environment;

/// The verdict of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CheckVerdict {
    Pass,
    /// Something should be improved, or could not be verified. In `test`, payment events may not arrive.
    Warn,
    /// Payments do not work.
    Fail,
    /// Not tested.
    Skip,
}

impl CheckVerdict {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CheckResult {
    pub(super) name: &'static str,
    /// `None` for a check of the backend.
    pub(super) environment: Option<Environment>,
    pub(super) verdict: CheckVerdict,
    pub(super) found: String,
    /// The command line that repairs the problem.
    pub(super) repair: Option<String>,
}

impl CheckResult {
    pub(super) fn new(name: &'static str, verdict: CheckVerdict, found: impl Into<String>) -> Self {
        // A text of the backend can be long. The callers have masked its secrets; the id of a Razorpay key is none.
        let found = shortened(&found.into(), FOR_PEOPLE).into_owned();
        Self { name, environment: None, verdict, found, repair: None }
    }

    pub(super) fn skipped(name: &'static str, reason: &str) -> Self {
        Self::new(name, CheckVerdict::Skip, format!("not tested: {reason}"))
    }

    /// The result of a check whose request failed.
    pub(super) fn failed(name: &'static str, failure: &Failure) -> Self {
        let repair = failure.repair.as_ref().map(shell_words::join);
        let hint = failure.hint.as_deref().filter(|_| repair.is_none());
        let parts = [Some(failure.what.as_str()), failure.why.as_deref(), hint].into_iter().flatten();
        let found = parts.collect::<Vec<_>>().join("; ");
        // A provider's message may contain a secret, and stdout may be stored anywhere.
        Self { repair, ..Self::new(name, CheckVerdict::Fail, redact(&found)) }
    }

    pub(super) fn repaired_by(self, command: impl Into<Option<String>>) -> Self {
        Self { repair: command.into().or(self.repair), ..self }
    }

    /// Adds what brings payment events to the backend.
    pub(super) fn repaired_by_webhook(self, repair: WebhookRepair) -> Self {
        let found = [Some(self.found), repair.also].into_iter().flatten().collect::<Vec<_>>().join("; ");
        Self { found, repair: repair.command, ..self }
    }

    /// `live provider key`
    pub(super) fn full_name(&self) -> String {
        let environment = self.environment.map(|environment| format!("{environment} "));
        environment.unwrap_or_default() + self.name
    }

    /// Whether the check is about the webhook. Without it, no payment events reach the backend.
    pub(super) fn is_about_webhook(&self) -> bool {
        self.name.starts_with(WEBHOOK)
    }
}
