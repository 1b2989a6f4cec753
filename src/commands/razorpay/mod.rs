//! Razorpay: what only Razorpay has, and how Razorpay's part of what every provider has is shown.

mod catalog;
mod config_set;
mod gateway;
mod id_lists;
mod items;
mod plans;
mod webhooks;

use anyhow::Result;
use clap::Subcommand;

use crate::commands::common::{Catalog, Common, Config};
use crate::commands::deferred::Deferred;
use crate::error::Exit;
use crate::runner::{Ctx, execute};
use gateway::RazorpayGateway;

/// The note of commands that create something.
const NO_IDEMPOTENCY_KEY: &str =
    "has no idempotency key: check the list before you run it again; bulk input is checked against the list";

/// Everything for Razorpay.
#[derive(Subcommand)]
pub(crate) enum Razorpay {
    #[command(flatten)]
    Common(Common<RazorpayGateway>),
    Catalog(Catalog<RazorpayGateway>),
    /// Show which keys are configured, masked; set and remove them
    Config(Deferred<Config<RazorpayGateway>>),
    /// The webhook through which Razorpay tells the backend of payments, which is made in Razorpay's dashboard
    #[command(subcommand)]
    Webhooks(Deferred<webhooks::Webhooks>),
    /// Razorpay items
    #[command(subcommand)]
    Items(Deferred<items::Items>),
    /// Razorpay plans
    #[command(subcommand)]
    Plans(Deferred<plans::Plans>),
}

impl Razorpay {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::Common(common) => common.run(ctx).await,
            Self::Catalog(catalog) => execute(catalog, ctx).await,
            Self::Config(Deferred(config)) => config.run(ctx).await,
            Self::Webhooks(Deferred(webhooks)) => webhooks.run(ctx).await,
            Self::Items(Deferred(items)) => items.run(ctx).await,
            Self::Plans(Deferred(plans)) => plans.run(ctx).await,
        }
    }
}
