//! What changes at Razorpay affect, from the mirror: the objects before and after, and what depends on them. A person sees
//! it before an approval. The mirror is read once, for one object or all objects of a file.

use std::collections::{HashMap, HashSet};

use anyhow::Result;

use crate::api;
use crate::api::razorpay::RAZORPAY;
use crate::approval::{Dependents, Effects, FieldChange, ObjectChange};
use crate::commands::common::Target;
use crate::commands::common::effects::{active_subscriptions, read, read_subscriptions};
use crate::commands::razorpay::catalog_object::CatalogObject;
use crate::runner::Ctx;
use crate::ui::counted;
use crate::wire::razorpay::{
    BillingCycle, Catalog, Item, ItemAmount, ItemChanges, NewItem, NewPlan, Plan, Subscriptions,
};
use crate::wire::{Currency, Environment, Money, Notes, Patch};

/// A new item.
pub(super) fn new_item(item: &NewItem) -> ObjectChange {
    ObjectChange::created("item", item_name(item)).with(new_fields(item, None))
}

/// A new plan, with its item.
pub(super) fn new_plan(plan: &NewPlan) -> ObjectChange {
    let cycle = plan.period.zip(plan.interval).map(|(period, interval)| BillingCycle { period, interval });
    let notes = plan.notes.iter().flat_map(Notes::iter);
    ObjectChange::created("plan", plan.item.as_ref().and_then(item_name))
        .with(plan.item.iter().flat_map(|item| new_fields(item, cycle)))
        .with(notes.map(|(key, value)| FieldChange::new(&format!("notes.{key}"), value)))
}

fn item_name(item: &NewItem) -> Option<String> {
    item.name.as_ref().map(|name| name.as_str().trim().to_owned())
}

fn new_fields(item: &NewItem, cycle: Option<BillingCycle>) -> Vec<FieldChange> {
    let every = cycle.map(|cycle| format!(" every {cycle}")).unwrap_or_default();
    let description = match &item.description {
        Patch::Set(text) => Some(FieldChange::new("description", text.as_str())),
        Patch::Keep | Patch::Clear => None,
    };
    let fields = [
        item_name(item).map(|name| FieldChange::new("name", name)),
        item.price().map(|price| FieldChange::new("amount", format!("{price}{every}"))),
        description,
    ];
    fields.into_iter().flatten().collect()
}

/// The effects of updates of items.
pub(super) async fn of_items(
    ctx: &Ctx,
    environment: Environment,
    updates: &[&(Target, ItemChanges)],
) -> Result<Effects> {
    let catalog: Catalog = read(ctx, api::catalog(&RAZORPAY, environment)).await?;
    let items: HashMap<&str, &Item> =
        catalog.items.iter().map(|item| (item.item_id.as_str(), item)).collect();
    let object = |(target, changes): &&(Target, ItemChanges)| {
        changed_item(items.get(target.id.as_str()).copied(), &target.id, changes)
    };
    let objects = updates.iter().map(object).collect();
    let ids: Vec<&str> = updates.iter().map(|(target, _)| target.id.as_str()).collect();
    let dependents = dependents(ctx, environment, &catalog, &ids).await?;
    Ok(Effects { objects, dependents, ..Effects::default() })
}

fn changed_item(item: Option<&Item>, id: &str, changes: &ItemChanges) -> ObjectChange {
    let ItemChanges { name, description, amount, currency, active } = changes;
    let mut object = match item {
        Some(item) => ObjectChange::existing("item", item.name.clone(), id),
        None => ObjectChange::not_mirrored("item", id),
    };
    if let Some(name) = name {
        let before = item.and_then(|item| item.name.clone());
        object.change("name", before, Some(name.as_str().trim().to_owned()));
    }
    let before = item.and_then(|item| item.description.clone());
    match description {
        Patch::Keep => {}
        Patch::Clear => object.change("description", before, None),
        Patch::Set(text) => object.change("description", before, Some(text.as_str().to_owned())),
    }
    if amount.is_some() || currency.is_some() {
        let price = item.and_then(CatalogObject::price).map(|price| price.to_string());
        object.change("amount", price, Some(price_after(item, changes)));
    }
    if let Some(active) = active {
        let before = item.and_then(|item| item.active).map(|active| active.to_string());
        object.change("active", before, Some(active.to_string()));
    }
    object
}

/// The price of an item after an update, which can change the amount or the currency alone.
fn price_after(item: Option<&Item>, ItemChanges { amount, currency, .. }: &ItemChanges) -> String {
    let amount = amount.map(ItemAmount::number).or_else(|| item?.amount.clone());
    let currency = currency.as_ref().map(Currency::as_str).or_else(|| item?.currency.as_deref());
    match (amount, currency) {
        (Some(amount), Some(currency)) => Money::of(&amount, currency).to_string(),
        (Some(amount), None) => format!("{amount} in the smallest unit of the item's currency"),
        (None, currency) => format!("the same number in {}", currency.unwrap_or_default().to_uppercase()),
    }
}

/// What depends on these items: the plans that have them, and the active subscriptions of these.
async fn dependents(
    ctx: &Ctx,
    environment: Environment,
    catalog: &Catalog,
    items: &[&str],
) -> Result<Vec<Dependents>> {
    let on = match items {
        [id] => (*id).to_owned(),
        ids => counted(ids.len(), "item"),
    };
    let items: HashSet<&str> = items.iter().copied().collect();
    let has_item = |plan: &&Plan| plan.item_id.as_deref().is_some_and(|id| items.contains(id));
    let mut plans: Vec<&Plan> = catalog.plans.iter().filter(has_item).collect();
    plans.sort_unstable_by_key(|plan| plan.plan_id.as_str());
    if plans.is_empty() {
        return Ok(vec![Dependents::note(format!("no plans of {on}"))]);
    }
    let rows: Vec<String> = plans.iter().map(|plan| plan_row(plan)).collect();
    let ids: HashSet<&str> = plans.iter().map(|plan| plan.plan_id.as_str()).collect();
    let read = read_subscriptions::<Subscriptions>(ctx, &RAZORPAY, environment).await?;
    let all: Vec<_> = read.iter().flat_map(|read| read.subscriptions.iter()).collect();
    let active = all.iter().filter(|one| !one.is_over()).filter_map(|one| {
        let plan = one.plan_id.as_deref().filter(|plan| ids.contains(plan))?;
        Some(format!("{}: {}, on {plan}", one.subscription_id, one.status))
    });
    let listed = read.as_ref().map(|_| all.len());
    let subscriptions = active_subscriptions("these plans", active.collect(), listed);
    let plans = counted(rows.len(), "plan");
    Ok(vec![Dependents::new(format!("{plans} of {on}, which keep their amount"), rows), subscriptions])
}

/// `plan_1: 499.00 INR every month, active`
fn plan_row(plan: &Plan) -> String {
    let price = plan.price().map(|price| price.to_string()).unwrap_or_default();
    let every = plan.billing_cycle().map(|cycle| format!(" every {cycle}")).unwrap_or_default();
    let active = if plan.active == Some(false) { "inactive" } else { "active" };
    format!("{}: {price}{every}, {active}", plan.plan_id)
}
