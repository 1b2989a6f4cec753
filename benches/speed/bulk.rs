//! Files of many objects.

use std::fmt::Write as _;

use anyhow::{Result, ensure};

use crate::delayed;
use crate::place::{Place, Table};

const PRODUCTS: u64 = 1000;

/// Creating the products of a file, against the time alone that the backend takes for them.
pub(crate) fn create(place: &Place, table: &mut Table) -> Result<()> {
    let mut file = String::new();
    for product in 0..PRODUCTS {
        let _ = writeln!(
            file,
            r#"{{"name":"Product {product}","description":"For everybody","metadata":{{"tier":"pro"}}}}"#
        );
    }
    let file = place.file("products.jsonl", &file)?;
    let ran = delayed::run(place, &format!("payments products create --from-file '{file}'"))?;
    ensure!(ran.lines == PRODUCTS, "{} of {PRODUCTS} products were created", ran.lines);
    table.time("1,000 products of a file / 20 ms each", ran.ours, delayed::waiting(PRODUCTS)?, 1.1);
    Ok(())
}
