//! Mirroring Stripe. The answer is always a success; what became of it stands in each environment's connection.

use serde_json::{Value, json};

use crate::backend::World;
use crate::backend::stripe::{config, rows};
use crate::environment::Environment;
use crate::generation::Generation;
use crate::state::stripe::{Counts, MirroredSubscription};
use crate::state::{Customer, MirroredCustomer, State, Subject, Synced};
use crate::stripe::{Refusal, Subscription};

/// Syncs these environments.
pub(super) fn sync(state: &mut State, world: &World, environments: &[Environment]) -> Value {
    let results: Vec<Value> =
        environments.iter().map(|environment| one(state, world, *environment)).collect();
    json!({"results": results})
}

fn one(state: &mut State, world: &World, environment: Environment) -> Value {
    let subscriptions = match state.insforge.stripe(environment).key.clone() {
        None => {
            let error = config::not_configured(environment);
            state.insforge.stripe_mut(environment).connection.disconnect("unconfigured", error);
            None
        }
        Some(key) => match everything(state, world, &key, environment) {
            Ok(summary) => Some(summary),
            Err(refusal) => {
                state.insforge.stripe_mut(environment).connection.disconnect("error", refusal.message);
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

/// The catalog, which counts as the sync; customers, whose failure nobody hears of; subscriptions, whose failure is
/// reported although the catalog was written.
fn everything(
    state: &mut State,
    world: &World,
    key: &str,
    environment: Environment,
) -> Result<Value, Refusal> {
    catalog(state, world, key, environment)?;
    if let Ok(customers) = state.stripe(key, environment, world.now).customers() {
        mirror_customers(state, world, environment, customers);
    }
    let subscriptions = state.stripe(key, environment, world.now).subscriptions()?;
    Ok(mirror_subscriptions(state, world, environment, subscriptions))
}

fn catalog(state: &mut State, world: &World, key: &str, environment: Environment) -> Result<(), Refusal> {
    let mut stripe = state.stripe(key, environment, world.now);
    let (account, email) = stripe.account()?;
    let products = stripe.products()?;
    let prices = stripe.prices()?;
    let mirror = state.insforge.stripe_mut(environment);
    let synced_at = world.now.to_owned();
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

/// A customer whom Stripe does not list any more stays, marked as deleted.
fn mirror_customers(state: &mut State, world: &World, environment: Environment, customers: Vec<Customer>) {
    let mirrored = &mut state.insforge.stripe_mut(environment).customers;
    for row in mirrored.values_mut().filter(|row| !row.deleted) {
        row.deleted = true;
        world.now.clone_into(&mut row.synced_at);
    }
    for customer in customers {
        let row = MirroredCustomer { customer, deleted: false, synced_at: world.now.to_owned() };
        mirrored.insert(row.customer.id.clone(), row);
    }
}

fn mirror_subscriptions(
    state: &mut State,
    world: &World,
    environment: Environment,
    subscriptions: Vec<Subscription>,
) -> Value {
    let synced = subscriptions.len();
    let mut unmapped = 0;
    let mirror = state.insforge.stripe_mut(environment);
    let mut before = std::mem::take(&mut mirror.subscriptions);
    for subscription in subscriptions {
        let named = Subject::of(&subscription.metadata);
        let subject = named.clone().or_else(|| mirror.subjects.get(&subscription.customer).cloned());
        unmapped += usize::from(subject.is_none());
        // Newer backends remember whose customer it is, unless the customer or the subject has a partner already.
        if let (Generation::Newer, Some(named)) = (world.generation, named)
            && !mirror.subjects.values().any(|known| *known == named)
        {
            mirror.subjects.entry(subscription.customer.clone()).or_insert(named);
        }
        let created_at =
            before.remove(&subscription.id).map_or_else(|| world.now.to_owned(), |row| row.created_at);
        let row = MirroredSubscription {
            subject,
            created_at,
            synced_at: world.now.to_owned(),
            written: state.ids.tick(),
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
