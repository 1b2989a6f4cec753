//! Writes whose object can come from a file, and whose file can have many: it is checked as a whole, asked for once, and
//! sent one after the other on one connection, because the backend takes one write at a time. Each result is written as it
//! comes. The same file again makes nothing twice.

mod outcome;
mod told;

use anyhow::Result;

use crate::api::Call;
use crate::error::{AbortPolicy, Code, Exit, Failure};
use crate::runner::dry_run::DryRun;
use crate::runner::write::{begin, confirm, finish};
use crate::runner::{Change, Ctx, DEADLINE, Output, WAITING, Write, show};
use crate::ui::View;
use outcome::{Outcome, is_of_filter};
use told::{ResultWriter, Told};

/// A write whose object can come from a file.
pub(crate) trait Bulk: Write<Answer: View> {
    /// One object of the file.
    type Object;
    /// What is done to each of many.
    const VERB: Verb;

    /// The file's objects; nothing where no file is named.
    async fn read(&self) -> Result<Option<Entries<Self::Object>>>;

    /// One of them, with the flags over it.
    fn with(&self, ctx: &Ctx, object: Self::Object) -> Result<Self::Resolved>;

    /// Gives each of many an idempotency key that is the same when the same file is read again.
    fn key_each(&self, _all: &mut [Self::Resolved]) -> Result<()> {
        Ok(())
    }

    /// Which of many are there already, by their ids, where no idempotency key tells. It changes nothing at the provider.
    async fn there_already(&self, _ctx: &Ctx, all: &[Self::Resolved]) -> Result<Vec<Option<String>>> {
        Ok(vec![None; all.len()])
    }
}

/// What is done to each of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Create,
    /// It says how a thing is to be: twice does what once does.
    Update,
}

impl Verb {
    const fn order(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Update => "Update",
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Update => "updated",
        }
    }
}

/// What a file has.
pub(crate) enum Entries<T> {
    /// One object.
    One(T),
    /// An array, or one object after the other.
    Many {
        /// The file, for people.
        file: String,
        entries: Vec<Entry<T>>,
    },
}

/// One of many.
pub(crate) struct Entry<T> {
    /// Where it begins in the file, counted from 1.
    pub(crate) line: usize,
    /// The object, or what is wrong with it.
    pub(crate) object: Result<T, String>,
}

/// Runs a command that writes what flags or a file say.
pub(crate) async fn execute_bulk<B: Bulk>(command: B, ctx: &Ctx) -> Result<Exit> {
    let output = begin(&command, ctx).await?;
    let resolved = match command.read().await? {
        None => command.resolve(ctx).await?,
        Some(Entries::One(object)) => command.with(ctx, object)?,
        Some(Entries::Many { file, entries }) => {
            // What every command takes would be as large as what these two take together.
            return Box::pin(many(&command, &file, entries, ctx)).await;
        }
    };
    Box::pin(finish(&command, resolved, output, ctx)).await
}

/// One of many, ready to be sent.
struct Ready<R> {
    line: usize,
    resolved: R,
}

async fn many<B: Bulk>(command: &B, file: &str, entries: Vec<Entry<B::Object>>, ctx: &Ctx) -> Result<Exit> {
    let output = ctx.output.output_for_bulk()?;
    let (lines, mut all) = resolve(command, file, entries, ctx)?;
    command.key_each(&mut all)?;
    let Some(first) = all.first() else {
        ctx.stderr.note(&format!("There is nothing in {file}: nothing to do."));
        return Ok(Exit::Done);
    };
    if ctx.dry_run {
        return show_dry_run(command, &all, ctx).await;
    }
    let outcome = Outcome::new::<B>(command.change(first).provider.name, all.len());
    ctx.set_deadline_of_each_request(DEADLINE);
    ctx.api().await?;
    let there = ctx.while_busy(WAITING, command.there_already(ctx, &all)).await?;
    let to_do: Vec<&B::Resolved> =
        all.iter().zip(&there).filter(|(_, there)| there.is_none()).map(|(one, _)| one).collect();
    if let Some(change) = change(command, &to_do) {
        confirm(&change, ctx).await?;
    }
    let ready = lines.into_iter().zip(all).map(|(line, resolved)| Ready { line, resolved });
    let outcome = send_each(command, ready.zip(there).collect(), outcome, output, ctx).await?;
    let again = ctx.same_command(command.reads_stdin().is_some());
    if let Some(failure) = outcome.failure(&again) {
        return Err(failure.into());
    }
    ctx.stderr.note(&format!("✓ {}.", outcome.note()));
    Ok(Exit::Done)
}

/// All of them, each with its line; or else every mistake, before anything is sent.
fn resolve<B: Bulk>(
    command: &B,
    file: &str,
    entries: Vec<Entry<B::Object>>,
    ctx: &Ctx,
) -> Result<(Vec<usize>, Vec<B::Resolved>)> {
    let of = entries.len();
    let (mut lines, mut all, mut mistakes) = (Vec::with_capacity(of), Vec::with_capacity(of), Vec::new());
    for (index, Entry { line, object }) in entries.into_iter().enumerate() {
        let mistake = match object {
            Ok(object) => match command.with(ctx, object).map_err(anyhow::Error::downcast::<Failure>) {
                Ok(resolved) => {
                    lines.push(line);
                    all.push(resolved);
                    continue;
                }
                Err(Ok(failure)) => told::to_json(&failure),
                Err(Err(error)) => return Err(error),
            },
            Err(mistake) => mistake,
        };
        mistakes.push(format!("{}: {mistake}", told::place(index, line)));
    }
    if mistakes.is_empty() {
        return Ok((lines, all));
    }
    let wrong = if mistakes.len() == 1 {
        "1 has a mistake".to_owned()
    } else {
        format!("{} have mistakes", mistakes.len())
    };
    Err(Failure::usage(format!("Nothing was sent: of {of} objects in {file}, {wrong}"))
        .why(told::some(&mistakes))
        .hint("each of them is the `body` that --dry-run shows, with the newer backend's field names")
        .into())
}

/// What will happen, for whoever is to say yes to all of it; nothing where there is nothing to do.
fn change<B: Bulk>(command: &B, to_do: &[&B::Resolved]) -> Option<Change> {
    const SHOWN: usize = 5;
    let first = command.change(to_do.first()?);
    let mut lines: Vec<String> = to_do.iter().take(SHOWN).map(|one| command.change(one).what).collect();
    let more = to_do.len().saturating_sub(SHOWN);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    let what = format!("{} {} at {}", B::VERB.order(), counted::<B>(to_do.len()), first.provider.name);
    Some(Change { what, means: Some(lines.join("\n")), ..first })
}

/// `3 products`
fn counted<B: Bulk>(count: usize) -> String {
    let noun = B::Answer::NOUN;
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Shows every request that would be sent, a line each.
async fn show_dry_run<B: Bulk>(command: &B, all: &[B::Resolved], ctx: &Ctx) -> Result<Exit> {
    let rehearsal = DryRun::new(ctx).await?;
    for one in all {
        show::show_line(&rehearsal.shown(&command.call(one)?)?, ctx).await?;
    }
    ctx.stderr.note(rehearsal.note());
    Ok(Exit::Done)
}

/// Sends one after the other; what fails stops the others only where it would make them fail as well.
async fn send_each<B: Bulk>(
    command: &B,
    all: Vec<(Ready<B::Resolved>, Option<String>)>,
    mut outcome: Outcome,
    output: Output,
    ctx: &Ctx,
) -> Result<Outcome> {
    let again = ctx.same_command(command.reads_stdin().is_some());
    let bar = ctx.bar_beside_results(all.len());
    let mut writer = ResultWriter::new(output, &bar, ctx);
    let mut abort_policy = AbortPolicy::default();
    for (index, (Ready { line, resolved }, there)) in all.into_iter().enumerate() {
        let told = if let Some(id) = there {
            outcome.there += 1;
            writer.tell(index, line, &Told::<B::Answer>::There(&id)).await
        } else {
            let change = command.change(&resolved);
            bar.set(index, &change.what);
            ctx.when_interrupted(outcome.interrupted(&change.what, &again));
            match ctx.send(call(command, &resolved)?).await.map_err(anyhow::Error::downcast::<Failure>) {
                Ok(reply) => {
                    abort_policy.done();
                    outcome.done += 1;
                    writer.tell(index, line, &Told::Done(&reply)).await
                }
                Err(Ok(failure)) => {
                    abort_policy.failed(&failure);
                    let failure = explained(command, &resolved, failure, ctx);
                    let told = writer.tell(index, line, &Told::<B::Answer>::Failed(&failure)).await;
                    outcome.failed(index, line, failure, ctx.write_open());
                    told
                }
                Err(Err(error)) => return Err(error),
            }
        };
        if let Err(error) = told {
            let goes_on = is_of_filter(&error);
            outcome.cannot_write(error);
            // Results that nobody can ever read are nobody's wish; the same file brings them again.
            if !goes_on {
                break;
            }
        }
        if abort_policy.is_hopeless() {
            break;
        }
    }
    Ok(outcome)
}

/// No thing is in a file twice, so an update can be sent again until it is answered.
fn call<B: Bulk>(command: &B, resolved: &B::Resolved) -> Result<Call<B::Answer>> {
    let call = command.call(resolved)?;
    Ok(match B::VERB {
        Verb::Create => call,
        Verb::Update => call.repeatable_here(),
    })
}

/// With what the command knows of it, and the key under which it was sent.
fn explained<B: Bulk>(command: &B, resolved: &B::Resolved, failure: Failure, ctx: &Ctx) -> Failure {
    let failure = command.explain(ctx, resolved, failure);
    let failure = if failure.code == Code::OutcomeUnknown {
        failure.hint("run the same file again: what is there is looked for first, and not made again")
    } else {
        failure
    };
    Failure { idempotency_key: B::key(resolved).map(|key| key.key.as_str().into()), ..failure }
}
