//! What Stripe has for sale, for completion.

use std::borrow::Cow;

use crate::api::stripe::STRIPE;
use crate::commands::stripe::prices::{amount, recurring};
use crate::settings::{Offer, Offers};
use crate::wire::{Catalog, Environment, List, Price, Product};

pub(super) const LISTS: &[&str] = &[PRODUCTS, PRICES];
const PRODUCTS: &str = "products";
const PRICES: &str = "prices";

/// Both lists.
pub(super) fn of(catalog: &Catalog, environment: Environment) -> Offers {
    products(&catalog.products, environment).with(PRICES, catalog.prices.iter().map(|one| price(&one)))
}

/// The products alone.
pub(super) fn products(products: &List<Product>, environment: Environment) -> Offers {
    Offers::of(STRIPE.segment, environment).with(PRODUCTS, products.iter().map(|one| product(&one)))
}

/// The prices alone.
pub(super) fn prices(prices: &List<Price>, environment: Environment) -> Offers {
    Offers::of(STRIPE.segment, environment).with(PRICES, prices.iter().map(|one| price(&one)))
}

/// `Pro`
fn product(product: &Product) -> Offer {
    Offer::new(&product.product_id, &[product.name.as_deref().map(Cow::Borrowed)], product.active)
}

/// `9.90 EUR / month`, of a product.
fn price(price: &Price) -> Offer {
    let amount = amount(price).map(|amount| match price.recurring_interval {
        None => amount.into(),
        Some(_) => format!("{amount} / {}", recurring(price)).into(),
    });
    let of = price.product_id.clone().unwrap_or_default();
    Offer { of, ..Offer::new(&price.price_id, &[amount], price.active) }
}
