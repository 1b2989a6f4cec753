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
use crate::error::Exit;
use crate::runner::Ctx;
pub(super) use gateway::StripeGateway;

/// Everything for Stripe.
#[derive(Subcommand)]
pub(crate) enum Stripe {
    #[command(flatten)]
    Common(Common<StripeGateway>),
    /// List everything that is for sale in one environment, as the mirror has it; and the catalog as code
    Catalog(catalog::Catalog),
    /// Show which keys are configured, masked; set and remove them
    Config(Config<StripeGateway>),
    /// The webhook endpoint through which Stripe tells the backend of payments
    #[command(subcommand)]
    Webhooks(webhooks::Webhooks),
    /// Stripe products
    #[command(subcommand)]
    Products(products::Products),
    /// Stripe prices
    #[command(subcommand)]
    Prices(prices::Prices),
}

impl Stripe {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::Common(common) => common.run(ctx).await,
            // The largest by far, and rarely the one.
            Self::Catalog(catalog) => Box::pin(catalog.run(ctx)).await,
            Self::Config(config) => config.run(ctx).await,
            Self::Webhooks(webhooks) => webhooks.run(ctx).await,
            Self::Products(products) => products.run(ctx).await,
            Self::Prices(prices) => prices.run(ctx).await,
        }
    }
}
