use std::cell::OnceCell;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::api::stripe::STRIPE;
use crate::approval::Effects;
use crate::catalog::DesiredCatalog;
use crate::catalog::apply::{Applier, ApplyProgress};
use crate::catalog::plan::{self, CatalogPlan, PlanOptions, PlannedChange, Source};
use crate::commands::common::EnvironmentArgs;
use crate::commands::stripe::catalog::EXAMPLE_FILE;
use crate::commands::stripe::catalog::apply_report::ApplyReport;
use crate::commands::stripe::catalog::ids;
use crate::commands::stripe::catalog::inputs::{FileArg, StripeCatalog, read_stripe};
use crate::commands::stripe::catalog::plan::PlanReport;
use crate::commands::stripe::catalog::plan_file::{PlanFile, not_covered, out_of_date};
use crate::commands::stripe::catalog::plan_text::{name, plan_lines, summary};
use crate::commands::stripe::planned_change;
use crate::error::{Code, Failure};
use crate::input::{Input, MAX_OBJECTS};
use crate::interrupt;
use crate::runner::guard::Effect;
use crate::runner::{Change, Check, CommandSpec, Ctx, MultiWrite};
use crate::ui::Line;
use crate::wire::{Account, Environment};

/// How often remaining changes are applied before the command fails.
const MAX_ROUNDS: u32 = 3;

/// Make Stripe match payments.toml
///
/// It syncs, compares, asks for confirmation if required, sends one request after the other, and syncs again. A failed
/// change stops only the changes that depend on it. After an interruption, run it again: it continues and creates nothing
/// twice. --timeout applies to each request.
#[derive(Args)]
#[command(add = CommandSpec::writes_many::<Self>("test --file - --json")
    .note("with --prune it archives what is no longer in the file, and also asks in test; if it is killed, the same command continues")
    .stdin(EXAMPLE_FILE))]
pub(super) struct Apply {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[command(flatten)]
    file: FileArg,
    /// Plan file from `plan --out`, refused if it is out of date
    #[arg(long, value_name = "PATH", conflicts_with_all = ["file", "prune"])]
    plan_file: Option<PathBuf>,
    /// Archive managed objects that are not in the file
    #[arg(long)]
    prune: bool,
}

impl Apply {
    pub(super) fn with_environment(mut self, before: Vec<Environment>) -> Self {
        self.environment.add_preceding(before);
        self
    }

    async fn read_plan_file(&self, ctx: &Ctx) -> Result<Option<PlanFile>> {
        let Some(path) = self.plan_file.clone() else { return Ok(None) };
        let name = path.display().to_string();
        let read = ctx
            .run_blocking(format!("the plan from {name}"), move || Ok(Input::Named(path).read(MAX_OBJECTS)));
        let text = read.await?.map_err(|error| {
            Failure::new(Code::CatalogInvalid, format!("Cannot read the plan from {name}"))
                .why(error.to_string())
                .hint("`insforge payments catalog plan --out PATH` creates one")
        })?;
        Ok(Some(PlanFile::read(&text, &name)?))
    }

    /// The name of the file that has the desired catalog.
    fn source_name(&self) -> String {
        self.plan_file.as_deref().map_or_else(|| self.file.name(), |path| path.display().to_string())
    }

    /// The environment of the plan file, or else of the arguments.
    fn environment(&self, plan_file: Option<&PlanFile>) -> Result<Environment> {
        let named = self.environment.named()?;
        let Some(plan_file) = plan_file else { return Ok(named.unwrap_or(Environment::Test)) };
        let environment = plan_file.environment()?;
        if let Some(named) = named.filter(|named| *named != environment) {
            return Err(Failure::usage(format!("The plan is for {environment}, not for {named}"))
                .hint(format!("omit the environment, or use {environment}"))
                .into());
        }
        Ok(environment)
    }
}

/// The plan to apply, and the data from which it was made.
pub(super) struct PreparedApply {
    pub(super) environment: Environment,
    pub(super) prune: bool,
    pub(super) desired: DesiredCatalog,
    pub(super) current: StripeCatalog,
    pub(super) plan: CatalogPlan,
    /// The changes that a person is asked to approve, if an approval is needed. Nothing else may be applied then.
    shown: OnceCell<Vec<PlannedChange>>,
}

impl MultiWrite for Apply {
    type Prepared = PreparedApply;
    type Shown = ApplyReport;
    type DryRun = PlanReport;

    async fn dry_run(&self, ctx: &Ctx) -> Result<PlanReport> {
        let PreparedApply { environment, current, plan, .. } = self.prepare(ctx).await?;
        Ok(PlanReport::of_file(current.account, environment, plan, &self.source_name()))
    }

    fn reads_stdin(&self) -> Option<&'static str> {
        self.file.reads_stdin()
    }

    async fn prepare(&self, ctx: &Ctx) -> Result<PreparedApply> {
        let plan_file = self.read_plan_file(ctx).await?;
        let environment = self.environment(plan_file.as_ref())?;
        let desired = match &plan_file {
            Some(plan_file) => plan_file.desired.clone(),
            None => self.file.read(ctx).await?,
        };
        let prune = plan_file.as_ref().map_or(self.prune, |plan_file| plan_file.prune);
        let current = read_stripe(ctx, environment, true).await?;
        // The account is checked first, because conflicts in another account are irrelevant.
        if let Some(plan_file) =
            plan_file.as_ref().filter(|plan_file| plan_file.account != current.account.id)
        {
            return Err(out_of_date([format!(
                "it is for account {}, but {environment} is connected to {}",
                plan_file.account, current.account
            )])
            .into());
        }
        let options = PlanOptions { source: Source::File, prune, environment };
        let plan = plan::plan(&desired, &current.mirror, options)?;
        plan_file.map_or(Ok(()), |plan_file| plan_file.check_covers(&plan))?;
        Ok(PreparedApply { environment, prune, desired, current, plan, shown: OnceCell::new() })
    }

    fn change(&self, prepared: &PreparedApply) -> Option<Change> {
        let PreparedApply { environment, current, plan, .. } = prepared;
        if plan.changes.is_empty() {
            return None;
        }
        // The archive at the end of a replacement needs no confirmation of its own.
        let pruned: Vec<&PlannedChange> = plan.changes.iter().filter(|change| change.pruned).collect();
        let effect = if pruned.is_empty() { Effect::Write } else { Effect::Destroy };
        Some(Change {
            effect,
            environment: *environment,
            provider: &STRIPE,
            what: format!("Apply the catalog to Stripe ({})", summary(plan.summary())),
            summary: archived(&pruned),
            details: None,
            account: Some(current.account.clone()),
            check: Check::mirror(&["catalog", environment.as_str()]),
        })
    }

    fn preview<'a>(&self, prepared: &'a PreparedApply) -> Vec<Line<'a>> {
        plan_lines(&prepared.plan)
    }

    async fn effects(&self, ctx: &Ctx, prepared: &PreparedApply) -> Result<Effects> {
        let PreparedApply { environment, current, plan, shown, .. } = prepared;
        let changes = shown.get_or_init(|| plan.changes.clone());
        planned_change::effects_of_all(ctx, *environment, current, changes).await
    }

    /// Reads Stripe again, and not the file: stdin has no second copy, and the approval is for what the file said.
    async fn prepare_again(&self, ctx: &Ctx, prepared: &PreparedApply) -> Result<PreparedApply> {
        let PreparedApply { environment, prune, ref desired, .. } = *prepared;
        let current = read_stripe(ctx, environment, true).await?;
        let options = PlanOptions { source: Source::File, prune, environment };
        let plan = plan::plan(desired, &current.mirror, options)?;
        let desired = desired.clone();
        Ok(PreparedApply { environment, prune, desired, current, plan, shown: OnceCell::new() })
    }

    async fn make(&self, ctx: &Ctx, prepared: PreparedApply) -> Result<ApplyReport> {
        let same_command = ctx.same_command(self.reads_stdin().is_some());
        let PreparedApply { environment, current, plan, .. } = &prepared;
        let mut report =
            ApplyReport::new(*environment, current.account.clone(), self.source_name(), plan, same_command);
        if plan.changes.is_empty() {
            report.ids = ids::of_file(&current.mirror, &prepared.desired);
            return Ok(report);
        }
        check_account(ctx, *environment, &current.account).await?;
        apply_until_done(ctx, prepared, &mut report).await?;
        Ok(report)
    }
}

/// Applies the plan, syncs, and applies what remains. A stale response to a create only shows after a sync.
async fn apply_until_done(ctx: &Ctx, prepared: PreparedApply, report: &mut ApplyReport) -> Result<()> {
    let PreparedApply { environment, prune, desired, current, mut plan, shown } = prepared;
    let account = current.account.id;
    let mut applier = Applier::new(ctx.api().await?, environment, &account, &current.mirror);
    let mut rounds = 0;
    loop {
        apply_once(ctx, &mut applier, plan, report).await;
        let sync = read_stripe(ctx, environment, true);
        let after = match ctx.while_busy("Syncing with Stripe…", sync).await {
            Ok(after) if after.account.id == account => after,
            Ok(after) => {
                report.failure_after = Some(another_account(&after.account));
                break;
            }
            Err(error) => {
                report.failure_after = Some(error.downcast::<Failure>()?);
                break;
            }
        };
        report.ids = ids::of_file(&after.mirror, &desired);
        let options = PlanOptions { source: Source::File, prune, environment };
        let remaining = match plan::plan(&desired, &after.mirror, options) {
            Ok(remaining) => remaining,
            Err(failure) => {
                report.failure_after = Some(failure);
                break;
            }
        };
        report.set_unmanaged(&remaining);
        report.settle(&remaining, &after.mirror);
        if remaining.changes.is_empty() {
            break;
        }
        let can_retry = applier.remove_missing(&after.mirror, &mut report.outcome.done);
        if !report.outcome.not_done.is_empty() {
            break;
        }
        // Changes after a stale response do not count as rounds.
        rounds += u32::from(!can_retry);
        if rounds == MAX_ROUNDS {
            report.failure_after = Some(still_different(&remaining));
            break;
        }
        let others = shown.get().map(|approved| not_covered(approved, &remaining)).unwrap_or_default();
        if !others.is_empty() {
            report.failure_after = Some(not_approved(others));
            break;
        }
        plan = remaining;
    }
    Ok(())
}

async fn apply_once(ctx: &Ctx, applier: &mut Applier<'_>, plan: CatalogPlan, report: &mut ApplyReport) {
    let bar = ctx.bar(plan.changes.len());
    let before = report.outcome.done.len();
    let on_progress = |progress: ApplyProgress<'_>| {
        bar.set(progress.done, &name(progress.next));
        let ApplyProgress { done, total, next } = progress;
        let progress = ApplyProgress { done: before + done, total: before + total, next };
        interrupt::set_failure(interrupted(progress, &report.same_command));
    };
    let outcome = applier.apply(plan, on_progress).await;
    interrupt::set_failure(interrupted_in_sync(&report.same_command));
    report.outcome.done.extend(outcome.done);
    report.outcome.not_done = outcome.not_done;
    report.outcome.stripe_changed = outcome.stripe_changed;
}

/// Checks the account again, because it can change while the command waits for confirmation.
async fn check_account(ctx: &Ctx, environment: Environment, account: &Account) -> Result<()> {
    let now = ctx.connection(&STRIPE, environment).await?.and_then(|connection| connection.account());
    match now {
        Some(now) if now.id == account.id => Ok(()),
        now => {
            let now = now.map_or_else(|| "no account".to_owned(), |now| now.to_string());
            let why = format!("it is for account {account}, but {environment} is now connected to {now}");
            Err(out_of_date([why]).into())
        }
    }
}

/// The names of the objects that are archived because the file does not have them.
fn archived(pruned: &[&PlannedChange]) -> Option<String> {
    /// A longer list hides the question.
    const MAX_NAMES: usize = 10;

    let with_id = |change: &&PlannedChange| {
        let id = change.id.as_deref().map(|id| format!(" ({id})")).unwrap_or_default();
        format!("{}{id}", name(change))
    };
    let mut names: Vec<String> = pruned.iter().take(MAX_NAMES).map(with_id).collect();
    if pruned.len() > MAX_NAMES {
        names.push(format!("and {} more", pruned.len() - MAX_NAMES));
    }
    (!names.is_empty()).then(|| format!("Archives what is not in the file: {}", names.join(", ")))
}

fn interrupted(progress: ApplyProgress<'_>, same_command: &str) -> Failure {
    let ApplyProgress { done, total, next } = progress;
    Failure::new(Code::Interrupted, format!("Interrupted after {done} of {total} changes"))
        .why(format!("it is unknown whether {} was applied", name(next)))
        .hint(format!("{same_command} continues and creates no duplicates"))
}

fn interrupted_in_sync(same_command: &str) -> Failure {
    Failure::new(Code::Interrupted, "Interrupted during the sync after the changes")
        .hint(format!("{same_command} checks whether Stripe matches the file"))
}

fn another_account(account: &Account) -> Failure {
    let what = format!("{account} is connected now, and the last changes may have gone there");
    Failure::new(Code::PlanStale, what).hint("check both accounts in Stripe's dashboard")
}

/// Something has changed at Stripe during an approved apply, and what remains is more than a person approved.
fn not_approved(others: Vec<String>) -> Failure {
    Failure::new(
        Code::ApprovalVoid,
        "Stripe still differs from the file, and the approval does not cover the rest",
    )
    .why_lines(others)
    .hint("a person has to approve the rest")
}

fn still_different(remaining: &CatalogPlan) -> Failure {
    let names: Vec<String> = remaining.changes.iter().map(name).collect();
    Failure::new(Code::CatalogPartlyApplied, "Stripe still differs from the file")
        .why(format!("remaining changes: {}", names.join(", ")))
        .hint("someone else may be changing the catalog; check with `insforge payments catalog plan`")
}
