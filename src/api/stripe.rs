//! The endpoints that only Stripe has.

use crate::api::call::{Call, Name, Provider, Route};
use crate::wire::{Environment, PriceReply, Prices, ProductReply, Products};

/// Stripe. The older generation's routes name no provider: there all payments are Stripe's.
pub(crate) static STRIPE: Provider = Provider { name: "Stripe", segment: "stripe", in_older: true };

fn catalog(environment: Environment) -> Route {
    Route::of(&STRIPE).environment(environment).name("catalog")
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
    Call::get(
        catalog(environment).name("prices").query(Name::renamed("productId", "stripeProductId"), product),
    )
}

/// One price.
pub(crate) fn price(environment: Environment, id: &str) -> Call<PriceReply> {
    Call::get(catalog(environment).name("prices").id(id))
}
