//! Mistakes in a file, and how they are shown: the place, the line, and a mark below what is wrong with it.

use std::ops::Range;

use crate::error::{Code, Failure};
use crate::ui::SourceSnippet;

/// What is wrong, and where.
#[derive(Debug)]
pub(super) struct Mistake {
    /// In bytes.
    at: Range<usize>,
    sentence: String,
    hint: Option<String>,
}

impl Mistake {
    pub(super) fn new(at: Range<usize>, sentence: impl Into<String>) -> Self {
        Self { at, sentence: sentence.into(), hint: None }
    }

    /// Adds what to do now.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// All mistakes that were found. They are found in the order in which a catalog is read, which is not the file's.
#[derive(Debug, Default)]
pub(super) struct Mistakes(Vec<Mistake>);

impl Mistakes {
    pub(super) fn add(&mut self, mistake: Mistake) {
        self.0.push(mistake);
    }

    /// What is right; what is wrong is noted.
    pub(super) fn sort_out<T>(&mut self, read: Result<T, Mistake>) -> Option<T> {
        read.map_err(|mistake| self.add(mistake)).ok()
    }

    /// The first one in the file.
    pub(super) fn first(self) -> Option<Mistake> {
        self.0.into_iter().min_by_key(|mistake| mistake.at.start)
    }
}

/// A file's text and the name that it is shown under.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// Tells a mistake as compilers do: `payments.toml:7:10: what is wrong`, and the line below. Lines and columns
    /// begin at 1, columns count characters.
    pub(super) fn failure(self, Mistake { at, sentence, hint }: Mistake) -> Failure {
        let SourceSnippet { line, column, excerpt } = SourceSnippet::new(self.text, at);
        let name = self.name;
        let failure =
            Failure::new(Code::CatalogInvalid, format!("{name}:{line}:{column}: {sentence}")).why(excerpt);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    /// The number of the line that a place is on.
    pub(super) fn line(self, at: usize) -> usize {
        self.text.get(..at).unwrap_or_default().matches('\n').count() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, at: Range<usize>) -> (String, String) {
        let failure = Source { name: "f", text }.failure(Mistake::new(at, "wrong"));
        (failure.what, failure.why.unwrap())
    }

    #[test]
    fn the_mark_stands_below_what_is_wrong() {
        for (text, at, what, why) in [
            ("a = 1\nb = 2\n", 10..11, "f:2:5: wrong", "  |\n2 | b = 2\n  |     ^"),
            ("a = 1\r\nb = 2\r\n", 4..9, "f:1:5: wrong", "  |\n1 | a = 1\n  |     ^"),
            ("\tä = '日本' # x", 13..14, "f:1:9: wrong", "  |\n1 | \tä = '日本' # x\n  | \t         ^"),
            ("a = '日本'", 4..12, "f:1:5: wrong", "  |\n1 | a = '日本'\n  |     ^^^^^^"),
            ("a = 1\n", 6..6, "f:2:1: wrong", "  |\n2 |\n  | ^"),
            ("", 0..0, "f:1:1: wrong", "  |\n1 |\n  | ^"),
            ("a", 9..20, "f:1:2: wrong", "  |\n1 | a\n  |  ^"),
        ] {
            assert_eq!(told(text, at), (what.to_owned(), why.to_owned()), "{text:?}");
        }
        let text = format!("{}x = 1", "\n".repeat(99));
        assert_eq!(told(&text, 99..100).1, "    |\n100 | x = 1\n    | ^");
    }

    #[test]
    fn a_long_line_is_cut_around_the_mark() {
        let long = format!("{}!{}", "a".repeat(200), "b".repeat(200));
        let (what, why) = told(&long, 200..201);
        assert_eq!(what, "f:1:201: wrong");
        let (a, b, gap) = ("a".repeat(40), "b".repeat(59), " ".repeat(41));
        assert_eq!(why, format!("  |\n1 | …{a}!{b}…\n  | {gap}^"));
        let (_, why) = told(&long, 0..300);
        assert_eq!(why.lines().last().unwrap().len(), 4 + 100, "{why}");
        let (_, why) = told(&long, 400..401);
        assert_eq!(why, format!("  |\n1 | …{}\n  |  {}^", "b".repeat(100), " ".repeat(99)));
    }
}
