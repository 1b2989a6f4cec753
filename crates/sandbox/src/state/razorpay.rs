//! The backend's copy of Razorpay's data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::razorpay::{Item, Plan, Subscription};
use crate::state::{
    BillingSubject, Connection, CustomerMappings, MirroredCustomer, Synced, Time, Transaction,
};

/// The backend's data for one environment: the Razorpay keys, and copies of Razorpay's objects.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RazorpayMirror {
    pub(crate) key: Option<Key>,
    pub(crate) webhook_secret: Option<String>,
    pub(crate) connection: Connection<Counts>,
    pub(crate) items: BTreeMap<String, Synced<Item>>,
    pub(crate) plans: BTreeMap<String, Synced<Plan>>,
    pub(crate) customers: BTreeMap<String, MirroredCustomer>,
    /// In the order of the last sync. Those that changed since then come first.
    pub(crate) subscriptions: Vec<MirroredSubscription>,
    pub(crate) subjects: CustomerMappings,
    /// In the order in which the backend first saw them.
    pub(crate) transactions: Vec<Transaction>,
    /// Oldest first.
    #[serde(default)]
    pub(crate) orders: Vec<OrderRow>,
}

impl RazorpayMirror {
    /// Clears all copies and the webhook, because the key belongs to another account.
    pub(crate) fn clear(&mut self) {
        let connection = std::mem::take(&mut self.connection);
        *self = Self {
            key: self.key.take(),
            webhook_secret: self.webhook_secret.take(),
            connection,
            ..Self::default()
        };
        self.connection.webhook = None;
        self.connection.clear_sync_status();
    }
}

/// A row of `razorpay_orders`. The row exists before the order at Razorpay does, and stays if Razorpay refuses it. Amounts
/// are in the currency's smallest unit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OrderRow {
    /// A UUID.
    pub(crate) id: String,
    /// `initialized`, `created`, `attempted`, `paid` or `failed`.
    pub(crate) status: String,
    pub(crate) subject: Option<BillingSubject>,
    pub(crate) customer_name: Option<String>,
    pub(crate) customer_email: Option<String>,
    pub(crate) customer_contact: Option<String>,
    /// Razorpay's id, `order_…`.
    pub(crate) order: Option<String>,
    pub(crate) receipt: Option<String>,
    pub(crate) amount: u64,
    pub(crate) amount_paid: Option<u64>,
    pub(crate) amount_due: Option<u64>,
    /// In lower case.
    pub(crate) currency: String,
    pub(crate) attempts: Option<u64>,
    pub(crate) verified_payment: Option<String>,
    pub(crate) verified_at: Option<Time>,
    pub(crate) description: Option<String>,
    pub(crate) callback_url: Option<String>,
    pub(crate) notes: Map<String, Value>,
    pub(crate) last_error: Option<String>,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
}

/// A Razorpay key: its public id and its secret.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// The numbers of objects in a sync. The fields are in the database's order: short names first.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Counts {
    pub(crate) items: usize,
    pub(crate) plans: usize,
    pub(crate) invoices: usize,
    pub(crate) payments: usize,
    pub(crate) customers: usize,
    pub(crate) subscriptions: usize,
}

/// The backend's copy of a subscription, and its billing subject.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MirroredSubscription {
    #[serde(flatten)]
    pub(crate) subscription: Subscription,
    pub(crate) subject: Option<BillingSubject>,
    /// A UUID. Rows of older state files have none.
    #[serde(default, rename = "rowId")]
    pub(crate) id: String,
    /// The payment with which the customer authorized the subscription, as verified by the application.
    #[serde(default)]
    pub(crate) authorization_payment: Option<String>,
    #[serde(default)]
    pub(crate) authorization_verified_at: Option<Time>,
    pub(crate) created_at: Time,
    pub(crate) synced_at: Time,
}

impl MirroredSubscription {
    /// The time of the last change: Razorpay's object, or the application's verification.
    pub(crate) fn updated_at(&self) -> &str {
        self.authorization_verified_at
            .as_ref()
            .map_or(&self.synced_at, |verified| verified.max(&self.synced_at))
    }
}
