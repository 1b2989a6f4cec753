//! Whatever stands at Stripe and whatever a file says: a plan reaches the file, wherever it is stopped.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::catalog::identity::{carried_by_price, of_product};
use crate::catalog::plan::generators::{Shelf, meddled, mirrors, wanteds};
use crate::catalog::plan::simulator::{Shop, steps};
use crate::catalog::plan::{Action, Options, Plan, Ref, Step, plan};
use crate::catalog::{REPLACED_BY, Wanted, WantedPrice, WantedProduct};
use crate::wire::{Environment, Metadata, Mirror, MirroredPrice, MirroredProduct};

fn planned(wanted: &Wanted, mirror: &Mirror, prune: bool) -> Result<Plan, crate::error::Failure> {
    plan(wanted, mirror, Options { prune, environment: Environment::Test })
}

fn identity(price: &MirroredPrice) -> Option<&str> {
    carried_by_price(price)
}

fn is_plain(price: &MirroredPrice) -> bool {
    price.billing_scheme.as_deref() != Some("tiered") && price.unit_amount.is_some()
}

fn is_default(mirror: &Mirror, price: &MirroredPrice) -> bool {
    mirror.products.iter().any(|product| product.default_price_id.as_ref() == Some(&price.price_id))
}

fn is_on_managed(mirror: &Mirror, price: &MirroredPrice) -> bool {
    let of = |product: &&MirroredProduct| Some(&product.product_id) == price.product_id.as_ref();
    mirror.products.iter().find(of).is_some_and(|product| of_product(product).is_some())
}

fn prices(wanted: &Wanted) -> impl Iterator<Item = (&WantedProduct, &WantedPrice)> {
    wanted.products.iter().flat_map(|product| product.prices.iter().map(move |price| (product, price)))
}

fn has(found: &std::collections::BTreeMap<String, String>, wanted: Option<&Metadata>) -> bool {
    let mut names = wanted.into_iter().flat_map(Metadata::iter);
    names.all(|(name, text)| found.get(name).map_or("", String::as_str) == text)
}

/// All that the file says is so.
fn check_reached(wanted: &Wanted, mirror: &Mirror) {
    for product in &wanted.products {
        let found: Vec<_> =
            mirror.products.iter().filter(|one| of_product(one) == Some(product.key.as_str())).collect();
        let [found] = found[..] else { panic!("{} is there {} times", product.key, found.len()) };
        assert_eq!(found.name.trim(), product.name.as_str().trim());
        assert_eq!(
            found.description.as_deref().unwrap_or_default(),
            product.description.as_ref().map_or("", |text| text.as_str())
        );
        assert_eq!(found.active, product.active);
        assert!(has(&found.metadata, product.metadata.as_ref()));
    }
    for (product, price) in prices(wanted) {
        let key = price.lookup_key.as_str();
        let found: Vec<_> =
            mirror.prices.iter().filter(|one| is_plain(one) && identity(one) == Some(key)).collect();
        let [found] = found[..] else { panic!("{key} is there {} times", found.len()) };
        assert_eq!(found.lookup_key.as_deref(), Some(key));
        assert!(!found.metadata.contains_key(REPLACED_BY));
        let own = mirror.products.iter().find(|one| Some(&one.product_id) == found.product_id.as_ref());
        assert_eq!(own.and_then(of_product), Some(product.key.as_str()));
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
        assert!(has(&found.metadata, price.metadata.as_ref()));
    }
    // What was replaced is off sale.
    for price in mirror.prices.iter().filter(|price| is_plain(price) && identity(price).is_none()) {
        if price.metadata.contains_key(REPLACED_BY) {
            assert!(!price.active || is_default(mirror, price), "{price:?}");
        }
    }
}

/// What is not managed is as it was, and what is not in the file is archived or as it was.
fn check_others(wanted: &Wanted, prune: bool, before: &Mirror, after: &Mirror) {
    let products: BTreeSet<&str> = wanted.products.iter().map(|product| product.key.as_str()).collect();
    let keys: BTreeSet<&str> = prices(wanted).map(|(_, price)| price.lookup_key.as_str()).collect();
    for (was, is) in before.products.iter().zip(&after.products) {
        match of_product(was) {
            None => assert_eq!(was, is),
            Some(key) if products.contains(key) => {}
            Some(_) => assert_eq!(&MirroredProduct { active: was.active && !prune, ..was.clone() }, is),
        }
    }
    for (was, is) in before.prices.iter().zip(&after.prices) {
        let lookup_key = was.lookup_key.as_deref();
        let managed = is_on_managed(before, was);
        match identity(was) {
            _ if !is_plain(was) => assert_eq!(was, is),
            Some(own) if keys.contains(own) => {}
            Some(_) => {
                let taken = lookup_key.is_some_and(|key| keys.contains(key));
                let lookup_key = was.lookup_key.clone().filter(|_| !taken);
                let stays = !prune || !managed || is_default(before, was);
                let active = was.active && stays;
                assert_eq!(&MirroredPrice { active, lookup_key, ..was.clone() }, is);
            }
            // What is taken over loses nothing: it is the price that the file says.
            None if managed && lookup_key.is_some_and(|key| keys.contains(key)) => {
                assert_eq!(identity(is), lookup_key);
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

/// A lookup key that names the price it belongs to names one all the time, but for one moment.
fn check_moments(wanted: &Wanted, before: &Mirror, states: &[Mirror]) {
    for (_, price) in prices(wanted) {
        let key = Some(price.lookup_key.as_str());
        let holds = |one: &&MirroredPrice| one.lookup_key.as_deref() == key;
        let right = before
            .prices
            .iter()
            .find(holds)
            .is_some_and(|one| identity(one).is_none_or(|id| Some(id) == key));
        if right {
            let without = states.iter().filter(|state| !state.prices.iter().any(|one| holds(&one))).count();
            assert!(without <= 1, "{key:?} names nothing for {without} requests");
        }
    }
}

fn settled(wanted: &Wanted, prune: bool, mirror: &Mirror) {
    check_reached(wanted, mirror);
    let again = planned(wanted, mirror, prune).unwrap();
    assert!(again.changes.is_empty(), "there is still something to do: {:#?}", again.changes);
}

/// Each price that gives way has its identity, and is named.
fn check_shown(before: &Mirror, plan: &Plan) {
    for change in plan.changes.iter().filter(|change| change.action == Action::Replace) {
        let shown: Vec<&String> = change.id.iter().chain(&change.also).collect();
        for step in &change.steps {
            let id = match step {
                Step::UpdatePrice { price: Ref::Known(id), replaced_by: Some(_), .. } => id,
                Step::ArchivePrice { id } => id,
                _ => continue,
            };
            assert!(shown.contains(&id), "{id} is not shown in {change:?}");
            let price = before.prices.iter().find(|price| price.price_id == *id).unwrap();
            assert_eq!(identity(price), Some(change.key.as_str()));
        }
    }
}

/// Whether there was no conflict.
fn converges(wanted: &Wanted, before: &Mirror, prune: bool) -> bool {
    let Ok(first) = planned(wanted, before, prune) else { return false };
    check_shown(before, &first);
    let mut shop = Shop::new(before);
    let mut states = vec![before.clone()];
    for step in steps(&first) {
        shop.apply(step);
        states.push(shop.mirror.clone());
    }
    settled(wanted, prune, &shop.mirror);
    check_others(wanted, prune, before, &shop.mirror);
    check_moments(wanted, before, &states);
    for stopped in &states {
        let rest = planned(wanted, stopped, prune).unwrap();
        let after = Shop::after(stopped, &rest);
        settled(wanted, prune, &after);
        check_others(wanted, prune, before, &after);
        assert!(steps(&rest).count() <= steps(&first).count(), "stopping makes it longer");
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_plan_reaches_the_file_wherever_it_is_stopped(
        wanted in wanteds(), mirror in mirrors(), shelf in any::<Shelf>(), prune in any::<bool>()
    ) {
        converges(&wanted, &meddled(mirror, shelf, &wanted), prune);
    }

    #[test]
    fn one_plan_takes_over_where_another_was_stopped(
        mirror in mirrors(), shelf in any::<Shelf>(),
        stopped in prop::collection::vec((wanteds(), any::<bool>(), 0usize..12), 1..4),
        wanted in wanteds(), prune in any::<bool>()
    ) {
        let mut mirror = meddled(mirror, shelf, &wanted);
        for (other, prune, most) in &stopped {
            let Ok(plan) = planned(other, &mirror, *prune) else { continue };
            let mut shop = Shop::new(&mirror);
            steps(&plan).take(*most).for_each(|step| shop.apply(step));
            mirror = shop.mirror;
        }
        converges(&wanted, &mirror, prune);
    }
}

/// The properties would hold of a plan that always fails, too.
#[test]
fn most_of_what_is_tried_is_no_conflict() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut good, mut replaced, mut freed) = (0, 0, 0);
    for _ in 0..200 {
        let both = (wanteds(), mirrors(), any::<Shelf>()).new_tree(&mut runner).unwrap();
        let (wanted, mirror, shelf) = both.current();
        if let Ok(plan) = planned(&wanted, &meddled(mirror, shelf, &wanted), true) {
            good += 1;
            replaced += plan.summary().replace;
            freed +=
                plan.changes.iter().filter(|change| change.reason.contains("belongs to another")).count();
        }
    }
    assert!(good > 110 && replaced > 60 && freed > 20, "{good} {replaced} {freed}");
}
