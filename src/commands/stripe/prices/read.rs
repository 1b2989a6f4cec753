use anyhow::Result;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::api::{Reply, stripe};
use crate::commands::common::{EnvironmentArgs, IdArgs};
use crate::commands::stripe::id_lists;
use crate::commands::stripe::prices::reference;
use crate::runner::{Command, CommandSpec, Completes, Ctx, HasIdList};
use crate::settings::CachedIds;
use crate::wire;

/// List the prices of one environment
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("test --product prod_dxFhxxNRvjmfxv --json"))]
pub(crate) struct List {
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// Only prices of this product
    #[arg(long, value_name = "PRODUCT_ID", value_parser = NonEmptyStringValueParser::new(), add = Completes::Ids(wire::Product::IDS))]
    product: Option<String>,
}

impl Command for List {
    type Reply = Reply<wire::Prices>;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        ctx.send(stripe::prices(self.environment.resolve()?, self.product.as_deref())).await
    }

    /// Only a complete list is offered.
    fn ids_to_cache(&self, reply: &Self::Reply) -> Option<CachedIds> {
        let environment = self.environment.resolve().ok().filter(|_| self.product.is_none())?;
        Some(id_lists::prices(&reply.data.prices, environment))
    }
}

/// Show one price
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("test price_yhlsfOw8COCt3Xs7EjbYrgHW --json"))]
pub(crate) struct Get {
    #[command(flatten)]
    price: IdArgs<wire::Price>,
}

impl Command for Get {
    type Reply = Reply<wire::PriceReply>;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let price = reference::resolve(ctx, self.price.resolve()?).await?;
        ctx.send(stripe::price(price.environment, &price.id)).await
    }
}
