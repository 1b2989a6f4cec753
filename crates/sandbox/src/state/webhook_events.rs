//! The backend's rows of webhook events.

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::provider::Provider;
use crate::state::Time;

/// A row of `webhook_events`: an event that a provider delivered, and what the backend did with it. The provider, the
/// environment and the provider's id are unique together. The event itself is not stored, because nothing reads it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WebhookEventRow {
    /// A UUID.
    pub(crate) id: String,
    pub(crate) provider: Provider,
    pub(crate) environment: Environment,
    pub(crate) event_id: String,
    pub(crate) event_type: String,
    pub(crate) livemode: bool,
    pub(crate) account_id: Option<String>,
    pub(crate) object_type: Option<String>,
    pub(crate) object_id: Option<String>,
    /// `pending`, `processed`, `failed` or `ignored`.
    pub(crate) processing_status: String,
    pub(crate) attempt_count: u32,
    pub(crate) last_error: Option<String>,
    pub(crate) received_at: Time,
    pub(crate) processed_at: Option<Time>,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
}
