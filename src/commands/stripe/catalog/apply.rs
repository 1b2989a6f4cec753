use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::api::stripe::STRIPE;
use crate::catalog::Wanted;
use crate::catalog::plan::{self, Options, Plan as Changes};
use crate::commands::common::EnvironmentArgs;
use crate::commands::stripe::catalog::EXAMPLE_FILE;
use crate::commands::stripe::catalog::ids;
use crate::commands::stripe::catalog::plan::moved;
use crate::commands::stripe::catalog::report::Report;
use crate::commands::stripe::catalog::reviewed::Reviewed;
use crate::commands::stripe::catalog::shown::{plan_lines, summary};
use crate::commands::stripe::catalog::survey::{FileArg, Survey, survey};
use crate::error::{Code, Failure};
use crate::runner::guard::Effect;
use crate::runner::{Change, Check, CommandSpec, Ctx, MultiWrite, run_blocking};
use crate::ui::Line;
use crate::wire::{Account, Environment};

/// Make Stripe's catalog as the file says
///
/// It syncs, compares, asks where a question is due, then sends one request after the other, and ends with a sync. What
/// fails stops only what needs it. Running it again continues: nothing is made twice, and nothing changes that is as it
/// should be already. --timeout is for each request here, not for all of them together.
#[derive(Args)]
#[command(add = CommandSpec::writes_many::<Self>("test --file - --json")
    .note("with --prune it archives what is no longer in the file, and also asks in test; if it is killed, the same command continues")
    .stdin(EXAMPLE_FILE))]
pub(super) struct Apply {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[command(flatten)]
    file: FileArg,
    /// Apply what `plan --out` has kept in this file, and refuse if anything else would be done
    #[arg(long, value_name = "PATH", conflicts_with_all = ["file", "prune"])]
    plan_file: Option<PathBuf>,
    /// Archive what is managed and not in the file
    #[arg(long)]
    prune: bool,
}

impl Apply {
    pub(super) fn after(mut self, before: Vec<Environment>) -> Self {
        self.environment.given_before(before);
        self
    }

    async fn reviewed(&self) -> Result<Option<Reviewed>> {
        let Some(path) = self.plan_file.clone() else { return Ok(None) };
        let name = path.display().to_string();
        let text = run_blocking(move || Ok(std::fs::read_to_string(path))).await?.map_err(|error| {
            Failure::new(Code::CatalogInvalid, format!("Cannot read the plan from {name}"))
                .why(error.to_string())
                .hint("`insforge payments catalog plan --out PATH` writes one")
        })?;
        Ok(Some(Reviewed::read(&text, &name)?))
    }
}

/// What is to be done, and what it was found from.
pub(super) struct Prepared {
    pub(super) environment: Environment,
    pub(super) prune: bool,
    pub(super) wanted: Wanted,
    pub(super) found: Survey,
    pub(super) plan: Changes,
}

impl MultiWrite for Apply {
    type Prepared = Prepared;
    type Shown = Report;

    fn dry_run_alternative(&self, ctx: &Ctx) -> String {
        format!("`{}` shows what would change", ctx.command(&STRIPE, &["catalog", "plan"]))
    }

    fn reads_stdin(&self) -> Option<&'static str> {
        self.file.reads_stdin()
    }

    async fn prepare(&self, ctx: &Ctx) -> Result<Prepared> {
        let reviewed = self.reviewed().await?;
        let environment = match (&reviewed, self.environment.named()?) {
            (None, named) => named.unwrap_or(Environment::Test),
            (Some(reviewed), named) => {
                let environment = reviewed.environment()?;
                if named.is_some_and(|named| named != environment) {
                    return Err(Failure::usage(format!("The plan is for {environment}"))
                        .hint("leave the environment out, or name that one")
                        .into());
                }
                environment
            }
        };
        let wanted = match &reviewed {
            Some(reviewed) => reviewed.wanted.clone(),
            None => self.file.read(ctx).await?,
        };
        let prune = reviewed.as_ref().map_or(self.prune, |reviewed| reviewed.prune);
        let found = survey(ctx, environment, true).await?;
        // What is in another account says nothing about the plan.
        if let Some(reviewed) = reviewed.as_ref().filter(|reviewed| reviewed.account != found.account.id) {
            return Err(moved(format!(
                "it is for account {}, and {environment} is connected to {}",
                reviewed.account, found.account
            ))
            .into());
        }
        let plan = plan::plan(&wanted, &found.mirror, Options { prune, environment })?;
        reviewed.map_or(Ok(()), |reviewed| reviewed.covers(&plan))?;
        Ok(Prepared { environment, prune, wanted, found, plan })
    }

    fn change(&self, prepared: &Prepared) -> Option<Change> {
        let Prepared { environment, found, plan, .. } = prepared;
        if plan.changes.is_empty() {
            return None;
        }
        // What is left of a replacement was agreed to with its beginning.
        let prunes = plan.changes.iter().any(|change| change.pruned);
        let effect = if prunes { Effect::Destroy } else { Effect::Write };
        Some(Change {
            effect,
            environment: *environment,
            provider: &STRIPE,
            what: format!("Apply the catalog at Stripe ({})", summary(plan.summary())),
            details: None,
            account: Some(found.account.clone()),
            check: Check::mirror(&["catalog", environment.as_str()]),
        })
    }

    fn preview<'a>(&self, prepared: &'a Prepared) -> Vec<Line<'a>> {
        plan_lines(&prepared.plan)
    }

    async fn make(&self, ctx: &Ctx, prepared: Prepared) -> Result<Report> {
        let again = ctx.same_command(self.reads_stdin().is_some());
        let mut report = Report::of(&prepared, again);
        if prepared.plan.changes.is_empty() {
            report.ids = ids::of(&prepared.found.mirror, &prepared.wanted);
            return Ok(report);
        }
        check_account(ctx, prepared.environment, &report.account).await?;
        report.make(ctx, prepared).await?;
        Ok(report)
    }
}

/// The account may be another since somebody was asked.
async fn check_account(ctx: &Ctx, environment: Environment, account: &Account) -> Result<()> {
    let now = ctx.connection(&STRIPE, environment).await?.and_then(|connection| connection.account());
    match now {
        Some(now) if now.id == account.id => Ok(()),
        now => {
            let now = now.map_or_else(|| "none".to_owned(), |now| now.to_string());
            Err(moved(format!("it was made for account {account}, and the account is {now} now")).into())
        }
    }
}
