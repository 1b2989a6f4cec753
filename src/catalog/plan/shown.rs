//! How prices at Stripe are told to a reader.

use serde_json::{Map, Value, json};

use crate::catalog::identity::of_product;
use crate::catalog::plan::index::Seen;
use crate::catalog::plan::{Kind, Unmanaged};
use crate::wire::{Interval, Money, Recurring};

/// What is said of a price that is left as it is because Stripe would refuse to archive it.
pub(super) const CHOOSE_ANOTHER: &str =
    "is the default price of its product: choose another in Stripe's dashboard";

/// A price that is left alone.
pub(super) fn unmanaged(seen: &Seen, reason: impl Into<String>, differs: bool) -> Unmanaged {
    let (kind, id) = (Kind::Price, seen.price.price_id.clone());
    Unmanaged { differs, kind, id, name: known_as(seen), reason: reason.into() }
}

/// What a person knows a price by: its lookup key, or `19.00 USD every month, Pro`.
fn known_as(seen: &Seen) -> String {
    let price = seen.price;
    if let Some(key) = price.lookup_key.as_deref().filter(|key| !key.is_empty()) {
        return key.to_owned();
    }
    let amount = price.unit_amount.and_then(|amount| i64::try_from(amount).ok());
    let mut name = amount.map_or_else(
        || price.currency.to_ascii_uppercase(),
        |amount| Money::new(amount, &price.currency).to_string(),
    );
    if let Some(recurring) = recurring(seen) {
        name = format!("{name} every {recurring}");
    } else if let Some(interval) = &price.recurring_interval {
        name = format!("{name} every {interval}");
    }
    if let Some(product) = seen.product { format!("{name}, {}", product.name) } else { name }
}

/// How often a price is paid, where it is in a way that a file can say.
pub(super) fn recurring(seen: &Seen) -> Option<Recurring> {
    let interval = match seen.price.recurring_interval.as_deref()? {
        "day" => Interval::Day,
        "week" => Interval::Week,
        "month" => Interval::Month,
        "year" => Interval::Year,
        _ => return None,
    };
    Some(Recurring { interval, interval_count: Some(seen.price.recurring_interval_count.unwrap_or(1)) })
}

/// A rhythm as a field, the count always there; null for a one-time price.
pub(super) fn rhythm(interval: Option<&str>, count: Option<u32>) -> Value {
    interval
        .map_or(Value::Null, |interval| json!({ "interval": interval, "intervalCount": count.unwrap_or(1) }))
}

/// The key of a price's product, or its id where it has none.
pub(super) fn product(seen: &Seen) -> Value {
    let key = seen.product.and_then(of_product).map(str::to_owned);
    key.or_else(|| seen.price.product_id.clone()).into()
}

/// What identifies a price that is archived.
pub(super) fn facts(seen: &Seen) -> Value {
    let price = seen.price;
    let mut facts = Map::new();
    facts.insert("product".into(), product(seen));
    facts.insert("currency".into(), price.currency.as_str().into());
    facts.insert("unitAmount".into(), price.unit_amount.into());
    let rhythm = rhythm(price.recurring_interval.as_deref(), price.recurring_interval_count);
    for (name, value) in [("recurring", rhythm), ("lookupKey", price.lookup_key.as_deref().into())] {
        if !value.is_null() {
            facts.insert(name.into(), value);
        }
    }
    Value::Object(facts)
}
