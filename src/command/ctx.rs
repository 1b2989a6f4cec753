//! What every command is run in: what was asked for globally, the surroundings, the backend.

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::OsString;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::api::Api;
use crate::command::connect::is_not_logged_in;
use crate::error::{Exit, Failure, Warning};
use crate::facts::Facts;
use crate::guard::{self, Effect, Standing, Verdict};
use crate::settings::{Asked, Backend, KeyFlag};
use crate::ui::{Look, Stderr, Verbosity, busy};
use crate::wire::Environment;

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

/// What it means that the run is told to end, by Ctrl-C or by a supervisor.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Ending {
    /// It is cut off.
    #[default]
    CutsOff,
    /// It is over, as it should be.
    Completes,
    /// The command sees to it.
    #[cfg(feature = "sandbox")]
    IsTheCommands,
}

/// Everything a command may use: what was asked for globally, the surroundings, the backend.
pub(crate) struct Ctx {
    pub(crate) facts: Facts,
    /// The command line, as it was given.
    pub(crate) args: Vec<OsString>,
    pub(crate) asked: Asked,
    pub(crate) output: Output,
    /// The format was named on the command line.
    pub(crate) output_named: bool,
    pub(crate) look: Look,
    pub(crate) stderr: Stderr,
    /// Somebody can answer a question.
    pub(crate) interactive: bool,
    pub(crate) yes: bool,
    /// Show the request of a write instead of sending it.
    pub(crate) dry_run: bool,
    /// What the caller says of its purpose, shown beside a confirmation.
    pub(crate) caller_says: Vec<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retries: u32,
    pub(crate) ending: Cell<Ending>,
    /// The running command's own deadline, unless `timeout` says otherwise.
    pub(super) deadline: Cell<Duration>,
    /// The deadline is for each of its requests.
    pub(super) each: Cell<bool>,
    pub(super) backend: OnceCell<Backend>,
    pub(super) api: OnceCell<Api>,
    /// What to say when the write that is under way is interrupted.
    under_way: RefCell<Option<Failure>>,
}

impl Ctx {
    pub(crate) fn new(facts: Facts, asked: Asked, output: Output, look: Look, stderr: Stderr) -> Self {
        Self {
            facts,
            args: Vec::new(),
            asked,
            output,
            output_named: false,
            look,
            stderr,
            interactive: false,
            yes: false,
            dry_run: false,
            caller_says: Vec::new(),
            timeout: None,
            retries: 0,
            ending: Cell::default(),
            deadline: Cell::default(),
            each: Cell::default(),
            backend: OnceCell::new(),
            api: OnceCell::new(),
            under_way: RefCell::default(),
        }
    }

    /// Only a write at the provider can be rehearsed.
    pub(crate) fn refuse_rehearsal(&self) -> Result<(), Failure> {
        if self.dry_run {
            return Err(Failure::usage("--dry-run is for commands that write at the provider")
                .hint("leave it out: this command changes nothing there"));
        }
        Ok(())
    }

    /// Only one thing can come from stdin, and it comes from a pipe.
    pub(crate) fn claim_stdin(&self, what: &str) -> Result<(), Failure> {
        if self.asked.key == Some(KeyFlag::Stdin) {
            return Err(Failure::usage(format!("--api-key-stdin and {what} both read stdin"))
                .hint("take one of them from a file"));
        }
        if self.facts.stdin_terminal {
            return Err(Failure::usage(format!("{what} reads a pipe, not a terminal"))
                .hint("pipe it into the command, or name a file"));
        }
        Ok(())
    }

    /// Whether a policy forbids it, whatever else is missing.
    pub(super) async fn forbids(&self, effect: Effect) -> Result<bool> {
        match self.verdict(effect).await {
            Ok(verdict) => Ok(verdict == Verdict::Denied),
            // What is wrong with the command line comes before that there is nobody to send it to.
            Err(error) if is_not_logged_in(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether something that changes this much may be done.
    pub(super) async fn verdict(&self, effect: Effect) -> Result<Verdict> {
        let backend = self.backend().await?;
        let live = match effect.environment() {
            Environment::Live => {
                let (backend, asked, facts) = (backend.clone(), self.asked.clone(), self.facts.clone());
                aside(move || Ok(backend.live(&asked, &facts)?)).await?
            }
            Environment::Test => backend.live,
        };
        Ok(guard::verdict(effect, Standing { yes: self.yes, interactive: self.interactive, live }))
    }

    /// The format for a reply with or without ids.
    pub(super) fn output_for(&self, has_ids: bool) -> Result<Output, Failure> {
        match self.output {
            Output::Ids if !has_ids && self.output_named => {
                Err(Failure::usage("This command's result has no ids")
                    .hint("leave out `-o ids`, or use --json"))
            }
            // The environment says what is preferred where there is a choice.
            Output::Ids if !has_ids => Ok(Output::Table),
            output => Ok(output),
        }
    }

    /// A command that was told to write a form of its own writes that form or nothing.
    pub(crate) fn refuse_other_form(&self, is_json: bool) -> Result<(), Failure> {
        match self.output {
            Output::Table => Ok(()),
            Output::Json if is_json => Ok(()),
            _ if !self.output_named => Ok(()),
            _ => Err(Failure::usage("--format names one form, and --json or -o another")
                .hint("leave out one of them")),
        }
    }

    pub(super) fn set_deadline(&self, deadline: Duration) {
        self.deadline.set(deadline);
    }

    pub(super) fn set_deadline_of_each_request(&self, deadline: Duration) {
        self.deadline.set(deadline);
        self.each.set(true);
    }

    /// Does the work, and shows that it is under way where somebody watches.
    pub(crate) async fn while_busy<T>(&self, doing: &str, work: impl Future<Output = T>) -> T {
        busy::during(self.is_watched(), doing, work).await
    }

    /// Shows how far many requests are, where somebody watches.
    pub(crate) fn bar(&self, of: usize) -> busy::Bar {
        busy::Bar::start(self.is_watched(), of)
    }

    /// The same beside results that are written as they come: on a terminal they show it themselves.
    pub(super) fn bar_beside_results(&self, of: usize) -> busy::Bar {
        busy::Bar::start(self.is_watched() && !self.facts.stdout_terminal, of)
    }

    fn is_watched(&self) -> bool {
        let told = self.stderr.quiet || self.stderr.json || self.stderr.verbosity > Verbosity::Nothing;
        self.facts.stderr_terminal && !told
    }

    /// From now on this is what there is to say when the run is interrupted.
    pub(crate) fn when_interrupted(&self, failure: Failure) {
        self.under_way.replace(Some(failure));
    }

    /// What there is to say when the run is interrupted now.
    pub(crate) fn interrupted(&self) -> Option<Failure> {
        let failure = self.under_way.borrow_mut().take()?;
        self.write_sent().then(|| failure.exit(Exit::Interrupted))
    }

    /// Something else than a read has been sent.
    pub(super) fn write_sent(&self) -> bool {
        self.api.get().is_some_and(|api| api.client().write_sent())
    }

    /// A write has been sent of which nobody can tell whether it was done.
    pub(super) fn write_open(&self) -> bool {
        self.api.get().is_some_and(|api| api.client().write_open())
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
