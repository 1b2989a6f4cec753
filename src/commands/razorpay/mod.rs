//! Razorpay: what only Razorpay has, and how Razorpay's part of what every provider has is shown.

mod catalog;
mod config_set;
mod gateway;
mod items;
mod offers;
mod plans;
pub(super) mod webhooks;

use anyhow::Result;
use clap::Subcommand;

use crate::commands::common::{Catalog, Common, Config};
use crate::error::Exit;
use crate::runner::{Ctx, execute};
pub(super) use gateway::RazorpayGateway;

/// Everything for Razorpay.
#[derive(Subcommand)]
pub(crate) enum Razorpay {
    #[command(flatten)]
    Common(Common<RazorpayGateway>),
    Catalog(Catalog<RazorpayGateway>),
    /// Show which keys are configured, masked; set and remove them
    Config(Config<RazorpayGateway>),
    /// The webhook through which Razorpay tells the backend of payments, which is made in Razorpay's dashboard
    #[command(subcommand)]
    Webhooks(webhooks::Webhooks),
    /// Razorpay items
    #[command(subcommand)]
    Items(items::Items),
    /// Razorpay plans
    #[command(subcommand)]
    Plans(plans::Plans),
}

impl Razorpay {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::Common(common) => common.run(ctx).await,
            Self::Catalog(catalog) => execute(catalog, ctx).await,
            Self::Config(config) => config.run(ctx).await,
            Self::Webhooks(webhooks) => webhooks.run(ctx).await,
            Self::Items(items) => items.run(ctx).await,
            Self::Plans(plans) => plans.run(ctx).await,
        }
    }
}
