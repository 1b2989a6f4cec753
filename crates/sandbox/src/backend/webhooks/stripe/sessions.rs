//! Events of checkout sessions.

use crate::backend::api_error::ApiError;
use crate::backend::webhooks::Applied;
use crate::backend::webhooks::stripe::StripeEvent;
use crate::backend::webhooks::stripe::object::time_of;
use crate::backend::webhooks::stripe::transactions::{NewTransaction, Source};
use crate::state::{References, State};

/// A customer has finished the page. The payment can still be on its way.
pub(super) fn completed(event: &StripeEvent, state: &mut State) -> Result<Applied, ApiError> {
    let paid = event.object.text("payment_status").as_deref() == Some("paid");
    finished(event, state, if paid { "succeeded" } else { "pending" })
}

/// A delayed payment has succeeded.
pub(super) fn paid_later(event: &StripeEvent, state: &mut State) -> Result<Applied, ApiError> {
    finished(event, state, "succeeded")
}

/// The three writes run side by side: if one fails, the others are done all the same.
fn finished(event: &StripeEvent, state: &mut State, status: &'static str) -> Result<Applied, ApiError> {
    let has_row = update_row(event, state, "completed");
    let stored = store_transaction(event, state, status);
    let mapped = map_customer(event, state)?;
    Ok(applied(has_row | stored? | mapped))
}

/// A delayed payment has failed.
pub(super) fn failed_later(event: &StripeEvent, state: &mut State) -> Result<Applied, ApiError> {
    let has_row = update_row(event, state, "completed");
    Ok(applied(has_row | store_transaction(event, state, "failed")?))
}

pub(super) fn expired(event: &StripeEvent, state: &mut State) -> Applied {
    applied(update_row(event, state, "expired"))
}

const fn applied(has_changed: bool) -> Applied {
    if has_changed { Applied::Handled } else { Applied::Ignored }
}

/// Updates the backend's row of the session. Returns whether there is one.
fn update_row(event: &StripeEvent, state: &mut State, status: &str) -> bool {
    let object = event.object;
    let id = object.text("id");
    let rows = &mut event.mirror(state).checkout_sessions;
    let Some(row) = rows.iter_mut().find(|row| row.session == id && id.is_some()) else { return false };
    status.clone_into(&mut row.status);
    row.payment_status = object.text("payment_status").or_else(|| row.payment_status.take());
    row.customer = object.id("customer").or_else(|| row.customer.take());
    row.payment_intent = object.id("payment_intent").or_else(|| row.payment_intent.take());
    row.subscription = object.id("subscription").or_else(|| row.subscription.take());
    row.last_error = None;
    event.context.now.clone_into(&mut row.updated_at);
    true
}

/// Stores the payment of a session in the mode `payment`. Returns whether it is one.
fn store_transaction(event: &StripeEvent, state: &mut State, status: &'static str) -> Result<bool, ApiError> {
    let object = event.object;
    if object.text("mode").as_deref() != Some("payment") {
        return Ok(false);
    }
    let new = NewTransaction {
        source: Source::CheckoutSession,
        r#type: "one_time_payment",
        status,
        subject: object.subject(),
        customer: object.id("customer"),
        email: object.get("customer_details").text("email"),
        references: References {
            checkout_session: object.text("id"),
            payment_intent: object.id("payment_intent"),
            subscription: object.id("subscription"),
            ..References::default()
        },
        amount: object.number("amount_total"),
        currency: object.text("currency"),
        description: None,
        at: time_of(event.created).or_else(|| object.time("created")),
        created: object.time("created"),
    };
    new.store(event, state)?;
    Ok(true)
}

/// Maps the billing subject to the session's customer. Returns whether it has both.
fn map_customer(event: &StripeEvent, state: &mut State) -> Result<bool, ApiError> {
    match (event.object.subject(), event.object.id("customer")) {
        (Some(subject), Some(customer)) => {
            event.mirror(state).subjects.map(&subject, &customer)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}
