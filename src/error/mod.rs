//! What can go wrong, as the user and a script see it: a [`Failure`] has a stable [`Code`], an [`Exit`] code,
//! one sentence that says what failed, one that says why, and one that says what to do now.

mod abort_policy;
mod advice;
mod code;
mod exit;
mod known;

use std::fmt;

use crate::wire::IdempotencyKey;

pub(crate) use abort_policy::AbortPolicy;
pub use code::Code;
pub use exit::Exit;
pub(crate) use known::{Known, Origin, fix_of, known};

/// A failure that the user can act on.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its stable name.
    pub code: Code,
    /// What the process exits with.
    pub exit: Exit,
    /// What failed, in one sentence without a full stop.
    pub what: String,
    /// Why, where there is more to say than `what`.
    pub why: Option<String>,
    /// What to do now.
    pub hint: Option<String>,
    /// The HTTP status, where the backend answered.
    pub status: Option<u16>,
    /// The idempotency key of a create that may have been applied: with it, the command can be run again.
    pub(crate) idempotency_key: Option<Box<IdempotencyKey>>,
}

impl Failure {
    /// A failure with the usual exit code of its kind.
    pub fn new(code: Code, what: impl Into<String>) -> Self {
        Self {
            exit: code.exit(),
            code,
            what: what.into(),
            why: None,
            hint: None,
            status: None,
            idempotency_key: None,
        }
    }

    /// The command line is wrong.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Code::Usage, what)
    }

    /// Adds the reason.
    #[must_use]
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    /// Adds what to do now.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what to do after what the hint says already.
    #[must_use]
    pub fn then(self, hint: &str) -> Self {
        let hint = self.hint.as_ref().map_or_else(|| hint.to_owned(), |first| format!("{first}; {hint}"));
        self.hint(hint)
    }

    /// Adds the HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Exits with another code than the usual one of its kind.
    #[must_use]
    pub fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Whether running the same command again is safe and may succeed: exactly what [`Exit::TryAgain`] says.
    pub fn retryable(&self) -> bool {
        self.exit == Exit::TryAgain
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}

/// Something that is weaker than it should be, or that wants doing: no reason to fail.
#[derive(Clone, Debug)]
pub(crate) struct Warning {
    /// Its stable name.
    pub(crate) code: &'static str,
    pub(crate) text: String,
}
