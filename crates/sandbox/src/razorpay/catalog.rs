//! Writes to Razorpay's items and plans. Razorpay has no idempotency keys: a repeated create makes another object.

use serde_json::{Map, Value};

use crate::patch::Patch;
use crate::razorpay::{Item, Plan, RazorpayClient, RazorpayError, currencies};

/// The smallest amount that Razorpay accepts, in the currency's smallest unit.
const MIN_AMOUNT: u64 = 100;

/// The smallest interval of a daily plan.
const MIN_DAILY_INTERVAL: u64 = 7;

/// The backend's request to create an item.
#[derive(Debug)]
pub(crate) struct NewItem {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) amount: u64,
    pub(crate) currency: String,
}

/// The backend's request to update an item.
#[derive(Debug)]
pub(crate) struct ItemChanges {
    pub(crate) name: Option<String>,
    pub(crate) description: Patch<String>,
    pub(crate) amount: Option<u64>,
    pub(crate) currency: Option<String>,
    pub(crate) active: Option<bool>,
}

/// The backend's request to create a plan and its item.
#[derive(Debug)]
pub(crate) struct NewPlan {
    pub(crate) period: String,
    pub(crate) interval: u64,
    pub(crate) item: NewItem,
    pub(crate) notes: Option<Map<String, Value>>,
}

impl RazorpayClient<'_> {
    pub(crate) fn create_item(&mut self, new: NewItem) -> Result<Item, RazorpayError> {
        self.request("POST /v1/items")?;
        let item = self.new_item(new, "invoice")?;
        self.data().items.insert(item.id.clone(), item.clone());
        Ok(item)
    }

    pub(crate) fn update_item(&mut self, id: &str, changes: ItemChanges) -> Result<Item, RazorpayError> {
        let existing = self.request("PATCH /v1/items")?.items.get(id).cloned();
        let mut item =
            existing.ok_or_else(|| RazorpayError::bad_request("The id provided does not exist"))?;
        item.name = changes.name.unwrap_or(item.name);
        item.description = changes.description.apply(item.description);
        item.amount = changes.amount.unwrap_or(item.amount);
        item.currency = changes.currency.unwrap_or(item.currency);
        item.active = changes.active.unwrap_or(item.active);
        check_price(item.amount, &item.currency)?;
        self.data().items.insert(item.id.clone(), item.clone());
        Ok(item)
    }

    pub(crate) fn create_plan(&mut self, new: NewPlan) -> Result<Plan, RazorpayError> {
        self.request("POST /v1/plans")?;
        if new.period == "daily" && new.interval < MIN_DAILY_INTERVAL {
            return Err(RazorpayError::bad_request("The interval must be at least 7 for daily period."));
        }
        let item = self.new_item(new.item, "plan")?;
        let plan = Plan {
            id: self.razorpay.ids.next_id("plan_", 14),
            period: new.period,
            interval: new.interval,
            item,
            notes: new.notes.unwrap_or_default(),
            created: self.now(),
        };
        let data = self.data();
        data.items.insert(plan.item.id.clone(), plan.item.clone());
        data.plans.insert(plan.id.clone(), plan.clone());
        Ok(plan)
    }

    /// A new item, not stored yet.
    fn new_item(&mut self, new: NewItem, r#type: &str) -> Result<Item, RazorpayError> {
        check_price(new.amount, &new.currency)?;
        Ok(Item {
            id: self.razorpay.ids.next_id("item_", 14),
            name: new.name,
            description: new.description,
            active: true,
            amount: new.amount,
            currency: new.currency,
            r#type: Some(r#type.to_owned()),
            created: Some(self.now()),
        })
    }
}

pub(super) fn check_price(amount: u64, currency: &str) -> Result<(), RazorpayError> {
    if !currencies::CURRENCIES.contains(&currency) {
        return Err(RazorpayError::bad_request("Currency is not supported"));
    }
    if amount < MIN_AMOUNT {
        return Err(RazorpayError::bad_request("Order amount less than minimum amount allowed"));
    }
    Ok(())
}
