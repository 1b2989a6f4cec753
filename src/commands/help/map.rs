//! The command tree as JSON, for programs: each command with its arguments and its [`CommandSpec`].
//! `schema/help-1.json` describes the format.

use std::any::TypeId;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, Command};
use serde_json::{Map, Value, json};

use super::TOPICS;
use super::layout::is_required;
use super::variables::variables;
use crate::error::{Exit, all_codes};
use crate::runner::CommandSpec;

/// The version of the format. Keys may be added to it, and none is removed.
const SCHEMA: u32 = 1;
const PROGRAM: &str = "insforge";
/// A group whose commands also exist without its name. They are listed without it.
const OMITTED: [&str; 2] = ["payments", "stripe"];

/// The commands below a path, with everything that they share.
pub(super) fn map(tree: &Command, path: &[String], brief: bool) -> Value {
    let below = if path.len() >= 2 && path[..2] == OMITTED { &path[2..] } else { path };
    let below: Vec<&str> =
        if below.len() < path.len() { [&OMITTED[..1], &as_strs(below)[..]].concat() } else { as_strs(below) };
    let mut commands = Vec::new();
    collect(tree, &mut Vec::new(), &mut |command, at| {
        if at.starts_with(&below) {
            commands.push(self::command(command, at, tree));
        }
    });
    let global = tree.get_arguments().filter(|arg| is_listed(arg) && arg.is_global_set());
    let mut map = json!({
        "schema": SCHEMA,
        "name": PROGRAM,
        "version": env!("CARGO_PKG_VERSION"),
        "about": text(tree.get_about()),
        "globalFlags": global.map(argument).collect::<Value>(),
        "commands": commands,
        "exitCodes": Exit::ALL.iter().map(|exit| json!({"code": exit.code(), "meaning": exit.meaning()})).collect::<Value>(),
        "errors": {
            "explain": [PROGRAM, "explain", "--json"],
            "codes": all_codes().map(|info| info.code).collect::<Vec<_>>(),
        },
        "environment": variables()
            .flat_map(|variable| variable.names.iter().map(|name| json!({"name": name, "meaning": variable.meaning})))
            .collect::<Value>(),
        "topics": TOPICS,
    });
    if let Some(map) = map.as_object_mut().filter(|_| brief) {
        map.shift_remove("globalFlags");
    }
    map
}

fn as_strs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// Visits all commands below this one, each group before its commands.
fn collect<'a>(
    command: &'a Command,
    path: &mut Vec<&'a str>,
    visit: &mut dyn FnMut(&'a Command, &[&'a str]),
) {
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        path.push(sub.get_name());
        visit(sub, path);
        if path[..] != OMITTED {
            collect(sub, path, visit);
        }
        path.pop();
    }
}

fn command(command: &Command, path: &[&str], tree: &Command) -> Value {
    let mut object = Map::new();
    let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
    set("path", json!(path));
    set("aliases", aliases(command, path, tree));
    set("about", text(command.get_about()));
    // Some groups are commands themselves, such as `payments config`.
    let runs = !(command.has_subcommands() && command.is_subcommand_required_set());
    set("runs", runs.into());
    let own = command.get_arguments().filter(|arg| is_listed(arg) && !arg.is_global_set());
    set("args", own.map(argument).collect());
    if let Some(spec) = command.get::<CommandSpec>().filter(|_| runs) {
        describe(spec, path, &mut set);
        let columns = spec.columns();
        if !columns.is_empty() {
            set("columns", json!(columns));
        }
        let (fields, rows) = (spec.json_fields(), spec.row_fields());
        if !rows.is_empty() {
            set("result", json!({"fields": fields, "rows": rows}));
        }
    }
    Value::Object(object)
}

/// Adds what a command changes, and its example.
fn describe(spec: &CommandSpec, path: &[&str], set: &mut dyn FnMut(&str, Value) -> Option<Value>) {
    set("effect", spec.effect.as_str().into());
    set("changes", spec.effect.changes().into());
    set("confirms", spec.effect.confirms().into());
    if !spec.note.is_empty() {
        set("note", spec.note.into());
    }
    let args = shell_words::split(spec.example.args).unwrap_or_default();
    let words: Vec<&str> = [PROGRAM].iter().chain(path).copied().chain(as_strs(&args)).collect();
    let mut example = json!({"argv": words, "exitCode": spec.example.exit});
    if !spec.example.stdin.is_empty() {
        example["stdin"] = spec.example.stdin.into();
    }
    if !spec.example.note.is_empty() {
        example["note"] = spec.example.note.into();
    }
    set("example", example);
}

/// The other paths of the same command.
fn aliases(command: &Command, path: &[&str], tree: &Command) -> Value {
    let Some((_, group)) = path.split_last() else { return json!([]) };
    let names: Vec<&str> = std::iter::once(command.get_name()).chain(command.get_all_aliases()).collect();
    let groups: Vec<Vec<&str>> = match group.split_first() {
        Some((first, rest)) if *first == OMITTED[0] => {
            let longer = [&OMITTED[..], rest].concat();
            let exists = command_at(tree, &longer)
                .is_some_and(|group| group.find_subcommand(command.get_name()).is_some());
            if exists && path != OMITTED { vec![group.to_vec(), longer] } else { vec![group.to_vec()] }
        }
        _ => vec![group.to_vec()],
    };
    let all = groups.iter().flat_map(|group| names.iter().map(move |name| [&group[..], &[name]].concat()));
    all.filter(|other| other[..] != *path).map(|other| json!(other)).collect()
}

fn command_at<'a>(tree: &'a Command, path: &[&str]) -> Option<&'a Command> {
    path.iter().try_fold(tree, |here, name| here.find_subcommand(name))
}

fn is_listed(arg: &Arg) -> bool {
    let built_in = matches!(
        arg.get_action(),
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
    );
    !built_in && !arg.is_hide_set()
}

fn text(text: Option<&clap::builder::StyledStr>) -> Value {
    text.map(ToString::to_string).into()
}

/// An argument. Fields without a value are omitted.
fn argument(arg: &Arg) -> Value {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let (help, brackets) = split_brackets(&help);
    let takes_value = arg.get_action().takes_values();
    let value_names: Vec<&str> =
        arg.get_value_names().into_iter().flatten().map(clap::builder::Str::as_str).collect();
    let name = arg.get_long().map_or_else(|| value_names.join(" "), str::to_owned);
    let mut object = Map::new();
    let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
    set("name", name.into());
    set("kind", if arg.is_positional() { "positional" } else { "flag" }.into());
    if let Some(long) = arg.get_long() {
        set("long", format!("--{long}").into());
    }
    if let Some(short) = arg.get_short() {
        set("short", format!("-{short}").into());
    }
    let values: Vec<String> = if takes_value { values(arg) } else { Vec::new() };
    set("type", kind(arg, takes_value, &values, &value_names).into());
    if !values.is_empty() {
        set("values", json!(values));
    }
    if takes_value && !value_names.is_empty() {
        set("valueName", value_names.join(" ").into());
    }
    set("required", is_required(arg).into());
    let many = arg.get_num_args().is_some_and(|range| range.max_values() > 1);
    set("repeatable", (many || takes_value && matches!(arg.get_action(), ArgAction::Append)).into());
    let own_default = arg.get_default_values().first().map(|value| value.to_string_lossy().into_owned());
    if let Some(default) = brackets.default.or(own_default.filter(|_| takes_value)) {
        set("default", default.into());
    }
    if !brackets.env.is_empty() {
        set("env", json!(brackets.env));
    }
    set("help", help.into());
    Value::Object(object)
}

fn values(arg: &Arg) -> Vec<String> {
    let all = arg.get_possible_values();
    all.iter().filter(|value| !value.is_hide_set()).map(|value| value.get_name().to_owned()).collect()
}

fn kind(arg: &Arg, takes_value: bool, values: &[String], value_names: &[&str]) -> &'static str {
    if !takes_value {
        return "switch";
    }
    let parser = arg.get_value_parser().type_id();
    let is = |id: TypeId| parser == id;
    if values == ["true", "false"] {
        "boolean"
    } else if !values.is_empty() {
        "choice"
    } else if [
        TypeId::of::<u8>(),
        TypeId::of::<u16>(),
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
        TypeId::of::<i64>(),
    ]
    .into_iter()
    .any(is)
    {
        "integer"
    } else if is(TypeId::of::<Duration>()) {
        "duration"
    } else if is(TypeId::of::<PathBuf>()) {
        "path"
    } else if value_names == ["JSON"] {
        "json"
    } else {
        "string"
    }
}

/// The brackets in an argument's help: `[env: …]`, `[default: …]`.
#[derive(Default)]
struct Brackets {
    env: Vec<String>,
    default: Option<String>,
}

/// The help without its brackets, and their content.
fn split_brackets(help: &str) -> (String, Brackets) {
    let mut brackets = Brackets::default();
    let mut rest = help.to_owned();
    while let Some((before, inside, after)) = next_bracket(&rest) {
        match inside.split_once(": ") {
            Some(("env", names)) => {
                let is_name =
                    |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
                let words = names.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
                brackets.env = words.filter(is_name).map(str::to_owned).collect();
            }
            Some((_, default)) => brackets.default = Some(default.to_owned()),
            None => {}
        }
        rest = format!("{}{after}", before.trim_end());
    }
    (rest, brackets)
}

/// The text before the first bracket, its content, and the text after it.
fn next_bracket(text: &str) -> Option<(&str, &str, &str)> {
    let start = ["[env: ", "[default: "].into_iter().filter_map(|start| text.find(start)).min()?;
    let end = start + text[start..].find(']')?;
    Some((&text[..start], &text[start + 1..end], &text[end + 1..]))
}
