/// The exit codes of `insforge`, for everyone who scripts it.
///
/// They are part of the interface: a number never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// Done.
    Done,
    /// Failed: the backend or the provider said no, or anything that has no code of its own.
    Failed,
    /// Not authenticated: the backend refused the key, or there is no key for its address.
    NotAuthenticated,
    /// Nothing linked: no backend address and no key anywhere.
    NothingLinked,
    /// The thing that was named does not exist.
    NotFound,
    /// Denied: the key may not do this, or a policy forbids it.
    Denied,
    /// A confirmation was needed and nobody could answer, or the answer was no.
    NotConfirmed,
    /// Differences were found by a command that was asked to report them this way.
    Different,
    /// Try again: the backend was out of reach or busy, and running the same command again is safe.
    TryAgain,
    /// Partly done: some environments or items failed and some did not.
    PartlyDone,
    /// The command line is wrong, or a value is missing and nobody can be asked.
    Usage,
    /// Interrupted by Ctrl-C or SIGTERM.
    Interrupted,
    /// What the command that `sandbox exec` ran exited with: 128 and the signal's number where a signal ended it, 126
    /// where it cannot be run, 127 where there is none.
    OfCommand(u8),
}

impl Exit {
    /// Every exit code of this tool's own, in order, for the documentation.
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
            Self::PartlyDone => "partly done: some environments or objects failed and some did not",
            Self::Usage => "the command line is wrong, or a value is missing and nobody can be asked",
            Self::Interrupted => "interrupted by Ctrl-C or SIGTERM",
            Self::OfCommand(_) => "what the command that `sandbox exec` ran exited with",
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_keep_their_numbers() {
        let numbers: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 64, 130]);
    }
}
