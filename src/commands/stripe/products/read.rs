use anyhow::Result;
use clap::Args;

use crate::api::{Reply, stripe};
use crate::commands::common::{ActiveArgs, EnvironmentArgs, IdArgs};
use crate::commands::stripe::id_lists;
use crate::runner::{Command, CommandSpec, Ctx, ListQuery, ListReply, list};
use crate::settings::CachedIds;
use crate::wire;

/// List the products of one environment
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("test --json"))]
pub(crate) struct List {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[command(flatten)]
    active: ActiveArgs,
}

impl Command for List {
    type Reply = ListReply<wire::Products>;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let call = stripe::products(self.environment.resolve()?);
        list(ctx, ListQuery::whole(call, &self.active.filter())).await
    }

    /// Only a complete list is offered.
    fn ids_to_cache(&self, reply: &Self::Reply) -> Option<CachedIds> {
        let environment = self.environment.resolve().ok().filter(|_| self.active.filter().is_empty())?;
        Some(id_lists::products(&reply.reply.data.products, environment))
    }
}

/// Show one product and its prices
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("test prod_dxFhxxNRvjmfxv --json"))]
pub(crate) struct Get {
    #[command(flatten)]
    product: IdArgs<wire::Product>,
}

impl Command for Get {
    type Reply = Reply<wire::ProductReply>;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let product = self.product.resolve()?;
        ctx.send(stripe::product(product.environment, &product.id)).await
    }
}
