//! Assigns the keys of exported products and prices: their `catalog_key`, their key in the previous file, or a new key
//! from a name or interval. The keys do not depend on the order of the mirror.

use std::collections::{BTreeMap, BTreeSet};

use super::select::{SelectedPrice, SelectedProduct};
use crate::catalog::catalog_key::{self, default_lookup_key, is_valid_key};
use crate::catalog::{DesiredCatalog, DesiredPrice, DesiredProduct};
use crate::wire::{Interval, LookupKey, Mirror, MirroredPrice, MirroredProduct};

/// The longest key from a name. It leaves room for a number.
const MAX_SLUG_LENGTH: usize = 80;

/// A product with its keys.
pub(super) struct KeyedProduct<'a> {
    pub(super) mirrored: &'a MirroredProduct,
    pub(super) desired: DesiredProduct,
    /// In the order of `desired.prices`.
    pub(super) prices: Vec<&'a MirroredPrice>,
}

/// Assigns a key to each product and price.
pub(super) fn assign<'a>(
    mirror: &Mirror,
    products: Vec<SelectedProduct<'a>>,
    previous: Option<&DesiredCatalog>,
) -> Vec<KeyedProduct<'a>> {
    let previous = previous.map_or(&[][..], |previous| &previous.products[..]);
    let product_keys = product_keys(mirror, &products, previous);
    // A new price gets no key that another price has at Stripe, even an archived one.
    let used = mirror.prices.iter().flat_map(|price| {
        let key = price.metadata.get(crate::catalog::CATALOG_KEY);
        key.into_iter().chain(&price.lookup_key).cloned()
    });
    let mut taken: BTreeSet<String> = used.collect();
    let mut by_id: Vec<&SelectedProduct<'_>> = products.iter().collect();
    by_id.sort_by_key(|product| &product.mirrored.product_id);
    let previous_by_key: BTreeMap<&str, &DesiredProduct> =
        previous.iter().map(|previous| (previous.key.as_str(), previous)).collect();
    let mut price_keys = BTreeMap::new();
    for product in by_id {
        let Some(key) = product_keys.get(product.mirrored.product_id.as_str()) else { continue };
        let previous = previous_by_key.get(key.as_str()).copied();
        price_keys.extend(self::price_keys(key, &product.prices, previous, &mut taken));
    }
    let products = products.into_iter().filter_map(|product| {
        let key = product_keys.get(product.mirrored.product_id.as_str())?;
        Some(with_keys(key, product, &price_keys))
    });
    products.collect()
}

fn with_keys<'a>(
    key: &str,
    product: SelectedProduct<'a>,
    price_keys: &BTreeMap<String, (String, LookupKey)>,
) -> KeyedProduct<'a> {
    let (mut prices, mut mirrored) = (Vec::new(), Vec::new());
    for price in product.prices {
        let Some((key, lookup_key)) = price_keys.get(&price.mirrored.price_id) else { continue };
        mirrored.push(price.mirrored);
        prices.push(DesiredPrice {
            key: key.clone(),
            lookup_key: lookup_key.clone(),
            line: None,
            currency: price.currency,
            unit_amount: price.unit_amount,
            recurring: price.recurring,
            tax_behavior: price.tax_behavior,
            active: price.mirrored.active,
            metadata: price.metadata,
        });
    }
    let desired = DesiredProduct {
        key: key.to_owned(),
        name: product.name,
        description: product.description,
        active: product.mirrored.active,
        metadata: product.metadata,
        prices,
    };
    KeyedProduct { mirrored: product.mirrored, desired, prices: mirrored }
}

/// The key of each product, by its id.
fn product_keys(
    mirror: &Mirror,
    products: &[SelectedProduct<'_>],
    previous: &[DesiredProduct],
) -> BTreeMap<String, String> {
    let mut taken: BTreeSet<String> =
        mirror.products.iter().filter_map(catalog_key::product_key).map(str::to_owned).collect();
    let mut keys = BTreeMap::new();
    let mut unmanaged = Vec::new();
    for product in products {
        match catalog_key::product_key(product.mirrored) {
            Some(key) => drop(keys.insert(product.mirrored.product_id.clone(), key.to_owned())),
            None => unmanaged.push(product),
        }
    }
    unmanaged.sort_by_key(|product| &product.mirrored.product_id);
    // A product without a `catalog_key` keeps its previous key if its name is unique.
    let mut name_counts: BTreeMap<&str, usize> = BTreeMap::new();
    for product in products {
        *name_counts.entry(product.name.as_str()).or_default() += 1;
    }
    let mut previous_by_name: BTreeMap<&str, Vec<&DesiredProduct>> = BTreeMap::new();
    for previous in previous {
        previous_by_name.entry(previous.name.as_str()).or_default().push(previous);
    }
    unmanaged.retain(|product| {
        let name = product.name.as_str();
        let Some([previous]) = previous_by_name.get(name).map(Vec::as_slice) else { return true };
        let is_same = name_counts.get(name) == Some(&1) && taken.insert(previous.key.clone());
        if is_same {
            keys.insert(product.mirrored.product_id.clone(), previous.key.clone());
        }
        !is_same
    });
    let mut slugs = NumberedKeys::default();
    for product in unmanaged {
        let slug = slug(product.name.as_str());
        let key = slugs.first_free(&[slug], |key| !taken.contains(key));
        taken.insert(key.clone());
        keys.insert(product.mirrored.product_id.clone(), key);
    }
    keys
}

/// A key from a name: `pro_plan` from `Pro Plan`. Other letters than a to z are dropped.
fn slug(name: &str) -> String {
    let letters = |c: char| c.is_ascii_alphanumeric();
    let name: String = name.to_ascii_lowercase().chars().filter(char::is_ascii).collect();
    let mut slug = name.split(|c| !letters(c)).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
    slug.truncate(MAX_SLUG_LENGTH);
    if slug.is_empty() { "product".into() } else { slug }
}

/// The keys and lookup keys of a product's prices, by their ids.
fn price_keys(
    product: &str,
    prices: &[SelectedPrice<'_>],
    previous: Option<&DesiredProduct>,
    taken: &mut BTreeSet<String>,
) -> BTreeMap<String, (String, LookupKey)> {
    let mut prices: Vec<_> =
        prices.iter().map(|price| (price, catalog_key::price_key_or_lookup_key(price.mirrored))).collect();
    prices.sort_by_key(|(price, _)| &price.mirrored.price_id);
    let mut keys: BTreeMap<String, (String, LookupKey)> = BTreeMap::new();
    let mut used = BTreeSet::new();
    let mut previous_by_key: BTreeMap<&str, &DesiredPrice> = BTreeMap::new();
    for previous in previous.into_iter().flat_map(|previous| &previous.prices) {
        previous_by_key.entry(previous.lookup_key.as_str()).or_insert(previous);
    }
    // First keys from the previous file, then keys from lookup keys, then new keys.
    prices.retain(|(price, lookup_key)| {
        let Some(lookup_key) = lookup_key else { return true };
        previous_by_key
            .get(lookup_key.as_str())
            .inspect(|previous| {
                used.insert(previous.key.clone());
                keys.insert(price.mirrored.price_id.clone(), (previous.key.clone(), lookup_key.clone()));
            })
            .is_none()
    });
    prices.retain(|(price, lookup_key)| {
        let Some(lookup_key) = lookup_key else { return true };
        let rest = lookup_key.as_str().strip_prefix(product).and_then(|rest| rest.strip_prefix('_'));
        let Some(rest) = rest.filter(|rest| is_valid_key(rest) && !used.contains(*rest)) else { return true };
        used.insert(rest.to_owned());
        keys.insert(price.mirrored.price_id.clone(), (rest.to_owned(), lookup_key.clone()));
        false
    });
    // A price without a lookup key gets one from its key, so that must be free too.
    let (mut with_lookup_key, mut without_lookup_key) = (NumberedKeys::default(), NumberedKeys::default());
    for (price, lookup_key) in prices {
        let interval = interval_key(price);
        let stems = [interval.clone(), format!("{interval}_{}", price.currency.as_str())];
        let is_free = |key: &str| {
            !used.contains(key)
                && (lookup_key.is_some() || !taken.contains(&default_lookup_key(product, key)))
        };
        let keys_for = if lookup_key.is_some() { &mut with_lookup_key } else { &mut without_lookup_key };
        let key = keys_for.first_free(&stems, is_free);
        // Generated keys are short enough for a lookup key.
        let Some(lookup_key) = lookup_key.or_else(|| default_lookup_key(product, &key).parse().ok()) else {
            continue;
        };
        taken.insert(lookup_key.as_str().to_owned());
        used.insert(key.clone());
        keys.insert(price.mirrored.price_id.clone(), (key, lookup_key));
    }
    keys
}

/// The next number for each stem. Used numbers are not tried again.
#[derive(Default)]
struct NumberedKeys(BTreeMap<String, u32>);

impl NumberedKeys {
    /// The first free stem, or the last stem with the first free number.
    fn first_free(&mut self, stems: &[String], is_free: impl Fn(&str) -> bool) -> String {
        if let Some(stem) = stems.iter().find(|stem| is_free(stem)) {
            return stem.clone();
        }
        let last = stems.last().map_or("", String::as_str);
        let next = self.0.entry(last.to_owned()).or_insert(2);
        loop {
            let key = format!("{last}_{next}");
            if is_free(&key) {
                return key;
            }
            *next += 1;
        }
    }
}

/// A key from an interval: `monthly`, `every_3_months`, `once`.
fn interval_key(price: &SelectedPrice<'_>) -> String {
    let Some(recurring) = price.recurring else { return "once".into() };
    match (recurring.interval_count.unwrap_or(1), recurring.interval) {
        (1, Interval::Day) => "daily".into(),
        (1, interval) => format!("{}ly", interval.as_str()),
        (count, interval) => format!("every_{count}_{}s", interval.as_str()),
    }
}
