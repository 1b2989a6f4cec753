//! The global options, and the settings that follow from them and the environment.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::approval::{ApprovalOptions, Brief};
use crate::cli::pre_parse::{Color, PreParse};
use crate::env::ProcessEnv;
use crate::error::Failure;
use crate::runner::{Completes, Ctx, Output, OutputOptions};
use crate::settings::{ConnectionFlags, KeyFlag};
use crate::ui::{Columns, Filter, Stderr, TerminalStyle, Verbosity, cut};
use crate::wire::parse_duration;

/// The default number of replays of a request. The backend itself asks Stripe twice.
const RETRIES: u32 = 2;
const MAX_RETRIES: u32 = 10;

/// Options that every command takes, before or after its name.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// JSON output: the backend's own response, same as `-o json`
    #[arg(long, global = true, overrides_with = "json")]
    json: bool,
    /// Output format [env: INSFORGE_OUTPUT] [default: table]
    #[arg(short, long, global = true, value_name = "FORMAT")]
    output: Option<Output>,
    /// jq filter for the JSON output, such as '.prices[].priceId'; strings print without quotes
    #[arg(long, global = true, value_name = "FILTER")]
    jq: Option<String>,
    /// Columns of the table or CSV to show, such as name,active
    #[arg(long, global = true, value_name = "NAMES", add = Completes::Columns)]
    columns: Option<Columns>,
    /// No notes on stderr; the result still prints
    #[arg(short, long, global = true, overrides_with = "quiet")]
    quiet: bool,
    /// Confirmation of every write, without a prompt
    #[arg(short, long, global = true, overrides_with = "yes")]
    yes: bool,
    /// Print the request that a write would send, and send nothing
    #[arg(long, global = true, overrides_with = "dry_run")]
    dry_run: bool,
    /// No prompts and no spinner; a missing value is an error that names its option [env: CI]
    #[arg(long, global = true, overrides_with = "no_input")]
    no_input: bool,
    /// Address of the backend [env: INSFORGE_BASE_URL, then INSFORGE_URL]
    #[arg(long, global = true, value_name = "URL")]
    api_url: Option<String>,
    /// Project API key from stdin [env: INSFORGE_API_KEY, the key itself]
    #[arg(long, global = true, conflicts_with = "api_key_file", overrides_with = "api_key_stdin")]
    api_key_stdin: bool,
    /// Project API key from a file [env: INSFORGE_API_KEY_FILE]
    #[arg(long, global = true, value_name = "PATH")]
    api_key_file: Option<PathBuf>,
    /// Name of the stored login to use [env: INSFORGE_PROFILE]
    #[arg(short, long, global = true, value_name = "NAME", add = Completes::Profiles)]
    profile: Option<String>,
    /// Built-in sandbox as the backend; needs no account [env: INSFORGE_SANDBOX]
    #[cfg(feature = "sandbox")]
    #[arg(long, global = true, overrides_with = "sandbox")]
    pub(super) sandbox: bool,
    /// Time limit of the command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; 5m for commands that sync]
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<Duration>,
    /// Maximum number of retries of a request, when a retry is safe [env: INSFORGE_RETRIES] [default: 2]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_RETRIES)))]
    retries: Option<u32>,
    /// When to use colors [env: NO_COLOR, CLICOLOR_FORCE]
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
    /// Requests, responses and waits on stderr, with secrets masked; -vv adds headers and bodies [env: INSFORGE_LOG]
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Why you make the change, for the person who confirms or approves it [env: INSFORGE_GUARD_SUMMARY]
    #[arg(long, global = true, value_name = "TEXT")]
    reason: Option<String>,
    /// What and who the change affects, for the same person [env: INSFORGE_GUARD_IMPACT]
    #[arg(long, global = true, value_name = "TEXT")]
    impact: Option<String>,
    /// What you would answer, for the same person [env: INSFORGE_GUARD_RECOMMENDATION]
    #[arg(long, global = true, value_name = "TEXT")]
    recommendation: Option<String>,
    /// Ask a person to approve this write, even if nothing else requires it; REASON is used if --reason is not given
    #[arg(long, global = true, value_name = "REASON", num_args = 0..=1, default_missing_value = "")]
    flag_destructive: Option<String>,
}

impl Global {
    /// Whether the command line requests JSON. INSFORGE_OUTPUT does not count, so that help stays readable.
    pub(super) fn wants_json(&self) -> bool {
        self.json || self.jq.is_some() || self.output.is_some_and(Output::is_json)
    }

    /// Whether the command line has `-v`.
    pub(super) const fn is_verbose(&self) -> bool {
        self.verbose > 0
    }

    pub(super) fn into_ctx(self, env: ProcessEnv, pre_parse: &PreParse) -> Result<Ctx> {
        env.check_utf8("INSFORGE_")?;
        let output = self.output_options(&env)?;
        let verbosity = verbosity(self.verbose).max(verbosity_from(&env)?);
        let stderr = Stderr { quiet: self.quiet, verbosity, ..pre_parse.stderr(&env) };
        let style =
            TerminalStyle { width: env.stdout_width, colors: self.color.is_enabled(env.stdout_colors, &env) };
        let key = match (self.api_key_stdin, self.api_key_file) {
            (true, _) => Some(KeyFlag::Stdin),
            (false, path) => path.map(KeyFlag::File),
        };
        let no_input = self.no_input || env.is_enabled("CI");
        let silent = no_input || output.output.is_json();
        let interactive = !silent && env.stdin_terminal && env.stderr_terminal;
        let timeout = self.timeout.map_or_else(|| timeout_from(&env), |timeout| Ok(Some(timeout)))?;
        let retries = self.retries.map_or_else(|| retries_from(&env), Ok)?;
        let flags = ConnectionFlags {
            api_url: self.api_url,
            key,
            profile: self.profile,
            ..ConnectionFlags::default()
        };
        let brief = Brief::new(self.reason, self.impact, self.recommendation);
        let approval = ApprovalOptions::new(brief, self.flag_destructive, &env)?;
        let mut ctx = Ctx::new(env, flags, output, style, stderr);
        ctx.interactive = interactive;
        ctx.no_input = no_input;
        ctx.yes = self.yes;
        ctx.dry_run = self.dry_run;
        ctx.approval = approval;
        ctx.timeout = timeout;
        ctx.retries = retries;
        Ok(ctx)
    }

    /// How the result is written.
    pub(super) fn output_options(&self, env: &ProcessEnv) -> Result<OutputOptions, Failure> {
        let named = match (self.json, self.output) {
            (true, Some(other)) if other != Output::Json => {
                return Err(
                    Failure::usage("--json cannot be used with another --output").hint("use one of them")
                );
            }
            (true, _) => Some(Output::Json),
            (false, output) => output,
        };
        let preferred = env.var("INSFORGE_OUTPUT").map_or(Ok(Output::default()), |word| {
            Output::from_str(word, false).map_err(|_| {
                Failure::usage(format!("Invalid INSFORGE_OUTPUT '{}'", cut(word)))
                    .hint("set it to table, json, jsonl, csv or ids")
            })
        });
        // A value that an option overrides is not checked.
        let preferred = if named.is_some() { Output::default() } else { preferred? };
        let filter = self.jq.as_deref().map(|text| Filter::new(text, env)).transpose()?;
        OutputOptions::new(named, preferred, self.columns.clone(), filter)
    }
}

const fn verbosity(flags: u8) -> Verbosity {
    match flags {
        0 => Verbosity::Nothing,
        1 => Verbosity::Requests,
        _ => Verbosity::Everything,
    }
}

/// The levels have the names that other programs use. Errors and warnings always print.
fn verbosity_from(env: &ProcessEnv) -> Result<Verbosity, Failure> {
    let Some(word) = env.var("INSFORGE_LOG").map(str::trim) else { return Ok(Verbosity::Nothing) };
    match word.to_ascii_lowercase().as_str() {
        "" | "off" | "error" | "warn" | "0" | "no" | "false" => Ok(Verbosity::Nothing),
        "info" | "1" | "yes" | "true" | "on" => Ok(Verbosity::Requests),
        "debug" | "trace" => Ok(Verbosity::Everything),
        _ => Err(Failure::usage(format!("Invalid INSFORGE_LOG '{}'", cut(word)))
            .hint("set it to off, info or debug")),
    }
}

fn timeout_from(env: &ProcessEnv) -> Result<Option<Duration>, Failure> {
    let parse = |text| {
        parse_duration(text).map_err(|_| {
            Failure::usage(format!("Invalid INSFORGE_TIMEOUT '{}'", cut(text)))
                .hint("set it to a duration such as 30s or 5m")
        })
    };
    env.var("INSFORGE_TIMEOUT").map(parse).transpose()
}

fn retries_from(env: &ProcessEnv) -> Result<u32, Failure> {
    let Some(text) = env.var("INSFORGE_RETRIES") else { return Ok(RETRIES) };
    text.parse().ok().filter(|retries| *retries <= MAX_RETRIES).ok_or_else(|| {
        Failure::usage(format!("Invalid INSFORGE_RETRIES '{}'", cut(text)))
            .hint("set it to a number from 0 to 10")
    })
}
