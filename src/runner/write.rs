//! Commands that write at the provider: what each command says about itself, and what it does.

use std::borrow::Cow;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::{Call, Reply};
use crate::approval::{Effects, PlannedRequest};
use crate::error::Failure;
use crate::runner::approve::Examine;
use crate::runner::dry_run::DryRun;
use crate::runner::file_input::{Entry, FileArgs};
use crate::runner::guard::Effect;
use crate::runner::required::Required;
use crate::runner::{Change, Ctx, DEADLINE, ExistingObjects};
use crate::ui::{Page, RowLists, Show, Tables, View};
use crate::wire::fields::Fields;
use crate::wire::{Environment, IdempotencyKey};

/// A command that changes something at the provider, with one request for each object.
pub(crate) trait Write {
    /// One object of `--from-file`; `()` for a command that takes no file.
    type Object: Default + DeserializeOwned + Serialize;
    /// A checked request: arguments, file and prompts combined.
    type Request;
    /// The backend's answer.
    type Answer: DeserializeOwned + View;
    /// What is shown: [`WriteReply`], unless the command shows something else than the answer.
    type Shown: Show + From<WriteReply<Self::Answer>>;
    /// Whether the result has ids.
    const HAS_IDS: bool = true;
    const VERB: Verb;
    /// The fields that every object needs.
    const REQUIRED: &'static [Required] = &[];
    /// The effect of every run. [`Write::change`] can raise it for one run.
    const EFFECT: Effect = Effect::Write;

    /// The time limit for all requests together, unless `--timeout` sets another.
    const DEADLINE: Duration = DEADLINE;

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

    /// The object with the values of the options, which take precedence.
    fn combined(&self, object: Self::Object) -> Result<Self::Object, Failure> {
        Ok(object)
    }

    /// Checks the arguments, which take precedence over `object`, and prompts for what is missing.
    async fn resolve(&self, ctx: &Ctx, object: Self::Object) -> Result<Self::Request>;

    /// The change that the user confirms.
    fn change(&self, request: &Self::Request) -> Change;

    fn call(&self, request: &Self::Request) -> Result<Call<Self::Answer>>;

    /// What the requests do to the objects in the mirror, and what depends on these. A person sees it before an approval.
    async fn examine(&self, _ctx: &Ctx, _requests: &[&Self::Request]) -> Result<Effects> {
        Ok(Effects::default())
    }

    /// The key that makes it safe to send the request again.
    fn idempotency_key(_request: &Self::Request) -> Option<&IdempotencyKey> {
        None
    }

    /// Adds to a failure what only this command knows.
    fn explain(&self, _ctx: &Ctx, _request: &Self::Request, failure: Failure) -> Failure {
        failure
    }

    /// Checks the outcome of a request whose answer was lost.
    async fn investigate(&self, _ctx: &Ctx, _request: &Self::Request, failure: Failure) -> Failure {
        failure
    }

    /// The sentence that reports the success: `Stripe product created: prod_1`.
    fn note(&self, _request: &Self::Request, reply: &Reply<Self::Answer>) -> String {
        let id = reply.data.ids().first().copied().unwrap_or_default();
        format!("{} {} {}: {id}", reply.provider.name, Self::Answer::NOUN, Self::VERB.past())
    }

    /// Completes what is shown, for example by reading the connection again.
    async fn complete(&self, _ctx: &Ctx, _request: Self::Request, shown: Self::Shown) -> Result<Self::Shown> {
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

    /// Reads what exists before a create that another run may have made already. Changes nothing at the provider.
    async fn find_existing(&self, _ctx: &Ctx, _requests: &[Self::Request]) -> Result<ExistingObjects> {
        Ok(ExistingObjects::default())
    }

    /// Updates the mirror after repeated creates. Until then it has the first versions of the objects with these ids.
    async fn update_mirror(&self, _ctx: &Ctx, _outdated: &[String]) -> Result<()> {
        Ok(())
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

/// The change, with at least the effect that every run has.
pub(super) fn change_of<W: Write>(command: &W, request: &W::Request) -> Change {
    let change = command.change(request);
    Change { effect: change.effect.max(W::EFFECT), ..change }
}

/// The effects of a command's requests.
pub(super) struct WriteEffects<'a, W: Write> {
    pub(super) command: &'a W,
    pub(super) requests: &'a [&'a W::Request],
    pub(super) ctx: &'a Ctx,
}

impl<W: Write> Examine for WriteEffects<'_, W> {
    async fn shown(&self) -> Result<Effects> {
        let dry_run = DryRun::new(self.ctx).await?;
        let effects = self.command.examine(self.ctx, self.requests).await?;
        let planned =
            |request: &&W::Request| Ok(PlannedRequest::of(&dry_run.request(&self.command.call(request)?)?));
        let requests = self.requests.iter().map(planned).collect::<Result<_>>()?;
        Ok(Effects { requests, ..effects })
    }
}

/// The answer to a write, and the note that reports its success.
pub(crate) struct WriteReply<A> {
    pub(crate) reply: Reply<A>,
    pub(crate) environment: Environment,
    pub(crate) note: String,
}

impl<T: View> Show for WriteReply<T> {
    const ROWS: RowLists = T::ROWS;
    const FIELDS: Fields = T::FIELDS;
    const TABLES: Tables = T::TABLES;

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        self.reply.json()
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
