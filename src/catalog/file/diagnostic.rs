//! Errors in a file. They show the line, with a mark below the error.

use std::ops::Range;

use crate::error::{Code, Failure, KEPT, LISTED, Mistake, Mistakes, PositionCounter};
use crate::ui::SourceSnippet;

/// One error in a file.
#[derive(Debug)]
pub(super) struct Diagnostic {
    /// In bytes.
    span: Range<usize>,
    message: String,
    hint: Option<String>,
    /// It can follow from another error at the same place.
    may_follow: bool,
}

impl Diagnostic {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), hint: None, may_follow: false }
    }

    /// Adds a hint.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Marks an error that is not reported if there is another one at the same place.
    pub(super) fn may_follow(mut self) -> Self {
        self.may_follow = true;
        self
    }
}

/// The errors of a file, in the order in which they are found. That can differ from the order in the file.
#[derive(Debug, Default)]
pub(super) struct Diagnostics {
    found: Vec<Diagnostic>,
    /// How many are not kept, because they are later in the file than enough others.
    more: usize,
}

impl Diagnostics {
    pub(super) fn add(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
        if self.found.len() == 2 * KEPT {
            self.keep_first();
        }
    }

    /// Returns a valid value, or adds the error.
    pub(super) fn ok_or_add<T>(&mut self, read: Result<T, Diagnostic>) -> Option<T> {
        read.map_err(|diagnostic| self.add(diagnostic)).ok()
    }

    /// Keeps the first ones, in the order of the file.
    fn keep_first(&mut self) {
        // Of several at one place, those that can follow from others are the last.
        self.found.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.may_follow));
        self.found.dedup_by(|next, previous| next.may_follow && next.span.start == previous.span.start);
        self.more += self.found.len().saturating_sub(KEPT);
        self.found.truncate(KEPT);
    }
}

/// A file's text, and its name in errors.
#[derive(Clone, Copy, Debug)]
pub(super) struct SourceFile<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl SourceFile<'_> {
    /// The failure of a file with errors; `None` if there are none. Each error is formatted as compilers do:
    /// `payments.toml:7:10: message`, with the line below. Lines and columns start at 1; columns count characters.
    pub(super) fn failure(self, mut diagnostics: Diagnostics) -> Option<Failure> {
        let name = self.name;
        diagnostics.keep_first();
        let Diagnostics { found: diagnostics, more } = diagnostics;
        let count = diagnostics.len() + more;
        let block = |Diagnostic { span, message, .. }: &Diagnostic| {
            let SourceSnippet { line, column, excerpt } = SourceSnippet::new(self.text, span.clone());
            (format!("{name}:{line}:{column}: {message}"), excerpt)
        };
        let failure = match &diagnostics[..] {
            [] => return None,
            [only] => {
                let (what, excerpt) = block(only);
                let failure = Failure::new(Code::CatalogInvalid, what).why_lines(excerpt.lines());
                only.hint.iter().fold(failure, Failure::hint)
            }
            all => {
                let what = format!("{name} has {count} mistakes");
                let more = count.checked_sub(LISTED).filter(|more| *more > 0);
                let blocks = all.iter().take(LISTED).map(|diagnostic| {
                    let (what, excerpt) = block(diagnostic);
                    let excerpt = excerpt.lines().map(str::to_owned);
                    std::iter::once(what)
                        .chain(excerpt)
                        .chain(diagnostic.hint.clone())
                        .collect::<Vec<String>>()
                });
                let more = more.map(|more| vec![format!("and {more} more")]);
                let blocks: Vec<Vec<String>> = blocks.chain(more).collect();
                Failure::new(Code::CatalogInvalid, what)
                    .why_lines(blocks.join(&String::new()))
                    .hint(format!("fix them in {name}, then run the command again"))
            }
        };
        let mut positions = PositionCounter::new(self.text);
        let mistakes = diagnostics.into_iter().map(|Diagnostic { span, message, hint, .. }| {
            let (line, column) = positions.position(span.start);
            let error = hint.map_or(message.clone(), |hint| format!("{message}; {hint}"));
            Mistake { line, column: Some(column), index: None, error }
        });
        let first = mistakes.collect();
        Some(failure.mistakes(Mistakes { first, count }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure_of(text: &str, span: Range<usize>) -> (String, String) {
        let diagnostics = Diagnostics { found: vec![Diagnostic::new(span, "wrong")], more: 0 };
        let failure = SourceFile { name: "f", text }.failure(diagnostics).unwrap();
        (failure.what, failure.why.unwrap())
    }

    #[test]
    fn the_mark_is_below_the_error() {
        for (text, span, what, why) in [
            ("a = 1\nb = 2\n", 10..11, "f:2:5: wrong", "  |\n2 | b = 2\n  |     ^"),
            ("a = 1\r\nb = 2\r\n", 4..9, "f:1:5: wrong", "  |\n1 | a = 1\n  |     ^"),
            ("\tä = '日本' # x", 13..14, "f:1:9: wrong", "  |\n1 | \tä = '日本' # x\n  | \t         ^"),
            ("a = '日本'", 4..12, "f:1:5: wrong", "  |\n1 | a = '日本'\n  |     ^^^^^^"),
            ("a = 1\n", 6..6, "f:2:1: wrong", "  |\n2 |\n  | ^"),
            ("", 0..0, "f:1:1: wrong", "  |\n1 |\n  | ^"),
            ("a", 9..20, "f:1:2: wrong", "  |\n1 | a\n  |  ^"),
        ] {
            assert_eq!(failure_of(text, span), (what.to_owned(), why.to_owned()), "{text:?}");
        }
        let text = format!("{}x = 1", "\n".repeat(99));
        assert_eq!(failure_of(&text, 99..100).1, "    |\n100 | x = 1\n    | ^");
    }

    #[test]
    fn a_long_line_is_cut_around_the_mark() {
        let long = format!("{}!{}", "a".repeat(200), "b".repeat(200));
        let (what, why) = failure_of(&long, 200..201);
        assert_eq!(what, "f:1:201: wrong");
        let (a, b, gap) = ("a".repeat(40), "b".repeat(59), " ".repeat(41));
        assert_eq!(why, format!("  |\n1 | …{a}!{b}…\n  | {gap}^"));
        let (_, why) = failure_of(&long, 0..300);
        assert_eq!(why.lines().last().unwrap().len(), 4 + 100, "{why}");
        let (_, why) = failure_of(&long, 400..401);
        assert_eq!(why, format!("  |\n1 | …{}\n  |  {}^", "b".repeat(100), " ".repeat(99)));
    }
}
