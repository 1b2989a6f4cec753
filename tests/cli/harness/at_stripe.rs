//! Catalogs that are compared although ids and moments in them differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The metadata key under which a managed object carries its identity.
pub const IDENTITY: &str = "catalog_key";
const REPLACED_BY: &str = "catalog_replaced_by";

/// The products or prices of a catalog.
#[track_caller]
pub fn rows<'a>(catalog: &'a Value, kind: &str) -> &'a [Value] {
    catalog[kind].as_array().unwrap_or_else(|| panic!("no {kind}: {catalog}"))
}

/// What this says.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// A catalog without what differs from one run to the next: who is who stands in it instead of ids, and no moment does.
/// Every product and price is a line, archived ones too.
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

/// Who is behind each id. A price that was replaced has no identity any more; it is known by who replaced it.
fn names(catalog: &Value) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for product in rows(catalog, "products") {
        names.insert(text(&product["productId"]), format!("product {}", product["metadata"][IDENTITY]));
    }
    let prices = rows(catalog, "prices");
    for price in prices {
        names.insert(text(&price["priceId"]), format!("price {}", price["metadata"][IDENTITY]));
    }
    for price in prices.iter().filter(|price| price["metadata"][IDENTITY].is_null()) {
        let by = price["metadata"][REPLACED_BY].as_str().and_then(|by| names.get(by)).cloned();
        names.insert(text(&price["priceId"]), format!("what {} replaced", by.unwrap_or_default()));
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

/// Asserts that nobody is there twice.
#[track_caller]
pub fn assert_nobody_twice(catalog: &Value) {
    let active = |kind| rows(catalog, kind).iter().filter(|row| row["active"] == true);
    let identities = |row: &Value| row["metadata"][IDENTITY].as_str().map(str::to_owned);
    assert_distinct(rows(catalog, "products").iter().filter_map(identities), "products of one key", catalog);
    assert_distinct(active("prices").filter_map(identities), "active prices of one identity", catalog);
}

#[track_caller]
fn assert_distinct(all: impl Iterator<Item = String>, what: &str, catalog: &Value) {
    let mut seen = BTreeSet::new();
    for one in all {
        assert!(seen.insert(one.clone()), "two {what}, {one}: {catalog}");
    }
}
