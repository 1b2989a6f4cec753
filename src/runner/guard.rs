//! Decides whether a write may go on, needs confirmation or a person's approval, or is denied: a pure truth table.
//! Commands that only read are not checked. A sync counts as a read because it changes only the mirror.

use crate::error::{Code, Failure};
use crate::settings::{LivePolicy, Source};
use crate::wire::Environment;

/// How much a command changes at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// It creates or changes something.
    Write,
    /// It removes something that cannot be restored.
    Destroy,
}

/// Everything that a verdict depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GuardInput {
    pub(crate) effect: Effect,
    pub(crate) environment: Environment,
    /// The policy for writes to live.
    pub(crate) live: LivePolicy,
    /// The guard is on: a person approves destructive writes.
    pub(crate) guard: bool,
    /// The caller asks for an approval with `--flag-destructive`.
    pub(crate) flagged: bool,
    /// `INSFORGE_GUARD_BYPASS` skips the approval, and leaves the confirmation.
    pub(crate) bypass: bool,
    /// `--yes` was given.
    pub(crate) yes: bool,
    /// A person can answer a question in this terminal.
    pub(crate) interactive: bool,
    /// The caller gave a reason.
    pub(crate) has_reason: bool,
    /// Whether an approval needs a reason; `None` if only outside of a terminal.
    pub(crate) requires_reason: Option<bool>,
}

/// Whether a write may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Go,
    /// Only after confirmation.
    Ask,
    /// Confirmation is required, but the session is not interactive.
    NotInteractive,
    /// Only after a person approved it, in this terminal.
    ApproveHere,
    /// Only after a person approved it elsewhere: on the approval page, or with `insforge approve`.
    ApproveElsewhere,
    /// Only after a person approved it, and the caller has to give a reason first.
    NeedsReason,
    /// A policy forbids it. Neither confirmation nor approval helps.
    Denied,
}

impl GuardInput {
    /// Whether the write needs a person's approval, if it is not bypassed.
    pub(crate) fn needs_approval(self) -> bool {
        self.flagged
            || (self.guard && self.effect == Effect::Destroy)
            || (self.environment == Environment::Live && self.live == LivePolicy::Approve)
    }

    /// Looks up the verdict.
    pub(crate) fn verdict(self) -> Verdict {
        let is_live = self.environment == Environment::Live;
        if is_live && self.live == LivePolicy::Deny {
            return Verdict::Denied;
        }
        if self.needs_approval() && !self.bypass {
            let requires_reason = self.requires_reason.unwrap_or(!self.interactive);
            return match (requires_reason && !self.has_reason, self.interactive) {
                (true, _) => Verdict::NeedsReason,
                (false, true) => Verdict::ApproveHere,
                (false, false) => Verdict::ApproveElsewhere,
            };
        }
        let asks = self.effect == Effect::Destroy || (is_live && self.live != LivePolicy::Allow);
        match (asks && !self.yes, self.interactive) {
            (false, _) => Verdict::Go,
            (true, true) => Verdict::Ask,
            (true, false) => Verdict::NotInteractive,
        }
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

/// The failure of [`Verdict::Denied`]. `place` sets the policy.
pub(crate) fn denied(place: Option<&Source>) -> Failure {
    let why = match place {
        Some(Source::ProfileSetting(name)) => format!("live = \"deny\" in profile {name} of config.toml"),
        Some(Source::Variable(name)) => format!("{name} is set to deny"),
        Some(file) => format!("\"live\" is \"deny\" in {file}"),
        None => "the policy is deny".to_owned(),
    };
    Failure::new(Code::LiveDenied, "Writes to live are forbidden here")
        .why(why)
        .hint(Code::LiveDenied.info().remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Environment::{Live, Test};
    use LivePolicy::{Allow, Approve, Ask, Deny};

    const NO_YES: [bool; 2] = [false, true];

    /// Every input, with the verdict of the plain rules: deny first, then approval, then confirmation.
    fn inputs() -> Vec<GuardInput> {
        let mut all = Vec::new();
        for effect in [Effect::Write, Effect::Destroy] {
            for environment in [Test, Live] {
                for live in [Allow, Ask, Approve, Deny] {
                    for bits in 0..64_u8 {
                        for requires_reason in [None, Some(false), Some(true)] {
                            let bit = |at: u8| bits >> at & 1 == 1;
                            all.push(GuardInput {
                                effect,
                                environment,
                                live,
                                guard: bit(0),
                                flagged: bit(1),
                                bypass: bit(2),
                                yes: bit(3),
                                interactive: bit(4),
                                has_reason: bit(5),
                                requires_reason,
                            });
                        }
                    }
                }
            }
        }
        all
    }

    /// The table as the documents have it: for each effect, environment and policy, without and with the guard, what holds
    /// with --yes, in a terminal, and elsewhere with a reason.
    #[test]
    fn verdicts_follow_from_effect_environment_policy_guard_and_session() {
        use Verdict::{ApproveElsewhere, ApproveHere, Denied, Go, NotInteractive};
        let (go, ask) = ([Go, Go, Go], [Go, Verdict::Ask, NotInteractive]);
        let (approve, denied) = ([ApproveElsewhere, ApproveHere, ApproveElsewhere], [Denied; 3]);
        let table = [
            (Effect::Write, Test, [Allow, Ask, Approve, Deny].as_slice(), go, go),
            (Effect::Destroy, Test, &[Allow, Ask, Approve, Deny], ask, approve),
            (Effect::Write, Live, &[Allow], go, go),
            (Effect::Write, Live, &[Ask], ask, ask),
            (Effect::Destroy, Live, &[Allow, Ask], ask, approve),
            (Effect::Write, Live, &[Approve], approve, approve),
            (Effect::Destroy, Live, &[Approve], approve, approve),
            (Effect::Write, Live, &[Deny], denied, denied),
            (Effect::Destroy, Live, &[Deny], denied, denied),
        ];
        let mut rows = 0;
        for (effect, environment, policies, without_guard, with_guard) in table {
            for live in policies {
                for guard in NO_YES {
                    let sessions = [(true, false), (false, true), (false, false)];
                    let verdicts = sessions.map(|(yes, interactive)| {
                        let input = GuardInput {
                            effect,
                            environment,
                            live: *live,
                            guard,
                            flagged: false,
                            bypass: false,
                            yes,
                            interactive,
                            has_reason: true,
                            requires_reason: None,
                        };
                        input.verdict()
                    });
                    let expected = if guard { with_guard } else { without_guard };
                    assert_eq!(verdicts, expected, "{effect:?} {environment} {live:?} guard: {guard}");
                    rows += 1;
                }
            }
        }
        assert_eq!(rows, 2 * 2 * 4 * 2, "every combination has a row");
    }

    #[test]
    fn no_flag_or_variable_weakens_a_verdict_except_as_documented() {
        for input in inputs() {
            let verdict = input.verdict();
            let denied = input.environment == Live && input.live == Deny;
            assert_eq!(verdict == Verdict::Denied, denied, "deny is never bypassed: {input:?}");
            let approves = [Verdict::ApproveHere, Verdict::ApproveElsewhere, Verdict::NeedsReason];
            let approval = approves.contains(&verdict);
            assert_eq!(approval, !denied && input.needs_approval() && !input.bypass, "{input:?}");
            if approval {
                let with_yes = GuardInput { yes: !input.yes, ..input }.verdict();
                assert_eq!(with_yes, verdict, "--yes does not count: {input:?}");
                let missing = !input.has_reason && input.requires_reason.unwrap_or(!input.interactive);
                assert_eq!(verdict == Verdict::NeedsReason, missing, "{input:?}");
            }
            if input.bypass && !denied {
                // Only the approval is skipped. The confirmation is that of a run without guard and with the policy ask.
                let live = if input.live == Approve { Ask } else { input.live };
                let plain = GuardInput { guard: false, flagged: false, bypass: false, live, ..input };
                assert_eq!(verdict, plain.verdict(), "{input:?}");
            }
            if !input.flagged {
                let flagged = GuardInput { flagged: true, ..input }.verdict();
                let raised = denied || input.bypass || approves.contains(&flagged);
                assert!(raised, "a flag raises every write: {input:?}");
            }
        }
    }
}
