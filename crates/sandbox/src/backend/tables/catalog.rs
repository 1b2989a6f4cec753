//! Connections, products and prices.

use serde::Serialize;
use serde_json::{Value, json};

use crate::backend::rows::in_database_order;
use crate::backend::tables::{Row, Tables, bigint, name};
use crate::environment::Environment;
use crate::generation::Generation;
use crate::state::{Connection, State, Synced};
use crate::stripe::{Price, Product};

pub(super) fn add(tables: &mut Tables, state: &State, generation: Generation) {
    let mut connections = Vec::new();
    let (mut products, mut prices) = (Vec::new(), Vec::new());
    for environment in Environment::ALL {
        let mirror = state.insforge.stripe(environment);
        connections.extend(connection(&mirror.connection, "stripe", environment, generation));
        if generation == Generation::Newer {
            let razorpay = &state.insforge.razorpay(environment).connection;
            connections.extend(connection(razorpay, "razorpay", environment, generation));
        }
        products.extend(mirror.products.values().map(|row| product(row, environment, generation)));
        prices.extend(mirror.prices.values().map(|row| price(row, environment, generation)));
    }
    let columns = |rows: Vec<Row>| rows.into_iter().map(|row| row.columns).collect();
    tables.insert(name(generation, "provider_connections", "stripe_connections"), columns(connections));
    tables.insert(name(generation, "stripe_products", "products"), columns(products));
    tables.insert(name(generation, "stripe_prices", "prices"), columns(prices));
}

/// The row of a connection, which exists from the first key on.
fn connection<C: Serialize>(
    connection: &Connection<C>,
    provider: &str,
    environment: Environment,
    generation: Generation,
) -> Option<Row> {
    connection.account_id.as_ref()?;
    let is_newer = generation == Generation::Newer;
    let webhook = connection.webhook.as_ref();
    let counts = connection.last_sync_counts.as_ref().map_or(json!({}), |counts| json!(counts));
    let mut row = Row::new(generation, "connections", environment, provider);
    row.put_if_newer("provider", provider);
    row.put("environment", environment.as_str());
    row.put_if_newer("status", connection.status.clone());
    row.put_renamed("provider_account_id", "stripe_account_id", connection.account_id.clone());
    row.put_renamed("account_email", "stripe_account_email", connection.account_email.clone());
    row.put_if_newer("account_name", Value::Null);
    row.put("account_livemode", connection.account_livemode);
    if !is_newer {
        row.put("status", connection.status.clone());
    }
    row.put("webhook_endpoint_id", webhook.map(|webhook| webhook.endpoint_id.clone()));
    row.put("webhook_endpoint_url", webhook.map(|webhook| webhook.endpoint_url.clone()));
    row.put("webhook_configured_at", webhook.map(|webhook| webhook.configured_at.clone()));
    row.put("last_synced_at", connection.last_synced_at.clone());
    row.put("last_sync_status", connection.last_sync_status.clone());
    row.put("last_sync_error", connection.last_sync_error.clone());
    row.put("last_sync_counts", counts);
    row.put("raw", json!({}));
    // The state does not keep these two times.
    let at = "2026-01-01T00:00:00.000Z";
    row.put("created_at", at);
    row.put("updated_at", at);
    Some(row)
}

fn product(synced: &Synced<Product>, environment: Environment, generation: Generation) -> Row {
    let product = &synced.object;
    let mut row = Row::new(generation, "products", environment, &product.id);
    row.put("environment", environment.as_str());
    row.put_renamed("product_id", "stripe_product_id", product.id.clone());
    row.put("name", product.name.clone());
    row.put("description", product.description.clone());
    row.put("active", product.active);
    row.put("default_price_id", product.default_price.clone());
    row.put("metadata", in_database_order(&product.metadata));
    put_synced(&mut row, &synced.synced_at);
    row
}

fn price(synced: &Synced<Price>, environment: Environment, generation: Generation) -> Row {
    let price = &synced.object;
    let recurring = price.recurring.as_ref();
    let mut row = Row::new(generation, "prices", environment, &price.id);
    row.put("environment", environment.as_str());
    row.put_renamed("price_id", "stripe_price_id", price.id.clone());
    row.put_renamed("product_id", "stripe_product_id", price.product.clone());
    row.put("active", price.active);
    row.put("currency", price.currency.clone());
    row.put("unit_amount", bigint(price.unit_amount));
    row.put("unit_amount_decimal", price.unit_amount_decimal.clone());
    row.put("type", if recurring.is_some() { "recurring" } else { "one_time" });
    row.put("lookup_key", price.lookup_key.clone());
    row.put("billing_scheme", price.billing_scheme.clone());
    row.put("tax_behavior", price.tax_behavior.clone());
    row.put("recurring_interval", recurring.map(|recurring| recurring.interval.clone()));
    row.put("recurring_interval_count", recurring.map(|recurring| recurring.interval_count));
    row.put("metadata", in_database_order(&price.metadata));
    put_synced(&mut row, &synced.synced_at);
    row
}

fn put_synced(row: &mut Row, synced_at: &str) {
    row.put("raw", json!({}));
    for column in ["synced_at", "created_at", "updated_at"] {
        row.put(column, synced_at);
    }
}
