//! The catalog as code: what `payments.toml` describes, compared with Stripe and applied to it.
//!
//! `file` reads `payments.toml` and `export` writes it. `plan` compares a catalog with the mirror and is a pure function.
//! A [`plan::CatalogPlan`] consists of changes, and a change of requests, which `apply` sends one after the other.
//!
//! An object at Stripe is managed when its metadata has [`CATALOG_KEY`]: a product's value is its key in the file, a
//! price's value is its lookup key. An object without it is unmanaged and is never changed.

pub(crate) mod apply;
mod catalog_key;
mod default_price;
mod desired;
mod export;
pub(crate) mod file;
pub(crate) mod plan;
mod price_terms;

pub(crate) use catalog_key::{price_key, product_key};
pub(crate) use default_price::default_price_differences;
pub(crate) use desired::{DesiredCatalog, DesiredPrice, DesiredProduct};
pub(crate) use export::{Adoption, ExportedFile, SkippedObject, desired_for, export};
#[cfg(any(test, fuzzing))]
pub(crate) use export::{edited_catalog, normalized as normalized_catalog, written_catalog};
#[cfg(any(test, fuzzing))]
pub(crate) use file::read as read_catalog;
pub(crate) use price_terms::{PriceTerms, has_amount};

use crate::wire::Mirror;

/// The metadata key that marks an object as managed and identifies it in the file.
pub(crate) const CATALOG_KEY: &str = "catalog_key";
/// The metadata key with which a replaced price names its replacement.
pub(crate) const REPLACED_BY: &str = "catalog_replaced_by";
/// The metadata key with which a new price names the price that it replaces, until it has its lookup key.
const REPLACES: &str = "catalog_replaces";
/// The metadata key for the lookup key that a new price gets from the price that it replaces.
const PENDING_LOOKUP_KEY: &str = "catalog_lookup_key";
/// The metadata keys of this tool.
const OWN_NAMES: [&str; 4] = [CATALOG_KEY, REPLACED_BY, REPLACES, PENDING_LOOKUP_KEY];

/// The managed objects of a mirror. An object whose `catalog_key` is not valid in a file is unmanaged.
pub(crate) fn managed(mut mirror: Mirror) -> Mirror {
    mirror.products.retain(|product| product_key(product).is_some());
    mirror.prices.retain(|price| price_key(price).is_some());
    mirror
}

/// Joins words for a sentence: `a`, `a and b`, `a, b and c`. `conjunction` precedes the last word.
fn join_words<T: AsRef<str>>(words: &[T], conjunction: &str) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.split_last() {
        Some((last, words)) if !words.is_empty() => format!("{} {conjunction} {last}", words.join(", ")),
        _ => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::MirroredPrice;

    #[test]
    fn an_object_with_an_invalid_catalog_key_is_unmanaged() {
        let metadata = |key: &str| [(CATALOG_KEY.to_owned(), key.to_owned())].into();
        let product = |key: &str| crate::wire::MirroredProduct {
            product_id: "prod_1".into(),
            name: "Pro".into(),
            description: None,
            active: true,
            default_price_id: None,
            metadata: metadata(key),
        };
        let price = |key: &str| MirroredPrice {
            price_id: "price_1".into(),
            product_id: None,
            active: true,
            currency: "usd".into(),
            unit_amount: Some(1.into()),
            lookup_key: Some("own".into()),
            billing_scheme: None,
            tax_behavior: None,
            recurring_interval: None,
            recurring_interval_count: None,
            metadata: metadata(key),
        };
        let mirror = Mirror {
            products: vec![product("pro"), product("not a key"), product("")],
            prices: vec![price("pro_monthly"), price(""), price(&"k".repeat(201))],
        };
        let managed = managed(mirror);
        assert_eq!((managed.products.len(), managed.prices.len()), (1, 1));
        assert_eq!(price_key(&managed.prices[0]), Some("pro_monthly"));
    }
}
