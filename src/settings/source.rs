//! Values together with their source.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{Warning, WarningCode};
use crate::files;
use crate::settings::KeyStore;

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
        store: KeyStore,
    },
    /// A setting of the profile with this name, in `config.toml`.
    ProfileSetting(String),
    /// Typed at a prompt.
    Prompt,
    /// A preset backend; the text describes it.
    #[cfg(feature = "sandbox")]
    Preset(String),
}

impl Source {
    /// Whether the value belongs to the sandbox of `--sandbox`.
    pub(crate) const fn is_preset(&self) -> bool {
        match self {
            #[cfg(feature = "sandbox")]
            Self::Preset(_) => true,
            _ => false,
        }
    }

    /// `--api-url is given` or `INSFORGE_BASE_URL is set`.
    pub(super) fn presence(&self) -> String {
        match self {
            Self::Flag(name) => format!("{name} is given"),
            other => format!("{other} is set"),
        }
    }

    /// A warning if this is a key file that others can read.
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
            Self::Profile { name, store: KeyStore::Keyring } => write!(f, "profile {name} (keyring)"),
            Self::Profile { name, store: KeyStore::File } => write!(f, "profile {name} (credentials file)"),
            Self::ProfileSetting(name) => write!(f, "profile {name} in config.toml"),
            Self::Prompt => f.write_str("the prompt"),
            #[cfg(feature = "sandbox")]
            Self::Preset(description) => f.write_str(description),
        }
    }
}

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct WithSource<T> {
    pub(crate) value: T,
    pub(crate) source: Source,
}

impl Warning {
    pub(super) fn readable(path: &Path, mode: &str) -> Self {
        let path = path.display();
        Self {
            code: WarningCode::FileReadableByOthers,
            text: format!(
                "{path} contains a key and other users can read it (mode {mode}); run: chmod 600 {path}"
            ),
        }
    }
}
