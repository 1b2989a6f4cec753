//! The commands for Stripe: those that only Stripe has, and the Stripe types of the shared ones.

mod catalog;
mod config_set;
mod doctor;
mod effects;
mod gateway;
mod id_lists;
mod new_object;
mod object_args;
mod planned_change;
mod prices;
mod products;
mod secret_key;
mod webhooks;

use anyhow::Result;
use clap::Subcommand;

use crate::commands::common::{Common, Config};
use crate::commands::deferred::Deferred;
use crate::error::Exit;
use crate::runner::Ctx;
use gateway::StripeGateway;

#[derive(Subcommand)]
pub(crate) enum Stripe {
    #[command(flatten)]
    Common(Common<StripeGateway>),
    /// List the catalog of an environment, or manage it as code
    Catalog(catalog::Catalog),
    /// Show, set and remove the keys of each environment
    Config(Config<StripeGateway>),
    /// Manage the webhook endpoint through which Stripe reports payments to the backend
    #[command(subcommand)]
    Webhooks(Deferred<webhooks::Webhooks>),
    /// Manage products at Stripe
    #[command(subcommand)]
    Products(Deferred<products::Products>),
    /// Manage prices at Stripe
    #[command(subcommand)]
    Prices(Deferred<prices::Prices>),
}

impl Stripe {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::Common(common) => common.run(ctx).await,
            // Boxed, because it is the largest by far and rarely used.
            Self::Catalog(catalog) => Box::pin(catalog.run(ctx)).await,
            Self::Config(config) => config.run(ctx).await,
            Self::Webhooks(Deferred(webhooks)) => webhooks.run(ctx).await,
            Self::Products(Deferred(products)) => products.run(ctx).await,
            Self::Prices(Deferred(prices)) => prices.run(ctx).await,
        }
    }
}
