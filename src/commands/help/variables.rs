//! The environment variables, for the help and for programs.

/// A variable, or some that belong together, and what they are for.
pub(super) struct Variable {
    pub(super) names: &'static [&'static str],
    pub(super) meaning: &'static str,
}

const fn variable(names: &'static [&'static str], meaning: &'static str) -> Variable {
    Variable { names, meaning }
}

static VARIABLES: [Variable; 21] = [
    variable(&["INSFORGE_BASE_URL"], "the backend's address"),
    variable(&["INSFORGE_URL"], "the same, read where INSFORGE_BASE_URL is not set"),
    variable(&["INSFORGE_API_KEY"], "the project's API key (ik_…)"),
    variable(&["INSFORGE_API_KEY_FILE"], "a file that has it"),
    variable(&["INSFORGE_PROFILE"], "which stored login to use"),
    variable(
        &["INSFORGE_SANDBOX"],
        "set to anything but 0, false, no or off: answer from the built-in sandbox, before all of these",
    ),
    variable(&["INSFORGE_SANDBOX_URL"], "set by `sandbox exec` for its command: the sandbox's address"),
    variable(&["INSFORGE_OUTPUT"], "table, json, jsonl, csv or ids"),
    variable(
        &["INSFORGE_TIMEOUT"],
        "deadline for the whole command, such as 30s or 5m; for each request of `catalog apply`, of a file of many and of `transactions --follow`",
    ),
    variable(&["INSFORGE_RETRIES"], "at most so many replays of a request, 0 to 10"),
    variable(&["INSFORGE_LIVE"], "ask, allow or deny writes to live"),
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
        "info: tell every request on stderr; debug: headers and bodies, too; secrets are masked",
    ),
    variable(&["CI"], "set to anything but false: never ask"),
    variable(&["NO_COLOR"], "set to anything: no colours"),
    variable(&["CLICOLOR_FORCE"], "set to anything but 0: colours into a pipe too"),
    variable(&["HTTPS_PROXY", "NO_PROXY"], "the proxy for the backend, and where to go without"),
    variable(&["SSL_CERT_FILE"], "the CA certificates to trust instead of the system's"),
    variable(&["COMPLETE"], "set by the script of `completion` for each Tab: which shell asks"),
    variable(&["TZ"], "the time zone of the dates in tables"),
];

/// Those that this build reads.
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
    variables().map(line).collect::<String>() + RULES
}

const RULES: &str = "
The address and the key are found as a pair, first that exists: flags, environment, the nearest
.insforge/project.json, a profile. A stored key goes only to the address that is stored beside it.
A flag beats its variable. An empty variable counts as unset.
";
