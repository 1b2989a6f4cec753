//! What the doctor looks at in Stripe's catalog.

use std::collections::HashSet;

use crate::runner::Finding;
use crate::wire::{Environment, Mirror};

/// Products that nobody can buy, and prices that an application can only name by their ids, which are others in `live`.
pub(super) fn examine(mirror: &Mirror, environment: Environment) -> Vec<Finding> {
    let active = || mirror.prices.iter().filter(|price| price.active);
    let sold: HashSet<&str> = active().filter_map(|price| price.product_id.as_deref()).collect();
    let products = || mirror.products.iter().filter(|product| product.active);
    let unsold: Vec<&str> =
        products().map(|product| product.product_id.as_str()).filter(|id| !sold.contains(id)).collect();
    let nameless: Vec<&str> =
        active().filter(|price| price.lookup_key.is_none()).map(|price| price.price_id.as_str()).collect();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let environment = environment.as_str();
    vec![
        Finding::of_some(
            "products",
            products().count(),
            ("without an active price", "each with an active price"),
            &unsold,
            |id| {
                let price = ["--product", id, "--currency", "CURRENCY", "--unit-amount", "AMOUNT"];
                words(&[&["prices", "create", environment], &price[..]].concat())
            },
        ),
        Finding::of_some(
            "prices",
            active().count(),
            ("without a lookup key", "each with a lookup key"),
            &nameless,
            |id| words(&["prices", "update", environment, id, "--lookup-key", "LOOKUP_KEY"]),
        ),
    ]
}
