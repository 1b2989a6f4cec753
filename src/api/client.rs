//! Sends requests to one backend over one kept-alive connection. It replays them where the retry policy says so, and
//! holds all requests of a command to one deadline.

use std::cell::Cell;
use std::fmt;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::api::error::{Cause, Error, Refusal, RequestError};
use crate::api::foreign::ForeignAnswer;
use crate::api::http::{Http, NoAnswer};
use crate::api::network::Network;
use crate::api::request::{Answer, Request};
use crate::api::retry::{self, Outcome, RetryState, Stop, leaves_outcome_unknown};
use crate::api::route::Route;
use crate::api::trace::Trace;
use crate::wire::{invalid_answer, seconds};

pub(crate) use crate::api::http::Endpoint;

/// The deadline and the number of replays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// For all requests of a command together. Only the time during requests counts, so a prompt can wait.
    pub(crate) deadline: Duration,
    /// The maximum number of replays of one request.
    pub(crate) replays: u32,
    /// The deadline is for each request, because the command sends many.
    pub(crate) deadline_per_request: bool,
}

impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = if self.deadline_per_request { "each request" } else { "all requests together" };
        let Self { deadline, replays, .. } = self;
        let retries = if *replays == 1 { "retry" } else { "retries" };
        write!(f, "deadline {} s for {scope}, at most {replays} {retries} of each", seconds(*deadline))
    }
}

/// Sends requests to one backend.
pub(crate) struct Client {
    http: Http,
    limits: Cell<Limits>,
    spent: Cell<Duration>,
    /// An attempt of the last write may have been carried out, whatever a later attempt led to.
    may_be_applied: Cell<bool>,
}

/// The backend's answer to a health check, which needs no key.
#[derive(Debug, Deserialize)]
pub(crate) struct Health {
    pub(crate) version: Option<String>,
}

impl Client {
    pub(crate) fn new(endpoint: Endpoint, network: Network, limits: Limits, trace: Trace) -> Self {
        if trace.is_on() {
            let Endpoint { address, address_source, key, key_source } = &endpoint;
            trace.note(format_args!("backend {address}, from {address_source}"));
            trace.note(format_args!("key {}, from {key_source}", key.masked()));
            trace.note(format_args!("{limits}"));
        }
        let http = Http::new(endpoint, network, trace);
        Self { http, limits: Cell::new(limits), spent: Cell::default(), may_be_applied: Cell::default() }
    }

    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.http.endpoint
    }

    pub(super) const fn trace(&self) -> &Trace {
        &self.http.trace
    }

    /// Whether a request other than a GET has been sent in this run.
    pub(crate) fn write_sent(&self) -> bool {
        self.http.write_sent.get()
    }

    /// Sends a request until it is answered, or until the retry policy says stop.
    ///
    /// # Errors
    /// If there is no answer. An error answer is returned as an answer.
    pub(crate) async fn exchange(&self, request: Request<'_>) -> Result<Answer, Error> {
        if self.limits.get().deadline_per_request {
            self.spent.set(Duration::ZERO);
        }
        if request.is_write {
            self.may_be_applied.set(false);
        }
        let mut replays = 0;
        loop {
            // Boxed because it would be most of the future of a command.
            let attempt = self.count_time(Box::pin(self.http.attempt(request, self.time_left()))).await;
            let is_open = match &attempt {
                Ok(answer) => leaves_outcome_unknown(answer.status),
                Err(no_answer) => no_answer.leaves_outcome_unknown(),
            };
            if request.is_write && is_open {
                self.may_be_applied.set(true);
            }
            let pause = match &attempt {
                Ok(answer) if answer.is_success() => None,
                Ok(answer) => {
                    let refusal = self.refusal(request, answer);
                    let Answer { status, retry_after, .. } = *answer;
                    let foreign = Outcome::Refused { status, code: None, message: "", retry_after };
                    self.pause(request, replays, &refusal.as_ref().map_or(foreign, Refusal::outcome))
                }
                Err(NoAnswer::Unreachable { .. }) => self.pause(request, replays, &Outcome::NotSent),
                Err(NoAnswer::ConnectionLost { .. }) => self.pause(request, replays, &Outcome::Lost),
                Err(_) => None,
            };
            let Some(pause) = pause else {
                return attempt.map_err(|no_answer| self.error(request, "", Cause::NoAnswer(no_answer)));
            };
            replays += 1;
            self.count_time(tokio::time::sleep(pause)).await;
        }
    }

    /// Does some work with other limits. Its deadline starts now.
    pub(crate) async fn limited<T>(
        &self,
        deadline: Duration,
        replays: u32,
        work: impl Future<Output = T>,
    ) -> T {
        let limits = Limits { deadline, replays, deadline_per_request: false };
        let (limits, spent) = (self.limits.replace(limits), self.spent.take());
        let out = work.await;
        self.limits.set(limits);
        self.spent.set(spent + self.spent.get());
        out
    }

    /// Asks for the backend's version. It needs no key and sends none.
    pub(crate) async fn health(&self) -> Result<Health, Error> {
        let request = Request::get(HEALTH, None);
        let answer = self.exchange(request).await?;
        if !answer.is_success() {
            return Err(self.error(request, &answer.request_ids, self.rejection(request, &answer)));
        }
        let health = serde_json::from_slice(&answer.body);
        health.map_err(|error| {
            self.error(request, &answer.request_ids, Self::unreadable(request, &answer, &error))
        })
    }

    /// Reads the backend's error, with keys masked and long texts cut; `None` if the answer is not the backend's.
    fn refusal(&self, request: Request<'_>, answer: &Answer) -> Option<Refusal> {
        Some(Refusal::read(answer, request, self.http.key_accepted.get())?.presentable())
    }

    /// Why an answer is no success: the backend refuses the request or has no such route, or another server answered.
    pub(super) fn rejection(&self, request: Request<'_>, answer: &Answer) -> Cause {
        match self.refusal(request, answer) {
            Some(refusal) => Cause::Refused(refusal),
            None if answer.is_missing_route_page(request.method) => {
                Cause::NoSuchRoute { status: answer.status }
            }
            None => Cause::Foreign(Self::foreign(request, answer)),
        }
    }

    /// Why a success cannot be read: the body is invalid, or is not JSON, so another server sent it.
    pub(super) fn unreadable(request: Request<'_>, answer: &Answer, error: &serde_json::Error) -> Cause {
        if !answer.is_json() {
            return Cause::Foreign(Self::foreign(request, answer));
        }
        let content_type = answer.content_type.split(';').next().unwrap_or_default().to_owned();
        let reason = invalid_answer(&answer.body, error);
        Cause::Invalid { status: answer.status, content_type, reason }
    }

    /// Describes an answer of another server.
    fn foreign(request: Request<'_>, answer: &Answer) -> ForeignAnswer {
        let foreign = ForeignAnswer::read(answer);
        // It may be the backend's keys, damaged on their way.
        let has_keys = request.secret_answer && answer.is_success();
        ForeignAnswer { excerpt: foreign.excerpt.filter(|_| !has_keys), ..foreign }
    }

    /// The error of a request. `request_ids` are those of its answer, or empty.
    pub(super) fn error(&self, request: Request<'_>, request_ids: &str, cause: Cause) -> Error {
        let Endpoint { address, key_source, .. } = self.endpoint();
        let is_open = self.may_be_applied.get() || cause.leaves_outcome_unknown();
        Error::Request(Box::new(RequestError {
            method: request.method,
            path: request.path.to_owned(),
            replay: request.replay,
            provider: request.route.map(Route::provider),
            environment: request.route.and_then(Route::environment),
            address: address.clone(),
            key_source: key_source.clone(),
            deadline: self.limits.get().deadline,
            may_be_applied: request.is_write && is_open,
            request_ids: request_ids.to_owned(),
            cause,
        }))
    }

    /// How long to wait before the request is sent again; `None` if it is not.
    fn pause(&self, request: Request<'_>, replays: u32, outcome: &Outcome<'_>) -> Option<Duration> {
        let state = RetryState {
            replays,
            max_replays: self.limits.get().replays,
            time_left: self.time_left(),
            key_accepted: self.http.key_accepted.get(),
            random: fastrand::f64(),
        };
        let decision = retry::decide(request.replay, outcome, state);
        match decision {
            Ok(pause) => self.trace().note(format_args!(
                "retry {} of {} in {:.1} s: {outcome}",
                replays + 1,
                self.limits.get().replays,
                pause.as_secs_f64()
            )),
            // The answer itself has the reason.
            Err(Stop::NotTransient) => {}
            Err(stop) => self.trace().note(format_args!("no retry after {outcome}: {stop}")),
        }
        decision.ok()
    }

    /// The time until the deadline.
    pub(crate) fn time_left(&self) -> Duration {
        self.limits.get().deadline.saturating_sub(self.spent.get())
    }

    async fn count_time<T>(&self, work: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let out = work.await;
        self.spent.set(self.spent.get() + started.elapsed());
        out
    }
}

const HEALTH: &str = "/api/health";
