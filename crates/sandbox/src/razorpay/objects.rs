//! Razorpay's objects, with the fields that the backend reads. Amounts are in the currency's smallest unit.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::state::Time;

/// An item to sell, once or through a plan.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) active: bool,
    pub(crate) amount: u64,
    pub(crate) currency: String,
    /// `invoice`, or `plan` if it was created with a plan.
    pub(crate) r#type: Option<String>,
    pub(crate) created: Option<Time>,
}

/// A billing plan for an item. It never changes.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    pub(crate) id: String,
    pub(crate) period: String,
    pub(crate) interval: u64,
    pub(crate) item: Item,
    #[serde(default)]
    pub(crate) notes: Map<String, Value>,
    pub(crate) created: Time,
}

/// A customer's subscription.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) plan: String,
    /// `None` until the first payment is authorized.
    pub(crate) customer: Option<String>,
    pub(crate) status: String,
    pub(crate) current_start: Option<Time>,
    pub(crate) current_end: Option<Time>,
    pub(crate) ended_at: Option<Time>,
    pub(crate) quantity: Option<u64>,
    pub(crate) charge_at: Option<Time>,
    pub(crate) start_at: Option<Time>,
    pub(crate) end_at: Option<Time>,
    pub(crate) total_count: Option<u64>,
    pub(crate) auth_attempts: Option<u64>,
    pub(crate) paid_count: Option<u64>,
    pub(crate) remaining_count: Option<u64>,
    pub(crate) short_url: Option<String>,
    pub(crate) has_scheduled_changes: bool,
    pub(crate) change_scheduled_at: Option<Time>,
    pub(crate) offer: Option<String>,
    pub(crate) notes: Map<String, Value>,
    pub(crate) created: Option<Time>,
}

/// An invoice.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Invoice {
    pub(crate) id: String,
    pub(crate) customer: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) order: Option<String>,
    pub(crate) subscription: Option<String>,
    pub(crate) payment: Option<String>,
    pub(crate) status: String,
    pub(crate) amount: u64,
    pub(crate) amount_paid: u64,
    pub(crate) currency: String,
    pub(crate) description: Option<String>,
    pub(crate) notes: Map<String, Value>,
    pub(crate) paid_at: Option<Time>,
    pub(crate) cancelled_at: Option<Time>,
    pub(crate) expired_at: Option<Time>,
    pub(crate) created: Option<Time>,
}

/// A successful or failed payment.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Payment {
    pub(crate) id: String,
    pub(crate) amount: u64,
    pub(crate) amount_refunded: u64,
    pub(crate) currency: String,
    pub(crate) status: String,
    pub(crate) order: Option<String>,
    pub(crate) invoice: Option<String>,
    pub(crate) customer: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) notes: Map<String, Value>,
    pub(crate) created: Option<Time>,
}
