//! The commands that every provider has, and what commands share.

mod arguments;
mod catalog;
mod config;
mod config_remove;
mod customers;
mod doctor;
pub(super) mod effects;
mod key_status;
mod key_target;
mod secret_input;
mod status;
mod subscriptions;
mod sync;
mod transactions;

pub(super) use arguments::{
    ActiveArgs, EnvironmentArgs, EnvironmentOption, IdArgs, Target, UpdateIdArgs, boolean, to_json,
};
pub(super) use catalog::{Catalog, read_ids};
pub(super) use config::Config;
pub(super) use key_status::KeyStatus;
pub(super) use key_target::KeyTarget;
pub(super) use secret_input::{SecretFrom, SecretInput, check_prefix, read_secret_from};
pub(super) use sync::{SYNC_DEADLINE, sync_environment};

use anyhow::Result;
use clap::Subcommand;

use crate::api::Provider;
use crate::error::Exit;
use crate::runner::{CommandSpec, Ctx, Gateway, execute};
use customers::Customers;
use doctor::Doctor;
use status::Status;
use subscriptions::Subscriptions;
use sync::Sync;
use transactions::Transactions;

/// A command's arguments, and the provider that it is for.
pub(crate) struct ForProvider<A> {
    pub(crate) provider: &'static Provider,
    pub(crate) args: A,
}

#[derive(Subcommand)]
pub(crate) enum Common<G: Gateway> {
    #[command(add = CommandSpec::reads::<ForProvider<Status>>(Status::EXAMPLE)
        .tables(G::STATUS_TABLES).rows(G::STATUS_ROWS))]
    Status(Status),
    Doctor(Doctor<G>),
    Sync(Sync<G>),
    Customers(Customers),
    Subscriptions(Subscriptions<G>),
    #[command(alias = "history")]
    Transactions(Transactions),
}

impl<G: Gateway> Common<G> {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        let provider = G::PROVIDER;
        match self {
            Self::Status(args) => execute(ForProvider { provider, args }, ctx).await,
            // Boxed, because its future is by far the largest.
            Self::Doctor(doctor) => Box::pin(execute(doctor, ctx)).await,
            Self::Sync(sync) => execute(sync, ctx).await,
            Self::Customers(args) => execute(ForProvider { provider, args }, ctx).await,
            Self::Subscriptions(subscriptions) => execute(subscriptions, ctx).await,
            Self::Transactions(args) => ForProvider { provider, args }.dispatch(ctx).await,
        }
    }
}
