//! Runs a [`Write`]: resolve the input, ask, send, and report the outcome. No write ends without the user knowing whether
//! it was applied, or how to find out.

use anyhow::Result;

use crate::api::{Replay, leaves_outcome_unknown};
use crate::error::{Code, Exit, Failure};
use crate::runner::change::confirm;
use crate::runner::dry_run::DryRun;
use crate::runner::file_input::FileInput;
use crate::runner::write::change_of;
use crate::runner::{Change, Ctx, Output, WAITING, Write, WriteReply, bulk, rerun, show};
use crate::ui::Show;
use crate::wire::IdempotencyKey;

const INVESTIGATING: &str = "Checking the outcome…";

/// Runs a command that writes: one object, or all objects of a file.
pub(crate) async fn execute_write<W: Write>(command: W, ctx: &Ctx) -> Result<Exit> {
    let output = ctx.output.output_for(W::HAS_IDS || ctx.dry_run, W::Shown::TABLES)?;
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
        Some(file) => match file.read().await? {
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

/// Asks, sends and shows the result; or shows the request of a dry run.
async fn write_one<W: Write>(command: &W, request: W::Request, output: Output, ctx: &Ctx) -> Result<Exit> {
    if ctx.dry_run {
        return show_dry_run(command, &request, output, ctx).await;
    }
    let change = change_of(command, &request);
    confirm(&change, ctx).await?;
    let call = command.call(&request)?;
    let key = W::idempotency_key(&request).cloned();
    let reads_stdin = command.reads_stdin().is_some();
    let rerun = key.as_ref().map(|key| Rerun { key, hint: rerun::hint(key, ctx, reads_stdin) });
    let rerun = rerun.as_ref();
    ctx.when_interrupted(command.explain(ctx, &request, interrupted(&change, rerun, call.replay, ctx)));
    let sent = ctx.while_busy(WAITING, ctx.send(call)).await;
    let reply = match sent.map_err(anyhow::Error::downcast::<Failure>) {
        Ok(reply) => reply,
        Err(Ok(failure)) => {
            let failure = command.explain(ctx, &request, with_outcome(failure, &change, rerun, ctx));
            // A write that is safe to run again: its answer was lost, or a gateway did not wait for it.
            let is_lost = failure.retryable() && matches!(failure.status, None | Some(504));
            if failure.code != Code::OutcomeUnknown && !(is_lost && ctx.write_outcome_unknown()) {
                return Err(failure.into());
            }
            // Boxed, because it is rare and would make the future of every write larger.
            let investigation = Box::pin(command.investigate(ctx, &request, failure));
            return Err(ctx.while_busy(INVESTIGATING, investigation).await.into());
        }
        Err(Err(error)) => return Err(error),
    };
    ctx.when_interrupted(interrupted_after_change(&change, ctx));
    let note = format!("✓ {}", command.note(&request, &reply));
    let done = WriteReply { reply, environment: change.environment, note };
    let shown = command.complete(ctx, request, done.into()).await?;
    show::show(&shown, output, ctx).await.map_err(|error| not_shown(error, &change, key.as_ref()))
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
        (Some(rerun), _) => failure.with_idempotency_key(rerun.key).hint(&rerun.hint),
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

/// The failure when stdout rejects the result, or the answer is not valid throughout.
fn not_shown(error: anyhow::Error, change: &Change, key: Option<&IdempotencyKey>) -> anyhow::Error {
    let what = format!("{}: the change was applied, but the result cannot be shown", change.sentence());
    match error.downcast::<Failure>() {
        Ok(failure) => {
            let cause = if failure.code == Code::JqFailed { "--jq" } else { &failure.what };
            let why = [Some(cause), failure.why.as_deref()].into_iter().flatten();
            let why = why.collect::<Vec<_>>().join(": ");
            let failure = Failure { what, why: Some(why), ..failure };
            key.map_or(failure.clone(), |key| failure.with_idempotency_key(key)).into()
        }
        Err(error) => error.context(what),
    }
}

/// Adds to a failure how to go on with a write that may have been applied.
fn with_outcome(failure: Failure, change: &Change, rerun: Option<&Rerun<'_>>, ctx: &Ctx) -> Failure {
    if !ctx.write_sent() {
        return failure;
    }
    let open = ctx.write_outcome_unknown() || failure.code == Code::ResponseInvalid;
    let refused = failure.status.is_some_and(|status| !leaves_outcome_unknown(status));
    match rerun {
        // A request that was refused is refused again, unless its cause is fixed first.
        Some(rerun) if open && refused => failure.with_idempotency_key(rerun.key).and_hint(&rerun.hint),
        Some(rerun) if open => failure.with_idempotency_key(rerun.key).hint(&rerun.hint),
        Some(rerun) => failure.with_idempotency_key(rerun.key),
        None if failure.code == Code::OutcomeUnknown => failure.hint(change.check_first_hint(ctx)),
        // It is safe to run it again. Where that is not the next step, an earlier attempt may have been applied.
        None if open && !failure.retryable() => {
            failure.and_hint(&format!("`{}` shows whether it was applied", change.check(ctx)))
        }
        None => failure,
    }
}
