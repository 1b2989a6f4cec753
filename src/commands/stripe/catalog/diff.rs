use std::borrow::Cow;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::catalog::plan::{self, PlanOptions};
use crate::catalog::{SkippedObject, export, file, managed};
use crate::commands::stripe::catalog::inputs::read_stripe;
use crate::commands::stripe::catalog::plan::{CompareArgs, PlanReport};
use crate::error::Failure;
use crate::runner::{Command, CommandSpec, Ctx, run_blocking};
use crate::ui::{Page, RowLists, Show, json_text};
use crate::wire::Environment;
use crate::wire::fields::Fields;

/// Show the changes that make one environment match another
///
/// `diff test live` shows what a promotion to live would change. To promote, apply the file to live. Only managed objects
/// of FROM are compared.
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
        let Self { from, to, compare: CompareArgs { prune, no_sync, .. } } = *self;
        if from == to {
            return Err(Failure::usage("FROM and TO are the same environment")
                .hint("compare two environments: `insforge payments catalog diff test live`")
                .into());
        }
        let source = read_stripe(ctx, from, !no_sync).await?;
        let (desired, left_out) = run_blocking(move || {
            let exported = export(&managed(source.mirror), None, from.as_str())?;
            Ok((file::read(&exported.text, from.as_str())?, exported.left_out))
        })
        .await?;
        let current = read_stripe(ctx, to, !no_sync).await?;
        let plan = plan::plan(&desired, &current.mirror, PlanOptions { prune, environment: to })?;
        let plan = PlanReport {
            title: format!("Stripe {to}, account {}: changes to match {from}", current.account),
            account: current.account,
            environment: to,
            plan,
            no_changes: format!("Stripe {to} matches {from}."),
            exit_code: self.compare.exit_code,
            notes: left_out.iter().map(SkippedObject::note).collect(),
        };
        Ok(DiffReport { plan, left_out })
    }
}

/// The plan to match another environment, and the objects of that environment that a file cannot describe.
pub(super) struct DiffReport {
    plan: PlanReport,
    left_out: Vec<SkippedObject>,
}

impl Show for DiffReport {
    const FIELDS: Fields = &["account", "environment", "summary", "unmanaged", "leftOut"];
    const ROWS: RowLists = PlanReport::ROWS;

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        let mut all = self.plan.to_value();
        all["leftOut"] = json!(self.left_out);
        json_text(&all)
    }

    fn page(&self) -> Page<'_> {
        self.plan.page()
    }

    fn notes(&self) -> Vec<String> {
        self.plan.notes()
    }

    fn reports_differences(&self) -> bool {
        self.plan.reports_differences()
    }
}
