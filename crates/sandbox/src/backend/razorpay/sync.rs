//! Mirroring Razorpay. The answer is always a success; what became of it stands in each environment's result.

use serde_json::{Value, json};

use crate::backend::World;
use crate::backend::razorpay::{LOST, config, rows};
use crate::environment::Environment;
use crate::razorpay::{Refusal, Subscription};
use crate::state::razorpay::{Counts, Key, Mirror, MirroredSubscription};
use crate::state::{Customer, MirroredCustomer, State, Subject};

/// Syncs these environments.
pub(super) fn sync(state: &mut State, world: &World, environments: &[Environment]) -> Value {
    let results: Vec<Value> =
        environments.iter().map(|environment| one(state, world, *environment)).collect();
    json!({"results": results})
}

fn one(state: &mut State, world: &World, environment: Environment) -> Value {
    let (counts, error) = match state.insforge.razorpay(environment).key.clone() {
        None => {
            let error = config::not_configured(environment);
            disconnect(state, environment, "unconfigured", &error);
            (Counts::default(), Some(error))
        }
        Some(key) => match everything(state, world, &key, environment) {
            Ok(done) => done,
            Err(refusal) => {
                let error = as_javascript(&refusal);
                disconnect(state, environment, "error", error);
                (Counts::default(), Some(error.to_owned()))
            }
        },
    };
    json!({
        "environment": environment.as_str(),
        "status": if error.is_none() { "succeeded" } else { "failed" },
        "connection": rows::connection(state.insforge.razorpay(environment), environment),
        "syncCounts": {
            "plans": counts.plans,
            "items": counts.items,
            "customers": counts.customers,
            "subscriptions": counts.subscriptions,
            "invoices": counts.invoices,
            "payments": counts.payments,
        },
        "error": error,
    })
}

fn disconnect(state: &mut State, environment: Environment, status: &str, error: &str) {
    let connection = &mut state.insforge.razorpay_mut(environment).connection;
    connection.last_sync_counts = None;
    connection.disconnect(status, error.to_owned());
}

/// Razorpay's errors are no errors to JavaScript, which has no words for what is none.
const fn as_javascript(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Said { .. } => "[object Object]",
        Refusal::Lost => LOST,
    }
}

/// The catalog, without which nothing happens; then one stage after the other, each of which can fail by itself.
fn everything(
    state: &mut State,
    world: &World,
    key: &Key,
    environment: Environment,
) -> Result<(Counts, Option<String>), Refusal> {
    let mut counts = catalog(state, world, key, environment)?;
    let mut failures = Vec::new();
    let mut done = |name: &str, outcome: Result<usize, String>| {
        outcome.unwrap_or_else(|error| {
            failures.push(format!("{name}: {error}"));
            0
        })
    };
    let said = |refusal: Refusal| as_javascript(&refusal).to_owned();

    let found = state.razorpay(key, environment, world.now).customers().map_err(said);
    let mirror = state.insforge.razorpay_mut(environment);
    counts.customers = done("customers", found.map(|found| mirror.keep_customers(found, world.now)));

    let found = state.razorpay(key, environment, world.now).subscriptions().map_err(said);
    let mirror = state.insforge.razorpay_mut(environment);
    let kept = found.and_then(|found| mirror.keep_subscriptions(found, world.now));
    counts.subscriptions = done("subscriptions", kept);

    let found = state.razorpay(key, environment, world.now).invoices().map_err(said);
    let mirror = state.insforge.razorpay_mut(environment);
    counts.invoices = done("invoices", found.map(|found| mirror.keep_invoices(found, world.now)));

    let found = state.razorpay(key, environment, world.now).payments().map_err(said);
    let mirror = state.insforge.razorpay_mut(environment);
    counts.payments = done("payments", found.map(|found| mirror.keep_payments(found, world.now)));

    let error = (!failures.is_empty()).then(|| failures.join("; "));
    let connection = &mut mirror.connection;
    connection.connect(key.id.clone(), None, environment == Environment::Live);
    connection.last_synced_at = Some(world.now.to_owned());
    connection.last_sync_status = Some(if error.is_none() { "succeeded" } else { "failed" }.to_owned());
    connection.last_sync_error.clone_from(&error);
    connection.last_sync_counts = Some(counts);
    Ok((counts, error))
}

fn catalog(state: &mut State, world: &World, key: &Key, environment: Environment) -> Result<Counts, Refusal> {
    let mut razorpay = state.razorpay(key, environment, world.now);
    razorpay.orders()?;
    let plans = razorpay.plans()?;
    let items = razorpay.items()?;
    let counts = Counts { items: items.len(), plans: plans.len(), ..Counts::default() };
    let mirror = state.insforge.razorpay_mut(environment);
    let listed =
        |id: &str| items.iter().any(|item| item.id == id) || plans.iter().any(|plan| plan.item.id == id);
    mirror.items.retain(|id, _| listed(id));
    mirror.plans.retain(|id, _| plans.iter().any(|plan| plan.id == *id));
    for item in items {
        mirror.keep_item(item, world.now);
    }
    for mut plan in plans {
        // Of a plan's item its list says less.
        plan.item.r#type = None;
        plan.item.created = None;
        mirror.keep_plan(plan, world.now);
    }
    Ok(counts)
}

impl Mirror {
    /// Customers stay, whether Razorpay still lists them or not. How many came.
    fn keep_customers(&mut self, customers: Vec<Customer>, now: &str) -> usize {
        let count = customers.len();
        for customer in customers {
            let row = MirroredCustomer { customer, deleted: false, synced_at: now.to_owned() };
            self.customers.insert(row.customer.id.clone(), row);
        }
        count
    }

    /// All of them, or none where a customer has two subjects. How many came.
    fn keep_subscriptions(&mut self, found: Vec<Subscription>, now: &str) -> Result<usize, String> {
        let mut subjects = self.subjects.clone();
        let mut rows = Vec::with_capacity(found.len());
        for subscription in found {
            let customer = subscription.customer.as_ref();
            let named = Subject::of(&subscription.notes);
            let subject = named.or_else(|| subjects.get(customer?).cloned());
            if let (Some(subject), Some(customer)) = (&subject, customer) {
                if subjects.get(customer).is_some_and(|known| known != subject) {
                    return Err("duplicate key value violates unique constraint \
                                \"customer_mappings_provider_environment_provider_customer_id_key\""
                        .to_owned());
                }
                // A subject has one customer: the last.
                subjects.retain(|_, known| known != subject);
                subjects.insert(customer.clone(), subject.clone());
            }
            let before = self.subscriptions.iter().find(|row| row.subscription.id == subscription.id);
            let created_at = before.map_or_else(|| now.to_owned(), |row| row.created_at.clone());
            rows.push(MirroredSubscription { subscription, subject, created_at, synced_at: now.to_owned() });
        }
        self.subjects = subjects;
        self.subscriptions = rows;
        Ok(self.subscriptions.len())
    }
}
