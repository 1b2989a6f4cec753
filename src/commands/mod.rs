//! One file per command: its arguments (their doc comments are the help), its effect, what it does, and how its
//! reply is shown.

mod common;
mod completion;
mod current;
mod explain;
mod help;
mod link;
mod login;
mod logout;
mod razorpay;
#[cfg(feature = "sandbox")]
mod sandbox;
mod stripe;

use anyhow::Result;
use clap::Subcommand;
use serde_json::Value;

use crate::error::{Exit, Failure};
use crate::runner::{Ctx, execute};
pub(crate) use help::{is_required, with_help_layout};
use razorpay::Razorpay;
#[cfg(feature = "sandbox")]
pub(crate) use sandbox::{SANDBOX_URL_VARIABLE, start_as_backend as start_sandbox_as_backend};
use stripe::Stripe;

/// The root of the tree.
#[derive(Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one of it in a process")]
pub(crate) enum Root {
    #[command(flatten)]
    Work(Work),
    #[command(flatten)]
    Text(Text),
}

/// What has to do with a backend.
#[derive(Subcommand)]
pub(crate) enum Work {
    Login(login::Login),
    Link(link::Link),
    Logout(logout::Logout),
    Current(current::Current),
    Explain(explain::Explain),
    /// Keys, catalog, customers, subscriptions and transactions at Stripe and Razorpay
    #[command(subcommand)]
    Payments(Payments),
    /// A backend with a Stripe and a Razorpay of its own, for trying and testing without an account
    #[cfg(feature = "sandbox")]
    #[command(subcommand)]
    Sandbox(sandbox::Sandbox),
}

/// What is text, and there already.
#[derive(Subcommand)]
pub(crate) enum Text {
    Completion(completion::Completion),
    Help(help::Help),
}

/// Options that people try in vain with a command, and what to do instead. Attached to the command.
#[derive(Clone, Debug)]
pub(crate) struct OptionHints(pub(crate) &'static [(&'static [&'static str], &'static str)]);

impl clap::builder::CommandExt for OptionHints {}

/// A text, ready to be written.
pub(crate) enum Rendered {
    Text(Vec<u8>),
    Json(Value),
}

/// The payments tree: without a provider, Stripe is meant.
#[derive(Subcommand)]
pub(crate) enum Payments {
    #[command(flatten)]
    Short(Stripe),
    /// The same commands, with the provider's name
    #[command(subcommand)]
    Stripe(Stripe),
    /// The same for Razorpay, with its items and plans
    #[command(subcommand)]
    Razorpay(Razorpay),
}

impl Payments {
    async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::Short(stripe) | Self::Stripe(stripe) => stripe.run(ctx).await,
            Self::Razorpay(razorpay) => razorpay.run(ctx).await,
        }
    }
}

impl Work {
    pub(crate) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::Login(login) => execute(login, ctx).await,
            Self::Link(link) => execute(link, ctx).await,
            Self::Logout(logout) => execute(logout, ctx).await,
            Self::Current(current) => execute(current, ctx).await,
            Self::Explain(explain) => execute(explain, ctx).await,
            Self::Payments(payments) => payments.run(ctx).await,
            #[cfg(feature = "sandbox")]
            Self::Sandbox(sandbox) => sandbox.run(ctx).await,
        }
    }

    /// It keeps or forgets addresses and keys.
    #[cfg(feature = "sandbox")]
    pub(crate) const fn is_about_logins(&self) -> bool {
        matches!(self, Self::Login(_) | Self::Link(_) | Self::Logout(_))
    }

    /// It runs another command, for which the signals are.
    #[cfg(feature = "sandbox")]
    pub(crate) const fn is_around_a_command(&self) -> bool {
        matches!(self, Self::Sandbox(sandbox::Sandbox::Exec(_)))
    }

    /// It sends requests to the run's backend.
    #[cfg(feature = "sandbox")]
    pub(crate) const fn asks_a_backend(&self) -> bool {
        matches!(self, Self::Current(_) | Self::Payments(_))
    }
}

impl Text {
    /// The text, from the whole command tree.
    pub(crate) fn render(&self, tree: clap::Command, colors: bool, json: bool) -> Result<Rendered> {
        match self {
            Self::Completion(_) if json => Err(Failure::usage("A completion script is not JSON")
                .hint("leave out --json, --jq or -o")
                .into()),
            Self::Completion(completion) => completion.render(tree).map(Rendered::Text),
            Self::Help(help) => help.render(tree, colors, json),
        }
    }
}
