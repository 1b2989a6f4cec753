use std::borrow::Cow;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::commands::login;
use crate::error::{Code, Failure, WarningCode};
use crate::runner::{Command, Ctx};
use crate::secret::Secret;
use crate::settings::{Found, Linked, Project, Source, check_api_key, read_address};
use crate::ui::{Page, Show};
use crate::wire::Address;

/// Link this directory to a backend: write .insforge/project.json as InsForge's other tools read it
///
/// The key comes from a hidden prompt, from --api-key-stdin or from --api-key-file, and is checked against the
/// backend before anything is written.
#[derive(Args)]
pub(crate) struct Link {
    /// The backend's address
    #[arg(long, value_name = "URL", required = true)]
    api_base_url: String,
    /// The project's API key; argv is visible to everyone on the machine, so better not here
    #[arg(long, value_name = "KEY", conflicts_with_all = ["api_key_stdin", "api_key_file"])]
    api_key: Option<String>,
    #[arg(skip)]
    address: Option<Found<Address>>,
    #[arg(skip)]
    key: Option<Found<Secret>>,
}

impl Command for Link {
    type Reply = LinkedTo;
    const HAS_IDS: bool = false;

    async fn prepare(&mut self, ctx: &Ctx) -> Result<()> {
        if ctx.asked.api_url.is_some() || ctx.asked.profile.is_some() {
            return Err(Failure::usage("A link has an address of its own")
                .hint("give it with --api-base-url, and leave out --api-url and --profile")
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
                Found { value: check_api_key(Secret::new(key), &source)?, source }
            }
            None => login::key(ctx, &address).await?,
        });
        self.address = Some(Found { value: address, source });
        Ok(())
    }

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let (Some(address), Some(key)) = (&self.address, &self.key) else {
            return Err(Failure::usage("The address or the key is missing").into());
        };
        let directory = ctx.env.directory.as_deref().ok_or_else(gone)?;
        login::check(ctx, address, key).await?;
        let linked = Project::link(directory, &address.value, &key.value)?;
        if linked.wants_gitignore {
            ctx.stderr.warning(
                WarningCode::NotIgnoredByGit,
                "git would take .insforge/project.json, which holds the key; run: echo .insforge/ >> .gitignore",
            );
        }
        Ok(LinkedTo { address: address.value.clone(), linked })
    }
}

fn gone() -> Failure {
    Failure::new(Code::Failed, "The working directory does not exist any more")
        .hint("change to a directory that does, and link that")
}

/// What was linked to what.
pub(crate) struct LinkedTo {
    address: Address,
    linked: Linked,
}

impl Show for LinkedTo {
    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Ok(Cow::Owned(
            json!({"backend": self.address.as_str(), "file": self.linked.path.display().to_string()}),
        ))
    }

    fn page(&self) -> Page<'_> {
        Page::default()
    }

    fn notes(&self) -> Vec<String> {
        vec![format!("✓ Linked to {} in {}.", self.address, self.linked.path.display())]
    }
}
