//! The desired catalog: what a file describes, or what another environment has.
//!
//! Its values are normalized. Names are trimmed, currencies are in lower case, and a missing field has Stripe's default.

use serde::{Deserialize, Serialize};

use crate::wire::{
    Currency, Description, LookupKey, Metadata, ProductName, Recurring, TaxBehavior, UnitAmount,
};

/// A whole catalog, in the file's order.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DesiredCatalog {
    pub(crate) products: Vec<DesiredProduct>,
}

impl DesiredCatalog {
    /// The prices of all products.
    pub(crate) fn prices(&self) -> impl Iterator<Item = &DesiredPrice> {
        self.products.iter().flat_map(|product| &product.prices)
    }
}

/// A product. `key` is its `catalog_key` at Stripe.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DesiredProduct {
    /// Letters, digits, `_` and `-`.
    pub(crate) key: String,
    /// Trimmed.
    pub(crate) name: ProductName,
    /// Never empty.
    pub(crate) description: Option<Description>,
    pub(crate) active: bool,
    /// The metadata of the file only; other metadata at Stripe stays. An empty value deletes its key at Stripe. Never
    /// has [`crate::catalog::CATALOG_KEY`].
    pub(crate) metadata: Option<Metadata>,
    pub(crate) prices: Vec<DesiredPrice>,
}

/// A price of a product. `lookup_key` is its `catalog_key` at Stripe and is unique in the catalog.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DesiredPrice {
    /// Its key in the file, unique in its product.
    pub(crate) key: String,
    pub(crate) lookup_key: LookupKey,
    /// The line of its lookup key in the file, or else of its entry. Lines start at 1.
    #[serde(skip)]
    pub(crate) line: Option<usize>,
    /// In lower case.
    pub(crate) currency: Currency,
    /// In the currency's smallest unit.
    pub(crate) unit_amount: UnitAmount,
    /// `None` for a one-time price. The interval count is always set.
    pub(crate) recurring: Option<Recurring>,
    pub(crate) tax_behavior: TaxBehavior,
    pub(crate) active: bool,
    /// Like a product's metadata. Never has [`crate::catalog::CATALOG_KEY`] or [`crate::catalog::REPLACED_BY`].
    pub(crate) metadata: Option<Metadata>,
}
