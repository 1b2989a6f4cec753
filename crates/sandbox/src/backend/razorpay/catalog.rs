//! Items and plans. Reads use the mirror. Writes go to Razorpay, and store its answer in the mirror.

use serde_json::{Value, json};

use crate::backend::Handler;
use crate::backend::api_error::ApiError;
use crate::backend::integers::IntegerType;
use crate::backend::razorpay::orders::reject_reserved_notes;
use crate::backend::razorpay::{config, rows};
use crate::backend::rows::in_database_order;
use crate::backend::validate::{POSITIVE, StringRules, Validator};
use crate::environment::Environment;
use crate::patch::Patch;
use crate::razorpay::{Item, ItemChanges, NewItem, NewPlan, Plan};
use crate::state::Synced;
use crate::state::razorpay::RazorpayMirror;

const PERIODS: [&str; 4] = ["daily", "weekly", "monthly", "yearly"];
const DESCRIPTION: StringRules =
    StringRules { required_message: None, max_length: Some(2048), too_long_message: None };
const NOT_POSITIVE: &str = "Number must be greater than 0";

const fn name_rules(message: &'static str) -> StringRules {
    StringRules { required_message: Some(message), max_length: Some(255), too_long_message: None }
}

/// Items sorted by name and id; plans sorted by item, period, interval and id.
pub(super) fn list(handler: &Handler, environment: Environment) -> Value {
    let mirror = handler.state.insforge.razorpay(environment);
    let mut items: Vec<&Synced<Item>> = mirror.items.values().collect();
    items.sort_by(|a, b| (&a.object.name, &a.object.id).cmp(&(&b.object.name, &b.object.id)));
    let mut plans: Vec<&Synced<Plan>> = mirror.plans.values().collect();
    plans.sort_by_key(|row| {
        let plan = &row.object;
        (&plan.item.id, &plan.period, plan.interval, &plan.id)
    });
    let items = items.into_iter().map(|row| rows::item(&row.object, &row.synced_at, environment));
    let plans = plans.into_iter().map(|row| {
        rows::plan(&row.object, &in_database_order(&row.object.notes), &row.synced_at, environment)
    });
    json!({"items": items.collect::<Vec<_>>(), "plans": plans.collect::<Vec<_>>()})
}

pub(super) fn create_item(handler: &mut Handler, environment: Environment) -> Result<Value, ApiError> {
    let mut fields = handler.body()?;
    let new = new_item(&mut fields, "Item name is required");
    fields.reject_unknown_fields();
    fields.finish()?;
    let key = config::require_key(handler.state, environment)?;
    IntegerType::Bigint.check(&handler.request.json["amount"])?;
    let item = handler.state.razorpay(&key, environment, handler.context.now).create_item(new)?;
    let row = rows::item(&item, handler.context.now, environment);
    handler.state.insforge.razorpay_mut(environment).upsert_item(item, handler.context.now);
    Ok(json!({"item": row}))
}

pub(super) fn update_item(
    handler: &mut Handler,
    environment: Environment,
    id: &str,
) -> Result<Value, ApiError> {
    if id.is_empty() {
        return Err(ApiError::invalid_input("itemId: Razorpay item id is required"));
    }
    let mut fields = handler.body()?;
    let changes = ItemChanges {
        name: fields.optional_string("name", name_rules("Item name is required")),
        description: fields.nullable_string("description", DESCRIPTION),
        amount: fields.optional_integer("amount", POSITIVE, NOT_POSITIVE),
        currency: fields.optional_currency("currency").map(|currency| currency.to_uppercase()),
        active: fields.optional_boolean("active"),
    };
    fields.reject_unknown_fields();
    fields.reject_if(fields.is_empty(), "At least one item field is required");
    fields.finish()?;
    let key = config::require_key(handler.state, environment)?;
    IntegerType::Bigint.check(&handler.request.json["amount"])?;
    IntegerType::Bigint.check(&handler.request.json["amount"])?;
    let item = handler.state.razorpay(&key, environment, handler.context.now).update_item(id, changes)?;
    let row = rows::item(&item, handler.context.now, environment);
    handler.state.insforge.razorpay_mut(environment).upsert_item(item, handler.context.now);
    Ok(json!({"item": row}))
}

pub(super) fn create_plan(handler: &mut Handler, environment: Environment) -> Result<Value, ApiError> {
    let mut fields = handler.body()?;
    let period = fields.required_choice("period", &PERIODS);
    let interval = fields.required_integer("interval", POSITIVE, NOT_POSITIVE);
    let item = fields.required_object("item", |fields| new_item(fields, "Plan item name is required"));
    let notes = fields.optional_metadata("notes");
    fields.reject_unknown_fields();
    reject_reserved_notes(&mut fields, notes.as_ref());
    fields.finish()?;
    let Some(mut item) = item else { return Err(ApiError::invalid_input("item: Required")) };
    // The backend does not send an empty description.
    item.description = item.description.filter(|description| !description.is_empty());
    let key = config::require_key(handler.state, environment)?;
    IntegerType::Integer.check(&handler.request.json["interval"])?;
    IntegerType::Bigint.check(&handler.request.json["item"]["amount"])?;
    let new = NewPlan { period, interval, item, notes };
    let plan = handler.state.razorpay(&key, environment, handler.context.now).create_plan(new)?;
    let row = rows::plan(&plan, &plan.notes, handler.context.now, environment);
    handler.state.insforge.razorpay_mut(environment).upsert_plan(plan, handler.context.now);
    Ok(json!({"plan": row}))
}

fn new_item(fields: &mut Validator, name_message: &'static str) -> NewItem {
    let name = fields.required_string("name", name_rules(name_message));
    let description = match fields.nullable_string("description", DESCRIPTION) {
        Patch::Set(description) => Some(description),
        Patch::Keep | Patch::Clear => None,
    };
    NewItem {
        name,
        description,
        amount: fields.required_integer("amount", POSITIVE, NOT_POSITIVE),
        currency: fields.required_currency("currency").to_uppercase(),
    }
}

impl RazorpayMirror {
    /// Stores an item. The item of a plan can lack its type and creation time, which then keep their values.
    pub(super) fn upsert_item(&mut self, item: Item, now: &str) {
        let before = self.items.remove(&item.id).map(|row| row.object);
        let (r#type, created) = before.map_or((None, None), |item| (item.r#type, item.created));
        let object = Item { r#type: item.r#type.or(r#type), created: item.created.or(created), ..item };
        self.items.insert(object.id.clone(), Synced { object, synced_at: now.to_owned() });
    }

    /// Stores a plan and its item.
    pub(super) fn upsert_plan(&mut self, object: Plan, now: &str) {
        self.upsert_item(object.item.clone(), now);
        self.plans.insert(object.id.clone(), Synced { object, synced_at: now.to_owned() });
    }
}
