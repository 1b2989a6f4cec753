use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::api::stripe::STRIPE;
use crate::catalog::plan::{self, CatalogPlan, PlanOptions, Source};
use crate::commands::common::EnvironmentArgs;
use crate::commands::stripe::catalog::EXAMPLE_FILE;
use crate::commands::stripe::catalog::inputs::{FileArg, read_stripe};
use crate::commands::stripe::catalog::plan_file::PlanFile;
use crate::commands::stripe::catalog::plan_text::{plan_lines, summary};
use crate::error::Failure;
use crate::files;
use crate::input::is_stdin;
use crate::runner::{Command, CommandSpec, Ctx, run_blocking};
use crate::ui::{Line, Mark, Page, RowLists, Show, json_text};
use crate::wire::{Account, Environment};

/// Show the changes that make Stripe match payments.toml
///
/// It changes nothing at Stripe. Stripe cannot change the amount, currency or interval of a price, so such a price is
/// replaced. Only objects with catalog_key in their metadata are managed; all others stay as they are.
#[derive(Args)]
#[command(add = CommandSpec::syncs::<Self>("test --file - --exit-code --json")
    .stdin(EXAMPLE_FILE)
    .exits(7, "7 because the plan has changes"))]
pub(super) struct Plan {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[command(flatten)]
    file: FileArg,
    #[command(flatten)]
    compare: CompareArgs,
    /// File to save the plan in, for `apply --plan-file`
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
}

/// The options of a comparison.
#[derive(Args)]
pub(super) struct CompareArgs {
    /// Archive managed objects that are not in the desired catalog
    #[arg(long)]
    pub(super) prune: bool,
    /// Skip the sync and compare with the mirror
    #[arg(long)]
    pub(super) no_sync: bool,
    /// Exit with 7 if there are changes
    #[arg(long)]
    pub(super) exit_code: bool,
}

impl Plan {
    pub(super) fn with_environment(mut self, before: Vec<Environment>) -> Self {
        self.environment.add_preceding(before);
        self
    }

    /// Checks that the plan file can be written and is not the catalog file.
    fn check_out(&self, out: &Path) -> Result<(), Failure> {
        let refused = |what: &str| {
            Failure::usage(what.to_owned())
                .hint("name a file for the plan, such as --out plan.json; --json prints the plan")
        };
        if is_stdin(out) {
            return Err(refused("--out needs a file name, not `-`"));
        }
        let same = |one: &Path, other: &Path| {
            one == other || one.canonicalize().ok().is_some_and(|one| other.canonicalize().ok() == Some(one))
        };
        if same(out, &self.file.path()) {
            return Err(refused("--out names the catalog file, which the plan would overwrite"));
        }
        let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
        match folder {
            Some(folder) if !folder.is_dir() => {
                Err(refused(&format!("The folder {} does not exist", folder.display())))
            }
            _ => Ok(()),
        }
    }
}

impl Command for Plan {
    type Reply = PlanReport;
    const HAS_IDS: bool = false;
    /// A sync takes longer than other requests.
    const DEADLINE: Duration = Duration::from_secs(300);

    fn doing(&self) -> Cow<'static, str> {
        "Comparing with Stripe…".into()
    }

    async fn prepare(&mut self, ctx: &Ctx) -> Result<()> {
        self.out.as_deref().map_or(Ok(()), |out| self.check_out(out))?;
        Ok(self.file.reads_stdin().map_or(Ok(()), |what| ctx.claim_stdin(what))?)
    }

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let environment = self.environment.resolve()?;
        let desired = self.file.read(ctx).await?;
        let CompareArgs { prune, no_sync, .. } = self.compare;
        let current = read_stripe(ctx, environment, !no_sync).await?;
        let plan =
            plan::plan(&desired, &current.mirror, PlanOptions { source: Source::File, prune, environment })?;
        let mut notes = Vec::new();
        if let Some(path) = self.out.clone() {
            let text = PlanFile::new(&current.account, environment, prune, desired, &plan).to_json()?;
            let name = path.display().to_string();
            let apply = ctx.command(&STRIPE, &["catalog", "apply", "--plan-file", &name]);
            notes.push(format!("Saved the plan in {name}; apply it with `{apply}`."));
            run_blocking(move || Ok(files::write(&path, &text).map_err(Failure::from)?)).await?;
        }
        let report = PlanReport::of_file(current.account, environment, plan, &self.file.name());
        Ok(PlanReport { exit_code: self.compare.exit_code, notes, ..report })
    }
}

/// A plan with its title and notes.
#[derive(Debug)]
pub(super) struct PlanReport {
    pub(super) title: String,
    pub(super) account: Account,
    pub(super) environment: Environment,
    pub(super) plan: CatalogPlan,
    /// The text if there are no changes.
    pub(super) no_changes: String,
    /// Whether the exit code reports changes.
    pub(super) exit_code: bool,
    pub(super) notes: Vec<String>,
}

impl PlanReport {
    /// The report of a plan whose desired catalog is in the file `name`.
    pub(super) fn of_file(account: Account, environment: Environment, plan: CatalogPlan, name: &str) -> Self {
        Self {
            title: format!("Stripe {environment}, account {account}"),
            account,
            environment,
            plan,
            no_changes: format!("Nothing to do: Stripe {environment} matches {name}."),
            exit_code: false,
            notes: Vec::new(),
        }
    }

    pub(super) fn to_value(&self) -> Value {
        json!({
            "account": self.account.id,
            "environment": self.environment.as_str(),
            "changes": self.plan.changes,
            "summary": self.plan.summary(),
            "unmanaged": self.plan.unmanaged,
        })
    }

    /// The title and the changes.
    pub(super) fn lines(&self) -> Vec<Line<'_>> {
        let mut lines = vec![Line::new(Mark::Heading, 0, self.title.as_str()), Line::plain("")];
        lines.extend(plan_lines(&self.plan));
        if lines.len() > 2 {
            lines.push(Line::plain(""));
        }
        lines
    }

    /// The last line of the page.
    pub(super) fn summary(&self) -> Line<'_> {
        let differing = self.plan.unmanaged.iter().filter(|object| object.differs).count();
        let text = match (self.plan.changes.is_empty(), differing) {
            (true, 0) => return Line::plain(self.no_changes.as_str()),
            (true, 1) => "No changes, but 1 object above differs.".to_owned(),
            (true, count) => format!("No changes, but {count} objects above differ."),
            (false, _) => format!("Plan: {}.", summary(self.plan.summary())),
        };
        Line::new(Mark::Heading, 0, text)
    }
}

impl Show for PlanReport {
    const ROWS: RowLists = &[("changes", "change")];

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        json_text(&self.to_value())
    }

    fn page(&self) -> Page<'_> {
        let mut lines = self.lines();
        lines.push(self.summary());
        Page { lines, ..Page::default() }
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn reports_differences(&self) -> bool {
        self.exit_code && !self.plan.changes.is_empty()
    }
}
