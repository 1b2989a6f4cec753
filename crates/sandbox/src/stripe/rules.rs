//! Stripe's rules for products and prices. Messages that are not in the recordings imitate Stripe's.

use serde_json::{Map, Value};

use crate::stripe::catalog::NewRecurring;
use crate::stripe::{NewPrice, StripeError, currencies};

/// The largest amount that Stripe accepts.
const MAX_AMOUNT: u64 = 99_999_999;

pub(super) fn not_found(status: u16, kind: &str, id: &str) -> StripeError {
    StripeError::new(status, format!("No such {kind}: '{id}'"))
}

pub(super) fn check_name(name: &str) -> Result<(), StripeError> {
    let letters: Vec<char> = name.chars().collect();
    let (Some(first), Some(last)) = (letters.get(..10), letters.get(letters.len().saturating_sub(10)..))
    else {
        return Ok(());
    };
    if letters.len() <= 250 {
        return Ok(());
    }
    let text = |letters: &[char]| letters.iter().collect::<String>();
    let message = format!("Invalid string: {}...{}; must be at most 250 characters", text(first), text(last));
    Err(StripeError::new(400, message))
}

pub(super) fn check_price(new: &NewPrice) -> Result<(), StripeError> {
    let amount = new.unit_amount;
    if amount > MAX_AMOUNT {
        return Err(StripeError::new(
            400,
            format!("This value must be less than or equal to {MAX_AMOUNT} (it currently is '{amount}')."),
        ));
    }
    currencies::check_currency(&new.currency)?;
    let max_count = |interval: &str| match interval {
        "day" => 1095,
        "week" => 156,
        "month" => 36,
        _ => 3,
    };
    match new.recurring.as_ref().map(NewRecurring::to_recurring) {
        Some(recurring) if recurring.interval_count > max_count(&recurring.interval) => {
            Err(StripeError::new(400, "The billing interval of a price can be three years at most."))
        }
        _ => Ok(()),
    }
}

/// Merges changes into metadata. An empty value removes its key.
pub(super) fn merge_metadata(
    mut metadata: Map<String, Value>,
    changes: Option<&Map<String, Value>>,
) -> Result<Map<String, Value>, StripeError> {
    for (key, value) in changes.into_iter().flatten() {
        let length = key.chars().count();
        if length > 40 {
            return Err(StripeError::new(
                400,
                format!(
                    "Metadata keys can be no longer than 40 characters, but you passed in '{key}' that is {length} \
                     characters."
                ),
            ));
        }
        let text = value.as_str().unwrap_or_default();
        let length = text.chars().count();
        if length > 500 {
            let start: String = text.chars().take(20).collect();
            return Err(StripeError::new(
                400,
                format!(
                    "Metadata values can have up to 500 characters, but you passed in a value that is {length} \
                     characters. Invalid value: {start}"
                ),
            ));
        }
        if text.is_empty() {
            metadata.shift_remove(key);
        } else {
            metadata.insert(key.clone(), value.clone());
        }
    }
    let count = metadata.len();
    if count > 50 {
        let message = format!("You can only have 50 metadata keys, but you passed {count}.");
        return Err(StripeError::new(400, message));
    }
    Ok(metadata)
}
