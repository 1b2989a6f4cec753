//! The Stripe part of the backend's API.

mod catalog;
mod checkout;
mod config;
mod portal;
mod rows;
mod subscriptions;
mod sync;

use serde_json::Value;

pub(super) use config::not_configured;

use crate::backend::api_error::ApiError;
use crate::backend::auth::Caller;
use crate::backend::lists::Ledger;
use crate::backend::route::{EnvironmentAction, RequestPath};
use crate::backend::validate::StringRules;
use crate::backend::{Context, Handler, ProviderApi};
use crate::environment::Environment;
use crate::state::State;

/// The rules for the idempotency key of a request.
const IDEMPOTENCY_KEY: StringRules = StringRules {
    required_message: Some("Idempotency key is required"),
    max_length: Some(200),
    too_long_message: Some("Idempotency key must be 200 characters or fewer"),
};

/// An action in a Stripe environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StripeAction {
    SetKey,
    RemoveKey,
    ConfigureWebhook,
    Catalog,
    Products,
    Product(String),
    CreateProduct,
    UpdateProduct(String),
    DeleteProduct(String),
    Prices,
    Price(String),
    CreatePrice,
    UpdatePrice(String),
    ArchivePrice(String),
    Subscriptions,
}

/// An action for the application's users in a Stripe environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StripeRuntime {
    CreateCheckoutSession,
    CreatePortalSession,
}

impl StripeAction {
    /// The action of a path in an environment.
    pub(super) fn find(path: RequestPath<'_>) -> Option<EnvironmentAction<Self, StripeRuntime>> {
        let own = match (path.method, path.lowercase) {
            ("POST", ["checkout-sessions"]) => {
                return Some(EnvironmentAction::Runtime(StripeRuntime::CreateCheckoutSession));
            }
            ("POST", ["customer-portal-sessions"]) => {
                return Some(EnvironmentAction::Runtime(StripeRuntime::CreatePortalSession));
            }
            ("PUT", ["config"]) => Self::SetKey,
            ("DELETE", ["config"]) => Self::RemoveKey,
            ("POST", ["webhook"]) => Self::ConfigureWebhook,
            ("GET", ["catalog"]) => Self::Catalog,
            ("GET", ["catalog", "products"]) => Self::Products,
            ("POST", ["catalog", "products"]) => Self::CreateProduct,
            ("GET", ["catalog", "products", _]) => Self::Product(path.id()),
            ("PATCH", ["catalog", "products", _]) => Self::UpdateProduct(path.id()),
            ("DELETE", ["catalog", "products", _]) => Self::DeleteProduct(path.id()),
            ("GET", ["catalog", "prices"]) => Self::Prices,
            ("POST", ["catalog", "prices"]) => Self::CreatePrice,
            ("GET", ["catalog", "prices", _]) => Self::Price(path.id()),
            ("PATCH", ["catalog", "prices", _]) => Self::UpdatePrice(path.id()),
            ("DELETE", ["catalog", "prices", _]) => Self::ArchivePrice(path.id()),
            ("GET", ["subscriptions"]) => Self::Subscriptions,
            _ => return None,
        };
        Some(EnvironmentAction::Provider(own))
    }
}

/// The routes under `/api/payments/stripe`.
pub(super) struct StripeApi;

impl ProviderApi for StripeApi {
    type Action = StripeAction;
    type Runtime = StripeRuntime;

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
        let mirror = state.insforge.stripe(environment);
        Ledger { provider: "stripe", customers: &mirror.customers, transactions: &mirror.transactions }
    }

    fn run(handler: &mut Handler, action: &StripeAction) -> Result<(u16, Value), ApiError> {
        let ok = |body| Ok((200, body));
        match action {
            StripeAction::SetKey => ok(handler.set_key()?),
            StripeAction::RemoveKey => ok(handler.remove_key()?),
            StripeAction::ConfigureWebhook => ok(handler.configure_webhook()?),
            StripeAction::Catalog => ok(handler.catalog()?),
            StripeAction::Products => ok(handler.products()?),
            StripeAction::Product(id) => ok(handler.product(id)?),
            StripeAction::CreateProduct => Ok((201, handler.create_product()?)),
            StripeAction::UpdateProduct(id) => ok(handler.update_product(id)?),
            StripeAction::DeleteProduct(id) => ok(handler.delete_product(id)?),
            StripeAction::Prices => ok(handler.prices()?),
            StripeAction::Price(id) => ok(handler.price(id)?),
            StripeAction::CreatePrice => Ok((201, handler.create_price()?)),
            StripeAction::UpdatePrice(id) => ok(handler.update_price(id)?),
            StripeAction::ArchivePrice(id) => ok(handler.archive_price(id)?),
            StripeAction::Subscriptions => ok(handler.subscriptions()?),
        }
    }
    fn run_runtime(
        handler: &mut Handler,
        action: &StripeRuntime,
        caller: &Caller,
    ) -> Result<(u16, Value), ApiError> {
        match action {
            StripeRuntime::CreateCheckoutSession => handler.create_checkout_session(caller),
            StripeRuntime::CreatePortalSession => handler.create_portal_session(caller),
        }
    }
}
