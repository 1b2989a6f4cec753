//! The doctor's checks of Stripe's catalog.

use std::collections::HashSet;

use crate::runner::Finding;
use crate::wire::{Environment, Mirror};

/// Finds products without an active price, which nobody can buy, and prices without a lookup key. An application can use
/// such a price only by its id, and ids differ between `test` and `live`.
pub(super) fn check_catalog(mirror: &Mirror, environment: Environment) -> Vec<Finding> {
    let active = || mirror.prices.iter().filter(|price| price.active);
    let priced: HashSet<&str> = active().filter_map(|price| price.product_id.as_deref()).collect();
    let products = || mirror.products.iter().filter(|product| product.active);
    let without_price: Vec<&str> =
        products().map(|product| product.product_id.as_str()).filter(|id| !priced.contains(id)).collect();
    let without_lookup_key: Vec<&str> =
        active().filter(|price| price.lookup_key.is_none()).map(|price| price.price_id.as_str()).collect();
    let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
    let environment = environment.as_str();
    vec![
        Finding::about_objects(
            "products",
            products().count(),
            ("without an active price", "each with an active price"),
            &without_price,
            |id| {
                let price = ["--product", id, "--currency", "CURRENCY", "--unit-amount", "AMOUNT"];
                words(&[&["prices", "create", environment], &price[..]].concat())
            },
        ),
        Finding::about_objects(
            "prices",
            active().count(),
            ("without a lookup key", "each with a lookup key"),
            &without_lookup_key,
            |id| words(&["prices", "update", environment, id, "--lookup-key", "LOOKUP_KEY"]),
        ),
    ]
}
