use std::borrow::Cow;
use std::marker::PhantomData;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::api::{self, Reply};
use crate::commands::common::config_remove::Remove;
use crate::error::Exit;
use crate::runner::{Command, Ctx, Gateway, execute, execute_write};
use crate::ui::{Column, Page, Rows, Section, Tables, View, dash, yes_no};
use crate::wire::{self, Key};

/// Show which keys are configured, masked; set and remove them
#[derive(Args)]
pub(crate) struct Config<G: Gateway> {
    #[command(subcommand)]
    command: Option<ConfigCommand<G>>,
}

#[derive(Subcommand)]
enum ConfigCommand<G: Gateway> {
    List(List<G>),
    Set(G::ConfigSet),
    #[command(alias = "delete")]
    Remove(Remove<G>),
}

impl<G: Gateway> Config<G> {
    pub(crate) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self.command {
            None => execute(List::<G> { gateway: PhantomData }, ctx).await,
            Some(ConfigCommand::List(list)) => execute(list, ctx).await,
            Some(ConfigCommand::Set(set)) => execute_write(set, ctx).await,
            Some(ConfigCommand::Remove(remove)) => execute_write(remove, ctx).await,
        }
    }
}

/// The same as `config` alone
#[derive(Args)]
struct List<G: Gateway> {
    #[arg(skip)]
    gateway: PhantomData<G>,
}

impl<G: Gateway> Command for List<G> {
    type Reply = Reply<wire::Config>;
    const HAS_IDS: bool = false;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        ctx.send(api::config(G::PROVIDER)).await
    }
}

impl View for wire::Config {
    const NOUN: &'static str = "keys";
    const ROWS: Rows = &[("keys", "key")];
    /// Where each environment has one key, and where it has several.
    const TABLES: Tables = &[
        &[Column::new("Env"), Column::new("Configured"), Column::new("Key")],
        &[Column::new("Env"), Column::new("Kind"), Column::new("Configured"), Column::new("Key")],
    ];

    fn page(&self) -> Page<'_> {
        let several = self.keys.iter().any(|key| key.key_type.is_some());
        Section::new(Self::TABLES[usize::from(several)], self.keys.iter().map(move |key| row(key, several)))
            .into()
    }
}

fn row(key: &Key, several: bool) -> Vec<Cow<'_, str>> {
    let kind = several.then(|| dash(key.key_type.as_deref().map(kind)));
    let rest = [yes_no(Some(key.has_key)), dash(key.masked_key.as_deref())];
    std::iter::once(key.environment.as_str().into()).chain(kind).chain(rest).collect()
}

/// `api_secret` as people write it.
fn kind(key_type: &str) -> Cow<'_, str> {
    match key_type {
        "api_key" => "API key".into(),
        "api_secret" => "API secret".into(),
        "webhook_secret" => "Webhook secret".into(),
        other => other.replace('_', " ").into(),
    }
}
