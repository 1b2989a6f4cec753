//! Runs a [`Write`]: resolve the input, ask, send, and report the outcome. No write ends without the user knowing whether
//! it was applied, or how to find out.

use anyhow::Result;

use crate::api::{Replay, leaves_outcome_unknown};
use crate::error::{Code, Exit, Failure, Warning, WarningCode};
use crate::interrupt;
use crate::runner::change::confirm;
use crate::runner::dry_run::DryRun;
use crate::runner::file_input::FileInput;
use crate::runner::report::failure_of;
use crate::runner::required::{Required, missing};
use crate::runner::stdout::is_broken_pipe;
use crate::runner::write::{WriteEffects, change_of};
use crate::runner::{Change, Ctx, ExistingObjects, Output, WAITING, Write, WriteReply, bulk, rerun, show};
use crate::ui::Show;
use crate::wire::IdempotencyKey;

const INVESTIGATING: &str = "Checking the outcome…";

/// Runs a command that writes: one object, or all objects of a file.
pub(crate) async fn execute_write<W: Write>(command: W, ctx: &Ctx) -> Result<Exit> {
    let output = ctx.output.output_for(W::HAS_IDS || ctx.dry_run, W::Shown::TABLES, W::Shown::ROWS)?;
    ctx.set_deadline(W::DEADLINE);
    let environment = command.environment()?;
    if let Some(argument) = command.reads_stdin() {
        ctx.claim_stdin(argument)?;
    }
    // Before any prompt: nobody should type a key for a write that is denied.
    if !ctx.dry_run {
        ctx.refuse_denied_write(environment).await?;
    }
    let object = match command.file() {
        None => W::Object::default(),
        Some(file) => match file.read(ctx, required_in_file(&command)).await? {
            None => W::Object::default(),
            Some(FileInput::One(object)) => object,
            // Boxed, because the future of every write would be as large as both paths together.
            Some(FileInput::Many { file, entries }) => {
                return Box::pin(bulk::execute(&command, &file, entries, ctx)).await;
            }
        },
    };
    let request = command.resolve(ctx, object).await?;
    Box::pin(write_one(&command, request, output, ctx)).await
}

/// The required fields that no option sets.
fn required_in_file<W: Write>(command: &W) -> Vec<Required> {
    let options = command.combined(W::Object::default());
    options.map_or_else(|_| Vec::new(), |options| missing(W::REQUIRED, &options))
}

/// Asks, sends and shows the result; or shows the request of a dry run.
async fn write_one<W: Write>(command: &W, request: W::Request, output: Output, ctx: &Ctx) -> Result<Exit> {
    if ctx.dry_run {
        return show_dry_run(command, &request, output, ctx).await;
    }
    let change = change_of(command, &request);
    confirm(&change, &WriteEffects { command, requests: &[&request], ctx }, ctx).await?;
    let call = command.call(&request)?;
    let key = W::idempotency_key(&request).cloned();
    let reads_stdin = command.reads_stdin().is_some();
    let rerun = key.as_ref().map(|key| Rerun { key, hint: rerun::hint(key, ctx, reads_stdin) });
    let rerun = rerun.as_ref();
    // Only a key that an earlier run can have used as well can belong to an existing object.
    let existing = match &key {
        Some(key) if !key.is_generated() => {
            let existing = Box::pin(command.find_existing(ctx, std::slice::from_ref(&request)));
            ctx.while_busy(WAITING, existing).await?
        }
        _ => ExistingObjects::default(),
    };
    interrupt::set_failure(command.explain(ctx, &request, interrupted(&change, rerun, call.replay, ctx)));
    let sent = ctx.while_busy(WAITING, ctx.send(call)).await;
    let reply = match sent.map_err(anyhow::Error::downcast::<Failure>) {
        Ok(reply) => reply,
        Err(Ok(failure)) => {
            let failure = command.explain(ctx, &request, with_outcome(failure, &change, rerun, ctx));
            // A write that is safe to run again: its answer was lost, or a gateway did not wait for it.
            let is_lost = failure.retryable() && matches!(failure.status, None | Some(504));
            if failure.code != Code::OutcomeUnknown && !(is_lost && failure.may_be_applied) {
                return Err(failure.into());
            }
            // Boxed, because it is rare and would make the future of every write larger.
            let investigation = Box::pin(command.investigate(ctx, &request, failure));
            return Err(ctx.while_busy(INVESTIGATING, investigation).await.into());
        }
        Err(Err(error)) => return Err(error),
    };
    interrupt::set_failure(interrupted_after_change(&change, ctx));
    let (note, outdated) = match (existing.repeated(&reply), existing.note_if_unread(&reply)) {
        (Some(repeated), _) => (repeated.note, repeated.outdated),
        (None, Some(note)) => (note, None),
        (None, None) => (command.note(&request, &reply), None),
    };
    let done = WriteReply { reply, environment: change.environment, note: format!("✓ {note}") };
    let shown = command.complete(ctx, request, done.into()).await?;
    let shown = show::show(&shown, output, ctx).await;
    if let Some(outdated) = outdated {
        Box::pin(command.update_mirror(ctx, &[outdated])).await?;
    }
    shown.or_else(|error| not_shown(&error, &note, &change, rerun, ctx))
}

/// How to send a create again without a duplicate.
struct Rerun<'a> {
    key: &'a IdempotencyKey,
    hint: String,
}

/// Shows the request that would be sent, and sends nothing.
async fn show_dry_run<W: Write>(
    command: &W,
    request: &W::Request,
    output: Output,
    ctx: &Ctx,
) -> Result<Exit> {
    let call = command.call(request)?;
    let dry_run = DryRun::new(ctx).await?;
    show::show_dry_run(dry_run.request(&call)?, output, ctx).await?;
    ctx.stderr.note(dry_run.note());
    Ok(Exit::Done)
}

/// The failure when the user interrupts the request.
fn interrupted(change: &Change, rerun: Option<&Rerun<'_>>, replay: Replay, ctx: &Ctx) -> Failure {
    let failure = Failure::new(Code::Interrupted, "Interrupted; the change may have been applied")
        .why(change.sentence());
    match (rerun, replay) {
        (Some(rerun), _) => failure.with_idempotency_key(rerun.key).hint(&rerun.hint).rerun_helps(true),
        (None, Replay::Always) => failure.hint(format!(
            "`{}` shows whether it was applied; it is safe to run the command again",
            change.check(ctx)
        )),
        (None, Replay::IfNotSent) => failure.hint(change.check_first_hint(ctx)),
    }
}

/// The failure when the user interrupts what comes after the request.
fn interrupted_after_change(change: &Change, ctx: &Ctx) -> Failure {
    Failure::new(Code::Interrupted, "Interrupted, but the change was applied")
        .why(change.sentence())
        .hint(format!("`{}` shows the current state", change.check(ctx)))
}

/// The failure when stdout rejects the result, or the answer is not valid throughout. It has what the result would have
/// shown: the id and the idempotency key.
fn not_shown(
    error: &anyhow::Error,
    note: &str,
    change: &Change,
    rerun: Option<&Rerun<'_>>,
    ctx: &Ctx,
) -> Result<Exit> {
    if is_broken_pipe(error) {
        let key = rerun.map(|rerun| format!(" (idempotency key {})", rerun.key.as_str()));
        let text = format!("The result was not read: {note}{}", key.unwrap_or_default());
        ctx.warn(&[Warning { code: WarningCode::ResultNotRead, text }]);
        return Ok(Exit::Done);
    }
    let what = format!("{}: the change was applied, but the result cannot be shown", change.sentence());
    let failure = failure_of(error);
    let is_filter = failure.code == Code::JqFailed;
    let cause = if is_filter { "--jq" } else { &failure.what };
    let cause = [Some(cause), failure.why.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(": ");
    let failure = Failure { what, ..failure }.why_lines([&cause, note]);
    Err(match rerun {
        // The same filter fails again.
        Some(rerun) if is_filter => failure.with_idempotency_key(rerun.key),
        Some(rerun) => failure.with_idempotency_key(rerun.key).and_hint(&rerun.hint).rerun_helps(true),
        None if failure.hint.is_none() => failure.hint(format!("`{}` shows it", change.check(ctx))),
        None => failure,
    }
    .into())
}

/// Adds to a failure how to go on with a write that may have been applied.
fn with_outcome(failure: Failure, change: &Change, rerun: Option<&Rerun<'_>>, ctx: &Ctx) -> Failure {
    if !ctx.write_sent() {
        return failure;
    }
    let open = failure.may_be_applied;
    let refused = failure.status.is_some_and(|status| !leaves_outcome_unknown(status));
    let can_change = !failure.is_lasting_refusal();
    match rerun {
        // A request that was refused, or answered by another server, fails again unless its cause is fixed first.
        Some(rerun) if open && (refused || failure.code == Code::ResponseInvalid) => {
            failure.with_idempotency_key(rerun.key).and_hint(&rerun.hint).rerun_helps(can_change)
        }
        Some(rerun) if open => {
            let wait = failure.retry_after.map(|wait| format!("wait {wait} s; ")).unwrap_or_default();
            let hint = format!("{wait}{}", rerun.hint);
            failure.with_idempotency_key(rerun.key).hint(hint).rerun_helps(true)
        }
        Some(rerun) => failure.with_idempotency_key(rerun.key),
        None if failure.code == Code::OutcomeUnknown => failure.hint(change.check_first_hint(ctx)),
        // It is safe to run it again. Where that is not the next step, an earlier attempt may have been applied.
        None if open && !failure.retryable() => {
            failure.and_hint(&format!("`{}` shows whether it was applied", change.check(ctx)))
        }
        None => failure,
    }
}
