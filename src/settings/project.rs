//! `.insforge/project.json`: the backend that a directory is linked to. InsForge's other tools read the same file.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use tokio::process::Command;
use zeroize::Zeroizing;

use crate::env::ProcessEnv;
use crate::error::{Code, Failure, Warning, WarningCode};
use crate::files::{self, FileLock};
use crate::secret::Secret;
use crate::settings::profiles::unreadable;
use crate::settings::{LivePolicy, Source, read_address};
use crate::wire::{Address, position_of, without_position, without_value};

const DIRECTORY: &str = ".insforge";
const NAME: &str = "project.json";
/// The field that turns the guard on. InsForge's other tools read it too.
const GUARD: &str = "guard";
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
    /// Whether destructive writes need a person's approval.
    pub(crate) guard: Option<bool>,
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
            // What it leads to can be on a disk that is missing, and can have a policy.
            if let Some(link) = [directory.join(DIRECTORY), path].iter().find(|link| is_dangling(link)) {
                return Err(dangling(link));
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
            Some(value) => {
                let policy = value.as_str().and_then(LivePolicy::parse);
                Some(policy.ok_or_else(|| invalid_field(&path, "live", LivePolicy::WORDS))?)
            }
        };
        let guard = match map.get(GUARD) {
            None | Some(Value::Null) => None,
            Some(Value::Bool(is_on)) => Some(*is_on),
            Some(_) => return Err(invalid_field(&path, GUARD, "true or false")),
        };
        Ok(Self { path, host, key, live, guard })
    }

    /// Edits the file of `directory`. `before_removal` runs before a guard is removed; if it fails, nothing is changed.
    ///
    /// # Errors
    /// The backend is not set, and the directory has no file.
    pub(crate) fn edit(
        directory: &Path,
        edit: &LinkEdit,
        lock_timeout: Duration,
        before_removal: impl FnOnce(&Path) -> Result<(), Failure>,
    ) -> Result<EditedLink, Failure> {
        // The directory can be somebody else's repository, which chooses where its links lead.
        let path = directory.join(DIRECTORY).join(NAME);
        for link in [&directory.join(DIRECTORY), &path] {
            refuse_symbolic_link(link)?;
        }
        // The lock would create the directory.
        if edit.backend.is_none() && !path.exists() {
            return Err(not_linked(directory, &path, edit));
        }
        let lock = FileLock::acquire(&path, lock_timeout)?;
        files::remove_older_leftovers(&path);
        let text = lock.read().map_err(unreadable)?.map(Zeroizing::new);
        let text = text.as_ref().map(|text| text.as_str());
        let had_guard = has_guard(&path, text)?;
        let new = Zeroizing::new(Self::edited(&path, text, edit)?);
        let Self { host, guard, .. } = Self::parse(path.clone(), &new)?;
        let guard = guard.unwrap_or_default();
        if had_guard && !guard {
            before_removal(&path)?;
        }
        lock.replace(&new)?;
        let source = Source::Project(path.clone());
        let address = host.and_then(|host| read_address(&host, &source).ok());
        let hidden_guard = if guard { None } else { linked_parent(directory) };
        let hidden_guard = hidden_guard.filter(|parent| parent.guard == Some(true)).map(|parent| parent.path);
        Ok(EditedLink { path, address, had_guard, guard, hidden_guard })
    }

    /// The text of an edited file, from the text of the existing file. Other fields are kept.
    pub(crate) fn edited(path: &Path, existing: Option<&str>, edit: &LinkEdit) -> Result<String, Failure> {
        let mut map = existing.map(|text| object(path, text)).transpose()?.unwrap_or_default();
        let backend = edit.backend.iter().flat_map(|(address, key)| {
            [
                // The values that InsForge's other tools write for a self-hosted backend.
                ("project_id", "fa4e0000-1234-5678-90ab-cd1234567890"),
                ("project_name", "oss-project"),
                ("org_id", "fa4e0001-1234-5678-90ab-cd1234567890"),
                ("appkey", "ossfkey"),
                ("region", "us-test"),
                ("api_key", key.expose()),
                ("oss_host", address.as_str()),
            ]
        });
        for (name, value) in backend {
            map.insert(name.to_owned(), Value::String(value.to_owned()));
        }
        match edit.guard {
            Some(true) => drop(map.insert(GUARD.to_owned(), Value::Bool(true))),
            Some(false) => drop(map.shift_remove(GUARD)),
            None => {}
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

/// What `link` changes in a directory's file.
#[derive(Clone, Debug, Default)]
pub(crate) struct LinkEdit {
    /// The backend to link to; `None` to keep the link.
    pub(crate) backend: Option<(Address, Secret)>,
    /// Whether to turn the guard on, or to remove it; `None` to keep it.
    pub(crate) guard: Option<bool>,
}

/// A directory's file, after it was edited.
#[derive(Debug)]
pub(crate) struct EditedLink {
    pub(crate) path: PathBuf,
    /// The linked backend; `None` if the file has no valid address.
    pub(crate) address: Option<Address>,
    /// Whether the guard was on before.
    pub(crate) had_guard: bool,
    pub(crate) guard: bool,
    /// The file of a parent whose guard does not count here, because this file is nearer.
    pub(crate) hidden_guard: Option<PathBuf>,
}

/// The link of the nearest linked parent of a directory.
fn linked_parent(directory: &Path) -> Option<Project> {
    Project::find(directory.parent()?).ok().flatten()
}

/// Whether the text of a file turns the guard on. An invalid value stops destructive writes, so it counts too.
fn has_guard(path: &Path, text: Option<&str>) -> Result<bool, Failure> {
    let map = text.map(|text| object(path, text)).transpose()?.unwrap_or_default();
    Ok(!matches!(map.get(GUARD), None | Some(Value::Null | Value::Bool(false))))
}

/// The failure of a change to the guard in a directory without a file.
fn not_linked(directory: &Path, path: &Path, edit: &LinkEdit) -> Failure {
    let failure = Failure::new(Code::NotLinked, "This directory is not linked to a backend")
        .why(format!("{} does not exist", path.display()));
    let parent = linked_parent(directory);
    let parent = parent.as_ref().and_then(|project| project.path.parent()?.parent());
    let link = match edit.guard {
        Some(true) => Some("`insforge link --api-base-url URL --guard`"),
        _ => None,
    };
    match (parent, link) {
        (Some(parent), Some(link)) => failure.hint(format!(
            "run the command in {}, which is linked, or link this directory with {link}",
            parent.display()
        )),
        (Some(parent), None) => {
            failure.hint(format!("run the command in {}, which is linked", parent.display()))
        }
        (None, Some(link)) => failure.hint(format!("link it with {link}")),
        (None, None) => {
            failure.hint("`insforge current` shows whether a guard is on, and which place turns it on")
        }
    }
}

/// The failure of a policy that cannot be read. It must not be ignored.
fn invalid_field(path: &Path, field: &str, words: &str) -> Failure {
    Failure::new(Code::SettingsInvalid, format!("`{field}` is invalid in {}", path.display()))
        .why(format!("the field `{field}` must be {words}"))
        .hint("fix the file, then run the command again")
}

/// Whether a path is a symbolic link that leads nowhere.
fn is_dangling(path: &Path) -> bool {
    path.is_symlink() && !path.exists()
}

fn dangling(link: &Path) -> Failure {
    Failure::new(Code::SettingsInvalid, format!("Cannot read {}", link.display()))
        .why("it is a symbolic link that leads nowhere")
        .hint("fix or remove the link, then run the command again")
}

fn refuse_symbolic_link(path: &Path) -> Result<(), Failure> {
    let Ok(target) = std::fs::read_link(path) else { return Ok(()) };
    Err(Failure::new(Code::FileFailed, format!("Cannot write {}", path.display()))
        .why(format!("it is a symbolic link to {}, and a key is written to no linked file", target.display()))
        .hint("remove the symbolic link, then run the command again"))
}

/// The fields with a policy. A derived type rejects a field that a file has twice, as after a merge in git. Of a map, the
/// last one would count, and it may be the weaker one.
#[derive(Deserialize)]
struct PolicyFields {
    #[serde(rename = "live")]
    _live: Option<IgnoredAny>,
    #[serde(rename = "guard")]
    _guard: Option<IgnoredAny>,
}

fn object(path: &Path, text: &str) -> Result<Map<String, Value>, Failure> {
    let checked = serde_json::from_str::<PolicyFields>(text);
    checked.and_then(|_| serde_json::from_str(text)).map_err(|error| {
        let (line, column) = position_of(&error, text);
        // A link of the repository can lead to any file.
        let reason = without_value(&without_position(&error)).replace("expected a map", "expected an object");
        Failure::new(Code::SettingsInvalid, format!("{}:{line}:{column}: {reason}", path.display()))
            .why("the file is invalid and was not changed")
            .hint("fix the file, or remove it and run `insforge link`")
            .repair(["insforge", "link"])
    })
}
