//! Delivers the providers' events to the backend's own webhook routes, as requests like any other.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::backend::{Context, ParsedRequest, Request};
use crate::environment::Environment;
use crate::generation::Generation;
use crate::provider::Provider;
use crate::signature::{hex_hmac_sha256, stripe_signature};
use crate::state::{DelayedEvent, Delivery, EventStatus, ProviderEvent, State, format_time};

/// Delivers the events that wait, in the order in which they happened, unless a fault prevents or delays it.
pub(crate) fn deliver_waiting(state: &mut State, context: &Context) {
    let is_waiting = |(_, event): &(usize, &ProviderEvent)| event.status == EventStatus::Waiting;
    let waiting = state.events.events.iter().enumerate().filter(is_waiting);
    let waiting: Vec<_> = waiting.map(|(index, event)| (index, event.clone())).collect();
    let real_now = format_time(context.real_now);
    for (index, event) in waiting {
        let duplicate = match state.events.delayed.get(&event.id) {
            Some(delayed) if delayed.until > real_now => continue,
            Some(delayed) => delayed.duplicate,
            None => {
                let fault = (context.event_fault)(&event.r#type);
                if fault.drop {
                    set_status(state, index, EventStatus::Dropped);
                    continue;
                }
                if !fault.delay.is_zero() {
                    let until = context.real_now.checked_add(fault.delay).unwrap_or(Timestamp::MAX);
                    let until = format_time(until);
                    let delayed = DelayedEvent { until, duplicate: fault.duplicate };
                    state.events.delayed.insert(event.id, delayed);
                    continue;
                }
                fault.duplicate
            }
        };
        state.events.delayed.remove(&event.id);
        if duplicate {
            deliver(state, context, index, event.clone());
        }
        deliver(state, context, index, event);
    }
}

/// Delivers the event with this index, and records the backend's answer.
fn deliver(state: &mut State, context: &Context, index: usize, event: ProviderEvent) {
    // Older backends do not support Razorpay.
    let is_supported = event.provider == Provider::Stripe || context.generation == Generation::Newer;
    let secret = webhook_secret(state, event.provider, event.environment).filter(|_| is_supported);
    let Some(secret) = secret else {
        set_status(state, index, EventStatus::NoWebhook);
        return;
    };
    let headers = signed_headers(event.provider, &event.id, &event.body, &secret, context.real_now);
    let target = format!("/api/webhooks/{}/{}", event.provider, event.environment);
    let request = Request::new("POST", &target, headers, event.body.into_bytes());
    let response = ParsedRequest::new(request, context.generation).respond(state, context);
    let handled = response.body.as_ref().is_some_and(|body| body["handled"] == true);
    state.events.deliveries += 1;
    let delivery = Delivery { number: state.events.deliveries, status: response.status, handled };
    if let Some(event) = state.events.events.get_mut(index) {
        event.status = EventStatus::Delivered;
        event.deliveries.push(delivery);
    }
}

/// The secret with which a provider signs its events; `None` if it has no webhook endpoint.
pub(crate) fn webhook_secret(state: &State, provider: Provider, environment: Environment) -> Option<String> {
    match provider {
        Provider::Stripe => state.insforge.stripe_webhook_secret(environment).map(str::to_owned),
        Provider::Razorpay => state.insforge.razorpay(environment).webhook_secret.clone(),
    }
}

/// The headers of a delivery at this time.
pub(crate) fn signed_headers(
    provider: Provider,
    id: &str,
    body: &str,
    secret: &str,
    real_now: Timestamp,
) -> BTreeMap<String, String> {
    let own = match provider {
        Provider::Stripe => {
            vec![("stripe-signature", stripe_signature(secret, real_now.as_second(), body))]
        }
        Provider::Razorpay => vec![
            ("x-razorpay-signature", hex_hmac_sha256(secret.as_bytes(), body.as_bytes())),
            ("x-razorpay-event-id", id.to_owned()),
        ],
    };
    let all = own.into_iter().chain([("content-type", "application/json".to_owned())]);
    all.map(|(name, value)| (name.to_owned(), value)).collect()
}

fn set_status(state: &mut State, index: usize, status: EventStatus) {
    if let Some(event) = state.events.events.get_mut(index) {
        event.status = status;
    }
}
