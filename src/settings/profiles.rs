//! The profiles in `config.toml`. Unknown entries and comments in the file are kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toml_edit::{DocumentMut, Item, Table, value};

use crate::error::{Code, Failure};
use crate::files::{self, FileError, FileLock, LOCK_TIMEOUT};
use crate::settings::{LivePolicy, Source, UserPaths};
use crate::wire::{without_type_names, without_value};

/// The default profile, unless `default_profile` names another.
const DEFAULT_PROFILE: &str = "default";

/// Where a profile's key is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyStore {
    /// The system's keyring.
    Keyring,
    /// `credentials.toml`, which only the user can read.
    File,
}

impl KeyStore {
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
    pub(crate) key_store: KeyStore,
    pub(crate) live: Option<LivePolicy>,
}

#[derive(Debug, Default, Deserialize)]
struct ConfigFile {
    default_profile: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
}

/// The profiles in `config.toml`.
#[derive(Debug)]
pub(crate) struct Profiles {
    path: PathBuf,
    content: ConfigFile,
    lock_timeout: Duration,
}

impl Profiles {
    /// Reads the file. A missing file has no profiles. Every use of the user's settings begins here, so this also removes
    /// what killed processes have left.
    pub(crate) fn load(paths: &UserPaths) -> Result<Self, Failure> {
        let path = &paths.config;
        files::remove_leftover(path);
        files::remove_leftover(&paths.credentials);
        let text = files::read(path).map_err(unreadable)?;
        Self::parse(path, &text.unwrap_or_default())
    }

    /// Reads the text of a file.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, Failure> {
        let content = toml::from_str(text)
            .map_err(|error| malformed_toml(path, text, error.message(), error.span()))?;
        Ok(Self { path: path.to_owned(), content, lock_timeout: LOCK_TIMEOUT })
    }

    /// Sets how long a change waits while another process changes the file.
    pub(crate) fn with_lock_timeout(self, lock_timeout: Duration) -> Self {
        Self { lock_timeout, ..self }
    }

    /// The named profile, or the default profile. `None` if there are no profiles.
    ///
    /// # Errors
    /// The named profile does not exist, or profiles exist but none is the default.
    pub(crate) fn select(&self, named: Option<(&str, &Source)>) -> Result<Option<(&str, &Profile)>, Failure> {
        let name = named.map_or_else(|| self.default_name(), |(name, _)| name);
        if let Some((name, profile)) = self.content.profiles.get_key_value(name) {
            return Ok(Some((name, profile)));
        }
        let all: Vec<_> = self.names().collect();
        let existing = if all.is_empty() {
            "no profiles exist".to_owned()
        } else {
            format!("existing profiles: {}", all.join(", "))
        };
        match named {
            None if all.is_empty() => Ok(None),
            None => Err(Failure::new(
                Code::ProfileNotFound,
                "No profile is selected, and there is no default profile",
            )
            .why(existing)
            .hint("select one with --profile, or set default_profile in config.toml")),
            Some((name, source)) => Err(Failure::new(
                Code::ProfileNotFound,
                format!("Profile {name}{} does not exist", from_variable(source)),
            )
            .why(existing)
            .hint(format!("log in with `insforge login --profile {name}`"))
            .repair(["insforge", "login", "--profile", name])),
        }
    }

    /// The name of the default profile.
    pub(crate) fn default_name(&self) -> &str {
        self.content.default_profile.as_deref().unwrap_or(DEFAULT_PROFILE)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Profile> {
        self.content.profiles.get(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.content.profiles.keys().map(String::as_str)
    }

    /// Adds or changes a profile. The first profile becomes the default.
    pub(crate) fn put(&self, name: &str, api_url: &str, store: KeyStore) -> Result<(), Failure> {
        self.edit(|document| self.put_into(document, name, api_url, store))
    }

    /// Adds or changes a profile of a document.
    pub(crate) fn put_into(&self, document: &mut DocumentMut, name: &str, api_url: &str, store: KeyStore) {
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
    }

    /// Removes a profile.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Failure> {
        self.edit(|document| remove_from(document, name))
    }

    fn edit(&self, change: impl FnOnce(&mut DocumentMut)) -> Result<(), Failure> {
        edit(&self.path, self.lock_timeout, change)
    }
}

/// Edits a TOML file and keeps the rest of it. A malformed file is not changed.
pub(super) fn edit(
    path: &Path,
    lock_timeout: Duration,
    change: impl FnOnce(&mut DocumentMut),
) -> Result<(), Failure> {
    let lock = FileLock::acquire(path, lock_timeout)?;
    let text = lock.read().map_err(unreadable)?.unwrap_or_default();
    Ok(lock.replace(&edited(path, &text, change)?)?)
}

/// Removes a profile from a document.
pub(crate) fn remove_from(document: &mut DocumentMut, name: &str) {
    if let Some(profiles) = document.get_mut("profiles").and_then(Item::as_table_like_mut) {
        profiles.remove(name);
    }
    if document.get("default_profile").and_then(Item::as_str) == Some(name) {
        document.remove("default_profile");
    }
}

/// The text of an edited file.
pub(crate) fn edited(
    path: &Path,
    text: &str,
    change: impl FnOnce(&mut DocumentMut),
) -> Result<String, Failure> {
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| malformed_toml(path, text, error.message(), error.span()))?;
    // In a file with comments only, toml_edit would move the comments after the new table.
    let mut comments =
        if document.is_empty() { std::mem::take(&mut document).to_string() } else { String::new() };
    // Otherwise the last comment would go on in the new entry.
    if !comments.is_empty() && !comments.ends_with('\n') {
        comments.push('\n');
    }
    change(&mut document);
    Ok(comments + &document.to_string())
}

/// ` (INSFORGE_PROFILE)`, after the name of a profile that nobody typed in this command.
pub(super) fn from_variable(source: &Source) -> String {
    match source {
        Source::Variable(variable) => format!(" ({variable})"),
        _ => String::new(),
    }
}

/// The failure of a settings file that cannot be read.
pub(super) fn unreadable(error: FileError) -> Failure {
    Failure { code: Code::SettingsInvalid, ..error.into() }
}

/// The error for a malformed TOML file, with its name, line, column and field. It repeats no value, which can be a key.
pub(super) fn malformed_toml(
    path: &Path,
    text: &str,
    message: &str,
    span: Option<std::ops::Range<usize>>,
) -> Failure {
    let before = text.get(..span.map_or(0, |span| span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let in_line = before.rsplit('\n').next().unwrap_or_default();
    let column = in_line.chars().count() + 1;
    let field = in_line.trim_end().strip_suffix('=').map(|name| format!("`{}`: ", name.trim()));
    let message = without_value(&without_type_names(message.trim())).replace('\n', "; ");
    // serde's word for one of several words.
    let message = message.replace("unknown variant, expected", "invalid value, expected");
    let what = format!("{}:{line}:{column}: {}{message}", path.display(), field.unwrap_or_default());
    Failure::new(Code::SettingsInvalid, what)
        .why("the file is invalid and was not changed")
        .hint("fix the file, or move it away and log in again")
}
