use std::borrow::Cow;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::catalog::plan::{self, PlanOptions, Source};
use crate::catalog::{SkippedObject, default_price_differences, desired_for};
use crate::commands::stripe::catalog::inputs::{StripeCatalog, read_stripe};
use crate::commands::stripe::catalog::plan::{CompareArgs, PlanReport};
use crate::error::Failure;
use crate::runner::{Command, CommandSpec, Ctx, run_blocking};
use crate::ui::{Line, Mark, Page, RowLists, Show, counted, json_text};
use crate::wire::{Environment, Mirror};

/// Show the changes that make one environment match another
///
/// `diff test live` shows what a promotion to live would change. To promote, apply the catalog file to live. Only managed
/// objects can be compared. The others of FROM are listed, and are a difference for --exit-code. An archived product that
/// TO does not have is no difference.
#[derive(Args)]
#[command(add = CommandSpec::syncs::<Self>("test live --json")
    .exits(1, "1 because live has no key in the sandbox"))]
pub(super) struct Diff {
    /// Environment with the desired catalog
    #[arg(value_name = "FROM")]
    from: Environment,
    /// Environment that would change
    #[arg(value_name = "TO")]
    to: Environment,
    /// Ignore objects of FROM that cannot be compared
    #[arg(long)]
    managed_only: bool,
    #[command(flatten)]
    compare: CompareArgs,
}

impl Command for Diff {
    type Reply = DiffReport;
    const HAS_IDS: bool = false;
    /// It syncs twice.
    const DEADLINE: Duration = Duration::from_secs(300);

    fn doing(&self) -> Cow<'static, str> {
        format!("Comparing {} with {}…", self.from, self.to).into()
    }

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let Self { from, to, managed_only, compare: CompareArgs { prune, no_sync, exit_code } } = *self;
        if from == to {
            return Err(Failure::usage("FROM and TO are the same environment")
                .hint("compare two environments: `insforge payments catalog diff test live`")
                .into());
        }
        let desired = read_stripe(ctx, from, !no_sync).await?.mirror;
        let StripeCatalog { account, mirror: current } = read_stripe(ctx, to, !no_sync).await?;
        let report = run_blocking(move || {
            let (catalog, mut left_out) = desired_for(&desired, &current)?;
            let options = PlanOptions { source: Source::Environment(from), prune, environment: to };
            let mut plan = plan::plan(&catalog, &current, options)?;
            if managed_only {
                left_out.clear();
            }
            let has_active = |mirror: &Mirror| mirror.products.iter().any(|product| product.active);
            let nothing_compared =
                catalog.products.is_empty() && (has_active(&desired) || has_active(&current));
            let no_changes = match left_out.len() {
                0 if nothing_compared => {
                    format!("Nothing was compared: {from} has no products with catalog_key.")
                }
                0 => format!("Stripe {to} matches {from}."),
                count => {
                    format!("No changes, but {} of {from} cannot be compared.", counted(count, "object"))
                }
            };
            let differs = nothing_compared
                || !left_out.is_empty()
                || !plan.changes.is_empty()
                || plan.unmanaged.iter().any(|object| object.differs);
            // No command can change a default price, so --exit-code does not count it.
            plan.unmanaged.extend(default_price_differences((from, &desired), (to, &current)));
            let plan = PlanReport {
                title: format!("Stripe {to}, account {account}: changes to match {from}"),
                account,
                environment: to,
                plan,
                no_changes,
                exit_code,
                notes: Vec::new(),
            };
            Ok(DiffReport { from, plan, left_out, differs })
        });
        report.await
    }
}

/// The plan to match another environment, and the objects of that environment that were not compared.
#[derive(Debug)]
pub(super) struct DiffReport {
    from: Environment,
    plan: PlanReport,
    left_out: Vec<SkippedObject>,
    /// Whether --exit-code reports differences.
    differs: bool,
}

impl Show for DiffReport {
    const ROWS: RowLists = PlanReport::ROWS;

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        let mut all = self.plan.to_value();
        all["leftOut"] = json!(self.left_out);
        json_text(&all)
    }

    fn page(&self) -> Page<'_> {
        let mut lines = self.plan.lines();
        if !self.left_out.is_empty() {
            lines.push(Line::new(Mark::Heading, 0, format!("Not compared, in {}", self.from)));
            for SkippedObject { kind, id, reason } in &self.left_out {
                lines.push(Line::new(Mark::Dimmed, 1, format!("{kind} {id}: {reason}")));
            }
            lines.push(Line::plain(""));
        }
        lines.push(self.plan.summary());
        Page { lines, ..Page::default() }
    }

    fn notes(&self) -> Vec<String> {
        if self.left_out.is_empty() {
            return Vec::new();
        }
        vec![format!(
            "`insforge payments catalog export {} --adopt` makes objects managed; --managed-only ignores the others.",
            self.from
        )]
    }

    fn reports_differences(&self) -> bool {
        self.plan.exit_code && self.differs
    }
}
