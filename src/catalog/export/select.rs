//! Selects the objects that an export writes: active or managed products, and their active prices.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::catalog::file::metadata::MAX_METADATA_NAMES;
use crate::catalog::{OWN_NAMES, PriceTerms, catalog_key};
use crate::wire::{
    Currency, Description, Interval, Metadata, MetadataEntry, Mirror, MirroredPrice, MirroredProduct,
    ProductName, Recurring, TaxBehavior, UnitAmount,
};

/// The objects that an export writes, without keys.
pub(super) struct Selection<'a> {
    /// Sorted by name, then id.
    pub(super) products: Vec<SelectedProduct<'a>>,
    pub(super) left_out: Vec<SkippedObject>,
}

/// A product that a file can describe.
pub(super) struct SelectedProduct<'a> {
    pub(super) mirrored: &'a MirroredProduct,
    pub(super) name: ProductName,
    pub(super) description: Option<Description>,
    pub(super) metadata: Option<Metadata>,
    /// Sorted from the shortest interval to one-time prices, then by amount.
    pub(super) prices: Vec<SelectedPrice<'a>>,
}

/// A price that a file can describe.
pub(super) struct SelectedPrice<'a> {
    pub(super) mirrored: &'a MirroredPrice,
    pub(super) currency: Currency,
    pub(super) unit_amount: UnitAmount,
    pub(super) recurring: Option<Recurring>,
    pub(super) tax_behavior: TaxBehavior,
    pub(super) metadata: Option<Metadata>,
}

/// An active object at Stripe that a file cannot describe.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct SkippedObject {
    /// `product` or `price`.
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    /// A clause such as `it is tiered`.
    pub(crate) reason: String,
}

impl SkippedObject {
    /// A note for the user.
    pub(crate) fn note(&self) -> String {
        format!("Skipped {} {}: {}.", self.kind, self.id, self.reason)
    }
}

/// Selects the objects. Unmanaged archived products are skipped without a note, and so are archived prices, except those
/// with the ids `archived`.
pub(super) fn select<'a>(mirror: &'a Mirror, archived: &BTreeSet<&str>) -> Selection<'a> {
    let mut left_out = Vec::new();
    let mut skip = |kind, id: &str, reason| left_out.push(SkippedObject { kind, id: id.to_owned(), reason });
    let known: BTreeSet<&str> = mirror.products.iter().map(|product| product.product_id.as_str()).collect();
    let mut products: BTreeMap<&str, SelectedProduct<'_>> = BTreeMap::new();
    for mirrored in &mirror.products {
        if !mirrored.active && catalog_key::product_key(mirrored).is_none() {
            continue;
        }
        match product(mirrored) {
            Ok(selected) => drop(products.insert(mirrored.product_id.as_str(), selected)),
            Err(reason) => skip("product", &mirrored.product_id, reason),
        }
    }
    let mut seen = BTreeSet::new();
    for mirrored in &mirror.prices {
        // As with products, an id that the mirror has twice is one object.
        if !seen.insert(mirrored.price_id.as_str()) {
            continue;
        }
        if !mirrored.active && !archived.contains(mirrored.price_id.as_str()) {
            continue;
        }
        let id = mirrored.product_id.as_deref().filter(|id| known.contains(id));
        let Some(id) = id else {
            skip("price", &mirrored.price_id, "its product is not in the mirror".into());
            continue;
        };
        // Its product is skipped, and the price with it.
        let Some(product) = products.get_mut(id) else { continue };
        match price(mirrored) {
            Ok(selected) => product.prices.push(selected),
            Err(reason) => skip("price", &mirrored.price_id, reason),
        }
    }
    left_out.sort_unstable();
    let mut products: Vec<_> = products.into_values().collect();
    products.sort_by(|one, other| {
        (one.name.as_str(), &one.mirrored.product_id).cmp(&(other.name.as_str(), &other.mirrored.product_id))
    });
    for product in &mut products {
        product.prices.sort_by_cached_key(sort_key);
    }
    Selection { products, left_out }
}

/// The active objects without a `catalog_key`, and managed prices of unmanaged products. A replaced price that is still a
/// default price is not one of them: its replacement is compared.
pub(super) fn unmanaged(mirror: &Mirror) -> Vec<SkippedObject> {
    let skip =
        |kind, id: &str, reason: &str| SkippedObject { kind, id: id.to_owned(), reason: reason.to_owned() };
    let managed: BTreeSet<&str> = mirror
        .products
        .iter()
        .filter(|product| catalog_key::product_key(product).is_some())
        .map(|product| product.product_id.as_str())
        .collect();
    let products = mirror.products.iter().filter(|product| product.active);
    let products = products.filter(|product| !managed.contains(product.product_id.as_str()));
    let products = products.map(|product| skip("product", &product.product_id, "it has no catalog_key"));
    let prices = mirror.prices.iter();
    let prices = prices.filter(|price| price.active && catalog_key::replaced_by(price).is_none());
    let prices = prices.filter_map(|price| {
        let of_managed = price.product_id.as_deref().is_some_and(|id| managed.contains(id));
        match catalog_key::price_key(price) {
            None => Some(skip("price", &price.price_id, "it has no catalog_key")),
            Some(_) if !of_managed => Some(skip("price", &price.price_id, "its product has no catalog_key")),
            Some(_) => None,
        }
    });
    products.chain(prices).collect()
}

/// The ids of the archived prices with these keys. A key that several prices have is ambiguous and is left out.
pub(super) fn archived_prices<'a>(mirror: &'a Mirror, keys: &BTreeSet<&str>) -> BTreeSet<&'a str> {
    let mut by_key: BTreeMap<String, Vec<&MirroredPrice>> = BTreeMap::new();
    for price in mirror.prices.iter().filter(|price| catalog_key::replaced_by(price).is_none()) {
        if let Some(key) =
            catalog_key::price_key_or_lookup_key(price).filter(|key| keys.contains(key.as_str()))
        {
            by_key.entry(key.as_str().to_owned()).or_default().push(price);
        }
    }
    let unique =
        by_key.into_values().filter_map(|prices| if let [price] = prices[..] { Some(price) } else { None });
    unique.filter(|price| !price.active).map(|price| price.price_id.as_str()).collect()
}

fn product(mirrored: &MirroredProduct) -> Result<SelectedProduct<'_>, String> {
    let description = mirrored.description.as_deref().filter(|text| !text.is_empty());
    Ok(SelectedProduct {
        mirrored,
        name: mirrored.name.trim().parse()?,
        description: description.map(str::parse).transpose()?,
        metadata: application_metadata(&mirrored.metadata)?,
        prices: Vec::new(),
    })
}

fn price(mirrored: &MirroredPrice) -> Result<SelectedPrice<'_>, String> {
    if let Some(other) = catalog_key::replaced_by(mirrored) {
        return Err(format!("{other} replaced it, but it is still the default price of its product"));
    }
    let PriceTerms { currency, unit_amount, recurring, tax_behavior } = PriceTerms::of(mirrored)?;
    Ok(SelectedPrice {
        mirrored,
        currency,
        unit_amount,
        recurring,
        tax_behavior,
        metadata: application_metadata(&mirrored.metadata)?,
    })
}

/// The metadata without the names of this tool and of InsForge.
fn application_metadata(metadata: &BTreeMap<String, String>) -> Result<Option<Metadata>, String> {
    let names = metadata.keys().filter(|name| !OWN_NAMES.contains(&name.as_str())).count();
    if names > MAX_METADATA_NAMES {
        return Err(format!(
            "it has {names} metadata keys; the limit is {MAX_METADATA_NAMES}, because this tool needs two"
        ));
    }
    self::metadata(metadata.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(
        |(name, value)| !OWN_NAMES.contains(name) && !name.starts_with("insforge_") && !value.is_empty(),
    ))
}

/// Metadata with these values. `None` if there are none.
pub(super) fn metadata<'a>(
    values: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Option<Metadata>, String> {
    let mut metadata = Metadata::default();
    for (name, value) in values {
        metadata.set(MetadataEntry::new(name.to_owned(), value.to_owned())?)?;
    }
    Ok((!metadata.is_empty()).then_some(metadata))
}

fn sort_key(price: &SelectedPrice<'_>) -> (u8, u32, String, u64, String) {
    let (interval, count) = price.recurring.map_or((4, 0), |recurring| {
        let interval = match recurring.interval {
            Interval::Day => 0,
            Interval::Week => 1,
            Interval::Month => 2,
            Interval::Year => 3,
        };
        (interval, recurring.interval_count.unwrap_or(1))
    });
    (
        interval,
        count,
        price.currency.as_str().to_owned(),
        price.unit_amount.get(),
        price.mirrored.price_id.clone(),
    )
}
