//! HTTP itself: the only user of reqwest. One request, one answer; no redirects; an answer that is too large is not
//! read.

use std::cell::{Cell, OnceCell};
use std::time::{Duration, Instant};

use reqwest::header::{self, HeaderMap};
use zeroize::Zeroizing;

use crate::api::call::Method;
use crate::api::client::Endpoint;
use crate::api::error::outcome_unknown;
use crate::api::exchange::{Answer, Request, innermost, parse_retry_after};
use crate::api::retry::Replay;
use crate::api::trace::Trace;
use crate::error::{Code, Failure};

/// The largest answer that is read, in bytes. The largest catalogs seen have a tenth of it.
const LARGEST_ANSWER: usize = 256 * 1024 * 1024;
const LONGEST_CONNECT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("insforge-cli/", env!("CARGO_PKG_VERSION"));

/// One attempt's end without a whole answer.
pub(crate) enum Broken {
    /// reqwest's error: connecting, sending or receiving failed.
    Transport(reqwest::Error),
    /// The deadline passed. Nobody can tell how far the request got.
    Deadline,
    /// A failure that no replay would change.
    Final(Failure),
}

/// The connection to one backend, made when the first request is sent.
pub(super) struct Http {
    pub(super) endpoint: Endpoint,
    pub(super) trace: Trace,
    client: OnceCell<reqwest::Client>,
    /// The backend has accepted the key in this run.
    pub(super) key_accepted: Cell<bool>,
    /// Something else than a read has been sent in this run.
    pub(super) write_sent: Cell<bool>,
}

impl Http {
    pub(super) fn new(endpoint: Endpoint, trace: Trace) -> Self {
        trace.hide(&endpoint.key);
        let client = OnceCell::new();
        Self { endpoint, trace, client, key_accepted: Cell::default(), write_sent: Cell::default() }
    }

    /// Sends a request once, and takes no longer than what is `left`.
    pub(super) async fn attempt(&self, request: Request<'_>, left: Duration) -> Result<Answer, Broken> {
        let started = Instant::now();
        self.trace.sends(request);
        let whole = self.receive(request, started);
        let answer = tokio::time::timeout(left, whole).await.unwrap_or(Err(Broken::Deadline));
        let ms = started.elapsed().as_millis();
        match &answer {
            // It was told with its headers.
            Ok(_) => {}
            Err(Broken::Transport(error)) => {
                self.trace.note(format_args!("no whole answer after {ms} ms: {}", innermost(error)));
            }
            Err(Broken::Deadline) => {
                self.trace.note(format_args!("no whole answer after {ms} ms: the deadline has passed"));
            }
            Err(Broken::Final(failure)) => match &failure.why {
                Some(why) => self.trace.note(format_args!("{failure}: {why}")),
                None => self.trace.note(format_args!("{failure}")),
            },
        }
        answer
    }

    async fn receive(&self, request: Request<'_>, started: Instant) -> Result<Answer, Broken> {
        let client = self.client().map_err(Broken::Final)?;
        let mut headers = HeaderMap::with_capacity(3);
        headers.insert(header::ACCEPT, JSON);
        if request.route.is_some() {
            headers.insert(header::AUTHORIZATION, self.bearer()?);
        }
        let mut sending =
            client.request(to_http(request.method), format!("{}{}", self.endpoint.address, request.path));
        if let Some(body) = request.body {
            headers.insert(header::CONTENT_TYPE, JSON);
            sending = sending.body(body.bytes.to_vec());
        }
        if self.trace.tells_all() {
            self.trace.header('>', "user-agent", USER_AGENT);
            self.trace_headers('>', &headers);
            self.trace.request_body(request);
        }
        if request.method != Method::Get {
            self.write_sent.set(true);
        }
        let response = sending.headers(headers).send().await.map_err(Broken::Transport)?;
        self.read(response, request, started).await
    }

    async fn read(
        &self,
        mut response: reqwest::Response,
        request: Request<'_>,
        started: Instant,
    ) -> Result<Answer, Broken> {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let body = match (status.as_u16(), text(header::LOCATION)) {
            (code @ 300..=399, Some(target)) => Err(Broken::Final(self.redirected(request, code, target))),
            _ => whole_body(&mut response, request).await,
        };
        // What came of it is told where it was cut off, too.
        let bytes = body.as_ref().ok().map(|body| body.len());
        let words = status.canonical_reason().unwrap_or_default();
        self.trace.answered(status.as_u16(), words, started.elapsed(), bytes);
        if self.trace.tells_all() {
            self.trace_headers('<', &headers);
            if let Ok(body) = &body {
                self.trace.answer_body(request, status.is_success(), body);
            }
        }
        let body = body?;
        if status.is_success() && request.route.is_some() {
            self.key_accepted.set(true);
        }
        Ok(Answer {
            status: status.as_u16(),
            content_type: text(header::CONTENT_TYPE).unwrap_or_default().to_owned(),
            retry_after: text(header::RETRY_AFTER).and_then(parse_retry_after),
            body,
        })
    }

    fn trace_headers(&self, direction: char, headers: &HeaderMap) {
        for (name, value) in headers {
            let hidden = value.is_sensitive() || name == header::SET_COOKIE;
            let text = if hidden { "****".into() } else { String::from_utf8_lossy(value.as_bytes()) };
            self.trace.header(direction, name.as_str(), &text);
        }
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
    fn client(&self) -> Result<&reqwest::Client, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // Whoever embeds this may have chosen another already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(LONGEST_CONNECT);
        // Plain http is for this machine only. It needs no certificates, of which a slim container has none, and
        // no proxy can reach it.
        let builder =
            if self.endpoint.address.is_plain() { builder.tls_certs_only([]).no_proxy() } else { builder };
        let client = builder.build().map_err(|error| {
            Failure::new(Code::Failed, "No secure connection is possible here")
                .why(innermost(&error))
                .hint("install the system's CA certificates, or name a file that has some with SSL_CERT_FILE")
        })?;
        Ok(self.client.get_or_init(|| client))
    }
}

const JSON: header::HeaderValue = header::HeaderValue::from_static("application/json");

async fn whole_body(
    response: &mut reqwest::Response,
    request: Request<'_>,
) -> Result<Zeroizing<Vec<u8>>, Broken> {
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
    Ok(body)
}

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
