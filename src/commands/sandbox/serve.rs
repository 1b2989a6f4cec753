use std::borrow::Cow;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::commands::sandbox::{FAULTS, Wanted, shown, state_file};
use crate::runner::{Command, CommandSpec, Ctx};
use crate::sandbox::{API_KEY, Sandbox};
use crate::ui::{Column, Page, Section, Show, Tables};
use crate::wire::Generation;

/// Serve the sandbox on a port of this machine until Ctrl-C
///
/// It shows at once which address and key to use. What is done there is kept in a file, which --sandbox and others
/// that serve the same file see too. With --verbose each request is told on stderr.
#[derive(Args)]
#[command(after_long_help = FAULTS)]
#[command(add = CommandSpec::reads::<Self>("--json")
    .note("with --state, the state is kept in a file")
    .example_note("runs until it is stopped, then exits with 0"))]
pub(crate) struct Serve {
    /// Keep the state in this file instead of that of --sandbox
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    #[command(flatten)]
    wanted: Wanted,
}

impl Command for Serve {
    type Reply = Serving;
    const HAS_IDS: bool = false;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let file = state_file(self.state.clone())?;
        let sandbox = self.wanted.start(Some(file.clone()), None, ctx).await?;
        Ok(Serving { sandbox, state: shown(&file), generation: self.wanted.generation })
    }
}

/// A sandbox that is served, and what there is to know to use it.
pub(crate) struct Serving {
    sandbox: Sandbox,
    state: String,
    generation: Generation,
}

impl Show for Serving {
    const TABLES: Tables = &[&[Column::label("Setting"), Column::new("Value")]];

    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Ok(Cow::Owned(json!({
            "url": self.sandbox.url(),
            "apiKey": API_KEY,
            "state": self.state,
            "generation": self.generation.to_string(),
        })))
    }

    fn page(&self) -> Page<'_> {
        let rows: [(&str, Cow<'_, str>); 4] = [
            ("Address", self.sandbox.url().into()),
            ("API key", API_KEY.into()),
            ("State", self.state.as_str().into()),
            ("Generation", self.generation.to_string().into()),
        ];
        Section::new(Self::TABLES[0], rows.into_iter().map(|(name, value)| vec![name.into(), value])).into()
    }

    fn notes(&self) -> Vec<String> {
        let url = self.sandbox.url();
        vec![
            "The sandbox is served. To use it from another terminal:".to_owned(),
            format!("  export INSFORGE_BASE_URL={url} INSFORGE_API_KEY={API_KEY}"),
            "Ctrl-C ends it.".to_owned(),
        ]
    }
}
