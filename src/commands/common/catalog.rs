use std::marker::PhantomData;

use anyhow::Result;
use clap::Args;

use crate::api::{self, Reply};
use crate::commands::common::EnvironmentArgs;
use crate::runner::{Command, Ctx, Gateway};
use crate::settings::Offers;
use crate::wire::Environment;

/// List everything that is for sale in one environment, as the mirror has it
#[derive(Args)]
pub(crate) struct Catalog<G: Gateway> {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[arg(skip)]
    gateway: PhantomData<G>,
}

impl<G: Gateway> Catalog<G> {
    /// The list of the environment that was named, however often.
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

/// What a provider has for sale, for completion.
pub(crate) async fn offers<G: Gateway>(environment: Environment, ctx: &Ctx) -> Result<Offers> {
    let catalog = ctx.send(api::catalog::<G::Catalog>(G::PROVIDER, environment)).await?;
    Ok(G::offers(&catalog.data, environment))
}
