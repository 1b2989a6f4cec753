//! Where the backend's address and API key come from.
//!
//! They are looked up **as a pair**, and the first pair wins: flags, environment variables, the profile in
//! `INSFORGE_PROFILE`, the nearest `.insforge/project.json`, the default profile. A key is sent only to the address that it
//! was stored or given with. The address in a cloned repository must never receive a key that belongs to another backend.

mod backend;
mod completion_cache;
mod credentials;
mod generation_cache;
mod guard;
mod key;
mod live_policy;
mod place;
mod profiles;
mod project;
mod source;

#[cfg(feature = "sandbox")]
pub(crate) use backend::PresetBackend;
pub(crate) use backend::{Backend, ConnectionFlags, read_address};
pub(crate) use completion_cache::{CachedId, CachedIds, CompletionCache};
pub(crate) use credentials::{Credentials, KeyringTimeout};
pub(crate) use generation_cache::GenerationCache;
pub(crate) use guard::{Guard, Policies};
pub(crate) use key::{KeyFlag, check_api_key, read_secret};
pub(crate) use live_policy::{LivePolicy, LiveWrites};
pub(crate) use place::Stored;
pub(crate) use profiles::{KeyStore, Profile, Profiles};
#[cfg(any(test, fuzzing))]
pub(crate) use profiles::{edited as edited_toml, remove_from as remove_profile_from};
pub(crate) use project::{EditedLink, LinkEdit, Project};
pub(crate) use source::{Source, WithSource};

use std::path::PathBuf;

use directories::ProjectDirs;

use crate::error::{Code, Failure};

/// The paths of the user's own files, in the directories that this system uses for them.
#[derive(Clone, Debug)]
pub(crate) struct UserPaths {
    /// `config.toml`: the profiles. It holds no secrets.
    pub(crate) config: PathBuf,
    /// `credentials.toml`: the keys of profiles that are not in a keyring.
    pub(crate) credentials: PathBuf,
    /// `backends.json`: the generation of each backend.
    pub(crate) generation_cache: PathBuf,
    /// `ids/`: the ids from each backend's lists, for completion.
    pub(crate) completion_cache: PathBuf,
    /// `guard-audit.jsonl`: what was approved, denied or bypassed.
    pub(crate) audit_trail: PathBuf,
    /// `approvals/`: the questions that wait for an answer.
    pub(crate) waiting: PathBuf,
    /// `sandbox.json`: the state of the user's own sandbox.
    #[cfg(feature = "sandbox")]
    pub(crate) sandbox: PathBuf,
}

impl UserPaths {
    /// Finds the directories of the current user.
    pub(crate) fn find() -> Result<Self, Failure> {
        let directories = ProjectDirs::from("", "", "insforge").ok_or_else(|| {
            Failure::new(Code::Failed, "Cannot find the home directory, where settings are stored")
                .hint("set HOME, or set INSFORGE_BASE_URL and INSFORGE_API_KEY")
        })?;
        // Only Linux has a directory for state.
        let state = directories.state_dir().unwrap_or_else(|| directories.data_local_dir());
        Ok(Self {
            audit_trail: state.join("guard-audit.jsonl"),
            waiting: state.join("approvals"),
            config: directories.config_dir().join("config.toml"),
            credentials: directories.config_dir().join("credentials.toml"),
            generation_cache: directories.cache_dir().join("backends.json"),
            completion_cache: directories.cache_dir().join("ids"),
            #[cfg(feature = "sandbox")]
            sandbox: directories.data_dir().join("sandbox.json"),
        })
    }
}
