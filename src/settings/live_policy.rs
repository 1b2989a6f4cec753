use serde::Deserialize;

/// Whether writes to `live` are allowed: `live = "ask" | "allow" | "deny"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LivePolicy {
    /// After a confirmation.
    #[default]
    Ask,
    /// Without a confirmation.
    Allow,
    /// Never, even with `--yes`.
    Deny,
}

impl LivePolicy {
    /// Combines the policies of all places. `deny` wins; otherwise the environment, then the profile.
    /// The project file comes with a repository that somebody else may have written, so it can only forbid.
    pub(crate) fn combine(environment: Option<Self>, project: Option<Self>, profile: Option<Self>) -> Self {
        if [environment, project, profile].contains(&Some(Self::Deny)) {
            return Self::Deny;
        }
        environment.or(profile).unwrap_or_default()
    }

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

#[cfg(test)]
mod tests {
    use super::LivePolicy::{self, Allow, Ask, Deny};

    #[test]
    fn deny_wins_and_a_project_cannot_allow() {
        let policies = [None, Some(Ask), Some(Allow), Some(Deny)];
        for environment in policies {
            for project in policies {
                for profile in policies {
                    let combined = LivePolicy::combine(environment, project, profile);
                    let expected = match (environment, project, profile) {
                        (Some(Deny), ..) | (_, Some(Deny), _) | (.., Some(Deny)) => Deny,
                        (Some(policy), ..) | (None, _, Some(policy)) => policy,
                        (None, _, None) => Ask,
                    };
                    assert_eq!(combined, expected, "{environment:?} {project:?} {profile:?}");
                }
            }
        }
    }
}
