//! The HTTP client: the only user of reqwest. One connection, kept alive; one deadline for all requests of a
//! command; no redirects; an answer that is too large is not read.

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::time::{Duration, Instant};

use reqwest::header;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::api::call::Method;
use crate::api::error::{ApiError, of_transport, outcome_unknown};
use crate::api::exchange::{Answer, Request, innermost, leaves_open, parse_retry_after};
use crate::api::retry::{self, Outcome, Replay, Standing};
use crate::error::{Code, Failure};
use crate::secret::Secret;
use crate::wire::Address;

/// The largest answer that is read, in bytes. The largest catalogs seen have a tenth of it.
const LARGEST_ANSWER: usize = 256 * 1024 * 1024;
const LONGEST_CONNECT: Duration = Duration::from_secs(10);

/// A backend and the key that belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) address: Address,
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

/// What the client does, line by line, for `--verbose`.
pub(crate) type Trace = Box<dyn Fn(fmt::Arguments<'_>)>;

/// Sends requests to one backend.
pub(crate) struct Client {
    endpoint: Endpoint,
    limits: Limits,
    trace: Trace,
    http: OnceCell<reqwest::Client>,
    spent: Cell<Duration>,
    key_accepted: Cell<bool>,
    write_sent: Cell<bool>,
    write_open: Cell<bool>,
}

/// What the backend says of itself without authentication.
#[derive(Debug, Deserialize)]
pub(crate) struct Health {
    pub(crate) version: Option<String>,
}

/// One attempt's end without a whole answer.
pub(crate) enum Broken {
    /// reqwest's error: connecting, sending or receiving failed.
    Transport(reqwest::Error),
    /// The deadline passed. Nobody can tell how far the request got.
    Deadline,
    /// A failure that no replay would change.
    Final(Failure),
}

impl Client {
    pub(crate) fn new(endpoint: Endpoint, limits: Limits, trace: Trace) -> Self {
        Self {
            endpoint,
            limits,
            trace,
            http: OnceCell::new(),
            spent: Cell::default(),
            key_accepted: Cell::default(),
            write_sent: Cell::default(),
            write_open: Cell::default(),
        }
    }

    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The backend has accepted the key in this run: a 401 after that is not the key's fault (CONTRACT: Load).
    pub(crate) fn key_accepted(&self) -> bool {
        self.key_accepted.get()
    }

    /// Something else than a read has been sent in this run.
    pub(crate) fn write_sent(&self) -> bool {
        self.write_sent.get()
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
            let attempt = self.timed(self.attempt(request)).await;
            if request.method != Method::Get && may_have_done(&attempt) {
                self.write_open.set(true);
            }
            let pause = match &attempt {
                Ok(answer) if answer.is_success() => None,
                Ok(answer) => {
                    self.decide(request.replay, replays, &ApiError::read(answer, request).outcome())
                }
                Err(Broken::Transport(error)) if error.is_connect() => {
                    self.decide(request.replay, replays, &Outcome::NotSent)
                }
                Err(Broken::Transport(_)) => self.decide(request.replay, replays, &Outcome::Lost),
                Err(Broken::Deadline | Broken::Final(_)) => None,
            };
            let Some(pause) = pause else {
                return attempt.map_err(|broken| of_transport(broken, request, &self.endpoint, self.limits));
            };
            replays += 1;
            self.trace(format_args!(
                "* replay {replays} of {} in {} ms",
                self.limits.replays,
                pause.as_millis()
            ));
            self.timed(tokio::time::sleep(pause)).await;
        }
    }

    /// Asks for the backend's version; needs no key and sends none.
    pub(crate) async fn health(&self) -> Result<Health, Failure> {
        let answer = self.exchange(Request::get(HEALTH, None)).await?;
        serde_json::from_slice(&answer.body).map_err(|_| {
            Failure::new(
                Code::ResponseInvalid,
                format!("{} is not an InsForge backend", self.endpoint.address),
            )
            .why(format!("{HEALTH} answered {} with something else than its version", answer.status))
            .hint("check the address")
        })
    }

    fn decide(&self, replay: Replay, replays: u32, outcome: &Outcome<'_>) -> Option<Duration> {
        let standing = Standing {
            replays,
            allowed: self.limits.replays,
            left: self.left(),
            key_accepted: self.key_accepted.get(),
            dice: fastrand::f64(),
        };
        retry::decide(replay, outcome, standing)
    }

    async fn attempt(&self, request: Request<'_>) -> Result<Answer, Broken> {
        let started = Instant::now();
        self.trace(format_args!("> {} {}{}", request.method, self.endpoint.address, request.path));
        let answer = self.receive(request).await;
        let elapsed = started.elapsed().as_millis();
        match &answer {
            Ok(answer) => {
                self.trace(format_args!("< {} in {elapsed} ms, {} bytes", answer.status, answer.body.len()));
            }
            Err(Broken::Transport(error)) => {
                self.trace(format_args!("< no answer after {elapsed} ms: {}", innermost(error)));
            }
            Err(Broken::Deadline) => self.trace(format_args!("< no answer after {elapsed} ms: deadline")),
            Err(Broken::Final(failure)) => self.trace(format_args!("< {failure} after {elapsed} ms")),
        }
        answer
    }

    async fn receive(&self, request: Request<'_>) -> Result<Answer, Broken> {
        let http = self.http().map_err(Broken::Final)?;
        let left = self.left();
        let mut sending = http
            .request(to_http(request.method), format!("{}{}", self.endpoint.address, request.path))
            .header(header::ACCEPT, "application/json");
        if request.route.is_some() {
            sending = sending.header(header::AUTHORIZATION, self.bearer()?);
        }
        if let Some(body) = request.body {
            sending = sending.header(header::CONTENT_TYPE, "application/json").body(body.to_vec());
        }
        if request.method != Method::Get {
            self.write_sent.set(true);
        }
        let whole = async {
            let response = sending.send().await.map_err(Broken::Transport)?;
            self.read(response, request).await
        };
        tokio::time::timeout(left, whole).await.unwrap_or(Err(Broken::Deadline))
    }

    async fn read(&self, mut response: reqwest::Response, request: Request<'_>) -> Result<Answer, Broken> {
        let status = response.status().as_u16();
        let text =
            |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        if let (300..=399, Some(target)) = (status, text(header::LOCATION)) {
            return Err(Broken::Final(self.redirected(request, status, &target)));
        }
        let content_type = text(header::CONTENT_TYPE).unwrap_or_default();
        let retry_after = text(header::RETRY_AFTER).and_then(|value| parse_retry_after(&value));
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        if announced.is_some_and(|length| length > LARGEST_ANSWER) {
            return Err(Broken::Final(too_large(request)));
        }
        let mut body = Zeroizing::new(Vec::with_capacity(announced.unwrap_or_default()));
        while let Some(chunk) = response.chunk().await.map_err(Broken::Transport)? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(Broken::Final(too_large(request)));
            }
            body.extend_from_slice(&chunk);
        }
        if (200..300).contains(&status) && request.route.is_some() {
            self.key_accepted.set(true);
        }
        Ok(Answer { status, content_type, retry_after, body })
    }

    fn redirected(&self, request: Request<'_>, status: u16, target: &str) -> Failure {
        Failure::new(Code::Redirected, format!("{} answers with a redirect", self.endpoint.address))
            .why(format!(
                "{request} answered {status} to {target}; it is not followed, because the key would go along"
            ))
            .hint("if that is your backend, use its address")
            .status(status)
    }

    fn bearer(&self) -> Result<header::HeaderValue, Broken> {
        let text = Zeroizing::new(format!("Bearer {}", self.endpoint.key.expose()));
        let mut value = header::HeaderValue::from_str(&text).map_err(|_| {
            Broken::Final(Failure::new(Code::NoApiKey, "The API key has characters that no header can have"))
        })?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// The client is built when the first request is sent: reading the system's root certificates takes a while.
    fn http(&self) -> Result<&reqwest::Client, Failure> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        // Whoever embeds this may have chosen another already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("insforge-cli/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(LONGEST_CONNECT);
        // Plain http is for this machine only. It needs no certificates, of which a slim container has none, and
        // no proxy can reach it.
        let builder =
            if self.endpoint.address.is_plain() { builder.tls_certs_only([]).no_proxy() } else { builder };
        let http = builder.build().map_err(|error| {
            Failure::new(Code::Failed, "No secure connection is possible here")
                .why(innermost(&error))
                .hint("install the system's CA certificates, or name a file that has some with SSL_CERT_FILE")
        })?;
        Ok(self.http.get_or_init(|| http))
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

    fn trace(&self, line: fmt::Arguments<'_>) {
        (self.trace)(line);
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

const fn to_http(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

fn too_large(request: Request<'_>) -> Failure {
    let what = "The answer is too large";
    let why = format!("{request} answered with more than {} MiB", LARGEST_ANSWER / 1024 / 1024);
    if request.replay == Replay::IfNotSent {
        return outcome_unknown(what).why(why);
    }
    Failure::new(Code::ResponseTooLarge, what).why(why).hint("ask for less, for example with --limit")
}
