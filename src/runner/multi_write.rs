//! Commands that make several changes at the provider, with a request for each: prepare, ask once, make the changes.

use std::time::Duration;

use anyhow::Result;

use crate::error::Exit;
use crate::runner::change::{Change, confirm};
use crate::runner::guard::Verdict;
use crate::runner::show;
use crate::runner::{Ctx, WAITING};
use crate::ui::{Line, Show, Stderr, TerminalStyle, rendered};

/// The time limit of one request: to sync thousands of objects takes the backend a while.
const DEADLINE: Duration = Duration::from_secs(300);

/// A command that makes several changes at the provider.
pub(crate) trait MultiWrite {
    /// What was read, and the changes that follow from it.
    type Prepared;
    /// What is shown.
    type Shown: Show;
    /// What --dry-run shows.
    type DryRun: Show;
    /// Whether the result has ids.
    const HAS_IDS: bool = true;

    /// The changes that would be made. It sends only requests that change nothing at the provider.
    async fn dry_run(&self, ctx: &Ctx) -> Result<Self::DryRun>;

    /// The argument that reads stdin, if one does.
    fn reads_stdin(&self) -> Option<&'static str> {
        None
    }

    /// Reads what is needed, and determines the changes. Changes nothing at the provider.
    async fn prepare(&self, ctx: &Ctx) -> Result<Self::Prepared>;

    /// All changes, as one; `None` where nothing changes.
    fn change(&self, prepared: &Self::Prepared) -> Option<Change>;

    /// The changes one by one, shown before the question.
    fn preview<'a>(&self, prepared: &'a Self::Prepared) -> Vec<Line<'a>>;

    /// Makes the changes.
    async fn make(&self, ctx: &Ctx, prepared: Self::Prepared) -> Result<Self::Shown>;
}

/// Runs a command that makes several changes.
pub(crate) async fn execute_multi_write<M: MultiWrite>(command: M, ctx: &Ctx) -> Result<Exit> {
    let tables = if ctx.dry_run { M::DryRun::TABLES } else { M::Shown::TABLES };
    let output = ctx.output.output_for(M::HAS_IDS && !ctx.dry_run, tables)?;
    ctx.set_deadline_per_request(DEADLINE);
    if let Some(argument) = command.reads_stdin() {
        ctx.claim_stdin(argument)?;
    }
    if ctx.dry_run {
        let planned = ctx.while_busy(WAITING, command.dry_run(ctx)).await?;
        return show::show(&planned, output, ctx).await;
    }
    let prepared = ctx.while_busy(WAITING, command.prepare(ctx)).await?;
    if let Some(change) = command.change(&prepared) {
        if ctx.verdict(change.effect, change.environment).await? == Verdict::Ask {
            let style = TerminalStyle { colors: ctx.stderr.colors, ..ctx.style };
            Stderr::styled(&rendered(&command.preview(&prepared), style));
        }
        confirm(&change, ctx).await?;
    }
    let shown = command.make(ctx, prepared).await?;
    show::show(&shown, output, ctx).await
}
