use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::api::stripe::STRIPE;
use crate::catalog::plan::{self, Options, Plan as Changes};
use crate::commands::common::{EnvironmentArgs, is_stdin};
use crate::commands::stripe::catalog::reviewed::Reviewed;
use crate::commands::stripe::catalog::shown::{plan_lines, summary};
use crate::commands::stripe::catalog::survey::{FileArg, survey};
use crate::error::Failure;
use crate::files;
use crate::runner::{Command, Ctx, run_blocking};
use crate::ui::{Line, Mark, Page, Rows, Show};
use crate::wire::{Account, Environment};

/// Show what would change at Stripe so that it is as the file says
///
/// It changes nothing at Stripe. A price that costs something else is replaced: Stripe changes no amount, currency or
/// interval. Only what has its identity in its metadata is managed; nothing else is ever touched.
#[derive(Args)]
pub(super) struct Plan {
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[command(flatten)]
    file: FileArg,
    #[command(flatten)]
    how: HowToCompare,
    /// Keep the plan in a file, for `apply --plan-file`
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
}

/// How two catalogs are compared, and what is said with the exit code.
#[derive(Args)]
pub(super) struct HowToCompare {
    /// Archive what is managed and is not to be there
    #[arg(long)]
    pub(super) prune: bool,
    /// Compare with the mirror as it is, without a sync before
    #[arg(long)]
    pub(super) no_sync: bool,
    /// Exit 7 when something would change
    #[arg(long)]
    pub(super) exit_code: bool,
}

impl Plan {
    pub(super) fn after(mut self, before: Vec<Environment>) -> Self {
        self.environment.given_before(before);
        self
    }
}

impl Plan {
    /// The plan is kept beside the catalog's file, not in its place.
    fn check_out(&self, out: &Path) -> Result<(), Failure> {
        let refused = |what: &str| {
            Failure::usage(what.to_owned())
                .hint("name a file for the plan, such as --out plan.json; --json writes it to stdout")
        };
        if is_stdin(out) {
            return Err(refused("--out names a file, and `-` is none"));
        }
        let same = |one: &Path, other: &Path| {
            one == other || one.canonicalize().ok().is_some_and(|one| other.canonicalize().ok() == Some(one))
        };
        if same(out, &self.file.path()) {
            return Err(refused("--out names the catalog's own file, which the plan would replace"));
        }
        let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
        match folder {
            Some(folder) if !folder.is_dir() => {
                Err(refused(&format!("There is no folder {}", folder.display())))
            }
            _ => Ok(()),
        }
    }
}

impl Command for Plan {
    type Reply = Planned;
    const HAS_IDS: bool = false;
    /// It syncs.
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
        let wanted = self.file.read(ctx).await?;
        let HowToCompare { prune, no_sync, .. } = self.how;
        let found = survey(ctx, environment, !no_sync).await?;
        let changes = plan::plan(&wanted, &found.mirror, Options { prune, environment })?;
        let mut notes = Vec::new();
        if let Some(path) = self.out.clone() {
            let text = Reviewed::of(&found.account, environment, prune, wanted, &changes).written()?;
            let name = path.display().to_string();
            let apply = ctx.command(&STRIPE, &["catalog", "apply", "--plan-file", &name]);
            notes.push(format!("The plan is in {name}; `{apply}` makes it so."));
            run_blocking(move || Ok(files::write(&path, &text).map_err(Failure::from)?)).await?;
        }
        Ok(Planned {
            title: format!("Stripe {environment}, account {}", found.account),
            account: found.account,
            environment,
            changes,
            as_is: format!("Stripe {environment} is as {} says.", self.file.name()),
            exit_code: self.how.exit_code,
            notes,
        })
    }
}

/// A plan, ready to be shown.
pub(super) struct Planned {
    pub(super) title: String,
    pub(super) account: Account,
    pub(super) environment: Environment,
    pub(super) changes: Changes,
    /// What to say when nothing would change.
    pub(super) as_is: String,
    /// Whether the exit code reports that something would change.
    pub(super) exit_code: bool,
    pub(super) notes: Vec<String>,
}

impl Show for Planned {
    const ROWS: Rows = &[("changes", "change")];

    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Ok(Cow::Owned(json!({
            "account": self.account.id,
            "environment": self.environment.as_str(),
            "changes": self.changes.changes,
            "summary": self.changes.summary(),
            "unmanaged": self.changes.unmanaged,
        })))
    }

    fn page(&self) -> Page<'_> {
        let mut lines = vec![Line::new(Mark::Heading, 0, self.title.as_str()), Line::plain("")];
        lines.extend(plan_lines(&self.changes));
        if lines.len() > 2 {
            lines.push(Line::plain(""));
        }
        let differ = self.changes.unmanaged.iter().filter(|left| left.differs).count();
        lines.push(if self.changes.changes.is_empty() && differ > 0 {
            Line::new(
                Mark::Heading,
                0,
                format!("Nothing to change. Left alone although it differs: {differ}."),
            )
        } else if self.changes.changes.is_empty() {
            Line::plain(self.as_is.as_str())
        } else {
            Line::new(Mark::Heading, 0, format!("Plan: {}.", summary(self.changes.summary())))
        });
        Page { lines, ..Page::default() }
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn reports_differences(&self) -> bool {
        self.exit_code && !self.changes.changes.is_empty()
    }
}

/// The world is not as it was when the plan was made.
pub(super) fn moved(why: impl Into<String>) -> Failure {
    Failure::new(crate::error::Code::PlanStale, "The plan does not hold any more; nothing was changed")
        .why(why)
        .hint("make it anew with `insforge payments catalog plan … --out PATH`, look at it, then apply that")
}
