//! Items and plans at Razorpay: what may be written. There is no idempotency key: the same again is another one.

use serde_json::{Map, Value};

use crate::patch::Patch;
use crate::razorpay::{Client, Item, Plan, Refusal, currencies};

/// The least that can be asked for, in the currency's smallest unit.
const LEAST_AMOUNT: u64 = 100;

/// A plan that is charged every day does so once a week at most.
const FEWEST_DAYS: u64 = 7;

/// What the backend asks for to make an item.
#[derive(Debug)]
pub(crate) struct NewItem {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) amount: u64,
    pub(crate) currency: String,
}

/// What the backend asks for to change an item.
#[derive(Debug)]
pub(crate) struct ItemChanges {
    pub(crate) name: Option<String>,
    pub(crate) description: Patch<String>,
    pub(crate) amount: Option<u64>,
    pub(crate) currency: Option<String>,
    pub(crate) active: Option<bool>,
}

/// What the backend asks for to make a plan, and with it its item.
#[derive(Debug)]
pub(crate) struct NewPlan {
    pub(crate) period: String,
    pub(crate) interval: u64,
    pub(crate) item: NewItem,
    pub(crate) notes: Option<Map<String, Value>>,
}

impl Client<'_> {
    pub(crate) fn create_item(&mut self, new: NewItem) -> Result<Item, Refusal> {
        self.reach("POST /v1/items")?;
        let item = self.new_item(new, "invoice")?;
        self.books().items.insert(item.id.clone(), item.clone());
        Ok(item)
    }

    pub(crate) fn update_item(&mut self, id: &str, changes: ItemChanges) -> Result<Item, Refusal> {
        let known = self.reach("PATCH /v1/items")?.items.get(id).cloned();
        let mut item = known.ok_or_else(|| Refusal::bad_request("The id provided does not exist"))?;
        item.name = changes.name.unwrap_or(item.name);
        item.description = changes.description.apply(item.description);
        item.amount = changes.amount.unwrap_or(item.amount);
        item.currency = changes.currency.unwrap_or(item.currency);
        item.active = changes.active.unwrap_or(item.active);
        check_price(item.amount, &item.currency)?;
        self.books().items.insert(item.id.clone(), item.clone());
        Ok(item)
    }

    pub(crate) fn create_plan(&mut self, new: NewPlan) -> Result<Plan, Refusal> {
        self.reach("POST /v1/plans")?;
        if new.period == "daily" && new.interval < FEWEST_DAYS {
            return Err(Refusal::bad_request("The interval must be at least 7 for daily period."));
        }
        let item = self.new_item(new.item, "plan")?;
        let plan = Plan {
            id: self.razorpay.ids.next("plan_", 14),
            period: new.period,
            interval: new.interval,
            item,
            notes: new.notes.unwrap_or_default(),
            created: self.now(),
        };
        let books = self.books();
        books.items.insert(plan.item.id.clone(), plan.item.clone());
        books.plans.insert(plan.id.clone(), plan.clone());
        Ok(plan)
    }

    /// An item that is not in the books yet.
    fn new_item(&mut self, new: NewItem, r#type: &str) -> Result<Item, Refusal> {
        check_price(new.amount, &new.currency)?;
        Ok(Item {
            id: self.razorpay.ids.next("item_", 14),
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

fn check_price(amount: u64, currency: &str) -> Result<(), Refusal> {
    if !currencies::CURRENCIES.contains(&currency) {
        return Err(Refusal::bad_request("Currency is not supported"));
    }
    if amount < LEAST_AMOUNT {
        return Err(Refusal::bad_request("Order amount less than minimum amount allowed"));
    }
    Ok(())
}
