//! Reads the catalog file and the catalog at Stripe, which the commands compare.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use crate::api::stripe::{self, STRIPE};
use crate::catalog::{DesiredCatalog, file};
use crate::commands::common::sync_environment;
use crate::error::{Code, Failure};
use crate::input::{Input, MAX_CATALOG, is_stdin};
use crate::runner::Ctx;
use crate::wire::{Account, Environment, Mirror, SyncResults};

/// The catalog file by default.
pub(super) const DEFAULT_FILE: &str = "payments.toml";

/// The option for the catalog file.
#[derive(Args, Clone, Debug)]
pub(super) struct FileArg {
    /// Catalog file, or `-` for stdin [default: payments.toml]
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
}

impl FileArg {
    /// See [`crate::runner::MultiWrite::reads_stdin`].
    pub(super) fn reads_stdin(&self) -> Option<&'static str> {
        self.file.as_deref().is_some_and(is_stdin).then_some("--file -")
    }

    /// The path of the file.
    pub(super) fn path(&self) -> PathBuf {
        self.file.clone().unwrap_or_else(|| DEFAULT_FILE.into())
    }

    /// The name of the file in messages.
    pub(super) fn name(&self) -> String {
        name(&self.path())
    }

    /// Reads the desired catalog.
    pub(super) async fn read(&self, ctx: &Ctx) -> Result<DesiredCatalog> {
        let name = self.name();
        let input = match &self.file {
            Some(path) => Input::named(path),
            None => Input::Found(DEFAULT_FILE.into()),
        };
        let read = ctx.run_blocking(format!("the catalog from {name}"), move || Ok(input.read(MAX_CATALOG)));
        let text = read.await?.map_err(|error| {
            let missing = error.kind() == std::io::ErrorKind::NotFound;
            let failure = Failure::new(Code::CatalogInvalid, format!("Cannot read the catalog from {name}"));
            let hint = if missing {
                let export = ctx.command(&STRIPE, &["catalog", "export", "test"]);
                format!("`{export}` creates it from Stripe; --file selects another file")
            } else {
                "select a readable file with --file, or pipe the catalog into `--file -`".to_owned()
            };
            failure.why(error.to_string()).hint(hint)
        })?;
        Ok(file::read(&text, &self.name())?)
    }
}

/// The name of a file in messages.
pub(super) fn name(path: &Path) -> String {
    if is_stdin(path) { "stdin".to_owned() } else { path.display().to_string() }
}

/// The catalog of one environment at Stripe, and its account.
#[derive(Debug)]
pub(in crate::commands::stripe) struct StripeCatalog {
    pub(in crate::commands::stripe) account: Account,
    pub(in crate::commands::stripe) mirror: Mirror,
}

/// Reads the mirror, after a sync if `sync` is set.
///
/// # Errors
/// A request fails, no account is connected, or the sync fails. A failed sync leaves a mirror that differs from Stripe.
pub(in crate::commands::stripe) async fn read_stripe(
    ctx: &Ctx,
    environment: Environment,
    sync: bool,
) -> Result<StripeCatalog> {
    let account = if sync {
        sync_account(ctx, environment).await?
    } else {
        ctx.connection(&STRIPE, environment).await?.and_then(|connection| connection.account())
    };
    let account = account.ok_or_else(|| {
        Failure::new(
            Code::Backend("PAYMENT_CONFIG_NOT_FOUND".to_owned()),
            format!("No Stripe account is connected in {environment}"),
        )
        .hint(format!(
            "set a Stripe key with `{}`",
            ctx.command(&STRIPE, &["config", "set", environment.as_str()])
        ))
    })?;
    Ok(StripeCatalog { account, mirror: ctx.send(stripe::mirror(environment)).await?.data })
}

async fn sync_account(ctx: &Ctx, environment: Environment) -> Result<Option<Account>> {
    let results: SyncResults = sync_environment(ctx, &STRIPE, environment).await?;
    Ok(results.results.into_iter().find_map(|result| result.connection.account()))
}
