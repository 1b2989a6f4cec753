//! Webhook events.

use serde_json::json;

use crate::backend::tables::{Row, Tables};
use crate::generation::Generation;
use crate::state::{State, WebhookEventRow};

pub(super) fn add(tables: &mut Tables, state: &State, generation: Generation) {
    let rows = state.insforge.webhook_events.iter();
    tables.insert("webhook_events", rows.map(|event| row(event, generation).columns).collect());
}

fn row(event: &WebhookEventRow, generation: Generation) -> Row {
    let is_newer = generation == Generation::Newer;
    let mut row = Row::new(generation, "webhook_events", event.environment, &event.id);
    row.put("id", event.id.clone());
    row.put("environment", event.environment.as_str());
    if !is_newer {
        row.put("stripe_event_id", event.event_id.clone());
    }
    row.put("event_type", event.event_type.clone());
    row.put("livemode", event.livemode);
    if !is_newer {
        row.put("stripe_account_id", event.account_id.clone());
    }
    row.put("object_type", event.object_type.clone());
    row.put("object_id", event.object_id.clone());
    row.put("processing_status", event.processing_status.clone());
    row.put("attempt_count", event.attempt_count);
    row.put("last_error", event.last_error.clone());
    row.put("payload", json!({}));
    row.put("received_at", event.received_at.clone());
    row.put("processed_at", event.processed_at.clone());
    row.put("created_at", event.created_at.clone());
    row.put("updated_at", event.updated_at.clone());
    row.put_if_newer("provider", event.provider.as_str());
    row.put_if_newer("provider_event_id", event.event_id.clone());
    row.put_if_newer("provider_account_id", event.account_id.clone());
    row
}
