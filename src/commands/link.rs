use std::borrow::Cow;
use std::path::Path;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::approval::{AuditEntry, AuditTrail, Decision};
use crate::commands::login;
use crate::error::{Code, Failure, Warning, WarningCode};
use crate::runner::{Command, CommandEffect, CommandSpec, Ctx, run_blocking};
use crate::secret::Secret;
use crate::settings::{
    EditedLink, Guard, LinkEdit, Project, Source, Stored, WithSource, check_api_key, read_address,
};
use crate::ui::{Page, Show, json_text};
use crate::wire::Address;
use crate::wire::fields::Fields;

/// Link this directory to a backend, or turn its guard on or off
///
/// Writes .insforge/project.json, which InsForge's other tools read too. The key comes from a hidden prompt, from
/// --api-key-stdin or from --api-key-file. The backend checks it before the file is written.
///
/// With the guard, a person has to approve destructive changes in this directory, in test too. In a linked directory,
/// --guard and --no-guard need no address and no key.
#[derive(Args)]
#[command(add = CommandSpec::new(CommandEffect::WritesLocally, "--api-base-url https://your-app.us-east.insforge.app --api-key-stdin --json")
    .result::<LinkReport>()
    .note("writes .insforge/project.json in the current directory")
    .stdin("ik_sandbox")
    .example_note("use the address and the key of your own backend"))]
pub(crate) struct Link {
    /// The backend's address; in a linked directory, --guard and --no-guard do not need it
    #[arg(long, value_name = "URL", required_unless_present_any = ["guard", "no_guard"])]
    api_base_url: Option<String>,
    /// The project's API key (other users of this machine can see it; prefer --api-key-stdin)
    #[arg(long, value_name = "KEY", requires = "api_base_url", conflicts_with_all = ["api_key_stdin", "api_key_file"])]
    api_key: Option<String>,
    /// Turn the guard on: a person has to approve destructive changes
    #[arg(long, conflicts_with = "no_guard")]
    guard: bool,
    /// Remove the guard; the audit trail records it
    #[arg(long)]
    no_guard: bool,
    /// The backend to link to; `None` to change only the guard.
    #[arg(skip)]
    backend: Option<(WithSource<Address>, WithSource<Secret>)>,
}

impl Command for Link {
    type Reply = LinkReport;
    const HAS_IDS: bool = false;

    async fn prepare(&mut self, ctx: &Ctx) -> Result<()> {
        if ctx.flags.api_url.is_some() || ctx.flags.profile.is_some() {
            return Err(Failure::usage("`link` does not take --api-url or --profile")
                .hint("set the address with --api-base-url")
                .into());
        }
        let Some(url) = &self.api_base_url else {
            return match &ctx.flags.key {
                Some(flag) => Err(Failure::usage(format!("{} requires --api-base-url", flag.name()))
                    .hint("omit the key to change only the guard, or add --api-base-url URL")
                    .into()),
                None => Ok(()),
            };
        };
        let source = Source::Flag("--api-base-url");
        let address = read_address(url, &source)?;
        let key = match self.api_key.take() {
            Some(key) => {
                ctx.stderr.warning(
                    WarningCode::KeyInArgv,
                    "a key on the command line is visible to everyone on this machine and stays in the shell's \
                     history; use --api-key-stdin next time",
                );
                let source = Source::Flag("--api-key");
                WithSource { value: check_api_key(Secret::remembered(key), &source)?, source }
            }
            None => login::key(ctx, &address).await?,
        };
        self.backend = Some((WithSource { value: address, source }, key));
        Ok(())
    }

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let directory = ctx.env.directory.clone().ok_or_else(directory_is_gone)?;
        if let Some((address, key)) = &self.backend {
            login::check(ctx, address, key).await?;
        }
        let backend = self.backend.as_ref().map(|(address, key)| (address.value.clone(), key.value.clone()));
        let is_linked = backend.is_some();
        let edit = LinkEdit { backend, guard: (self.guard || self.no_guard).then_some(self.guard) };
        let entry = AuditEntry {
            command: ctx.shown_command(),
            brief: ctx.approval.brief.clone(),
            ..AuditEntry::now(Decision::GuardRemoved, String::new())
        };
        let (limit, env) = (ctx.time_limit(), ctx.env.clone());
        let (file, mut warnings) = run_blocking(move || {
            let file = Project::edit(&directory, &edit, limit, |path| record_removal(entry, path))?;
            let not_used = is_linked.then(|| Stored::Project(&file.path).not_used(&env)).flatten();
            Ok((file, not_used.into_iter().collect::<Vec<_>>()))
        })
        .await?;
        if let (true, Some(directory)) = (is_linked, &ctx.env.directory) {
            ctx.warn(Project::not_ignored_by_git(directory, &ctx.env).await.as_slice());
        }
        // The other commands report an invalid variable.
        let guard = Guard::of_file(&file.path, file.guard, &ctx.env).unwrap_or_default();
        warnings.extend(guard.warning().map(|text| Warning { code: WarningCode::GuardOff, text }));
        let still_on = guard.source.filter(|_| guard.is_on && !file.guard);
        Ok(LinkReport { is_linked, changes_guard: self.guard || self.no_guard, file, still_on, warnings })
    }
}

/// Records that a guard is removed, which must not happen otherwise.
fn record_removal(entry: AuditEntry, path: &Path) -> Result<(), Failure> {
    let entry = AuditEntry { change: format!("Turn off the guard of {}", path.display()), ..entry };
    let kept = |failure: Failure| {
        failure.and_why("removing a guard is recorded in this file, so the guard was not removed")
    };
    AuditTrail::find().and_then(|trail| trail.append(&entry)).map_err(kept)
}

fn directory_is_gone() -> Failure {
    Failure::new(Code::Failed, "The working directory no longer exists")
        .hint("change to another directory and link that one")
}

/// The linked directory, its backend and its guard.
pub(crate) struct LinkReport {
    /// The command has set the backend.
    is_linked: bool,
    /// The command has set or removed the guard.
    changes_guard: bool,
    file: EditedLink,
    /// What turns the guard on, although the file does not.
    still_on: Option<Source>,
    /// Commands in this directory use another backend, or no guard.
    warnings: Vec<Warning>,
}

impl LinkReport {
    /// What happened to the guard.
    fn guard_notes(&self) -> Vec<String> {
        let EditedLink { path, had_guard, guard, hidden_guard, .. } = &self.file;
        let path = path.display();
        let mut notes = Vec::new();
        match (self.changes_guard, *had_guard, *guard) {
            (true, true, true) => notes.push(format!("✓ The guard of {path} was already on.")),
            (true, false, true) => {
                notes.push(format!("✓ The guard of {path} is on."));
                notes.push(
                    "  In this directory, a person has to approve destructive changes, in test too."
                        .to_owned(),
                );
            }
            (true, true, false) => {
                notes.push(format!("✓ The guard of {path} is removed."));
                notes.push("  The audit trail records this: see `insforge approvals`.".to_owned());
            }
            (true, false, false) => notes.push(format!("✓ {path} has no guard.")),
            (false, _, true) => notes.push("  The guard of this directory stays on.".to_owned()),
            (false, _, false) => {}
        }
        notes.extend(hidden_guard.as_ref().map(|other| {
            format!(
                "  The guard of {} does not count here; to turn on a guard here, run `insforge link --guard`.",
                other.display()
            )
        }));
        notes.extend(self.still_on.as_ref().map(|source| format!("  {source} still turns the guard on.")));
        notes
    }
}

impl Show for LinkReport {
    const FIELDS: Fields = &["backend", "file", "guard"];
    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        let EditedLink { path, address, guard, .. } = &self.file;
        json_text(&json!({
            "backend": address.as_ref().map(Address::as_str),
            "file": path.display().to_string(),
            "guard": guard,
        }))
    }

    fn page(&self) -> Page<'_> {
        Page::default()
    }

    fn notes(&self) -> Vec<String> {
        let EditedLink { path, address, .. } = &self.file;
        let linked = address.as_ref().filter(|_| self.is_linked);
        let linked = linked.map(|address| format!("✓ Linked to {address} in {}.", path.display()));
        linked.into_iter().chain(self.guard_notes()).collect()
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}
