use crate::error::Code;

/// What is behind a code, and what to do about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Advice {
    /// What most often leads to it.
    pub(crate) cause: &'static str,
    /// What to do now.
    pub(crate) fix: &'static str,
}

const fn advice(cause: &'static str, fix: &'static str) -> Advice {
    Advice { cause, fix }
}

impl Code {
    /// What is behind a code of this tool's own. The backend's codes are in the table beside it.
    #[allow(clippy::too_many_lines, reason = "it is a table")]
    pub(crate) const fn advice(&self) -> Advice {
        match self {
            Self::Usage => advice(
                "a flag or a word is misspelt, or something that would be asked for was not given where nobody can answer",
                "read the hint, and `insforge help COMMAND`; a program finds every argument in `insforge help --json`",
            ),
            Self::NotLinked => advice(
                "this directory is not linked, there is no stored login, and the environment names no backend",
                "set INSFORGE_BASE_URL and INSFORGE_API_KEY, or run `insforge login` or `insforge link`; --sandbox needs none",
            ),
            Self::NoApiKey => advice(
                "an address came from a flag or a variable; a key that is stored for another address never goes there",
                "set INSFORGE_API_KEY, or use --api-key-stdin or --api-key-file",
            ),
            Self::ApiKeyInvalid => advice(
                "the key has white space or quotes in it, is empty, or is a provider's key and not the project's",
                "use the project's API key (ik_…) from the backend's settings",
            ),
            Self::KeyringUnavailable => advice(
                "nobody is logged in at the desktop, or the keyring waits for its password",
                "unlock the keyring, or give the pair INSFORGE_BASE_URL and INSFORGE_API_KEY",
            ),
            Self::ProfileNotFound => advice(
                "--profile, INSFORGE_PROFILE or default_profile names a login that was never stored or was forgotten",
                "`insforge current` shows what is used; `insforge login --profile NAME` stores one",
            ),
            Self::SettingsInvalid => advice(
                "config.toml or .insforge/project.json was edited by hand, or another program wrote it halfway",
                "correct the place that the message names, or remove the file and log in or link again",
            ),
            Self::CatalogInvalid => advice(
                "a mistake in payments.toml, each with its line, or a file that cannot be read",
                "correct the lines that the message names; `insforge payments catalog plan` reads it without changing anything",
            ),
            Self::CatalogConflict => advice(
                "two objects at Stripe carry one identity, or a lookup key belongs to another product than the file says",
                "do what the hint says about the objects that the message names, then plan again",
            ),
            Self::PlanStale => advice(
                "somebody changed the catalog, the file or the account after `plan --out` had kept the plan",
                "make the plan anew with `insforge payments catalog plan … --out PATH`, look at it, then apply that",
            ),
            Self::ChecksFailed => advice(
                "something that payments need is missing or broken: each failed check of `payments doctor` says what",
                "run what stands below Repair, then the doctor again",
            ),
            Self::CatalogPartlyApplied => advice(
                "one change was refused or its answer was lost, and those that need it were left out",
                "what is done stays done; run the same apply again: it continues, and makes nothing twice",
            ),
            Self::PartlyDone => advice(
                "one object of the file was refused or its answer was lost; the line of each failure has its `index` and the reason",
                "correct what was refused, then run the same file again: what is done stays done, and nothing is made twice",
            ),
            Self::AddressInvalid => advice(
                "the address has no scheme or no host, or is plain http to another machine, where anybody could read the key",
                "write it as https://app.region.insforge.app; http is for this machine only",
            ),
            Self::Unreachable => advice(
                "a wrong address, no network, a proxy, a certificate that is not trusted, or a backend that is not running",
                "check the address, the network and the proxy (HTTPS_PROXY), then run it again",
            ),
            Self::TimedOut => advice(
                "the backend or the provider is slow, a sync is large, or another process holds a lock",
                "give it longer with --timeout, or run it again",
            ),
            Self::ResponseTooLarge => advice(
                "a list is larger than any shop's, or something else than the backend answered",
                "ask for less, for example with --limit",
            ),
            Self::ResponseInvalid => advice(
                "something between here and the backend answered in its place, or the address is no InsForge backend's",
                "check the address; after a write look whether it was done before you run it again",
            ),
            Self::Redirected => advice(
                "the address is an old one or lacks its https, or a login page of a proxy answered",
                "if where it points to is your backend, use that address",
            ),
            Self::PaymentsNotAvailable => advice(
                "the backend is older than InsForge 2.1, or the address is not a backend's",
                "check the address; payments need InsForge 2.1 or later",
            ),
            Self::ProviderNotAvailable => advice(
                "the backend is older than InsForge 2.3",
                "update the backend to InsForge 2.3 or later",
            ),
            Self::OutcomeUnknown => advice(
                "the connection broke, the deadline passed or a gateway answered after a write was sent that no idempotency key protects",
                "look with the command in the hint whether it was done, before you run it again",
            ),
            Self::SyncFailed => advice(
                "the provider refused the key or was out of reach; the message has its reason for each environment",
                "the mirror may be out of date; mend the cause, then run it again",
            ),
            Self::SyncPartlyFailed => advice(
                "one environment's key is refused, or the provider was out of reach for it",
                "mend the cause that the message names, then sync that environment again",
            ),
            Self::ConfigNotFound => advice(
                "the environment was never given a key, or it was removed",
                "give the backend the provider's key with `insforge payments config set`",
            ),
            Self::ConfirmationNeeded => advice(
                "a write to live, or one that takes something away, without a terminal, under --json, --no-input or in CI",
                "if that is what you want, run it again with --yes",
            ),
            Self::NotConfirmed => advice(
                "somebody answered the question with anything but yes",
                "nothing was done; run it again and answer yes if it is to be done",
            ),
            Self::LiveDenied => advice(
                "live = \"deny\" in the environment (INSFORGE_LIVE), the profile or the project's file",
                "--yes does not change that; change the policy where it stands",
            ),
            Self::Interrupted => advice(
                "Ctrl-C, or a supervisor that ended the process",
                "if a write was under way, the hint says how to find out whether it was done, or what can be run again",
            ),
            Self::UnknownCode => advice(
                "a code that is misspelt, or that a newer backend gives",
                "`insforge explain` lists every code; of one that is not there, status and message say what it means",
            ),
            Self::Failed => advice(
                "a file that cannot be written, a full disk, a closed stream, a command that cannot be run",
                "the reason below the message is the system's own; mend that",
            ),
            Self::Backend(_) => advice("the backend says", "read the message and the hint"),
        }
    }
}
