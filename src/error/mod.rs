//! What can go wrong, as users and scripts see it. A [`Failure`] has a stable [`Code`], an [`Exit`] code, and sentences
//! that say what failed, why, and what to do next.

mod abort_policy;
mod backend;
mod code;
mod exit;
mod mistake;
mod nearest;
mod shorten;
mod table;
mod warning;

use std::fmt;
use std::num::NonZeroU32;

use crate::wire::IdempotencyKey;

pub(crate) use abort_policy::AbortPolicy;
pub(crate) use backend::remedy_of;
pub use code::Code;
pub use exit::Exit;
pub use mistake::Mistake;
pub(crate) use mistake::{KEPT, LISTED, Mistakes, PositionCounter, first_of};
pub(crate) use nearest::nearest;
pub(crate) use shorten::{FOR_PEOPLE, IN_JSON, shortened, shortened_lines};
pub(crate) use table::{CodeInfo, Origin};
pub(crate) use warning::{Warning, WarningCode};

/// Every code: this tool's errors, the backend's errors, and the warnings.
pub(crate) fn all_codes() -> impl Iterator<Item = &'static CodeInfo> {
    // `SYNC_FAILED` is an error and a warning. It is listed as the error.
    let warnings = WarningCode::ALL.iter().filter(|warning| **warning != WarningCode::SyncFailed);
    Code::ALL.iter().map(Code::info).chain(&backend::BACKEND).chain(warnings.map(WarningCode::info))
}

/// The end of the sentence about a write that may have been applied.
const UNKNOWN_OUTCOME: &str = "; the outcome is unknown";

/// A failure that the user can act on.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its stable name.
    pub code: Code,
    /// The exit code of the process.
    pub exit: Exit,
    /// What failed, in one sentence without a full stop.
    pub what: String,
    /// The reason, where it adds to `what`.
    pub why: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
    /// The command in the hint, as a list of arguments, where it repairs the cause.
    pub repair: Option<Vec<String>>,
    /// The HTTP status, if the backend answered.
    pub status: Option<u16>,
    /// The first mistakes in the input, where a file has them.
    pub mistakes: Vec<Mistake>,
    /// How many seconds to wait before the command is run again, if the answer asks for a day at most.
    pub(crate) retry_after: Option<NonZeroU32>,
    /// The code with which later backends answer in the same case, if this backend's is less specific.
    pub(crate) later_code: Option<&'static str>,
    /// The idempotency key of a create that may have been applied: with it, the command can be run again.
    pub(crate) idempotency_key: Option<Box<IdempotencyKey>>,
    /// The request was a write that may have been applied.
    pub(crate) may_be_applied: bool,
    /// Running the same command again is safe and may help, although the exit code is not [`Exit::TryAgain`].
    pub(crate) rerun_helps: bool,
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
            repair: None,
            status: None,
            mistakes: Vec::new(),
            retry_after: None,
            later_code: None,
            idempotency_key: None,
            may_be_applied: false,
            rerun_helps: false,
        }
    }

    /// An invalid command line.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Code::Usage, what)
    }

    /// Sets the reason. Line breaks in it are from outside, so its other lines are indented.
    #[must_use]
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(as_block(why.into()));
        self
    }

    /// Sets a reason of several lines.
    #[must_use]
    pub fn why_lines<T: Into<String>>(mut self, lines: impl IntoIterator<Item = T>) -> Self {
        let lines: Vec<String> = lines.into_iter().map(|line| as_block(line.into())).collect();
        self.why = Some(lines.join("\n"));
        self
    }

    /// Appends a line to the reason.
    #[must_use]
    pub fn and_why(mut self, line: impl Into<String>) -> Self {
        let lines = self.why.take().into_iter().chain([as_block(line.into())]);
        self.why = Some(lines.collect::<Vec<_>>().join("\n"));
        self
    }

    /// Sets what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Appends to the hint.
    #[must_use]
    pub fn and_hint(self, hint: &str) -> Self {
        let hint = self.hint.as_ref().map_or_else(|| hint.to_owned(), |first| format!("{first}; {hint}"));
        self.hint(hint)
    }

    /// What failed, and the hint.
    pub(crate) fn in_one_sentence(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{} ({hint})", self.what),
            None => self.what.clone(),
        }
    }

    /// Sets the command that repairs the cause.
    #[must_use]
    pub fn repair<'a>(mut self, words: impl IntoIterator<Item = &'a str>) -> Self {
        self.repair = Some(words.into_iter().map(str::to_owned).collect());
        self
    }

    /// Sets the mistakes in the input.
    #[must_use]
    pub(crate) fn mistakes(mut self, mistakes: Mistakes) -> Self {
        self.mistakes = mistakes.first;
        self
    }

    /// Sets the HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Sets another exit code than the usual one of its kind.
    #[must_use]
    pub fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Sets the idempotency key with which the command can be run again.
    pub(crate) fn with_idempotency_key(mut self, key: &IdempotencyKey) -> Self {
        self.idempotency_key = Some(Box::new(key.clone()));
        self
    }

    /// The code that decides what to do. It is the same for all backends.
    pub(crate) fn meaning(&self) -> &str {
        self.later_code.unwrap_or(self.code.as_str())
    }

    /// Adds to the sentence that the outcome is unknown, if it is.
    #[must_use]
    pub(crate) fn with_unknown_outcome(self) -> Self {
        if !self.may_be_applied || self.what.ends_with(UNKNOWN_OUTCOME) {
            return self;
        }
        let what = format!("{}{UNKNOWN_OUTCOME}", self.what.trim_end_matches('.'));
        Self { what, ..self }
    }

    /// The failure of a write that was certainly not applied after all.
    #[must_use]
    pub(crate) fn without_unknown_outcome(self) -> Self {
        let what = self.what.strip_suffix(UNKNOWN_OUTCOME).map(str::to_owned);
        Self { what: what.unwrap_or(self.what), may_be_applied: false, ..self }
    }

    /// Sets whether running the same command again is safe and may help.
    #[must_use]
    pub(crate) fn rerun_helps(mut self, helps: bool) -> Self {
        self.rerun_helps = helps;
        self
    }

    /// Whether the answer was a refusal that stays until something else changes. Another request with the same
    /// idempotency key (409) ends by itself.
    pub(crate) const fn is_lasting_refusal(&self) -> bool {
        matches!(self.status, Some(400 | 402..=407 | 410..=428 | 430..=499))
    }

    /// Whether running the same command again is safe and may succeed: exactly the meaning of [`Exit::TryAgain`].
    pub fn retryable(&self) -> bool {
        self.exit == Exit::TryAgain
    }
}

/// The text with at least two spaces before each line but the first, so that these lines do not look like lines of ours.
fn as_block(text: String) -> String {
    if !text.contains('\n') {
        return text;
    }
    let indented = |(number, line): (usize, &str)| {
        let is_one_of_ours = number == 0 || line.is_empty() || line.starts_with("  ");
        if is_one_of_ours { line.to_owned() } else { format!("  {}", line.trim_start()) }
    };
    text.lines().enumerate().map(indented).collect::<Vec<_>>().join("\n")
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}
