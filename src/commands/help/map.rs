//! The whole command tree for programs: what the tree says of itself, and beside each command what it changes and an
//! example. `schema/help-1.json` describes it.

use std::any::TypeId;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, Command};
use serde_json::{Map, Value, json};

use super::TOPICS;
use super::columns::columns;
use super::facts::{Facts, facts};
use super::layout::is_required;
use super::variables::variables;
use crate::error::{Exit, all_codes};

/// The version of what is printed. Keys are only ever added to it.
const SCHEMA: u32 = 1;
const PROGRAM: &str = "insforge";
/// The branch whose commands are the same without its name.
const LEFT_OUT: [&str; 2] = ["payments", "stripe"];

/// The tree below a path, with what holds for all of it.
pub(super) fn map(tree: &Command, path: &[String]) -> Value {
    let below = if path.len() >= 2 && path[..2] == LEFT_OUT { &path[2..] } else { path };
    let below: Vec<&str> =
        if below.len() < path.len() { [&LEFT_OUT[..1], &strs(below)[..]].concat() } else { strs(below) };
    let mut commands = Vec::new();
    collect(tree, &mut Vec::new(), &mut |command, at| {
        if at.starts_with(&below) {
            commands.push(self::command(command, at, tree));
        }
    });
    json!({
        "schema": SCHEMA,
        "name": PROGRAM,
        "version": env!("CARGO_PKG_VERSION"),
        "about": text(tree.get_about()),
        "globalFlags": tree.get_arguments().filter(|arg| is_told(arg) && arg.is_global_set()).map(argument).collect::<Value>(),
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
    })
}

fn strs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// Goes through all commands below this one, a group before what is in it.
fn collect<'a>(command: &'a Command, path: &mut Vec<&'a str>, tell: &mut dyn FnMut(&'a Command, &[&'a str])) {
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        path.push(sub.get_name());
        tell(sub, path);
        if path[..] != LEFT_OUT {
            collect(sub, path, tell);
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
    // A group's own name runs nothing, unless it does.
    let runs = !(command.has_subcommands() && command.is_subcommand_required_set());
    set("runs", runs.into());
    let own = command.get_arguments().filter(|arg| is_told(arg) && !arg.is_global_set());
    set("args", own.map(argument).collect());
    if let Some(facts) = facts(path).filter(|_| runs) {
        say(facts, &mut set);
        let columns = columns(path);
        if !columns.is_empty() {
            set("columns", json!(columns));
        }
    }
    Value::Object(object)
}

/// What a command changes, and its example.
fn say(facts: &Facts, set: &mut dyn FnMut(&str, Value) -> Option<Value>) {
    set("effect", facts.effect.as_str().into());
    set("changes", facts.changes.as_str().into());
    set("confirms", facts.confirms().into());
    if !facts.note.is_empty() {
        set("note", facts.note.into());
    }
    let words = shell_words::split(facts.example).unwrap_or_default();
    let argv: Vec<String> = std::iter::once(PROGRAM.to_owned()).chain(words).collect();
    let mut example = json!({"argv": argv, "exitCode": facts.exit});
    if !facts.stdin.is_empty() {
        example["stdin"] = facts.stdin.into();
    }
    if !facts.about_example.is_empty() {
        example["note"] = facts.about_example.into();
    }
    set("example", example);
}

/// Every other path of the same command, in full.
fn aliases(command: &Command, path: &[&str], tree: &Command) -> Value {
    let Some((_, group)) = path.split_last() else { return json!([]) };
    let names: Vec<&str> = std::iter::once(command.get_name()).chain(command.get_all_aliases()).collect();
    let groups: Vec<Vec<&str>> = match group.split_first() {
        Some((first, rest)) if *first == LEFT_OUT[0] => {
            let longer = [&LEFT_OUT[..], rest].concat();
            let is_there =
                at(tree, &longer).is_some_and(|group| group.find_subcommand(command.get_name()).is_some());
            if is_there && path != LEFT_OUT { vec![group.to_vec(), longer] } else { vec![group.to_vec()] }
        }
        _ => vec![group.to_vec()],
    };
    let all = groups.iter().flat_map(|group| names.iter().map(move |name| [&group[..], &[name]].concat()));
    all.filter(|other| other[..] != *path).map(|other| json!(other)).collect()
}

fn at<'a>(tree: &'a Command, path: &[&str]) -> Option<&'a Command> {
    path.iter().try_fold(tree, |here, name| here.find_subcommand(name))
}

fn is_told(arg: &Arg) -> bool {
    let built_in = matches!(
        arg.get_action(),
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
    );
    !built_in && !arg.is_hide_set()
}

fn text(text: Option<&clap::builder::StyledStr>) -> Value {
    text.map(ToString::to_string).into()
}

/// An argument. What it has not is left out.
fn argument(arg: &Arg) -> Value {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let (help, noted) = notes(&help);
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
    // What a file can have in its place is required of the two of them.
    set("required", is_required(arg).into());
    let many = arg.get_num_args().is_some_and(|range| range.max_values() > 1);
    set("repeatable", (many || takes_value && matches!(arg.get_action(), ArgAction::Append)).into());
    let own_default = arg.get_default_values().first().map(|value| value.to_string_lossy().into_owned());
    if let Some(default) = noted.default.or(own_default.filter(|_| takes_value)) {
        set("default", default.into());
    }
    if !noted.env.is_empty() {
        set("env", json!(noted.env));
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

/// What an argument's help says in brackets: `[env: …]`, `[default: …]`.
#[derive(Default)]
struct Noted {
    env: Vec<String>,
    default: Option<String>,
}

/// The help without its brackets, and what stood in them.
fn notes(help: &str) -> (String, Noted) {
    let mut noted = Noted::default();
    let mut rest = help.to_owned();
    while let Some((before, inside, after)) = bracket(&rest) {
        match inside.split_once(": ") {
            Some(("env", names)) => {
                let is_name =
                    |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
                let words = names.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
                noted.env = words.filter(is_name).map(str::to_owned).collect();
            }
            Some((_, default)) => noted.default = Some(default.to_owned()),
            None => {}
        }
        rest = format!("{}{after}", before.trim_end());
    }
    (rest, noted)
}

fn bracket(text: &str) -> Option<(&str, &str, &str)> {
    let start = ["[env: ", "[default: "].into_iter().filter_map(|mark| text.find(mark)).min()?;
    let end = start + text[start..].find(']')?;
    Some((&text[..start], &text[start + 1..end], &text[end + 1..]))
}
