use anyhow::Result;
use clap::Args;

use crate::api::{Reply, stripe};
use crate::commands::common::{EnvironmentArgs, IdArgs};
use crate::commands::stripe::offers;
use crate::runner::{Command, Ctx};
use crate::settings::Offers;
use crate::wire;

/// List the products of one environment
#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    environment: EnvironmentArgs,
}

impl Command for List {
    type Reply = Reply<wire::Products>;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        ctx.send(stripe::products(self.environment.resolve()?)).await
    }

    fn offers(&self, reply: &Self::Reply) -> Option<Offers> {
        Some(offers::products(&reply.data.products, self.environment.resolve().ok()?))
    }
}

/// Show one product and its prices
#[derive(Args)]
pub(crate) struct Get {
    #[command(flatten)]
    product: IdArgs,
}

impl Command for Get {
    type Reply = Reply<wire::ProductReply>;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let product = self.product.resolve()?;
        ctx.send(stripe::product(product.environment, &product.id)).await
    }
}
