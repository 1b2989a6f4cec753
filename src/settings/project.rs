//! `.insforge/project.json`: the backend that a directory is linked to. InsForge's other tools read the same file.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Map, Value};

use crate::error::{Code, Failure};
use crate::files;
use crate::secret::Secret;
use crate::settings::LivePolicy;
use crate::settings::profiles::settings_failure;
use crate::wire::{Address, position_of, without_position};

const FILE: &str = ".insforge/project.json";

/// The link of a directory to a backend, as read from its file.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) path: PathBuf,
    /// The address. A bare host, as in older files, is completed.
    pub(crate) host: Option<String>,
    pub(crate) key: Option<Secret>,
    pub(crate) live: Option<LivePolicy>,
}

/// The result of linking a directory.
#[derive(Debug)]
pub(crate) struct LinkedFile {
    pub(crate) path: PathBuf,
    /// The file contains a key, and git does not ignore the file.
    pub(crate) needs_gitignore: bool,
}

impl Project {
    /// Finds the link of a directory or of its nearest linked parent.
    pub(crate) fn find(from: &Path) -> Result<Option<Self>, Failure> {
        for directory in from.ancestors() {
            let path = directory.join(FILE);
            if let Some(text) = files::read(&path).map_err(settings_failure)? {
                return Ok(Some(Self::parse(path, &text)?));
            }
        }
        Ok(None)
    }

    /// The file's mode if it contains a key and others can read it.
    pub(crate) fn readable_by_others(&self) -> Option<String> {
        self.key.as_ref().and_then(|_| files::readable_by_others(&self.path))
    }

    /// Reads the text of a file.
    pub(crate) fn parse(path: PathBuf, text: &str) -> Result<Self, Failure> {
        let map = object(&path, text)?;
        let string =
            |name: &str| map.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        let host = string("oss_host").map(|host| match (string("appkey"), string("region")) {
            (Some(appkey), Some(region)) if !host.contains("://") => {
                format!("https://{appkey}.{region}.insforge.app")
            }
            _ => host.to_owned(),
        });
        let live = string("live")
            .map(|text| {
                LivePolicy::parse(text).ok_or_else(|| {
                    Failure::new(Code::SettingsInvalid, format!("{} has an invalid policy", path.display()))
                        .why(format!("live is `{text}`"))
                        .hint("set it to ask, allow or deny")
                })
            })
            .transpose()?;
        let key = string("api_key").map(|key| Secret::new(key.to_owned()));
        Ok(Self { path, host, key, live })
    }

    /// Links `directory` to a self-hosted backend. Unknown fields of an existing file are kept.
    pub(crate) fn link(directory: &Path, address: &Address, key: &Secret) -> Result<LinkedFile, Failure> {
        let path = directory.join(FILE);
        let text = files::read(&path).map_err(settings_failure)?;
        let text = Self::linked(&path, text.as_deref(), address, key)?;
        files::write(&path, &text).map_err(settings_failure)?;
        let needs_gitignore = git_would_add_it(directory);
        Ok(LinkedFile { path, needs_gitignore })
    }

    /// The text of a file that links to a backend, from the text of the existing file.
    pub(crate) fn linked(
        path: &Path,
        existing: Option<&str>,
        address: &Address,
        key: &Secret,
    ) -> Result<String, Failure> {
        let mut map = existing.map(|text| object(path, text)).transpose()?.unwrap_or_default();
        for (name, value) in [
            // The values that InsForge's other tools write for a self-hosted backend.
            ("project_id", "fa4e0000-1234-5678-90ab-cd1234567890"),
            ("project_name", "oss-project"),
            ("org_id", "fa4e0001-1234-5678-90ab-cd1234567890"),
            ("appkey", "ossfkey"),
            ("region", "us-test"),
            ("api_key", key.expose()),
            ("oss_host", address.as_str()),
        ] {
            map.insert(name.to_owned(), Value::String(value.to_owned()));
        }
        Ok(format!("{:#}\n", Value::Object(map)))
    }
}

fn object(path: &Path, text: &str) -> Result<Map<String, Value>, Failure> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = position_of(&error, text);
        let reason = without_position(&error);
        Failure::new(Code::SettingsInvalid, format!("{}:{line}:{column}: {reason}", path.display()))
            .why("the file is invalid and was not changed")
            .hint("fix the file, or remove it and run `insforge link`")
            .repair(["insforge", "link"])
    })
}

/// Whether `git add` would add the file. Without git or a repository it would not.
fn git_would_add_it(directory: &Path) -> bool {
    let mut git = std::process::Command::new("git");
    git.args(["check-ignore", "--quiet", FILE]).current_dir(directory);
    git.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // 0: ignored. 1: not ignored. Other: not in a repository.
    git.status().is_ok_and(|status| status.code() == Some(1))
}
