use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::api::Api;
use crate::api::stripe::{self, STRIPE};
use crate::catalog::{self, Adopt, Export as Exported, LeftOut};
use crate::commands::common::{EnvironmentArgs, is_stdin};
use crate::commands::stripe::catalog::survey::{FILE, name, survey};
use crate::error::{Code, Exit, Failure, Warning, WarningCode};
use crate::files;
use crate::runner::guard::Effect;
use crate::runner::{Change, Check, Ctx, MultiWrite, run_blocking};
use crate::ui::{Line, Mark, Page, Show};
use crate::wire::{Account, Environment};

/// Write the catalog's file from what is at Stripe
///
/// What stands in the file already keeps its comments and its order. What has no identity at Stripe yet gets a key that is
/// the same every time; `--adopt` writes these identities to Stripe too, so that `plan` and `apply` know the objects again.
#[derive(Args)]
pub(super) struct Export {
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// The file; `-` is stdout [default: payments.toml]
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Write the identities to Stripe, too: metadata and lookup keys, nothing else
    #[arg(long)]
    adopt: bool,
    /// Take out of the file what is not at Stripe
    #[arg(long)]
    overwrite: bool,
}

impl Export {
    pub(super) fn after(mut self, before: Vec<Environment>) -> Self {
        self.environment.given_before(before);
        self
    }

    fn path(&self) -> PathBuf {
        self.file.clone().unwrap_or_else(|| FILE.into())
    }
}

/// What is to be written, and where.
pub(super) struct Prepared {
    environment: Environment,
    account: Account,
    exported: Exported,
    /// The file as it was exported over.
    before: Option<String>,
}

impl MultiWrite for Export {
    type Prepared = Prepared;
    type Shown = Written;
    const HAS_IDS: bool = false;

    fn dry_run_alternative(&self, _ctx: &Ctx) -> String {
        "without --adopt it changes nothing at Stripe, and says what has no identity there".to_owned()
    }

    async fn prepare(&self, ctx: &Ctx) -> Result<Prepared> {
        let environment = self.environment.resolve()?;
        let found = survey(ctx, environment, true).await?;
        let path = self.path();
        let name = name(&path);
        let before = if is_stdin(&path) {
            None
        } else {
            run_blocking(move || Ok(files::read(&path).map_err(Failure::from)?)).await?
        };
        let (mirror, shown) = (found.mirror, name.clone());
        // Thousands of prices take their time, and Ctrl-C is heard meanwhile.
        let (exported, before) = run_blocking(move || {
            let exported = catalog::export(&mirror, before.as_deref(), &shown)?;
            Ok((exported, before))
        })
        .await?;
        if !self.overwrite && !exported.removed.is_empty() {
            return Err(would_remove(&name, &exported.removed).into());
        }
        Ok(Prepared { environment, account: found.account, exported, before })
    }

    fn change(&self, prepared: &Prepared) -> Option<Change> {
        let Prepared { environment, account, exported, .. } = prepared;
        if !self.adopt || exported.adopt.is_empty() {
            return None;
        }
        let count = exported.adopt.len();
        let objects = if count == 1 { "product or price" } else { "products and prices" };
        Some(Change {
            effect: Effect::Write(*environment),
            provider: &STRIPE,
            what: format!("Give {count} {objects} at Stripe an identity"),
            means: Some("Their metadata and lookup keys change, and nothing else.".to_owned()),
            account: Some(account.clone()),
            check: Check::mirror(&["catalog", environment.as_str()]),
        })
    }

    fn preview<'a>(&self, prepared: &'a Prepared) -> Vec<Line<'a>> {
        prepared.exported.adopt.iter().map(|adopt| Line::new(Mark::Change, 1, told(adopt))).collect()
    }

    async fn make(&self, ctx: &Ctx, prepared: Prepared) -> Result<Written> {
        let Prepared { environment, exported, before, .. } = prepared;
        let path = self.path();
        let to_stdout = is_stdin(&path);
        if !to_stdout {
            // What is in the way of the file is in the way of the identities: without it nobody sees whose they are.
            let (path, before) = (path.clone(), before.clone());
            run_blocking(move || {
                check_unchanged(&path, before.as_deref())?;
                Ok(files::check_public(&path).map_err(Failure::from)?)
            })
            .await?;
        }
        let adopted =
            if self.adopt { self.give_identities(ctx, environment, &exported.adopt).await? } else { 0 };
        let from_now_on = |what: &str| {
            if adopted > 0 {
                let what = format!("Interrupted after {} written{what}", identities(adopted));
                let hint = format!("{} writes nothing twice", ctx.same_command(false));
                ctx.when_interrupted(Failure::new(Code::Interrupted, what).hint(hint));
            }
        };
        from_now_on(if to_stdout { "" } else { ", and before the file was" });
        if !to_stdout {
            let text = exported.text.clone();
            let written = run_blocking(move || {
                Ok(check_unchanged(&path, before.as_deref())
                    .and_then(|()| Ok(files::write_public(&path, &text)?)))
            });
            written.await?.map_err(|failure| without_file(failure, adopted, ctx))?;
            from_now_on(", and the file");
        }
        let mut warnings = Vec::new();
        let without = exported.adopt.len() - adopted;
        if without > 0 {
            let text = format!(
                "{without} of these have no identity at Stripe yet, so `apply` would make them anew; \
                 `insforge payments catalog export {environment} --adopt` gives them one"
            );
            warnings.push(Warning { code: WarningCode::NotAdopted, text });
        }
        Ok(Written { environment, exported, file: name(&self.path()), to_stdout, adopted, warnings })
    }
}

impl Export {
    /// One request after the other; how many.
    async fn give_identities(&self, ctx: &Ctx, environment: Environment, all: &[Adopt]) -> Result<usize> {
        let api = ctx.api().await?;
        let bar = ctx.bar(all.len());
        for (done, adopt) in all.iter().enumerate() {
            bar.set(done, &told(adopt));
            let again = ctx.same_command(false);
            ctx.when_interrupted(
                Failure::new(
                    Code::Interrupted,
                    format!("Interrupted after {done} of {} identities", all.len()),
                )
                .hint(format!("{again} continues")),
            );
            if let Err(failure) = adopt_one(api, environment, adopt).await {
                return Err(partly(failure, done, all.len(), &again).into());
            }
        }
        Ok(all.len())
    }
}

async fn adopt_one(api: &Api, environment: Environment, adopt: &Adopt) -> Result<(), Failure> {
    let unwritable = |error: serde_json::Error| Failure::new(Code::Failed, error.to_string());
    match adopt {
        Adopt::Product { id, changes } => {
            let call = stripe::update_product(environment, id, changes).map_err(unwritable)?;
            api.send(&call).await?;
        }
        Adopt::Price { id, changes, .. } => {
            let call = stripe::update_price(environment, id, changes).map_err(unwritable)?;
            api.send(&call).await?;
        }
    }
    Ok(())
}

fn partly(failure: Failure, done: usize, of: usize, again: &str) -> Failure {
    let what = format!("{done} of {of} identities were written, then: {}", failure.what);
    let exit = if done == 0 { failure.exit } else { Exit::PartlyDone };
    Failure { what, ..failure }.exit(exit).then(&format!("{again} continues; no file was written yet"))
}

/// Whether the file is what was exported over: what somebody wrote into it meanwhile is not overwritten.
fn check_unchanged(path: &Path, before: Option<&str>) -> Result<(), Failure> {
    if files::read(path)?.as_deref() == before {
        return Ok(());
    }
    let name = name(path);
    Err(Failure::new(Code::Failed, format!("{name} was changed meanwhile; it is left as it is"))
        .why("the export was made over what stood in it before")
        .hint("run the same command again: it exports over what stands there now"))
}

fn identities(count: usize) -> String {
    if count == 1 { "1 identity was".into() } else { format!("{count} identities were") }
}

/// The file was not written, and the identities may have been.
fn without_file(failure: Failure, adopted: usize, ctx: &Ctx) -> Failure {
    if adopted == 0 {
        return failure;
    }
    let what = format!("{} written at Stripe, but: {}", identities(adopted), failure.what);
    Failure { what, ..failure }.then(&format!("{} writes the file", ctx.same_command(false)))
}

/// An export takes nothing out of the file that somebody may have written into it and not applied yet.
fn would_remove(name: &str, removed: &[String]) -> Failure {
    let (entries, them) = if removed.len() == 1 { ("an entry", "it") } else { ("entries", "them") };
    Failure::new(Code::Failed, format!("{name} has {entries} that Stripe has not; it is left as it is"))
        .why(format!("an export would take out {}", removed.join(", ")))
        .hint(format!("take {them} out with --overwrite, or export into another file with --file"))
}

fn told(adopt: &Adopt) -> String {
    match adopt {
        Adopt::Product { id, .. } => format!("product {id}"),
        Adopt::Price { id, identity, .. } => format!("price {id}  {identity}"),
    }
}

/// What was written.
pub(super) struct Written {
    environment: Environment,
    exported: Exported,
    file: String,
    to_stdout: bool,
    adopted: usize,
    warnings: Vec<Warning>,
}

impl Show for Written {
    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Ok(Cow::Owned(json!({
            "environment": self.environment.as_str(),
            "file": if self.to_stdout { Value::Null } else { json!(self.file) },
            "text": if self.to_stdout { json!(self.exported.text) } else { Value::Null },
            "products": self.exported.products,
            "prices": self.exported.prices,
            "leftOut": self.exported.left_out,
            "removed": self.exported.removed,
            "adopted": self.adopted,
            "notAdopted": self.exported.adopt.len() - self.adopted,
        })))
    }

    fn page(&self) -> Page<'_> {
        if !self.to_stdout {
            return Page::default();
        }
        let lines = self.exported.text.lines().map(|line| Line::new(Mark::Verbatim, 0, line));
        Page { lines: lines.collect(), ..Page::default() }
    }

    fn notes(&self) -> Vec<String> {
        let Exported { products, prices, left_out, removed, .. } = &self.exported;
        let mut notes: Vec<String> = left_out.iter().map(LeftOut::note).collect();
        notes.extend(
            removed.iter().map(|path| format!("Not there any more, and taken out of the file: {path}.")),
        );
        if self.adopted > 0 {
            notes.push(format!("✓ {} of them have their identity at Stripe now.", self.adopted));
        }
        if !self.to_stdout {
            let count =
                |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
            notes.push(format!(
                "✓ {} and {} of {} are in {}.",
                count(*products, "product"),
                count(*prices, "price"),
                self.environment,
                self.file
            ));
        }
        notes
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}
