//! Customers, and the billing subjects that they are mapped to.

use serde_json::json;

use crate::backend::rows::in_database_order;
use crate::backend::tables::{Row, Tables, name};
use crate::environment::Environment;
use crate::generation::Generation;
use crate::provider::Provider;
use crate::state::{BillingSubject, MirroredCustomer, State};

pub(super) fn add(tables: &mut Tables, state: &State, generation: Generation) {
    let (mut customers, mut mappings) = (Vec::new(), Vec::new());
    for environment in Environment::ALL {
        let stripe = state.insforge.stripe(environment);
        let razorpay = state.insforge.razorpay(environment);
        let all = [
            (Provider::Stripe, &stripe.customers, &stripe.subjects),
            (Provider::Razorpay, &razorpay.customers, &razorpay.subjects),
        ];
        for (provider, rows, subjects) in all {
            if provider == Provider::Razorpay && generation == Generation::Older {
                continue;
            }
            customers.extend(rows.values().map(|row| customer(row, provider, environment, generation)));
            mappings.extend(
                subjects.iter().map(|(id, subject)| mapping(subject, id, provider, environment, generation)),
            );
        }
    }
    tables.insert("customers", customers.into_iter().map(|row| row.columns).collect());
    let table = name(generation, "customer_mappings", "stripe_customer_mappings");
    tables.insert(table, mappings.into_iter().map(|row| row.columns).collect());
}

fn customer(
    mirrored: &MirroredCustomer,
    provider: Provider,
    environment: Environment,
    generation: Generation,
) -> Row {
    let customer = &mirrored.customer;
    let mut row = Row::new(generation, "customers", environment, &format!("{provider} {}", customer.id));
    row.put("environment", environment.as_str());
    row.put("email", customer.email.clone());
    row.put("name", customer.name.clone());
    row.put("phone", customer.phone.clone());
    row.put("deleted", mirrored.deleted);
    row.put("metadata", in_database_order(&customer.metadata));
    row.put("raw", json!({}));
    for column in ["synced_at", "created_at", "updated_at"] {
        row.put(column, mirrored.synced_at.clone());
    }
    row.put_if_newer("provider", provider.as_str());
    row.put_renamed("provider_customer_id", "stripe_customer_id", customer.id.clone());
    row.put_renamed("provider_created_at", "stripe_created_at", customer.created.clone());
    row
}

fn mapping(
    subject: &BillingSubject,
    customer: &str,
    provider: Provider,
    environment: Environment,
    generation: Generation,
) -> Row {
    let unique = format!("{provider} {} {}", subject.r#type, subject.id);
    let mut row = Row::new(generation, "mappings", environment, &unique);
    row.put_if_newer("provider", provider.as_str());
    row.put("environment", environment.as_str());
    row.put_subject(Some(subject));
    row.put_renamed("provider_customer_id", "stripe_customer_id", customer);
    // The state does not keep these two times.
    for column in ["created_at", "updated_at"] {
        row.put(column, "2026-01-01T00:00:00.000Z");
    }
    row
}
