//! What a command is, and the one place where commands are run. A command only says what it is and does it:
//! [`execute`] waits and shows, [`execute_write`] also asks before, rehearses, and tells what became of a write;
//! [`execute_bulk`] does so for all that a file has, [`execute_follow`] goes on until somebody ends it.

mod bulk;
mod connect;
mod ctx;
mod dry_run;
mod failed;
mod follow;
mod gateway;
pub(crate) mod guard;
mod jq_process;
mod keep;
mod multi_write;
mod output;
mod report;
mod rerun;
mod show;
mod write;

pub(crate) use bulk::{Bulk, Entries, Entry, Verb, execute_bulk};
pub(crate) use ctx::{Ctx, Ending, run_blocking};
pub(crate) use failed::fields;
pub(crate) use follow::{Follow, RowKey, execute_follow};
pub(crate) use gateway::{Finding, Gateway, SyncOutcome, Synced, Unmapped, some_of};
pub(crate) use jq_process::filter_in_own_process;
pub(crate) use keep::{outdate, shelf};
pub(crate) use multi_write::{MultiWrite, execute_multi_write};
pub(crate) use output::{Output, OutputOptions};
pub(crate) use report::{report, report_panics};
pub(crate) use rerun::next;
pub(crate) use show::{Done, is_broken_pipe, show_json};
pub(crate) use write::{Change, Check, KeyInUse, Write, execute_write};

use std::borrow::Cow;
use std::time::Duration;

use anyhow::Result;

use crate::error::Exit;
use crate::settings::Offers;
use crate::ui::Show;

/// A command that changes nothing at the provider: what it was given, what it does.
pub(crate) trait Command {
    /// What it shows.
    type Reply: Show;
    /// Whether its reply has ids.
    const HAS_IDS: bool = true;
    /// For all its requests together, unless `--timeout` says otherwise.
    const DEADLINE: Duration = DEADLINE;

    /// What to say while it takes long.
    fn doing(&self) -> Cow<'static, str> {
        WAITING.into()
    }

    /// Whether the form of its own that it was told to write is JSON.
    fn own_form(&self) -> Option<bool> {
        None
    }

    /// Gets what is missing, by asking if somebody is there. Time does not count here.
    async fn prepare(&mut self, _ctx: &Ctx) -> Result<()> {
        Ok(())
    }

    /// Does it.
    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply>;

    /// What of its reply completion can offer later: lists that are whole.
    fn offers(&self, _reply: &Self::Reply) -> Option<Offers> {
        None
    }
}

pub(crate) const DEADLINE: Duration = Duration::from_secs(60);
const WAITING: &str = "Waiting for the backend…";

/// Runs a command: spinner, rendering, exit code.
pub(crate) async fn execute<C: Command>(mut command: C, ctx: &Ctx) -> Result<Exit> {
    ctx.refuse_dry_run()?;
    let output = match command.own_form() {
        Some(is_json) => ctx.output.output_with_format(is_json)?,
        None => ctx.output.output_for(C::HAS_IDS, C::Reply::TABLES)?,
    };
    ctx.set_deadline(C::DEADLINE);
    command.prepare(ctx).await?;
    let reply = ctx.while_busy(&command.doing(), command.run(ctx)).await?;
    let shown = show::show(&reply, output, ctx).await;
    if let Some(shelf) = shelf(ctx)
        && let Some(offers) = command.offers(&reply)
    {
        shelf.put(&offers);
    }
    shown
}

/// Runs a command whose result is there at once and holds until somebody ends it.
#[cfg(feature = "sandbox")]
pub(crate) async fn execute_until_ended<C: Command>(command: C, ctx: &Ctx) -> Result<Exit> {
    ctx.refuse_dry_run()?;
    let output = ctx.output.output_for(C::HAS_IDS, C::Reply::TABLES)?;
    let reply = command.run(ctx).await?;
    ctx.ending.set(Ending::Completes);
    show::show(&reply, output, ctx).await?;
    std::future::pending().await
}
