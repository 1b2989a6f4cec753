//! The Razorpay keys, the connection, and the webhook to set up in Razorpay's dashboard.

use serde_json::{Value, json};

use crate::backend::api_error::ApiError;
use crate::backend::razorpay::{rows, sync};
use crate::backend::validate::StringRules;
use crate::backend::{Context, Handler};
use crate::environment::Environment;
use crate::state::razorpay::{Key, RazorpayMirror};
use crate::state::{State, Webhook};

const KEY_ID: StringRules = StringRules {
    required_message: Some("Razorpay key ID is required"),
    max_length: None,
    too_long_message: None,
};
const KEY_SECRET: StringRules = StringRules {
    required_message: Some("Razorpay key secret is required"),
    max_length: None,
    too_long_message: None,
};

/// The length of a generated webhook secret.
const SECRET_LENGTH: usize = 64;

pub(super) fn status(state: &State) -> Value {
    let connections: Vec<Value> = Environment::ALL
        .iter()
        .map(|environment| rows::connection(state.insforge.razorpay(*environment), *environment))
        .collect();
    json!({"razorpayConnections": connections})
}

pub(super) fn config(state: &State) -> Value {
    let keys = Environment::ALL.iter().flat_map(|environment| {
        let RazorpayMirror { key, webhook_secret, .. } = state.insforge.razorpay(*environment);
        let values = [
            ("api_key", key.as_ref().map(|key| &key.id)),
            ("api_secret", key.as_ref().map(|key| &key.secret)),
            ("webhook_secret", webhook_secret.as_ref()),
        ];
        values.map(
            |(r#type, value)| json!({"environment": environment.as_str(), "keyType": r#type, "value": value}),
        )
    });
    json!({"keys": keys.collect::<Vec<_>>()})
}

/// The message `Razorpay test keys are not configured`.
pub(super) fn not_configured(environment: Environment) -> String {
    format!("Razorpay {environment} keys are not configured")
}

/// The environment's key, or an error if it is not configured.
pub(super) fn require_key(state: &State, environment: Environment) -> Result<Key, ApiError> {
    let key = state.insforge.razorpay(environment).key.clone();
    key.ok_or_else(|| ApiError::new(400, "PAYMENT_CONFIG_NOT_FOUND", not_configured(environment)))
}

pub(super) fn set(handler: &mut Handler, environment: Environment) -> Result<Value, ApiError> {
    let mut fields = handler.body()?;
    let key = Key {
        id: fields.required_string("keyId", KEY_ID),
        secret: fields.required_string("keySecret", KEY_SECRET),
    };
    let webhook_secret = fields.optional_string("webhookSecret", StringRules::default());
    fields.reject_unknown_fields();
    fields.finish()?;
    let prefix = format!("rzp_{environment}_");
    if !key.id.starts_with(&prefix) {
        let message =
            format!("Razorpay key ID must start with \"{prefix}\" for the {environment} environment");
        return Err(ApiError::new(400, "PAYMENT_CONFIG_INVALID", message));
    }
    handler.state.razorpay(&key, environment, handler.context.now).check_key()?;
    let ids = &mut handler.state.razorpay.ids;
    let mirror = handler.state.insforge.razorpay_mut(environment);
    // The backend takes the key ID for the account, even after the key was removed.
    let account_before = mirror.connection.account_id.clone();
    if account_before.as_ref().is_some_and(|account| *account != key.id) {
        mirror.clear();
    }
    let is_new_key = mirror.key.as_ref() != Some(&key);
    mirror.key = Some(key.clone());
    mirror.webhook_secret = webhook_secret
        .filter(|secret| !secret.is_empty())
        .or_else(|| mirror.webhook_secret.take())
        .or_else(|| Some(ids.hex(SECRET_LENGTH)));
    mirror.connection.connect(key.id, None, environment == Environment::Live);
    store_secrets(handler.state, handler.context, environment);
    if is_new_key || account_before.is_none() {
        sync::sync(handler.state, handler.context, &[environment]);
    }
    Ok(config(handler.state))
}

pub(super) fn remove(handler: &mut Handler, environment: Environment) -> Result<Value, ApiError> {
    for name in secret_names(environment) {
        handler.state.insforge.secrets.deactivate(&name, handler.context.now);
    }
    let mirror = handler.state.insforge.razorpay_mut(environment);
    mirror.webhook_secret = None;
    if mirror.key.take().is_none() {
        let message = "No Razorpay keys configured for this environment";
        return Err(ApiError::new(404, "PAYMENT_CONFIG_NOT_FOUND", message));
    }
    mirror.connection.last_synced_at = None;
    mirror.connection.last_sync_counts = None;
    mirror.connection.disconnect("unconfigured", not_configured(environment));
    Ok(config(handler.state))
}

/// The values for Razorpay's dashboard. The backend assumes that the caller enters them there.
pub(super) fn webhook_setup(handler: &mut Handler, environment: Environment) -> Result<Value, ApiError> {
    require_key(handler.state, environment)?;
    if handler.state.insforge.razorpay(environment).webhook_secret.is_none() {
        create_webhook_secret(handler.state, handler.context, environment);
    }
    Ok(webhook_values(handler, environment))
}

pub(super) fn rotate_secret(handler: &mut Handler, environment: Environment) -> Result<Value, ApiError> {
    require_key(handler.state, environment)?;
    create_webhook_secret(handler.state, handler.context, environment);
    Ok(webhook_values(handler, environment))
}

fn create_webhook_secret(state: &mut State, context: &Context, environment: Environment) {
    let secret = state.razorpay.ids.hex(SECRET_LENGTH);
    state.insforge.razorpay_mut(environment).webhook_secret = Some(secret);
    store_secrets(state, context, environment);
}

/// The names of the secrets: the key id, the key secret and the webhook secret.
fn secret_names(environment: Environment) -> [String; 3] {
    let environment = environment.as_str().to_uppercase();
    [
        format!("RAZORPAY_{environment}_KEY_ID"),
        format!("RAZORPAY_{environment}_KEY_SECRET"),
        format!("RAZORPAY_{environment}_WEBHOOK_SECRET"),
    ]
}

/// Stores the keys and the webhook secret among the project's secrets, too.
fn store_secrets(state: &mut State, context: &Context, environment: Environment) {
    let mirror = state.insforge.razorpay(environment);
    let key = mirror.key.as_ref();
    let values =
        [key.map(|key| key.id.clone()), key.map(|key| key.secret.clone()), mirror.webhook_secret.clone()];
    for (name, value) in secret_names(environment).into_iter().zip(values) {
        if let Some(value) = value {
            state.insforge.store_managed_secret(name, &value, context);
        }
    }
}

fn webhook_values(handler: &mut Handler, environment: Environment) -> Value {
    let base_url = handler.context.base_url.trim_end_matches('/');
    let url = format!("{base_url}/api/webhooks/razorpay/{environment}");
    let mirror = handler.state.insforge.razorpay_mut(environment);
    mirror.connection.webhook = Some(Webhook {
        endpoint_id: "manual".to_owned(),
        endpoint_url: url.clone(),
        configured_at: handler.context.now.to_owned(),
    });
    json!({
        "connection": rows::connection(mirror, environment),
        "webhookUrl": url,
        "webhookSecret": mirror.webhook_secret,
    })
}
