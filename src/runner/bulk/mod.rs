//! Bulk input: a file with many objects. The file is checked as a whole and confirmed once. Its objects are sent one
//! after the other on one connection, because the backend processes one write at a time, and each result is written
//! as it arrives. Running the same file again creates no duplicates.

mod results;
mod summary;

use std::collections::HashMap;

use anyhow::{Context, Result};

use crate::api::Call;
use crate::error::{AbortPolicy, Code, Exit, Failure, Mistake, Mistakes, Warning, WarningCode, first_of};
use crate::interrupt;
use crate::runner::change::confirm;
use crate::runner::dry_run::DryRun;
use crate::runner::file_input::FIELD_NAMES;
use crate::runner::write::{WriteEffects, change_of};
use crate::runner::{Change, Ctx, DEADLINE, Entry, ExistingObjects, Output, Verb, WAITING, Write, show};
use crate::ui::{View, clean_line, counted};
use crate::wire::{Generation, IdempotencyKey};
use results::{EntryResult, ResultWriter};
use summary::{Summary, concerns_one_result, is_invalid_response};

/// The hint for an object whose outcome is unknown.
const SAME_FILE: &str = "run the same file again: objects that exist already are not created again";

/// One object of the file, ready to be sent.
struct PendingObject<R> {
    /// See [`Entry::line`].
    line: usize,
    request: R,
}

/// Sends all objects of a file.
pub(super) async fn execute<W: Write>(
    command: &W,
    file: &str,
    mut entries: Vec<Entry<W::Object>>,
    ctx: &Ctx,
) -> Result<Exit> {
    command.check_entries(file, &mut entries)?;
    let output = ctx.output.output_for_bulk()?;
    let (lines, mut requests) = resolve(command, file, entries, ctx).await?;
    command.derive_keys(&mut requests)?;
    check_keys(command, file, &lines, &requests)?;
    let Some(first) = requests.first() else {
        ctx.stderr.note(&format!("{file} has no objects; nothing to do."));
        return Ok(Exit::Done);
    };
    if ctx.dry_run {
        return show_dry_run(command, &requests, ctx).await;
    }
    let summary = Summary::new::<W>(command.change(first).provider.name, requests.len());
    ctx.set_deadline_per_request(DEADLINE);
    ctx.api().await?;
    let existing = ctx.while_busy(WAITING, command.find_existing(ctx, &requests)).await?;
    let missing =
        requests.iter().enumerate().filter(|(position, _)| existing.duplicate_of(*position).is_none());
    let missing: Vec<&W::Request> = missing.map(|(_, request)| request).collect();
    if let Some(change) = change(command, &missing) {
        confirm(&change, &WriteEffects { command, requests: &missing, ctx }, ctx).await?;
    }
    let items = lines.into_iter().zip(requests);
    let items = items.map(|(line, request)| PendingObject { line, request }).collect();
    let summary = send_each(command, items, existing, summary, output, ctx).await?;
    let same_command = ctx.same_command(command.reads_stdin().is_some());
    if !summary.outdated.is_empty() {
        interrupt::set_failure(summary.interrupted_after_all(&same_command));
        command.update_mirror(ctx, &summary.outdated).await?;
    }
    if let Some(failure) = summary.failure(&same_command) {
        return Err(failure.into());
    }
    ctx.stderr.note(&format!("✓ {}.", summary.note()));
    Ok(Exit::Done)
}

/// Each object's line and request.
///
/// # Errors
/// Every mistake in the file, before anything is sent.
async fn resolve<W: Write>(
    command: &W,
    file: &str,
    entries: Vec<Entry<W::Object>>,
    ctx: &Ctx,
) -> Result<(Vec<usize>, Vec<W::Request>)> {
    let total = entries.len();
    let (mut lines, mut requests) = (Vec::with_capacity(total), Vec::with_capacity(total));
    let (mut mistakes, mut invalid_objects) = (Mistakes::default(), 0);
    for (index, Entry { line, object }) in entries.into_iter().enumerate() {
        let object = match object {
            Ok(object) => object,
            Err(all) => {
                mistakes.add(all);
                invalid_objects += 1;
                continue;
            }
        };
        match command.resolve(ctx, *object).await.map_err(anyhow::Error::downcast::<Failure>) {
            // Nothing is sent of a file with mistakes.
            Ok(_) if invalid_objects > 0 => {}
            Ok(request) => {
                lines.push(line);
                requests.push(request);
            }
            Err(Ok(failure)) => {
                let error = failure.in_one_sentence();
                mistakes.add(Mistake { line, column: None, index: Some(index), error }.into());
                invalid_objects += 1;
            }
            Err(Err(error)) => return Err(error),
        }
    }
    if invalid_objects == 0 {
        Ok((lines, requests))
    } else {
        Err(invalid(file, total, invalid_objects, mistakes).hint(FIELD_NAMES).into())
    }
}

/// Checks that no idempotency key is in the file with different objects: only the first would be created.
fn check_keys<W: Write>(command: &W, file: &str, lines: &[usize], requests: &[W::Request]) -> Result<()> {
    let body = |request| command.call(request)?.masked_json(Generation::Newer).map_err(anyhow::Error::from);
    let mut first_with: HashMap<&str, usize> = HashMap::new();
    let mut mistakes = Mistakes::default();
    for (index, request) in requests.iter().enumerate() {
        let Some(key) = W::idempotency_key(request) else { continue };
        let first = *first_with.entry(key.as_str()).or_insert(index);
        if first == index || body(&requests[first])? == body(request)? {
            continue;
        }
        let other = results::entry_label(first, lines[first]);
        let error = format!("{other} has the same idempotency key `{key}` and other values");
        mistakes.add(Mistake { line: lines[index], column: None, index: Some(index), error }.into());
    }
    // Each is another object's.
    let invalid_objects = mistakes.count;
    if invalid_objects == 0 {
        Ok(())
    } else {
        Err(invalid(file, requests.len(), invalid_objects, mistakes).hint(OWN_KEY).into())
    }
}

const OWN_KEY: &str =
    "give each object its own `idempotencyKey`, or omit it: the key is then derived from the object";

/// The failure of a file with mistakes.
fn invalid(file: &str, total: usize, objects: usize, mistakes: Mistakes) -> Failure {
    let are = if objects == 1 { "is" } else { "are" };
    Failure::usage(format!("Nothing was sent: {objects} of {total} objects in {file} {are} invalid"))
        .why_lines(mistakes.lines())
        .mistakes(mistakes)
}

/// The change that all requests make together; `None` where there are none. If one of them destroys something, all need
/// what that one needs.
fn change<W: Write>(command: &W, requests: &[&W::Request]) -> Option<Change> {
    const SHOWN: usize = 5;
    let first = change_of(command, requests.first()?);
    let line = |request: &&W::Request| clean_line(&command.change(request).what).into_owned();
    let lines = first_of(requests.iter().map(line), SHOWN).join("\n");
    let objects = counted(requests.len(), W::Answer::NOUN);
    let what = format!("{} {objects} at {}", W::VERB.imperative(), first.provider.name);
    let effects = requests.iter().map(|request| change_of(command, request).effect);
    let effect = effects.max().unwrap_or(first.effect);
    Some(Change { effect, what, summary: Some(lines), details: None, ..first })
}

/// Shows every request that would be sent, one per line.
async fn show_dry_run<W: Write>(command: &W, requests: &[W::Request], ctx: &Ctx) -> Result<Exit> {
    let dry_run = DryRun::new(ctx).await?;
    for request in requests {
        show::show_line(&dry_run.request(&command.call(request)?)?, ctx).await?;
    }
    ctx.stderr.note(dry_run.note());
    Ok(Exit::Done)
}

/// Sends one object after the other. A failure stops the rest only where it would make them fail as well.
async fn send_each<W: Write>(
    command: &W,
    items: Vec<PendingObject<W::Request>>,
    mut existing: ExistingObjects,
    mut summary: Summary,
    output: Output,
    ctx: &Ctx,
) -> Result<Summary> {
    let same_command = ctx.same_command(command.reads_stdin().is_some());
    let bar = ctx.bar_beside_results(items.len());
    let mut writer = ResultWriter::new(output, &bar, ctx);
    let mut abort_policy = AbortPolicy::default();
    for (index, PendingObject { line, request }) in items.into_iter().enumerate() {
        let written = if let Some(id) = existing.duplicate_of(index) {
            summary.existing += 1;
            writer.write(index, line, &EntryResult::<W::Answer>::Existing(id)).await
        } else {
            let change = command.change(&request);
            bar.set(index, &change.what);
            interrupt::set_failure(summary.interrupted(&change.what, &same_command));
            match ctx.send(call_for(command, &request)?).await.map_err(anyhow::Error::downcast::<Failure>) {
                Ok(reply) => {
                    abort_policy.record_success();
                    let note = summary.record_success(&reply, &existing);
                    let note = note.unwrap_or_else(|| command.note(&request, &reply));
                    let key = W::idempotency_key(&request);
                    if key.is_some() {
                        existing.add(&reply);
                    }
                    let mut written = writer.write(index, line, &EntryResult::Done(&reply)).await;
                    if written.as_ref().is_err_and(is_invalid_response) {
                        // Each entry has a line.
                        let failure = applied_but_not_shown(&change.what, &note, key);
                        let result = EntryResult::<W::Answer>::Failed(&failure);
                        written = writer.write(index, line, &result).await.and(written);
                    }
                    written.with_context(|| results::unwritten(index, line, &note, key))
                }
                Err(Ok(failure)) => {
                    abort_policy.record_failure(&failure);
                    let failure = explain_failure(command, &request, failure, ctx);
                    let written =
                        writer.write(index, line, &EntryResult::<W::Answer>::Failed(&failure)).await;
                    summary.record_failure(index, line, &failure);
                    written
                }
                Err(Err(error)) => return Err(error),
            }
        };
        if let Err(error) = written {
            let goes_on = concerns_one_result(&error);
            summary.record_write_error(error);
            // Without results the user could not see what was sent. Running the same file again shows them.
            if !goes_on {
                break;
            }
        }
        if abort_policy.should_abort() {
            break;
        }
    }
    if writer.is_closed() {
        let text = format!("The results were not read: {}", summary.note());
        ctx.warn(&[Warning { code: WarningCode::ResultNotRead, text }]);
    }
    Ok(summary)
}

/// The request. An update can be sent again until it is answered, because no object is in a file twice.
fn call_for<W: Write>(command: &W, request: &W::Request) -> Result<Call<W::Answer>> {
    let call = command.call(request)?;
    Ok(match W::VERB {
        Verb::Create => call,
        _ => call.assume_repeatable(),
    })
}

/// The line of an entry whose response is invalid outside the fields that were read.
fn applied_but_not_shown(change: &str, note: &str, key: Option<&IdempotencyKey>) -> Failure {
    let what = format!("{change}: the change was applied, but the result cannot be shown");
    let failure = Failure::new(Code::ResponseInvalid, what)
        .why_lines(["The backend's response is not valid JSON", note]);
    match key {
        Some(key) => failure.with_idempotency_key(key),
        None => failure,
    }
}

/// Adds to a failure what the command knows about it, and the key that was sent.
fn explain_failure<W: Write>(command: &W, request: &W::Request, failure: Failure, ctx: &Ctx) -> Failure {
    let failure = command.explain(ctx, request, failure);
    let failure = if failure.code == Code::OutcomeUnknown { failure.hint(SAME_FILE) } else { failure };
    let helps = failure.may_be_applied && !failure.is_lasting_refusal();
    let failure = failure.with_unknown_outcome().rerun_helps(helps);
    match W::idempotency_key(request) {
        Some(key) => failure.with_idempotency_key(key),
        None => failure,
    }
}
