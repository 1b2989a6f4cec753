//! One file per command: its arguments (their doc comments are the help), its effect, what it does, and how its
//! reply is shown.

mod approvals;
mod approve;
mod common;
mod completion;
mod current;
mod deferred;
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
use deferred::Deferred;
pub(crate) use help::{is_required, with_help_layout};
use razorpay::Razorpay;
#[cfg(feature = "sandbox")]
pub(crate) use sandbox::{SANDBOX_URL_VARIABLE, start_as_backend as start_sandbox_as_backend};
use stripe::Stripe;

/// The commands at the root.
#[derive(Subcommand)]
#[allow(clippy::large_enum_variant, reason = "a process has one value of this type")]
pub(crate) enum Root {
    #[command(flatten)]
    Action(Action),
    #[command(flatten)]
    Document(Document),
}

/// Commands that run with a context: settings, and a backend if they need one.
#[derive(Subcommand)]
pub(crate) enum Action {
    Login(login::Login),
    Link(link::Link),
    Logout(logout::Logout),
    #[command(alias = "whoami")]
    Current(current::Current),
    Explain(explain::Explain),
    Approve(approve::Approve),
    Approvals(approvals::Approvals),
    /// Manage keys, catalog, customers, subscriptions and transactions at Stripe and Razorpay
    #[command(subcommand)]
    Payments(Payments),
    /// Run a local backend with simulated Stripe and Razorpay accounts
    #[cfg(feature = "sandbox")]
    #[command(subcommand)]
    Sandbox(Deferred<sandbox::Sandbox>),
}

/// Commands that print a document about the program.
#[derive(Subcommand)]
pub(crate) enum Document {
    Completion(completion::Completion),
    Help(help::Help),
}

/// Options that a command does not have although people try them, and what to do instead. Attached to the command.
#[derive(Clone, Debug)]
pub(crate) struct OptionHints(pub(crate) &'static [(&'static [&'static str], &'static str)]);

impl clap::builder::CommandExt for OptionHints {}

/// A document, ready to be printed.
pub(crate) enum RenderedDocument {
    Text(Vec<u8>),
    Json(Value),
}

/// The commands of `payments`. Without a provider they are Stripe's.
#[derive(Subcommand)]
pub(crate) enum Payments {
    #[command(flatten)]
    Short(Stripe),
    /// Manage payments at Stripe, with the same commands as `payments`
    #[command(subcommand)]
    Stripe(Deferred<Stripe>),
    /// Manage payments at Razorpay, with its items and plans
    #[command(subcommand)]
    Razorpay(Deferred<Razorpay>),
}

impl Payments {
    async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::Short(stripe) | Self::Stripe(Deferred(stripe)) => stripe.run(ctx).await,
            Self::Razorpay(Deferred(razorpay)) => razorpay.run(ctx).await,
        }
    }
}

impl Action {
    pub(crate) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::Login(login) => execute(login, ctx).await,
            Self::Link(link) => execute(link, ctx).await,
            Self::Logout(logout) => execute(logout, ctx).await,
            Self::Current(current) => execute(current, ctx).await,
            Self::Explain(explain) => execute(explain, ctx).await,
            Self::Approve(approve) => execute(approve, ctx).await,
            Self::Approvals(approvals) => execute(approvals, ctx).await,
            Self::Payments(payments) => payments.run(ctx).await,
            #[cfg(feature = "sandbox")]
            Self::Sandbox(Deferred(sandbox)) => sandbox.run(ctx).await,
        }
    }

    /// Whether it stores or removes addresses and keys.
    #[cfg(feature = "sandbox")]
    pub(crate) const fn is_login_command(&self) -> bool {
        matches!(self, Self::Login(_) | Self::Link(_) | Self::Logout(_))
    }

    /// Whether it sends requests to the backend, or to the sandbox that replaces it.
    #[cfg(feature = "sandbox")]
    pub(crate) const fn contacts_a_backend(&self) -> bool {
        match self {
            Self::Current(_) | Self::Payments(_) => true,
            Self::Sandbox(Deferred(sandbox)) => sandbox.controls_a_sandbox(),
            _ => false,
        }
    }
}

impl Document {
    /// Renders the document from the command tree.
    pub(crate) fn render(
        &self,
        tree: clap::Command,
        colors: bool,
        width: Option<usize>,
        json: bool,
    ) -> Result<RenderedDocument> {
        match self {
            Self::Completion(_) if json => {
                Err(Failure::usage("A completion script is not JSON").hint("omit --json, --jq or -o").into())
            }
            Self::Completion(completion) => completion.render(tree).map(RenderedDocument::Text),
            Self::Help(help) => help.render(tree, colors, width, json),
        }
    }
}
