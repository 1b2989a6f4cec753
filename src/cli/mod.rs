//! The command line: the root of the command tree, the global options ([`global`]), shell completion ([`complete`]) and
//! usage errors ([`usage`]). [`version`] is `--version`. [`pre_parse`] reads how to show errors, before the arguments are parsed.

mod complete;
mod global;
mod hyphen_values;
mod pre_parse;
#[cfg(feature = "sandbox")]
mod sandbox;
mod usage;
mod version;

use std::ffi::OsString;

use anyhow::{Context, Result};
use clap::builder::StyledStr;
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};

pub(crate) use complete::complete;
pub(crate) use pre_parse::PreParse;

use crate::commands::{RenderedDocument, Root, with_help_layout};
use crate::env::ProcessEnv;
use crate::error::Exit;
use crate::interrupt;
use crate::runner::{invalidate_completion_cache, print, show_json};
use crate::ui::{Stderr, ask, with_wrapped_usage};
use global::Global;

/// Administer the payments of an InsForge backend.
#[derive(Parser)]
#[command(
    name = "insforge",
    // The help would have the name of the file: `insforge.exe`.
    bin_name = "insforge",
    version,
    disable_version_flag = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "More help: `insforge help COMMAND`, and the topics exit-codes, environment, output, errors \
                  and agents, as in `insforge help output`. For programs: `insforge help --json`."
)]
struct Cli {
    /// Print the version; with -v also the commit, target and features; with --json as JSON
    #[arg(short = 'V', long, action = clap::ArgAction::Version)]
    version: Option<bool>,
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
    if let Some(printed) = version::print_if_requested(args, &env) {
        return printed;
    }
    let parsed = Cli::parsed(args);
    // Only after an error, because this needs the whole command tree.
    let is_refused = parsed.as_ref().is_err_and(clap::Error::use_stderr);
    let joined = is_refused.then(|| hyphen_values::joined(&command(), args)).flatten();
    let (parsed, parsed_args) = match &joined {
        Some(joined) => (Cli::parsed(joined), joined.as_slice()),
        None => (parsed, args),
    };
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return handle_parse_error(&error, parsed_args, pre_parse, &env),
    };
    let action = match cli.command {
        Root::Action(action) => action,
        // Help prints even if another option or the environment is invalid.
        Root::Document(document) => {
            let colors = pre_parse.colors_on_stdout(&env);
            match document.render(Cli::command(), colors, env.stdout_width, cli.global.wants_json())? {
                RenderedDocument::Text(text) => return print(&text),
                RenderedDocument::Json(json) => show_json(&json, &cli.global.output_options(&env)?, &env)?,
            }
            return Ok(Exit::Done);
        }
    };
    #[cfg(feature = "sandbox")]
    let flag = cli.global.sandbox;
    let mut ctx = cli.global.into_ctx(env, pre_parse)?;
    ctx.args = args.to_vec();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("Cannot start the asynchronous runtime")?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            // First, so that a signal that came earlier ends the run before the command starts.
            biased;
            end = interrupt::received() => {
                ask::restore_terminal();
                end.map_err(|failure| (*failure).into())
            }
            outcome = async {
                #[cfg(feature = "sandbox")]
                let _sandbox = sandbox::start_if_requested(flag, &action, &ctx).await?;
                action.run(&ctx).await
            } => outcome,
        }
    });
    if let Some(server) = ctx.approval_server.get() {
        runtime.block_on(server.linger());
    }
    // An interrupted prompt still waits for its answer on a blocking thread.
    runtime.shutdown_background();
    invalidate_completion_cache(&ctx);
    outcome
}

/// Prints help or the version on stdout, which clap reports as errors. Everything else is a usage error.
fn handle_parse_error(
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
            let text = with_wrapped_usage(text.trim_end(), env.stdout_width);
            print(format!("{}\n", text.trim_end()).as_bytes())
        }
        ErrorKind::DisplayVersion => print(error.render().to_string().as_bytes()),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !pre_parse.json => {
            let help = help(error, args).to_string();
            Stderr::plain(with_wrapped_usage(&help, env.stderr_width).trim_end());
            Ok(Exit::Usage)
        }
        _ => Err(usage::failure(error, args).into()),
    }
}

/// The requested help. It parses again with the help layout, because building the layout takes time that other runs save.
fn help(error: &clap::Error, args: &[OsString]) -> StyledStr {
    let laid_out = with_help_layout(Cli::command()).try_get_matches_from(args).err();
    laid_out.as_ref().unwrap_or(error).render()
}
