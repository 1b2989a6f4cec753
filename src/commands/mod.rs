//! One file per command: its arguments (their doc comments are the help), its effect, what it does, and how its
//! reply is shown.

mod common;
mod completion;
mod current;
mod help;
mod link;
mod login;
mod logout;
mod stripe;

use anyhow::Result;
use clap::Subcommand;

use crate::command::{Ctx, execute};
use crate::error::Exit;
use stripe::Stripe;

/// The root of the tree.
#[derive(Subcommand)]
pub(crate) enum Root {
    Login(login::Login),
    Link(link::Link),
    Logout(logout::Logout),
    Current(current::Current),
    /// Stripe keys, catalog, customers, subscriptions and transactions of the backend
    #[command(subcommand)]
    Payments(Payments),
    Completion(completion::Completion),
    Help(help::Help),
}

/// The payments tree: without a provider, Stripe is meant.
#[derive(Subcommand)]
pub(crate) enum Payments {
    #[command(flatten)]
    Short(Stripe),
    /// The same commands, with the provider's name
    #[command(subcommand)]
    Stripe(Stripe),
}

impl Root {
    /// Whether it waits for anything.
    pub(crate) const fn is_async(&self) -> bool {
        !matches!(self, Self::Completion(_) | Self::Help(_))
    }

    /// Runs what waits for nothing: text that is there already.
    pub(crate) fn run_at_once(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::Completion(completion) => completion.run(),
            Self::Help(help) => help.run(ctx),
            _ => Ok(Exit::Done),
        }
    }

    /// Runs everything else.
    pub(crate) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::Login(login) => execute(login, ctx).await,
            Self::Link(link) => execute(link, ctx).await,
            Self::Logout(logout) => execute(logout, ctx).await,
            Self::Current(current) => execute(current, ctx).await,
            Self::Payments(Payments::Short(stripe) | Payments::Stripe(stripe)) => stripe.run(ctx).await,
            Self::Completion(_) | Self::Help(_) => self.run_at_once(ctx),
        }
    }
}
