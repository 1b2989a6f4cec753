//! The backend's rows of checkout and customer portal sessions at Stripe.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::state::{BillingSubject, Time};

/// A row of `stripe_checkout_sessions`. The row exists before the session at Stripe does, and stays if Stripe refuses it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CheckoutSessionRow {
    /// A UUID.
    pub(crate) id: String,
    pub(crate) mode: String,
    /// `initialized`, `open`, `completed`, `expired` or `failed`.
    pub(crate) status: String,
    pub(crate) payment_status: Option<String>,
    pub(crate) subject: Option<BillingSubject>,
    pub(crate) customer_email: Option<String>,
    pub(crate) line_items: Vec<LineItem>,
    pub(crate) success_url: String,
    pub(crate) cancel_url: String,
    pub(crate) idempotency_key: Option<String>,
    /// Identifies the request, so that another request with the same idempotency key is refused. Older backends compare the
    /// columns instead of storing it.
    pub(crate) request_hash: Option<String>,
    pub(crate) metadata: Map<String, Value>,
    /// Stripe's id, `cs_test_…`.
    pub(crate) session: Option<String>,
    pub(crate) customer: Option<String>,
    pub(crate) payment_intent: Option<String>,
    pub(crate) subscription: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) last_error: Option<String>,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
}

/// A price to pay, and how many times.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineItem {
    pub(crate) price: String,
    pub(crate) quantity: u64,
}

/// A row of `stripe_customer_portal_sessions`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PortalSessionRow {
    /// A UUID.
    pub(crate) id: String,
    /// `initialized`, `created` or `failed`.
    pub(crate) status: String,
    pub(crate) subject: BillingSubject,
    pub(crate) customer: Option<String>,
    pub(crate) return_url: Option<String>,
    pub(crate) configuration: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) last_error: Option<String>,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
}
