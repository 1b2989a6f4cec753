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
    assert!(hint.contains("catalog export test --adopt --file OTHER.toml`"), "{hint}");
    // A key that no file can have is none.
    let unreadable =
        shop(json!({"metadata": {"catalog_key": "p r o"}}), json!({"metadata": {"catalog_key": " "}}));
    assert_eq!(fails(&unreadable), (said, hint));
    let dashboard = "take the lookup key from it in Stripe's dashboard";
    assert_eq!(fails(&shop(json!({"metadata": {}}), json!({"metadata": {}, "active": false}))).1, dashboard);
    let (said, hint) = fails(&shop(json!({}), json!({"metadata": {}, "unitAmount": 1900})));
    assert_eq!(said, what);
    let give = "`insforge payments prices update test price_1 --metadata-field catalog_key=pro_monthly`";
    assert!(hint.starts_with(give), "{hint}");
    // The archived one is not brought back in the place of the managed one, though the lookup key names it.
    let mut mirror = shop(json!({}), json!({"metadata": {}, "active": false}));
    let managed = at_stripe("price_2", json!({"lookupKey": null}));
    mirror.prices.push(serde_json::from_value(managed).unwrap());
    let (said, hint) = fails(&mirror);
    assert_eq!(said, what);
    assert!(hint.starts_with("`insforge payments prices update test price_1 --lookup-key null`"), "{hint}");
    let (said, hint) = fails(&shop(json!({}), json!({"billingScheme": "tiered"})));
    assert_eq!(said, what);
    assert_eq!(hint, "take the lookup key from it in Stripe's dashboard");
}

#[test]
fn only_what_is_in_no_file_is_pruned() {
    let mut mirror =
        shop(json!({}), json!({"unitAmount": 1900, "metadata": {"catalog_replaced_by": "price_2"}}));
    mirror.prices[0].lookup_key = None;
    mirror.prices.push(serde_json::from_value(at_stripe("price_2", json!({}))).unwrap());
    let pruned = |wanted: &Wanted, mirror: &Mirror| {
        let plan = planned(wanted, mirror, true).unwrap();
        plan.changes.into_iter().map(|change| (change.key, change.pruned)).collect::<Vec<_>>()
    };
    assert_eq!(pruned(&file(json!({})), &mirror), [("pro_monthly".to_owned(), false)]);
    mirror.prices.remove(0);
    let both = [("pro_monthly".to_owned(), true), ("pro".to_owned(), true)];
    assert_eq!(pruned(&Wanted::default(), &mirror), both);
    // A key that no file can have makes nobody managed.
    let unreadable =
        shop(json!({"metadata": {"catalog_key": "p r o"}}), json!({"metadata": {"catalog_key": " "}}));
    assert_eq!(pruned(&Wanted::default(), &unreadable), []);
}

#[test]
fn each_price_that_gives_way_is_named() {
    let mut mirror = shop(json!({}), json!({"unitAmount": 1900}));
    let other = at_stripe("price_2", json!({"lookupKey": null, "unitAmount": 900}));
    mirror.prices.push(serde_json::from_value(other).unwrap());
    let wanted = file(json!({}));
    let made = planned(&wanted, &mirror, false).unwrap().changes.remove(0);
    assert_eq!((made.id.as_deref(), &made.also[..]), (Some("price_1"), &["price_2".to_owned()][..]));
    assert_eq!(changes(&wanted, &mirror, false)[0]["also"], json!(["price_2"]));
    mirror.prices.pop();
    let seen = planned(&wanted, &mirror, false).unwrap().changes.remove(0);
    assert!(seen.reason == made.reason && seen.before == made.before && seen != made);
}

#[test]
fn another_currency_is_told_with_the_amount() {
    let change = changes(&file(json!({})), &shop(json!({}), json!({"currency": "eur"})), false);
    assert_eq!(change[0]["before"], json!({"currency": "eur", "unitAmount": 2900}));
    assert_eq!(change[0]["after"], json!({"currency": "usd", "unitAmount": 2900}));
    assert!(
        change[0]["reason"].as_str().unwrap().starts_with("Stripe does not change the currency of a price")
    );
}

#[test]
fn what_the_backend_cuts_off_is_no_difference() {
    let mut wanted = file(json!({}));
    wanted.products[0].description = Some("Words\u{feff}".parse().unwrap());
    let mirror = shop(json!({"description": "Words"}), json!({}));
    assert_eq!(changes(&wanted, &mirror, false), json!([]));
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
