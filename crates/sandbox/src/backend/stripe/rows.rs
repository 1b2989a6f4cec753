//! The rows of Stripe objects, with their fields in the backend's order.

use serde_json::{Value, json};

use crate::backend::rows::{self, in_database_order};
use crate::environment::Environment;
use crate::state::Synced;
use crate::state::stripe::{MirroredSubscription, StripeMirror};
use crate::stripe::{Price, Product, mask};

pub(super) fn connection(mirror: &StripeMirror, environment: Environment) -> Value {
    let masked_key = mirror.key.as_deref().map(mask);
    rows::connection(&mirror.connection, environment, "accountEmail", masked_key.as_deref())
}

pub(super) fn product(product: &Product, synced_at: &str, environment: Environment) -> Value {
    json!({
        "environment": environment.as_str(),
        "productId": product.id,
        "name": product.name,
        "description": product.description,
        "active": product.active,
        "defaultPriceId": product.default_price,
        "metadata": product.metadata,
        "syncedAt": synced_at,
    })
}

pub(super) fn price(price: &Price, synced_at: &str, environment: Environment) -> Value {
    let recurring = price.recurring.as_ref();
    json!({
        "environment": environment.as_str(),
        "priceId": price.id,
        "productId": price.product,
        "active": price.active,
        "currency": price.currency,
        "unitAmount": price.unit_amount,
        "unitAmountDecimal": price.unit_amount_decimal,
        "type": if recurring.is_some() { "recurring" } else { "one_time" },
        "lookupKey": price.lookup_key,
        "billingScheme": price.billing_scheme,
        "taxBehavior": price.tax_behavior,
        "recurringInterval": recurring.map(|recurring| &recurring.interval),
        "recurringIntervalCount": recurring.map(|recurring| recurring.interval_count),
        "metadata": price.metadata,
        "syncedAt": synced_at,
    })
}

/// A product from the mirror, with its metadata in the database's order.
pub(super) fn mirrored_product(row: &Synced<Product>, environment: Environment) -> Value {
    let stored = Product { metadata: in_database_order(&row.object.metadata), ..row.object.clone() };
    product(&stored, &row.synced_at, environment)
}

/// A price from the mirror, with its metadata in the database's order.
pub(super) fn mirrored_price(row: &Synced<Price>, environment: Environment) -> Value {
    let stored = Price { metadata: in_database_order(&row.object.metadata), ..row.object.clone() };
    price(&stored, &row.synced_at, environment)
}

pub(super) fn subscription(row: &MirroredSubscription, environment: Environment) -> Value {
    let subscription = &row.subscription;
    let items = subscription.items.iter().map(|item| {
        json!({
            "environment": environment.as_str(),
            "subscriptionItemId": item.id,
            "subscriptionId": subscription.id,
            "productId": item.product,
            "priceId": item.price,
            "quantity": item.quantity,
            "metadata": {},
            "createdAt": row.created_at,
            "updatedAt": row.synced_at,
        })
    });
    json!({
        "environment": environment.as_str(),
        "subscriptionId": subscription.id,
        "customerId": subscription.customer,
        "subjectType": row.subject.as_ref().map(|subject| &subject.r#type),
        "subjectId": row.subject.as_ref().map(|subject| &subject.id),
        "status": subscription.status,
        "currentPeriodStart": subscription.current_period_start,
        "currentPeriodEnd": subscription.current_period_end,
        "cancelAtPeriodEnd": subscription.cancel_at_period_end,
        "cancelAt": subscription.cancel_at,
        "canceledAt": subscription.canceled_at,
        "trialStart": subscription.trial_start,
        "trialEnd": subscription.trial_end,
        "latestInvoiceId": subscription.latest_invoice,
        "metadata": in_database_order(&subscription.metadata),
        "syncedAt": row.synced_at,
        "createdAt": row.created_at,
        "updatedAt": row.synced_at,
        "items": items.collect::<Vec<_>>(),
    })
}
