//! What there is to write at Stripe, so that what was exported is recognised by its keys from now on.

use std::collections::BTreeSet;

use super::keys::Named;
use crate::catalog::IDENTITY;
use crate::wire::{LookupKey, Metadata, MetadataEntry, Mirror, Patch, PriceChanges, ProductChanges};

/// An object that does not carry its identity yet.
#[derive(Clone, Debug)]
pub(crate) enum Adopt {
    /// A product.
    Product { id: String, changes: ProductChanges },
    /// A price, and its lookup key in the catalog.
    Price { id: String, identity: LookupKey, changes: PriceChanges },
}

/// What all of them need, in the file's order. A lookup key that another price has stays with it: Stripe would refuse to
/// give it to two, and the identity alone is enough to recognise a price.
pub(super) fn all(mirror: &Mirror, named: &[Named<'_>]) -> Vec<Adopt> {
    let held: BTreeSet<&str> = mirror.prices.iter().filter_map(|price| price.lookup_key.as_deref()).collect();
    let mut adopt = Vec::new();
    for product in named {
        if product.of.metadata.get(IDENTITY) != Some(&product.wanted.key) {
            let changes = ProductChanges { metadata: carrying(&product.wanted.key), ..Default::default() };
            adopt.push(Adopt::Product { id: product.of.product_id.clone(), changes });
        }
        for (price, of) in product.wanted.prices.iter().zip(&product.prices) {
            let identity = price.lookup_key.as_str();
            let carried = of.metadata.get(IDENTITY).is_some_and(|key| key == identity);
            let mut changes = PriceChanges::default();
            if !carried {
                changes.metadata = carrying(identity);
            }
            if !held.contains(identity) {
                changes.lookup_key = Patch::Set(price.lookup_key.clone());
            }
            if !changes.is_empty() {
                let identity = price.lookup_key.clone();
                adopt.push(Adopt::Price { id: of.price_id.clone(), identity, changes });
            }
        }
    }
    adopt
}

/// The metadata that makes an object carry its identity; what else it has stays.
fn carrying(identity: &str) -> Option<Metadata> {
    let mut metadata = Metadata::default();
    let field = MetadataEntry::new(IDENTITY.to_owned(), identity.to_owned()).ok()?;
    metadata.set(field).ok().map(|()| metadata)
}
