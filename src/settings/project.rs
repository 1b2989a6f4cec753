//! `.insforge/project.json`: the backend that a directory is linked to, in the form that InsForge's other tools read.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Map, Value};

use crate::error::{Code, Failure};
use crate::files;
use crate::secret::Secret;
use crate::settings::Policy;
use crate::settings::file::unusable;
use crate::wire::Address;

const FILE: &str = ".insforge/project.json";

/// A linked directory, as its file says it.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) path: PathBuf,
    /// The address, healed: older files have a bare host.
    pub(crate) host: Option<String>,
    pub(crate) key: Option<Secret>,
    /// What it says about writes to live.
    pub(crate) live: Option<Policy>,
}

/// What linking did.
#[derive(Debug)]
pub(crate) struct Linked {
    pub(crate) path: PathBuf,
    /// The file holds a key, and git would take it.
    pub(crate) wants_gitignore: bool,
}

impl Project {
    /// The nearest linked directory, from here upward.
    pub(crate) fn nearest(from: &Path) -> Result<Option<Self>, Failure> {
        for directory in from.ancestors() {
            let path = directory.join(FILE);
            if let Some(text) = files::read(&path).map_err(unusable)? {
                return Ok(Some(Self::parse(path, &text)?));
            }
        }
        Ok(None)
    }

    /// The file's mode where others can read it, key and all.
    pub(crate) fn readable_by_others(&self) -> Option<String> {
        self.key.as_ref().and_then(|_| files::readable_by_others(&self.path))
    }

    fn parse(path: PathBuf, text: &str) -> Result<Self, Failure> {
        let map = object(&path, text)?;
        let word = |name: &str| map.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        let host = word("oss_host").map(|host| match (word("appkey"), word("region")) {
            (Some(appkey), Some(region)) if !host.contains("://") => {
                format!("https://{appkey}.{region}.insforge.app")
            }
            _ => host.to_owned(),
        });
        let live = word("live")
            .map(|word| {
                Policy::parse(word).ok_or_else(|| {
                    Failure::new(Code::SettingsInvalid, format!("{} has an unknown policy", path.display()))
                        .why(format!("live is `{word}`"))
                        .hint("write ask, allow or deny")
                })
            })
            .transpose()?;
        let key = word("api_key").map(|key| Secret::new(key.to_owned()));
        Ok(Self { path, host, key, live })
    }

    /// Links `directory` to a self-hosted backend. Keys of the file that we do not know are kept.
    pub(crate) fn link(directory: &Path, address: &Address, key: &Secret) -> Result<Linked, Failure> {
        let path = directory.join(FILE);
        let mut map = match files::read(&path).map_err(unusable)? {
            Some(text) => object(&path, &text)?,
            None => Map::new(),
        };
        for (name, value) in [
            // What InsForge's other tools write for a backend that is not in InsForge's cloud.
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
        files::write(&path, &format!("{:#}\n", Value::Object(map))).map_err(unusable)?;
        let wants_gitignore = git_would_take_it(directory);
        Ok(Linked { path, wants_gitignore })
    }
}

fn object(path: &Path, text: &str) -> Result<Map<String, Value>, Failure> {
    serde_json::from_str(text).map_err(|error| {
        // serde_json ends its sentence with the position, which stands in front here.
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default();
        Failure::new(
            Code::SettingsInvalid,
            format!("{}:{}:{}: {reason}", path.display(), error.line(), error.column().max(1)),
        )
        .why("the file is not what InsForge writes there; it is left as it is")
        .hint("correct it, or remove it and run `insforge link`")
        .repair(["insforge", "link"])
    })
}

/// Whether git would take our file, as git itself says. No git, no repository: nothing would.
fn git_would_take_it(directory: &Path) -> bool {
    let mut git = std::process::Command::new("git");
    git.args(["check-ignore", "--quiet", FILE]).current_dir(directory);
    git.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // 0: ignored. 1: not ignored. Anything else: not in a repository.
    git.status().is_ok_and(|status| status.code() == Some(1))
}
