//! Sends requests to one backend, over one connection that is kept alive: again where the policy says so, and all
//! requests of a command before one deadline.

use std::cell::Cell;
use std::fmt;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::api::call::Method;
use crate::api::error::{ApiError, of_transport};
use crate::api::exchange::{Answer, Request, leaves_open};
use crate::api::http::{Broken, Http};
use crate::api::retry::{self, Outcome, Standing, Stop};
use crate::api::trace::Trace;
use crate::error::{Code, Failure};
use crate::secret::Secret;
use crate::wire::Address;

/// A backend and the key that belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) address: Address,
    /// Where that came from.
    pub(crate) address_source: String,
    pub(crate) key: Secret,
    /// Where the key came from, for the hint when the backend refuses it.
    pub(crate) key_source: String,
}

/// How long and how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// For all requests of a command together. Time in which nothing is under way does not count: a prompt may wait
    /// as long as its reader likes.
    pub(crate) deadline: Duration,
    /// At most so many replays of one request.
    pub(crate) replays: u32,
    /// The deadline is for each request by itself: there are many of them.
    pub(crate) each: bool,
}

impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = if self.each { "each request" } else { "all requests together" };
        let Self { deadline, replays, .. } = self;
        write!(f, "{} s for {whose}, at most {replays} replays of one", deadline.as_secs_f64())
    }
}

/// Sends requests to one backend.
pub(crate) struct Client {
    http: Http,
    limits: Limits,
    spent: Cell<Duration>,
    write_open: Cell<bool>,
}

/// What the backend says of itself without authentication.
#[derive(Debug, Deserialize)]
pub(crate) struct Health {
    pub(crate) version: Option<String>,
}

impl Client {
    pub(crate) fn new(endpoint: Endpoint, limits: Limits, trace: Trace) -> Self {
        if trace.is_on() {
            let Endpoint { address, address_source, key, key_source } = &endpoint;
            trace.note(format_args!("backend {address}, from {address_source}"));
            trace.note(format_args!("key {}, from {key_source}", key.masked()));
            trace.note(format_args!("{limits}"));
        }
        let http = Http::new(endpoint, trace);
        Self { http, limits, spent: Cell::default(), write_open: Cell::default() }
    }

    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.http.endpoint
    }

    /// What is told of the requests.
    pub(super) const fn trace(&self) -> &Trace {
        &self.http.trace
    }

    /// The backend has accepted the key in this run: a 401 after that is not the key's fault (CONTRACT: Load).
    pub(crate) fn key_accepted(&self) -> bool {
        self.http.key_accepted.get()
    }

    /// Something else than a read has been sent in this run.
    pub(crate) fn write_sent(&self) -> bool {
        self.http.write_sent.get()
    }

    /// A write has been sent of which nobody can tell whether it was done, whatever became of it when it was sent again.
    pub(crate) fn write_open(&self) -> bool {
        self.write_open.get()
    }

    /// Sends a request until it is answered, refused for good, or the policy says stop.
    ///
    /// # Errors
    /// Whatever is not an answer. An answer that is no success is an answer: judging it is the caller's.
    pub(crate) async fn exchange(&self, request: Request<'_>) -> Result<Answer, Failure> {
        if self.limits.each {
            self.spent.set(Duration::ZERO);
        }
        let mut replays = 0;
        loop {
            // It is most of what a command's future would hold.
            let attempt = self.timed(Box::pin(self.http.attempt(request, self.left()))).await;
            if request.method != Method::Get && may_have_done(&attempt) {
                self.write_open.set(true);
            }
            let pause = match &attempt {
                Ok(answer) if answer.is_success() => None,
                Ok(answer) => self.pause(request, replays, &ApiError::read(answer, request).outcome()),
                Err(Broken::Transport(error)) if error.is_connect() => {
                    self.pause(request, replays, &Outcome::NotSent)
                }
                Err(Broken::Transport(_)) => self.pause(request, replays, &Outcome::Lost),
                Err(Broken::Deadline | Broken::Final(_)) => None,
            };
            let Some(pause) = pause else {
                return attempt.map_err(|broken| of_transport(broken, request, self.endpoint(), self.limits));
            };
            replays += 1;
            self.timed(tokio::time::sleep(pause)).await;
        }
    }

    /// Asks for the backend's version; needs no key and sends none.
    pub(crate) async fn health(&self) -> Result<Health, Failure> {
        let answer = self.exchange(Request::get(HEALTH, None)).await?;
        serde_json::from_slice(&answer.body).map_err(|_| {
            Failure::new(
                Code::ResponseInvalid,
                format!("{} is not an InsForge backend", self.endpoint().address),
            )
            .why(format!("{HEALTH} answered {} with something else than its version", answer.status))
            .hint("check the address")
        })
    }

    /// How long to wait before it is sent again, where it is.
    fn pause(&self, request: Request<'_>, replays: u32, outcome: &Outcome<'_>) -> Option<Duration> {
        let standing = Standing {
            replays,
            allowed: self.limits.replays,
            left: self.left(),
            key_accepted: self.key_accepted(),
            dice: fastrand::f64(),
        };
        let decision = retry::decide(request.replay, outcome, standing);
        match decision {
            Ok(pause) => self.trace().note(format_args!(
                "waiting {:.1} s before trying again, {} of {}: {outcome}",
                pause.as_secs_f64(),
                replays + 1,
                self.limits.replays
            )),
            // What is wrong with the request is in the answer.
            Err(Stop::NotPassing) => {}
            Err(stop) => self.trace().note(format_args!("not trying again after {outcome}: {stop}")),
        }
        decision.ok()
    }

    fn left(&self) -> Duration {
        self.limits.deadline.saturating_sub(self.spent.get())
    }

    async fn timed<T>(&self, work: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let out = work.await;
        self.spent.set(self.spent.get() + started.elapsed());
        out
    }
}

/// Whether an attempt to write may have done it, or not.
fn may_have_done(attempt: &Result<Answer, Broken>) -> bool {
    match attempt {
        Ok(answer) => leaves_open(answer.status),
        Err(Broken::Transport(error)) => !error.is_connect(),
        Err(Broken::Deadline) => true,
        Err(Broken::Final(failure)) => matches!(failure.code, Code::ResponseTooLarge | Code::OutcomeUnknown),
    }
}

const HEALTH: &str = "/api/health";
