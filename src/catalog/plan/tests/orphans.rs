//! Tests of orphans, conflicts and large catalogs.

use serde_json::{Value, json};

use crate::catalog::plan::tests::{changes, entry, file_with, mirror_with, planned, price_json, unmanaged};
use crate::catalog::{DesiredCatalog, DesiredPrice, DesiredProduct};
use crate::error::Code;
use crate::wire::{Mirror, MirroredPrice, MirroredProduct};

#[test]
fn orphans_are_reported_or_pruned() {
    let mut mirror = mirror_with(json!({"defaultPriceId": "price_2"}), json!({}));
    let others = [
        price_json("price_2", json!({"lookupKey": "old", "metadata": {"catalog_key": "old"}})),
        price_json("price_3", json!({"lookupKey": null, "unitAmount": null, "billingScheme": "tiered"})),
        price_json("price_4", json!({"lookupKey": null, "unitAmount": null})),
        price_json("price_5", json!({"lookupKey": null, "metadata": {}})),
        price_json("price_6", json!({"lookupKey": "gone", "metadata": {"catalog_key": "gone"}})),
        price_json("price_7", json!({"lookupKey": null, "metadata": {}, "active": false})),
    ];
    mirror.prices.extend(others.map(|price| serde_json::from_value(price).unwrap()));
    let desired = file_with(json!({}));
    let kept = "is not in the file, but is the default price of its product; choose another default price in Stripe's dashboard";
    let mut expected = vec![
        entry("old", kept),
        entry("USD every month, Pro", "is tiered"),
        entry("USD every month, Pro", "has a fraction of the currency's smallest unit"),
        entry("29.00 USD every month, Pro", "has no catalog_key"),
        entry("gone", "is not in the file; --prune archives it"),
    ];
    assert_eq!(unmanaged(&desired, &mirror, false), expected);
    expected.pop();
    assert_eq!(unmanaged(&desired, &mirror, true), expected);
    let before = json!({
        "product": "pro", "currency": "usd", "unitAmount": 2900,
        "recurring": {"interval": "month", "intervalCount": 1}, "lookupKey": "gone",
    });
    let archived = json!([{
        "action": "archive", "kind": "price", "key": "gone", "id": "price_6", "before": before, "after": null,
        "reason": "is not in the file",
    }]);
    assert_eq!(changes(&desired, &mirror, true), archived);
    // A product is archived after its prices, and its default price stays.
    let plan = planned(&DesiredCatalog::default(), &mirror, true).unwrap();
    let keys: Vec<&str> = plan.changes.iter().map(|change| change.key.as_str()).collect();
    assert_eq!(keys, ["pro_monthly", "gone", "pro"]);
    assert!(plan.unmanaged.iter().all(|one| one.id != "price_2"));
}

#[test]
fn a_default_price_that_is_inactive_in_the_file_is_reported() {
    let mirror = mirror_with(json!({"defaultPriceId": "price_1"}), json!({}));
    let desired = file_with(json!({"active": false}));
    assert_eq!(changes(&desired, &mirror, false), json!([]));
    let why = "is inactive in the file, but is the default price of its product; choose another default price in Stripe's dashboard";
    assert_eq!(unmanaged(&desired, &mirror, false), [entry("pro_monthly", why)]);
}

#[test]
fn a_conflict_names_both_objects_and_a_fix() {
    let conflict = |mirror: &Mirror| {
        let failure = planned(&file_with(json!({})), mirror, false).unwrap_err();
        assert_eq!(failure.code, Code::CatalogConflict);
        (failure.what, failure.hint.unwrap())
    };
    let mut mirror = mirror_with(json!({}), json!({}));
    mirror.products.push(MirroredProduct { product_id: "prod_2".into(), ..mirror.products[0].clone() });
    assert_eq!(conflict(&mirror).0, "The products prod_1 and prod_2 have the same key `pro`");
    let what = "The lookup key `pro_monthly` of the file belongs to the unmanaged price price_1";
    let (message, hint) = conflict(&mirror_with(json!({"metadata": {}}), json!({"metadata": {}})));
    assert_eq!(message, what);
    assert!(hint.contains("catalog export test --adopt --file OTHER.toml`"), "{hint}");
    // An invalid catalog_key counts as none.
    let invalid_keys =
        mirror_with(json!({"metadata": {"catalog_key": "p r o"}}), json!({"metadata": {"catalog_key": " "}}));
    assert_eq!(conflict(&invalid_keys), (message, hint));
    let both_ways = "choose another lookup_key in the file, or remove the lookup key from price_1 with `insforge payments prices \
                     update test price_1 --lookup-key null`";
    assert_eq!(
        conflict(&mirror_with(json!({"metadata": {}}), json!({"metadata": {}, "active": false}))).1,
        both_ways
    );
    let (message, hint) = conflict(&mirror_with(json!({}), json!({"metadata": {}, "unitAmount": 1900})));
    assert_eq!(message, what);
    let command = "`insforge payments prices update test price_1 --metadata-field catalog_key=pro_monthly`";
    assert!(hint.starts_with(command), "{hint}");
    // An archived unmanaged price does not replace the managed one, although it has the lookup key.
    let mut mirror = mirror_with(json!({}), json!({"metadata": {}, "active": false}));
    let managed = price_json("price_2", json!({"lookupKey": null}));
    mirror.prices.push(serde_json::from_value(managed).unwrap());
    let (message, hint) = conflict(&mirror);
    assert_eq!(message, what);
    assert_eq!(hint, both_ways);
    let (message, hint) = conflict(&mirror_with(json!({}), json!({"billingScheme": "tiered"})));
    assert_eq!(message, what);
    assert_eq!(hint, both_ways);
}

#[test]
fn only_managed_orphans_are_pruned() {
    let mut mirror =
        mirror_with(json!({}), json!({"unitAmount": 1900, "metadata": {"catalog_replaced_by": "price_2"}}));
    mirror.prices[0].lookup_key = None;
    mirror.prices.push(serde_json::from_value(price_json("price_2", json!({}))).unwrap());
    let pruned = |desired: &DesiredCatalog, mirror: &Mirror| {
        let plan = planned(desired, mirror, true).unwrap();
        plan.changes.into_iter().map(|change| (change.key, change.pruned)).collect::<Vec<_>>()
    };
    assert_eq!(pruned(&file_with(json!({})), &mirror), [("pro_monthly".to_owned(), false)]);
    mirror.prices.remove(0);
    let both = [("pro_monthly".to_owned(), true), ("pro".to_owned(), true)];
    assert_eq!(pruned(&DesiredCatalog::default(), &mirror), both);
    // An object with an invalid catalog_key is unmanaged.
    let invalid_keys =
        mirror_with(json!({"metadata": {"catalog_key": "p r o"}}), json!({"metadata": {"catalog_key": " "}}));
    assert_eq!(pruned(&DesiredCatalog::default(), &invalid_keys), []);
}

#[test]
fn every_replaced_price_is_named() {
    let mut mirror = mirror_with(json!({}), json!({"unitAmount": 1900}));
    let other = price_json("price_2", json!({"lookupKey": null, "unitAmount": 900}));
    mirror.prices.push(serde_json::from_value(other).unwrap());
    let desired = file_with(json!({}));
    let both = planned(&desired, &mirror, false).unwrap().changes.remove(0);
    assert_eq!((both.id.as_deref(), &both.also[..]), (Some("price_1"), &["price_2".to_owned()][..]));
    assert_eq!(changes(&desired, &mirror, false)[0]["also"], json!(["price_2"]));
    mirror.prices.pop();
    let one = planned(&desired, &mirror, false).unwrap().changes.remove(0);
    assert!(one.reason == both.reason && one.before == both.before && one != both);
}

#[test]
fn a_changed_currency_is_shown_with_its_amount() {
    let change = changes(&file_with(json!({})), &mirror_with(json!({}), json!({"currency": "eur"})), false);
    assert_eq!(change[0]["before"], json!({"currency": "eur", "unitAmount": 2900}));
    assert_eq!(change[0]["after"], json!({"currency": "usd", "unitAmount": 2900}));
    assert!(
        change[0]["reason"].as_str().unwrap().starts_with("Stripe cannot change the currency of a price")
    );
}

#[test]
fn characters_that_the_backend_trims_are_no_difference() {
    let mut desired = file_with(json!({}));
    desired.products[0].description = Some("Words\u{feff}".parse().unwrap());
    let mirror = mirror_with(json!({"description": "Words"}), json!({}));
    assert_eq!(changes(&desired, &mirror, false), json!([]));
}

#[test]
fn too_much_metadata_is_an_error() {
    let names: serde_json::Map<String, Value> = (0..50).map(|n| (format!("n{n}"), "x".into())).collect();
    let failure = planned(&file_with(json!({ "metadata": names })), &Mirror::default(), false).unwrap_err();
    assert_eq!(failure.code, Code::Usage);
    assert!(failure.what.contains("`pro_monthly`"), "{failure}");
}

#[test]
fn ten_thousand_products_are_planned() {
    let price = &file_with(json!({})).products[0].prices[0];
    let products = (0..10_000).map(|n| {
        let prices = (0..3).map(|m| {
            let lookup_key = format!("key_{n}_{m}").parse().unwrap();
            DesiredPrice { lookup_key, ..price.clone() }
        });
        let (key, name) = (format!("p{n}"), "Pro".parse().unwrap());
        DesiredProduct {
            key,
            name,
            description: None,
            active: true,
            metadata: None,
            prices: prices.collect(),
        }
    });
    let desired = DesiredCatalog { products: products.collect() };
    let mut mirror = Mirror::default();
    let plan = planned(&desired, &mirror, true).unwrap();
    assert_eq!(plan.summary().create, 40_000);
    // The mirror after an apply. The simulator would be too slow.
    for product in &desired.products {
        let id = format!("prod_{}", product.key);
        let own = mirror_with(json!({"productId": id, "metadata": {"catalog_key": product.key}}), json!({}));
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
    assert!(planned(&desired, &mirror, true).unwrap().changes.is_empty());
    assert_eq!(planned(&DesiredCatalog::default(), &mirror, true).unwrap().summary().archive, 40_000);
}
