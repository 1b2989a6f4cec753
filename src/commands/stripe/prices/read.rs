use anyhow::Result;
use clap::Args;

use crate::api::Reply;
use crate::api::stripe::{self, STRIPE};
use crate::commands::common::{ActiveArgs, EnvironmentArgs, IdArgs};
use crate::commands::stripe::id_lists;
use crate::commands::stripe::prices::reference;
use crate::error::{Exit, Failure, Warning, WarningCode};
use crate::runner::{Command, CommandSpec, Completes, Ctx, HasIdList, ListQuery, ListReply, list};
use crate::settings::CachedIds;
use crate::wire::{self, Environment, ObjectId};

/// List the prices of one environment
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("test --product prod_dxFhxxNRvjmfxv --json"))]
pub(crate) struct List {
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// Only prices of this product
    #[arg(long, value_name = "PRODUCT_ID", add = Completes::Ids(wire::Product::IDS))]
    product: Option<ObjectId>,
    #[command(flatten)]
    active: ActiveArgs,
}

impl Command for List {
    type Reply = ListReply<wire::Prices>;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let environment = self.environment.resolve()?;
        let call = stripe::prices(environment, self.product.as_ref().map(ObjectId::as_str));
        let mut reply = list(ctx, ListQuery::whole(call, &self.active.filter())).await?;
        if let (Some(product), true, true) = (&self.product, reply.is_empty, reply.warnings.is_empty()) {
            reply.warnings.extend(unknown_product(ctx, environment, product.as_str()).await);
        }
        Ok(reply)
    }

    /// Only a complete list is offered.
    fn ids_to_cache(&self, reply: &Self::Reply) -> Option<CachedIds> {
        let is_complete = self.product.is_none() && self.active.filter().is_empty();
        let environment = self.environment.resolve().ok().filter(|_| is_complete)?;
        Some(id_lists::prices(&reply.reply.data.prices, environment))
    }
}

/// The warning that the product is not in the mirror. The list is not worth a failure of this request.
async fn unknown_product(ctx: &Ctx, environment: Environment, id: &str) -> Option<Warning> {
    let error = ctx.send(stripe::product(environment, id)).await.err()?;
    if error.downcast_ref::<Failure>()?.exit != Exit::NotFound {
        return None;
    }
    let list = ctx.command(&STRIPE, &["products", "list", environment.as_str()]);
    let sync = ctx.command(&STRIPE, &["sync", environment.as_str()]);
    let text = format!(
        "no product {id} is in the mirror of {environment}; `{list}` lists existing products, `{sync}` updates the mirror"
    );
    Some(Warning { code: WarningCode::ProductNotFound, text })
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
