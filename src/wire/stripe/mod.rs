//! The backend's responses about Stripe. The aliases are the older generation's field names.
//!
//! The types contain only the fields that the program uses. The JSON output is the backend's own body, with all fields.

mod bodies;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

pub(crate) use bodies::{NewPrice, NewProduct, PriceChanges, ProductChanges};

use crate::wire::number::{every, null_as_default};
use crate::wire::{Connection, List, Number, Subject};

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
    pub(crate) synced: Option<Number>,
    pub(crate) unmapped: Option<Number>,
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
    pub(crate) unit_amount: Option<Number>,
    /// In the currency's smallest unit, with a decimal fraction.
    pub(crate) unit_amount_decimal: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) lookup_key: Option<String>,
    pub(crate) billing_scheme: Option<String>,
    pub(crate) recurring_interval: Option<String>,
    pub(crate) recurring_interval_count: Option<Number>,
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
    /// Whether it ends at the end of the period.
    cancel_at_period_end: Option<bool>,
    /// When it ends, if that is planned.
    cancel_at: Option<String>,
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) items: Vec<serde::de::IgnoredAny>,
}

impl Subscription {
    pub(crate) fn subject(&self) -> Option<Subject<'_>> {
        Subject::of(self.subject_type.as_deref(), self.subject_id.as_deref())
    }

    /// Whether it has ended.
    pub(crate) fn is_over(&self) -> bool {
        is_over(&self.status)
    }

    /// Whether its end is planned.
    pub(crate) fn will_end(&self) -> bool {
        !self.is_over() && (self.cancel_at_period_end == Some(true) || self.cancel_at.is_some())
    }
}

/// Whether a subscription with this status has ended. Every other one counts as active: even one that is unpaid or paused
/// can charge its customer again.
fn is_over(status: &str) -> bool {
    matches!(status, "canceled" | "incomplete_expired")
}

/// The subscriptions of one environment, with what each is for. Lists use [`Subscriptions`].
#[derive(Debug, Deserialize)]
pub(crate) struct MirroredSubscriptions {
    pub(crate) subscriptions: Vec<MirroredSubscription>,
}

/// A subscription of [`MirroredSubscriptions`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MirroredSubscription {
    #[serde(alias = "stripeSubscriptionId")]
    pub(crate) subscription_id: String,
    pub(crate) status: String,
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) items: Vec<SubscriptionItem>,
}

/// What a subscription is for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionItem {
    #[serde(alias = "stripeProductId")]
    pub(crate) product_id: Option<String>,
    #[serde(alias = "stripePriceId")]
    pub(crate) price_id: Option<String>,
}

impl MirroredSubscription {
    /// Whether it has ended.
    pub(crate) fn is_over(&self) -> bool {
        is_over(&self.status)
    }
}

impl Price {
    /// How often it is paid: `month`, `3 months`. `None` if it is paid once.
    pub(crate) fn recurring(&self) -> Option<String> {
        Some(every(self.recurring_interval_count.as_ref(), self.recurring_interval.as_deref()?))
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
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) active: bool,
    pub(crate) default_price_id: Option<String>,
    #[serde(default, deserialize_with = "texts")]
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
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) active: bool,
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) currency: String,
    /// In the currency's smallest unit. `None` for tiered prices and for fractions of the smallest unit.
    pub(crate) unit_amount: Option<Number>,
    pub(crate) lookup_key: Option<String>,
    pub(crate) billing_scheme: Option<String>,
    /// `exclusive`, `inclusive` or `unspecified`. `None` means unspecified.
    pub(crate) tax_behavior: Option<String>,
    pub(crate) recurring_interval: Option<String>,
    pub(crate) recurring_interval_count: Option<Number>,
    #[serde(default, deserialize_with = "texts")]
    pub(crate) metadata: BTreeMap<String, String>,
}

impl MirroredPrice {
    /// The amount, if a file can describe it: whole, and not negative.
    pub(crate) fn whole_amount(&self) -> Option<u64> {
        self.unit_amount.as_ref()?.whole()
    }

    /// How often it is paid: `month`, `3 months`. `None` if it is paid once.
    pub(crate) fn recurring(&self) -> Option<String> {
        Some(every(self.recurring_interval_count.as_ref(), self.recurring_interval.as_deref()?))
    }

    /// The interval count. `None` if a file cannot describe it.
    pub(crate) fn interval_count(&self) -> Option<u32> {
        self.recurring_interval_count.as_ref().map_or(Some(1), |count| u32::try_from(count.whole()?).ok())
    }
}

/// Reads metadata. Stripe's values are strings; another value is its JSON.
fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let values: BTreeMap<String, Value> = null_as_default(deserializer)?;
    let text = |value| if let Value::String(text) = value { text } else { value.to_string() };
    Ok(values.into_iter().map(|(name, value)| (name, text(value))).collect())
}
