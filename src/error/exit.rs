/// The exit codes of `insforge`.
///
/// They are part of the interface for scripts: a number never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// Success.
    Done,
    /// Failed: the backend or the provider refused the request, or any failure without an exit code of its own.
    Failed,
    /// Not authenticated: the backend refused the key, or there is no key for its address.
    NotAuthenticated,
    /// Not linked: there is no backend address and no key.
    NothingLinked,
    /// Not found: the product, price or other object does not exist.
    NotFound,
    /// Denied: the key lacks the permission, or a policy forbids it.
    Denied,
    /// Not confirmed: confirmation or approval was required and nobody could answer, or it was declined.
    NotConfirmed,
    /// Differences found, by a command that was asked to report them this way.
    Different,
    /// Try again: the backend was unreachable or busy, and running the same command again is safe.
    TryAgain,
    /// Partly done: some environments or objects failed and some did not.
    PartlyDone,
    /// Usage: the command line is invalid, or a value is missing and the session is not interactive.
    Usage,
    /// Interrupted by Ctrl-C or SIGTERM.
    Interrupted,
    /// The exit code of the command that `sandbox exec` ran: 128 plus the number of the signal that ended it, 126 if it
    /// cannot be run, 127 if it does not exist.
    OfCommand(u8),
}

impl Exit {
    /// Every exit code of the tool itself, in order.
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
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::NotAuthenticated => 2,
            Self::NothingLinked => 3,
            Self::NotFound => 4,
            Self::Denied => 5,
            Self::NotConfirmed => 6,
            Self::Different => 7,
            Self::TryAgain => 8,
            Self::PartlyDone => 9,
            Self::Usage => 64,
            Self::Interrupted => 130,
            Self::OfCommand(code) => code,
        }
    }

    /// When a run ends with this code, in one line.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "success",
            Self::Failed => {
                "failed: the backend or the provider refused the request, or any failure without its own exit code"
            }
            Self::NotAuthenticated => {
                "not authenticated: the key was refused, or there is no key for the address"
            }
            Self::NothingLinked => "not linked: there is no backend address and no key",
            Self::NotFound => "not found: the product, price or other object does not exist",
            Self::Denied => "denied: the key lacks the permission, or a policy forbids it",
            Self::NotConfirmed => {
                "not confirmed: the confirmation or approval was declined, or nobody could answer"
            }
            Self::Different => "differences found, with the option --exit-code",
            Self::TryAgain => "try again: unreachable, timed out or busy; running it again is safe",
            Self::PartlyDone => "partly done: some environments or objects failed and some did not",
            Self::Usage => {
                "usage: the command line is invalid, or a value is missing and the session is not interactive"
            }
            Self::Interrupted => "interrupted by Ctrl-C or SIGTERM",
            Self::OfCommand(_) => "the exit code of the command that `sandbox exec` ran",
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
