//! The commands that exist for every provider.

mod arguments;
mod catalog;
mod config;
mod config_remove;
mod configured;
mod customers;
pub(super) mod doctor;
mod entries;
mod input;
mod secret_input;
mod status;
mod subscriptions;
mod sync;
mod target;
mod transactions;

pub(super) use arguments::{EnvironmentArgs, Named, Thing, at_most_one};
pub(super) use catalog::{Catalog, offers};
pub(super) use config::Config;
pub(super) use configured::Configured;
pub(super) use input::{FileArgs, boolean, is_stdin, missing, to_json};
pub(super) use secret_input::{SecretFrom, SecretInput, check_beginning, read_secret_from};
pub(super) use sync::judge as judge_sync;
pub(super) use target::Target;

use anyhow::Result;
use clap::Subcommand;

use crate::error::Exit;
use crate::runner::{Ctx, Gateway, execute};
use customers::Customers;
use doctor::Doctor;
use status::Status;
use subscriptions::Subscriptions;
use sync::Sync;
use transactions::Transactions;

/// The commands that exist for every provider.
#[derive(Subcommand)]
pub(crate) enum Common<G: Gateway> {
    Status(Status<G>),
    Doctor(Doctor<G>),
    Sync(Sync<G>),
    Customers(Customers<G>),
    Subscriptions(Subscriptions<G>),
    #[command(alias = "history")]
    Transactions(Transactions<G>),
}

impl<G: Gateway> Common<G> {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::Status(status) => execute(status, ctx).await,
            // Boxed, because its future is by far the largest.
            Self::Doctor(doctor) => Box::pin(execute(doctor, ctx)).await,
            Self::Sync(sync) => execute(sync, ctx).await,
            Self::Customers(customers) => execute(customers, ctx).await,
            Self::Subscriptions(subscriptions) => execute(subscriptions, ctx).await,
            Self::Transactions(transactions) => transactions.dispatch(ctx).await,
        }
    }
}
