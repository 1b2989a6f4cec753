//! Which of two generations of routes a backend has. It is asked in the newer way first; only a 404 that is about
//! the route makes us try the older one. What was learned is remembered per address, and forgotten when it stops
//! being true: backends get upgraded. Nobody above this module knows that there are two.

use std::cell::Cell;

use crate::api::call::{Call, Method, Provider, Route};
use crate::api::client::Client;
use crate::api::error::{ApiError, invalid_response};
use crate::api::exchange::{Answer, Request, Sent};
use crate::api::reply::Reply;
use crate::error::{Code, Failure};
use crate::wire::Generation;

impl Generation {
    const fn other(self) -> Self {
        match self {
            Self::Newer => Self::Older,
            Self::Older => Self::Newer,
        }
    }

    /// It has no routes for this provider.
    pub(crate) fn lacks(self, provider: &Provider) -> Failure {
        let older = "from before there was a second provider";
        lacks(provider, &format!("its payments routes are of the {self} generation, {older}"))
    }
}

fn lacks(provider: &Provider, why: &str) -> Failure {
    let what = format!("{} is not available on this backend", provider.name);
    Failure::new(Code::ProviderNotAvailable, what)
        .why(why)
        .hint("update the backend to InsForge 2.3 or later")
}

/// What is remembered of backends between runs. It is a convenience: losing it costs a request.
pub(crate) trait Memory {
    /// The generation that this backend had the last time.
    fn recall(&self) -> Option<Generation>;
    /// What it turned out to have, or `None` when what was remembered is not true any more.
    fn remember(&self, generation: Option<Generation>);
}

/// What this run knows of the backend's generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Nothing,
    /// From an earlier run: true until a route-level 404.
    Remembered(Generation),
    /// From an answer in this run.
    Learned(Generation),
}

/// A backend's payments API, of whichever generation.
pub(crate) struct Api {
    client: Client,
    memory: Box<dyn Memory>,
    known: Cell<Known>,
}

impl Api {
    pub(crate) fn new(client: Client, memory: Box<dyn Memory>) -> Self {
        let known = memory.recall().map_or(Known::Nothing, Known::Remembered);
        match known {
            Known::Remembered(generation) => {
                client
                    .trace()
                    .note(format_args!("its routes are of the {generation} generation, as remembered"));
            }
            _ => client.trace().note(format_args!("the generation of its routes is not known yet")),
        }
        Self { client, memory, known: Cell::new(known) }
    }

    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// The generation, where an answer in this run has shown it.
    pub(crate) fn generation(&self) -> Option<Generation> {
        match self.known.get() {
            Known::Learned(generation) => Some(generation),
            Known::Nothing | Known::Remembered(_) => None,
        }
    }

    /// The generation that it has, or had the last time, as far as that is known without asking.
    pub(crate) fn expected_generation(&self) -> Option<Generation> {
        match self.known.get() {
            Known::Remembered(generation) | Known::Learned(generation) => Some(generation),
            Known::Nothing => None,
        }
    }

    /// Reads what is not the payments API's: whoever may ask there needs no key, and none is sent.
    pub(crate) async fn answers_at(&self, path: &str) -> Result<Answer, Failure> {
        self.client.exchange(Request::get(path, None)).await
    }

    /// Sends a call and reads its answer.
    pub(crate) async fn send<T: serde::de::DeserializeOwned>(
        &self,
        call: &Call<T>,
    ) -> Result<Reply<T>, Failure> {
        let generation = match self.known.get() {
            Known::Learned(generation) => generation,
            Known::Remembered(generation) if call.route.path(generation).is_some() => generation,
            // What was remembered has no such route; the backend may have been upgraded since.
            Known::Remembered(_) | Known::Nothing => {
                // On an older backend a POST to a newer route is taken for an environment's: learn from a GET.
                if call.method == Method::Get {
                    Generation::Newer
                } else {
                    self.learn(&call.route, Generation::Older, None).await?.0
                }
            }
        };
        let (path, answer) = self.exchange(call, generation).await?;
        if !is_route_404(&answer, call, &path) {
            return self.conclude(call, generation, &path, answer);
        }
        if self.known.get() == Known::Learned(generation) {
            return Err(self.missing(call, &path, &answer));
        }
        self.forget();
        let (now, status) = self.learn(&call.route, generation, Some(&path)).await?;
        if now == generation {
            return Err(self.missing(call, &path, &answer));
        }
        let (path, answer) = match status {
            // What was just asked to learn it is what the caller wants to know.
            (path, answer) if call.route.path(now).as_ref() == Some(&path) => (path, answer),
            _ => self.exchange(call, now).await?,
        };
        if is_route_404(&answer, call, &path) {
            return Err(self.missing(call, &path, &answer));
        }
        self.conclude(call, now, &path, answer)
    }

    async fn exchange<T>(&self, call: &Call<T>, generation: Generation) -> Result<(String, Answer), Failure> {
        let path = call.route.path(generation).ok_or_else(|| generation.lacks(call.route.provider()))?;
        let bytes = call.body.as_ref().map(|body| body.bytes(generation)).transpose();
        let bytes = bytes.map_err(|error| {
            Failure::new(Code::Failed, "The request cannot be written as JSON").why(error.to_string())
        })?;
        let body = call.body.as_ref().zip(bytes.as_ref());
        let body = body.map(|(of, bytes)| Sent { bytes, of, generation });
        let answer = self.client.exchange(Request { body, ..request_of(call, &path) }).await?;
        Ok((path, answer))
    }

    /// Asks for the status in both ways until one exists, in the `unlikely` way last; gives its path and answer too.
    /// A path that is `gone` has just answered that it does not exist, and is not asked again.
    async fn learn(
        &self,
        route: &Route,
        unlikely: Generation,
        gone: Option<&str>,
    ) -> Result<(Generation, (String, Answer)), Failure> {
        for generation in [unlikely.other(), unlikely] {
            let path = status_path(generation, route.provider());
            if gone == Some(path.as_str()) {
                continue;
            }
            let request = Request::get(&path, Some(route));
            let answer = self.client.exchange(request).await?;
            if answer.is_success() {
                self.note(generation);
                return Ok((generation, (path, answer)));
            }
            let error = ApiError::read(&answer, request);
            if !error.may_be_about_the_route() {
                return Err(error.into_failure(request, &self.client));
            }
        }
        let address = &self.client.endpoint().address;
        if !route.provider().in_older {
            return Err(lacks(route.provider(), &format!("no payments routes for it exist at {address}")));
        }
        Err(Failure::new(Code::PaymentsNotAvailable, "Payments are not available on this backend")
            .why(format!("neither generation of the payments routes exists at {address}"))
            .hint("check the address; payments need InsForge 2.1 or later"))
    }

    fn conclude<T: serde::de::DeserializeOwned>(
        &self,
        call: &Call<T>,
        generation: Generation,
        path: &str,
        answer: Answer,
    ) -> Result<Reply<T>, Failure> {
        if !answer.is_success() {
            let request = request_of(call, path);
            return Err(ApiError::read(&answer, request).into_failure(request, &self.client));
        }
        let reply = call.read(answer.body).map_err(|error| {
            let request = request_of(call, path);
            let kind = answer.content_type.split(';').next().unwrap_or_default();
            let why = format!("{request} answered {} with {kind}: {error}", answer.status);
            invalid_response(why, request, self.client.endpoint()).status(answer.status)
        })?;
        self.note(generation);
        Ok(reply)
    }

    fn note(&self, generation: Generation) {
        if !matches!(self.known.get(), Known::Remembered(known) | Known::Learned(known) if known == generation)
        {
            self.client.trace().note(format_args!("its routes are of the {generation} generation"));
            self.memory.remember(Some(generation));
        }
        self.known.set(Known::Learned(generation));
    }

    fn forget(&self) {
        if matches!(self.known.get(), Known::Remembered(_)) {
            self.client.trace().note(format_args!("what was remembered of its routes is not true any more"));
            self.memory.remember(None);
        }
        self.known.set(Known::Nothing);
    }

    /// The status route exists, this one does not: the thing is missing, or the route is.
    fn missing<T>(&self, call: &Call<T>, path: &str, answer: &Answer) -> Failure {
        // On the older routes before 2.1.8 a missing thing has the plain code of a missing route.
        if self.known.get() == Known::Learned(Generation::Older) && call.names_a_thing() {
            let request = request_of(call, path);
            return ApiError::read(answer, request).into_failure(request, &self.client);
        }
        Failure::new(Code::Backend("NOT_FOUND".into()), "This backend has no such route")
            .why(format!("{} {path} answered {}", call.method, answer.status))
            .hint("update the backend, or this tool")
            .status(answer.status)
    }
}

/// The request, without its body: for messages.
fn request_of<'a, T>(call: &'a Call<T>, path: &'a str) -> Request<'a> {
    let (method, replay, secret_answer) = (call.method, call.replay, call.secret_answer);
    Request { method, path, body: None, replay, route: Some(&call.route), secret_answer }
}

fn is_route_404<T>(answer: &Answer, call: &Call<T>, path: &str) -> bool {
    answer.status == 404 && ApiError::read(answer, request_of(call, path)).may_be_about_the_route()
}

/// The status, which every provider has; the older generation's routes name none.
fn status_path(generation: Generation, provider: &Provider) -> String {
    match generation {
        Generation::Newer => format!("/api/payments/{}/status", provider.segment),
        Generation::Older => "/api/payments/status".to_owned(),
    }
}
