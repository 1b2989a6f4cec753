//! The terms of a price at Stripe, as types that a request or a file can have.

use crate::wire::{Currency, Interval, MirroredPrice, Recurring, TaxBehavior, UnitAmount};

/// What a customer pays, and how often.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PriceTerms {
    pub(crate) currency: Currency,
    pub(crate) unit_amount: UnitAmount,
    pub(crate) recurring: Option<Recurring>,
    pub(crate) tax_behavior: TaxBehavior,
}

impl PriceTerms {
    /// The terms of a price.
    ///
    /// # Errors
    /// Why a request or a file cannot describe them, as part of a sentence.
    pub(crate) fn of(price: &MirroredPrice) -> Result<Self, String> {
        Ok(Self {
            unit_amount: amount(price)?.to_string().parse()?,
            currency: price.currency.to_ascii_lowercase().parse()?,
            recurring: recurring(price)?,
            tax_behavior: match price.tax_behavior.as_deref() {
                None | Some("unspecified") => TaxBehavior::Unspecified,
                Some("exclusive") => TaxBehavior::Exclusive,
                Some("inclusive") => TaxBehavior::Inclusive,
                Some(other) => return Err(format!("its tax behavior is {other}")),
            },
        })
    }
}

/// Whether the amount of a price is one number: it is not tiered and has no fraction.
pub(crate) fn has_amount(price: &MirroredPrice) -> bool {
    amount(price).is_ok()
}

fn amount(price: &MirroredPrice) -> Result<u64, String> {
    match price.billing_scheme.as_deref() {
        None | Some("per_unit") => {}
        Some("tiered") => return Err("it is tiered".into()),
        Some(other) => return Err(format!("its billing scheme is {other}")),
    }
    price.unit_amount.ok_or_else(|| "its amount has a fraction of the currency's smallest unit".into())
}

fn recurring(price: &MirroredPrice) -> Result<Option<Recurring>, String> {
    let Some(interval) = price.recurring_interval.as_deref() else { return Ok(None) };
    let interval = [Interval::Day, Interval::Week, Interval::Month, Interval::Year]
        .into_iter()
        .find(|known| known.as_str() == interval)
        .ok_or_else(|| format!("its interval is {interval}"))?;
    let recurring = Recurring { interval, interval_count: Some(price.recurring_interval_count.unwrap_or(1)) };
    recurring.check()?;
    Ok(Some(recurring))
}
