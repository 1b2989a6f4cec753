//! An apply that is stopped at any request, in any way, is continued by running it again, and ends where one that
//! nobody disturbed ends.

use std::sync::OnceLock;
use std::thread;

use serde_json::{Value, json};

use super::harness::at_stripe::{IDENTITY, assert_nobody_twice, normal, rows};
use super::harness::shop::{Accident, Shop};
use super::harness::stub::Request;

/// What is for sale before.
const BEFORE: &str = include_str!("catalog/before.toml");

/// What is to be for sale: something of every kind of change.
const AFTER: &str = include_str!("catalog/after.toml");

const PRUNE: &[&str] = &["--prune"];

/// What an apply that nobody disturbs comes to.
struct Undisturbed {
    /// The end state.
    end: Vec<String>,
    /// Its writes in their order, with the syncs at both ends.
    writes: Vec<Request>,
    /// How many changes it makes.
    changes: usize,
}

/// A shop that sells what was for sale before. Somebody gave one of its prices a lookup key that belongs to another of
/// the file, and one is the default of its product.
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
    shop.sandbox.apply_stripe_event(json!({"defaultPrice": default})).expect("an event");
    shop
}

fn undisturbed() -> &'static Undisturbed {
    static UNDISTURBED: OnceLock<Undisturbed> = OnceLock::new();
    UNDISTURBED.get_or_init(|| {
        let shop = shop();
        let ran = shop.apply(AFTER, PRUNE).exits(0).json();
        let end = end(&shop);
        Undisturbed { end, writes: shop.writes(), changes: count(&ran, "done") }
    })
}

fn count(report: &Value, of: &str) -> usize {
    report[of].as_array().expect("rows").len()
}

/// How it is at Stripe, where nobody may be twice and nothing may be left to do.
#[track_caller]
fn end(shop: &Shop) -> Vec<String> {
    let catalog = shop.catalog();
    assert_nobody_twice(&catalog);
    shop.run(&["plan", "--prune", "--exit-code", "--no-sync"]).exits(0);
    normal(&catalog)
}

/// Runs it again, after which everything is as if nothing had happened.
#[track_caller]
fn continues(shop: &Shop, accident: &str) {
    let ran = shop.apply(AFTER, PRUNE);
    assert_eq!(ran.code, 0, "after {accident}: {}{}", ran.stdout, ran.stderr);
    assert_same(&end(shop), &undisturbed().end, accident);
}

/// The lines that only one of the two has say more than both as a whole.
#[track_caller]
fn assert_same(is: &[String], expected: &[String], accident: &str) {
    let only_in = |one: &[String], other: &[String]| {
        one.iter().filter(|line| !other.contains(line)).cloned().collect::<Vec<_>>().join("\n")
    };
    let (more, less) = (only_in(is, expected), only_in(expected, is));
    assert!(is == expected, "after {accident}\nthere is\n{more}\ninstead of\n{less}");
}

/// Every write in its turn, by two at once: each has a shop of its own.
fn at_every_write(test: impl Fn(usize, &Request) + Sync) {
    let writes = &undisturbed().writes;
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
fn the_changes_are_of_every_kind() {
    let shop = shop();
    let ran = shop.apply(AFTER, PRUNE).exits(0).json();
    let summary = &ran["summary"];
    let of = |action: &str| summary[action].as_u64().expect("a number");
    assert!(count(&ran, "done") >= 30, "{ran}");
    assert!(of("create") >= 12 && of("update") >= 6 && of("replace") >= 6 && of("archive") >= 6, "{summary}");
    let methods = |method| undisturbed().writes.iter().filter(|write| write.method == method).count();
    assert!(methods("POST") > 15 && methods("PATCH") > 15 && methods("DELETE") > 5);
    let unmanaged = rows(&ran, "unmanaged");
    assert_eq!(unmanaged.len(), 1, "the default price that was replaced: {ran}");
    // Once it is the default no more, the next apply takes the last step.
    let default = json!({"product": shop.product("pro"), "price": shop.price("pro_monthly")});
    shop.sandbox.apply_stripe_event(json!({"defaultPrice": default})).expect("an event");
    let ran = shop.apply(AFTER, PRUNE).exits(0).json();
    assert_eq!((rows(&ran, "done")[0]["id"].clone(), count(&ran, "done")), (unmanaged[0]["id"].clone(), 1));
    assert_eq!(rows(&ran, "unmanaged"), [] as [Value; 0]);
}

/// A kill before a request leaves what a kill after the one before it leaves: the program has nothing but what is at
/// Stripe. So every moment is tried.
#[test]
fn killed_after_any_write_it_is_continued() {
    at_every_write(|at, write| {
        let shop = shop();
        shop.user.write("payments.toml", AFTER);
        shop.kill_after(at, &["apply", "--yes", "--prune"]);
        assert_eq!(shop.writes().len(), at, "nothing was sent behind it");
        continues(&shop, &format!("a kill at write {at}, {}", write.line()));
    });
}

/// A create that was still on its way when its program was killed finds what the next run made: both have the same key.
#[test]
fn a_create_that_arrives_late_makes_nothing_twice() {
    at_every_write(|at, write| {
        if write.method != "POST" || write.target.ends_with("/sync") {
            return;
        }
        let (shop, accident) = (shop(), format!("a late arrival of write {at}, {}", write.line()));
        shop.user.write("payments.toml", AFTER);
        shop.kill_at(at, Accident::Late, &["apply", "--yes", "--prune"]);
        continues(&shop, &accident);
        shop.arrives_late();
        assert_same(&end(&shop), &undisturbed().end, &accident);
    });
}

/// What was looked at stays what is done, however often it is begun.
#[test]
fn killed_after_any_write_a_plan_file_is_continued() {
    at_every_write(|at, write| {
        let (shop, accident) = (shop(), format!("a kill at write {at}, {}", write.line()));
        shop.user.write("payments.toml", AFTER);
        shop.run(&["plan", "--prune", "--no-sync", "--out", "plan.json"]).exits(0);
        let apply = ["apply", "--yes", "--plan-file", "plan.json"];
        shop.kill_after(at, &apply);
        let ran = shop.run(&apply);
        assert_eq!(ran.code, 0, "after {accident}: {}{}", ran.stdout, ran.stderr);
        assert_same(&end(&shop), &undisturbed().end, &accident);
    });
}

/// All of it is sent again: a create under its key, everything else because it says how a thing is to be.
#[test]
fn where_an_answer_is_lost_it_goes_on() {
    at_every_write(|at, write| {
        let (shop, accident) = (shop(), format!("a lost answer at write {at}, {}", write.line()));
        shop.plan(at, Accident::DropAfter);
        assert_eq!(shop.apply(AFTER, PRUNE).exits(0).json()["notDone"], json!([]), "{accident}");
        continues(&shop, &accident);
    });
}

/// Without replays what breaks before it arrives is told, and everything that does not need it is made.
#[test]
fn where_a_request_is_lost_the_same_command_continues() {
    let last = undisturbed().writes.len();
    at_every_write(|at, write| {
        let (shop, accident) = (shop(), format!("a lost request at write {at}, {}", write.line()));
        shop.plan(at, Accident::DropBefore);
        let ran = shop.apply(AFTER, &["--prune", "--retries", "0"]);
        if at == 1 {
            ran.exits(8);
            assert_eq!(shop.changes(), [] as [&str; 0], "{accident}");
        } else if at == last {
            let ran = ran.exits(9).says(&["All changes were made, but"]);
            assert_eq!(count(&ran.json(), "done"), undisturbed().changes, "{accident}");
        } else if ran.code == 0 {
            // The first of two changes of one price: the second did it all.
            let twice = |row: &&Value| row["key"] == "pro_lifetime" && row["action"] == "update";
            assert_eq!(rows(&ran.json(), "done").iter().filter(twice).count(), 2, "{accident}");
        } else {
            let ran = ran.exits(9).says(&["--prune --retries 0` continues, and makes nothing twice"]);
            assert_only_failure(&ran.json(), &accident);
        }
        continues(&shop, &accident);
    });
}

/// One change failed, and all others were made but those that need it.
#[track_caller]
fn assert_only_failure(report: &Value, accident: &str) {
    let (first, rest) = rows(report, "notDone").split_first().expect("a failure");
    assert_eq!(first["code"], "UNREACHABLE", "{accident}");
    let waits = |row: &Value| row["error"].as_str().is_some_and(|error| error.ends_with("could not be made"));
    assert!(rest.iter().all(waits), "{accident}: {report}");
    assert!(rest.is_empty() || first["kind"] == "product", "{accident}: {report}");
    assert_eq!(count(report, "done") + 1 + rest.len(), undisturbed().changes, "{accident}: {report}");
}

/// A program that was killed may be in the middle of a replacement when somebody wants something else.
#[test]
fn killed_in_a_replacement_another_amount_is_still_one_price() {
    const FILES: [&str; 3] = ["19.00", "29.00", "39.00"];
    let file = |amount: &str| {
        format!(
            "version = 1\nproducts.pro.name = \"Pro\"\n\
             products.pro.prices.monthly = {{ currency = \"usd\", amount = \"{amount}\", interval = \"month\" }}\n"
        )
    };
    let files = FILES.map(file);
    // A sync, the four requests of a replacement.
    for at in 1..=5 {
        for then in &files {
            let shop = Shop::new();
            shop.apply(&files[0], &[]).exits(0);
            shop.user.write("payments.toml", &files[1]);
            shop.kill_after(at, &["apply", "--yes"]);
            shop.apply(then, &[]).exits(0);
            shop.run(&["plan", "--exit-code"]).exits(0);
            let catalog = shop.catalog();
            assert_nobody_twice(&catalog);
            let active = rows(&catalog, "prices").iter().filter(|price| price["active"] == true);
            let active: Vec<&Value> = active.collect();
            assert_eq!(active.len(), 1, "killed at {at}: {catalog}");
            assert_eq!(active[0]["metadata"][IDENTITY], "pro_monthly");
            assert_eq!(active[0]["lookupKey"], "pro_monthly");
        }
    }
}
