//! What Stripe takes in a product or a price. Its words are imitated where they are not recorded.

use serde_json::{Map, Value};

use crate::stripe::catalog::Interval;
use crate::stripe::{NewPrice, Refusal, currencies};

/// The largest amount that Stripe takes.
const LARGEST_AMOUNT: u64 = 99_999_999;

pub(super) fn no_such(status: u16, kind: &str, id: &str) -> Refusal {
    Refusal::new(status, format!("No such {kind}: '{id}'"))
}

pub(super) fn check_name(name: &str) -> Result<(), Refusal> {
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
    Err(Refusal::new(400, message))
}

pub(super) fn check_price(new: &NewPrice) -> Result<(), Refusal> {
    let amount = new.unit_amount;
    if amount > LARGEST_AMOUNT {
        return Err(Refusal::new(
            400,
            format!(
                "This value must be less than or equal to {LARGEST_AMOUNT} (it currently is '{amount}')."
            ),
        ));
    }
    currencies::check(&new.currency)?;
    let longest = |interval: &str| match interval {
        "day" => 1095,
        "week" => 156,
        "month" => 36,
        _ => 3,
    };
    match new.recurring.as_ref().map(Interval::recurring) {
        Some(recurring) if recurring.interval_count > longest(&recurring.interval) => {
            Err(Refusal::new(400, "The billing interval of a price can be three years at most."))
        }
        _ => Ok(()),
    }
}

/// Stripe merges metadata; an empty value takes its key away.
pub(super) fn merged(
    mut metadata: Map<String, Value>,
    changes: Option<&Map<String, Value>>,
) -> Result<Map<String, Value>, Refusal> {
    for (key, value) in changes.into_iter().flatten() {
        let length = key.chars().count();
        if length > 40 {
            return Err(Refusal::new(
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
            return Err(Refusal::new(
                400,
                format!(
                    "Metadata values can have up to 500 characters, but you passed in a value that is {length} \
                     characters. Invalid value: {text}"
                ),
            ));
        }
        if text.is_empty() {
            metadata.shift_remove(key);
        } else {
            metadata.insert(key.clone(), value.clone());
        }
    }
    if metadata.len() > 50 {
        return Err(Refusal::new(400, "An object can have up to 50 metadata keys."));
    }
    Ok(metadata)
}
