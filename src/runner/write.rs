//! Commands that write at the provider: resolve the input, ask, send, and report the outcome. No write ends without
//! the user knowing whether it was applied, or how to find out.

use std::borrow::Cow;

use anyhow::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::{Call, Provider, Replay, Reply, leaves_outcome_unknown};
use crate::error::{Code, Exit, Failure};
use crate::runner::bulk::{self, Entry, FileArgs, FileInput};
use crate::runner::dry_run::DryRun;
use crate::runner::guard::{self, Effect, Verdict};
use crate::runner::{Ctx, DEADLINE, Output, WAITING, rerun, show};
use crate::ui::{Page, RowLists, Show, Stderr, Tables, View, ask, clean_line};
use crate::wire::{Account, Environment, IdempotencyKey};

/// A command that changes something at the provider, with one request for each object.
pub(crate) trait Write {
    /// One object of `--from-file`; `()` for a command that takes no file.
    type Object: Default + DeserializeOwned + Serialize;
    /// A checked request: arguments, file and prompts combined.
    type Request;
    /// The backend's answer.
    type Answer: DeserializeOwned + View;
    /// What is shown: [`Done`], unless the command shows something else than the answer.
    type Shown: Show + From<Done<Self::Answer>>;
    /// Whether the result has IDs.
    const HAS_IDS: bool = true;
    const VERB: Verb;
    /// The effect of every run. [`Write::change`] can raise it for one run.
    const EFFECT: Effect = Effect::Write;

    /// The environment that the arguments name.
    fn environment(&self) -> Result<Environment, Failure>;

    /// The file that can hold one object or many.
    fn file(&self) -> Option<&FileArgs> {
        None
    }

    /// The argument that reads stdin, if one does.
    fn reads_stdin(&self) -> Option<&'static str> {
        self.file().and_then(FileArgs::reads_stdin)
    }

    /// Checks the arguments, which take precedence over `object`, and prompts for what is missing.
    async fn resolve(&self, ctx: &Ctx, object: Self::Object) -> Result<Self::Request>;

    /// The change that the user confirms.
    fn change(&self, request: &Self::Request) -> Change;

    fn call(&self, request: &Self::Request) -> Result<Call<Self::Answer>>;

    /// The key that makes it safe to send the request again.
    fn idempotency_key(_request: &Self::Request) -> Option<&IdempotencyKey> {
        None
    }

    /// Adds to a failure what only this command knows.
    fn explain(&self, _ctx: &Ctx, _request: &Self::Request, failure: Failure) -> Failure {
        failure
    }

    /// Checks the outcome of a request whose answer was lost, and which must not be sent again.
    async fn investigate(&self, _ctx: &Ctx, _request: &Self::Request, failure: Failure) -> Failure {
        failure
    }

    /// The sentence that reports the success: `Stripe product created: prod_1`.
    fn note(&self, _request: &Self::Request, reply: &Reply<Self::Answer>) -> String {
        let id = reply.data.ids().first().copied().unwrap_or_default();
        format!("{} {} {}: {id}", reply.provider.name, Self::Answer::NOUN, Self::VERB.past())
    }

    /// Completes what is shown, for example by reading the connection again.
    async fn after(&self, _ctx: &Ctx, _request: Self::Request, shown: Self::Shown) -> Result<Self::Shown> {
        Ok(shown)
    }

    /// Checks bulk input as a whole. Replaces an object that conflicts with another one by an error message.
    fn check_entries(&self, _file: &str, _entries: &mut [Entry<Self::Object>]) -> Result<(), Failure> {
        Ok(())
    }

    /// Gives each request of a bulk create an idempotency key that every run of the same file derives again.
    fn derive_keys(&self, _requests: &mut [Self::Request]) -> Result<()> {
        Ok(())
    }

    /// The IDs of new objects that exist already, for a bulk create without idempotency keys. Changes nothing at the
    /// provider.
    async fn find_existing(&self, _ctx: &Ctx, requests: &[Self::Request]) -> Result<Vec<Option<String>>> {
        Ok(vec![None; requests.len()])
    }
}

/// What a command does to each object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Create,
    Update,
    Archive,
    Delete,
    Configure,
    Remove,
    Rotate,
}

impl Verb {
    pub(super) const fn imperative(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Update => "Update",
            Self::Archive => "Archive",
            Self::Delete => "Delete",
            Self::Configure => "Configure",
            Self::Remove => "Remove",
            Self::Rotate => "Rotate",
        }
    }

    /// The past participle.
    pub(crate) const fn past(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Update => "updated",
            Self::Archive => "archived",
            Self::Delete => "deleted",
            Self::Configure => "configured",
            Self::Remove => "removed",
            Self::Rotate => "rotated",
        }
    }
}

/// A change that is about to be made.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) effect: Effect,
    pub(crate) environment: Environment,
    pub(crate) provider: &'static Provider,
    /// In the imperative: `Delete product prod_1 at Stripe`.
    pub(crate) what: String,
    /// The consequences, in one line or several.
    pub(crate) details: Option<String>,
    /// The account that changes, where it is known already.
    pub(crate) account: Option<Account>,
    pub(crate) check: Check,
}

/// The command that shows whether a change was applied, as arguments of the provider's command.
#[derive(Clone, Debug)]
pub(crate) enum Check {
    /// Shows what the backend itself stores.
    Backend(Vec<String>),
    /// Shows the mirror, which has to be synced first: it can lag behind the provider.
    Mirror(Vec<String>),
}

impl Check {
    pub(crate) fn backend(args: &[&str]) -> Self {
        Self::Backend(args.iter().map(|arg| (*arg).to_owned()).collect())
    }

    pub(crate) fn mirror(args: &[&str]) -> Self {
        Self::Mirror(args.iter().map(|arg| (*arg).to_owned()).collect())
    }
}

impl Change {
    /// A change without more details.
    pub(crate) fn new(
        provider: &'static Provider,
        environment: Environment,
        what: impl Into<String>,
        check: Check,
    ) -> Self {
        Self {
            effect: Effect::Write,
            environment,
            provider,
            what: what.into(),
            details: None,
            account: None,
            check,
        }
    }

    pub(crate) fn details(self, details: impl Into<Option<String>>) -> Self {
        Self { details: details.into(), ..self }
    }

    /// `Delete product prod_1 at Stripe, live`
    fn sentence(&self) -> String {
        format!("{}, {}", self.what, self.environment)
    }

    /// The command line that shows whether the change was applied.
    fn check(&self, ctx: &Ctx) -> String {
        let command = |args: &[&str]| ctx.command(self.provider, args);
        let (Check::Backend(args) | Check::Mirror(args)) = &self.check;
        let show = command(&args.iter().map(String::as_str).collect::<Vec<_>>());
        match self.check {
            Check::Backend(_) => show,
            Check::Mirror(_) => format!("{} && {show}", command(&["sync", self.environment.as_str()])),
        }
    }

    /// The hint for a change that may have been applied, and that would be applied twice if it were sent again.
    fn check_first(&self, ctx: &Ctx) -> String {
        format!("before you run it again, check with `{}` whether it was applied", self.check(ctx))
    }
}

/// The change, with at least the effect that every run has.
pub(super) fn change_of<W: Write>(command: &W, request: &W::Request) -> Change {
    let change = command.change(request);
    Change { effect: change.effect.max(W::EFFECT), ..change }
}

const INVESTIGATING: &str = "Checking the outcome…";

/// Runs a command that writes: one object, or all objects of a file.
pub(crate) async fn execute_write<W: Write>(command: W, ctx: &Ctx) -> Result<Exit> {
    let output = ctx.output.output_for(W::HAS_IDS || ctx.dry_run, W::Shown::TABLES)?;
    ctx.set_deadline(DEADLINE);
    let environment = command.environment()?;
    if let Some(argument) = command.reads_stdin() {
        ctx.claim_stdin(argument)?;
    }
    // Nobody should type a key for a write that is denied anyway.
    if !ctx.dry_run && ctx.denies_writes(environment).await? {
        return Err(guard::denied().into());
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
            if failure.code != Code::OutcomeUnknown {
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
    let done = Done { reply, environment: change.environment, note };
    let shown = command.after(ctx, request, done.into()).await?;
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

/// Asks for confirmation where the guard requires it.
pub(super) async fn confirm(change: &Change, ctx: &Ctx) -> Result<()> {
    let verdict = ctx.verdict(change.effect, change.environment).await?;
    match verdict {
        Verdict::Go => return Ok(()),
        Verdict::Denied => return Err(guard::denied().into()),
        Verdict::Ask | Verdict::NotInteractive => {}
    }
    let account = match &change.account {
        Some(account) => Some(account.clone()),
        None => ctx.connection(change.provider, change.environment).await?.and_then(|c| c.account()),
    };
    let account = account.map_or_else(|| "unknown".to_owned(), |account| account.to_string());
    let account = format!("Account: {account}");
    let details = change.details.iter().flat_map(|details| details.lines());
    let lines = std::iter::once(account.as_str()).chain(details);
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
    if ask::confirm("Continue?").await? { Ok(()) } else { Err(guard::declined().into()) }
}

/// The failure when the user interrupts the request.
fn interrupted(change: &Change, rerun: Option<&Rerun<'_>>, replay: Replay, ctx: &Ctx) -> Failure {
    let failure = Failure::new(Code::Interrupted, "Interrupted; the change may have been applied")
        .why(change.sentence());
    match (rerun, replay) {
        (Some(rerun), _) => with_key(failure, rerun.key).hint(&rerun.hint),
        (None, Replay::Always) => failure.hint(format!(
            "`{}` shows whether it was applied; it is safe to run the command again",
            change.check(ctx)
        )),
        (None, Replay::IfNotSent) => failure.hint(change.check_first(ctx)),
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
            key.map_or(failure.clone(), |key| with_key(failure, key)).into()
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
        Some(rerun) if open && refused => with_key(failure, rerun.key).then(&rerun.hint),
        Some(rerun) if open => with_key(failure, rerun.key).hint(&rerun.hint),
        Some(rerun) => with_key(failure, rerun.key),
        None if failure.code == Code::OutcomeUnknown => failure.hint(change.check_first(ctx)),
        // It is safe to run it again. Where that is not the next step, an earlier attempt may have been applied.
        None if open && !failure.retryable() => {
            failure.then(&format!("`{}` shows whether it was applied", change.check(ctx)))
        }
        None => failure,
    }
}

/// Adds the key with which the command can be run again.
pub(super) fn with_key(failure: Failure, key: &IdempotencyKey) -> Failure {
    Failure { idempotency_key: Some(Box::new(key.clone())), ..failure }
}

/// The answer to a write, and the note that reports its success.
pub(crate) struct Done<A> {
    pub(crate) reply: Reply<A>,
    pub(crate) environment: Environment,
    pub(crate) note: String,
}

impl<T: View> Show for Done<T> {
    const ROWS: RowLists = T::ROWS;
    const TABLES: Tables = T::TABLES;

    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Reply::json(&self.reply)
    }

    fn text(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        Reply::text(&self.reply)
    }

    fn page(&self) -> Page<'_> {
        self.reply.data.page()
    }

    fn for_each_id(&self, take: &mut dyn FnMut(&str)) {
        self.reply.data.for_each_id(take);
    }

    fn notes(&self) -> Vec<String> {
        vec![self.note.clone()]
    }
}
