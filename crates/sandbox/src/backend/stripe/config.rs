//! The Stripe key, the connection, and the webhook endpoint that the backend manages.

use serde_json::{Value, json};

use crate::backend::api_error::ApiError;
use crate::backend::secrets::stripe_webhook_secret_key;
use crate::backend::stripe::{rows, sync};
use crate::backend::validate::StringRules;
use crate::backend::{Context, Handler};
use crate::environment::Environment;
use crate::state::{State, Webhook};
use crate::stripe::StripeError;

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

/// The message `STRIPE_TEST_SECRET_KEY is not configured`.
pub(in crate::backend) fn not_configured(environment: Environment) -> String {
    format!("{} is not configured", key_name(environment))
}

fn key_name(environment: Environment) -> String {
    format!("STRIPE_{}_SECRET_KEY", environment.as_str().to_uppercase())
}

impl Handler<'_> {
    pub(super) fn set_key(&mut self) -> Result<Value, ApiError> {
        let environment = self.environment()?;
        let mut fields = self.body()?;
        let key = fields.required_string(
            "secretKey",
            StringRules { required_message: Some("Stripe secret key is required"), ..StringRules::default() },
        );
        fields.reject_unknown_fields();
        fields.finish()?;
        let prefix = format!("sk_{environment}_");
        if !key.starts_with(&prefix) {
            let message = format!("{} must start with {prefix}", key_name(environment));
            return Err(ApiError::new(400, "PAYMENT_CONFIG_INVALID", message));
        }
        let mirror = self.state.insforge.stripe(environment);
        let had_key = mirror.key.is_some();
        let account_before = mirror.connection.account_id.clone();
        // The key does not change, so the backend does not contact Stripe.
        if mirror.key.as_deref() == Some(&key) && account_before.is_some() {
            return Ok(config(self.state));
        }
        let (account, email) = self.state.stripe(&key, environment, self.context.now).account()?;
        let same_account = account_before.as_deref() == Some(&account);
        if had_key && same_account {
            self.state.insforge.store_managed_secret(key_name(environment), &key, self.context);
            let mirror = self.state.insforge.stripe_mut(environment);
            mirror.key = Some(key);
            mirror.connection.connect(account, Some(email), environment == Environment::Live);
            return Ok(config(self.state));
        }
        self.state.insforge.store_managed_secret(key_name(environment), &key, self.context);
        // The key is saved even if the webhook or the first sync fails.
        let webhook = recreate_webhook(self.state, self.context, &key, environment).ok();
        let mirror = self.state.insforge.stripe_mut(environment);
        if !same_account {
            mirror.clear();
        }
        mirror.key = Some(key);
        mirror.connection.connect(account, Some(email), environment == Environment::Live);
        mirror.connection.webhook = webhook;
        mirror.connection.last_sync_error = None;
        sync::sync(self.state, self.context, &[environment]);
        Ok(config(self.state))
    }

    pub(super) fn remove_key(&mut self) -> Result<Value, ApiError> {
        let environment = self.environment()?;
        let Some(key) = self.state.insforge.stripe(environment).key.clone() else {
            return Err(ApiError::new(404, "PAYMENT_CONFIG_NOT_FOUND", "No Stripe key configured"));
        };
        // If the endpoint cannot be deleted, the backend leaves it.
        let _ = self.state.stripe(&key, environment, self.context.now).delete_webhook_endpoints();
        let insforge = &mut self.state.insforge;
        insforge.secrets.deactivate(&key_name(environment), self.context.now);
        insforge.secrets.deactivate(&stripe_webhook_secret_key(environment), self.context.now);
        let mirror = insforge.stripe_mut(environment);
        mirror.key = None;
        mirror.connection.last_synced_at = None;
        mirror.connection.last_sync_counts = None;
        mirror.connection.disconnect("unconfigured", not_configured(environment));
        Ok(config(self.state))
    }

    pub(super) fn configure_webhook(&mut self) -> Result<Value, ApiError> {
        let environment = self.environment()?;
        let key = self.require_key()?;
        let (account, email) = self.state.stripe(&key, environment, self.context.now).account()?;
        let webhook = recreate_webhook(self.state, self.context, &key, environment)?;
        let mirror = self.state.insforge.stripe_mut(environment);
        mirror.connection.connect(account, Some(email), environment == Environment::Live);
        mirror.connection.webhook = Some(webhook);
        Ok(json!({"connection": rows::connection(mirror, environment)}))
    }

    /// The environment's key, or an error if it is not configured.
    pub(super) fn require_key(&self) -> Result<String, ApiError> {
        let environment = self.environment()?;
        let key = self.state.insforge.stripe(environment).key.clone();
        key.ok_or_else(|| ApiError::new(400, "PAYMENT_CONFIG_INVALID", not_configured(environment)))
    }
}

/// Replaces the managed webhook endpoint. If the creation fails, the old endpoint is already deleted.
pub(super) fn recreate_webhook(
    state: &mut State,
    context: &Context,
    key: &str,
    environment: Environment,
) -> Result<Webhook, StripeError> {
    let endpoint_url =
        format!("{}/api/webhooks/stripe/{environment}", context.base_url.trim_end_matches('/'));
    let mut stripe = state.stripe(key, environment, context.now);
    stripe.delete_webhook_endpoints()?;
    let endpoint_id = stripe.create_webhook_endpoint(&endpoint_url)?;
    let secret = state.insforge.ids.next_id("whsec_", 32);
    state.insforge.store_managed_secret(stripe_webhook_secret_key(environment), &secret, context);
    Ok(Webhook { endpoint_id, endpoint_url, configured_at: context.now.to_owned() })
}
