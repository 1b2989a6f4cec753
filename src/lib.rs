//! `insforge`: administer the payments of an InsForge backend from a terminal, a script or a coding agent.
//!
//! The library exists for the binary of the same name. Its modules are in layers, and a test checks that each imports from
//! lower layers only:
//!
//! | layer | modules | what they are |
//! |---|---|---|
//! | 5 | `cli` `commands` | the command line and its commands |
//! | 4 | `runner` | runs commands: confirmation, requests, output, errors |
//! | 3 | `catalog` `approval` | the catalog as code, and a person's approval of a change |
//! | 2 | `api` `settings` `ui` | the backend's API, where its address and key come from, what the user sees |
//! | 1 | `wire` `error` `secret` `env` `input` `files` `interrupt` | the backend's types, failures, and other small things with their rules |

mod api;
mod approval;
mod catalog;
mod cli;
mod commands;
mod env;
mod error;
mod files;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;
mod input;
mod interrupt;
mod runner;
mod secret;
mod settings;
mod ui;
mod wire;

use std::ffi::OsString;

pub use error::{Code, Exit, Failure, Mistake};
#[cfg(feature = "sandbox")]
pub use insforge_sandbox as sandbox;

/// Runs a command line, which starts with the program's name. Returns the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    secret::prevent_core_dumps();
    let exit = run_until_exit(&args.into_iter().collect::<Vec<_>>());
    secret::forget();
    exit
}

fn run_until_exit(args: &[OsString]) -> Exit {
    // A signal may end completion silently.
    if args.get(1).is_none_or(|first| first != "--") {
        interrupt::handle();
    }
    let env = env::ProcessEnv::read();
    if let Some(exit) = cli::complete(args, &env).or_else(|| runner::filter_in_own_process(args, &env)) {
        return exit;
    }
    interrupt::handle();
    runner::remember_secret_arguments(args);
    let pre_parse = cli::PreParse::read(args, &env);
    let stderr = pre_parse.stderr(&env);
    runner::report_panics(stderr, args.to_vec());
    runner::report_interrupts(stderr, args.to_vec());
    let outcome = cli::run(args, env, &pre_parse);
    interrupt::end_run();
    outcome.unwrap_or_else(|error| runner::report(&error, stderr, args))
}

/// The complete command tree, laid out as in the help. For man pages and documentation.
pub fn command() -> clap::Command {
    cli::command()
}
