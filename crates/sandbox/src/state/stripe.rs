//! What the backend has of Stripe.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::state::{Connection, MirroredCustomer, Subject, Synced, Time, Transaction};
use crate::stripe::{Price, Product, Subscription};

/// What the backend has of one environment: Stripe's key, and copies of Stripe's objects as they were when they were
/// last seen.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Mirror {
    pub(crate) key: Option<String>,
    pub(crate) connection: Connection<Counts>,
    pub(crate) products: BTreeMap<String, Synced<Product>>,
    pub(crate) prices: BTreeMap<String, Synced<Price>>,
    pub(crate) customers: BTreeMap<String, MirroredCustomer>,
    pub(crate) subscriptions: BTreeMap<String, MirroredSubscription>,
    /// Whose customer is which billing subject; only newer backends learn it from subscriptions.
    pub(crate) subjects: BTreeMap<String, Subject>,
    /// In the order in which Stripe's events brought them.
    pub(crate) transactions: Vec<Transaction>,
}

impl Mirror {
    /// Another account: nothing of what was mirrored is true any more.
    pub(crate) fn clear(&mut self) {
        let connection = std::mem::take(&mut self.connection);
        *self = Self { key: self.key.take(), connection, ..Self::default() };
        self.connection.forget_syncs();
    }
}

/// How many objects the last successful sync saw.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Counts {
    pub(crate) prices: usize,
    pub(crate) products: usize,
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
    /// The higher, the later it was written: moments are too coarse to list the newest first.
    pub(crate) written: u64,
}
