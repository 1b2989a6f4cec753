//! What the flags and the environment say about approvals.

use std::time::Duration;

use crate::approval::Brief;
use crate::env::ProcessEnv;
use crate::error::Failure;
use crate::ui::cut;

/// How long the approval page waits for an answer, unless a variable sets another time.
const TIMEOUT: Duration = Duration::from_secs(120);
const TIMEOUT_VARIABLE: &str = "INSFORGE_GUARD_TIMEOUT_MS";

/// How a person is asked for approval, and what the caller says.
#[derive(Clone, Debug, Default)]
pub(crate) struct ApprovalOptions {
    pub(crate) brief: Brief,
    /// `--flag-destructive`: the caller asks for an approval.
    pub(crate) flagged: bool,
    /// `INSFORGE_GUARD_BYPASS` skips approvals.
    pub(crate) bypass: bool,
    /// Whether a reason is required; `None` if only outside of a terminal.
    pub(crate) requires_reason: Option<bool>,
    pub(crate) timeout: Duration,
    /// Whether a browser may be opened.
    pub(crate) opens_browser: bool,
}

impl ApprovalOptions {
    /// Adds what the environment says. The flags take precedence. `flag` is the reason of `--flag-destructive`, which may be
    /// empty.
    pub(crate) fn new(flags: Brief, flag: Option<String>, env: &ProcessEnv) -> Result<Self, Failure> {
        let flagged = flag.is_some();
        let flag = flag.filter(|text| !text.trim().is_empty());
        if let Some(word) = flag.as_deref().filter(|text| text.split_whitespace().count() == 1) {
            // It is an argument of the command, which the option has taken.
            return Err(Failure::usage(format!("--flag-destructive takes '{}' as the reason", cut(word))).hint(
                "write --flag-destructive at the end of the command, or add a reason of several words after it",
            ));
        }
        let variable = |name: &str| env.var(name).map(str::to_owned);
        let brief = Brief::new(
            flags.reason.or(flag).or_else(|| variable("INSFORGE_GUARD_SUMMARY")),
            flags.impact.or_else(|| variable("INSFORGE_GUARD_IMPACT")),
            flags.recommendation.or_else(|| variable("INSFORGE_GUARD_RECOMMENDATION")),
        );
        Ok(Self {
            brief,
            flagged,
            bypass: env.switch("INSFORGE_GUARD_BYPASS")?.unwrap_or_default(),
            requires_reason: env.switch("INSFORGE_GUARD_REQUIRE_BRIEF")?,
            timeout: timeout(env)?,
            opens_browser: env.switch("INSFORGE_GUARD_OPEN")?.unwrap_or(true),
        })
    }
}

fn timeout(env: &ProcessEnv) -> Result<Duration, Failure> {
    let Some(text) = env.var(TIMEOUT_VARIABLE) else { return Ok(TIMEOUT) };
    let millis = text.trim().parse().ok().filter(|millis| *millis > 0);
    millis.map(Duration::from_millis).ok_or_else(|| {
        Failure::usage(format!("Invalid {TIMEOUT_VARIABLE} '{}'", cut(text)))
            .hint("set it to a number of milliseconds, such as 120000")
    })
}
