//! The words of the command line, and the position of the word that is being typed.

use std::ffi::OsString;

use clap_complete::Shell;

use crate::env::ProcessEnv;

/// An unfinished command line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CommandLine {
    /// The words, starting with the program's name.
    pub(super) words: Vec<OsString>,
    /// The position of the word that is being typed.
    pub(super) index: usize,
    /// The start of that word, if bash treats it as separate words. Candidates leave it out.
    pub(super) prefix: String,
}

impl CommandLine {
    pub(super) fn new(shell: Shell, words: &[OsString], env: &ProcessEnv) -> Self {
        let first_quoted = match shell {
            Shell::Bash | Shell::Zsh => 0,
            // Fish passes only the last word with its quotes.
            Shell::Fish => words.len().saturating_sub(1),
            _ => words.len(),
        };
        let read =
            |(position, word)| if position < first_quoted { OsString::clone(word) } else { unquoted(word) };
        let mut words: Vec<OsString> = words.iter().enumerate().map(read).collect();
        // Some shells pass the cursor's position. The others end the line at the cursor.
        let passed = env.var("_CLAP_COMPLETE_INDEX").and_then(|index| index.parse().ok());
        let index = match shell {
            Shell::Bash | Shell::Elvish | Shell::Zsh => passed.unwrap_or(0),
            _ => words.len().saturating_sub(1),
        };
        if words.len() == index {
            words.push(OsString::new());
        }
        if shell == Shell::Bash {
            Self::joined(words, index)
        } else {
            Self { words, index, prefix: String::new() }
        }
    }

    /// Joins the pieces of words. Bash splits words at `=` and `:`, and passes `--product`, `=`, `prod_`.
    fn joined(pieces: Vec<OsString>, at: usize) -> Self {
        let mut line = Self { words: Vec::new(), index: at, prefix: String::new() };
        let is_break = |piece: &OsString| {
            let bytes = piece.as_encoded_bytes();
            !bytes.is_empty() && bytes.iter().all(|byte| matches!(byte, b'=' | b':'))
        };
        let mut continues = false;
        for (position, piece) in pieces.into_iter().enumerate() {
            let is_break = is_break(&piece) && position != at;
            match line.words.last_mut() {
                Some(last) if is_break || continues => {
                    if position == at {
                        line.prefix = last.to_string_lossy().into_owned();
                    }
                    last.push(piece);
                }
                _ => line.words.push(piece),
            }
            if position == at {
                line.index = line.words.len() - 1;
            }
            continues = is_break;
        }
        line
    }

    /// Whether the user is typing a flag.
    pub(super) fn is_typing_flag(&self) -> bool {
        self.words.get(self.index).is_some_and(|word| word.as_encoded_bytes().starts_with(b"-"))
    }
}

/// The word without its quotes, which some shells pass as typed.
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
    fn quotes_and_backslashes_are_removed() {
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
    fn the_pieces_that_bash_passes_are_joined() {
        let joined = |pieces: &[&str], at| {
            let CommandLine { words, index, prefix } =
                CommandLine::joined(pieces.iter().map(OsString::from).collect(), at);
            let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
            (words.join(" "), index, prefix)
        };
        for (pieces, at, line, index, prefix) in [
            (&["insforge", "payments", "pr"][..], 2, "insforge payments pr", 2, ""),
            (&["i", "--product", "=", "prod_"], 3, "i --product=prod_", 1, "--product="),
            // An empty value after `=`.
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
            assert_eq!(joined(pieces, at), (line.to_owned(), index, prefix.to_owned()), "{pieces:?}");
        }
    }
}
