//! The context of a run: the global options, the process environment and the backend.

use std::cell::{Cell, OnceCell};
use std::ffi::OsString;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::api::Api;
use crate::approval::{ApprovalOptions, ApprovalServer};
use crate::env::ProcessEnv;
use crate::error::{Code, Failure, Warning};
use crate::runner::connect::is_not_logged_in;
use crate::runner::guard::{self, Effect, GuardInput, Verdict};
use crate::runner::{DEADLINE, OutputOptions};
use crate::settings::{Backend, ConnectionFlags, KeyFlag, Policies};
use crate::ui::{Stderr, TerminalStyle, Verbosity, progress};
use crate::wire::Environment;

/// Everything that a command may use.
pub(crate) struct Ctx {
    pub(crate) env: ProcessEnv,
    /// The command line.
    pub(crate) args: Vec<OsString>,
    pub(crate) flags: ConnectionFlags,
    pub(crate) output: OutputOptions,
    pub(crate) style: TerminalStyle,
    pub(crate) stderr: Stderr,
    /// A person can answer a question.
    pub(crate) interactive: bool,
    /// No prompts, no spinner and no progress bar, even on a terminal.
    pub(crate) no_input: bool,
    pub(crate) yes: bool,
    /// Show the request of a write instead of sending it.
    pub(crate) dry_run: bool,
    /// What the caller says about a change, and how a person approves it.
    pub(crate) approval: ApprovalOptions,
    /// The approval page of this run, which is served until the run ends.
    pub(crate) approval_server: OnceCell<ApprovalServer>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retries: u32,
    /// An argument reads stdin, so the command needs the same input if it is run again.
    pub(super) reads_stdin: Cell<bool>,
    /// The command's own time limit, which `timeout` overrides.
    pub(super) deadline: Cell<Duration>,
    /// Whether the time limit applies to each request instead of all together.
    pub(super) deadline_per_request: Cell<bool>,
    pub(super) backend: OnceCell<Backend>,
    pub(super) api: OnceCell<Api>,
}

impl Ctx {
    pub(crate) fn new(
        env: ProcessEnv,
        flags: ConnectionFlags,
        output: OutputOptions,
        style: TerminalStyle,
        stderr: Stderr,
    ) -> Self {
        Self {
            env,
            args: Vec::new(),
            flags,
            output,
            style,
            stderr,
            interactive: false,
            no_input: false,
            yes: false,
            dry_run: false,
            approval: ApprovalOptions::default(),
            approval_server: OnceCell::new(),
            timeout: None,
            retries: 0,
            reads_stdin: Cell::default(),
            deadline: Cell::new(DEADLINE),
            deadline_per_request: Cell::default(),
            backend: OnceCell::new(),
            api: OnceCell::new(),
        }
    }

    /// Refuses `--dry-run` for a command that writes nothing at the provider.
    pub(crate) fn refuse_dry_run(&self) -> Result<(), Failure> {
        if self.dry_run {
            return Err(Failure::usage("--dry-run is only for commands that write at the provider")
                .hint("omit --dry-run: this command changes nothing at the provider"));
        }
        Ok(())
    }

    /// Checks that only one argument reads stdin, and that stdin is not a terminal.
    pub(crate) fn claim_stdin(&self, argument: &str) -> Result<(), Failure> {
        if self.flags.key == Some(KeyFlag::Stdin) {
            return Err(Failure::usage(format!("--api-key-stdin and {argument} both read stdin"))
                .hint("read one of them from a file"));
        }
        if self.env.stdin_terminal {
            return Err(Failure::usage(format!("{argument} reads from a pipe, and stdin is a terminal"))
                .hint("pipe the input into the command, or name a file"));
        }
        self.reads_stdin.set(true);
        Ok(())
    }

    /// Fails if a policy denies every write to this environment.
    pub(super) async fn refuse_denied_write(&self, environment: Environment) -> Result<()> {
        let policies = match self.policies(Effect::Write, environment).await {
            Ok(policies) => policies,
            // A mistake on the command line is reported before a missing login.
            Err(error) if is_not_logged_in(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        match self.guard_input(Effect::Write, environment, &policies).verdict() {
            Verdict::Denied => Err(guard::denied(policies.live.source.as_ref()).into()),
            _ => Ok(()),
        }
    }

    /// The policies for a write. A write to test that destroys nothing depends on none, and reads no file.
    pub(super) async fn policies(&self, effect: Effect, environment: Environment) -> Result<Policies> {
        let backend = self.backend().await?;
        if effect == Effect::Write && environment == Environment::Test {
            return Ok(Policies::default());
        }
        let (backend, env) = (backend.clone(), self.env.clone());
        run_blocking(move || Ok(backend.policies(&env)?)).await
    }

    /// Everything that the verdict about a write depends on.
    pub(super) fn guard_input(
        &self,
        effect: Effect,
        environment: Environment,
        policies: &Policies,
    ) -> GuardInput {
        let ApprovalOptions { brief, flagged, bypass, requires_reason, .. } = &self.approval;
        GuardInput {
            effect,
            environment,
            live: policies.live.policy,
            guard: policies.guard.is_on,
            flagged: *flagged,
            bypass: *bypass,
            yes: self.yes,
            interactive: self.interactive,
            has_reason: brief.reason.is_some(),
            requires_reason: *requires_reason,
        }
    }

    pub(super) fn set_deadline(&self, deadline: Duration) {
        self.deadline.set(deadline);
    }

    pub(super) fn set_deadline_per_request(&self, deadline: Duration) {
        self.deadline.set(deadline);
        self.deadline_per_request.set(true);
    }

    /// The time limit of the run; for a run whose requests have one each, that of each.
    pub(crate) fn time_limit(&self) -> Duration {
        self.timeout.unwrap_or_else(|| self.deadline.get())
    }

    /// Like [`run_blocking`], within the time limit. `awaited` is what the work may wait for.
    pub(crate) async fn run_blocking<T: Send + 'static>(
        &self,
        awaited: String,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let limit = self.time_limit();
        tokio::time::timeout(limit, run_blocking(work)).await.unwrap_or_else(|_| {
            Err(Failure::new(Code::TimedOut, format!("Timed out waiting for {awaited}"))
                .why(format!("it took longer than {limit:?}"))
                .hint("check the process that provides or holds it, or set a longer --timeout")
                .into())
        })
    }

    /// Awaits the work, with a spinner on a terminal.
    pub(crate) async fn while_busy<T>(&self, doing: &str, work: impl Future<Output = T>) -> T {
        progress::spin_while(self.is_watched(), doing, work).await
    }

    /// A progress bar for many requests, on a terminal.
    pub(crate) fn bar(&self, steps: usize) -> progress::Bar {
        progress::Bar::start(self.is_watched(), steps)
    }

    /// A progress bar for a run that writes results as they arrive. On a terminal, the results show the progress.
    pub(super) fn bar_beside_results(&self, steps: usize) -> progress::Bar {
        progress::Bar::start(self.is_watched() && !self.env.stdout_terminal, steps)
    }

    fn is_watched(&self) -> bool {
        let Stderr { quiet, json, verbosity, .. } = self.stderr;
        let is_off = self.no_input || quiet || json || verbosity > Verbosity::Nothing;
        self.env.stderr_terminal && !is_off
    }

    /// Whether anything but reads has been sent.
    pub(super) fn write_sent(&self) -> bool {
        self.api.get().is_some_and(|api| api.client().write_sent())
    }

    /// Reports warnings.
    pub(crate) fn warn(&self, warnings: &[Warning]) {
        for warning in warnings {
            self.stderr.warning(warning.code, &warning.text);
        }
    }
}

/// Runs blocking work on a thread of its own, so that Ctrl-C still works: a keyring that prompts for its password, a
/// pipe that nobody writes to, a file that another process has locked.
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.context("A thread ended unexpectedly")?
}
