//! Reads everything that is judged. What cannot be read is a finding, not the end of the command.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::api::{self, Answer, Api, Health, Provider, SubjectFilter};
use crate::error::{Code, Failure};
use crate::runner::{Ctx, Finding, Gateway, Unmapped};
use crate::settings::{Found, Source};
use crate::wire::{Address, Connection, Environment, Generation, Status};

/// The backend takes no more.
const MOST_ROWS: u8 = 100;

/// Everything that is known.
pub(super) struct Facts {
    pub(super) provider: &'static Provider,
    pub(super) webhooks: &'static [&'static str],
    pub(super) key_beginning: fn(Environment) -> &'static str,
    pub(super) backend: Result<Backend, Failure>,
}

/// An address and a key, and what the backend there said.
pub(super) struct Backend {
    pub(super) address: Found<Address>,
    /// Masked.
    pub(super) key: Found<String>,
    pub(super) health: Result<Health, Failure>,
    /// For that answer, or the lack of one.
    pub(super) took: Duration,
    /// Nothing where nobody answered before.
    pub(super) status: Option<Result<Status, Failure>>,
    pub(super) generation: Option<Generation>,
    pub(super) readings: Vec<Reading>,
}

/// What was read of one environment that has a key.
pub(super) struct Reading {
    pub(super) environment: Environment,
    pub(super) offers: Result<Vec<Finding>, Failure>,
    pub(super) subscriptions: Result<Unmapped, Failure>,
    /// Nothing where the webhook's address is not this backend's: nobody else is asked.
    pub(super) webhook: Option<Result<Answer, Failure>>,
}

impl Backend {
    /// The connection of an environment.
    pub(super) fn connection(&self, environment: Environment) -> Option<&Connection> {
        let status = self.status.as_ref()?.as_ref().ok()?;
        status.connections.iter().find(|connection| connection.environment == environment.as_str())
    }
}

/// Reads it, as far as it can be read.
///
/// # Errors
/// A command line that makes no sense.
pub(super) async fn gather<G: Gateway>(ctx: &Ctx, only: Option<Environment>) -> Result<Facts> {
    let mut backend = look(ctx, G::PROVIDER).await?;
    if let Ok(backend) = &mut backend {
        let api = ctx.api().await?;
        for environment in Environment::ALL.into_iter().filter(|one| only.is_none_or(|only| only == *one)) {
            if let Some(connection) = backend.connection(environment).filter(|one| one.is_configured()) {
                let webhook = webhook(api, connection).await;
                let reading = read::<G>(api, environment, webhook).await;
                backend.readings.push(reading);
            }
        }
    }
    let webhooks = G::WEBHOOKS;
    Ok(Facts { provider: G::PROVIDER, webhooks, key_beginning: G::key_beginning, backend })
}

async fn look(ctx: &Ctx, provider: &'static Provider) -> Result<Result<Backend, Failure>> {
    let found = match ctx.backend().await {
        Ok(found) => found,
        Err(error) => {
            let failure = error.downcast::<Failure>();
            let failure = failure.unwrap_or_else(|error| Failure::new(Code::Failed, error.to_string()));
            // Nobody meant that.
            return if failure.code == Code::Usage { Err(failure.into()) } else { Ok(Err(failure)) };
        }
    };
    let api = ctx.api().await?;
    let started = Instant::now();
    let health = api.client().health().await.map_err(Failure::from);
    let took = started.elapsed();
    let nobody_there =
        matches!(&health, Err(failure) if matches!(failure.code, Code::Unreachable | Code::TimedOut));
    let status =
        if nobody_there { None } else { Some(api.send(&api::status(provider)).await.map_err(Failure::from)) };
    let key = Found { value: found.key.value.masked(), source: found.key.source.clone() };
    Ok(Ok(Backend {
        address: found.address.clone(),
        key,
        health,
        took,
        status: status.map(|status| status.map(|reply| reply.data)),
        generation: api.generation(),
        readings: Vec::new(),
    }))
}

async fn webhook(api: &Api, connection: &Connection) -> Option<Result<Answer, Failure>> {
    let url = connection.webhook_endpoint_url.as_deref()?;
    let path = api.client().endpoint().address.path_of(url)?;
    Some(api.answers_at(&path).await.map_err(Failure::from))
}

async fn read<G: Gateway>(
    api: &Api,
    environment: Environment,
    webhook: Option<Result<Answer, Failure>>,
) -> Reading {
    let offers = api.send(&api::catalog::<G::Offers>(G::PROVIDER, environment)).await.map_err(Failure::from);
    let everybodys = SubjectFilter::default();
    let subscriptions = api::subscriptions(G::PROVIDER, environment, &everybodys, Some(MOST_ROWS));
    let subscriptions = api.send::<G::Subscriptions>(&subscriptions).await.map_err(Failure::from);
    Reading {
        environment,
        offers: offers.map(|reply| G::examine(&reply.data, environment)),
        subscriptions: subscriptions.map(|reply| G::unmapped(&reply.data)),
        webhook,
    }
}

impl Backend {
    /// What gives this run another key.
    pub(super) fn new_key(&self) -> Option<String> {
        match &self.key.source {
            Source::Variable(name) => Some(format!("export {name}=ik_…")),
            Source::Project(_) => Some(format!("insforge link --api-base-url {}", self.address.value)),
            Source::Profile { name, .. } => Some(format!("insforge login --profile {name}")),
            _ => None,
        }
    }
}
