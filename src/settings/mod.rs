//! Where the backend's address and key come from.
//!
//! They are found **as a pair**, first that exists: flags, environment, the nearest `.insforge/project.json`, a
//! profile. A stored key goes only to the address that is stored beside it: the address in a cloned repository must
//! never receive a key that was meant for another.

mod cache;
mod completion_cache;
mod file;
mod find;
mod key;
mod policy;
mod project;
mod source;
mod vault;

pub(crate) use cache::Cache;
pub(crate) use completion_cache::{CachedId, CachedIds, CompletionCache};
pub(crate) use file::{Profiles, Store};
#[cfg(feature = "sandbox")]
pub(crate) use find::Given;
pub(crate) use find::{Asked, Backend, read_address};
pub(crate) use key::{KeyFlag, check_api_key, read_secret};
pub(crate) use policy::Policy;
pub(crate) use project::{Linked, Project};
pub(crate) use source::{Found, Source};
pub(crate) use vault::{Patience, Vault};

use std::path::PathBuf;

use directories::ProjectDirs;

use crate::error::{Code, Failure};

/// The user's own files, wherever this system keeps them.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// `config.toml`: profiles. No secrets.
    pub(crate) config: PathBuf,
    /// `credentials.toml`: the keys of profiles, where there is no keyring.
    pub(crate) credentials: PathBuf,
    /// `backends.json`: which generation each backend has.
    pub(crate) cache: PathBuf,
    /// `ids/`: what each backend's lists had, for completion.
    pub(crate) ids: PathBuf,
    /// `sandbox.json`: the state of the user's own sandbox.
    #[cfg(feature = "sandbox")]
    pub(crate) sandbox: PathBuf,
}

impl Places {
    /// Where they are for this user.
    pub(crate) fn find() -> Result<Self, Failure> {
        let directories = ProjectDirs::from("", "", "insforge").ok_or_else(|| {
            Failure::new(Code::Failed, "There is no home directory to keep settings in")
                .hint("set HOME, or give the address and the key with INSFORGE_BASE_URL and INSFORGE_API_KEY")
        })?;
        Ok(Self {
            config: directories.config_dir().join("config.toml"),
            credentials: directories.config_dir().join("credentials.toml"),
            cache: directories.cache_dir().join("backends.json"),
            ids: directories.cache_dir().join("ids"),
            #[cfg(feature = "sandbox")]
            sandbox: directories.data_dir().join("sandbox.json"),
        })
    }
}
