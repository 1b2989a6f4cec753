//! The backend that receives a provider's key: how the question and the result name it, and whether it stored the key.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use crate::api::{self, Provider, Reply};
use crate::error::Failure;
use crate::runner::Ctx;
use crate::settings::Source;
use crate::wire::{Connection, Connections, Environment};

/// The time limit of the request that checks whether the key is stored.
const CHECK_DEADLINE: Duration = Duration::from_secs(10);

/// The backend that receives a key, before it receives it.
pub(crate) struct KeyTarget {
    provider: &'static Provider,
    environment: Environment,
    /// The backend's name.
    backend: String,
    /// The project's file, if the address comes from one.
    project: Option<PathBuf>,
    /// The present connection; not read in a dry run.
    pub(crate) before: Option<Connection>,
}

impl KeyTarget {
    pub(crate) async fn read(
        ctx: &Ctx,
        provider: &'static Provider,
        environment: Environment,
    ) -> Result<Self> {
        let mut target =
            Self { provider, environment, backend: "the backend".to_owned(), project: None, before: None };
        if !ctx.dry_run {
            let backend = ctx.backend().await?;
            target.backend = backend.name();
            if let Source::Project(path) = &backend.address.source {
                target.project = Some(path.clone());
            }
            target.before = ctx.connection(provider, environment).await?;
        }
        Ok(target)
    }

    /// `Set the Stripe key of https://app.example.com to sk_test_****1234`
    pub(crate) fn what(&self, key: &str) -> String {
        format!("Set the {} key of {} to {key}", self.provider.name, self.backend)
    }

    /// The risk that a cloned repository collects keys: the user named neither the backend nor the key for this run.
    pub(crate) fn risk(&self, key: &Source) -> Option<String> {
        let (Some(project), Source::Variable(variable)) = (&self.project, key) else { return None };
        Some(format!(
            "The address comes from {} and the key from {variable}. Check that this backend is yours: it receives the key.",
            project.display()
        ))
    }

    /// `Stripe test key configured for https://app.example.com.`
    pub(crate) fn note(&self) -> String {
        format!("{} {} key configured for {}.", self.provider.name, self.environment, self.backend)
    }

    /// Adds to the failure of a request whose answer was lost whether the backend has stored the key. `has_key` reads
    /// that from the connection; `None` is unknown.
    pub(crate) async fn report_stored(
        &self,
        ctx: &Ctx,
        has_key: impl Fn(&Connection) -> Option<bool>,
        failure: Failure,
    ) -> Failure {
        let status = ctx.command(self.provider, &["status"]);
        let now = self.read_status(ctx).await;
        let stored = match &now {
            Ok(reply) => {
                let named = |one: &&Connection| one.environment == self.environment.as_str();
                let now = reply.data.connections.iter().find(named);
                now.map_or(Some(false), |now| if now.is_configured() { has_key(now) } else { Some(false) })
            }
            Err(_) => None,
        };
        let (found, hint) = match stored {
            Some(true) => (
                "the backend has stored the key; its first sync may still be running".to_owned(),
                format!("`{status}` shows whether the sync has finished; it is safe to run it again"),
            ),
            Some(false) => (
                "the backend has not stored the key yet".to_owned(),
                "run it again, with a longer --timeout if needed".to_owned(),
            ),
            None => {
                let reason =
                    now.err().map_or("its status does not show it".to_owned(), |error| error.to_string());
                (
                    format!("it is unknown whether the backend has stored the key: {reason}"),
                    format!("check with `{status}`; it is safe to run it again"),
                )
            }
        };
        let failure = if stored.is_some() { failure.without_unknown_outcome() } else { failure };
        failure.and_why(found).hint(hint)
    }

    /// Reads the status after the deadline of the command.
    async fn read_status(&self, ctx: &Ctx) -> Result<Reply<Connections>> {
        let client = ctx.api().await?.client();
        client.limited(CHECK_DEADLINE, ctx.retries, ctx.send(api::status(self.provider))).await
    }
}
