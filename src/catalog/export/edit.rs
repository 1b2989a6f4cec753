//! Edits a file so that it matches Stripe. Unchanged entries keep their formatting and comments.

use std::collections::BTreeMap;

use toml_edit::{DocumentMut, Item, Table};

use super::render;
use super::tables::{last_position, put, set, unset};
use crate::catalog::file::amount;
use crate::catalog::{DesiredCatalog, DesiredPrice, DesiredProduct};
use crate::wire::{Metadata, Recurring};

/// The paths of entries that the previous file has and the target does not.
pub(super) fn removed(previous: &DesiredCatalog, target: &DesiredCatalog) -> Vec<String> {
    let mut removed = Vec::new();
    let targets = products_of(target);
    for product in &previous.products {
        let path = format!("products.{}", product.key);
        let Some(target) = targets.get(product.key.as_str()) else {
            removed.push(path);
            continue;
        };
        let kept = prices_of(target);
        let removed_prices = product.prices.iter().filter(|price| !kept.contains_key(&price_identity(price)));
        removed.extend(removed_prices.map(|price| format!("{path}.prices.{}", price.key)));
    }
    removed
}

/// The edited file. `None` if it cannot be edited.
pub(crate) fn edit(text: &str, previous: &DesiredCatalog, target: &DesiredCatalog) -> Option<String> {
    let has_crlf = text.contains('\n') && text.matches('\n').count() == text.matches("\r\n").count();
    let bom = if text.starts_with('\u{feff}') { "\u{feff}" } else { "" };
    let mut document: DocumentMut = text.trim_start_matches('\u{feff}').parse().ok()?;
    let last = last_position(document.as_item());
    let products = child_or_insert(document.as_item_mut(), "products")?;
    let targets = products_of(target);
    for product in previous.products.iter().filter(|previous| !targets.contains_key(previous.key.as_str())) {
        unset(products, &product.key);
    }
    let previous = products_of(previous);
    for product in &target.products {
        if let Some(previous) = previous.get(product.key.as_str()) {
            change_product(products.get_mut(&product.key)?, previous, product)?;
        } else {
            let mut fresh = render::product(product);
            fresh.set_position(last.map(|last| last + 1));
            put(products, &product.key, fresh);
        }
    }
    let text = document.to_string();
    // toml_edit writes LF.
    let text = if has_crlf { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text };
    Some(format!("{bom}{text}"))
}

fn products_of(desired: &DesiredCatalog) -> BTreeMap<&str, &DesiredProduct> {
    desired.products.iter().map(|product| (product.key.as_str(), product)).collect()
}

fn prices_of(product: &DesiredProduct) -> BTreeMap<(&str, &str), &DesiredPrice> {
    product.prices.iter().map(|price| (price_identity(price), price)).collect()
}

/// The keys that identify a price in its product.
fn price_identity(price: &DesiredPrice) -> (&str, &str) {
    (&price.key, price.lookup_key.as_str())
}

/// The table with this key. Inserts one without a header if it does not exist.
fn child_or_insert<'a>(table: &'a mut Item, key: &str) -> Option<&'a mut Item> {
    if table.get(key).is_none() {
        let mut fresh = Table::new();
        fresh.set_implicit(true);
        put(table, key, fresh);
    }
    table.get_mut(key)
}

fn change_product(table: &mut Item, previous: &DesiredProduct, target: &DesiredProduct) -> Option<()> {
    if previous.name != target.name {
        set(table, "name", render::text(target.name.as_str()));
    }
    match &target.description {
        description if *description == previous.description => {}
        Some(description) => set(table, "description", render::text(description.as_str())),
        None => unset(table, "description"),
    }
    if previous.active != target.active {
        set(table, "active", target.active.into());
    }
    change_metadata(table, previous.metadata.as_ref(), target.metadata.as_ref())?;

    let kept = prices_of(target);
    let removed: Vec<_> =
        previous.prices.iter().filter(|price| !kept.contains_key(&price_identity(price))).collect();
    if !removed.is_empty() {
        let prices = table.get_mut("prices")?;
        for price in removed {
            unset(prices, &price.key);
        }
    }
    let last = last_position(table);
    let previous = prices_of(previous);
    let mut spaced = None;
    for price in &target.prices {
        if let Some(previous) = previous.get(&price_identity(price)) {
            change_price(table.get_mut("prices")?.get_mut(&price.key)?, previous, price)?;
        } else {
            let prices = child_or_insert(table, "prices")?;
            let mut fresh = render::price(&target.key, price);
            fresh.set_position(last);
            if !*spaced.get_or_insert_with(|| is_spaced(prices)) {
                fresh.decor_mut().set_prefix("");
            }
            // Only the first new price gets a blank line.
            spaced = Some(false);
            put(prices, &price.key, fresh);
        }
    }
    Some(())
}

/// Whether the last price has a blank line before it.
fn is_spaced(prices: &Item) -> bool {
    let last =
        prices.as_table().and_then(|prices| prices.iter().filter_map(|(_, price)| price.as_table()).last());
    let prefix = last.and_then(|last| last.decor().prefix()).and_then(|prefix| prefix.as_str());
    prefix.is_some_and(|prefix| prefix.starts_with(['\n', '\r']))
}

fn change_price(table: &mut Item, previous: &DesiredPrice, target: &DesiredPrice) -> Option<()> {
    if previous.currency != target.currency {
        set(table, "currency", render::text(target.currency.as_str()));
    }
    change_amount(table, target);
    if previous.recurring != target.recurring {
        change_recurring(table, target.recurring);
    }
    if previous.tax_behavior != target.tax_behavior {
        set(table, "tax_behavior", render::text(target.tax_behavior.as_str()));
    }
    if previous.active != target.active {
        set(table, "active", target.active.into());
    }
    change_metadata(table, previous.metadata.as_ref(), target.metadata.as_ref())
}

/// Keeps the field that the file uses. The same `amount` is another number in another currency.
fn change_amount(table: &mut Item, target: &DesiredPrice) {
    let number = table.get("unit_amount").and_then(Item::as_integer);
    if let Some(number) = number {
        if u64::try_from(number) != Ok(target.unit_amount.get()) {
            set(table, "unit_amount", render::unit_amount(target));
        }
        return;
    }
    let text = table.get("amount").and_then(Item::as_str).unwrap_or_default();
    if amount::parse(text, target.currency.as_str()) == Ok(target.unit_amount) {
        return;
    }
    let (name, value) = render::amount(target);
    if name != "amount" {
        unset(table, "amount");
    }
    set(table, name, value);
}

fn change_recurring(table: &mut Item, target: Option<Recurring>) {
    let Some(target) = target else {
        unset(table, "interval");
        unset(table, "interval_count");
        return;
    };
    if table.get("interval").and_then(Item::as_str) != Some(target.interval.as_str()) {
        set(table, "interval", render::text(target.interval.as_str()));
    }
    let count = i64::from(target.interval_count.unwrap_or(1));
    if table.get("interval_count").and_then(Item::as_integer).unwrap_or(1) != count {
        set(table, "interval_count", count.into());
    }
}

/// Keeps empty values, which delete a name at Stripe and are therefore missing there.
fn change_metadata(table: &mut Item, previous: Option<&Metadata>, target: Option<&Metadata>) -> Option<()> {
    let previous: Vec<_> = previous.into_iter().flat_map(Metadata::iter).collect();
    let desired: Vec<_> = target.into_iter().flat_map(Metadata::iter).collect();
    let Some(metadata) = table.get_mut("metadata").filter(|metadata| metadata.is_table_like()) else {
        if let Some(target) = target {
            set(table, "metadata", render::metadata(target));
        }
        return Some(());
    };
    for (name, value) in &previous {
        if !value.is_empty() && !desired.iter().any(|(kept, _)| kept == name) {
            unset(metadata, name);
        }
    }
    for (name, value) in desired {
        if !previous.contains(&(name, value)) {
            set(metadata, name, render::text(value));
        }
    }
    let emptied = !previous.is_empty() && metadata.as_table_like()?.is_empty();
    if emptied {
        unset(table, "metadata");
    }
    Some(())
}
