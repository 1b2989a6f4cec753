//! Random files and mirrors. They have few different keys, lookup keys, amounts and names, so that many collide.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::catalog::catalog_key::{price_key, product_key};
use crate::catalog::{CATALOG_KEY, DesiredCatalog, DesiredPrice, DesiredProduct, REPLACED_BY};
use crate::wire::{Interval, Metadata, Mirror, MirroredPrice, MirroredProduct, Recurring, TaxBehavior};

/// The default price of each product, the prices that match the file, and whether conflicts stay.
pub(super) type MirrorTweaks = ([Index; 4], [bool; 7], bool);

const KEYS: [&str; 3] = ["basic", "pro", "team"];
const LOOKUP_KEYS: [&str; 4] = ["one", "two", "three", "four"];

fn metadata() -> impl Strategy<Value = Option<Metadata>> {
    let json = select(vec!["", "{}", r#"{"tier":"a"}"#, r#"{"tier":"b","color":""}"#, r#"{"color":"c"}"#]);
    json.prop_map(|json| json.parse().ok())
}

prop_compose! {
    fn desired_price()(
        product in 0usize..3, currency in select(vec!["usd", "eur"]), amount in select(vec!["100", "200"]),
        interval in select(vec![None, Some((Interval::Month, Some(1))), Some((Interval::Month, Some(3))), Some((Interval::Year, None))]),
        tax_behavior in select(vec![TaxBehavior::Unspecified, TaxBehavior::Unspecified, TaxBehavior::Inclusive, TaxBehavior::Exclusive]),
        active in prop::bool::weighted(0.8), metadata in metadata(),
    ) -> (usize, DesiredPrice) {
        let recurring = interval.map(|(interval, interval_count)| Recurring { interval, interval_count });
        (product, DesiredPrice {
            key: "price".into(), lookup_key: "unset".parse().unwrap(), line: None, currency: currency.parse().unwrap(),
            unit_amount: amount.parse().unwrap(), recurring, tax_behavior, active, metadata,
        })
    }
}

prop_compose! {
    fn desired_product(key: &'static str)(
        name in select(vec!["Basic", "Pro"]), description in select(vec![None, Some("Words")]),
        active in prop::bool::weighted(0.8), metadata in metadata(),
    ) -> DesiredProduct {
        let description = description.map(|text| text.parse().unwrap());
        DesiredProduct {
            key: key.into(), name: name.parse().unwrap(), description, active, metadata, prices: Vec::new(),
        }
    }
}

prop_compose! {
    /// A file.
    pub(super) fn desired_catalogs()(
        products in KEYS.map(|key| prop::option::weighted(0.75, desired_product(key))),
        prices in LOOKUP_KEYS.map(|_| prop::option::weighted(0.75, desired_price())),
    ) -> DesiredCatalog {
        let mut products: Vec<DesiredProduct> = products.into_iter().flatten().collect();
        for (lookup_key, price) in LOOKUP_KEYS.iter().zip(prices) {
            let Some((at, price)) = price else { continue };
            let places = products.len();
            if places > 0 {
                let lookup_key = lookup_key.parse().unwrap();
                products[at % places].prices.push(DesiredPrice { lookup_key, ..price });
            }
        }
        DesiredCatalog { products }
    }
}

fn field(name: &str, value: Option<&str>) -> Option<(String, String)> {
    value.map(|value| (name.to_owned(), value.to_owned()))
}

prop_compose! {
    fn product()(
        key in select(vec![None, Some("basic"), Some("basic"), Some("pro"), Some("pro"), Some("team"), Some("gone"), Some("no key")]),
        name in select(vec!["Basic", " Pro "]), description in select(vec![None, Some(""), Some("Words")]),
        active in prop::bool::weighted(0.8), tier in select(vec![None, Some("a")]),
    ) -> MirroredProduct {
        MirroredProduct {
            product_id: String::new(), name: name.into(), description: description.map(str::to_owned), active,
            default_price_id: None,
            metadata: [field(CATALOG_KEY, key), field("tier", tier)].into_iter().flatten().collect(),
        }
    }
}

prop_compose! {
    fn price()(
        product in 0usize..5, active in prop::bool::weighted(0.7), currency in select(vec!["usd", "USD", "eur"]),
        unit_amount in select(vec![Some(100), Some(100), Some(200), Some(200), Some(300), None]),
        lookup_key in select(vec![None, Some("one"), Some("two"), Some("three"), Some("four"), Some("other")]),
        own in prop::bool::weighted(0.5),
        catalog_key in select(vec![None, Some("one"), Some("two"), Some("three"), Some("four"), Some("other"), Some(" ")]),
        replaced_by in prop::option::weighted(0.15, Just("price_0")), tiered in prop::bool::weighted(0.1),
        tax in select(vec![None, Some("unspecified"), Some("inclusive")]),
        interval in select(vec![(None, None), (Some("month"), None), (Some("month"), Some(3)), (Some("year"), Some(1))]),
        tier in select(vec![None, Some("a")]),
    ) -> (usize, MirroredPrice) {
        let catalog_key = if own { lookup_key.or(catalog_key) } else { catalog_key };
        let names = [field(CATALOG_KEY, catalog_key), field(REPLACED_BY, replaced_by), field("tier", tier)];
        (product, MirroredPrice {
            price_id: String::new(), product_id: None, active, currency: currency.into(), unit_amount,
            lookup_key: lookup_key.map(str::to_owned),
            billing_scheme: Some(if tiered { "tiered" } else { "per_unit" }.into()),
            tax_behavior: tax.map(str::to_owned), recurring_interval: interval.0.map(str::to_owned),
            recurring_interval_count: interval.1, metadata: names.into_iter().flatten().collect(),
        })
    }
}

prop_compose! {
    /// A valid mirror.
    pub(super) fn mirrors()(
        mut products in prop::collection::vec(product(), 0..4), prices in prop::collection::vec(price(), 0..7),
    ) -> Mirror {
        for (at, product) in products.iter_mut().enumerate() {
            product.product_id = format!("prod_{at}");
        }
        let mut lookup_keys = BTreeSet::new();
        let prices = prices.into_iter().enumerate().map(|(at, (product, mut price))| {
            price.price_id = format!("price_{at}");
            price.product_id = products.get(product).map(|product| product.product_id.clone());
            price.lookup_key.take_if(|key| !lookup_keys.insert(key.clone()));
            price
        });
        let prices = prices.collect();
        Mirror { products, prices }
    }
}

/// Makes a mirror more similar to a file: many prices match it, some are default prices, and most mirrors have no
/// conflict.
pub(super) fn tweak(
    mut mirror: Mirror,
    (defaults, matching, conflicts): MirrorTweaks,
    desired: &DesiredCatalog,
) -> Mirror {
    let mut keys = BTreeSet::new();
    for product in &mut mirror.products {
        if product_key(product).is_some_and(|key| !keys.insert(key.to_owned())) {
            product.metadata.remove(CATALOG_KEY);
        }
    }
    let keys =
        mirror.products.iter().filter_map(|product| Some((product_key(product)?, &product.product_id)));
    let keys: BTreeMap<&str, &String> = keys.collect();
    for (price, matches) in mirror.prices.iter_mut().zip(matching) {
        let own = price.metadata.get(CATALOG_KEY).or(price.lookup_key.as_ref());
        if let Some((product, desired)) =
            own.filter(|_| matches).and_then(|own| desired_price_of(own, desired))
        {
            match_terms(price, desired);
            price.product_id =
                keys.get(product.key.as_str()).map(|id| (*id).clone()).or(price.product_id.take());
        }
        let managed = price.product_id.as_ref().is_some_and(|id| keys.values().any(|own| *own == id));
        let unsupported = price.billing_scheme.as_deref() == Some("tiered") || price.unit_amount.is_none();
        let can_match = price_key(price).is_some() || (matches && managed);
        let unknown = unsupported || !can_match;
        price.lookup_key.take_if(|key| unknown && !conflicts && desired_price_of(key, desired).is_some());
    }
    for (product, index) in mirror.products.iter_mut().zip(defaults) {
        let own = mirror.prices.iter().filter(|price| price.product_id.as_ref() == Some(&product.product_id));
        let own: Vec<&String> = own.map(|price| &price.price_id).collect();
        // Some products have no default price.
        product.default_price_id = own.get(index.index(own.len() + 1)).map(|id| (*id).clone());
    }
    mirror
}

fn desired_price_of<'a>(
    lookup_key: &str,
    desired: &'a DesiredCatalog,
) -> Option<(&'a DesiredProduct, &'a DesiredPrice)> {
    let mut prices =
        desired.products.iter().flat_map(|product| product.prices.iter().map(move |one| (product, one)));
    prices.find(|(_, price)| price.lookup_key.as_str() == lookup_key)
}

fn match_terms(price: &mut MirroredPrice, desired: &DesiredPrice) {
    let word = |value: Value| value.as_str().map(str::to_owned);
    price.currency = desired.currency.to_string();
    price.unit_amount = price.unit_amount.and(Some(desired.unit_amount.get()));
    price.recurring_interval = desired.recurring.and_then(|one| word(json!(one.interval)));
    price.recurring_interval_count = desired.recurring.and_then(|one| one.interval_count);
    if price.tax_behavior.as_deref() == Some("inclusive") {
        price.tax_behavior = word(json!(desired.tax_behavior));
    }
}
