use anyhow::Result;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::api::{Reply, stripe};
use crate::commands::common::{EnvironmentArgs, IdArgs};
use crate::commands::stripe::offers;
use crate::runner::{Command, Ctx};
use crate::settings::Offers;
use crate::wire;

/// List the prices of one environment
#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// Only prices of this product
    #[arg(long, value_name = "PRODUCT_ID", value_parser = NonEmptyStringValueParser::new())]
    product: Option<String>,
}

impl Command for List {
    type Reply = Reply<wire::Prices>;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        ctx.send(stripe::prices(self.environment.resolve()?, self.product.as_deref())).await
    }

    /// Only a complete list is offered.
    fn offers(&self, reply: &Self::Reply) -> Option<Offers> {
        let environment = self.environment.resolve().ok().filter(|_| self.product.is_none())?;
        Some(offers::prices(&reply.data.prices, environment))
    }
}

/// Show one price
#[derive(Args)]
pub(crate) struct Get {
    #[command(flatten)]
    price: IdArgs,
}

impl Command for Get {
    type Reply = Reply<wire::PriceReply>;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let price = self.price.resolve()?;
        ctx.send(stripe::price(price.environment, &price.id)).await
    }
}
