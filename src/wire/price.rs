//! What a price is made of.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// An amount in the currency's smallest unit: 1999 is 19.99 USD, 500 is 500 JPY.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "serde_json::Number")]
pub(crate) struct UnitAmount(u64);

/// Twelve digits are the most that Stripe takes in any currency; most take eight, which Stripe says itself
/// (exchange 156).
const LARGEST: u64 = 999_999_999_999;

impl UnitAmount {
    /// As a number.
    pub(crate) const fn get(self) -> u64 {
        self.0
    }
}

impl FromStr for UnitAmount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const UNIT: &str = "an amount is a whole number of the currency's smallest unit: 1999 for 19.99 USD, 500 for 500 JPY";
        if text.starts_with('-') {
            return Err("an amount is not negative".into());
        }
        if text.is_empty() || !text.chars().all(|c| c.is_ascii_digit()) {
            return Err(UNIT.into());
        }
        let amount = text.parse().ok().filter(|amount| *amount <= LARGEST);
        amount.map(Self).ok_or_else(|| format!("no currency has amounts above {LARGEST}"))
    }
}

impl TryFrom<serde_json::Number> for UnitAmount {
    type Error = String;

    fn try_from(number: serde_json::Number) -> Result<Self, String> {
        number.to_string().parse()
    }
}

/// How often a price is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Interval {
    Day,
    Week,
    Month,
    Year,
}

impl Interval {
    /// How many of them there may be between two payments: three years
    /// (<https://docs.stripe.com/api/prices/create>, `recurring.interval_count`).
    const fn most(self) -> u32 {
        match self {
            Self::Day => 1095,
            Self::Week => 156,
            Self::Month => 36,
            Self::Year => 3,
        }
    }

    /// Stripe's word for it.
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

/// The rhythm of a recurring price: every `interval_count` intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Recurring {
    pub(crate) interval: Interval,
    /// 1 where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interval_count: Option<u32>,
}

impl Recurring {
    /// Whether Stripe takes it: one interval at least, three years at most.
    ///
    /// # Errors
    /// The sentence that says what it takes.
    pub(crate) fn check(self) -> Result<(), String> {
        let most = self.interval.most();
        match self.interval_count {
            Some(0) => Err("the interval count is at least 1".into()),
            Some(count) if count > most => Err(format!(
                "Stripe takes at most three years between payments: {most} {}, not {count}",
                self.interval.plural()
            )),
            _ => Ok(()),
        }
    }
}

/// As in `every 3 months`.
impl fmt::Display for Recurring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.interval_count {
            Some(count) if count != 1 => write!(f, "{count} {}", self.interval.plural()),
            _ => f.write_str(self.interval.plural().trim_end_matches('s')),
        }
    }
}

/// Whether a price includes tax. Once it is exclusive or inclusive it stays so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TaxBehavior {
    Exclusive,
    Inclusive,
    Unspecified,
}

impl TaxBehavior {
    /// Stripe's word for it.
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
    fn amounts_are_whole_and_in_the_smallest_unit() {
        for (text, amount) in [("0", 0), ("1999", 1999), ("99999999", 99_999_999), ("007", 7)] {
            assert_eq!(text.parse::<UnitAmount>().unwrap().get(), amount);
        }
        for wrong in ["", "19.99", "1,999", "$5", "5 USD", "1e3", "+5", "٣"] {
            assert!(wrong.parse::<UnitAmount>().unwrap_err().contains("smallest unit"), "{wrong}");
        }
        assert!("-1".parse::<UnitAmount>().unwrap_err().contains("negative"));
        for large in ["1000000000000", "99999999999999999999999"] {
            assert!(large.parse::<UnitAmount>().unwrap_err().contains("no currency"), "{large}");
        }
        assert_eq!(serde_json::from_str::<UnitAmount>("1999").unwrap().get(), 1999);
        for wrong in ["1.5", "-1", "1e3", "\"5\"", "null"] {
            assert!(serde_json::from_str::<UnitAmount>(wrong).is_err(), "{wrong}");
        }
        assert_eq!(serde_json::to_string(&UnitAmount(1999)).unwrap(), "1999");
    }

    #[test]
    fn three_years_are_the_longest() {
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
