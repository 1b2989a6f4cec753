//! A product and a price of the file.

use std::ops::Range;

use super::amount;
use super::metadata::metadata;
use super::mistake::{Mistake, Mistakes};
use super::section::{self, Known, Section};
use crate::catalog::identity::usual_lookup_key;
use crate::catalog::{WantedPrice, WantedProduct};
use crate::wire::{
    Currency, Description, Interval, LookupKey, ProductName, Recurring, TaxBehavior, UnitAmount,
};

const PRODUCT: Known =
    Known { section: "a product", names: &["name", "description", "active", "metadata", "prices"] };
const PRICE: Known = Known {
    section: "a price",
    names: &[
        "currency",
        "amount",
        "unit_amount",
        "interval",
        "interval_count",
        "tax_behavior",
        "lookup_key",
        "active",
        "metadata",
    ],
};

const INTERVALS: [(&str, Interval); 4] = [
    (Interval::Day.as_str(), Interval::Day),
    (Interval::Week.as_str(), Interval::Week),
    (Interval::Month.as_str(), Interval::Month),
    (Interval::Year.as_str(), Interval::Year),
];
const TAX_BEHAVIORS: [(&str, TaxBehavior); 3] = [
    (TaxBehavior::Exclusive.as_str(), TaxBehavior::Exclusive),
    (TaxBehavior::Inclusive.as_str(), TaxBehavior::Inclusive),
    (TaxBehavior::Unspecified.as_str(), TaxBehavior::Unspecified),
];

/// A product, and where its prices say their lookup keys.
pub(super) struct Product {
    pub(super) wanted: WantedProduct,
    pub(super) places: Vec<Place>,
}

/// Where a price says its lookup key.
pub(super) struct Place {
    pub(super) lookup_key: String,
    /// `products.pro.prices.monthly`
    pub(super) path: String,
    pub(super) at: Range<usize>,
}

/// Reads a product. Nothing where there are mistakes in it, which are noted.
pub(super) fn product(key: &str, section: &Section<'_>, mistakes: &mut Mistakes) -> Option<Product> {
    section.only(&PRODUCT, mistakes, |name, item| {
        let of_price = PRICE.names.contains(&name) || item.get_ref().is_table();
        of_price.then(|| format!("prices stand under `prices`, as in [products.{key}.prices.monthly]"))
    });
    let name = section.needed("name", "Pro Plan").and_then(|name| name.check(|name| name.trim().parse()));
    let name: Option<ProductName> = mistakes.sort_out(name);
    let description = mistakes.sort_out(description(section));
    let active = mistakes.sort_out(section.switch("active"));
    let metadata = metadata(section, mistakes);

    let (mut prices, mut places) = (Vec::new(), Vec::new());
    let example = format!("[products.{key}.prices.monthly]");
    let of_prices = section.get("prices").map(|(key, item)| section.under(key, item, &example));
    if let Some(of_prices) = of_prices.and_then(|of_prices| mistakes.sort_out(of_prices)) {
        for (price_key, item) in of_prices.entries() {
            mistakes.sort_out(section::key(price_key, "price", &example));
            let Some(section) = mistakes.sort_out(of_prices.under(price_key, item, &example)) else {
                continue;
            };
            let Some((wanted, at)) = price(key, price_key.get_ref(), &section, mistakes) else { continue };
            let lookup_key = wanted.lookup_key.as_str().to_owned();
            places.push(Place { lookup_key, path: section.path().to_owned(), at });
            prices.push(wanted);
        }
    }
    let wanted = WantedProduct {
        key: key.to_owned(),
        name: name?,
        description: description?,
        active: active?,
        metadata: metadata?,
        prices,
    };
    Some(Product { wanted, places })
}

fn description(section: &Section<'_>) -> Result<Option<Description>, Mistake> {
    let text = section.text("description")?.filter(|text| !text.value.is_empty());
    text.map(|text| text.check(str::parse)).transpose()
}

/// A price, and where its lookup key is said.
fn price(
    product: &str,
    key: &str,
    section: &Section<'_>,
    mistakes: &mut Mistakes,
) -> Option<(WantedPrice, Range<usize>)> {
    section.only(&PRICE, mistakes, |_, _| None);
    let currency =
        section.needed("currency", "usd").and_then(|text| text.check(|text| text.to_lowercase().parse()));
    let currency: Option<Currency> = mistakes.sort_out(currency);
    let unit_amount = mistakes.sort_out(unit_amount(section, currency.as_ref()));
    let recurring = mistakes.sort_out(recurring(section));
    let tax_behavior = section
        .text("tax_behavior")
        .and_then(|text| text.map(|text| text.one_of("tax_behavior", &TAX_BEHAVIORS)).transpose());
    let tax_behavior = mistakes.sort_out(tax_behavior);
    let active = mistakes.sort_out(section.switch("active"));
    let metadata = metadata(section, mistakes);
    let (lookup_key, at) = mistakes.sort_out(lookup_key(product, key, section))?;
    let price = WantedPrice {
        key: key.to_owned(),
        lookup_key,
        currency: currency?,
        unit_amount: unit_amount??,
        recurring: recurring?,
        tax_behavior: tax_behavior?.unwrap_or(TaxBehavior::Unspecified),
        active: active?,
        metadata: metadata?,
    };
    Some((price, at))
}

/// The amount, in either form. Nothing where a wrong currency leaves it open what it is.
fn unit_amount(section: &Section<'_>, currency: Option<&Currency>) -> Result<Option<UnitAmount>, Mistake> {
    const BOTH: &str = "amount = \"19.00\", or unit_amount = 1900 in the currency's smallest unit";
    let amounts = (section.get("amount"), section.get("unit_amount"));
    match amounts {
        (Some((one, _)), Some((other, _))) => {
            let at = if one.span().start > other.span().start { one.span() } else { other.span() };
            let sentence = "a price has either `amount` or `unit_amount`";
            Err(Mistake::new(at, sentence).hint("take one of them out"))
        }
        (None, None) => {
            let sentence = format!("`{}` has no `amount`", section.path());
            let at = ["amount", "unit_amount"].map(|name| section.missing(name));
            let at = at.into_iter().max_by_key(|at| at.start).unwrap_or_default();
            Err(Mistake::new(at, sentence).hint(format!("add a line such as {BOTH}")))
        }
        (Some((key, item)), None) => {
            if item.get_ref().is_integer() || item.get_ref().is_float() {
                let sentence = "`amount` is a text in quotes, so that no decimal is lost on the way";
                return Err(Mistake::new(section::place(key, item), sentence).hint(format!("write {BOTH}")));
            }
            let text = section.text("amount")?;
            let Some((text, currency)) = text.zip(currency) else { return Ok(None) };
            text.check(|text| amount::parse(text, currency.as_str())).map(Some)
        }
        (None, Some(_)) => {
            let Some(number) = section.number("unit_amount")? else { return Ok(None) };
            let amount = number.value.to_string().parse();
            amount.map(Some).map_err(|sentence: String| Mistake::new(number.at, sentence))
        }
    }
}

fn recurring(section: &Section<'_>) -> Result<Option<Recurring>, Mistake> {
    let interval = section.text("interval")?.map(|text| text.one_of("interval", &INTERVALS)).transpose()?;
    let count = section.number("interval_count")?;
    let (interval, count) = match (interval, count) {
        (Some(interval), Some(count)) => (interval, count),
        (Some(interval), None) => return Ok(Some(Recurring { interval, interval_count: Some(1) })),
        (None, None) => return Ok(None),
        (None, Some(count)) => {
            let mistake =
                Mistake::new(count.at, "`interval_count` counts intervals, and there is no `interval`");
            return Err(mistake.hint("add interval = \"month\", or take it out: then it is a one-time price"));
        }
    };
    // What is below or beyond any number here is refused by its nearest relative.
    let bounded = u32::try_from(count.value).unwrap_or(if count.value < 0 { 0 } else { u32::MAX });
    let recurring = Recurring { interval, interval_count: Some(bounded) };
    recurring.check().map(|()| Some(recurring)).map_err(|sentence| {
        Mistake::new(count.at, sentence.replace(&u32::MAX.to_string(), &count.value.to_string()))
    })
}

/// The lookup key, and the place that says it.
fn lookup_key(product: &str, key: &str, section: &Section<'_>) -> Result<(LookupKey, Range<usize>), Mistake> {
    if let Some(text) = section.text("lookup_key")? {
        let at = text.at.clone();
        return Ok((text.check(str::parse)?, at));
    }
    let lookup_key = usual_lookup_key(product, key).parse().map_err(|sentence: String| {
        let sentence = format!("the product's key, `_` and this make its lookup key: {sentence}");
        Mistake::new(section.at(), sentence).hint("shorten one of them, or add a lookup_key")
    })?;
    Ok((lookup_key, section.at()))
}
