//! The command line: global flags, the root of the tree, and what is read from argv before it is parsed.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, ValueEnum};

use crate::command::{Ctx, Output};
use crate::commands::Root;
use crate::error::{Exit, Failure};
use crate::facts::Facts;
use crate::settings::{Asked, KeyFlag};
use crate::ui::{Look, Stderr, ask};

/// How often a request is sent again unless somebody says otherwise: the backend tries Stripe twice itself.
const RETRIES: u32 = 2;
const MOST_RETRIES: u32 = 10;

/// Administer the payments of an InsForge backend.
#[derive(Parser)]
#[command(
    name = "insforge",
    version,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "Exit codes, environment variables and output formats: `insforge help exit-codes`, \
                  `insforge help environment`, `insforge help output`."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Root,
}

/// The flags that every command takes, before it or after it.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// Write the result as JSON: the backend's own body; the same as `-o json`
    #[arg(long, global = true, overrides_with = "json")]
    json: bool,
    /// How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]
    #[arg(short, long, global = true, value_name = "FORMAT")]
    output: Option<Output>,
    /// No notes on stderr; the result still prints
    #[arg(short, long, global = true, overrides_with = "quiet")]
    quiet: bool,
    /// Answer every confirmation with yes
    #[arg(short, long, global = true, overrides_with = "yes")]
    yes: bool,
    /// Never ask; a missing value is an error that names its flag [env: CI]
    #[arg(long, global = true, overrides_with = "no_input")]
    no_input: bool,
    /// The backend's address [env: INSFORGE_BASE_URL, then INSFORGE_URL]
    #[arg(long, global = true, value_name = "URL")]
    api_url: Option<String>,
    /// Read the project's API key from stdin [env: INSFORGE_API_KEY has the key itself]
    #[arg(long, global = true, conflicts_with = "api_key_file", overrides_with = "api_key_stdin")]
    api_key_stdin: bool,
    /// Read the project's API key from a file [env: INSFORGE_API_KEY_FILE]
    #[arg(long, global = true, value_name = "PATH")]
    api_key_file: Option<PathBuf>,
    /// Which stored login to use [env: INSFORGE_PROFILE]
    #[arg(short, long, global = true, value_name = "NAME")]
    profile: Option<String>,
    /// Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<Duration>,
    /// Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=i64::from(MOST_RETRIES)))]
    retries: Option<u32>,
    /// When to use colours [env: NO_COLOR, CLICOLOR_FORCE]
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
    /// Tell every request, answer and wait on stderr, secrets masked [env: INSFORGE_LOG]
    #[arg(short, long, global = true, overrides_with = "verbose")]
    verbose: bool,
    /// What the caller does this for; shown beside a confirmation
    #[arg(long, global = true, hide = true, value_name = "TEXT")]
    reason: Option<String>,
    /// What the caller expects of it; shown beside a confirmation
    #[arg(long, global = true, hide = true, value_name = "TEXT")]
    impact: Option<String>,
    /// What the caller recommends; shown beside a confirmation
    #[arg(long, global = true, hide = true, value_name = "TEXT")]
    recommendation: Option<String>,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    fn wanted(self, terminal: bool, facts: &Facts) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if facts.var("NO_COLOR").is_some() => false,
            Self::Auto if facts.switch("CLICOLOR_FORCE") => true,
            Self::Auto => terminal && facts.var("TERM") != Some("dumb"),
        }
    }
}

/// What must be known before argv is parsed, because it says how a parsing error is shown.
pub(crate) struct Early {
    json: bool,
    color: Color,
}

impl Early {
    /// Looks through argv and environment. Whatever makes no sense here is an error of the parser's later.
    pub(crate) fn read(args: &[OsString], facts: &Facts) -> Self {
        let mut output = facts.var("INSFORGE_OUTPUT").map(str::to_owned);
        let mut color = None;
        let words: Vec<String> = args.iter().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
        let mut rest = words.iter().map(String::as_str).take_while(|word| *word != "--");
        while let Some(word) = rest.next() {
            // Short switches may stand before `o` in one word: `-qo json`.
            let short = word.strip_prefix('-').map(|word| word.trim_start_matches(['q', 'y', 'v']));
            match (word, short) {
                ("--json", _) => output = Some("json".into()),
                ("--output", _) | (_, Some("o")) => output = rest.next().map(str::to_owned),
                ("--color", _) => color = rest.next().map(str::to_owned),
                (long, _) if long.starts_with("--") => match long.split_once('=') {
                    Some(("--output", value)) => output = Some(value.to_owned()),
                    Some(("--color", value)) => color = Some(value.to_owned()),
                    _ => {}
                },
                (_, Some(short)) if short.starts_with('o') => {
                    output = Some(short[1..].trim_start_matches('=').to_owned());
                }
                _ => {}
            }
        }
        Self {
            json: output.as_deref() == Some("json"),
            color: color.and_then(|word| Color::from_str(&word, false).ok()).unwrap_or_default(),
        }
    }

    /// The stream that errors go to.
    pub(crate) fn stderr(&self, facts: &Facts) -> Stderr {
        let colors = self.color.wanted(facts.stderr_terminal, facts);
        Stderr { json: self.json, colors, ..Stderr::default() }
    }
}

/// The whole tree.
pub(crate) fn command() -> clap::Command {
    Cli::command()
}

/// Parses and runs a command line.
pub(crate) fn run(args: Vec<OsString>, facts: Facts, early: &Early) -> Result<Exit> {
    let parsed =
        Cli::command().try_get_matches_from(args).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return without_command(&error, early, &facts),
    };
    let root = cli.command;
    let ctx = cli.global.into_ctx(facts, early)?;
    if !root.is_async() {
        return root.run_at_once(&ctx);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("Cannot start the asynchronous runtime")?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = root.run(&ctx) => outcome,
            _ = tokio::signal::ctrl_c() => {
                ask::restore_terminal();
                Ok(Exit::Interrupted)
            }
        }
    });
    // A question that was interrupted still waits for its answer on a thread of its own.
    runtime.shutdown_background();
    outcome
}

/// What clap answers by itself: help and version on stdout, everything else is a usage error.
fn without_command(error: &clap::Error, early: &Early, facts: &Facts) -> Result<Exit> {
    let colors = early.color.wanted(facts.stdout_terminal, facts);
    let rendered = error.render();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let text = if colors { rendered.ansi().to_string() } else { rendered.to_string() };
            let mut out = std::io::stdout().lock();
            out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("Cannot write the help")?;
            Ok(Exit::Done)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !early.json => {
            Stderr::plain(rendered.to_string().trim_end());
            Ok(Exit::Usage)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Err(Failure::usage("A command is missing").hint("`insforge --help` lists them").into())
        }
        _ => Err(usage(&rendered.to_string()).into()),
    }
}

/// clap's message, cut into what, why and hint.
fn usage(rendered: &str) -> Failure {
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
    let failure = Failure::usage(what).hint(tip.unwrap_or_else(|| "--help says what there is".to_owned()));
    if lines.is_empty() { failure } else { failure.why(lines.join("\n  ")) }
}

impl Global {
    fn into_ctx(self, facts: Facts, early: &Early) -> Result<Ctx> {
        let output = self.output(&facts)?;
        let verbose = self.verbose || facts.switch("INSFORGE_LOG");
        let stderr = Stderr { quiet: self.quiet, verbose, ..early.stderr(&facts) };
        let look = Look { columns: facts.columns, colors: self.color.wanted(facts.stdout_terminal, &facts) };
        let key = match (self.api_key_stdin, self.api_key_file) {
            (true, _) => Some(KeyFlag::Stdin),
            (false, path) => path.map(KeyFlag::File),
        };
        let silent = self.no_input || facts.switch("CI") || output == Output::Json;
        let interactive = !silent && facts.stdin_terminal && facts.stderr_terminal;
        let timeout = self.timeout.map_or_else(|| timeout_from(&facts), |timeout| Ok(Some(timeout)))?;
        let retries = self.retries.map_or_else(|| retries_from(&facts), Ok)?;
        let asked = Asked { api_url: self.api_url, key, profile: self.profile };
        let mut ctx = Ctx::new(facts, asked, output, look, stderr);
        ctx.interactive = interactive;
        ctx.yes = self.yes;
        ctx.caller_says = [self.reason, self.impact, self.recommendation].into_iter().flatten().collect();
        ctx.timeout = timeout;
        ctx.retries = retries;
        Ok(ctx)
    }

    fn output(&self, facts: &Facts) -> Result<Output, Failure> {
        match (self.json, self.output) {
            (true, Some(other)) if other != Output::Json => {
                Err(Failure::usage("--json and another --output contradict each other")
                    .hint("give one of them"))
            }
            (true, _) => Ok(Output::Json),
            (false, Some(output)) => Ok(output),
            (false, None) => facts.var("INSFORGE_OUTPUT").map_or(Ok(Output::default()), |word| {
                Output::from_str(word, false).map_err(|_| {
                    Failure::usage(format!("INSFORGE_OUTPUT is `{word}`"))
                        .hint("set it to table, json or ids")
                })
            }),
        }
    }
}

fn timeout_from(facts: &Facts) -> Result<Option<Duration>, Failure> {
    let parse = |text| {
        parse_duration(text).map_err(|_| {
            Failure::usage(format!("INSFORGE_TIMEOUT is `{text}`"))
                .hint("set it to a duration such as 30s or 5m")
        })
    };
    facts.var("INSFORGE_TIMEOUT").map(parse).transpose()
}

fn retries_from(facts: &Facts) -> Result<u32, Failure> {
    let Some(text) = facts.var("INSFORGE_RETRIES") else { return Ok(RETRIES) };
    text.parse().ok().filter(|retries| *retries <= MOST_RETRIES).ok_or_else(|| {
        Failure::usage(format!("INSFORGE_RETRIES is `{text}`")).hint("set it to a number from 0 to 10")
    })
}

/// A duration as people write it: `30s`, `1m30s`, `500ms`, or a number of seconds.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let parsed = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => text
            .parse::<jiff::SignedDuration>()
            .ok()
            .and_then(|duration| Duration::try_from(duration).ok())
            .ok_or("write a duration such as 30s, 5m or 500ms")?,
    };
    if parsed.is_zero() {
        Err("a deadline of nothing is over before it begins".to_owned())
    } else {
        Ok(parsed)
    }
}
