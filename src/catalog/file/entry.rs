//! The products and prices of the file.

use std::ops::Range;

use super::amount;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::metadata::metadata;
use super::table::{self, Schema, TableReader};
use crate::catalog::catalog_key::default_lookup_key;
use crate::catalog::{DesiredPrice, DesiredProduct};
use crate::wire::{
    Currency, Description, Interval, LookupKey, ProductName, Recurring, TaxBehavior, UnitAmount,
};

const PRODUCT: Schema =
    Schema { subject: "a product", fields: &["name", "description", "active", "metadata", "prices"] };
const PRICE: Schema = Schema {
    subject: "a price",
    fields: &[
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

/// A product, and the spans of its prices' lookup keys.
pub(super) struct ParsedProduct {
    pub(super) product: DesiredProduct,
    pub(super) lookup_keys: Vec<LookupKeySpan>,
}

impl ParsedProduct {
    /// The product, whose prices have the lines of their lookup keys. `line_ends` has the position of every line break.
    pub(super) fn with_lines(mut self, line_ends: &[usize]) -> DesiredProduct {
        for (price, key) in self.product.prices.iter_mut().zip(&self.lookup_keys) {
            price.line = Some(line_ends.partition_point(|end| *end < key.span.start) + 1);
        }
        self.product
    }
}

/// The span of a price's lookup key, for the check that lookup keys are unique.
pub(super) struct LookupKeySpan {
    pub(super) lookup_key: String,
    /// The price's path, such as `products.pro.prices.monthly`.
    pub(super) path: String,
    pub(super) span: Range<usize>,
}

/// Reads a product. Returns `None` and adds diagnostics if it is invalid.
pub(super) fn product(
    key: &str,
    table: &TableReader<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<ParsedProduct> {
    table.check_fields(&PRODUCT, diagnostics, |name, item| {
        let is_for_price = PRICE.fields.contains(&name) || item.get_ref().is_table();
        is_for_price.then(|| format!("prices belong under `prices`, as in [products.{key}.prices.monthly]"))
    });
    let name =
        table.required("name", "Pro Plan").and_then(|name| name.parse_with(|name| name.trim().parse()));
    let name: Option<ProductName> = diagnostics.ok_or_add(name);
    let description = diagnostics.ok_or_add(description(table));
    let active = diagnostics.ok_or_add(table.boolean("active"));
    let metadata = metadata(table, diagnostics);

    let (mut prices, mut lookup_keys) = (Vec::new(), Vec::new());
    let example = format!("[products.{key}.prices.monthly]");
    let price_tables = table.get("prices").map(|(key, item)| table.child(key, item, &example));
    if let Some(price_tables) = price_tables.and_then(|tables| diagnostics.ok_or_add(tables)) {
        for (price_key, item) in price_tables.entries() {
            diagnostics.ok_or_add(table::check_key(price_key, "price", &example));
            let Some(table) = diagnostics.ok_or_add(price_tables.child(price_key, item, &example)) else {
                continue;
            };
            let Some((price, span)) = price(key, price_key.get_ref(), &table, diagnostics) else { continue };
            let lookup_key = price.lookup_key.as_str().to_owned();
            lookup_keys.push(LookupKeySpan { lookup_key, path: table.path().to_owned(), span });
            prices.push(price);
        }
    }
    let product = DesiredProduct {
        key: key.to_owned(),
        name: name?,
        description: description?,
        active: active?,
        metadata: metadata?,
        prices,
    };
    Some(ParsedProduct { product, lookup_keys })
}

fn description(table: &TableReader<'_>) -> Result<Option<Description>, Diagnostic> {
    let text = table.string("description")?.filter(|text| !text.value.is_empty());
    text.map(|text| text.parse_with(str::parse)).transpose()
}

/// Reads a price, and the span of its lookup key.
fn price(
    product: &str,
    key: &str,
    table: &TableReader<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<(DesiredPrice, Range<usize>)> {
    table.check_fields(&PRICE, diagnostics, |_, _| None);
    let currency = table
        .required("currency", "usd")
        .and_then(|text| text.parse_with(|text| text.to_lowercase().parse()));
    let currency: Option<Currency> = diagnostics.ok_or_add(currency);
    let unit_amount = diagnostics.ok_or_add(unit_amount(table, currency.as_ref()));
    let recurring = diagnostics.ok_or_add(recurring(table));
    let tax_behavior = table
        .string("tax_behavior")
        .and_then(|text| text.map(|text| text.one_of("tax_behavior", &TAX_BEHAVIORS)).transpose());
    let tax_behavior = diagnostics.ok_or_add(tax_behavior);
    let active = diagnostics.ok_or_add(table.boolean("active"));
    let metadata = metadata(table, diagnostics);
    let (lookup_key, span) = diagnostics.ok_or_add(lookup_key(product, key, table))?;
    let price = DesiredPrice {
        key: key.to_owned(),
        lookup_key,
        line: None,
        currency: currency?,
        unit_amount: unit_amount??,
        recurring: recurring?,
        tax_behavior: tax_behavior?.unwrap_or(TaxBehavior::Unspecified),
        active: active?,
        metadata: metadata?,
    };
    Some((price, span))
}

/// The amount from `amount` or `unit_amount`. `None` if an invalid currency makes `amount` ambiguous.
fn unit_amount(
    table: &TableReader<'_>,
    currency: Option<&Currency>,
) -> Result<Option<UnitAmount>, Diagnostic> {
    const BOTH: &str = "amount = \"19.00\", or unit_amount = 1900 in the currency's smallest unit";
    let amounts = (table.get("amount"), table.get("unit_amount"));
    match amounts {
        (Some((one, _)), Some((other, _))) => {
            let span = if one.span().start > other.span().start { one.span() } else { other.span() };
            let message = "a price can have `amount` or `unit_amount`, but not both";
            Err(Diagnostic::new(span, message).hint("remove one of them"))
        }
        (None, None) => {
            Err(table.missing(&["amount", "unit_amount"]).hint(format!("add a line such as {BOTH}")))
        }
        (Some((key, item)), None) => {
            if item.get_ref().is_integer() || item.get_ref().is_float() {
                let message = "`amount` must be a string in quotes, which keeps its decimals exact";
                return Err(Diagnostic::new(table::span_of(key, item), message).hint(format!("write {BOTH}")));
            }
            let text = table.string("amount")?;
            let Some((text, currency)) = text.zip(currency) else { return Ok(None) };
            text.parse_with(|text| amount::parse(text, currency.as_str())).map(Some)
        }
        (None, Some(_)) => {
            let Some(number) = table.integer("unit_amount")? else { return Ok(None) };
            let amount = number.value.to_string().parse();
            amount.map(Some).map_err(|message: String| Diagnostic::new(number.span, message))
        }
    }
}

fn recurring(table: &TableReader<'_>) -> Result<Option<Recurring>, Diagnostic> {
    let interval = table.string("interval")?.map(|text| text.one_of("interval", &INTERVALS)).transpose()?;
    let count = table.integer("interval_count")?;
    let (interval, count) = match (interval, count) {
        (Some(interval), Some(count)) => (interval, count),
        (Some(interval), None) => return Ok(Some(Recurring { interval, interval_count: Some(1) })),
        (None, None) => return Ok(None),
        (None, Some(count)) => {
            let diagnostic = Diagnostic::new(count.span, "`interval_count` needs an `interval`");
            return Err(
                diagnostic.hint("add interval = \"month\", or remove interval_count for a one-time price")
            );
        }
    };
    // A count outside of u32 is refused like the nearest count inside.
    let bounded = u32::try_from(count.value).unwrap_or(if count.value < 0 { 0 } else { u32::MAX });
    let recurring = Recurring { interval, interval_count: Some(bounded) };
    recurring.check().map(|()| Some(recurring)).map_err(|message| {
        Diagnostic::new(count.span, message.replace(&u32::MAX.to_string(), &count.value.to_string()))
    })
}

/// The lookup key and its span.
fn lookup_key(
    product: &str,
    key: &str,
    table: &TableReader<'_>,
) -> Result<(LookupKey, Range<usize>), Diagnostic> {
    if let Some(text) = table.string("lookup_key")? {
        let span = text.span.clone();
        return Ok((text.parse_with(str::parse)?, span));
    }
    let lookup_key = default_lookup_key(product, key).parse().map_err(|message: String| {
        let message = format!("the product's key, `_` and this key are not a valid lookup key: {message}");
        Diagnostic::new(table.span(), message).hint("shorten a key, or add a lookup_key").may_follow()
    })?;
    Ok((lookup_key, table.span()))
}
