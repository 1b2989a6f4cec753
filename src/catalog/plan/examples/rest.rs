//! What is told, pruned or refused, and how much of it.

use serde_json::{Value, json};

use crate::catalog::plan::examples::{at_stripe, changes, file, planned, shop, told, unmanaged};
use crate::catalog::{Wanted, WantedPrice, WantedProduct};
use crate::error::Code;
use crate::wire::{Mirror, MirroredPrice, MirroredProduct};

#[test]
fn what_is_not_in_the_file_is_told_or_pruned() {
    let mut mirror = shop(json!({"defaultPriceId": "price_2"}), json!({}));
    let others = [
        at_stripe("price_2", json!({"lookupKey": "old", "metadata": {"catalog_key": "old"}})),
        at_stripe("price_3", json!({"lookupKey": null, "unitAmount": null, "billingScheme": "tiered"})),
        at_stripe("price_4", json!({"lookupKey": null, "unitAmount": null})),
        at_stripe("price_5", json!({"lookupKey": null, "metadata": {}})),
        at_stripe("price_6", json!({"lookupKey": "gone", "metadata": {"catalog_key": "gone"}})),
        at_stripe("price_7", json!({"lookupKey": null, "metadata": {}, "active": false})),
    ];
    mirror.prices.extend(others.map(|price| serde_json::from_value(price).unwrap()));
    let wanted = file(json!({}));
    let kept =
        "is not in the file, but is the default price of its product: choose another in Stripe's dashboard";
    let mut expected = vec![
        told("old", kept),
        told("USD every month, Pro", "is tiered"),
        told("USD every month, Pro", "has a fraction of the smallest unit"),
        told("29.00 USD every month, Pro", "has no identity"),
        told("gone", "is not in the file; --prune archives it"),
    ];
    assert_eq!(unmanaged(&wanted, &mirror, false), expected);
    expected.pop();
    assert_eq!(unmanaged(&wanted, &mirror, true), expected);
    let before = json!({
        "product": "pro", "currency": "usd", "unitAmount": 2900,
        "recurring": {"interval": "month", "intervalCount": 1}, "lookupKey": "gone",
    });
    let archived = json!([{
        "action": "archive", "kind": "price", "key": "gone", "id": "price_6", "before": before, "after": null,
        "reason": "is not in the file",
    }]);
    assert_eq!(changes(&wanted, &mirror, true), archived);
    // A product goes after its prices, and takes its default price along.
    let plan = planned(&Wanted::default(), &mirror, true).unwrap();
    let keys: Vec<&str> = plan.changes.iter().map(|change| change.key.as_str()).collect();
    assert_eq!(keys, ["pro_monthly", "gone", "pro"]);
    assert!(plan.unmanaged.iter().all(|one| one.id != "price_2"));
}

#[test]
fn a_default_price_that_is_to_be_archived_is_told() {
    let mirror = shop(json!({"defaultPriceId": "price_1"}), json!({}));
    let wanted = file(json!({"active": false}));
    assert_eq!(changes(&wanted, &mirror, false), json!([]));
    let why = "is archived in the file, but is the default price of its product: choose another in Stripe's dashboard";
    assert_eq!(unmanaged(&wanted, &mirror, false), [told("pro_monthly", why)]);
}

#[test]
fn contradictions_name_both_sides_and_what_to_do() {
    let fails = |mirror: &Mirror| {
        let failure = planned(&file(json!({})), mirror, false).unwrap_err();
        assert_eq!(failure.code, Code::CatalogConflict);
        (failure.what, failure.hint.unwrap())
    };
    let mut mirror = shop(json!({}), json!({}));
    mirror.products.push(MirroredProduct { product_id: "prod_2".into(), ..mirror.products[0].clone() });
    assert_eq!(fails(&mirror).0, "Two products at Stripe are `pro`: prod_1 and prod_2");
    let what = "The lookup key `pro_monthly` belongs to price_1, a price that is not managed";
    let (said, hint) = fails(&shop(json!({"metadata": {}}), json!({"metadata": {}})));
    assert_eq!(said, what);
    assert!(hint.contains("catalog export test --adopt"), "{hint}");
    let (said, hint) = fails(&shop(json!({}), json!({"billingScheme": "tiered"})));
    assert_eq!(said, what);
    assert_eq!(hint, "take the lookup key from it in Stripe's dashboard");
}

#[test]
fn too_much_metadata_is_refused() {
    let names: serde_json::Map<String, Value> = (0..50).map(|n| (format!("n{n}"), "x".into())).collect();
    let failure = planned(&file(json!({ "metadata": names })), &Mirror::default(), false).unwrap_err();
    assert_eq!(failure.code, Code::Usage);
    assert!(failure.what.contains("`pro_monthly`"), "{failure}");
}

#[test]
fn ten_thousand_products_are_planned() {
    let price = &file(json!({})).products[0].prices[0];
    let products = (0..10_000).map(|n| {
        let prices = (0..3).map(|m| {
            let lookup_key = format!("key_{n}_{m}").parse().unwrap();
            WantedPrice { lookup_key, ..price.clone() }
        });
        let (key, name) = (format!("p{n}"), "Pro".parse().unwrap());
        WantedProduct { key, name, description: None, active: true, metadata: None, prices: prices.collect() }
    });
    let wanted = Wanted { products: products.collect() };
    let mut mirror = Mirror::default();
    let made = planned(&wanted, &mirror, true).unwrap();
    assert_eq!(made.summary().create, 40_000);
    // As if applied, without a simulation that looks through all of it for each step.
    for product in &wanted.products {
        let id = format!("prod_{}", product.key);
        let own = shop(json!({"productId": id, "metadata": {"catalog_key": product.key}}), json!({}));
        for price in &product.prices {
            let key = price.lookup_key.as_str();
            let template = own.prices[0].clone();
            let metadata = [("catalog_key".to_owned(), key.to_owned())].into();
            mirror.prices.push(MirroredPrice {
                price_id: format!("price_{key}"),
                product_id: Some(id.clone()),
                lookup_key: Some(key.into()),
                metadata,
                ..template
            });
        }
        mirror.products.extend(own.products);
    }
    assert!(planned(&wanted, &mirror, true).unwrap().changes.is_empty());
    assert_eq!(planned(&Wanted::default(), &mirror, true).unwrap().summary().archive, 40_000);
}
