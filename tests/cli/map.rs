//! `help --json` follows its schema, lists every command, and describes what each command does.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::formats::results;
use super::harness::all_formats::lines;
use super::harness::{RunOutput, User, finish, path_with_binary, signal, wait_for_exit};

/// The placeholder for the backend's address in examples.
const YOUR_APP: &str = "https://your-app.us-east.insforge.app";

pub(super) fn map(words: &[&str]) -> Value {
    User::new().run(&[&["help"], words, &["--json"]].concat()).exits(0).json()
}

pub(super) fn words(value: &Value) -> Vec<String> {
    let all = value.as_array().expect("words");
    all.iter().map(|word| word.as_str().expect("a word").to_owned()).collect()
}

/// The commands that have an example, except for these.
pub(super) fn with_example<'a>(map: &'a Value, excluded: &[&str]) -> Vec<&'a Value> {
    let all = map["commands"].as_array().expect("commands").iter();
    all.filter(|command| command.get("example").is_some())
        .filter(|command| !excluded.contains(&words(&command["path"]).join(" ").as_str()))
        .collect()
}

#[test]
fn the_output_follows_its_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/help-1.json");
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(path).expect("the schema")).expect("JSON");
    for branch in [&[][..], &["payments", "products"], &["sandbox"], &["payments", "--brief"]] {
        check(&map(branch), &schema, &schema, "$");
    }
    // The checker rejects a wrong value.
    let mut wrong = map(&[]);
    wrong["commands"][0]["effect"] = "unknown".into();
    assert!(std::panic::catch_unwind(|| check(&wrong, &schema, &schema, "$")).is_err());
    let mut unlisted = map(&[]);
    unlisted["commands"][0]["new"] = true.into();
    assert!(std::panic::catch_unwind(|| check(&unlisted, &schema, &schema, "$")).is_err());
}

/// Checks a value against a schema, with the keywords of JSON Schema that ours uses.
fn check(value: &Value, schema: &Value, root: &Value, at: &str) {
    for (word, rule) in schema.as_object().expect("a schema") {
        match word.as_str() {
            "$schema" | "title" | "description" | "$defs" => {}
            "$ref" => {
                let name =
                    rule.as_str().and_then(|name| name.strip_prefix("#/$defs/")).expect("a definition");
                check(value, &root["$defs"][name], root, at);
            }
            "const" => assert_eq!(value, rule, "{at}"),
            "enum" => assert!(rule.as_array().expect("values").contains(value), "{at}: {value}"),
            "type" => {
                let fits = match rule.as_str().expect("a type") {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "boolean" => value.is_boolean(),
                    other => panic!("unknown type {other}"),
                };
                assert!(fits, "{at} is not of type {rule}: {value}");
            }
            "required" => {
                for name in words(rule) {
                    assert!(value.get(&name).is_some(), "{at} has no {name}: {value}");
                }
            }
            // A later version may have more keys. This one has those of the schema.
            "properties" => {
                for (name, value) in value.as_object().expect("an object") {
                    let rule = rule.get(name);
                    let rule = rule.unwrap_or_else(|| panic!("{at} has {name}, which is not in the schema"));
                    check(value, rule, root, &format!("{at}.{name}"));
                }
            }
            "items" => {
                for (number, item) in value.as_array().expect("an array").iter().enumerate() {
                    check(item, rule, root, &format!("{at}[{number}]"));
                }
            }
            other => panic!("unknown keyword {other}"),
        }
    }
}

/// Collects the paths of all commands in the tree.
fn collect_commands(command: &clap::Command, path: &[String], found: &mut BTreeSet<Vec<String>>) {
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let path = [path, &[sub.get_name().to_owned()]].concat();
        collect_commands(sub, &path, found);
        if !(sub.has_subcommands() && sub.is_subcommand_required_set()) {
            found.insert(path);
        }
    }
}

#[test]
fn every_command_is_listed_with_its_spec() {
    let mut expected = BTreeSet::new();
    collect_commands(&insforge::command(), &[], &mut expected);
    let map = map(&[]);
    let mut listed = BTreeSet::new();
    for command in
        map["commands"].as_array().expect("commands").iter().filter(|command| command["runs"] == true)
    {
        for fact in ["effect", "changes", "confirms", "example"] {
            assert!(
                command.get(fact).is_some(),
                "{} has no {fact}: add `CommandSpec` to its struct",
                command["path"]
            );
        }
        let paths = command["aliases"].as_array().expect("aliases").iter().chain([&command["path"]]);
        listed.extend(paths.map(words));
    }
    let missing: Vec<_> = expected.difference(&listed).collect();
    assert!(missing.is_empty(), "{missing:?}");
    // All other paths are clap's aliases.
    for path in listed.difference(&expected) {
        let command = path.iter().try_fold(insforge::command(), |at, name| at.find_subcommand(name).cloned());
        assert!(command.is_some(), "{path:?} does not exist");
    }
}

#[test]
fn every_variable_of_a_flag_is_explained() {
    let map = map(&[]);
    let known: BTreeSet<String> = map["environment"]
        .as_array()
        .expect("variables")
        .iter()
        .map(|variable| variable["name"].as_str().expect("a name").to_owned())
        .collect();
    let commands = map["commands"].as_array().expect("commands").iter().map(|command| &command["args"]);
    let mut seen = 0;
    for arg in commands.chain([&map["globalFlags"]]).flat_map(|args| args.as_array().expect("arguments")) {
        for name in arg.get("env").map(words).unwrap_or_default() {
            seen += 1;
            assert!(known.contains(&name), "{name}");
        }
        assert!(!arg["help"].as_str().expect("help").contains("[env"), "{arg}");
    }
    assert!(seen > 8, "only {seen}");
}

#[test]
fn a_path_limits_the_list() {
    let paths = |path: &[&str]| -> Vec<String> {
        map(path)["commands"]
            .as_array()
            .expect("commands")
            .iter()
            .map(|command| words(&command["path"]).join(" "))
            .collect()
    };
    let products = paths(&["payments", "products"]);
    assert_eq!(products.len(), 7, "{products:?}");
    assert!(products.iter().all(|path| path.starts_with("payments products")), "{products:?}");
    assert_eq!(paths(&["payments", "stripe", "products"]), products);
    assert_eq!(paths(&["payments", "history"]), ["payments transactions"]);
    User::new().run(&["help", "nonsense", "--json"]).exits(64);
    let user = User::new().with("INSFORGE_OUTPUT", "json");
    assert!(
        user.run(&["help", "payments", "sync"]).exits(0).stdout.starts_with("Sync"),
        "INSFORGE_OUTPUT does not turn help into JSON"
    );
    let topic = User::new().run(&["help", "agents", "--json"]).exits(0).json();
    assert_eq!(topic["text"], User::new().run(&["help", "agents"]).exits(0).stdout);
}

/// Replaces the placeholder by the address of the sandbox, which differs in each run.
const WITH_ADDRESS: &str = r#"for word; do
        [ "$word" != "$YOUR_APP" ] || word=$INSFORGE_BASE_URL
        set -- "$@" "$word"; shift
    done; exec insforge "$@""#;

/// Runs an example in a new sandbox and an empty home.
fn run_example(example: &Value, change: impl Fn(&str) -> Option<String>) -> RunOutput {
    let argv: Vec<String> = words(&example["argv"]).iter().skip(1).filter_map(|word| change(word)).collect();
    in_a_sandbox(&User::new(), &argv, example["stdin"].as_str().unwrap_or_default())
}

/// Runs a command line in a new sandbox.
pub(super) fn in_a_sandbox(user: &User, argv: &[String], stdin: &str) -> RunOutput {
    let around: &[&str] =
        if argv[0] == "sandbox" { &[] } else { &["sandbox", "exec", "--", "sh", "-c", WITH_ADDRESS, "sh"] };
    let mut command = user.command(around);
    command.args(argv).env("YOUR_APP", YOUR_APP).env("PATH", path_with_binary());
    finish(command, stdin)
}

#[test]
fn every_example_runs_with_its_exit_code() {
    let map = map(&[]);
    let mut tried = 0;
    for command in map["commands"].as_array().expect("commands") {
        let Some(example) = command.get("example") else { continue };
        let argv = words(&example["argv"]);
        let path = words(&command["path"]);
        assert_eq!(argv[0], "insforge");
        assert_eq!(argv[1..=path.len()], path[..], "the example runs another command");
        assert!(argv.iter().all(|word| !word.starts_with("sk_")), "a key in an example: {argv:?}");
        let code = example["exitCode"].as_i64().expect("a code");
        assert_eq!(
            code != 0,
            code != 0 && example.get("note").is_some(),
            "{argv:?} has no reason for its exit code"
        );
        tried += 1;
        if path == ["sandbox", "serve"] {
            assert_eq!(i64::from(serve_and_stop(&argv)), code);
            continue;
        }
        let ran = run_example(example, |word| Some(word.to_owned()));
        assert_eq!(i64::from(ran.code), code, "{argv:?}: {ran:?}");
        if code == 0 && argv.last().is_some_and(|word| word == "--json") && path != ["sandbox", "exec"] {
            ran.json();
        }
    }
    assert!(tried > 50, "only {tried} examples");
}

/// The JSON of every example has the fields that the map lists, and its rows have the columns of CSV.
#[test]
fn the_map_lists_the_fields_of_every_result() {
    let mut checked = 0;
    for (command, formats) in results() {
        let path = words(&command["path"]);
        let is_json = words(&command["example"]["argv"]).contains(&"--json".to_owned());
        if command["example"]["exitCode"] != 0 || !is_json {
            continue;
        }
        let Some(result) = command.get("result") else {
            assert!(path[0] == "sandbox", "{path:?} has no result");
            continue;
        };
        let (fields, rows) = (words(&result["fields"]), words(&result["rows"]));
        let json = formats.json.json();
        let first = json.as_array().map_or(&json, |all| &all[0]);
        let names: Vec<String> = first.as_object().expect("an object").keys().cloned().collect();
        // The ids of a catalog are named by their keys. The sandbox has none.
        if path.last().is_some_and(|name| name == "ids") {
            continue;
        }
        assert_eq!(names, fields, "{path:?}");
        let mut seen = BTreeSet::new();
        for row in lines(&formats.jsonl.stdout) {
            seen.extend(row.as_object().expect("an object").keys().cloned());
        }
        let unlisted: Vec<_> = seen.iter().filter(|name| !rows.contains(name)).collect();
        assert!(unlisted.is_empty(), "{path:?} does not list {unlisted:?}");
        // Some fields are only in some rows.
        let of_some = ["paymentStatus", "cancelAtPeriodEnd", "amount", "currency"];
        let optional = [&["also", "error", "code"][..], &of_some].concat();
        let missing: Vec<_> = rows.iter().filter(|name| !seen.is_empty() && !seen.contains(*name)).collect();
        assert!(missing.iter().all(|name| optional.contains(&name.as_str())), "{path:?}: {missing:?}");
        checked += 1;
    }
    assert!(checked > 40, "only {checked} results");
}

#[test]
fn a_brief_map_has_no_global_options() {
    let full = map(&["payments", "products"]);
    let brief = User::new().run(&["help", "payments", "products", "--json", "--brief"]).exits(0).json();
    assert!(full["globalFlags"].as_array().expect("flags").len() > 10);
    assert_eq!((brief.get("globalFlags"), &brief["commands"]), (None, &full["commands"]));
    User::new().run(&["help", "--brief"]).exits(64).stderr_has(&["--brief needs --json"]);
}

/// Starts `sandbox serve`, and stops it when it is ready.
fn serve_and_stop(argv: &[String]) -> i32 {
    use std::io::{BufRead, BufReader};
    let user = User::new();
    let mut command: Command = user.command(&argv[1..].iter().map(String::as_str).collect::<Vec<_>>());
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a running sandbox");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("stdout")).read_line(&mut line).expect("a line");
    signal(child.id(), "-TERM");
    wait_for_exit(&mut child, Duration::from_secs(20))
}

/// The guard and `--dry-run` agree with `effect`, `changes` and `confirms`.
#[test]
fn commands_have_the_effect_in_their_spec() {
    let map = map(&["payments"]);
    for command in map["commands"].as_array().expect("commands") {
        let Some(example) = command.get("example") else { continue };
        let (path, effect) = (words(&command["path"]), command["effect"].as_str().expect("an effect"));
        let writes = command["changes"] == "provider";
        assert_eq!(writes, effect != "reads" && command["changes"] != "machine", "{path:?}");
        // `--dry-run` works for writes only.
        let dry_run = Value::Object(
            [
                ("argv".to_owned(), [words(&example["argv"]), vec!["--dry-run".to_owned()]].concat().into()),
                ("stdin".to_owned(), example.get("stdin").cloned().unwrap_or_default()),
            ]
            .into_iter()
            .collect(),
        );
        let ran = run_example(&dry_run, |word| Some(word.to_owned()));
        let is_write = ran.code == 0;
        // An export writes to the provider only with `--adopt`.
        assert_eq!(is_write, writes || path.last().is_some_and(|name| name == "export"), "{path:?}: {ran:?}");
        // In test, only destructive commands need confirmation.
        if command["confirms"] == "always" {
            let ran = run_example(example, |word| (word != "--yes").then(|| word.to_owned()));
            assert_eq!((ran.code, &ran.error()["code"]), (6, &"CONFIRMATION_NEEDED".into()), "{path:?}");
        }
        // In live, only writes need confirmation.
        let live = run_example(example, |word| {
            (word != "--yes").then(|| if word == "test" { "live".to_owned() } else { word.to_owned() })
        });
        let asked = live.code == 6;
        assert!(!asked || writes, "{path:?} needs confirmation: {live:?}");
    }
}
