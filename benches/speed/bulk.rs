//! Bulk input.

use std::fmt::Write as _;

use anyhow::{Result, ensure};

use crate::bench_env::{BenchEnv, Table};
use crate::slow_backend;

const PRODUCTS: u64 = 1000;

/// Creates the products of a file. The limit is a ratio to the time that the backend alone takes.
pub(crate) fn create(env: &BenchEnv, table: &mut Table) -> Result<()> {
    let mut file = String::new();
    for product in 0..PRODUCTS {
        let _ = writeln!(
            file,
            r#"{{"name":"Product {product}","description":"For everybody","metadata":{{"tier":"pro"}}}}"#
        );
    }
    let file = env.file("products.jsonl", &file)?;
    let ran = slow_backend::run(env, &format!("payments products create --from-file '{file}'"))?;
    ensure!(ran.lines == PRODUCTS, "{} of {PRODUCTS} products were created", ran.lines);
    table.time("1,000 products in bulk / 20 ms each", ran.ours, slow_backend::waiting(PRODUCTS)?, 1.1);
    Ok(())
}
