//! Razorpay's keys, the connection, and what has to stand in Razorpay's dashboard.

use serde_json::{Value, json};

use crate::backend::Scene;
use crate::backend::form::Text;
use crate::backend::razorpay::{rows, sync};
use crate::backend::refusal::Refusal;
use crate::environment::Environment;
use crate::state::razorpay::{Key, Mirror};
use crate::state::{State, Webhook};

const KEY_ID: Text = Text { required: Some("Razorpay key ID is required"), longest: None, too_long: None };
const KEY_SECRET: Text =
    Text { required: Some("Razorpay key secret is required"), longest: None, too_long: None };

/// How long a webhook secret is that the backend makes.
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
        let Mirror { key, webhook_secret, .. } = state.insforge.razorpay(*environment);
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

/// `Razorpay test keys are not configured`, as several places say it.
pub(super) fn not_configured(environment: Environment) -> String {
    format!("Razorpay {environment} keys are not configured")
}

/// The environment's key, without which nothing reaches Razorpay.
pub(super) fn key(state: &State, environment: Environment) -> Result<Key, Refusal> {
    let key = state.insforge.razorpay(environment).key.clone();
    key.ok_or_else(|| Refusal::new(400, "PAYMENT_CONFIG_NOT_FOUND", not_configured(environment)))
}

pub(super) fn set(scene: &mut Scene, environment: Environment) -> Result<Value, Refusal> {
    let mut form = scene.form()?;
    let key = Key { id: form.text("keyId", KEY_ID), secret: form.text("keySecret", KEY_SECRET) };
    let webhook_secret = form.optional_text("webhookSecret", Text::default());
    form.refuse_unknown();
    form.finish()?;
    let prefix = format!("rzp_{environment}_");
    if !key.id.starts_with(&prefix) {
        let message =
            format!("Razorpay key ID must start with \"{prefix}\" for the {environment} environment");
        return Err(Refusal::new(400, "PAYMENT_CONFIG_INVALID", message));
    }
    scene.state.razorpay(&key, environment, scene.world.now).orders()?;
    let ids = &mut scene.state.razorpay.ids;
    let mirror = scene.state.insforge.razorpay_mut(environment);
    // To the backend the key ID is the account, even that of a key which was removed.
    let account_before = mirror.connection.account_id.clone();
    if account_before.as_ref().is_some_and(|account| *account != key.id) {
        mirror.clear();
    }
    let is_another = mirror.key.as_ref() != Some(&key);
    mirror.key = Some(key.clone());
    mirror.webhook_secret = webhook_secret
        .filter(|secret| !secret.is_empty())
        .or_else(|| mirror.webhook_secret.take())
        .or_else(|| Some(ids.hex(SECRET_LENGTH)));
    mirror.connection.connect(key.id, None, environment == Environment::Live);
    if is_another || account_before.is_none() {
        sync::sync(scene.state, scene.world, &[environment]);
    }
    Ok(config(scene.state))
}

pub(super) fn remove(scene: &mut Scene, environment: Environment) -> Result<Value, Refusal> {
    let mirror = scene.state.insforge.razorpay_mut(environment);
    mirror.webhook_secret = None;
    if mirror.key.take().is_none() {
        let message = "No Razorpay keys configured for this environment";
        return Err(Refusal::new(404, "PAYMENT_CONFIG_NOT_FOUND", message));
    }
    mirror.connection.last_synced_at = None;
    mirror.connection.last_sync_counts = None;
    mirror.connection.disconnect("unconfigured", not_configured(environment));
    Ok(config(scene.state))
}

/// Whoever asks what to enter in the dashboard has, as far as the backend knows, entered it.
pub(super) fn webhook(scene: &mut Scene, environment: Environment) -> Result<Value, Refusal> {
    key(scene.state, environment)?;
    if scene.state.insforge.razorpay(environment).webhook_secret.is_none() {
        make_secret(scene.state, environment);
    }
    Ok(webhook_values(scene, environment))
}

pub(super) fn rotate_secret(scene: &mut Scene, environment: Environment) -> Result<Value, Refusal> {
    key(scene.state, environment)?;
    make_secret(scene.state, environment);
    Ok(webhook_values(scene, environment))
}

fn make_secret(state: &mut State, environment: Environment) {
    let secret = state.razorpay.ids.hex(SECRET_LENGTH);
    state.insforge.razorpay_mut(environment).webhook_secret = Some(secret);
}

fn webhook_values(scene: &mut Scene, environment: Environment) -> Value {
    let base_url = scene.world.base_url.trim_end_matches('/');
    let url = format!("{base_url}/api/webhooks/razorpay/{environment}");
    let mirror = scene.state.insforge.razorpay_mut(environment);
    mirror.connection.webhook = Some(Webhook {
        endpoint_id: "manual".to_owned(),
        endpoint_url: url.clone(),
        configured_at: scene.world.now.to_owned(),
    });
    json!({
        "connection": rows::connection(mirror, environment),
        "webhookUrl": url,
        "webhookSecret": mirror.webhook_secret,
    })
}
