//! What the backend has of Razorpay.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::razorpay::{Item, Plan, Subscription};
use crate::state::{Connection, MirroredCustomer, Subject, Synced, Time, Transaction};

/// What the backend has of one environment: Razorpay's keys, and copies of Razorpay's objects as they were when they
/// were last seen.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Mirror {
    pub(crate) key: Option<Key>,
    pub(crate) webhook_secret: Option<String>,
    pub(crate) connection: Connection<Counts>,
    pub(crate) items: BTreeMap<String, Synced<Item>>,
    pub(crate) plans: BTreeMap<String, Synced<Plan>>,
    pub(crate) customers: BTreeMap<String, MirroredCustomer>,
    /// In the order in which the last sync found them.
    pub(crate) subscriptions: Vec<MirroredSubscription>,
    /// Whose customer is which billing subject.
    pub(crate) subjects: BTreeMap<String, Subject>,
    /// In the order in which they were first seen.
    pub(crate) transactions: Vec<Transaction>,
}

impl Mirror {
    /// Another account: nothing of what was mirrored is true any more, and its dashboard knows no webhook.
    pub(crate) fn clear(&mut self) {
        let connection = std::mem::take(&mut self.connection);
        *self = Self {
            key: self.key.take(),
            webhook_secret: self.webhook_secret.take(),
            connection,
            ..Self::default()
        };
        self.connection.webhook = None;
        self.connection.forget_syncs();
    }
}

/// A key is two: one that names it, and one that is secret.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// How many objects a sync saw, in the order of the database, which has short names first.
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

/// A subscription as the backend knows it, and whose it is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MirroredSubscription {
    #[serde(flatten)]
    pub(crate) subscription: Subscription,
    pub(crate) subject: Option<Subject>,
    pub(crate) created_at: Time,
    pub(crate) synced_at: Time,
}
