//! The interface of the program, as JSON: what `help --json` and the command tree list, and the fields of real results.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::VERSION;
use crate::formats::results;
use crate::harness::{RunOutput, User, dead_address};
use crate::map::{map, words};

/// Fields that contain names of the user. `.*` stands for all of them.
const WITH_NAMES: [&str; 2] = ["metadata", "ids"];

/// The interface of this program.
pub(super) fn current() -> Value {
    let map = map(&[]);
    let tree = insforge::command();
    json!({
        "version": VERSION,
        "commands": commands(&map, &tree),
        "globalOptions": arguments(&map["globalFlags"], &tree),
        "environment": sorted(map["environment"].as_array().expect("variables").iter().map(|variable| variable["name"].clone())),
        "exitCodes": map["exitCodes"].as_array().expect("codes").iter().map(|exit| exit["code"].clone()).collect::<Value>(),
        "codes": codes(),
        "documents": documents(),
        "idempotencyKeys": idempotency_keys(),
    })
}

/// Every command by its path, with its results.
fn commands(map: &Value, tree: &clap::Command) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for command in
        map["commands"].as_array().expect("commands").iter().filter(|command| command["runs"] == true)
    {
        let path = words(&command["path"]);
        let aliases =
            command["aliases"].as_array().expect("aliases").iter().map(|path| words(path).join(" ").into());
        let found = path.iter().try_fold(tree, |at, name| at.find_subcommand(name)).expect("a command");
        let mut object = json!({
            "aliases": sorted(aliases),
            "arguments": arguments(&command["args"], found),
        });
        for name in ["effect", "changes", "confirms"] {
            object[name] = command[name].clone();
        }
        if let Some(columns) = command.get("columns") {
            object["columns"] = sorted(columns.as_array().expect("columns").iter().cloned());
        }
        all.insert(path.join(" "), object);
    }
    for (command, formats) in results() {
        let object = all.get_mut(&words(&command["path"]).join(" ")).expect("a command");
        if formats.has_result() {
            object["json"] = fields([&formats.json.json()]);
            let header =
                csv::Reader::from_reader(formats.csv.stdout.as_bytes()).headers().expect("a header").clone();
            object["csv"] = sorted(header.iter().map(Value::from));
        }
        object["ids"] = formats.has_ids().into();
    }
    all
}

/// The arguments: options by their long name, positional arguments by their position. `listed` is what the help lists; the
/// parser also accepts hidden ones and aliases.
fn arguments(listed: &Value, command: &clap::Command) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    let mut position = 0;
    for argument in listed.as_array().expect("arguments") {
        let name = argument["long"].as_str().map_or_else(
            || {
                position += 1;
                position.to_string()
            },
            str::to_owned,
        );
        // The keys of the format, without those for people and those that say no.
        let is_kept = |(key, value): &(&String, &Value)| {
            let is_name = *key == "name" && argument.get("long").is_some();
            !is_name && !["kind", "long", "help", "valueName"].contains(&key.as_str()) && **value != false
        };
        let fields = argument.as_object().expect("an argument").iter().filter(is_kept);
        let object: BTreeMap<&String, &Value> = fields.collect();
        all.insert(name, json!(object));
    }
    // `--help` and `--version` are not global for the parser.
    let is_root = command.get_name() == "insforge";
    let belongs = |argument: &&clap::Arg| match argument.get_id().as_str() {
        "help" | "version" => is_root,
        _ => argument.is_global_set() == is_root,
    };
    for argument in command.get_arguments().filter(belongs) {
        let Some(long) = argument.get_long() else { continue };
        let object = all.entry(format!("--{long}")).or_insert_with(|| {
            let kind = if argument.get_action().takes_values() { "string" } else { "switch" };
            assert!(!argument.is_required_set(), "a hidden argument that is required: {long}");
            json!({"type": kind})
        });
        if let Some(short) = argument.get_short() {
            object["short"] = format!("-{short}").into();
        }
        let long =
            argument.get_all_aliases().unwrap_or_default().into_iter().map(|alias| format!("--{alias}"));
        let short =
            argument.get_all_short_aliases().unwrap_or_default().into_iter().map(|alias| format!("-{alias}"));
        let aliases: Vec<Value> = long.chain(short).map(Value::from).collect();
        if !aliases.is_empty() {
            object["aliases"] = sorted(aliases);
        }
        let values = argument.get_possible_values();
        if argument.get_action().takes_values() && !values.is_empty() {
            object["values"] = sorted(
                values.iter().flat_map(clap::builder::PossibleValue::get_name_and_aliases).map(Value::from),
            );
        }
    }
    all
}

/// Every code with its exit codes, the usual one first. Warnings have none.
fn codes() -> BTreeMap<String, Value> {
    let all = User::new().run(&["explain", "--json"]).exits(0).json();
    let entry = |code: &Value| {
        let name = code["code"].as_str().expect("a name").to_owned();
        (name, json!({"kind": code["kind"], "exitCodes": code["exitCodes"]}))
    };
    all.as_array().expect("codes").iter().map(entry).collect()
}

/// The fields of JSON that is not the result of a command's example.
fn documents() -> BTreeMap<&'static str, Value> {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    let run = |args: &[&str], stdin: &str| user.run_with_stdin(&[args, &["--json"]].concat(), stdin);
    let lines = |text: &str| -> Vec<Value> {
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    };
    let failed = run(&["payments", "products", "get", "prod_none"], "").exits(4).error();
    let usage = run(&["payments", "products", "get"], "").exits(64).error();
    let unreachable = User::of(&dead_address()).with("INSFORGE_RETRIES", "0");
    let unreachable = unreachable
        .run(&["payments", "products", "create", "--name", "A", "--idempotency-key", "a", "--json"])
        .exits(8)
        .error();
    let file = "version = 1\nproducts = 1\n";
    let invalid = run(&["payments", "catalog", "plan", "--file", "-"], file).exits(64).error();
    let warned = run(&["payments", "prices", "list", "--product", "prod_none"], "").exits(0);
    let warning =
        lines(&warned.stderr).into_iter().find(|line| line.get("warning").is_some()).expect("a warning");
    let item = r#"{"name": "Seat", "amount": 100, "currency": "INR"}"#;
    let items = ["payments", "razorpay", "items", "create", "--from-file", "-"];
    let prices = ["payments", "prices", "create", "--product", "prod_dxFhxxNRvjmfxv", "--currency", "usd"];
    let taken = r#"{"unitAmount": 100, "lookupKey": "pro_monthly"}"#;
    run(&items, item).exits(0);
    // One of two items exists, and one of two prices cannot be created.
    let mut bulk = lines(&run(&items, &format!("{item}\n{}", item.replace("Seat", "Desk"))).exits(0).stdout);
    bulk.extend(lines(
        &run(&[&prices[..], &["--from-file", "-"]].concat(), &format!("{{\"unitAmount\": 1}}\n{taken}"))
            .exits(9)
            .stdout,
    ));
    let file = "version = 1\n[products.studio]\nname = \"Studio\"\n";
    run(&["payments", "catalog", "plan", "--file", "-", "--out", "plan.json"], file).exits(0);
    let plan: Value = serde_json::from_str(&user.read("plan.json")).expect("a plan");
    let version = run(&["--version"], "").exits(0).json();
    run(&["payments", "config", "set", "live", "-", "--yes"], "sk_live_51SandboxShop0001a").exits(0);
    run(&["payments", "catalog", "export", "test", "--adopt"], "").exits(0);
    let differences = run(&["payments", "catalog", "diff", "test", "live"], "").exits(0).json();
    let created = run(&["payments", "products", "create", "--name", "A"], "").exits(0).json();
    let id = created["product"]["productId"].as_str().expect("an id").to_owned();
    let deleted = run(&["payments", "products", "delete", "test", &id, "--yes"], "").exits(0).json();
    [
        ("error", fields([&failed, &usage, &unreachable, &invalid])),
        ("warning", fields([&warning])),
        ("bulk result", fields(&bulk)),
        (
            "dry run",
            fields([&run(&["payments", "products", "create", "--name", "A", "--dry-run"], "")
                .exits(0)
                .json()]),
        ),
        ("plan file", fields([&plan])),
        ("payments catalog diff", fields([&differences])),
        ("payments products delete", fields([&deleted])),
        ("--version", fields([&version])),
        ("help", fields([&map(&[])])),
        ("explain without a code", fields([&run(&["explain"], "").exits(0).json()])),
        ("explain EXIT_CODE", fields([&run(&["explain", "4"], "").exits(0).json()])),
        ("explain STATUS", fields([&run(&["explain", "404"], "").exits(0).json()])),
    ]
    .into_iter()
    .collect()
}

/// The idempotency keys that are derived from objects. With other keys, running a command of an earlier version again
/// would create its objects twice.
fn idempotency_keys() -> Value {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    let keys = |ran: RunOutput| {
        let mut found = Vec::new();
        for line in ran.exits(0).stdout.lines() {
            collect_keys(&serde_json::from_str(line).expect("JSON"), &mut found);
        }
        assert!(!found.is_empty(), "no keys");
        found
    };
    let product = "{\"name\": \"A\", \"metadata\": {\"tier\": \"1\"}}\n";
    let price = "{\"productId\": \"prod_dxFhxxNRvjmfxv\", \"currency\": \"usd\", \"unitAmount\": 100}\n";
    let run = |args: &[&str], stdin: &str| {
        keys(user.run_with_stdin(&[&["payments"], args, &["--dry-run", "-o", "jsonl"]].concat(), stdin))
    };
    json!({
        // The second of two identical objects has a key of its own. A single object has a random key.
        "products create": run(&["products", "create", "--from-file", "-"], &product.repeat(2)),
        "prices create": run(&["prices", "create", "--from-file", "-"], &price.repeat(2)),
    })
}

fn collect_keys(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(key) if name == "idempotencyKey" => found.push(key.to_owned()),
                    _ => collect_keys(value, found),
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect_keys(element, found)),
        _ => {}
    }
}

/// The fields in these values, as jq paths, with their types: `.prices[].unitAmount`: `number`.
fn fields<'a>(values: impl IntoIterator<Item = &'a Value>) -> Value {
    let mut types: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for value in values {
        collect_fields(value, "", &mut types);
    }
    let joined = |types: BTreeSet<&str>| Value::from(types.into_iter().collect::<Vec<_>>().join(" or "));
    types.into_iter().map(|(path, types)| (path, joined(types))).collect::<Map<_, _>>().into()
}

fn collect_fields(value: &Value, path: &str, types: &mut BTreeMap<String, BTreeSet<&'static str>>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let shown = if path.is_empty() { "." } else { path };
    types.entry(shown.to_owned()).or_default().insert(kind);
    match value {
        Value::Object(fields) => {
            let has_names = WITH_NAMES.iter().any(|name| path.ends_with(&format!(".{name}")));
            for (name, value) in fields {
                let name = if has_names { "*" } else { name };
                collect_fields(value, &format!("{path}.{name}"), types);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                collect_fields(element, &format!("{path}[]"), types);
            }
        }
        _ => {}
    }
}

fn sorted(values: impl IntoIterator<Item = Value>) -> Value {
    let mut all: Vec<Value> = values.into_iter().collect();
    all.sort_by_key(ToString::to_string);
    all.dedup();
    all.into()
}
