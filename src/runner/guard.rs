//! Decides whether a write may go on, needs confirmation, or is denied: a pure truth table.
//! Commands that only read are not checked. A sync counts as a read because it changes only the mirror.

use crate::error::{Code, Failure};
use crate::settings::LivePolicy;
use crate::wire::Environment;

/// How much a command changes at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// It creates or changes something.
    Write,
    /// It removes something that cannot be restored.
    Destroy,
}

/// Everything that a verdict depends on, besides the effect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GuardInput {
    pub(crate) environment: Environment,
    /// `--yes` was given.
    pub(crate) yes: bool,
    /// A person can answer a question.
    pub(crate) interactive: bool,
    /// The policy for writes to live.
    pub(crate) live: LivePolicy,
}

/// Whether a write may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Go,
    /// Only after confirmation.
    Ask,
    /// Confirmation is required, but the session is not interactive.
    NotInteractive,
    /// The policy forbids it. Confirmation does not help.
    Denied,
}

/// Looks up the verdict.
pub(crate) fn verdict(effect: Effect, input: GuardInput) -> Verdict {
    let asks = match (input.environment, effect) {
        (Environment::Live, _) if input.live == LivePolicy::Deny => return Verdict::Denied,
        (_, Effect::Destroy) => true,
        (Environment::Live, Effect::Write) => input.live != LivePolicy::Allow,
        (Environment::Test, Effect::Write) => false,
    };
    match (asks && !input.yes, input.interactive) {
        (false, _) => Verdict::Go,
        (true, true) => Verdict::Ask,
        (true, false) => Verdict::NotInteractive,
    }
}

/// The failure of [`Verdict::NotInteractive`]; `change` says what would have happened.
pub(crate) fn not_interactive(change: &str) -> Failure {
    Failure::new(Code::ConfirmationNeeded, "Confirmation required, but the session is not interactive")
        .why(change)
        .hint(Code::ConfirmationNeeded.info().remedy)
}

/// The failure when the user answers no.
pub(crate) fn declined() -> Failure {
    Failure::new(Code::NotConfirmed, "Canceled")
}

/// The failure of [`Verdict::Denied`].
pub(crate) fn denied() -> Failure {
    Failure::new(Code::LiveDenied, "Writes to live are forbidden here")
        .why(Code::LiveDenied.info().cause)
        .hint(Code::LiveDenied.info().remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Environment::{Live, Test};

    #[test]
    fn verdicts_follow_from_effect_environment_policy_and_session() {
        // The three verdicts: with --yes, in an interactive session, in any other session.
        let (go, ask, fails, denied) = (Verdict::Go, Verdict::Ask, Verdict::NotInteractive, Verdict::Denied);
        let table = [
            (Effect::Write, Test, LivePolicy::Ask, [go, go, go]),
            (Effect::Write, Test, LivePolicy::Allow, [go, go, go]),
            (Effect::Write, Test, LivePolicy::Deny, [go, go, go]),
            (Effect::Write, Live, LivePolicy::Ask, [go, ask, fails]),
            (Effect::Write, Live, LivePolicy::Allow, [go, go, go]),
            (Effect::Write, Live, LivePolicy::Deny, [denied, denied, denied]),
            (Effect::Destroy, Test, LivePolicy::Ask, [go, ask, fails]),
            (Effect::Destroy, Test, LivePolicy::Allow, [go, ask, fails]),
            (Effect::Destroy, Test, LivePolicy::Deny, [go, ask, fails]),
            (Effect::Destroy, Live, LivePolicy::Ask, [go, ask, fails]),
            (Effect::Destroy, Live, LivePolicy::Allow, [go, ask, fails]),
            (Effect::Destroy, Live, LivePolicy::Deny, [denied, denied, denied]),
        ];
        for (effect, environment, live, expected) in table {
            let sessions = [(true, false), (false, true), (false, false)];
            let verdicts = sessions.map(|(yes, interactive)| {
                verdict(effect, GuardInput { environment, yes, interactive, live })
            });
            assert_eq!(verdicts, expected, "{effect:?} {environment} {live:?}");
        }
    }
}
