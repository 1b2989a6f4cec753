//! The commands for Razorpay: those that only Razorpay has, and the Razorpay types of the shared ones.

mod catalog;
mod catalog_object;
mod config_set;
mod effects;
mod gateway;
mod id_lists;
mod items;
mod plans;
mod webhooks;

use anyhow::Result;
use clap::Subcommand;

use crate::commands::common::{Catalog, Common, Config};
use crate::error::Exit;
use crate::runner::{Ctx, execute};
use gateway::RazorpayGateway;

/// The note of commands that create something.
const NO_IDEMPOTENCY_KEY: &str =
    "has no idempotency key: check the list before you run it again; bulk input is checked against the list";

#[derive(Subcommand)]
pub(crate) enum Razorpay {
    #[command(flatten)]
    Common(Common<RazorpayGateway>),
    Catalog(Catalog<RazorpayGateway>),
    /// Show, set and remove the keys of each environment
    Config(Config<RazorpayGateway>),
    /// Set up the webhook through which Razorpay reports payments to the backend
    #[command(subcommand)]
    Webhooks(webhooks::Webhooks),
    /// Manage items at Razorpay
    #[command(subcommand)]
    Items(items::Items),
    /// Manage plans at Razorpay
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
