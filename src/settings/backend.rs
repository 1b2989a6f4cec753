//! Finds the address and the key of the backend: flags, environment, linked project, profile. Each place has a complete
//! pair; half a pair is an error that names both halves.

use std::cell::OnceCell;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::env::ProcessEnv;
use crate::error::{Code, Exit, Failure, Warning, WarningCode};
use crate::secret::Secret;
use crate::settings::key::{KeyFlag, check_api_key, read_key_file};
use crate::settings::profiles::Profile;
use crate::settings::{
    Credentials, KeyringTimeout, LivePolicy, Profiles, Project, Source, UserPaths, WithSource,
};
use crate::wire::Address;

/// The flags that select the backend.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectionFlags {
    pub(crate) api_url: Option<String>,
    pub(crate) key: Option<KeyFlag>,
    pub(crate) profile: Option<String>,
    pub(crate) keyring_timeout: KeyringTimeout,
    /// The backend that the run starts itself, once it is started.
    pub(crate) preset: OnceCell<PresetBackend>,
}

/// A backend that the run starts itself. It replaces the lookup.
#[derive(Clone, Debug)]
pub(crate) struct PresetBackend {
    pub(crate) address: WithSource<Address>,
    pub(crate) key: WithSource<Secret>,
    /// The flag that started it; `None` if a variable did.
    pub(crate) flag: Option<&'static str>,
}

/// An address and the key for it.
#[derive(Clone, Debug)]
pub(crate) struct Backend {
    pub(crate) address: WithSource<Address>,
    pub(crate) key: WithSource<Secret>,
    /// The profile that the pair comes from.
    pub(crate) profile: Option<String>,
    /// The policy from the environment and the profile; use [`Backend::effective_live_policy`].
    pub(crate) live_policy: LivePolicy,
    /// The pair comes from a file, so facts about the backend may be stored in a file too.
    pub(crate) stored: bool,
    pub(crate) warnings: Vec<Warning>,
}

impl Backend {
    /// The policy for writes to live. The project's file and the profile can forbid them even if the pair comes from
    /// elsewhere. Call this only before such a write: a run that gets everything from its environment reads no file.
    pub(crate) fn effective_live_policy(
        &self,
        flags: &ConnectionFlags,
        env: &ProcessEnv,
    ) -> Result<LivePolicy, Failure> {
        let project = linked_project(env)?.and_then(|project| project.live);
        let profile = match UserPaths::find() {
            Ok(paths) => Profiles::load(&paths.config)?.live_policy(flags.profile_name(env)?),
            Err(_) => None,
        };
        let forbidden = [project, profile].contains(&Some(LivePolicy::Deny));
        Ok(if forbidden { LivePolicy::Deny } else { self.live_policy })
    }
}

impl ConnectionFlags {
    /// Whether the lookup may block on a keyring, a pipe or a file, and so needs a thread of its own.
    pub(crate) fn may_block(&self, env: &ProcessEnv) -> bool {
        let address = self.api_url.is_some() || self.environment_url(env).is_some();
        let key = self.key.is_none() && env.var("INSFORGE_API_KEY").is_some();
        self.preset.get().is_none() && !(address && key)
    }

    /// What the lookup waits for, if it reads the key from a pipe or a file that is named.
    pub(crate) fn awaited_key(&self, env: &ProcessEnv) -> Option<String> {
        if let Some(flag) = &self.key {
            return Some(flag.awaited());
        }
        let named = self.api_url.is_some() || self.environment_url(env).is_some();
        named.then(|| "the API key from INSFORGE_API_KEY_FILE".to_owned())
    }

    /// Finds the address and the key.
    pub(crate) fn backend(&self, env: &ProcessEnv) -> Result<Backend> {
        if let Some(preset) = self.preset.get().cloned() {
            return Ok(unstored_backend(preset.address, preset.key, env)?);
        }
        if self.profile.is_some() && (self.api_url.is_some() || self.key.is_some()) {
            return Err(Failure::usage("A profile has its own address and key")
                .hint("omit --profile, or --api-url, --api-key-stdin and --api-key-file")
                .into());
        }
        let url = self.api_url.as_deref().map(|url| (url, Source::Flag("--api-url")));
        if let Some((url, source)) = url.or_else(|| self.environment_url(env)) {
            return self.backend_from_url(url, source, env);
        }
        if let Some(flag) = &self.key {
            return Err(Failure::usage(format!("{} requires the backend's address", flag.name()))
                .hint("add --api-url, or set INSFORGE_BASE_URL")
                .into());
        }
        let mut backend = self.backend_from_files(env)?;
        let unused = KEY_VARIABLES.into_iter().find(|name| env.var(name).is_some());
        // With --profile it is clear that the variable is not used.
        if let (None, Some(name)) = (&self.profile, unused) {
            backend.warnings.push(Warning {
                code: WarningCode::KeyNotUsed,
                text: format!(
                    "{name} is not used, because INSFORGE_BASE_URL is not set; the key comes from {}",
                    backend.key.source
                ),
            });
        }
        Ok(backend)
    }

    /// The address of the backend if it comes from a file. This does not read the key, so no keyring is opened:
    /// completion finds its stored ids by the address alone.
    pub(crate) fn stored_address(&self, env: &ProcessEnv) -> Result<Option<Address>, Failure> {
        let unstored = self.preset.get().is_some() || self.api_url.is_some() || self.key.is_some();
        if unstored || self.environment_url(env).is_some() {
            return Ok(None);
        }
        if let (None, Some(project)) = (&self.profile, linked_project(env)?) {
            let source = Source::Project(project.path);
            return project.host.map(|host| read_address(&host, &source)).transpose();
        }
        let profiles = Profiles::load(&UserPaths::find()?.config)?;
        let selected = profiles.select(self.profile_name(env)?)?;
        let address = |(name, profile): (&str, &Profile)| {
            read_address(&profile.api_url, &Credentials::source(name, profile.key_store))
        };
        selected.map(address).transpose()
    }

    /// The address in the environment. `--profile` overrides the environment.
    fn environment_url<'a>(&self, env: &'a ProcessEnv) -> Option<(&'a str, Source)> {
        if self.profile.is_some() {
            return None;
        }
        ["INSFORGE_BASE_URL", "INSFORGE_URL"]
            .into_iter()
            .find_map(|name| Some((env.var(name)?, Source::Variable(name))))
    }

    fn backend_from_url(&self, url: &str, source: Source, env: &ProcessEnv) -> Result<Backend> {
        let address = read_address(url, &source)?;
        let key = self.unstored_key(env)?.ok_or_else(|| {
            Failure::new(Code::NoApiKey, format!("There is no API key for {address}"))
                .why(format!(
                    "the address comes from {source}; stored keys are sent only to their own backend"
                ))
                .hint("set INSFORGE_API_KEY, or use --api-key-stdin or --api-key-file")
        })?;
        Ok(unstored_backend(WithSource { value: address, source }, key, env)?)
    }

    /// The first flag on the command line that selects the backend.
    #[cfg(feature = "sandbox")]
    pub(crate) fn first_flag(&self) -> Option<&'static str> {
        let address = self.api_url.as_ref().map(|_| "--api-url");
        let key = self.key.as_ref().map(KeyFlag::name);
        address.or(key).or(self.profile.as_ref().map(|_| "--profile"))
    }

    /// The key from a flag, else from the environment.
    fn unstored_key(&self, env: &ProcessEnv) -> Result<Option<WithSource<Secret>>> {
        if let Some(flag) = &self.key {
            return flag.read(env).map(Some);
        }
        if let Some(key) = env.var("INSFORGE_API_KEY") {
            let source = Source::Variable("INSFORGE_API_KEY");
            let value = check_api_key(Secret::new(key.to_owned()), &source)?;
            return Ok(Some(WithSource { value, source }));
        }
        env.var("INSFORGE_API_KEY_FILE")
            .map(|path| read_key_file(Path::new(path), "INSFORGE_API_KEY_FILE"))
            .transpose()
    }

    /// The profile name from --profile, else from the environment.
    pub(crate) fn profile_name<'a>(&'a self, env: &'a ProcessEnv) -> Result<Option<&'a str>, Failure> {
        let name = self.profile.as_deref().or_else(|| env.var("INSFORGE_PROFILE"));
        let is_allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
        match name {
            Some(name) if name.is_empty() || !name.chars().all(is_allowed) => {
                Err(Failure::usage("The profile's name is empty or contains invalid characters")
                    .hint("use letters, digits, `-`, `_`, `.` and `@`"))
            }
            name => Ok(name),
        }
    }

    /// The pair from the linked project or from a profile. --profile overrides the project.
    fn backend_from_files(&self, env: &ProcessEnv) -> Result<Backend> {
        let project = linked_project(env)?;
        if self.profile.is_none()
            && let Some(project) = project
        {
            return backend_from_project(project, env);
        }
        self.backend_from_profile(project.and_then(|project| project.live), env)
    }

    fn backend_from_profile(&self, project_policy: Option<LivePolicy>, env: &ProcessEnv) -> Result<Backend> {
        let paths = UserPaths::find()?;
        let profiles = Profiles::load(&paths.config)?;
        let Some((name, profile)) = profiles.select(self.profile_name(env)?)? else {
            return Err(not_linked(env).into());
        };
        let source = Credentials::source(name, profile.key_store);
        let address = read_address(&profile.api_url, &source)?;
        let mut warnings = Vec::new();
        let credentials = Credentials { path: paths.credentials, lock_timeout: Duration::ZERO };
        let key = credentials
            .get(name, &address, profile.key_store, self.keyring_timeout, &mut warnings)?
            .ok_or_else(|| {
                Failure::new(Code::NoApiKey, format!("Profile {name} has no key for {address}"))
                    .why(format!(
                        "{} contains the address, but no key is stored for it",
                        paths.config.display()
                    ))
                    .hint(format!("run `insforge login --profile {name}`"))
                    .repair(["insforge", "login", "--profile", name])
            })?;
        let live_policy = LivePolicy::combine(environment_policy(env)?, project_policy, profile.live);
        Ok(Backend {
            address: WithSource { value: address, source: source.clone() },
            key: WithSource { value: check_api_key(key, &source)?, source },
            profile: Some(name.to_owned()),
            live_policy,
            stored: true,
            warnings,
        })
    }
}

/// The project that the working directory, or one of its parents, is linked to.
fn linked_project(env: &ProcessEnv) -> Result<Option<Project>, Failure> {
    env.directory.as_deref().map_or(Ok(None), Project::find)
}

const KEY_VARIABLES: [&str; 2] = ["INSFORGE_API_KEY", "INSFORGE_API_KEY_FILE"];

/// A pair from flags, the environment or a preset.
fn unstored_backend(
    address: WithSource<Address>,
    key: WithSource<Secret>,
    env: &ProcessEnv,
) -> Result<Backend, Failure> {
    let live_policy = LivePolicy::combine(environment_policy(env)?, None, None);
    let warnings = key.source.readable_by_others().into_iter().collect();
    Ok(Backend { address, key, profile: None, live_policy, stored: false, warnings })
}

fn backend_from_project(project: Project, env: &ProcessEnv) -> Result<Backend> {
    let source = Source::Project(project.path.clone());
    let warnings = project.readable_by_others().map(|mode| Warning::readable(&project.path, &mode));
    let incomplete = |what: &str, name: &str| {
        Failure::new(Code::NoApiKey, format!("{} has no {what}", project.path.display()))
            .why(format!("`{name}` is missing; the address and the key must come from the same place"))
            .hint("link the directory again with `insforge link`")
            .repair(["insforge", "link"])
    };
    let host = project.host.ok_or_else(|| incomplete("address", "oss_host"))?;
    let key = project.key.ok_or_else(|| incomplete("key", "api_key"))?;
    Ok(Backend {
        address: WithSource { value: read_address(&host, &source)?, source: source.clone() },
        key: WithSource { value: check_api_key(key, &source)?, source },
        profile: None,
        live_policy: LivePolicy::combine(environment_policy(env)?, project.live, None),
        stored: true,
        warnings: warnings.into_iter().collect(),
    })
}

/// Parses an address; the error names its source.
pub(crate) fn read_address(text: &str, source: &Source) -> Result<Address, Failure> {
    Address::parse(text).map_err(|reason| {
        let failure =
            Failure::new(Code::AddressInvalid, format!("The backend address from {source} is invalid"))
                .why(reason)
                .hint("use an address such as https://app.region.insforge.app or http://localhost:7130");
        if matches!(source, Source::Flag(_)) { failure.exit(Exit::Usage) } else { failure }
    })
}

fn environment_policy(env: &ProcessEnv) -> Result<Option<LivePolicy>, Failure> {
    let parse = |text| {
        LivePolicy::parse(text).ok_or_else(|| {
            Failure::usage(format!("Invalid INSFORGE_LIVE '{text}'")).hint("set it to ask, allow or deny")
        })
    };
    env.var("INSFORGE_LIVE").map(parse).transpose()
}

fn not_linked(env: &ProcessEnv) -> Failure {
    let hint = "run `insforge login` or `insforge link`, or set INSFORGE_BASE_URL and INSFORGE_API_KEY";
    let hint = if cfg!(feature = "sandbox") {
        format!("{hint}; or try a local backend with --sandbox")
    } else {
        hint.to_owned()
    };
    let failure = Failure::new(Code::NotLinked, "No InsForge backend is linked here")
        .hint(hint)
        .repair(["insforge", "login"]);
    let Some(name) = KEY_VARIABLES.into_iter().find(|name| env.var(name).is_some()) else {
        return failure.why("no option, environment variable, linked project or profile names an address");
    };
    failure.why(format!("{name} has a key, but no address is set"))
}
