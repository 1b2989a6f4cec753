//! The two generations of routes. The newer one is tried first, and only a 404 that can mean a missing route leads to the
//! older one. The result is remembered for each address, and forgotten when it is no longer true, because backends get
//! upgraded. No module above this one knows that there are two.

use std::cell::Cell;

use serde::de::DeserializeOwned;

use crate::api::call::{Call, Reply};
use crate::api::client::Client;
use crate::api::error::{Cause, Error};
use crate::api::method::Method;
use crate::api::provider::Provider;
use crate::api::request::{Answer, EncodedBody, Request};
use crate::api::route::Route;
use crate::wire::{Connections, Generation};

impl Generation {
    const fn other(self) -> Self {
        match self {
            Self::Newer => Self::Older,
            Self::Older => Self::Newer,
        }
    }
}

/// Remembers the generation of a backend between runs. Losing it only costs a request.
pub(crate) trait GenerationStore {
    /// The generation that this backend had last time.
    fn load(&self) -> Option<Generation>;
    /// Stores the generation; `None` removes one that is no longer true.
    fn save(&self, generation: Option<Generation>);
}

/// What this run knows about the backend's generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GenerationState {
    Unknown,
    /// From an earlier run. A 404 of a missing route disproves it.
    Remembered(Generation),
    /// From an answer in this run.
    Confirmed(Generation),
}

/// A backend's payments API, of either generation.
pub(crate) struct Api {
    client: Client,
    store: Box<dyn GenerationStore>,
    state: Cell<GenerationState>,
}

impl Api {
    pub(crate) fn new(client: Client, store: Box<dyn GenerationStore>) -> Self {
        let state = store.load().map_or(GenerationState::Unknown, GenerationState::Remembered);
        match state {
            GenerationState::Remembered(generation) => {
                client.trace().note(format_args!("routes: {generation} generation, remembered"));
            }
            _ => client.trace().note(format_args!("routes: generation not known yet")),
        }
        Self { client, store, state: Cell::new(state) }
    }

    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// The generation, if an answer in this run has confirmed it.
    pub(crate) fn generation(&self) -> Option<Generation> {
        match self.state.get() {
            GenerationState::Confirmed(generation) => Some(generation),
            GenerationState::Unknown | GenerationState::Remembered(_) => None,
        }
    }

    /// The last known generation, without a request.
    pub(crate) fn expected_generation(&self) -> Option<Generation> {
        match self.state.get() {
            GenerationState::Remembered(generation) | GenerationState::Confirmed(generation) => {
                Some(generation)
            }
            GenerationState::Unknown => None,
        }
    }

    /// Reads a path outside the payments API. No key is sent.
    pub(crate) async fn get_without_key(&self, path: &str) -> Result<Answer, Error> {
        self.client.exchange(Request::get(path, None)).await
    }

    /// Sends a call and reads its answer.
    pub(crate) async fn send<T: DeserializeOwned>(&self, call: &Call<T>) -> Result<Reply<T>, Error> {
        let generation = match self.state.get() {
            GenerationState::Confirmed(generation) => generation,
            GenerationState::Remembered(generation) if call.route.path(generation).is_some() => generation,
            // The remembered generation has no such route. The backend may have been upgraded since.
            GenerationState::Remembered(_) | GenerationState::Unknown => {
                // An older backend takes the provider in a newer POST route for an environment, so only a GET can be
                // used to find out.
                if call.method == Method::Get {
                    Generation::Newer
                } else {
                    self.detect(&call.route, Generation::Older, None).await?.0
                }
            }
        };
        let (path, answer) = self.exchange(call, generation).await?;
        let Some(missing) = self.missing_route(call, &path, &answer) else {
            return self.read_answer(call, generation, &path, &answer);
        };
        if self.state.get() == GenerationState::Confirmed(generation) {
            return Err(self.missing_error(call, &path, &answer, missing));
        }
        self.forget();
        let (detected, status) = self.detect(&call.route, generation, Some(&path)).await?;
        if detected == generation {
            return Err(self.missing_error(call, &path, &answer, missing));
        }
        let (path, answer) = match status {
            // The call itself is the status, which was just read.
            (path, answer) if call.route.path(detected).as_ref() == Some(&path) => (path, answer),
            _ => self.exchange(call, detected).await?,
        };
        match self.missing_route(call, &path, &answer) {
            Some(missing) => Err(self.missing_error(call, &path, &answer, missing)),
            None => self.read_answer(call, detected, &path, &answer),
        }
    }

    async fn exchange<T>(&self, call: &Call<T>, generation: Generation) -> Result<(String, Answer), Error> {
        let path = call
            .route
            .path(generation)
            .ok_or_else(|| self.provider_missing_error(call.route.provider(), Some(generation)))?;
        let bytes = call.body.as_ref().map(|body| body.bytes(generation)).transpose();
        let bytes = bytes.map_err(|error| Error::NotEncodable { reason: error.to_string() })?;
        let body = call.body.as_ref().zip(bytes.as_ref());
        let body = body.map(|(body, bytes)| EncodedBody { bytes, body, generation });
        let answer = self.client.exchange(Request { body, ..Request::of(call, &path) }).await?;
        Ok((path, answer))
    }

    /// Reads the status under both generations until one has it, `unlikely` last. Returns the generation, and the path
    /// and answer of the status. The path `gone` has just answered 404 and is skipped.
    async fn detect(
        &self,
        route: &Route,
        unlikely: Generation,
        gone: Option<&str>,
    ) -> Result<(Generation, (String, Answer)), Error> {
        for generation in [unlikely.other(), unlikely] {
            let path = status_path(generation, route.provider());
            if gone == Some(path.as_str()) {
                continue;
            }
            let request = Request::get(&path, Some(route));
            let answer = self.client.exchange(request).await?;
            if answer.is_success() {
                // Nothing is sent to an address whose status is not a backend's.
                if let Err(error) = serde_json::from_slice::<Connections>(&answer.body) {
                    let cause = Client::unreadable(request, &answer, &error);
                    return Err(self.client.error(request, &answer.request_ids, cause));
                }
                self.confirm(generation);
                return Ok((generation, (path, answer)));
            }
            let cause = self.client.rejection(request, &answer);
            if !cause.can_mean_no_route() {
                return Err(self.client.error(request, &answer.request_ids, cause));
            }
        }
        Err(if route.provider().in_older {
            Error::PaymentsNotAvailable { address: self.client.endpoint().address.clone() }
        } else {
            self.provider_missing_error(route.provider(), None)
        })
    }

    fn read_answer<T: DeserializeOwned>(
        &self,
        call: &Call<T>,
        generation: Generation,
        path: &str,
        answer: &Answer,
    ) -> Result<Reply<T>, Error> {
        let request = Request::of(call, path);
        if !answer.is_success() {
            let cause = self.client.rejection(request, answer);
            return Err(self.client.error(request, &answer.request_ids, cause));
        }
        let reply = call.read(answer.body.clone()).map_err(|error| {
            let cause = Client::unreadable(request, answer, &error);
            self.client.error(request, &answer.request_ids, cause)
        })?;
        self.confirm(generation);
        Ok(reply)
    }

    fn confirm(&self, generation: Generation) {
        if self.expected_generation() != Some(generation) {
            self.client.trace().note(format_args!("routes: {generation} generation"));
            self.store.save(Some(generation));
        }
        self.state.set(GenerationState::Confirmed(generation));
    }

    fn forget(&self) {
        if matches!(self.state.get(), GenerationState::Remembered(_)) {
            self.client.trace().note(format_args!("routes: the remembered generation is out of date"));
            self.store.save(None);
        }
        self.state.set(GenerationState::Unknown);
    }

    /// The error of a call whose route answers 404 although the status route exists: the object or the route is missing.
    fn missing_error<T>(&self, call: &Call<T>, path: &str, answer: &Answer, cause: Cause) -> Error {
        // On the older routes before 2.1.8 a missing object has the plain code of a missing route.
        let may_be_an_object = self.generation() == Some(Generation::Older) && call.names_an_object();
        let cause = match cause {
            Cause::Refused(refusal) if !may_be_an_object => Cause::NoSuchRoute { status: refusal.status },
            cause => cause,
        };
        self.client.error(Request::of(call, path), &answer.request_ids, cause)
    }

    /// The cause, if the answer can be the 404 of a missing route.
    fn missing_route<T>(&self, call: &Call<T>, path: &str, answer: &Answer) -> Option<Cause> {
        let cause = (answer.status == 404).then(|| self.client.rejection(Request::of(call, path), answer))?;
        cause.can_mean_no_route().then_some(cause)
    }

    fn provider_missing_error(&self, provider: &'static Provider, generation: Option<Generation>) -> Error {
        let address = self.client.endpoint().address.clone();
        Error::ProviderNotAvailable { provider, address, generation }
    }
}

/// The path of the status, which every provider has.
fn status_path(generation: Generation, provider: &Provider) -> String {
    match generation {
        Generation::Newer => format!("/api/payments/{}/status", provider.segment),
        Generation::Older => "/api/payments/status".to_owned(),
    }
}
