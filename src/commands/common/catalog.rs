use std::marker::PhantomData;

use anyhow::Result;
use clap::Args;

use crate::api;
use crate::commands::common::EnvironmentArgs;
use crate::runner::{Command, CommandSpec, Ctx, Gateway, ListQuery, ListReply, ReadIds, list};
use crate::settings::CachedIds;
use crate::wire::{Environment, RowFilter};

/// List the catalog of one environment, from the mirror
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("test --json"))]
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
    type Reply = ListReply<G::Catalog>;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let call = api::catalog(G::PROVIDER, self.environment.resolve()?);
        list(ctx, ListQuery::whole(call, &RowFilter::default())).await
    }

    fn ids_to_cache(&self, reply: &Self::Reply) -> Option<CachedIds> {
        Some(G::ids(&reply.reply.data, self.environment.resolve().ok()?))
    }
}

/// Reads the lists of a provider's catalog, for completion.
pub(crate) fn read_ids<G: Gateway>(environment: Environment, ctx: &Ctx) -> ReadIds<'_> {
    Box::pin(async move {
        let catalog = ctx.send(api::catalog::<G::Catalog>(G::PROVIDER, environment)).await?;
        Ok(G::ids(&catalog.data, environment))
    })
}
