//! The sync from Stripe. The response is always a success; each environment's connection has the result.

use serde_json::{Value, json};

use crate::backend::Context;
use crate::backend::stripe::{config, rows};
use crate::environment::Environment;
use crate::generation::Generation;
use crate::state::stripe::{Counts, MirroredSubscription};
use crate::state::{BillingSubject, Customer, MirroredCustomer, State, Synced};
use crate::stripe::{StripeError, Subscription};

/// Syncs these environments.
pub(super) fn sync(state: &mut State, context: &Context, environments: &[Environment]) -> Value {
    let results: Vec<Value> =
        environments.iter().map(|environment| sync_environment(state, context, *environment)).collect();
    json!({"results": results})
}

fn sync_environment(state: &mut State, context: &Context, environment: Environment) -> Value {
    let subscriptions = match state.insforge.stripe(environment).key.clone() {
        None => {
            let error = config::not_configured(environment);
            state.insforge.stripe_mut(environment).connection.disconnect("unconfigured", error);
            None
        }
        Some(key) => match sync_account(state, context, &key, environment) {
            Ok(summary) => Some(summary),
            Err(error) => {
                state.insforge.stripe_mut(environment).connection.disconnect("error", error.message);
                None
            }
        },
    };
    json!({
        "environment": environment.as_str(),
        "connection": rows::connection(state.insforge.stripe(environment), environment),
        "subscriptions": subscriptions,
    })
}

/// Syncs an account. The catalog decides the sync's status. A failure of the customers is ignored, and a failure of the
/// subscriptions is reported even though the catalog is saved.
fn sync_account(
    state: &mut State,
    context: &Context,
    key: &str,
    environment: Environment,
) -> Result<Value, StripeError> {
    sync_catalog(state, context, key, environment)?;
    if let Ok(customers) = state.stripe(key, environment, context.now).customers() {
        store_customers(state, context, environment, customers);
    }
    let subscriptions = state.stripe(key, environment, context.now).subscriptions()?;
    Ok(store_subscriptions(state, context, environment, subscriptions))
}

fn sync_catalog(
    state: &mut State,
    context: &Context,
    key: &str,
    environment: Environment,
) -> Result<(), StripeError> {
    let mut stripe = state.stripe(key, environment, context.now);
    let (account, email) = stripe.account()?;
    let products = stripe.products()?;
    let prices = stripe.prices()?;
    let mirror = state.insforge.stripe_mut(environment);
    let synced_at = context.now.to_owned();
    mirror.connection.connect(account, Some(email), environment == Environment::Live);
    mirror.connection.last_synced_at = Some(synced_at.clone());
    mirror.connection.last_sync_status = Some("succeeded".to_owned());
    mirror.connection.last_sync_error = None;
    mirror.connection.last_sync_counts = Some(Counts { prices: prices.len(), products: products.len() });
    mirror.products = products
        .into_iter()
        .map(|object| (object.id.clone(), Synced { object, synced_at: synced_at.clone() }))
        .collect();
    mirror.prices = prices
        .into_iter()
        .map(|object| (object.id.clone(), Synced { object, synced_at: synced_at.clone() }))
        .collect();
    Ok(())
}

/// Stores customers. Those that Stripe no longer lists are marked as deleted.
fn store_customers(state: &mut State, context: &Context, environment: Environment, customers: Vec<Customer>) {
    let mirrored = &mut state.insforge.stripe_mut(environment).customers;
    for row in mirrored.values_mut().filter(|row| !row.deleted) {
        row.deleted = true;
        context.now.clone_into(&mut row.synced_at);
    }
    for customer in customers {
        let row = MirroredCustomer { customer, deleted: false, synced_at: context.now.to_owned() };
        mirrored.insert(row.customer.id.clone(), row);
    }
}

fn store_subscriptions(
    state: &mut State,
    context: &Context,
    environment: Environment,
    subscriptions: Vec<Subscription>,
) -> Value {
    let synced = subscriptions.len();
    let mut unmapped = 0;
    let mirror = state.insforge.stripe_mut(environment);
    let mut before = std::mem::take(&mut mirror.subscriptions);
    for subscription in subscriptions {
        let own = BillingSubject::from_metadata(&subscription.metadata);
        let subject = own.clone().or_else(|| mirror.subjects.subject_of(&subscription.customer).cloned());
        unmapped += usize::from(subject.is_none());
        // Newer backends remember the customer's billing subject, unless either is already mapped.
        if let (Generation::Newer, Some(own)) = (context.generation, &own) {
            mirror.subjects.map_if_new(own, &subscription.customer);
        }
        let created_at =
            before.remove(&subscription.id).map_or_else(|| context.now.to_owned(), |row| row.created_at);
        let row = MirroredSubscription {
            subject,
            created_at,
            synced_at: context.now.to_owned(),
            written: state.ids.next_number(),
            subscription,
        };
        mirror.subscriptions.insert(row.subscription.id.clone(), row);
    }
    json!({
        "environment": environment.as_str(),
        "synced": synced,
        "unmapped": unmapped,
        "deleted": before.len(),
    })
}
