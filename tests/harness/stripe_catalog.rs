//! Comparisons of catalogs whose ids and times differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The metadata key of managed objects.
pub const CATALOG_KEY: &str = "catalog_key";
const REPLACED_BY: &str = "catalog_replaced_by";

/// The products or prices of a catalog.
#[track_caller]
pub fn rows<'a>(catalog: &'a Value, kind: &str) -> &'a [Value] {
    catalog[kind].as_array().unwrap_or_else(|| panic!("no {kind}: {catalog}"))
}

/// The string in a JSON value.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

/// A catalog without the values that differ from run to run: ids are replaced by keys, and times are removed. Each product
/// and price is one line, including archived ones.
pub fn normal(catalog: &Value) -> Vec<String> {
    let names = names(catalog);
    let mut lines = Vec::new();
    for kind in ["products", "prices"] {
        for row in rows(catalog, kind) {
            let mut row = row.clone();
            row.as_object_mut().expect("an object").remove("syncedAt");
            rename(&mut row, &names);
            row.sort_all_objects();
            lines.push(row.to_string());
        }
    }
    lines.sort();
    lines
}

/// A name for each id. A replaced price has no `catalog_key`, so its name refers to its replacement.
fn names(catalog: &Value) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for product in rows(catalog, "products") {
        names.insert(text(&product["productId"]), format!("product {}", product["metadata"][CATALOG_KEY]));
    }
    let prices = rows(catalog, "prices");
    for price in prices {
        names.insert(text(&price["priceId"]), format!("price {}", price["metadata"][CATALOG_KEY]));
    }
    for price in prices.iter().filter(|price| price["metadata"][CATALOG_KEY].is_null()) {
        let by = price["metadata"][REPLACED_BY].as_str().and_then(|by| names.get(by)).cloned();
        names.insert(text(&price["priceId"]), format!("replaced by {}", by.unwrap_or_default()));
    }
    names
}

fn rename(value: &mut Value, names: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(name) = names.get(text) {
                text.clone_from(name);
            }
        }
        Value::Object(fields) => fields.iter_mut().for_each(|(_, field)| rename(field, names)),
        Value::Array(all) => all.iter_mut().for_each(|one| rename(one, names)),
        _ => {}
    }
}

/// Asserts that no two products and no two active prices have the same `catalog_key`.
#[track_caller]
pub fn assert_unique_keys(catalog: &Value) {
    let active = |kind| rows(catalog, kind).iter().filter(|row| row["active"] == true);
    let key = |row: &Value| row["metadata"][CATALOG_KEY].as_str().map(str::to_owned);
    assert_distinct(rows(catalog, "products").iter().filter_map(key), "products have the key", catalog);
    assert_distinct(active("prices").filter_map(key), "active prices have the key", catalog);
}

#[track_caller]
fn assert_distinct(all: impl Iterator<Item = String>, what: &str, catalog: &Value) {
    let mut seen = BTreeSet::new();
    for one in all {
        assert!(seen.insert(one.clone()), "two {what} {one}: {catalog}");
    }
}
