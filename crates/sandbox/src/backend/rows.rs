//! The rows that all providers have in common, with their fields in the backend's order.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::environment::Environment;
use crate::generation::Generation;
use crate::state::{BillingSubject, Connection, MirroredCustomer, Transaction};

/// A connection. `owner_field` is the name of the field for the account's owner.
pub(super) fn connection<C: Serialize>(
    connection: &Connection<C>,
    environment: Environment,
    owner_field: &str,
    masked_key: Option<&str>,
) -> Value {
    let webhook = connection.webhook.as_ref();
    json!({
        "environment": environment.as_str(),
        "status": connection.status,
        "accountId": connection.account_id,
        owner_field: connection.account_email,
        "accountLivemode": connection.account_livemode,
        "webhookEndpointId": webhook.map(|webhook| &webhook.endpoint_id),
        "webhookEndpointUrl": webhook.map(|webhook| &webhook.endpoint_url),
        "webhookConfiguredAt": webhook.map(|webhook| &webhook.configured_at),
        "maskedKey": masked_key,
        "lastSyncedAt": connection.last_synced_at,
        "lastSyncStatus": connection.last_sync_status,
        "lastSyncError": connection.last_sync_error,
        "lastSyncCounts": connection.last_sync_counts.as_ref().map_or(json!({}), |counts| json!(counts)),
    })
}

/// Sorts the keys like PostgreSQL's `jsonb`: short keys first.
pub(super) fn in_database_order(metadata: &Map<String, Value>) -> Map<String, Value> {
    let mut fields: Vec<(&String, &Value)> = metadata.iter().collect();
    fields.sort_by_key(|(key, _)| (key.len(), *key));
    fields.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The payments of a customer.
#[derive(Default)]
pub(super) struct CustomerSpend<'a> {
    pub(super) payments: usize,
    pub(super) last: Option<&'a str>,
    /// The amount and currency; `None` if the payments have several currencies.
    pub(super) total: Option<(u64, &'a str)>,
}

pub(super) fn customer(
    row: &MirroredCustomer,
    spend: &CustomerSpend,
    environment: Environment,
    provider: &str,
) -> Value {
    let customer = &row.customer;
    let card = customer.card.as_ref();
    json!({
        "environment": environment.as_str(),
        "provider": provider,
        "providerCustomerId": customer.id,
        "email": customer.email,
        "name": customer.name,
        "phone": customer.phone,
        "deleted": row.deleted,
        "metadata": in_database_order(&customer.metadata),
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

pub(super) fn transaction(
    row: &Transaction,
    environment: Environment,
    provider: &str,
    generation: Generation,
) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    let is_newer = generation == Generation::Newer;
    put("environment", environment.as_str().into());
    if is_newer {
        put("provider", provider.into());
    }
    put("type", json!(row.r#type));
    put("status", json!(row.status));
    put("subjectType", json!(row.subject.as_ref().map(|subject: &BillingSubject| &subject.r#type)));
    put("subjectId", json!(row.subject.as_ref().map(|subject| &subject.id)));
    put("providerCustomerId", json!(row.customer_id));
    put("customerEmailSnapshot", json!(row.customer_email));
    let references = &row.references;
    if is_newer {
        let primary = references.primary();
        put("providerReferenceId", json!(primary.map(|(id, _)| id)));
        put("providerReferenceType", json!(primary.map(|(_, kind)| kind)));
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
