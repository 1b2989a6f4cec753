//! The rows of Razorpay objects, with their fields in the backend's order.

use serde_json::{Map, Value, json};

use crate::backend::rows::{self, in_database_order};
use crate::environment::Environment;
use crate::razorpay::{Item, Plan, mask};
use crate::state::razorpay::{MirroredSubscription, OrderRow, RazorpayMirror};

pub(super) fn connection(mirror: &RazorpayMirror, environment: Environment) -> Value {
    let masked_key = mirror.key.as_ref().map(|key| mask(&key.id));
    rows::connection(&mirror.connection, environment, "merchantName", masked_key.as_deref())
}

pub(super) fn item(item: &Item, synced_at: &str, environment: Environment) -> Value {
    json!({
        "environment": environment.as_str(),
        "itemId": item.id,
        "name": item.name,
        "description": item.description,
        "active": item.active,
        "amount": item.amount,
        "unitAmount": item.amount,
        "currency": item.currency.to_lowercase(),
        "type": item.r#type,
        "providerCreatedAt": item.created,
        "syncedAt": synced_at,
    })
}

pub(super) fn plan(
    plan: &Plan,
    notes: &Map<String, Value>,
    synced_at: &str,
    environment: Environment,
) -> Value {
    json!({
        "environment": environment.as_str(),
        "planId": plan.id,
        "itemId": plan.item.id,
        "period": plan.period,
        "interval": plan.interval,
        "amount": plan.item.amount,
        "unitAmount": plan.item.amount,
        "currency": plan.item.currency.to_lowercase(),
        "active": plan.item.active,
        "notes": notes,
        "providerCreatedAt": plan.created,
        "syncedAt": synced_at,
    })
}

pub(super) fn subscription(row: &MirroredSubscription, environment: Environment) -> Value {
    let subscription = &row.subscription;
    json!({
        "environment": environment.as_str(),
        "subscriptionId": subscription.id,
        "planId": subscription.plan,
        "customerId": subscription.customer,
        "subjectType": row.subject.as_ref().map(|subject| &subject.r#type),
        "subjectId": row.subject.as_ref().map(|subject| &subject.id),
        "status": subscription.status,
        "currentStart": subscription.current_start,
        "currentEnd": subscription.current_end,
        "endedAt": subscription.ended_at,
        "quantity": subscription.quantity,
        "chargeAt": subscription.charge_at,
        "startAt": subscription.start_at,
        "endAt": subscription.end_at,
        "totalCount": subscription.total_count,
        "authAttempts": subscription.auth_attempts,
        "paidCount": subscription.paid_count,
        "remainingCount": subscription.remaining_count,
        "shortUrl": subscription.short_url,
        "hasScheduledChanges": subscription.has_scheduled_changes,
        "changeScheduledAt": subscription.change_scheduled_at,
        "offerId": subscription.offer,
        "authorizationPaymentId": row.authorization_payment,
        "authorizationVerifiedAt": row.authorization_verified_at,
        "notes": in_database_order(&subscription.notes),
        "providerCreatedAt": subscription.created,
        "syncedAt": row.synced_at,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at(),
    })
}

pub(super) fn order(row: &OrderRow, environment: Environment) -> Value {
    json!({
        "id": row.id,
        "environment": environment.as_str(),
        "status": row.status,
        "subjectType": row.subject.as_ref().map(|subject| &subject.r#type),
        "subjectId": row.subject.as_ref().map(|subject| &subject.id),
        "customerName": row.customer_name,
        "customerEmail": row.customer_email,
        "customerContact": row.customer_contact,
        "orderId": row.order,
        "receipt": row.receipt,
        "amount": row.amount,
        "amountPaid": row.amount_paid,
        "amountDue": row.amount_due,
        "currency": row.currency,
        "attempts": row.attempts,
        "verifiedPaymentId": row.verified_payment,
        "verifiedAt": row.verified_at,
        "notes": in_database_order(&row.notes),
        "lastError": row.last_error,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
    })
}
