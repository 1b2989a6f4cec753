//! Sample mirrors, and the check that a file describes a mirror.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::catalog::export::{ExportedFile, export};
use crate::catalog::{CATALOG_KEY, REPLACED_BY, catalog_key, file};
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
        unit_amount: Some(amount.into()),
        lookup_key: None,
        billing_scheme: Some("per_unit".into()),
        tax_behavior: Some("unspecified".into()),
        recurring_interval: interval.map(Into::into),
        recurring_interval_count: interval.map(|_| 1.into()),
        metadata: BTreeMap::new(),
    }
}

pub(super) fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect()
}

pub(super) fn exported(mirror: &Mirror, before: Option<&str>) -> ExportedFile {
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
        for (n, ((name, description, active, metadata), tagged)) in products.into_iter().enumerate() {
            let mut mirrored = MirroredProduct { description, active, metadata, ..product_at(n, &name) };
            if tagged == 0 {
                mirrored
                    .metadata
                    .insert(CATALOG_KEY.into(), ["pro", "p", "product_2", "not a key", "b-5"][n].into());
            }
            mirror.products.push(mirrored);
        }
        let mut seen = BTreeSet::new();
        for (
            n,
            ((of, active, currency, unit_amount), lookup, scheme, tax, interval, count, metadata, kind),
        ) in prices.into_iter().enumerate()
        {
            let mut mirrored = price_at(n, of);
            (mirrored.active, mirrored.currency) = (active, currency);
            mirrored.unit_amount = unit_amount.map(Into::into);
            (mirrored.billing_scheme, mirrored.tax_behavior, mirrored.metadata) = (scheme, tax, metadata);
            mirrored.recurring_interval = interval;
            mirrored.recurring_interval_count = count.map(|count: u32| u64::from(count).into());
            // Lookup keys are unique at Stripe.
            mirrored.lookup_key = lookup.filter(|key| seen.insert(key.trim().to_owned()));
            if kind == 0 {
                mirrored.metadata.insert(REPLACED_BY.into(), "price_0".into());
            }
            if let Some(key) = mirrored.lookup_key.as_ref().filter(|_| kind < 4) {
                mirrored.metadata.insert(CATALOG_KEY.into(), key.clone());
            }
            mirror.prices.push(mirrored);
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

/// Asserts that a file has all active and managed objects of a mirror that a file can describe.
pub(super) fn assert_describes(output: &ExportedFile, mirror: &Mirror) {
    let desired =
        file::read(&output.text, "f").unwrap_or_else(|failure| panic!("{failure:?}\n{}", output.text));
    let application_metadata = |metadata: &BTreeMap<String, String>| {
        let mut metadata = metadata.clone();
        metadata.retain(|name, value| {
            !name.starts_with("insforge_") && !name.starts_with("catalog_") && !value.is_empty()
        });
        metadata
    };
    let read = |metadata: &Option<Metadata>| -> BTreeMap<String, String> {
        let texts = metadata.iter().flat_map(Metadata::iter);
        texts
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .filter(|(_, text)| !text.is_empty())
            .collect()
    };
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let mut in_file: Vec<_> = desired
        .products
        .iter()
        .map(|product| {
            let description = product.description.as_ref().map(|text| text.as_str().to_owned());
            (product.name.as_str().to_owned(), description, product.active, read(&product.metadata))
        })
        .collect();
    let mut in_mirror: Vec<_> = mirror
        .products
        .iter()
        .filter(|product| product.active || catalog_key::product_key(product).is_some())
        .map(|product| {
            let name = product.name.trim().to_owned();
            (name, text(&product.description), product.active, application_metadata(&product.metadata))
        })
        .collect();
    in_file.sort();
    in_mirror.sort();
    assert_eq!(in_file, in_mirror);

    let is_skipped = |id: &str| output.left_out.iter().any(|skipped| skipped.id == id);
    let exported: Vec<_> = mirror
        .products
        .iter()
        .filter(|product| product.active || catalog_key::product_key(product).is_some())
        .map(|product| &product.product_id)
        .collect();
    let mut in_file: Vec<_> = desired
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
    let mut in_mirror: Vec<_> = mirror
        .prices
        .iter()
        .filter(|price| {
            price.active
                && !is_skipped(&price.price_id)
                && price.product_id.as_ref().is_some_and(|id| exported.contains(&id))
        })
        .map(|price| {
            (
                price.currency.to_lowercase(),
                price.whole_amount(),
                price.recurring_interval.clone().map(|name| (name, price.interval_count())),
                price.tax_behavior.clone().unwrap_or("unspecified".into()),
                application_metadata(&price.metadata),
            )
        })
        .collect();
    in_file.sort();
    in_mirror.sort();
    assert_eq!(in_file, in_mirror);
}
