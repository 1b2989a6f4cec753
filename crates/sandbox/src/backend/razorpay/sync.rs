//! The sync from Razorpay. The response is always a success; each environment's result has its own status.

use serde_json::{Value, json};

use crate::backend::Context;
use crate::backend::api_error::ApiError;
use crate::backend::razorpay::{CONNECTION_LOST, config, rows};
use crate::environment::Environment;
use crate::razorpay::{RazorpayError, Subscription};
use crate::state::razorpay::{Counts, Key, MirroredSubscription, RazorpayMirror};
use crate::state::{BillingSubject, Customer, IdGenerator, MirroredCustomer, State};

/// Syncs these environments.
pub(super) fn sync(state: &mut State, context: &Context, environments: &[Environment]) -> Value {
    let results: Vec<Value> =
        environments.iter().map(|environment| sync_environment(state, context, *environment)).collect();
    json!({"results": results})
}

fn sync_environment(state: &mut State, context: &Context, environment: Environment) -> Value {
    let (counts, error) = match state.insforge.razorpay(environment).key.clone() {
        None => {
            let error = config::not_configured(environment);
            disconnect(state, environment, "unconfigured", &error);
            (Counts::default(), Some(error))
        }
        Some(key) => match sync_account(state, context, &key, environment) {
            Ok(done) => done,
            Err(error) => {
                let error = javascript_message(&error);
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

/// The message that the backend's JavaScript makes of an error.
pub(super) const fn javascript_message(error: &RazorpayError) -> &'static str {
    match error {
        RazorpayError::Response { .. } => "[object Object]",
        RazorpayError::ConnectionLost => CONNECTION_LOST,
    }
}

/// Syncs an account. If the catalog fails, the sync stops. Every later stage can fail on its own.
fn sync_account(
    state: &mut State,
    context: &Context,
    key: &Key,
    environment: Environment,
) -> Result<(Counts, Option<String>), RazorpayError> {
    let mut counts = sync_catalog(state, context, key, environment)?;
    let mut failures = Vec::new();
    let mut count = |stage: &str, result: Result<usize, String>| {
        result.unwrap_or_else(|error| {
            failures.push(format!("{stage}: {error}"));
            0
        })
    };
    let message = |error: RazorpayError| javascript_message(&error).to_owned();

    let found = state.razorpay(key, environment, context.now).customers().map_err(message);
    let mirror = state.insforge.razorpay_mut(environment);
    counts.customers = count("customers", found.map(|found| mirror.upsert_customers(found, context.now)));

    let found = state.razorpay(key, environment, context.now).subscriptions().map_err(message);
    let mut ids = state.insforge.ids.clone();
    let mirror = state.insforge.razorpay_mut(environment);
    let stored = found.and_then(|found| mirror.upsert_subscriptions(found, &mut ids, context.now));
    state.insforge.ids = ids;
    counts.subscriptions = count("subscriptions", stored);

    let found = state.razorpay(key, environment, context.now).invoices().map_err(message);
    let mirror = state.insforge.razorpay_mut(environment);
    counts.invoices = count("invoices", found.map(|found| mirror.upsert_invoices(found, context.now)));

    let found = state.razorpay(key, environment, context.now).payments().map_err(message);
    let mirror = state.insforge.razorpay_mut(environment);
    counts.payments = count("payments", found.map(|found| mirror.upsert_payments(found, context.now)));

    let error = (!failures.is_empty()).then(|| failures.join("; "));
    let connection = &mut mirror.connection;
    connection.connect(key.id.clone(), None, environment == Environment::Live);
    connection.last_synced_at = Some(context.now.to_owned());
    connection.last_sync_status = Some(if error.is_none() { "succeeded" } else { "failed" }.to_owned());
    connection.last_sync_error.clone_from(&error);
    connection.last_sync_counts = Some(counts);
    Ok((counts, error))
}

fn sync_catalog(
    state: &mut State,
    context: &Context,
    key: &Key,
    environment: Environment,
) -> Result<Counts, RazorpayError> {
    let mut razorpay = state.razorpay(key, environment, context.now);
    razorpay.check_key()?;
    let plans = razorpay.plans()?;
    let items = razorpay.items()?;
    let counts = Counts { items: items.len(), plans: plans.len(), ..Counts::default() };
    let mirror = state.insforge.razorpay_mut(environment);
    let listed =
        |id: &str| items.iter().any(|item| item.id == id) || plans.iter().any(|plan| plan.item.id == id);
    mirror.items.retain(|id, _| listed(id));
    mirror.plans.retain(|id, _| plans.iter().any(|plan| plan.id == *id));
    for item in items {
        mirror.upsert_item(item, context.now);
    }
    for mut plan in plans {
        // The list of plans omits these fields of the item.
        plan.item.r#type = None;
        plan.item.created = None;
        mirror.upsert_plan(plan, context.now);
    }
    Ok(counts)
}

impl RazorpayMirror {
    /// Stores customers, and keeps those that Razorpay no longer lists. Returns the number of customers.
    fn upsert_customers(&mut self, customers: Vec<Customer>, now: &str) -> usize {
        let count = customers.len();
        for customer in customers {
            let row = MirroredCustomer { customer, deleted: false, synced_at: now.to_owned() };
            self.customers.insert(row.customer.id.clone(), row);
        }
        count
    }

    /// Replaces the subscriptions, unless a customer has two billing subjects. Returns the number of subscriptions.
    fn upsert_subscriptions(
        &mut self,
        found: Vec<Subscription>,
        ids: &mut IdGenerator,
        now: &str,
    ) -> Result<usize, String> {
        let mut subjects = self.subjects.clone();
        let mut rows = Vec::with_capacity(found.len());
        for subscription in found {
            let customer = subscription.customer.as_ref();
            let own = BillingSubject::from_metadata(&subscription.notes);
            let subject = own.or_else(|| subjects.subject_of(customer?).cloned());
            if let (Some(subject), Some(customer)) = (&subject, customer) {
                let mapped = subjects.map(subject, customer).map_err(ApiError::from);
                mapped.map_err(|error| error.message().to_owned())?;
            }
            let before = self.subscriptions.iter().find(|row| row.subscription.id == subscription.id);
            let created_at = before.map_or_else(|| now.to_owned(), |row| row.created_at.clone());
            rows.push(MirroredSubscription {
                id: before.map_or_else(|| ids.uuid(), |row| row.id.clone()),
                subscription,
                subject,
                authorization_payment: before.and_then(|row| row.authorization_payment.clone()),
                authorization_verified_at: before.and_then(|row| row.authorization_verified_at.clone()),
                created_at,
                synced_at: now.to_owned(),
            });
        }
        self.subjects = subjects;
        self.subscriptions = rows;
        Ok(self.subscriptions.len())
    }
}
