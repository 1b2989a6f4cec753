//! The sandbox commands. [`backend`] starts the sandbox of `--sandbox`.

mod advance;
mod backend;
mod cancel;
mod control;
mod errors;
mod events;
mod exec;
mod outcome;
mod pay;
mod refund;
mod serve;
mod status;
mod token;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::error::{Exit, Failure, WarningCode};
use crate::runner::{Command, CommandEffect, CommandSpec, Ctx, execute, execute_until_ended, run_blocking};
use crate::sandbox::{self, Fault, ForwardUrl, Host, Options};
use crate::settings::UserPaths;
use crate::ui::{Line, Page, Show, json_text};
use crate::wire::fields::Fields;
use crate::wire::{Address, Generation};
pub(crate) use backend::start_as_backend;

#[derive(Subcommand)]
pub(crate) enum Sandbox {
    Serve(serve::Serve),
    Exec(exec::Exec),
    Token(token::Token),
    Pay(pay::Pay),
    Refund(refund::Refund),
    Cancel(cancel::Cancel),
    Advance(advance::Advance),
    Events(events::Events),
    Status(status::Status),
    Reset(Reset),
    Path(ShowPath),
}

impl Sandbox {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::Serve(serve) => execute_until_ended(serve, ctx).await,
            Self::Exec(exec) => exec.run(ctx).await,
            Self::Token(token) => execute(token, ctx).await,
            Self::Pay(pay) => execute(pay, ctx).await,
            Self::Refund(refund) => execute(refund, ctx).await,
            Self::Cancel(cancel) => execute(cancel, ctx).await,
            Self::Advance(advance) => execute(advance, ctx).await,
            Self::Events(events) => execute(events, ctx).await,
            Self::Status(status) => execute(status, ctx).await,
            Self::Reset(reset) => execute(reset, ctx).await,
            Self::Path(path) => execute(path, ctx).await,
        }
    }
}

impl Sandbox {
    /// Whether it controls a sandbox, which --sandbox can start.
    pub(super) const fn controls_a_sandbox(&self) -> bool {
        match self {
            Self::Pay(_)
            | Self::Refund(_)
            | Self::Cancel(_)
            | Self::Advance(_)
            | Self::Events(_)
            | Self::Status(_) => true,
            Self::Serve(_) | Self::Exec(_) | Self::Token(_) | Self::Reset(_) | Self::Path(_) => false,
        }
    }
}

/// How to give an environment a webhook endpoint.
fn webhook_command(provider: &str, environment: &str) -> String {
    if provider == "razorpay" {
        return format!("run `insforge payments razorpay webhooks setup {environment}`");
    }
    format!(
        "run `insforge payments webhooks configure {environment}` (with `sandbox serve`, this needs --public-url)"
    )
}

/// The variable with the sandbox's address, set by `exec` for its command.
pub(crate) const SANDBOX_URL_VARIABLE: &str = "INSFORGE_SANDBOX_URL";

const FAULTS_HELP: &str = "\
Faults:
  Write a fault as `REQUESTS: EFFECT FREQUENCY`.
  REQUESTS   A method or *, then a part of the path or *:
             `POST /products`, `* /test/config`, `GET *`
  EFFECT     A status from 400 to 599, `drop` (no response), `delay 2s`,
             `cut` (half of the response) or `garbage` (not JSON). A status
             and `drop` take effect before the request runs. With
             `-after-write`, as in `503-after-write`, they take effect after it.
  FREQUENCY  `x3` for the first three requests, `25%` for random ones;
             without it, all requests

  Lose the response to the first create:
    --fault 'POST /products: drop-after-write x1'
  Let a gateway fail at random, in the same way every time:
    --fault '* *: 503 25%' --seed 7
  Exceed every deadline:
    --fault 'GET /catalog: delay 90s'

  Write a fault of the providers' events as `event TYPE: EFFECT FREQUENCY`.
  TYPE       The type of an event or *
  EFFECT     `duplicate` (delivered twice), `drop` (never delivered) or
             `delay 5s` (delivered later)

  Deliver an event late, after those that follow it:
    --fault 'event customer.subscription.created: delay 5s'
  Lose the first two events:
    --fault 'event *: drop x2'";

/// The settings of a sandbox.
#[derive(Args)]
struct SandboxArgs {
    /// Port to listen on; 0 is any free port
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Address at which Stripe would reach the backend; `exec` defaults to a made-up public address, `serve` to a local
    /// one, to which Stripe sends no webhooks
    #[arg(long, value_name = "URL", value_parser = Address::parse)]
    public_url: Option<Address>,
    /// Additional host to accept requests for, such as `host.docker.internal`; can be repeated
    #[arg(long = "allow-host", value_name = "HOST")]
    allowed_hosts: Vec<Host>,
    /// Backend generation whose routes to serve
    #[arg(long, value_enum, default_value_t)]
    generation: Generation,
    /// Address of an application that receives the providers' events, too, such as http://localhost:3000/webhooks, or
    /// stripe=http://localhost:3000/webhooks for those of one provider; can be repeated
    #[arg(long = "forward-to", value_name = "[PROVIDER=]URL")]
    forward_to: Vec<ForwardUrl>,
    /// Fault to inject, such as `POST /products: drop-after-write x1`; can be repeated
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<Fault>,
    /// Seed for random faults; the same seed gives the same faults
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Start without keys and with empty provider accounts instead of the sample shop, if there is no state yet
    #[arg(long)]
    empty: bool,
}

impl SandboxArgs {
    /// The generation as a type of the sandbox.
    fn generation(&self) -> sandbox::Generation {
        match self.generation {
            Generation::Newer => sandbox::Generation::Newer,
            Generation::Older => sandbox::Generation::Older,
        }
    }

    /// Starts a sandbox with its state in a file or in memory. `--public-url` takes precedence over `default_public_url`.
    async fn start(
        &self,
        state: Option<PathBuf>,
        default_public_url: Option<&str>,
        ctx: &Ctx,
    ) -> Result<sandbox::Sandbox> {
        let stderr = ctx.stderr;
        let mut options = Options::new().port(self.port).generation(self.generation()).seed(self.seed);
        options = options.log(move |line| stderr.trace(format_args!("{line}")));
        if let Some(url) = self.public_url.as_ref().map(Address::as_str).or(default_public_url) {
            options = options.public_url(url);
        }
        if self.empty {
            options = options.empty();
        }
        options = self.allowed_hosts.iter().cloned().fold(options, Options::allow_host);
        options = self.forward_to.iter().cloned().fold(options, Options::forward_to);
        options = options.warn(move |line| stderr.warning(WarningCode::EventNotForwarded, line));
        options = self.faults.iter().cloned().fold(options, Options::fault);
        match state {
            Some(file) => {
                options = options.state(&file);
                with_state_file(&file, ctx, move || {
                    Ok(options.spawn().map_err(|error| errors::failure(&error))?)
                })
                .await
            }
            None => run_blocking(move || Ok(options.spawn().map_err(|error| errors::failure(&error))?)).await,
        }
    }
}

/// Delete the sandbox's state; its next use starts with the sample shop
///
/// This also works if the state file is damaged or was written by a later version.
#[derive(Args)]
#[command(add = CommandSpec::new(CommandEffect::DestroysLocally, "--json").result::<ResetReply>())]
pub(crate) struct Reset {
    /// State file; the default is the one of --sandbox
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

impl Command for Reset {
    type Reply = ResetReply;
    const HAS_IDS: bool = false;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        if self.state.is_none() && ctx.env.var(SANDBOX_URL_VARIABLE).is_some() {
            return Err(Failure::usage("The sandbox of `sandbox exec` cannot be reset")
                .why("it ends with the command that `sandbox exec` runs")
                .hint("run `sandbox exec` once for each fresh sandbox, or name a state file with --state")
                .into());
        }
        let path = state_file(self.state.clone())?;
        let reply = ResetReply(displayed(&path));
        // The default file can only contain a state. A named file could be something else by mistake.
        let force = self.state.is_none();
        let file = path.clone();
        with_state_file(&file, ctx, move || {
            Ok(sandbox::reset(&path, force).map_err(|error| errors::failure(&error))?)
        })
        .await?;
        Ok(reply)
    }
}

/// The path of the deleted state file.
pub(crate) struct ResetReply(String);

impl Show for ResetReply {
    const FIELDS: Fields = &["path"];
    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        json_text(&json!({"path": self.0}))
    }

    fn page(&self) -> Page<'_> {
        Page::default()
    }

    fn notes(&self) -> Vec<String> {
        vec!["✓ Sandbox reset.".to_owned()]
    }
}

/// Show the path of the state file of --sandbox
#[derive(Args)]
#[command(add = CommandSpec::reads::<Self>("--json"))]
pub(crate) struct ShowPath {}

impl Command for ShowPath {
    type Reply = PathReply;
    const HAS_IDS: bool = false;

    async fn run(&self, _ctx: &Ctx) -> Result<Self::Reply> {
        let path = state_file(None)?;
        Ok(PathReply { exists: path.exists(), path: displayed(&path) })
    }
}

/// The path of the state file.
pub(crate) struct PathReply {
    path: String,
    exists: bool,
}

impl Show for PathReply {
    const FIELDS: Fields = &["path", "exists"];
    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        json_text(&json!({"path": self.path, "exists": self.exists}))
    }

    fn page(&self) -> Page<'_> {
        Page { lines: vec![Line::plain(self.path.as_str())], ..Page::default() }
    }
}

/// Runs work that locks the state file, which another process that uses the sandbox can hold.
async fn with_state_file<T: Send + 'static>(
    file: &Path,
    ctx: &Ctx,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    ctx.run_blocking(format!("the lock on {}", file.display()), work).await
}

/// The named state file, or the default one.
fn state_file(named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    match named {
        Some(named) => Ok(std::path::absolute(&named).unwrap_or(named)),
        None => Ok(UserPaths::find()?.sandbox),
    }
}

fn displayed(path: &Path) -> String {
    path.display().to_string()
}
