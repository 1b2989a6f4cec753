//! What is to be for sale: what a file says, or what another environment has. Normalised: names are trimmed, currencies
//! in small letters, what is left out is what Stripe takes for it.

use serde::{Deserialize, Serialize};

use crate::wire::{
    Currency, Description, LookupKey, Metadata, ProductName, Recurring, TaxBehavior, UnitAmount,
};

/// A whole catalog, in the file's order.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Wanted {
    pub(crate) products: Vec<WantedProduct>,
}

/// A product. Its key is its identity.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WantedProduct {
    /// Letters, digits, `_` and `-`.
    pub(crate) key: String,
    /// Trimmed.
    pub(crate) name: ProductName,
    /// Never empty.
    pub(crate) description: Option<Description>,
    pub(crate) active: bool,
    /// Only what the file says: what else the product has at Stripe stays. An empty value takes its key away there.
    /// Never [`crate::catalog::IDENTITY`].
    pub(crate) metadata: Option<Metadata>,
    pub(crate) prices: Vec<WantedPrice>,
}

/// A price of a product. Its lookup key is its identity, among all prices of the catalog.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WantedPrice {
    /// Its key in the file, below its product's.
    pub(crate) key: String,
    pub(crate) lookup_key: LookupKey,
    /// In small letters.
    pub(crate) currency: Currency,
    /// In the currency's smallest unit.
    pub(crate) unit_amount: UnitAmount,
    /// Nothing for a one-time price; the count is always there.
    pub(crate) recurring: Option<Recurring>,
    pub(crate) tax_behavior: TaxBehavior,
    pub(crate) active: bool,
    /// As with a product's. Never [`crate::catalog::IDENTITY`] or [`crate::catalog::REPLACED_BY`].
    pub(crate) metadata: Option<Metadata>,
}
