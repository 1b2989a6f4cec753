//! Sends the events that the backend received to applications on this machine or network, as a webhook endpoint of theirs
//! at the provider would.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use url::Url;

use crate::delivery::{signed_headers, webhook_secret};
use crate::http::Server;
use crate::provider::Provider;
use crate::state::State;

/// How long to wait before each further attempt.
pub(crate) const DELAYS: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(25)];
/// How often the state file is checked for events that another process has made.
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// How long an application can take for its response.
const TIME_LIMIT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("insforge-sandbox/", env!("CARGO_PKG_VERSION"));

/// The address of an application that receives the providers' events. Parse it from text such as
/// `http://localhost:3000/webhooks`, or `stripe=http://localhost:3000/webhooks` for the events of one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardUrl {
    /// The only provider whose events are sent; all of them if it is `None`.
    provider: Option<Provider>,
    url: Url,
}

impl fmt::Display for ForwardUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

impl FromStr for ForwardUrl {
    type Err = ForwardUrlError;

    fn from_str(text: &str) -> Result<Self, ForwardUrlError> {
        let (provider, text) = match text.split_once('=') {
            Some(("stripe", url)) => (Some(Provider::Stripe), url),
            Some(("razorpay", url)) => (Some(Provider::Razorpay), url),
            _ => (None, text),
        };
        let url = Url::parse(text).map_err(|_| ForwardUrlError::Invalid)?;
        match url.scheme() {
            "http" if !url.username().is_empty() || url.password().is_some() => {
                Err(ForwardUrlError::Credentials)
            }
            "http" => Ok(Self { provider, url }),
            "https" => Err(ForwardUrlError::Https),
            _ => Err(ForwardUrlError::Invalid),
        }
    }
}

/// The error for text that is not a [`ForwardUrl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForwardUrlError {
    /// It is not a URL, or its scheme is neither `http` nor `https`.
    Invalid,
    /// Its scheme is `https`.
    Https,
    /// It contains a user name or a password.
    Credentials,
}

impl fmt::Display for ForwardUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => {
                "expected an address such as `http://localhost:3000/webhooks` or `stripe=http://localhost:3000/webhooks`"
            }
            Self::Https => "https is not supported; expected an address that starts with http://",
            Self::Credentials => "the address cannot contain a user name or a password",
        })
    }
}

impl std::error::Error for ForwardUrlError {}

/// Where to send events, and what to do if that fails.
pub(crate) struct Forwarder {
    pub(crate) urls: Vec<ForwardUrl>,
    /// [`DELAYS`], or less in a test.
    pub(crate) delays: Vec<Duration>,
    /// Called with a line about each event that was given up.
    pub(crate) warn: Box<dyn Fn(&str) + Send + Sync>,
    /// The number of the last delivery that is not sent.
    pub(crate) after: u64,
}

/// A delivery to send.
struct Forwarded {
    event: String,
    r#type: String,
    provider: Provider,
    body: String,
    /// Signs the body again for each attempt, because a signature is valid for only five minutes.
    secret: String,
}

impl Forwarder {
    /// Sends each new delivery to every address, until the runtime ends.
    pub(crate) async fn run(self, server: Arc<Server>) {
        let mut changed = server.changed.subscribe();
        let forwarder = Arc::new(self);
        let queues: Vec<_> = (0..forwarder.urls.len())
            .map(|index| {
                let (queue, deliveries) = mpsc::unbounded_channel();
                tokio::spawn(Arc::clone(&forwarder).send_all(index, deliveries, Arc::clone(&server)));
                queue
            })
            .collect();
        let mut after = forwarder.after;
        loop {
            let read = server.on_thread(false, move |state, _| new_deliveries(state, after)).await;
            // A state file that cannot be read now may be readable later. Requests report the error.
            if let Some((last, deliveries)) = read {
                after = last;
                for delivery in deliveries.into_iter().map(Arc::new) {
                    for queue in &queues {
                        // The receiver lives as long as this task.
                        let _ = queue.send(Arc::clone(&delivery));
                    }
                }
            }
            let next = tokio::time::timeout(POLL_INTERVAL, changed.changed()).await;
            if let Ok(Err(_)) = next {
                return;
            }
        }
    }

    /// Sends deliveries to one address, in order. Further attempts do not hold up the deliveries after them.
    async fn send_all(
        self: Arc<Self>,
        index: usize,
        mut deliveries: mpsc::UnboundedReceiver<Arc<Forwarded>>,
        server: Arc<Server>,
    ) {
        while let Some(delivery) = deliveries.recv().await {
            let Some(url) = self.urls.get(index) else { return };
            if url.provider.is_some_and(|provider| provider != delivery.provider) {
                continue;
            }
            if let Err(reason) = self.attempt(&delivery, url, &server).await {
                tokio::spawn(Arc::clone(&self).try_again(delivery, url.clone(), reason, Arc::clone(&server)));
            }
        }
    }

    async fn try_again(
        self: Arc<Self>,
        delivery: Arc<Forwarded>,
        url: ForwardUrl,
        mut reason: String,
        server: Arc<Server>,
    ) {
        for delay in &self.delays {
            tokio::time::sleep(*delay).await;
            match self.attempt(&delivery, &url, &server).await {
                Ok(()) => return,
                Err(later) => reason = later,
            }
        }
        let Forwarded { event, r#type, .. } = delivery.as_ref();
        let attempts = self.delays.len() + 1;
        (self.warn)(&format!(
            "{type} ({event}) was not forwarded to {url} after {attempts} attempts: {reason}"
        ));
    }

    /// Sends a delivery once, and logs the outcome. The error is the reason why it failed.
    async fn attempt(&self, delivery: &Forwarded, url: &ForwardUrl, server: &Server) -> Result<(), String> {
        let sent = tokio::time::timeout(TIME_LIMIT, post(delivery, &url.url)).await;
        let outcome = match sent {
            Ok(Ok(status @ 200..=299)) => Ok(status),
            Ok(Ok(status)) => Err(format!("the response has the status {status}")),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("there is no response within {} s", TIME_LIMIT.as_secs())),
        };
        let result = outcome.as_ref().map_or_else(Clone::clone, u16::to_string);
        (server.log)(&format!("forward {} to {url}: {result}", delivery.r#type));
        outcome.map(drop)
    }
}

/// The number of the last delivery, and the deliveries since `after`, in order.
fn new_deliveries(state: &State, after: u64) -> (u64, Vec<Forwarded>) {
    let last = state.events.deliveries;
    // The numbers start again after a reset.
    let after = if after > last { 0 } else { after };
    let mut numbered = Vec::new();
    if after < last {
        for event in &state.events.events {
            let new = event.deliveries.iter().filter(|delivery| delivery.number > after);
            numbered.extend(new.map(|delivery| (delivery.number, event)));
        }
    }
    numbered.sort_by_key(|(number, _)| *number);
    let deliveries = numbered.into_iter().filter_map(|(_, event)| {
        Some(Forwarded {
            event: event.id.clone(),
            r#type: event.r#type.clone(),
            provider: event.provider,
            body: event.body.clone(),
            secret: webhook_secret(state, event.provider, event.environment)?,
        })
    });
    (last, deliveries.collect())
}

/// Posts a delivery, and returns the status of the response.
async fn post(delivery: &Forwarded, url: &Url) -> Result<u16, Box<dyn std::error::Error + Send + Sync>> {
    let port = url.port_or_known_default().unwrap_or(80);
    let stream = match url.host() {
        Some(url::Host::Domain(name)) => TcpStream::connect((name, port)).await,
        Some(url::Host::Ipv4(address)) => TcpStream::connect((address, port)).await,
        Some(url::Host::Ipv6(address)) => TcpStream::connect((address, port)).await,
        None => return Err("the address has no host".into()),
    }?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let Forwarded { event, provider, body, secret, .. } = delivery;
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let mut request = Request::post(path).header(header::HOST, host).header(header::USER_AGENT, USER_AGENT);
    for (name, value) in signed_headers(*provider, event, body, secret, Timestamp::now()) {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(Bytes::from(body.clone())))?;
    Ok(sender.send_request(request).await?.status().as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_addresses_receive_events() {
        for (text, expected) in [
            ("http://localhost:3000/webhooks?a=1", Ok("http://localhost:3000/webhooks?a=1")),
            ("http://[::1]:3000", Ok("http://[::1]:3000/")),
            ("http://app:8080/hook", Ok("http://app:8080/hook")),
            ("stripe=http://app:8080/hook?a=1", Ok("http://app:8080/hook?a=1")),
            ("paypal=http://app:8080/hook", Err(ForwardUrlError::Invalid)),
            ("razorpay=https://app", Err(ForwardUrlError::Https)),
            ("https://localhost:3000", Err(ForwardUrlError::Https)),
            ("http://me:secret@localhost", Err(ForwardUrlError::Credentials)),
            ("localhost:3000", Err(ForwardUrlError::Invalid)),
            ("ftp://localhost", Err(ForwardUrlError::Invalid)),
            ("http://", Err(ForwardUrlError::Invalid)),
            ("", Err(ForwardUrlError::Invalid)),
        ] {
            let parsed = text.parse::<ForwardUrl>().map(|url| url.to_string());
            assert_eq!(parsed.as_deref().map_err(|error| *error), expected, "{text}");
        }
    }
}
