//! Stripe's objects, with the fields that the backend reads.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::state::Time;

/// A product.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Product {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) active: bool,
    #[serde(default)]
    pub(crate) default_price: Option<String>,
    #[serde(default)]
    pub(crate) metadata: Map<String, Value>,
}

/// A one-time or recurring price. The amount is in the currency's smallest unit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Price {
    pub(crate) id: String,
    pub(crate) product: String,
    pub(crate) active: bool,
    pub(crate) currency: String,
    pub(crate) unit_amount: Option<u64>,
    pub(crate) unit_amount_decimal: Option<String>,
    #[serde(default)]
    pub(crate) lookup_key: Option<String>,
    pub(crate) billing_scheme: String,
    pub(crate) tax_behavior: String,
    #[serde(default)]
    pub(crate) recurring: Option<Recurring>,
    #[serde(default)]
    pub(crate) metadata: Map<String, Value>,
}

/// The billing interval of a price.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Recurring {
    pub(crate) interval: String,
    pub(crate) interval_count: u64,
}

/// A customer's subscription.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) customer: String,
    pub(crate) status: String,
    pub(crate) current_period_start: Option<Time>,
    pub(crate) current_period_end: Option<Time>,
    #[serde(default)]
    pub(crate) cancel_at_period_end: bool,
    #[serde(default)]
    pub(crate) cancel_at: Option<Time>,
    #[serde(default)]
    pub(crate) canceled_at: Option<Time>,
    #[serde(default)]
    pub(crate) trial_start: Option<Time>,
    #[serde(default)]
    pub(crate) trial_end: Option<Time>,
    #[serde(default)]
    pub(crate) latest_invoice: Option<String>,
    #[serde(default)]
    pub(crate) metadata: Map<String, Value>,
    pub(crate) items: Vec<SubscriptionItem>,
}

/// One price of a subscription.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionItem {
    pub(crate) id: String,
    pub(crate) product: Option<String>,
    pub(crate) price: Option<String>,
    pub(crate) quantity: Option<u64>,
}

/// A webhook endpoint.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookEndpoint {
    pub(crate) id: String,
    pub(crate) url: String,
}
