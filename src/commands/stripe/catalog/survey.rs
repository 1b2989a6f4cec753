//! What file and mirror say: what every command of the catalog as code begins with.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use crate::api;
use crate::api::stripe::{self, STRIPE};
use crate::catalog::{Wanted, file};
use crate::commands::common::{is_stdin, judge_sync};
use crate::error::{Code, Failure};
use crate::runner::{Ctx, Synced, run_blocking};
use crate::wire::{Account, Environment, Mirror, SyncResults};

/// The catalog's file where none is named.
pub(super) const FILE: &str = "payments.toml";

/// Which file.
#[derive(Args, Clone, Debug)]
pub(super) struct FileArg {
    /// The catalog's file; `-` is stdin [default: payments.toml]
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
}

impl FileArg {
    /// See [`crate::runner::MultiWrite::reads_stdin`].
    pub(super) fn reads_stdin(&self) -> Option<&'static str> {
        self.file.as_deref().is_some_and(is_stdin).then_some("--file -")
    }

    /// The file's path.
    pub(super) fn path(&self) -> PathBuf {
        self.file.clone().unwrap_or_else(|| FILE.into())
    }

    /// Its name, as it is shown.
    pub(super) fn name(&self) -> String {
        name(&self.path())
    }

    /// What it wants.
    pub(super) async fn read(&self, ctx: &Ctx) -> Result<Wanted> {
        let (path, name) = (self.path(), self.name());
        let bytes = run_blocking(move || Ok(read(&path))).await?.map_err(|error| {
            let missing = error.kind() == std::io::ErrorKind::NotFound;
            let failure = Failure::new(Code::CatalogInvalid, format!("Cannot read the catalog from {name}"));
            let hint = if missing {
                let export = ctx.command(&STRIPE, &["catalog", "export", "test"]);
                format!("`{export}` writes it from what is there; --file names another")
            } else {
                "name a file that can be read with --file, or `-` and pipe it into the command".to_owned()
            };
            failure.why(error.to_string()).hint(hint)
        })?;
        Ok(file::read_bytes(&bytes, &self.name())?)
    }
}

/// The file's name, as it is shown.
pub(super) fn name(path: &Path) -> String {
    if is_stdin(path) { "stdin".to_owned() } else { path.display().to_string() }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if !is_stdin(path) {
        return std::fs::read(path);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
}

/// One environment's catalog at Stripe, and whose it is.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) account: Account,
    pub(super) mirror: Mirror,
}

/// Looks at what the mirror has, after a sync unless it is good enough as it is.
///
/// # Errors
/// Besides what a request can come to: a sync that failed, for what it leaves is not what Stripe has.
pub(super) async fn survey(ctx: &Ctx, environment: Environment, sync: bool) -> Result<Survey> {
    let account = if sync {
        account_synced(ctx, environment).await?
    } else {
        ctx.connection(&STRIPE, environment).await?.and_then(|connection| connection.account())
    };
    let account = account.ok_or_else(|| {
        Failure::new(
            Code::Backend("PAYMENT_CONFIG_NOT_FOUND".to_owned()),
            format!("No Stripe account is connected in {environment}"),
        )
        .hint(format!(
            "give the backend a key with `{}`",
            ctx.command(&STRIPE, &["config", "set", environment.as_str()])
        ))
    })?;
    Ok(Survey { account, mirror: ctx.send(stripe::mirror(environment)).await?.data })
}

async fn account_synced(ctx: &Ctx, environment: Environment) -> Result<Option<Account>> {
    let results: SyncResults = ctx.send(api::sync(&STRIPE, Some(environment))).await?.data;
    if let Some(failure) = judge_sync(&results.outcomes(), Some(environment), &STRIPE) {
        return Err(failure.into());
    }
    Ok(results.results.into_iter().find_map(|result| result.connection.account()))
}
