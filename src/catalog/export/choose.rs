//! What of Stripe's catalog a file can say: products that are for sale or managed, and their prices that are for sale.

use std::collections::{BTreeMap, BTreeSet};

use super::LeftOut;
use crate::catalog::file::metadata::MOST;
use crate::catalog::{IDENTITY, REPLACED_BY, Wanted, identity};
use crate::wire::{
    Currency, Description, Interval, Metadata, MetadataEntry, Mirror, MirroredPrice, MirroredProduct,
    ProductName, Recurring, TaxBehavior, UnitAmount,
};

/// What a file will have, still without keys.
pub(super) struct Chosen<'a> {
    /// By name, then id.
    pub(super) products: Vec<ChosenProduct<'a>>,
    pub(super) left_out: Vec<LeftOut>,
}

/// A product that a file can say.
pub(super) struct ChosenProduct<'a> {
    pub(super) of: &'a MirroredProduct,
    pub(super) name: ProductName,
    pub(super) description: Option<Description>,
    pub(super) metadata: Option<Metadata>,
    /// From the shortest interval to one-time ones; the cheaper first.
    pub(super) prices: Vec<ChosenPrice<'a>>,
}

/// A price that a file can say.
pub(super) struct ChosenPrice<'a> {
    pub(super) of: &'a MirroredPrice,
    pub(super) currency: Currency,
    pub(super) unit_amount: UnitAmount,
    pub(super) recurring: Option<Recurring>,
    pub(super) tax_behavior: TaxBehavior,
    pub(super) metadata: Option<Metadata>,
}

/// Chooses. What is archived and not managed is history, and not worth a word.
pub(super) fn choose<'a>(mirror: &'a Mirror, said: Option<&Wanted>) -> Chosen<'a> {
    let mut left_out = Vec::new();
    let mut leave = |kind, id: &str, reason| left_out.push(LeftOut { kind, id: id.to_owned(), reason });
    let known: BTreeSet<&str> = mirror.products.iter().map(|product| product.product_id.as_str()).collect();
    let mut products: BTreeMap<&str, ChosenProduct<'_>> = BTreeMap::new();
    for of in mirror.products.iter().filter(|of| of.active || identity::of_product(of).is_some()) {
        match product(of) {
            Ok(chosen) => drop(products.insert(of.product_id.as_str(), chosen)),
            Err(reason) => leave("product", &of.product_id, reason),
        }
    }
    let archived = archived(mirror, said);
    for of in mirror.prices.iter().filter(|of| of.active || archived.contains(of.price_id.as_str())) {
        let id = of.product_id.as_deref().filter(|id| known.contains(id));
        let Some(id) = id else {
            leave("price", &of.price_id, "its product is not listed".into());
            continue;
        };
        // With its product it is history, or left out.
        let Some(product) = products.get_mut(id) else { continue };
        match price(of) {
            Ok(chosen) => product.prices.push(chosen),
            Err(reason) => leave("price", &of.price_id, reason),
        }
    }
    left_out.sort_unstable();
    let mut products: Vec<_> = products.into_values().collect();
    products.sort_by(|one, other| {
        (one.name.as_str(), &one.of.product_id).cmp(&(other.name.as_str(), &other.of.product_id))
    });
    for product in &mut products {
        product.prices.sort_by_cached_key(order);
    }
    Chosen { products, left_out }
}

/// The archived prices that the file before has as archived: that is still true.
fn archived<'a>(mirror: &'a Mirror, said: Option<&Wanted>) -> BTreeSet<&'a str> {
    let said: BTreeSet<&str> = said
        .into_iter()
        .flat_map(|said| said.products.iter().flat_map(|product| &product.prices))
        .filter(|price| !price.active)
        .map(|price| price.lookup_key.as_str())
        .collect();
    let mut found: BTreeMap<String, Vec<&MirroredPrice>> = BTreeMap::new();
    for price in mirror.prices.iter().filter(|price| identity::replaced_by(price).is_none()) {
        if let Some(key) = identity::of_price(price).filter(|key| said.contains(key.as_str())) {
            found.entry(key.as_str().to_owned()).or_default().push(price);
        }
    }
    let alone =
        found.into_values().filter_map(|prices| if let [price] = prices[..] { Some(price) } else { None });
    alone.filter(|price| !price.active).map(|price| price.price_id.as_str()).collect()
}

fn product(of: &MirroredProduct) -> Result<ChosenProduct<'_>, String> {
    let description = of.description.as_deref().filter(|text| !text.is_empty());
    Ok(ChosenProduct {
        of,
        name: of.name.trim().parse()?,
        description: description.map(str::parse).transpose()?,
        metadata: own_metadata(&of.metadata)?,
        prices: Vec::new(),
    })
}

fn price(of: &MirroredPrice) -> Result<ChosenPrice<'_>, String> {
    if let Some(other) = identity::replaced_by(of) {
        return Err(format!("{other} replaced it, and it is still its product's default price"));
    }
    let amount = amount(of)?;
    Ok(ChosenPrice {
        of,
        currency: of.currency.to_ascii_lowercase().parse()?,
        unit_amount: amount.to_string().parse()?,
        recurring: recurring(of)?,
        tax_behavior: match of.tax_behavior.as_deref() {
            None | Some("unspecified") => TaxBehavior::Unspecified,
            Some("exclusive") => TaxBehavior::Exclusive,
            Some("inclusive") => TaxBehavior::Inclusive,
            Some(other) => return Err(format!("its tax behavior is {other}")),
        },
        metadata: own_metadata(&of.metadata)?,
    })
}

/// Whether a price costs one amount that a file can say: it is not tiered, and no fraction.
pub(crate) fn has_amount(of: &MirroredPrice) -> bool {
    amount(of).is_ok()
}

fn amount(of: &MirroredPrice) -> Result<u64, String> {
    match of.billing_scheme.as_deref() {
        None | Some("per_unit") => {}
        Some("tiered") => return Err("it is tiered".into()),
        Some(other) => return Err(format!("its billing scheme is {other}")),
    }
    of.unit_amount.ok_or_else(|| "its amount is no whole number of the currency's smallest unit".into())
}

fn recurring(of: &MirroredPrice) -> Result<Option<Recurring>, String> {
    let Some(interval) = of.recurring_interval.as_deref() else { return Ok(None) };
    let interval = [Interval::Day, Interval::Week, Interval::Month, Interval::Year]
        .into_iter()
        .find(|known| known.as_str() == interval)
        .ok_or_else(|| format!("its interval is {interval}"))?;
    let recurring = Recurring { interval, interval_count: Some(of.recurring_interval_count.unwrap_or(1)) };
    recurring.check()?;
    Ok(Some(recurring))
}

/// The metadata that is an application's: not this tool's, not InsForge's.
fn own_metadata(metadata: &BTreeMap<String, String>) -> Result<Option<Metadata>, String> {
    let names = metadata.keys().filter(|name| ![IDENTITY, REPLACED_BY].contains(&name.as_str())).count();
    if names > MOST {
        return Err(format!("it has {names} metadata names, and its identity needs room: at most {MOST}"));
    }
    self::metadata(metadata.iter().map(|(name, text)| (name.as_str(), text.as_str())).filter(
        |(name, text)| {
            ![IDENTITY, REPLACED_BY].contains(name) && !name.starts_with("insforge_") && !text.is_empty()
        },
    ))
}

/// Metadata of these texts; nothing where there are none.
pub(super) fn metadata<'a>(
    texts: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Option<Metadata>, String> {
    let mut metadata = Metadata::default();
    let mut any = false;
    for (name, text) in texts {
        metadata.set(MetadataEntry::new(name.to_owned(), text.to_owned())?)?;
        any = true;
    }
    Ok(any.then_some(metadata))
}

fn order(price: &ChosenPrice<'_>) -> (u8, u32, String, u64, String) {
    let (interval, count) = price.recurring.map_or((4, 0), |recurring| {
        let interval = match recurring.interval {
            Interval::Day => 0,
            Interval::Week => 1,
            Interval::Month => 2,
            Interval::Year => 3,
        };
        (interval, recurring.interval_count.unwrap_or(1))
    });
    (interval, count, price.currency.as_str().to_owned(), price.unit_amount.get(), price.of.price_id.clone())
}
