//! What the sandbox is waiting for: its clock, open sessions, subscriptions, events, and what is due next.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::backend::Context;
use crate::control;
use crate::delivery;
use crate::environment::Environment;
use crate::provider::Provider;
use crate::state::{EventStatus, State, format_time};

/// What `insforge sandbox status` shows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    /// The sandbox's time.
    now: String,
    /// How far its clock is ahead of the real one.
    ahead_seconds: i64,
    generation: String,
    /// The webhook endpoint of each environment that has a provider's key.
    webhooks: Vec<Webhook>,
    /// The checkout sessions that can still be paid.
    open_checkout_sessions: usize,
    /// The orders that can still be paid.
    open_orders: usize,
    /// The number of subscriptions in each state, of all providers.
    subscriptions: BTreeMap<String, usize>,
    events: Events,
    next_due: Option<NextDue>,
}

/// Whether a provider has somewhere to send its events.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    provider: Provider,
    environment: Environment,
    configured: bool,
}

/// The number of events.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Events {
    total: usize,
    /// Those that a fault delays.
    waiting: usize,
    /// Those that a fault dropped.
    dropped: usize,
    /// Those that had nowhere to go, because their environment had no webhook endpoint.
    no_webhook: usize,
}

/// What happens next by itself, if the clock is advanced.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NextDue {
    at: String,
    /// The types of the events that follow.
    events: Vec<String>,
}

impl Status {
    pub(crate) fn of(state: &State, context: &Context) -> Self {
        let now = state.clock.now(context.real_now);
        let ahead_seconds = now.duration_since(context.real_now).as_secs();
        let mut status = Self {
            now: format_time(now),
            ahead_seconds,
            generation: context.generation.to_string(),
            webhooks: webhooks(state),
            open_checkout_sessions: 0,
            open_orders: 0,
            subscriptions: BTreeMap::new(),
            events: Events::of(state),
            next_due: NextDue::of(state, context),
        };
        for data in state.stripe.accounts.values().flat_map(|account| [&account.test, &account.live]) {
            let open = data.checkout_sessions.iter().filter(|session| session.status == "open");
            status.open_checkout_sessions += open.count();
            for subscription in &data.subscriptions {
                *status.subscriptions.entry(subscription.status.clone()).or_default() += 1;
            }
        }
        for data in state.razorpay.accounts.values().flat_map(|account| [&account.test, &account.live]) {
            status.open_orders += data.orders.iter().filter(|order| order.status != "paid").count();
            for subscription in &data.subscriptions {
                *status.subscriptions.entry(subscription.status.clone()).or_default() += 1;
            }
        }
        status
    }
}

fn webhooks(state: &State) -> Vec<Webhook> {
    let mut webhooks = Vec::new();
    for environment in Environment::ALL {
        let stripe = state.insforge.stripe(environment).key.is_some();
        let razorpay = state.insforge.razorpay(environment).key.is_some();
        for (provider, has_key) in [(Provider::Stripe, stripe), (Provider::Razorpay, razorpay)] {
            if has_key {
                let configured = delivery::webhook_secret(state, provider, environment).is_some();
                webhooks.push(Webhook { provider, environment, configured });
            }
        }
    }
    webhooks
}

impl Events {
    fn of(state: &State) -> Self {
        let all = &state.events.events;
        let count = |status| all.iter().filter(|event| event.status == status).count();
        Self {
            total: all.len(),
            waiting: count(EventStatus::Waiting),
            dropped: count(EventStatus::Dropped),
            no_webhook: count(EventStatus::NoWebhook),
        }
    }
}

impl NextDue {
    /// Runs what is due on a copy of the state, to see what it does.
    fn of(state: &State, context: &Context) -> Option<Self> {
        // What is overdue happens at the next step of the clock.
        let at = control::next_due(state)?.max(state.clock.now(context.real_now));
        let mut preview = state.clone();
        let now = format_time(at);
        control::run_due(&mut preview, &Context { now: &now, ..*context }, at);
        let events = preview.events.events.get(state.events.events.len()..).unwrap_or_default();
        Some(Self { at: now.clone(), events: events.iter().map(|event| event.r#type.clone()).collect() })
    }
}
