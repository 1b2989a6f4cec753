//! The events that the providers have sent, or will send, to the backend.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::provider::Provider;
use crate::state::Time;

/// All events that happened at the providers, oldest first.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct EventLog {
    pub(crate) events: Vec<ProviderEvent>,
    /// The number of deliveries so far.
    pub(crate) deliveries: u64,
    /// The waiting events that a fault delays, by id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) delayed: BTreeMap<String, DelayedEvent>,
}

/// When and how a delayed event is delivered.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DelayedEvent {
    /// On the real clock.
    pub(crate) until: Time,
    /// Whether it is delivered twice.
    pub(crate) duplicate: bool,
}

/// An event at a provider.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProviderEvent {
    pub(crate) id: String,
    pub(crate) provider: Provider,
    pub(crate) environment: Environment,
    /// The provider's name of the event, such as `invoice.paid`.
    pub(crate) r#type: String,
    /// The id of the object that the event is about.
    pub(crate) object_id: String,
    pub(crate) created: Time,
    /// The event as JSON: the body of its deliveries.
    pub(crate) body: String,
    pub(crate) status: EventStatus,
    pub(crate) deliveries: Vec<Delivery>,
}

/// What has become of an event.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum EventStatus {
    /// It is still to be delivered.
    Waiting,
    Delivered,
    /// A fault dropped it.
    Dropped,
    /// The environment has no webhook secret, so the provider has nowhere to send it.
    NoWebhook,
}

/// A delivery of an event to the backend.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Delivery {
    /// Counts the deliveries of all events, from 1.
    pub(crate) number: u64,
    /// The status of the backend's answer.
    pub(crate) status: u16,
    /// Whether the backend applied the event.
    pub(crate) handled: bool,
}

impl EventLog {
    /// Records an event, which waits for its delivery.
    pub(crate) fn push(&mut self, event: ProviderEvent) {
        self.events.push(event);
    }
}
