//! HTTP itself, and the only user of reqwest: one request and its answer. It follows no redirects and limits the size of
//! an answer.

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::time::{Duration, Instant};

use reqwest::header::{self, HeaderMap};
use zeroize::Zeroizing;

use crate::api::request::{Answer, Method, Request};
use crate::api::trace::Trace;
use crate::secret::Secret;
use crate::wire::{Address, SharedBytes};

/// The size limit of an answer, in bytes. The largest catalogs seen have a tenth of it.
const LARGEST_ANSWER: usize = 256 * MIB;
/// How much is read of an answer that is no success, in bytes. The backend's errors are a few hundred bytes.
const LARGEST_ERROR: usize = MIB;
const MIB: usize = 1024 * 1024;
const LONGEST_CONNECT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("insforge-cli/", env!("CARGO_PKG_VERSION"));

/// A backend and the key that belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) address: Address,
    /// Where the address came from.
    pub(crate) address_source: String,
    pub(crate) key: Secret,
    /// Where the key came from.
    pub(crate) key_source: String,
}

/// Why a request has no answer that can be used.
#[derive(Clone, Debug)]
pub(crate) enum NoAnswer {
    /// The connection could not be made, so the request was not sent.
    Unreachable { reason: String },
    /// The connection broke after it was made.
    ConnectionLost { reason: String },
    /// The deadline passed.
    TimedOut,
    /// The answer is larger than this many bytes.
    TooLarge { limit: usize },
    /// A redirect, which is not followed because the key would be sent along.
    Redirected { status: u16, target: String },
    /// TLS cannot be set up on this machine.
    TlsUnavailable { reason: String },
    /// The API key has characters that a header cannot have.
    KeyInvalid,
}

impl NoAnswer {
    /// Whether the backend may have carried out the request.
    pub(crate) const fn leaves_outcome_unknown(&self) -> bool {
        matches!(self, Self::ConnectionLost { .. } | Self::TimedOut | Self::TooLarge { .. })
    }
}

/// For `--verbose`.
impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { reason }
            | Self::ConnectionLost { reason }
            | Self::TlsUnavailable { reason } => f.write_str(reason),
            Self::TimedOut => f.write_str("the deadline passed"),
            Self::TooLarge { limit } => write!(f, "it is larger than {} MiB", limit / MIB),
            Self::Redirected { target, .. } => write!(f, "the redirect to {target} is not followed"),
            Self::KeyInvalid => f.write_str("the API key has characters that a header cannot have"),
        }
    }
}

/// The connection to one backend. It is made when the first request is sent.
pub(super) struct Http {
    pub(super) endpoint: Endpoint,
    pub(super) trace: Trace,
    client: OnceCell<reqwest::Client>,
    /// The backend has accepted the key in this run.
    pub(super) key_accepted: Cell<bool>,
    /// A request other than a GET has been sent in this run.
    pub(super) write_sent: Cell<bool>,
}

impl Http {
    pub(super) fn new(endpoint: Endpoint, trace: Trace) -> Self {
        trace.hide(&endpoint.key);
        let client = OnceCell::new();
        Self { endpoint, trace, client, key_accepted: Cell::default(), write_sent: Cell::default() }
    }

    /// Sends a request once, and waits for its answer until `timeout` has passed.
    pub(super) async fn attempt(&self, request: Request<'_>, timeout: Duration) -> Result<Answer, NoAnswer> {
        let started = Instant::now();
        self.trace.request(request);
        let whole = self.receive(request, started);
        let answer = tokio::time::timeout(timeout, whole).await.unwrap_or(Err(NoAnswer::TimedOut));
        // An answer is traced together with its headers.
        if let Err(no_answer) = &answer {
            let ms = started.elapsed().as_millis();
            self.trace.note(format_args!("no usable response after {ms} ms: {no_answer}"));
        }
        answer
    }

    async fn receive(&self, request: Request<'_>, started: Instant) -> Result<Answer, NoAnswer> {
        let client = self.client()?;
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
        if self.trace.is_detailed() {
            self.trace.header('>', "user-agent", USER_AGENT);
            self.trace_headers('>', &headers);
            self.trace.request_body(request);
        }
        if request.method != Method::Get {
            self.write_sent.set(true);
        }
        let response = sending.headers(headers).send().await.map_err(no_answer)?;
        self.read(response, request, started).await
    }

    async fn read(
        &self,
        mut response: reqwest::Response,
        request: Request<'_>,
        started: Instant,
    ) -> Result<Answer, NoAnswer> {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let body = match (status.as_u16(), text(header::LOCATION)) {
            (status @ 300..=399, Some(target)) => {
                Err(NoAnswer::Redirected { status, target: target.to_owned() })
            }
            _ => read_body(&mut response).await,
        };
        // The status is traced even if the body is incomplete.
        let bytes = body.as_ref().ok().map(|body| body.len());
        let reason = status.canonical_reason().unwrap_or_default();
        self.trace.response(status.as_u16(), reason, started.elapsed(), bytes);
        if self.trace.is_detailed() {
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
            server: text(header::SERVER).map(str::to_owned),
            retry_after: text(header::RETRY_AFTER).and_then(parse_retry_after),
            body: SharedBytes::new(body),
        })
    }

    fn trace_headers(&self, direction: char, headers: &HeaderMap) {
        for (name, value) in headers {
            let hidden = value.is_sensitive() || name == header::SET_COOKIE;
            let text = if hidden { "****".into() } else { String::from_utf8_lossy(value.as_bytes()) };
            self.trace.header(direction, name.as_str(), &text);
        }
    }

    fn bearer(&self) -> Result<header::HeaderValue, NoAnswer> {
        let text = Zeroizing::new(format!("Bearer {}", self.endpoint.key.expose()));
        let mut value = header::HeaderValue::from_str(&text).map_err(|_| NoAnswer::KeyInvalid)?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Builds the client when the first request is sent, because reading the system's root certificates takes a while.
    fn client(&self) -> Result<&reqwest::Client, NoAnswer> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // A program that embeds this library may have installed another provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(LONGEST_CONNECT);
        // Plain http only goes to this machine. It needs no certificates, which a slim container does not have, and no
        // proxy.
        let builder =
            if self.endpoint.address.is_plain() { builder.tls_certs_only([]).no_proxy() } else { builder };
        let client =
            builder.build().map_err(|error| NoAnswer::TlsUnavailable { reason: innermost(&error) })?;
        Ok(self.client.get_or_init(|| client))
    }
}

const JSON: header::HeaderValue = header::HeaderValue::from_static("application/json");

/// Reads a body. A success that is too large is refused; an error that is too large is cut, because its status counts.
async fn read_body(response: &mut reqwest::Response) -> Result<Zeroizing<Vec<u8>>, NoAnswer> {
    let is_success = response.status().is_success();
    let limit = if is_success { LARGEST_ANSWER } else { LARGEST_ERROR };
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    if is_success && announced.is_some_and(|length| length > limit) {
        return Err(NoAnswer::TooLarge { limit });
    }
    let mut body = Zeroizing::new(Vec::with_capacity(announced.unwrap_or_default().min(limit)));
    while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
        let left = limit - body.len();
        if chunk.len() <= left {
            body.extend_from_slice(&chunk);
        } else if is_success {
            return Err(NoAnswer::TooLarge { limit });
        } else {
            body.extend_from_slice(&chunk[..left]);
            break;
        }
    }
    Ok(body)
}

#[allow(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn no_answer(error: reqwest::Error) -> NoAnswer {
    let reason = innermost(&error);
    if error.is_connect() { NoAnswer::Unreachable { reason } } else { NoAnswer::ConnectionLost { reason } }
}

/// The message at the end of an error chain, which is the most specific one.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// Parses a `Retry-After`: seconds, or an HTTP date.
fn parse_retry_after(value: &str) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    let wait = date.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(wait).unwrap_or_default())
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
