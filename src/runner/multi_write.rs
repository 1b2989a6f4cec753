//! Commands that make several changes at the provider, with a request for each: prepare, ask once, make the changes.

use std::borrow::Cow;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use crate::api::Reply;
use crate::approval::Effects;
use crate::error::{Code, Exit, Failure, Warning, WarningCode};
use crate::runner::approve::Examine;
use crate::runner::change::{Change, confirm};
use crate::runner::show;
use crate::runner::stdout::is_broken_pipe;
use crate::runner::{Ctx, WAITING};
use crate::ui::{Line, Page, RowLists, Show, Tables, View, json_text};

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

    /// The changes with their requests, and what depends on the objects. A person sees it before an approval.
    async fn effects(&self, ctx: &Ctx, prepared: &Self::Prepared) -> Result<Effects>;

    /// Prepares again after an approval, to see whether anything has changed.
    async fn prepare_again(&self, ctx: &Ctx, _prepared: &Self::Prepared) -> Result<Self::Prepared> {
        self.prepare(ctx).await
    }

    /// Makes the changes.
    async fn make(&self, ctx: &Ctx, prepared: Self::Prepared) -> Result<Self::Shown>;
}

/// Runs a command that makes several changes.
pub(crate) async fn execute_multi_write<M: MultiWrite>(command: M, ctx: &Ctx) -> Result<Exit> {
    let (tables, rows) =
        if ctx.dry_run { (M::DryRun::TABLES, M::DryRun::ROWS) } else { (M::Shown::TABLES, M::Shown::ROWS) };
    let output = ctx.output.output_for(M::HAS_IDS && !ctx.dry_run, tables, rows)?;
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
        confirm(&change, &PreparedEffects { command: &command, prepared: &prepared, ctx }, ctx).await?;
    }
    let shown = command.make(ctx, prepared).await?;
    show::show(&shown, output, ctx).await.or_else(|error| not_shown(error, &shown, ctx))
}

/// The effects of prepared changes.
struct PreparedEffects<'a, M: MultiWrite> {
    command: &'a M,
    prepared: &'a M::Prepared,
    ctx: &'a Ctx,
}

impl<M: MultiWrite> Examine for PreparedEffects<'_, M> {
    fn preview(&self) -> Vec<Line<'_>> {
        self.command.preview(self.prepared)
    }

    async fn shown(&self) -> Result<Effects> {
        self.command.effects(self.ctx, self.prepared).await
    }

    async fn now(&self) -> Result<Effects> {
        let now = self.command.prepare_again(self.ctx, self.prepared).await?;
        self.command.effects(self.ctx, &now).await
    }
}

/// The failure when stdout rejects the result of changes that were made. It has the ids that the result would have shown.
fn not_shown(error: anyhow::Error, shown: &impl Show, ctx: &Ctx) -> Result<Exit> {
    let ids = shown.ids().join(", ");
    if ids.is_empty() || error.is::<Failure>() {
        return Err(error);
    }
    if is_broken_pipe(&error) {
        let text = format!("The result was not read: the changes were applied to {ids}");
        ctx.warn(&[Warning { code: WarningCode::ResultNotRead, text }]);
        return Ok(Exit::Done);
    }
    let why = error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
    let failure = Failure::new(Code::Failed, "The changes were applied, but the result cannot be shown");
    Err(failure.why(why).and_why(format!("changed: {ids}")).into())
}

/// The requests that a dry run would send.
pub(crate) struct PlannedRequests(pub(crate) Vec<Value>);

impl Show for PlannedRequests {
    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        json_text(&Value::Array(self.0.clone()))
    }

    fn rows(&self) -> serde_json::Result<Option<Vec<Value>>> {
        Ok(Some(self.0.clone()))
    }

    fn page(&self) -> Page<'_> {
        let lines = self.0.iter().map(|request| Line::plain(request.to_string())).collect();
        Page { lines, ..Page::default() }
    }

    fn notes(&self) -> Vec<String> {
        vec!["Nothing was changed at the provider.".to_owned()]
    }
}

/// The state after the changes, as the backend's answer to a read.
pub(crate) struct MultiWriteReply<A> {
    pub(crate) reply: Reply<A>,
    pub(crate) notes: Vec<String>,
    pub(crate) warnings: Vec<Warning>,
}

impl<T: View> Show for MultiWriteReply<T> {
    const ROWS: RowLists = T::ROWS;
    const TABLES: Tables = T::TABLES;

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        self.reply.json()
    }

    fn page(&self) -> Page<'_> {
        self.reply.page()
    }

    fn for_each_id(&self, take: &mut dyn FnMut(&str)) {
        self.reply.data.for_each_id(take);
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}
