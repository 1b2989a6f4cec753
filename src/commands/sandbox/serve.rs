use std::borrow::Cow;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::commands::sandbox::{FAULTS_HELP, SandboxArgs, displayed, state_file};
use crate::runner::{Command, CommandSpec, Ctx};
use crate::sandbox::{ANON_KEY, API_KEY, JWT_SECRET, Sandbox};
use crate::ui::{Column, Page, Section, Show, Tables, json_text};
use crate::wire::Generation;
use crate::wire::fields::Fields;

/// Serve the sandbox on a local port until Ctrl-C
///
/// It prints the address and the keys to use: the API key, the public key of the application, and the secret that signs
/// its users' tokens. It keeps its state in a file, which --sandbox and other sandboxes with the
/// same file share. With --verbose, it logs each request on stderr.
///
/// --forward-to sends the events that the backend receives to your application, too. If it does not respond with a status
/// from 200 to 299, the event is sent again after 1, 5 and 25 seconds.
///
/// The sandbox is for development only: its keys are public. It listens only on 127.0.0.1, and refuses requests for
/// other hosts unless --allow-host or --public-url names them.
#[derive(Args)]
#[command(after_long_help = FAULTS_HELP)]
#[command(add = CommandSpec::reads::<Self>("--json")
    .note("with --state, the state is kept in a file")
    .example_note("runs until it is stopped, then exits with 0"))]
pub(crate) struct Serve {
    /// State file; the default is the one of --sandbox
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

impl Command for Serve {
    type Reply = ServeReply;
    const HAS_IDS: bool = false;

    async fn run(&self, ctx: &Ctx) -> Result<Self::Reply> {
        let file = state_file(self.state.clone())?;
        let sandbox = self.sandbox.start(Some(file.clone()), None, ctx).await?;
        Ok(ServeReply { sandbox, state: displayed(&file), generation: self.sandbox.generation })
    }
}

/// A running sandbox and its settings.
pub(crate) struct ServeReply {
    sandbox: Sandbox,
    state: String,
    generation: Generation,
}

impl Show for ServeReply {
    const FIELDS: Fields = &["url", "apiKey", "anonKey", "jwtSecret", "state", "generation"];
    const TABLES: Tables = &[&[Column::label("Setting"), Column::new("Value")]];

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        json_text(&json!({
            "url": self.sandbox.url(),
            "apiKey": API_KEY,
            "anonKey": ANON_KEY,
            "jwtSecret": JWT_SECRET,
            "state": self.state,
            "generation": self.generation.to_string(),
        }))
    }

    fn page(&self) -> Page<'_> {
        let rows: [(&str, Cow<'_, str>); 6] = [
            ("Address", self.sandbox.url().into()),
            ("API key", API_KEY.into()),
            ("Anon key", ANON_KEY.into()),
            ("JWT secret", JWT_SECRET.into()),
            ("State", self.state.as_str().into()),
            ("Generation", self.generation.to_string().into()),
        ];
        Section::new(Self::TABLES[0], rows.into_iter().map(|(name, value)| vec![name.into(), value])).into()
    }

    fn notes(&self) -> Vec<String> {
        let url = self.sandbox.url();
        vec![
            "The sandbox is running. It is for development only: its keys are public.".to_owned(),
            "To use it in another terminal:".to_owned(),
            if cfg!(windows) {
                format!("  $env:INSFORGE_BASE_URL = '{url}'; $env:INSFORGE_API_KEY = '{API_KEY}'")
            } else {
                format!("  export INSFORGE_BASE_URL={url} INSFORGE_API_KEY={API_KEY}")
            },
            "For a user of your application: insforge sandbox token --user UUID".to_owned(),
            "Press Ctrl-C to stop it.".to_owned(),
        ]
    }
}
