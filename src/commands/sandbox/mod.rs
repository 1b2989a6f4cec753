//! The sandbox on the command line: served, around a command, emptied, where it lives. [`own`] is the one that
//! `--sandbox` brings along.

mod exec;
mod own;
mod serve;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::error::{Code, Exit, Failure};
use crate::runner::{Command, Ctx, DEADLINE, execute, execute_until_ended, run_blocking};
use crate::sandbox::{self, Fault, Options};
use crate::settings::UserPaths;
use crate::ui::{Line, Page, Show};
use crate::wire::{Address, Generation};
pub(crate) use own::own;
pub(crate) use serve::Serving;

/// The commands.
#[derive(Subcommand)]
pub(crate) enum Sandbox {
    Serve(serve::Serve),
    Exec(exec::Exec),
    Reset(Reset),
    Path(ShowPath),
}

impl Sandbox {
    pub(super) async fn run(self, ctx: &Ctx) -> Result<Exit> {
        match self {
            Self::Serve(serve) => execute_until_ended(serve, ctx).await,
            Self::Exec(exec) => exec.run(ctx).await,
            Self::Reset(reset) => execute(reset, ctx).await,
            Self::Path(path) => execute(path, ctx).await,
        }
    }
}

/// Where a command that `exec` runs finds out that its backend is a sandbox.
pub(crate) const EXEC_URL: &str = "INSFORGE_SANDBOX_URL";

const FAULTS: &str = "\
Faults:
  A fault is `REQUESTS: EFFECT HOW-OFTEN`.
  REQUESTS   a method or *, and a piece of the path or *:
             `POST /products`, `* /test/config`, `GET *`
  EFFECT     a status from 400 to 599, `drop` (no answer), `delay 2s`,
             `cut` (half of the answer) or `garbage`. A status and a drop come
             before the request is done; `503-after-write` and
             `drop-after-write` come when it was done.
  HOW-OFTEN  `x3` the first three times, `25%` by chance, nothing for always

  The answer to the first create is lost:
    --fault 'POST /products: drop-after-write x1'
  A gateway that fails now and then, the same every time:
    --fault '* *: 503 25%' --seed 7
  Longer than any deadline:
    --fault 'GET /catalog: delay 90s'";

/// What a sandbox is to be like.
#[derive(Args)]
struct Wanted {
    /// Listen on this port; 0 is any free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// The address under which Stripe would reach the backend: a made-up public one around a command, else this machine,
    /// to which Stripe sends no webhooks
    #[arg(long, value_name = "URL", value_parser = Address::parse)]
    public_url: Option<Address>,
    /// Which of the backend's routes it has
    #[arg(long, value_enum, default_value_t)]
    generation: Generation,
    /// Let something go wrong, such as `POST /products: drop-after-write x1`; give it again for more
    #[arg(long = "fault", value_name = "TEXT")]
    faults: Vec<Fault>,
    /// What chance begins with: the same number gives the same faults
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Begin with no key and empty providers instead of the small shop, where there is no state yet
    #[arg(long)]
    empty: bool,
}

impl Wanted {
    /// Starts it, with its state in a file or in memory. It is where it was said to be, or else there, or else where it is.
    async fn start(
        &self,
        state: Option<PathBuf>,
        public_url: Option<&str>,
        ctx: &Ctx,
    ) -> Result<sandbox::Sandbox> {
        let stderr = ctx.stderr;
        let mut options = Options::new().port(self.port).generation(self.generation).seed(self.seed);
        options = options.log(move |line| stderr.trace(format_args!("{line}")));
        if let Some(url) = self.public_url.as_ref().map(Address::as_str).or(public_url) {
            options = options.public_url(url);
        }
        if self.empty {
            options = options.empty();
        }
        options = self.faults.iter().cloned().fold(options, Options::fault);
        match state {
            Some(file) => {
                options = options.state(&file);
                with_file(&file, ctx, move || Ok(options.spawn()?)).await
            }
            None => run_blocking(move || Ok(options.spawn()?)).await,
        }
    }
}

/// Forget the sandbox's state: its next use begins with the small shop
///
/// It helps also where the state's file is broken, or was written by a later version.
#[derive(Args)]
pub(crate) struct Reset {
    /// The file that has the state, if it is another than that of --sandbox
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

impl Command for Reset {
    type Reply = Forgotten;
    const HAS_IDS: bool = false;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        if self.state.is_none() && ctx.env.var(EXEC_URL).is_some() {
            return Err(Failure::usage(
                "This runs in a sandbox of its own, which is gone when its command ends",
            )
            .hint("run a command of its own for each fresh sandbox, or name a file with --state")
            .into());
        }
        let path = state_file(self.state.clone())?;
        let reply = Forgotten(shown(&path));
        // Our own file is forgotten whatever is in it; another may be something else by mistake.
        let only_state = self.state.is_some();
        let file = path.clone();
        with_file(&file, ctx, move || Ok(sandbox::reset(&path, only_state)?)).await?;
        Ok(reply)
    }
}

/// The file whose state was forgotten.
pub(crate) struct Forgotten(String);

impl Show for Forgotten {
    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Ok(Cow::Owned(json!({"path": self.0})))
    }

    fn page(&self) -> Page<'_> {
        Page::default()
    }

    fn notes(&self) -> Vec<String> {
        vec!["✓ The sandbox begins anew.".to_owned()]
    }
}

/// Show where the state of --sandbox is kept
#[derive(Args)]
pub(crate) struct ShowPath {}

impl Command for ShowPath {
    type Reply = Place;
    const HAS_IDS: bool = false;

    async fn run(&self, _ctx: &Ctx) -> Result<Self::Reply> {
        let path = state_file(None)?;
        Ok(Place { exists: path.exists(), path: shown(&path) })
    }
}

/// Where the state is.
pub(crate) struct Place {
    path: String,
    exists: bool,
}

impl Show for Place {
    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Ok(Cow::Owned(json!({"path": self.path, "exists": self.exists})))
    }

    fn page(&self) -> Page<'_> {
        Page { lines: vec![Line::plain(self.path.as_str())], ..Page::default() }
    }
}

/// Does what needs the state's file, for which it may have to wait: Ctrl-C and the deadline are heard meanwhile.
async fn with_file<T: Send + 'static>(
    file: &Path,
    ctx: &Ctx,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::time::timeout(ctx.timeout.unwrap_or(DEADLINE), run_blocking(work)).await;
    done.unwrap_or_else(|_| {
        Err(Failure::new(Code::TimedOut, format!("{} stayed locked until the deadline", file.display()))
            .why("another process that has a sandbox holds it, and does not go on")
            .hint("end that process, and run this again")
            .into())
    })
}

/// The file that was named, or the user's own.
fn state_file(named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    match named {
        Some(named) => Ok(std::path::absolute(&named).unwrap_or(named)),
        None => Ok(UserPaths::find()?.sandbox),
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
