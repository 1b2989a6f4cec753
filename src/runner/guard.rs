//! What asks before it does something: a pure truth table of a write's effect, its environment and who is there.
//! Reads never ask, and never come here; a sync is a read too: it changes the mirror only.

use crate::error::{Code, Failure};
use crate::settings::Policy;
use crate::wire::Environment;

/// How much a command changes at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It makes or changes something.
    Write(Environment),
    /// It takes something away that cannot be brought back.
    Destroy(Environment),
}

impl Effect {
    /// Where it changes something.
    pub(crate) const fn environment(self) -> Environment {
        match self {
            Self::Write(environment) | Self::Destroy(environment) => environment,
        }
    }
}

/// Who is there and what they have said already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// `--yes` was given.
    pub(crate) yes: bool,
    /// Somebody can answer a question.
    pub(crate) interactive: bool,
    /// What holds for writes to live.
    pub(crate) live: Policy,
}

/// Whether a command may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Go,
    /// After a yes to the question.
    Ask,
    /// A yes is needed and nobody can give it.
    NotInteractive,
    /// Not with a yes either.
    Denied,
}

/// The table.
pub(crate) fn verdict(effect: Effect, standing: Standing) -> Verdict {
    let asks = match effect {
        Effect::Write(Environment::Live) | Effect::Destroy(Environment::Live)
            if standing.live == Policy::Deny =>
        {
            return Verdict::Denied;
        }
        Effect::Write(Environment::Test) => false,
        Effect::Write(Environment::Live) => standing.live != Policy::Allow,
        Effect::Destroy(_) => true,
    };
    match (asks && !standing.yes, standing.interactive) {
        (false, _) => Verdict::Go,
        (true, true) => Verdict::Ask,
        (true, false) => Verdict::NotInteractive,
    }
}

/// Nobody could be asked.
pub(crate) fn not_interactive(what: &str) -> Failure {
    Failure::new(Code::ConfirmationNeeded, "This needs a yes, and nobody can be asked")
        .why(what)
        .hint(Code::ConfirmationNeeded.info().remedy)
}

/// The answer was no.
pub(crate) fn declined() -> Failure {
    Failure::new(Code::NotConfirmed, "Nothing was done: the answer was no")
}

/// A policy says never.
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
    fn the_whole_table() {
        // effect, policy: what it comes to with --yes, with somebody to ask, with nobody
        let (go, ask, nobody, denied) = (Verdict::Go, Verdict::Ask, Verdict::NotInteractive, Verdict::Denied);
        let table = [
            (Effect::Write(Test), Policy::Ask, [go, go, go]),
            (Effect::Write(Test), Policy::Allow, [go, go, go]),
            (Effect::Write(Test), Policy::Deny, [go, go, go]),
            (Effect::Write(Live), Policy::Ask, [go, ask, nobody]),
            (Effect::Write(Live), Policy::Allow, [go, go, go]),
            (Effect::Write(Live), Policy::Deny, [denied, denied, denied]),
            (Effect::Destroy(Test), Policy::Ask, [go, ask, nobody]),
            (Effect::Destroy(Test), Policy::Allow, [go, ask, nobody]),
            (Effect::Destroy(Test), Policy::Deny, [go, ask, nobody]),
            (Effect::Destroy(Live), Policy::Ask, [go, ask, nobody]),
            (Effect::Destroy(Live), Policy::Allow, [go, ask, nobody]),
            (Effect::Destroy(Live), Policy::Deny, [denied, denied, denied]),
        ];
        for (effect, live, expected) in table {
            let there = [(true, false), (false, true), (false, false)];
            let verdicts =
                there.map(|(yes, interactive)| verdict(effect, Standing { yes, interactive, live }));
            assert_eq!(verdicts, expected, "{effect:?} {live:?}");
        }
    }
}
