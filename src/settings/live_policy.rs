use std::fmt;

use serde::Deserialize;

use crate::settings::{Source, WithSource};

/// What a place says about writes to `live`: `live = "ask" | "allow" | "approve" | "deny"`. In the order of strictness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LivePolicy {
    /// Without a confirmation.
    Allow,
    /// After a confirmation, which `--yes` gives.
    #[default]
    Ask,
    /// After a person approved. `--yes` does not count.
    Approve,
    /// Never, even with `--yes`.
    Deny,
}

impl LivePolicy {
    /// The words, for messages.
    pub(crate) const WORDS: &'static str = "ask, allow, approve or deny";

    /// Parses one of the words.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Allow, Self::Ask, Self::Approve, Self::Deny].into_iter().find(|policy| policy.as_str() == text)
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Approve => "approve",
            Self::Deny => "deny",
        }
    }
}

/// The policy for writes to `live` that follows from all places.
#[derive(Clone, Debug, Default)]
pub(crate) struct LiveWrites {
    pub(crate) policy: LivePolicy,
    /// The place that sets it; `None` for the default.
    pub(crate) source: Option<Source>,
    /// The environment's policy, if it makes writes to live easier than the profile does.
    pub(crate) weakened: Option<WeakerPolicy>,
}

/// A policy of the environment that is weaker than the policy of the profile. It is displayed as the text of a warning.
#[derive(Clone, Debug)]
pub(crate) struct WeakerPolicy {
    pub(crate) environment: WithSource<LivePolicy>,
    pub(crate) profile: WithSource<LivePolicy>,
}

impl fmt::Display for WeakerPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { environment, profile } = self;
        let [ours, theirs] = [environment.value, profile.value].map(LivePolicy::as_str);
        write!(f, "{} is {ours}, which is weaker than {theirs} from {}", environment.source, profile.source)
    }
}

impl LiveWrites {
    /// Combines the policies of all places. `deny` wins everywhere; otherwise the environment, then the profile. The project
    /// file comes with a repository that somebody else may have written, so it can only make the policy stricter.
    pub(crate) fn combine(
        environment: Option<WithSource<LivePolicy>>,
        project: Option<WithSource<LivePolicy>>,
        profile: Option<WithSource<LivePolicy>>,
    ) -> Self {
        let denied = profile.clone().filter(|profile| profile.value == LivePolicy::Deny);
        let chosen = environment.clone().filter(|_| denied.is_none()).or_else(|| profile.clone());
        let policy = chosen.as_ref().map_or_else(LivePolicy::default, |chosen| chosen.value);
        let stricter = project.filter(|project| project.value > policy);
        let (policy, source) = match stricter.or(chosen) {
            Some(winner) => (winner.value, Some(winner.source)),
            None => (policy, None),
        };
        // What the project makes stricter again is not weaker.
        let weakened = environment.zip(profile).filter(|(_, profile)| profile.value > policy);
        let weakened = weakened.map(|(environment, profile)| WeakerPolicy { environment, profile });
        Self { policy, source, weakened }
    }
}

#[cfg(test)]
mod tests {
    use super::LivePolicy::{Allow, Approve, Ask, Deny};
    use super::*;

    #[test]
    fn deny_wins_and_a_project_only_tightens() {
        let policies = [None, Some(Allow), Some(Ask), Some(Approve), Some(Deny)];
        let from = |policy: Option<LivePolicy>, place| {
            policy.map(|value| WithSource { value, source: Source::Variable(place) })
        };
        for environment in policies {
            for project in policies {
                for profile in policies {
                    let case = format!("{environment:?} {project:?} {profile:?}");
                    let combined = LiveWrites::combine(
                        from(environment, "environment"),
                        from(project, "project"),
                        from(profile, "profile"),
                    );
                    let chosen = environment.or(profile).unwrap_or(Ask);
                    let denied = [environment, project, profile].contains(&Some(Deny));
                    let expected = match project {
                        _ if denied => Deny,
                        Some(project) => project.max(chosen),
                        None => chosen,
                    };
                    assert_eq!(combined.policy, expected, "{case}");
                    let value_at_source = match &combined.source {
                        Some(Source::Variable("environment")) => environment,
                        Some(Source::Variable("project")) => project,
                        Some(Source::Variable("profile")) => profile,
                        Some(other) => panic!("{other}"),
                        None => Some(Ask),
                    };
                    assert_eq!(value_at_source, Some(expected), "{case}");
                    let weakens = environment.is_some() && profile > Some(expected);
                    let weakened = combined.weakened.map(|it| (it.environment.value, it.profile.value));
                    assert_eq!(weakened, environment.zip(profile).filter(|_| weakens), "{case}");
                }
            }
        }
    }
}
