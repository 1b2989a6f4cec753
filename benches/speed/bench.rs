//! What is measured, and its limits.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::place::{INSFORGE, LINEAR, Place, Table, compare};
use crate::{bulk, catalog, stub};

const JSON_LIST: &[&str] = &["payments", "prices", "list", "--json"];
const FILTER: &str = ".prices[] | select(.unitAmount > 1000 and .active) | .priceId";
const FILTERED: &[&str] = &["payments", "prices", "list", "--product", "prod_large", "--jq", FILTER];
const TABLE: &[&str] = &["payments", "prices", "list"];
const SHORT_TABLE: &[&str] = &["payments", "prices", "list", "live"];
const PRODUCTS: &[&str] = &["payments", "products", "list"];
const COMPLETION: &[&str] = &["--", "insforge", "payments", "products", "get", "prod_"];

pub(crate) fn run() -> Result<ExitCode> {
    let place = Place::new()?;
    let mut table = Table::default();

    let status = &["payments", "status"];
    let in_sandbox = &["--sandbox", "payments", "status"];
    let [ours, sandbox, version, curl] = compare(
        [
            place.insforge(status),
            place.insforge(in_sandbox),
            place.insforge(&["--version"]),
            place.curl(stub::STATUS),
        ],
        300,
        Duration::from_secs(12),
    )?;
    table.time("status / curl", ours, curl, 1.0);
    // With a backend of its own in the process it takes about as long as curl takes to ask one that is there.
    table.time("status --sandbox / curl", sandbox, curl, 1.2);
    table.time("--version / curl", version, curl, 1.0 / 3.0);
    table.memory("status, peak memory", place.memory(status)?, Some(8.0));

    ensure!(place.linked(PRODUCTS)?.output()?.status.success(), "the products are not listed");
    let mut completion = place.linked(COMPLETION)?;
    completion.env("COMPLETE", "fish");
    let [completion, version] =
        compare([completion, place.insforge(&["--version"])], 300, Duration::from_secs(6))?;
    table.time("500 ids from the cache / --version", completion, version, 2.0);

    let [ours, curl_jq] =
        compare([place.insforge(JSON_LIST), place.curl_jq(stub::MANY, ".")], 15, Duration::from_secs(20))?;
    ensure!(ours.bytes == curl_jq.bytes, "jq prints {} bytes, we {}", curl_jq.bytes, ours.bytes);
    table.time("100,000 prices as JSON / curl | jq", ours, curl_jq, 0.4);
    table.memory("100,000 prices as JSON, peak memory", place.memory(JSON_LIST)?, None);

    let [ours, curl_jq] = compare(
        [place.insforge(FILTERED), place.curl_jq(stub::LARGE, &format!("-r '{FILTER}'"))],
        15,
        Duration::from_secs(20),
    )?;
    ensure!(ours.bytes == curl_jq.bytes, "jq -r prints {} bytes, we {}", curl_jq.bytes, ours.bytes);
    table.time("50 MB of prices with --jq / curl | jq", ours, curl_jq, 2.0);
    table.memory("50 MB of prices with --jq, peak memory", place.memory(FILTERED)?, None);

    let [many, few] =
        compare([place.insforge(TABLE), place.insforge(SHORT_TABLE)], 15, Duration::from_secs(12))?;
    table.time("100,000 prices as a table / 25,000", many, few, LINEAR);
    table.memory("100,000 prices as a table, peak memory", place.memory(TABLE)?, None);

    catalog::plan(&place, &mut table)?;
    catalog::apply(&place, &mut table)?;
    bulk::create(&place, &mut table)?;

    #[allow(clippy::cast_precision_loss, reason = "a file of nine petabytes would be too large anyway")]
    let size = std::fs::metadata(INSFORGE)?.len() as f64;
    table.memory("size of the program", size, Some(9.0));
    Ok(if table.broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
