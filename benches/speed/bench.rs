//! The measurements and their limits.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::bench_env::{BenchEnv, LINEAR, MEGABYTE, Table, compare};
use crate::{backend, bulk, catalog};

const JSON_LIST: &[&str] = &["payments", "prices", "list", "--json"];
const FILTER: &str = ".prices[] | select(.unitAmount > 1000 and .active) | .priceId";
const FILTERED: &[&str] = &["payments", "prices", "list", "--product", "prod_large", "--jq", FILTER];
const TABLE: &[&str] = &["payments", "prices", "list"];
const SHORT_TABLE: &[&str] = &["payments", "prices", "list", "live"];
const PRODUCTS: &[&str] = &["payments", "products", "list"];
const COMPLETION: &[&str] = &["--", "insforge", "payments", "products", "get", "prod_"];

pub(crate) fn run() -> Result<ExitCode> {
    let env = BenchEnv::new()?;
    let mut table = Table::default();

    let status = env.insforge(&["payments", "status"]);
    let curl = env.curl(backend::STATUS);
    let (status_tls, curl_tls) = (env.over_https(&status), env.over_https(&curl));
    let (memory, curl_memory) = (env.memory_of(&status)?, env.memory_of(&curl)?);
    let (memory_tls, curl_memory_tls) = (env.memory_of(&status_tls)?, env.memory_of(&curl_tls)?);
    let in_sandbox = env.insforge(&["--sandbox", "payments", "status"]);
    let [status, sandbox, version, curl, status_tls, curl_tls] = compare(
        [status, in_sandbox, env.insforge(&["--version"]), curl, status_tls, curl_tls],
        300,
        Duration::from_secs(20),
    )?;
    table.time("status / curl", status, curl, 0.5);
    table.time("status over https / curl", status_tls, curl_tls, 0.5);
    // The sandbox runs in the same process. It takes about as long as curl takes to ask a running backend.
    table.time("status --sandbox / curl", sandbox, curl, 1.2);
    table.time("--version / curl", version, curl, 0.4);
    table.memory("status, peak memory; limit: curl", memory, Some(curl_memory));
    table.memory("status over https, peak memory; limit: curl", memory_tls, Some(curl_memory_tls));

    ensure!(env.linked(PRODUCTS)?.output()?.status.success(), "the products are not listed");
    let mut completion = env.linked(COMPLETION)?;
    completion.env("COMPLETE", "fish");
    // At every Tab the whole command tree is built, and no request is sent.
    let [completion, curl] = compare([completion, env.curl(backend::STATUS)], 300, Duration::from_secs(6))?;
    table.time("500 ids from the cache / curl", completion, curl, 1.0);

    let [ours, curl_jq] =
        compare([env.insforge(JSON_LIST), env.curl_jq(backend::MANY, ".")], 15, Duration::from_secs(20))?;
    ensure!(ours.bytes == curl_jq.bytes, "jq prints {} bytes, we {}", curl_jq.bytes, ours.bytes);
    table.time("100,000 prices as JSON / curl | jq", ours, curl_jq, 0.4);
    table.memory("100,000 prices as JSON, peak memory", env.memory(JSON_LIST)?, None);

    let [ours, curl_jq] = compare(
        [env.insforge(FILTERED), env.curl_jq(backend::LARGE, &format!("-r '{FILTER}'"))],
        15,
        Duration::from_secs(20),
    )?;
    ensure!(ours.bytes == curl_jq.bytes, "jq -r prints {} bytes, we {}", curl_jq.bytes, ours.bytes);
    table.time("50 MB of prices with --jq / curl | jq", ours, curl_jq, 2.0);
    table.memory("50 MB of prices with --jq, peak memory", env.memory(FILTERED)?, None);

    let [many, few] = compare([env.insforge(TABLE), env.insforge(SHORT_TABLE)], 15, Duration::from_secs(12))?;
    table.time("100,000 prices as a table / 25,000", many, few, LINEAR);
    table.memory("100,000 prices as a table, peak memory", env.memory(TABLE)?, None);

    catalog::plan(&env, &mut table)?;
    catalog::apply(&env, &mut table)?;
    bulk::create(&env, &mut table)?;

    #[allow(clippy::cast_precision_loss, reason = "the program is smaller than nine petabytes")]
    let size = std::fs::metadata(env.program())?.len() as f64;
    table.memory("size of the program", size, Some(12.0 * MEGABYTE));
    Ok(if table.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
