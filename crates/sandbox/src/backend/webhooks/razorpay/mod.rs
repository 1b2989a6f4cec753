//! Razorpay's webhooks: the signature, and what each event changes.

mod apply;

use serde_json::{Value, json};

use crate::backend::api_error::ApiError;
use crate::backend::razorpay::decode_hex;
use crate::backend::webhooks::{IncomingEvent, process};
use crate::backend::{Context, Request};
use crate::environment::Environment;
use crate::provider::Provider;
use crate::signature::is_hmac_sha256;
use crate::state::State;

pub(super) fn receive(
    request: &Request,
    environment: &str,
    state: &mut State,
    context: &Context,
) -> Result<Value, ApiError> {
    let environment = Environment::named(environment)
        .ok_or_else(|| ApiError::invalid_input("Invalid Razorpay environment"))?;
    let signature = request.header("x-razorpay-signature").filter(|signature| !signature.is_empty());
    let missing = || ApiError::new(401, "AUTH_UNAUTHORIZED", "Missing X-Razorpay-Signature header");
    let signature = signature.ok_or_else(missing)?;
    let secret = state.insforge.razorpay(environment).webhook_secret.clone().ok_or_else(|| {
        let message = format!("Razorpay {environment} webhook secret is not configured");
        ApiError::new(500, "INTERNAL_ERROR", message)
    })?;
    let signature = decode_hex(signature).unwrap_or_default();
    if !is_hmac_sha256(&signature, secret.as_bytes(), &request.body) {
        return Err(ApiError::invalid_input(format!(
            "Invalid Razorpay webhook signature. Confirm the Razorpay Dashboard webhook secret matches the \
             {environment} InsForge webhook setup and the webhook URL points to \
             /api/webhooks/razorpay/{environment}."
        )));
    }
    let event: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some(r#type) = event["event"].as_str() else {
        return Err(ApiError::invalid_input("Invalid Razorpay webhook payload"));
    };
    let id = request.header("x-razorpay-event-id").filter(|id| !id.is_empty()).map(str::to_owned);
    let id = id.unwrap_or_else(|| derived_id(&event, r#type));
    let incoming = IncomingEvent {
        provider: Provider::Razorpay,
        environment,
        id,
        r#type: r#type.to_owned(),
        livemode: environment == Environment::Live,
        // The backend does not store them for Razorpay.
        account_id: None,
        object_type: None,
        object_id: None,
    };
    let apply = |state: &mut State| apply::apply(&event, environment, state, context);
    let (handled, _) = process(state, context, incoming, apply)?;
    Ok(json!({"received": true, "handled": handled}))
}

/// The id of an event that was delivered without one.
fn derived_id(event: &Value, r#type: &str) -> String {
    let object = r#type.split('.').next().unwrap_or_default();
    let entity = &event["payload"][object]["entity"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("{}.{}.{}.{}", text(&event["account_id"]), r#type, text(&entity["id"]), event["created_at"])
}
