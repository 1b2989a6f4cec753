//! The place that names the backend of a run, and the warnings if it is not the place that the user expects.

use std::path::Path;

use crate::env::ProcessEnv;
use crate::error::{Failure, Warning, WarningCode};
use crate::settings::backend::PROFILE;
use crate::settings::{ConnectionFlags, Profiles, Project, Source, UserPaths};

/// A place that names a backend. The variants are in the order of precedence, except that --profile comes first.
#[derive(Debug)]
pub(super) enum Place {
    /// An address from a flag or the environment.
    Url {
        text: String,
        source: Source,
    },
    /// A profile that a flag or the environment names.
    Profile {
        name: String,
        source: Source,
    },
    /// The link of the working directory or of its nearest linked parent.
    Project(Project),
    DefaultProfile,
}

impl Place {
    /// The places that were searched before, and name no backend.
    pub(super) const fn earlier(&self) -> &'static [&'static str] {
        match self {
            Self::Url { source: Source::Variable(_), .. } => &["the flags"],
            Self::Profile { source: Source::Variable(_), .. } | Self::Project(_) => {
                &["the flags", "the environment"]
            }
            Self::DefaultProfile => &["the flags", "the environment", "a linked project"],
            Self::Url { .. } | Self::Profile { .. } => &[],
        }
    }
}

/// A warning if the environment names a profile. `winner` says what comes first.
pub(super) fn profile_not_used(winner: &str, env: &ProcessEnv) -> Option<Warning> {
    let name = env.var(PROFILE)?;
    let text = format!("profile {name} ({PROFILE}) is not used, because {winner}");
    Some(Warning { code: WarningCode::ProfileNotUsed, text })
}

/// A backend that was just stored.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stored<'a> {
    /// The profile with this name.
    Profile(&'a str),
    /// The project's file at this path.
    Project(&'a Path),
}

impl Stored<'_> {
    /// A warning if commands in this directory use another backend.
    pub(crate) fn not_used(self, env: &ProcessEnv) -> Option<Warning> {
        let (reason, remedy) = self.obstacle(env).unwrap_or_else(|failure| Some((failure.what, "fix it")))?;
        let (code, what, flag) = match self {
            Self::Profile(name) => (
                WarningCode::ProfileNotUsed,
                format!("profile {name}"),
                Some(format!("use --profile {name}")),
            ),
            Self::Project(path) => (WarningCode::LinkNotUsed, path.display().to_string(), None),
        };
        let remedies: Vec<&str> =
            [Some(remedy).filter(|text| !text.is_empty()), flag.as_deref()].into_iter().flatten().collect();
        let text = format!("commands here do not use {what}, because {reason}; {}", remedies.join(", or "));
        Some(Warning { code, text })
    }

    /// Why commands use another backend, and how to change that, if that is a good idea.
    fn obstacle(self, env: &ProcessEnv) -> Result<Option<(String, &'static str)>, Failure> {
        const UNSET: &str = "unset it";
        let sandbox = "INSFORGE_SANDBOX";
        if cfg!(feature = "sandbox") && env.is_enabled(sandbox) {
            return Ok(Some((format!("{sandbox} is set"), UNSET)));
        }
        Ok(match (ConnectionFlags::default().place(env)?, self) {
            (Place::Url { source, .. }, _) => Some((source.presence(), UNSET)),
            (Place::Profile { name, .. }, Self::Profile(stored)) if name == stored => None,
            (Place::Profile { name, source }, _) => Some((format!("{source} names {name}"), UNSET)),
            (Place::Project(project), Self::Profile(_)) => {
                let path = project.path.display();
                Some((format!("{path} links this directory to a backend"), ""))
            }
            (Place::DefaultProfile, Self::Profile(stored)) => {
                let profiles = Profiles::load(&UserPaths::find()?)?;
                let default = profiles.default_name();
                let reason = match profiles.get(default) {
                    Some(_) => format!("the default profile is {default}"),
                    None => "there is no default profile".to_owned(),
                };
                (default != stored).then_some((reason, "set default_profile in config.toml"))
            }
            // The file in the working directory is the nearest one.
            (Place::Project(_) | Place::DefaultProfile, Self::Project(_)) => None,
        })
    }
}
