//! Stripe's webhooks: the checks of a delivery, and what each event changes. There is no check of the order: an older event
//! overwrites what a newer one has written.

mod customers;
mod object;
mod payments;
mod refunds;
mod sessions;
mod signature;
mod subscriptions;
mod transactions;

use serde_json::{Value, json};

use crate::backend::api_error::ApiError;
use crate::backend::json::parse as parse_event;
use crate::backend::stripe::not_configured;
use crate::backend::webhooks::{Applied, IncomingEvent, process};
use crate::backend::{Context, Request};
use crate::environment::Environment;
use crate::generation::Generation;
use crate::provider::Provider;
use crate::state::stripe::StripeMirror;
use crate::state::{State, WebhookEventRow};
use object::Object;

/// The longest body, in bytes.
const MAX_BODY: usize = 100 * 1024;

/// An event, with what its projection needs besides the state.
struct StripeEvent<'a> {
    environment: Environment,
    r#type: &'a str,
    object: Object<'a>,
    /// When it happened, in Unix seconds.
    created: Option<i64>,
    context: &'a Context<'a>,
}

pub(super) fn receive(
    request: &Request,
    environment: &str,
    state: &mut State,
    context: &Context,
) -> Result<Value, ApiError> {
    let environment = Environment::named(environment)
        .ok_or_else(|| ApiError::invalid_input("Invalid Stripe environment"))?;
    if request.body.len() > MAX_BODY {
        return Err(internal("request entity too large"));
    }
    let header = request
        .header("stripe-signature")
        .ok_or_else(|| ApiError::new(401, "AUTH_UNAUTHORIZED", "Missing stripe-signature header"))?;
    let content_type = request.header("content-type").unwrap_or_default().to_lowercase();
    if !content_type.trim_start().starts_with("application/json") {
        return Err(ApiError::invalid_input("Stripe webhook requires raw request body"));
    }
    let secret = state.insforge.stripe_webhook_secret(environment).map(str::to_owned);
    let secret = secret.ok_or_else(|| {
        internal(format!("STRIPE_{}_WEBHOOK_SECRET is not configured", environment.as_str().to_uppercase()))
    })?;
    if state.insforge.stripe(environment).key.is_none() {
        return Err(ApiError::new(400, "PAYMENT_CONFIG_INVALID", not_configured(environment)));
    }
    signature::check(header, &request.body, &secret, context.real_now.as_second()).map_err(internal)?;
    let event = parse_event(&request.body)?;
    let text = |name: &str| event[name].as_str().map(str::to_owned);
    let data = event
        .get("data")
        .ok_or_else(|| internal("Cannot read properties of undefined (reading 'object')"))?;
    let object = Object::new(data.get("object"));
    let incoming = IncomingEvent {
        provider: Provider::Stripe,
        environment,
        id: text("id").unwrap_or_default(),
        r#type: text("type").unwrap_or_default(),
        livemode: event["livemode"] == true,
        account_id: text("account"),
        object_type: object.text("object"),
        object_id: object.text("id"),
    };
    let r#type = incoming.r#type.clone();
    let stripe_event =
        StripeEvent { environment, r#type: &r#type, object, created: event["created"].as_i64(), context };
    let (handled, row) = process(state, context, incoming, |state| stripe_event.apply(state))?;
    Ok(json!({"received": true, "handled": handled, "event": event_row(&row, context.generation)}))
}

impl StripeEvent<'_> {
    /// Changes the rows that the event is about.
    fn apply(&self, state: &mut State) -> Result<Applied, ApiError> {
        match self.r#type {
            "customer.created" | "customer.updated" => Ok(customers::store(self, state)),
            "customer.deleted" => Ok(customers::delete(self, state)),
            "checkout.session.completed" => sessions::completed(self, state),
            "checkout.session.async_payment_succeeded" => sessions::paid_later(self, state),
            "checkout.session.async_payment_failed" => sessions::failed_later(self, state),
            "checkout.session.expired" => Ok(sessions::expired(self, state)),
            "payment_intent.succeeded" | "payment_intent.payment_failed" => {
                payments::payment_intent(self, state)
            }
            "invoice.paid" | "invoice.payment_failed" => payments::invoice(self, state),
            "charge.refunded" => refunds::charge_refunded(self, state),
            "refund.created" | "refund.updated" | "refund.failed" => refunds::refund(self, state),
            "customer.subscription.created"
            | "customer.subscription.updated"
            | "customer.subscription.deleted"
            | "customer.subscription.paused"
            | "customer.subscription.resumed" => Ok(subscriptions::store(self, state)),
            _ => Ok(Applied::Ignored),
        }
    }

    fn mirror<'s>(&self, state: &'s mut State) -> &'s mut StripeMirror {
        state.insforge.stripe_mut(self.environment)
    }
}

fn internal(message: impl Into<String>) -> ApiError {
    ApiError::new(500, "INTERNAL_ERROR", message)
}

/// The row in a response.
fn event_row(row: &WebhookEventRow, generation: Generation) -> Value {
    let (event_id, account_id) = match generation {
        Generation::Newer => ("eventId", "accountId"),
        Generation::Older => ("stripeEventId", "stripeAccountId"),
    };
    json!({
        "environment": row.environment.as_str(),
        event_id: row.event_id,
        "eventType": row.event_type,
        "livemode": row.livemode,
        account_id: row.account_id,
        "objectType": row.object_type,
        "objectId": row.object_id,
        "processingStatus": row.processing_status,
        "attemptCount": row.attempt_count,
        "lastError": row.last_error,
        "receivedAt": row.received_at,
        "processedAt": row.processed_at,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
    })
}
