//! Errors in the text of a filter, with their position.

use std::ops::Range;

use jaq_core::compile::{self, Undefined};
use jaq_core::load::{self, lex, parse, span};

use crate::error::Failure;
use crate::ui::SourceSnippet;

/// The first syntax error.
pub(super) fn syntax(filter: &str, errors: load::Errors<&str, ()>) -> Failure {
    let (part, message) = match errors.into_iter().next().map(|(_, error)| error) {
        Some(load::Error::Lex(errors)) => errors.into_iter().next().map(unexpected_character),
        Some(load::Error::Parse(errors)) => errors.into_iter().next().map(unexpected_token),
        Some(load::Error::Io(files)) => {
            files.into_iter().next().map(|(path, _)| (path, "modules are not supported".to_owned()))
        }
        None => None,
    }
    .unwrap_or((filter, "invalid filter".to_owned()));
    failure(filter, span(filter, part), &message)
}

/// The first name that is not defined.
pub(super) fn undefined(filter: &str, errors: compile::Errors<&str, ()>) -> Failure {
    let first = errors.into_iter().flat_map(|(_, errors)| errors).next();
    let (name, message) = match first {
        Some((name @ ("reduce" | "foreach"), Undefined::Filter(_))) => {
            (name, format!("invalid `{name}`: expected `{name} EACH as $x (START; STEP)`"))
        }
        Some((name, Undefined::Filter(arity))) if arity > 0 => {
            (name, format!("undefined filter `{name}/{arity}`"))
        }
        Some((name, what)) => (name, format!("undefined {} `{name}`", what.as_str())),
        None => (filter, "invalid filter".to_owned()),
    };
    failure(filter, span(filter, name), &message)
}

fn unexpected_character((expected, found): lex::Error<&str>) -> (&str, String) {
    // `found` is the rest of the filter.
    let first = found.char_indices().nth(1).map_or(found, |(end, _)| &found[..end]);
    let expected = match expected {
        lex::Expect::Delim("(") => "`)`".to_owned(),
        lex::Expect::Delim("[") => "`]`".to_owned(),
        lex::Expect::Delim("{") => "`}`".to_owned(),
        lex::Expect::Delim("\"") => "`\"`".to_owned(),
        lex::Expect::Token if !first.is_empty() => return (first, format!("unexpected `{first}`")),
        expected => with_article(expected.as_str()),
    };
    (first, unexpected(first, &expected))
}

fn unexpected_token((expected, found): parse::Error<&str>) -> (&str, String) {
    let expected = match &expected {
        parse::Expect::Nothing if !found.is_empty() => return (found, format!("unexpected `{found}`")),
        parse::Expect::Just(word) => format!("`{word}`"),
        expected => with_article(expected.as_str()),
    };
    (found, unexpected(found, &expected))
}

fn unexpected(found: &str, expected: &str) -> String {
    match found {
        "" => format!("unexpected end of filter: expected {expected}"),
        found => format!("unexpected `{found}`: expected {expected}"),
    }
}

/// `a term`, `an argument`
fn with_article(noun: &str) -> String {
    match noun.chars().next() {
        Some('a' | 'e' | 'i' | 'o') => format!("an {noun}"),
        Some('0'..='9') => noun.to_owned(),
        _ => format!("a {noun}"),
    }
}

fn failure(filter: &str, at: Range<usize>, message: &str) -> Failure {
    let SourceSnippet { line, column, excerpt } = SourceSnippet::new(filter, at);
    Failure::usage(format!("--jq:{line}:{column}: {message}"))
        .why_lines(excerpt.lines())
        .hint("write the filter in jq's language, in single quotes: --jq '.prices[].priceId'")
}
