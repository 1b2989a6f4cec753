//! One exchange with the backend: what is sent, and what comes back.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::api::body::Body;
use crate::api::call::{Method, Route};
use crate::api::retry::Replay;
use crate::wire::Generation;

/// A request, ready to be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) body: Option<Sent<'a>>,
    pub(crate) replay: Replay,
    /// What it is about; `None` for the backend itself, which needs no key there and gets none.
    pub(crate) route: Option<&'a Route>,
    /// A success has keys in it, in clear.
    pub(crate) secret_answer: bool,
}

/// A body: JSON as it is sent, and what it was made of, to be shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) of: &'a Body,
    pub(crate) generation: Generation,
}

impl<'a> Request<'a> {
    /// A read.
    pub(crate) const fn get(path: &'a str, route: Option<&'a Route>) -> Self {
        Self { method: Method::Get, path, body: None, replay: Replay::Always, route, secret_answer: false }
    }
}

/// `GET /api/…`
impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) retry_after: Option<Duration>,
    /// Wiped when it is dropped: some answers carry keys.
    pub(crate) body: Zeroizing<Vec<u8>>,
}

impl Answer {
    pub(crate) const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

/// Whether nobody can tell of a write that is answered like this whether it was done. 501 and 505 are about the request
/// itself.
pub(crate) const fn leaves_open(status: u16) -> bool {
    matches!(status, 408 | 499 | 500..=599) && !matches!(status, 501 | 505)
}

/// Whether it says that something behind is out of reach. 520 to 524 are Cloudflare's words for that.
pub(crate) const fn is_out_of_reach(status: u16) -> bool {
    matches!(status, 502..=504 | 520..=524)
}

/// The sentence at the bottom of an error chain: the one that says what happened.
pub(crate) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// Seconds, or the date that HTTP writes.
pub(super) fn parse_retry_after(value: &str) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    let wait = date.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(wait).unwrap_or_default())
}
