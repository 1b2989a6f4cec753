//! The endpoints that only Razorpay has. Its creates accept no idempotency key (exchange 297).

use serde_json::Result;

use crate::api::body::Body;
use crate::api::call::Call;
use crate::api::method::Method;
use crate::api::provider::Provider;
use crate::api::route::Route;
use crate::secret::Secret;
use crate::wire::razorpay::{ItemChanges, ItemReply, NewItem, NewPlan, PlanReply, WebhookSetup};
use crate::wire::{Environment, KeyList};

/// Razorpay. When the backend's connection to it breaks, the backend fails with this JavaScript error (exchange 285).
pub(crate) static RAZORPAY: Provider = Provider {
    name: "Razorpay",
    segment: "razorpay",
    in_older: false,
    commands: "insforge payments razorpay",
    connection_lost: &["Cannot read properties of undefined"],
    plain_codes: None,
};

/// The keys of one environment.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    /// It also identifies the account, and is not a secret.
    pub(crate) id: String,
    pub(crate) secret: Secret,
    /// The application's own. Without one the backend keeps the current secret, or generates one.
    pub(crate) webhook_secret: Option<Secret>,
}

fn catalog(environment: Environment) -> Route {
    Route::of(&RAZORPAY).in_environment(environment).name("catalog")
}

/// Sets the keys. The answer has every configured key **in clear**.
pub(crate) fn set_keys(environment: Environment, keys: Keys) -> Call<KeyList> {
    let route = Route::of(&RAZORPAY).in_environment(environment).name("config");
    let body = Body::default().with("keyId", keys.id).with_secret("keySecret", keys.secret);
    let body = keys.webhook_secret.into_iter().fold(body, |body, own| body.with_secret("webhookSecret", own));
    Call::repeatable(Method::Put, route).with_body(body).with_secrets()
}

/// Gets the webhook settings to enter in Razorpay's dashboard, with the secret **in clear**. From then on the backend's
/// status shows the webhook as configured.
pub(crate) fn webhook_setup(environment: Environment) -> Call<WebhookSetup> {
    Call::get(Route::of(&RAZORPAY).in_environment(environment).name("webhook")).with_requested_secret()
}

/// Generates another webhook secret and returns it **in clear**. It is not repeatable.
pub(crate) fn rotate_webhook_secret(environment: Environment) -> Call<WebhookSetup> {
    let route = Route::of(&RAZORPAY).in_environment(environment).name("webhook").name("rotate-secret");
    Call::write(Method::Post, route).with_requested_secret()
}

/// Creates an item. It is not repeatable.
pub(crate) fn create_item(environment: Environment, item: &NewItem) -> Result<Call<ItemReply>> {
    Ok(Call::write(Method::Post, catalog(environment).name("items")).with_body(Body::of(item)?))
}

/// Updates an item.
pub(crate) fn update_item(
    environment: Environment,
    id: &str,
    changes: &ItemChanges,
) -> Result<Call<ItemReply>> {
    let route = catalog(environment).name("items").id(id);
    Ok(Call::write(Method::Patch, route).with_body(Body::of(changes)?))
}

/// Creates a plan, and an item for it. It is not repeatable.
pub(crate) fn create_plan(environment: Environment, plan: &NewPlan) -> Result<Call<PlanReply>> {
    Ok(Call::write(Method::Post, catalog(environment).name("plans")).with_body(Body::of(plan)?))
}
