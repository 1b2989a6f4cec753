//! The words of the line, and which of them is being typed.

use std::ffi::OsString;

use clap_complete::Shell;

use crate::env::ProcessEnv;

/// A command line that is not finished.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The program's name first.
    pub(super) words: Vec<OsString>,
    /// The word that is being typed.
    pub(super) index: usize,
    /// What of that word the shell does not take for a part of it, and does not want to be given again.
    pub(super) kept: String,
}

impl Line {
    pub(super) fn of(shell: Shell, words: &[OsString], env: &ProcessEnv) -> Self {
        let first_quoted = match shell {
            Shell::Bash | Shell::Zsh => 0,
            // It hands over only the last word as it stands there.
            Shell::Fish => words.len().saturating_sub(1),
            _ => words.len(),
        };
        let read =
            |(position, word)| if position < first_quoted { OsString::clone(word) } else { unquoted(word) };
        let mut words: Vec<OsString> = words.iter().enumerate().map(read).collect();
        // Some shells say where the cursor is; the others end the line there.
        let said = env.var("_CLAP_COMPLETE_INDEX").and_then(|index| index.parse().ok());
        let index = match shell {
            Shell::Bash | Shell::Elvish | Shell::Zsh => said.unwrap_or(0),
            _ => words.len().saturating_sub(1),
        };
        if words.len() == index {
            words.push(OsString::new());
        }
        if shell == Shell::Bash {
            Self::joined(words, index)
        } else {
            Self { words, index, kept: String::new() }
        }
    }

    /// bash takes words apart at `=` and `:`, and hands over the pieces: `--product`, `=`, `prod_`.
    fn joined(pieces: Vec<OsString>, at: usize) -> Self {
        let mut line = Self { words: Vec::new(), index: at, kept: String::new() };
        let is_break = |piece: &OsString| {
            let bytes = piece.as_encoded_bytes();
            !bytes.is_empty() && bytes.iter().all(|byte| matches!(byte, b'=' | b':'))
        };
        let mut goes_on = false;
        for (position, piece) in pieces.into_iter().enumerate() {
            let is_break = is_break(&piece) && position != at;
            match line.words.last_mut() {
                Some(last) if is_break || goes_on => {
                    if position == at {
                        line.kept = last.to_string_lossy().into_owned();
                    }
                    last.push(piece);
                }
                _ => line.words.push(piece),
            }
            if position == at {
                line.index = line.words.len() - 1;
            }
            goes_on = is_break;
        }
        line
    }

    /// A flag is being typed.
    pub(super) fn begins_flag(&self) -> bool {
        self.words.get(self.index).is_some_and(|word| word.as_encoded_bytes().starts_with(b"-"))
    }
}

/// Some shells hand over what was typed, with its quotes.
fn unquoted(word: &OsString) -> OsString {
    let Some(text) = word.to_str() else { return word.clone() };
    let mut chars = text.chars();
    let mut plain = String::with_capacity(text.len());
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.extend(chars.next()),
            '"' | '\'' => {}
            c => plain.push(c),
        }
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_what_the_shell_would_make_of_it() {
        for (typed, word) in [
            ("prod_1", "prod_1"),
            ("a\\ b", "a b"),
            ("\"a b\"", "a b"),
            ("'a b", "a b"),
            ("--profile=\"a\"", "--profile=a"),
            ("\\", ""),
            ("", ""),
        ] {
            assert_eq!(unquoted(&typed.into()), *word, "{typed}");
        }
    }

    #[test]
    fn pieces_of_a_word_are_one_word() {
        let joined = |pieces: &[&str], at| {
            let Line { words, index, kept } = Line::joined(pieces.iter().map(OsString::from).collect(), at);
            let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
            (words.join(" "), index, kept)
        };
        for (pieces, at, line, index, kept) in [
            (&["insforge", "payments", "pr"][..], 2, "insforge payments pr", 2, ""),
            (&["i", "--product", "=", "prod_"], 3, "i --product=prod_", 1, "--product="),
            // The `=` itself is replaced by what stands behind it: nothing.
            (&["i", "--product", ""], 2, "i --product ", 2, ""),
            (
                &["i", "--api-url", "http", ":", "//localhost", ":", "7130", "p"],
                7,
                "i --api-url http://localhost:7130 p",
                3,
                "",
            ),
            (&["i", "-e", "", "--json"], 2, "i -e  --json", 2, ""),
        ] {
            assert_eq!(joined(pieces, at), (line.to_owned(), index, kept.to_owned()), "{pieces:?}");
        }
    }
}
