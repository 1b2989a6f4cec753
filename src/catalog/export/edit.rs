//! Changes a file into what is at Stripe. What is the same there stays as somebody wrote it.

use std::collections::BTreeMap;

use toml_edit::{DocumentMut, Item, Table};

use super::fresh;
use super::place::{last_position, put, set, unset};
use crate::catalog::file::amount;
use crate::catalog::{Wanted, WantedPrice, WantedProduct};
use crate::wire::{Metadata, Recurring};

/// The paths of what the file has and the target has not.
pub(super) fn removed(said: &Wanted, target: &Wanted) -> Vec<String> {
    let mut removed = Vec::new();
    let targets = products_of(target);
    for product in &said.products {
        let path = format!("products.{}", product.key);
        let Some(target) = targets.get(product.key.as_str()) else {
            removed.push(path);
            continue;
        };
        let kept = prices_of(target);
        let gone = product.prices.iter().filter(|price| !kept.contains_key(&who(price)));
        removed.extend(gone.map(|price| format!("{path}.prices.{}", price.key)));
    }
    removed
}

/// The file changed; nothing where it cannot be.
pub(super) fn edit(text: &str, said: &Wanted, target: &Wanted) -> Option<String> {
    let windows = text.contains('\n') && text.matches('\n').count() == text.matches("\r\n").count();
    let mark = if text.starts_with('\u{feff}') { "\u{feff}" } else { "" };
    let mut document: DocumentMut = text.trim_start_matches('\u{feff}').parse().ok()?;
    let last = last_position(document.as_item());
    let products = child(document.as_item_mut(), "products")?;
    let targets = products_of(target);
    for gone in said.products.iter().filter(|said| !targets.contains_key(said.key.as_str())) {
        unset(products, &gone.key);
    }
    let said = products_of(said);
    for product in &target.products {
        if let Some(said) = said.get(product.key.as_str()) {
            change_product(products.get_mut(&product.key)?, said, product)?;
        } else {
            let mut fresh = fresh::product(product);
            fresh.set_position(last.map(|last| last + 1));
            put(products, &product.key, fresh);
        }
    }
    let text = document.to_string();
    // What toml_edit writes ends its lines as Unix does.
    let text = if windows { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text };
    Some(format!("{mark}{text}"))
}

fn products_of(wanted: &Wanted) -> BTreeMap<&str, &WantedProduct> {
    wanted.products.iter().map(|product| (product.key.as_str(), product)).collect()
}

fn prices_of(product: &WantedProduct) -> BTreeMap<(&str, &str), &WantedPrice> {
    product.prices.iter().map(|price| (who(price), price)).collect()
}

/// By what a price is the same one in another product: its lookup key says so, and its key stays.
fn who(price: &WantedPrice) -> (&str, &str) {
    (&price.key, price.lookup_key.as_str())
}

/// The table under this key; a new one that has no header where there is none.
fn child<'a>(table: &'a mut Item, key: &str) -> Option<&'a mut Item> {
    if table.get(key).is_none() {
        let mut fresh = Table::new();
        fresh.set_implicit(true);
        put(table, key, fresh);
    }
    table.get_mut(key)
}

fn change_product(table: &mut Item, said: &WantedProduct, target: &WantedProduct) -> Option<()> {
    if said.name != target.name {
        set(table, "name", fresh::text(target.name.as_str()));
    }
    match &target.description {
        description if *description == said.description => {}
        Some(description) => set(table, "description", fresh::text(description.as_str())),
        None => unset(table, "description"),
    }
    if said.active != target.active {
        set(table, "active", target.active.into());
    }
    change_metadata(table, said.metadata.as_ref(), target.metadata.as_ref())?;

    let kept = prices_of(target);
    let gone: Vec<_> = said.prices.iter().filter(|price| !kept.contains_key(&who(price))).collect();
    if !gone.is_empty() {
        let prices = table.get_mut("prices")?;
        for gone in gone {
            unset(prices, &gone.key);
        }
    }
    let last = last_position(table);
    let said = prices_of(said);
    let mut spaced = None;
    for price in &target.prices {
        if let Some(said) = said.get(&who(price)) {
            change_price(table.get_mut("prices")?.get_mut(&price.key)?, said, price)?;
        } else {
            let prices = child(table, "prices")?;
            let mut fresh = fresh::price(&target.key, price);
            fresh.set_position(last);
            if !*spaced.get_or_insert_with(|| is_spaced(prices)) {
                fresh.decor_mut().set_prefix("");
            }
            // Those behind it stand close to it.
            spaced = Some(false);
            put(prices, &price.key, fresh);
        }
    }
    Some(())
}

/// Whether the last price has a blank line in front of it.
fn is_spaced(prices: &Item) -> bool {
    let last =
        prices.as_table().and_then(|prices| prices.iter().filter_map(|(_, price)| price.as_table()).last());
    let prefix = last.and_then(|last| last.decor().prefix()).and_then(|prefix| prefix.as_str());
    prefix.is_some_and(|prefix| prefix.starts_with(['\n', '\r']))
}

fn change_price(table: &mut Item, said: &WantedPrice, target: &WantedPrice) -> Option<()> {
    if said.currency != target.currency {
        set(table, "currency", fresh::text(target.currency.as_str()));
    }
    change_amount(table, target);
    if said.recurring != target.recurring {
        change_recurring(table, target.recurring);
    }
    if said.tax_behavior != target.tax_behavior {
        set(table, "tax_behavior", fresh::text(target.tax_behavior.as_str()));
    }
    if said.active != target.active {
        set(table, "active", target.active.into());
    }
    change_metadata(table, said.metadata.as_ref(), target.metadata.as_ref())
}

/// In the form that the file has. The same text is another amount in another currency.
fn change_amount(table: &mut Item, target: &WantedPrice) {
    let number = table.get("unit_amount").and_then(Item::as_integer);
    if let Some(number) = number {
        if u64::try_from(number) != Ok(target.unit_amount.get()) {
            set(table, "unit_amount", fresh::unit_amount(target));
        }
        return;
    }
    let text = table.get("amount").and_then(Item::as_str).unwrap_or_default();
    if amount::parse(text, target.currency.as_str()) == Ok(target.unit_amount) {
        return;
    }
    let (name, value) = fresh::amount(target);
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
        set(table, "interval", fresh::text(target.interval.as_str()));
    }
    let count = i64::from(target.interval_count.unwrap_or(1));
    if table.get("interval_count").and_then(Item::as_integer).unwrap_or(1) != count {
        set(table, "interval_count", count.into());
    }
}

/// An empty text takes its name away at Stripe; that it is not there is no reason to take it out of the file.
fn change_metadata(table: &mut Item, said: Option<&Metadata>, target: Option<&Metadata>) -> Option<()> {
    let said: Vec<_> = said.into_iter().flat_map(Metadata::iter).collect();
    let names: Vec<_> = target.into_iter().flat_map(Metadata::iter).collect();
    let Some(texts) = table.get_mut("metadata").filter(|texts| texts.is_table_like()) else {
        if let Some(target) = target {
            set(table, "metadata", fresh::metadata(target));
        }
        return Some(());
    };
    for (name, text) in &said {
        if !text.is_empty() && !names.iter().any(|(kept, _)| kept == name) {
            unset(texts, name);
        }
    }
    for (name, text) in names {
        if !said.contains(&(name, text)) {
            set(texts, name, fresh::text(text));
        }
    }
    let emptied = !said.is_empty() && texts.as_table_like()?.is_empty();
    if emptied {
        unset(table, "metadata");
    }
    Some(())
}
