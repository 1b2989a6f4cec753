//! Razorpay's orders, items, plans and subscriptions. The database's numbers of 64 bits are strings in JSON.

use serde_json::{Value, json};

use crate::backend::rows::in_database_order;
use crate::backend::tables::Tables;
use crate::environment::Environment;
use crate::razorpay::{Item, Plan};
use crate::state::razorpay::{MirroredSubscription, OrderRow};
use crate::state::{State, Synced};

pub(super) fn add(tables: &mut Tables, state: &State) {
    for environment in Environment::ALL {
        let mirror = state.insforge.razorpay(environment);
        let mut put = |table, rows: Vec<Value>| {
            let rows = rows.iter().filter_map(Value::as_object).cloned();
            tables.entry(table).or_default().extend(rows);
        };
        let rows = mirror.items.values().map(|item| item_row(item, environment));
        put("razorpay_items", rows.collect());
        put("razorpay_orders", mirror.orders.iter().map(|row| order_row(row, environment)).collect());
        put("razorpay_plans", mirror.plans.values().map(|plan| plan_row(plan, environment)).collect());
        let rows = mirror.subscriptions.iter().map(|row| subscription_row(row, environment));
        put("razorpay_subscriptions", rows.collect());
    }
}

fn item_row(row: &Synced<Item>, environment: Environment) -> Value {
    let item = &row.object;
    json!({
        "id": row_id(&item.id),
        "environment": environment.as_str(),
        "item_id": item.id,
        "name": item.name,
        "description": item.description,
        "active": item.active,
        "amount": item.amount.to_string(),
        "unit_amount": item.amount.to_string(),
        "currency": item.currency.to_lowercase(),
        "type": item.r#type,
        "raw": {},
        "provider_created_at": item.created,
        "synced_at": row.synced_at,
        "created_at": row.synced_at,
        "updated_at": row.synced_at,
    })
}

fn plan_row(row: &Synced<Plan>, environment: Environment) -> Value {
    let plan = &row.object;
    json!({
        "id": row_id(&plan.id),
        "environment": environment.as_str(),
        "plan_id": plan.id,
        "item_id": plan.item.id,
        "period": plan.period,
        "interval": plan.interval,
        "amount": plan.item.amount.to_string(),
        "unit_amount": plan.item.amount.to_string(),
        "currency": plan.item.currency.to_lowercase(),
        "active": plan.item.active,
        "notes": in_database_order(&plan.notes),
        "raw": {},
        "provider_created_at": plan.created,
        "synced_at": row.synced_at,
        "created_at": row.synced_at,
        "updated_at": row.synced_at,
    })
}

fn order_row(row: &OrderRow, environment: Environment) -> Value {
    json!({
        "id": row.id,
        "environment": environment.as_str(),
        "status": row.status,
        "subject_type": row.subject.as_ref().map(|subject| &subject.r#type),
        "subject_id": row.subject.as_ref().map(|subject| &subject.id),
        "customer_name": row.customer_name,
        "customer_email": row.customer_email,
        "customer_contact": row.customer_contact,
        "order_id": row.order,
        "receipt": row.receipt,
        "amount": row.amount.to_string(),
        "amount_paid": big(row.amount_paid),
        "amount_due": big(row.amount_due),
        "currency": row.currency,
        "attempts": row.attempts,
        "verified_payment_id": row.verified_payment,
        "verified_at": row.verified_at,
        "description": row.description,
        "callback_url": row.callback_url,
        "notes": in_database_order(&row.notes),
        "raw": {},
        "last_error": row.last_error,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    })
}

fn subscription_row(row: &MirroredSubscription, environment: Environment) -> Value {
    let subscription = &row.subscription;
    json!({
        "id": row.id,
        "environment": environment.as_str(),
        "subscription_id": subscription.id,
        "plan_id": subscription.plan,
        "customer_id": subscription.customer,
        "subject_type": row.subject.as_ref().map(|subject| &subject.r#type),
        "subject_id": row.subject.as_ref().map(|subject| &subject.id),
        "status": subscription.status,
        "current_start": subscription.current_start,
        "current_end": subscription.current_end,
        "ended_at": subscription.ended_at,
        "quantity": big(subscription.quantity),
        "charge_at": subscription.charge_at,
        "start_at": subscription.start_at,
        "end_at": subscription.end_at,
        "total_count": big(subscription.total_count),
        "auth_attempts": big(subscription.auth_attempts),
        "paid_count": big(subscription.paid_count),
        "remaining_count": big(subscription.remaining_count),
        "short_url": subscription.short_url,
        "has_scheduled_changes": subscription.has_scheduled_changes,
        "change_scheduled_at": subscription.change_scheduled_at,
        "offer_id": subscription.offer,
        "authorization_payment_id": row.authorization_payment,
        "authorization_verified_at": row.authorization_verified_at,
        "notes": in_database_order(&subscription.notes),
        "raw": {},
        "provider_created_at": subscription.created,
        "synced_at": row.synced_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at(),
    })
}

/// A number of 64 bits.
fn big(number: Option<u64>) -> Option<String> {
    number.map(|number| number.to_string())
}

/// A UUID for the row of an item or plan, which the state does not keep: the API never shows it.
fn row_id(object: &str) -> String {
    let hash = crate::signature::hex_sha256(object.as_bytes());
    let part = |from: usize, to: usize| hash.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
}
