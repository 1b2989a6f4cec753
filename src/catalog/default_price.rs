//! Default prices, which only a person can change: neither a catalog file nor the backend's API sets them.

use std::collections::HashMap;

use super::catalog_key::{price_key_or_lookup_key, product_key, replaced_by};
use super::plan::{ObjectKind, UnmanagedObject};
use crate::wire::{Environment, Mirror, MirroredPrice, MirroredProduct};

/// The active managed products of `to` whose default price differs from the one in `from`. Prices are the same if they
/// have the same key.
pub(crate) fn default_price_differences(
    from: (Environment, &Mirror),
    to: (Environment, &Mirror),
) -> Vec<UnmanagedObject> {
    let (from_keys, to_keys) = (PriceKeys::new(from.1), PriceKeys::new(to.1));
    let desired: HashMap<&str, &MirroredProduct> = active(from.1).collect();
    let differing = active(to.1).filter_map(|(key, product)| {
        let wanted = from_keys.default_of(desired.get(key)?);
        let current = to_keys.default_of(product);
        (current != wanted).then(|| UnmanagedObject {
            differs: true,
            kind: ObjectKind::Product,
            id: product.product_id.clone(),
            name: product.name.clone(),
            reason: format!(
                "its default price is {current}, but {wanted} in {}; only Stripe's dashboard can change it",
                from.0
            ),
        })
    });
    differing.collect()
}

/// The active managed products, with their keys.
fn active(mirror: &Mirror) -> impl Iterator<Item = (&str, &MirroredProduct)> {
    let active = mirror.products.iter().filter(|product| product.active);
    active.filter_map(|product| Some((product_key(product)?, product)))
}

/// The keys of prices, by their ids.
struct PriceKeys<'a>(HashMap<&'a str, String>);

impl<'a> PriceKeys<'a> {
    fn new(mirror: &'a Mirror) -> Self {
        let key = |price: &MirroredPrice| Some(price_key_or_lookup_key(price)?.as_str().to_owned());
        let by_id: HashMap<&str, &MirroredPrice> =
            mirror.prices.iter().map(|price| (price.price_id.as_str(), price)).collect();
        let with_key = mirror.prices.iter().filter_map(|price| {
            let replaced_by = replaced_by(price).and_then(|id| by_id.get(id));
            let earlier = || Some(format!("an earlier {}", key(replaced_by?)?));
            Some((price.price_id.as_str(), key(price).or_else(earlier)?))
        });
        Self(with_key.collect())
    }

    /// The key of a product's default price, in words if there is none.
    fn default_of(&self, product: &MirroredProduct) -> &str {
        match &product.default_price_id {
            None => "none",
            Some(id) => self.0.get(id.as_str()).map_or("one without a key", String::as_str),
        }
    }
}
