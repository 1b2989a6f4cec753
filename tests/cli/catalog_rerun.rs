//! What an apply meets that is not as it seems: answers of yesterday, refusals, a backend that goes away, a plan that
//! does not hold any more.

use serde_json::{Value, json};

use super::harness::at_stripe::{assert_nobody_twice, rows};
use super::harness::shop::{Accident, Shop};

/// A file with these products, of which each line is one.
fn file(products: &[String]) -> String {
    format!("version = 1\n[products]\n{}\n", products.join("\n"))
}

/// A product with a monthly and a yearly price.
fn product(key: &str) -> String {
    format!(
        "{key} = {{ name = \"{key}\", prices = {{ \
         monthly = {{ currency = \"usd\", amount = \"19.00\", interval = \"month\" }}, \
         yearly = {{ currency = \"usd\", amount = \"190.00\", interval = \"year\" }} }} }}"
    )
}

fn products(keys: &[&str]) -> String {
    file(&keys.iter().map(|key| product(key)).collect::<Vec<_>>())
}

fn keys(report: &Value, of: &str) -> Vec<String> {
    rows(report, of).iter().map(|row| row["key"].as_str().expect("a key").to_owned()).collect()
}

fn with_amount(amount: &str) -> String {
    file(&[format!(
        "pro = {{ name = \"Pro\", prices = {{ monthly = {{ currency = \"usd\", amount = \"{amount}\" }} }} }}"
    )])
}

/// Asserts that the program finds nothing left to do, and nobody twice.
#[track_caller]
fn settled(shop: &Shop) -> Value {
    shop.run(&["plan", "--exit-code"]).exits(0);
    let catalog = shop.catalog();
    assert_nobody_twice(&catalog);
    catalog
}

/// Asserts that what a report says was done is at Stripe, once each.
#[track_caller]
fn assert_is_there(report: &Value, catalog: &Value) {
    let ids = |kind, id: &str| rows(catalog, kind).iter().map(|row| row[id].clone()).collect::<Vec<_>>();
    let there = [ids("products", "productId"), ids("prices", "priceId")].concat();
    let mut done: Vec<&Value> = rows(report, "done").iter().map(|row| &row["id"]).collect();
    assert!(done.iter().all(|id| there.contains(id)), "{report}\nbut there is\n{catalog}");
    done.sort_by_key(ToString::to_string);
    let all = done.len();
    done.dedup();
    assert_eq!(done.len(), all, "{report}");
}

/// Stripe answers the create of a price as it did some hours ago: with the price that was archived since.
#[test]
fn an_amount_that_comes_back_within_a_day_is_a_new_price() {
    let shop = Shop::new();
    let mut before = Vec::new();
    for (round, amount) in ["19.00", "29.00", "19.00", "29.00", "19.00", "29.00"].into_iter().enumerate() {
        let sent = shop.changes().len();
        let report = shop.apply(&with_amount(amount), &[]).exits(0).json();
        let price = shop.price("pro_monthly");
        assert!(!before.contains(&price), "{amount} in round {round} is a price that was archived");
        assert_eq!(report["ids"]["pro_monthly"], price);
        let catalog = settled(&shop);
        let prices = rows(&catalog, "prices");
        let active: Vec<&Value> = prices.iter().filter(|row| row["active"] == true).collect();
        assert_eq!((active.len(), prices.len()), (1, round + 1), "{catalog}");
        assert_eq!(active[0]["priceId"], price);
        let creates = shop.changes()[sent..].iter().filter(|line| line.starts_with("POST")).count();
        // The product and its price; a price; and from the third replacement on one that was made before comes first.
        assert_eq!(creates, [2, 1, 1, 2, 2, 3][round], "round {round}");
        before.push(price);
    }
}

/// It answers so also with a price that somebody deleted in the dashboard: the lookup key does not get lost on it.
#[test]
fn a_price_that_was_deleted_within_a_day_is_made_anew() {
    let shop = Shop::new();
    for amount in ["19.00", "29.00"] {
        shop.apply(&with_amount(amount), &[]).exits(0);
    }
    let deleted = shop.price("pro_monthly");
    shop.apply(&with_amount("19.00"), &[]).exits(0);
    shop.sandbox.apply_stripe_event(json!({"priceDeleted": {"id": deleted}})).expect("an event");
    let report = shop.apply(&with_amount("29.00"), &[]).exits(0).json();
    assert_ne!(report["ids"]["pro_monthly"], json!(deleted));
    assert_eq!(shop.price("pro_monthly"), report["ids"]["pro_monthly"]);
    settled(&shop);
}

/// A deadline is for each request: many that take their time are no reason to end, and one that takes too long is told.
#[test]
fn a_deadline_is_for_each_request() {
    let shop = Shop::with(&["* *: delay 120ms"]);
    let keys = ["one", "two", "three", "four"];
    // The account is asked for before, and a sync comes first and last: more than a second in all.
    shop.apply(&products(&keys), &["--timeout", "1s"]).exits(0);
    let shop = Shop::with(&["PATCH /catalog/products: delay 2s"]);
    shop.apply(&products(&keys), &[]).exits(0);
    let renamed = products(&keys).replace("name = \"", "name = \"The ");
    let ran = shop.apply(&renamed, &["--timeout", "500ms", "--retries", "0"]).exits(8);
    let report = ran.json();
    let tried = rows(&report, "notDone").iter().filter(|row| row["code"] == "TIMED_OUT").count();
    assert_eq!((tried, rows(&report, "notDone").len()), (2, 4), "{report}");
}

/// And it answers the create of a product with one that somebody deleted since, however often that was.
#[test]
fn a_product_that_was_deleted_within_a_day_is_made_anew() {
    let (alone, with_price) = (file(&["pro = { name = \"Pro\" }".to_owned()]), with_amount("19.00"));
    for (then, prices) in [(&alone, 0), (&with_price, 1)] {
        for times in 1..=4 {
            let shop = Shop::new();
            shop.apply(&alone, &[]).exits(0);
            for time in 1..=times {
                let gone = shop.product("pro");
                shop.user.run(&["payments", "products", "delete", &gone, "--yes"]).exits(0);
                let file = if time == times { then } else { &alone };
                let report = shop.apply(file, &[]).exits(0).json();
                assert_ne!(shop.product("pro"), gone, "deleted for the {time}th time");
                assert_is_there(&report, &settled(&shop));
            }
            let catalog = shop.catalog();
            let count = |kind| rows(&catalog, kind).len();
            assert_eq!((count("products"), count("prices")), (1, prices), "{catalog}");
        }
    }
}

#[test]
fn a_product_that_is_refused_stops_its_prices_and_nothing_else() {
    for (status, code) in [("500", "INTERNAL_ERROR"), ("402", "INVALID_INPUT")] {
        let shop = Shop::with(&[&format!("POST /catalog/products: {status} x1")]);
        let ran = shop.apply(&products(&["one", "two"]), &[]).exits(9);
        let ran = ran.says(&["CATALOG_PARTLY_APPLIED", "waits for product one", "continues"]);
        let report = ran.json();
        assert_eq!(keys(&report, "done"), ["two", "two_monthly", "two_yearly"]);
        assert_eq!(keys(&report, "notDone"), ["one", "one_monthly", "one_yearly"]);
        let codes: Vec<&Value> = rows(&report, "notDone").iter().map(|row| &row["code"]).collect();
        assert_eq!(codes, [&json!(code), &Value::Null, &Value::Null]);
        assert_is_there(&report, &shop.catalog());
        let report = shop.apply(&products(&["one", "two"]), &[]).exits(0).json();
        assert_eq!(keys(&report, "done"), ["one", "one_monthly", "one_yearly"]);
        settled(&shop);
    }
}

/// A lookup key may be the key of another product.
#[test]
fn a_price_that_is_refused_stops_no_product_of_its_name() {
    let shop = Shop::with(&["POST /catalog/prices: 500 x1"]);
    let price = "prices = { p = { currency = \"usd\", amount = \"1.00\", lookup_key = \"two\" } }";
    let file = file(&[format!("one = {{ name = \"One\", {price} }}"), product("two")]);
    let report = shop.apply(&file, &[]).exits(9).json();
    assert_eq!(rows(&report, "notDone").len(), 1, "{report}");
    assert_eq!(keys(&report, "done"), ["one", "two", "two_monthly", "two_yearly"]);
}

/// Nothing of what was not tried is waited for.
#[test]
fn a_backend_that_goes_away_leaves_the_rest_untried() {
    // The sync; product and prices of one; product and prices of two.
    for at in 2..=7 {
        let shop = Shop::new();
        shop.plan(at, Accident::Gone);
        let ran = shop.apply(&products(&["one", "two"]), &["--retries", "0"]);
        let done = at - 2;
        let ran = ran.exits(if done == 0 { 8 } else { 9 }).says(&["continues, and makes nothing twice"]);
        let report = ran.json();
        let not_done = rows(&report, "notDone");
        let tried = not_done.iter().filter(|row| row["code"] == "UNREACHABLE").count();
        assert!((1..=2).contains(&tried), "one can get lost, two in a row are enough: {report}");
        let untried = not_done.iter().filter(|row| row["code"] == Value::Null).count();
        assert_eq!((rows(&report, "done").len(), untried), (done, 6 - done - tried), "{report}");
        assert_eq!(shop.changes().len(), done + 1);
        assert_is_there(&report, &shop.catalog());
    }
}

/// Nobody knows of the PATCH that broke, and everybody of those behind it.
#[test]
fn a_backend_that_goes_away_at_an_update_leaves_the_rest_untried() {
    let shop = Shop::new();
    let before = products(&["one", "two"]);
    shop.apply(&before, &[]).exits(0);
    shop.plan(2, Accident::Gone);
    let after = before.replace("name = \"", "name = \"The ");
    let ran = shop.apply(&(after + &product("three")), &["--retries", "0"]);
    let report = ran.json();
    let codes: Vec<&Value> = rows(&report, "notDone").iter().map(|row| &row["code"]).collect();
    let null = &Value::Null;
    let unreachable = &json!("UNREACHABLE");
    assert_eq!(codes, [unreachable, unreachable, null, null, null], "{report}");
    assert_eq!(rows(&report, "done").len(), 0, "{report}");
    assert!(!ran.stderr.contains("Nothing was changed"), "nobody knows that: {}", ran.stderr);
    ran.exits(8).says(&["Nothing was finished", "continues, and makes nothing twice"]);
}

/// What is half made is not nothing.
#[test]
fn a_replacement_that_breaks_off_is_not_told_as_nothing() {
    let shop = Shop::with(&["PATCH /catalog/prices/*: 402 x1"]);
    shop.apply(&with_amount("19.00"), &[]).exits(0);
    let ran = shop.apply(&with_amount("29.00"), &[]).exits(9);
    assert_eq!(rows(&shop.catalog(), "prices").len(), 2, "the new price was made");
    assert!(!ran.stderr.contains("Nothing was changed"), "{}", ran.stderr);
    ran.says(&["Nothing was finished", "continues, and makes nothing twice"]);
    shop.apply(&with_amount("29.00"), &[]).exits(0);
    assert_eq!(rows(&settled(&shop), "prices").len(), 2);
}

/// A shop in which a plan of some changes was kept in `plan.json`.
fn planned() -> (Shop, Value) {
    let shop = Shop::new();
    shop.apply(&products(&["one", "two"]), &[]).exits(0);
    let after = products(&["one", "three"]).replace("\"19.00\"", "\"29.00\"").replace("\"one\"", "\"One\"");
    shop.user.write("payments.toml", &after);
    let plan = shop.run(&["plan", "--prune", "--out", "plan.json", "--json"]).exits(0).json();
    assert!(rows(&plan, "changes").len() > 6, "{plan}");
    (shop, plan)
}

const APPLY: [&str; 5] = ["apply", "--plan-file", "plan.json", "--yes", "--json"];

/// What is done is what was looked at, whatever the catalog's file says by then.
#[test]
fn a_plan_file_is_applied_as_it_was_looked_at() {
    let (shop, plan) = planned();
    shop.user.write("payments.toml", &products(&["four"]));
    let report = shop.run(&APPLY).exits(0).json();
    let identity = |row: &Value| json!([row["action"], row["kind"], row["key"]]);
    let of = |rows: &[Value]| rows.iter().map(identity).collect::<Vec<_>>();
    assert_eq!(of(rows(&report, "done")), of(rows(&plan, "changes")));
    assert_eq!((&report["notDone"], &report["summary"]), (&json!([]), &plan["summary"]));
    // Once more does no harm.
    let sent = shop.changes().len();
    let report = shop.run(&APPLY).exits(0).json();
    assert_eq!((&report["done"], shop.changes().len()), (&json!([]), sent));
}

/// Asserts that the plan is refused, and that nothing is sent but a sync.
#[track_caller]
fn assert_stale(shop: &Shop, why: &str) {
    let sent = shop.changes();
    let ran = shop.run(&APPLY).exits(1);
    assert_eq!(ran.error()["code"], "PLAN_STALE", "{}", ran.stderr);
    let ran = ran.says(&["The plan does not hold any more; nothing was changed", why]);
    assert_eq!((ran.stdout.as_str(), shop.changes()), ("", sent));
}

#[test]
fn a_plan_does_not_hold_once_something_else_would_be_done() {
    let change = |shop: &Shop, key: &str, body: Value| {
        shop.send("PATCH", &format!("/catalog/products/{}", shop.product(key)), &body);
    };
    let (shop, _) = planned();
    change(&shop, "one", json!({"name": "Somebody else's"}));
    assert_stale(&shop, "product one");
    let (shop, _) = planned();
    change(&shop, "one", json!({"description": "Not in the file"}));
    assert_stale(&shop, "product one");
    let (shop, _) = planned();
    let price = shop.price("one_yearly");
    shop.send("DELETE", &format!("/catalog/prices/{price}"), &Value::Null);
    assert_stale(&shop, "one_yearly");
    // What nobody planned to touch may change.
    let (shop, _) = planned();
    change(&shop, "two", json!({"description": "It is archived all the same"}));
    shop.run(&APPLY).exits(0);
}

#[test]
fn a_plan_does_not_hold_for_another_account() {
    let (shop, _) = planned();
    shop.user
        .run_with_stdin(&["payments", "config", "set", "test", "-", "--yes"], "sk_test_other_1")
        .exits(0);
    assert_stale(&shop, "it is for account acct_");
    // Whatever is there.
    shop.send("POST", "/catalog/products", &json!({"name": "X", "metadata": {"catalog_key": "one"}}));
    shop.send("POST", "/catalog/products", &json!({"name": "Y", "metadata": {"catalog_key": "one"}}));
    assert_stale(&shop, "it is for account acct_");
}

#[test]
fn a_plan_is_for_its_environment() {
    let shop = Shop::new();
    shop.user.run_with_stdin(&["payments", "config", "set", "live", "-", "--yes"], "sk_live_shop_1").exits(0);
    shop.user.write("payments.toml", &products(&["one"]));
    shop.run(&["plan", "-e", "live", "--out", "plan.json"]).exits(0);
    let sent = shop.writes().len();
    let ran = shop.run(&[&APPLY[..], &["-e", "test"]].concat()).exits(64);
    ran.says(&["The plan is for live", "leave the environment out"]);
    shop.run(&[&["test"], &APPLY[..]].concat()).exits(64).says(&["The plan is for live"]);
    assert_eq!(shop.writes().len(), sent, "it was not even synced");
    let report = shop.run(&APPLY).exits(0).json();
    assert_eq!((&report["environment"], rows(&report, "done").len()), (&json!("live"), 3));
    assert_eq!(rows(&shop.catalog(), "products"), [] as [Value; 0], "test is as it was");
}
