//! What customers do, and the time that passes: paying, refunds, cancellations and the clock. `insforge sandbox pay` and the
//! other commands use it through the routes under `/sandbox`.

mod error;
mod route;
mod status;
pub(crate) mod time;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use error::ControlError;
pub(crate) use route::respond;

use crate::backend::Context;
use crate::delivery;
use crate::environment::Environment;
use crate::provider::Provider;
use crate::state::{EventStatus, State, format_time};

/// How the customer's card behaves.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Card {
    /// Every payment succeeds.
    #[default]
    Ok,
    /// Every payment is declined.
    Decline,
    /// The first payment is only confirmed later, and then succeeds. It is a bank debit, for example.
    Delayed,
    /// The first payment fails, but this is only known later. At Stripe, later ones succeed. At Razorpay, all charges of a
    /// subscription fail.
    DelayedFails,
    /// The first payment succeeds, and later ones are declined.
    DeclineLater,
}

/// An action of a customer or of the merchant, or the passing of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Pays a checkout session, an order, or the open invoice of a subscription.
    Pay { id: String, card: Card },
    /// Refunds a payment: all that is left, or this amount in the currency's smallest unit.
    Refund { payment: String, amount: Option<u64> },
    /// Cancels a subscription: now, or at the end of its period.
    Cancel { subscription: String, at_period_end: bool },
    /// Moves the clock forward.
    Advance { to: Timestamp },
}

/// What an action did.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    /// The changed objects: the session or order, the payment, the subscription. Each has `object`, `id` and `status`.
    /// Time changes too many to list them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) objects: Vec<Value>,
    /// The events that followed, in the order in which they happened.
    pub(crate) events: Vec<EventReport>,
    /// The sandbox's time after the action.
    pub(crate) now: String,
}

/// An event, as `insforge sandbox events` lists it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventReport {
    pub(crate) event_id: String,
    pub(crate) provider: Provider,
    pub(crate) environment: Environment,
    pub(crate) r#type: String,
    pub(crate) object_id: String,
    pub(crate) created_at: String,
    pub(crate) status: EventStatus,
    /// The number of deliveries to the backend.
    pub(crate) deliveries: usize,
    /// Whether the backend applied the event at its first delivery; `null` without a delivery.
    pub(crate) handled: Option<bool>,
    /// The status of the backend's response to its first delivery; `null` without a delivery.
    pub(crate) response_status: Option<u16>,
}

/// Runs an action, and delivers the events that follow from it.
pub(crate) fn run(state: &mut State, context: &Context, action: Action) -> Result<Outcome, ControlError> {
    let first = state.events.events.len();
    let objects = match action {
        Action::Pay { id, card } => pay(state, context, &id, card)?,
        Action::Refund { payment, amount } => refund(state, context, &payment, amount)?,
        Action::Cancel { subscription, at_period_end } => {
            cancel(state, context, &subscription, at_period_end)?
        }
        Action::Advance { to } => {
            advance(state, context, to)?;
            Vec::new()
        }
    };
    delivery::deliver_waiting(state, context);
    let events = state.events.events.get(first..).unwrap_or_default().iter().map(EventReport::new).collect();
    Ok(Outcome { now: format_time(state.clock.now(context.real_now)), objects, events })
}

fn pay(state: &mut State, context: &Context, id: &str, card: Card) -> Result<Vec<Value>, ControlError> {
    if id.starts_with("order_") || crate::razorpay::actions::has_subscription(state, id) {
        return crate::razorpay::actions::pay(state, context, id, card);
    }
    crate::stripe::actions::pay(state, context, id, card)
}

fn refund(
    state: &mut State,
    context: &Context,
    payment: &str,
    amount: Option<u64>,
) -> Result<Vec<Value>, ControlError> {
    if payment.starts_with("pay_") {
        return crate::razorpay::actions::refund(state, context, payment, amount);
    }
    crate::stripe::actions::refund(state, context, payment, amount)
}

fn cancel(
    state: &mut State,
    context: &Context,
    subscription: &str,
    at_period_end: bool,
) -> Result<Vec<Value>, ControlError> {
    if crate::razorpay::actions::has_subscription(state, subscription) {
        return crate::razorpay::actions::cancel(state, context, subscription, at_period_end);
    }
    crate::stripe::actions::cancel(state, context, subscription, at_period_end)
}

/// Moves the clock forward in steps: to the next time at which something is due, until nothing is due before `to`.
fn advance(state: &mut State, context: &Context, to: Timestamp) -> Result<(), ControlError> {
    let now = state.clock.now(context.real_now);
    if to < now {
        return Err(ControlError::Backward { now: format_time(now), to: format_time(to) });
    }
    while let Some(due) = next_due(state).filter(|due| *due <= to) {
        state.clock.advance_to(due, context.real_now);
        let at = format_time(due.max(now));
        let context = Context { now: &at, ..*context };
        run_due(state, &context, due);
        delivery::deliver_waiting(state, &context);
    }
    state.clock.advance_to(to, context.real_now);
    Ok(())
}

/// The next time at which something happens by itself.
fn next_due(state: &State) -> Option<Timestamp> {
    let due = [crate::stripe::actions::next_due(state), crate::razorpay::actions::next_due(state)];
    due.into_iter().flatten().min()
}

/// Does everything that is due at this time.
fn run_due(state: &mut State, context: &Context, at: Timestamp) {
    crate::stripe::actions::run_due(state, context, at);
    crate::razorpay::actions::run_due(state, context, at);
}

impl EventReport {
    pub(crate) fn new(event: &crate::state::ProviderEvent) -> Self {
        Self {
            event_id: event.id.clone(),
            provider: event.provider,
            environment: event.environment,
            r#type: event.r#type.clone(),
            object_id: event.object_id.clone(),
            created_at: event.created.clone(),
            status: event.status,
            deliveries: event.deliveries.len(),
            handled: event.deliveries.first().map(|delivery| delivery.handled),
            response_status: event.deliveries.first().map(|delivery| delivery.status),
        }
    }
}
