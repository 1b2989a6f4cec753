//! What can go wrong, as the user and a script see it: a [`Failure`] has a stable [`Code`], an [`Exit`] code,
//! one sentence that says what failed, one that says why, and one that says what to do now.

use std::fmt;

/// The exit codes of `insforge`, for everyone who scripts it.
///
/// They are part of the interface: a number never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Failed: the backend or the provider said no, or anything that has no code of its own.
    Failed = 1,
    /// Not authenticated: the backend refused the key, or there is no key for its address.
    NotAuthenticated = 2,
    /// Nothing linked: no backend address and no key anywhere.
    NothingLinked = 3,
    /// The thing that was named does not exist.
    NotFound = 4,
    /// Denied: the key may not do this, or a policy forbids it.
    Denied = 5,
    /// A confirmation was needed and nobody could answer, or the answer was no.
    NotConfirmed = 6,
    /// Differences were found by a command that was asked to report them this way.
    Different = 7,
    /// Try again: the backend was out of reach or busy, and running the same command again is safe.
    TryAgain = 8,
    /// Partly done: some environments or items failed and some did not.
    PartlyDone = 9,
    /// The command line is wrong, or a value is missing and nobody can be asked.
    Usage = 64,
    /// Interrupted by Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// Every exit code, in order, for the documentation.
    pub const ALL: [Self; 12] = [
        Self::Done,
        Self::Failed,
        Self::NotAuthenticated,
        Self::NothingLinked,
        Self::NotFound,
        Self::Denied,
        Self::NotConfirmed,
        Self::Different,
        Self::TryAgain,
        Self::PartlyDone,
        Self::Usage,
        Self::Interrupted,
    ];

    /// The number that the process exits with.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// When this code is given, in one line.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed: the backend or the provider said no, or anything without its own code",
            Self::NotAuthenticated => {
                "not authenticated: the key was refused, or there is none for the address"
            }
            Self::NothingLinked => "nothing linked: no backend address and no key anywhere",
            Self::NotFound => "not found: the product, price or other thing does not exist",
            Self::Denied => "denied: the key may not do this, or a policy forbids it",
            Self::NotConfirmed => "a confirmation was needed and nobody could answer, or the answer was no",
            Self::Different => "differences were found by a command that was asked to report them this way",
            Self::TryAgain => "try again: out of reach, timed out or busy, and running it again is safe",
            Self::PartlyDone => "partly done: some environments failed and some did not",
            Self::Usage => "the command line is wrong, or a value is missing and nobody can be asked",
            Self::Interrupted => "interrupted by Ctrl-C",
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The stable name of a failure: the `code` of a JSON error.
///
/// The backend's own codes pass through unchanged as [`Code::Backend`]; the others are this tool's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// The command line is wrong, or a value is missing and nobody can be asked.
    Usage,
    /// No backend address and no key anywhere.
    NotLinked,
    /// There is an address, but no key that belongs to it.
    NoApiKey,
    /// A key is stored in a keyring that does not answer or is locked.
    KeyringUnavailable,
    /// The profile that was named does not exist.
    ProfileNotFound,
    /// A settings file cannot be read or is malformed.
    SettingsInvalid,
    /// The backend's address cannot be used: malformed, or plain `http` to another machine.
    AddressInvalid,
    /// The backend could not be reached, or the connection broke.
    Unreachable,
    /// The deadline passed.
    TimedOut,
    /// The answer is larger than this tool accepts.
    ResponseTooLarge,
    /// The answer is not what the backend's interface promises.
    ResponseInvalid,
    /// The backend answered with a redirect, which is never followed.
    Redirected,
    /// Neither generation of the payments routes exists at this address.
    PaymentsNotAvailable,
    /// This backend has no routes for this provider.
    ProviderNotAvailable,
    /// A write may or may not have happened, and sending it again could do it twice.
    OutcomeUnknown,
    /// Every environment that was to be synced failed.
    SyncFailed,
    /// Some environments were synced and some were not.
    SyncPartlyFailed,
    /// No provider key is configured for what was asked.
    ConfigNotFound,
    /// A confirmation was needed and nobody could answer.
    ConfirmationNeeded,
    /// The answer to the confirmation was no.
    NotConfirmed,
    /// A policy forbids writes to live.
    LiveDenied,
    /// Interrupted by Ctrl-C.
    Interrupted,
    /// Anything without a code of its own: the file system, the terminal.
    Failed,
    /// A code of the backend's, as it came.
    Backend(String),
}

impl Code {
    /// The code as it stands in a JSON error.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Usage => "USAGE",
            Self::NotLinked => "NOT_LINKED",
            Self::NoApiKey => "NO_API_KEY",
            Self::KeyringUnavailable => "KEYRING_UNAVAILABLE",
            Self::ProfileNotFound => "PROFILE_NOT_FOUND",
            Self::SettingsInvalid => "SETTINGS_INVALID",
            Self::AddressInvalid => "ADDRESS_INVALID",
            Self::Unreachable => "UNREACHABLE",
            Self::TimedOut => "TIMED_OUT",
            Self::ResponseTooLarge => "RESPONSE_TOO_LARGE",
            Self::ResponseInvalid => "RESPONSE_INVALID",
            Self::Redirected => "REDIRECTED",
            Self::PaymentsNotAvailable => "PAYMENTS_NOT_AVAILABLE",
            Self::ProviderNotAvailable => "PROVIDER_NOT_AVAILABLE",
            Self::OutcomeUnknown => "OUTCOME_UNKNOWN",
            Self::SyncFailed => "SYNC_FAILED",
            Self::SyncPartlyFailed => "SYNC_PARTLY_FAILED",
            Self::ConfigNotFound => "PAYMENT_CONFIG_NOT_FOUND",
            Self::ConfirmationNeeded => "CONFIRMATION_NEEDED",
            Self::NotConfirmed => "NOT_CONFIRMED",
            Self::LiveDenied => "LIVE_DENIED",
            Self::Interrupted => "INTERRUPTED",
            Self::Failed => "FAILED",
            Self::Backend(code) => code,
        }
    }

    /// The exit code of a failure with this code, unless the failure says otherwise.
    const fn exit(&self) -> Exit {
        match self {
            Self::Usage => Exit::Usage,
            Self::NotLinked => Exit::NothingLinked,
            Self::NoApiKey | Self::KeyringUnavailable => Exit::NotAuthenticated,
            Self::ProfileNotFound => Exit::NotFound,
            Self::Unreachable | Self::TimedOut => Exit::TryAgain,
            Self::SyncPartlyFailed => Exit::PartlyDone,
            Self::ConfirmationNeeded | Self::NotConfirmed => Exit::NotConfirmed,
            Self::LiveDenied => Exit::Denied,
            Self::Interrupted => Exit::Interrupted,
            Self::SettingsInvalid
            | Self::AddressInvalid
            | Self::ResponseTooLarge
            | Self::ResponseInvalid
            | Self::Redirected
            | Self::PaymentsNotAvailable
            | Self::ProviderNotAvailable
            | Self::OutcomeUnknown
            | Self::SyncFailed
            | Self::ConfigNotFound
            | Self::Failed
            | Self::Backend(_) => Exit::Failed,
        }
    }
}

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
}

impl Failure {
    /// A failure with the usual exit code of its kind.
    pub fn new(code: Code, what: impl Into<String>) -> Self {
        Self { exit: code.exit(), code, what: what.into(), why: None, hint: None, status: None }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_keep_their_numbers() {
        let numbers: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 64, 130]);
    }
}
