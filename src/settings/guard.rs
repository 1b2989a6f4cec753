//! The guard: with it, destructive writes need a person's approval, in test too. InsForge's other tools read the same
//! variable and the same field of the project's file.

use std::path::Path;

use crate::env::ProcessEnv;
use crate::error::Failure;
use crate::settings::{LiveWrites, Source, WithSource};

/// The variable that turns the guard on or off.
const GUARD: &str = "INSFORGE_GUARD";

/// Whether the guard is on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    pub(crate) is_on: bool,
    /// The place that turns it on or off; `None` where no place does.
    pub(crate) source: Option<Source>,
    /// The project's file that turns it on, although the environment turns it off.
    pub(crate) switched_off: Option<Source>,
}

impl Guard {
    /// Combines the places. The environment wins.
    pub(crate) fn combine(environment: Option<WithSource<bool>>, project: Option<WithSource<bool>>) -> Self {
        let switched_off = match (&environment, &project) {
            (Some(environment), Some(project)) if project.value && !environment.value => {
                Some(project.source.clone())
            }
            _ => None,
        };
        match environment.or(project) {
            Some(WithSource { value, source }) => Self { is_on: value, source: Some(source), switched_off },
            None => Self::default(),
        }
    }

    /// The guard of a project's file, unless the environment decides.
    pub(crate) fn of_file(path: &Path, is_on: bool, env: &ProcessEnv) -> Result<Self, Failure> {
        let project = WithSource { value: is_on, source: Source::Project(path.to_owned()) };
        Ok(Self::combine(environment_guard(env)?, Some(project)))
    }

    /// The text of the warning that the environment turns off the guard of a project.
    pub(crate) fn warning(&self) -> Option<String> {
        Some(format!("{GUARD} turns off the guard of {}", self.switched_off.as_ref()?))
    }
}

/// What all places say about writes that need more than the command itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies {
    pub(crate) live: LiveWrites,
    pub(crate) guard: Guard,
}

/// The value of `INSFORGE_GUARD`.
pub(super) fn environment_guard(env: &ProcessEnv) -> Result<Option<WithSource<bool>>, Failure> {
    let source = Source::Variable(GUARD);
    Ok(env.switch(GUARD)?.map(|value| WithSource { value, source }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_wins_and_a_guard_that_it_turns_off_is_reported() {
        let values = [None, Some(false), Some(true)];
        let from = |value: Option<bool>, place| {
            value.map(|value| WithSource { value, source: Source::Variable(place) })
        };
        for environment in values {
            for project in values {
                let guard = Guard::combine(from(environment, "environment"), from(project, "project"));
                let case = format!("{environment:?} {project:?}");
                assert_eq!(guard.is_on, environment.or(project).unwrap_or_default(), "{case}");
                let is_off = environment == Some(false) && project == Some(true);
                assert_eq!(guard.switched_off.is_some(), is_off, "{case}");
            }
        }
    }
}
