//! `--dry-run`: shows the request of a write instead of sending it. Nothing is sent, not even the request that detects
//! the backend's generation. Only a lookup key is resolved with a request, because the write needs the id.

use anyhow::Result;
use serde_json::Value;

use crate::api::Call;
use crate::runner::Ctx;
use crate::runner::api_failure::provider_not_available;
use crate::wire::Generation;

/// How requests would be sent.
pub(super) struct DryRun {
    /// The last known generation of the backend.
    expected: Option<Generation>,
    /// Whether the object was searched in the mirror.
    has_read: bool,
}

impl DryRun {
    pub(super) async fn new(ctx: &Ctx) -> Result<Self> {
        let has_read = ctx.api.get().is_some_and(|api| api.generation().is_some());
        Ok(Self { expected: ctx.expected_generation().await?, has_read })
    }

    /// The request, as JSON.
    pub(super) fn request<T>(&self, call: &Call<T>) -> Result<Value> {
        let generation = self.expected.unwrap_or(Generation::Newer);
        Ok(call
            .masked_json(generation)?
            .ok_or_else(|| provider_not_available(call.route.provider(), generation))?)
    }

    /// The note after the requests.
    pub(super) fn note(&self) -> &'static str {
        match self.expected {
            Some(_) if self.has_read => "No write was sent; only the mirror was read.",
            Some(_) => "Nothing was sent.",
            None => {
                "Nothing was sent. The backend's version is unknown, so this request is for InsForge 2.2.1 or later."
            }
        }
    }
}
