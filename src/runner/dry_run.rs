//! `--dry-run`: the request of a write, instead of the write. Nothing is sent, not even the question for the generation.

use anyhow::Result;
use serde_json::Value;

use crate::api::Call;
use crate::runner::Ctx;
use crate::runner::api_failure::provider_not_available;
use crate::wire::Generation;

/// How requests would be sent.
pub(super) struct DryRun {
    /// The generation that the backend had the last time, where that is known.
    expected: Option<Generation>,
}

impl DryRun {
    pub(super) async fn new(ctx: &Ctx) -> Result<Self> {
        Ok(Self { expected: ctx.expected_generation().await? })
    }

    /// The request.
    pub(super) fn shown<T>(&self, call: &Call<T>) -> Result<Value> {
        let generation = self.expected.unwrap_or(Generation::Newer);
        Ok(call
            .shown(generation)?
            .ok_or_else(|| provider_not_available(call.route.provider(), generation))?)
    }

    /// What there is to say of it all.
    pub(super) fn note(&self) -> &'static str {
        match self.expected {
            Some(_) => "Nothing was sent.",
            None => {
                "Nothing was sent. This is how a newer backend takes it; which one this is was not asked."
            }
        }
    }
}
