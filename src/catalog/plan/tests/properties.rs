//! Properties of all plans: an apply reaches the file from any state, even if it is interrupted at any step.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::catalog::catalog_key::{price_key, product_key};
use crate::catalog::plan::tests::generators::{MirrorTweaks, desired_catalogs, mirrors, tweak};
use crate::catalog::plan::tests::simulator::{SimulatedStripe, steps};
use crate::catalog::plan::{CatalogPlan, ChangeAction, ObjectRef, PlanOptions, Step, plan};
use crate::catalog::{DesiredCatalog, DesiredPrice, DesiredProduct, REPLACED_BY};
use crate::wire::{Environment, Metadata, Mirror, MirroredPrice, MirroredProduct};

fn planned(
    desired: &DesiredCatalog,
    mirror: &Mirror,
    prune: bool,
) -> Result<CatalogPlan, crate::error::Failure> {
    plan(
        desired,
        mirror,
        PlanOptions { source: crate::catalog::plan::Source::File, prune, environment: Environment::Test },
    )
}

fn is_supported(price: &MirroredPrice) -> bool {
    price.billing_scheme.as_deref() != Some("tiered") && price.unit_amount.is_some()
}

fn is_default(mirror: &Mirror, price: &MirroredPrice) -> bool {
    mirror.products.iter().any(|product| product.default_price_id.as_ref() == Some(&price.price_id))
}

fn has_managed_product(mirror: &Mirror, price: &MirroredPrice) -> bool {
    let of = |product: &&MirroredProduct| Some(&product.product_id) == price.product_id.as_ref();
    mirror.products.iter().find(of).is_some_and(|product| product_key(product).is_some())
}

fn prices(desired: &DesiredCatalog) -> impl Iterator<Item = (&DesiredProduct, &DesiredPrice)> {
    desired.products.iter().flat_map(|product| product.prices.iter().map(move |price| (product, price)))
}

fn has_metadata(current: &BTreeMap<String, String>, desired: Option<&Metadata>) -> bool {
    let mut desired = desired.into_iter().flat_map(Metadata::iter);
    desired.all(|(name, value)| current.get(name).map_or("", String::as_str) == value)
}

/// Asserts that every object of the file exists as described.
fn check_matches_file(desired: &DesiredCatalog, mirror: &Mirror) {
    for product in &desired.products {
        let found: Vec<_> =
            mirror.products.iter().filter(|one| product_key(one) == Some(product.key.as_str())).collect();
        let [found] = found[..] else { panic!("{} exists {} times", product.key, found.len()) };
        assert_eq!(found.name.trim(), product.name.as_str().trim());
        assert_eq!(
            found.description.as_deref().unwrap_or_default(),
            product.description.as_ref().map_or("", |text| text.as_str())
        );
        assert_eq!(found.active, product.active);
        assert!(has_metadata(&found.metadata, product.metadata.as_ref()));
    }
    for (product, price) in prices(desired) {
        let key = price.lookup_key.as_str();
        let found: Vec<_> =
            mirror.prices.iter().filter(|one| is_supported(one) && price_key(one) == Some(key)).collect();
        let [found] = found[..] else { panic!("{key} exists {} times", found.len()) };
        assert_eq!(found.lookup_key.as_deref(), Some(key));
        assert!(!found.metadata.contains_key(REPLACED_BY));
        let own = mirror.products.iter().find(|one| Some(&one.product_id) == found.product_id.as_ref());
        assert_eq!(own.and_then(product_key), Some(product.key.as_str()));
        assert_eq!(found.currency.to_lowercase(), price.currency.as_str());
        assert_eq!(found.unit_amount, Some(price.unit_amount.get()));
        let recurring = price
            .recurring
            .map(|one| (serde_json::to_value(one.interval).unwrap(), one.interval_count.unwrap_or(1)));
        let interval = found.recurring_interval.as_deref();
        assert_eq!(interval.map(|one| (one.into(), found.recurring_interval_count.unwrap_or(1))), recurring);
        let tax = serde_json::to_value(price.tax_behavior).unwrap();
        assert_eq!(found.tax_behavior.as_deref().unwrap_or("unspecified"), tax.as_str().unwrap());
        assert!(found.active == price.active || (found.active && is_default(mirror, found)));
        assert!(has_metadata(&found.metadata, price.metadata.as_ref()));
    }
    // Replaced prices are archived.
    for price in mirror.prices.iter().filter(|price| is_supported(price) && price_key(price).is_none()) {
        if price.metadata.contains_key(REPLACED_BY) {
            assert!(!price.active || is_default(mirror, price), "{price:?}");
        }
    }
}

/// Asserts that unmanaged objects are unchanged, and that orphans are archived or unchanged.
fn check_others(desired: &DesiredCatalog, prune: bool, before: &Mirror, after: &Mirror) {
    let products: BTreeSet<&str> = desired.products.iter().map(|product| product.key.as_str()).collect();
    let keys: BTreeSet<&str> = prices(desired).map(|(_, price)| price.lookup_key.as_str()).collect();
    for (was, is) in before.products.iter().zip(&after.products) {
        match product_key(was) {
            None => assert_eq!(was, is),
            Some(key) if products.contains(key) => {}
            Some(_) => assert_eq!(&MirroredProduct { active: was.active && !prune, ..was.clone() }, is),
        }
    }
    for (was, is) in before.prices.iter().zip(&after.prices) {
        let lookup_key = was.lookup_key.as_deref();
        let managed = has_managed_product(before, was);
        match price_key(was) {
            _ if !is_supported(was) => assert_eq!(was, is),
            Some(own) if keys.contains(own) => {}
            Some(_) => {
                let taken = lookup_key.is_some_and(|key| keys.contains(key));
                let lookup_key = was.lookup_key.clone().filter(|_| !taken);
                let stays = !prune || !managed || is_default(before, was);
                let active = was.active && stays;
                assert_eq!(&MirroredPrice { active, lookup_key, ..was.clone() }, is);
            }
            // An adopted price keeps its lookup key.
            None if managed && lookup_key.is_some_and(|key| keys.contains(key)) => {
                assert_eq!(price_key(is), lookup_key);
                assert_eq!(was.lookup_key, is.lookup_key);
                assert!(!is.metadata.contains_key(REPLACED_BY));
            }
            None if was.metadata.contains_key(REPLACED_BY) => {
                let active = was.active && is_default(before, was);
                assert_eq!(&MirroredPrice { active, ..was.clone() }, is);
            }
            None => assert_eq!(was, is),
        }
    }
}

/// Asserts that a lookup key of the right price is unassigned for at most one step.
fn check_lookup_keys(desired: &DesiredCatalog, before: &Mirror, states: &[Mirror]) {
    for (_, price) in prices(desired) {
        let key = Some(price.lookup_key.as_str());
        let holds = |one: &&MirroredPrice| one.lookup_key.as_deref() == key;
        let right = before
            .prices
            .iter()
            .find(holds)
            .is_some_and(|one| price_key(one).is_none_or(|id| Some(id) == key));
        if right {
            let without = states.iter().filter(|state| !state.prices.iter().any(|one| holds(&one))).count();
            assert!(without <= 1, "{key:?} is unassigned for {without} steps");
        }
    }
}

fn check_complete(desired: &DesiredCatalog, prune: bool, mirror: &Mirror) {
    check_matches_file(desired, mirror);
    let next = planned(desired, mirror, prune).unwrap();
    assert!(next.changes.is_empty(), "remaining changes: {:#?}", next.changes);
}

/// Asserts that every replaced price has the `catalog_key` of its change, and is named in it.
fn check_replaced(before: &Mirror, plan: &CatalogPlan) {
    for change in plan.changes.iter().filter(|change| change.action == ChangeAction::Replace) {
        let shown: Vec<&String> = change.id.iter().chain(&change.also).collect();
        for step in &change.steps {
            let id = match step {
                Step::UpdatePrice { price: ObjectRef::Existing(id), replaced_by: Some(_), .. } => id,
                Step::ArchivePrice { id } => id,
                _ => continue,
            };
            assert!(shown.contains(&id), "{id} is not shown in {change:?}");
            let price = before.prices.iter().find(|price| price.price_id == *id).unwrap();
            assert_eq!(price_key(price), Some(change.key.as_str()));
        }
    }
}

/// Checks a plan and every interruption of it. Returns whether there was no conflict.
fn check_plan(desired: &DesiredCatalog, before: &Mirror, prune: bool) -> bool {
    let Ok(first) = planned(desired, before, prune) else { return false };
    check_replaced(before, &first);
    let mut stripe = SimulatedStripe::new(before);
    let mut states = vec![before.clone()];
    for step in steps(&first) {
        stripe.apply(step);
        states.push(stripe.mirror.clone());
    }
    check_complete(desired, prune, &stripe.mirror);
    check_others(desired, prune, before, &stripe.mirror);
    check_lookup_keys(desired, before, &states);
    for interrupted in &states {
        let rest = planned(desired, interrupted, prune).unwrap();
        let after = SimulatedStripe::after(interrupted, &rest);
        check_complete(desired, prune, &after);
        check_others(desired, prune, before, &after);
        assert!(steps(&rest).count() <= steps(&first).count(), "an interruption adds steps");
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_plan_interrupted_at_any_step_is_completed_by_the_next(
        desired in desired_catalogs(), mirror in mirrors(), tweaks in any::<MirrorTweaks>(), prune in any::<bool>()
    ) {
        check_plan(&desired, &tweak(mirror, tweaks, &desired), prune);
    }

    #[test]
    fn a_plan_completes_after_interrupted_plans_of_other_files(
        mirror in mirrors(), tweaks in any::<MirrorTweaks>(),
        interrupted in prop::collection::vec((desired_catalogs(), any::<bool>(), 0usize..12), 1..4),
        desired in desired_catalogs(), prune in any::<bool>()
    ) {
        let mut mirror = tweak(mirror, tweaks, &desired);
        for (other, prune, count) in &interrupted {
            let Ok(plan) = planned(other, &mirror, *prune) else { continue };
            let mut stripe = SimulatedStripe::new(&mirror);
            steps(&plan).take(*count).for_each(|step| stripe.apply(step));
            mirror = stripe.mirror;
        }
        check_plan(&desired, &mirror, prune);
    }
}

/// The properties would also hold if every plan failed.
#[test]
fn most_random_plans_have_no_conflict() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut good, mut replaced, mut released) = (0, 0, 0);
    for _ in 0..200 {
        let all = (desired_catalogs(), mirrors(), any::<MirrorTweaks>()).new_tree(&mut runner).unwrap();
        let (desired, mirror, tweaks) = all.current();
        if let Ok(plan) = planned(&desired, &tweak(mirror, tweaks, &desired), true) {
            good += 1;
            replaced += plan.summary().replace;
            released += plan
                .changes
                .iter()
                .filter(|change| change.reason.contains("releases the lookup key"))
                .count();
        }
    }
    assert!(good > 110 && replaced > 60 && released > 20, "{good} {replaced} {released}");
}
