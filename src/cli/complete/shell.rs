//! How each shell takes candidates: as clap_complete's scripts read them.

use clap_complete::Shell;
use clap_complete::engine::CompletionCandidate;

use crate::cli::complete::line::Line;
use crate::facts::Facts;

/// A candidate, and what it is.
struct Candidate {
    value: String,
    help: String,
}

/// The candidates as the shell reads them.
pub(super) fn write(
    shell: Shell,
    candidates: Vec<CompletionCandidate>,
    line: &Line,
    facts: &Facts,
) -> String {
    let all: Vec<Candidate> = candidates.iter().map(|candidate| Candidate::of(candidate, line)).collect();
    let separator = facts.var("_CLAP_IFS").unwrap_or("\n");
    match shell {
        Shell::Fish | Shell::PowerShell => each(&all, "\n", |one| one.beside("\t")),
        Shell::Zsh => each(&all, separator, Candidate::for_zsh),
        Shell::Bash if lists(facts) && all.len() > 1 => {
            let width = all.iter().map(|one| one.value.len()).max().unwrap_or_default();
            each(&all, separator, |one| one.in_bash(width))
        }
        _ => each(&all, separator, |one| one.value.clone()),
    }
}

fn each(all: &[Candidate], separator: &str, written: impl Fn(&Candidate) -> String) -> String {
    all.iter().map(written).collect::<Vec<_>>().join(separator)
}

/// bash shows what it is given, and takes nothing of it where there are several: then there is room for what they are.
/// (`COMP_TYPE`: `?` lists after another Tab, `!` lists what is ambiguous at once.)
fn lists(facts: &Facts) -> bool {
    facts.var("_CLAP_COMPLETE_COMP_TYPE").is_some_and(|kind| kind == "63" || kind == "33")
}

impl Candidate {
    fn of(candidate: &CompletionCandidate, line: &Line) -> Self {
        let value = candidate.get_value().to_string_lossy();
        let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
        Self {
            value: value.strip_prefix(&line.kept).unwrap_or(&value).to_owned(),
            help: help.lines().next().unwrap_or_default().to_owned(),
        }
    }

    fn beside(&self, separator: &str) -> String {
        if self.help.is_empty() {
            self.value.clone()
        } else {
            format!("{}{separator}{}", self.value, self.help)
        }
    }

    fn for_zsh(&self) -> String {
        let value = self.value.replace('\\', "\\\\").replace(':', "\\:");
        Self { value, help: self.help.replace('\\', "\\\\") }.beside(":")
    }

    /// The script does not quote what it gives to bash, which would look for files of that name.
    fn in_bash(&self, width: usize) -> String {
        let help = self.help.replace(['*', '?', '[', ']', '\\'], " ");
        let value = format!("{:<width$}", self.value);
        if help.is_empty() { self.value.clone() } else { Self { value, help }.beside("  ") }
    }
}
