//! The endpoints that every provider has in the same place. What differs is the type of their answer.

use serde::de::DeserializeOwned;

use crate::api::call::{Call, Method, Name, Provider, Route};
use crate::wire::{Connections, Customers, Environment, KeyList, Transactions};

/// One billing subject of the application's; the backend takes both parts or none.
#[derive(Clone, Debug, Default)]
pub(crate) struct SubjectFilter {
    /// What kind of subject, in the application's words.
    pub(crate) kind: Option<String>,
    /// Its id there.
    pub(crate) id: Option<String>,
}

/// The connection of each environment.
pub(crate) fn status(provider: &'static Provider) -> Call<Connections> {
    Call::get(Route::of(provider).name("status"))
}

/// The configured keys. The newer backend sends them **in clear**.
pub(crate) fn config(provider: &'static Provider) -> Call<KeyList> {
    Call::get(Route::of(provider).name("config")).with_secrets()
}

/// Takes the keys of an environment away. It answers with those that are left, the newer backend **in clear**.
pub(crate) fn remove_keys(provider: &'static Provider, environment: Environment) -> Call<KeyList> {
    Call::write(Method::Delete, Route::of(provider).environment(environment).name("config")).with_secrets()
}

/// Mirrors the provider's data again, of one environment or of all. It changes the mirror only, so it can be
/// repeated.
pub(crate) fn sync<T: DeserializeOwned>(provider: &'static Provider, only: Option<Environment>) -> Call<T> {
    let route = Route::of(provider);
    Call::repeatable(Method::Post, only.into_iter().fold(route, Route::environment).name("sync"))
}

/// Everything that is for sale.
pub(crate) fn catalog<T: DeserializeOwned>(provider: &'static Provider, environment: Environment) -> Call<T> {
    Call::get(Route::of(provider).environment(environment).name("catalog"))
}

/// The customers, 50 unless `limit` (1–100) says otherwise.
pub(crate) fn customers(
    provider: &'static Provider,
    environment: Environment,
    limit: Option<u8>,
) -> Call<Customers> {
    Call::get(Route::of(provider).environment(environment).name("customers").query("limit", limit))
}

/// The subscriptions, 50 unless `limit` (1–100) says otherwise.
pub(crate) fn subscriptions<T: DeserializeOwned>(
    provider: &'static Provider,
    environment: Environment,
    subject: &SubjectFilter,
    limit: Option<u8>,
) -> Call<T> {
    Call::get(of_subject(Route::of(provider).environment(environment).name("subscriptions"), subject, limit))
}

/// The transactions, newest first, 50 unless `limit` (1–100) says otherwise.
pub(crate) fn transactions(
    provider: &'static Provider,
    environment: Environment,
    subject: &SubjectFilter,
    limit: Option<u8>,
) -> Call<Transactions> {
    let name = Name::renamed("transactions", "payment-history");
    Call::get(of_subject(Route::of(provider).environment(environment).name(name), subject, limit))
}

fn of_subject(route: Route, subject: &SubjectFilter, limit: Option<u8>) -> Route {
    route
        .query("subjectType", subject.kind.as_ref())
        .query("subjectId", subject.id.as_ref())
        .query("limit", limit)
}
