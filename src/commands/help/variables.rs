//! The environment variables, for the help topic `environment` and for `help --json`.

/// An environment variable, or several with the same meaning.
pub(super) struct Variable {
    pub(super) names: &'static [&'static str],
    pub(super) meaning: &'static str,
}

const fn variable(names: &'static [&'static str], meaning: &'static str) -> Variable {
    Variable { names, meaning }
}

static VARIABLES: [Variable; 27] = [
    variable(&["INSFORGE_BASE_URL"], "the backend's address"),
    variable(&["INSFORGE_URL"], "the same, if INSFORGE_BASE_URL is not set"),
    variable(&["INSFORGE_API_KEY"], "the project's API key (ik_…)"),
    variable(&["INSFORGE_API_KEY_FILE"], "a file with the API key"),
    variable(&["INSFORGE_PROFILE"], "the stored login to use, if INSFORGE_BASE_URL is not set"),
    variable(
        &["INSFORGE_SANDBOX"],
        "use the built-in sandbox instead of these; any value but 0, false, no and off",
    ),
    variable(&["INSFORGE_SANDBOX_URL"], "the sandbox's address, which `sandbox exec` sets for its command"),
    variable(&["INSFORGE_OUTPUT"], "table, json, jsonl, csv or ids"),
    variable(
        &["INSFORGE_TIMEOUT"],
        "time limit of a command, such as 30s or 5m; of each request in `catalog apply`, `catalog export`, bulk input and \
         `transactions --follow`",
    ),
    variable(&["INSFORGE_RETRIES"], "maximum number of retries of a request, from 0 to 10"),
    variable(&["INSFORGE_LIVE"], "policy for writes to live: ask, allow, approve or deny"),
    variable(
        &["INSFORGE_GUARD"],
        "1: destructive writes need a person's approval, in test too; 0: turns off the guard of the project, and is recorded",
    ),
    variable(
        &["INSFORGE_GUARD_SUMMARY", "INSFORGE_GUARD_IMPACT", "INSFORGE_GUARD_RECOMMENDATION"],
        "what the person who approves a change should know; --reason, --impact and --recommendation override them",
    ),
    variable(
        &["INSFORGE_GUARD_REQUIRE_BRIEF"],
        "whether an approval needs a reason: 1 always, 0 never; by default only without a terminal",
    ),
    variable(&["INSFORGE_GUARD_OPEN"], "0: do not open the approval page in a browser"),
    variable(
        &["INSFORGE_GUARD_TIMEOUT_MS"],
        "how long a command waits for approval, in milliseconds; by default 120000",
    ),
    variable(
        &["INSFORGE_GUARD_BYPASS"],
        "1: skips approvals, and is recorded; for automation that you trust",
    ),
    variable(
        &["STRIPE_TEST_SECRET_KEY", "STRIPE_LIVE_SECRET_KEY"],
        "Stripe's secret key, for `payments config set`",
    ),
    variable(
        &[
            "RAZORPAY_TEST_KEY_ID",
            "RAZORPAY_TEST_KEY_SECRET",
            "RAZORPAY_LIVE_KEY_ID",
            "RAZORPAY_LIVE_KEY_SECRET",
        ],
        "Razorpay's key, for `payments razorpay config set`",
    ),
    variable(
        &["INSFORGE_LOG"],
        "info: log each request on stderr; debug: headers and bodies too; secrets are masked",
    ),
    variable(&["CI"], "no prompts and no spinner; any value except false"),
    variable(&["NO_COLOR"], "no colors; any value"),
    variable(&["CLICOLOR_FORCE"], "colors also in a pipe; any value but 0"),
    variable(
        &["HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"],
        "the proxy for the backend (http://HOST:PORT), and the hosts to reach without it; also in lower case",
    ),
    variable(
        &["SSL_CERT_FILE", "SSL_CERT_DIR"],
        "a file, or folders, with CA certificates to trust instead of the system's",
    ),
    variable(&["COMPLETE"], "the shell that asks for completion; set by the completion script at each Tab"),
    variable(&["TZ"], "the time zone of dates in tables"),
];

/// The variables that this build reads.
pub(super) fn variables() -> impl Iterator<Item = &'static Variable> {
    let has_sandbox = cfg!(feature = "sandbox");
    VARIABLES.iter().filter(move |variable| has_sandbox || !variable.names[0].starts_with("INSFORGE_SANDBOX"))
}

/// The help topic `environment`.
pub(super) fn environment() -> String {
    const WIDTH: usize = 23;
    let line = |Variable { names, meaning }: &Variable| {
        let names = names.join(", ");
        if names.len() < WIDTH {
            format!("{names:<WIDTH$}{meaning}\n")
        } else {
            format!("{names}\n{:WIDTH$}{meaning}\n", "")
        }
    };
    let sandbox = if cfg!(feature = "sandbox") { SANDBOX } else { "" };
    variables().map(line).collect::<String>() + RULES + sandbox
}

const RULES: &str = "
The address and the key come as a pair from the first of these that has one: flags, INSFORGE_BASE_URL
with a key, the profile in INSFORGE_PROFILE, the nearest .insforge/project.json, the default profile.
A key is sent only to the address that it was stored or set with. A flag overrides its variable. An
empty variable counts as unset.
";

/// Not in the list, because only the application reads these variables.
const SANDBOX: &str = "
`sandbox exec` also sets INSFORGE_ANON_KEY and INSFORGE_JWT_SECRET for its command. They are for your
application. The tool itself does not read them.
";
