//! What a change affects, as far as it is the same for every provider. A person sees it before an approval.

use anyhow::Result;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::api::{self, Call, MAX_ROWS, Provider, SubjectFilter};
use crate::approval::{Dependents, FieldChange, ObjectChange};
use crate::error::{Code, Failure};
use crate::runner::Ctx;
use crate::ui::counted;
use crate::wire::{Connection, Environment};

/// Reads what a question shows.
///
/// # Errors
/// The read failed. Nobody is asked then, because the question would not show everything.
pub(crate) async fn read<T: DeserializeOwned>(ctx: &Ctx, call: Call<T>) -> Result<T> {
    match ctx.send(call).await {
        Ok(reply) => Ok(reply.data),
        Err(error) => {
            Err(error.downcast::<Failure>().map_or_else(|error| error, |failure| unread(failure).into()))
        }
    }
}

/// The failure of a read, for a command that has changed nothing.
fn unread(failure: Failure) -> Failure {
    let what = format!("Cannot read what the change affects: {}", failure.what);
    Failure { what, ..failure }
}

/// Reads the subscriptions, at most as many as the backend lists. `None` if the backend has no list of them.
pub(crate) async fn read_subscriptions<T: DeserializeOwned>(
    ctx: &Ctx,
    provider: &'static Provider,
    environment: Environment,
) -> Result<Option<T>> {
    let all = SubjectFilter::default();
    match read(ctx, api::subscriptions(provider, environment, &all, Some(MAX_ROWS))).await {
        Ok(subscriptions) => Ok(Some(subscriptions)),
        Err(error) if is_missing_route(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_missing_route(error: &anyhow::Error) -> bool {
    let code = error.downcast_ref::<Failure>().map(|failure| &failure.code);
    matches!(code, Some(Code::Backend(code)) if code == "NOT_FOUND")
}

/// The active subscriptions that depend on something. `listed` is the number of all subscriptions that the backend has
/// listed; `None` if it has no list. The backend's order changes with every sync, so the rows are sorted.
pub(crate) fn active_subscriptions(on: &str, mut rows: Vec<String>, listed: Option<usize>) -> Dependents {
    let Some(listed) = listed else {
        return Dependents::note(format!(
            "active subscriptions on {on}: unknown, because this backend lists none"
        ));
    };
    rows.sort_unstable();
    let is_complete = listed < usize::from(MAX_ROWS);
    let count = counted(rows.len(), "active subscription");
    match (rows.is_empty(), is_complete) {
        (true, true) => Dependents::note(format!("no active subscriptions on {on}")),
        (true, false) => Dependents::note(format!(
            "no active subscriptions on {on} among the {listed} that the backend lists; there may be more"
        )),
        (false, true) => Dependents::new(format!("{count} on {on}"), rows),
        (false, false) => {
            Dependents::new(format!("at least {count} on {on}: the backend lists only {listed}"), rows)
        }
    }
}

/// Reads the connection of an environment.
pub(crate) async fn read_connection(
    ctx: &Ctx,
    provider: &'static Provider,
    environment: Environment,
) -> Result<Option<Connection>> {
    let connections = read(ctx, api::status(provider)).await?.connections;
    Ok(connections.into_iter().find(|connection| connection.environment == environment.as_str()))
}

/// A provider's key in one environment.
pub(crate) fn key(provider: &Provider, environment: Environment) -> ObjectChange {
    ObjectChange::existing(&format!("{} key for", provider.name), None, environment.as_str())
}

/// The masked key of a connection.
pub(crate) fn masked_key(connection: Option<&Connection>) -> String {
    let configured = connection.filter(|connection| connection.is_configured());
    let masked =
        configured.map(|connection| connection.masked_key.clone().unwrap_or_else(|| "unknown".to_owned()));
    masked.unwrap_or_else(|| "none".to_owned())
}

/// The account of a connection, which stays or is replaced by what `after` says.
pub(crate) fn account(connection: Option<&Connection>, after: Option<&str>) -> FieldChange {
    let before = connection
        .and_then(Connection::account)
        .map_or_else(|| "none".to_owned(), |account| account.to_string());
    match after {
        Some(after) => FieldChange::replaced("account", before, after),
        None => FieldChange::kept("account", before),
    }
}

/// How many rows of the catalog are in the mirror. Only these are counted, because the application's own customers add
/// other rows all the time. `outcome` is what happens to them.
pub(crate) async fn mirrored_rows(
    ctx: &Ctx,
    provider: &'static Provider,
    environment: Environment,
    outcome: &str,
) -> Result<Dependents> {
    let catalog: Map<String, Value> = read(ctx, api::catalog(provider, environment)).await?;
    let lists = catalog.iter().filter_map(|(name, rows)| Some((name, rows.as_array()?.len())));
    let counts = lists.map(|(name, count)| counted(count, name.strip_suffix('s').unwrap_or(name)));
    let counts: Vec<String> = counts.collect();
    let counts = if counts.is_empty() { "no rows".to_owned() } else { counts.join(" and ") };
    Ok(Dependents::note(format!("{counts} in the mirror of {environment}: {outcome}")))
}
