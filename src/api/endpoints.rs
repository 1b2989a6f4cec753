//! The endpoints that every provider has. Only the types of their answers differ.

use serde::de::DeserializeOwned;

use crate::api::call::Call;
use crate::api::method::Method;
use crate::api::provider::Provider;
use crate::api::route::{ApiName, Route};
use crate::wire::{Connections, Customers, Environment, KeyList, Transactions};

/// The most customers, subscriptions or transactions that the backend lists.
pub(crate) const MAX_ROWS: u8 = 100;
/// How many of them it lists if the request has no limit.
pub(crate) const DEFAULT_ROWS: u8 = 50;

/// A billing subject of the application. The backend accepts both fields or neither.
#[derive(Clone, Debug, Default)]
pub(crate) struct SubjectFilter {
    /// The application's own name for the kind of subject.
    pub(crate) kind: Option<String>,
    /// Its id in the application.
    pub(crate) id: Option<String>,
}

/// Gets the connection of each environment.
pub(crate) fn status(provider: &'static Provider) -> Call<Connections> {
    Call::get(Route::of(provider).name("status"))
}

/// Gets the configured keys. The newer backend sends them **in clear**.
pub(crate) fn config(provider: &'static Provider) -> Call<KeyList> {
    Call::get(Route::of(provider).name("config")).with_secrets()
}

/// Removes the keys of an environment. The answer has the remaining keys, from the newer backend **in clear**.
pub(crate) fn remove_keys(provider: &'static Provider, environment: Environment) -> Call<KeyList> {
    Call::write(Method::Delete, Route::of(provider).in_environment(environment).name("config")).with_secrets()
}

/// Updates the mirror of one environment or of all. It changes nothing else, so it is repeatable.
pub(crate) fn sync<T: DeserializeOwned>(provider: &'static Provider, only: Option<Environment>) -> Call<T> {
    let route = Route::of(provider);
    Call::sync(Method::Post, only.into_iter().fold(route, Route::in_environment).name("sync"))
}

/// Gets the catalog: products and prices, or items and plans.
pub(crate) fn catalog<T: DeserializeOwned>(provider: &'static Provider, environment: Environment) -> Call<T> {
    Call::get(Route::of(provider).in_environment(environment).name("catalog"))
}

/// Lists the customers. `limit` is 1 to [`MAX_ROWS`]; without it, the backend returns [`DEFAULT_ROWS`].
pub(crate) fn customers(
    provider: &'static Provider,
    environment: Environment,
    limit: Option<u8>,
) -> Call<Customers> {
    Call::get(Route::of(provider).in_environment(environment).name("customers").query("limit", limit))
}

/// Lists the subscriptions. `limit` is 1 to [`MAX_ROWS`]; without it, the backend returns [`DEFAULT_ROWS`].
pub(crate) fn subscriptions<T: DeserializeOwned>(
    provider: &'static Provider,
    environment: Environment,
    subject: &SubjectFilter,
    limit: Option<u8>,
) -> Call<T> {
    Call::get(of_subject(
        Route::of(provider).in_environment(environment).name("subscriptions"),
        subject,
        limit,
    ))
}

/// Lists the transactions, newest first. `limit` is 1 to [`MAX_ROWS`]; without it, the backend returns [`DEFAULT_ROWS`].
pub(crate) fn transactions(
    provider: &'static Provider,
    environment: Environment,
    subject: &SubjectFilter,
    limit: Option<u8>,
) -> Call<Transactions> {
    let name = ApiName::renamed("transactions", "payment-history");
    Call::get(of_subject(Route::of(provider).in_environment(environment).name(name), subject, limit))
}

fn of_subject(route: Route, subject: &SubjectFilter, limit: Option<u8>) -> Route {
    route
        .query("subjectType", subject.kind.as_ref())
        .query("subjectId", subject.id.as_ref())
        .query("limit", limit)
}
