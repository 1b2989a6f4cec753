//! What must be true at Stripe before anything can be said about it: nobody is two.

use std::collections::BTreeMap;

use crate::catalog::IDENTITY;
use crate::catalog::identity;
use crate::error::{Code, Failure};
use crate::wire::{LookupKey, Mirror};

/// # Errors
/// Two products carry one key, or two prices that are for sale one lookup key.
pub(super) fn check(mirror: &Mirror) -> Result<(), Failure> {
    let products = mirror.products.iter().filter_map(|product| {
        identity::of_product(product).map(|key| (key.to_owned(), product.product_id.as_str()))
    });
    twice(products).map_or(Ok(()), |(key, one, other)| Err(conflict("products", &key, one, other)))?;
    let prices = mirror.prices.iter().filter(|price| price.active && identity::replaced_by(price).is_none());
    let prices = prices.filter_map(|price| {
        let key: LookupKey = identity::of_price(price)?;
        Some((key.as_str().to_owned(), price.price_id.as_str()))
    });
    twice(prices).map_or(Ok(()), |(key, one, other)| Err(conflict("prices", &key, one, other)))
}

/// The first key that two have, and the first two ids that have it.
fn twice<'a>(all: impl Iterator<Item = (String, &'a str)>) -> Option<(String, &'a str, &'a str)> {
    let mut by_key: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (key, id) in all {
        by_key.entry(key).or_default().push(id);
    }
    by_key.into_iter().find_map(|(key, mut ids)| {
        ids.sort_unstable();
        match ids[..] {
            [one, other, ..] => Some((key, one, other)),
            _ => None,
        }
    })
}

fn conflict(kind: &str, key: &str, one: &str, other: &str) -> Failure {
    let of = if kind == "prices" { "lookup key" } else { "key" };
    Failure::new(Code::CatalogConflict, format!("The {kind} {one} and {other} are both `{key}`"))
        .why(format!("each {of} of a catalog is carried by one of them, in its metadata as {IDENTITY}"))
        .hint(format!(
            "take it from the one that is wrong: `insforge payments {kind} update ENV ID --metadata-field {IDENTITY}=`"
        ))
}
