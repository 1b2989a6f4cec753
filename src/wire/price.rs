//! The parts of a price.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// An amount in the currency's smallest unit: 1999 is 19.99 USD, 500 is 500 JPY.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "serde_json::Number")]
pub(crate) struct UnitAmount(u64);

/// Stripe takes at most twelve digits. Most currencies allow only eight; Stripe's own error says so (exchange 156).
const MAX_AMOUNT: u64 = 999_999_999_999;

impl UnitAmount {
    /// The number.
    pub(crate) const fn get(self) -> u64 {
        self.0
    }
}

impl FromStr for UnitAmount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const UNIT: &str = "an amount is a whole number in the currency's smallest unit: 1999 for 19.99 USD, 500 for 500 JPY";
        if text.starts_with('-') {
            return Err("an amount cannot be negative".into());
        }
        if text.is_empty() || !text.chars().all(|c| c.is_ascii_digit()) {
            return Err(UNIT.into());
        }
        let amount = text.parse().ok().filter(|amount| *amount <= MAX_AMOUNT);
        amount.map(Self).ok_or_else(|| format!("an amount cannot be above {MAX_AMOUNT}"))
    }
}

impl TryFrom<serde_json::Number> for UnitAmount {
    type Error = String;

    fn try_from(number: serde_json::Number) -> Result<Self, String> {
        number.to_string().parse()
    }
}

/// The unit of a price's billing interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Interval {
    Day,
    Week,
    Month,
    Year,
}

impl Interval {
    /// The most intervals between two payments: three years
    /// (<https://docs.stripe.com/api/prices/create>, `recurring.interval_count`).
    const fn max_count(self) -> u32 {
        match self {
            Self::Day => 1095,
            Self::Week => 156,
            Self::Month => 36,
            Self::Year => 3,
        }
    }

    /// Stripe's name for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    const fn plural(self) -> &'static str {
        match self {
            Self::Day => "days",
            Self::Week => "weeks",
            Self::Month => "months",
            Self::Year => "years",
        }
    }
}

/// The billing interval of a recurring price: every `interval_count` intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Recurring {
    pub(crate) interval: Interval,
    /// `None` means 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interval_count: Option<u32>,
}

impl Recurring {
    /// Checks that Stripe accepts it: at least one interval, at most three years.
    ///
    /// # Errors
    /// The limit that is exceeded.
    pub(crate) fn check(self) -> Result<(), String> {
        let max = self.interval.max_count();
        match self.interval_count {
            Some(0) => Err("the interval count must be at least 1".into()),
            Some(count) if count > max => Err(format!(
                "Stripe allows at most three years between payments: {max} {}, not {count}",
                self.interval.plural()
            )),
            _ => Ok(()),
        }
    }
}

/// Follows `every`: `every 3 months`.
impl fmt::Display for Recurring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.interval_count {
            Some(count) if count != 1 => write!(f, "{count} {}", self.interval.plural()),
            _ => f.write_str(self.interval.plural().trim_end_matches('s')),
        }
    }
}

/// Whether a price includes tax. After it is set to exclusive or inclusive, it cannot change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TaxBehavior {
    Exclusive,
    Inclusive,
    Unspecified,
}

impl TaxBehavior {
    /// Stripe's name for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Exclusive => "exclusive",
            Self::Inclusive => "inclusive",
            Self::Unspecified => "unspecified",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_whole_numbers_in_the_smallest_unit() {
        for (text, amount) in [("0", 0), ("1999", 1999), ("99999999", 99_999_999), ("007", 7)] {
            assert_eq!(text.parse::<UnitAmount>().unwrap().get(), amount);
        }
        for wrong in ["", "19.99", "1,999", "$5", "5 USD", "1e3", "+5", "٣"] {
            assert!(wrong.parse::<UnitAmount>().unwrap_err().contains("smallest unit"), "{wrong}");
        }
        assert!("-1".parse::<UnitAmount>().unwrap_err().contains("negative"));
        for large in ["1000000000000", "99999999999999999999999"] {
            assert!(large.parse::<UnitAmount>().unwrap_err().contains("cannot be above"), "{large}");
        }
        assert_eq!(serde_json::from_str::<UnitAmount>("1999").unwrap().get(), 1999);
        for wrong in ["1.5", "-1", "1e3", "\"5\"", "null"] {
            assert!(serde_json::from_str::<UnitAmount>(wrong).is_err(), "{wrong}");
        }
        assert_eq!(serde_json::to_string(&UnitAmount(1999)).unwrap(), "1999");
    }

    #[test]
    fn the_longest_interval_is_three_years() {
        let check = |interval, count| Recurring { interval, interval_count: count }.check();
        for (interval, most) in
            [(Interval::Day, 1095), (Interval::Week, 156), (Interval::Month, 36), (Interval::Year, 3)]
        {
            assert!(check(interval, None).is_ok());
            assert!(check(interval, Some(1)).is_ok());
            assert!(check(interval, Some(most)).is_ok());
            let error = check(interval, Some(most + 1)).unwrap_err();
            assert!(error.contains(&format!("{most} {}", interval.plural())), "{error}");
            assert!(check(interval, Some(0)).unwrap_err().contains("at least 1"));
        }
    }
}
