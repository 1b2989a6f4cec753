//! What is wrong with a filter, and where.

use std::ops::Range;

use jaq_core::compile::{self, Undefined};
use jaq_core::load::{self, lex, parse, span};

use crate::error::Failure;
use crate::ui::{SourceSnippet, marked};

/// It cannot be read; the first mistake.
pub(super) fn unreadable(text: &str, errors: load::Errors<&str, ()>) -> Failure {
    let (part, sentence) = match errors.into_iter().next().map(|(_, error)| error) {
        Some(load::Error::Lex(errors)) => errors.into_iter().next().map(not_a_token),
        Some(load::Error::Parse(errors)) => errors.into_iter().next().map(not_in_place),
        Some(load::Error::Io(files)) => {
            files.into_iter().next().map(|(path, _)| (path, "modules are not loaded".to_owned()))
        }
        None => None,
    }
    .unwrap_or((text, "it makes no sense".to_owned()));
    failure(text, span(text, part), &sentence)
}

/// It names what there is not; the first of it.
pub(super) fn undefined(text: &str, errors: compile::Errors<&str, ()>) -> Failure {
    let first = errors.into_iter().flat_map(|(_, errors)| errors).next();
    let (name, sentence) = match first {
        Some((name @ ("reduce" | "foreach"), Undefined::Filter(_))) => {
            (name, format!("`{name}` is written `{name} EACH as $x (START; STEP)`"))
        }
        Some((name, Undefined::Filter(arity))) if arity > 0 => {
            (name, format!("there is no filter `{name}/{arity}`"))
        }
        Some((name, what)) => (name, format!("there is no {} `{name}`", what.as_str())),
        None => (text, "it makes no sense".to_owned()),
    };
    failure(text, span(text, name), &sentence)
}

fn not_a_token((expected, found): lex::Error<&str>) -> (&str, String) {
    // What it found goes on to the end.
    let first = found.char_indices().nth(1).map_or(found, |(end, _)| &found[..end]);
    let sentence = match (expected, first) {
        (expected, "") => follow(&a(expected.as_str())),
        (lex::Expect::Token, first) => format!("`{first}` has no meaning here"),
        (expected, first) => format!("here is `{first}`, and {} has to be", a(expected.as_str())),
    };
    (first, sentence)
}

fn not_in_place((expected, found): parse::Error<&str>) -> (&str, String) {
    let wanted = match &expected {
        parse::Expect::Nothing if !found.is_empty() => {
            return (found, format!("here is `{found}`, which does not go on from there"));
        }
        parse::Expect::Just(word) => format!("`{word}`"),
        expected => a(expected.as_str()),
    };
    let sentence =
        if found.is_empty() { follow(&wanted) } else { format!("here is `{found}`, and {wanted} has to be") };
    (found, sentence)
}

fn follow(wanted: &str) -> String {
    format!("here it ends, and {wanted} has to follow")
}

/// `a term`, `an argument`
fn a(noun: &str) -> String {
    match noun.chars().next() {
        Some('a' | 'e' | 'i' | 'o') => format!("an {noun}"),
        Some('0'..='9') => noun.to_owned(),
        _ => format!("a {noun}"),
    }
}

fn failure(text: &str, at: Range<usize>, sentence: &str) -> Failure {
    let SourceSnippet { line, column, picture } = marked(text, at);
    Failure::usage(format!("--jq:{line}:{column}: {sentence}"))
        .why(picture)
        .hint("put the whole filter in single quotes: --jq '.prices[].priceId'; its language is jq's")
}
