//! Rounds with `catalog apply`: a new file, then a changed one with every kind of change.

use std::fmt::Write as _;

use serde_json::Value;

use super::round::{Claim, CommandLine, Ran, Round};
use super::shop::{Kind, Truth};
use super::single::next_of;

/// A product of the file, with its key, its name, and the key and amount of each price.
struct Product {
    key: String,
    name: String,
    prices: Vec<(String, u32)>,
}

/// Applies a new file, then a changed one.
pub fn apply(round: &mut Round<'_>) {
    let key = round.name.clone();
    let product = |at: u32, name: &str, prices: &[(&str, u32)]| {
        let product = format!("{key}_{at}");
        let prices = prices.iter().map(|(price, amount)| (format!("{product}_{price}"), *amount)).collect();
        Product { name: format!("{key} {name}"), key: product, prices }
    };
    let first = [
        product(1, "Basic", &[("monthly", 900), ("yearly", 9000)]),
        product(2, "Pro", &[("monthly", 1900), ("once", 500)]),
    ];
    // An update, a replacement, an archived price, and a new product.
    let second = [
        product(1, "Starter", &[("monthly", 1200), ("yearly", 9000)]),
        product(2, "Pro", &[("monthly", 1900)]),
        product(3, "Team", &[("monthly", 4900)]),
    ];
    apply_file(round, &first, false);
    apply_file(round, &second, true);
    let truth = round.end();
    let own = |kind: Kind| {
        let is_own = |row: &&Value| match kind {
            Kind::Product => row["name"].as_str().is_some_and(|name| name.starts_with(&format!("{key} "))),
            _ => {
                truth.get(Kind::Product, row["product"].as_str().unwrap_or_default()).is_some_and(|product| {
                    product["name"].as_str().is_some_and(|name| name.starts_with(&format!("{key} ")))
                })
            }
        };
        truth.all(kind).iter().filter(is_own).count()
    };
    round.expect_count(own(Kind::Product), 3, "the products of the file");
    round.expect_count(own(Kind::Price), 6, "the prices of the file, with the replaced and the archived one");
    round.expect_count(usize::from(is_applied(&truth, &second)), 1, "the whole file");
}

fn apply_file(round: &mut Round<'_>, file: &[Product], prune: bool) {
    round.report.applies += 1;
    round.stop_within = 12;
    std::fs::write(round.shop.path("payments.toml"), toml(file)).expect("a file");
    let mut command = CommandLine::new::<&str>(&[]).with("payments catalog apply test --yes --json");
    if prune {
        command = command.with("--prune");
    }
    while !round.is_over() {
        let ran = round.run(&command);
        check_report(round, &ran, file);
        if ran.code == Some(0) {
            return;
        }
        if let Some(next) = next_of(&ran) {
            round.report.followed += 1;
            command.args = next;
        }
    }
}

fn toml(file: &[Product]) -> String {
    let mut text = "version = 1\n".to_owned();
    for Product { key, name, prices } in file {
        let _ = write!(text, "[products.{key}]\nname = \"{name}\"\n");
        for (price, amount) in prices {
            let own = price.rsplit('_').next().unwrap_or_default();
            let (whole, cents) = (amount / 100, amount % 100);
            let _ =
                writeln!(text, "prices.{own} = {{ currency = \"usd\", amount = \"{whole}.{cents:02}\" }}");
        }
    }
    text
}

/// Compares the report of an apply with the sandbox.
fn check_report(round: &mut Round<'_>, ran: &Ran, file: &[Product]) {
    let what = ran.what().to_owned();
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
    if ran.code == Some(0) {
        round.state(is_applied(&ran.after, file), "the file was applied");
    }
    if report.is_null() {
        if ran.code.is_some() && !ran.is_interrupted() {
            round.state(ran.changed_nothing(), "a failure without a report changed nothing");
        } else if ran.claim() == Claim::NotApplied && what == "Interrupted" {
            round.state(ran.changed_nothing(), "an interrupt without a count changed nothing");
        }
        return;
    }
    let rows = |list: &str| report[list].as_array().cloned().unwrap_or_default();
    let (done, not_done, unknown) = (rows("done"), rows("notDone"), rows("unknown"));
    round.report.unknown += unknown.len() as u64;
    for row in &done {
        round.state(is_done(&ran.after, row, file) && has_own_id(&ran.after, row), &format!("done: {row}"));
    }
    // The last step of a replacement archives the old price, whose id the row has until then.
    for row in &not_done {
        let is_done = is_done(&ran.after, row, file) && is_replaced(&ran.after, row);
        round.state(!is_done, &format!("not done: {row}"));
    }
    if what.starts_with("Nothing was changed") {
        round.state(ran.changed_nothing(), "nothing was changed");
    }
    if what.starts_with("All changes were applied, but") {
        round.state(is_applied(&ran.after, file), "all changes were applied");
    }
    if what.contains(" changes were applied to Stripe") {
        let total = done.len() + not_done.len() + unknown.len();
        let stated = what.starts_with(&format!("{} of {total} ", done.len()));
        round.state(stated, "the number of applied changes");
    }
}

/// Whether a change of the report is applied.
fn is_done(truth: &Truth, row: &Value, file: &[Product]) -> bool {
    let key = row["key"].as_str().unwrap_or_default();
    let kind = if row["kind"] == "product" { Kind::Product } else { Kind::Price };
    if row["action"] == "archive" {
        let id = row["id"].as_str().unwrap_or_default();
        return truth.get(kind, id).is_some_and(|row| row["active"] == false);
    }
    match kind {
        Kind::Product => file.iter().any(|product| product.key == key && is_product_applied(truth, product)),
        _ => file
            .iter()
            .flat_map(|product| &product.prices)
            .any(|(price, amount)| price == key && is_price_applied(truth, price, *amount)),
    }
}

/// Whether the id of an applied change is that of an object with its key. An archived price that was replaced has none.
fn has_own_id(truth: &Truth, row: &Value) -> bool {
    let kind = if row["kind"] == "product" { Kind::Product } else { Kind::Price };
    let own = row["id"].as_str().and_then(|id| truth.get(kind, id));
    own.is_some_and(|own| row["action"] == "archive" || own["metadata"]["catalog_key"] == row["key"])
}

/// Whether the price of a replacement that is not done is archived.
fn is_replaced(truth: &Truth, row: &Value) -> bool {
    let old = row["id"].as_str().and_then(|id| truth.get(Kind::Price, id));
    row["action"] != "replace" || old.is_some_and(|old| old["active"] == false)
}

fn is_applied(truth: &Truth, file: &[Product]) -> bool {
    file.iter().all(|product| {
        let prices = product.prices.iter();
        is_product_applied(truth, product)
            && prices.clone().all(|(price, amount)| is_price_applied(truth, price, *amount))
    })
}

fn is_product_applied(truth: &Truth, product: &Product) -> bool {
    let own: Vec<&Value> = managed(truth, Kind::Product, &product.key).collect();
    own.len() == 1 && own[0]["name"] == *product.name && own[0]["active"] == true
}

fn is_price_applied(truth: &Truth, key: &str, amount: u32) -> bool {
    let own: Vec<&Value> = managed(truth, Kind::Price, key).filter(|row| row["active"] == true).collect();
    own.len() == 1 && own[0]["unitAmount"] == amount && own[0]["lookupKey"] == key
}

/// The objects with this `catalog_key`.
fn managed<'a>(truth: &'a Truth, kind: Kind, key: &'a str) -> impl Iterator<Item = &'a Value> {
    truth.all(kind).iter().filter(move |row| row["metadata"]["catalog_key"] == key)
}
