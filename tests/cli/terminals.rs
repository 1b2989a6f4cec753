//! Texts from outside cannot control a terminal, hide anything on it, or look like lines of the program. Every command is run
//! with a backend whose texts are hostile, in every format, in a pipe and on terminals of 80 and 40 columns.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use insforge::sandbox::Sandbox;
use serde_json::{Value, json};

use super::harness::pty::Terminal;
use super::harness::recordings::Generation;
use super::harness::shop::forward;
use super::harness::stub::{Answer, Request, Stub};
use super::harness::{RunOutput, User, finish};
use super::map::{map, with_example, words};

/// Characters that no terminal may get: control characters, and those that reorder or hide text.
const FORBIDDEN: [char; 46] = [
    '\u{0}',
    '\u{7}',
    '\u{8}',
    '\u{b}',
    '\u{c}',
    '\u{1b}',
    '\u{7f}',
    '\u{80}',
    '\u{85}',
    '\u{9b}',
    '\u{9d}',
    '\u{ad}',
    '\u{34f}',
    '\u{61c}',
    '\u{115f}',
    '\u{1160}',
    '\u{17b4}',
    '\u{180e}',
    '\u{200b}',
    '\u{200e}',
    '\u{200f}',
    '\u{2028}',
    '\u{2029}',
    '\u{202a}',
    '\u{202e}',
    '\u{2060}',
    '\u{2061}',
    '\u{2064}',
    '\u{2066}',
    '\u{2069}',
    '\u{206a}',
    '\u{206f}',
    '\u{2800}',
    '\u{3164}',
    '\u{fe00}',
    '\u{feff}',
    '\u{ffa0}',
    '\u{fff9}',
    '\u{fffb}',
    '\u{fffe}',
    '\u{1d173}',
    '\u{e0001}',
    '\u{e0041}',
    '\u{e007f}',
    '\u{e0100}',
    '\u{e01ef}',
];
/// Lines that look like the program's.
const FORGED: [&str; 6] =
    ["error: forged", "warning: forged", "hint: forged", "✓ forged", "Account: forged", "forged:"];
/// The values of these fields have a meaning. With others, most replies would be invalid.
const VOCABULARY: [&str; 12] = [
    "environment",
    "currency",
    "type",
    "billingScheme",
    "taxBehavior",
    "recurringInterval",
    "interval",
    "period",
    "provider",
    "account_mode",
    "status",
    "syncedAt",
];

/// A text with every forbidden character, line breaks of every kind, and long gaps at which it is wrapped.
fn hostile() -> String {
    let mut text = String::from(" ");
    text.extend(FORBIDDEN);
    let _ = write!(text, "\u{1b}]0;title\u{7}e{}", "\u{301}".repeat(40));
    for (line, between) in FORGED.iter().zip(["\n", "\r\n", "\r", "\n  ", "\u{2028}", "\u{b}"]) {
        text.push_str(between);
        text.push_str(line);
    }
    for line in FORGED {
        text.push_str(&" ".repeat(77));
        text.push_str(line);
    }
    text
}

/// Appends the hostile text to every string and every name of metadata.
fn poison(value: &mut Value, name: &str) {
    match value {
        Value::String(text) if !VOCABULARY.contains(&name) => text.push_str(&hostile()),
        Value::Array(all) => all.iter_mut().for_each(|value| poison(value, name)),
        Value::Object(members) => {
            members.iter_mut().for_each(|(name, value)| poison(value, name));
            if let Some(Value::Object(metadata)) = members.get_mut("metadata") {
                metadata.insert(hostile(), hostile().into());
            }
        }
        _ => {}
    }
}

/// A sandbox behind a proxy that poisons its answers.
fn poisoned(sandbox: &Sandbox) -> Stub {
    let port = sandbox.port();
    Stub::start(move |request| match forward(port, request).expect("an answer") {
        Answer::Respond { status, body, .. } => {
            let mut body: Value = serde_json::from_slice(&body).expect("JSON");
            poison(&mut body, "");
            Answer::json(status, &body.to_string()).header("x-request-id", "req_\u{202e}\u{200b}\u{e0041}")
        }
        other => other,
    })
}

/// A backend that refuses everything, or another server.
fn refusing(request: &Request) -> Answer {
    let code = format!("NO{}", hostile());
    match request.target.len() % 3 {
        0 => Answer::html(403, &format!("<title>{}</title>", hostile())),
        status => {
            let status = if status == 1 { 400 } else { 500 };
            let body = json!({"error": code, "message": hostile().trim(), "statusCode": status, "nextActions": hostile()});
            Answer::json(status, &body.to_string()).header("x-request-id", "req_\u{202e}\u{200b}\u{e0041}")
        }
    }
}

/// Asserts that a stream has no forbidden character, and if `lines` is set no forged line.
#[track_caller]
fn assert_harmless(stream: &str, lines: bool, context: &str) {
    let is_forbidden = |c: &char| {
        FORBIDDEN.contains(c) || c.is_control() && *c != '\n' || ('\u{e0000}'..='\u{e0fff}').contains(c)
    };
    if let Some(c) = stream.chars().find(is_forbidden) {
        let line = stream.lines().find(|line| line.contains(c)).unwrap_or_default();
        panic!("{context}\nhas {c:?}: {line:?}");
    }
    assert!(!stream.contains(&"\u{301}".repeat(5)), "{context}\nhas a flood of accents:\n{stream}");
    for line in stream.lines().filter(|_| lines) {
        let text = line.trim_start();
        let depth = line.len() - text.len();
        // The program's own lines begin at the columns 0 and 2.
        let is_forged = depth < 4 && FORGED.iter().any(|forged| text.starts_with(forged));
        assert!(!is_forged, "{context}\nhas the forged line {line:?} in\n{stream}");
    }
}

/// A user of this backend.
fn user(stub: &Stub) -> User {
    User::new()
        .with("INSFORGE_BASE_URL", &stub.address)
        .with("INSFORGE_API_KEY", "ik_sandbox")
        .with("NO_COLOR", "1")
}

fn run_in_pipe(user: &User, argv: &[String], stdin: &str) -> RunOutput {
    finish(user.command(&argv.iter().map(String::as_str).collect::<Vec<_>>()), stdin)
}

fn on_terminal(user: &User, columns: u16, argv: &[String]) -> String {
    let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
    Terminal::start(user, columns, &[&argv[..], &["--no-input"]].concat()).finish().1
}

/// How many runs there were, and how many of them showed something of the hostile text.
#[derive(Default)]
struct Counts {
    runs: AtomicUsize,
    hostile: AtomicUsize,
    /// Of these, the runs that succeeded.
    succeeded: AtomicUsize,
}

impl Counts {
    /// Counts a run. Returns whether its output has something of the hostile text.
    fn add(&self, output: &str) -> bool {
        let is_hostile = output.contains("]0;title");
        self.runs.fetch_add(1, Ordering::Relaxed);
        self.hostile.fetch_add(usize::from(is_hostile), Ordering::Relaxed);
        is_hostile
    }
}

/// Runs a command in every format.
fn check(command: &Value, stub: &Stub, counts: &Counts) {
    let example = &command["example"];
    let argv = words(&example["argv"]).into_iter().skip(1);
    let argv: Vec<String> = argv.filter(|word| word != "--json" && word != "--sandbox").collect();
    let stdin = example["stdin"].as_str().unwrap_or_default();
    for format in [
        &[][..],
        &["-vv"],
        &["-q"],
        &["-o", "csv"],
        &["-o", "jsonl"],
        &["-o", "ids"],
        &["--json"],
        &["--jq", "."],
        &["--jq", ".. | strings"],
    ] {
        let flags = format.iter().chain(&["--retries", "0"]).map(|word| (*word).to_owned());
        let line: Vec<String> = argv.iter().cloned().chain(flags).collect();
        let context = format!("{line:?}");
        // A pipe gets the original text of strings and cells.
        let is_original = format.last().is_some_and(|word| ["csv", ".. | strings"].contains(word));
        let ran = run_in_pipe(&user(stub), &line, stdin);
        assert!(ran.code >= 0, "{context}: {ran:?}");
        assert_harmless(&ran.stderr, true, &context);
        if !is_original {
            assert_harmless(&ran.stdout, true, &context);
        }
        let is_hostile = counts.add(&[&*ran.stdout, &*ran.stderr].concat());
        counts.succeeded.fetch_add(usize::from(is_hostile && ran.code == 0), Ordering::Relaxed);
        if format == ["-vv"] || format.contains(&".") || format.contains(&"jsonl") || format.contains(&"ids")
        {
            continue;
        }
        let is_table = format.is_empty();
        for columns in if is_table { &[80, 40][..] } else { &[80] } {
            let screen = on_terminal(&user(stub), *columns, &line);
            // What the user's own filter prints can have any lines, and the terminal wraps lines of CSV.
            let has_lines = !is_original && !format.contains(&"--json");
            assert_harmless(&screen, has_lines, &format!("{context} at {columns} columns"));
            counts.add(&screen);
        }
    }
}

/// Runs all commands against the backend that `start` makes for each of them. At least so many runs show a hostile text, and
/// so many of these succeed.
fn check_all(start: impl Fn() -> (Option<Sandbox>, Stub) + Sync, least: (usize, usize)) {
    const EXCLUDED: [&str; 3] = ["sandbox serve", "sandbox exec", "completion"];
    let map = map(&[]);
    let commands = with_example(&map, &EXCLUDED);
    let (next, counts) = (AtomicUsize::new(0), Counts::default());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(command) = commands.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (_sandbox, stub) = start();
                    check(command, &stub, &counts);
                }
            });
        }
    });
    let Counts { runs, hostile, succeeded } = counts;
    let (runs, hostile, succeeded) = (runs.into_inner(), hostile.into_inner(), succeeded.into_inner());
    println!(
        "{} commands, {runs} runs, {hostile} with a hostile text, {succeeded} succeeded",
        commands.len()
    );
    assert!(
        runs > 800 && hostile >= least.0 && succeeded >= least.1,
        "{hostile} of {runs}, {succeeded} succeeded"
    );
}

#[test]
fn texts_of_a_hostile_backend_are_harmless_on_a_terminal() {
    let start = || {
        let sandbox = insforge::sandbox::spawn().expect("a sandbox");
        let stub = poisoned(&sandbox);
        (Some(sandbox), stub)
    };
    check_all(start, (500, 200));
}

#[test]
fn refusals_of_a_hostile_backend_are_harmless_on_a_terminal() {
    check_all(|| (None, Stub::start(refusing)), (600, 0));
}

/// Runs a command line in text, in JSON, with its log, and on terminals.
fn check_line(user: &User, args: &[&str], counts: &Counts) {
    for format in [&[][..], &["--json"], &["-vv"]] {
        let line = [args, format].concat();
        let ran = user.run(&line);
        assert_harmless(&ran.stdout, true, &format!("{line:?}"));
        assert_harmless(&ran.stderr, true, &format!("{line:?}"));
        counts.add(&[ran.stdout, ran.stderr].concat());
    }
    for columns in [80, 40] {
        let screen = Terminal::start(user, columns, &[args, &["--no-input"]].concat()).finish().1;
        assert_harmless(&screen, true, &format!("{args:?} at {columns} columns"));
        counts.add(&screen);
    }
}

/// The command line, the environment, names of files, and files that can come with somebody else's repository.
#[test]
fn texts_of_the_command_line_and_of_files_are_harmless_on_a_terminal() {
    let text = hostile().replace('\0', "");
    let toml = serde_json::to_string(&text).expect("a string");
    let catalog =
        format!("version = 1\n[products.{toml}]\nname = {toml}\nacti = 1\n[products.b]\nnmae = {toml}\n");
    let one_mistake = format!("version = 1 {}\n", text.replace(['\n', '\r'], " "));
    let project = |address: &str| {
        json!({"api_url": address, "name": text, "project_id": text, "live": text}).to_string()
    };
    let profiles = format!("[profiles.{toml}]\napi_url = {toml}\n");
    let name = text.replace('/', " ").chars().take(80).collect::<String>();
    let arguments: &[&[&str]] = &[
        &["payments", &text],
        &["payments", "status", &format!("--{text}")],
        &["payments", "status", "-o", &text],
        &["payments", "status", "--profile", &text],
        &["payments", "status", "--api-url", &text],
        &["payments", "status", "--api-url", &format!("http://{text}")],
        &["payments", "products", "list", "--columns", &text],
        &["payments", "products", "list", "--columns", &format!("metadata.{text}")],
        &["payments", "products", "list", "--jq", &text],
        &["payments", "products", "list", "--jq", &format!("error({toml})")],
        &["payments", "products", "list", "--jq", &format!("{toml} | debug | stderr | {{}}")],
        &["payments", "products", "get", &text],
        &["payments", "products", "create", "live", "--name", &text, "--reason", &text],
        &["payments", "products", "create", "--from-file", &name],
        &["payments", "products", "create", "--from-file", "objects.jsonl"],
        &[
            "payments",
            "prices",
            "create",
            "live",
            "--product",
            &text,
            "--currency",
            &text,
            "--unit-amount",
            "1",
        ],
        &["payments", "catalog", "plan", "--file", &name],
        &["payments", "catalog", "plan", "--file", "catalog.toml"],
        &["payments", "catalog", "plan", "--file", "mistake.toml"],
        &["payments", "catalog", "apply", "--plan", "objects.jsonl"],
        &["payments", "catalog", "diff", "--file", "catalog.toml"],
        &["explain", &text],
        &["help", &text],
        &["current"],
        &["logout", "--profile", &text],
        &["sandbox", "serve", "--fault", &text],
        &["sandbox", "path", &text],
    ];
    let variables: &[(&str, &str)] = &[
        ("INSFORGE_PROFILE", &text),
        ("INSFORGE_OUTPUT", &text),
        ("INSFORGE_BASE_URL", &text),
        ("INSFORGE_API_KEY", &text),
        ("INSFORGE_API_KEY_FILE", &text),
        ("HTTP_PROXY", &text),
        ("SSL_CERT_FILE", &text),
        ("INSFORGE_TIMEOUT", &text),
        ("INSFORGE_LIVE_WRITES", &text),
    ];
    let sandbox = insforge::sandbox::spawn().expect("a sandbox");
    let new_user = || {
        let user = User::of(sandbox.url()).with("NO_COLOR", "1").with("INSFORGE_API_KEY", sandbox.api_key());
        user.write("catalog.toml", &catalog);
        user.write("mistake.toml", &one_mistake);
        user.write("objects.jsonl", &format!("{{\"name\":{toml},{toml}:1}}\n{{\"currency\":{toml}}}\n"));
        user
    };
    let counts = Counts::default();
    let user = new_user();
    for args in arguments {
        check_line(&user, args, &counts);
    }
    for (name, value) in variables {
        check_line(&new_user().without(name).with(name, value), &["payments", "status"], &counts);
    }
    for (file, content) in [
        (".insforge/project.json", project(&text)),
        (".insforge/project.json", project(sandbox.url())),
        (".insforge/project.json", text.clone()),
        (".config/insforge/config.toml", profiles),
        (".config/insforge/config.toml", text.clone()),
    ] {
        let user = new_user().without("INSFORGE_BASE_URL").without("INSFORGE_API_KEY");
        user.write(file, &content);
        for args in [
            &["current"][..],
            &["payments", "status"],
            &["payments", "products", "create", "live", "--name", "a"],
        ] {
            check_line(&user, args, &counts);
        }
    }
    let (runs, hostile) = (counts.runs.into_inner(), counts.hostile.into_inner());
    println!("{runs} runs, {hostile} of them with a hostile text");
    assert!(hostile > 80, "only {hostile} of {runs} runs have a hostile text");
}

/// A name cannot forge the account, another question, or the answer.
#[test]
fn a_name_cannot_forge_a_confirmation() {
    for columns in [80, 40] {
        let stub = Stub::start(|_| Answer::json(200, r#"{"connections":[]}"#));
        let gap = " ".repeat(60);
        let name = format!(
            "A{}\u{1b}]0;title\u{7}\nAccount: forged\r\nContinue? [y/N] y{gap}Account: forged",
            &gap[..30]
        );
        let args = ["payments", "products", "create", "live", "--name", &name];
        // Its home directory has to stay.
        let user = user(&stub);
        let terminal = Terminal::start(&user, columns, &args);
        terminal.expect("\nContinue? [y/N] ");
        let screen = terminal.screen();
        assert_harmless(&screen, true, &screen);
        let begins = |beginning: &str| screen.lines().filter(|line| line.starts_with(beginning)).count();
        assert_eq!((begins("  Account: "), begins("Continue? ")), (1, 1), "{screen}");
        for line in screen.lines().filter(|line| !line.starts_with("    ")) {
            let ours = ["Create product", "  Account: unknown", "  {\"name\":", "Continue? [y/N] "];
            assert!(ours.iter().any(|ours| line.starts_with(ours)), "{line:?} in\n{screen}");
        }
        terminal.type_in("n\r");
        assert_eq!(terminal.finish().0, 6);
    }
}

/// The file may be cut, but the mark stays visible, and the rest of the line does not continue where our lines begin.
#[test]
fn an_excerpt_of_a_file_fits_the_terminal() {
    let user = User::new().with("NO_COLOR", "1");
    let gap = " ".repeat(71);
    user.write("payments.toml", &format!("version = 1\n[products.a]\nname = \"A\"{gap}hint: forged\n"));
    for columns in [80, 40] {
        let args = ["--sandbox", "payments", "catalog", "plan", "--no-input"];
        let (code, screen) = Terminal::start(&user, columns, &args).finish();
        assert_eq!(code, 64, "{screen}");
        assert!(screen.lines().all(|line| line.chars().count() <= columns.into()), "{screen}");
        assert!(screen.contains('^') && screen.contains("hint"), "{screen}");
        assert_harmless(&screen, true, &screen);
    }
}

/// Half of a secret would not be recognized.
#[test]
fn a_secret_is_masked_before_a_message_is_wrapped() {
    let secret = "0a1b2c3d4e".repeat(6);
    let message = format!("{}sk_live_{secret} is no key", "x".repeat(20));
    let stub = Stub::start(move |_| Answer::refusal(400, "NO", &message));
    for columns in [80, 40, 20] {
        for format in [&[][..], &["-vv"]] {
            let line = [&["payments", "products", "list", "--no-input"], format].concat();
            let (code, screen) = Terminal::start(&user(&stub), columns, &line).finish();
            let text: String = screen.split_whitespace().collect();
            assert_eq!(code, 1, "{screen}");
            assert!(text.contains("sk_live_****3d4e") && !text.contains("0a1b"), "{columns}\n{screen}");
        }
    }
}

/// Only a terminal gets replaced characters. JSON has them escaped, so that its values stay the same.
#[test]
fn json_keeps_the_values_and_a_pipe_gets_original_texts() {
    let name = hostile();
    let body = json!({"products": [{"environment": "test", "productId": "prod_1", "name": name, "active": true, "metadata": {}}]});
    let stub = Stub::start(move |_| Answer::json(200, &body.to_string()));
    let user = user(&stub);
    let list = ["payments", "products", "list"];
    let run = |more: &[&str]| user.run(&[&list[..], more].concat()).exits(0).stdout;
    for format in [&["--json"][..], &["--jq", "."]] {
        let shown: Value = serde_json::from_str(&run(format)).expect("JSON");
        assert_eq!(shown["products"][0]["name"], name);
    }
    let line: Value = serde_json::from_str(&run(&["-o", "jsonl"])).expect("JSON");
    assert_eq!(line["name"], name);
    assert_eq!(run(&["--jq", ".products[].name"]), format!("{name}\n"));
    assert!(run(&["-o", "csv"]).contains(&name.replace('"', "\"\"")));
    // An error's texts are for people, so they are the same in JSON and in text.
    let stub = Stub::start(|_| Answer::refusal(400, "NO", "a\u{202e}b\u{e0041}\nc"));
    let error = User::of(&stub.address).run(&[&list[..], &["--json"]].concat()).exits(1).error();
    assert_eq!(error["error"], "a\u{fffd}b\u{fffd}\nc");
}

/// Emoji sequences, Persian, and accents are not hostile.
#[test]
fn joined_and_accented_texts_are_kept() {
    let name = "❤️ 👨‍👩‍👧 1️⃣ می\u{200c}خواهم e\u{301}";
    let body = json!({"products": [{"environment": "test", "productId": "prod_1", "name": name, "active": true, "metadata": {}}]});
    let stub = Stub::start(move |_| Answer::json(200, &body.to_string()));
    for format in ["table", "json", "csv", "jsonl"] {
        let ran = User::of(&stub.address).run(&["payments", "products", "list", "-o", format]).exits(0);
        assert!(ran.stdout.contains(name), "{format}: {ran:?}");
    }
}

#[test]
fn a_narrow_terminal_splits_no_word_of_the_command_in_a_hint() {
    let status = Generation::Newer.exchange("242-status-recovered").answer();
    let stub = Stub::in_order(vec![status, Answer::Drop]);
    let args = ["payments", "products", "create", "--name", "Pro", "--retries", "0"];
    let (code, screen) = Terminal::start(&user(&stub), 40, &args).finish();
    assert_eq!(code, 8, "{screen}");
    let words: Vec<&str> = screen.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "--idempotency-key").expect("the option");
    let next = screen.split("--idempotency-key").nth(1).expect("the key").trim().lines().count();
    assert!(words[at + 1].len() > 32 && next == 1, "{screen}");
}
