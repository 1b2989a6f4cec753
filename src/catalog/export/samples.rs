//! Mirrors to try things with, and what must be true of a file made of any of them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Export, export};
use crate::catalog::{IDENTITY, REPLACED_BY, file, identity};
use crate::wire::{Metadata, Mirror, MirroredPrice, MirroredProduct};

pub(super) fn product(id: &str, name: &str) -> MirroredProduct {
    MirroredProduct {
        product_id: id.into(),
        name: name.into(),
        description: None,
        active: true,
        default_price_id: None,
        metadata: BTreeMap::new(),
    }
}

pub(super) fn price(id: &str, product: &str, amount: u64, interval: Option<&str>) -> MirroredPrice {
    MirroredPrice {
        price_id: id.into(),
        product_id: Some(product.into()),
        active: true,
        currency: "usd".into(),
        unit_amount: Some(amount),
        lookup_key: None,
        billing_scheme: Some("per_unit".into()),
        tax_behavior: Some("unspecified".into()),
        recurring_interval: interval.map(Into::into),
        recurring_interval_count: interval.map(|_| 1),
        metadata: BTreeMap::new(),
    }
}

pub(super) fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect()
}

pub(super) fn exported(mirror: &Mirror, before: Option<&str>) -> Export {
    export(mirror, before, "payments.toml").unwrap()
}

pub(super) fn mirrors() -> impl Strategy<Value = Mirror> {
    let name = || prop_oneof!["\\PC{0,20}[a-zA-Z]", "Pro( Plan)?", "[a-z\"'\\\\\t\n\u{7f}\r#\\[]{1,8}x"];
    let metadata = || {
        let own = prop_oneof![Just("tier".to_owned()), "[^\\[\\]]{0,10}x", Just("insforge_x".to_owned())];
        prop::collection::btree_map(own, "[\\PC\n\r\t'\"\u{7f}]{0,12}", 0..4)
    };
    let product = (name(), prop::option::of("[\\PC\r\n\"']{0,20}"), prop::bool::weighted(0.8), metadata());
    let price = (
        (
            0..6_usize,
            prop::bool::weighted(0.8),
            "usd|eur|JPY|isk|kwd",
            prop::option::weighted(0.9, 0..200_000_u64),
        ),
        prop::option::weighted(0.3, "p_[0-9]{1,3}|x[0-9]{1,3} ?|pro_(monthly|yearly)"),
        prop::option::of("per_unit|per_unit|tiered"),
        prop::option::of("exclusive|inclusive|unspecified|odd"),
        prop::option::weighted(0.8, "day|week|month|month|year|aeon"),
        prop::option::of(0..4_u32),
        metadata(),
        0..10_u8,
    );
    let all = (prop::collection::vec((product, 0..4_u8), 0..5), prop::collection::vec(price, 0..12));
    all.prop_map(|(products, prices)| {
        let mut mirror = Mirror::default();
        for (n, ((name, description, active, metadata), identity)) in products.into_iter().enumerate() {
            let mut made = MirroredProduct { description, active, metadata, ..product_at(n, &name) };
            if identity == 0 {
                made.metadata
                    .insert(IDENTITY.into(), ["pro", "p", "product_2", "not a key", "b-5"][n].into());
            }
            mirror.products.push(made);
        }
        let mut seen = BTreeSet::new();
        for (
            n,
            ((of, active, currency, unit_amount), lookup, scheme, tax, interval, count, metadata, kind),
        ) in prices.into_iter().enumerate()
        {
            let mut made = price_at(n, of);
            (made.active, made.currency, made.unit_amount) = (active, currency, unit_amount);
            (made.billing_scheme, made.tax_behavior, made.metadata) = (scheme, tax, metadata);
            (made.recurring_interval, made.recurring_interval_count) = (interval, count);
            // Stripe has each lookup key once.
            made.lookup_key = lookup.filter(|key| seen.insert(key.trim().to_owned()));
            if kind == 0 {
                made.metadata.insert(REPLACED_BY.into(), "price_0".into());
            }
            if let Some(key) = made.lookup_key.as_ref().filter(|_| kind < 4) {
                made.metadata.insert(IDENTITY.into(), key.clone());
            }
            mirror.prices.push(made);
        }
        mirror
    })
}

fn product_at(n: usize, name: &str) -> MirroredProduct {
    product(&format!("prod_{n}"), name)
}

fn price_at(n: usize, of: usize) -> MirroredPrice {
    price(&format!("price_{n}"), &format!("prod_{of}"), 1, None)
}

/// What a file says of a price, and what the mirror says of it.
pub(super) fn says_the_same(made: &Export, mirror: &Mirror) {
    let wanted = file::read(&made.text, "f").unwrap_or_else(|failure| panic!("{failure:?}\n{}", made.text));
    let told = |texts: &BTreeMap<String, String>| {
        let mut texts = texts.clone();
        texts.retain(|name, text| {
            !name.starts_with("insforge_") && !name.starts_with("catalog_") && !text.is_empty()
        });
        texts
    };
    let read = |metadata: &Option<Metadata>| -> BTreeMap<String, String> {
        let texts = metadata.iter().flat_map(Metadata::iter);
        texts
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .filter(|(_, text)| !text.is_empty())
            .collect()
    };
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let mut said: Vec<_> = wanted
        .products
        .iter()
        .map(|product| {
            let description = product.description.as_ref().map(|text| text.as_str().to_owned());
            (product.name.as_str().to_owned(), description, product.active, read(&product.metadata))
        })
        .collect();
    let mut there: Vec<_> = mirror
        .products
        .iter()
        .filter(|product| product.active || identity::of_product(product).is_some())
        .map(|of| (of.name.trim().to_owned(), text(&of.description), of.active, told(&of.metadata)))
        .collect();
    said.sort();
    there.sort();
    assert_eq!(said, there);

    let left_out = |id: &str| made.left_out.iter().any(|left| left.id == id);
    let sold: Vec<_> = mirror
        .products
        .iter()
        .filter(|product| product.active || identity::of_product(product).is_some())
        .map(|product| &product.product_id)
        .collect();
    let mut said: Vec<_> = wanted
        .products
        .iter()
        .flat_map(|product| &product.prices)
        .map(|price| {
            (
                price.currency.as_str().to_owned(),
                Some(price.unit_amount.get()),
                price
                    .recurring
                    .map(|recurring| (recurring.interval.as_str().to_owned(), recurring.interval_count)),
                price.tax_behavior.as_str().to_owned(),
                read(&price.metadata),
            )
        })
        .collect();
    let mut there: Vec<_> = mirror
        .prices
        .iter()
        .filter(|price| {
            price.active
                && !left_out(&price.price_id)
                && price.product_id.as_ref().is_some_and(|id| sold.contains(&id))
        })
        .map(|price| {
            (
                price.currency.to_lowercase(),
                price.unit_amount,
                price
                    .recurring_interval
                    .clone()
                    .map(|name| (name, price.recurring_interval_count.or(Some(1)))),
                price.tax_behavior.clone().unwrap_or("unspecified".into()),
                told(&price.metadata),
            )
        })
        .collect();
    said.sort();
    there.sort();
    assert_eq!(said, there);
}
