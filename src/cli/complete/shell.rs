//! The candidates in the format that clap_complete's script for each shell reads.

use clap_complete::Shell;
use clap_complete::engine::CompletionCandidate;

use crate::cli::complete::line::CommandLine;
use crate::env::ProcessEnv;
use crate::ui::is_clean;

/// A candidate and its description.
struct Candidate {
    value: String,
    help: String,
}

/// Renders the candidates for a shell.
pub(super) fn render(
    shell: Shell,
    candidates: &[CompletionCandidate],
    line: &CommandLine,
    env: &ProcessEnv,
) -> String {
    let all = candidates.iter().map(|candidate| Candidate::new(candidate, line));
    let all: Vec<Candidate> = all.filter(|one| one.is_safe_in(shell)).collect();
    let separator = env.var("_CLAP_IFS").unwrap_or("\n");
    match shell {
        Shell::Fish | Shell::PowerShell => join(&all, "\n", |one| one.with_help("\t")),
        Shell::Zsh => join(&all, separator, Candidate::for_zsh),
        Shell::Bash if is_listing(env) && all.len() > 1 => {
            let width = all.iter().map(|one| one.value.len()).max().unwrap_or_default();
            join(&all, separator, |one| one.in_bash_list(width))
        }
        // The script does not quote the candidates.
        Shell::Bash => join(&all, separator, |one| one.value.replace(' ', "\\ ")),
        _ => join(&all, separator, |one| one.value.clone()),
    }
}

fn join(all: &[Candidate], separator: &str, rendered: impl Fn(&Candidate) -> String) -> String {
    let mut text = String::new();
    for (index, one) in all.iter().enumerate() {
        if index > 0 {
            text.push_str(separator);
        }
        text.push_str(&rendered(one));
    }
    text
}

/// Whether bash lists the candidates instead of inserting one. A list has room for descriptions. `COMP_TYPE` is `?` for a
/// list after a second Tab, and `!` for an immediate list.
fn is_listing(env: &ProcessEnv) -> bool {
    env.var("_CLAP_COMPLETE_COMP_TYPE").is_some_and(|kind| kind == "63" || kind == "33")
}

impl Candidate {
    fn new(candidate: &CompletionCandidate, line: &CommandLine) -> Self {
        let value = candidate.get_value().to_string_lossy();
        let help = candidate.get_help().map(|help| help.ansi().to_string()).unwrap_or_default();
        Self {
            value: value.strip_prefix(&line.prefix).unwrap_or(&value).to_owned(),
            help: help.lines().next().unwrap_or_default().to_owned(),
        }
    }

    /// Whether the shell reads the value as a plain word and runs nothing. File names are values too, and an archive can
    /// contain hostile ones.
    fn is_safe_in(&self, shell: Shell) -> bool {
        let is_plain = |c: char| c.is_alphanumeric() || "-_./~:=@%+,".contains(c);
        let fits_shell = match shell {
            Shell::Bash => self.value.chars().all(|c| is_plain(c) || c == ' '),
            Shell::PowerShell => self.value.chars().all(is_plain),
            // These shells quote the candidates.
            _ => true,
        };
        // Some letters are invisible.
        fits_shell && is_clean(&self.value)
    }

    fn with_help(&self, separator: &str) -> String {
        if self.help.is_empty() {
            self.value.clone()
        } else {
            format!("{}{separator}{}", self.value, self.help)
        }
    }

    fn for_zsh(&self) -> String {
        let value = self.value.replace('\\', "\\\\").replace(':', "\\:");
        Self { value, help: self.help.replace('\\', "\\\\") }.with_help(":")
    }

    /// A row of bash's list. Bash expands patterns in it, so they are taken apart.
    fn in_bash_list(&self, width: usize) -> String {
        let mut help = self.help.replace(['*', '?', '[', ']', '\\'], " ");
        for pattern in ["+(", "@(", "!("] {
            help = help.replace(pattern, &pattern.replace('(', " ("));
        }
        let value = format!("{:<width$}", self.value);
        if help.is_empty() { self.value.clone() } else { Self { value, help }.with_help("  ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(shell: Shell, values: &[(&str, &str)], variables: &[(&str, &str)]) -> String {
        let candidate = |(value, help): &(&str, &str)| {
            CompletionCandidate::new(value).help(Some((*help).to_owned().into()))
        };
        let line = CommandLine { words: Vec::new(), index: 0, prefix: String::new() };
        let candidates: Vec<_> = values.iter().map(candidate).collect();
        render(shell, &candidates, &line, &ProcessEnv::with_variables(variables))
    }

    #[test]
    fn no_shell_gets_a_candidate_that_it_would_run() {
        let files = [
            ("plain.json", ""),
            ("a b.json", ""),
            ("c$(id).json", ""),
            ("d\n;e", ""),
            ("f'g", ""),
            ("h\u{3164}", ""),
        ];
        for (shell, expected) in [
            (Shell::Bash, "plain.json\na\\ b.json"),
            (Shell::PowerShell, "plain.json"),
            (Shell::Zsh, "plain.json\na b.json\nc$(id).json\nf'g"),
            (Shell::Fish, "plain.json\na b.json\nc$(id).json\nf'g"),
            (Shell::Elvish, "plain.json\na b.json\nc$(id).json\nf'g"),
        ] {
            assert_eq!(rendered(shell, &files, &[]), expected, "{shell}");
        }
    }

    #[test]
    fn descriptions_are_escaped_for_each_shell() {
        let ids = [("prod_1", r"a*[b]? +(c) \n"), ("prod_10", "x: y")];
        for (shell, expected) in [
            // Bash would expand these patterns and report those that match no file.
            (Shell::Bash, "prod_1   a  b   + (c)  n\nprod_10  x: y"),
            (Shell::Zsh, "prod_1:a*[b]? +(c) \\\\n\nprod_10:x: y"),
            (Shell::Fish, "prod_1\ta*[b]? +(c) \\n\nprod_10\tx: y"),
        ] {
            assert_eq!(rendered(shell, &ids, &[("_CLAP_COMPLETE_COMP_TYPE", "63")]), expected, "{shell}");
        }
        assert_eq!(rendered(Shell::Bash, &ids, &[("_CLAP_COMPLETE_COMP_TYPE", "9")]), "prod_1\nprod_10");
    }
}
