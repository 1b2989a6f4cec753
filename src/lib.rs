//! `insforge`: administer the payments of an InsForge backend from a terminal, a script or a coding agent.
//!
//! The library exists for the binary of the same name. Its floors, from the top; each imports downward only, which
//! a test enforces:
//!
//! | floor | modules | what they are |
//! |---|---|---|
//! | 4 | `cli` `report` `commands` | the command line, what each command is and does, how errors are told |
//! | 3 | `command` `guard` `catalog` | what a command is, the one place that runs them, what asks before it writes; catalog as code |
//! | 2 | `api` `settings` `ui` | the backend, where its address and key come from, what the user sees |
//! | 1 | `wire` `error` `secret` `facts` `files` | small values with their rules; whole files or none |

mod api;
mod catalog;
mod cli;
mod command;
mod commands;
mod error;
mod facts;
mod files;
mod guard;
mod report;
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
    let facts = facts::Facts::gather();
    if let Some(exit) = cli::complete(&args, &facts).or_else(|| command::filter_apart(&args, &facts)) {
        return exit;
    }
    let early = cli::Early::read(&args, &facts);
    let stderr = early.stderr(&facts);
    report::report_panics(stderr, args.clone());
    cli::run(&args, facts, &early).unwrap_or_else(|error| report::report(&error, stderr, &args))
}

/// The whole command tree, for completion scripts, man pages and documentation.
pub fn command() -> clap::Command {
    cli::command()
}
