//! `insforge`: administer the payments of an InsForge backend from a terminal, a script or a coding agent.
//!
//! The library exists for the binary of the same name. Its layers, from the top; each imports downward only, which
//! a test enforces:
//!
//! | layer | modules | what they are |
//! |---|---|---|
//! | 4 | `cli` `commands` | the command line, what each command is and does, how errors are told |
//! | 3 | `runner` `catalog` | what a command is, the one place that runs them, what asks before it writes; catalog as code |
//! | 2 | `api` `settings` `ui` | the backend, where its address and key come from, what the user sees |
//! | 1 | `wire` `error` `secret` `env` `files` | small values with their rules; whole files or none |

mod api;
mod catalog;
mod cli;
mod commands;
mod env;
mod error;
mod files;
mod runner;
mod secret;
mod settings;
mod ui;
mod wire;

use std::ffi::OsString;

pub use error::{Code, Exit, Failure};
#[cfg(feature = "sandbox")]
pub use insforge_sandbox as sandbox;

/// Runs a command line, the program's name first, and gives the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let env = env::ProcessEnv::read();
    if let Some(exit) = cli::complete(&args, &env).or_else(|| runner::filter_in_own_process(&args, &env)) {
        return exit;
    }
    let pre_parse = cli::PreParse::read(&args, &env);
    let stderr = pre_parse.stderr(&env);
    runner::report_panics(stderr, args.clone());
    cli::run(&args, env, &pre_parse).unwrap_or_else(|error| runner::report(&error, stderr, &args))
}

/// The complete command tree, laid out as in the help. For man pages and documentation.
pub fn command() -> clap::Command {
    cli::command()
}
