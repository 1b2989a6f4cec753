//! Completion of a command line. The scripts of `insforge completion` call this program at every Tab, as
//! `COMPLETE=<shell> insforge -- <words>`.
//!
//! Completion prints nothing on stderr, asks nothing and waits only briefly. After any failure there are no candidates.

mod candidates;
mod line;
mod shell;

use std::ffi::OsString;
use std::sync::Arc;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_complete::engine::{self, CompletionCandidate};

use crate::cli::Cli;
use crate::env::ProcessEnv;
use crate::error::Exit;
use crate::runner::print;
use candidates::{ParsedLine, attach};
use line::CommandLine;

/// Prints the candidates if a shell asks for them. `COMPLETE` may be set for another program, so the arguments have to
/// start with `--` too; no command does.
pub(crate) fn complete(args: &[OsString], env: &ProcessEnv) -> Option<Exit> {
    let [_, escape, words @ ..] = args else { return None };
    if escape != "--" {
        return None;
    }
    let shell: Shell = env.var("COMPLETE")?.parse().ok()?;
    // A panic message would appear in the middle of the user's line.
    std::panic::set_hook(Box::new(|_| std::process::exit(0)));
    let line = CommandLine::new(shell, words, env);
    let candidates = candidates(&line, env).unwrap_or_default();
    // If the shell is gone, it needs no candidates.
    let _ = print(shell::render(shell, &candidates, &line, env).as_bytes());
    Some(Exit::Done)
}

fn candidates(line: &CommandLine, env: &ProcessEnv) -> Option<Vec<CompletionCandidate>> {
    let before = line.words.get(..line.index)?;
    let mut tree = Cli::command().ignore_errors(true);
    let matches = tree.try_get_matches_from_mut(before).ok()?;
    let parsed = ParsedLine::new(&tree, &matches, env)?;
    let mut tree = attach(tree, &Arc::new(parsed));
    let directory = env.directory.as_deref();
    let all = engine::complete(&mut tree, line.words.clone(), line.index, directory);
    let mut all = all.ok()?;
    // Every command has two dozen flags. They appear once the user types a dash, or if nothing else fits.
    let is_flag =
        |candidate: &CompletionCandidate| candidate.get_value().as_encoded_bytes().starts_with(b"-");
    if !line.is_typing_flag() && !all.iter().all(is_flag) {
        all.retain(|candidate| !is_flag(candidate));
    }
    Some(all)
}
