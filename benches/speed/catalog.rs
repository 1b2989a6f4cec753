//! The catalog as code: comparing a large one, and filling an empty Stripe with a middling one.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::delayed;
use crate::place::{LINEAR, Place, Ran, Table, compare};
use crate::stub::{Known, answer};

const MANY: usize = 10_000;
const FEW: usize = MANY / 4;
/// Every so many products one price costs something else in the file.
const EVERY: usize = 100;

/// The products that are made in an empty sandbox, with two prices each.
const MADE: usize = 500;

const PRICES: [(&str, &str, u32); 3] =
    [("monthly", "month", 1900), ("yearly", "year", 19000), ("once", "", 49000)];

/// What the backend has: many products with three prices each in test, a quarter of them in live.
pub(crate) fn routes() -> [Known; 2] {
    [
        ("/api/payments/stripe/test/catalog", answer(&at_stripe(MANY, "test"))),
        ("/api/payments/stripe/live/catalog", answer(&at_stripe(FEW, "live"))),
    ]
}

/// Comparing a file with what is there, against reading and parsing both alone: with the libraries that everybody has for it,
/// in this process, which has no start and no network to wait for.
pub(crate) fn plan(place: &Place, table: &mut Table) -> Result<()> {
    let (many, few) =
        (place.file("many.toml", &file(MANY, 3, EVERY))?, place.file("few.toml", &file(FEW, 3, EVERY))?);
    let plan = ["payments", "catalog", "plan", "--no-sync", "--json", "--file", &many];
    let short = ["payments", "catalog", "plan", "live", "--no-sync", "--json", "--file", &few];
    let list = ["payments", "catalog"];
    let commands = [place.insforge(&plan), place.insforge(&short), place.insforge(&list)];
    let [ours, quarter, listing] = compare(commands, 10, Duration::from_secs(15))?;
    table.time("plan of 30,000 prices / parsing both sides", ours, parsing(&many)?, 3.0);
    table.time("plan of 30,000 prices / listing them", ours, listing, 3.0);
    table.time("plan of 30,000 prices / of 7,500", ours, quarter, LINEAR);
    table.memory("plan of 30,000 prices, peak memory", place.memory(&plan)?, Some(150.0));
    Ok(())
}

fn parsing(path: &str) -> Result<Ran> {
    let (mirror, mut times) = (at_stripe(MANY, "test"), Vec::new());
    for _ in 0..5 {
        let started = Instant::now();
        let file: toml::Table = std::fs::read_to_string(path)?.parse()?;
        let mirror: Value = serde_json::from_str(&mirror)?;
        times.push(started.elapsed());
        ensure!(file.len() == 2 && mirror["prices"].is_array(), "the catalogs are not what they should be");
    }
    times.sort_unstable();
    Ok(Ran { time: times[times.len() / 2], bytes: 0 })
}

/// Applying to an empty sandbox whose backend takes its time, against that time alone.
pub(crate) fn apply(place: &Place, table: &mut Table) -> Result<()> {
    let file = place.file("made.toml", &file(MADE, 2, usize::MAX))?;
    let ran = delayed::run(place, &format!("payments catalog apply --file '{file}'"))?;
    ensure!(ran.lines == 3 * MADE as u64, "apply made {} objects", ran.lines);
    table.time("apply of 500 × 2 / 20 ms a request", ran.ours, delayed::waiting(ran.requests)?, 1.1);
    Ok(())
}

/// The file of so many products. Where it differs from what is there, it is one of so many.
fn file(products: usize, prices: usize, differs_every: usize) -> String {
    let mut text = "version = 1\n".to_owned();
    for product in 0..products {
        let _ = write!(
            text,
            "\n[products.p{product}]\nname = \"Product {product}\"\ndescription = \"For everybody\"\n\
             metadata = {{ tier = \"pro\" }}\n"
        );
        for (key, interval, amount) in PRICES.into_iter().take(prices) {
            let amount = if key == "monthly" && product % differs_every == 1 { amount + 100 } else { amount };
            let _ = writeln!(
                text,
                "[products.p{product}.prices.{key}]\ncurrency = \"usd\"\nunit_amount = {amount}"
            );
            if !interval.is_empty() {
                let _ = writeln!(text, "interval = \"{interval}\"");
            }
        }
    }
    text
}

/// The mirror's catalog of so many products.
fn at_stripe(products: usize, environment: &str) -> String {
    let synced_at = "2026-11-23T20:04:20.655Z";
    let rows = (0..products).map(|product| {
        json!({
            "environment": environment, "productId": format!("prod_{product:014}"),
            "name": format!("Product {product}"), "description": "For everybody", "active": true,
            "defaultPriceId": null, "metadata": {"tier": "pro", "catalog_key": format!("p{product}")},
            "syncedAt": synced_at,
        })
    });
    let prices =
        (0..products).flat_map(|product| PRICES.into_iter().enumerate().map(move |price| (product, price)));
    let prices = prices.map(|(product, (number, (key, interval, amount)))| {
        let lookup_key = format!("p{product}_{key}");
        let recurring = !interval.is_empty();
        json!({
            "environment": environment, "priceId": format!("price_{product:020}000{number}"),
            "productId": format!("prod_{product:014}"), "active": true, "currency": "usd", "unitAmount": amount,
            "unitAmountDecimal": amount.to_string(), "type": if recurring { "recurring" } else { "one_time" },
            "lookupKey": lookup_key, "billingScheme": "per_unit", "taxBehavior": "unspecified",
            "recurringInterval": recurring.then_some(interval), "recurringIntervalCount": recurring.then_some(1),
            "metadata": {"catalog_key": lookup_key}, "syncedAt": synced_at,
        })
    });
    json!({"products": rows.collect::<Vec<Value>>(), "prices": prices.collect::<Vec<Value>>()}).to_string()
}
