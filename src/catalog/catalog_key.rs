//! The keys that match products and prices of a file with objects at Stripe.

use super::{CATALOG_KEY, REPLACED_BY};
use crate::error::{Code, Failure};
use crate::wire::{LookupKey, MirroredPrice, MirroredProduct};

/// The longest key of a product or price in a file.
pub(crate) const MAX_KEY_LENGTH: usize = 100;

/// Whether a file accepts this key: 1 to 100 letters, digits, `_` and `-`.
pub(crate) fn is_valid_key(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_KEY_LENGTH
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// The lookup key of a price whose file entry has no `lookup_key`.
pub(crate) fn default_lookup_key(product: &str, price: &str) -> String {
    format!("{product}_{price}")
}

/// The `catalog_key` of a product. `None` if it is not valid in a file.
pub(crate) fn product_key(product: &MirroredProduct) -> Option<&str> {
    product.metadata.get(CATALOG_KEY).map(String::as_str).filter(|key| is_valid_key(key))
}

/// Two objects have the same key, so only a person can decide which one is meant. `kind` is `products` or `prices`.
pub(crate) fn duplicate(kind: &str, key: &str, one: &str, other: &str) -> Failure {
    Failure::new(Code::CatalogConflict, format!("The {kind} {one} and {other} have the same key `{key}`"))
        .why(format!("a key identifies one object of the catalog, by the {CATALOG_KEY} in its metadata"))
        .hint(format!(
            "remove it from the wrong one: `insforge payments {kind} update ENV ID --metadata-field {CATALOG_KEY}=`"
        ))
}

/// The `catalog_key` of a price. `None` if it is not a valid lookup key.
pub(crate) fn price_key(price: &MirroredPrice) -> Option<&str> {
    let key = price.metadata.get(CATALOG_KEY).map(String::as_str);
    key.filter(|key| key.parse::<LookupKey>().is_ok())
}

/// The `catalog_key` of a price, or else its lookup key at Stripe. Invalid ones are ignored.
pub(crate) fn price_key_or_lookup_key(price: &MirroredPrice) -> Option<LookupKey> {
    let valid = |key: &String| key.parse::<LookupKey>().ok();
    price.metadata.get(CATALOG_KEY).and_then(valid).or_else(|| price.lookup_key.as_ref().and_then(valid))
}

/// The id of the price that replaced this one.
pub(crate) fn replaced_by(price: &MirroredPrice) -> Option<&str> {
    price.metadata.get(REPLACED_BY).map(String::as_str).filter(|id| !id.is_empty())
}
