//! Files and catalogs in which a lot collides: there are few keys, lookup keys, amounts and names.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::catalog::identity::{carried_by_price, of_product};
use crate::catalog::{IDENTITY, REPLACED_BY, Wanted, WantedPrice, WantedProduct};
use crate::wire::{Interval, Metadata, Mirror, MirroredPrice, MirroredProduct, Recurring, TaxBehavior};

/// Which price is each product's default, which prices are as the file says, and whether conflicts are left in.
pub(super) type Shelf = ([Index; 4], [bool; 7], bool);

const KEYS: [&str; 3] = ["basic", "pro", "team"];
const LOOKUP_KEYS: [&str; 4] = ["one", "two", "three", "four"];

fn metadata() -> impl Strategy<Value = Option<Metadata>> {
    let json = select(vec!["", "{}", r#"{"tier":"a"}"#, r#"{"tier":"b","color":""}"#, r#"{"color":"c"}"#]);
    json.prop_map(|json| json.parse().ok())
}

prop_compose! {
    fn wanted_price()(
        product in 0usize..3, currency in select(vec!["usd", "eur"]), amount in select(vec!["100", "200"]),
        interval in select(vec![None, Some((Interval::Month, Some(1))), Some((Interval::Month, Some(3))), Some((Interval::Year, None))]),
        tax_behavior in select(vec![TaxBehavior::Unspecified, TaxBehavior::Unspecified, TaxBehavior::Inclusive, TaxBehavior::Exclusive]),
        active in prop::bool::weighted(0.8), metadata in metadata(),
    ) -> (usize, WantedPrice) {
        let recurring = interval.map(|(interval, interval_count)| Recurring { interval, interval_count });
        (product, WantedPrice {
            key: "price".into(), lookup_key: "unset".parse().unwrap(), currency: currency.parse().unwrap(),
            unit_amount: amount.parse().unwrap(), recurring, tax_behavior, active, metadata,
        })
    }
}

prop_compose! {
    fn wanted_product(key: &'static str)(
        name in select(vec!["Basic", "Pro"]), description in select(vec![None, Some("Words")]),
        active in prop::bool::weighted(0.8), metadata in metadata(),
    ) -> WantedProduct {
        let description = description.map(|text| text.parse().unwrap());
        WantedProduct {
            key: key.into(), name: name.parse().unwrap(), description, active, metadata, prices: Vec::new(),
        }
    }
}

prop_compose! {
    /// A file.
    pub(super) fn wanteds()(
        products in KEYS.map(|key| prop::option::weighted(0.75, wanted_product(key))),
        prices in LOOKUP_KEYS.map(|_| prop::option::weighted(0.75, wanted_price())),
    ) -> Wanted {
        let mut products: Vec<WantedProduct> = products.into_iter().flatten().collect();
        for (lookup_key, price) in LOOKUP_KEYS.iter().zip(prices) {
            let Some((at, price)) = price else { continue };
            let places = products.len();
            if places > 0 {
                let lookup_key = lookup_key.parse().unwrap();
                products[at % places].prices.push(WantedPrice { lookup_key, ..price });
            }
        }
        Wanted { products }
    }
}

fn texts(name: &str, text: Option<&str>) -> Option<(String, String)> {
    text.map(|text| (name.to_owned(), text.to_owned()))
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
            metadata: [texts(IDENTITY, key), texts("tier", tier)].into_iter().flatten().collect(),
        }
    }
}

prop_compose! {
    fn price()(
        product in 0usize..5, active in prop::bool::weighted(0.7), currency in select(vec!["usd", "USD", "eur"]),
        unit_amount in select(vec![Some(100), Some(100), Some(200), Some(200), Some(300), None]),
        lookup_key in select(vec![None, Some("one"), Some("two"), Some("three"), Some("four"), Some("other")]),
        own in prop::bool::weighted(0.5),
        identity in select(vec![None, Some("one"), Some("two"), Some("three"), Some("four"), Some("other"), Some(" ")]),
        replaced_by in prop::option::weighted(0.15, Just("price_0")), tiered in prop::bool::weighted(0.1),
        tax in select(vec![None, Some("unspecified"), Some("inclusive")]),
        interval in select(vec![(None, None), (Some("month"), None), (Some("month"), Some(3)), (Some("year"), Some(1))]),
        tier in select(vec![None, Some("a")]),
    ) -> (usize, MirroredPrice) {
        let identity = if own { lookup_key.or(identity) } else { identity };
        let names = [texts(IDENTITY, identity), texts(REPLACED_BY, replaced_by), texts("tier", tier)];
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
    /// A catalog that Stripe could have.
    pub(super) fn mirrors()(
        mut products in prop::collection::vec(product(), 0..4), prices in prop::collection::vec(price(), 0..7),
    ) -> Mirror {
        for (at, product) in products.iter_mut().enumerate() {
            product.product_id = format!("prod_{at}");
        }
        let mut held = BTreeSet::new();
        let prices = prices.into_iter().enumerate().map(|(at, (product, mut price))| {
            price.price_id = format!("price_{at}");
            price.product_id = products.get(product).map(|product| product.product_id.clone());
            price.lookup_key.take_if(|key| !held.insert(key.clone()));
            price
        });
        let prices = prices.collect();
        Mirror { products, prices }
    }
}

/// Makes a mirror one that a file meets halfway: many prices are what the file says already, some are the default ones of
/// their products, and mostly there is no conflict.
pub(super) fn meddled(mut mirror: Mirror, (defaults, alike, conflicts): Shelf, wanted: &Wanted) -> Mirror {
    let mut once = BTreeSet::new();
    for product in &mut mirror.products {
        if of_product(product).is_some_and(|key| !once.insert(key.to_owned())) {
            product.metadata.remove(IDENTITY);
        }
    }
    let keys = mirror.products.iter().filter_map(|product| Some((of_product(product)?, &product.product_id)));
    let keys: BTreeMap<&str, &String> = keys.collect();
    for (price, alike) in mirror.prices.iter_mut().zip(alike) {
        let own = price.metadata.get(IDENTITY).or(price.lookup_key.as_ref());
        if let Some((product, like)) = own.filter(|_| alike).and_then(|own| wanted_as(own, wanted)) {
            resemble(price, like);
            price.product_id =
                keys.get(product.key.as_str()).map(|id| (*id).clone()).or(price.product_id.take());
        }
        let managed = price.product_id.as_ref().is_some_and(|id| keys.values().any(|own| *own == id));
        let odd = price.billing_scheme.as_deref() == Some("tiered") || price.unit_amount.is_none();
        let (carried, alike) = (carried_by_price(price).is_some(), alike && managed);
        let unknown = odd || !(alike || carried);
        price.lookup_key.take_if(|key| unknown && !conflicts && wanted_as(key, wanted).is_some());
    }
    for (product, index) in mirror.products.iter_mut().zip(defaults) {
        let own = mirror.prices.iter().filter(|price| price.product_id.as_ref() == Some(&product.product_id));
        let own: Vec<&String> = own.map(|price| &price.price_id).collect();
        // Not each of them has one.
        product.default_price_id = own.get(index.index(own.len() + 1)).map(|id| (*id).clone());
    }
    mirror
}

fn wanted_as<'a>(lookup_key: &str, wanted: &'a Wanted) -> Option<(&'a WantedProduct, &'a WantedPrice)> {
    let mut prices =
        wanted.products.iter().flat_map(|product| product.prices.iter().map(move |one| (product, one)));
    prices.find(|(_, price)| price.lookup_key.as_str() == lookup_key)
}

fn resemble(price: &mut MirroredPrice, like: &WantedPrice) {
    let word = |value: Value| value.as_str().map(str::to_owned);
    price.currency = like.currency.to_string();
    price.unit_amount = price.unit_amount.and(Some(like.unit_amount.get()));
    price.recurring_interval = like.recurring.and_then(|one| word(json!(one.interval)));
    price.recurring_interval_count = like.recurring.and_then(|one| one.interval_count);
    if price.tax_behavior.as_deref() == Some("inclusive") {
        price.tax_behavior = word(json!(like.tax_behavior));
    }
}
