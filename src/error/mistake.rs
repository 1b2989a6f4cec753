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

/// The first of many lines, and how many more there are.
pub(crate) fn first_of(mut lines: impl ExactSizeIterator<Item = String>, most: usize) -> Vec<String> {
    let mut first: Vec<String> = lines.by_ref().take(most).collect();
    if lines.len() > 0 {
        first.push(format!("and {} more", lines.len()));
    }
    first
}
