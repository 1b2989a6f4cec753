//! A backend of this machine with a status, lists of prices and products, and two catalogs: much in the test environment, a quarter
//! of it in the live one.

use std::io::{BufRead, BufReader, Result as IoResult, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::catalog;

pub(crate) const STATUS: &str = "/api/payments/stripe/status";
pub(crate) const MANY: &str = "/api/payments/stripe/test/catalog/prices";
/// Fifty megabytes of them.
pub(crate) const LARGE: &str = "/api/payments/stripe/test/catalog/prices?productId=prod_large";
const FEW: &str = "/api/payments/stripe/live/catalog/prices";
const ROWS: usize = 100_000;
const LARGE_ROWS: usize = 135_000;
const PRODUCTS: &str = "/api/payments/stripe/test/catalog/products";

/// A path and the whole answer to it.
pub(crate) type Known = (&'static str, Vec<u8>);

pub(crate) fn start() -> Result<String> {
    let recordings = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contract/exchanges-current.jsonl");
    let recordings = std::fs::read_to_string(recordings).context("There are no recordings to answer with")?;
    let status = recorded(&recordings, "242-status-recovered")?;
    let prices = recorded(&recordings, "167-prices-list")?;
    let prices = prices["prices"].as_array().context("The recorded prices are no list")?;
    let mut known = vec![
        (STATUS, answer(&both_connected(status).to_string())),
        (MANY, answer(&list(prices, "test", ROWS))),
        (LARGE, answer(&list(prices, "test", LARGE_ROWS))),
        (FEW, answer(&list(prices, "live", ROWS / 4))),
    ];
    known.push((PRODUCTS, answer(&products(500))));
    known.extend(catalog::routes());
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that leaves early shows in its exit code.
            let _ = serve(&stream, &known);
        }
    });
    Ok(address)
}

/// Live is connected as test is.
fn both_connected(mut status: Value) -> Value {
    if let Some(connections) = status["connections"].as_array_mut()
        && let [test, live] = connections.as_mut_slice()
    {
        *live = test.clone();
        live["environment"] = json!("live");
    }
    status
}

fn recorded(recordings: &str, name: &str) -> Result<Value> {
    let exchanges = recordings.lines().map(serde_json::from_str::<Value>);
    let mut exchange = exchanges
        .filter_map(Result::ok)
        .find(|exchange| exchange["name"] == name)
        .with_context(|| format!("There is no recording of the name {name}"))?;
    Ok(exchange["response_body"].take())
}

/// The recorded prices over and over, each with ids of its own.
fn list(prices: &[Value], environment: &str, rows: usize) -> String {
    let rows = prices.iter().cycle().take(rows).enumerate().map(|(row, price)| {
        let mut price = price.clone();
        price["environment"] = json!(environment);
        price["priceId"] = json!(format!("price_{row:024}"));
        price["productId"] = json!(format!("prod_{:014}", row / prices.len()));
        price.to_string()
    });
    format!("{{\"prices\":[{}]}}", rows.collect::<Vec<_>>().join(","))
}

fn products(rows: usize) -> String {
    let product = |row| json!({"environment": "test", "productId": format!("prod_{row:014}"), "name": format!("Product {row}")});
    json!({"products": (0..rows).map(product).collect::<Vec<_>>()}).to_string()
}

pub(crate) fn answer(body: &str) -> Vec<u8> {
    let length = body.len();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\nconnection: close";
    format!("{head}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

fn serve(mut stream: &TcpStream, known: &[Known]) -> IoResult<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    match known.iter().find(|(known, _)| *known == path) {
        Some((_, answer)) => stream.write_all(answer),
        None => stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"),
    }
}
