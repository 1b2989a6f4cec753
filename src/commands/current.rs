use std::borrow::Cow;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::api::{self, Health};
use crate::error::{Exit, Failure};
use crate::runner::{Command, Ctx};
use crate::settings::{Backend, Source};
use crate::ui::{Column, Page, Section, Show, Tables, yes_no};
use crate::wire::Generation;

/// Show which backend and key are used, where they come from, and whether they work
#[derive(Args)]
pub(crate) struct Current {}

impl Command for Current {
    type Reply = Report;
    const HAS_IDS: bool = false;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let backend = ctx.backend().await?;
        let api = ctx.api().await?;
        // What fails here is part of the report, not the end of it.
        let health = api.client().health().await.map_err(Failure::from);
        let status = match &health {
            Ok(_) => api.send(&api::status(&api::DEFAULT)).await.map(|_| ()).map_err(Failure::from),
            Err(failure) => Err(failure.clone()),
        };
        Ok(Report::new(backend, &health, api.generation(), status.err()))
    }
}

/// Each value and where it comes from.
pub(crate) struct Report {
    values: Vec<(&'static str, String, String)>,
    json: Value,
    failure: Option<Failure>,
}

impl Report {
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
            // What went wrong says nothing about the key.
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
        let answer = |text: Option<String>| text.unwrap_or_else(unknown);
        let answer_yes_no = |yes| yes_no(yes).into_owned();
        let values = vec![
            ("Backend", address, address_from),
            ("Key", key, key_from),
            ("Profile", answer(backend.profile.clone()), unknown()),
            ("Reachable", answer_yes_no(Some(reachable)), unknown()),
            ("Version", answer(version), unknown()),
            ("Generation", answer(generation), unknown()),
            ("Key accepted", answer_yes_no(accepted), unknown()),
        ];
        Self { values, json, failure }
    }
}

impl Show for Report {
    const TABLES: Tables = &[&[Column::label("Setting"), Column::new("Value"), Column::new("From")]];

    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Ok(Cow::Borrowed(&self.json))
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
