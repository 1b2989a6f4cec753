//! Finds the address and the key of the backend: flags, environment, named profile, linked project, default profile. Each
//! place has a complete pair; half a pair is an error that names both halves.

use std::cell::OnceCell;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::env::ProcessEnv;
use crate::error::{Code, Exit, Failure, Warning, WarningCode};
use crate::secret::Secret;
use crate::settings::guard::environment_guard;
use crate::settings::key::{KeyFlag, check_api_key, read_key_file};
use crate::settings::place::{Place, profile_not_used};
use crate::settings::profiles::{Profile, from_variable};
use crate::settings::{
    Credentials, Guard, KeyringTimeout, LivePolicy, LiveWrites, Policies, Profiles, Project, Source,
    UserPaths, WithSource,
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
    /// The policy for live of that profile.
    live_policy: Option<WithSource<LivePolicy>>,
    /// The pair comes from a file, so facts about the backend may be stored in a file too.
    pub(crate) stored: bool,
    /// The places that were searched before, and name no backend.
    pub(crate) searched: &'static [&'static str],
    pub(crate) warnings: Vec<Warning>,
}

impl Backend {
    /// The policy for live, and the guard. The project's file counts even if the pair comes from elsewhere. Call this only
    /// before a write to live or one that destroys: another run that gets everything from its environment reads no file.
    pub(crate) fn policies(&self, env: &ProcessEnv) -> Result<Policies, Failure> {
        // A directory that was removed could have had a file, as could its parents.
        let directory = env.directory.as_deref().ok_or_else(unknown_directory)?;
        let (mut live, mut guard) = (None, None);
        if let Some(project) = Project::find(directory)? {
            let source = Source::Project(project.path);
            live = project.live.map(|value| WithSource { value, source: source.clone() });
            guard = project.guard.map(|value| WithSource { value, source });
        }
        Ok(Policies {
            live: LiveWrites::combine(environment_policy(env)?, live, self.live_policy.clone()),
            guard: Guard::combine(environment_guard(env)?, guard),
        })
    }

    /// The address, or `the sandbox`, whose address is of no use to anyone.
    pub(crate) fn name(&self) -> String {
        let WithSource { value, source } = &self.address;
        if source.is_preset() { "the sandbox".to_owned() } else { value.to_string() }
    }
}

impl ConnectionFlags {
    /// Whether the lookup may block on a keyring, a pipe or a file, and so needs a thread of its own.
    pub(crate) fn may_block(&self, env: &ProcessEnv) -> bool {
        let address = self.names_address(env);
        let key = self.key.is_none() && env.var("INSFORGE_API_KEY").is_some();
        self.preset.get().is_none() && !(address && key)
    }

    /// What the lookup waits for, if it reads the key from a pipe or a file that is named.
    pub(crate) fn awaited_key(&self, env: &ProcessEnv) -> Option<String> {
        if let Some(flag) = &self.key {
            return Some(flag.awaited());
        }
        self.names_address(env).then(|| "the API key from INSFORGE_API_KEY_FILE".to_owned())
    }

    /// Whether the address comes from a flag or the environment.
    fn names_address(&self, env: &ProcessEnv) -> bool {
        self.profile.is_none() && (self.api_url.is_some() || environment_url(env).is_some())
    }

    /// Finds the address and the key.
    pub(crate) fn backend(&self, env: &ProcessEnv) -> Result<Backend> {
        // An invalid policy is an error of every command, not only of a write to live.
        environment_policy(env)?;
        environment_guard(env)?;
        if let Some(preset) = self.preset.get().cloned() {
            let winner =
                preset.flag.map_or("INSFORGE_SANDBOX is set".to_owned(), |flag| format!("{flag} is given"));
            return Ok(unstored_backend(preset.address, preset.key, &[], profile_not_used(&winner, env)));
        }
        if self.profile.is_some() && (self.api_url.is_some() || self.key.is_some()) {
            return Err(Failure::usage("A profile has its own address and key")
                .hint("omit --profile, or --api-url, --api-key-stdin and --api-key-file")
                .into());
        }
        let place = self.place(env)?;
        let searched = place.earlier();
        if let Place::Url { text, source } = place {
            return self.backend_from_url(&text, source, searched, env);
        }
        if let Some(flag) = &self.key {
            return Err(Failure::usage(format!("{} requires the backend's address", flag.name()))
                .hint("add --api-url, or set INSFORGE_BASE_URL")
                .into());
        }
        let mut backend = match place {
            Place::Project(project) => backend_from_project(project)?,
            Place::Profile { name, source } => self.backend_from_profile(Some((&name, &source)), env)?,
            Place::Url { .. } | Place::DefaultProfile => self.backend_from_profile(None, env)?,
        };
        backend.searched = searched;
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
        if self.preset.get().is_some() || self.key.is_some() {
            return Ok(None);
        }
        let named = match self.place(env)? {
            Place::Url { .. } => return Ok(None),
            Place::Project(project) => {
                let source = Source::Project(project.path);
                return project.host.map(|host| read_address(&host, &source)).transpose();
            }
            Place::Profile { name, source } => Some((name, source)),
            Place::DefaultProfile => None,
        };
        let profiles = Profiles::load(&UserPaths::find()?)?;
        let address = |(name, profile): (&str, &Profile)| {
            read_address(&profile.api_url, &Credentials::source(name, profile.key_store))
        };
        let named = named.as_ref().map(|(name, source)| (name.as_str(), source));
        profiles.select(named)?.map(address).transpose()
    }

    /// The place that names the backend.
    pub(super) fn place(&self, env: &ProcessEnv) -> Result<Place, Failure> {
        let named = || self.named_profile(env);
        if self.profile.is_some()
            && let Some((name, source)) = named()?
        {
            return Ok(Place::Profile { name: name.to_owned(), source });
        }
        let url = self.api_url.as_deref().map(|url| (url, Source::Flag("--api-url")));
        if let Some((url, source)) = url.or_else(|| environment_url(env)) {
            return Ok(Place::Url { text: url.to_owned(), source });
        }
        if let Some((name, source)) = named()? {
            return Ok(Place::Profile { name: name.to_owned(), source });
        }
        Ok(linked_project(env)?.map_or(Place::DefaultProfile, Place::Project))
    }

    fn backend_from_url(
        &self,
        url: &str,
        source: Source,
        searched: &'static [&'static str],
        env: &ProcessEnv,
    ) -> Result<Backend> {
        let address = read_address(url, &source)?;
        let winner = source.presence();
        let key = match &self.key {
            Some(flag) => Some(flag.read(env)?),
            None => environment_key(&address, env)?,
        };
        let key = key.ok_or_else(|| {
            let failure = Failure::new(Code::NoApiKey, format!("There is no API key for {address}"))
                .why(format!(
                    "the address comes from {source}; stored keys are sent only to their own backend"
                ))
                .hint("set INSFORGE_API_KEY, or use --api-key-stdin or --api-key-file");
            match (&source, env.var(PROFILE)) {
                (Source::Variable(url), Some(name)) => {
                    failure.and_hint(&format!("to use profile {name}, unset {url}"))
                }
                _ => failure,
            }
        })?;
        let address = WithSource { value: address, source };
        Ok(unstored_backend(address, key, searched, profile_not_used(&winner, env)))
    }

    /// The first flag on the command line that selects the backend.
    #[cfg(feature = "sandbox")]
    pub(crate) fn first_flag(&self) -> Option<&'static str> {
        let address = self.api_url.as_ref().map(|_| "--api-url");
        let key = self.key.as_ref().map(KeyFlag::name);
        address.or(key).or(self.profile.as_ref().map(|_| "--profile"))
    }

    /// The address of a running sandbox: from a flag or the environment, and never from a file.
    #[cfg(feature = "sandbox")]
    pub(crate) fn sandbox_address(&self, env: &ProcessEnv) -> Result<Option<WithSource<Address>>, Failure> {
        let key = self.key.as_ref().map(KeyFlag::name);
        if let Some(flag) = key.or(self.profile.as_ref().map(|_| "--profile")) {
            return Err(Failure::usage(format!("{flag} cannot be used with this command"))
                .why("the sandbox has its own key, and needs no login")
                .hint(format!("omit {flag}; --api-url or INSFORGE_BASE_URL names a running sandbox")));
        }
        let url = self.api_url.as_deref().map(|url| (url, Source::Flag("--api-url")));
        let named = url.or_else(|| environment_url(env));
        named.map(|(url, source)| Ok(WithSource { value: read_address(url, &source)?, source })).transpose()
    }

    /// The profile that --profile names, else the environment.
    pub(crate) fn named_profile<'a>(
        &'a self,
        env: &'a ProcessEnv,
    ) -> Result<Option<(&'a str, Source)>, Failure> {
        let flag = self.profile.as_deref().map(|name| (name, Source::Flag("--profile")));
        let named = flag.or_else(|| Some((env.var(PROFILE)?, Source::Variable(PROFILE))));
        if let Some((name, source)) = &named {
            check_profile_name(name, source)?;
        }
        Ok(named)
    }

    fn backend_from_profile(&self, named: Option<(&str, &Source)>, env: &ProcessEnv) -> Result<Backend> {
        let paths = UserPaths::find()?;
        let profiles = Profiles::load(&paths)?;
        let Some((name, profile)) = profiles.select(named)? else {
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
        Ok(Backend {
            address: WithSource { value: address, source: source.clone() },
            key: WithSource { value: check_api_key(key, &source)?, source },
            profile: Some(name.to_owned()),
            live_policy: profile
                .live
                .map(|value| WithSource { value, source: Source::ProfileSetting(name.to_owned()) }),
            stored: true,
            searched: &[],
            warnings,
        })
    }
}

/// The project that the working directory, or one of its parents, is linked to.
fn linked_project(env: &ProcessEnv) -> Result<Option<Project>, Failure> {
    env.directory.as_deref().map_or(Ok(None), Project::find)
}

/// The failure of a write that a project's file could forbid. It must not be ignored.
fn unknown_directory() -> Failure {
    Failure::new(Code::SettingsInvalid, "The working directory no longer exists")
        .why("a project file there may have a policy for this change")
        .hint("change to another directory, then run the command again")
}

/// The variable that names a profile.
pub(super) const PROFILE: &str = "INSFORGE_PROFILE";
const KEY_VARIABLES: [&str; 2] = ["INSFORGE_API_KEY", "INSFORGE_API_KEY_FILE"];

fn check_profile_name(name: &str, source: &Source) -> Result<(), Failure> {
    let is_allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    if name.is_empty() || !name.chars().all(is_allowed) {
        let place = from_variable(source);
        return Err(Failure::usage(format!(
            "The profile's name{place} is empty or contains invalid characters"
        ))
        .hint("use letters, digits, `-`, `_`, `.` and `@`"));
    }
    Ok(())
}

/// The address in the environment.
fn environment_url(env: &ProcessEnv) -> Option<(&str, Source)> {
    ["INSFORGE_BASE_URL", "INSFORGE_URL"]
        .into_iter()
        .find_map(|name| Some((env.var(name)?, Source::Variable(name))))
}

/// The key in the environment, for this address.
///
/// # Errors
/// The environment names another address, which the key was given with.
fn environment_key(address: &Address, env: &ProcessEnv) -> Result<Option<WithSource<Secret>>> {
    let Some((variable, text)) = KEY_VARIABLES.into_iter().find_map(|name| Some((name, env.var(name)?)))
    else {
        return Ok(None);
    };
    if let Some((other, place)) = environment_url(env) {
        let other = Address::parse(other);
        if other.as_ref() != Ok(address) {
            let other = other.map_or_else(|_| "an invalid address".to_owned(), |other| other.to_string());
            return Err(Failure::usage(format!("--api-url and {place} name different backends"))
                .why(format!(
                    "{variable} is the key of {place} ({other}), so it is not sent to --api-url ({address})"
                ))
                .hint("give the key of --api-url with --api-key-stdin or --api-key-file")
                .into());
        }
    }
    let source = Source::Variable(variable);
    if variable == "INSFORGE_API_KEY_FILE" {
        return read_key_file(Path::new(text), variable).map(Some);
    }
    let value = check_api_key(Secret::remembered(text.to_owned()), &source)?;
    Ok(Some(WithSource { value, source }))
}

/// A pair from flags, the environment or a preset.
fn unstored_backend(
    address: WithSource<Address>,
    key: WithSource<Secret>,
    searched: &'static [&'static str],
    warning: Option<Warning>,
) -> Backend {
    let warnings = key.source.readable_by_others().into_iter().chain(warning).collect();
    Backend { address, key, profile: None, live_policy: None, stored: false, searched, warnings }
}

fn backend_from_project(project: Project) -> Result<Backend> {
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
        live_policy: None,
        stored: true,
        searched: &[],
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
        let is_of_this_run = matches!(source, Source::Flag(_) | Source::Variable(_));
        if is_of_this_run { failure.exit(Exit::Usage) } else { failure }
    })
}

fn environment_policy(env: &ProcessEnv) -> Result<Option<WithSource<LivePolicy>>, Failure> {
    let source = Source::Variable("INSFORGE_LIVE");
    let parse = |text| {
        LivePolicy::parse(text).ok_or_else(|| {
            Failure::usage(format!("Invalid {source} '{text}'"))
                .hint(format!("set it to {}", LivePolicy::WORDS))
        })
    };
    let policy = env.var("INSFORGE_LIVE").map(parse).transpose()?;
    Ok(policy.map(|value| WithSource { value, source }))
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
