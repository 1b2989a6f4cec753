//! Stripe: what only Stripe has, and how Stripe's part of what every provider has is shown.

pub(super) mod catalog;
mod config_set;
mod doctor;
mod gateway;
mod keyed;
mod object;
mod offers;
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
pub(super) use gateway::StripeGateway;

/// Everything for Stripe.
#[derive(Subcommand)]
pub(crate) enum Stripe {
    #[command(flatten)]
    Common(Common<StripeGateway>),
    /// List the catalog of an environment, or manage it as code
    Catalog(Deferred<catalog::Catalog>),
    /// Show which keys are configured, masked; set and remove them
    Config(Deferred<Config<StripeGateway>>),
    /// The webhook endpoint through which Stripe tells the backend of payments
    #[command(subcommand)]
    Webhooks(Deferred<webhooks::Webhooks>),
    /// Stripe products
    #[command(subcommand)]
    Products(Deferred<products::Products>),
    /// Stripe prices
    #[command(subcommand)]
    Prices(Deferred<prices::Prices>),
}

impl Stripe {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::Common(common) => common.run(ctx).await,
            // The largest by far, and rarely the one.
            Self::Catalog(Deferred(catalog)) => Box::pin(catalog.run(ctx)).await,
            Self::Config(Deferred(config)) => config.run(ctx).await,
            Self::Webhooks(Deferred(webhooks)) => webhooks.run(ctx).await,
            Self::Products(Deferred(products)) => products.run(ctx).await,
            Self::Prices(Deferred(prices)) => prices.run(ctx).await,
        }
    }
}
