//! How a plan describes prices at Stripe.

use serde_json::{Map, Value, json};

use crate::catalog::catalog_key::product_key;
use crate::catalog::plan::current::CurrentPrice;
use crate::catalog::plan::{ObjectKind, UnmanagedObject};
use crate::wire::{Interval, MirroredPrice, Money, Recurring};

/// Why a price stays active, and what to do. Stripe archives no default price.
pub(super) const IS_DEFAULT: &str =
    "is the default price of its product; choose another default price in Stripe's dashboard";

/// A price that the plan does not change.
pub(super) fn unmanaged(current: &CurrentPrice, reason: impl Into<String>, differs: bool) -> UnmanagedObject {
    let (kind, id) = (ObjectKind::Price, current.price.price_id.clone());
    UnmanagedObject { differs, kind, id, name: display_name(current), reason: reason.into() }
}

/// The lookup key of a price, or a text such as `19.00 USD every month, Pro`.
fn display_name(current: &CurrentPrice) -> String {
    let price = current.price;
    if let Some(key) = price.lookup_key.as_deref().filter(|key| !key.is_empty()) {
        return key.to_owned();
    }
    let mut name = price.unit_amount.as_ref().map_or_else(
        || price.currency.to_ascii_uppercase(),
        |amount| Money::of(amount, &price.currency).to_string(),
    );
    if let Some(recurring) = recurring(current) {
        name = format!("{name} every {recurring}");
    } else if let Some(interval) = &price.recurring_interval {
        name = format!("{name} every {interval}");
    }
    if let Some(product) = current.product { format!("{name}, {}", product.name) } else { name }
}

/// The interval of a price. `None` if it has none, or one that a file cannot describe.
fn recurring(current: &CurrentPrice) -> Option<Recurring> {
    let interval = match current.price.recurring_interval.as_deref()? {
        "day" => Interval::Day,
        "week" => Interval::Week,
        "month" => Interval::Month,
        "year" => Interval::Year,
        _ => return None,
    };
    Some(Recurring { interval, interval_count: Some(current.price.interval_count()?) })
}

/// The field `recurring`, with its interval count. Null for a one-time price.
pub(super) fn recurring_json(interval: Option<&str>, count: Option<u64>) -> Value {
    let count = count.unwrap_or(1);
    interval.map_or(Value::Null, |interval| json!({ "interval": interval, "intervalCount": count }))
}

/// The same of a price at Stripe. A count that a file cannot describe is as Stripe has it, and so equals no other.
pub(super) fn current_recurring_json(price: &MirroredPrice) -> Value {
    let Some(interval) = price.recurring_interval.as_deref() else { return Value::Null };
    match (price.interval_count(), &price.recurring_interval_count) {
        (None, Some(count)) => json!({ "interval": interval, "intervalCount": count }),
        (count, _) => recurring_json(Some(interval), count.map(Into::into)),
    }
}

/// The `catalog_key` of a price's product, or else the product's id.
pub(super) fn product_label(current: &CurrentPrice) -> Value {
    let key = current.product.and_then(product_key).map(str::to_owned);
    key.or_else(|| current.price.product_id.clone()).into()
}

/// The fields by which a person recognizes an archived price.
pub(super) fn archived_fields(current: &CurrentPrice) -> Value {
    let price = current.price;
    let mut fields = Map::new();
    fields.insert("product".into(), product_label(current));
    fields.insert("currency".into(), price.currency.as_str().into());
    fields.insert("unitAmount".into(), json!(price.unit_amount));
    let recurring = current_recurring_json(price);
    for (name, value) in [("recurring", recurring), ("lookupKey", price.lookup_key.as_deref().into())] {
        if !value.is_null() {
            fields.insert(name.into(), value);
        }
    }
    Value::Object(fields)
}
