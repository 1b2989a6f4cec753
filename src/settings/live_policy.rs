use serde::Deserialize;

use crate::settings::{Source, WithSource};

/// What a place says about writes to `live`: `live = "ask" | "allow" | "deny"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LivePolicy {
    /// After a confirmation.
    Ask,
    /// Without a confirmation.
    Allow,
    /// Never, even with `--yes`.
    Deny,
}

impl LivePolicy {
    /// Parses `ask`, `allow` or `deny`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "ask" => Some(Self::Ask),
            "allow" => Some(Self::Allow),
            "deny" => Some(Self::Deny),
            _ => None,
        }
    }
}

/// Whether writes to `live` are allowed, after all places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum LiveWrites {
    /// After a confirmation.
    #[default]
    Ask,
    /// Without a confirmation.
    Allow,
    /// Never: this place forbids them.
    Denied(Source),
}

impl LiveWrites {
    /// Combines the policies of all places. `deny` wins; otherwise the environment, then the profile.
    /// The project file comes with a repository that somebody else may have written, so it can only forbid.
    pub(crate) fn combine(
        environment: Option<WithSource<LivePolicy>>,
        project: Option<WithSource<LivePolicy>>,
        profile: Option<WithSource<LivePolicy>>,
    ) -> Self {
        let may_allow = environment.as_ref().or(profile.as_ref()).map(|policy| policy.value);
        let mut places = [environment, project, profile].into_iter().flatten();
        match places.find(|policy| policy.value == LivePolicy::Deny) {
            Some(denied) => Self::Denied(denied.source),
            None if may_allow == Some(LivePolicy::Allow) => Self::Allow,
            None => Self::Ask,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LivePolicy::{Allow, Ask, Deny};
    use super::*;

    #[test]
    fn deny_wins_and_a_project_cannot_allow() {
        let policies = [None, Some(Ask), Some(Allow), Some(Deny)];
        let from = |policy: Option<LivePolicy>, place| {
            policy.map(|value| WithSource { value, source: Source::Variable(place) })
        };
        for environment in policies {
            for project in policies {
                for profile in policies {
                    let combined = LiveWrites::combine(
                        from(environment, "environment"),
                        from(project, "project"),
                        from(profile, "profile"),
                    );
                    let expected = match (environment, project, profile) {
                        (Some(Deny), ..) => LiveWrites::Denied(Source::Variable("environment")),
                        (_, Some(Deny), _) => LiveWrites::Denied(Source::Variable("project")),
                        (.., Some(Deny)) => LiveWrites::Denied(Source::Variable("profile")),
                        (Some(Allow), ..) | (None, _, Some(Allow)) => LiveWrites::Allow,
                        _ => LiveWrites::Ask,
                    };
                    assert_eq!(combined, expected, "{environment:?} {project:?} {profile:?}");
                }
            }
        }
    }
}
