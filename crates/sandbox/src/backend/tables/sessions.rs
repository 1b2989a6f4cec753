//! Checkout sessions and sessions of the customer portal.

use serde_json::{Map, Value, json};

use crate::backend::rows::in_database_order;
use crate::backend::tables::Tables;
use crate::environment::Environment;
use crate::generation::Generation;
use crate::state::{CheckoutSessionRow, PortalSessionRow, State};

pub(super) fn add(tables: &mut Tables, state: &State, generation: Generation) {
    let (checkout, portal) = match generation {
        Generation::Newer => ("stripe_checkout_sessions", "stripe_customer_portal_sessions"),
        Generation::Older => ("checkout_sessions", "customer_portal_sessions"),
    };
    let mirrors = Environment::ALL.map(|environment| (environment, state.insforge.stripe(environment)));
    let checkout_rows = mirrors.iter().flat_map(|(environment, mirror)| {
        mirror.checkout_sessions.iter().map(|row| checkout_row(row, *environment, generation))
    });
    let portal_rows = mirrors.iter().flat_map(|(environment, mirror)| {
        mirror.portal_sessions.iter().map(|row| portal_row(row, *environment, generation))
    });
    tables.insert(checkout, checkout_rows.collect());
    tables.insert(portal, portal_rows.collect());
}

fn checkout_row(
    row: &CheckoutSessionRow,
    environment: Environment,
    generation: Generation,
) -> Map<String, Value> {
    let is_newer = generation == Generation::Newer;
    let line_items = row.line_items.iter().map(|item| {
        if is_newer {
            json!({"priceId": item.price, "quantity": item.quantity})
        } else {
            json!({"quantity": item.quantity, "stripePriceId": item.price})
        }
    });
    let mut columns = Map::new();
    let mut put = |name: &str, value: Value| columns.insert(name.to_owned(), value);
    put("id", json!(row.id));
    put("environment", json!(environment.as_str()));
    put("mode", json!(row.mode));
    put("status", json!(row.status));
    put("payment_status", json!(row.payment_status));
    put("subject_type", json!(row.subject.as_ref().map(|subject| &subject.r#type)));
    put("subject_id", json!(row.subject.as_ref().map(|subject| &subject.id)));
    put("customer_email", json!(row.customer_email));
    put("line_items", line_items.collect());
    put("success_url", json!(row.success_url));
    put("cancel_url", json!(row.cancel_url));
    put("idempotency_key", json!(row.idempotency_key));
    put("metadata", Value::Object(in_database_order(&row.metadata)));
    let names = match generation {
        Generation::Newer => ["checkout_session_id", "customer_id", "payment_intent_id", "subscription_id"],
        Generation::Older => [
            "stripe_checkout_session_id",
            "stripe_customer_id",
            "stripe_payment_intent_id",
            "stripe_subscription_id",
        ],
    };
    let ids = [&row.session, &row.customer, &row.payment_intent, &row.subscription];
    for (name, id) in names.into_iter().zip(ids) {
        put(name, json!(id));
    }
    put("url", json!(row.url));
    put("last_error", json!(row.last_error));
    put("raw", json!({}));
    put("created_at", json!(row.created_at));
    put("updated_at", json!(row.updated_at));
    if is_newer {
        put("request_hash", json!(row.request_hash));
    }
    columns
}

fn portal_row(
    row: &PortalSessionRow,
    environment: Environment,
    generation: Generation,
) -> Map<String, Value> {
    let customer = match generation {
        Generation::Newer => "customer_id",
        Generation::Older => "stripe_customer_id",
    };
    let columns = json!({
        "id": row.id,
        "environment": environment.as_str(),
        "status": row.status,
        "subject_type": row.subject.r#type,
        "subject_id": row.subject.id,
        customer: row.customer,
        "return_url": row.return_url,
        "configuration_id": row.configuration,
        "url": row.url,
        "last_error": row.last_error,
        "raw": {},
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    });
    columns.as_object().cloned().unwrap_or_default()
}
