//! The endpoints that only Stripe has.

use serde_json::Result;

use crate::api::body::Body;
use crate::api::call::{Call, Method, Name, Provider, Route};
use crate::secret::Secret;
use crate::wire::{
    ConnectionReply, Environment, KeyList, Mirror, NewPrice, NewProduct, PriceChanges, PriceReply, Prices,
    ProductChanges, ProductDeleted, ProductReply, Products,
};

/// Stripe. The older generation's routes name no provider: there all payments are Stripe's.
pub(crate) static STRIPE: Provider =
    Provider { name: "Stripe", segment: "stripe", in_older: true, commands: "insforge payments", lost: None };

fn catalog(environment: Environment) -> Route {
    Route::of(&STRIPE).environment(environment).name("catalog")
}

const PRODUCT_ID: Name = Name::renamed("productId", "stripeProductId");

/// Gives the backend the secret key. It answers with every key that it has, the newer one **in clear**.
pub(crate) fn set_key(environment: Environment, key: Secret) -> Call<KeyList> {
    let route = Route::of(&STRIPE).environment(environment).name("config");
    Call::repeatable(Method::Put, route)
        .with_body(Body::default().with_secret("secretKey", key))
        .with_secrets()
}

/// Makes the managed webhook endpoint anew: an earlier one is deleted first.
pub(crate) fn configure_webhook(environment: Environment) -> Call<ConnectionReply> {
    Call::write(Method::Post, Route::of(&STRIPE).environment(environment).name("webhook"))
}

/// The whole catalog, with everything that a comparison looks at.
pub(crate) fn mirror(environment: Environment) -> Call<Mirror> {
    Call::get(catalog(environment))
}

/// All products.
pub(crate) fn products(environment: Environment) -> Call<Products> {
    Call::get(catalog(environment).name("products"))
}

/// One product, with its prices.
pub(crate) fn product(environment: Environment, id: &str) -> Call<ProductReply> {
    Call::get(catalog(environment).name("products").id(id))
}

/// All prices, or those of one product.
pub(crate) fn prices(environment: Environment, product: Option<&str>) -> Call<Prices> {
    Call::get(catalog(environment).name("prices").query(PRODUCT_ID, product))
}

/// One price.
pub(crate) fn price(environment: Environment, id: &str) -> Call<PriceReply> {
    Call::get(catalog(environment).name("prices").id(id))
}

/// Creates a product. Its idempotency key makes it repeatable.
pub(crate) fn create_product(environment: Environment, product: &NewProduct) -> Result<Call<ProductReply>> {
    let route = catalog(environment).name("products");
    Ok(Call::repeatable(Method::Post, route).with_body(Body::of(product)?))
}

/// Changes a product.
pub(crate) fn update_product(
    environment: Environment,
    id: &str,
    changes: &ProductChanges,
) -> Result<Call<ProductReply>> {
    let route = catalog(environment).name("products").id(id);
    Ok(Call::write(Method::Patch, route).with_body(Body::of(changes)?))
}

/// Deletes a product, which Stripe does only while it has no prices.
pub(crate) fn delete_product(environment: Environment, id: &str) -> Call<ProductDeleted> {
    Call::write(Method::Delete, catalog(environment).name("products").id(id))
}

/// Creates a price. Its idempotency key makes it repeatable.
pub(crate) fn create_price(environment: Environment, price: &NewPrice) -> Result<Call<PriceReply>> {
    let route = catalog(environment).name("prices");
    Ok(Call::repeatable(Method::Post, route).with_body(Body::of(price)?.renamed(PRODUCT_ID)))
}

/// Changes a price.
pub(crate) fn update_price(
    environment: Environment,
    id: &str,
    changes: &PriceChanges,
) -> Result<Call<PriceReply>> {
    let route = catalog(environment).name("prices").id(id);
    Ok(Call::write(Method::Patch, route).with_body(Body::of(changes)?))
}

/// Archives a price, however often it is sent (exchanges 184 and 185).
pub(crate) fn archive_price(environment: Environment, id: &str) -> Call<PriceReply> {
    Call::repeatable(Method::Delete, catalog(environment).name("prices").id(id))
}
