//! The changes between two interfaces that break a user of the first. What the second has in addition breaks nobody.

use serde_json::{Map, Value};

/// The breaking changes, one line each.
pub(super) fn breaking_changes(old: &Value, new: &Value) -> Vec<String> {
    let mut changes = Vec::new();
    for (path, old) in object(&old["commands"]) {
        match command(&new["commands"], path) {
            Some(new) => compare_commands(path, old, new, &mut changes),
            None => changes.push(format!("the command `{path}` is gone")),
        }
    }
    compare_arguments("every command", &old["globalOptions"], &new["globalOptions"], &mut changes);
    for variable in missing(&old["environment"], &new["environment"]) {
        changes.push(format!("the variable {variable} is gone"));
    }
    for exit in missing(&old["exitCodes"], &new["exitCodes"]) {
        changes.push(format!("the exit code {exit} is gone"));
    }
    for (code, old) in object(&old["codes"]) {
        match new["codes"].get(code) {
            None => changes.push(format!("the code {code} is gone")),
            Some(new) => {
                compare_values(
                    &format!("{code} is of another kind"),
                    &old["kind"],
                    &new["kind"],
                    &mut changes,
                );
                let what = format!("{code} has other exit codes");
                compare_values(&what, &old["exitCodes"], &new["exitCodes"], &mut changes);
            }
        }
    }
    for (document, old) in object(&old["documents"]) {
        compare_fields(document, old, &new["documents"][document], &mut changes);
    }
    for (command, old) in object(&old["idempotencyKeys"]) {
        let what = format!("`{command}` derives other idempotency keys");
        compare_values(&what, old, &new["idempotencyKeys"][command], &mut changes);
    }
    changes
}

/// The command with this path or alias.
fn command<'a>(commands: &'a Value, path: &str) -> Option<&'a Value> {
    commands.get(path).or_else(|| {
        object(commands).values().find(|command| list(&command["aliases"]).iter().any(|alias| alias == path))
    })
}

fn compare_commands(path: &str, old: &Value, new: &Value, changes: &mut Vec<String>) {
    for alias in missing(&old["aliases"], &new["aliases"]) {
        changes.push(format!("{path} lost its alias `{alias}`"));
    }
    compare_arguments(path, &old["arguments"], &new["arguments"], changes);
    for name in ["effect", "changes"] {
        compare_values(&format!("{path} has another {name}"), &old[name], &new[name], changes);
    }
    let strictness =
        |command: &Value| ["never", "live", "always"].iter().position(|when| command["confirms"] == *when);
    if strictness(new) > strictness(old) {
        compare_values(
            &format!("{path} needs more confirmation"),
            &old["confirms"],
            &new["confirms"],
            changes,
        );
    }
    for column in missing(&old["columns"], &new["columns"]) {
        changes.push(format!("{path} lost the column {column}"));
    }
    compare_fields(path, &old["json"], &new["json"], changes);
    for column in missing(&old["csv"], &new["csv"]) {
        changes.push(format!("{path} lost {column} in CSV"));
    }
    if old["ids"] == true && new["ids"] != true {
        changes.push(format!("{path} lost -o ids"));
    }
}

fn compare_arguments(command: &str, old: &Value, new: &Value, changes: &mut Vec<String>) {
    for (name, old) in object(old) {
        match argument(new, name) {
            Some(new) => compare_argument(command, &called(name, old), old, new, changes),
            None => changes.push(format!("{command} lost the {}", called(name, old))),
        }
    }
    for (name, new) in object(new) {
        let is_new = !names(name, new).any(|name| argument(old, name).is_some());
        if is_new && new["required"] == true {
            changes.push(format!("{command} requires the new {}", called(name, new)));
        }
    }
}

/// The argument with this name or alias.
fn argument<'a>(arguments: &'a Value, name: &str) -> Option<&'a Value> {
    object(arguments)
        .iter()
        .find(|(own, argument)| names(own, argument).any(|own| own == name))
        .map(|(_, found)| found)
}

/// The names with which a command line has an argument.
fn names<'a>(name: &'a str, argument: &'a Value) -> impl Iterator<Item = &'a str> {
    let others = list(&argument["aliases"]).iter().chain(argument.get("short"));
    std::iter::once(name).chain(others.filter_map(Value::as_str))
}

/// `option --limit`, or `argument 1 (PRODUCT_ID)`.
fn called(name: &str, argument: &Value) -> String {
    match argument["name"].as_str() {
        Some(shown) => format!("argument {name} ({shown})"),
        None => format!("option {name}"),
    }
}

fn compare_argument(command: &str, called: &str, old: &Value, new: &Value, changes: &mut Vec<String>) {
    for name in names("", old).skip(1) {
        if !names("", new).any(|other| other == name) {
            changes.push(format!("{command} lost {name} for the {called}"));
        }
    }
    if old["required"] != true && new["required"] == true {
        changes.push(format!("{command} requires the {called}, which was optional"));
    }
    if old["repeatable"] == true && new["repeatable"] != true {
        changes.push(format!("{command} accepts only one value of the {called}"));
    }
    // A string accepts everything.
    if new["type"] != "string" {
        compare_values(
            &format!("{command} has another type of the {called}"),
            &old["type"],
            &new["type"],
            changes,
        );
        for value in missing(&old["values"], &new["values"]) {
            changes.push(format!("{command} no longer accepts {value} for the {called}"));
        }
    }
    // A sentence is for people.
    if old["default"].as_str().is_some_and(|default| !default.contains(' ')) {
        let what = format!("{command} has another default of the {called}");
        compare_values(&what, &old["default"], &new["default"], changes);
    }
    for variable in missing(&old["env"], &new["env"]) {
        changes.push(format!("{command} no longer reads {variable} for the {called}"));
    }
}

/// Compares the types of JSON fields. A lost object is reported without its fields.
fn compare_fields(what: &str, old: &Value, new: &Value, changes: &mut Vec<String>) {
    let mut lost: Vec<&str> = Vec::new();
    for (path, old) in object(old) {
        let Some(new) = new.get(path) else {
            let is_inside =
                |outer: &&str| path.strip_prefix(*outer).is_some_and(|rest| rest.starts_with(['.', '[']));
            if path != "." && lost.iter().any(|outer| *outer == "." || is_inside(outer)) {
                continue;
            }
            lost.push(path);
            let field = if path == "." { "its JSON".to_owned() } else { format!("the JSON field {path}") };
            changes.push(format!("{what} lost {field}"));
            continue;
        };
        let types = |value: &Value| -> Vec<String> {
            value.as_str().unwrap_or_default().split(" or ").map(str::to_owned).collect()
        };
        let (before, now) = (types(old), types(new));
        // A field that was always null has no known type.
        if before != ["null"] && now.iter().any(|kind| !before.contains(kind)) {
            changes.push(format!(
                "{what}: the JSON field {path} was {} and is {}",
                before.join(" or "),
                now.join(" or ")
            ));
        }
    }
}

fn compare_values(what: &str, old: &Value, new: &Value, changes: &mut Vec<String>) {
    if old != new {
        changes.push(format!("{what}: it was {}, and is {}", plain(old), plain(new)));
    }
}

/// The strings of the first list that the second does not have.
fn missing(old: &Value, new: &Value) -> Vec<String> {
    list(old).iter().filter(|value| !list(new).contains(value)).map(plain).collect()
}

/// A value without quotes around strings.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(elements) => elements.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Null => "none".to_owned(),
        value => value.to_string(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn object(value: &Value) -> &Map<String, Value> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.as_object().unwrap_or(&NONE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An interface with one of everything.
    fn interface() -> Value {
        json!({
            "commands": {"prices list": {
                "aliases": ["stripe prices list"],
                "arguments": {
                    "1": {"name": "ENV", "type": "choice", "values": ["test", "live"]},
                    "--limit": {"type": "integer", "short": "-l", "aliases": ["--max"], "default": "50"},
                    "--status": {"type": "string", "repeatable": true, "default": "every status", "env": ["STATUS"]},
                    "--format": {"type": "choice", "values": ["env", "ts"]},
                },
                "effect": "reads",
                "changes": "nothing",
                "confirms": "never",
                "columns": ["price-id"],
                "json": {".": "object", ".prices": "array", ".prices[].id": "string", ".prices[].next": "null"},
                "csv": ["id"],
                "ids": true,
            }},
            "globalOptions": {"--quiet": {"type": "switch"}},
            "environment": ["INSFORGE_URL"],
            "exitCodes": [0, 9],
            "codes": {
                "USAGE": {"kind": "error", "exitCodes": [64]},
                "LIST_TRUNCATED": {"kind": "warning", "exitCodes": []},
            },
            "documents": {"error": {".": "object", ".code": "string"}},
            "idempotencyKeys": {"products create": ["one"]},
        })
    }

    /// The interface with another value at a path. Without a value, the path is removed.
    fn changed(path: &str, value: Option<Value>) -> Value {
        let mut new = interface();
        let path = path.replace("LIST/", "commands/prices list/");
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let parent = if parent.is_empty() { String::new() } else { format!("/{parent}") };
        let parent = new.pointer_mut(&parent).and_then(Value::as_object_mut).expect("an object");
        match value {
            Some(value) => parent.insert(name.to_owned(), value),
            None => Some(parent.shift_remove(name).expect("a member")),
        };
        new
    }

    #[test]
    fn each_breaking_change_is_one_line() {
        let required = |name: &str| json!({"name": name, "required": true});
        for (path, value, line) in [
            ("commands/prices list", None, "the command `prices list` is gone"),
            ("LIST/aliases", None, "prices list lost its alias `stripe prices list`"),
            ("LIST/arguments/--limit", None, "prices list lost the option --limit"),
            ("LIST/arguments/1", None, "prices list lost the argument 1 (ENV)"),
            ("LIST/arguments/--limit/short", None, "prices list lost -l for the option --limit"),
            ("LIST/arguments/--limit/aliases", None, "prices list lost --max for the option --limit"),
            (
                "LIST/arguments/--limit/required",
                Some(json!(true)),
                "prices list requires the option --limit, which was optional",
            ),
            (
                "LIST/arguments/--currency",
                Some(json!({"required": true})),
                "prices list requires the new option --currency",
            ),
            ("LIST/arguments/2", Some(required("ID")), "prices list requires the new argument 2 (ID)"),
            (
                "LIST/arguments/--format/values",
                Some(json!(["env"])),
                "prices list no longer accepts ts for the option --format",
            ),
            (
                "LIST/arguments/1/values",
                Some(json!(["test"])),
                "prices list no longer accepts live for the argument 1 (ENV)",
            ),
            (
                "LIST/arguments/--limit/type",
                Some(json!("duration")),
                "prices list has another type of the option --limit: it was integer, and is duration",
            ),
            (
                "LIST/arguments/--limit/default",
                Some(json!("20")),
                "prices list has another default of the option --limit: it was 50, and is 20",
            ),
            (
                "LIST/arguments/--status/repeatable",
                None,
                "prices list accepts only one value of the option --status",
            ),
            (
                "LIST/arguments/--status/env",
                None,
                "prices list no longer reads STATUS for the option --status",
            ),
            (
                "LIST/effect",
                Some(json!("writes")),
                "prices list has another effect: it was reads, and is writes",
            ),
            (
                "LIST/confirms",
                Some(json!("live")),
                "prices list needs more confirmation: it was never, and is live",
            ),
            ("LIST/columns", None, "prices list lost the column price-id"),
            ("LIST/json", None, "prices list lost its JSON"),
            ("LIST/json/.prices[].id", None, "prices list lost the JSON field .prices[].id"),
            ("LIST/json", Some(json!({".": "object"})), "prices list lost the JSON field .prices"),
            (
                "LIST/json/.prices[].id",
                Some(json!("number")),
                "prices list: the JSON field .prices[].id was string and is number",
            ),
            (
                "LIST/json/.prices[].id",
                Some(json!("null or string")),
                "prices list: the JSON field .prices[].id was string and is null or string",
            ),
            ("LIST/csv", None, "prices list lost id in CSV"),
            ("LIST/ids", None, "prices list lost -o ids"),
            ("globalOptions/--quiet", None, "every command lost the option --quiet"),
            ("environment", None, "the variable INSFORGE_URL is gone"),
            ("exitCodes", Some(json!([0])), "the exit code 9 is gone"),
            ("codes/USAGE", None, "the code USAGE is gone"),
            (
                "codes/USAGE/exitCodes",
                Some(json!([2, 64])),
                "USAGE has other exit codes: it was 64, and is 2, 64",
            ),
            (
                "codes/LIST_TRUNCATED/kind",
                Some(json!("error")),
                "LIST_TRUNCATED is of another kind: it was warning, and is error",
            ),
            ("documents/error/.code", None, "error lost the JSON field .code"),
            (
                "idempotencyKeys/products create",
                Some(json!(["two"])),
                "`products create` derives other idempotency keys: it was one, and is two",
            ),
        ] {
            assert_eq!(breaking_changes(&interface(), &changed(path, value)), [line]);
        }
    }

    #[test]
    fn additions_break_nobody() {
        for (path, value) in [
            ("version", json!("0.1.1")),
            ("commands/prices get", json!({})),
            ("LIST/arguments/--new", json!({"type": "switch"})),
            ("LIST/arguments/2", json!({"name": "ID"})),
            ("LIST/arguments/--format/values", json!(["env", "json", "ts"])),
            ("LIST/arguments/--format", json!({"type": "string"})),
            ("LIST/arguments/--status/default", json!("all of them")),
            ("LIST/arguments/--limit/required", json!(false)),
            ("LIST/json/.prices[].amount", json!("number")),
            ("LIST/json/.prices[].next", json!("string")),
            ("exitCodes", json!([0, 9, 10])),
            ("codes/NEW", json!({"kind": "error", "exitCodes": [10]})),
        ] {
            let new = changed(path, Some(value));
            assert_eq!(breaking_changes(&interface(), &new), Vec::<String>::new(), "{path}");
        }
    }

    #[test]
    fn a_new_name_breaks_nobody_if_the_old_one_is_an_alias() {
        let mut command = interface()["commands"]["prices list"].clone();
        command["aliases"] = json!(["prices list", "stripe prices list"]);
        let arguments = command["arguments"].as_object_mut().expect("arguments");
        let mut limit = arguments.shift_remove("--limit").expect("the option");
        limit["aliases"] = json!(["--limit", "--max"]);
        arguments.insert("--first".to_owned(), limit);
        let new = changed("commands", Some(json!({"amounts list": command})));
        assert_eq!(breaking_changes(&interface(), &new), Vec::<String>::new());
    }
}
