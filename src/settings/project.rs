//! `.insforge/project.json`: the backend that a directory is linked to. InsForge's other tools read the same file.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::process::Command;
use zeroize::Zeroizing;

use crate::env::ProcessEnv;
use crate::error::{Code, Failure, Warning, WarningCode};
use crate::files::{self, FileLock};
use crate::secret::Secret;
use crate::settings::LivePolicy;
use crate::settings::profiles::unreadable;
use crate::wire::{Address, position_of, without_position, without_value};

const DIRECTORY: &str = ".insforge";
const NAME: &str = "project.json";
/// The path of the file in its directory, for git and for texts.
const FILE: &str = ".insforge/project.json";

/// How long to wait for git, which can hang in a directory of somebody else.
const GIT_TIMEOUT: Duration = Duration::from_secs(5);

/// The link of a directory to a backend, as read from its file.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) path: PathBuf,
    /// The address. A bare host, as in older files, is completed.
    pub(crate) host: Option<String>,
    pub(crate) key: Option<Secret>,
    pub(crate) live: Option<LivePolicy>,
}

impl Project {
    /// Finds the link of a directory or of its nearest linked parent.
    pub(crate) fn find(from: &Path) -> Result<Option<Self>, Failure> {
        for directory in from.ancestors() {
            let path = directory.join(DIRECTORY).join(NAME);
            files::remove_leftover(&path);
            if let Some(text) = files::read(&path).map_err(unreadable)? {
                return Ok(Some(Self::parse(path, &Zeroizing::new(text))?));
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
        let mut map = object(&path, text)?;
        let key = match map.remove("api_key") {
            Some(Value::String(key)) => Some(Secret::remembered(key)).filter(|key| !key.is_empty()),
            _ => None,
        };
        let string =
            |name: &str| map.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        let host = string("oss_host").map(|host| match (string("appkey"), string("region")) {
            (Some(appkey), Some(region)) if !host.contains("://") => {
                format!("https://{appkey}.{region}.insforge.app")
            }
            _ => host.to_owned(),
        });
        let live = match map.get("live") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.trim().is_empty() => None,
            // What is meant as `deny` must not be ignored.
            Some(value) => Some(value.as_str().and_then(LivePolicy::parse).ok_or_else(|| {
                Failure::new(Code::SettingsInvalid, format!("{} has an invalid policy", path.display()))
                    .why("the field `live` must be ask, allow or deny")
                    .hint("fix the file, then run the command again")
            })?),
        };
        Ok(Self { path, host, key, live })
    }

    /// Links `directory` to a self-hosted backend, and returns the path of its file. Unknown fields of an existing file are
    /// kept.
    pub(crate) fn link(
        directory: &Path,
        address: &Address,
        key: &Secret,
        lock_timeout: Duration,
    ) -> Result<PathBuf, Failure> {
        // The directory can be somebody else's repository, which chooses where its links lead.
        let path = directory.join(DIRECTORY).join(NAME);
        for link in [&directory.join(DIRECTORY), &path] {
            refuse_symbolic_link(link)?;
        }
        let lock = FileLock::acquire(&path, lock_timeout)?;
        files::remove_older_leftovers(&path);
        let text = lock.read().map_err(unreadable)?;
        lock.replace(&Self::linked(&path, text.as_deref(), address, key)?)?;
        Ok(path)
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

    /// A warning if `git add` can add the file of a directory. Without git or a repository it cannot.
    pub(crate) async fn not_ignored_by_git(directory: &Path, env: &ProcessEnv) -> Option<Warning> {
        let mut git = Command::new(env.find_program("git")?);
        // These variables can name another repository.
        for name in env.names_with_prefix(&["GIT_"]) {
            git.env_remove(name);
        }
        // Nothing that the repository configures may run. Git starts a transport if an object of its index is missing.
        git.args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-pager"]);
        git.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "none");
        git.args(["check-ignore", "--quiet", FILE]).current_dir(directory).kill_on_drop(true);
        git.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let text = match tokio::time::timeout(GIT_TIMEOUT, git.status()).await {
            // 0: ignored. 1: not ignored. Other: not in a repository.
            Ok(status) if status.as_ref().is_ok_and(|status| status.code() == Some(1)) => {
                let fix = if cfg!(windows) {
                    // In Windows PowerShell, `>>` writes UTF-16.
                    format!("add {DIRECTORY}/ to .gitignore")
                } else {
                    format!("run: echo {DIRECTORY}/ >> .gitignore")
                };
                format!("git does not ignore {FILE}, which contains the key; {fix}")
            }
            Ok(_) => return None,
            Err(_) => format!(
                "git did not answer within {} s; check that it ignores {FILE}, which contains the key",
                GIT_TIMEOUT.as_secs()
            ),
        };
        Some(Warning { code: WarningCode::NotIgnoredByGit, text })
    }
}

fn refuse_symbolic_link(path: &Path) -> Result<(), Failure> {
    let Ok(target) = std::fs::read_link(path) else { return Ok(()) };
    Err(Failure::new(Code::FileFailed, format!("Cannot write {}", path.display()))
        .why(format!("it is a symbolic link to {}, and a key is written to no linked file", target.display()))
        .hint("remove the symbolic link, then run the command again"))
}

fn object(path: &Path, text: &str) -> Result<Map<String, Value>, Failure> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = position_of(&error, text);
        // A link of the repository can lead to any file.
        let reason = without_value(&without_position(&error)).replace("expected a map", "expected an object");
        Failure::new(Code::SettingsInvalid, format!("{}:{line}:{column}: {reason}", path.display()))
            .why("the file is invalid and was not changed")
            .hint("fix the file, or remove it and run `insforge link`")
            .repair(["insforge", "link"])
    })
}
