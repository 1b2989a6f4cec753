use crate::error::Exit;
use crate::error::backend::UNLISTED;
use crate::error::table::code_table;

code_table! {
    /// The stable name of a failure: the `code` of a JSON error.
    ///
    /// The backend's codes pass through unchanged as [`Code::Backend`]. The others are this tool's.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum Code {
        Usage = "USAGE" {
            exits: &[Exit::Usage],
            meaning: "the command line is invalid, or a value is missing and the session is not interactive",
            cause: "a misspelled option or argument, or a required value that the tool cannot ask for",
            remedy: "follow the hint, or run `insforge help COMMAND`; programs get every argument from `insforge help --json`",
        }
        NotLinked = "NOT_LINKED" {
            exits: &[Exit::NothingLinked],
            meaning: "there is no backend address and no API key",
            cause: "the directory is not linked, no login is stored, and the environment names no backend",
            remedy: "run `insforge login` or `insforge link`, or set INSFORGE_BASE_URL and INSFORGE_API_KEY; to try the \
                     tool without a backend, use --sandbox",
        }
        NoApiKey = "NO_API_KEY" {
            exits: &[Exit::NotAuthenticated],
            meaning: "there is an address, but no API key for it",
            cause: "the address came from an option or a variable; a stored key is never sent to another address",
            remedy: "set INSFORGE_API_KEY, or pass --api-key-stdin or --api-key-file",
        }
        ApiKeyInvalid = "API_KEY_INVALID" {
            exits: &[Exit::NotAuthenticated],
            meaning: "the API key cannot be read, or is not an API key",
            cause: "the key is empty, contains white space or quotes, or is a provider's key instead of the project's",
            remedy: "copy the project's API key (ik_…) from the InsForge dashboard: Project Settings, General",
        }
        KeyringUnavailable = "KEYRING_UNAVAILABLE" {
            exits: &[Exit::NotAuthenticated],
            meaning: "the key is in a keyring that is locked or does not answer",
            cause: "there is no desktop session, or the keyring waits for its password",
            remedy: "unlock the keyring, or set INSFORGE_BASE_URL and INSFORGE_API_KEY",
        }
        ProfileNotFound = "PROFILE_NOT_FOUND" {
            exits: &[Exit::NotFound],
            meaning: "the profile does not exist",
            cause: "--profile, INSFORGE_PROFILE or default_profile names a login that was never stored or was removed",
            remedy: "run `insforge login --profile NAME` to store it, or `insforge current` to see what is used",
        }
        SettingsInvalid = "SETTINGS_INVALID" {
            exits: &[Exit::Failed],
            meaning: "a settings file cannot be read, or its content is invalid",
            cause: "config.toml or .insforge/project.json was edited by hand or only partly written, or its permissions are wrong",
            remedy: "fix the place that the message names, or remove the file and run `insforge login` or `insforge link`",
        }
        FileFailed = "FILE_FAILED" {
            exits: &[Exit::Failed],
            meaning: "a file that the command reads or writes cannot be read or written",
            cause: "missing permissions, a full disk, or a path that leads to a folder",
            remedy: "check the path and its permissions, then run the command again",
        }
        CatalogInvalid = "CATALOG_INVALID" {
            exits: &[Exit::Usage],
            meaning: "the catalog file cannot be read, or its content is invalid",
            cause: "a mistake in payments.toml; the message names the line of each",
            remedy: "fix the lines that the message names, then run `insforge payments catalog plan`, which changes nothing",
        }
        CatalogConflict = "CATALOG_CONFLICT" {
            exits: &[Exit::Failed],
            meaning: "objects at Stripe have conflicting catalog keys or lookup keys",
            cause: "two objects have the same catalog_key, or a lookup key belongs to another product than in the file",
            remedy: "follow the hint for the objects that the message names, then run `insforge payments catalog plan` again",
        }
        PlanStale = "PLAN_STALE" {
            exits: &[Exit::Failed],
            meaning: "the plan is out of date",
            cause: "the catalog or the account changed after `plan --out` wrote the plan",
            remedy: "run `insforge payments catalog plan … --out PATH` again, review the new plan, then apply it",
        }
        CatalogPartlyApplied = "CATALOG_PARTLY_APPLIED" {
            exits: &[Exit::PartlyDone],
            meaning: "some changes of the catalog were applied and some were not",
            cause: "a change was refused or its response was lost; the changes that depend on it were skipped",
            remedy: "run the same apply again: it continues, and creates no duplicates",
        }
        PartlyDone = "PARTLY_DONE" {
            exits: &[Exit::PartlyDone],
            meaning: "some objects of a file were created or updated and some were not",
            cause: "an object was refused or its response was lost; the line of each failure has its `index` and the reason",
            remedy: "fix the objects that were refused, then run the same file again: it creates no duplicates",
        }
        AddressInvalid = "ADDRESS_INVALID" {
            exits: &[Exit::Failed, Exit::Usage],
            meaning: "the backend's address is malformed, or is plain http to another machine",
            cause: "the address has no scheme or no host, or uses http, which would expose the key on the network",
            remedy: "write the address as https://app.region.insforge.app; use http only for this machine",
        }
        Unreachable = "UNREACHABLE" {
            exits: &[Exit::TryAgain],
            meaning: "the backend cannot be reached, or the connection broke",
            cause: "a wrong address, no network, a proxy that is down, or a backend that is not running",
            remedy: "check the address, the network and the proxy (HTTPS_PROXY), then run the command again",
        }
        TlsFailed = "TLS_FAILED" {
            exits: &[Exit::Failed],
            meaning: "there is no secure connection to the backend, and another attempt fails as well",
            cause: "the certificate is expired, is for another name or has an unknown authority; the port does not speak TLS; or \
                    this machine has no certificates",
            remedy: "fix the cause that the message names; for an authority of your own, set SSL_CERT_FILE to its certificate",
        }
        ProxyRefused = "PROXY_REFUSED" {
            exits: &[Exit::Failed],
            meaning: "the proxy does not connect to the backend, and another attempt fails as well",
            cause: "the proxy requires a user name and a password, or its rules forbid the backend's host",
            remedy: "check HTTPS_PROXY; to connect without the proxy, add the host to NO_PROXY",
        }
        TimedOut = "TIMED_OUT" {
            exits: &[Exit::TryAgain],
            meaning: "the command did not finish before its deadline",
            cause: "the backend or the provider is slow, a sync is large, or another process holds a lock",
            remedy: "run the command again, with a longer --timeout if needed",
        }
        ResponseTooLarge = "RESPONSE_TOO_LARGE" {
            exits: &[Exit::Failed],
            meaning: "the response is larger than 256 MiB, or than 1 MiB if it may have a secret",
            cause: "the list is unusually large, or a server other than the backend responded",
            remedy: "request fewer rows of a list with --limit, or check what is in front of the backend",
        }
        ResponseInvalid = "RESPONSE_INVALID" {
            exits: &[Exit::Failed],
            meaning: "the response is not InsForge's, does not have the documented form, or is not valid HTTP",
            cause: "a gateway or proxy responded instead of the backend, or the address is not an InsForge backend's",
            remedy: "check the address, or what is in front of the backend; after a write, check whether it succeeded \
                     before you run it again",
        }
        Redirected = "REDIRECTED" {
            exits: &[Exit::Failed],
            meaning: "the backend responded with a redirect, which is never followed",
            cause: "the address is out of date or lacks https, or a proxy responded with its login page",
            remedy: "if the redirect leads to your backend, use that address",
        }
        PaymentsNotAvailable = "PAYMENTS_NOT_AVAILABLE" {
            exits: &[Exit::Failed],
            meaning: "the backend has no payments routes",
            cause: "the backend is older than InsForge 2.1, or the address is not a backend's",
            remedy: "check the address; payments need InsForge 2.1 or later",
        }
        ProviderNotAvailable = "PROVIDER_NOT_AVAILABLE" {
            exits: &[Exit::Failed],
            meaning: "the backend has no routes for this provider",
            cause: "the backend is older than InsForge 2.2.1",
            remedy: "update the backend to InsForge 2.2.1 or later",
        }
        NotASandbox = "NOT_A_SANDBOX" {
            exits: &[Exit::Failed],
            meaning: "the address is not a sandbox's",
            cause: "--api-url or INSFORGE_BASE_URL names a real backend or another server, and only a sandbox can be paid, \
                    refunded or advanced",
            remedy: "set INSFORGE_BASE_URL to the address that `insforge sandbox serve` prints, or unset it to use the \
                     stored state",
        }
        OutcomeUnknown = "OUTCOME_UNKNOWN" {
            exits: &[Exit::Failed],
            meaning: "a write may have succeeded, and sending it again could do it twice",
            cause: "the connection broke, the deadline passed or a gateway responded after the write was sent, and no \
                    idempotency key protects it",
            remedy: "run the command in the hint to see whether the write succeeded, before you run it again",
        }
        SyncFailed = "SYNC_FAILED" {
            exits: &[Exit::Failed, Exit::TryAgain],
            meaning: "the sync of every environment failed",
            cause: "the provider refused the key or was unreachable; the message has the reason for each environment",
            remedy: "set another key with `insforge payments config set`, or wait for the provider; then run \
                     `insforge payments sync` again",
        }
        SyncPartlyFailed = "SYNC_PARTLY_FAILED" {
            exits: &[Exit::PartlyDone],
            meaning: "the sync of some environments failed",
            cause: "the provider refused the key of one environment, or was unreachable",
            remedy: "fix the cause that the message names, then run `insforge payments sync ENV` for that environment",
        }
        ChecksFailed = "CHECKS_FAILED" {
            exits: &[Exit::Failed],
            meaning: "a check of the doctor failed",
            cause: "something that payments need is missing or broken; each failed check says what",
            remedy: "run the commands under Repairs, then run `insforge payments doctor` again",
        }
        ConfirmationNeeded = "CONFIRMATION_NEEDED" {
            exits: &[Exit::NotConfirmed],
            meaning: "confirmation is required, but the session is not interactive",
            cause: "a live or destructive write without a terminal, with --json or --no-input, or in CI",
            remedy: "to confirm the write, run it again with --yes",
        }
        NotConfirmed = "NOT_CONFIRMED" {
            exits: &[Exit::NotConfirmed],
            meaning: "the confirmation was declined",
            cause: "the answer to the question was not yes",
            remedy: "nothing was changed; to make the change, run the command again and answer yes",
        }
        ApprovalNeedsReason = "APPROVAL_NEEDS_REASON" {
            exits: &[Exit::NotConfirmed],
            meaning: "a person has to approve the change, and the caller gave no reason for it",
            cause: "the policy `approve` for live, the guard or --flag-destructive requires an approval, and the session is not \
                    interactive, or INSFORGE_GUARD_REQUIRE_BRIEF is 1",
            remedy: "run the command in the hint, with your reason, the impact and your recommendation",
        }
        ApprovalDenied = "APPROVAL_DENIED" {
            exits: &[Exit::NotConfirmed],
            meaning: "a person did not approve the change",
            cause: "the answer on the approval page, in `insforge approve` or in the terminal was no",
            remedy: "nothing was changed; ask the person before you run the command again",
        }
        ApprovalTimedOut = "APPROVAL_TIMED_OUT" {
            exits: &[Exit::NotConfirmed],
            meaning: "nobody answered the approval page in time",
            cause: "nobody saw the link, or the time in INSFORGE_GUARD_TIMEOUT_MS is too short",
            remedy: "nothing was changed; tell the person about the link, then run the command again",
        }
        ApprovalVoid = "APPROVAL_VOID" {
            exits: &[Exit::NotConfirmed, Exit::PartlyDone],
            meaning: "what the person approved has changed since it was shown",
            cause: "somebody else changed the object, what depends on it, or the account while the command waited",
            remedy: "run the command again, so that the person sees the current state; after exit code 6 nothing was changed, \
                     after 9 some changes were made",
        }
        ApprovalNotWaiting = "APPROVAL_NOT_WAITING" {
            exits: &[Exit::NotFound],
            meaning: "no command waits for an approval with this code",
            cause: "the code is misspelled, or the question was answered, timed out or ended with its command",
            remedy: "run `insforge approvals` to list what was asked",
        }
        ApprovalNeedsTerminal = "APPROVAL_NEEDS_TERMINAL" {
            exits: &[Exit::NotConfirmed],
            meaning: "`insforge approve` needs a person at a terminal, and the session is not interactive",
            cause: "`insforge approve` ran without a terminal, with --json or --no-input, or in CI",
            remedy: "ask a person to run it in a terminal",
        }
        LiveDenied = "LIVE_DENIED" {
            exits: &[Exit::Denied],
            meaning: "a policy forbids writes to live",
            cause: "live = \"deny\" in the environment (INSFORGE_LIVE), the profile or the project file",
            remedy: "change the policy where it is set; neither --yes nor an approval overrides it",
        }
        Interrupted = "INTERRUPTED" {
            exits: &[Exit::Interrupted],
            meaning: "interrupted by Ctrl-C or SIGTERM",
            cause: "Ctrl-C, or a supervisor that stopped the process",
            remedy: "if a write was in progress, follow the hint: it says how to check it, or what is safe to run again",
        }
        UnknownCode = "UNKNOWN_CODE" {
            exits: &[Exit::NotFound],
            meaning: "`explain` does not know this code",
            cause: "the code is misspelled, or comes from a newer backend",
            remedy: "run `insforge explain` to list every code; for any other code, read the error's status and message",
        }
        JqFailed = "JQ_FAILED" {
            exits: &[Exit::Failed],
            meaning: "the filter of --jq does not fit the result",
            cause: "the filter expects another type than the result has: a list for an object, a string for a number",
            remedy: "look at the result with --json and fix the filter; a write has already succeeded",
        }
        Failed = "FAILED" {
            exits: &[Exit::Failed, Exit::OfCommand(126), Exit::OfCommand(127)],
            meaning: "any other failure, for example of stdout or the terminal",
            cause: "a full disk behind stdout, a closed stream, or a command that cannot be run",
            remedy: "fix the cause below the message: it is the operating system's own reason",
        }
    }
    fallback
        /// A code of the backend's, as it came.
        Backend(String) => &UNLISTED;
}

impl Code {
    /// When a failure has this code, in one line.
    pub const fn meaning(&self) -> &'static str {
        self.info().meaning
    }

    /// The code as written in a JSON error.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Backend(code) => code,
            own => own.info().code,
        }
    }

    /// The exit code of a failure with this code, unless the failure has another one.
    pub(super) const fn exit(&self) -> Exit {
        self.info().exits[0]
    }
}
