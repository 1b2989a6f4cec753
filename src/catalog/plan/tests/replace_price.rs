//! Replacements without a file, interrupted after any request.

use serde_json::{Value, json};

use crate::catalog::plan::tests::simulator::SimulatedStripe;
use crate::catalog::plan::tests::{mirror_with, price_json};
use crate::catalog::plan::{PriceReplacement, replace_price};
use crate::catalog::{CATALOG_KEY, PENDING_LOOKUP_KEY, REPLACES, catalog_key};
use crate::error::Failure;
use crate::wire::{Environment, Mirror, MirroredPrice};

const OLD: &str = "price_1";
const KEY: &str = "pro_monthly";
const BEFORE: u64 = 2900;
const AFTER: u64 = 3900;
/// The number of requests of a replacement.
const REQUESTS: usize = 4;

fn replacement(mirror: &Mirror, reference: &str, amount: u64) -> Result<Option<PriceReplacement>, Failure> {
    replace_price(mirror, reference, amount.to_string().parse().unwrap(), Environment::Test)
}

/// The mirror after the first requests of a replacement.
fn after(mirror: &Mirror, reference: &str, amount: u64, requests: usize) -> Mirror {
    let replacement = replacement(mirror, reference, amount).unwrap().expect("a price");
    let mut stripe = SimulatedStripe::new(mirror);
    let steps = replacement.change.iter().flat_map(|change| &change.steps);
    steps.take(requests).for_each(|step| stripe.apply(step));
    stripe.mirror
}

fn shop(is_managed: bool, has_key: bool, is_default: bool) -> Mirror {
    let metadata =
        if is_managed { json!({"catalog_key": KEY, "tier": "pro"}) } else { json!({"tier": "pro"}) };
    let default = if is_default { json!(OLD) } else { Value::Null };
    let key = if has_key { json!(KEY) } else { Value::Null };
    let price = json!({"metadata": metadata, "lookupKey": key, "taxBehavior": "exclusive"});
    mirror_with(json!({"defaultPriceId": default}), price)
}

fn active(mirror: &Mirror) -> Vec<&MirroredPrice> {
    mirror.prices.iter().filter(|price| price.active).collect()
}

fn has_own_names(price: &MirroredPrice) -> bool {
    [REPLACES, PENDING_LOOKUP_KEY].iter().any(|name| price.metadata.contains_key(*name))
}

#[test]
fn the_same_command_finishes_a_replacement_that_stopped_anywhere() {
    for flags in 0..8 {
        let (is_managed, has_key, is_default) = (flags & 1 > 0, flags & 2 > 0, flags & 4 > 0);
        let before = shop(is_managed, has_key, is_default);
        let references: &[&str] = if has_key { &[OLD, KEY] } else { &[OLD] };
        for (reference, stop) in
            references.iter().flat_map(|reference| (0..=REQUESTS).map(move |stop| (reference, stop)))
        {
            let case =
                format!("managed {is_managed}, key {has_key}, default {is_default}, {reference}, {stop}");
            let stopped = after(&before, reference, AFTER, stop);
            let mut same: Vec<&str> = references.to_vec();
            same.extend(
                stopped.prices.iter().find(|price| price.price_id != OLD).map(|new| new.price_id.as_str()),
            );
            for reference in same {
                let end = after(&stopped, reference, AFTER, usize::MAX);
                let [old, new] = &end.prices[..] else { panic!("{case}: {:?}", end.prices) };
                assert_eq!((old.active, old.lookup_key.as_deref()), (is_default, None), "{case}");
                assert_eq!(catalog_key::replaced_by(old), Some(new.price_id.as_str()), "{case}");
                assert!(!old.metadata.contains_key(CATALOG_KEY) && !has_own_names(old), "{case}");
                let expected = MirroredPrice {
                    price_id: new.price_id.clone(),
                    unit_amount: Some(AFTER),
                    recurring_interval_count: Some(1),
                    ..before.prices[0].clone()
                };
                assert_eq!(*new, expected, "{case}");
                for reference in [reference, &new.price_id] {
                    let rest = replacement(&end, reference, AFTER).unwrap().expect("a price");
                    assert!(rest.change.is_none(), "{case}: {:?}", rest.change);
                    assert_eq!(rest.stays_active, is_default.then_some(OLD).as_slice(), "{case}");
                }
            }
        }
    }
}

/// Somebody may choose another amount after an interruption, or the old one.
#[test]
fn another_amount_after_an_interruption_leaves_one_active_price() {
    for is_managed in [false, true] {
        for (stop, amount) in (0..=REQUESTS).flat_map(|stop| [(stop, 4900), (stop, BEFORE)]) {
            let stopped = after(&shop(is_managed, true, false), KEY, AFTER, stop);
            let end = after(&stopped, KEY, amount, usize::MAX);
            let case = format!("managed {is_managed}, {stop}, {amount}: {:?}", end.prices);
            let [price] = active(&end)[..] else { panic!("{case}") };
            assert_eq!((price.unit_amount, price.lookup_key.as_deref()), (Some(amount), Some(KEY)), "{case}");
            assert_eq!(price.metadata.contains_key(CATALOG_KEY), is_managed, "{case}");
            assert!(!has_own_names(price), "{case}");
            assert!(replacement(&end, KEY, amount).unwrap().expect("a price").change.is_none(), "{case}");
        }
    }
}

#[test]
fn some_prices_cannot_be_replaced() {
    let full: serde_json::Map<_, _> = (0..50).map(|n| (format!("n{n}"), json!("v"))).collect();
    for (changes, why) in [
        (json!({"billingScheme": "tiered"}), "it is tiered"),
        (json!({"unitAmount": null}), "fraction"),
        (json!({"active": false}), "it is archived"),
        (json!({"productId": null}), "its product is not in the mirror"),
        (json!({"recurringInterval": "fortnight"}), "its interval is fortnight"),
        (json!({ "metadata": full }), "at most 50"),
    ] {
        let failure = replacement(&mirror_with(json!({}), changes), KEY, AFTER).unwrap_err();
        assert_eq!(failure.what, "Price price_1 cannot be replaced", "{failure:?}");
        assert!(failure.why.as_deref().is_some_and(|reason| reason.contains(why)), "{why}: {failure:?}");
    }
    assert!(replacement(&mirror_with(json!({}), json!({})), "pro", AFTER).unwrap().is_none());
    let end = after(&shop(false, true, false), KEY, AFTER, usize::MAX);
    let failure = replacement(&end, OLD, 4900).unwrap_err();
    assert!(failure.what.starts_with("Price price_1 was already replaced by price_new_"), "{failure:?}");
    // An archived price that has the lookup key too is not meant.
    let mut mirror = mirror_with(json!({}), json!({"active": false}));
    mirror.prices.push(serde_json::from_value(price_json("price_2", json!({}))).unwrap());
    assert_eq!(replacement(&mirror, KEY, AFTER).unwrap().expect("a price").price.price_id, "price_2");
}
