//! What customers and the merchant do at Stripe, without the backend: they pay, refund and cancel. And what is due at a time.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::backend::Context;
use crate::control::{Card, ControlError};
use crate::state::State;
use crate::stripe::activity::{AccountRef, Activity};
use crate::stripe::{AccountData, due};

/// Pays a checkout session, or the open invoices of a subscription. Returns the changed objects.
pub(crate) fn pay(
    state: &mut State,
    context: &Context,
    id: &str,
    card: Card,
) -> Result<Vec<Value>, ControlError> {
    let what = if id.starts_with("cs_") {
        "checkout session"
    } else if id.starts_with("sub_") {
        "subscription"
    } else {
        "checkout session, order or subscription"
    };
    let owns = |data: &AccountData| data.checkout_session(id).is_some() || data.subscription(id).is_some();
    let mut activity = find(state, context, what, id, owns)?;
    // The first payment of a subscription belongs to a session, as long as that is open.
    let sessions = activity.data.checkout_sessions.iter();
    let open = sessions
        .rev()
        .find(|session| session.status == "open" && session.subscription.as_deref() == Some(id));
    let session = open.map_or_else(|| id.to_owned(), |session| session.id.clone());
    if activity.data.checkout_session(&session).is_none() {
        activity.pay_subscription(id, card)?;
        let data = &activity.data;
        let subscription = data.subscription(id);
        let invoice =
            subscription.and_then(|subscription| data.invoice(subscription.latest_invoice.as_ref()?));
        let payment = invoice.and_then(|invoice| invoice.payment_intent.as_deref());
        return Ok([payment.and_then(|id| payment_summary(data, id)), subscription_summary(data, id)]
            .into_iter()
            .flatten()
            .collect());
    }
    activity.pay_session(&session, card)?;
    Ok(session_summary(activity.data, &session))
}

/// Refunds a payment, and returns the refund.
pub(crate) fn refund(
    state: &mut State,
    context: &Context,
    payment: &str,
    amount: Option<u64>,
) -> Result<Vec<Value>, ControlError> {
    let owns = |data: &AccountData| data.find_payment(payment).is_some();
    let refund = find(state, context, "payment", payment, owns)?.refund(payment, amount)?;
    Ok(vec![json!({
        "object": "refund",
        "id": refund.id,
        "status": refund.status,
        "amount": refund.amount,
        "currency": refund.currency,
    })])
}

/// Cancels a subscription, and returns it.
pub(crate) fn cancel(
    state: &mut State,
    context: &Context,
    subscription: &str,
    at_period_end: bool,
) -> Result<Vec<Value>, ControlError> {
    let owns = |data: &AccountData| data.subscription(subscription).is_some();
    let mut activity = find(state, context, "subscription", subscription, owns)?;
    activity.cancel(subscription, at_period_end)?;
    let mut summary = subscription_summary(activity.data, subscription);
    if let Some(summary) = &mut summary {
        let canceled = activity.data.subscription(subscription);
        summary["cancelAtPeriodEnd"] = json!(canceled.map(|canceled| canceled.cancel_at_period_end));
    }
    Ok(summary.into_iter().collect())
}

/// The next time at which something happens by itself.
pub(crate) fn next_due(state: &State) -> Option<Timestamp> {
    due::next_due(state)
}

/// Does everything that is due at this time.
pub(crate) fn run_due(state: &mut State, context: &Context, at: Timestamp) {
    due::run_due(state, context.now, at);
}

/// The account with an object, in one of its environments. An application does not say which account it means.
fn find<'a>(
    state: &'a mut State,
    context: &Context,
    what: &'static str,
    id: &str,
    owns: impl Fn(&AccountData) -> bool,
) -> Result<Activity<'a>, ControlError> {
    let owner = state.stripe_accounts().find(|(_, data)| owns(data)).map(|(account, _)| account);
    let not_found = || ControlError::NotFound { what, id: id.to_owned() };
    let owner: AccountRef = owner.ok_or_else(not_found)?;
    state.stripe_activity(&owner, context.now).ok_or_else(not_found)
}

/// A session, its payment and its subscription.
fn session_summary(data: &AccountData, id: &str) -> Vec<Value> {
    let Some(session) = data.checkout_session(id) else { return Vec::new() };
    let subscription = session.subscription.as_deref();
    let invoice = subscription.and_then(|id| data.invoice(data.subscription(id)?.latest_invoice.as_ref()?));
    let invoice_payment = invoice.and_then(|invoice| invoice.payment_intent.as_deref());
    let payment = session.payment_intent.as_deref().or(invoice_payment);
    let own = json!({
        "object": "checkout_session",
        "id": session.id,
        "status": session.status,
        "paymentStatus": session.payment_status,
    });
    let others = [
        payment.and_then(|id| payment_summary(data, id)),
        subscription.and_then(|id| subscription_summary(data, id)),
    ];
    std::iter::once(own).chain(others.into_iter().flatten()).collect()
}

fn payment_summary(data: &AccountData, id: &str) -> Option<Value> {
    let payment = data.payment_intent(id)?;
    Some(json!({
        "object": "payment_intent",
        "id": payment.id,
        "status": payment.status,
        "amount": payment.amount,
        "currency": payment.currency,
    }))
}

fn subscription_summary(data: &AccountData, id: &str) -> Option<Value> {
    let subscription = data.subscription(id)?;
    Some(json!({"object": "subscription", "id": subscription.id, "status": subscription.status}))
}
