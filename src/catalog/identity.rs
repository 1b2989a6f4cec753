//! Who is who: how products and prices of a file are recognised at Stripe.

use super::{IDENTITY, REPLACED_BY};
use crate::wire::{LookupKey, MirroredPrice, MirroredProduct};

/// The longest key of a product or price in a file.
pub(crate) const LONGEST_KEY: usize = 100;

/// Whether a file can have this key: letters, digits, `_` and `-`, at most 100 of them.
pub(crate) fn is_key(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_KEY
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// The lookup key of a price for which the file names none.
pub(crate) fn usual_lookup_key(product: &str, price: &str) -> String {
    format!("{product}_{price}")
}

/// The key that a product carries as its identity. One that no file can have is none.
pub(crate) fn of_product(product: &MirroredProduct) -> Option<&str> {
    product.metadata.get(IDENTITY).map(String::as_str).filter(|key| is_key(key))
}

/// The lookup key that a price carries as its identity. One that no file can have is none.
pub(crate) fn carried_by_price(price: &MirroredPrice) -> Option<&str> {
    let key = price.metadata.get(IDENTITY).map(String::as_str);
    key.filter(|key| key.parse::<LookupKey>().is_ok())
}

/// The lookup key by which a price is recognised: what it carries as its identity, or else its own. One that breaks
/// the rules of a lookup key is none.
pub(crate) fn of_price(price: &MirroredPrice) -> Option<LookupKey> {
    let valid = |key: &String| key.parse::<LookupKey>().ok();
    price.metadata.get(IDENTITY).and_then(valid).or_else(|| price.lookup_key.as_ref().and_then(valid))
}

/// The price that replaced this one, which is still there because its product names it as the default.
pub(crate) fn replaced_by(price: &MirroredPrice) -> Option<&str> {
    price.metadata.get(REPLACED_BY).map(String::as_str).filter(|id| !id.is_empty())
}
