//! An apply that is interrupted at any request, in any way, is continued by the same command. It ends in the same state as
//! an apply without interruption.

use std::sync::OnceLock;
use std::thread;

use serde_json::{Value, json};

use super::harness::shop::{Accident, Shop};
use super::harness::stripe_catalog::{CATALOG_KEY, assert_unique_keys, normal, rows};
use super::harness::stub::Request;

/// The catalog before the apply.
const BEFORE: &str = include_str!("catalog/before.toml");

/// The desired catalog. It needs every kind of change.
const AFTER: &str = include_str!("catalog/after.toml");

const PRUNE: &[&str] = &["--prune"];

/// The result of an apply without interruption.
struct CompleteApply {
    /// The state of Stripe after it.
    end: Vec<String>,
    /// Its writes in order, from the first sync to the last.
    writes: Vec<Request>,
    /// The number of its changes.
    changes: usize,
}

/// A shop with the catalog before the apply. One of its prices has the lookup key of another price of the file, and one is
/// a default price.
fn shop() -> Shop {
    static MADE: OnceLock<Vec<Request>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let shop = Shop::new();
        shop.apply(BEFORE, &[]).exits(0);
        shop.writes()
    });
    let shop = Shop::like(made);
    let stolen = format!("/catalog/prices/{}", shop.price("pro_lifetime"));
    shop.send("PATCH", &stolen, &json!({"lookupKey": "cloud_monthly"}));
    let default = json!({"product": shop.product("pro"), "price": shop.price("pro_monthly")});
    shop.sandbox.change_stripe(json!({"defaultPrice": default})).expect("an event");
    shop
}

fn complete_apply() -> &'static CompleteApply {
    static COMPLETE: OnceLock<CompleteApply> = OnceLock::new();
    COMPLETE.get_or_init(|| {
        let shop = shop();
        let ran = shop.apply(AFTER, PRUNE).exits(0).json();
        let end = end(&shop);
        CompleteApply { end, writes: shop.writes(), changes: count(&ran, "done") }
    })
}

fn count(report: &Value, of: &str) -> usize {
    report[of].as_array().expect("rows").len()
}

/// The state of Stripe. Asserts that keys are unique and that a plan has no changes.
#[track_caller]
fn end(shop: &Shop) -> Vec<String> {
    let catalog = shop.catalog();
    assert_unique_keys(&catalog);
    shop.run(&["plan", "--prune", "--exit-code", "--no-sync"]).exits(0);
    normal(&catalog)
}

/// Runs the apply again, and asserts that it ends in the same state as an apply without interruption.
#[track_caller]
fn assert_continues(shop: &Shop, accident: &str) {
    let ran = shop.apply(AFTER, PRUNE);
    assert_eq!(ran.code, 0, "after {accident}: {}{}", ran.stdout, ran.stderr);
    assert_same(&end(shop), &complete_apply().end, accident);
}

/// Compares two states, and shows only the lines that differ.
#[track_caller]
fn assert_same(actual: &[String], expected: &[String], accident: &str) {
    let only_in = |one: &[String], other: &[String]| {
        one.iter().filter(|line| !other.contains(line)).cloned().collect::<Vec<_>>().join("\n")
    };
    let (unexpected, missing) = (only_in(actual, expected), only_in(expected, actual));
    assert!(actual == expected, "after {accident}\nunexpected:\n{unexpected}\nmissing:\n{missing}");
}

/// Runs a test for each write, in two threads.
fn for_every_write(test: impl Fn(usize, &Request) + Sync) {
    let writes = &complete_apply().writes;
    thread::scope(|scope| {
        for half in 0..2 {
            let test = &test;
            scope.spawn(move || {
                for (at, write) in writes.iter().enumerate().skip(half).step_by(2) {
                    test(at + 1, write);
                }
            });
        }
    });
}

#[test]
fn the_catalog_needs_every_kind_of_change() {
    let shop = shop();
    let ran = shop.apply(AFTER, PRUNE).exits(0).json();
    let summary = &ran["summary"];
    let of = |action: &str| summary[action].as_u64().expect("a number");
    assert!(count(&ran, "done") >= 30, "{ran}");
    assert!(of("create") >= 12 && of("update") >= 6 && of("replace") >= 6 && of("archive") >= 6, "{summary}");
    let methods = |method| complete_apply().writes.iter().filter(|write| write.method == method).count();
    assert!(methods("POST") > 15 && methods("PATCH") > 15 && methods("DELETE") > 5);
    let unmanaged = rows(&ran, "unmanaged");
    assert_eq!(unmanaged.len(), 1, "the default price that was replaced: {ran}");
    // When another price is the default, the next apply archives it.
    let default = json!({"product": shop.product("pro"), "price": shop.price("pro_monthly")});
    shop.sandbox.change_stripe(json!({"defaultPrice": default})).expect("an event");
    let ran = shop.apply(AFTER, PRUNE).exits(0).json();
    assert_eq!((rows(&ran, "done")[0]["id"].clone(), count(&ran, "done")), (unmanaged[0]["id"].clone(), 1));
    assert_eq!(rows(&ran, "unmanaged"), [] as [Value; 0]);
}

/// The program stores nothing, so a kill before a write is the same as a kill after the previous write.
#[test]
fn an_apply_killed_after_any_write_is_continued() {
    for_every_write(|at, write| {
        let shop = shop();
        shop.user.write("payments.toml", AFTER);
        shop.kill_after(at, &["apply", "--yes", "--prune"]);
        assert_eq!(shop.writes().len(), at, "nothing is sent after it");
        assert_continues(&shop, &format!("a kill at write {at}, {}", write.line()));
    });
}

/// A create that arrives after the next run has the same idempotency key as the create of that run.
#[test]
fn a_late_create_creates_nothing_twice() {
    for_every_write(|at, write| {
        if write.method != "POST" || write.target.ends_with("/sync") {
            return;
        }
        let (shop, accident) = (shop(), format!("a late arrival of write {at}, {}", write.line()));
        shop.user.write("payments.toml", AFTER);
        shop.kill_at(at, Accident::Late, &["apply", "--yes", "--prune"]);
        assert_continues(&shop, &accident);
        shop.arrives_late();
        assert_same(&end(&shop), &complete_apply().end, &accident);
    });
}

#[test]
fn a_plan_file_killed_after_any_write_is_continued() {
    for_every_write(|at, write| {
        let (shop, accident) = (shop(), format!("a kill at write {at}, {}", write.line()));
        shop.user.write("payments.toml", AFTER);
        shop.run(&["plan", "--prune", "--no-sync", "--out", "plan.json"]).exits(0);
        let apply = ["apply", "--yes", "--plan-file", "plan.json"];
        shop.kill_after(at, &apply);
        let ran = shop.run(&apply);
        assert_eq!(ran.code, 0, "after {accident}: {}{}", ran.stdout, ran.stderr);
        assert_same(&end(&shop), &complete_apply().end, &accident);
    });
}

/// Every request can be sent again: a create has an idempotency key, and an update is idempotent.
#[test]
fn an_apply_continues_after_a_lost_response() {
    for_every_write(|at, write| {
        let (shop, accident) = (shop(), format!("a lost answer at write {at}, {}", write.line()));
        shop.plan(at, Accident::DropAfter);
        assert_eq!(shop.apply(AFTER, PRUNE).exits(0).json()["notDone"], json!([]), "{accident}");
        assert_continues(&shop, &accident);
    });
}

/// Without retries, a lost request is reported, and all changes that do not depend on it are applied.
#[test]
fn after_a_lost_request_the_same_command_continues() {
    let last = complete_apply().writes.len();
    for_every_write(|at, write| {
        let (shop, accident) = (shop(), format!("a lost request at write {at}, {}", write.line()));
        shop.plan(at, Accident::DropBefore);
        let ran = shop.apply(AFTER, &["--prune", "--retries", "0"]);
        if at == 1 {
            ran.exits(8);
            assert_eq!(shop.changes(), [] as [&str; 0], "{accident}");
        } else if at == last {
            let ran = ran.exits(9).stderr_has(&["All changes were applied, but"]);
            assert_eq!(count(&ran.json(), "done"), complete_apply().changes, "{accident}");
        } else if ran.code == 0 {
            // A later change of the same price repeats the lost one.
            let twice = |row: &&Value| row["key"] == "pro_lifetime" && row["action"] == "update";
            assert_eq!(rows(&ran.json(), "done").iter().filter(twice).count(), 2, "{accident}");
        } else {
            let ran = ran.exits(9).stderr_has(&["--prune --retries 0` continues and creates no duplicates"]);
            assert_only_failure(&ran.json(), &accident);
        }
        assert_continues(&shop, &accident);
    });
}

/// Asserts that one change failed, and that only changes that depend on it were not applied.
#[track_caller]
fn assert_only_failure(report: &Value, accident: &str) {
    let (first, rest) = rows(report, "notDone").split_first().expect("a failure");
    assert_eq!(first["code"], "UNREACHABLE", "{accident}");
    let depends =
        |row: &Value| row["error"].as_str().is_some_and(|error| error.ends_with("could not be created"));
    assert!(rest.iter().all(depends), "{accident}: {report}");
    assert!(rest.is_empty() || first["kind"] == "product", "{accident}: {report}");
    assert_eq!(count(report, "done") + 1 + rest.len(), complete_apply().changes, "{accident}: {report}");
}

/// The file can change after a kill in the middle of a replacement.
#[test]
fn a_killed_replacement_with_another_amount_leaves_one_active_price() {
    const FILES: [&str; 3] = ["19.00", "29.00", "39.00"];
    let file = |amount: &str| {
        format!(
            "version = 1\nproducts.pro.name = \"Pro\"\n\
             products.pro.prices.monthly = {{ currency = \"usd\", amount = \"{amount}\", interval = \"month\" }}\n"
        )
    };
    let files = FILES.map(file);
    // A sync and the four requests of a replacement.
    for at in 1..=5 {
        for then in &files {
            let shop = Shop::new();
            shop.apply(&files[0], &[]).exits(0);
            shop.user.write("payments.toml", &files[1]);
            shop.kill_after(at, &["apply", "--yes"]);
            shop.apply(then, &[]).exits(0);
            shop.run(&["plan", "--exit-code"]).exits(0);
            let catalog = shop.catalog();
            assert_unique_keys(&catalog);
            let active = rows(&catalog, "prices").iter().filter(|price| price["active"] == true);
            let active: Vec<&Value> = active.collect();
            assert_eq!(active.len(), 1, "killed at {at}: {catalog}");
            assert_eq!(active[0]["metadata"][CATALOG_KEY], "pro_monthly");
            assert_eq!(active[0]["lookupKey"], "pro_monthly");
        }
    }
}
