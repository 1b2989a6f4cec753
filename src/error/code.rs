use crate::error::Exit;

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
    /// What was given as the API key cannot be one, or cannot be read.
    ApiKeyInvalid,
    /// A key is stored in a keyring that does not answer or is locked.
    KeyringUnavailable,
    /// The profile that was named does not exist.
    ProfileNotFound,
    /// A settings file cannot be read or is malformed.
    SettingsInvalid,
    /// The catalog file cannot be used as it stands.
    CatalogInvalid,
    /// Objects at Stripe contradict each other about who they are.
    CatalogConflict,
    /// The catalog is not as it was when the plan was made.
    PlanStale,
    /// Some changes of the catalog were made and some were not.
    CatalogPartlyApplied,
    /// Some objects of a file were created or updated and some were not.
    PartlyDone,
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
    /// What the doctor checked is not all as it has to be.
    ChecksFailed,
    /// No provider key is configured for what was asked.
    ConfigNotFound,
    /// A confirmation was needed and nobody could answer.
    ConfirmationNeeded,
    /// The answer to the confirmation was no.
    NotConfirmed,
    /// A policy forbids writes to live.
    LiveDenied,
    /// Interrupted by Ctrl-C or SIGTERM.
    Interrupted,
    /// There is no such code to explain.
    UnknownCode,
    /// Anything without a code of its own: the file system, the terminal.
    Failed,
    /// A code of the backend's, as it came.
    Backend(String),
}

impl Code {
    /// Every code of this tool's own, for the documentation.
    pub const OWN: [Self; 31] = [
        Self::Usage,
        Self::NotLinked,
        Self::NoApiKey,
        Self::ApiKeyInvalid,
        Self::KeyringUnavailable,
        Self::ProfileNotFound,
        Self::SettingsInvalid,
        Self::CatalogInvalid,
        Self::CatalogConflict,
        Self::PlanStale,
        Self::CatalogPartlyApplied,
        Self::PartlyDone,
        Self::AddressInvalid,
        Self::Unreachable,
        Self::TimedOut,
        Self::ResponseTooLarge,
        Self::ResponseInvalid,
        Self::Redirected,
        Self::PaymentsNotAvailable,
        Self::ProviderNotAvailable,
        Self::OutcomeUnknown,
        Self::SyncFailed,
        Self::SyncPartlyFailed,
        Self::ChecksFailed,
        Self::ConfigNotFound,
        Self::ConfirmationNeeded,
        Self::NotConfirmed,
        Self::LiveDenied,
        Self::Interrupted,
        Self::UnknownCode,
        Self::Failed,
    ];

    /// When this code is given, in one line.
    pub const fn meaning(&self) -> &'static str {
        match self {
            Self::Usage => "the command line is wrong, or a value is missing and nobody can be asked",
            Self::NotLinked => "no backend address and no key anywhere",
            Self::NoApiKey => "there is an address, but no key that belongs to it",
            Self::ApiKeyInvalid => "what was given as the API key cannot be one, or cannot be read",
            Self::KeyringUnavailable => "the key is in a keyring that is locked or does not answer",
            Self::ProfileNotFound => "the profile does not exist",
            Self::SettingsInvalid => "a settings file cannot be used as it stands",
            Self::CatalogInvalid => "the catalog file cannot be used as it stands",
            Self::CatalogConflict => "objects at Stripe contradict each other about who they are",
            Self::PlanStale => "the catalog is not as it was when the plan was made",
            Self::CatalogPartlyApplied => "some changes of the catalog were made and some were not",
            Self::PartlyDone => "some objects of a file were created or updated and some were not",
            Self::AddressInvalid => {
                "the backend's address cannot be used: malformed, or plain http to another machine"
            }
            Self::Unreachable => "the backend could not be reached, or the connection broke",
            Self::TimedOut => "the deadline passed",
            Self::ResponseTooLarge => "the answer is larger than 256 MiB",
            Self::ResponseInvalid => "the answer is not what the backend's interface promises",
            Self::Redirected => "the backend answered with a redirect, which is never followed",
            Self::PaymentsNotAvailable => "the backend has no payments routes of either generation",
            Self::ProviderNotAvailable => "the backend has no routes for this provider",
            Self::OutcomeUnknown => {
                "a write may or may not have happened, and sending it again could do it twice"
            }
            Self::SyncFailed => "every environment that was to be synced failed",
            Self::SyncPartlyFailed => "some environments were synced and some were not",
            Self::ChecksFailed => "what the doctor checked is not all as it has to be",
            Self::ConfigNotFound => "no provider key is configured for what was asked",
            Self::ConfirmationNeeded => "a confirmation was needed and nobody could answer",
            Self::NotConfirmed => "the answer to the confirmation was no",
            Self::LiveDenied => "a policy forbids writes to live",
            Self::Interrupted => "interrupted by Ctrl-C or SIGTERM",
            Self::UnknownCode => "there is no such code to explain",
            Self::Failed => "anything else: the file system, the terminal",
            Self::Backend(_) => "a code of the backend's",
        }
    }

    /// The code as it stands in a JSON error.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Usage => "USAGE",
            Self::NotLinked => "NOT_LINKED",
            Self::NoApiKey => "NO_API_KEY",
            Self::ApiKeyInvalid => "API_KEY_INVALID",
            Self::KeyringUnavailable => "KEYRING_UNAVAILABLE",
            Self::ProfileNotFound => "PROFILE_NOT_FOUND",
            Self::SettingsInvalid => "SETTINGS_INVALID",
            Self::CatalogInvalid => "CATALOG_INVALID",
            Self::CatalogConflict => "CATALOG_CONFLICT",
            Self::PlanStale => "PLAN_STALE",
            Self::CatalogPartlyApplied => "CATALOG_PARTLY_APPLIED",
            Self::PartlyDone => "PARTLY_DONE",
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
            Self::ChecksFailed => "CHECKS_FAILED",
            Self::ConfigNotFound => "PAYMENT_CONFIG_NOT_FOUND",
            Self::ConfirmationNeeded => "CONFIRMATION_NEEDED",
            Self::NotConfirmed => "NOT_CONFIRMED",
            Self::LiveDenied => "LIVE_DENIED",
            Self::Interrupted => "INTERRUPTED",
            Self::UnknownCode => "UNKNOWN_CODE",
            Self::Failed => "FAILED",
            Self::Backend(code) => code,
        }
    }

    /// The exit code of a failure with this code, unless the failure says otherwise.
    pub(super) const fn exit(&self) -> Exit {
        match self {
            Self::Usage | Self::CatalogInvalid => Exit::Usage,
            Self::NotLinked => Exit::NothingLinked,
            Self::NoApiKey | Self::ApiKeyInvalid | Self::KeyringUnavailable => Exit::NotAuthenticated,
            Self::ProfileNotFound | Self::UnknownCode => Exit::NotFound,
            Self::Unreachable | Self::TimedOut => Exit::TryAgain,
            Self::SyncPartlyFailed | Self::CatalogPartlyApplied | Self::PartlyDone => Exit::PartlyDone,
            Self::ConfirmationNeeded | Self::NotConfirmed => Exit::NotConfirmed,
            Self::LiveDenied => Exit::Denied,
            Self::Interrupted => Exit::Interrupted,
            Self::SettingsInvalid
            | Self::CatalogConflict
            | Self::PlanStale
            | Self::AddressInvalid
            | Self::ResponseTooLarge
            | Self::ResponseInvalid
            | Self::Redirected
            | Self::PaymentsNotAvailable
            | Self::ProviderNotAvailable
            | Self::OutcomeUnknown
            | Self::SyncFailed
            | Self::ChecksFailed
            | Self::ConfigNotFound
            | Self::Failed
            | Self::Backend(_) => Exit::Failed,
        }
    }
}
