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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) contact: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) notes: Map<String, Value>,
    pub(crate) created: Option<Time>,
}

/// What the application fills in for the customer on the checkout page.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Prefill {
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) contact: Option<String>,
}

/// An order to pay.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) amount: u64,
    pub(crate) amount_paid: u64,
    pub(crate) amount_due: u64,
    /// In upper case.
    pub(crate) currency: String,
    pub(crate) receipt: Option<String>,
    /// `created`, `attempted` or `paid`.
    pub(crate) status: String,
    pub(crate) attempts: u64,
    pub(crate) notes: Map<String, Value>,
    pub(crate) created: Time,
    /// What the application shows on the checkout page. Razorpay learns it there.
    pub(crate) description: Option<String>,
    pub(crate) prefill: Prefill,
}

/// A payment that the bank confirms or refuses later.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DelayedPayment {
    pub(crate) payment: String,
    pub(crate) due: Time,
    pub(crate) succeeds: bool,
}

/// How a subscription is charged: what Razorpay knows and does not show.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Billing {
    /// The start of the first cycle, from which all others are counted.
    pub(crate) anchor: Time,
    /// The number of the next cycle to charge, from 0.
    pub(crate) next_cycle: u64,
    /// Whether the customer's card declines the next charges.
    pub(crate) declines: bool,
    pub(crate) cancel_at_cycle_end: bool,
    /// When a failed charge is tried again.
    pub(crate) retry_at: Option<Time>,
    pub(crate) prefill: Prefill,
}

/// A refund of a payment.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) amount: u64,
    pub(crate) currency: String,
    pub(crate) payment: String,
    /// `pending`, `processed` or `failed`.
    pub(crate) status: String,
    pub(crate) notes: Map<String, Value>,
    pub(crate) created: Time,
}
