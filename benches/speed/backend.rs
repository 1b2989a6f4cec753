//! A local backend with a status, lists of prices and products, and two catalogs. Lists are long in the test environment
//! and a quarter as long in live. It answers over http and https.

use std::io::{BufRead, BufReader, Read, Result as IoResult, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::catalog;

pub(crate) const STATUS: &str = "/api/payments/stripe/status";
pub(crate) const MANY: &str = "/api/payments/stripe/test/catalog/prices";
/// Prices of 50 MB.
pub(crate) const LARGE: &str = "/api/payments/stripe/test/catalog/prices?productId=prod_large";
const FEW: &str = "/api/payments/stripe/live/catalog/prices";
const ROWS: usize = 100_000;
const LARGE_ROWS: usize = 135_000;
const PRODUCTS: &str = "/api/payments/stripe/test/catalog/products";

/// A path and the complete answer to it.
pub(crate) type Route = (&'static str, Vec<u8>);

/// The addresses of the backend.
pub(crate) struct Addresses {
    pub(crate) http: String,
    pub(crate) https: String,
    /// The certificate of `https`, which nobody trusts yet.
    pub(crate) certificate: String,
}

pub(crate) fn start() -> Result<Addresses> {
    let recordings = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/contract/exchanges-current.jsonl");
    let recordings = std::fs::read_to_string(recordings).context("The recordings are missing")?;
    let status = recorded(&recordings, "242-status-recovered")?;
    let prices = recorded(&recordings, "167-prices-list")?;
    let prices = prices["prices"].as_array().context("The recorded prices are not a list")?;
    let mut routes = vec![
        (STATUS, answer(&both_connected(status).to_string())),
        (MANY, answer(&list(prices, "test", ROWS))),
        (LARGE, answer(&list(prices, "test", LARGE_ROWS))),
        (FEW, answer(&list(prices, "live", ROWS / 4))),
    ];
    routes.push((PRODUCTS, answer(&products(500))));
    routes.extend(catalog::routes());
    let routes = Arc::new(routes);
    let (plain, encrypted) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    let http = format!("http://{}", plain.local_addr()?);
    let https = format!("https://localhost:{}", encrypted.local_addr()?.port());
    let (config, certificate) = tls()?;
    let same_routes = Arc::clone(&routes);
    // A client that disconnects early fails with its own exit code.
    thread::spawn(move || {
        for stream in plain.incoming().flatten() {
            let _ = serve(stream, &routes);
        }
    });
    thread::spawn(move || {
        for stream in encrypted.incoming().flatten() {
            if let Ok(connection) = ServerConnection::new(Arc::clone(&config)) {
                let mut stream = StreamOwned::new(connection, stream);
                let _ = serve(&mut stream, &same_routes);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    Ok(Addresses { http, https, certificate })
}

/// A certificate for `localhost`, and a server that has it.
fn tls() -> Result<(Arc<ServerConfig>, String)> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()])?;
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).map_err(anyhow::Error::msg)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key)?;
    Ok((Arc::new(config), cert.pem()))
}

/// The status with live connected in the same way as test.
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
        .with_context(|| format!("No recording is named {name}"))?;
    Ok(exchange["response_body"].take())
}

/// The recorded prices, repeated with new ids.
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

fn serve(mut stream: impl Read + Write, routes: &[Route]) -> IoResult<()> {
    let mut lines = BufReader::new(&mut stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    match routes.iter().find(|(known, _)| *known == path) {
        Some((_, answer)) => stream.write_all(answer),
        None => stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"),
    }
}
