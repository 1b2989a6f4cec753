//! Commands that write at the provider: resolve, ask, send, tell. No write ends without the user knowing whether it
//! was done, or how to find out.

use anyhow::Result;
use serde::de::DeserializeOwned;

use crate::api::{Call, Provider, Replay, Reply, leaves_open};
use crate::error::{Code, Exit, Failure};
use crate::runner::dry_run::DryRun;
use crate::runner::guard::{self, Effect, Verdict};
use crate::runner::rerun;
use crate::runner::show;
use crate::runner::{Ctx, DEADLINE, Output, WAITING};
use crate::settings::KeyFlag;
use crate::ui::{Show, Stderr, ask, clean_line};
use crate::wire::Account;

pub(crate) use rerun::KeyInUse;

/// A command that changes something at the provider, with one request.
pub(crate) trait Write {
    /// What the request is made of: arguments, files and answers, all checked.
    type Resolved;
    /// What the backend answers.
    type Answer: DeserializeOwned;
    /// What is shown of it.
    type Shown: Show;
    /// Whether what is shown has ids.
    const HAS_IDS: bool = true;

    /// How much it changes, as far as its arguments say. [`Write::change`] may say that it is more.
    fn effect(&self) -> Result<Effect, Failure>;

    /// What it reads from stdin, if anything.
    fn reads_stdin(&self) -> Option<&'static str> {
        None
    }

    /// Checks what was given and gets what is missing, by asking if somebody is there.
    async fn resolve(&self, ctx: &Ctx) -> Result<Self::Resolved>;

    /// What will happen.
    fn change(&self, resolved: &Self::Resolved) -> Change;

    /// The request.
    fn call(&self, resolved: &Self::Resolved) -> Result<Call<Self::Answer>>;

    /// The key under which it can be sent again.
    fn key(_resolved: &Self::Resolved) -> Option<KeyInUse<'_>> {
        None
    }

    /// Adds to a failure what only this command knows about it.
    fn explain(&self, _ctx: &Ctx, _resolved: &Self::Resolved, failure: Failure) -> Failure {
        failure
    }

    /// Looks what became of it, where the answer was lost and sending it again could do it twice.
    async fn look(&self, _ctx: &Ctx, _resolved: &Self::Resolved, failure: Failure) -> Failure {
        failure
    }

    /// What is shown of the answer.
    async fn conclude(
        &self,
        ctx: &Ctx,
        resolved: Self::Resolved,
        reply: Reply<Self::Answer>,
    ) -> Result<Self::Shown>;
}

/// What a write is about to change.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) effect: Effect,
    pub(crate) provider: &'static Provider,
    /// As an order: `Delete product prod_1 at Stripe`.
    pub(crate) what: String,
    /// What that means for whoever says yes, in one line or several.
    pub(crate) means: Option<String>,
    /// The account that it happens in, where that is known already.
    pub(crate) account: Option<Account>,
    /// What shows whether it was done.
    pub(crate) check: Check,
}

/// The command that shows whether a write was done, as words behind the provider's.
#[derive(Clone, Debug)]
pub(crate) enum Check {
    /// What the backend knows by itself.
    Backend(Vec<String>),
    /// What it has mirrored. A write can have been done at the provider and not be there: it is synced first.
    Mirror(Vec<String>),
}

impl Check {
    pub(crate) fn backend(words: &[&str]) -> Self {
        Self::Backend(words.iter().map(|word| (*word).to_owned()).collect())
    }

    pub(crate) fn mirror(words: &[&str]) -> Self {
        Self::Mirror(words.iter().map(|word| (*word).to_owned()).collect())
    }
}

impl Change {
    /// `Delete product prod_1 at Stripe, live`
    fn sentence(&self) -> String {
        format!("{}, {}", self.what, self.effect.environment())
    }

    /// A command line that shows whether it was done.
    fn check(&self, ctx: &Ctx) -> String {
        let command = |words: &[&str]| ctx.command(self.provider, words);
        let (Check::Backend(words) | Check::Mirror(words)) = &self.check;
        let show = command(&words.iter().map(String::as_str).collect::<Vec<_>>());
        match self.check {
            Check::Backend(_) => show,
            Check::Mirror(_) => {
                format!("{} && {show}", command(&["sync", self.effect.environment().as_str()]))
            }
        }
    }

    /// It was sent, and nobody can tell what became of it.
    fn check_first(&self, ctx: &Ctx) -> String {
        format!("see with `{}` whether it was done, before you run it again", self.check(ctx))
    }
}

const LOOKING: &str = "Looking what became of it…";

/// Runs a command that writes.
pub(crate) async fn execute_write<W: Write>(command: W, ctx: &Ctx) -> Result<Exit> {
    let output = begin(&command, ctx).await?;
    let resolved = command.resolve(ctx).await?;
    finish(&command, resolved, output, ctx).await
}

/// What comes before anything is read or asked; the format of the result.
pub(super) async fn begin<W: Write>(command: &W, ctx: &Ctx) -> Result<Output> {
    let output = ctx.output.output_for(W::HAS_IDS || ctx.dry_run, W::Shown::TABLES)?;
    ctx.set_deadline(DEADLINE);
    let effect = command.effect()?;
    if let Some(what) = command.reads_stdin() {
        ctx.claim_stdin(what)?;
    }
    // Nobody types a key for what cannot be done anyway.
    if !ctx.dry_run && ctx.forbids(effect).await? {
        return Err(guard::denied().into());
    }
    Ok(output)
}

/// Asks, sends and tells; or shows what would be sent.
pub(super) async fn finish<W: Write>(
    command: &W,
    resolved: W::Resolved,
    output: Output,
    ctx: &Ctx,
) -> Result<Exit> {
    if ctx.dry_run {
        return show_dry_run(command, &resolved, output, ctx).await;
    }
    let change = command.change(&resolved);
    confirm(&change, ctx).await?;
    let call = command.call(&resolved)?;
    let again = again(command, &resolved, ctx);
    let again = again.as_ref();
    ctx.when_interrupted(command.explain(ctx, &resolved, interrupted(&change, again, call.replay, ctx)));
    let sent = ctx.while_busy(WAITING, ctx.send(call)).await;
    let reply = match sent.map_err(anyhow::Error::downcast::<Failure>) {
        Ok(reply) => reply,
        Err(Ok(failure)) => {
            let failure = command.explain(ctx, &resolved, told(failure, &change, again, ctx));
            if failure.code != Code::OutcomeUnknown {
                return Err(failure.into());
            }
            // It is rare, and would make every write's future larger.
            let look = Box::pin(command.look(ctx, &resolved, failure));
            return Err(ctx.while_busy(LOOKING, look).await.into());
        }
        Err(Err(error)) => return Err(error),
    };
    ctx.when_interrupted(done_but_interrupted(&change, ctx));
    let shown = command.conclude(ctx, resolved, reply).await?;
    show::show(&shown, output, ctx).await.map_err(|error| not_shown(error, &change, again))
}

/// How a create can be sent again.
struct Again {
    key: Box<str>,
    generated: bool,
    hint: String,
}

fn again<W: Write>(command: &W, resolved: &W::Resolved, ctx: &Ctx) -> Option<Again> {
    let key = W::key(resolved)?;
    let input = command.reads_stdin().is_some() || ctx.asked.key == Some(KeyFlag::Stdin);
    let hint = key.hint(&ctx.args, input);
    Some(Again { key: key.key.as_str().into(), generated: key.generated, hint })
}

/// Shows the request that would be sent, and sends nothing.
async fn show_dry_run<W: Write>(
    command: &W,
    resolved: &W::Resolved,
    output: Output,
    ctx: &Ctx,
) -> Result<Exit> {
    let call = command.call(resolved)?;
    let rehearsal = DryRun::new(ctx).await?;
    show::show_dry_run(rehearsal.shown(&call)?, output, ctx).await?;
    ctx.stderr.note(rehearsal.note());
    Ok(Exit::Done)
}

/// Asks where the guard says so.
pub(super) async fn confirm(change: &Change, ctx: &Ctx) -> Result<()> {
    let verdict = ctx.verdict(change.effect).await?;
    match verdict {
        Verdict::Go => return Ok(()),
        Verdict::Denied => return Err(guard::denied().into()),
        Verdict::Ask | Verdict::NotInteractive => {}
    }
    let account = match &change.account {
        Some(account) => Some(account.clone()),
        None => ctx.connection(change.provider, change.effect.environment()).await?.and_then(|c| c.account()),
    };
    let account = account.map_or_else(|| "none that is known".to_owned(), |account| account.to_string());
    let account = format!("Account: {account}");
    let lines = std::iter::once(account.as_str()).chain(change.means.iter().flat_map(|means| means.lines()));
    if verdict == Verdict::NotInteractive {
        let sentence = change.sentence();
        let lines: Vec<&str> = std::iter::once(sentence.as_str()).chain(lines).collect();
        return Err(guard::not_interactive(&lines.join("\n")).into());
    }
    Stderr::plain(&clean_line(&change.sentence()));
    for line in lines {
        Stderr::plain(&format!("  {}", clean_line(line)));
    }
    for text in &ctx.caller_brief {
        Stderr::plain(&format!("caller says: {}", clean_line(text)));
    }
    if ask::confirm("Go on?").await? { Ok(()) } else { Err(guard::declined().into()) }
}

/// What there is to say when the user cuts it off.
fn interrupted(change: &Change, again: Option<&Again>, replay: Replay, ctx: &Ctx) -> Failure {
    let failure =
        Failure::new(Code::Interrupted, "Interrupted; whether it was done is unknown").why(change.sentence());
    match (again, replay) {
        (Some(again), _) => with_key(failure, again).hint(&again.hint),
        (None, Replay::Always) => failure
            .hint(format!("`{}` shows whether it was done; running it again is safe", change.check(ctx))),
        (None, Replay::IfNotSent) => failure.hint(change.check_first(ctx)),
    }
}

/// What there is to say when only the look at what was done is cut off.
fn done_but_interrupted(change: &Change, ctx: &Ctx) -> Failure {
    Failure::new(Code::Interrupted, "Interrupted, but it was done")
        .why(change.sentence())
        .hint(format!("`{}` shows how it stands now", change.check(ctx)))
}

/// It was done, and stdout did not take the result, or the answer beside it makes no sense.
fn not_shown(error: anyhow::Error, change: &Change, again: Option<&Again>) -> anyhow::Error {
    let what = format!("{}: it was done, but cannot be shown", change.sentence());
    match error.downcast::<Failure>() {
        Ok(failure) => {
            let said = if failure.code == Code::JqFailed { "--jq" } else { &failure.what };
            let why = [Some(said), failure.why.as_deref()].into_iter().flatten();
            let why = why.collect::<Vec<_>>().join(": ");
            let failure = Failure { what, why: Some(why), ..failure };
            again.map_or(failure.clone(), |again| with_key(failure, again)).into()
        }
        Err(error) => error.context(what),
    }
}

/// Adds to a failure what to do about a write that may have been done.
fn told(failure: Failure, change: &Change, again: Option<&Again>, ctx: &Ctx) -> Failure {
    if !ctx.write_sent() {
        return failure;
    }
    let open = ctx.write_open() || failure.code == Code::ResponseInvalid;
    let refused = failure.status.is_some_and(|status| !leaves_open(status));
    match again {
        // Without what a refusal asks for, running it again is refused again.
        Some(again) if open && refused => with_key(failure, again).then(&again.hint),
        Some(again) if open => with_key(failure, again).hint(&again.hint),
        Some(again) => with_key(failure, again),
        None if failure.code == Code::OutcomeUnknown => failure.hint(change.check_first(ctx)),
        // Running it again is safe; where that is not what to do next, an earlier attempt may have done it.
        None if open && !failure.retryable() => {
            failure.then(&format!("`{}` shows whether it was done", change.check(ctx)))
        }
        None => failure,
    }
}

fn with_key(failure: Failure, again: &Again) -> Failure {
    Failure { idempotency_key: Some(again.key.clone()), key_is_new: again.generated, ..failure }
}
