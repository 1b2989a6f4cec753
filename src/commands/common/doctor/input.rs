//! Reads everything that the checks need. A failed request is part of the input; it does not end the command.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::selected_environments;
use crate::api::{self, Answer, Api, Health, MAX_ROWS, Provider, SubjectFilter};
use crate::error::{Code, Failure};
use crate::runner::{Ctx, Finding, Gateway, UnmappedSubscriptions, WebhookSupport, run_blocking};
use crate::settings::{Policies, Source, WithSource};
use crate::wire::{Address, Connection, Connections, Environment, Generation};

/// The input of all checks.
pub(super) struct DoctorInput {
    pub(super) provider: &'static Provider,
    /// How payment events reach the backend.
    pub(super) webhook: &'static WebhookSupport,
    /// The prefix of an environment's keys.
    pub(super) key_prefix: fn(Environment) -> &'static str,
    pub(super) backend: Result<BackendInput, Failure>,
}

/// The address and the key, and the backend's responses.
pub(super) struct BackendInput {
    pub(super) address: WithSource<Address>,
    /// Masked.
    pub(super) key: WithSource<String>,
    /// The policies for writes. The project's file may be unreadable.
    pub(super) policies: Result<Policies, Failure>,
    /// A variable skips the approvals that the policies require.
    pub(super) is_bypassed: bool,
    pub(super) health: Result<Health, Failure>,
    /// How long the health request took.
    pub(super) health_duration: Duration,
    /// `None` if the backend is unreachable.
    pub(super) status: Option<Result<Connections, Failure>>,
    pub(super) generation: Option<Generation>,
    /// The environments that have a key.
    pub(super) environments: Vec<EnvironmentInput>,
}

/// The backend's responses about one environment.
pub(super) struct EnvironmentInput {
    pub(super) environment: Environment,
    pub(super) catalog: Result<Vec<Finding>, Failure>,
    pub(super) subscriptions: Result<UnmappedSubscriptions, Failure>,
    /// The response at the webhook's address. `None` if the address belongs to another host, which is never contacted.
    pub(super) webhook: Option<Result<Answer, Failure>>,
}

/// Reads the input.
///
/// # Errors
/// The command line is invalid.
pub(super) async fn read<G: Gateway>(ctx: &Ctx, only: Option<Environment>) -> Result<DoctorInput> {
    let mut backend = read_backend(ctx, G::PROVIDER).await?;
    if let Ok(backend) = &mut backend {
        let api = ctx.api().await?;
        for environment in selected_environments(only) {
            if let Some(connection) = backend.connection(environment).filter(|one| one.is_configured()) {
                let input = read_environment::<G>(api, environment, connection).await;
                backend.environments.push(input);
            }
        }
    }
    Ok(DoctorInput { provider: G::PROVIDER, webhook: G::WEBHOOK, key_prefix: G::key_prefix, backend })
}

async fn read_backend(ctx: &Ctx, provider: &'static Provider) -> Result<Result<BackendInput, Failure>> {
    let found = match ctx.backend().await {
        Ok(found) => found,
        Err(error) => {
            let failure = error.downcast::<Failure>();
            let failure = failure.unwrap_or_else(|error| Failure::new(Code::Failed, error.to_string()));
            return if failure.code == Code::Usage { Err(failure.into()) } else { Ok(Err(failure)) };
        }
    };
    let (backend, env) = (found.clone(), ctx.env.clone());
    let policies = run_blocking(move || Ok(backend.policies(&env))).await?;
    let api = ctx.api().await?;
    let start = Instant::now();
    let health = api.client().health().await.map_err(Failure::from);
    let health_duration = start.elapsed();
    let unreachable = matches!(
        &health,
        Err(failure) if matches!(
            failure.code,
            Code::Unreachable | Code::TimedOut | Code::TlsFailed | Code::ProxyRefused
        )
    );
    let status =
        if unreachable { None } else { Some(api.send(&api::status(provider)).await.map_err(Failure::from)) };
    let key = WithSource { value: found.key.value.masked(), source: found.key.source.clone() };
    Ok(Ok(BackendInput {
        address: found.address.clone(),
        key,
        policies,
        is_bypassed: ctx.approval.bypass,
        health,
        health_duration,
        status: status.map(|status| status.map(|reply| reply.data)),
        generation: api.generation(),
        environments: Vec::new(),
    }))
}

async fn read_environment<G: Gateway>(
    api: &Api,
    environment: Environment,
    connection: &Connection,
) -> EnvironmentInput {
    let webhook = read_webhook(api, connection).await;
    let catalog =
        api.send(&api::catalog::<G::DoctorCatalog>(G::PROVIDER, environment)).await.map_err(Failure::from);
    let all_subjects = SubjectFilter::default();
    let subscriptions = api::subscriptions(G::PROVIDER, environment, &all_subjects, Some(MAX_ROWS));
    let subscriptions = api.send::<G::Subscriptions>(&subscriptions).await.map_err(Failure::from);
    EnvironmentInput {
        environment,
        catalog: catalog.map(|reply| G::check_catalog(&reply.data, environment)),
        subscriptions: subscriptions.map(|reply| G::unmapped(&reply.data)),
        webhook,
    }
}

async fn read_webhook(api: &Api, connection: &Connection) -> Option<Result<Answer, Failure>> {
    let url = connection.webhook_endpoint_url.as_deref()?;
    let path = api.client().endpoint().address.path_of(url)?;
    Some(api.get_without_key(&path).await.map_err(Failure::from))
}

impl BackendInput {
    /// The connection of an environment.
    pub(super) fn connection(&self, environment: Environment) -> Option<&Connection> {
        let status = self.status.as_ref()?.as_ref().ok()?;
        status.connections.iter().find(|connection| connection.environment == environment.as_str())
    }

    /// The command that sets another API key.
    pub(super) fn set_key_command(&self) -> Option<String> {
        match &self.key.source {
            Source::Variable(name) => Some(format!("export {name}=ik_…")),
            Source::Project(_) => Some(format!("insforge link --api-base-url {}", self.address.value)),
            Source::Profile { name, .. } => Some(format!("insforge login --profile {name}")),
            _ => None,
        }
    }
}
