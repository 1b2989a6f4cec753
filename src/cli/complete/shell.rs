//! How each shell takes candidates: as clap_complete's scripts read them.

use clap_complete::Shell;
use clap_complete::engine::CompletionCandidate;

use crate::cli::complete::line::Line;
use crate::env::ProcessEnv;
use crate::ui::is_unsafe;

/// A candidate, and what it is.
struct Candidate {
    value: String,
    help: String,
}

/// The candidates as the shell reads them.
pub(super) fn write(
    shell: Shell,
    candidates: &[CompletionCandidate],
    line: &Line,
    env: &ProcessEnv,
) -> String {
    let all = candidates.iter().map(|candidate| Candidate::of(candidate, line));
    let all: Vec<Candidate> = all.filter(|one| one.stays_a_word(shell)).collect();
    let separator = env.var("_CLAP_IFS").unwrap_or("\n");
    match shell {
        Shell::Fish | Shell::PowerShell => each(&all, "\n", |one| one.beside("\t")),
        Shell::Zsh => each(&all, separator, Candidate::for_zsh),
        Shell::Bash if lists(env) && all.len() > 1 => {
            let width = all.iter().map(|one| one.value.len()).max().unwrap_or_default();
            each(&all, separator, |one| one.in_bash(width))
        }
        // The script does not quote what it gives to bash.
        Shell::Bash => each(&all, separator, |one| one.value.replace(' ', "\\ ")),
        _ => each(&all, separator, |one| one.value.clone()),
    }
}

fn each(all: &[Candidate], separator: &str, written: impl Fn(&Candidate) -> String) -> String {
    let mut text = String::new();
    for (place, one) in all.iter().enumerate() {
        if place > 0 {
            text.push_str(separator);
        }
        text.push_str(&written(one));
    }
    text
}

/// bash shows what it is given, and takes nothing of it where there are several: then there is room for what they are.
/// (`COMP_TYPE`: `?` lists after another Tab, `!` lists what is ambiguous at once.)
fn lists(env: &ProcessEnv) -> bool {
    env.var("_CLAP_COMPLETE_COMP_TYPE").is_some_and(|kind| kind == "63" || kind == "33")
}

impl Candidate {
    fn of(candidate: &CompletionCandidate, line: &Line) -> Self {
        let value = candidate.get_value().to_string_lossy();
        let help = candidate.get_help().map(|help| help.ansi().to_string()).unwrap_or_default();
        Self {
            value: value.strip_prefix(&line.kept).unwrap_or(&value).to_owned(),
            help: help.lines().next().unwrap_or_default().to_owned(),
        }
    }

    /// Whether the shell takes the value for the word that it is, and for nothing to run. Files are values too, and whoever
    /// has packed an archive has named them.
    fn stays_a_word(&self, shell: Shell) -> bool {
        let is_plain = |c: char| c.is_alphanumeric() || "-_./~:=@%+,".contains(c);
        match shell {
            Shell::Bash => self.value.chars().all(|c| is_plain(c) || c == ' '),
            Shell::PowerShell => self.value.chars().all(is_plain),
            // They quote what they are given.
            _ => !self.value.contains(is_unsafe),
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

    /// bash looks for files of that name.
    fn in_bash(&self, width: usize) -> String {
        let mut help = self.help.replace(['*', '?', '[', ']', '\\'], " ");
        for pattern in ["+(", "@(", "!("] {
            help = help.replace(pattern, &pattern.replace('(', " ("));
        }
        let value = format!("{:<width$}", self.value);
        if help.is_empty() { self.value.clone() } else { Self { value, help }.beside("  ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(shell: Shell, values: &[(&str, &str)], variables: &[(&str, &str)]) -> String {
        let candidate = |(value, help): &(&str, &str)| {
            CompletionCandidate::new(value).help(Some((*help).to_owned().into()))
        };
        let line = Line { words: Vec::new(), index: 0, kept: String::new() };
        let candidates: Vec<_> = values.iter().map(candidate).collect();
        write(shell, &candidates, &line, &ProcessEnv::with_variables(variables))
    }

    #[test]
    fn each_shell_gets_words_that_it_does_not_run() {
        let files = [("plain.json", ""), ("a b.json", ""), ("c$(id).json", ""), ("d\n;e", ""), ("f'g", "")];
        for (shell, taken) in [
            (Shell::Bash, "plain.json\na\\ b.json"),
            (Shell::PowerShell, "plain.json"),
            (Shell::Zsh, "plain.json\na b.json\nc$(id).json\nf'g"),
            (Shell::Fish, "plain.json\na b.json\nc$(id).json\nf'g"),
            (Shell::Elvish, "plain.json\na b.json\nc$(id).json\nf'g"),
        ] {
            assert_eq!(written(shell, &files, &[]), taken, "{shell}");
        }
    }

    #[test]
    fn what_stands_beside_an_id_stays_as_it_is() {
        let ids = [("prod_1", r"a*[b]? +(c) \n"), ("prod_10", "x: y")];
        for (shell, taken) in [
            // bash would look for such files, and complain of those that it does not find.
            (Shell::Bash, "prod_1   a  b   + (c)  n\nprod_10  x: y"),
            (Shell::Zsh, "prod_1:a*[b]? +(c) \\\\n\nprod_10:x: y"),
            (Shell::Fish, "prod_1\ta*[b]? +(c) \\n\nprod_10\tx: y"),
        ] {
            assert_eq!(written(shell, &ids, &[("_CLAP_COMPLETE_COMP_TYPE", "63")]), taken, "{shell}");
        }
        assert_eq!(written(Shell::Bash, &ids, &[("_CLAP_COMPLETE_COMP_TYPE", "9")]), "prod_1\nprod_10");
    }
}
