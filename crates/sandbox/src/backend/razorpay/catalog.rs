//! Items and plans: reads come from the mirror, writes go to Razorpay and what it answers into the mirror.

use serde_json::{Map, Value, json};

use crate::backend::Scene;
use crate::backend::form::{Form, POSITIVE, Text};
use crate::backend::razorpay::{config, rows};
use crate::backend::refusal::Refusal;
use crate::backend::rows::as_stored;
use crate::environment::Environment;
use crate::patch::Patch;
use crate::razorpay::{Item, ItemChanges, NewItem, NewPlan, Plan};
use crate::state::Synced;
use crate::state::razorpay::Mirror;

const PERIODS: [&str; 4] = ["daily", "weekly", "monthly", "yearly"];
const DESCRIPTION: Text = Text { required: None, longest: Some(2048), too_long: None };
const NOT_POSITIVE: &str = "Number must be greater than 0";

const fn name(required: &'static str) -> Text {
    Text { required: Some(required), longest: Some(255), too_long: None }
}

/// Items by name, plans by item, and by id where these are the same.
pub(super) fn list(scene: &Scene, environment: Environment) -> Value {
    let mirror = scene.state.insforge.razorpay(environment);
    let mut items: Vec<&Synced<Item>> = mirror.items.values().collect();
    items.sort_by(|a, b| (&a.object.name, &a.object.id).cmp(&(&b.object.name, &b.object.id)));
    let mut plans: Vec<&Synced<Plan>> = mirror.plans.values().collect();
    plans.sort_by_key(|row| {
        let plan = &row.object;
        (&plan.item.id, &plan.period, plan.interval, &plan.id)
    });
    let items = items.into_iter().map(|row| rows::item(&row.object, &row.synced_at, environment));
    let plans = plans
        .into_iter()
        .map(|row| rows::plan(&row.object, &as_stored(&row.object.notes), &row.synced_at, environment));
    json!({"items": items.collect::<Vec<_>>(), "plans": plans.collect::<Vec<_>>()})
}

pub(super) fn create_item(scene: &mut Scene, environment: Environment) -> Result<Value, Refusal> {
    let mut form = scene.form()?;
    let new = new_item(&mut form, "Item name is required");
    form.refuse_unknown();
    form.finish()?;
    let key = config::key(scene.state, environment)?;
    let item = scene.state.razorpay(&key, environment, scene.world.now).create_item(new)?;
    let row = rows::item(&item, scene.world.now, environment);
    scene.state.insforge.razorpay_mut(environment).keep_item(item, scene.world.now);
    Ok(json!({"item": row}))
}

pub(super) fn update_item(scene: &mut Scene, environment: Environment, id: &str) -> Result<Value, Refusal> {
    if id.is_empty() {
        return Err(Refusal::invalid("itemId: Razorpay item id is required"));
    }
    let mut form = scene.form()?;
    let changes = ItemChanges {
        name: form.optional_text("name", name("Item name is required")),
        description: form.nullable_text("description", DESCRIPTION),
        amount: form.whole("amount", POSITIVE, NOT_POSITIVE),
        currency: form.optional_currency("currency").map(|currency| currency.to_uppercase()),
        active: form.switch("active"),
    };
    form.refuse_unknown();
    form.refuse_if(form.is_empty(), "At least one item field is required");
    form.finish()?;
    let key = config::key(scene.state, environment)?;
    let item = scene.state.razorpay(&key, environment, scene.world.now).update_item(id, changes)?;
    let row = rows::item(&item, scene.world.now, environment);
    scene.state.insforge.razorpay_mut(environment).keep_item(item, scene.world.now);
    Ok(json!({"item": row}))
}

pub(super) fn create_plan(scene: &mut Scene, environment: Environment) -> Result<Value, Refusal> {
    let mut form = scene.form()?;
    let period = form.required_choice("period", &PERIODS);
    let interval = form.required_whole("interval", POSITIVE, NOT_POSITIVE);
    let item = form.required_nested("item", |form| new_item(form, "Plan item name is required"));
    let notes = form.metadata("notes");
    form.refuse_unknown();
    let reserved = notes.iter().flat_map(Map::keys).any(|key| key.starts_with("insforge_"));
    form.refuse_field_if("notes", reserved, "Notes keys starting with insforge_ are reserved");
    form.finish()?;
    let Some(mut item) = item else { return Err(Refusal::invalid("item: Required")) };
    // An empty description is not sent.
    item.description = item.description.filter(|description| !description.is_empty());
    let key = config::key(scene.state, environment)?;
    let new = NewPlan { period, interval, item, notes };
    let plan = scene.state.razorpay(&key, environment, scene.world.now).create_plan(new)?;
    let row = rows::plan(&plan, &plan.notes, scene.world.now, environment);
    scene.state.insforge.razorpay_mut(environment).keep_plan(plan, scene.world.now);
    Ok(json!({"plan": row}))
}

fn new_item(form: &mut Form, name_required: &'static str) -> NewItem {
    let name = form.text("name", name(name_required));
    let description = match form.nullable_text("description", DESCRIPTION) {
        Patch::Set(description) => Some(description),
        Patch::Keep | Patch::Clear => None,
    };
    NewItem {
        name,
        description,
        amount: form.required_whole("amount", POSITIVE, NOT_POSITIVE),
        currency: form.currency("currency").to_uppercase(),
    }
}

impl Mirror {
    /// An item as Razorpay has it now. What Razorpay does not say of one that comes with a plan stays as it was.
    pub(super) fn keep_item(&mut self, item: Item, now: &str) {
        let before = self.items.remove(&item.id).map(|row| row.object);
        let (r#type, created) = before.map_or((None, None), |item| (item.r#type, item.created));
        let object = Item { r#type: item.r#type.or(r#type), created: item.created.or(created), ..item };
        self.items.insert(object.id.clone(), Synced { object, synced_at: now.to_owned() });
    }

    /// A plan as Razorpay has it now, and its item with it.
    pub(super) fn keep_plan(&mut self, object: Plan, now: &str) {
        self.keep_item(object.item.clone(), now);
        self.plans.insert(object.id.clone(), Synced { object, synced_at: now.to_owned() });
    }
}
