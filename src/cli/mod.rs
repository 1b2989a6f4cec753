//! The command line: the root of the tree, [`pre_parse`] what is read from argv before it is parsed, [`global`] the flags
//! that every command takes, [`complete`] what it could go on with while somebody types it.

mod complete;
mod global;
mod pre_parse;
#[cfg(feature = "sandbox")]
mod sandbox;
mod usage;

use std::ffi::OsString;
use std::io::Write;

use anyhow::{Context, Result};
use clap::builder::StyledStr;
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};

pub(crate) use complete::complete;
pub(crate) use pre_parse::PreParse;

use crate::commands::{Rendered, Root, with_help_layout};
use crate::env::ProcessEnv;
use crate::error::Exit;
use crate::runner::{Ctx, Ending, outdate, show_known};
use crate::ui::{Stderr, ask};
use global::Global;

/// Administer the payments of an InsForge backend.
#[derive(Parser)]
#[command(
    name = "insforge",
    version,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "Exit codes, environment variables and output formats: `insforge help exit-codes`, \
                  `insforge help environment`, `insforge help output`, `insforge help errors`. For \
                  programs: `insforge help agents`, `insforge help --json`, `insforge explain`."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Root,
}

impl Cli {
    fn parsed(args: &[OsString]) -> Result<Self, clap::Error> {
        Self::command().try_get_matches_from(args).and_then(|matches| Self::from_arg_matches(&matches))
    }
}

/// The complete tree, laid out as in the help.
pub(crate) fn command() -> clap::Command {
    let mut tree = with_help_layout(Cli::command());
    tree.build();
    tree
}

/// Parses and runs a command line.
pub(crate) fn run(args: &[OsString], env: ProcessEnv, pre_parse: &PreParse) -> Result<Exit> {
    // What scripts ask to find out whether it is there: the tree of commands is not needed for it.
    if let [_, only] = args
        && (only == "--version" || only == "-V")
    {
        return print(format!("insforge {}\n", env!("CARGO_PKG_VERSION")).as_bytes());
    }
    let cli = match Cli::parsed(args) {
        Ok(cli) => cli,
        Err(error) => return without_command(&error, args, pre_parse, &env),
    };
    let work = match cli.command {
        Root::Work(work) => work,
        // Whoever needs help gets it, whatever else is wrong with flags or environment.
        Root::Text(text) => {
            let colors = pre_parse.colors_on_stdout(&env);
            match text.render(Cli::command(), colors, cli.global.wants_json())? {
                Rendered::Text(text) => return print(&text),
                Rendered::Json(json) => show_known(&json, &cli.global.form(&env)?, &env)?,
            }
            return Ok(Exit::Done);
        }
    };
    #[cfg(feature = "sandbox")]
    let flag = cli.global.sandbox;
    let mut ctx = cli.global.into_ctx(env, pre_parse)?;
    ctx.args = args.to_vec();
    #[cfg(feature = "sandbox")]
    if work.is_around_a_command() {
        ctx.ending.set(Ending::IsTheCommands);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("Cannot start the asynchronous runtime")?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            // First, so that it listens before anything else begins.
            biased;
            exit = ended(&ctx) => exit,
            outcome = async {
                #[cfg(feature = "sandbox")]
                let _answers = sandbox::start_if_requested(flag, &work, &ctx).await?;
                work.run(&ctx).await
            } => outcome,
        }
    });
    // A question that was interrupted still waits for its answer on a thread of its own.
    runtime.shutdown_background();
    outdate(&ctx);
    outcome
}

/// What comes of being told to end.
async fn ended(ctx: &Ctx) -> Result<Exit> {
    #[cfg(feature = "sandbox")]
    if matches!(ctx.ending.get(), Ending::IsTheCommands) {
        return std::future::pending().await;
    }
    told_to_end().await;
    match ctx.ending.get() {
        Ending::CutsOff => {
            ask::restore_terminal();
            ctx.interrupted().map_or(Ok(Exit::Interrupted), |failure| Err(failure.into()))
        }
        Ending::Completes => Ok(Exit::Done),
        #[cfg(feature = "sandbox")]
        Ending::IsTheCommands => std::future::pending().await,
    }
}

/// Ctrl-C, or what a supervisor sends instead.
async fn told_to_end() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    // Where it cannot be listened for, it ends the process by itself.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// What the parser answers by itself: help and version on stdout. Everything else is a usage error.
fn without_command(
    error: &clap::Error,
    args: &[OsString],
    pre_parse: &PreParse,
    env: &ProcessEnv,
) -> Result<Exit> {
    match error.kind() {
        ErrorKind::DisplayHelp => {
            let help = help(error, args);
            let colors = pre_parse.colors_on_stdout(env);
            let text = if colors { help.ansi().to_string() } else { help.to_string() };
            print(format!("{}\n", text.trim_end()).as_bytes())
        }
        ErrorKind::DisplayVersion => print(error.render().to_string().as_bytes()),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !pre_parse.json => {
            Stderr::plain(help(error, args).to_string().trim_end());
            Ok(Exit::Usage)
        }
        _ => Err(usage::failure(error, args).into()),
    }
}

/// The help that was asked for. The parser is asked again, now with the layout, which costs time that other runs save.
fn help(error: &clap::Error, args: &[OsString]) -> StyledStr {
    let again = with_help_layout(Cli::command()).try_get_matches_from(args).err();
    again.as_ref().unwrap_or(error).render()
}

fn print(text: &[u8]) -> Result<Exit> {
    let mut out = std::io::stdout().lock();
    out.write_all(text).and_then(|()| out.flush()).context("Cannot write the text")?;
    Ok(Exit::Done)
}
