//! HTTP itself, and the only user of reqwest: one request and its answer. It follows no redirects and limits the size of
//! an answer.

use std::cell::{Cell, OnceCell};
use std::error::Error;
use std::fmt;
use std::io;
use std::iter;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use reqwest::header::{self, HeaderMap};
use rustls::{AlertDescription, CertificateError};
use zeroize::Zeroizing;

use crate::api::method::Method;
use crate::api::network::{CertificatesUnusable, Network, NetworkPath, Proxy};
use crate::api::request::{Answer, Request};
use crate::api::trace::Trace;
use crate::interrupt;
use crate::secret::{Secret, redact};
use crate::wire::{Address, SharedBytes, redacted_body};

/// The size limit of an answer, in bytes. The largest catalogs seen have a tenth of it.
const LARGEST_ANSWER: usize = 256 * MIB;
/// The size limit of an error, and of an answer to a request that contains a secret, in bytes. The backend sends a few hundred.
const LARGEST_SMALL_ANSWER: usize = MIB;
const MIB: usize = 1024 * 1024;
/// How much of a request id is shown, in bytes.
const LONGEST_REQUEST_ID: usize = 100;
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
    /// The connection cannot be made, and another attempt fails as well.
    Blocked { obstacle: Obstacle, reason: String },
    /// The connection broke after it was made.
    ConnectionLost { reason: String },
    /// The answer is not valid HTTP.
    Malformed { reason: String },
    /// The answer has more or longer headers than the HTTP client reads.
    HeadersTooLarge,
    /// No request can have this address.
    NotSendable { length: usize },
    /// The deadline passed.
    TimedOut,
    /// The answer is larger than this many bytes.
    TooLarge { limit: usize },
    /// A redirect, which is not followed because the key would be sent along.
    Redirected { status: u16, target: String },
    /// TLS cannot be set up on this machine.
    TlsUnavailable { reason: String },
    /// A variable names certificates that cannot be read.
    CertificatesUnusable { variable: &'static str, reason: String },
    /// The API key has characters that a header cannot have.
    KeyInvalid,
}

/// What is in the way of a connection.
#[derive(Clone, Debug)]
pub(crate) enum Obstacle {
    /// The certificate's authority is not trusted.
    UnknownAuthority,
    /// The certificate has expired, or is not valid yet.
    CertificateDates,
    /// The certificate is for other names.
    CertificateName,
    /// TLS failed in another way.
    Tls,
    /// The proxy wants a user name and a password, or others than the variable has.
    ProxyLogin(Proxy),
    /// The proxy does not connect to the backend.
    ProxyRefusal(Proxy),
}

impl NoAnswer {
    /// Whether the backend may have carried out the request.
    pub(crate) const fn leaves_outcome_unknown(&self) -> bool {
        matches!(
            self,
            Self::ConnectionLost { .. }
                | Self::Malformed { .. }
                | Self::HeadersTooLarge
                | Self::TimedOut
                | Self::TooLarge { .. }
        )
    }
}

/// For `--verbose`.
impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { reason }
            | Self::Blocked { reason, .. }
            | Self::ConnectionLost { reason }
            | Self::Malformed { reason }
            | Self::TlsUnavailable { reason } => f.write_str(reason),
            Self::CertificatesUnusable { variable, reason } => write!(f, "{variable}: {reason}"),
            Self::NotSendable { length } => write!(f, "an address of {length} characters cannot be sent"),
            Self::TimedOut => f.write_str("the deadline passed"),
            Self::TooLarge { limit } => write!(f, "it is larger than {} MiB", limit / MIB),
            Self::Redirected { target, .. } => write!(f, "the redirect to {target} is not followed"),
            Self::HeadersTooLarge => f.write_str("its headers are too large"),
            Self::KeyInvalid => f.write_str("the API key has characters that a header cannot have"),
        }
    }
}

/// The connection to one backend. It is made when the first request is sent.
pub(super) struct Http {
    pub(super) endpoint: Endpoint,
    pub(super) trace: Trace,
    network: Network,
    client: OnceCell<reqwest::Client>,
    /// The backend has accepted the key in this run.
    pub(super) key_accepted: Cell<bool>,
    /// A request other than a GET has been sent in this run.
    pub(super) write_sent: Cell<bool>,
}

impl Http {
    pub(super) fn new(endpoint: Endpoint, network: Network, trace: Trace) -> Self {
        endpoint.key.remember();
        let client = OnceCell::new();
        Self { endpoint, trace, network, client, key_accepted: Cell::default(), write_sent: Cell::default() }
    }

    /// Sends a request once, and waits for its answer until `timeout` has passed.
    pub(super) async fn attempt(&self, request: Request<'_>, timeout: Duration) -> Result<Answer, NoAnswer> {
        let started = Instant::now();
        let whole = async {
            let client = self.client().await?;
            self.trace.request(request);
            self.receive(client, request, started).await
        };
        let answer = tokio::time::timeout(timeout, whole).await.unwrap_or(Err(NoAnswer::TimedOut));
        // An answer is traced together with its headers.
        if let Err(no_answer) = &answer {
            let ms = started.elapsed().as_millis();
            self.trace.note(format_args!("no usable response after {ms} ms: {no_answer}"));
        }
        answer
    }

    async fn receive(
        &self,
        client: &reqwest::Client,
        request: Request<'_>,
        started: Instant,
    ) -> Result<Answer, NoAnswer> {
        let mut headers = HeaderMap::with_capacity(3);
        headers.insert(header::ACCEPT, JSON);
        if request.sends_key {
            headers.insert(header::AUTHORIZATION, self.bearer()?);
        }
        let address = format!("{}{}", self.endpoint.address, request.path);
        let unsendable = NoAnswer::NotSendable { length: address.len() };
        if address.parse::<hyper::Uri>().is_err() {
            return Err(unsendable);
        }
        let mut sending = client.request(to_http(request.method), address);
        if let Some(body) = request.body {
            headers.insert(header::CONTENT_TYPE, JSON);
            // Wiped when it was sent.
            sending = sending.body(Bytes::from_owner(Zeroizing::new(body.bytes.to_vec())));
        }
        if self.trace.is_detailed() {
            self.trace.header('>', "user-agent", USER_AGENT);
            self.trace_headers('>', &headers);
            self.trace.request_body(request);
        }
        let sending = sending.headers(headers).build().map_err(|_| unsendable)?;
        if request.method != Method::Get {
            self.write_sent.set(true);
            interrupt::note_write();
        }
        let response = client.execute(sending).await.map_err(|error| self.no_answer(&error))?;
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
        // A key can come back anywhere, and these texts are cut later.
        let text = |name| Some(redact(headers.get(name)?.to_str().ok()?).into_owned());
        let body = match (status.as_u16(), text(header::LOCATION)) {
            (status @ 300..=399, Some(target)) => Err(NoAnswer::Redirected { status, target }),
            _ => self.read_body(&mut response, request.has_secrets()).await,
        };
        // The status is traced even if the body is incomplete.
        let bytes = body.as_ref().ok().map(|body| body.len());
        let reason = status.canonical_reason().unwrap_or_default();
        let request_ids = request_ids(&headers);
        self.trace.response(status.as_u16(), reason, started.elapsed(), bytes, &request_ids);
        if self.trace.is_detailed() {
            self.trace_headers('<', &headers);
            if let Ok(body) = &body {
                self.trace.answer_body(request, status.is_success(), body);
            }
        }
        let body = body?;
        if status.is_success() && request.sends_key {
            self.key_accepted.set(true);
        }
        Ok(Answer {
            status: status.as_u16(),
            content_type: text(header::CONTENT_TYPE).unwrap_or_default(),
            server: text(header::SERVER),
            retry_after: text(header::RETRY_AFTER)
                .and_then(|text| parse_retry_after(&text, jiff::Timestamp::now())),
            request_ids,
            body: SharedBytes::new(redacted_body(body, request.has_secrets())),
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
        let text = Zeroizing::new(format!("Bearer {}", self.endpoint.key.expose()).into_bytes());
        // Wiped with the last copy of the header.
        let value = header::HeaderValue::from_maybe_shared(Bytes::from_owner(text));
        let mut value = value.map_err(|_| NoAnswer::KeyInvalid)?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Builds the client when the first request is sent, because reading the system's root certificates takes a while.
    async fn client(&self) -> Result<&reqwest::Client, NoAnswer> {
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
        let builder = if self.endpoint.address.is_plain() {
            builder.tls_certs_only([]).no_proxy()
        } else {
            self.with_certificates(self.with_proxy(builder)?).await?
        };
        let client =
            builder.build().map_err(|error| NoAnswer::TlsUnavailable { reason: tls_reason(&error) })?;
        Ok(self.client.get_or_init(|| client))
    }

    fn with_proxy(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, NoAnswer> {
        match &self.network.path {
            NetworkPath::SystemDefault => {
                let systems = if cfg!(any(target_os = "macos", windows)) { " but the system's" } else { "" };
                self.trace.note(format_args!("no proxy{systems}"));
                Ok(builder)
            }
            NetworkPath::ThisMachine => Ok(builder.no_proxy()),
            NetworkPath::Excluded { variable } => {
                self.trace.note(format_args!("no proxy, because {variable} has the backend's host"));
                Ok(builder.no_proxy())
            }
            NetworkPath::Proxy(proxy) => {
                self.trace.note(format_args!("proxy {proxy}"));
                let proxy = reqwest::Proxy::https(proxy.url.clone());
                Ok(builder.no_proxy().proxy(proxy.map_err(|error| self.no_answer(&error))?))
            }
        }
    }

    async fn with_certificates(
        &self,
        builder: reqwest::ClientBuilder,
    ) -> Result<reqwest::ClientBuilder, NoAnswer> {
        let trust = &self.network.trust;
        if trust.is_the_systems() {
            self.trace.note(format_args!("certificates: the system's"));
            return Ok(builder);
        }
        let reading = trust.clone();
        // The file may be a pipe to which nothing writes.
        let read = tokio::task::spawn_blocking(move || reading.read()).await;
        let read = read.map_err(|error| NoAnswer::TlsUnavailable { reason: error.to_string() })?;
        let certificates = read.map_err(|CertificatesUnusable { variable, path, reason }| {
            NoAnswer::CertificatesUnusable { variable, reason: format!("{}: {reason}", path.display()) }
        })?;
        self.trace.note(format_args!("certificates: {} from {trust}", certificates.len()));
        let certificates: Result<Vec<_>, _> =
            certificates.iter().map(|certificate| reqwest::Certificate::from_der(certificate)).collect();
        let certificates =
            certificates.map_err(|error| NoAnswer::TlsUnavailable { reason: innermost(&error) })?;
        Ok(builder.tls_certs_only(certificates))
    }

    /// Reads a body. A success that is too large is refused; an error that is too large is cut, because its status
    /// counts.
    async fn read_body(
        &self,
        response: &mut reqwest::Response,
        has_secrets: bool,
    ) -> Result<Zeroizing<Vec<u8>>, NoAnswer> {
        let is_success = response.status().is_success();
        let limit = if is_success && !has_secrets { LARGEST_ANSWER } else { LARGEST_SMALL_ANSWER };
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        if is_success && announced.is_some_and(|length| length > limit) {
            return Err(NoAnswer::TooLarge { limit });
        }
        let mut body = Zeroizing::new(Vec::with_capacity(announced.unwrap_or_default().min(limit)));
        while let Some(chunk) = response.chunk().await.map_err(|error| self.no_answer(&error))? {
            let left = limit - body.len();
            if chunk.len() <= left {
                // Twice the present size, but never beyond the limit: all of it is wiped, which uses it.
                if chunk.len() > body.capacity() - body.len() {
                    let more = body.len().max(chunk.len()).min(left);
                    body.reserve_exact(more);
                }
                body.extend_from_slice(&chunk);
            } else if is_success {
                return Err(NoAnswer::TooLarge { limit });
            } else {
                body.extend_from_slice(&chunk[..left]);
                break;
            }
        }
        // While the main thread reads and shows so much, it sees no signal.
        if body.len() > MIB {
            interrupt::watch();
        }
        Ok(body)
    }

    /// Why there is no answer, from the errors of the HTTP client, of HTTP and of TLS.
    fn no_answer(&self, error: &reqwest::Error) -> NoAnswer {
        let reason = innermost(error);
        if error.is_connect() {
            return self.no_connection(error, reason);
        }
        let malformed = causes(error).any(|cause| {
            let is_malformed = |error: &io::Error| {
                matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
            };
            cause.downcast_ref().is_some_and(hyper::Error::is_parse)
                || cause.downcast_ref().is_some_and(is_malformed)
        });
        match causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
            // With TLS 1.3 the server asks for a certificate only after the connection is made, but before it reads the
            // request.
            Some(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)) => {
                let reason = "it requires a client certificate, which this tool does not have".to_owned();
                NoAnswer::Blocked { obstacle: Obstacle::Tls, reason }
            }
            None if malformed && reason.contains("too large") => NoAnswer::HeadersTooLarge,
            None if malformed => NoAnswer::Malformed { reason },
            _ => NoAnswer::ConnectionLost { reason },
        }
    }

    fn no_connection(&self, error: &reqwest::Error, reason: String) -> NoAnswer {
        let proxy = match &self.network.path {
            NetworkPath::Proxy(proxy) => Some(proxy),
            _ => None,
        };
        // The names in a chain of errors are private, but their texts are tested.
        let says = |text: &str| causes(error).any(|cause| cause.to_string().starts_with(text));
        let (obstacle, reason) = match causes(error).find_map(|cause| cause.downcast_ref()) {
            Some(rustls::Error::AlertReceived(AlertDescription::InternalError)) => (None, reason),
            Some(rustls::Error::InvalidCertificate(problem)) => {
                let (obstacle, reason) = self.certificate_problem(problem);
                (Some(obstacle), reason)
            }
            Some(rustls::Error::InvalidMessage(_)) => {
                (Some(Obstacle::Tls), "the server's response is not TLS".to_owned())
            }
            Some(_) => (Some(Obstacle::Tls), reason),
            None => match proxy {
                Some(proxy) if says("tunnel error: proxy authorization required") => {
                    let reason = if proxy.has_credentials() {
                        "it answered 407: it refuses the user name or password"
                    } else {
                        "it answered 407: it requires a user name and a password"
                    };
                    (Some(Obstacle::ProxyLogin(proxy.clone())), reason.to_owned())
                }
                Some(proxy)
                    if says("tunnel error: unsuccessful") || says("tunnel error: proxy response headers") =>
                {
                    let reason = "it does not connect to the backend: its answer to CONNECT is not 200";
                    (Some(Obstacle::ProxyRefusal(proxy.clone())), reason.to_owned())
                }
                _ => (None, reason),
            },
        };
        let reason = match proxy {
            Some(proxy) => format!("through the proxy {proxy}: {reason}"),
            None => reason,
        };
        match obstacle {
            Some(obstacle) => NoAnswer::Blocked { obstacle, reason },
            None => NoAnswer::Unreachable { reason },
        }
    }

    fn certificate_problem(&self, problem: &CertificateError) -> (Obstacle, String) {
        match problem {
            // An authority with the name of a known one has another key.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => (
                Obstacle::UnknownAuthority,
                format!(
                    "the certificate is signed by an authority that is unknown to {}",
                    self.network.trust
                ),
            ),
            CertificateError::ExpiredContext { not_after, .. } => {
                let reason = format!("the certificate expired on {}", day(not_after.as_secs()));
                (Obstacle::CertificateDates, reason)
            }
            CertificateError::NotValidYetContext { not_before, .. } => {
                let reason = format!("the certificate is not valid before {}", day(not_before.as_secs()));
                (Obstacle::CertificateDates, reason)
            }
            CertificateError::NotValidForNameContext { expected, presented } => {
                let names: Vec<_> =
                    presented.iter().map(|name| name.split('"').nth(1).unwrap_or(name)).collect();
                let reason =
                    format!("the certificate is for {}, not for {}", names.join(", "), expected.to_str());
                (Obstacle::CertificateName, reason)
            }
            other => (Obstacle::Tls, format!("the certificate is invalid: {other}")),
        }
    }
}

const JSON: header::HeaderValue = header::HeaderValue::from_static("application/json");

/// The date of a Unix time.
fn day(seconds: u64) -> String {
    let date = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    date.map(|date| date.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}

/// The errors of a chain, the outermost first. An `io::Error` hides the error that it was made from.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        let error = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(hidden) => Some(hidden as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

/// The message at the end of an error chain, which is the most specific one.
fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// Why TLS cannot be set up, without the words that rustls puts before every error of others.
fn tls_reason(error: &reqwest::Error) -> String {
    innermost(error).trim_start_matches("unexpected error: ").to_owned()
}

/// `x-request-id req_1, cf-ray 8f2`: what the operators of the backend and of what is in front of it need to find a
/// request in their logs. Empty if the answer has none.
fn request_ids(headers: &HeaderMap) -> String {
    let id = |name| {
        let text = redact(headers.get(name)?.to_str().ok()?.trim());
        (!text.is_empty()).then(|| format!("{name} {}", &text[..text.len().min(LONGEST_REQUEST_ID)]))
    };
    ["x-request-id", "cf-ray"].into_iter().filter_map(id).collect::<Vec<_>>().join(", ")
}

/// Parses a `Retry-After`: seconds, or an HTTP date in one of its three forms (RFC 9110, section 5.6.7).
pub(crate) fn parse_retry_after(value: &str, now: jiff::Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that is too large is a long wait.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let obsolete = |form: &str| {
        let date = jiff::fmt::strtime::parse(form, value).ok()?.to_datetime().ok()?;
        Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    };
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok();
    let date = date
        .or_else(|| obsolete("%A, %d-%b-%y %H:%M:%S GMT"))
        .or_else(|| obsolete("%a %b %e %H:%M:%S %Y"))?;
    let wait = date.duration_since(now);
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
