//! The endpoints that only Stripe has.

mod plain_codes;

use serde_json::Result;

use crate::api::body::Body;
use crate::api::call::Call;
use crate::api::method::Method;
use crate::api::provider::Provider;
use crate::api::route::{ApiName, Route};
use crate::secret::Secret;
use crate::wire::{
    ConnectionReply, Environment, KeyList, Mirror, NewPrice, NewProduct, PriceChanges, PriceReply, Prices,
    ProductChanges, ProductDeleted, ProductReply, Products,
};

/// Stripe. The older generation's routes name no provider, because Stripe was the only one.
pub(crate) static STRIPE: Provider = Provider {
    name: "Stripe",
    segment: "stripe",
    in_older: true,
    commands: "insforge payments",
    connection_lost: &["connection to Stripe", "Request aborted due to timeout"],
    plain_codes: Some(plain_codes::meaning),
};

fn catalog(environment: Environment) -> Route {
    Route::of(&STRIPE).in_environment(environment).name("catalog")
}

const PRODUCT_ID: ApiName = ApiName::renamed("productId", "stripeProductId");

/// Sets the secret key. The answer has every configured key, from the newer backend **in clear**.
pub(crate) fn set_key(environment: Environment, key: Secret) -> Call<KeyList> {
    let route = Route::of(&STRIPE).in_environment(environment).name("config");
    Call::repeatable(Method::Put, route)
        .with_body(Body::default().with_secret("secretKey", key))
        .with_secrets()
}

/// Recreates the managed webhook endpoint: an earlier one is deleted first.
pub(crate) fn configure_webhook(environment: Environment) -> Call<ConnectionReply> {
    Call::write(Method::Post, Route::of(&STRIPE).in_environment(environment).name("webhook"))
}

/// Gets the whole catalog, with every field that a plan compares.
pub(crate) fn mirror(environment: Environment) -> Call<Mirror> {
    Call::get(catalog(environment))
}

/// Lists the products.
pub(crate) fn products(environment: Environment) -> Call<Products> {
    Call::get(catalog(environment).name("products"))
}

/// Gets a product, with its prices.
pub(crate) fn product(environment: Environment, id: &str) -> Call<ProductReply> {
    Call::get(catalog(environment).name("products").id(id))
}

/// Lists all prices, or those of one product.
pub(crate) fn prices(environment: Environment, product: Option<&str>) -> Call<Prices> {
    Call::get(catalog(environment).name("prices").query(PRODUCT_ID, product))
}

/// Gets a price.
pub(crate) fn price(environment: Environment, id: &str) -> Call<PriceReply> {
    Call::get(catalog(environment).name("prices").id(id))
}

/// Creates a product. Its idempotency key makes it repeatable.
pub(crate) fn create_product(environment: Environment, product: &NewProduct) -> Result<Call<ProductReply>> {
    let route = catalog(environment).name("products");
    Ok(Call::repeatable(Method::Post, route).with_body(Body::of(product)?))
}

/// Updates a product.
pub(crate) fn update_product(
    environment: Environment,
    id: &str,
    changes: &ProductChanges,
) -> Result<Call<ProductReply>> {
    let route = catalog(environment).name("products").id(id);
    Ok(Call::write(Method::Patch, route).with_body(Body::of(changes)?))
}

/// Deletes a product. Stripe refuses this if the product has prices.
pub(crate) fn delete_product(environment: Environment, id: &str) -> Call<ProductDeleted> {
    Call::write(Method::Delete, catalog(environment).name("products").id(id))
}

/// Creates a price. Its idempotency key makes it repeatable.
pub(crate) fn create_price(environment: Environment, price: &NewPrice) -> Result<Call<PriceReply>> {
    let route = catalog(environment).name("prices");
    Ok(Call::repeatable(Method::Post, route).with_body(Body::of(price)?.renamed(PRODUCT_ID)))
}

/// Updates a price.
pub(crate) fn update_price(
    environment: Environment,
    id: &str,
    changes: &PriceChanges,
) -> Result<Call<PriceReply>> {
    let route = catalog(environment).name("prices").id(id);
    Ok(Call::write(Method::Patch, route).with_body(Body::of(changes)?))
}

/// Archives a price. It is repeatable (exchanges 184 and 185).
pub(crate) fn archive_price(environment: Environment, id: &str) -> Call<PriceReply> {
    Call::repeatable(Method::Delete, catalog(environment).name("prices").id(id))
}
