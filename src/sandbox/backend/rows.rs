//! The rows of the backend's answers, with their fields in its order.

use serde_json::{Map, Value, json};

use crate::sandbox::state::{
    Connection, Mirror, MirroredCustomer, MirroredSubscription, Subject, Synced, Transaction,
};
use crate::sandbox::stripe::{Price, Product, masked};
use crate::wire::{Environment, Generation};

pub(super) fn connection(mirror: &Mirror, environment: Environment) -> Value {
    let Connection { webhook, .. } = &mirror.connection;
    json!({
        "environment": environment.as_str(),
        "status": mirror.connection.status,
        "accountId": mirror.connection.account_id,
        "accountEmail": mirror.connection.account_email,
        "accountLivemode": mirror.connection.account_livemode,
        "webhookEndpointId": webhook.as_ref().map(|webhook| &webhook.endpoint_id),
        "webhookEndpointUrl": webhook.as_ref().map(|webhook| &webhook.endpoint_url),
        "webhookConfiguredAt": webhook.as_ref().map(|webhook| &webhook.configured_at),
        "maskedKey": mirror.key.as_deref().map(masked),
        "lastSyncedAt": mirror.connection.last_synced_at,
        "lastSyncStatus": mirror.connection.last_sync_status,
        "lastSyncError": mirror.connection.last_sync_error,
        "lastSyncCounts": mirror.connection.last_sync_counts.map_or(json!({}), |counts| json!({
            "prices": counts.prices,
            "products": counts.products,
        })),
    })
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

/// A mirrored product: what the database gives back.
pub(super) fn mirrored_product(row: &Synced<Product>, environment: Environment) -> Value {
    let stored = Product { metadata: as_stored(&row.object.metadata), ..row.object.clone() };
    product(&stored, &row.synced_at, environment)
}

/// A mirrored price: what the database gives back.
pub(super) fn mirrored_price(row: &Synced<Price>, environment: Environment) -> Value {
    let stored = Price { metadata: as_stored(&row.object.metadata), ..row.object.clone() };
    price(&stored, &row.synced_at, environment)
}

/// PostgreSQL keeps JSON objects with the short keys first.
fn as_stored(metadata: &Map<String, Value>) -> Map<String, Value> {
    let mut fields: Vec<(&String, &Value)> = metadata.iter().collect();
    fields.sort_by_key(|(key, _)| (key.len(), *key));
    fields.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// What a customer paid.
#[derive(Default)]
pub(super) struct Spend<'a> {
    pub(super) payments: usize,
    pub(super) last: Option<&'a str>,
    /// `None` when it is in several currencies.
    pub(super) total: Option<(u64, &'a str)>,
}

pub(super) fn customer(row: &MirroredCustomer, spend: &Spend, environment: Environment) -> Value {
    let customer = &row.customer;
    let card = customer.card.as_ref();
    json!({
        "environment": environment.as_str(),
        "provider": "stripe",
        "providerCustomerId": customer.id,
        "email": customer.email,
        "name": customer.name,
        "phone": customer.phone,
        "deleted": row.deleted,
        "metadata": as_stored(&customer.metadata),
        "providerCreatedAt": customer.created,
        "syncedAt": row.synced_at,
        "paymentsCount": spend.payments,
        "lastPaymentAt": spend.last,
        "totalSpend": spend.total.map(|(amount, _)| amount),
        "totalSpendCurrency": spend.total.map(|(_, currency)| currency),
        "paymentMethodBrand": card.map(|card| &card.brand),
        "paymentMethodLast4": card.map(|card| &card.last4),
        "countryCode": customer.country,
    })
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
        "metadata": as_stored(&subscription.metadata),
        "syncedAt": row.synced_at,
        "createdAt": row.created_at,
        "updatedAt": row.synced_at,
        "items": items.collect::<Vec<_>>(),
    })
}

pub(super) fn transaction(row: &Transaction, environment: Environment, generation: Generation) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    let newer = generation == Generation::Newer;
    put("environment", environment.as_str().into());
    if newer {
        put("provider", "stripe".into());
    }
    put("type", json!(row.r#type));
    put("status", json!(row.status));
    put("subjectType", json!(row.subject.as_ref().map(|subject: &Subject| &subject.r#type)));
    put("subjectId", json!(row.subject.as_ref().map(|subject| &subject.id)));
    put("providerCustomerId", json!(row.customer_id));
    put("customerEmailSnapshot", json!(row.customer_email));
    let references = &row.references;
    if newer {
        let main = references.main();
        put("providerReferenceId", json!(main.map(|(id, _)| id)));
        put("providerReferenceType", json!(main.map(|(_, kind)| kind)));
    } else {
        put("stripeCheckoutSessionId", json!(references.checkout_session));
        put("stripePaymentIntentId", json!(references.payment_intent));
        put("stripeInvoiceId", json!(references.invoice));
        put("stripeChargeId", json!(references.charge));
        put("stripeRefundId", json!(references.refund));
        put("stripeSubscriptionId", json!(references.subscription));
        put("stripeProductId", json!(references.product));
        put("stripePriceId", json!(references.price));
    }
    put("amount", json!(row.amount));
    put("amountRefunded", json!(row.amount_refunded));
    put("currency", json!(row.currency));
    put("description", json!(row.description));
    put("paidAt", json!(row.paid_at));
    put("failedAt", json!(row.failed_at));
    put("refundedAt", json!(row.refunded_at));
    put("providerCreatedAt", json!(row.provider_created_at));
    put("createdAt", json!(row.created_at));
    put("updatedAt", json!(row.updated_at));
    Value::Object(fields)
}
