//! The properties of everything that reads text from outside. Each function takes any bytes and panics if a property does
//! not hold. `fuzz/` calls them with bytes that a fuzzer chooses; the tests here with seeds and their mutations.

#![allow(clippy::expect_used, clippy::missing_panics_doc, reason = "a property that does not hold panics")]

mod files;
mod replies;
#[cfg(test)]
mod tests;
mod text;

pub use files::{config_toml, jsonl, payments_toml, project_json};
pub use replies::{replies, retry_after};
pub use text::{jq_filter, metadata, path_encoding, sanitizing, table_layout};

use crate::error::{Failure, Mistake};

/// A function of this module.
pub type Target = fn(&[u8]);

/// The targets. `fuzz/fuzz_targets` has a file for each, and `fuzz/seeds` a directory.
pub const TARGETS: [(&str, Target); 11] = [
    ("project_json", project_json),
    ("config_toml", config_toml),
    ("payments_toml", payments_toml),
    ("jsonl", jsonl),
    ("retry_after", retry_after),
    ("replies", replies),
    ("metadata", metadata),
    ("table_layout", table_layout),
    ("sanitizing", sanitizing),
    ("path_encoding", path_encoding),
    ("jq_filter", jq_filter),
];

/// The first byte, which chooses a variant, and the others.
fn with_choice(data: &[u8]) -> (usize, &[u8]) {
    data.split_first().map_or((0, data), |(first, rest)| (usize::from(*first), rest))
}

/// Whether a line and a column, both from 1, are in the text or directly after a line of it.
fn is_position(text: &str, line: usize, column: usize) -> bool {
    let found = line.checked_sub(1).and_then(|line| text.split('\n').nth(line));
    found.is_some_and(|found| (1..=found.chars().count() + 1).contains(&column))
}

fn check_positions(text: &str, mistakes: &[Mistake]) {
    // A text of many mistakes would take quadratic time here.
    for mistake in mistakes.iter().take(50).chain(mistakes.last()) {
        let column = mistake.column.unwrap_or(1);
        assert!(is_position(text, mistake.line, column), "{mistake:?} is not in the text");
        assert!(!mistake.error.is_empty(), "{mistake:?} has no message");
    }
}

/// The position in `name:line:column: reason`, with which the failure of a settings file begins.
fn check_position_in_message(text: &str, name: &str, failure: &Failure) {
    let rest = failure.what.strip_prefix(name).and_then(|rest| rest.strip_prefix(':'));
    let mut parts = rest.expect("the message begins with the file's name").splitn(3, ':');
    let mut number = || parts.next().and_then(|part| part.parse().ok()).expect("a number");
    let (line, column) = (number(), number());
    assert!(is_position(text, line, column), "{} is not in the text", failure.what);
}
