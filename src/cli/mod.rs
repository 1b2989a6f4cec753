//! The command line: the root of the tree, [`pre_parse`] what is read from argv before it is parsed, [`global`] the flags
//! that every command takes, [`complete`] what it could go on with while somebody types it.

mod complete;
mod global;
mod pre_parse;
#[cfg(feature = "sandbox")]
mod sandbox;

use std::ffi::OsString;
use std::io::Write;

use anyhow::{Context, Result};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser};

pub(crate) use complete::complete;
pub(crate) use pre_parse::PreParse;

use crate::commands::{Deferred, Rendered, Root, with_named_only};
use crate::env::ProcessEnv;
use crate::error::{Exit, Failure};
use crate::runner::{Ctx, Ending, outdate, show_json};
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
    command: Deferred<Root>,
}

impl Cli {
    fn parsed(args: &[OsString]) -> Result<Self, clap::Error> {
        Self::command().try_get_matches_from(args).and_then(|matches| Self::from_arg_matches(&matches))
    }
}

/// The whole tree, down to its last branch.
pub(crate) fn command() -> clap::Command {
    let mut tree = Cli::command();
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
    // Nearly always it is enough; where not, the whole tree says better why.
    let cli = match with_named_only(args, || Cli::parsed(args)).or_else(|_| Cli::parsed(args)) {
        Ok(cli) => cli,
        Err(error) => return without_command(&error, args, pre_parse, &env),
    };
    let work = match cli.command.0 {
        Root::Work(work) => work,
        // Whoever needs help gets it, whatever else is wrong with flags or environment.
        Root::Text(text) => {
            let colors = pre_parse.colors_on_stdout(&env);
            match text.render(command(), colors, cli.global.wants_json())? {
                Rendered::Text(text) => return print(&text),
                Rendered::Json(json) => show_json(&json, &cli.global.form(&env)?, &env)?,
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
                let _answers = sandbox::bring(flag, &work, &ctx).await?;
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

/// What clap answers by itself: help and version on stdout, everything else is a usage error.
fn without_command(
    error: &clap::Error,
    args: &[OsString],
    pre_parse: &PreParse,
    env: &ProcessEnv,
) -> Result<Exit> {
    let rendered = error.render();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let colors = pre_parse.colors_on_stdout(env);
            let text = if colors { rendered.ansi().to_string() } else { rendered.to_string() };
            print(text.as_bytes())
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !pre_parse.json => {
            Stderr::plain(rendered.to_string().trim_end());
            Ok(Exit::Usage)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            let hint = format!("`{} --help` lists them", command_in(args));
            Err(Failure::usage("A command is missing").hint(hint).into())
        }
        // Any word of it may be a key, in any form.
        _ if may_hold_a_key(args) => Err(Failure::usage("The command line makes no sense")
            .why("what is wrong with it is not told, because a word of it may be a key")
            .hint(format!("write it as {}; `{} --help` says more", usage_of(args), command_in(args)))
            .into()),
        _ => {
            let failure = usage(&rendered.to_string(), &command_in(args));
            let elsewhere = elsewhere(error).map(|elsewhere| format!("it is `{elsewhere}`"));
            Err(elsewhere.map_or(failure.clone(), |hint| failure.hint(hint)).into())
        }
    }
}

/// It is, or was meant as, `config set`.
fn may_hold_a_key(args: &[OsString]) -> bool {
    let behind = args.iter().skip_while(|word| *word != "config");
    behind.skip(1).any(|word| word.as_encoded_bytes().starts_with(b"set"))
}

fn print(text: &[u8]) -> Result<Exit> {
    let mut out = std::io::stdout().lock();
    out.write_all(text).and_then(|()| out.flush()).context("Cannot write the text")?;
    Ok(Exit::Done)
}

/// clap's message, cut into what, why and hint.
fn usage(rendered: &str, command: &str) -> Failure {
    let mut paragraphs = rendered.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
    let what = paragraphs.next().unwrap_or_default().trim_start_matches("error: ");
    let mut lines: Vec<&str> = what.lines().map(str::trim).collect();
    let what = lines.drain(..1.min(lines.len())).collect::<String>();
    let mut tip = None;
    for paragraph in paragraphs.filter(|text| !text.starts_with("For more information")) {
        match paragraph.strip_prefix("tip: ") {
            Some(text) => tip = Some(text.lines().next().unwrap_or_default().to_owned()),
            None => lines.extend(paragraph.lines().map(str::trim)),
        }
    }
    // clap suggests flags that are hidden, too.
    let tip =
        tip.filter(|tip| !["--reason", "--impact", "--recommendation"].iter().any(|flag| tip.contains(flag)));
    let failure =
        Failure::usage(what).hint(tip.unwrap_or_else(|| format!("`{command} --help` says what there is")));
    if lines.is_empty() { failure } else { failure.why(lines.join("\n")) }
}

/// The command that a command line means, as far as it goes: `insforge payments customers`.
fn command_in(args: &[OsString]) -> String {
    let names = names_in(&command(), args);
    std::iter::once("insforge").chain(names.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

/// How that command is written.
fn usage_of(args: &[OsString]) -> String {
    let mut tree = command();
    let names = names_in(&tree, args);
    let usage = usage_below(&mut tree, &names);
    usage.trim_start_matches("Usage:").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn usage_below(command: &mut clap::Command, names: &[String]) -> String {
    if let Some((name, rest)) = names.split_first()
        && let Some(next) = command.find_subcommand_mut(name)
    {
        return usage_below(next, rest);
    }
    command.render_usage().to_string()
}

/// Which commands its words name, one below the other.
fn names_in(tree: &clap::Command, args: &[OsString]) -> Vec<String> {
    let mut here = tree;
    let mut names = Vec::new();
    for word in args.iter().skip(1) {
        if let Some(next) = here.find_subcommand(word) {
            names.push(next.get_name().to_owned());
            here = next;
        }
    }
    names
}

/// Where there is a command of the name that was not found: under `payments`, or under one of its providers.
fn elsewhere(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let tree = command();
    let payments = tree.find_subcommand("payments")?;
    // Each provider has a status, and nothing else has.
    let providers = payments.get_subcommands().filter(|group| group.find_subcommand("status").is_some());
    std::iter::once(("insforge payments".to_owned(), payments))
        .chain(providers.map(|group| (format!("insforge payments {}", group.get_name()), group)))
        .find_map(|(path, group)| Some(format!("{path} {}", group.find_subcommand(name)?.get_name())))
}
