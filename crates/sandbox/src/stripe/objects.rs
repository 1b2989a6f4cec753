//! Stripe's objects, with the fields that the backend reads.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::state::{LineItem, Time};

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

/// What Stripe knows of a subscription besides the fields that the backend reads.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Billing {
    pub(crate) created: Time,
    /// The start of the first paid period. All periods begin on its day of the month, or on the last day of a shorter month.
    pub(crate) anchor: Time,
    pub(crate) ended_at: Option<Time>,
    /// `cancellation_requested` or `payment_failed`.
    pub(crate) cancellation_reason: Option<String>,
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

/// A page on which a customer pays. Amounts are in the currency's smallest unit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CheckoutSession {
    pub(crate) id: String,
    /// `payment` or `subscription`.
    pub(crate) mode: String,
    /// `open`, `complete` or `expired`.
    pub(crate) status: String,
    /// `unpaid`, `paid` or `no_payment_required`.
    pub(crate) payment_status: String,
    pub(crate) currency: String,
    pub(crate) amount_total: u64,
    pub(crate) line_items: Vec<LineItem>,
    pub(crate) customer: Option<String>,
    pub(crate) customer_email: Option<String>,
    /// Whether a customer is created when the session is paid. A subscription always creates one.
    pub(crate) creates_customer: bool,
    pub(crate) client_reference_id: Option<String>,
    pub(crate) metadata: Map<String, Value>,
    /// The metadata of the payment intent or of the subscription that the session creates.
    pub(crate) payment_metadata: Map<String, Value>,
    pub(crate) success_url: String,
    pub(crate) cancel_url: String,
    pub(crate) payment_intent: Option<String>,
    pub(crate) subscription: Option<String>,
    pub(crate) created: Time,
    pub(crate) expires_at: Time,
}

/// A payment, of a checkout session or of an invoice. Amounts are in the currency's smallest unit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PaymentIntent {
    pub(crate) id: String,
    pub(crate) amount: u64,
    pub(crate) amount_refunded: u64,
    pub(crate) currency: String,
    /// `requires_payment_method`, `processing`, `succeeded` or `canceled`.
    pub(crate) status: String,
    pub(crate) customer: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) invoice: Option<String>,
    /// The last attempt to charge the card.
    pub(crate) charge: Option<String>,
    /// How a payment that is `processing` ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) settlement: Option<Settlement>,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) created: Time,
}

/// How a payment from a bank account ends, which is only known days later.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Settlement {
    pub(crate) at: Time,
    pub(crate) succeeds: bool,
}

/// An invoice of a subscription. Amounts are in the currency's smallest unit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Invoice {
    pub(crate) id: String,
    pub(crate) number: String,
    /// `open`, `paid`, `uncollectible` or `void`.
    pub(crate) status: String,
    /// `subscription_create` or `subscription_cycle`.
    pub(crate) billing_reason: String,
    pub(crate) customer: String,
    pub(crate) email: Option<String>,
    pub(crate) subscription: Option<String>,
    /// The subscription's metadata when the invoice was created.
    pub(crate) subscription_metadata: Map<String, Value>,
    pub(crate) currency: String,
    pub(crate) amount_due: u64,
    pub(crate) amount_paid: u64,
    pub(crate) lines: Vec<InvoiceLine>,
    #[serde(default)]
    pub(crate) description: Option<String>,
    pub(crate) payment_intent: Option<String>,
    pub(crate) attempt_count: u32,
    /// When a payment failed first. Stripe counts the days of its retries from here.
    #[serde(default)]
    pub(crate) first_failed_at: Option<Time>,
    /// When Stripe tries to charge the card again.
    pub(crate) next_payment_attempt: Option<Time>,
    /// The period that the invoice is for, like `period_end`.
    pub(crate) period_start: Time,
    pub(crate) period_end: Time,
    #[serde(default)]
    pub(crate) paid_at: Option<Time>,
    #[serde(default)]
    pub(crate) voided_at: Option<Time>,
    pub(crate) created: Time,
}

/// A price on an invoice. The amount is in the currency's smallest unit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct InvoiceLine {
    pub(crate) price: String,
    pub(crate) product: String,
    /// The subscription's item; `None` for a one-time price.
    #[serde(default)]
    pub(crate) subscription_item: Option<String>,
    pub(crate) quantity: u64,
    pub(crate) amount: u64,
}

/// A refund of a payment. The amount is in the currency's smallest unit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) amount: u64,
    pub(crate) currency: String,
    pub(crate) payment_intent: String,
    pub(crate) charge: Option<String>,
    /// `pending`, `succeeded` or `failed`.
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) created: Time,
}
