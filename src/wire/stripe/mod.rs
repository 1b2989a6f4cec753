//! The backend's responses about Stripe. The aliases are the older generation's field names.
//!
//! The types contain only the fields that the program uses. The JSON output is the backend's own body, with all fields.

mod bodies;

use std::collections::BTreeMap;

use serde::Deserialize;

pub(crate) use bodies::{NewPrice, NewProduct, PriceChanges, ProductChanges};

use crate::wire::{Connection, List, Subject};

/// The response of `webhooks configure`: the connection of the environment.
#[derive(Debug, Deserialize)]
pub(crate) struct ConnectionReply {
    pub(crate) connection: Connection,
}

/// The response of `sync`: one result for each environment.
#[derive(Debug, Deserialize)]
pub(crate) struct SyncResults {
    pub(crate) results: Vec<SyncResult>,
}

/// The result of one environment's sync. The HTTP status is 200 even if the sync failed.
#[derive(Debug, Deserialize)]
pub(crate) struct SyncResult {
    pub(crate) environment: String,
    pub(crate) connection: Connection,
    pub(crate) subscriptions: Option<SyncedSubscriptions>,
}

/// How many subscriptions a sync mirrored. Unmapped ones have no billing subject.
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

/// One product. A request by id returns its prices too.
#[derive(Debug, Deserialize)]
pub(crate) struct ProductReply {
    pub(crate) product: Product,
    #[serde(default)]
    pub(crate) prices: List<Price>,
}

/// A Stripe product from the mirror.
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

/// The response to the deletion of a product.
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

/// A Stripe price from the mirror.
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
    /// In the currency's smallest unit. `None` for tiered prices and for fractions of the smallest unit.
    pub(crate) unit_amount: Option<i64>,
    /// In the currency's smallest unit, with a decimal fraction.
    pub(crate) unit_amount_decimal: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) lookup_key: Option<String>,
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

/// A Stripe subscription from the mirror.
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

/// The mirrored catalog of one environment, with every field that a comparison needs. Lists use [`Catalog`].
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Mirror {
    pub(crate) products: Vec<MirroredProduct>,
    pub(crate) prices: Vec<MirroredPrice>,
}

/// A product of a [`Mirror`].
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MirroredProduct {
    #[serde(alias = "stripeProductId")]
    pub(crate) product_id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) active: bool,
    pub(crate) default_price_id: Option<String>,
    #[serde(default)]
    pub(crate) metadata: BTreeMap<String, String>,
}

/// A price of a [`Mirror`].
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MirroredPrice {
    #[serde(alias = "stripePriceId")]
    pub(crate) price_id: String,
    /// `None` if Stripe no longer lists the product.
    #[serde(alias = "stripeProductId")]
    pub(crate) product_id: Option<String>,
    pub(crate) active: bool,
    pub(crate) currency: String,
    /// In the currency's smallest unit. `None` for tiered prices and for fractions of the smallest unit.
    pub(crate) unit_amount: Option<u64>,
    pub(crate) lookup_key: Option<String>,
    pub(crate) billing_scheme: Option<String>,
    /// `exclusive`, `inclusive` or `unspecified`. `None` means unspecified.
    pub(crate) tax_behavior: Option<String>,
    pub(crate) recurring_interval: Option<String>,
    pub(crate) recurring_interval_count: Option<u32>,
    #[serde(default)]
    pub(crate) metadata: BTreeMap<String, String>,
}
