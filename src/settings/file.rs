//! `config.toml`: the profiles. What is in it that we do not know, comments too, is kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml_edit::{DocumentMut, Item, Table, value};

use crate::error::{Code, Failure};
use crate::files::{self, FileError, Lock};
use crate::settings::Policy;

/// The profile that is meant where none is named and none is the user's default.
const DEFAULT_PROFILE: &str = "default";

/// Where a profile's key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Store {
    /// The system's keyring.
    Keyring,
    /// `credentials.toml`, readable by the user alone.
    File,
}

impl Store {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::File => "file",
        }
    }
}

/// A stored login, without its key.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Profile {
    pub(crate) api_url: String,
    pub(crate) key_store: Store,
    /// What it says about writes to live.
    pub(crate) live: Option<Policy>,
}

#[derive(Debug, Default, Deserialize)]
struct Content {
    default_profile: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
}

/// The profiles in `config.toml`.
#[derive(Debug)]
pub(crate) struct Profiles {
    path: PathBuf,
    content: Content,
}

impl Profiles {
    /// Reads them; a file that is not there has none.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let content = match files::read(path).map_err(unusable)? {
            Some(text) => toml::from_str(&text)
                .map_err(|error| malformed(path, &text, error.message(), error.span()))?,
            None => Content::default(),
        };
        Ok(Self { path: path.to_owned(), content })
    }

    /// The profile that is meant: the one that the command line names, or the environment, or the user's default.
    ///
    /// # Errors
    /// One that is named does not exist, or none is named and only others exist.
    pub(crate) fn chosen(&self, named: Option<&str>) -> Result<Option<(&str, &Profile)>, Failure> {
        let name = named.unwrap_or_else(|| self.default_name());
        if let Some((name, profile)) = self.content.profiles.get_key_value(name) {
            return Ok(Some((name, profile)));
        }
        let all: Vec<_> = self.names().collect();
        let known = if all.is_empty() {
            "there are none".to_owned()
        } else {
            format!("there are: {}", all.join(", "))
        };
        match named {
            None if all.is_empty() => Ok(None),
            None => Err(Failure::new(Code::ProfileNotFound, "No profile is named, and none is the default")
                .why(known)
                .hint("name one with --profile, or as default_profile in config.toml")),
            Some(name) => Err(Failure::new(Code::ProfileNotFound, format!("There is no profile {name}"))
                .why(known)
                .hint(format!("log in with `insforge login --profile {name}`"))
                .repair(["insforge", "login", "--profile", name])),
        }
    }

    /// What the chosen profile says about writes to live, where there is such a profile.
    pub(crate) fn live(&self, named: Option<&str>) -> Option<Policy> {
        self.get(named.unwrap_or_else(|| self.default_name()))?.live
    }

    /// The profile that a login is for where none is named.
    pub(crate) fn default_name(&self) -> &str {
        self.content.default_profile.as_deref().unwrap_or(DEFAULT_PROFILE)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Profile> {
        self.content.profiles.get(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.content.profiles.keys().map(String::as_str)
    }

    /// Adds or changes a profile. The first one becomes the default.
    pub(crate) fn put(&self, name: &str, api_url: &str, store: Store) -> Result<(), Failure> {
        self.edit(|document| {
            if document.get("default_profile").is_none()
                && name != DEFAULT_PROFILE
                && self.content.profiles.is_empty()
            {
                document["default_profile"] = value(name);
            }
            let profiles = document.entry("profiles").or_insert_with(|| {
                let mut table = Table::new();
                table.set_implicit(true);
                Item::Table(table)
            });
            let profile = &mut profiles[name];
            if profile.is_none() {
                *profile = Item::Table(Table::new());
            }
            profile["api_url"] = value(api_url);
            profile["key_store"] = value(store.as_str());
        })
    }

    /// Removes a profile.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Failure> {
        self.edit(|document| {
            if let Some(profiles) = document.get_mut("profiles").and_then(Item::as_table_like_mut) {
                profiles.remove(name);
            }
            if document.get("default_profile").and_then(Item::as_str) == Some(name) {
                document.remove("default_profile");
            }
        })
    }

    fn edit(&self, change: impl FnOnce(&mut DocumentMut)) -> Result<(), Failure> {
        edit(&self.path, change)
    }
}

/// Changes a TOML file and keeps everything else that is in it. A malformed one stays as it is.
pub(super) fn edit(path: &Path, change: impl FnOnce(&mut DocumentMut)) -> Result<(), Failure> {
    let _lock = Lock::of(path).map_err(unusable)?;
    let text = files::read(path).map_err(unusable)?.unwrap_or_default();
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| malformed(path, &text, error.message(), error.span()))?;
    // A file of comments alone has nothing that toml_edit could put a table behind.
    let comments =
        if document.is_empty() { std::mem::take(&mut document).to_string() } else { String::new() };
    change(&mut document);
    files::write(path, &(comments + &document.to_string())).map_err(unusable)
}

/// The failure of a settings file that cannot be read or written.
pub(super) fn unusable(error: FileError) -> Failure {
    Failure { code: Code::SettingsInvalid, ..error.into() }
}

/// The error for a TOML file that makes no sense: its name, line, column, and that it was left alone.
pub(super) fn malformed(
    path: &Path,
    text: &str,
    message: &str,
    span: Option<std::ops::Range<usize>>,
) -> Failure {
    let before = text.get(..span.map_or(0, |span| span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let message = message.trim().replace('\n', "; ");
    Failure::new(Code::SettingsInvalid, format!("{}:{line}:{column}: {message}", path.display()))
        .why("the file makes no sense as it stands; it is left as it is")
        .hint("correct it, or move it away and log in again")
}
