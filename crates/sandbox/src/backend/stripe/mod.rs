//! Stripe's part of the API.

mod catalog;
mod config;
mod rows;
mod subscriptions;
mod sync;

use serde_json::Value;

use crate::backend::lists::Ledger;
use crate::backend::refusal::Refusal;
use crate::backend::route::{self, Path};
use crate::backend::{Provider, Scene, World};
use crate::environment::Environment;
use crate::state::State;

/// What an administrator can do in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
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

impl Action {
    /// What a path inside an environment means.
    pub(super) fn find(path: Path<'_>) -> Option<route::Action<Self>> {
        let own = match (path.method, path.words) {
            ("POST", ["checkout-sessions"]) => {
                return Some(route::Action::UserSession("Checkout session creation"));
            }
            ("POST", ["customer-portal-sessions"]) => {
                return Some(route::Action::UserSession("Customer portal session creation"));
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
        Some(route::Action::Admin(own))
    }
}

/// Stripe, as the backend's API has it.
pub(super) struct Stripe;

impl Provider for Stripe {
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
        let mirror = state.insforge.stripe(environment);
        Ledger { provider: "stripe", customers: &mirror.customers, transactions: &mirror.transactions }
    }

    fn act(scene: &mut Scene, action: &Action) -> Result<(u16, Value), Refusal> {
        let ok = |body| Ok((200, body));
        match action {
            Action::SetKey => ok(scene.set_key()?),
            Action::RemoveKey => ok(scene.remove_key()?),
            Action::ConfigureWebhook => ok(scene.configure_webhook()?),
            Action::Catalog => ok(scene.catalog()?),
            Action::Products => ok(scene.products()?),
            Action::Product(id) => ok(scene.product(id)?),
            Action::CreateProduct => Ok((201, scene.create_product()?)),
            Action::UpdateProduct(id) => ok(scene.update_product(id)?),
            Action::DeleteProduct(id) => ok(scene.delete_product(id)?),
            Action::Prices => ok(scene.prices()?),
            Action::Price(id) => ok(scene.price(id)?),
            Action::CreatePrice => Ok((201, scene.create_price()?)),
            Action::UpdatePrice(id) => ok(scene.update_price(id)?),
            Action::ArchivePrice(id) => ok(scene.archive_price(id)?),
            Action::Subscriptions => ok(scene.subscriptions()?),
        }
    }
}
