//! Decides whether a write may go on, needs confirmation, or is denied: a pure truth table.
//! Commands that only read are not checked. A sync counts as a read because it changes only the mirror.

use crate::error::{Code, Failure};
use crate::settings::{LiveWrites, Source};
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
#[derive(Clone, Debug)]
pub(crate) struct GuardInput {
    pub(crate) environment: Environment,
    /// `--yes` was given.
    pub(crate) yes: bool,
    /// A person can answer a question.
    pub(crate) interactive: bool,
    /// The policy for writes to live.
    pub(crate) live: LiveWrites,
}

/// Whether a write may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Go,
    /// Only after confirmation.
    Ask,
    /// Confirmation is required, but the session is not interactive.
    NotInteractive,
    /// The policy of this place forbids it. Confirmation does not help.
    Denied(Source),
}

/// Looks up the verdict.
pub(crate) fn verdict(effect: Effect, input: GuardInput) -> Verdict {
    let asks = match (input.environment, effect, input.live) {
        (Environment::Live, _, LiveWrites::Denied(place)) => return Verdict::Denied(place),
        (_, Effect::Destroy, _) => true,
        (Environment::Live, Effect::Write, live) => live != LiveWrites::Allow,
        (Environment::Test, Effect::Write, _) => false,
    };
    match (asks && !input.yes, input.interactive) {
        (false, _) => Verdict::Go,
        (true, true) => Verdict::Ask,
        (true, false) => Verdict::NotInteractive,
    }
}

/// The failure of [`Verdict::NotInteractive`]. The lines of `change` say what would have happened.
pub(crate) fn not_interactive(change: Vec<&str>) -> Failure {
    Failure::new(Code::ConfirmationNeeded, "Confirmation required, but the session is not interactive")
        .why_lines(change)
        .hint(Code::ConfirmationNeeded.info().remedy)
}

/// The failure when the user answers no.
pub(crate) fn declined() -> Failure {
    Failure::new(Code::NotConfirmed, "Canceled")
}

/// The failure of [`Verdict::Denied`].
pub(crate) fn denied(place: &Source) -> Failure {
    let why = match place {
        Source::Profile { name, .. } => format!("live = \"deny\" in profile {name} of config.toml"),
        Source::Variable(name) => format!("{name} is set to deny"),
        file => format!("\"live\" is \"deny\" in {file}"),
    };
    Failure::new(Code::LiveDenied, "Writes to live are forbidden here")
        .why(why)
        .hint(Code::LiveDenied.info().remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Environment::{Live, Test};

    #[test]
    fn verdicts_follow_from_effect_environment_policy_and_session() {
        // The three verdicts: with --yes, in an interactive session, in any other session.
        let (go, ask, fails) = (&Verdict::Go, &Verdict::Ask, &Verdict::NotInteractive);
        let place = Source::Variable("INSFORGE_LIVE");
        let denied = &Verdict::Denied(place.clone());
        let deny = &LiveWrites::Denied(place);
        let table = [
            (Effect::Write, Test, &LiveWrites::Ask, [go, go, go]),
            (Effect::Write, Test, &LiveWrites::Allow, [go, go, go]),
            (Effect::Write, Test, deny, [go, go, go]),
            (Effect::Write, Live, &LiveWrites::Ask, [go, ask, fails]),
            (Effect::Write, Live, &LiveWrites::Allow, [go, go, go]),
            (Effect::Write, Live, deny, [denied, denied, denied]),
            (Effect::Destroy, Test, &LiveWrites::Ask, [go, ask, fails]),
            (Effect::Destroy, Test, &LiveWrites::Allow, [go, ask, fails]),
            (Effect::Destroy, Test, deny, [go, ask, fails]),
            (Effect::Destroy, Live, &LiveWrites::Ask, [go, ask, fails]),
            (Effect::Destroy, Live, &LiveWrites::Allow, [go, ask, fails]),
            (Effect::Destroy, Live, deny, [denied, denied, denied]),
        ];
        for (effect, environment, live, expected) in table {
            let sessions = [(true, false), (false, true), (false, false)];
            let verdicts = sessions.map(|(yes, interactive)| {
                verdict(effect, GuardInput { environment, yes, interactive, live: live.clone() })
            });
            assert_eq!(verdicts.each_ref(), expected, "{effect:?} {environment} {live:?}");
        }
    }
}
