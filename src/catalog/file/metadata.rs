//! The metadata of a product or price.

use std::collections::BTreeMap;

use super::diagnostic::{Diagnostic, Diagnostics};
use super::table::{self, TableReader, TomlKey, TomlValue};
use crate::catalog::OWN_NAMES;
use crate::wire::{Metadata, MetadataEntry};

/// Stripe allows 50 names, of which this tool needs two.
pub(crate) const MAX_METADATA_NAMES: usize = 48;

/// The metadata of a table, sorted by name. `Some(None)` if the table has none. Returns `None` and adds diagnostics if it
/// is invalid.
#[allow(
    clippy::option_option,
    reason = "the outer option says whether it is valid, the inner one whether it exists"
)]
pub(super) fn metadata(table: &TableReader<'_>, diagnostics: &mut Diagnostics) -> Option<Option<Metadata>> {
    let Some((key, item)) = table.get("metadata") else { return Some(None) };
    let table = diagnostics.ok_or_add(table.child(key, item, "metadata = { tier = \"pro\" }"))?;
    let mut fields = BTreeMap::new();
    let mut is_valid = true;
    for (key, item) in table.entries() {
        let field = if fields.len() < MAX_METADATA_NAMES { field(key, item) } else { Err(too_many(key)) };
        match diagnostics.ok_or_add(field) {
            Some(field) => drop(fields.insert(key.get_ref().as_ref(), field)),
            None => is_valid = false,
        }
    }
    let mut metadata = Metadata::default();
    for field in fields.into_values() {
        let set = metadata.set(field).map_err(|message| Diagnostic::new(table.span(), message));
        is_valid &= diagnostics.ok_or_add(set).is_some();
    }
    is_valid.then(|| Some(metadata).filter(|metadata| metadata.iter().next().is_some()))
}

fn too_many(key: &TomlKey<'_>) -> Diagnostic {
    let message = format!(
        "metadata can have at most {MAX_METADATA_NAMES} names: Stripe allows 50, and this tool needs 2"
    );
    Diagnostic::new(key.span(), message).hint("remove some of them")
}

fn field(key: &TomlKey<'_>, item: &TomlValue<'_>) -> Result<MetadataEntry, Diagnostic> {
    let (name, span) = (key.get_ref().as_ref(), key.span());
    if OWN_NAMES.contains(&name) {
        let diagnostic =
            Diagnostic::new(span, format!("the metadata key `{name}` is reserved for this tool"));
        return Err(diagnostic.hint("remove it; this tool sets it from the keys of products and prices"));
    }
    // The name is checked alone first, so that a later error is about the value.
    MetadataEntry::new(name.to_owned(), String::new()).map_err(|message| Diagnostic::new(span, message))?;
    let span = table::span_of(key, item);
    let Some(text) = item.get_ref().as_str() else {
        let message = format!("metadata values must be strings, but `{name}` is {}", table::kind(item));
        let number = table::integer(item.get_ref()).map(|number| number.to_string());
        let value = number.or_else(|| item.get_ref().as_bool().map(|boolean| boolean.to_string()));
        let diagnostic = Diagnostic::new(span, message);
        return Err(match value {
            Some(value) => diagnostic.hint(format!("write {name} = \"{value}\"")),
            None => diagnostic,
        });
    };
    MetadataEntry::new(name.to_owned(), text.to_owned()).map_err(|message| Diagnostic::new(span, message))
}
