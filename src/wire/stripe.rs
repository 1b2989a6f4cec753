//! Stripe's part of the backend's answers. The aliases are the older generation's field names.
//!
//! Only what is shown or judged is named here: the JSON output is the backend's own body, whatever else is in it.

use serde::Deserialize;

use crate::wire::{Connection, List, Subject};

/// The connection of the environment whose webhook endpoint was configured.
#[derive(Debug, Deserialize)]
pub(crate) struct ConnectionReply {
    pub(crate) connection: Connection,
}

/// One result for each environment that was synced.
#[derive(Debug, Deserialize)]
pub(crate) struct SyncResults {
    pub(crate) results: Vec<SyncResult>,
}

/// What became of one environment's sync. The HTTP status is 200 whatever became of it.
#[derive(Debug, Deserialize)]
pub(crate) struct SyncResult {
    pub(crate) environment: String,
    pub(crate) connection: Connection,
    pub(crate) subscriptions: Option<SyncedSubscriptions>,
}

/// What a sync wrote of subscriptions; `unmapped` ones have no billing subject.
#[derive(Debug, Deserialize)]
pub(crate) struct SyncedSubscriptions {
    pub(crate) synced: Option<u64>,
    pub(crate) unmapped: Option<u64>,
}

/// All products and prices of one environment.
#[derive(Debug, Deserialize)]
pub(crate) struct Catalog {
    pub(crate) products: List<Product>,
    pub(crate) prices: List<Price>,
}

/// The products of one environment.
#[derive(Debug, Deserialize)]
pub(crate) struct Products {
    pub(crate) products: List<Product>,
}

/// One product, with its prices where it was asked for by id.
#[derive(Debug, Deserialize)]
pub(crate) struct ProductReply {
    pub(crate) product: Product,
    #[serde(default)]
    pub(crate) prices: List<Price>,
}

/// A Stripe product, as the mirror has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Product {
    pub(crate) environment: String,
    #[serde(alias = "stripeProductId")]
    pub(crate) product_id: String,
    pub(crate) name: Option<String>,
    pub(crate) active: Option<bool>,
    pub(crate) default_price_id: Option<String>,
    pub(crate) synced_at: Option<String>,
}

/// What became of a product that was to be deleted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductDeleted {
    #[serde(alias = "stripeProductId")]
    pub(crate) product_id: String,
    pub(crate) deleted: bool,
}

/// The prices of one environment.
#[derive(Debug, Deserialize)]
pub(crate) struct Prices {
    pub(crate) prices: List<Price>,
}

/// One price.
#[derive(Debug, Deserialize)]
pub(crate) struct PriceReply {
    pub(crate) price: Price,
}

/// A Stripe price, as the mirror has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Price {
    pub(crate) environment: String,
    #[serde(alias = "stripePriceId")]
    pub(crate) price_id: String,
    #[serde(alias = "stripeProductId")]
    pub(crate) product_id: Option<String>,
    pub(crate) active: Option<bool>,
    pub(crate) currency: Option<String>,
    /// In the currency's smallest unit; null for tiered prices and for fractions of the smallest unit.
    pub(crate) unit_amount: Option<i64>,
    /// In the currency's smallest unit, with its fraction.
    pub(crate) unit_amount_decimal: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) billing_scheme: Option<String>,
    pub(crate) recurring_interval: Option<String>,
    pub(crate) recurring_interval_count: Option<u64>,
    pub(crate) synced_at: Option<String>,
}

/// The subscriptions of one environment.
#[derive(Debug, Deserialize)]
pub(crate) struct Subscriptions {
    pub(crate) subscriptions: List<Subscription>,
}

/// A Stripe subscription, as the mirror has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subscription {
    #[serde(alias = "stripeSubscriptionId")]
    pub(crate) subscription_id: String,
    #[serde(alias = "stripeCustomerId")]
    pub(crate) customer_id: Option<String>,
    subject_type: Option<String>,
    subject_id: Option<String>,
    pub(crate) status: String,
    pub(crate) current_period_end: Option<String>,
    #[serde(default)]
    pub(crate) items: Vec<serde::de::IgnoredAny>,
}

impl Subscription {
    pub(crate) fn subject(&self) -> Option<Subject<'_>> {
        Subject::of(self.subject_type.as_deref(), self.subject_id.as_deref())
    }
}
