//! Reads a catalog from `payments.toml`. The file is not deserialized with serde, so that every error has its exact place.

pub(super) mod amount;
mod diagnostic;
mod entry;
pub(super) mod metadata;
mod table;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use toml::de::DeTable;

use self::diagnostic::{Diagnostic, Diagnostics, SourceFile};
use self::table::{Schema, TableReader};
use super::DesiredCatalog;
use crate::error::{Failure, PositionCounter};

/// The version of the file format.
pub(super) const VERSION: i64 = 1;

const FILE: Schema = Schema { subject: "a catalog file", fields: &["version", "products"] };

/// Reads a catalog. `name` is the file's name as errors show it.
///
/// # Errors
/// Every error in the file.
pub(crate) fn read(text: &str, name: &str) -> Result<DesiredCatalog, Failure> {
    let source = SourceFile { name, text };
    let (table, syntax_errors) = DeTable::parse_recoverable(text);
    let mut diagnostics = Diagnostics::default();
    for error in syntax_errors {
        let message = error.message().trim().replace('\n', "; ");
        diagnostics.add(Diagnostic::new(error.span().unwrap_or_default(), message));
    }
    // What the parser skipped would be reported as missing.
    if let Some(failure) = source.failure(std::mem::take(&mut diagnostics)) {
        return Err(failure);
    }
    let root = TableReader::root(table.get_ref());
    if let Err(diagnostic) = check_version(&root) {
        diagnostics.add(diagnostic);
        // Another version can have other fields.
        if matches!(root.integer("version"), Ok(Some(_)))
            && let Some(failure) = source.failure(std::mem::take(&mut diagnostics))
        {
            return Err(failure);
        }
    }
    root.check_fields(&FILE, &mut diagnostics, |_, item| {
        item.get_ref().is_table().then(|| "products belong under `products`, as in [products.pro]".into())
    });
    let mut parsed = Vec::new();
    let products = root.get("products").map(|(key, item)| root.child(key, item, "[products.pro]"));
    if let Some(products) = products.and_then(|products| diagnostics.ok_or_add(products)) {
        for (key, item) in products.entries() {
            diagnostics.ok_or_add(table::check_key(key, "product", "[products.pro]"));
            let product = products.child(key, item, "[products.pro]");
            if let Some(product) = diagnostics.ok_or_add(product) {
                parsed.extend(entry::product(key.get_ref(), &product, &mut diagnostics));
            }
        }
    }
    check_unique_lookup_keys(text, &parsed, &mut diagnostics);
    let line_ends: Vec<usize> = text.match_indices('\n').map(|(end, _)| end).collect();
    match source.failure(diagnostics) {
        Some(failure) => Err(failure),
        None => Ok(DesiredCatalog {
            products: parsed.into_iter().map(|parsed| parsed.with_lines(&line_ends)).collect(),
        }),
    }
}

fn check_version(file: &TableReader<'_>) -> Result<(), Diagnostic> {
    let Some(version) = file.integer("version")? else {
        return Err(Diagnostic::new(0..0, "missing field `version`")
            .hint(format!("add version = {VERSION} as the first line")));
    };
    match version.value {
        VERSION => Ok(()),
        later if later > VERSION => {
            let message = format!("the file has version {later}, but this insforge reads version {VERSION}");
            Err(Diagnostic::new(version.span, message).hint("update insforge"))
        }
        other => Err(Diagnostic::new(version.span, format!("version {other} does not exist"))
            .hint(format!("write version = {VERSION}"))),
    }
}

fn check_unique_lookup_keys(text: &str, products: &[entry::ParsedProduct], diagnostics: &mut Diagnostics) {
    let mut prices: Vec<_> = products.iter().flat_map(|product| product.lookup_keys.iter()).collect();
    prices.sort_by_key(|price| price.span.start);
    let mut positions = PositionCounter::new(text);
    let mut seen: HashMap<&str, (&entry::LookupKeySpan, usize)> = HashMap::new();
    for price in prices {
        let (line, _) = positions.position(price.span.start);
        let Some((first, line)) = seen.get(price.lookup_key.as_str()) else {
            seen.insert(&price.lookup_key, (price, line));
            continue;
        };
        let (key, path) = (&price.lookup_key, &first.path);
        let message = format!("`{key}` is already the lookup key of `{path}` on line {line}");
        diagnostics
            .add(Diagnostic::new(price.span.clone(), message).hint("give one of them another lookup_key"));
    }
}
