//! `catalog` and its subcommands: list the catalog, and manage it as code with `payments.toml`.

mod apply;
mod apply_report;
mod diff;
mod export;
mod ids;
mod inputs;
mod plan;
mod plan_file;
mod plan_text;

pub(super) use inputs::{StripeCatalog, read_stripe};
pub(super) use plan_text::change_lines;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::commands::common;
use crate::commands::stripe::gateway::StripeGateway;
use crate::error::{Exit, Failure};
use crate::runner::{CommandSpec, Completes, Ctx, execute, execute_multi_write};
use crate::wire::Environment;

/// A catalog file for the examples of `plan` and `apply`.
const EXAMPLE_FILE: &str = "version = 1\n[products.studio]\nname = \"Studio\"\n[products.studio.prices.monthly]\ncurrency = \"eur\"\namount = \"29.00\"\ninterval = \"month\"\n";

/// List the catalog of an environment, or manage it as code
#[derive(Args)]
#[command(after_help = "\
Catalog as code:
  payments.toml describes your products and prices. `plan` shows how Stripe
  differs from it, `apply` makes Stripe match it, and `export` writes it from
  Stripe. `diff test live` shows what a promotion to live would change. `ids`
  prints the price ids for your application.
  Stripe cannot change the amount of a price, so `apply` replaces the price.")]
#[command(add = CommandSpec::reads::<common::Catalog<StripeGateway>>("test --json"))]
pub(crate) struct Catalog {
    /// Environment [default: test]
    #[arg(value_name = "ENV", value_parser = environment, add = Completes::Environment)]
    positional: Option<Environment>,
    /// Environment, instead of the argument
    #[arg(short, long = "environment", value_name = "ENV", hide_possible_values = true, add = Completes::Environment)]
    environment: Vec<Environment>,
    #[command(subcommand)]
    command: Option<CatalogCommand>,
}

/// The commands of the catalog as code.
#[derive(Subcommand)]
enum CatalogCommand {
    Plan(plan::Plan),
    Apply(apply::Apply),
    Export(export::Export),
    Diff(diff::Diff),
    Ids(ids::Ids),
}

impl Catalog {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        // An environment before the subcommand applies to it.
        let before: Vec<Environment> = self.positional.into_iter().chain(self.environment).collect();
        match self.command {
            None => execute(common::Catalog::<StripeGateway>::of(before), ctx).await,
            Some(CatalogCommand::Plan(plan)) => execute(plan.with_environment(before), ctx).await,
            Some(CatalogCommand::Apply(apply)) => {
                execute_multi_write(apply.with_environment(before), ctx).await
            }
            Some(CatalogCommand::Export(export)) => {
                execute_multi_write(export.with_environment(before), ctx).await
            }
            Some(CatalogCommand::Ids(ids)) => execute(ids.with_environment(before), ctx).await,
            Some(CatalogCommand::Diff(diff)) if before.is_empty() => execute(diff, ctx).await,
            Some(CatalogCommand::Diff(_)) => Err(Failure::usage("`diff` compares two environments")
                .hint("name both after `diff`: `insforge payments catalog diff test live`")
                .into()),
        }
    }
}

/// Parses an environment. The argument can also be a misspelled subcommand.
fn environment(argument: &str) -> Result<Environment, String> {
    Environment::named(argument).ok_or_else(|| {
        "expected an environment (test, live) or a command (plan, apply, export, diff, ids)".to_owned()
    })
}
