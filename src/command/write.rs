//! Commands that write at the provider: resolve, ask, send, tell. No write ends without the user knowing whether it
//! was done, or how to find out.

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

use crate::api::{Call, Generation, Provider, Replay, Reply};
use crate::command::again;
use crate::command::show::{self, Rehearsal};
use crate::command::{Ctx, DEADLINE, Output, WAITING};
use crate::error::{Code, Exit, Failure};
use crate::guard::{self, Effect, Verdict};
use crate::ui::{Show, Stderr, ask, clean_line};
use crate::wire::Account;

pub(crate) use again::KeyInUse;

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
    fn explain(&self, _resolved: &Self::Resolved, failure: Failure) -> Failure {
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
    /// As an order: `Delete product prod_1`.
    pub(crate) what: String,
    /// What that means for whoever says yes.
    pub(crate) means: Option<String>,
    /// The account that it happens in, where that is known already.
    pub(crate) account: Option<Account>,
    /// The command that shows whether it was done.
    pub(crate) look: String,
}

impl Change {
    /// `Delete product prod_1 at Stripe, live`
    fn sentence(&self) -> String {
        format!("{} at {}, {}", self.what, self.provider.name, self.effect.environment())
    }

    /// The same, with what it means.
    fn in_full(&self) -> String {
        let means = self.means.as_ref().map(|means| format!("\n{means}"));
        self.sentence() + &means.unwrap_or_default()
    }

    /// It was sent, and nobody can tell what became of it.
    fn look_first(&self) -> String {
        format!("see with `{}` whether it was done, before you run it again", self.look)
    }
}

/// Runs a command that writes.
pub(crate) async fn execute_write<W: Write>(command: W, ctx: &Ctx) -> Result<Exit> {
    let output = ctx.output_for(W::HAS_IDS || ctx.dry_run)?;
    ctx.set_deadline(DEADLINE);
    let effect = command.effect()?;
    if let Some(what) = command.reads_stdin() {
        ctx.claim_stdin(what)?;
    }
    if ctx.dry_run {
        return rehearse(&command, ctx).await;
    }
    // Nobody types a key for what cannot be done anyway.
    match ctx.verdict(effect).await? {
        Verdict::Denied => return Err(guard::denied().into()),
        Verdict::Go | Verdict::Ask | Verdict::NobodyToAsk => {}
    }
    let resolved = command.resolve(ctx).await?;
    let change = command.change(&resolved);
    confirm(&change, ctx).await?;
    let key = W::key(&resolved);
    let call = command.call(&resolved)?;
    ctx.when_interrupted(command.explain(&resolved, interrupted(&change, key, call.replay, ctx)));
    let sent = ctx.while_busy(WAITING, ctx.send(call)).await;
    let reply = sent.map_err(|error| match error.downcast::<Failure>() {
        Ok(failure) => command.explain(&resolved, told(failure, &change, key, ctx)).into(),
        Err(error) => error,
    })?;
    ctx.when_interrupted(done_but_interrupted(&change));
    let shown = command.conclude(ctx, resolved, reply).await?;
    show::show(&shown, output, ctx)
        .with_context(|| format!("{}: it was done, but cannot be shown", change.sentence()))
}

/// Shows the request that would be sent, and sends nothing.
async fn rehearse<W: Write>(command: &W, ctx: &Ctx) -> Result<Exit> {
    let resolved = command.resolve(ctx).await?;
    let call = command.call(&resolved)?;
    let expected = ctx.expected_generation().await?;
    let generation = expected.unwrap_or(Generation::Newer);
    let request = call.shown(generation)?.ok_or_else(|| generation.lacks(call.route.provider()))?;
    show::show(&Rehearsal(request), Output::Json, ctx)?;
    if expected.is_none() {
        ctx.stderr
            .note("Nothing was sent. This is how a newer backend takes it; which one this is was not asked.");
    } else {
        ctx.stderr.note("Nothing was sent.");
    }
    Ok(Exit::Done)
}

/// Asks where the guard says so.
async fn confirm(change: &Change, ctx: &Ctx) -> Result<()> {
    match ctx.verdict(change.effect).await? {
        Verdict::Go => return Ok(()),
        Verdict::Denied => return Err(guard::denied().into()),
        Verdict::NobodyToAsk => return Err(guard::nobody_to_ask(&change.in_full()).into()),
        Verdict::Ask => {}
    }
    let environment = change.effect.environment();
    let account = match &change.account {
        Some(account) => Some(account.clone()),
        None => ctx.connection(change.provider, environment).await?.and_then(|c| c.account()),
    };
    let account = account.map_or_else(|| "none that is known".to_owned(), |account| account.to_string());
    Stderr::plain(&clean_line(&change.sentence()));
    Stderr::plain(&format!("  Account: {}", clean_line(&account)));
    if let Some(means) = &change.means {
        Stderr::plain(&format!("  {}", clean_line(means)));
    }
    for text in &ctx.caller_says {
        Stderr::plain(&format!("caller says: {}", clean_line(text)));
    }
    if ask::confirm("Go on?").await? { Ok(()) } else { Err(guard::declined().into()) }
}

/// What there is to say when the user cuts it off.
fn interrupted(change: &Change, key: Option<KeyInUse<'_>>, replay: Replay, ctx: &Ctx) -> Failure {
    let failure =
        Failure::new(Code::Interrupted, "Interrupted; whether it was done is unknown").why(change.sentence());
    match (key, replay) {
        (Some(key), _) => with_key(failure, key).hint(key.hint(&ctx.args)),
        (None, Replay::Always) => {
            failure.hint(format!("`{}` shows whether it was done; running it again is safe", change.look))
        }
        (None, Replay::IfNotSent) => failure.hint(change.look_first()),
    }
}

/// What there is to say when only the look at what was done is cut off.
fn done_but_interrupted(change: &Change) -> Failure {
    Failure::new(Code::Interrupted, "Interrupted, but it was done")
        .why(change.sentence())
        .hint(format!("`{}` shows how it stands now", change.look))
}

/// Adds to a failure what to do about a write that may have been done.
fn told(failure: Failure, change: &Change, key: Option<KeyInUse<'_>>, ctx: &Ctx) -> Failure {
    if !ctx.write_sent() {
        return failure;
    }
    let open = ctx.write_open() || failure.code == Code::ResponseInvalid;
    match key {
        Some(key) if open => {
            let again = key.hint(&ctx.args);
            let hint = match (&failure.hint, failure.exit, &failure.code) {
                // Where an answer came, what it asks for comes first.
                (Some(first), Exit::NotAuthenticated, _) | (Some(first), _, Code::ResponseInvalid) => {
                    format!("{first}; {again}")
                }
                _ => again,
            };
            with_key(failure, key).hint(hint)
        }
        Some(key) => with_key(failure, key),
        None if failure.code == Code::OutcomeUnknown => failure.hint(change.look_first()),
        None => failure,
    }
}

fn with_key(failure: Failure, key: KeyInUse<'_>) -> Failure {
    Failure { idempotency_key: Some(key.key.as_str().into()), ..failure }
}
