use std::marker::PhantomData;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::api::{self, Reply};
use crate::command::{Command, Ctx, Gateway};

/// Show which keys are configured, masked
#[derive(Args)]
pub(crate) struct Config<G: Gateway> {
    #[command(subcommand)]
    command: Option<ConfigCommand>,
    #[arg(skip)]
    gateway: PhantomData<G>,
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// The same as `config` alone
    List,
}

impl<G: Gateway> Command for Config<G> {
    type Reply = Reply<G::Config>;
    const HAS_IDS: bool = false;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        match self.command {
            None | Some(ConfigCommand::List) => ctx.send(api::config(G::PROVIDER)).await,
        }
    }
}
