//! Tests of the plan for single examples. Properties of all plans are in `properties`.

mod generators;
mod orphans;
mod properties;
mod replace_price;
mod simulator;

use serde_json::{Value, json};

use crate::catalog::DesiredCatalog;
use crate::catalog::plan::tests::simulator::SimulatedStripe;
use crate::catalog::plan::{CatalogPlan, ChangeAction, PlanOptions, PlannedChange, Step, plan};
use crate::error::Failure;
use crate::wire::{Environment, Mirror, Patch};

/// A file with one product and one price of 29.00 USD every month, changed by `price`.
fn file_with(price: Value) -> DesiredCatalog {
    let mut fields = json!({
        "key": "monthly", "lookupKey": "pro_monthly", "currency": "usd", "unitAmount": 2900,
        "recurring": {"interval": "month", "intervalCount": 1}, "taxBehavior": "unspecified", "active": true,
    });
    merge(&mut fields, price);
    let product =
        json!({"key": "pro", "name": "Pro", "description": null, "active": true, "prices": [fields]});
    serde_json::from_value(json!({ "products": [product] })).unwrap()
}

/// The managed product and price at Stripe, changed by `product` and `price`.
fn mirror_with(product: Value, price: Value) -> Mirror {
    let mut fields = json!({
        "productId": "prod_1", "name": "Pro", "active": true, "metadata": {"catalog_key": "pro"},
    });
    merge(&mut fields, product);
    Mirror {
        products: vec![serde_json::from_value(fields).unwrap()],
        prices: vec![serde_json::from_value(price_json("price_1", price)).unwrap()],
    }
}

fn price_json(id: &str, changes: Value) -> Value {
    let mut fields = json!({
        "priceId": id, "productId": "prod_1", "active": true, "currency": "usd", "unitAmount": 2900,
        "lookupKey": "pro_monthly", "billingScheme": "per_unit", "recurringInterval": "month",
        "metadata": {"catalog_key": "pro_monthly"},
    });
    merge(&mut fields, changes);
    fields
}

fn merge(fields: &mut Value, others: Value) {
    if let (Value::Object(fields), Value::Object(others)) = (fields, others) {
        fields.extend(others);
    }
}

fn planned(desired: &DesiredCatalog, mirror: &Mirror, prune: bool) -> Result<CatalogPlan, Failure> {
    plan(
        desired,
        mirror,
        PlanOptions { source: crate::catalog::plan::Source::File, prune, environment: Environment::Test },
    )
}

/// The changes of the plan as JSON.
fn changes(desired: &DesiredCatalog, mirror: &Mirror, prune: bool) -> Value {
    serde_json::to_value(planned(desired, mirror, prune).unwrap().changes).unwrap()
}

/// The names and reasons of the plan's unmanaged objects.
fn unmanaged(desired: &DesiredCatalog, mirror: &Mirror, prune: bool) -> Vec<(String, String)> {
    let unmanaged = planned(desired, mirror, prune).unwrap().unmanaged;
    unmanaged.into_iter().map(|one| (one.name, one.reason)).collect()
}

fn entry(name: &str, reason: &str) -> (String, String) {
    (name.to_owned(), reason.to_owned())
}

#[test]
fn objects_that_match_the_file_need_no_change() {
    let mirror = mirror_with(
        json!({"name": " Pro ", "description": ""}),
        json!({"currency": "USD", "taxBehavior": null}),
    );
    assert_eq!(changes(&file_with(json!({})), &mirror, true), json!([]));
    let metadata = json!({"metadata": {"tier": ""}});
    assert_eq!(changes(&file_with(metadata), &mirror, true), json!([]));
}

#[test]
fn every_object_is_created_in_an_empty_catalog() {
    let desired = file_with(json!({"metadata": {"tier": "gold", "gone": ""}}));
    let price = json!({
        "product": "pro", "active": true, "currency": "usd", "unitAmount": 2900,
        "recurring": {"interval": "month", "intervalCount": 1}, "taxBehavior": "unspecified",
        "lookupKey": "pro_monthly", "metadata": {"tier": "gold"},
    });
    let expected = json!([
        {"action": "create", "kind": "product", "key": "pro", "id": null, "before": null,
         "after": {"name": "Pro", "active": true}, "reason": "does not exist at Stripe yet"},
        {"action": "create", "kind": "price", "key": "pro_monthly", "id": null, "before": null,
         "after": price, "reason": "does not exist at Stripe yet"},
    ]);
    assert_eq!(changes(&desired, &Mirror::default(), false), expected);
    let plan = planned(&desired, &Mirror::default(), false).unwrap();
    assert_eq!(serde_json::to_value(plan.summary()).unwrap()["create"], 2);
    assert_eq!(plan.changes.iter().map(PlannedChange::depends_on).collect::<Vec<_>>(), [None, Some("pro")]);
    // A plan file does not store steps.
    let stored: Vec<PlannedChange> = serde_json::from_value(expected).unwrap();
    assert_eq!(stored, plan.changes);
    assert!(stored.iter().all(|change| change.steps.is_empty()));
}

#[test]
fn a_price_is_replaced_in_four_steps() {
    let (desired, mirror) =
        (file_with(json!({})), mirror_with(json!({}), json!({"unitAmount": 1900, "currency": "usd"})));
    let expected = json!([{
        "action": "replace", "kind": "price", "key": "pro_monthly", "id": "price_1",
        "before": {"unitAmount": 1900, "currency": "usd"}, "after": {"unitAmount": 2900, "currency": "usd"},
        "reason": "Stripe cannot change the amount of a price, so a new price replaces it; the lookup key is briefly \
                   unassigned while it moves",
    }]);
    assert_eq!(changes(&desired, &mirror, false), expected);
    let plan = planned(&desired, &mirror, false).unwrap();
    let [create, release, assign, archive] = &plan.changes[0].steps[..] else { panic!("{plan:#?}") };
    assert!(matches!(create, Step::CreatePrice { body, .. } if body.lookup_key == Patch::Keep));
    assert!(
        matches!(release, Step::UpdatePrice { changes, replaced_by: Some(_), .. } if changes.lookup_key == Patch::Clear)
    );
    assert!(
        matches!(assign, Step::UpdatePrice { changes, replaced_by: None, .. } if !changes.lookup_key.is_keep())
    );
    assert!(matches!(archive, Step::ArchivePrice { id } if id == "price_1"));
}

#[test]
fn an_interrupted_replacement_is_continued() {
    let (desired, mirror) =
        (file_with(json!({})), mirror_with(json!({}), json!({"unitAmount": 1900, "currency": "usd"})));
    let steps = planned(&desired, &mirror, false).unwrap().changes.remove(0).steps;
    let after_steps = |done: usize| {
        let mut stripe = SimulatedStripe::new(&mirror);
        steps.iter().take(done).for_each(|step| stripe.apply(step));
        let plan = planned(&desired, &stripe.mirror, false).unwrap();
        plan.changes.into_iter().map(|change| (change.action, change.reason)).collect::<Vec<_>>()
    };
    let continues =
        "continues the replacement by price_new_1; the lookup key is briefly unassigned while it moves";
    let archive = (ChangeAction::Archive, "was replaced by price_new_1".to_owned());
    assert_eq!(after_steps(1), [(ChangeAction::Replace, continues.to_owned())]);
    assert_eq!(after_steps(2), [(ChangeAction::Update, "gets its lookup key".to_owned()), archive.clone()]);
    assert_eq!(after_steps(3), [archive]);
    assert_eq!(after_steps(4), []);
}

#[test]
fn a_replaced_default_price_stays_active() {
    let (desired, mirror) = (
        file_with(json!({})),
        mirror_with(json!({"defaultPriceId": "price_1"}), json!({"unitAmount": 1900, "currency": "usd"})),
    );
    let plan = planned(&desired, &mirror, false).unwrap();
    let stays = "; price_1 stays active because it is the default price of its product; choose another default price in \
                 Stripe's dashboard, and the next apply archives it";
    assert!(plan.changes[0].reason.ends_with(stays), "{}", plan.changes[0].reason);
    let mut after = SimulatedStripe::after(&mirror, &plan);
    assert_eq!(changes(&desired, &after, true), json!([]));
    let why = "was replaced by price_new_1, but is the default price of its product; choose another default price in \
               Stripe's dashboard";
    assert_eq!(unmanaged(&desired, &after, false), [entry("19.00 USD every month, Pro", why)]);
    after.products[0].default_price_id = Some("price_new_1".into());
    let archive = changes(&desired, &after, false);
    assert_eq!(archive[0]["action"], "archive");
    assert_eq!((&archive[0]["key"], &archive[0]["id"]), (&json!("pro_monthly"), &json!("price_1")));
}

#[test]
fn changeable_fields_are_updated() {
    for (current, in_file, before, after, reason) in [
        (
            json!({"metadata": {}}),
            json!({"taxBehavior": "inclusive"}),
            json!({"taxBehavior": "unspecified", "metadata": {"catalog_key": null}}),
            json!({"taxBehavior": "inclusive", "metadata": {"catalog_key": "pro_monthly"}}),
            "differs in tax behavior; gets its catalog_key",
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
            "is active in the file; gets its lookup key",
        ),
        (
            json!({}),
            json!({"active": false}),
            json!({"active": true}),
            json!({"active": false}),
            "is inactive in the file",
        ),
    ] {
        let expected = json!([{
            "action": "update", "kind": "price", "key": "pro_monthly", "id": "price_1", "before": before,
            "after": after, "reason": reason,
        }]);
        let (desired, mirror) = (file_with(in_file), mirror_with(json!({}), current));
        assert_eq!(changes(&desired, &mirror, false), expected);
        assert_eq!(unmanaged(&desired, &mirror, false), []);
    }
    let desired: DesiredCatalog = serde_json::from_value(json!({"products": [
        {"key": "pro", "name": "Pro", "description": null, "active": false, "prices": [], "metadata": {"tier": "b"}},
    ]}))
    .unwrap();
    let mirror = mirror_with(json!({"name": "Old", "description": "Words"}), json!({"active": false}));
    let expected = json!([{
        "action": "update", "kind": "product", "key": "pro", "id": "prod_1",
        "before": {"name": "Old", "description": "Words", "metadata": {"tier": null}, "active": true},
        "after": {"name": "Pro", "description": null, "metadata": {"tier": "b"}, "active": false},
        "reason": "differs in name, description and metadata; is inactive in the file",
    }]);
    assert_eq!(changes(&desired, &mirror, false), expected);
}

#[test]
fn a_price_with_other_immutable_fields_is_replaced() {
    let reason = |in_file: Value, current: Value| {
        let plan = planned(&file_with(in_file), &mirror_with(json!({}), current), false).unwrap();
        let change = plan.changes.last().unwrap();
        assert_eq!(change.action, ChangeAction::Replace);
        change.reason.split(" of a price").next().unwrap().to_owned()
    };
    let inclusive = json!({"taxBehavior": "inclusive"});
    assert_eq!(reason(json!({}), inclusive.clone()), "Stripe cannot change the tax behavior");
    let different = json!({"productId": "prod_2", "currency": "eur", "recurringInterval": null});
    assert_eq!(reason(json!({}), different), "Stripe cannot change the product, currency and interval");
}

#[test]
fn a_restored_price_is_no_longer_marked_as_replaced() {
    let mirror = mirror_with(json!({}), json!({"metadata": {"catalog_replaced_by": "price_9"}}));
    let expected = json!([{
        "action": "update", "kind": "price", "key": "pro_monthly", "id": "price_1",
        "before": {"metadata": {"catalog_key": null, "catalog_replaced_by": "price_9"}},
        "after": {"metadata": {"catalog_key": "pro_monthly", "catalog_replaced_by": null}},
        "reason": "gets its catalog_key",
    }]);
    assert_eq!(changes(&file_with(json!({})), &mirror, true), expected);
    let mirror = mirror_with(
        json!({}),
        json!({"metadata": {"catalog_key": "pro_monthly", "catalog_replaced_by": "price_9"}}),
    );
    assert_eq!(changes(&file_with(json!({})), &mirror, true)[0]["reason"], "is no longer replaced");
}

#[test]
fn a_lookup_key_of_the_wrong_price_is_released_first() {
    let mut desired = file_with(json!({}));
    desired.products[0]
        .prices
        .extend(file_with(json!({"lookupKey": "pro_yearly"})).products.remove(0).prices);
    let mirror = mirror_with(json!({}), json!({"lookupKey": "pro_yearly"}));
    let plan = planned(&desired, &mirror, false).unwrap();
    let actual: Vec<_> =
        plan.changes.iter().map(|one| (one.action, one.key.as_str(), one.reason.as_str())).collect();
    let released = "releases the lookup key pro_yearly for another price of the file";
    assert_eq!(
        actual,
        [
            (ChangeAction::Update, "pro_monthly", released),
            (ChangeAction::Update, "pro_monthly", "gets its lookup key"),
            (ChangeAction::Create, "pro_yearly", "does not exist at Stripe yet"),
        ]
    );
}
