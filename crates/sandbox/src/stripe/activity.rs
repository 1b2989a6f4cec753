//! What happens in a Stripe account without the backend, and the events that follow.

use serde_json::{Map, Value, json};

use crate::environment::Environment;
use crate::provider::Provider;
use crate::state::{EventLog, EventStatus, IdGenerator, ProviderEvent, State, Time, unix, whole_seconds};
use crate::stripe::json::ObjectJson;
use crate::stripe::{AccountData, key};

/// The API version of the events. The backend registers its endpoint with it.
const API_VERSION: &str = "2026-04-22.dahlia";

/// The data of an account in one environment, and what is needed to change it.
pub(super) struct Activity<'a> {
    pub(super) data: &'a mut AccountData,
    pub(super) ids: &'a mut IdGenerator,
    pub(super) environment: Environment,
    /// The time at Stripe, in whole seconds.
    pub(super) now: Time,
    events: &'a mut EventLog,
    /// Whether the backend uses this account. Otherwise nobody receives its events.
    connected: bool,
}

/// An account's data in one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AccountRef {
    pub(super) account: String,
    pub(super) environment: Environment,
}

impl State {
    /// All accounts in both environments.
    pub(super) fn stripe_accounts(&self) -> impl Iterator<Item = (AccountRef, &AccountData)> {
        self.stripe.accounts.iter().flat_map(|(id, account)| {
            [(Environment::Test, &account.test), (Environment::Live, &account.live)]
                .into_iter()
                .map(|(environment, data)| (AccountRef { account: id.clone(), environment }, data))
        })
    }

    /// An account, to let something happen in it. `now` is the sandbox's time.
    pub(super) fn stripe_activity(&mut self, at: &AccountRef, now: &str) -> Option<Activity<'_>> {
        let environment = at.environment;
        let connected = self.insforge.stripe(environment).key.as_deref().map(key::account_id);
        let connected = connected.as_deref() == Some(at.account.as_str());
        let data = self.stripe.accounts.get_mut(&at.account)?.data(environment);
        let (ids, events) = (&mut self.ids, &mut self.events);
        Some(Activity { data, ids, environment, now: whole_seconds(now), events, connected })
    }
}

impl Activity<'_> {
    /// The JSON of the account's objects.
    pub(super) fn json(&self) -> ObjectJson<'_> {
        ObjectJson { data: self.data, livemode: self.environment == Environment::Live }
    }

    /// Sends an event about an object.
    pub(super) fn send(&mut self, r#type: &str, object: &Value) {
        self.send_event(r#type, &json!({"object": object}));
    }

    /// Sends an event about a changed object, with the fields that it had `before`.
    pub(super) fn send_update(&mut self, r#type: &str, before: &Value, object: &Value) {
        let previous = changed_fields(before, object);
        self.send_event(r#type, &json!({"object": object, "previous_attributes": previous}));
    }

    fn send_event(&mut self, r#type: &str, data: &Value) {
        let id = self.ids.next_id("evt_", 24);
        let object_id = data["object"]["id"].as_str().unwrap_or_default().to_owned();
        let body = json!({
            "id": id,
            "object": "event",
            "api_version": API_VERSION,
            "created": unix(&self.now),
            "data": data,
            "livemode": self.environment == Environment::Live,
            "pending_webhooks": 1,
            "request": {"id": null, "idempotency_key": null},
            "type": r#type,
        });
        self.events.push(ProviderEvent {
            id,
            provider: Provider::Stripe,
            environment: self.environment,
            r#type: r#type.to_owned(),
            object_id,
            created: self.now.clone(),
            body: body.to_string(),
            status: if self.connected { EventStatus::Waiting } else { EventStatus::NoWebhook },
            deliveries: Vec::new(),
        });
    }
}

/// The fields of `before` whose values differ in `after`.
fn changed_fields(before: &Value, after: &Value) -> Value {
    let fields = before.as_object().into_iter().flatten();
    let changed = fields.filter(|(name, value)| after.get(name.as_str()) != Some(value));
    Value::Object(changed.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>())
}
