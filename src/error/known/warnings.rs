use super::{Known, warning};

/// The codes of warnings. `SYNC_FAILED` is one of an error, too.
pub(super) static WARNINGS: [Known; 17] = [
    warning(
        "KEY_IN_ARGV",
        [
            "a key stood on the command line",
            "everyone on this machine can read it there, and the shell keeps it in its history",
            "pipe it into the command next time: `config set test -`, --api-key-stdin",
        ],
    ),
    warning(
        "KEY_NOT_USED",
        [
            "INSFORGE_API_KEY is set, and another key is used",
            "there is no INSFORGE_BASE_URL beside it, and a key without an address goes nowhere",
            "set INSFORGE_BASE_URL as well, or unset the key",
        ],
    ),
    warning(
        "KEY_LEFT_IN_KEYRING",
        [
            "the keyring still has an earlier login's key",
            "it was locked or did not answer",
            "unlock it and remove the entry there",
        ],
    ),
    warning(
        "FILE_READABLE_BY_OTHERS",
        [
            "a file that holds a key can be read by others",
            "its mode is wider than 0600",
            "run: chmod 600 FILE",
        ],
    ),
    warning(
        "NOT_IGNORED_BY_GIT",
        [
            "git would take .insforge/project.json, which holds the key",
            "the directory is in a repository that does not ignore it",
            "run: echo .insforge/ >> .gitignore",
        ],
    ),
    warning(
        "BACKEND_NOT_USED",
        [
            "the sandbox answers although the environment names a backend",
            "INSFORGE_SANDBOX is set beside INSFORGE_BASE_URL",
            "unset one of them",
        ],
    ),
    warning(
        "MIRROR_REBUILT",
        [
            "what was mirrored of the environment was deleted, and is mirrored anew",
            "the new key is of another account",
            "nothing, if that was meant; else set the earlier account's key again",
        ],
    ),
    warning(
        "WEBHOOK_MISSING",
        [
            "the backend does not hear of payments",
            "the environment has no webhook endpoint: it could not be made when the key was set",
            "run: insforge payments webhooks configure ENV",
        ],
    ),
    warning(
        "WEBHOOK_OUT_OF_REACH",
        [
            "the provider cannot deliver to the webhook's address",
            "the backend's own address is not a public one with https",
            "give the backend a public address (its API_BASE_URL)",
        ],
    ),
    warning(
        "STATUS_NOT_SEEN",
        [
            "the key was set, and whether webhook and first sync are well was not seen",
            "the status could not be read afterwards",
            "run: insforge payments status",
        ],
    ),
    warning(
        "AMOUNT_NOT_PAYABLE",
        [
            "the price was made, and nobody can pay its amount",
            "Stripe takes only multiples of a certain amount in this currency",
            "archive it, and create one with an amount that can be paid",
        ],
    ),
    warning(
        "NOT_ADOPTED",
        [
            "some objects in the file have no identity at Stripe yet",
            "`export` ran without --adopt, so `apply` would make them anew",
            "run it with --adopt; with --file OTHER, where payments.toml has what is not at Stripe yet",
        ],
    ),
    warning(
        "LEFT_ALONE",
        [
            "something at Stripe is not as the catalog's file says, and stays so",
            "a default price, which Stripe archives only when another is the default, or something that left the file",
            "choose another default price in Stripe's dashboard, or apply with --prune",
        ],
    ),
    warning(
        "FAULT_UNUSED",
        [
            "nothing came of a --fault of the sandbox",
            "no request of the command was one that it is for",
            "check method and path of the fault; -v shows the requests",
        ],
    ),
    warning(
        "LOOKING_AGAIN",
        [
            "a command that is followed got no answer, and goes on",
            "the backend is restarted, overloaded or out of reach",
            "nothing: it looks again, more and more rarely, and shows what has come meanwhile; Ctrl-C ends it",
        ],
    ),
    warning(
        "ROWS_MISSED",
        [
            "between two looks of a command that is followed more rows may have come than the backend lists",
            "it lists no more than 100, and none of them was there before",
            "look more often with --interval; what was missed is in the provider's dashboard",
        ],
    ),
    warning(
        "COLUMNS_UNKNOWN",
        [
            "--columns names what the result of a write has not; all columns are shown",
            "a name is misspelt, or CSV has other names than the table",
            "correct the name for the next time; what was asked for is done",
        ],
    ),
];
