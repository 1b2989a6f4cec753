//! The backend's copy of Stripe's data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::state::{
    BillingSubject, CheckoutSessionRow, Connection, CustomerMappings, MirroredCustomer, PortalSessionRow,
    Synced, Time, Transaction,
};
use crate::stripe::{Price, Product, Subscription};

/// The backend's data for one environment: the Stripe key, and copies of Stripe's objects.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StripeMirror {
    pub(crate) key: Option<String>,
    pub(crate) connection: Connection<Counts>,
    pub(crate) products: BTreeMap<String, Synced<Product>>,
    pub(crate) prices: BTreeMap<String, Synced<Price>>,
    pub(crate) customers: BTreeMap<String, MirroredCustomer>,
    pub(crate) subscriptions: BTreeMap<String, MirroredSubscription>,
    /// The billing subject of each customer. Only newer backends learn it from subscriptions.
    pub(crate) subjects: CustomerMappings,
    /// In the order of Stripe's events.
    pub(crate) transactions: Vec<Transaction>,
    /// Oldest first.
    #[serde(default)]
    pub(crate) checkout_sessions: Vec<CheckoutSessionRow>,
    /// Oldest first.
    #[serde(default)]
    pub(crate) portal_sessions: Vec<PortalSessionRow>,
}

impl StripeMirror {
    /// Clears all copies, because the key belongs to another account.
    pub(crate) fn clear(&mut self) {
        let connection = std::mem::take(&mut self.connection);
        *self = Self { key: self.key.take(), connection, ..Self::default() };
        self.connection.clear_sync_status();
    }
}

/// The number of objects in the last successful sync.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Counts {
    pub(crate) prices: usize,
    pub(crate) products: usize,
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
    /// Increases with every write. Times are too coarse to sort the newest first.
    pub(crate) written: u64,
}
