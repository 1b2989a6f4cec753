//! The updates at Stripe that make exported objects managed.

use std::collections::BTreeSet;

use super::keys::KeyedProduct;
use crate::catalog::CATALOG_KEY;
use crate::wire::{LookupKey, Metadata, MetadataEntry, Mirror, Patch, PriceChanges, ProductChanges};

/// The update of an object that has no `catalog_key` yet.
#[derive(Clone, Debug)]
pub(crate) enum Adoption {
    Product { id: String, changes: ProductChanges },
    Price { id: String, catalog_key: LookupKey, changes: PriceChanges },
}

/// The updates of all objects, in the file's order. A price gets its lookup key only if no other price has it, because
/// Stripe would refuse a second one. The `catalog_key` alone identifies a price.
pub(super) fn adoptions(mirror: &Mirror, products: &[KeyedProduct<'_>]) -> Vec<Adoption> {
    let lookup_keys: BTreeSet<&str> =
        mirror.prices.iter().filter_map(|price| price.lookup_key.as_deref()).collect();
    let mut adoptions = Vec::new();
    for product in products {
        if product.mirrored.metadata.get(CATALOG_KEY) != Some(&product.desired.key) {
            let changes = ProductChanges { metadata: metadata(&product.desired.key), ..Default::default() };
            adoptions.push(Adoption::Product { id: product.mirrored.product_id.clone(), changes });
        }
        for (price, mirrored) in product.desired.prices.iter().zip(&product.prices) {
            let key = price.lookup_key.as_str();
            let mut changes = PriceChanges::default();
            if mirrored.metadata.get(CATALOG_KEY).is_none_or(|current| current != key) {
                changes.metadata = metadata(key);
            }
            if !lookup_keys.contains(key) {
                changes.lookup_key = Patch::Set(price.lookup_key.clone());
            }
            if !changes.is_empty() {
                let catalog_key = price.lookup_key.clone();
                adoptions.push(Adoption::Price { id: mirrored.price_id.clone(), catalog_key, changes });
            }
        }
    }
    adoptions
}

/// The metadata that sets the `catalog_key` and keeps all other names.
fn metadata(key: &str) -> Option<Metadata> {
    let mut metadata = Metadata::default();
    let field = MetadataEntry::new(CATALOG_KEY.to_owned(), key.to_owned()).ok()?;
    metadata.set(field).ok().map(|()| metadata)
}
