//! The request bodies of Stripe's creates and updates, in the newer backend's format. Flags and JSON files both fill them.
//! The backend rejects unknown fields, so these types reject them too.

use serde::{Deserialize, Serialize};

use crate::wire::{
    Currency, Description, IdempotencyKey, LookupKey, Metadata, ObjectId, Patch, ProductName, Recurring,
    TaxBehavior, UnitAmount,
};

/// A new product. The name is required.
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

/// The changes of a product. The backend rejects an idempotency key here (exchange 136).
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
    /// Whether there are no changes.
    pub(crate) fn is_empty(&self) -> bool {
        self.name.is_none() && self.description.is_keep() && self.active.is_none() && self.metadata.is_none()
    }
}

/// A new price. The product, the currency and the amount are required.
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

/// The changes of a price. Stripe never changes a price's amount, currency or interval.
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
    /// Whether there are no changes.
    pub(crate) fn is_empty(&self) -> bool {
        self.active.is_none()
            && self.lookup_key.is_keep()
            && self.tax_behavior.is_none()
            && self.metadata.is_none()
    }
}
