//! The catalog as code: a plan of a large catalog, and an apply to an empty Stripe account.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::backend::{Route, answer};
use crate::bench_env::{BenchEnv, LINEAR, MEGABYTE, Table, Timing, compare};
use crate::slow_backend;

const MANY: usize = 10_000;
const FEW: usize = MANY / 4;
/// One product in this many has a price whose amount differs in the file.
const DIFFERS_EVERY: usize = 100;

/// The products that the apply creates, with two prices each.
const CREATED: usize = 500;

const PRICES: [(&str, &str, u32); 3] =
    [("monthly", "month", 1900), ("yearly", "year", 19000), ("once", "", 49000)];

/// The catalogs of the backend: many products with three prices each in test, a quarter of them in live.
pub(crate) fn routes() -> [Route; 2] {
    [
        ("/api/payments/stripe/test/catalog", answer(&mirror(MANY, "test"))),
        ("/api/payments/stripe/live/catalog", answer(&mirror(FEW, "live"))),
    ]
}

/// A plan against only reading and parsing both sides, which this process does with the usual libraries and without
/// network or start-up time.
pub(crate) fn plan(env: &BenchEnv, table: &mut Table) -> Result<()> {
    let (many, few) = (
        env.file("many.toml", &file(MANY, 3, DIFFERS_EVERY))?,
        env.file("few.toml", &file(FEW, 3, DIFFERS_EVERY))?,
    );
    let plan = ["payments", "catalog", "plan", "--no-sync", "--json", "--file", &many];
    let short = ["payments", "catalog", "plan", "live", "--no-sync", "--json", "--file", &few];
    let list = ["payments", "catalog"];
    let commands = [env.insforge(&plan), env.insforge(&short), env.insforge(&list)];
    let [ours, quarter, listing] = compare(commands, 10, Duration::from_secs(15))?;
    table.time("plan of 30,000 prices / parsing both sides", ours, parsing(&many)?, 3.0);
    table.time("plan of 30,000 prices / listing them", ours, listing, 3.0);
    table.time("plan of 30,000 prices / of 7,500", ours, quarter, LINEAR);
    table.memory("plan of 30,000 prices, peak memory", env.memory(&plan)?, Some(150.0 * MEGABYTE));
    Ok(())
}

fn parsing(path: &str) -> Result<Timing> {
    let (json, mut times) = (mirror(MANY, "test"), Vec::new());
    for _ in 0..5 {
        let started = Instant::now();
        let file: toml::Table = std::fs::read_to_string(path)?.parse()?;
        let mirror: Value = serde_json::from_str(&json)?;
        times.push(started.elapsed());
        ensure!(file.len() == 2 && mirror["prices"].is_array(), "the catalogs have the wrong shape");
    }
    times.sort_unstable();
    Ok(Timing { time: times[times.len() / 2], bytes: 0 })
}

/// An apply to an empty sandbox with delayed answers, against the delays alone.
pub(crate) fn apply(env: &BenchEnv, table: &mut Table) -> Result<()> {
    let file = env.file("created.toml", &file(CREATED, 2, usize::MAX))?;
    let ran = slow_backend::run(env, &format!("payments catalog apply --file '{file}'"))?;
    ensure!(ran.lines == 3 * CREATED as u64, "apply created {} objects", ran.lines);
    table.time("apply of 500 × 2 / 20 ms a request", ran.ours, slow_backend::waiting(ran.requests)?, 1.1);
    Ok(())
}

/// A catalog file with this many products, of which one in `differs_every` differs from the mirror.
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

/// The catalog in the mirror, with this many products.
fn mirror(products: usize, environment: &str) -> String {
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
