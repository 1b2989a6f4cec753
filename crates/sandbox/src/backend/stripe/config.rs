//! Stripe's key, the connection, and the webhook endpoint that the backend manages.

use serde_json::{Value, json};

use crate::backend::form::Text;
use crate::backend::refusal::Refusal;
use crate::backend::stripe::{rows, sync};
use crate::backend::{Scene, World};
use crate::environment::Environment;
use crate::state::{State, Webhook};
use crate::stripe;

pub(super) fn status(state: &State) -> Value {
    let connections: Vec<Value> = Environment::ALL
        .iter()
        .map(|environment| rows::connection(state.insforge.stripe(*environment), *environment))
        .collect();
    json!({"connections": connections})
}

pub(super) fn config(state: &State) -> Value {
    let keys: Vec<Value> = Environment::ALL
        .iter()
        .map(|environment| {
            json!({"environment": environment.as_str(), "value": state.insforge.stripe(*environment).key})
        })
        .collect();
    json!({"keys": keys})
}

/// `STRIPE_TEST_SECRET_KEY is not configured`, as several places say it.
pub(super) fn not_configured(environment: Environment) -> String {
    format!("{} is not configured", key_name(environment))
}

fn key_name(environment: Environment) -> String {
    format!("STRIPE_{}_SECRET_KEY", environment.as_str().to_uppercase())
}

impl Scene<'_> {
    pub(super) fn set_key(&mut self) -> Result<Value, Refusal> {
        let environment = self.environment()?;
        let mut form = self.form()?;
        let key = form
            .text("secretKey", Text { required: Some("Stripe secret key is required"), ..Text::default() });
        form.refuse_unknown();
        form.finish()?;
        let prefix = format!("sk_{environment}_");
        if !key.starts_with(&prefix) {
            let message = format!("{} must start with {prefix}", key_name(environment));
            return Err(Refusal::new(400, "PAYMENT_CONFIG_INVALID", message));
        }
        let mirror = self.state.insforge.stripe(environment);
        let had_key = mirror.key.is_some();
        let account_before = mirror.connection.account_id.clone();
        // The key that is there already: Stripe is not even asked.
        if mirror.key.as_deref() == Some(&key) && account_before.is_some() {
            return Ok(config(self.state));
        }
        let (account, email) = self.state.stripe(&key, environment, self.world.now).account()?;
        let same_account = account_before.as_deref() == Some(&account);
        if had_key && same_account {
            let mirror = self.state.insforge.stripe_mut(environment);
            mirror.key = Some(key);
            mirror.connection.connect(account, Some(email), environment == Environment::Live);
            return Ok(config(self.state));
        }
        // Neither the webhook nor the first sync has to work: the key stays either way.
        let webhook = recreate_webhook(self.state, self.world, &key, environment).ok();
        let mirror = self.state.insforge.stripe_mut(environment);
        if !same_account {
            mirror.clear();
        }
        mirror.key = Some(key);
        mirror.connection.connect(account, Some(email), environment == Environment::Live);
        mirror.connection.webhook = webhook;
        mirror.connection.last_sync_error = None;
        sync::sync(self.state, self.world, &[environment]);
        Ok(config(self.state))
    }

    pub(super) fn remove_key(&mut self) -> Result<Value, Refusal> {
        let environment = self.environment()?;
        let Some(key) = self.state.insforge.stripe(environment).key.clone() else {
            return Err(Refusal::new(404, "PAYMENT_CONFIG_NOT_FOUND", "No Stripe key configured"));
        };
        // An endpoint that cannot be taken away is left behind.
        let _ = self.state.stripe(&key, environment, self.world.now).delete_webhook_endpoints();
        let mirror = self.state.insforge.stripe_mut(environment);
        mirror.key = None;
        mirror.connection.last_synced_at = None;
        mirror.connection.last_sync_counts = None;
        mirror.connection.disconnect("unconfigured", not_configured(environment));
        Ok(config(self.state))
    }

    pub(super) fn configure_webhook(&mut self) -> Result<Value, Refusal> {
        let environment = self.environment()?;
        let key = self.key()?;
        let (account, email) = self.state.stripe(&key, environment, self.world.now).account()?;
        let webhook = recreate_webhook(self.state, self.world, &key, environment)?;
        let mirror = self.state.insforge.stripe_mut(environment);
        mirror.connection.connect(account, Some(email), environment == Environment::Live);
        mirror.connection.webhook = Some(webhook);
        Ok(json!({"connection": rows::connection(mirror, environment)}))
    }

    /// The environment's key, without which nothing reaches Stripe.
    pub(super) fn key(&self) -> Result<String, Refusal> {
        let environment = self.environment()?;
        let key = self.state.insforge.stripe(environment).key.clone();
        key.ok_or_else(|| Refusal::new(400, "PAYMENT_CONFIG_INVALID", not_configured(environment)))
    }
}

/// Takes the managed endpoint away and makes a new one. When the second half fails, the first is done.
pub(super) fn recreate_webhook(
    state: &mut State,
    world: &World,
    key: &str,
    environment: Environment,
) -> Result<Webhook, stripe::Refusal> {
    let endpoint_url = format!("{}/api/webhooks/stripe/{environment}", world.base_url.trim_end_matches('/'));
    let mut stripe = state.stripe(key, environment, world.now);
    stripe.delete_webhook_endpoints()?;
    let endpoint_id = stripe.create_webhook_endpoint(&endpoint_url)?;
    Ok(Webhook { endpoint_id, endpoint_url, configured_at: world.now.to_owned() })
}
