//! What a command is, and the one place where commands are run: [`execute`] asks, waits and shows; a command only
//! says what it is and does it.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::io::{BufWriter, Write};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::api::{Api, Call, Client, Endpoint, Generation, Limits, Memory, Provider, Reply};
use crate::error::{Code, Exit, Failure};
use crate::facts::Facts;
use crate::guard::{self, Effect, Verdict};
use crate::settings::{Asked, Backend, Cache, Places, Warning};
use crate::ui::{Look, Page, Show, Stderr, View, ask, busy, clean_line, write_json, write_page};

/// How the result is written to stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// For people.
    #[default]
    Table,
    /// The backend's own JSON.
    Json,
    /// One id a line, for xargs.
    Ids,
}

/// Everything a command may use: what was asked for globally, the surroundings, the backend.
pub(crate) struct Ctx {
    pub(crate) facts: Facts,
    pub(crate) asked: Asked,
    pub(crate) output: Output,
    /// The format was named on the command line.
    pub(crate) output_named: bool,
    pub(crate) look: Look,
    pub(crate) stderr: Stderr,
    /// Somebody can answer a question.
    pub(crate) interactive: bool,
    pub(crate) yes: bool,
    /// What the caller says of its purpose, shown beside a confirmation.
    pub(crate) caller_says: Vec<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retries: u32,
    /// The running command's own deadline, unless `timeout` says otherwise.
    deadline: Cell<Duration>,
    backend: OnceCell<Backend>,
    api: OnceCell<Api>,
}

impl Ctx {
    pub(crate) fn new(facts: Facts, asked: Asked, output: Output, look: Look, stderr: Stderr) -> Self {
        Self {
            facts,
            asked,
            output,
            output_named: false,
            look,
            stderr,
            interactive: false,
            yes: false,
            caller_says: Vec::new(),
            timeout: None,
            retries: 0,
            deadline: Cell::default(),
            backend: OnceCell::new(),
            api: OnceCell::new(),
        }
    }

    /// The address and key that this run is for.
    pub(crate) async fn backend(&self) -> Result<&Backend> {
        if let Some(backend) = self.backend.get() {
            return Ok(backend);
        }
        let (asked, facts) = (self.asked.clone(), self.facts.clone());
        let backend = aside(move || asked.backend(&facts)).await?;
        self.warn(&backend.warnings);
        Ok(self.backend.get_or_init(|| backend))
    }

    /// The backend's API, connected to when the first request is sent.
    pub(crate) async fn api(&self) -> Result<&Api> {
        if let Some(api) = self.api.get() {
            return Ok(api);
        }
        let backend = self.backend().await?;
        let endpoint = Endpoint {
            address: backend.address.value.clone(),
            key: backend.key.value.clone(),
            key_source: backend.key.source.to_string(),
        };
        let api = self.api_of(endpoint, backend.stored);
        Ok(self.api.get_or_init(|| api))
    }

    /// The API of another backend than the run's; `remember` is whether a file may keep what is learned of it.
    pub(crate) fn api_of(&self, endpoint: Endpoint, remember: bool) -> Api {
        let cache = if remember { Places::find().ok().map(|places| Cache::new(places.cache)) } else { None };
        let memory = Remembered { cache, address: endpoint.address.to_string() };
        let limits =
            Limits { deadline: self.timeout.unwrap_or_else(|| self.deadline.get()), replays: self.retries };
        let stderr = self.stderr;
        Api::new(Client::new(endpoint, limits, Box::new(move |line| stderr.trace(line))), Box::new(memory))
    }

    /// Sends a call to the run's backend.
    pub(crate) async fn send<T: serde::de::DeserializeOwned>(&self, call: Call<T>) -> Result<Reply<T>> {
        Ok(self.api().await?.send(&call).await?)
    }

    /// Says what is weaker than it should be.
    pub(crate) fn warn(&self, warnings: &[Warning]) {
        for warning in warnings {
            self.stderr.warning(warning.code, &warning.text);
        }
    }
}

/// Does what may wait for something else than the backend on a thread of its own: a keyring that asks for its
/// password, a pipe that nobody writes to, a file that another process has locked. Ctrl-C is heard meanwhile.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.context("A thread ended unexpectedly")?
}

/// [`Memory`] in the user's cache, or nowhere when everything came from the environment.
struct Remembered {
    cache: Option<Cache>,
    address: String,
}

impl Memory for Remembered {
    fn recall(&self) -> Option<Generation> {
        let word = self.cache.as_ref()?.get(&self.address)?;
        [Generation::Newer, Generation::Older].into_iter().find(|generation| generation.to_string() == word)
    }

    fn remember(&self, generation: Option<Generation>) {
        if let Some(cache) = &self.cache {
            cache.set(&self.address, generation.map(|generation| generation.to_string()));
        }
    }
}

/// A payment provider, as commands that exist for every provider see it: what differs is a type.
pub(crate) trait Gateway: 'static {
    /// Its name and routes.
    const PROVIDER: &'static Provider;
    /// The answer of `status`.
    type Status: serde::de::DeserializeOwned + View;
    /// The answer of `config`, masked.
    type Config: serde::de::DeserializeOwned + serde::Serialize + View;
    /// The answer of `sync`.
    type Sync: serde::de::DeserializeOwned + View + Synced;
    /// The answer of `catalog`.
    type Catalog: serde::de::DeserializeOwned + View;
    /// The answer of `subscriptions`.
    type Subscriptions: serde::de::DeserializeOwned + View;
}

/// What became of a sync, environment by environment.
pub(crate) trait Synced {
    /// Each environment that the backend reports on.
    fn outcomes(&self) -> Vec<(&str, SyncOutcome)>;
}

/// What became of one environment's sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SyncOutcome {
    /// The mirror is up to date.
    Done,
    /// No key is configured there, so nothing was tried.
    Unconfigured,
    /// It failed, for this reason.
    Failed(String),
}

/// A command: what it was given, how much it can change, what it does.
pub(crate) trait Command {
    /// What it shows.
    type Reply: Show;
    /// Whether its reply has ids.
    const HAS_IDS: bool = true;
    /// For all its requests together, unless `--timeout` says otherwise.
    const DEADLINE: Duration = Duration::from_secs(60);

    /// How much it can change.
    fn effect(&self) -> Effect {
        Effect::Read
    }

    /// What will happen, as a question that can be answered with yes or no.
    fn question(&self) -> String {
        "Go on?".to_owned()
    }

    /// What to say while it takes long.
    fn doing(&self) -> Cow<'static, str> {
        "Waiting for the backend…".into()
    }

    /// Gets what is missing, by asking if somebody is there. Time does not count here.
    async fn prepare(&mut self, _ctx: &Ctx) -> Result<()> {
        Ok(())
    }

    /// Does it.
    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply>;
}

/// Runs a command: guard, spinner, rendering, exit code.
pub(crate) async fn execute<C: Command>(mut command: C, ctx: &Ctx) -> Result<Exit> {
    let output = match ctx.output {
        Output::Ids if !C::HAS_IDS && ctx.output_named => {
            return Err(Failure::usage("This command's result has no ids")
                .hint("leave out `-o ids`, or use --json")
                .into());
        }
        // The environment says what is preferred where there is a choice.
        Output::Ids if !C::HAS_IDS => Output::Table,
        output => output,
    };
    ctx.deadline.set(C::DEADLINE);
    command.prepare(ctx).await?;
    confirm(&command, ctx).await?;
    let watched = ctx.facts.stderr_terminal && !ctx.stderr.quiet && !ctx.stderr.json && !ctx.stderr.verbose;
    let reply = busy::during(watched, &command.doing(), command.run(ctx)).await?;
    let written = show(&reply, output, ctx);
    // A reader who left early does not make a failed sync a success.
    if let Some(failure) = reply.failure() {
        return Err(failure.into());
    }
    written.map(|()| Exit::Done)
}

async fn confirm<C: Command>(command: &C, ctx: &Ctx) -> Result<()> {
    if command.effect() == Effect::Read {
        return Ok(());
    }
    let standing =
        guard::Standing { yes: ctx.yes, interactive: ctx.interactive, live: ctx.backend().await?.live };
    match guard::verdict(command.effect(), standing) {
        Verdict::Go => Ok(()),
        Verdict::Denied => Err(guard::denied().into()),
        Verdict::NobodyToAsk => Err(guard::nobody_to_ask(&command.question()).into()),
        Verdict::Ask => {
            for text in &ctx.caller_says {
                Stderr::plain(&format!("caller says: {}", clean_line(text)));
            }
            if ask::confirm(command.question()).await? { Ok(()) } else { Err(guard::declined().into()) }
        }
    }
}

/// Writes the result to stdout and the notes to stderr.
fn show(reply: &impl Show, output: Output, ctx: &Ctx) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let written = match output {
        Output::Json => write_json(&mut out, &*reply.json().map_err(|error| not_json(&error))?),
        Output::Ids => reply.ids().into_iter().try_for_each(|id| writeln!(out, "{}", clean_line(id))),
        Output::Table => {
            let page = reply.page();
            if page.sections.iter().all(|section| section.rows.is_empty()) && !page.empty.is_empty() {
                ctx.stderr.note(&page.empty);
            }
            write_page(&mut out, &page, ctx.look)
        }
    };
    written.and_then(|()| out.flush()).context("Cannot write the result")?;
    for note in reply.notes() {
        ctx.stderr.note(&note);
    }
    Ok(())
}

/// What was read was fine, but something beside it was not.
fn not_json(error: &serde_json::Error) -> Failure {
    Failure::new(Code::ResponseInvalid, "The backend's answer is not JSON throughout").why(error.to_string())
}

impl<T: View> Show for Reply<T> {
    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Reply::json(self)
    }

    fn page(&self) -> Page<'_> {
        Page { empty: format!("No {} {} found.", self.provider.name, T::NOUN), ..self.data.page() }
    }

    fn ids(&self) -> Vec<&str> {
        self.data.ids()
    }

    fn notes(&self) -> Vec<String> {
        self.data.notes()
    }
}
