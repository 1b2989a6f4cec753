//! What the backend answered.

use std::borrow::Cow;

use serde_json::Value;

use crate::api::call::Provider;
use crate::wire::Body;

/// The backend's answer: its body as it came, and what we read in it.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    pub(super) body: Answered,
    /// What tables and judgements are made of.
    pub(crate) data: T,
    /// Whose it is.
    pub(crate) provider: &'static Provider,
}

impl<T> Reply<T> {
    /// What `--json` prints. A table never needs it, and a long list's JSON takes ten times the memory of its bytes.
    pub(crate) fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        match &self.body {
            Answered::Came(bytes) => serde_json::from_slice(bytes).map(Cow::Owned),
            Answered::Made(value) => Ok(Cow::Borrowed(value)),
        }
    }

    /// The same as text: what came, as it came.
    pub(crate) fn text(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        match &self.body {
            Answered::Came(bytes) => Ok(Cow::Borrowed(bytes)),
            Answered::Made(value) => serde_json::to_vec(value).map(Cow::Owned),
        }
    }
}

#[derive(Debug)]
pub(super) enum Answered {
    /// The bytes that came.
    Came(Body),
    /// Made of what we read, because what came has secrets in it.
    Made(Value),
}
