use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::api::stripe::{self, STRIPE};
use crate::api::{Api, Call};
use crate::approval::{Effects, PlannedRequest};
use crate::catalog::{self, Adoption, ExportedFile, SkippedObject};
use crate::commands::common::EnvironmentArgs;
use crate::commands::stripe::catalog::inputs::{DEFAULT_FILE, name, read_stripe};
use crate::commands::stripe::effects::MirrorIndex;
use crate::error::{Code, Exit, Failure, Warning, WarningCode};
use crate::files;
use crate::input::{MAX_CATALOG, is_stdin};
use crate::interrupt;
use crate::runner::guard::Effect;
use crate::runner::{Change, Check, CommandEffect, CommandSpec, Ctx, MultiWrite, run_blocking};
use crate::ui::{Line, Mark, Page, Show, counted, json_text};
use crate::wire::fields::Fields;
use crate::wire::{Account, Environment, Generation, Mirror, PriceReply, ProductReply};

/// Write the catalog at Stripe to payments.toml
///
/// An existing file keeps its comments and its order. Each object gets the same key in every export.
/// `--adopt` also writes these keys to Stripe, as catalog_key in the metadata. From then on, `plan` and `apply` manage these
/// objects.
#[derive(Args)]
#[command(add = CommandSpec::new(CommandEffect::WritesLocally, "test --file payments.toml --json")
    .result::<ExportReport>()
    .note("writes the file; with --adopt it also writes catalog_key to Stripe, and asks in live"))]
pub(super) struct Export {
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// Catalog file, or `-` for stdout [default: payments.toml]
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Also write catalog_key and lookup keys to Stripe
    #[arg(long)]
    adopt: bool,
    /// Remove entries from the file that are not at Stripe
    #[arg(long)]
    overwrite: bool,
}

impl Export {
    pub(super) fn with_environment(mut self, before: Vec<Environment>) -> Self {
        self.environment.add_preceding(before);
        self
    }

    fn path(&self) -> PathBuf {
        self.file.clone().unwrap_or_else(|| DEFAULT_FILE.into())
    }
}

/// The exported file, and the file that it replaces.
pub(super) struct PreparedExport {
    environment: Environment,
    account: Account,
    exported: ExportedFile,
    /// The content of the file before the export.
    before: Option<String>,
    /// What Stripe had before the export.
    mirror: Mirror,
}

impl MultiWrite for Export {
    type Prepared = PreparedExport;
    type Shown = ExportReport;
    type DryRun = ExportReport;
    const HAS_IDS: bool = false;

    /// The file as it would be written.
    async fn dry_run(&self, ctx: &Ctx) -> Result<ExportReport> {
        let PreparedExport { environment, exported, .. } = self.prepare(ctx).await?;
        let report = self.report(ctx, environment, exported, 0);
        Ok(ExportReport { to_stdout: true, ..report })
    }

    async fn prepare(&self, ctx: &Ctx) -> Result<PreparedExport> {
        let environment = self.environment.resolve()?;
        let current = read_stripe(ctx, environment, true).await?;
        let path = self.path();
        let name = name(&path);
        let before = if is_stdin(&path) {
            None
        } else {
            let is_named = self.file.is_some();
            run_blocking(move || Ok(read_existing(&path, is_named)?)).await?
        };
        let (mirror, shown_name) = (current.mirror, name.clone());
        // Thousands of prices take a while, during which Ctrl-C must work.
        let (exported, before, mirror) = run_blocking(move || {
            let exported = catalog::export(&mirror, before.as_deref(), &shown_name)?;
            Ok((exported, before, mirror))
        })
        .await?;
        if !self.overwrite && !exported.removed.is_empty() {
            return Err(would_remove(&name, &exported.removed).into());
        }
        Ok(PreparedExport { environment, account: current.account, exported, before, mirror })
    }

    fn change(&self, prepared: &PreparedExport) -> Option<Change> {
        let PreparedExport { environment, account, exported, .. } = prepared;
        if !self.adopt || exported.adopt.is_empty() {
            return None;
        }
        let count = exported.adopt.len();
        let objects = if count == 1 { "product or price" } else { "products and prices" };
        Some(Change {
            effect: Effect::Write,
            environment: *environment,
            provider: &STRIPE,
            what: format!("Tag {count} {objects} at Stripe with catalog_key"),
            summary: None,
            details: Some("Only their metadata and lookup keys change.".to_owned()),
            account: Some(account.clone()),
            check: Check::mirror(&["catalog", environment.as_str()]),
        })
    }

    fn preview<'a>(&self, prepared: &'a PreparedExport) -> Vec<Line<'a>> {
        prepared
            .exported
            .adopt
            .iter()
            .map(|adoption| Line::new(Mark::Change, 1, object_name(adoption)))
            .collect()
    }

    async fn effects(&self, ctx: &Ctx, prepared: &PreparedExport) -> Result<Effects> {
        let PreparedExport { environment, exported, mirror, .. } = prepared;
        let mirror = MirrorIndex::new(mirror);
        let object = |adoption: &Adoption| match adoption {
            Adoption::Product { id, changes } => mirror.changed_product(id, changes),
            Adoption::Price { id, changes, .. } => mirror.changed_price(id, changes),
        };
        let generation = ctx.api().await?.expected_generation().unwrap_or(Generation::Newer);
        let request = |adoption: &Adoption| {
            let json = match tag_call(*environment, adoption)? {
                TagCall::Product(call) => call.masked_json(generation)?,
                TagCall::Price(call) => call.masked_json(generation)?,
            };
            Ok(PlannedRequest::of(&json.unwrap_or_default()))
        };
        let objects = exported.adopt.iter().map(object).collect();
        let requests = exported.adopt.iter().map(request).collect::<Result<_>>()?;
        Ok(Effects { objects, requests, ..Effects::default() })
    }

    async fn make(&self, ctx: &Ctx, prepared: PreparedExport) -> Result<ExportReport> {
        let PreparedExport { environment, exported, before, .. } = prepared;
        let path = self.path();
        let to_stdout = is_stdin(&path);
        let is_named = self.file.is_some();
        if !to_stdout {
            // Without the file, nobody could see which keys the objects got.
            let (path, before) = (path.clone(), before.clone());
            run_blocking(move || {
                check_unchanged(&path, is_named, before.as_deref())?;
                Ok(files::check_public(&path).map_err(Failure::from)?)
            })
            .await?;
        }
        let adopted = if self.adopt { self.tag_objects(ctx, environment, &exported.adopt).await? } else { 0 };
        let set_interruption = |what: &str| {
            if adopted > 0 {
                let what = format!("Interrupted after {} tagged{what}", objects_were(adopted));
                let hint = format!("{} writes nothing twice", ctx.same_command(false));
                interrupt::set_failure(Failure::new(Code::Interrupted, what).hint(hint));
            }
        };
        set_interruption(if to_stdout { "" } else { ", before the file was written" });
        if !to_stdout {
            let text = exported.text.clone();
            let written = run_blocking(move || {
                Ok(check_unchanged(&path, is_named, before.as_deref())
                    .and_then(|()| Ok(files::write_public(&path, &text)?)))
            });
            written.await?.map_err(|failure| file_not_written(failure, adopted, ctx))?;
            set_interruption(" and the file was written");
        }
        Ok(self.report(ctx, environment, exported, adopted))
    }
}

impl Export {
    fn report(
        &self,
        ctx: &Ctx,
        environment: Environment,
        exported: ExportedFile,
        adopted: usize,
    ) -> ExportReport {
        let mut warnings = Vec::new();
        let untagged = exported.adopt.len() - adopted;
        if untagged > 0 {
            let (have, them) = if untagged == 1 { ("has", "it") } else { ("have", "them") };
            let mut args = vec!["catalog", "export", environment.as_str(), "--adopt"];
            let file = self.file.as_ref().map(|path| path.display().to_string());
            args.extend(file.iter().flat_map(|file| ["--file", file]));
            let adopt = ctx.command(&STRIPE, &args);
            let text = format!(
                "{untagged} of these {have} no catalog_key at Stripe, so `apply` would create {them} again; \
                 tag {them} with `{adopt}`"
            );
            warnings.push(Warning { code: WarningCode::NotAdopted, text });
        }
        let to_stdout = is_stdin(&self.path());
        ExportReport { environment, exported, file: name(&self.path()), to_stdout, adopted, warnings }
    }

    /// Tags all objects, one request after the other. Returns their number.
    async fn tag_objects(&self, ctx: &Ctx, environment: Environment, all: &[Adoption]) -> Result<usize> {
        let api = ctx.api().await?;
        let bar = ctx.bar(all.len());
        for (done, adoption) in all.iter().enumerate() {
            bar.set(done, &object_name(adoption));
            let same_command = ctx.same_command(false);
            interrupt::set_failure(
                Failure::new(
                    Code::Interrupted,
                    format!("Interrupted after {done} of {} objects were tagged", all.len()),
                )
                .hint(format!("{same_command} continues")),
            );
            if let Err(failure) = tag_object(api, environment, adoption).await {
                return Err(partly_tagged(failure, done, all.len(), &same_command).into());
            }
        }
        Ok(all.len())
    }
}

async fn tag_object(api: &Api, environment: Environment, adoption: &Adoption) -> Result<(), Failure> {
    match tag_call(environment, adoption)? {
        TagCall::Product(call) => drop(api.send(&call).await?),
        TagCall::Price(call) => drop(api.send(&call).await?),
    }
    Ok(())
}

/// The request that tags an object.
enum TagCall {
    Product(Call<ProductReply>),
    Price(Call<PriceReply>),
}

fn tag_call(environment: Environment, adoption: &Adoption) -> Result<TagCall, Failure> {
    let call = match adoption {
        Adoption::Product { id, changes } => {
            stripe::update_product(environment, id, changes).map(TagCall::Product)
        }
        Adoption::Price { id, changes, .. } => {
            stripe::update_price(environment, id, changes).map(TagCall::Price)
        }
    };
    call.map_err(|error| Failure::new(Code::Failed, error.to_string()))
}

fn partly_tagged(failure: Failure, done: usize, total: usize, same_command: &str) -> Failure {
    let what = format!("{done} of {total} objects were tagged, then: {}", failure.what);
    let exit = if done == 0 { failure.exit } else { Exit::PartlyDone };
    Failure { what, ..failure }
        .exit(exit)
        .and_hint(&format!("{same_command} continues; the file is not written yet"))
}

/// The text of the file that the export replaces. A device or a pipe that the user named is only written to.
fn read_existing(path: &Path, is_named: bool) -> Result<Option<String>, Failure> {
    if is_named && files::is_device_or_pipe(path) {
        return Ok(None);
    }
    Ok(files::read_up_to(path, MAX_CATALOG)?)
}

/// Checks that nobody changed the file during the export.
fn check_unchanged(path: &Path, is_named: bool, before: Option<&str>) -> Result<(), Failure> {
    if read_existing(path, is_named)?.as_deref() == before {
        return Ok(());
    }
    let name = name(path);
    Err(Failure::new(Code::Failed, format!("{name} was changed during the export and is not overwritten"))
        .why("the export is based on its earlier content")
        .hint("run the same command again to export over the new content"))
}

fn objects_were(count: usize) -> String {
    if count == 1 { "1 object was".into() } else { format!("{count} objects were") }
}

/// The file was not written, but objects may have been tagged.
fn file_not_written(failure: Failure, adopted: usize, ctx: &Ctx) -> Failure {
    if adopted == 0 {
        return failure;
    }
    let what = format!("{} tagged at Stripe, but: {}", objects_were(adopted), failure.what);
    Failure { what, ..failure }.and_hint(&format!("{} writes the file", ctx.same_command(false)))
}

/// Without `--overwrite`, an export removes no entries, because they may not be applied yet.
fn would_remove(name: &str, removed: &[String]) -> Failure {
    let (entries, them) =
        if removed.len() == 1 { ("an entry that is not", "it") } else { ("entries that are not", "them") };
    Failure::new(Code::Failed, format!("{name} has {entries} at Stripe; the file is unchanged"))
        .why(format!("an export would remove {}", removed.join(", ")))
        .hint(format!("remove {them} with --overwrite, or export to another file with --file"))
}

fn object_name(adoption: &Adoption) -> String {
    match adoption {
        Adoption::Product { id, .. } => format!("product {id}"),
        Adoption::Price { id, catalog_key, .. } => format!("price {id}  {catalog_key}"),
    }
}

/// The report of an export.
pub(super) struct ExportReport {
    environment: Environment,
    exported: ExportedFile,
    file: String,
    to_stdout: bool,
    adopted: usize,
    warnings: Vec<Warning>,
}

impl Show for ExportReport {
    const FIELDS: Fields =
        &["environment", "file", "text", "products", "prices", "leftOut", "removed", "adopted", "notAdopted"];
    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        json_text(&json!({
            "environment": self.environment.as_str(),
            "file": if self.to_stdout { Value::Null } else { json!(self.file) },
            "text": if self.to_stdout { json!(self.exported.text) } else { Value::Null },
            "products": self.exported.products,
            "prices": self.exported.prices,
            "leftOut": self.exported.left_out,
            "removed": self.exported.removed,
            "adopted": self.adopted,
            "notAdopted": self.exported.adopt.len() - self.adopted,
        }))
    }

    fn page(&self) -> Page<'_> {
        if !self.to_stdout {
            return Page::default();
        }
        let lines = self.exported.text.lines().map(|line| Line::new(Mark::Verbatim, 0, line));
        Page { lines: lines.collect(), ..Page::default() }
    }

    fn notes(&self) -> Vec<String> {
        let ExportedFile { products, prices, left_out, removed, .. } = &self.exported;
        let mut notes: Vec<String> = left_out.iter().map(SkippedObject::note).collect();
        notes
            .extend(removed.iter().map(|path| format!("Removed {path} from the file: it is not at Stripe.")));
        if self.adopted > 0 {
            notes.push(format!("✓ Tagged {} with catalog_key.", counted(self.adopted, "object")));
        }
        if !self.to_stdout {
            notes.push(format!(
                "✓ Exported {} and {} of {} to {}.",
                counted(*products, "product"),
                counted(*prices, "price"),
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
