//! A request and its answer in HTTP's terms.

use std::fmt;
use std::time::Duration;

use crate::api::body::Body;
use crate::api::call::Call;
use crate::api::method::Method;
use crate::api::retry::Replay;
use crate::api::route::Route;
use crate::wire::{Generation, SharedBytes};

/// A request that is ready to be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) body: Option<EncodedBody<'a>>,
    pub(crate) replay: Replay,
    /// See [`Call::is_write`].
    pub(crate) is_write: bool,
    /// `None` for a request outside the payments API.
    pub(crate) route: Option<&'a Route>,
    /// Whether the API key is sent.
    pub(crate) sends_key: bool,
    /// The answer of a success has keys in clear.
    pub(crate) secret_answer: bool,
}

/// An encoded body, and what it was encoded from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EncodedBody<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) body: &'a Body,
    pub(crate) generation: Generation,
}

impl<'a> Request<'a> {
    /// A read.
    pub(crate) const fn get(path: &'a str, route: Option<&'a Route>) -> Self {
        Self {
            method: Method::Get,
            path,
            body: None,
            replay: Replay::Always,
            is_write: false,
            route,
            sends_key: route.is_some(),
            secret_answer: false,
        }
    }

    /// The request of a call, without its body.
    pub(crate) fn of<T>(call: &'a Call<T>, path: &'a str) -> Self {
        let Call { method, replay, is_write, secret_answer, .. } = *call;
        let route = Some(&call.route);
        Self { method, path, body: None, replay, is_write, route, sends_key: true, secret_answer }
    }

    /// Whether it or its answer has secrets besides the API key.
    pub(super) fn has_secrets(&self) -> bool {
        self.secret_answer || self.body.is_some_and(|body| body.body.has_secrets())
    }

    /// The generation whose route the path is.
    pub(super) fn generation(&self) -> Generation {
        let is_older = |route: &Route| route.path(Generation::Older).as_deref() == Some(self.path);
        if self.route.is_some_and(is_older) { Generation::Older } else { Generation::Newer }
    }
}

/// `GET /api/…`
impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    /// The `Server` header.
    pub(crate) server: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    /// `x-request-id req_1, cf-ray 8f2`, or empty.
    pub(crate) request_ids: String,
    /// Wiped when it is dropped: some answers have keys.
    pub(crate) body: SharedBytes,
}

impl Answer {
    pub(crate) const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}
