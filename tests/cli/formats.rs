//! Output formats: every command in every format, `--columns`, and `--jq`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use serde_json::{Value, json};

use super::harness::all_formats::AllFormats;
use super::harness::pty::Terminal;
use super::harness::recordings::{self, Generation};
use super::harness::running::Running;
use super::harness::stub::{Answer, Stub};
use super::harness::{User, without_timestamps};
use super::map::{in_a_sandbox, map, with_example, words};

const LIST: [&str; 4] = ["--sandbox", "payments", "products", "list"];

/// Commands with the output of another program or endless output, and the help, which has its own test.
const EXCLUDED: [&str; 4] = ["sandbox serve", "sandbox exec", "completion", "help"];

/// These print text for people: a row is not a line of a table.
const SHOWN_AS_TEXT: [&str; 3] = ["payments catalog plan", "payments catalog apply", "payments catalog diff"];

/// The example of every command in every format. Each run has its own sandbox.
pub(super) fn results() -> &'static [(Value, AllFormats)] {
    static RESULTS: OnceLock<Vec<(Value, AllFormats)>> = OnceLock::new();
    RESULTS.get_or_init(|| {
        let map = map(&[]);
        let commands = with_example(&map, &EXCLUDED);
        let next = AtomicUsize::new(0);
        let results = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while let Some(command) = commands.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let formats = in_every_format(command);
                        results.lock().expect("results").push(((*command).clone(), formats));
                    }
                });
            }
        });
        results.into_inner().expect("results")
    })
}

/// Checks that the formats of every command's example agree.
#[test]
fn every_command_has_the_same_result_in_every_format() {
    let (mut with_rows, mut with_ids) = (0, 0);
    for (command, formats) in results() {
        with_rows += usize::from(checked(command, formats) > 0);
        with_ids += usize::from(formats.has_ids());
    }
    let commands = results().len();
    assert!(commands > 50, "only {commands} commands");
    assert!(with_rows > 45 && with_ids > 25, "only {with_rows} with rows and {with_ids} with ids");
}

/// Changes one format so that it no longer agrees with the others.
type Break = fn(&mut AllFormats);

/// Each change breaks one rule of [`AllFormats::check`] or [`AllFormats::check_table`].
#[test]
fn the_checks_detect_each_disagreement_between_formats() {
    fn without_line(text: &str, dropped: usize) -> String {
        let lines = text.split_inclusive('\n').enumerate();
        lines.filter(|(number, _)| *number != dropped).map(|(_, line)| line).collect()
    }
    let user = User::new();
    let run = |line: &'static [&str]| {
        let user = &user;
        move |flags: &[&str]| user.run(&[line, flags].concat())
    };
    let list = AllFormats::of(run(&LIST));
    list.check_table(&list.check());
    let failure = AllFormats::of(run(&["--sandbox", "payments", "products", "get", "prod_nope"]));
    assert!(failure.check().is_empty() && !failure.has_result());
    let breaks: [(&AllFormats, &str, Break); 19] = [
        (&list, "the JSON does not parse", |formats| formats.json.stdout.push('}')),
        (&list, "a line of JSON does not parse", |formats| formats.jsonl.stdout.push_str("{\n")),
        (&list, "a line of JSON is missing", |formats| {
            formats.jsonl.stdout = without_line(&formats.jsonl.stdout, 1);
        }),
        (&list, "all lines of JSON are missing", |formats| formats.jsonl.stdout.clear()),
        (&list, "a field of a line differs", |formats| {
            formats.jsonl.stdout = formats.jsonl.stdout.replace("100 Credits", "100");
        }),
        (&list, "a row of the CSV is missing", |formats| {
            formats.csv.stdout = without_line(&formats.csv.stdout, 2);
        }),
        (&list, "a column of the CSV differs", |formats| {
            formats.csv.stdout = formats.csv.stdout.replacen("productId", "id", 1);
        }),
        (&list, "a cell of the CSV differs", |formats| {
            formats.csv.stdout = formats.csv.stdout.replace("100 Credits", "100");
        }),
        (&list, "an id is missing", |formats| formats.ids.stdout = without_line(&formats.ids.stdout, 0)),
        (&list, "an id differs", |formats| {
            formats.ids.stdout = formats.ids.stdout.replacen("prod_", "price_", 1);
        }),
        (&list, "there are no ids for another reason", |formats| {
            (formats.ids.code, formats.ids.stderr) = (1, "error: no\n".into());
        }),
        (&list, "a row of the table is missing", |formats| {
            formats.table.stdout = without_line(&formats.table.stdout, 1);
        }),
        (&list, "an id in the table differs", |formats| {
            formats.table.stdout = formats.table.stdout.replacen("prod_", "price_", 1);
        }),
        (&list, "the filter changes the JSON", |formats| {
            formats.filtered.stdout = formats.filtered.stdout.replace("100 Credits", "100");
        }),
        (&list, "a format exits with another code", |formats| formats.csv.code = 1),
        (&list, "a success prints an error", |formats| formats.jsonl.stderr.push_str("{\"error\":\"no\"}\n")),
        (&failure, "a failure prints two errors", |formats| formats.table.stderr.push_str("error: no\n")),
        (&failure, "a failure prints a result", |formats| formats.csv.stdout.push_str("productId\n")),
        (&failure, "the JSON has another error", |formats| {
            formats.json.stderr = formats.json.stderr.replace("not found", "lost");
        }),
    ];
    for (formats, what, change) in breaks {
        let mut formats = formats.clone();
        change(&mut formats);
        let seen = std::panic::catch_unwind(|| formats.check_table(&formats.check()));
        assert!(seen.is_err(), "not noticed: {what}");
    }
    assert!(std::panic::catch_unwind(|| assert_masked("Key: sk_test_51SandboxShop0001a")).is_err());
}

/// Runs a command's example in every format.
fn in_every_format(command: &Value) -> AllFormats {
    let example = &command["example"];
    let argv: Vec<String> =
        words(&example["argv"]).into_iter().skip(1).filter(|word| word != "--json").collect();
    AllFormats::of(|flags| {
        let user = User::new();
        let argv: Vec<String> =
            argv.iter().cloned().chain(flags.iter().map(|word| (*word).to_owned())).collect();
        let mut ran = in_a_sandbox(&user, &argv, example["stdin"].as_str().unwrap_or_default());
        for stream in [&mut ran.stdout, &mut ran.stderr] {
            *stream = stream.split_inclusive('\n').map(|line| normalized(line, &user)).collect();
        }
        ran
    })
}

/// Checks a command's example in every format. Returns the number of rows.
fn checked(command: &Value, formats: &AllFormats) -> usize {
    let path = words(&command["path"]).join(" ");
    println!("{path}");
    let rows = formats.check();
    if !SHOWN_AS_TEXT.contains(&path.as_str()) {
        formats.check_table(&rows);
    }
    let is_done = [0, 7].contains(&formats.table.code);
    assert_eq!(formats.has_result(), is_done, "only a success prints a result: {formats:#?}");
    // Stdin is a secret unless it is a JSON object or a catalog file.
    let stdin = command["example"]["stdin"].as_str().unwrap_or_default();
    let secret = Some(stdin.trim()).filter(|text| !text.is_empty() && !text.contains(['{', '=']));
    for ran in [&formats.table, &formats.json, &formats.jsonl, &formats.csv, &formats.ids, &formats.filtered]
    {
        for text in [&ran.stdout, &ran.stderr] {
            assert!(secret.is_none_or(|secret| !text.contains(secret)), "{path} shows its secret: {ran:#?}");
            assert_masked(text);
        }
    }
    if let Some(secret) =
        serde_json::from_str::<Value>(&formats.json.stdout).unwrap_or_default()["webhookSecret"].as_str()
    {
        for ran in [&formats.table, &formats.jsonl, &formats.csv] {
            assert!(!ran.stdout.contains(secret), "{path} shows the webhook secret: {ran:#?}");
        }
    }
    rows.len()
}

/// Asserts that keys show only as `sk_test_****001a`.
#[track_caller]
fn assert_masked(text: &str) {
    for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || ['_', '*'].contains(&c))) {
        let is_key = ["sk_", "rk_", "ik_", "whsec_"].iter().any(|prefix| word.starts_with(prefix));
        assert!(!is_key || word.contains("****"), "{word} is a key: {text}");
    }
}

/// The line without values that differ between runs.
fn normalized(line: &str, user: &User) -> String {
    let mut line = without_timestamps(line).replace(&user.path("").display().to_string(), "HOME/");
    for (before, instead) in [("127.0.0.1:", "PORT"), ("answered in ", "N"), ("sandbox-", "")] {
        if let Some(at) = line.find(before) {
            let at = at + before.len();
            let end = at + line[at..].chars().take_while(char::is_ascii_digit).count();
            line.replace_range(at..end, instead);
        }
    }
    // A token has the time at which it was signed.
    if let Some(at) = line.find("eyJ") {
        let is_token = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let end = at + line[at..].chars().take_while(is_token).count();
        line.replace_range(at..end, "TOKEN");
    }
    line
}

#[test]
fn columns_are_selected_by_name_in_tables_and_csv() {
    let user = User::new();
    let run = |more: &[&str]| user.run(&[&LIST[..], more].concat());
    let table = run(&["--columns", "ACTIVE, name"]).exits(0);
    assert_eq!(table.stdout.lines().nth(1), Some("Yes     100 Credits"), "{table:?}");
    let csv = run(&["-o", "csv", "--columns", "name,product-id,synced_at"]).exits(0);
    let lines: Vec<String> = csv.stdout.lines().map(without_timestamps).collect();
    assert_eq!(lines[..2], ["name,productId,syncedAt", "100 Credits,prod_MYd6OPOnSChyBv,when"]);
    for (format, available) in [("table", "Env, Product ID, Name,"), ("csv", "environment, productId, name,")]
    {
        let ran = run(&["-o", format, "--columns", "name,color"]).exits(64);
        assert!(ran.stdout.is_empty(), "{ran:?}");
        ran.stderr_has(&["Unknown column `color`", "available columns: ", available]);
    }
    // An unknown column is refused before anything is sent.
    let create = ["--sandbox", "payments", "products", "create", "--name", "A", "--columns", "color"];
    user.run(&create).exits(64).stderr_has(&["Unknown column `color`"]);
    let names = user.run(&[&LIST[..], &["--columns", "name"]].concat()).exits(0).stdout;
    assert!(!names.lines().any(|name| name == "A"), "{names}");
    // The columns of CSV are known only from the answer. The write has succeeded, and all columns are shown.
    let csv = [
        "--sandbox",
        "payments",
        "products",
        "create",
        "--name",
        "B",
        "-o",
        "csv",
        "--columns",
        "name,color",
    ];
    let ran = user.run(&csv).exits(0).stderr_has(&["Unknown column `color`; showing all columns"]);
    assert!(ran.stdout.starts_with("environment,productId,name,"), "{ran:?}");
    // Each section shows its own columns, and a section without any of them is left out.
    let catalog = &["--sandbox", "payments", "catalog", "--columns"];
    let both = user.run(&[&catalog[..], &["active,price-id"]].concat()).exits(0).stdout;
    assert!(
        both.starts_with("Products\nActive\nYes\n") && both.contains("\n\nPrices\nActive  Price ID\n"),
        "{both}"
    );
    let one = user.run(&[&catalog[..], &["price-id"]].concat()).exits(0).stdout;
    assert!(one.starts_with("Prices\nPrice ID\nprice_"), "{one}");
    // A result that is not a table has no columns.
    for line in [
        &["explain", "USAGE"][..],
        &["logout"],
        &["--sandbox", "payments", "products", "delete", "x", "--yes"],
    ] {
        user.run(&[line, &["--columns", "code"]].concat()).exits(64).stderr_has(&["is not a table"]);
    }
    for format in ["json", "jsonl", "ids"] {
        run(&["-o", format, "--columns", "name"]).exits(64).stderr_has(&["--columns needs a table or CSV"]);
    }
    run(&["--columns", "name", "--jq", "."])
        .exits(64)
        .stderr_has(&["--columns needs a table or CSV, but --jq needs JSON"]);
    run(&["--columns", "name,,active"]).exits(64).stderr_has(&["separate the names with commas"]);
    // A preference from the environment is overridden.
    for (preferred, first) in [("json", "Name"), ("ids", "Name"), ("csv", "name")] {
        let user = User::new().with("INSFORGE_OUTPUT", preferred);
        let ran = user.run(&[&LIST[..], &["--columns", "name"]].concat()).exits(0);
        assert_eq!(ran.stdout.lines().next(), Some(first));
    }
}

/// `help --json`, which completion uses, lists the columns of each table: naming all of them hides no cell.
#[test]
fn the_map_lists_the_columns_of_every_table() {
    let map = map(&[]);
    let mut tables = 0;
    for command in with_example(&map, &EXCLUDED) {
        let path = words(&command["path"]).join(" ");
        let example = words(&command["example"]["argv"]).into_iter().skip(1);
        let example: Vec<String> =
            example.filter(|word| !["--json", "OUTCOME_UNKNOWN"].contains(&word.as_str())).collect();
        let shown = |more: &[&str]| {
            let user = User::new();
            let argv: Vec<String> =
                example.iter().cloned().chain(more.iter().map(|word| (*word).to_owned())).collect();
            let ran = in_a_sandbox(&user, &argv, command["example"]["stdin"].as_str().unwrap_or_default());
            let mut cells: Vec<String> = ran
                .stdout
                .lines()
                .flat_map(|line| {
                    normalized(line, &user).split("  ").map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
                })
                .filter(|cell| !cell.is_empty())
                .collect();
            cells.sort_unstable();
            (ran, cells)
        };
        let (plain, cells) = shown(&[]);
        let columns = command.get("columns").map(words).unwrap_or_default();
        if columns.is_empty() {
            // The result is text or empty.
            let (ran, _) = shown(&["--columns", "nonsense"]);
            assert!(ran.code == plain.code || ran.stderr.contains("is not a table"), "{path}: {ran:?}");
            continue;
        }
        let (ran, chosen) = shown(&["--columns", &columns.join(",")]);
        assert_eq!(ran.code, plain.code, "{path}");
        let mut chosen = chosen;
        for cell in cells {
            let at = chosen.iter().position(|other| *other == cell);
            assert!(at.map(|at| chosen.swap_remove(at)).is_some(), "{path} hides {cell}");
        }
        tables += usize::from(plain.code == 0);
    }
    assert!(tables > 30, "only {tables} tables");
}

/// A named column is shown even if the terminal is too narrow for all columns.
#[test]
fn a_named_spare_column_is_shown() {
    let user = User::new().with("NO_COLOR", "1");
    let args = [&LIST[..], &["--columns", "synced-at,name"]].concat();
    let (code, screen) = Terminal::start(&user, 36, &args).finish();
    assert_eq!(code, 0);
    assert!(screen.starts_with("Synced At         Name"), "{screen}");
    // If they do not fit, rows become records.
    let (_, screen) = Terminal::start(&user, 20, &args).finish();
    assert!(screen.starts_with("Synced At:"), "{screen}");
}

#[test]
fn csv_contains_no_formulas() {
    let rows = json!([
        {"environment": "test", "productId": "prod_1", "name": "=HYPERLINK(\"http://x\")", "active": true, "metadata": {"a": "=1"}},
        {"environment": "test", "productId": "prod_2", "name": "+1, \"two\"\nlines", "active": false, "metadata": {}},
    ]);
    let stub = Stub::start(move |_| Answer::json(200, &json!({ "products": rows }).to_string()));
    let user = User::of(&stub.address);
    let ran = user.run(&["payments", "products", "list", "-o", "csv", "--columns", "name,metadata"]).exits(0);
    assert_eq!(
        ran.stdout,
        "name,metadata\n\"'=HYPERLINK(\"\"http://x\"\")\",\"{\"\"a\"\":\"\"=1\"\"}\"\n\"'+1, \"\"two\"\"\nlines\",{}\n"
    );
    // Without rows the columns are unknown.
    let stub = Stub::start(|_| Answer::json(200, r#"{"products":[]}"#));
    let user = User::of(&stub.address);
    let run = |more: &[&str]| {
        user.run(&[&["payments", "products", "list", "-o", "csv"], more].concat()).exits(0).stdout
    };
    assert_eq!(run(&[]), "");
    assert_eq!(run(&["--columns", "name"]), "");
}

/// On a terminal control characters are replaced, and a secret is masked unless --show-secret is given.
#[test]
fn csv_is_safe_on_a_terminal_and_masks_secrets_like_the_table() {
    let rows = json!([{"environment": "test", "productId": "prod_1", "name": "a\u{1b}[31m\u{202e}", "metadata": {"k": "\u{9b}"}}]);
    let stub = Stub::start(move |_| Answer::json(200, &json!({ "products": rows }).to_string()));
    let user = User::of(&stub.address);
    let args = ["payments", "products", "list", "-o", "csv", "--columns", "name,metadata"];
    let (code, screen) = Terminal::start(&user, 80, &args).finish();
    assert_eq!(
        (code, screen.lines().nth(1)),
        (0, Some("a\u{fffd}[31m\u{fffd},\"{\"\"k\"\":\"\"\\u009b\"\"}\""))
    );
    assert!(user.run(&args).exits(0).stdout.contains("a\u{1b}[31m"), "a pipe gets the original text");

    let user = User::new();
    let setup = ["--sandbox", "payments", "razorpay", "webhooks", "setup", "test"];
    let secret = user.run(&[&setup[..], &["--jq", ".webhookSecret"]].concat()).exits(0).stdout;
    for format in ["csv", "jsonl"] {
        assert!(
            !user.run(&[&setup[..], &["-o", format]].concat()).exits(0).stdout.contains(secret.trim()),
            "{format}"
        );
        assert!(
            user.run(&[&setup[..], &["-o", format, "--show-secret"]].concat())
                .exits(0)
                .stdout
                .contains(secret.trim())
        );
    }
    for filter in [
        ".webhookSecret.x",
        ".webhookSecret | tonumber",
        "error",
        "1 - .webhookSecret",
        ".webhookSecret as $s | [] | .[$s]",
        ".webhookSecret | strptime(\"%Y\")",
    ] {
        let ran = user.run(&[&setup[..], &["--jq", filter]].concat()).exits(1);
        assert!(!ran.stderr.contains(secret.trim()), "{ran:?}");
    }
}

#[test]
fn a_filter_reads_the_json_and_writes_strings_without_quotes() {
    let user = User::new();
    let run = |more: &[&str]| user.run(&[&LIST[..], more].concat());
    assert_eq!(run(&["--jq", ".products[0].name"]).exits(0).stdout, "100 Credits\n");
    assert_eq!(run(&["--jq", ".products[:2] | map(.active)"]).exits(0).stdout, "[\n  true,\n  false\n]\n");
    assert_eq!(
        run(&["-o", "jsonl", "--jq", ".products[:2] | map(.active)"]).exits(0).stdout,
        "[true,false]\n"
    );
    assert_eq!(run(&["--json", "--jq=.products|length"]).exits(0).stdout, "4\n");
    assert_eq!(run(&["--jq", "empty"]).exits(0).stdout, "");
    let tsv = run(&["--jq", ".products[] | [.name, .active, .defaultPriceId] | @tsv"]).exits(0).stdout;
    assert_eq!(tsv.lines().next(), Some("100 Credits\ttrue\t"));
    for format in ["table", "csv", "ids"] {
        run(&["-o", format, "--jq", "."]).exits(64).stderr_has(&["--jq needs JSON"]);
    }
    // --jq overrides the preferred format, but jsonl stays jsonl.
    for (preferred, expected) in [("csv", "[\n"), ("ids", "[\n"), ("jsonl", "[true")] {
        let user = User::new().with("INSFORGE_OUTPUT", preferred);
        let ran = user.run(&[&LIST[..], &["--jq", ".products | map(.active)"]].concat()).exits(0);
        assert!(ran.stdout.starts_with(expected), "{ran:?}");
    }
    // The filter gets the exact answer: unknown fields, and numbers beyond all types.
    let stub = Stub::start(|_| Answer::json(200, r#"{"products":[],"new":[1.50,12345678901234567890]}"#));
    let ran = User::of(&stub.address).run(&["payments", "products", "list", "-o", "jsonl", "--jq", ".new"]);
    assert_eq!(ran.exits(0).stdout, "[1.50,12345678901234567890]\n");
}

#[test]
fn an_invalid_filter_is_a_usage_error_with_a_position_before_anything_is_sent() {
    let stub = Stub::start(|_| Answer::json(200, "{}"));
    let user = User::of(&stub.address);
    let create = ["payments", "products", "create", "--name", "A", "--jq"];
    let ran = user.run(&[&create[..], &[".product.["]].concat()).exits(64);
    let error = ran.error();
    assert_eq!(error["error"], "--jq:1:11: unexpected end of filter: expected `]`");
    assert_eq!(error["why"], "  |\n1 | .product.[\n  |           ^");
    let ran = user.run(&[&create[..], &[".product |\n nmae(1)"]].concat()).exits(64);
    assert_eq!(ran.error()["error"], "--jq:2:2: undefined filter `nmae/1`");
    assert_eq!(stub.requests().len(), 0);
    user.run(&["help", "--jq", "]"]).exits(64).stderr_has(&["--jq:1:1"]);
}

#[test]
fn a_failing_filter_writes_the_results_before_the_failure() {
    let user = User::new();
    let ran = user.run(&[&LIST[..], &["--jq", ".products[0] | .name, .name.x"]].concat()).exits(1);
    assert_eq!(ran.stdout, "100 Credits\n");
    assert_eq!(ran.error()["code"], "JQ_FAILED");
    assert_eq!(ran.error()["why"], "cannot index a string with \"x\"");
    for (filter, why) in [("halt(3)", "halted with exit code 3"), ("error(\"no\")", "no")] {
        assert_eq!(user.run(&[&LIST[..], &["--jq", filter]].concat()).exits(1).error()["why"], why);
    }
    assert_eq!(user.run(&[&LIST[..], &["--jq", "1, halt, 2"]].concat()).exits(0).stdout, "1\n");

    // The write has succeeded, and the error says so.
    let create = ["--sandbox", "payments", "products", "create", "--name", "A", "--idempotency-key", "a-1"];
    let ran = user.run(&[&create[..], &["--jq", ".product.name.x"]].concat()).exits(1);
    let error = ran.error();
    assert_eq!(
        error["error"],
        "Create product A at Stripe, test: the change was applied, but the result cannot be shown",
        "{error}"
    );
    assert_eq!(error["code"], "JQ_FAILED");
    let why = "--jq: cannot index a string with \"x\"\nStripe product created: prod_DSuSDoCLZ0zsnD";
    assert_eq!(error["why"], why);
    assert_eq!(error["idempotencyKey"], "a-1");
    assert_eq!(error["next"], Value::Null, "the same filter would fail again");
    let names = user.run(&[&LIST[..], &["--jq", ".products[].name"]].concat()).exits(0).stdout;
    assert!(names.contains("\nA\n"), "{names}");
}

/// Writes other than creates report their success, too.
#[test]
fn a_failing_filter_reports_the_write_as_successful() {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    let file = "version = 1\n[products.studio]\nname = \"Studio\"\n";
    let apply = ["payments", "catalog", "apply", "test", "--file", "-", "--jq", ".x.y | error(\"no\")"];
    for (args, stdin) in [(&apply[..], file), (&["payments", "sync", "test", "--jq", "error(\"no\")"], "")] {
        let error = user.run_with_stdin(args, stdin).exits(1).error();
        assert_eq!(error["error"], "The write succeeded, but the --jq filter failed on its result");
        assert_eq!((&error["why"], &error["next"]), (&"no".into(), &Value::Null));
    }
    let names = user.run(&["payments", "products", "list", "--columns", "name"]).exits(0).stdout;
    assert!(names.contains("Studio"), "{names}");
}

/// A failed sync fails whatever the filter does with its answer.
#[test]
fn a_filter_does_not_hide_a_failure() {
    let stub =
        recordings::serve_in(Generation::Newer, vec![Generation::Newer.exchange("236-sync-prices-fail")]);
    let ran = User::of(&stub.address)
        .run(&["payments", "sync", "test", "--jq", ".results[].connection.status"])
        .exits(1);
    assert_eq!(ran.stdout, "error\n");
    assert_eq!(ran.error()["code"], "SYNC_FAILED");
}

#[test]
fn bulk_results_are_filtered_line_by_line() {
    let user = User::new();
    user.write("many.jsonl", "{\"name\": \"A\"}\n{\"name\": \"\"}\n{\"name\": \"B\"}\n");
    user.write("good.jsonl", "{\"name\": \"A\"}\n{\"name\": \"B\"}\n");
    let create = |more: &[&str]| {
        let file = if more.contains(&"--dry-run") { "good.jsonl" } else { more[0] };
        let more = if more.contains(&"--dry-run") { more } else { &more[1..] };
        user.run(&[&["--sandbox", "payments", "products", "create", "--from-file", file], more].concat())
    };
    assert_eq!(create(&["good.jsonl", "--jq", ".product.name"]).exits(0).stdout, "A\nB\n");
    assert_eq!(
        create(&["--dry-run", "--jq", ".body.name, {a: 1}"]).exits(0).stdout,
        "A\n{\"a\":1}\nB\n{\"a\":1}\n"
    );
    for format in [&["-o", "csv"][..], &["-o", "table"], &["--columns", "name"]] {
        create(&[&["good.jsonl"], format].concat())
            .exits(64)
            .stderr_has(&["a table or CSV is not available"]);
    }
    let user_with_csv = User::new().with("INSFORGE_OUTPUT", "csv").with("INSFORGE_SANDBOX", "1");
    let ran = user_with_csv
        .run_with_stdin(&["payments", "products", "create", "--from-file", "-"], "[{\"name\":\"A\"}]");
    assert_eq!(ran.exits(0).json()["product"]["name"], "A");
    // A filter that fails on one result is reported at the end: all objects are created.
    let ran = create(&[
        "good.jsonl",
        "--jq",
        "if .product.name == \"A\" then .x.y | error(\"no\") else .product.name end",
    ])
    .exits(1);
    assert_eq!(ran.stdout, "B\n");
    assert_eq!(ran.error()["code"], "JQ_FAILED");
    assert_eq!(
        ran.error()["error"],
        "0 of 2 Stripe products created, 2 existed already, but the --jq filter fails on results"
    );
    assert_eq!((&ran.error()["why"], &ran.error()["next"]), (&"no".into(), &Value::Null));

    // The filter does not hide a failure at the provider.
    user.write(
        "prices.jsonl",
        "{\"unitAmount\": 1}\n{\"unitAmount\": 1900, \"lookupKey\": \"pro_monthly\"}\n",
    );
    let prices = [
        "--sandbox",
        "payments",
        "prices",
        "create",
        "--product",
        "prod_dxFhxxNRvjmfxv",
        "--currency",
        "usd",
    ];
    let ran =
        user.run(&[&prices[..], &["--from-file", "prices.jsonl", "--jq", "error(\"no\")"]].concat()).exits(9);
    assert_eq!(ran.error()["code"], "PARTLY_DONE");
    assert!(
        ran.error()["why"].as_str().is_some_and(|why| why.contains("already uses that lookup key")),
        "{ran:?}"
    );

    // A dry run of one object, in every format of a request.
    let one = |more: &[&str]| {
        user.run(
            &[
                &[
                    "--sandbox",
                    "payments",
                    "products",
                    "create",
                    "--name",
                    "A",
                    "--idempotency-key",
                    "a-1",
                    "--dry-run",
                ],
                more,
            ]
            .concat(),
        )
        .exits(0)
        .stdout
    };
    assert_eq!(one(&["--jq", ".path"]), "/api/payments/stripe/test/catalog/products\n");
    assert!(one(&["-o", "jsonl"]).starts_with("{\"method\":\"POST\","));
    assert!(one(&["-o", "csv"]).starts_with("method,path,"));
    assert!(one(&["-o", "ids"]).starts_with("{\n"), "a request has no ids");
    // --columns selects from the result, not from the request.
    assert_eq!(one(&["--columns", "name"]), one(&["--json"]));
    assert_eq!(one(&["-o", "csv", "--columns", "name"]), one(&["-o", "csv"]));
}

#[test]
fn followed_rows_are_filtered_and_share_one_heading() {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    let follow = ["payments", "transactions", "--follow", "--limit", "2", "--interval", "1h"];
    let running = Running::start(&user, &[&follow[..], &["--jq", "[.type, .amount]"]].concat());
    let line = running.stdout.read_until("[");
    assert_eq!(
        serde_json::from_str::<Value>(&line).expect("a line of JSON").as_array().map(Vec::len),
        Some(2)
    );
    assert_eq!(running.stop("-INT").0, 0);
    let running =
        Running::start(&user, &[&follow[..], &["-o", "csv", "--columns", "status,amount"]].concat());
    assert_eq!(running.stdout.read_until("status"), "status,amount\n");
    running.stderr.read_until("Checking for new rows");
    assert_eq!(running.stop("-INT").0, 0);
    let running = Running::start(&user, &[&follow[..], &["--columns", "amount,status"]].concat());
    assert!(running.stdout.read_until("Amount").starts_with("Amount"));
    assert_eq!(running.stop("-INT").0, 0);
    user.run(&[&follow[..], &["--columns", "color"]].concat())
        .exits(64)
        .stderr_has(&["Unknown column `color`"]);
}

/// A filter can run forever.
#[test]
fn ctrl_c_ends_an_endless_filter() {
    let user = User::new();
    let endless = "\"begun\" | debug | def on: on; on";
    let running = Running::start(&user, &[&LIST[..], &["--jq", endless]].concat());
    running.stderr.read_until("[\"DEBUG:\",\"begun\"]");
    assert_eq!(running.stop("-INT").0, 130);
}

#[test]
fn a_filter_sees_no_secrets_and_writes_no_control_characters_to_a_terminal() {
    let user =
        User::new().with("STRIPE_TEST_SECRET_KEY", "sk_test_51SandboxShop0001b").with("WANTED", "Pro Plan");
    let user = user.with("MY_TOKEN", "a-plain-word-1234").with("DB_PASSWORD", "hunter2");
    let run = |filter: &str| user.run(&[&LIST[..], &["--jq", filter]].concat()).exits(0).stdout;
    let named = run("env.MY_TOKEN, $ENV.DB_PASSWORD");
    assert!(!named.contains("plain") && !named.contains("hunter2") && named.contains("****"), "{named}");
    assert_eq!(
        run("env.STRIPE_TEST_SECRET_KEY, $ENV.STRIPE_TEST_SECRET_KEY"),
        "sk_test_****001b\nsk_test_****001b\n"
    );
    assert_eq!(run(".products[] | select(.name == env.WANTED) | .productId"), "prod_dxFhxxNRvjmfxv\n");

    let filter = "\"a\\u001b[2J\\nb\"";
    assert_eq!(run(filter), "a\u{1b}[2J\nb\n", "a pipe gets the original text");
    let args = [&LIST[..], &["--jq", filter]].concat();
    let (code, screen) = Terminal::start(&user, 80, &args).finish();
    assert_eq!((code, screen.trim_end()), (0, "a\u{fffd}[2J\nb"));
    assert_eq!(run("[\"\\u001b\"]"), "[\n  \"\\u001b\"\n]\n");
}

/// On a terminal the position of the error is underlined.
#[test]
fn an_invalid_filter_is_underlined_on_a_terminal() {
    let user = User::new().with("NO_COLOR", "1");
    let filter = ["--jq", ".products["];
    let (code, screen) = Terminal::start(&user, 80, &[&LIST[..], &filter].concat()).finish();
    assert!(code == 64 && screen.contains("  1 | .products[\n    |           ^\n"), "{screen}");
    let (_, screen) = Terminal::start(&user, 80, &[&LIST[..], &filter, &["--json"]].concat()).finish();
    assert!(screen.starts_with("{\"error\":"), "{screen}");
    user.run(&[&LIST[..], &["--json", "--jq"]].concat()).exits(64).error();
    assert_eq!(user.run(&[&LIST[..], &["--jq", "-(1)"]].concat()).exits(0).stdout, "-1\n");
}

/// Nesting and recursion are limited only by a large stack.
#[test]
fn a_filter_can_nest_and_recurse_deeply() {
    let user = User::new();
    let run = |filter: &str| user.run(&[&LIST[..], &["--jq", filter]].concat());
    let many = vec![".a"; 2000].join(" or ");
    assert_eq!(run(&format!("{{a: false}} | {many}")).exits(0).stdout, "false\n");
    assert_eq!(run("reduce range(20000) as $i (0; [.]) | length").exits(0).stdout, "1\n");
    assert_eq!(run("(\"[\" * 100000) | fromjson").exits(1).error()["why"], "the JSON is nested too deeply");
}

/// The filter is killed, and the write is still reported.
#[test]
fn a_filter_that_needs_too_much_memory_is_killed() {
    let user = User::new();
    let create = ["--sandbox", "payments", "products", "create", "--name", "A", "--idempotency-key", "a-1"];
    for filter in ["def f: 1 + f; f", "\"x\" * 10000000000000"] {
        let ran = user.run(&[&create[..], &["--jq", filter]].concat()).exits(1);
        let error = ran.error();
        assert_eq!(error["code"], "JQ_FAILED", "{error}");
        assert_eq!(
            error["error"],
            "Create product A at Stripe, test: the change was applied, but the result cannot be shown"
        );
        assert!(
            error["why"].as_str().is_some_and(|why| why.starts_with("--jq: the filter was killed (signal: ")),
            "{error}"
        );
        assert_eq!(error["idempotencyKey"], "a-1");
    }
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let mut command = user.command(&[&LIST[..], &["--jq", ".", "--json"]].concat());
    let output = command.stdin(std::process::Stdio::null()).stdout(full).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("No space left on device"), "{said}");
}

#[test]
fn help_as_json_can_be_filtered_and_written_as_lines() {
    let user = User::new();
    let paths = user.run(&["help", "--jq", ".commands[] | .path | join(\" \")"]).exits(0).stdout;
    assert!(paths.lines().any(|path| path == "payments products create"), "{paths}");
    let map = user.run(&["help", "-o", "jsonl"]).exits(0);
    assert_eq!((map.stdout.lines().count(), map.json()["schema"].as_i64()), (1, Some(1)));
    let codes = user.run(&["help", "errors", "-o", "jsonl"]).exits(0).stdout;
    assert!(
        codes
            .lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok_and(|code| code["code"].is_string()))
    );
    let agents = user.run(&["help", "agents", "--jq", ".text"]).exits(0).stdout;
    assert_eq!(agents, user.run(&["help", "agents"]).exits(0).stdout + "\n");
    user.run(&["completion", "bash", "--jq", "."]).exits(64).stderr_has(&["A completion script is not JSON"]);
    let ids = ["--sandbox", "payments", "catalog", "ids", "--format", "env"];
    for other in [&["--jq", "."][..], &["-o", "csv"], &["--columns", "key"]] {
        user.run(&[&ids[..], other].concat()).exits(64).stderr_has(&["--format"]);
    }
    // --format overrides the preferred format.
    let user = User::new().with("INSFORGE_OUTPUT", "csv");
    user.run(&["--sandbox", "payments", "catalog", "export", "test", "--adopt"]).exits(0);
    let written = user.run(&ids).exits(0).stdout;
    assert!(written.starts_with("STRIPE_PRICE_"), "{written}");
}
