//! The bodies of Razorpay's creates and updates. Both of the tool's ways to fill them, flags and a JSON file, end here. The
//! backend is strict: a field that it does not know is refused, so it is here.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::wire::{Currency, ItemDescription, ItemName, Money, Notes, Patch, UnitAmount};

/// A new item, by itself or of a new plan. It needs a name, an amount and a currency.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewItem {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<ItemName>,
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub(crate) description: Patch<ItemDescription>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<ItemAmount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<Currency>,
}

impl NewItem {
    /// What it costs, where that is given.
    pub(crate) fn price(&self) -> Option<Money<'_>> {
        let amount = i64::try_from(self.amount?.0.get()).ok()?;
        Some(Money::new(amount, self.currency.as_ref()?.as_str()))
    }
}

/// What changes in an item.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ItemChanges {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<ItemName>,
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub(crate) description: Patch<ItemDescription>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<ItemAmount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<Currency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) active: Option<bool>,
}

impl ItemChanges {
    /// Nothing would change.
    pub(crate) fn is_empty(&self) -> bool {
        self.name.is_none()
            && self.description.is_keep()
            && self.amount.is_none()
            && self.currency.is_none()
            && self.active.is_none()
    }
}

/// A new plan. It needs a period, an interval and an item.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewPlan {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) period: Option<PlanPeriod>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interval: Option<PlanInterval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) item: Option<NewItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notes: Option<Notes>,
}

/// What an item costs, in the currency's smallest unit: more than nothing. Razorpay knows the least that a currency
/// takes (exchange 300).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "UnitAmount")]
pub(crate) struct ItemAmount(UnitAmount);

impl TryFrom<UnitAmount> for ItemAmount {
    type Error = String;

    fn try_from(amount: UnitAmount) -> Result<Self, String> {
        if amount.get() > 0 { Ok(Self(amount)) } else { Err("an amount is more than 0".into()) }
    }
}

impl FromStr for ItemAmount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().and_then(|amount: UnitAmount| amount.try_into())
    }
}

/// What a plan counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PlanPeriod {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

impl PlanPeriod {
    /// One of them, as in `every 3 months`.
    pub(super) const fn unit(self) -> &'static str {
        match self {
            Self::Daily => "day",
            Self::Weekly => "week",
            Self::Monthly => "month",
            Self::Yearly => "year",
        }
    }
}

/// A plan is paid every so many periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "serde_json::Number")]
pub(crate) struct PlanInterval(u32);

impl FromStr for PlanInterval {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let whole = text.chars().all(|c| c.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        whole
            .filter(|count| *count > 0)
            .map(Self)
            .ok_or_else(|| "an interval is a whole number of periods, 1 or more".into())
    }
}

impl TryFrom<serde_json::Number> for PlanInterval {
    type Error = String;

    fn try_from(number: serde_json::Number) -> Result<Self, String> {
        number.to_string().parse()
    }
}

/// How often a plan is paid: every `interval` periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rhythm {
    pub(crate) period: PlanPeriod,
    pub(crate) interval: PlanInterval,
}

impl Rhythm {
    /// Whether Razorpay takes it: daily plans are paid every 7 days at least
    /// (<https://razorpay.com/docs/api/payments/subscriptions/create-plan/>).
    ///
    /// # Errors
    /// The sentence that says what it takes.
    pub(crate) fn check(self) -> Result<(), String> {
        match self {
            Self { period: PlanPeriod::Daily, interval: PlanInterval(days) } if days < LEAST_DAYS => {
                Err(format!("a daily plan's interval is at least {LEAST_DAYS} days, not {days}"))
            }
            _ => Ok(()),
        }
    }
}

const LEAST_DAYS: u32 = 7;

/// As in `every 3 months`.
impl fmt::Display for Rhythm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&every(self.period.unit(), self.interval.0.into()))
    }
}

/// `month`, `3 months`.
pub(super) fn every(unit: &str, count: u64) -> String {
    if count == 1 { unit.to_owned() } else { format!("{count} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_costs_more_than_nothing() {
        assert!("49900".parse::<ItemAmount>().is_ok());
        for (text, why) in
            [("0", "more than 0"), ("-5", "not negative"), ("4.99", "smallest unit"), ("", "unit")]
        {
            assert!(text.parse::<ItemAmount>().unwrap_err().contains(why), "{text}");
        }
        assert!(serde_json::from_str::<ItemAmount>("0").is_err());
    }

    #[test]
    fn daily_plans_are_paid_every_seven_days_at_least() {
        let check = |period, interval: &str| Rhythm { period, interval: interval.parse().unwrap() }.check();
        assert!(check(PlanPeriod::Daily, "6").unwrap_err().contains("at least 7 days, not 6"));
        assert!(check(PlanPeriod::Daily, "7").is_ok());
        assert!(check(PlanPeriod::Weekly, "1").is_ok());
        for wrong in ["0", "-1", "1.5", "", "many", "99999999999"] {
            assert!(wrong.parse::<PlanInterval>().unwrap_err().contains("1 or more"), "{wrong}");
        }
    }

    #[test]
    fn a_rhythm_is_said_in_words() {
        let said =
            |period, interval: &str| Rhythm { period, interval: interval.parse().unwrap() }.to_string();
        assert_eq!(said(PlanPeriod::Monthly, "1"), "month");
        assert_eq!(said(PlanPeriod::Daily, "7"), "7 days");
    }
}
