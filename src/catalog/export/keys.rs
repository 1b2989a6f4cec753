//! The keys that products and prices have in a file: those they carry at Stripe, those they had in the file before, and
//! new ones made of names and intervals. They do not depend on the order in which Stripe lists anything.

use std::collections::{BTreeMap, BTreeSet};

use super::choose::{ChosenPrice, ChosenProduct};
use crate::catalog::identity::{self, is_key, usual_lookup_key};
use crate::catalog::{Wanted, WantedPrice, WantedProduct};
use crate::wire::{Interval, LookupKey, Mirror, MirroredPrice, MirroredProduct};

/// So much of a name becomes a key, which leaves room for a number behind it.
const LONGEST_SLUG: usize = 80;

/// A product with its keys.
pub(super) struct Named<'a> {
    pub(super) of: &'a MirroredProduct,
    pub(super) wanted: WantedProduct,
    /// In the order of the wanted ones.
    pub(super) prices: Vec<&'a MirroredPrice>,
}

/// Gives everything its key.
pub(super) fn name<'a>(
    mirror: &Mirror,
    products: Vec<ChosenProduct<'a>>,
    said: Option<&Wanted>,
) -> Vec<Named<'a>> {
    let said = said.map_or(&[][..], |said| &said.products[..]);
    let product_keys = product_keys(mirror, &products, said);
    // What any price carries, sold or not, is no new price's.
    let carried = mirror.prices.iter().flat_map(|price| {
        let key = price.metadata.get(crate::catalog::IDENTITY);
        key.into_iter().chain(&price.lookup_key).cloned()
    });
    let mut taken: BTreeSet<String> = carried.collect();
    let mut by_id: Vec<&ChosenProduct<'_>> = products.iter().collect();
    by_id.sort_by_key(|product| &product.of.product_id);
    let said_by_key: BTreeMap<&str, &WantedProduct> =
        said.iter().map(|said| (said.key.as_str(), said)).collect();
    let mut price_keys = BTreeMap::new();
    for product in by_id {
        let Some(key) = product_keys.get(product.of.product_id.as_str()) else { continue };
        let said = said_by_key.get(key.as_str()).copied();
        price_keys.extend(self::price_keys(key, &product.prices, said, &mut taken));
    }
    let named = products.into_iter().filter_map(|product| {
        let key = product_keys.get(product.of.product_id.as_str())?;
        Some(put_together(key, product, &price_keys))
    });
    named.collect()
}

fn put_together<'a>(
    key: &str,
    product: ChosenProduct<'a>,
    price_keys: &BTreeMap<String, (String, LookupKey)>,
) -> Named<'a> {
    let (mut prices, mut sources) = (Vec::new(), Vec::new());
    for price in product.prices {
        let Some((key, lookup_key)) = price_keys.get(&price.of.price_id) else { continue };
        sources.push(price.of);
        prices.push(WantedPrice {
            key: key.clone(),
            lookup_key: lookup_key.clone(),
            currency: price.currency,
            unit_amount: price.unit_amount,
            recurring: price.recurring,
            tax_behavior: price.tax_behavior,
            active: price.of.active,
            metadata: price.metadata,
        });
    }
    let wanted = WantedProduct {
        key: key.to_owned(),
        name: product.name,
        description: product.description,
        active: product.of.active,
        metadata: product.metadata,
        prices,
    };
    Named { of: product.of, wanted, prices: sources }
}

/// The key of each product, by its id.
fn product_keys(
    mirror: &Mirror,
    products: &[ChosenProduct<'_>],
    said: &[WantedProduct],
) -> BTreeMap<String, String> {
    let mut taken: BTreeSet<String> =
        mirror.products.iter().filter_map(identity::of_product).map(str::to_owned).collect();
    let mut keys = BTreeMap::new();
    let mut nameless = Vec::new();
    for product in products {
        match identity::of_product(product.of) {
            Some(key) => drop(keys.insert(product.of.product_id.clone(), key.to_owned())),
            None => nameless.push(product),
        }
    }
    nameless.sort_by_key(|product| &product.of.product_id);
    // Who is not recognised by a key is recognised by a name that only one has.
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    for product in products {
        *named.entry(product.name.as_str()).or_default() += 1;
    }
    let mut said_by_name: BTreeMap<&str, Vec<&WantedProduct>> = BTreeMap::new();
    for said in said {
        said_by_name.entry(said.name.as_str()).or_default().push(said);
    }
    nameless.retain(|product| {
        let name = product.name.as_str();
        let Some([said]) = said_by_name.get(name).map(Vec::as_slice) else { return true };
        let recognised = named.get(name) == Some(&1) && taken.insert(said.key.clone());
        if recognised {
            keys.insert(product.of.product_id.clone(), said.key.clone());
        }
        !recognised
    });
    let mut numbers = Numbers::default();
    for product in nameless {
        let slug = slug(product.name.as_str());
        let key = numbers.first_free(&[slug], |key| !taken.contains(key));
        taken.insert(key.clone());
        keys.insert(product.of.product_id.clone(), key);
    }
    keys
}

/// `pro_plan` for `Pro Plan`; letters beyond a to z say nothing.
fn slug(name: &str) -> String {
    let letters = |c: char| c.is_ascii_alphanumeric();
    let name: String = name.to_ascii_lowercase().chars().filter(char::is_ascii).collect();
    let mut slug = name.split(|c| !letters(c)).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
    slug.truncate(LONGEST_SLUG);
    if slug.is_empty() { "product".into() } else { slug }
}

/// The keys and lookup keys of a product's prices, by their ids.
fn price_keys(
    product: &str,
    prices: &[ChosenPrice<'_>],
    said: Option<&WantedProduct>,
    taken: &mut BTreeSet<String>,
) -> BTreeMap<String, (String, LookupKey)> {
    let mut prices: Vec<_> = prices.iter().map(|price| (price, identity::of_price(price.of))).collect();
    prices.sort_by_key(|(price, _)| &price.of.price_id);
    let mut keys: BTreeMap<String, (String, LookupKey)> = BTreeMap::new();
    let mut used = BTreeSet::new();
    let mut said_by_key: BTreeMap<&str, &WantedPrice> = BTreeMap::new();
    for said in said.into_iter().flat_map(|said| &said.prices) {
        said_by_key.entry(said.lookup_key.as_str()).or_insert(said);
    }
    // First those that the file has, then those whose lookup key says it, then all others.
    prices.retain(|(price, identity)| {
        let Some(identity) = identity else { return true };
        said_by_key
            .get(identity.as_str())
            .inspect(|said| {
                used.insert(said.key.clone());
                keys.insert(price.of.price_id.clone(), (said.key.clone(), identity.clone()));
            })
            .is_none()
    });
    prices.retain(|(price, identity)| {
        let Some(identity) = identity else { return true };
        let rest = identity.as_str().strip_prefix(product).and_then(|rest| rest.strip_prefix('_'));
        let Some(rest) = rest.filter(|rest| is_key(rest) && !used.contains(*rest)) else { return true };
        used.insert(rest.to_owned());
        keys.insert(price.of.price_id.clone(), (rest.to_owned(), identity.clone()));
        false
    });
    // A key that is free for a price with a lookup key of its own may be none for one that is to get its from the key.
    let (mut of_known, mut of_new) = (Numbers::default(), Numbers::default());
    for (price, identity) in prices {
        let rhythm = rhythm(price);
        let stems = [rhythm.clone(), format!("{rhythm}_{}", price.currency.as_str())];
        let free = |key: &str| {
            !used.contains(key) && (identity.is_some() || !taken.contains(&usual_lookup_key(product, key)))
        };
        let numbers = if identity.is_some() { &mut of_known } else { &mut of_new };
        let key = numbers.first_free(&stems, free);
        // Two short keys make a lookup key.
        let Some(lookup_key) = identity.or_else(|| usual_lookup_key(product, &key).parse().ok()) else {
            continue;
        };
        taken.insert(lookup_key.as_str().to_owned());
        used.insert(key.clone());
        keys.insert(price.of.price_id.clone(), (key, lookup_key));
    }
    keys
}

/// The number that comes next behind each stem. What is once taken stays so, and is not tried again.
#[derive(Default)]
struct Numbers(BTreeMap<String, u32>);

impl Numbers {
    /// The first stem that is free, or the last one with the first free number behind it.
    fn first_free(&mut self, stems: &[String], free: impl Fn(&str) -> bool) -> String {
        if let Some(stem) = stems.iter().find(|stem| free(stem)) {
            return stem.clone();
        }
        let last = stems.last().map_or("", String::as_str);
        let next = self.0.entry(last.to_owned()).or_insert(2);
        loop {
            let key = format!("{last}_{next}");
            if free(&key) {
                return key;
            }
            *next += 1;
        }
    }
}

/// `monthly`, `every_3_months`, `once`.
fn rhythm(price: &ChosenPrice<'_>) -> String {
    let Some(recurring) = price.recurring else { return "once".into() };
    match (recurring.interval_count.unwrap_or(1), recurring.interval) {
        (1, Interval::Day) => "daily".into(),
        (1, interval) => format!("{}ly", interval.as_str()),
        (count, interval) => format!("every_{count}_{}s", interval.as_str()),
    }
}
