//! The backend of a run: its address and key, its API, and what it reports.

use std::time::Duration;

use anyhow::Result;

use crate::api::{
    self, Api, Call, Client, Endpoint, GenerationStore, Limits, Listener, Network, Provider, Reply, Trace,
};
use crate::error::{Code, Failure};
use crate::runner::{Ctx, run_blocking};
use crate::secret::Secret;
use crate::settings::{Backend, GenerationCache, UserPaths, WithSource};
use crate::ui::Verbosity;
use crate::wire::{Address, Connection, Environment, Generation};

impl Ctx {
    /// The address and key of this run.
    pub(crate) async fn backend(&self) -> Result<&Backend> {
        if let Some(backend) = self.backend.get() {
            return Ok(backend);
        }
        let backend = if self.flags.may_block(&self.env) {
            let (flags, env) = (self.flags.clone(), self.env.clone());
            let awaited = flags.awaited_key(&env);
            let read = move || flags.backend(&env);
            match awaited {
                Some(key) => self.run_blocking(key, read).await?,
                // The keyring has a time limit of its own, in which a person can type its password.
                None => run_blocking(read).await?,
            }
        } else {
            self.flags.backend(&self.env)?
        };
        if self.stderr.verbosity == Verbosity::Everything {
            self.trace_settings(&backend);
        }
        self.warn(&backend.warnings);
        Ok(self.backend.get_or_init(|| backend))
    }

    /// Logs where the address and the key were searched, and the names of the relevant environment variables.
    fn trace_settings(&self, backend: &Backend) {
        const MATTER: [&str; 8] =
            ["INSFORGE_", "CI", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_", "TZ"];
        let set = self.env.names_with_prefix(&MATTER).join(", ");
        self.stderr.trace(format_args!("* set in the environment: {set}"));
        for place in backend.searched {
            self.stderr.trace(format_args!("* no address and key in {place}"));
        }
    }

    /// The backend's API. It connects when the first request is sent.
    pub(crate) async fn api(&self) -> Result<&Api> {
        if let Some(api) = self.api.get() {
            return Ok(api);
        }
        let backend = self.backend().await?;
        let api = self.api_of(&backend.address, &backend.key, backend.stored)?;
        Ok(self.api.get_or_init(|| api))
    }

    /// The API of any backend. `remember` allows the cache to store the backend's generation.
    pub(crate) fn api_of(
        &self,
        address: &WithSource<Address>,
        key: &WithSource<Secret>,
        remember: bool,
    ) -> Result<Api, Failure> {
        let network = Network::of(&self.env, &address.value)?;
        let endpoint = Endpoint {
            address: address.value.clone(),
            address_source: address.source.to_string(),
            key: key.value.clone(),
            key_source: key.source.to_string(),
        };
        let cache = if remember {
            UserPaths::find().ok().map(|paths| GenerationCache::new(paths.generation_cache))
        } else {
            None
        };
        let store = CachedGeneration { cache, address: endpoint.address.to_string() };
        let limits = Limits {
            deadline: self.time_limit(),
            replays: self.retries,
            deadline_per_request: self.deadline_per_request.get(),
        };
        Ok(Api::new(Client::new(endpoint, network, limits, self.trace()), Box::new(store)))
    }

    fn trace(&self) -> Trace {
        let stderr = self.stderr;
        let listener: Listener = Box::new(move |line| stderr.trace(line));
        let is_on = stderr.verbosity > Verbosity::Nothing;
        Trace::new(is_on.then_some(listener), stderr.verbosity == Verbosity::Everything)
    }

    /// Sends a call to the run's backend.
    pub(crate) async fn send<T: serde::de::DeserializeOwned>(&self, call: Call<T>) -> Result<Reply<T>> {
        Ok(self.api().await?.send(&call).await.map_err(Failure::from)?)
    }

    /// Sends a read that the command can do without: once, and without taking the time of the requests after it.
    pub(crate) async fn send_optional<T: serde::de::DeserializeOwned>(
        &self,
        call: Call<T>,
    ) -> Result<Reply<T>> {
        const LONGEST: Duration = Duration::from_secs(10);
        let client = self.api().await?.client();
        let deadline = LONGEST.min(client.time_left() / 2);
        client.limited(deadline, 0, self.send(call)).await
    }

    /// Sends requests that have a deadline of their own, unless `--timeout` sets one.
    pub(crate) async fn within<T>(
        &self,
        deadline: Duration,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let client = self.api().await?.client();
        client.limited(self.timeout.unwrap_or(deadline), self.retries, work).await
    }

    /// An environment's connection, as the backend reports it.
    pub(crate) async fn connection(
        &self,
        provider: &'static Provider,
        environment: Environment,
    ) -> Result<Option<Connection>> {
        let status = self.send(api::status(provider)).await?;
        Ok(status
            .data
            .connections
            .into_iter()
            .find(|connection| connection.environment == environment.as_str()))
    }

    /// The last known generation of the backend, without a request.
    pub(super) async fn expected_generation(&self) -> Result<Option<Generation>> {
        match self.api().await {
            Ok(api) => Ok(api.expected_generation()),
            Err(error) if is_not_logged_in(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// [`GenerationStore`] in the user's cache, or nowhere if address and key come from environment variables.
struct CachedGeneration {
    cache: Option<GenerationCache>,
    address: String,
}

impl GenerationStore for CachedGeneration {
    fn load(&self) -> Option<Generation> {
        let word = self.cache.as_ref()?.get(&self.address)?;
        [Generation::Newer, Generation::Older].into_iter().find(|generation| generation.to_string() == word)
    }

    fn save(&self, generation: Option<Generation>) {
        if let Some(cache) = &self.cache {
            cache.set(&self.address, generation.map(|generation| generation.to_string()));
        }
    }
}

/// Whether an address, or the key for it, is missing.
pub(super) fn is_not_logged_in(error: &anyhow::Error) -> bool {
    let code = error.downcast_ref::<Failure>().map(|failure| &failure.code);
    matches!(code, Some(Code::NotLinked | Code::NoApiKey))
}
