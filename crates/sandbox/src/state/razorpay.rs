//! The backend's copy of Razorpay's data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::razorpay::{Item, Plan, Subscription};
use crate::state::{BillingSubject, Connection, MirroredCustomer, Synced, Time, Transaction};

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
    /// In the order of the last sync.
    pub(crate) subscriptions: Vec<MirroredSubscription>,
    /// The billing subject of each customer.
    pub(crate) subjects: BTreeMap<String, BillingSubject>,
    /// In the order in which the backend first saw them.
    pub(crate) transactions: Vec<Transaction>,
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
    pub(crate) created_at: Time,
    pub(crate) synced_at: Time,
}
