//! Exports the catalog at Stripe to `payments.toml`: writes a new file, or edits an existing one.

mod adopt;
mod edit;
mod keys;
mod render;
mod select;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use self::adopt::Adoption;
#[cfg(any(test, fuzzing))]
pub(crate) use self::edit::edit as edited_catalog;
#[cfg(any(test, fuzzing))]
pub(crate) use self::render::file as written_catalog;
use self::select::Selection;
pub(crate) use self::select::SkippedObject;
use super::{DesiredCatalog, catalog_key, file, managed};
use crate::error::{Code, Failure};
use crate::wire::{LookupKey, Metadata, Mirror};

/// The exported file, and what the export found.
#[derive(Clone, Debug)]
pub(crate) struct ExportedFile {
    /// The whole file. Identical to the existing file if nothing changed.
    pub(crate) text: String,
    /// How many products it has.
    pub(crate) products: usize,
    /// How many prices it has.
    pub(crate) prices: usize,
    /// The active objects that it does not have.
    pub(crate) left_out: Vec<SkippedObject>,
    /// The paths of removed entries, such as `products.pro.prices.monthly`.
    pub(crate) removed: Vec<String>,
    /// The updates at Stripe that make the exported objects managed.
    pub(crate) adopt: Vec<Adoption>,
}

/// Exports a mirror to a new file, or into the text of an existing one. `name` is the file's name in errors.
///
/// # Errors
/// The existing file cannot be read, or two objects at Stripe have the same key.
pub(crate) fn export(mirror: &Mirror, existing: Option<&str>, name: &str) -> Result<ExportedFile, Failure> {
    let previous = existing.map(|text| file::read(text, name)).transpose()?;
    check_unique_keys(mirror)?;
    // Archived prices that the previous file has as inactive stay in the file.
    let inactive = previous.iter().flat_map(DesiredCatalog::prices).filter(|price| !price.active);
    let inactive = inactive.map(|price| price.lookup_key.as_str()).collect();
    let Selection { products, left_out } =
        select::select(mirror, &select::archived_prices(mirror, &inactive));
    let products = keys::assign(mirror, products, previous.as_ref());
    let adopt = adopt::adoptions(mirror, &products);
    let target = DesiredCatalog { products: products.into_iter().map(|product| product.desired).collect() };
    let mut removed = Vec::new();
    let text = match existing.zip(previous.as_ref()) {
        None => render::file(&target),
        Some((text, previous)) if normalized(previous) == normalized(&target) => text.to_owned(),
        Some((text, previous)) => {
            removed = edit::removed(previous, &target);
            let text = edit::edit(text, previous, &target).ok_or_else(|| cannot_edit(name))?;
            // TOML has many ways to write a table, so the edited file is read again and compared.
            let written = file::read(&text, name).map_err(|_| cannot_edit(name))?;
            if normalized(&written) != normalized(&target) {
                return Err(cannot_edit(name));
            }
            text
        }
    };
    let prices = target.products.iter().map(|product| product.prices.len()).sum();
    Ok(ExportedFile { text, products: target.products.len(), prices, left_out, removed, adopt })
}

/// The catalog of one environment as another environment should have it, and the active objects that it does not cover.
///
/// It has the managed objects. An archived one is part of it only if the other environment has it too: without it, nothing
/// can be bought in either.
///
/// # Errors
/// Two objects at Stripe have the same key.
pub(crate) fn desired_for(
    mirror: &Mirror,
    other: &Mirror,
) -> Result<(DesiredCatalog, Vec<SkippedObject>), Failure> {
    let unmanaged = select::unmanaged(mirror);
    let mut mirror = managed(mirror.clone());
    let unmanaged_ids: BTreeSet<&str> = unmanaged.iter().map(|object| object.id.as_str()).collect();
    mirror.prices.retain(|price| !unmanaged_ids.contains(price.price_id.as_str()));
    check_unique_keys(&mirror)?;
    let active = other.prices.iter().filter(|price| price.active).filter_map(catalog_key::price_key);
    let archived = select::archived_prices(&mirror, &active.collect());
    let Selection { products, mut left_out } = select::select(&mirror, &archived);
    left_out.extend(unmanaged);
    let others: BTreeSet<&str> = other.products.iter().filter_map(catalog_key::product_key).collect();
    let products = keys::assign(&mirror, products, None).into_iter().map(|product| product.desired);
    let products = products.filter(|product| product.active || others.contains(product.key.as_str()));
    Ok((DesiredCatalog { products: products.collect() }, left_out))
}

fn cannot_edit(name: &str) -> Failure {
    Failure::new(Code::Failed, format!("Cannot edit {name}"))
        .why("this tool cannot update the way in which its tables are written; the file is unchanged")
        .hint("export to a new file with --file, and copy the changes from it")
}

/// Checks that keys are unique at Stripe.
///
/// # Errors
/// Two products have the same `catalog_key`, or two active prices have the same key.
fn check_unique_keys(mirror: &Mirror) -> Result<(), Failure> {
    let products = mirror.products.iter().filter_map(|product| {
        catalog_key::product_key(product).map(|key| (key.to_owned(), product.product_id.as_str()))
    });
    check_unique("products", products)?;
    let prices =
        mirror.prices.iter().filter(|price| price.active && catalog_key::replaced_by(price).is_none());
    let prices = prices.filter_map(|price| {
        let key: LookupKey = catalog_key::price_key_or_lookup_key(price)?;
        Some((key.as_str().to_owned(), price.price_id.as_str()))
    });
    check_unique("prices", prices)
}

fn check_unique<'a>(kind: &str, objects: impl Iterator<Item = (String, &'a str)>) -> Result<(), Failure> {
    let mut by_key: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (key, id) in objects {
        by_key.entry(key).or_default().insert(id);
    }
    for (key, ids) in by_key {
        let mut ids = ids.into_iter();
        if let Some((one, other)) = ids.next().zip(ids.next()) {
            return Err(catalog_key::duplicate(kind, &key, one, other));
        }
    }
    Ok(())
}

/// The catalog sorted by key, without line numbers, and without empty metadata values, which only delete a name at Stripe.
pub(crate) fn normalized(catalog: &DesiredCatalog) -> DesiredCatalog {
    let mut catalog = catalog.clone();
    catalog.products.sort_by(|one, other| one.key.cmp(&other.key));
    for product in &mut catalog.products {
        product.metadata = product.metadata.as_ref().and_then(without_empty_values);
        product.prices.sort_by(|one, other| one.key.cmp(&other.key));
        for price in &mut product.prices {
            price.metadata = price.metadata.as_ref().and_then(without_empty_values);
            price.line = None;
        }
    }
    catalog
}

fn without_empty_values(metadata: &Metadata) -> Option<Metadata> {
    select::metadata(metadata.iter().filter(|(_, value)| !value.is_empty())).ok().flatten()
}
