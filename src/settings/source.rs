//! Values, and where they come from.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{Warning, WarningCode};
use crate::files;
use crate::settings::Store;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Flag(&'static str),
    Variable(&'static str),
    /// A file that a flag or a variable names.
    KeyFile {
        named_by: &'static str,
        path: PathBuf,
    },
    Project(PathBuf),
    Profile {
        name: String,
        store: Store,
    },
    /// Typed at a prompt.
    Prompt,
    /// The run brought it along, in its own words.
    #[cfg(feature = "sandbox")]
    Own(String),
}

impl Source {
    /// Where was looked before, when an address is found here.
    pub(crate) const fn looked_at_before(&self) -> &'static [&'static str] {
        match self {
            Self::Variable(_) => &["the flags"],
            Self::Project(_) => &["the flags", "the environment"],
            Self::Profile { .. } => {
                &["the flags", "the environment", "a linked project, or a profile is named"]
            }
            _ => &[],
        }
    }

    /// A key file that others can read.
    pub(crate) fn readable_by_others(&self) -> Option<Warning> {
        let Self::KeyFile { path, .. } = self else { return None };
        Some(Warning::readable(path, &files::readable_by_others(path)?))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::KeyFile { named_by, path } => write!(f, "{named_by} {}", path.display()),
            Self::Project(path) => write!(f, "{}", path.display()),
            Self::Profile { name, store: Store::Keyring } => write!(f, "profile {name} (keyring)"),
            Self::Profile { name, store: Store::File } => write!(f, "profile {name} (credentials file)"),
            Self::Prompt => f.write_str("the prompt"),
            #[cfg(feature = "sandbox")]
            Self::Own(words) => f.write_str(words),
        }
    }
}

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Found<T> {
    pub(crate) value: T,
    pub(crate) source: Source,
}

impl Warning {
    pub(super) fn readable(path: &Path, mode: &str) -> Self {
        let path = path.display();
        Self {
            code: WarningCode::FileReadableByOthers,
            text: format!("{path} holds a key and others can read it (mode {mode}); run: chmod 600 {path}"),
        }
    }
}
