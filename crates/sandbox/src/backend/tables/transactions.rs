//! Transactions of both providers. Older backends have a column for each of Stripe's objects.

use serde_json::{Map, Value, json};

use crate::backend::rows::in_database_order;
use crate::backend::tables::{Row, Tables, bigint, name};
use crate::environment::Environment;
use crate::generation::Generation;
use crate::provider::Provider;
use crate::state::{State, Transaction};

pub(super) fn add(tables: &mut Tables, state: &State, generation: Generation) {
    let mut rows = Vec::new();
    for environment in Environment::ALL {
        let all = [
            (Provider::Stripe, &state.insforge.stripe(environment).transactions),
            (Provider::Razorpay, &state.insforge.razorpay(environment).transactions),
        ];
        for (provider, transactions) in all {
            if provider == Provider::Razorpay && generation == Generation::Older {
                continue;
            }
            let numbered = transactions.iter().enumerate();
            rows.extend(numbered.map(|(index, transaction)| {
                row(transaction, index, provider, environment, generation).columns
            }));
        }
    }
    tables.insert(name(generation, "transactions", "payment_history"), rows);
}

fn row(
    transaction: &Transaction,
    index: usize,
    provider: Provider,
    environment: Environment,
    generation: Generation,
) -> Row {
    let references = &transaction.references;
    let unique = format!("{provider} {index} {}", transaction.created_at);
    let mut row = Row::new(generation, "transactions", environment, &unique);
    row.put_if_newer("provider", provider.as_str());
    row.put("environment", environment.as_str());
    row.put("type", transaction.r#type.clone());
    row.put("status", transaction.status.clone());
    row.put_subject(transaction.subject.as_ref());
    row.put_renamed("provider_customer_id", "stripe_customer_id", transaction.customer_id.clone());
    row.put("customer_email_snapshot", transaction.customer_email.clone());
    match generation {
        Generation::Newer => {
            let (object, parent) = (references.primary(), references.parent());
            row.put("provider_object_type", object.map(|(_, r#type)| r#type));
            row.put("provider_object_id", object.map(|(id, _)| id));
            row.put("provider_parent_object_type", parent.map(|(_, r#type)| r#type));
            row.put("provider_parent_object_id", parent.map(|(id, _)| id));
            let related: Map<String, Value> =
                references.all().map(|(r#type, id)| (r#type.to_owned(), id.into())).collect();
            row.put("related_object_ids", in_database_order(&related));
        }
        Generation::Older => {
            row.put("stripe_checkout_session_id", references.checkout_session.clone());
            row.put("stripe_payment_intent_id", references.payment_intent.clone());
            row.put("stripe_invoice_id", references.invoice.clone());
            row.put("stripe_charge_id", references.charge.clone());
            row.put("stripe_refund_id", references.refund.clone());
            row.put("stripe_subscription_id", references.subscription.clone());
            row.put("stripe_product_id", references.product.clone());
            row.put("stripe_price_id", references.price.clone());
        }
    }
    row.put("amount", bigint(transaction.amount));
    row.put("amount_refunded", bigint(transaction.amount_refunded));
    row.put("currency", transaction.currency.clone());
    row.put("description", transaction.description.clone());
    row.put("paid_at", transaction.paid_at.clone());
    row.put("failed_at", transaction.failed_at.clone());
    row.put("refunded_at", transaction.refunded_at.clone());
    row.put_renamed("provider_created_at", "stripe_created_at", transaction.provider_created_at.clone());
    row.put("raw", json!({}));
    row.put("created_at", transaction.created_at.clone());
    row.put("updated_at", transaction.updated_at.clone());
    row
}
