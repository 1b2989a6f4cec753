use std::borrow::Cow;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::commands::login;
use crate::error::{Code, Failure, Warning, WarningCode};
use crate::runner::{Command, CommandEffect, CommandSpec, Ctx, run_blocking};
use crate::secret::Secret;
use crate::settings::{Project, Source, Stored, WithSource, check_api_key, read_address};
use crate::ui::{Page, Show, json_text};
use crate::wire::Address;
use crate::wire::fields::Fields;

/// Link this directory to a backend
///
/// Writes .insforge/project.json, which InsForge's other tools read too. The key comes from a hidden prompt, from
/// --api-key-stdin or from --api-key-file. The backend checks it before the file is written.
#[derive(Args)]
#[command(add = CommandSpec::new(CommandEffect::WritesLocally, "--api-base-url https://your-app.us-east.insforge.app --api-key-stdin --json")
    .result::<LinkReport>()
    .note("writes .insforge/project.json in the current directory")
    .stdin("ik_sandbox")
    .example_note("use the address and the key of your own backend"))]
pub(crate) struct Link {
    /// The backend's address
    #[arg(long, value_name = "URL", required = true)]
    api_base_url: String,
    /// The project's API key (other users of this machine can see it; prefer --api-key-stdin)
    #[arg(long, value_name = "KEY", conflicts_with_all = ["api_key_stdin", "api_key_file"])]
    api_key: Option<String>,
    #[arg(skip)]
    address: Option<WithSource<Address>>,
    #[arg(skip)]
    key: Option<WithSource<Secret>>,
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
        let source = Source::Flag("--api-base-url");
        let address = read_address(&self.api_base_url, &source)?;
        self.key = Some(match self.api_key.take() {
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
        });
        self.address = Some(WithSource { value: address, source });
        Ok(())
    }

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let (Some(address), Some(key)) = (&self.address, &self.key) else {
            return Err(Failure::usage("The address or the key is missing").into());
        };
        let directory = ctx.env.directory.as_deref().ok_or_else(directory_is_gone)?;
        login::check(ctx, address, key).await?;
        let (linked, backend, key) = (directory.to_owned(), address.value.clone(), key.value.clone());
        let (limit, env) = (ctx.time_limit(), ctx.env.clone());
        let (file, not_used) = run_blocking(move || {
            let file = Project::link(&linked, &backend, &key, limit)?;
            let not_used = Stored::Project(&file).not_used(&env);
            Ok((file, not_used))
        })
        .await?;
        ctx.warn(Project::not_ignored_by_git(directory, &ctx.env).await.as_slice());
        Ok(LinkReport { address: address.value.clone(), file, not_used })
    }
}

fn directory_is_gone() -> Failure {
    Failure::new(Code::Failed, "The working directory no longer exists")
        .hint("change to another directory and link that one")
}

/// The linked directory and its backend.
pub(crate) struct LinkReport {
    address: Address,
    file: PathBuf,
    /// Commands in this directory use another backend.
    not_used: Option<Warning>,
}

impl Show for LinkReport {
    const FIELDS: Fields = &["backend", "file"];
    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        json_text(&json!({"backend": self.address.as_str(), "file": self.file.display().to_string()}))
    }

    fn page(&self) -> Page<'_> {
        Page::default()
    }

    fn notes(&self) -> Vec<String> {
        vec![format!("✓ Linked to {} in {}.", self.address, self.file.display())]
    }

    fn warnings(&self) -> &[Warning] {
        self.not_used.as_slice()
    }
}
