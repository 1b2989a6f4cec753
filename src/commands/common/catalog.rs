use std::marker::PhantomData;

use anyhow::Result;
use clap::Args;

use crate::api::{self, Reply};
use crate::commands::common::EnvironmentArgs;
use crate::runner::{Command, Ctx, Gateway};
use crate::settings::Offers;
use crate::wire::Environment;

/// List the catalog of one environment, from the mirror
#[derive(Args)]
pub(crate) struct Catalog<G: Gateway> {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[arg(skip)]
    gateway: PhantomData<G>,
}

impl<G: Gateway> Catalog<G> {
    /// The list of the environment that was given before the command.
    pub(crate) fn of(named: Vec<Environment>) -> Self {
        Self { environment: EnvironmentArgs::of(named), gateway: PhantomData }
    }
}

impl<G: Gateway> Command for Catalog<G> {
    type Reply = Reply<G::Catalog>;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        ctx.send(api::catalog(G::PROVIDER, self.environment.resolve()?)).await
    }

    fn offers(&self, reply: &Self::Reply) -> Option<Offers> {
        Some(G::offers(&reply.data, self.environment.resolve().ok()?))
    }
}

/// The ids of a provider's catalog, for completion.
pub(crate) async fn offers<G: Gateway>(environment: Environment, ctx: &Ctx) -> Result<Offers> {
    let catalog = ctx.send(api::catalog::<G::Catalog>(G::PROVIDER, environment)).await?;
    Ok(G::offers(&catalog.data, environment))
}
