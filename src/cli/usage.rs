//! Usage errors: the parser's errors as failures, with the command or option that was probably meant.

use std::error::Error as _;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use crate::cli::command;
use crate::commands::{OptionHints, is_required};
use crate::error::Failure;
use crate::ui::cut;

/// A failure that says what is wrong with the command line, and what to type instead.
pub(super) fn failure(error: &clap::Error, args: &[OsString]) -> Failure {
    let tree = command();
    let path = path_in(&tree, args);
    let command = command_at(&tree, &path);
    let line = line_of(&path);
    // Any argument may be a key, in any form.
    if may_hold_a_key(args) {
        return Failure::usage("Invalid command line")
            .why("the details are hidden, because an argument may be a key")
            .hint(format!("write it as `{}`; see `{line} --help`", usage_of(command)));
    }
    let (failure, suggestion) = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            return Failure::usage("A command is missing").hint(format!("list them with `{line} --help`"));
        }
        ErrorKind::InvalidSubcommand => unknown_command(error, &tree, command, &line),
        ErrorKind::UnknownArgument => unknown_argument(error, command, &line),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => invalid_value(error, command),
        ErrorKind::MissingRequiredArgument => missing_argument(error, command),
        ErrorKind::InvalidUtf8 => (not_utf8(args), None),
        _ => (parser_message(error), None),
    };
    failure.hint(suggestion.unwrap_or_else(|| format!("see `{line} --help`")))
}

fn unknown_command(
    error: &clap::Error,
    tree: &Command,
    command: &Command,
    line: &str,
) -> (Failure, Option<String>) {
    let name = context_value(error, ContextKind::InvalidSubcommand);
    let names = command.get_subcommands().filter(|below| !below.is_hide_set()).map(Command::get_name);
    let here = nearest(&name, names).map(|name| format!("{line} {name}"));
    let version = || (name == "version").then(|| "insforge --version".to_owned());
    let meant = here.or_else(|| path_elsewhere(tree, &name)).or_else(version);
    let suggestion = meant.map(|meant| format!("did you mean `{meant}`?"));
    (Failure::usage(format!("Unknown command '{name}' for `{line}`")), suggestion)
}

/// Where a command of this name is: under `payments`, or under one of its providers.
fn path_elsewhere(tree: &Command, name: &str) -> Option<String> {
    let payments = tree.find_subcommand("payments")?;
    // Every provider has a `status` command, and nothing else does.
    let providers = payments.get_subcommands().filter(|group| group.find_subcommand("status").is_some());
    std::iter::once(("insforge payments".to_owned(), payments))
        .chain(providers.map(|group| (format!("insforge payments {}", group.get_name()), group)))
        .find_map(|(path, group)| Some(format!("{path} {}", group.find_subcommand(name)?.get_name())))
}

fn unknown_argument(error: &clap::Error, command: &Command, line: &str) -> (Failure, Option<String>) {
    let argument = context_value(error, ContextKind::InvalidArg);
    if !argument.starts_with('-') {
        let failure = Failure::usage(format!("Unexpected argument '{argument}' for `{line}`"));
        return (failure, option_for(&argument, error, command));
    }
    let name = argument.split('=').next().unwrap_or_default().to_owned();
    let failure = Failure::usage(format!("Unknown option '{name}' for `{line}`"));
    let hint = hint_for(&name, command).or_else(|| similar_option(&name, command));
    (failure, hint.or_else(|| hyphen_hint(&name, command)))
}

/// How to give an id that begins with a hyphen.
fn hyphen_hint(name: &str, command: &Command) -> Option<String> {
    let takes_id = command
        .get_positionals()
        .any(|arg| arg.get_value_names().is_some_and(|names| names.iter().any(|name| name.as_str() == "ID")));
    takes_id.then(|| format!("if it is an id, put `--` before it: `-- {name}`; otherwise see --help"))
}

/// A hint for an option that does not exist, but that people often try.
fn hint_for(name: &str, command: &Command) -> Option<String> {
    if let Some(OptionHints(hints)) = command.get() {
        let hint = hints.iter().find(|(names, _)| names.contains(&name)).map(|(_, hint)| (*hint).to_owned());
        if hint.is_some() {
            return hint;
        }
    }
    match name {
        "--live" | "--test" if has_option(command, "--environment") => {
            let environment = name.trim_start_matches('-');
            Some(format!("use `{environment}` or `-e {environment}`"))
        }
        "--format" => Some("use `-o` to choose the output format: table, json, jsonl, csv or ids".to_owned()),
        "--force" => Some("use `--yes` to confirm a write".to_owned()),
        "--version" | "-V" => Some("use `insforge --version`".to_owned()),
        _ => None,
    }
}

fn similar_option(name: &str, command: &Command) -> Option<String> {
    let options: Vec<String> = options(command).collect();
    let meant = nearest(name, options.iter().map(String::as_str))?;
    Some(format!("did you mean `{meant}`?"))
}

fn options(command: &Command) -> impl Iterator<Item = String> {
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    shown.filter_map(Arg::get_long).map(|name| format!("--{name}"))
}

fn has_option(command: &Command, option: &str) -> bool {
    options(command).any(|name| name == option)
}

fn invalid_value(error: &clap::Error, command: &Command) -> (Failure, Option<String>) {
    let (argument, value) =
        (context_value(error, ContextKind::InvalidArg), context_value(error, ContextKind::InvalidValue));
    let what = if value.is_empty() {
        format!("A value is missing for '{argument}'")
    } else {
        format!("Invalid value '{value}' for '{argument}'")
    };
    let failure = Failure::usage(what);
    let possible = context_values(error, ContextKind::ValidValue);
    if possible.is_empty() {
        let reason = error.source().map(|reason| in_plain_words(&reason.to_string()));
        return (reason.into_iter().fold(failure, Failure::why), None);
    }
    let meant = nearest(&value, possible.iter().copied()).map(|meant| format!("did you mean '{meant}'?"));
    let suggestion =
        meant.or_else(|| argument.starts_with('[').then(|| option_for(&value, error, command)).flatten());
    (failure.why(format!("possible values: {}", possible.join(", "))), suggestion)
}

/// The reason for an invalid value, without the parser's notation for a range and without the words of the standard library.
fn in_plain_words(reason: &str) -> String {
    let range = reason.split_once(" is not in ").and_then(|(_, range)| range.split_once("..="));
    match (range, reason) {
        (Some((least, most)), _) => format!("expected a number from {least} to {most}"),
        (None, "invalid digit found in string" | "cannot parse integer from empty string") => {
            "expected a whole number".to_owned()
        }
        (None, "number too large to fit in target type") => "the number is too large".to_owned(),
        (None, reason) => reason.to_owned(),
    }
}

/// The option that an argument was probably meant for: the first that the command requires.
fn option_for(value: &str, error: &clap::Error, command: &Command) -> Option<String> {
    if value.starts_with('-') || error.kind() == ErrorKind::ValueValidation {
        return None;
    }
    let required = command.get_arguments().find(|arg| arg.get_long().is_some() && is_required(arg))?;
    let value = shell_words::quote(value);
    Some(format!("use an option for it: `--{} {value}`", required.get_long()?))
}

fn missing_argument(error: &clap::Error, command: &Command) -> (Failure, Option<String>) {
    let missing = context_values(error, ContextKind::InvalidArg).join(", ");
    let long = missing.split(' ').next().and_then(|name| name.strip_prefix("--"));
    if command.get_arguments().any(|arg| long.is_some() && arg.get_long() == long && !is_required(arg)) {
        let failure = Failure::usage(format!("Missing {missing}")).why("it is required here");
        return (failure, Some(format!("add {missing}")));
    }
    (Failure::usage(format!("Missing {missing}")).why(format!("usage: {}", usage_of(command))), None)
}

fn not_utf8(args: &[OsString]) -> Failure {
    let position = args.iter().position(|argument| argument.to_str().is_none()).unwrap_or_default();
    let argument = args.get(position).map(|argument| argument.to_string_lossy()).unwrap_or_default();
    Failure::usage(format!("Argument {position} is not UTF-8: '{argument}'"))
}

/// The parser's own message, without its usage and its tips, which can name options that are hidden or unrelated.
fn parser_message(error: &clap::Error) -> Failure {
    let rendered = error.render().to_string();
    let message = rendered.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
    let mut lines = message.lines().map(str::trim);
    let first = lines.next().unwrap_or_default();
    let mut letters = first.chars();
    let what: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let rest: Vec<&str> = lines.collect();
    let failure = Failure::usage(what);
    if rest.is_empty() { failure } else { failure.why(rest.join("\n")) }
}

/// A value that was typed, or the beginning of a long one.
fn context_value(error: &clap::Error, kind: ContextKind) -> String {
    cut(&context_values(error, kind).join(" ")).into_owned()
}

fn context_values(error: &clap::Error, kind: ContextKind) -> Vec<&str> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text],
        Some(ContextValue::Strings(texts)) => texts.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The name that was probably meant: one that begins like what was typed, or differs in a few letters.
fn nearest<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const SHORTEST_BEGINNING: usize = 2;
    let letters = |name: &str| name.trim_start_matches('-').len();
    let distance = |name: &str| {
        if letters(typed) >= SHORTEST_BEGINNING && name.starts_with(typed) {
            return 0;
        }
        strsim::damerau_levenshtein(typed, name)
    };
    let (name, distance) = names.map(|name| (name, distance(name))).min_by_key(|(_, distance)| *distance)?;
    (distance <= letters(typed) / 3).then_some(name)
}

/// Whether the command is `config set`, possibly misspelled.
fn may_hold_a_key(args: &[OsString]) -> bool {
    let behind = args.iter().skip_while(|argument| *argument != "config");
    behind.skip(1).any(|argument| argument.as_encoded_bytes().starts_with(b"set"))
}

/// The names of the commands in a command line, as far as they exist: `payments`, `customers`.
fn path_in(tree: &Command, args: &[OsString]) -> Vec<String> {
    let mut here = tree;
    let mut path = Vec::new();
    for argument in args.iter().skip(1) {
        if let Some(next) = here.find_subcommand(argument) {
            path.push(next.get_name().to_owned());
            here = next;
        }
    }
    path
}

fn command_at<'a>(tree: &'a Command, path: &[String]) -> &'a Command {
    path.iter().fold(tree, |command, name| command.find_subcommand(name).unwrap_or(command))
}

/// `insforge payments customers`
fn line_of(path: &[String]) -> String {
    std::iter::once("insforge").chain(path.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

/// The usage of a command, on one line.
fn usage_of(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage:").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_similar_name_is_suggested() {
        let options = ["--product", "--currency", "--timeout", "--interval", "--interval-count", "--yes"];
        for (typed, meant) in [
            ("--prod", Some("--product")),
            ("--prodcut", Some("--product")),
            ("--intervall", Some("--interval")),
            ("--unit-amount", None),
            ("--status", None),
            ("--yse", Some("--yes")),
            ("--no", None),
        ] {
            assert_eq!(nearest(typed, options.into_iter()), meant, "{typed}");
        }
    }
}
