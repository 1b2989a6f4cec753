use std::marker::PhantomData;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::api::{self, Reply};
use crate::command::{Command, Ctx, Gateway, execute, execute_write};
use crate::commands::common::config_remove::Remove;
use crate::error::Exit;

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
    type Reply = Reply<G::Config>;
    const HAS_IDS: bool = false;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        ctx.send(api::config(G::PROVIDER)).await
    }
}
