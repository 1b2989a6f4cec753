//! The catalog: listed, and as code. A file says what is for sale, and these commands compare it with Stripe, make it so,
//! write it from what is there, and carry it from test to live.

mod apply;
mod diff;
mod export;
mod ids;
mod plan;
mod report;
mod reviewed;
mod shown;
mod survey;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::commands::common;
use crate::commands::stripe::gateway::StripeGateway;
use crate::error::{Exit, Failure};
use crate::runner::{CommandSpec, Completes, Ctx, execute, execute_multi_write};
use crate::wire::Environment;

/// A catalog file for the examples of `plan` and `apply`.
const EXAMPLE_FILE: &str = "version = 1\n[products.studio]\nname = \"Studio\"\n[products.studio.prices.monthly]\ncurrency = \"eur\"\namount = \"29.00\"\ninterval = \"month\"\n";

/// List everything that is for sale in one environment, as the mirror has it; and the catalog as code
#[derive(Args)]
#[command(after_help = "\
Catalog as code:
  payments.toml says what is for sale. `plan` compares it with Stripe, `apply`
  makes it so, `export` writes it from what is there, `diff test live` shows
  what a promotion would change, and `ids` gives an application its price ids.
  Prices cannot be changed at Stripe: one that costs something else is replaced.")]
#[command(add = CommandSpec::reads::<common::Catalog<StripeGateway>>("test --json"))]
pub(crate) struct Catalog {
    /// Which environment [default: test]
    #[arg(value_name = "ENV", value_parser = environment, add = Completes::Environment)]
    word: Option<Environment>,
    /// The environment, as a flag
    #[arg(short, long = "environment", value_name = "ENV", hide_possible_values = true, add = Completes::Environment)]
    environment: Vec<Environment>,
    #[command(subcommand)]
    command: Option<AsCode>,
}

/// The catalog as code.
#[derive(Subcommand)]
enum AsCode {
    Plan(plan::Plan),
    Apply(apply::Apply),
    Export(export::Export),
    Diff(diff::Diff),
    Ids(ids::Ids),
}

impl Catalog {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        // An environment before the command is meant for it.
        let before: Vec<Environment> = self.word.into_iter().chain(self.environment).collect();
        match self.command {
            None => execute(common::Catalog::<StripeGateway>::of(before), ctx).await,
            Some(AsCode::Plan(plan)) => execute(plan.after(before), ctx).await,
            Some(AsCode::Apply(apply)) => execute_multi_write(apply.after(before), ctx).await,
            Some(AsCode::Export(export)) => execute_multi_write(export.after(before), ctx).await,
            Some(AsCode::Ids(ids)) => execute(ids.after(before), ctx).await,
            Some(AsCode::Diff(diff)) if before.is_empty() => execute(diff, ctx).await,
            Some(AsCode::Diff(_)) => Err(Failure::usage("`diff` compares two environments")
                .hint("write both behind it: `insforge payments catalog diff test live`")
                .into()),
        }
    }
}

/// An environment, where also a command could stand.
fn environment(word: &str) -> Result<Environment, String> {
    Environment::named(word).ok_or_else(|| {
        "it is neither an environment (test, live) nor a command (plan, apply, export, diff, ids)".to_owned()
    })
}
