//! The project's secrets. Older backends do not reserve the ones that they manage.

use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::API_KEY;
use crate::backend::api_error::ApiError;
use crate::backend::{Context, Request, auth};
use crate::environment::Environment;
use crate::generation::Generation;
use crate::state::{Insforge, NewSecret, Secret, State, format_time};
use crate::token::{ANON_KEY, JWT_SECRET};

/// Responds to a request under `/api/secrets`. Returns the status and the body.
pub(super) fn run(request: &Request, state: &mut State, context: &Context) -> Result<(u16, Value), ApiError> {
    auth::require_admin(request, context)?;
    let path = request.target.split('?').next().unwrap_or_default();
    let key = path.trim_end_matches('/').split('/').nth(3);
    let key = key.map(|key| percent_decode_str(key).decode_utf8_lossy().into_owned());
    let secrets = Requested { request, state, context };
    match (request.method.as_str(), key) {
        ("GET" | "HEAD", None) => Ok((200, secrets.list())),
        ("GET" | "HEAD", Some(key)) => Ok((200, secrets.get(&key)?)),
        ("POST", None) => Ok((201, secrets.create()?)),
        ("PUT", Some(key)) => Ok((200, secrets.update(&key)?)),
        ("DELETE", Some(key)) => Ok((200, secrets.delete(&key)?)),
        _ => Err(ApiError::endpoint_not_found(&request.target)),
    }
}

struct Requested<'a> {
    request: &'a Request,
    state: &'a mut State,
    context: &'a Context<'a>,
}

impl Requested<'_> {
    /// The newest first, without values.
    fn list(self) -> Value {
        let mut rows = self.state.insforge.secrets.0.clone();
        rows.extend(own_secrets(self.context));
        rows.sort_by(|a, b| b.created_at.cmp(&a.created_at));
        let rows = rows.iter().map(|secret| {
            json!({
                "id": secret.id,
                "key": secret.key,
                "isActive": secret.active,
                "isReserved": secret.reserved,
                "lastUsedAt": secret.last_used_at,
                "expiresAt": secret.expires_at,
                "createdAt": secret.created_at,
                "updatedAt": secret.updated_at,
            })
        });
        json!({"secrets": rows.collect::<Vec<_>>()})
    }

    fn get(self, key: &str) -> Result<Value, ApiError> {
        if let Some(own) = own_secrets(self.context).into_iter().find(|secret| secret.key == key) {
            return Ok(json!({"key": key, "value": own.value}));
        }
        let secret =
            self.state.insforge.secrets.find_mut(key).filter(|secret| secret.is_usable(self.context.now));
        let secret = secret.ok_or_else(|| not_found(key))?;
        secret.last_used_at = Some(self.context.now.to_owned());
        Ok(json!({"key": key, "value": secret.value}))
    }

    fn create(self) -> Result<Value, ApiError> {
        let body = &self.request.json;
        let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let (Some(key), Some(value)) = (text("key"), text("value")) else {
            return Err(ApiError::invalid_input("Both key and value are required"));
        };
        if !key.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_')) {
            return Err(ApiError::invalid_input(
                "Invalid key format. Use uppercase letters, numbers, and underscores only (e.g., STRIPE_API_KEY)",
            ));
        }
        let is_own = own_secrets(self.context).iter().any(|secret| secret.key == key);
        let Insforge { secrets, ids, .. } = &mut self.state.insforge;
        if is_own || secrets.find_mut(&key).is_some_and(|secret| secret.active) {
            return Err(ApiError::new(409, "SECRET_ALREADY_EXISTS", format!("Secret already exists: {key}")));
        }
        let new = NewSecret {
            key: key.clone(),
            value,
            reserved: body["isReserved"] == true,
            expires_at: time(&body["expiresAt"]),
        };
        let id = secrets.store(new, ids, self.context.now);
        Ok(
            json!({"success": true, "message": format!("Secret {key} has been created successfully"), "id": id}),
        )
    }

    fn update(self, key: &str) -> Result<Value, ApiError> {
        let secret = changeable(self.state, self.context, key, "update")?;
        let body = &self.request.json;
        let (value, active) = (body["value"].as_str(), body["isActive"].as_bool());
        let (reserved, expires_at) = (body["isReserved"].as_bool(), body.get("expiresAt"));
        if value.is_none() && active.is_none() && reserved.is_none() && expires_at.is_none() {
            return Err(ApiError::new(500, "INTERNAL_ERROR", format!("Failed to update secret: {key}")));
        }
        if let Some(value) = value {
            value.clone_into(&mut secret.value);
        }
        secret.active = active.unwrap_or(secret.active);
        secret.reserved = reserved.unwrap_or(secret.reserved);
        if let Some(expires_at) = expires_at {
            secret.expires_at = time(expires_at);
        }
        self.context.now.clone_into(&mut secret.updated_at);
        Ok(json!({"success": true, "message": format!("Secret {key} has been updated successfully")}))
    }

    fn delete(self, key: &str) -> Result<Value, ApiError> {
        let secret = changeable(self.state, self.context, key, "delete")?;
        secret.active = false;
        self.context.now.clone_into(&mut secret.updated_at);
        Ok(json!({"success": true, "message": format!("Secret {key} has been deleted successfully")}))
    }
}

/// A secret that the backend does not manage, even if it is inactive.
fn changeable<'s>(
    state: &'s mut State,
    context: &Context,
    key: &str,
    action: &str,
) -> Result<&'s mut Secret, ApiError> {
    let refuse = || Err(ApiError::new(403, "FORBIDDEN", format!("Cannot {action} reserved secret: {key}")));
    if own_secrets(context).iter().any(|secret| secret.key == key) {
        return refuse();
    }
    match state.insforge.secrets.find_mut(key) {
        Some(secret) if secret.reserved => refuse(),
        Some(secret) => Ok(secret),
        None => Err(not_found(key)),
    }
}

fn not_found(key: &str) -> ApiError {
    ApiError::new(404, "SECRET_NOT_FOUND", format!("Secret not found: {key}"))
}

/// A time of a request, in the backend's format.
fn time(value: &Value) -> Option<String> {
    value.as_str()?.parse::<Timestamp>().ok().map(format_time)
}

/// The secrets with which a backend starts.
fn own_secrets(context: &Context) -> Vec<Secret> {
    let started = "2026-01-01T00:00:00.000Z";
    let all = [
        // The sandbox signs no token with these three.
        ("JWT_PUBLIC_KEY", "unused"),
        ("JWT_KEY_ID", "unused"),
        ("JWT_PRIVATE_KEY", "unused"),
        ("JWT_SECRET", JWT_SECRET),
        ("INSFORGE_BASE_URL", context.base_url),
        ("ANON_KEY", ANON_KEY),
        ("INSFORGE_INTERNAL_URL", context.base_url),
        ("API_KEY", API_KEY),
    ];
    let rows = all.into_iter().enumerate().map(|(index, (key, value))| Secret {
        id: format!("00000000-0000-4000-8000-{index:012}"),
        key: key.to_owned(),
        value: value.to_owned(),
        active: true,
        reserved: true,
        last_used_at: Some(started.to_owned()),
        expires_at: None,
        created_at: started.to_owned(),
        updated_at: started.to_owned(),
    });
    rows.collect()
}

impl Insforge {
    /// Stores a secret that the backend manages.
    pub(super) fn store_managed_secret(&mut self, key: String, value: &str, context: &Context) {
        let reserved = context.generation == Generation::Newer;
        let new = NewSecret { key, value: value.to_owned(), reserved, expires_at: None };
        let id = self.secrets.store(new, &mut self.ids, context.now);
        // The backend uses it at once.
        if let Some(secret) = self.secrets.0.iter_mut().find(|secret| secret.id == id) {
            secret.last_used_at = Some(context.now.to_owned());
        }
    }

    /// The secret that signs Stripe's webhooks.
    pub(crate) fn stripe_webhook_secret(&self, environment: Environment) -> Option<&str> {
        self.secrets.value(&stripe_webhook_secret_key(environment))
    }
}

/// The name of the secret that signs Stripe's webhooks.
pub(super) fn stripe_webhook_secret_key(environment: Environment) -> String {
    format!("STRIPE_{}_WEBHOOK_SECRET", environment.as_str().to_uppercase())
}
