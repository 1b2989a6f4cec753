//! The request bodies of Razorpay's creates and updates. Flags and JSON files both fill them. The backend rejects unknown
//! fields, so these types reject them too.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::wire::number::every;
use crate::wire::{Currency, ItemDescription, ItemName, Money, Notes, Number, Patch, UnitAmount};

/// A new item, alone or in a new plan. The name, the amount and the currency are required.
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
    /// The price, if the amount and the currency are set.
    pub(crate) fn price(&self) -> Option<Money<'_>> {
        let amount = i64::try_from(self.amount?.0.get()).ok()?;
        Some(Money::new(amount, self.currency.as_ref()?.as_str()))
    }
}

/// The changes of an item.
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
    /// Whether there are no changes.
    pub(crate) fn is_empty(&self) -> bool {
        self.name.is_none()
            && self.description.is_keep()
            && self.amount.is_none()
            && self.currency.is_none()
            && self.active.is_none()
    }
}

/// A new plan. The period, the interval and the item are required.
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

/// An item's price in the currency's smallest unit, greater than zero. Razorpay checks the minimum of each currency
/// (exchange 300).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "UnitAmount")]
pub(crate) struct ItemAmount(UnitAmount);

impl ItemAmount {
    /// The number.
    pub(crate) fn number(self) -> Number {
        self.0.get().into()
    }
}

impl TryFrom<UnitAmount> for ItemAmount {
    type Error = String;

    fn try_from(amount: UnitAmount) -> Result<Self, String> {
        if amount.get() > 0 { Ok(Self(amount)) } else { Err("the amount must be greater than 0".into()) }
    }
}

impl FromStr for ItemAmount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().and_then(|amount: UnitAmount| amount.try_into())
    }
}

/// The unit of a plan's billing cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PlanPeriod {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

impl PlanPeriod {
    /// The noun for one period: `month` in `every 3 months`.
    pub(super) const fn unit(self) -> &'static str {
        match self {
            Self::Daily => "day",
            Self::Weekly => "week",
            Self::Monthly => "month",
            Self::Yearly => "year",
        }
    }
}

/// The number of periods between two payments of a plan.
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
            .ok_or_else(|| "an interval must be a whole number of periods, 1 or more".into())
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
pub(crate) struct BillingCycle {
    pub(crate) period: PlanPeriod,
    pub(crate) interval: PlanInterval,
}

impl BillingCycle {
    /// Checks that Razorpay accepts it: a daily plan's interval must be at least 7 days
    /// (<https://razorpay.com/docs/api/payments/subscriptions/create-plan/>).
    ///
    /// # Errors
    /// The limit that is not met.
    pub(crate) fn check(self) -> Result<(), String> {
        match self {
            Self { period: PlanPeriod::Daily, interval: PlanInterval(days) } if days < MIN_DAILY_INTERVAL => {
                Err(format!("a daily plan's interval must be at least {MIN_DAILY_INTERVAL} days, not {days}"))
            }
            _ => Ok(()),
        }
    }
}

const MIN_DAILY_INTERVAL: u32 = 7;

/// Follows `every`: `every 3 months`.
impl fmt::Display for BillingCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&every(Some(&u64::from(self.interval.0).into()), self.period.unit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_amount_is_greater_than_zero() {
        assert!("49900".parse::<ItemAmount>().is_ok());
        for (text, why) in
            [("0", "greater than 0"), ("-5", "cannot be negative"), ("4.99", "smallest unit"), ("", "unit")]
        {
            assert!(text.parse::<ItemAmount>().unwrap_err().contains(why), "{text}");
        }
        assert!(serde_json::from_str::<ItemAmount>("0").is_err());
    }

    #[test]
    fn a_daily_plan_has_an_interval_of_at_least_seven_days() {
        let check =
            |period, interval: &str| BillingCycle { period, interval: interval.parse().unwrap() }.check();
        assert!(check(PlanPeriod::Daily, "6").unwrap_err().contains("at least 7 days, not 6"));
        assert!(check(PlanPeriod::Daily, "7").is_ok());
        assert!(check(PlanPeriod::Weekly, "1").is_ok());
        for wrong in ["0", "-1", "1.5", "", "many", "99999999999"] {
            assert!(wrong.parse::<PlanInterval>().unwrap_err().contains("1 or more"), "{wrong}");
        }
    }

    #[test]
    fn a_billing_cycle_is_displayed_in_words() {
        let display =
            |period, interval: &str| BillingCycle { period, interval: interval.parse().unwrap() }.to_string();
        assert_eq!(display(PlanPeriod::Monthly, "1"), "month");
        assert_eq!(display(PlanPeriod::Daily, "7"), "7 days");
    }
}
