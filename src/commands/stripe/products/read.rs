use anyhow::Result;
use clap::Args;

use crate::api::{Reply, stripe};
use crate::commands::common::{EnvironmentArgs, IdArgs};
use crate::commands::stripe::id_lists;
use crate::runner::{Command, CommandSpec, Ctx};
use crate::settings::CachedIds;
use crate::wire;

/// List the products of one environment
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("test --json"))]
pub(crate) struct List {
    #[command(flatten)]
    environment: EnvironmentArgs,
}

impl Command for List {
    type Reply = Reply<wire::Products>;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        ctx.send(stripe::products(self.environment.resolve()?)).await
    }

    fn ids_to_cache(&self, reply: &Self::Reply) -> Option<CachedIds> {
        Some(id_lists::products(&reply.data.products, self.environment.resolve().ok()?))
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
