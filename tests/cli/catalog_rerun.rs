//! An apply with stale responses, refused requests, an unavailable backend, and an outdated plan file.

use serde_json::{Value, json};

use super::harness::shop::{Accident, Shop};
use super::harness::stripe_catalog::{assert_unique_keys, rows};

/// A file with these products, one per line.
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

/// Asserts that a plan has no changes and that keys are unique.
#[track_caller]
fn assert_complete(shop: &Shop) -> Value {
    shop.run(&["plan", "--exit-code"]).exits(0);
    let catalog = shop.catalog();
    assert_unique_keys(&catalog);
    catalog
}

/// Asserts that the applied changes of a report are at Stripe, and that none is reported twice.
#[track_caller]
fn assert_exists(report: &Value, catalog: &Value) {
    let ids = |kind, id: &str| rows(catalog, kind).iter().map(|row| row[id].clone()).collect::<Vec<_>>();
    let existing = [ids("products", "productId"), ids("prices", "priceId")].concat();
    let mut done: Vec<&Value> = rows(report, "done").iter().map(|row| &row["id"]).collect();
    assert!(done.iter().all(|id| existing.contains(id)), "{report}\nbut the catalog is\n{catalog}");
    done.sort_by_key(ToString::to_string);
    let all = done.len();
    done.dedup();
    assert_eq!(done.len(), all, "{report}");
}

/// Stripe repeats its response of some hours ago, with a price that was archived since.
#[test]
fn an_amount_that_returns_within_a_day_gets_a_new_price() {
    let shop = Shop::new();
    let mut before = Vec::new();
    for (round, amount) in ["19.00", "29.00", "19.00", "29.00", "19.00", "29.00"].into_iter().enumerate() {
        let sent = shop.changes().len();
        let report = shop.apply(&with_amount(amount), &[]).exits(0).json();
        let price = shop.price("pro_monthly");
        assert!(!before.contains(&price), "{amount} in round {round} is an archived price");
        assert_eq!(report["ids"]["pro_monthly"], price);
        let catalog = assert_complete(&shop);
        let prices = rows(&catalog, "prices");
        let active: Vec<&Value> = prices.iter().filter(|row| row["active"] == true).collect();
        assert_eq!((active.len(), prices.len()), (1, round + 1), "{catalog}");
        assert_eq!(active[0]["priceId"], price);
        let creates = shop.changes()[sent..].iter().filter(|line| line.starts_with("POST")).count();
        // Product and price first, then one price. From the third round on, stale responses come first.
        assert_eq!(creates, [2, 1, 1, 2, 2, 3][round], "round {round}");
        before.push(price);
    }
}

/// Stripe also repeats a response whose price was deleted since. The new price must get the lookup key.
#[test]
fn a_price_deleted_within_a_day_is_created_again() {
    let shop = Shop::new();
    for amount in ["19.00", "29.00"] {
        shop.apply(&with_amount(amount), &[]).exits(0);
    }
    let deleted = shop.price("pro_monthly");
    shop.apply(&with_amount("19.00"), &[]).exits(0);
    shop.sandbox.change_stripe(json!({"priceDeleted": {"id": deleted}})).expect("an event");
    let report = shop.apply(&with_amount("29.00"), &[]).exits(0).json();
    assert_ne!(report["ids"]["pro_monthly"], json!(deleted));
    assert_eq!(shop.price("pro_monthly"), report["ids"]["pro_monthly"]);
    assert_complete(&shop);
}

#[test]
fn the_timeout_applies_to_each_request() {
    let shop = Shop::with(&["* *: delay 120ms"]);
    let keys = ["one", "two", "three", "four"];
    // With the connection and both syncs, the requests take more than a second together.
    shop.apply(&products(&keys), &["--timeout", "1s"]).exits(0);
    let shop = Shop::with(&["PATCH /catalog/products: delay 2s"]);
    shop.apply(&products(&keys), &[]).exits(0);
    let renamed = products(&keys).replace("name = \"", "name = \"The ");
    let ran = shop.apply(&renamed, &["--timeout", "500ms", "--retries", "0"]).exits(8);
    let report = ran.json();
    let timed_out = rows(&report, "unknown").iter().filter(|row| row["code"] == "TIMED_OUT").count();
    assert_eq!((timed_out, rows(&report, "notDone").len()), (2, 2), "{report}");
}

/// The same for a product, which can be deleted several times.
#[test]
fn a_product_deleted_within_a_day_is_created_again() {
    let (alone, with_price) = (file(&["pro = { name = \"Pro\" }".to_owned()]), with_amount("19.00"));
    for (then, prices) in [(&alone, 0), (&with_price, 1)] {
        for times in 1..=4 {
            let shop = Shop::new();
            shop.apply(&alone, &[]).exits(0);
            for time in 1..=times {
                let deleted = shop.product("pro");
                shop.user.run(&["payments", "products", "delete", &deleted, "--yes"]).exits(0);
                let file = if time == times { then } else { &alone };
                let report = shop.apply(file, &[]).exits(0).json();
                assert_ne!(shop.product("pro"), deleted, "deleted for the {time}th time");
                assert_exists(&report, &assert_complete(&shop));
            }
            let catalog = shop.catalog();
            let count = |kind| rows(&catalog, kind).len();
            assert_eq!((count("products"), count("prices")), (1, prices), "{catalog}");
        }
    }
}

#[test]
fn a_refused_product_stops_only_its_prices() {
    for (status, code) in [("500", "INTERNAL_ERROR"), ("402", "INVALID_INPUT")] {
        let shop = Shop::with(&[&format!("POST /catalog/products: {status} x1")]);
        let ran = shop.apply(&products(&["one", "two"]), &[]).exits(9);
        let ran = ran.stderr_has(&["CATALOG_PARTLY_APPLIED", "needs product one", "continues"]);
        let report = ran.json();
        assert_eq!(keys(&report, "done"), ["two", "two_monthly", "two_yearly"]);
        assert_eq!(keys(&report, "notDone"), ["one", "one_monthly", "one_yearly"]);
        let codes: Vec<&Value> = rows(&report, "notDone").iter().map(|row| &row["code"]).collect();
        assert_eq!(codes, [&json!(code), &Value::Null, &Value::Null]);
        assert_exists(&report, &shop.catalog());
        let report = shop.apply(&products(&["one", "two"]), &[]).exits(0).json();
        assert_eq!(keys(&report, "done"), ["one", "one_monthly", "one_yearly"]);
        assert_complete(&shop);
    }
}

/// A lookup key can equal the key of another product.
#[test]
fn a_refused_price_does_not_stop_a_product_with_the_same_key() {
    let shop = Shop::with(&["POST /catalog/prices: 500 x1"]);
    let price = "prices = { p = { currency = \"usd\", amount = \"1.00\", lookup_key = \"two\" } }";
    let file = file(&[format!("one = {{ name = \"One\", {price} }}"), product("two")]);
    let report = shop.apply(&file, &[]).exits(9).json();
    assert_eq!(rows(&report, "notDone").len(), 1, "{report}");
    assert_eq!(keys(&report, "done"), ["one", "two", "two_monthly", "two_yearly"]);
}

#[test]
fn after_the_backend_disappears_the_rest_is_not_tried() {
    // The sync; product and prices of one; product and prices of two.
    for at in 2..=7 {
        let shop = Shop::new();
        shop.plan(at, Accident::Gone);
        let ran = shop.apply(&products(&["one", "two"]), &["--retries", "0"]);
        let done = at - 2;
        let ran =
            ran.exits(if done == 0 { 8 } else { 9 }).stderr_has(&["continues and creates no duplicates"]);
        let report = ran.json();
        let unreachable =
            |list| rows(&report, list).iter().filter(|row| row["code"] == "UNREACHABLE").count();
        assert_eq!(unreachable("unknown"), 1, "the first request may have arrived: {report}");
        let refused = unreachable("notDone");
        assert!(refused <= 1, "the apply stops after two failures in a row: {report}");
        let not_tried = rows(&report, "notDone").iter().filter(|row| row["code"] == Value::Null).count();
        assert_eq!((rows(&report, "done").len(), not_tried), (done, 5 - done - refused), "{report}");
        assert_eq!(shop.changes().len(), done + 1);
        assert_exists(&report, &shop.catalog());
    }
}

/// Whether the first update was applied is unknown; the others were not sent.
#[test]
fn after_the_backend_disappears_at_an_update_the_rest_is_not_tried() {
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
    assert_eq!(codes, [unreachable, null, null, null], "{report}");
    let unknown = rows(&report, "unknown");
    assert_eq!((unknown.len(), &unknown[0]["key"]), (1, &json!("one")), "{report}");
    assert_eq!(rows(&report, "done").len(), 0, "{report}");
    assert!(!ran.stderr.contains("Nothing was changed"), "it is unknown: {}", ran.stderr);
    ran.exits(8).stderr_has(&["No change was completed", "continues and creates no duplicates"]);
}

/// A connection that breaks and is then refused says nothing about the request that arrived first.
#[test]
fn a_change_whose_first_attempt_may_have_arrived_is_unknown() {
    let shop = Shop::new();
    shop.plan(2, Accident::Gone);
    shop.user.write("payments.toml", &products(&["one"]));
    let ran = shop.run(&["apply", "--yes", "--json"]).exits(8);
    let report = ran.json();
    let unknown = rows(&report, "unknown");
    assert_eq!((unknown.len(), &unknown[0]["key"]), (1, &json!("one")), "{report}");
    let error = unknown[0]["error"].as_str().expect("a sentence");
    assert!(error.contains("Cannot reach") && error.ends_with("; the outcome is unknown"), "{error}");
    assert_eq!(keys(&report, "notDone"), ["one_monthly", "one_yearly"]);
    assert_eq!((&ran.error()["retryable"], &ran.error()["next"][3]), (&json!(true), &json!("apply")));

    let shop = Shop::new();
    shop.plan(2, Accident::Gone);
    shop.user.write("payments.toml", &products(&["one"]));
    let ran = shop.run(&["apply", "--yes"]).exits(8).stderr_has(&["No change was completed"]);
    assert!(ran.stdout.contains("unknown: create product one"), "{ran:?}");
    assert!(!ran.stdout.contains("not applied: create product one"), "{ran:?}");
    let shop = Shop::new();
    shop.plan(2, Accident::Gone);
    shop.user.write("payments.toml", &products(&["one"]));
    let ran = shop.run(&["apply", "--yes", "-o", "jsonl"]).exits(8);
    let rows: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let done: Vec<&Value> = rows.iter().map(|row| &row["done"]).collect();
    assert_eq!(done, [&json!(false), &json!(false), &Value::Null], "{ran:?}");
}

/// The sync after the changes shows the outcome: the backend's sync waits for the requests before it.
#[test]
fn a_sync_settles_what_was_unknown() {
    for (accident, done) in [(Accident::DropAfter, true), (Accident::DropBefore, false)] {
        let shop = Shop::new();
        shop.apply(&products(&["one", "two"]), &[]).exits(0);
        shop.plan(2, accident);
        let renamed = products(&["one", "two"]).replace("name = \"one\"", "name = \"One\"");
        let renamed = renamed.replace("name = \"two\"", "name = \"Two\"");
        let ran = shop.apply(&renamed, &["--retries", "0"]);
        let ran = ran.exits(if done { 0 } else { 9 });
        let report = ran.json();
        assert_eq!(report["unknown"], json!([]), "{accident:?}");
        assert_eq!(rows(&report, "done").len(), 1 + usize::from(done), "{accident:?}: {report}");
        if !done {
            assert_eq!(keys(&report, "notDone"), ["one"]);
            let error = rows(&report, "notDone")[0]["error"].as_str().expect("a sentence").to_owned();
            assert!(error.starts_with("The connection") && !error.contains("unknown"), "{error}");
        }
    }
}

/// The object is found at Stripe, because its response was lost.
#[test]
fn a_settled_change_has_the_id_of_its_object() {
    let shop = Shop::new();
    shop.plan(2, Accident::DropAfter);
    let report = shop.apply(&products(&["one"]), &["--retries", "0"]).exits(9).json();
    let done = rows(&report, "done");
    assert_eq!((&done[0]["kind"], done[0]["id"].as_str()), (&json!("product"), Some(&*shop.product("one"))));
    // The price that is archived has the same key as its replacement.
    let shop = Shop::new();
    shop.apply(&with_amount("19.00"), &[]).exits(0);
    let old = rows(&shop.catalog(), "prices")[0]["priceId"].clone();
    shop.user.write("payments.toml", &with_amount("29.00"));
    shop.kill_after(4, &["apply", "--yes"]);
    shop.plan(2, Accident::DropAfter);
    let report = shop.apply(&with_amount("29.00"), &["--retries", "0"]).exits(0).json();
    let done = rows(&report, "done");
    assert_eq!((done.len(), &done[0]["action"], &done[0]["id"]), (1, &json!("archive"), &old), "{report}");
}

#[test]
fn a_continued_replacement_has_the_id_of_the_new_price() {
    let shop = Shop::new();
    shop.apply(&with_amount("19.00"), &[]).exits(0);
    shop.user.write("payments.toml", &with_amount("29.00"));
    shop.kill_after(2, &["apply", "--yes"]);
    let report = shop.apply(&with_amount("29.00"), &[]).exits(0).json();
    let done = rows(&report, "done");
    assert_eq!((done.len(), &done[0]["action"]), (1, &json!("replace")), "{report}");
    assert_eq!(done[0]["id"].as_str(), Some(&*shop.price("pro_monthly")), "{report}");
}

/// Without the report, only the error has the ids.
#[test]
fn a_report_that_cannot_be_written_leaves_the_ids_in_the_error() {
    let shop = Shop::new();
    shop.user.write("payments.toml", &products(&["one"]));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let mut command = shop.user.command(&["payments", "catalog", "apply", "--yes", "--json"]);
    let output = command.stdin(std::process::Stdio::null()).stdout(full).output().expect("it runs");
    let stderr = String::from_utf8(output.stderr).expect("text");
    let error: Value = serde_json::from_str(stderr.trim_end()).expect("an error");
    assert_eq!(error["error"], "The changes were applied, but the result cannot be shown");
    let ids = [shop.product("one"), shop.price("one_monthly"), shop.price("one_yearly")].join(", ");
    assert!(error["why"].as_str().expect("a reason").ends_with(&format!("changed: {ids}")), "{error}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn an_interrupted_replacement_is_not_reported_as_unchanged() {
    let shop = Shop::with(&["PATCH /catalog/prices/*: 402 x1"]);
    shop.apply(&with_amount("19.00"), &[]).exits(0);
    let ran = shop.apply(&with_amount("29.00"), &[]).exits(9);
    assert_eq!(rows(&shop.catalog(), "prices").len(), 2, "the new price was created");
    assert!(!ran.stderr.contains("Nothing was changed"), "{}", ran.stderr);
    ran.stderr_has(&["No change was completed", "continues and creates no duplicates"]);
    shop.apply(&with_amount("29.00"), &[]).exits(0);
    assert_eq!(rows(&assert_complete(&shop), "prices").len(), 2);
}

/// A shop and its plan, which is saved in `plan.json`.
fn shop_with_plan() -> (Shop, Value) {
    let shop = Shop::new();
    shop.apply(&products(&["one", "two"]), &[]).exits(0);
    let after = products(&["one", "three"]).replace("\"19.00\"", "\"29.00\"").replace("\"one\"", "\"One\"");
    shop.user.write("payments.toml", &after);
    let plan = shop.run(&["plan", "--prune", "--out", "plan.json", "--json"]).exits(0).json();
    assert!(rows(&plan, "changes").len() > 6, "{plan}");
    (shop, plan)
}

const APPLY: [&str; 5] = ["apply", "--plan-file", "plan.json", "--yes", "--json"];

/// The catalog file can change after the plan.
#[test]
fn a_plan_file_is_applied_as_it_was_reviewed() {
    let (shop, plan) = shop_with_plan();
    shop.user.write("payments.toml", &products(&["four"]));
    let report = shop.run(&APPLY).exits(0).json();
    let summary = |row: &Value| json!([row["action"], row["kind"], row["key"]]);
    let of = |rows: &[Value]| rows.iter().map(summary).collect::<Vec<_>>();
    assert_eq!(of(rows(&report, "done")), of(rows(&plan, "changes")));
    assert_eq!((&report["notDone"], &report["summary"]), (&json!([]), &plan["summary"]));
    // A second apply changes nothing.
    let sent = shop.changes().len();
    let report = shop.run(&APPLY).exits(0).json();
    assert_eq!((&report["done"], shop.changes().len()), (&json!([]), sent));
}

/// Asserts that the plan is out of date, and that only a sync is sent.
#[track_caller]
fn assert_out_of_date(shop: &Shop, why: &str) {
    let sent = shop.changes();
    let ran = shop.run(&APPLY).exits(1);
    assert_eq!(ran.error()["code"], "PLAN_STALE", "{}", ran.stderr);
    let ran = ran.stderr_has(&["The plan is out of date; nothing was changed", why]);
    assert_eq!((ran.stdout.as_str(), shop.changes()), ("", sent));
}

#[test]
fn a_plan_is_out_of_date_if_other_changes_are_needed() {
    let change = |shop: &Shop, key: &str, body: Value| {
        shop.send("PATCH", &format!("/catalog/products/{}", shop.product(key)), &body);
    };
    let (shop, _) = shop_with_plan();
    change(&shop, "one", json!({"name": "Changed name"}));
    assert_out_of_date(&shop, "product one");
    let (shop, _) = shop_with_plan();
    change(&shop, "one", json!({"description": "Not in the file"}));
    assert_out_of_date(&shop, "product one");
    let (shop, _) = shop_with_plan();
    let price = shop.price("one_yearly");
    shop.send("DELETE", &format!("/catalog/prices/{price}"), &Value::Null);
    assert_out_of_date(&shop, "one_yearly");
    // Fields outside of the plan can change.
    let (shop, _) = shop_with_plan();
    change(&shop, "two", json!({"description": "Archived anyway"}));
    shop.run(&APPLY).exits(0);
}

#[test]
fn a_plan_is_out_of_date_for_another_account() {
    let (shop, _) = shop_with_plan();
    shop.user
        .run_with_stdin(&["payments", "config", "set", "test", "-", "--yes"], "sk_test_other_1")
        .exits(0);
    assert_out_of_date(&shop, "it is for account acct_");
    // Even if the other account has a conflict.
    shop.send("POST", "/catalog/products", &json!({"name": "X", "metadata": {"catalog_key": "one"}}));
    shop.send("POST", "/catalog/products", &json!({"name": "Y", "metadata": {"catalog_key": "one"}}));
    assert_out_of_date(&shop, "it is for account acct_");
}

#[test]
fn a_plan_file_applies_to_its_environment_only() {
    let shop = Shop::new();
    shop.user.run_with_stdin(&["payments", "config", "set", "live", "-", "--yes"], "sk_live_shop_1").exits(0);
    shop.user.write("payments.toml", &products(&["one"]));
    shop.run(&["plan", "-e", "live", "--out", "plan.json"]).exits(0);
    let sent = shop.writes().len();
    let ran = shop.run(&[&APPLY[..], &["-e", "test"]].concat()).exits(64);
    ran.stderr_has(&["The plan is for live", "omit the environment"]);
    shop.run(&[&["test"], &APPLY[..]].concat()).exits(64).stderr_has(&["The plan is for live"]);
    assert_eq!(shop.writes().len(), sent, "no sync is sent");
    let report = shop.run(&APPLY).exits(0).json();
    assert_eq!((&report["environment"], rows(&report, "done").len()), (&json!("live"), 3));
    assert_eq!(rows(&shop.catalog(), "products"), [] as [Value; 0], "test is unchanged");
}
