//! The bodies of Stripe's creates and updates, as the newer backend takes them. Both of the tool's ways to fill them,
//! flags and a JSON file, end here. The backend is strict: a field that it does not know is refused, so it is here.

use serde::{Deserialize, Serialize};

use crate::wire::{
    Currency, Description, IdempotencyKey, LookupKey, Metadata, ObjectId, Patch, ProductName, Recurring,
    TaxBehavior, UnitAmount,
};

/// A new product. It needs a name.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewProduct {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<ProductName>,
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub(crate) description: Patch<Description>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) active: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) idempotency_key: Option<IdempotencyKey>,
}

/// What changes in a product. The backend refuses an idempotency key here (exchange 136).
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProductChanges {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<ProductName>,
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub(crate) description: Patch<Description>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) active: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<Metadata>,
}

impl ProductChanges {
    /// Nothing would change.
    pub(crate) fn is_empty(&self) -> bool {
        self.name.is_none() && self.description.is_keep() && self.active.is_none() && self.metadata.is_none()
    }
}

/// A new price. It needs a product, a currency and an amount.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewPrice {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) product_id: Option<ObjectId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<Currency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit_amount: Option<UnitAmount>,
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub(crate) lookup_key: Patch<LookupKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) active: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recurring: Option<Recurring>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tax_behavior: Option<TaxBehavior>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) idempotency_key: Option<IdempotencyKey>,
}

/// What changes in a price: never its amount, currency or interval, which Stripe does not change either.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PriceChanges {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) active: Option<bool>,
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub(crate) lookup_key: Patch<LookupKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tax_behavior: Option<TaxBehavior>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<Metadata>,
}

impl PriceChanges {
    /// Nothing would change.
    pub(crate) fn is_empty(&self) -> bool {
        self.active.is_none()
            && self.lookup_key.is_keep()
            && self.tax_behavior.is_none()
            && self.metadata.is_none()
    }
}
