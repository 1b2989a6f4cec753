use crate::error::table::code_table;

/// Something that needs attention and does not make the run fail.
#[derive(Clone, Debug)]
pub(crate) struct Warning {
    pub(crate) code: WarningCode,
    pub(crate) text: String,
}

impl WarningCode {
    pub(crate) const fn as_str(self) -> &'static str {
        self.info().code
    }
}

code_table! {
    /// The stable name of a warning.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum WarningCode {
        KeyInArgv = "KEY_IN_ARGV" {
            exits: &[],
            meaning: "a key is on the command line",
            cause: "everyone on this machine can read it there, and the shell keeps it in its history",
            remedy: "pipe the key into the command: `insforge payments config set test -`, or --api-key-stdin",
        }
        KeyNotUsed = "KEY_NOT_USED" {
            exits: &[],
            meaning: "INSFORGE_API_KEY is set, but another key is used",
            cause: "INSFORGE_BASE_URL is not set, and a key is only used together with its address",
            remedy: "set INSFORGE_BASE_URL too, or unset INSFORGE_API_KEY",
        }
        ProfileNotUsed = "PROFILE_NOT_USED" {
            exits: &[],
            meaning: "a profile was named or stored, but another backend is used",
            cause: "a flag, an environment variable, a linked directory or another default profile comes first",
            remedy: "unset the variable that the message names, or select the profile with --profile",
        }
        LinkNotUsed = "LINK_NOT_USED" {
            exits: &[],
            meaning: "the directory was linked, but another backend is used",
            cause: "INSFORGE_BASE_URL, INSFORGE_PROFILE or INSFORGE_SANDBOX is set, and comes first",
            remedy: "unset the variable that the message names",
        }
        KeyLeftInKeyring = "KEY_LEFT_IN_KEYRING" {
            exits: &[],
            meaning: "the keyring still has the key of an earlier login",
            cause: "the keyring was locked, did not answer or is not running",
            remedy: "unlock the keyring and remove the entry there; its service is insforge",
        }
        FileReadableByOthers = "FILE_READABLE_BY_OTHERS" {
            exits: &[],
            meaning: "other users can read a file that holds a key",
            cause: "the mode of the file is wider than 0600",
            remedy: "run: chmod 600 FILE",
        }
        NotIgnoredByGit = "NOT_IGNORED_BY_GIT" {
            exits: &[],
            meaning: "git does not ignore .insforge/project.json, which holds the key",
            cause: "the directory is in a repository without a rule for it",
            remedy: "run: echo .insforge/ >> .gitignore",
        }
        BackendNotUsed = "BACKEND_NOT_USED" {
            exits: &[],
            meaning: "the sandbox is used although the environment names a backend",
            cause: "both INSFORGE_SANDBOX and INSFORGE_BASE_URL are set",
            remedy: "unset one of them",
        }
        MirrorRebuilt = "MIRROR_REBUILT" {
            exits: &[],
            meaning: "the mirror of the environment was deleted and is rebuilt",
            cause: "the new key belongs to another account",
            remedy: "if that was not intended, set the earlier account's key again with `insforge payments config set`",
        }
        WebhookMissing = "WEBHOOK_MISSING" {
            exits: &[],
            meaning: "the backend receives no payment events",
            cause: "the environment has no webhook endpoint: creating it failed when the key was set",
            remedy: "run: insforge payments webhooks configure ENV",
        }
        WebhookOutOfReach = "WEBHOOK_OUT_OF_REACH" {
            exits: &[],
            meaning: "the provider cannot deliver to the webhook's address",
            cause: "the backend's own address is not a public https address",
            remedy: "set the backend's API_BASE_URL to a public https address",
        }
        SyncFailed = "SYNC_FAILED" {
            exits: &[],
            meaning: "the key was set, but the last sync failed",
            cause: "the provider refused the key or was unreachable; the message has the reason",
            remedy: "fix the cause, then run `insforge payments sync` again",
        }
        CustomersNotSynced = "CUSTOMERS_NOT_SYNCED" {
            exits: &[],
            meaning: "the sync succeeded, but the mirrored customers are older than it",
            cause: "Stripe refused to list the customers, which the backend reports as a success",
            remedy: "check that the Stripe key may read customers, then run `insforge payments sync` again",
        }
        StatusNotSeen = "STATUS_NOT_SEEN" {
            exits: &[],
            meaning: "the key was set, but the state of webhook and first sync is unknown",
            cause: "reading the status afterwards failed",
            remedy: "run: insforge payments status",
        }
        AmountNotPayable = "AMOUNT_NOT_PAYABLE" {
            exits: &[],
            meaning: "the price was created, but its amount cannot be charged",
            cause: "Stripe only accepts multiples of a certain amount in this currency",
            remedy: "archive the price with `insforge payments prices archive`, and create one with another amount",
        }
        NotAdopted = "NOT_ADOPTED" {
            exits: &[],
            meaning: "some objects in the file have no catalog_key at Stripe yet",
            cause: "`export` ran without --adopt, so `apply` would create these objects again",
            remedy: "run `insforge payments catalog export` with --adopt; if payments.toml has objects that are not at \
                     Stripe yet, add --file OTHER",
        }
        LeftAlone = "LEFT_ALONE" {
            exits: &[],
            meaning: "an object at Stripe differs from the catalog file and was not changed",
            cause: "Stripe only archives a default price after another one is the default, or the object was removed from the file",
            remedy: "choose another default price in Stripe's dashboard, or run `insforge payments catalog apply` with --prune",
        }
        DefaultPriceActive = "DEFAULT_PRICE_ACTIVE" {
            exits: &[],
            meaning: "a default price stays active, although it was replaced or its product was archived",
            cause: "Stripe archives no default price, and only its dashboard can choose another one",
            remedy: "choose another default price in Stripe's dashboard, then run `insforge payments prices archive`",
        }
        FaultUnused = "FAULT_UNUSED" {
            exits: &[],
            meaning: "a --fault of the sandbox had no effect",
            cause: "no request of the command matched it",
            remedy: "check the fault's method and path; -v shows the requests",
        }
        EventsNotDelivered = "EVENTS_NOT_DELIVERED" {
            exits: &[],
            meaning: "the sandbox's backend did not receive some events",
            cause: "their environment has no webhook endpoint, so the provider has nowhere to send them",
            remedy: "configure the webhook with `insforge payments webhooks configure`, for Stripe on a sandbox with a \
                     --public-url; then repeat the action",
        }
        EventNotForwarded = "EVENT_NOT_FORWARDED" {
            exits: &[],
            meaning: "the sandbox could not send an event to an address of --forward-to",
            cause: "the application does not run, or did not respond with a status from 200 to 299 in four attempts",
            remedy: "start the application, and check the address and its log; then repeat the action",
        }
        LookingAgain = "LOOKING_AGAIN" {
            exits: &[],
            meaning: "a command with --follow got no response, and continues",
            cause: "the backend is restarting, overloaded or unreachable",
            remedy: "wait: it tries again at growing intervals and shows everything that was missed; Ctrl-C stops it",
        }
        RowsMissed = "ROWS_MISSED" {
            exits: &[],
            meaning: "a command with --follow may have missed rows",
            cause: "the backend lists at most 100 rows, and all of them were new",
            remedy: "use a shorter --interval; the provider's dashboard shows the rows that were missed",
        }
        MirrorStale = "MIRROR_STALE" {
            exits: &[],
            meaning: "the mirror has an earlier version of an object",
            cause: "a create with a used idempotency key writes the object's first version into the mirror, and no sync \
                    followed: it failed, or --no-sync was set",
            remedy: "run: insforge payments sync ENV",
        }
        ResultNotRead = "RESULT_NOT_READ" {
            exits: &[],
            meaning: "a write succeeded, but nothing read its result",
            cause: "the reader of stdout closed the pipe before the result was written",
            remedy: "use the id in the warning; do not run the command again without its idempotency key",
        }
        ListTruncated = "LIST_TRUNCATED" {
            exits: &[],
            meaning: "a list has as many rows as were requested, so there may be more",
            cause: "the backend lists 50 customers, subscriptions or transactions by default and at most 100; filters of \
                    the tool apply only to these. `insforge approvals` lists 50 entries by default",
            remedy: "use --limit 100; for one billing subject, add --subject-type and --subject-id; the provider's dashboard \
                     has all rows. For `insforge approvals`, use the --limit in the warning",
        }
        NoProviderKey = "NO_PROVIDER_KEY" {
            exits: &[],
            meaning: "a list is empty because the environment has no provider key",
            cause: "the key was never set, or was removed; the mirror is empty until the first sync with a key",
            remedy: "set the provider's key with `insforge payments config set`, or name the other environment",
        }
        ProductNotFound = "PRODUCT_NOT_FOUND" {
            exits: &[],
            meaning: "--product names a product that is not in the mirror, so no price matches",
            cause: "the id is misspelled, belongs to the other environment, or was created at Stripe after the last sync",
            remedy: "find the id with `insforge payments products list`; run `insforge payments sync` to update the mirror",
        }
        GuardOff = "GUARD_OFF" {
            exits: &[],
            meaning: "INSFORGE_GUARD turns off the guard of the project; `insforge approvals` lists this",
            cause: "INSFORGE_GUARD is 0, and .insforge/project.json has guard: true",
            remedy: "unset INSFORGE_GUARD",
        }
        LivePolicyWeaker = "LIVE_POLICY_WEAKER" {
            exits: &[],
            meaning: "INSFORGE_LIVE is weaker than the profile's policy; `insforge approvals` lists this",
            cause: "both INSFORGE_LIVE and the profile set a policy, and INSFORGE_LIVE overrides the profile",
            remedy: "unset INSFORGE_LIVE",
        }
        ApprovalBypassed = "APPROVAL_BYPASSED" {
            exits: &[],
            meaning: "INSFORGE_GUARD_BYPASS skips a person's approval; `insforge approvals` lists this",
            cause: "INSFORGE_GUARD_BYPASS is 1",
            remedy: "unset INSFORGE_GUARD_BYPASS, unless the automation is meant to run without approval",
        }
        AuditLineInvalid = "AUDIT_LINE_INVALID" {
            exits: &[],
            meaning: "lines of guard-audit.jsonl cannot be read and are not listed",
            cause: "the file was edited, or a write to it was interrupted",
            remedy: "check the file; the warning has its path",
        }
        ColumnsUnknown = "COLUMNS_UNKNOWN" {
            exits: &[],
            meaning: "--columns names a column that the result of a write does not have; all columns are shown",
            cause: "a misspelled name, or a table's name used for CSV",
            remedy: "correct the name next time; the write itself has succeeded",
        }
    }
}
