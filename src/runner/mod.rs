//! Runs commands. A command says what it does, and one of these functions does the rest: [`execute`] waits and shows
//! the result, [`execute_write`] also asks for confirmation, handles `--dry-run` and reports the outcome of a write or of
//! many, [`execute_multi_write`] makes several changes after one confirmation, and [`execute_follow`] runs until the user
//! ends it.

mod api_failure;
mod approve;
mod bulk;
mod change;
mod completes;
mod completion_cache;
mod connect;
mod ctx;
mod dry_run;
mod execute_write;
mod existing;
mod file_input;
mod follow;
mod gateway;
pub(crate) mod guard;
mod jq_process;
mod list;
mod multi_write;
mod output;
mod report;
mod required;
mod rerun;
mod show;
mod spec;
mod stdout;
mod write;

pub(crate) use change::{Change, Check};
pub(crate) use completes::{Completes, HasIdList, IdList, ReadIds};
pub(crate) use completion_cache::{completion_cache, invalidate_completion_cache};
pub(crate) use ctx::{Ctx, run_blocking};
pub(crate) use execute_write::execute_write;
pub(crate) use existing::ExistingObjects;
pub(crate) use file_input::{Entry, FileArgs};
#[cfg(any(test, fuzzing))]
pub(crate) use file_input::{FileInput, parse as parse_objects};
pub(crate) use follow::{Follow, RowKey, execute_follow};
pub(crate) use gateway::{
    Finding, Gateway, SyncOutcome, SyncReply, UnmappedSubscriptions, WebhookRepair, WebhookSupport, is_local,
    join_first,
};
pub(crate) use jq_process::filter_in_own_process;
pub(crate) use list::{ListQuery, ListReply, filter_reply, list};
pub(crate) use multi_write::{MultiWrite, MultiWriteReply, PlannedRequests, execute_multi_write};
pub(crate) use output::{Output, OutputOptions};
pub(crate) use report::{report, report_interrupts, report_panics};
pub(crate) use required::{Required, check_required};
pub(crate) use rerun::{next_command, remember_secret_arguments};
pub(crate) use show::show_json;
pub(crate) use spec::{CommandEffect, CommandSpec};
pub(crate) use stdout::print;
pub(crate) use write::{Verb, Write, WriteReply};

use std::borrow::Cow;
use std::time::Duration;

use anyhow::Result;

use crate::error::Exit;
#[cfg(feature = "sandbox")]
use crate::interrupt;
use crate::settings::CachedIds;
use crate::ui::Show;

/// A command that changes nothing at the provider.
pub(crate) trait Command {
    /// What is shown.
    type Reply: Show;
    /// Whether the reply has ids.
    const HAS_IDS: bool = true;
    /// The time limit for all requests together, unless `--timeout` sets another.
    const DEADLINE: Duration = DEADLINE;

    /// The text of the spinner.
    fn doing(&self) -> Cow<'static, str> {
        WAITING.into()
    }

    /// Whether the command's own `--format` is JSON, if it has one and it was given.
    fn own_format(&self) -> Option<bool> {
        None
    }

    /// Prompts for what is missing. The time limit does not apply here.
    async fn prepare(&mut self, _ctx: &Ctx) -> Result<()> {
        Ok(())
    }

    /// Sends the requests.
    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply>;

    /// The complete lists in the reply, to cache for completion.
    fn ids_to_cache(&self, _reply: &Self::Reply) -> Option<CachedIds> {
        None
    }
}

pub(crate) const DEADLINE: Duration = Duration::from_secs(60);
const WAITING: &str = "Waiting for the backend…";

/// Runs a command: shows a spinner, then the reply, and returns the exit code.
pub(crate) async fn execute<C: Command>(mut command: C, ctx: &Ctx) -> Result<Exit> {
    ctx.refuse_dry_run()?;
    let output = match command.own_format() {
        Some(is_json) => ctx.output.output_with_format(is_json)?,
        None => ctx.output.output_for(C::HAS_IDS, C::Reply::TABLES, C::Reply::ROWS)?,
    };
    ctx.set_deadline(C::DEADLINE);
    command.prepare(ctx).await?;
    let reply = ctx.while_busy(&command.doing(), command.run(ctx)).await?;
    let shown = show::show(&reply, output, ctx).await;
    if let Some(cache) = completion_cache(ctx)
        && let Some(ids) = command.ids_to_cache(&reply)
    {
        cache.store(&ids);
    }
    shown
}

/// Runs a command that shows its result at once and then runs until the user ends it.
#[cfg(feature = "sandbox")]
pub(crate) async fn execute_until_ended<C: Command>(command: C, ctx: &Ctx) -> Result<Exit> {
    ctx.refuse_dry_run()?;
    let output = ctx.output.output_for(C::HAS_IDS, C::Reply::TABLES, C::Reply::ROWS)?;
    let reply = command.run(ctx).await?;
    interrupt::end_with(Exit::Done);
    show::show(&reply, output, ctx).await?;
    std::future::pending().await
}
