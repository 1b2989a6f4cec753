//! The backend that a run is for: found, connected to, asked.

use anyhow::Result;

use crate::api::{self, Api, Call, Client, Endpoint, Limits, Listener, Memory, Provider, Reply, Trace};
use crate::error::{Code, Failure};
use crate::runner::{Ctx, run_blocking};
use crate::secret::Secret;
use crate::settings::{Backend, Cache, Found, Places};
use crate::ui::Verbosity;
use crate::wire::{Address, Connection, Environment, Generation};

impl Ctx {
    /// The address and key that this run is for.
    pub(crate) async fn backend(&self) -> Result<&Backend> {
        if let Some(backend) = self.backend.get() {
            return Ok(backend);
        }
        let backend = if self.asked.may_wait(&self.env) {
            let (asked, env) = (self.asked.clone(), self.env.clone());
            run_blocking(move || asked.backend(&env)).await?
        } else {
            self.asked.backend(&self.env)?
        };
        if self.stderr.verbosity == Verbosity::Everything {
            self.tell_settings(&backend);
        }
        self.warn(&backend.warnings);
        Ok(self.backend.get_or_init(|| backend))
    }

    /// Where was looked for the address and the key, and what of the environment can matter: names, no values.
    fn tell_settings(&self, backend: &Backend) {
        const MATTER: [&str; 6] = ["INSFORGE_", "CI", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "TZ"];
        let set = self.env.set(&MATTER).join(", ");
        self.stderr.trace(format_args!("* set in the environment: {set}"));
        for place in backend.address.source.looked_at_before() {
            self.stderr.trace(format_args!("* no address and key in {place}"));
        }
    }

    /// The backend's API, connected to when the first request is sent.
    pub(crate) async fn api(&self) -> Result<&Api> {
        if let Some(api) = self.api.get() {
            return Ok(api);
        }
        let backend = self.backend().await?;
        let api = self.api_of(&backend.address, &backend.key, backend.stored);
        Ok(self.api.get_or_init(|| api))
    }

    /// The API of another backend than the run's; `remember` is whether a file may keep what is learned of it.
    pub(crate) fn api_of(&self, address: &Found<Address>, key: &Found<Secret>, remember: bool) -> Api {
        let endpoint = Endpoint {
            address: address.value.clone(),
            address_source: address.source.to_string(),
            key: key.value.clone(),
            key_source: key.source.to_string(),
        };
        let cache = if remember { Places::find().ok().map(|places| Cache::new(places.cache)) } else { None };
        let memory = Remembered { cache, address: endpoint.address.to_string() };
        let deadline = self.timeout.unwrap_or_else(|| self.deadline.get());
        let limits = Limits { deadline, replays: self.retries, each: self.each.get() };
        Api::new(Client::new(endpoint, limits, self.trace()), Box::new(memory))
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

    /// What the backend knows of an environment's connection.
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

    /// The generation that the backend had the last time, as far as that is known without asking it.
    pub(super) async fn expected_generation(&self) -> Result<Option<Generation>> {
        match self.api().await {
            Ok(api) => Ok(api.expected_generation()),
            Err(error) if is_not_logged_in(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// [`Memory`] in the user's cache, or nowhere when everything came from the environment.
struct Remembered {
    cache: Option<Cache>,
    address: String,
}

impl Memory for Remembered {
    fn recall(&self) -> Option<Generation> {
        let word = self.cache.as_ref()?.get(&self.address)?;
        [Generation::Newer, Generation::Older].into_iter().find(|generation| generation.to_string() == word)
    }

    fn remember(&self, generation: Option<Generation>) {
        if let Some(cache) = &self.cache {
            cache.set(&self.address, generation.map(|generation| generation.to_string()));
        }
    }
}

/// There is no address, or no key for it.
pub(super) fn is_not_logged_in(error: &anyhow::Error) -> bool {
    let code = error.downcast_ref::<Failure>().map(|failure| &failure.code);
    matches!(code, Some(Code::NotLinked | Code::NoApiKey))
}
