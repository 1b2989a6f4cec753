//! What the command line that somebody types could go on with. The scripts of `completion --dynamic` ask for it with every
//! Tab: `COMPLETE=<shell> insforge -- <words>`.
//!
//! The line that is typed is not to be disturbed: nothing is written on stderr, nothing asks a question, nothing waits for
//! long, and whatever goes wrong is no candidates.

mod line;
mod look_up;
mod shell;
mod values;

use std::ffi::OsString;
use std::sync::Arc;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_complete::engine::{self, CompletionCandidate};

use crate::cli::{Cli, print};
use crate::env::ProcessEnv;
use crate::error::Exit;
use line::Line;
use values::Typed;

/// Completes, where a shell asks for that. A `COMPLETE` that is there for something else changes nothing: no command
/// begins with `--`.
pub(crate) fn complete(args: &[OsString], env: &ProcessEnv) -> Option<Exit> {
    let [_, escape, words @ ..] = args else { return None };
    if escape != "--" {
        return None;
    }
    let shell: Shell = env.var("COMPLETE")?.parse().ok()?;
    // What it says of itself would stand in the middle of what is being typed.
    std::panic::set_hook(Box::new(|_| std::process::exit(0)));
    let line = Line::of(shell, words, env);
    let candidates = candidates(&line, env).unwrap_or_default();
    // A shell that is gone needs no candidates.
    let _ = print(shell::write(shell, &candidates, &line, env).as_bytes());
    Some(Exit::Done)
}

fn candidates(line: &Line, env: &ProcessEnv) -> Option<Vec<CompletionCandidate>> {
    let before = line.words.get(..line.index)?;
    let mut tree = Cli::command().ignore_errors(true);
    tree.build();
    let typed = tree.try_get_matches_from_mut(before).ok().and_then(|typed| Typed::of(&typed, env));
    let mut tree = values::attach(tree, "", &Arc::new(typed?));
    let directory = env.directory.as_deref();
    let all = engine::complete(&mut tree, line.words.clone(), line.index, directory);
    let mut all = all.ok()?;
    // Every command takes two dozen flags: they are shown to whoever begins one, or where there is nothing else.
    let is_flag =
        |candidate: &CompletionCandidate| candidate.get_value().as_encoded_bytes().starts_with(b"-");
    if !line.begins_flag() && !all.iter().all(is_flag) {
        all.retain(|candidate| !is_flag(candidate));
    }
    Some(all)
}
