//! Commands that change several things at the provider, with a request for each: look, ask once for all of it, make it.

use std::time::Duration;

use anyhow::Result;

use crate::error::{Exit, Failure};
use crate::runner::guard::Verdict;
use crate::runner::show;
use crate::runner::write::{Change, confirm};
use crate::runner::{Ctx, WAITING};
use crate::ui::{Line, Show, Stderr, rendered};

/// What one request may take: a sync of thousands of objects takes the backend a while.
const DEADLINE: Duration = Duration::from_secs(300);

/// A command that changes several things at the provider.
pub(crate) trait MultiWrite {
    /// What was found, and what is to become of it.
    type Prepared;
    /// What is shown of what was done.
    type Shown: Show;
    /// Whether what is shown has ids.
    const HAS_IDS: bool = true;

    /// What shows what it would do.
    fn dry_run_alternative(&self, ctx: &Ctx) -> String;

    /// What it reads from stdin, if anything.
    fn reads_stdin(&self) -> Option<&'static str> {
        None
    }

    /// Looks, and finds out what is to be done. It changes nothing at the provider.
    async fn prepare(&self, ctx: &Ctx) -> Result<Self::Prepared>;

    /// What will happen; nothing where there is nothing to do.
    fn change(&self, prepared: &Self::Prepared) -> Option<Change>;

    /// All of it, for whoever is asked.
    fn preview<'a>(&self, prepared: &'a Self::Prepared) -> Vec<Line<'a>>;

    /// Does it.
    async fn make(&self, ctx: &Ctx, prepared: Self::Prepared) -> Result<Self::Shown>;
}

/// Runs it.
pub(crate) async fn execute_multi_write<R: MultiWrite>(command: R, ctx: &Ctx) -> Result<Exit> {
    if ctx.dry_run {
        return Err(Failure::usage("--dry-run shows one request, and this command sends several")
            .hint(command.dry_run_alternative(ctx))
            .into());
    }
    let output = ctx.output.output_for(R::HAS_IDS, R::Shown::TABLES)?;
    ctx.set_deadline_of_each_request(DEADLINE);
    if let Some(what) = command.reads_stdin() {
        ctx.claim_stdin(what)?;
    }
    let prepared = ctx.while_busy(WAITING, command.prepare(ctx)).await?;
    if let Some(change) = command.change(&prepared) {
        if ctx.verdict(change.effect).await? == Verdict::Ask {
            let style = crate::ui::TerminalStyle { colors: ctx.stderr.colors, ..ctx.style };
            Stderr::styled(&rendered(&command.preview(&prepared), style));
        }
        confirm(&change, ctx).await?;
    }
    let shown = command.make(ctx, prepared).await?;
    show::show(&shown, output, ctx).await
}
