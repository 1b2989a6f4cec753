use std::borrow::Cow;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::api::{self, Reply};
use crate::commands::common::ForProvider;
use crate::commands::common::config_remove::Remove;
use crate::error::Exit;
use crate::runner::{Command, CommandSpec, Ctx, Gateway, execute, execute_write};
use crate::ui::{Column, Page, RowLists, Section, Tables, View, dash, yes_no};
use crate::wire::{self, MaskedKey, fields};

/// Show the configured keys, masked; set and remove keys
#[derive(Args)]
#[command(add = CommandSpec::reads::<ForProvider<List>>("--json").tables(G::KEY_TABLES).rows(G::KEY_ROWS))]
pub(crate) struct Config<G: Gateway> {
    #[command(subcommand)]
    command: Option<ConfigCommand<G>>,
}

#[derive(Subcommand)]
enum ConfigCommand<G: Gateway> {
    #[command(add = CommandSpec::reads::<ForProvider<List>>("--json").tables(G::KEY_TABLES).rows(G::KEY_ROWS))]
    List(List),
    Set(G::ConfigSet),
    #[command(alias = "delete")]
    Remove(Remove),
}

impl<G: Gateway> Config<G> {
    pub(crate) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        let provider = G::PROVIDER;
        match self.command {
            None => execute(ForProvider { provider, args: List }, ctx).await,
            Some(ConfigCommand::List(args)) => execute(ForProvider { provider, args }, ctx).await,
            Some(ConfigCommand::Set(set)) => execute_write(set, ctx).await,
            Some(ConfigCommand::Remove(args)) => execute_write(ForProvider { provider, args }, ctx).await,
        }
    }
}

/// List the configured keys, masked (the same as `config` alone)
#[derive(Args)]
struct List;

impl Command for ForProvider<List> {
    type Reply = Reply<wire::KeyList>;
    const HAS_IDS: bool = false;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        ctx.send(api::config(self.provider)).await
    }
}

impl View for wire::KeyList {
    const NOUN: &'static str = "keys";
    const ROWS: RowLists = &[("keys", "key", fields::TYPED_KEY)];
    /// The tables for one key and for several keys per environment.
    const TABLES: Tables = &[
        &[Column::new("Env"), Column::new("Configured"), Column::new("Key")],
        &[Column::new("Env"), Column::new("Kind"), Column::new("Configured"), Column::new("Key")],
    ];

    fn page(&self) -> Page<'_> {
        let several = self.keys.iter().any(|key| key.key_type.is_some());
        Section::new(Self::TABLES[usize::from(several)], self.keys.iter().map(move |key| row(key, several)))
            .of("key")
            .into()
    }
}

fn row(key: &MaskedKey, several: bool) -> Vec<Cow<'_, str>> {
    let kind = several.then(|| dash(key.key_type.as_deref().map(kind)));
    let rest = [yes_no(Some(key.has_key)), dash(key.masked_key.as_deref())];
    std::iter::once(key.environment.as_str().into()).chain(kind).chain(rest).collect()
}

/// The display name of a key type such as `api_secret`.
fn kind(key_type: &str) -> Cow<'_, str> {
    match key_type {
        "api_key" => "API key".into(),
        "api_secret" => "API secret".into(),
        "webhook_secret" => "Webhook secret".into(),
        other => other.replace('_', " ").into(),
    }
}
