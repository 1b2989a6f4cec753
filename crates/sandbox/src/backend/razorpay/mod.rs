//! The Razorpay part of the backend's API, which only newer backends have.

mod catalog;
mod config;
mod manage;
mod orders;
mod rows;
mod runtime;
mod subscriptions;
mod sync;
mod transactions;

use serde_json::Value;

use crate::backend::api_error::ApiError;
use crate::backend::auth::Caller;
use crate::backend::lists::Ledger;
use crate::backend::route::{EnvironmentAction, RequestPath};
use crate::backend::{Context, Handler, ProviderApi};
use crate::environment::Environment;
use crate::razorpay::RazorpayError;
use crate::state::State;

pub(super) use runtime::decode_hex;
pub(super) use transactions::PaymentContext;

/// The message for notes with the backend's own keys.
const RESERVED_NOTES: &str = "Notes keys starting with insforge_ are reserved";

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

/// An action for the application's users in a Razorpay environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RazorpayRuntime {
    CreateOrder,
    VerifyOrder,
    CreateSubscription,
    VerifySubscription,
    CancelSubscription(String),
    PauseSubscription(String),
    ResumeSubscription(String),
}

impl RazorpayRuntime {
    /// The action of a path in an environment.
    fn find(path: &RequestPath<'_>) -> Option<Self> {
        let id = || path.segments.get(1).map(|id| id.trim().to_owned()).unwrap_or_default();
        Some(match (path.method, path.lowercase) {
            ("POST", ["orders"]) => Self::CreateOrder,
            ("POST", ["orders", "verify"]) => Self::VerifyOrder,
            ("POST", ["subscriptions"]) => Self::CreateSubscription,
            ("POST", ["subscriptions", "verify"]) => Self::VerifySubscription,
            ("POST", ["subscriptions", _, "cancel"]) => Self::CancelSubscription(id()),
            ("POST", ["subscriptions", _, "pause"]) => Self::PauseSubscription(id()),
            ("POST", ["subscriptions", _, "resume"]) => Self::ResumeSubscription(id()),
            _ => return None,
        })
    }

    /// The action's name in errors.
    const fn name(&self) -> &'static str {
        match self {
            Self::CreateOrder => "Razorpay order creation",
            Self::VerifyOrder => "Razorpay order verification",
            Self::CreateSubscription => "Razorpay subscription creation",
            Self::VerifySubscription => "Razorpay subscription verification",
            Self::CancelSubscription(_) => "Razorpay subscription cancellation",
            Self::PauseSubscription(_) => "Razorpay subscription pause",
            Self::ResumeSubscription(_) => "Razorpay subscription resume",
        }
    }
}

impl RazorpayAction {
    /// The action of a path in an environment.
    pub(super) fn find(path: RequestPath<'_>) -> Option<EnvironmentAction<Self, RazorpayRuntime>> {
        if let Some(action) = RazorpayRuntime::find(&path) {
            return Some(EnvironmentAction::Runtime(action));
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
    type Runtime = RazorpayRuntime;

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

    fn run_runtime(
        handler: &mut Handler,
        action: &RazorpayRuntime,
        caller: &Caller,
    ) -> Result<(u16, Value), ApiError> {
        runtime::run(handler, action, caller)
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
