//! The endpoints that only Razorpay has. None of its creates takes an idempotency key (exchange 297).

use serde_json::Result;

use crate::api::body::Body;
use crate::api::call::{Call, Method, Provider, Route};
use crate::secret::Secret;
use crate::wire::razorpay::{ItemChanges, ItemReply, NewItem, NewPlan, PlanReply, WebhookSetup};
use crate::wire::{Environment, KeyList};

/// Razorpay. The backend does not know when its connection to it broke, and stumbles over the answer that is not there
/// (exchange 285).
pub(crate) static RAZORPAY: Provider = Provider {
    name: "Razorpay",
    segment: "razorpay",
    in_older: false,
    commands: "insforge payments razorpay",
    lost: Some("Cannot read properties of undefined"),
};

/// The keys of one environment.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    /// Which names the account too, and is no secret.
    pub(crate) id: String,
    pub(crate) secret: Secret,
    /// The application's own; without one the backend keeps the present one, or makes one.
    pub(crate) webhook_secret: Option<Secret>,
}

fn catalog(environment: Environment) -> Route {
    Route::of(&RAZORPAY).environment(environment).name("catalog")
}

/// Gives the backend the keys. It answers with every key that it has, **in clear**.
pub(crate) fn set_keys(environment: Environment, keys: Keys) -> Call<KeyList> {
    let route = Route::of(&RAZORPAY).environment(environment).name("config");
    let body = Body::default().with("keyId", keys.id).with_secret("keySecret", keys.secret);
    let body = keys.webhook_secret.into_iter().fold(body, |body, own| body.with_secret("webhookSecret", own));
    Call::repeatable(Method::Put, route).with_body(body).with_secrets()
}

/// What has to stand in Razorpay's dashboard, the secret **in clear**. The backend takes it that it will: from then on its
/// status shows the webhook as configured.
pub(crate) fn webhook_setup(environment: Environment) -> Call<WebhookSetup> {
    Call::get(Route::of(&RAZORPAY).environment(environment).name("webhook")).telling_a_secret()
}

/// Makes another webhook secret, and gives it **in clear**. Sent twice, it makes two.
pub(crate) fn rotate_webhook_secret(environment: Environment) -> Call<WebhookSetup> {
    let route = Route::of(&RAZORPAY).environment(environment).name("webhook").name("rotate-secret");
    Call::write(Method::Post, route).telling_a_secret()
}

/// Creates an item. Sent twice, it makes two.
pub(crate) fn create_item(environment: Environment, item: &NewItem) -> Result<Call<ItemReply>> {
    Ok(Call::write(Method::Post, catalog(environment).name("items")).with_body(Body::of(item)?))
}

/// Changes an item.
pub(crate) fn update_item(
    environment: Environment,
    id: &str,
    changes: &ItemChanges,
) -> Result<Call<ItemReply>> {
    let route = catalog(environment).name("items").id(id);
    Ok(Call::write(Method::Patch, route).with_body(Body::of(changes)?))
}

/// Creates a plan, and an item of its own for it. Sent twice, it makes two of each.
pub(crate) fn create_plan(environment: Environment, plan: &NewPlan) -> Result<Call<PlanReply>> {
    Ok(Call::write(Method::Post, catalog(environment).name("plans")).with_body(Body::of(plan)?))
}
