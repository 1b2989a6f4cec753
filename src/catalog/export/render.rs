//! Renders new entries as TOML: a file, a product, a price.

use std::fmt::Write as _;

use toml_edit::{InlineTable, Item, Key, Table, Value};

use crate::catalog::catalog_key::default_lookup_key;
use crate::catalog::file::{VERSION, amount};
use crate::catalog::{DesiredCatalog, DesiredPrice, DesiredProduct};
use crate::ui::{SafetyScan, is_clean};
use crate::wire::{Metadata, TaxBehavior};

/// The first lines of a new file.
const HEAD: &str = "\
# The catalog at Stripe. `insforge payments catalog plan test` shows how Stripe differs from this file,
# and `insforge payments catalog apply test` makes Stripe match it.
";

/// A new file.
pub(crate) fn file(desired: &DesiredCatalog) -> String {
    let mut products = Table::new();
    products.set_implicit(true);
    for product in &desired.products {
        products.insert(&product.key, Item::Table(self::product(product)));
    }
    let mut document = toml_edit::DocumentMut::new();
    document.insert("version", toml_edit::value(VERSION));
    document.insert("products", Item::Table(products));
    format!("{HEAD}{document}")
}

/// A product with its prices. It has a blank line before it, and none inside.
pub(super) fn product(product: &DesiredProduct) -> Table {
    let mut table = Table::new();
    table.insert("name", Item::Value(text(product.name.as_str())));
    if let Some(description) = &product.description {
        table.insert("description", Item::Value(text(description.as_str())));
    }
    if !product.active {
        table.insert("active", toml_edit::value(false));
    }
    if let Some(metadata) = &product.metadata {
        table.insert("metadata", Item::Value(self::metadata(metadata)));
    }
    let mut prices = Table::new();
    prices.set_implicit(true);
    for price in &product.prices {
        let mut table = self::price(&product.key, price);
        table.decor_mut().set_prefix("");
        prices.insert(&price.key, Item::Table(table));
    }
    if !prices.is_empty() {
        table.insert("prices", Item::Table(prices));
    }
    table
}

/// A price.
pub(super) fn price(product: &str, price: &DesiredPrice) -> Table {
    let mut table = Table::new();
    table.insert("currency", Item::Value(text(price.currency.as_str())));
    let (name, value) = amount(price);
    table.insert(name, Item::Value(value));
    if let Some(recurring) = price.recurring {
        table.insert("interval", Item::Value(text(recurring.interval.as_str())));
        if let Some(count) = recurring.interval_count.filter(|count| *count != 1) {
            table.insert("interval_count", toml_edit::value(i64::from(count)));
        }
    }
    if price.tax_behavior != TaxBehavior::Unspecified {
        table.insert("tax_behavior", Item::Value(text(price.tax_behavior.as_str())));
    }
    if price.lookup_key.as_str() != default_lookup_key(product, &price.key) {
        table.insert("lookup_key", Item::Value(text(price.lookup_key.as_str())));
    }
    if !price.active {
        table.insert("active", toml_edit::value(false));
    }
    if let Some(metadata) = &price.metadata {
        table.insert("metadata", Item::Value(self::metadata(metadata)));
    }
    table
}

/// The field `amount`, or `unit_amount` if the currency's decimals cannot express it.
pub(super) fn amount(price: &DesiredPrice) -> (&'static str, Value) {
    match amount::format(price.unit_amount, price.currency.as_str()) {
        Some(text) => ("amount", text.into()),
        None => ("unit_amount", unit_amount(price)),
    }
}

/// An amount in the smallest unit. Every valid amount fits into a TOML integer.
pub(super) fn unit_amount(price: &DesiredPrice) -> Value {
    i64::try_from(price.unit_amount.get()).unwrap_or(i64::MAX).into()
}

/// Metadata as an inline table.
pub(super) fn metadata(metadata: &Metadata) -> Value {
    let mut table = InlineTable::new();
    for (name, value) in metadata.iter() {
        table.insert_formatted(&key(name), text(value));
    }
    Value::InlineTable(table)
}

/// A key, with unsafe characters escaped.
pub(super) fn key(name: &str) -> Key {
    let escaped = (!is_clean(name)).then(|| Key::parse(&quoted(name)).ok()?.pop()).flatten();
    escaped.unwrap_or_else(|| Key::new(name))
}

/// A string on one line, with unsafe characters escaped.
pub(super) fn text(text: &str) -> Value {
    let escaped = if is_clean(text) { None } else { quoted(text).parse().ok() };
    escaped.unwrap_or_else(|| Value::from(text))
}

/// A quoted string in which invisible characters and terminal control characters are escaped.
fn quoted(text: &str) -> String {
    // TOML has the same escapes as JSON, except for those of characters beyond `\uFFFF`. JSON leaves some unsafe
    // characters unescaped.
    let json = serde_json::Value::from(text).to_string();
    let mut scan = SafetyScan::default();
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        // A write to a string never fails.
        let _ = match u32::from(c) {
            _ if scan.is_safe(c) => escaped.write_char(c),
            code @ ..=0xffff => write!(escaped, "\\u{code:04X}"),
            code => write!(escaped, "\\U{code:08X}"),
        };
    }
    escaped
}
