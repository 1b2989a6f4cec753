//! The precedence: flags, environment, linked project, profile, each a whole pair or an error that names both halves.

use std::cell::OnceCell;
use std::path::Path;

use anyhow::Result;

use crate::env::ProcessEnv;
use crate::error::{Code, Exit, Failure, Warning, WarningCode};
use crate::secret::Secret;
use crate::settings::file::Profile;
use crate::settings::key::{KeyFlag, check_api_key, read_key_file};
use crate::settings::{Found, Patience, Places, Policy, Profiles, Project, Source, Vault};
use crate::wire::Address;

/// What the command line says about the backend.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) api_url: Option<String>,
    pub(crate) key: Option<KeyFlag>,
    pub(crate) profile: Option<String>,
    /// How long a keyring may take to give the key.
    pub(crate) patience: Patience,
    /// The backend that the run brings along, once it is there.
    pub(crate) given: OnceCell<Given>,
}

/// A backend that a run brings along: nothing else is looked for.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) address: Found<Address>,
    pub(crate) key: Found<Secret>,
    /// The flag that asked for it, where a flag did.
    pub(crate) flag: Option<&'static str>,
}

/// An address and the key that belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Backend {
    pub(crate) address: Found<Address>,
    pub(crate) key: Found<Secret>,
    /// The profile it comes from.
    pub(crate) profile: Option<String>,
    /// What environment and profile say about writes to live; [`Backend::live`] is what holds.
    pub(crate) live: Policy,
    /// The pair comes from a file: what we learn of the backend may be kept in one too.
    pub(crate) stored: bool,
    pub(crate) warnings: Vec<Warning>,
}

impl Backend {
    /// What holds for writes to live. The project's file and the profile can forbid them also where the pair comes from
    /// elsewhere; they are looked for only when it matters, because a run that gets everything from its environment
    /// reads no file.
    pub(crate) fn live(&self, asked: &Asked, env: &ProcessEnv) -> Result<Policy, Failure> {
        let project = linked(env)?.and_then(|project| project.live);
        let profile = match Places::find() {
            Ok(places) => Profiles::load(&places.config)?.live(asked.profile_name(env)?),
            Err(_) => None,
        };
        let forbidden = [project, profile].contains(&Some(Policy::Deny));
        Ok(if forbidden { Policy::Deny } else { self.live })
    }
}

impl Asked {
    /// Finding the pair may take as long as a keyring, a pipe or a file does. Where everything is there already it takes
    /// no time, and needs no thread of its own.
    pub(crate) fn may_wait(&self, env: &ProcessEnv) -> bool {
        let address = self.api_url.is_some() || self.environment_url(env).is_some();
        let key = self.key.is_none() && env.var("INSFORGE_API_KEY").is_some();
        self.given.get().is_none() && !(address && key)
    }

    /// Finds the pair.
    pub(crate) fn backend(&self, env: &ProcessEnv) -> Result<Backend> {
        if let Some(given) = self.given.get().cloned() {
            return Ok(unstored(given.address, given.key, env)?);
        }
        if self.profile.is_some() && (self.api_url.is_some() || self.key.is_some()) {
            return Err(Failure::usage("A profile has an address and a key of its own")
                .hint("leave out --profile, or leave out --api-url, --api-key-stdin and --api-key-file")
                .into());
        }
        let url = self.api_url.as_deref().map(|url| (url, Source::Flag("--api-url")));
        if let Some((url, source)) = url.or_else(|| self.environment_url(env)) {
            return self.pair_of(url, source, env);
        }
        if let Some(flag) = &self.key {
            return Err(Failure::usage(format!("{} needs the backend's address beside it", flag.name()))
                .hint("give it with --api-url or INSFORGE_BASE_URL")
                .into());
        }
        let mut backend = self.stored(env)?;
        let unused = KEY_VARIABLES.into_iter().find(|name| env.var(name).is_some());
        // Who names a profile knows that nothing else is used.
        if let (None, Some(name)) = (&self.profile, unused) {
            backend.warnings.push(Warning {
                code: WarningCode::KeyNotUsed,
                text: format!(
                    "{name} is not used: there is no INSFORGE_BASE_URL beside it. The key comes from {}",
                    backend.key.source
                ),
            });
        }
        Ok(backend)
    }

    /// The address of the pair, where that comes from a file, and without its key: what is remembered of a backend is
    /// found by it, and no keyring has to be asked.
    pub(crate) fn stored_address(&self, env: &ProcessEnv) -> Result<Option<Address>, Failure> {
        let elsewhere = self.given.get().is_some() || self.api_url.is_some() || self.key.is_some();
        if elsewhere || self.environment_url(env).is_some() {
            return Ok(None);
        }
        if let (None, Some(project)) = (&self.profile, linked(env)?) {
            let source = Source::Project(project.path);
            return project.host.map(|host| read_address(&host, &source)).transpose();
        }
        let profiles = Profiles::load(&Places::find()?.config)?;
        let chosen = profiles.chosen(self.profile_name(env)?)?;
        let address = |(name, profile): (&str, &Profile)| {
            read_address(&profile.api_url, &Vault::source(name, profile.key_store))
        };
        chosen.map(address).transpose()
    }

    /// A profile that is named on the command line beats the environment.
    fn environment_url<'a>(&self, env: &'a ProcessEnv) -> Option<(&'a str, Source)> {
        if self.profile.is_some() {
            return None;
        }
        ["INSFORGE_BASE_URL", "INSFORGE_URL"]
            .into_iter()
            .find_map(|name| Some((env.var(name)?, Source::Variable(name))))
    }

    fn pair_of(&self, url: &str, source: Source, env: &ProcessEnv) -> Result<Backend> {
        let address = read_address(url, &source)?;
        let key = self.given_key(env)?.ok_or_else(|| {
            Failure::new(Code::NoApiKey, format!("There is no API key for {address}"))
                .why(format!(
                    "the address comes from {source}; a key that is stored elsewhere is not sent to it"
                ))
                .hint("set INSFORGE_API_KEY, or use --api-key-stdin or --api-key-file")
        })?;
        Ok(unstored(Found { value: address, source }, key, env)?)
    }

    /// The flag that says which backend is meant.
    #[cfg(feature = "sandbox")]
    pub(crate) fn flag(&self) -> Option<&'static str> {
        let address = self.api_url.as_ref().map(|_| "--api-url");
        let key = self.key.as_ref().map(KeyFlag::name);
        address.or(key).or(self.profile.as_ref().map(|_| "--profile"))
    }

    /// The key that this run was given: by a flag, else by the environment.
    pub(crate) fn given_key(&self, env: &ProcessEnv) -> Result<Option<Found<Secret>>> {
        if let Some(flag) = &self.key {
            return flag.read(env).map(Some);
        }
        if let Some(key) = env.var("INSFORGE_API_KEY") {
            let source = Source::Variable("INSFORGE_API_KEY");
            return Ok(Some(Found { value: check_api_key(Secret::new(key.to_owned()), &source)?, source }));
        }
        env.var("INSFORGE_API_KEY_FILE")
            .map(|path| read_key_file(Path::new(path), "INSFORGE_API_KEY_FILE"))
            .transpose()
    }

    /// The profile that the command line names, or else the environment.
    pub(crate) fn profile_name<'a>(&'a self, env: &'a ProcessEnv) -> Result<Option<&'a str>, Failure> {
        let name = self.profile.as_deref().or_else(|| env.var("INSFORGE_PROFILE"));
        let usable = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
        match name {
            Some(name) if name.is_empty() || !name.chars().all(usable) => {
                Err(Failure::usage("The profile's name has characters that a name cannot have")
                    .hint("use letters, digits, `-`, `_`, `.` and `@`"))
            }
            name => Ok(name),
        }
    }

    fn stored(&self, env: &ProcessEnv) -> Result<Backend> {
        let project = linked(env)?;
        if self.profile.is_none()
            && let Some(project) = project
        {
            return of_project(project, env);
        }
        self.of_profile(project.and_then(|project| project.live), env)
    }

    fn of_profile(&self, project_live: Option<Policy>, env: &ProcessEnv) -> Result<Backend> {
        let places = Places::find()?;
        let profiles = Profiles::load(&places.config)?;
        let named = self.profile_name(env)?;
        let Some((name, profile)) = profiles.chosen(named)? else { return Err(nothing_linked(env).into()) };
        let source = Vault::source(name, profile.key_store);
        let address = read_address(&profile.api_url, &source)?;
        let mut warnings = Vec::new();
        let vault = Vault { path: places.credentials };
        let key =
            vault.get(name, &address, profile.key_store, self.patience, &mut warnings)?.ok_or_else(|| {
                Failure::new(Code::NoApiKey, format!("Profile {name} has no key for {address}"))
                    .why(format!(
                        "{} names the address, but no key is stored for it",
                        places.config.display()
                    ))
                    .hint(format!("run `insforge login --profile {name}`"))
                    .repair(["insforge", "login", "--profile", name])
            })?;
        let live = Policy::of(environment_policy(env)?, project_live, profile.live);
        Ok(Backend {
            address: Found { value: address, source: source.clone() },
            key: Found { value: check_api_key(key, &source)?, source },
            profile: Some(name.to_owned()),
            live,
            stored: true,
            warnings,
        })
    }
}

/// The linked directory that this is, or is in.
fn linked(env: &ProcessEnv) -> Result<Option<Project>, Failure> {
    env.directory.as_deref().map_or(Ok(None), Project::nearest)
}

const KEY_VARIABLES: [&str; 2] = ["INSFORGE_API_KEY", "INSFORGE_API_KEY_FILE"];

/// A pair that comes from no file of ours.
fn unstored(address: Found<Address>, key: Found<Secret>, env: &ProcessEnv) -> Result<Backend, Failure> {
    let live = Policy::of(environment_policy(env)?, None, None);
    let warnings = key.source.readable_by_others().into_iter().collect();
    Ok(Backend { address, key, profile: None, live, stored: false, warnings })
}

fn of_project(project: Project, env: &ProcessEnv) -> Result<Backend> {
    let source = Source::Project(project.path.clone());
    let warnings = project.readable_by_others().map(|mode| Warning::readable(&project.path, &mode));
    let incomplete = |what: &str, name: &str| {
        Failure::new(Code::NoApiKey, format!("{} has no {what}", project.path.display()))
            .why(format!("`{name}` is missing, and an address and a key always come from one place"))
            .hint("link the directory again with `insforge link`")
            .repair(["insforge", "link"])
    };
    let host = project.host.ok_or_else(|| incomplete("address", "oss_host"))?;
    let key = project.key.ok_or_else(|| incomplete("key", "api_key"))?;
    Ok(Backend {
        address: Found { value: read_address(&host, &source)?, source: source.clone() },
        key: Found { value: check_api_key(key, &source)?, source },
        profile: None,
        live: Policy::of(environment_policy(env)?, project.live, None),
        stored: true,
        warnings: warnings.into_iter().collect(),
    })
}

pub(crate) fn read_address(text: &str, source: &Source) -> Result<Address, Failure> {
    Address::parse(text).map_err(|reason| {
        let failure =
            Failure::new(Code::AddressInvalid, format!("The backend address from {source} cannot be used"))
                .why(reason)
                .hint("an address looks like https://app.region.insforge.app or http://localhost:7130");
        if matches!(source, Source::Flag(_)) { failure.exit(Exit::Usage) } else { failure }
    })
}

fn environment_policy(env: &ProcessEnv) -> Result<Option<Policy>, Failure> {
    let parse = |word| {
        Policy::parse(word).ok_or_else(|| {
            Failure::usage(format!("INSFORGE_LIVE is `{word}`")).hint("set it to ask, allow or deny")
        })
    };
    env.var("INSFORGE_LIVE").map(parse).transpose()
}

fn nothing_linked(env: &ProcessEnv) -> Failure {
    let hint = "run `insforge login` or `insforge link`, or set INSFORGE_BASE_URL and INSFORGE_API_KEY";
    // Whoever only wants to see what this is has nothing to link.
    let hint =
        if cfg!(feature = "sandbox") { format!("{hint}; or try it with --sandbox") } else { hint.to_owned() };
    let failure = Failure::new(Code::NotLinked, "No InsForge backend is linked here")
        .hint(hint)
        .repair(["insforge", "login"]);
    let Some(name) = KEY_VARIABLES.into_iter().find(|name| env.var(name).is_some()) else {
        return failure
            .why("no address and no key in the flags, the environment, a linked project or a profile");
    };
    failure.why(format!("{name} has a key, but there is no address beside it"))
}
