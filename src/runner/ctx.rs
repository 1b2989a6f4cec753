//! What every command is run in: what was asked for globally, the surroundings, the backend.

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::OsString;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::api::Api;
use crate::env::ProcessEnv;
use crate::error::{Exit, Failure, Warning};
use crate::runner::OutputOptions;
use crate::runner::connect::is_not_logged_in;
use crate::runner::guard::{self, Effect, Standing, Verdict};
use crate::settings::{Asked, Backend, KeyFlag};
use crate::ui::{Stderr, TerminalStyle, Verbosity, progress};
use crate::wire::Environment;

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
    pub(crate) env: ProcessEnv,
    /// The command line, as it was given.
    pub(crate) args: Vec<OsString>,
    pub(crate) asked: Asked,
    pub(crate) output: OutputOptions,
    pub(crate) style: TerminalStyle,
    pub(crate) stderr: Stderr,
    /// Somebody can answer a question.
    pub(crate) interactive: bool,
    pub(crate) yes: bool,
    /// Show the request of a write instead of sending it.
    pub(crate) dry_run: bool,
    /// What the caller says of its purpose, shown beside a confirmation.
    pub(crate) caller_brief: Vec<String>,
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
    pub(crate) fn new(
        env: ProcessEnv,
        asked: Asked,
        output: OutputOptions,
        style: TerminalStyle,
        stderr: Stderr,
    ) -> Self {
        Self {
            env,
            args: Vec::new(),
            asked,
            output,
            style,
            stderr,
            interactive: false,
            yes: false,
            dry_run: false,
            caller_brief: Vec::new(),
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
    pub(crate) fn refuse_dry_run(&self) -> Result<(), Failure> {
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
        if self.env.stdin_terminal {
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
                let (backend, asked, env) = (backend.clone(), self.asked.clone(), self.env.clone());
                run_blocking(move || Ok(backend.live(&asked, &env)?)).await?
            }
            Environment::Test => backend.live,
        };
        Ok(guard::verdict(effect, Standing { yes: self.yes, interactive: self.interactive, live }))
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
        progress::spin_while(self.is_watched(), doing, work).await
    }

    /// Shows how far many requests are, where somebody watches.
    pub(crate) fn bar(&self, of: usize) -> progress::Bar {
        progress::Bar::start(self.is_watched(), of)
    }

    /// The same beside results that are written as they come: on a terminal they show it themselves.
    pub(super) fn bar_beside_results(&self, of: usize) -> progress::Bar {
        progress::Bar::start(self.is_watched() && !self.env.stdout_terminal, of)
    }

    fn is_watched(&self) -> bool {
        let told = self.stderr.quiet || self.stderr.json || self.stderr.verbosity > Verbosity::Nothing;
        self.env.stderr_terminal && !told
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
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.context("A thread ended unexpectedly")?
}
