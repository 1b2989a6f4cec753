//! Razorpay's part of the API, which only newer backends have.

mod catalog;
mod config;
mod rows;
mod subscriptions;
mod sync;
mod transactions;

use serde_json::Value;

use crate::backend::lists::Ledger;
use crate::backend::refusal::Refusal;
use crate::backend::route::{self, Path};
use crate::backend::{Provider, Scene, World};
use crate::environment::Environment;
use crate::razorpay;
use crate::state::State;

/// What an administrator can do in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
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

impl Action {
    /// What a path inside an environment means.
    pub(super) fn find(path: Path<'_>) -> Option<route::Action<Self>> {
        let user = match (path.method, path.words) {
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
            return Some(route::Action::UserSession(what));
        }
        Some(route::Action::Admin(match (path.method, path.words) {
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

/// Razorpay, as the backend's API has it.
pub(super) struct Razorpay;

impl Provider for Razorpay {
    type Action = Action;

    fn status(state: &State) -> Value {
        config::status(state)
    }

    fn config(state: &State) -> Value {
        config::config(state)
    }

    fn sync(state: &mut State, world: &World, environments: &[Environment]) -> Value {
        sync::sync(state, world, environments)
    }

    fn ledger(state: &State, environment: Environment) -> Ledger<'_> {
        let mirror = state.insforge.razorpay(environment);
        Ledger { provider: "razorpay", customers: &mirror.customers, transactions: &mirror.transactions }
    }

    fn act(scene: &mut Scene, action: &Action) -> Result<(u16, Value), Refusal> {
        let environment = scene.environment()?;
        let ok = |body| Ok((200, body));
        match action {
            Action::SetKeys => ok(config::set(scene, environment)?),
            Action::RemoveKeys => ok(config::remove(scene, environment)?),
            Action::WebhookSetup => ok(config::webhook(scene, environment)?),
            Action::RotateSecret => ok(config::rotate_secret(scene, environment)?),
            Action::Catalog => ok(catalog::list(scene, environment)),
            Action::CreateItem => Ok((201, catalog::create_item(scene, environment)?)),
            Action::UpdateItem(id) => ok(catalog::update_item(scene, environment, id)?),
            Action::CreatePlan => Ok((201, catalog::create_plan(scene, environment)?)),
            Action::Subscriptions => ok(subscriptions::list(scene, environment)?),
        }
    }
}

/// What Razorpay refuses reaches the caller with Razorpay's own words and status; what became of a call that it did
/// not answer does not reach anybody.
impl From<razorpay::Refusal> for Refusal {
    fn from(refusal: razorpay::Refusal) -> Self {
        match refusal {
            razorpay::Refusal::Said { status: status @ (401 | 403), description } => {
                Self::new(status, "PAYMENT_CONFIG_INVALID", description)
            }
            razorpay::Refusal::Said { status: 429, description } => {
                Self::new(429, "RATE_LIMITED", description)
            }
            razorpay::Refusal::Said { status, description } => {
                Self::new(status, "UPSTREAM_FAILURE", description)
            }
            razorpay::Refusal::Lost => Self::new(500, "INTERNAL_ERROR", LOST),
        }
    }
}

/// What the backend says when Razorpay did not answer: its Razorpay client stumbles over that.
const LOST: &str = "Cannot read properties of undefined (reading 'status')";
