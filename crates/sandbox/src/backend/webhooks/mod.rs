//! The receiver of the providers' webhooks. It stores each event as a row, applies it once, and tries it again if it failed.

mod razorpay;
mod stripe;

use jiff::{SignedDuration, Timestamp};

use crate::backend::api_error::ApiError;
use crate::backend::{Context, Request, Response};
use crate::environment::Environment;
use crate::provider::Provider;
use crate::state::{State, WebhookEventRow};

/// After this time, an event that is still pending is tried again: the process that worked on it has died.
const PENDING_LIMIT: SignedDuration = SignedDuration::from_mins(5);

/// Responds to a delivery.
pub(super) fn receive(
    request: &Request,
    provider: Provider,
    environment: &str,
    state: &mut State,
    context: &Context,
) -> Response {
    let result = match provider {
        Provider::Stripe => stripe::receive(request, environment, state, context),
        Provider::Razorpay => razorpay::receive(request, environment, state, context),
    };
    match result {
        Ok(body) => Response { status: 200, body: Some(body) },
        Err(error) => error.into_response(),
    }
}

/// A delivered event whose signature is right.
struct IncomingEvent {
    provider: Provider,
    environment: Environment,
    /// The provider's id. It is unique in the environment.
    id: String,
    r#type: String,
    livemode: bool,
    account_id: Option<String>,
    object_type: Option<String>,
    object_id: Option<String>,
}

/// What applying an event did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Applied {
    /// The backend uses the event.
    Handled,
    /// The backend does not use events of this type, or has no row for this one.
    Ignored,
}

/// Stores an event and applies it. An event that was applied before is left alone. Returns whether the event was applied, and
/// its row. If it cannot be applied, its row has the error, and what was written until then stays.
fn process(
    state: &mut State,
    context: &Context,
    event: IncomingEvent,
    apply: impl FnOnce(&mut State) -> Result<Applied, ApiError>,
) -> Result<(bool, WebhookEventRow), ApiError> {
    let rows = &mut state.insforge.webhook_events;
    let known = rows.iter().position(|row| {
        (row.provider, row.environment, &row.event_id) == (event.provider, event.environment, &event.id)
    });
    let index = known.unwrap_or(rows.len());
    if let Some(row) = rows.get_mut(index) {
        if !row.can_be_tried_again(context.now) {
            return Ok((false, row.clone()));
        }
        row.attempt_count += 1;
        row.last_error = None;
    } else {
        let id = state.insforge.ids.uuid();
        rows.push(WebhookEventRow::new(id, event, context.now));
    }
    let applied = apply(state);
    let row = state.insforge.webhook_events.get_mut(index);
    let row = row.ok_or_else(|| ApiError::new(500, "INTERNAL_ERROR", "The row of the event was deleted"))?;
    context.now.clone_into(&mut row.updated_at);
    match applied {
        Ok(applied) => {
            let handled = applied == Applied::Handled;
            (if handled { "processed" } else { "ignored" }).clone_into(&mut row.processing_status);
            row.processed_at = Some(context.now.to_owned());
            Ok((handled, row.clone()))
        }
        Err(error) => {
            "failed".clone_into(&mut row.processing_status);
            row.last_error = Some(error.message().to_owned());
            Err(error)
        }
    }
}

impl WebhookEventRow {
    fn new(id: String, event: IncomingEvent, now: &str) -> Self {
        Self {
            id,
            provider: event.provider,
            environment: event.environment,
            event_id: event.id,
            event_type: event.r#type,
            livemode: event.livemode,
            account_id: event.account_id,
            object_type: event.object_type,
            object_id: event.object_id,
            processing_status: "pending".to_owned(),
            attempt_count: 1,
            last_error: None,
            received_at: now.to_owned(),
            processed_at: None,
            created_at: now.to_owned(),
            updated_at: now.to_owned(),
        }
    }

    /// Whether another delivery of the event is applied.
    fn can_be_tried_again(&self, now: &str) -> bool {
        match self.processing_status.as_str() {
            "failed" => true,
            "pending" => match (self.updated_at.parse::<Timestamp>(), now.parse::<Timestamp>()) {
                (Ok(updated), Ok(now)) => now.duration_since(updated) > PENDING_LIMIT,
                _ => false,
            },
            _ => false,
        }
    }
}
