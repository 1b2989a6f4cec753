use std::borrow::Cow;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::api::{self, Health};
use crate::error::{Exit, Failure};
use crate::runner::{Command, CommandSpec, Ctx};
use crate::settings::{Backend, Source};
use crate::ui::{Column, Page, Section, Show, Tables, json_text, yes_no};
use crate::wire::Generation;
use crate::wire::fields::Fields;

/// Show the current backend and key, where they come from, and whether they work
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("--json"))]
pub(crate) struct Current {}

impl Command for Current {
    type Reply = ConnectionReport;
    const HAS_IDS: bool = false;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let backend = ctx.backend().await?;
        let api = ctx.api().await?;
        // Failures are part of the report.
        let health = api.client().health().await.map_err(Failure::from);
        let status = match &health {
            Ok(_) => api.send(&api::status(&api::DEFAULT_PROVIDER)).await.map(|_| ()).map_err(Failure::from),
            Err(failure) => Err(failure.clone()),
        };
        Ok(ConnectionReport::new(backend, &health, api.generation(), status.err()))
    }
}

/// The backend and key of this run, and the results of the checks.
pub(crate) struct ConnectionReport {
    /// Name, value, source.
    values: Vec<(&'static str, String, String)>,
    json: Value,
    failure: Option<Failure>,
}

impl ConnectionReport {
    fn new(
        backend: &Backend,
        health: &Result<Health, Failure>,
        generation: Option<Generation>,
        failure: Option<Failure>,
    ) -> Self {
        let address = backend.address.value.to_string();
        let key = backend.key.value.masked();
        let [address_from, key_from] = [&backend.address.source, &backend.key.source].map(Source::to_string);
        let version = health.as_ref().ok().and_then(|health| health.version.clone());
        let generation = generation.map(|generation| generation.to_string());
        let reachable = health.is_ok();
        let accepted = match &failure {
            None => Some(true),
            Some(failure) if matches!(failure.exit, Exit::NotAuthenticated | Exit::Denied) => Some(false),
            // Other failures do not depend on the key.
            Some(_) => None,
        };
        let json = json!({
            "backend": {"value": address, "source": address_from},
            "key": {"value": key, "source": key_from},
            "profile": backend.profile,
            "reachable": reachable,
            "version": version,
            "generation": generation,
            "keyAccepted": accepted,
        });
        let unknown = || "-".to_owned();
        let or_dash = |text: Option<String>| text.unwrap_or_else(unknown);
        let yes_no = |yes| yes_no(yes).into_owned();
        let values = vec![
            ("Backend", address, address_from),
            ("Key", key, key_from),
            ("Profile", or_dash(backend.profile.clone()), unknown()),
            ("Reachable", yes_no(Some(reachable)), unknown()),
            ("Version", or_dash(version), unknown()),
            ("Generation", or_dash(generation), unknown()),
            ("Key accepted", yes_no(accepted), unknown()),
        ];
        Self { values, json, failure }
    }
}

impl Show for ConnectionReport {
    const FIELDS: Fields =
        &["backend", "key", "profile", "reachable", "version", "generation", "keyAccepted"];
    const TABLES: Tables = &[&[Column::label("Setting"), Column::new("Value"), Column::new("From")]];

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        json_text(&self.json)
    }

    fn page(&self) -> Page<'_> {
        let rows =
            self.values.iter().map(|(name, value, from)| vec![(*name).into(), value.into(), from.into()]);
        Section::new(Self::TABLES[0], rows).into()
    }

    fn failure(&self) -> Option<Failure> {
        self.failure.clone()
    }
}
