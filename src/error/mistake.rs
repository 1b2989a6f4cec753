//! The mistakes in a file, which are reported all at once.

use std::fmt;

/// The most mistakes that a message lists.
pub(crate) const LISTED: usize = 10;

/// A mistake in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters. `None` if the mistake is that something is missing.
    pub column: Option<usize>,
    /// The position of the object in bulk input, from 0.
    pub index: Option<usize>,
    /// What is wrong, and what was probably meant.
    pub error: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, index, error } = self;
        let column = column.map(|column| format!(", column {column}")).unwrap_or_default();
        match index {
            Some(index) => write!(f, "entry {} (line {line}{column}): {error}", index + 1),
            None => write!(f, "line {line}{column}: {error}"),
        }
    }
}

/// The most mistakes of a file that are kept, and that JSON has.
pub(crate) const KEPT: usize = 1000;

/// The mistakes in a file: the first ones, and the number of all. A large file can have millions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mistakes {
    /// At most [`KEPT`].
    pub(crate) first: Vec<Mistake>,
    pub(crate) count: usize,
}

impl Mistakes {
    /// Adds mistakes, of which the first ones are given.
    pub(crate) fn add(&mut self, Self { first, count }: Self) {
        self.first.extend(first.into_iter().take(KEPT - self.first.len()));
        self.count += count;
    }

    /// The first ones as lines, and how many more there are.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.first.iter().take(LISTED).map(ToString::to_string).collect();
        if self.count > lines.len() {
            lines.push(format!("and {} more", self.count - lines.len()));
        }
        lines
    }
}

impl From<Mistake> for Mistakes {
    fn from(only: Mistake) -> Self {
        Self { first: vec![only], count: 1 }
    }
}

/// The line and the column of positions in a text, which come in ascending order: it reads the text only once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PositionCounter<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    column: usize,
}

impl<'a> PositionCounter<'a> {
    /// At the beginning of the text.
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1, column: 1 }
    }

    /// The line and the column of this byte, from 1. The column counts characters.
    pub(crate) fn position(&mut self, at: usize) -> (usize, usize) {
        if at < self.at {
            *self = Self::new(self.text);
        }
        let at = (0..=at.min(self.text.len())).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0);
        let passed = &self.text[self.at..at];
        let in_line = match passed.rsplit_once('\n') {
            Some((before, in_line)) => {
                self.line += before.matches('\n').count() + 1;
                self.column = 1;
                in_line
            }
            None => passed,
        };
        self.column += in_line.chars().count();
        self.at = at;
        (self.line, self.column)
    }
}

/// The first of many lines, and how many more there are.
pub(crate) fn first_of(mut lines: impl ExactSizeIterator<Item = String>, most: usize) -> Vec<String> {
    let mut first: Vec<String> = lines.by_ref().take(most).collect();
    if lines.len() > 0 {
        first.push(format!("and {} more", lines.len()));
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_counted_in_any_order() {
        let text = "aé\n\n日b\r\n";
        let mut counter = PositionCounter::new(text);
        let expected = [
            (0, (1, 1)),
            (1, (1, 2)),
            (2, (1, 2)),
            (3, (1, 3)),
            (4, (2, 1)),
            (5, (3, 1)),
            (8, (3, 2)),
            (11, (4, 1)),
        ];
        for (at, position) in expected.into_iter().chain([(99, (4, 1)), (1, (1, 2)), (8, (3, 2))]) {
            assert_eq!(counter.position(at), position, "{at}");
        }
    }
}
