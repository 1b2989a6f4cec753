//! Sets and removes entries of TOML tables, both tables with a header and inline tables.

use toml_edit::{InlineTable, Item, Table, Value};

use super::render;

/// The position of the last header in a table. `None` if it has no header.
pub(super) fn last_position(item: &Item) -> Option<isize> {
    let table = item.as_table()?;
    table.iter().filter_map(|(_, item)| last_position(item)).chain(table.position()).max()
}

/// Inserts a table under a new key: with a header, or inline if the outer table is inline.
pub(super) fn put(outer: &mut Item, key: &str, table: Table) {
    match outer {
        Item::Table(outer) => drop(outer.insert(key, Item::Table(table))),
        Item::Value(Value::InlineTable(outer)) => append(outer, key, table.into_inline_table().into()),
        _ => {}
    }
}

/// Sets the value of a key. An existing value is replaced in place and keeps its comments and spaces.
pub(super) fn set(table: &mut Item, key: &str, mut value: Value) {
    if let Some(old) = table.get_mut(key).and_then(Item::as_value_mut) {
        *value.decor_mut() = old.decor().clone();
        *old = value;
        return;
    }
    match table {
        Item::Table(table) => drop(table.insert_formatted(&render::key(key), Item::Value(value))),
        Item::Value(Value::InlineTable(table)) => append(table, key, value),
        _ => {}
    }
}

/// Removes a key, if it exists.
pub(super) fn unset(table: &mut Item, key: &str) {
    match table {
        Item::Table(table) => drop(table.remove(key)),
        Item::Value(Value::InlineTable(table)) => {
            let last = table.iter().last().is_some_and(|(last, _)| last == key);
            let removed = table.remove(key);
            let end = removed.and_then(|removed| blank_end(&removed));
            if let Some((end, (_, value))) = end.filter(|_| last).zip(table.iter_mut().last()) {
                value.decor_mut().set_suffix(end);
            }
        }
        _ => {}
    }
}

/// Appends to an inline table. The spaces before the closing brace move behind the new value.
fn append(table: &mut InlineTable, key: &str, mut value: Value) {
    let mut end = " ".to_owned();
    if let Some((_, last)) = table.iter_mut().last()
        && let Some(blank) = blank_end(last)
    {
        last.decor_mut().set_suffix("");
        end = blank;
    }
    if table.trailing_comma() {
        end = String::new();
    }
    value.decor_mut().set_prefix(" ");
    value.decor_mut().set_suffix(end);
    let mut key = render::key(key);
    key.leaf_decor_mut().set_prefix(" ");
    key.leaf_decor_mut().set_suffix(" ");
    table.insert_formatted(&key, value);
}

/// The whitespace after a value. `None` if something else follows.
fn blank_end(value: &Value) -> Option<String> {
    let end = value.decor().suffix().and_then(|suffix| suffix.as_str()).unwrap_or_default();
    end.trim().is_empty().then(|| end.to_owned())
}
