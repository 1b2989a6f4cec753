//! Stripe's catalog as the mirror has it, with everything that a comparison looks at. What lists show is in
//! [`crate::wire::Catalog`]. The aliases are the older generation's field names.

use std::collections::BTreeMap;

use serde::Deserialize;

/// All products and prices of one environment.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Mirror {
    pub(crate) products: Vec<MirroredProduct>,
    pub(crate) prices: Vec<MirroredPrice>,
}

/// A product.
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

/// A price.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MirroredPrice {
    #[serde(alias = "stripePriceId")]
    pub(crate) price_id: String,
    /// Nothing where Stripe has the price of a product that it does not list any more.
    #[serde(alias = "stripeProductId")]
    pub(crate) product_id: Option<String>,
    pub(crate) active: bool,
    pub(crate) currency: String,
    /// In the currency's smallest unit; nothing for tiered prices and for fractions of the smallest unit.
    pub(crate) unit_amount: Option<u64>,
    pub(crate) lookup_key: Option<String>,
    pub(crate) billing_scheme: Option<String>,
    /// `exclusive`, `inclusive`, `unspecified` or nothing, which is the same as unspecified.
    pub(crate) tax_behavior: Option<String>,
    pub(crate) recurring_interval: Option<String>,
    pub(crate) recurring_interval_count: Option<u32>,
    #[serde(default)]
    pub(crate) metadata: BTreeMap<String, String>,
}
