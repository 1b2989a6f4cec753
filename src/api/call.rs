//! A request in the backend's terms, and its reply as a command sees it.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::api::body::Body;
use crate::api::method::Method;
use crate::api::provider::Provider;
use crate::api::retry::Replay;
use crate::api::route::Route;
use crate::wire::{Generation, Json, SharedBytes, read_body, retain_elements};

/// Reads the data of an answer. It also returns the JSON body to show, if the received one must not be shown.
type Reader<T> = fn(&SharedBytes) -> serde_json::Result<(Option<Value>, T)>;

/// A request to the payments API whose answer is a `T`.
#[derive(Debug)]
pub(crate) struct Call<T> {
    pub(crate) method: Method,
    pub(crate) route: Route,
    pub(crate) replay: Replay,
    /// Whether it changes more than the mirror. A sync only copies what the provider has.
    pub(crate) is_write: bool,
    pub(crate) body: Option<Body>,
    /// The answer of a success has keys in clear, so `--verbose` does not show it.
    pub(crate) secret_answer: bool,
    read: Reader<T>,
}

impl<T> Call<T> {
    /// Whether a 404 without a specific code can mean a missing object, and not only a missing route.
    pub(crate) fn names_an_object(&self) -> bool {
        self.method == Method::Delete || self.route.ends_in_an_id()
    }

    /// Path and query; empty if the generation has no such route.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn path(&self, generation: Generation) -> String {
        self.route.path(generation).unwrap_or_default()
    }

    /// The request for `--dry-run`, secrets masked; `None` if the generation has no such route.
    pub(crate) fn masked_json(&self, generation: Generation) -> serde_json::Result<Option<Value>> {
        let Some(path) = self.route.path(generation) else { return Ok(None) };
        let body = self.body.as_ref().map(|body| body.masked(generation)).transpose()?;
        Ok(Some(json!({"method": self.method.as_str(), "path": path, "body": body})))
    }
}

impl<T: DeserializeOwned> Call<T> {
    /// A read.
    pub(crate) fn get(route: Route) -> Self {
        Self {
            method: Method::Get,
            route,
            replay: Replay::Always,
            is_write: false,
            body: None,
            secret_answer: false,
            read: read_data,
        }
    }

    /// A write that must not be sent twice.
    pub(crate) fn write(method: Method, route: Route) -> Self {
        Self { replay: Replay::IfNotSent, ..Self::repeatable(method, route) }
    }

    /// A write that has the same effect however often it is sent.
    pub(crate) fn repeatable(method: Method, route: Route) -> Self {
        Self { is_write: true, ..Self::sync(method, route) }
    }

    /// A request that changes only the mirror.
    pub(crate) fn sync(method: Method, route: Route) -> Self {
        Self { method, ..Self::get(route) }
    }

    /// Makes an update repeatable. The caller knows that nothing else changes the object in this run.
    pub(crate) fn assume_repeatable(self) -> Self {
        Self { replay: Replay::Always, ..self }
    }

    pub(crate) fn with_body(self, body: Body) -> Self {
        Self { body: Some(body), ..self }
    }

    /// The answer has secrets: its JSON is serialized from `T`, which leaves them out.
    pub(crate) fn with_secrets(self) -> Self
    where
        T: Serialize,
    {
        Self { read: read_without_secrets, ..self.with_requested_secret() }
    }

    /// The answer has a secret that the caller asked for.
    pub(crate) fn with_requested_secret(self) -> Self {
        Self { secret_answer: true, ..self }
    }

    /// Reads the body of a success.
    pub(crate) fn read(&self, bytes: SharedBytes) -> serde_json::Result<Reply<T>> {
        let (json, data) = (self.read)(&bytes)?;
        let body = json.map_or_else(|| ReplyBody::Bytes(bytes), ReplyBody::Json);
        Ok(Reply { body, data, provider: self.route.provider() })
    }
}

fn read_data<T: DeserializeOwned>(bytes: &SharedBytes) -> serde_json::Result<(Option<Value>, T)> {
    Ok((None, read_body(bytes)?))
}

fn read_without_secrets<T: DeserializeOwned + Serialize>(
    bytes: &SharedBytes,
) -> serde_json::Result<(Option<Value>, T)> {
    let data: T = read_body(bytes)?;
    Ok((Some(serde_json::to_value(&data)?), data))
}

/// The backend's answer to a [`Call`]: its JSON body, and the data that was read from it.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    body: ReplyBody,
    pub(crate) data: T,
    pub(crate) provider: &'static Provider,
}

#[derive(Debug)]
enum ReplyBody {
    /// The received bytes. They are wiped when they are dropped.
    Bytes(SharedBytes),
    /// Serialized from the data, because the received body has secrets.
    Json(Value),
}

impl<T> Reply<T> {
    /// The JSON body as a value, which for a long list takes ten times the memory of its text.
    pub(crate) fn value(&self) -> serde_json::Result<Cow<'_, Value>> {
        match &self.body {
            ReplyBody::Bytes(bytes) => serde_json::from_slice(bytes).map(Cow::Owned),
            ReplyBody::Json(value) => Ok(Cow::Borrowed(value)),
        }
    }

    /// The JSON body as text.
    pub(crate) fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        match &self.body {
            ReplyBody::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
            ReplyBody::Json(value) => serde_json::to_vec(value).map(Cow::Owned),
        }
    }
}

impl<T: DeserializeOwned> Reply<T> {
    /// The reply without those rows of its lists that `keep` drops.
    pub(crate) fn retain_rows(
        self,
        lists: &[&str],
        keep: impl Fn(Json<'_>) -> bool,
    ) -> serde_json::Result<Self> {
        let mut bytes = match self.body {
            ReplyBody::Bytes(bytes) => {
                // The lists in the data have the body too.
                drop(self.data);
                SharedBytes::try_unwrap(bytes).unwrap_or_else(|bytes| (*bytes).clone())
            }
            ReplyBody::Json(value) => Zeroizing::new(serde_json::to_vec(&value)?),
        };
        retain_elements(&mut bytes, lists, keep)?;
        let bytes = SharedBytes::new(bytes);
        Ok(Self { data: read_body(&bytes)?, body: ReplyBody::Bytes(bytes), provider: self.provider })
    }
}
