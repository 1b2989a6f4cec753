use serde::Deserialize;

/// Whether writes to live may happen: `live = "ask" | "allow" | "deny"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Policy {
    /// After a confirmation.
    #[default]
    Ask,
    /// Without one.
    Allow,
    /// Never, not with `--yes` either.
    Deny,
}

impl Policy {
    /// What holds of what was said in each place. `deny` anywhere wins; otherwise the environment, then the profile.
    /// A project file comes with a repository that somebody else may have written: it can forbid, not loosen.
    pub(crate) fn of(environment: Option<Self>, project: Option<Self>, profile: Option<Self>) -> Self {
        if [environment, project, profile].contains(&Some(Self::Deny)) {
            return Self::Deny;
        }
        environment.or(profile).unwrap_or_default()
    }

    /// Reads the word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "ask" => Some(Self::Ask),
            "allow" => Some(Self::Allow),
            "deny" => Some(Self::Deny),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Policy::{self, Allow, Ask, Deny};

    #[test]
    fn deny_wins_and_a_project_cannot_loosen() {
        let words = [None, Some(Ask), Some(Allow), Some(Deny)];
        for environment in words {
            for project in words {
                for profile in words {
                    let holds = Policy::of(environment, project, profile);
                    let expected = match (environment, project, profile) {
                        (Some(Deny), ..) | (_, Some(Deny), _) | (.., Some(Deny)) => Deny,
                        (Some(word), ..) | (None, _, Some(word)) => word,
                        (None, _, None) => Ask,
                    };
                    assert_eq!(holds, expected, "{environment:?} {project:?} {profile:?}");
                }
            }
        }
    }
}
