//! Changes as a reader and a script see them.

mod rest;

use serde_json::{Value, json};

use crate::catalog::Wanted;
use crate::catalog::plan::simulator::Shop;
use crate::catalog::plan::{Action, Change, Options, Plan, Step, plan};
use crate::error::Failure;
use crate::wire::{Environment, Mirror, Patch};

/// A file's product with one price at 29.00 USD every month, and what is to be otherwise.
fn file(price: Value) -> Wanted {
    let mut fields = json!({
        "key": "monthly", "lookupKey": "pro_monthly", "currency": "usd", "unitAmount": 2900,
        "recurring": {"interval": "month", "intervalCount": 1}, "taxBehavior": "unspecified", "active": true,
    });
    merge(&mut fields, price);
    let product =
        json!({"key": "pro", "name": "Pro", "description": null, "active": true, "prices": [fields]});
    serde_json::from_value(json!({ "products": [product] })).unwrap()
}

/// The same at Stripe, managed, and what is otherwise.
fn shop(product: Value, price: Value) -> Mirror {
    let mut fields = json!({
        "productId": "prod_1", "name": "Pro", "active": true, "metadata": {"catalog_key": "pro"},
    });
    merge(&mut fields, product);
    Mirror {
        products: vec![serde_json::from_value(fields).unwrap()],
        prices: vec![serde_json::from_value(at_stripe("price_1", price)).unwrap()],
    }
}

fn at_stripe(id: &str, other: Value) -> Value {
    let mut fields = json!({
        "priceId": id, "productId": "prod_1", "active": true, "currency": "usd", "unitAmount": 2900,
        "lookupKey": "pro_monthly", "billingScheme": "per_unit", "recurringInterval": "month",
        "metadata": {"catalog_key": "pro_monthly"},
    });
    merge(&mut fields, other);
    fields
}

fn merge(fields: &mut Value, others: Value) {
    if let (Value::Object(fields), Value::Object(others)) = (fields, others) {
        fields.extend(others);
    }
}

fn planned(wanted: &Wanted, mirror: &Mirror, prune: bool) -> Result<Plan, Failure> {
    plan(wanted, mirror, Options { prune, environment: Environment::Test })
}

/// The plan's changes as JSON.
fn changes(wanted: &Wanted, mirror: &Mirror, prune: bool) -> Value {
    serde_json::to_value(planned(wanted, mirror, prune).unwrap().changes).unwrap()
}

/// The plan's unmanaged objects: name and reason.
fn unmanaged(wanted: &Wanted, mirror: &Mirror, prune: bool) -> Vec<(String, String)> {
    let unmanaged = planned(wanted, mirror, prune).unwrap().unmanaged;
    unmanaged.into_iter().map(|one| (one.name, one.reason)).collect()
}

fn told(name: &str, reason: &str) -> (String, String) {
    (name.to_owned(), reason.to_owned())
}

#[test]
fn what_is_as_the_file_says_needs_nothing() {
    let mirror =
        shop(json!({"name": " Pro ", "description": ""}), json!({"currency": "USD", "taxBehavior": null}));
    assert_eq!(changes(&file(json!({})), &mirror, true), json!([]));
    let metadata = json!({"metadata": {"tier": ""}});
    assert_eq!(changes(&file(metadata), &mirror, true), json!([]));
}

#[test]
fn an_empty_shop_gets_everything() {
    let wanted = file(json!({"metadata": {"tier": "gold", "gone": ""}}));
    let price = json!({
        "product": "pro", "active": true, "currency": "usd", "unitAmount": 2900,
        "recurring": {"interval": "month", "intervalCount": 1}, "taxBehavior": "unspecified",
        "lookupKey": "pro_monthly", "metadata": {"tier": "gold"},
    });
    let expected = json!([
        {"action": "create", "kind": "product", "key": "pro", "id": null, "before": null,
         "after": {"name": "Pro", "active": true}, "reason": "is not at Stripe yet"},
        {"action": "create", "kind": "price", "key": "pro_monthly", "id": null, "before": null,
         "after": price, "reason": "is not at Stripe yet"},
    ]);
    assert_eq!(changes(&wanted, &Mirror::default(), false), expected);
    let plan = planned(&wanted, &Mirror::default(), false).unwrap();
    assert_eq!(serde_json::to_value(plan.summary()).unwrap()["create"], 2);
    assert_eq!(plan.changes.iter().map(Change::depends_on).collect::<Vec<_>>(), [None, Some("pro")]);
    // A plan file keeps what was reviewed, and no requests.
    let kept: Vec<Change> = serde_json::from_value(expected).unwrap();
    assert_eq!(kept, plan.changes);
    assert!(kept.iter().all(|change| change.steps.is_empty()));
}

#[test]
fn a_price_is_replaced_in_four_steps() {
    let (wanted, mirror) = (file(json!({})), shop(json!({}), json!({"unitAmount": 1900, "currency": "usd"})));
    let expected = json!([{
        "action": "replace", "kind": "price", "key": "pro_monthly", "id": "price_1",
        "before": {"unitAmount": 1900, "currency": "usd"}, "after": {"unitAmount": 2900, "currency": "usd"},
        "reason": "Stripe does not change the amount of a price, so a new one takes its place; its lookup key names \
                   nothing for the moment between two requests",
    }]);
    assert_eq!(changes(&wanted, &mirror, false), expected);
    let plan = planned(&wanted, &mirror, false).unwrap();
    let [made, freed, named, archived] = &plan.changes[0].steps[..] else { panic!("{plan:#?}") };
    assert!(matches!(made, Step::CreatePrice { body, .. } if body.lookup_key == Patch::Keep));
    assert!(
        matches!(freed, Step::UpdatePrice { changes, replaced_by: Some(_), .. } if changes.lookup_key == Patch::Clear)
    );
    assert!(
        matches!(named, Step::UpdatePrice { changes, replaced_by: None, .. } if !changes.lookup_key.is_keep())
    );
    assert!(matches!(archived, Step::ArchivePrice { id } if id == "price_1"));
}

#[test]
fn a_replacement_says_what_it_was_stopped_in() {
    let (wanted, mirror) = (file(json!({})), shop(json!({}), json!({"unitAmount": 1900, "currency": "usd"})));
    let steps = planned(&wanted, &mirror, false).unwrap().changes.remove(0).steps;
    let said = |done: usize| {
        let mut shop = Shop::new(&mirror);
        steps.iter().take(done).for_each(|step| shop.apply(step));
        let plan = planned(&wanted, &shop.mirror, false).unwrap();
        plan.changes.into_iter().map(|change| (change.action, change.reason)).collect::<Vec<_>>()
    };
    let continues = "continues a replacement: price_new_1 takes its place; its lookup key names nothing for the \
                     moment between two requests";
    let archive = (Action::Archive, "was replaced by price_new_1".to_owned());
    assert_eq!(said(1), [(Action::Replace, continues.to_owned())]);
    assert_eq!(said(2), [(Action::Update, "gets its lookup key".to_owned()), archive.clone()]);
    assert_eq!(said(3), [archive]);
    assert_eq!(said(4), []);
}

#[test]
fn a_default_price_is_replaced_and_stays_on_sale() {
    let (wanted, mirror) = (
        file(json!({})),
        shop(json!({"defaultPriceId": "price_1"}), json!({"unitAmount": 1900, "currency": "usd"})),
    );
    let plan = planned(&wanted, &mirror, false).unwrap();
    let stays = "; price_1 stays active because it is the default price of its product: choose another in Stripe's \
                 dashboard, and the next apply archives it";
    assert!(plan.changes[0].reason.ends_with(stays), "{}", plan.changes[0].reason);
    let mut after = Shop::after(&mirror, &plan);
    assert_eq!(changes(&wanted, &after, true), json!([]));
    let why = "was replaced by price_new_1, but is the default price of its product: choose another in Stripe's \
               dashboard";
    assert_eq!(unmanaged(&wanted, &after, false), [told("19.00 USD every month, Pro", why)]);
    after.products[0].default_price_id = Some("price_new_1".into());
    let archive = changes(&wanted, &after, false);
    assert_eq!(archive[0]["action"], "archive");
    assert_eq!((&archive[0]["key"], &archive[0]["id"]), (&json!("pro_monthly"), &json!("price_1")));
}

#[test]
fn what_can_be_changed_is_changed_in_place() {
    for (at_stripe, in_file, before, after, reason) in [
        (
            json!({"metadata": {}}),
            json!({"taxBehavior": "inclusive"}),
            json!({"taxBehavior": "unspecified", "metadata": {"catalog_key": null}}),
            json!({"taxBehavior": "inclusive", "metadata": {"catalog_key": "pro_monthly"}}),
            "differs in tax behavior; records its identity",
        ),
        (
            json!({"metadata": {"catalog_key": "pro_monthly", "tier": "a", "mine": "stays"}}),
            json!({"metadata": {"tier": ""}}),
            json!({"metadata": {"tier": "a"}}),
            json!({"metadata": {"tier": null}}),
            "differs in metadata",
        ),
        (
            json!({"active": false, "lookupKey": null}),
            json!({}),
            json!({"active": false, "lookupKey": null}),
            json!({"active": true, "lookupKey": "pro_monthly"}),
            "becomes active again; gets its lookup key",
        ),
        (
            json!({}),
            json!({"active": false}),
            json!({"active": true}),
            json!({"active": false}),
            "is archived in the file",
        ),
    ] {
        let expected = json!([{
            "action": "update", "kind": "price", "key": "pro_monthly", "id": "price_1", "before": before,
            "after": after, "reason": reason,
        }]);
        let (wanted, mirror) = (file(in_file), shop(json!({}), at_stripe));
        assert_eq!(changes(&wanted, &mirror, false), expected);
        assert_eq!(unmanaged(&wanted, &mirror, false), []);
    }
    let wanted: Wanted = serde_json::from_value(json!({"products": [
        {"key": "pro", "name": "Pro", "description": null, "active": false, "prices": [], "metadata": {"tier": "b"}},
    ]}))
    .unwrap();
    let mirror = shop(json!({"name": "Old", "description": "Words"}), json!({"active": false}));
    let expected = json!([{
        "action": "update", "kind": "product", "key": "pro", "id": "prod_1",
        "before": {"name": "Old", "description": "Words", "metadata": {"tier": null}, "active": true},
        "after": {"name": "Pro", "description": null, "metadata": {"tier": "b"}, "active": false},
        "reason": "differs in name, description and metadata; is archived in the file",
    }]);
    assert_eq!(changes(&wanted, &mirror, false), expected);
}

#[test]
fn a_fixed_tax_behavior_and_another_product_are_reasons_to_replace() {
    let reason = |wanted: Value, at_stripe: Value| {
        let plan = planned(&file(wanted), &shop(json!({}), at_stripe), false).unwrap();
        let change = plan.changes.last().unwrap();
        assert_eq!(change.action, Action::Replace);
        change.reason.split(" of a price").next().unwrap().to_owned()
    };
    let inclusive = json!({"taxBehavior": "inclusive"});
    assert_eq!(reason(json!({}), inclusive.clone()), "Stripe does not change the tax behavior");
    let otherwise = json!({"productId": "prod_2", "currency": "eur", "recurringInterval": null});
    assert_eq!(reason(json!({}), otherwise), "Stripe does not change the product, currency and interval");
}

#[test]
fn a_price_that_somebody_brought_back_is_not_replaced_any_more() {
    let mirror = shop(json!({}), json!({"metadata": {"catalog_replaced_by": "price_9"}}));
    let expected = json!([{
        "action": "update", "kind": "price", "key": "pro_monthly", "id": "price_1",
        "before": {"metadata": {"catalog_key": null, "catalog_replaced_by": "price_9"}},
        "after": {"metadata": {"catalog_key": "pro_monthly", "catalog_replaced_by": null}},
        "reason": "records its identity",
    }]);
    assert_eq!(changes(&file(json!({})), &mirror, true), expected);
    let mirror = shop(
        json!({}),
        json!({"metadata": {"catalog_key": "pro_monthly", "catalog_replaced_by": "price_9"}}),
    );
    assert_eq!(changes(&file(json!({})), &mirror, true)[0]["reason"], "is not replaced any more");
}

#[test]
fn a_lookup_key_that_another_price_has_is_freed_first() {
    let mut wanted = file(json!({}));
    wanted.products[0].prices.extend(file(json!({"lookupKey": "pro_yearly"})).products.remove(0).prices);
    let mirror = shop(json!({}), json!({"lookupKey": "pro_yearly"}));
    let plan = planned(&wanted, &mirror, false).unwrap();
    let said: Vec<_> =
        plan.changes.iter().map(|one| (one.action, one.key.as_str(), one.reason.as_str())).collect();
    let freed = "has the lookup key pro_yearly, which belongs to another price of the file";
    assert_eq!(
        said,
        [
            (Action::Update, "pro_monthly", freed),
            (Action::Update, "pro_monthly", "gets its lookup key"),
            (Action::Create, "pro_yearly", "is not at Stripe yet"),
        ]
    );
}
