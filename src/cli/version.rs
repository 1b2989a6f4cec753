//! `--version`, alone and with other options: `-v` shows how the program was built, and `--json` the same as an object.

use std::ffi::OsString;
use std::fmt::Write;

use anyhow::Result;
use clap::Parser;
use serde_json::{Value, json};

use crate::cli::global::Global;
#[cfg(feature = "sandbox")]
use crate::cli::sandbox;
use crate::env::ProcessEnv;
use crate::error::Exit;
use crate::runner::{print, show_json};

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Set by `build.rs`.
const TARGET: &str = env!("INSFORGE_TARGET");
/// A hash and a date, a hash alone, or nothing. Set by `build.rs`.
const COMMIT: &str = env!("INSFORGE_COMMIT");

/// A command line that only asks for the version. It needs no command tree.
#[derive(Parser)]
#[command(disable_version_flag = true)]
struct VersionArgs {
    #[command(flatten)]
    global: Global,
    #[arg(short = 'V', long, overrides_with = "version")]
    version: bool,
}

/// Prints the version if the command line asks for it with nothing but global options. `None` leaves it to the parser.
pub(super) fn print_if_requested(args: &[OsString], env: &ProcessEnv) -> Option<Result<Exit>> {
    // Scripts run this to find out whether the program is installed. It does not need the parser.
    if let [_, only] = args
        && (only == "--version" || only == "-V")
    {
        return Some(print(line().as_bytes()));
    }
    let may_request = |arg: &OsString| {
        let arg = arg.to_string_lossy();
        arg == "--version" || arg.starts_with('-') && !arg.starts_with("--") && arg.contains('V')
    };
    if !args.iter().skip(1).any(may_request) {
        return None;
    }
    let VersionArgs { global, version } = VersionArgs::try_parse_from(args).ok()?;
    version.then(|| {
        if global.wants_json() {
            show_json(&object(), &global.output_options(env)?, env)?;
            return Ok(Exit::Done);
        }
        print(if global.is_verbose() { details() } else { line() }.as_bytes())
    })
}

/// `insforge` and the version.
fn line() -> String {
    format!("insforge {VERSION}\n")
}

fn details() -> String {
    let (commit, date) = commit();
    let commit = commit.unwrap_or("unknown");
    let date = date.map(|date| format!(" ({date})")).unwrap_or_default();
    let features = features();
    let features = if features.is_empty() { "none".to_owned() } else { features.join(", ") };
    let mut text = line();
    let _ = write!(text, "commit: {commit}{date}\ntarget: {TARGET}\nfeatures: {features}\n");
    #[cfg(feature = "sandbox")]
    {
        let backends = sandbox::backends().map(|(generation, version)| format!("{version} ({generation})"));
        let _ = writeln!(text, "sandbox: {}, backend {}", sandbox::VERSION, backends.join(" and "));
    }
    text
}

/// The same as JSON. Fields without a value are null.
fn object() -> Value {
    let (commit, date) = commit();
    json!({
        "version": VERSION,
        "commit": commit,
        "commitDate": date,
        "target": TARGET,
        "features": features(),
        "sandbox": sandbox_object(),
    })
}

#[cfg(feature = "sandbox")]
fn sandbox_object() -> Value {
    let backends: serde_json::Map<_, _> =
        sandbox::backends().into_iter().map(|(generation, version)| (generation, version.into())).collect();
    json!({"version": sandbox::VERSION, "backends": backends})
}

#[cfg(not(feature = "sandbox"))]
const fn sandbox_object() -> Value {
    Value::Null
}

/// The hash and the date of the commit.
fn commit() -> (Option<&'static str>, Option<&'static str>) {
    let mut words = COMMIT.split_whitespace();
    (words.next(), words.next())
}

/// The features of this build.
fn features() -> Vec<&'static str> {
    let all = [("keyring", cfg!(feature = "keyring")), ("sandbox", cfg!(feature = "sandbox"))];
    all.into_iter().filter(|(_, enabled)| *enabled).map(|(name, _)| name).collect()
}
