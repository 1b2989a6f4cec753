//! The Razorpay part of the backend's API, which only newer backends have.

mod catalog;
mod config;
mod rows;
mod subscriptions;
mod sync;
mod transactions;

use serde_json::Value;

use crate::backend::api_error::ApiError;
use crate::backend::lists::Ledger;
use crate::backend::route::{EnvironmentAction, RequestPath};
use crate::backend::{Context, Handler, ProviderApi};
use crate::environment::Environment;
use crate::razorpay::RazorpayError;
use crate::state::State;

/// An action in a Razorpay environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RazorpayAction {
    SetKeys,
    RemoveKeys,
    WebhookSetup,
    RotateSecret,
    Catalog,
    CreateItem,
    UpdateItem(String),
    CreatePlan,
    Subscriptions,
}

impl RazorpayAction {
    /// The action of a path in an environment.
    pub(super) fn find(path: RequestPath<'_>) -> Option<EnvironmentAction<Self>> {
        let user = match (path.method, path.lowercase) {
            ("POST", ["orders"]) => Some("Razorpay order creation"),
            ("POST", ["orders", "verify"]) => Some("Razorpay order verification"),
            ("POST", ["subscriptions"]) => Some("Razorpay subscription creation"),
            ("POST", ["subscriptions", "verify"]) => Some("Razorpay subscription verification"),
            ("POST", ["subscriptions", _, "cancel"]) => Some("Razorpay subscription cancellation"),
            ("POST", ["subscriptions", _, "pause"]) => Some("Razorpay subscription pause"),
            ("POST", ["subscriptions", _, "resume"]) => Some("Razorpay subscription resume"),
            _ => None,
        };
        if let Some(what) = user {
            return Some(EnvironmentAction::UserOnly(what));
        }
        Some(EnvironmentAction::Provider(match (path.method, path.lowercase) {
            ("PUT", ["config"]) => Self::SetKeys,
            ("DELETE", ["config"]) => Self::RemoveKeys,
            ("GET", ["webhook"]) => Self::WebhookSetup,
            ("POST", ["webhook", "rotate-secret"]) => Self::RotateSecret,
            ("GET", ["catalog"]) => Self::Catalog,
            ("POST", ["catalog", "items"]) => Self::CreateItem,
            ("PATCH", ["catalog", "items", _]) => Self::UpdateItem(path.id()),
            ("POST", ["catalog", "plans"]) => Self::CreatePlan,
            ("GET", ["subscriptions"]) => Self::Subscriptions,
            _ => return None,
        }))
    }
}

/// The routes under `/api/payments/razorpay`.
pub(super) struct RazorpayApi;

impl ProviderApi for RazorpayApi {
    type Action = RazorpayAction;

    fn status(state: &State) -> Value {
        config::status(state)
    }

    fn config(state: &State) -> Value {
        config::config(state)
    }

    fn sync(state: &mut State, context: &Context, environments: &[Environment]) -> Value {
        sync::sync(state, context, environments)
    }

    fn ledger(state: &State, environment: Environment) -> Ledger<'_> {
        let mirror = state.insforge.razorpay(environment);
        Ledger { provider: "razorpay", customers: &mirror.customers, transactions: &mirror.transactions }
    }

    fn run(handler: &mut Handler, action: &RazorpayAction) -> Result<(u16, Value), ApiError> {
        let environment = handler.environment()?;
        let ok = |body| Ok((200, body));
        match action {
            RazorpayAction::SetKeys => ok(config::set(handler, environment)?),
            RazorpayAction::RemoveKeys => ok(config::remove(handler, environment)?),
            RazorpayAction::WebhookSetup => ok(config::webhook_setup(handler, environment)?),
            RazorpayAction::RotateSecret => ok(config::rotate_secret(handler, environment)?),
            RazorpayAction::Catalog => ok(catalog::list(handler, environment)),
            RazorpayAction::CreateItem => Ok((201, catalog::create_item(handler, environment)?)),
            RazorpayAction::UpdateItem(id) => ok(catalog::update_item(handler, environment, id)?),
            RazorpayAction::CreatePlan => Ok((201, catalog::create_plan(handler, environment)?)),
            RazorpayAction::Subscriptions => ok(subscriptions::list(handler, environment)?),
        }
    }
}

/// Keeps Razorpay's status and message. Without an answer from Razorpay, the backend reports [`CONNECTION_LOST`].
impl From<RazorpayError> for ApiError {
    fn from(error: RazorpayError) -> Self {
        match error {
            RazorpayError::Response { status: status @ (401 | 403), description } => {
                Self::new(status, "PAYMENT_CONFIG_INVALID", description)
            }
            RazorpayError::Response { status: 429, description } => {
                Self::new(429, "RATE_LIMITED", description)
            }
            RazorpayError::Response { status, description } => {
                Self::new(status, "UPSTREAM_FAILURE", description)
            }
            RazorpayError::ConnectionLost => Self::new(500, "INTERNAL_ERROR", CONNECTION_LOST),
        }
    }
}

/// The backend's message if Razorpay does not answer. Its Razorpay client fails with this JavaScript error.
const CONNECTION_LOST: &str = "Cannot read properties of undefined (reading 'status')";
