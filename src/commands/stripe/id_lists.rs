//! Stripe's products and prices, for completion.

use std::borrow::Cow;

use crate::api::stripe::STRIPE;
use crate::commands::common::read_ids;
use crate::commands::stripe::StripeGateway;
use crate::commands::stripe::prices::{amount, recurring};
use crate::runner::{HasIdList, IdList};
use crate::settings::{CachedId, CachedIds};
use crate::wire::{Catalog, Environment, List, Price, Product};

impl HasIdList for Product {
    const IDS: &'static IdList =
        &IdList { provider: &STRIPE, name: "products", owners: None, read: read_ids::<StripeGateway> };
}

impl HasIdList for Price {
    const IDS: &'static IdList = &IdList {
        provider: &STRIPE,
        name: "prices",
        owners: Some(Product::IDS.name),
        read: read_ids::<StripeGateway>,
    };
    const REFERENCE: &'static str = "Id or lookup key of the price";
}

/// Both lists.
pub(super) fn all(catalog: &Catalog, environment: Environment) -> CachedIds {
    products(&catalog.products, environment).with(Price::IDS.name, references(&catalog.prices))
}

/// The products.
pub(super) fn products(products: &List<Product>, environment: Environment) -> CachedIds {
    CachedIds::new(STRIPE.segment, environment)
        .with(Product::IDS.name, products.iter().map(|one| product(&one)))
}

/// The prices.
pub(super) fn prices(prices: &List<Price>, environment: Environment) -> CachedIds {
    CachedIds::new(STRIPE.segment, environment).with(Price::IDS.name, references(prices))
}

/// The ids of the prices, and then their lookup keys.
fn references(prices: &List<Price>) -> impl Iterator<Item = CachedId> {
    let with_key = |one: Price| Some(CachedId { id: one.lookup_key.clone()?, ..price(&one) });
    prices.iter().map(|one| price(&one)).chain(prices.iter().filter_map(with_key))
}

/// `Pro`
fn product(product: &Product) -> CachedId {
    CachedId::new(&product.product_id, &[product.name.as_deref().map(Cow::Borrowed)], product.active)
}

/// `9.90 EUR / month`, with its product as the owner.
fn price(price: &Price) -> CachedId {
    let amount = amount(price).map(|amount| match price.recurring_interval {
        None => amount.into(),
        Some(_) => format!("{amount} / {}", recurring(price)).into(),
    });
    let owner = price.product_id.clone().unwrap_or_default();
    CachedId { owner, ..CachedId::new(&price.price_id, &[amount], price.active) }
}
