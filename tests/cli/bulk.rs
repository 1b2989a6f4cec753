//! Bulk input: what is read, sent and shown, how failures are reported, and that running the same file again creates no
//! duplicates, whatever happened the first time.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

#[cfg(target_os = "linux")]
use super::harness::pty::Terminal;
use super::harness::recordings::{self, Generation};
use super::harness::shop::{Accident, Shop};
use super::harness::stripe_catalog::rows;
use super::harness::stub::{Answer, Request, Stub};
use super::harness::{RunOutput, User, signal, wait_for_exit};

/// Longer than any step takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);
const CREATE: &[&str] = &["payments", "products", "create", "--from-file", "-"];
const UPDATE: &[&str] = &["payments", "products", "update", "--from-file", "-"];
const THREE: &str = "{\"name\":\"A\"}\n{\"name\":\"B\",\"active\":false}\n{\"name\":\"A\"}\n";

/// Stdout as lines of JSON.
#[track_caller]
fn lines(ran: &RunOutput) -> Vec<Value> {
    let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    ran.stdout.lines().map(line).collect()
}

/// The names of the products that stdout shows.
#[track_caller]
fn names(ran: &RunOutput) -> Vec<String> {
    lines(ran).iter().map(|line| line["product"]["name"].as_str().expect("a name").to_owned()).collect()
}

/// The idempotency keys that a file's creates would have.
#[track_caller]
fn keys(file: &str, more: &[&str]) -> Vec<String> {
    let user = User::of(&super::harness::dead_address());
    let ran = user.run_with_stdin(&[CREATE, more, &["--dry-run"]].concat(), file).exits(0);
    lines(&ran)
        .iter()
        .map(|request| request["body"]["idempotencyKey"].as_str().expect("a key").to_owned())
        .collect()
}

/// A backend that answers writes with `answer`, which gets the number of earlier writes.
fn backend(answer: impl Fn(usize, &Request) -> Answer + Send + Sync + 'static) -> Stub {
    let status = Generation::Newer.exchange("242-status-recovered").answer();
    let writes = Mutex::new(0);
    Stub::start(move |request| {
        if request.target.ends_with("/status") {
            return status.clone();
        }
        if request.method == "GET" {
            return Answer::json(200, r#"{"products":[]}"#);
        }
        let mut writes = writes.lock().expect("a lock");
        *writes += 1;
        answer(*writes - 1, request)
    })
}

fn product(id: usize) -> Answer {
    let row = json!({"environment": "test", "productId": format!("prod_{id}"), "name": "A", "active": true});
    Answer::json(201, &json!({"product": row, "more": {"z": 1, "a": [2]}}).to_string())
}

fn refusal(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({"error": code, "message": message, "statusCode": status}).to_string())
}

fn posts(stub: &Stub) -> usize {
    stub.lines().iter().filter(|line| line.starts_with("POST")).count()
}

#[test]
fn an_array_and_jsonl_are_bulk_input() {
    for (file, expected) in [
        (THREE, &["A", "B", "A"][..]),
        (r#"[{"name":"A"}, {"name":"B"}]"#, &["A", "B"]),
        ("[\n  {\n    \"name\": \"A\"\n  }\n]\n", &["A"]),
        ("{\n \"name\": \"A\"\n}\n{\n \"name\": \"B\"\n}", &["A", "B"]),
    ] {
        let shop = Shop::new();
        let flags = ["--metadata-field", "tier=pro", "--active", "true"];
        let ran = shop.user.run_with_stdin(&[CREATE, &flags].concat(), file).exits(0);
        let plural = if expected.len() == 1 { "" } else { "s" };
        let ran = ran.stderr_has(&[&format!("✓ {} Stripe product{plural} created.", expected.len())]);
        assert_eq!(names(&ran), expected);
        let products = shop.catalog();
        let products = rows(&products, "products");
        assert_eq!(products.len(), expected.len());
        assert!(products.iter().all(|row| row["metadata"]["tier"] == "pro" && row["active"] == true));
    }
}

#[test]
fn each_answer_is_an_unchanged_line_and_all_use_one_connection() {
    let stub = backend(|before, _| product(before));
    let user = User::of(&stub.address);
    let path = user.write("many.jsonl", THREE);
    let file = ["payments", "products", "create", "--from-file", path.to_str().expect("text")];
    let table = user.run(&file).exits(0);
    assert_eq!(
        table.stdout.lines().next(),
        Some(
            r#"{"product":{"environment":"test","productId":"prod_0","name":"A","active":true},"more":{"z":1,"a":[2]}}"#
        )
    );
    assert_eq!((posts(&stub), stub.connections()), (3, 1));
    let json = user.run(&[&file[..], &["--json"]].concat()).exits(0);
    assert_eq!((lines(&json).len(), json.stderr.as_str()), (3, ""));
    assert_eq!(user.run(&[&file[..], &["-o", "ids"]].concat()).exits(0).stdout, "prod_6\nprod_7\nprod_8\n");
    let quiet = user.run(&[&file[..], &["-q"]].concat()).exits(0);
    assert_eq!(quiet.stderr, "");
    let nothing = user.run_with_stdin(CREATE, " [ ] ").exits(0).stderr_has(&["stdin has no objects"]);
    assert_eq!((nothing.stdout.as_str(), posts(&stub)), ("", 12));
}

#[test]
fn every_mistake_is_reported_before_anything_is_sent() {
    let stub = recordings::serve(vec![]);
    let user = User::of(&stub.address);
    let refused = |args: &[&str], file: &str| {
        let ran = user.run_with_stdin(args, file).exits(64);
        assert_eq!(ran.stdout, "");
        ran
    };
    refused(CREATE, "[\n{\"name\":\"A\"},\n{\"name\":\" \"}, {\"nam\":1},\n{\"active\":true},\n7]")
        .stderr_has(&[
            "Nothing was sent: 4 of 5 objects in stdin are invalid",
            "entry 2 (line 3, column 9): the name is empty",
            "entry 3 (line 3, column 16): unknown field `nam`; did you mean `name`?",
            "entry 4 (line 4): The object has no name (add --name, or add it to the object in the file)",
            "entry 5 (line 5, column 1): not a JSON object",
        ]);
    refused(CREATE, "{\"name\":\"A\"}\n{\"name\":\"B\"\n{\"name\":\"C\"}").stderr_has(&[
        "Nothing was sent: 1 of 3 objects in stdin is invalid",
        "entry 2 (line 2, column 12): the object is not closed",
    ]);
    refused(CREATE, &"{}\n".repeat(12)).stderr_has(&["entry 10 (line 10): ", "\n  and 2 more\n"]);
    let long = format!("{{\"name\":\"{}\"}}\n", "x".repeat(1 << 20)).repeat(65);
    refused(CREATE, &long).stderr_has(&["longer than 64 MiB"]);
    let two = "{\"id\":\"prod_1\",\"name\":\"A\"}\n{\"id\":\"prod_1\",\"name\":\"B\"}\n{\"name\":\"C\"}\n{\"id\":\"p\"}";
    refused(UPDATE, two).stderr_has(&[
        "entry 2 (line 2): `prod_1` is already on line 1",
        "entry 3 (line 3): The object has no id",
        "entry 4 (line 4): Nothing to update",
    ]);
    refused(&[UPDATE, &["prod_1"]].concat(), two)
        .stderr_has(&["stdin has many objects, but `prod_1` is only one"]);
    refused(UPDATE, r#"{"name":"A"}"#).stderr_has(&["The object has no id"]);
    refused(&[UPDATE, &["live"]].concat(), r#"{"name":"A"}"#).stderr_has(&["The id is missing"]);
    refused(&[UPDATE, &["prod_2"]].concat(), r#"{"id":"prod_1","name":"A"}"#)
        .stderr_has(&["The command line and the file have different ids"]);
    refused(UPDATE, r#"[{"id":"..","name":"A"}]"#).stderr_has(&["The id is empty or only dots"]);
    assert!(stub.lines().is_empty());
}

#[test]
fn a_key_is_derived_from_the_object_and_not_from_its_position() {
    let (a, b) = (r#"{"name":"A","metadata":{"x":"1","y":"2"}}"#, r#"{"name":"B"}"#);
    let first = keys(&format!("{a}\n{b}"), &[]);
    let more = keys(&format!("[{b},{{\"name\":\"C\"}},{a}]"), &[]);
    assert_eq!((&more[0], &more[2]), (&first[1], &first[0]));
    assert_eq!(keys(&format!("[{}]", r#"{"metadata":{"y":"2","x":"1"},"name":"A"}"#), &[])[0], first[0]);
    let twice = keys(&format!("{b}{a}{b}{b}"), &[]);
    assert_eq!(twice.iter().collect::<BTreeSet<_>>().len(), 4, "each is another object: {twice:?}");
    assert_eq!(twice[0], first[1]);
    // A different object, or the user's own key, makes a different key.
    let given = keys(&format!("{a}\n{b}"), &["--idempotency-key", "autumn"]);
    let again = keys(&format!("{b}\n{a}"), &["--idempotency-key", "autumn"]);
    assert_eq!((&given[0], &given[1]), (&again[1], &again[0]));
    let others = [
        keys(&format!("[{}]", a.replace('1', "3")), &[]),
        keys(&format!("[{a}]"), &["--active", "true"]),
        keys(&format!("[{a}]"), &["live"]),
    ];
    let all: BTreeSet<&String> = others.iter().flatten().chain(&given).chain(&first).collect();
    assert_eq!(all.len(), 7, "{all:?}");
    let own = keys(
        &format!("{b}\n{{\"name\":\"B\",\"idempotencyKey\":\"mine\"}}\n{b}"),
        &["--idempotency-key", "k"],
    );
    assert_eq!(own[1], "mine");
    assert_eq!(
        (&own[0], own[2] == own[0]),
        (&keys(&format!("[{b}]"), &["--idempotency-key", "k"])[0], false)
    );
}

#[test]
fn running_the_same_file_again_creates_no_duplicates() {
    let shop = Shop::new();
    let first = shop.user.run_with_stdin(CREATE, THREE).exits(0);
    let second = shop.user.run_with_stdin(&[CREATE, &["--json"]].concat(), THREE).exits(0);
    let ids = |ran: &RunOutput| {
        lines(ran).iter().map(|line| line["product"]["productId"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&first), ids(&second));
    assert_eq!(rows(&shop.catalog(), "products").len(), 3);
    // Only added objects are created.
    let more = format!("{{\"name\":\"C\"}}\n{THREE}{{\"name\":\"A\"}}\n");
    shop.user.run_with_stdin(CREATE, &more).exits(0);
    assert_eq!(rows(&shop.catalog(), "products").len(), 5);
    shop.user.run_with_stdin(&[CREATE, &["--idempotency-key", "more"]].concat(), THREE).exits(0);
    assert_eq!(rows(&shop.catalog(), "products").len(), 8, "another key creates other objects");
}

#[test]
fn a_failed_object_is_a_line_among_the_results() {
    let shop = Shop::new();
    let product =
        shop.send("POST", "/catalog/products", &json!({"name": "A"}))["product"]["productId"].clone();
    let price = |amount: u32, key: &str| json!({"unitAmount": amount, "lookupKey": key}).to_string() + "\n";
    let file = [price(1, "a"), price(2, "a"), price(3, "b")].concat();
    let product = product.as_str().expect("an id");
    let args =
        ["payments", "prices", "create", "--product", product, "--currency", "usd", "--from-file", "-"];
    let ran = shop.user.run_with_stdin(&[&args[..], &["--json"]].concat(), &file).exits(9);
    let all = lines(&ran);
    assert_eq!((&all[0]["price"]["lookupKey"], &all[2]["price"]["lookupKey"]), (&json!("a"), &json!("b")));
    let failed = &all[1];
    let fields: Vec<&String> = failed.as_object().expect("an object").keys().collect();
    let expected = "index line error code status why hint retryable idempotencyKey exitCode";
    assert_eq!(fields, expected.split(' ').collect::<Vec<_>>());
    assert_eq!((&failed["index"], &failed["line"], &failed["status"]), (&json!(1), &json!(2), &json!(400)));
    assert!(
        failed["error"].as_str().expect("a sentence").contains("already uses that lookup key"),
        "{failed}"
    );
    assert!(failed["hint"].as_str().expect("a hint").contains("prices update test price_"), "{failed}");
    assert!(failed["idempotencyKey"].is_string());
    let error = ran.error();
    assert_eq!((&error["code"], &error["exitCode"]), (&json!("PARTLY_DONE"), &json!(9)));
    assert_eq!(error["error"], "2 of 3 Stripe prices created, 1 failed");
    assert_eq!(error["next"], Value::Null, "the lookup key stays taken: {error}");
    // With -o ids, failures are on stderr.
    let ran = shop.user.run_with_stdin(&[&args[..], &["-o", "ids"]].concat(), &file).exits(9);
    assert_eq!(ran.stdout.lines().count(), 2);
    ran.stderr_has(&[
        "error: entry 2 (line 2): A price",
        "error: 0 of 3 Stripe prices created, 2 existed already, 1 failed",
    ]);
    // If all objects fail for the same reason, the run fails for that reason.
    let ran = shop.user.run_with_stdin(&args, &format!("[{}]", price(9, "a"))).exits(1);
    ran.stderr_has(&["error: 0 of 1 Stripe price created, 1 failed"]);
    assert_eq!(rows(&shop.catalog(), "prices").len(), 2);
}

#[test]
fn a_failure_that_would_repeat_stops_the_run() {
    // An API key that was accepted before is tried again.
    for (status, code, exit, sent) in [
        (401, "AUTH_INVALID_API_KEY", 2, 3),
        (403, "AUTH_UNAUTHORIZED", 5, 1),
        (400, "PAYMENT_CONFIG_INVALID", 1, 1),
    ] {
        let stub = backend(move |_, _| refusal(status, code, "no"));
        let ran = User::of(&stub.address).run_with_stdin(&[CREATE, &["--json"]].concat(), THREE).exits(exit);
        assert_eq!((posts(&stub), lines(&ran).len()), (sent, 1), "{code}");
        let error = ran.error();
        assert_eq!((&error["code"], &error["exitCode"]), (&json!(code), &json!(exit)));
        assert_eq!(error["error"], "0 of 3 Stripe products created, 1 failed, 2 were not tried");
        // The hint follows the backend's answer, and does not blame the file.
        assert!(!error["hint"].as_str().unwrap().contains("fix the objects that failed"), "{error}");
    }
    // A failure of one object does not stop the run.
    let stub = backend(
        |before, _| if before == 1 { refusal(400, "UPSTREAM_FAILURE", "no") } else { product(before) },
    );
    let ran = User::of(&stub.address).run_with_stdin(CREATE, THREE).exits(9);
    assert_eq!((posts(&stub), lines(&ran).len()), (3, 3));
    // Two lost answers in a row stop it; each request is sent again first.
    let stub = backend(|before, _| if before == 0 { product(0) } else { Answer::Drop });
    let file = THREE.repeat(2);
    let ran = User::of(&stub.address)
        .run_with_stdin(&[CREATE, &["--retries", "1", "--json"]].concat(), &file)
        .exits(9);
    assert_eq!((posts(&stub), lines(&ran).len()), (1 + 2 + 2, 3));
    assert_eq!(
        ran.error()["error"],
        "1 of 6 Stripe products created, 2 failed (2 may have been created anyway), 3 were not tried"
    );
    // If the backend is unreachable, running the command again may help.
    let ran = User::of(&super::harness::dead_address())
        .run_with_stdin(&[CREATE, &["--json", "--retries", "0"]].concat(), THREE);
    let error = ran.exits(8).error();
    assert_eq!((&error["code"], &error["retryable"]), (&json!("UNREACHABLE"), &json!(true)));
    assert_eq!(error["next"][0], "insforge");
    // A request that was never sent was not applied.
    assert_eq!(error["error"], "0 of 3 Stripe products created, 2 failed, 1 was not tried");
}

/// The backend disappears while it processes the first object. Later attempts are refused.
#[test]
fn only_what_may_have_arrived_has_an_unknown_outcome() {
    let shop = Shop::new();
    shop.plan(1, Accident::Gone);
    let ran = shop.user.run_with_stdin(&[CREATE, &["--json"]].concat(), THREE).exits(8);
    let errors: Vec<String> = lines(&ran).iter().map(|line| line["error"].to_string()).collect();
    assert!(
        errors[0].contains("Cannot reach") && errors[0].contains("; the outcome is unknown"),
        "{errors:?}"
    );
    assert!(errors[1].contains("Cannot reach") && !errors[1].contains("unknown"), "{errors:?}");
    let error = ran.error();
    assert_eq!(
        error["error"],
        "0 of 3 Stripe products created, 2 failed (1 may have been created anyway), 1 was not tried"
    );
    assert_eq!((&error["retryable"], &error["next"][3]), (&json!(true), &json!("create")));
}

#[test]
fn the_same_file_completes_a_run_after_any_accident() {
    for write in 1..=3 {
        for accident in [Accident::DropBefore, Accident::DropAfter, Accident::Gone] {
            let shop = Shop::new();
            shop.plan(write, accident);
            let ran = shop.user.run_with_stdin(&[CREATE, &["--retries", "0"]].concat(), THREE);
            let (code, done) = match accident {
                Accident::Gone if write == 1 => (8, 0),
                Accident::Gone => (9, write - 1),
                _ => (9, 2),
            };
            let ran = ran.exits(code);
            assert!(ran.stderr.contains(&format!("{done} of 3")), "{accident:?} at {write}: {}", ran.stderr);
            if accident == Accident::Gone {
                continue;
            }
            shop.user.run_with_stdin(CREATE, THREE).exits(0);
            assert_eq!(rows(&shop.catalog(), "products").len(), 3, "{accident:?} at {write}");
            // With replays, the first run already succeeds.
            let shop = Shop::new();
            shop.plan(write, accident);
            shop.user.run_with_stdin(CREATE, THREE).exits(0);
            assert_eq!(rows(&shop.catalog(), "products").len(), 3, "{accident:?} at {write}");
        }
        let shop = Shop::new();
        let path = shop.user.write("many.jsonl", THREE).display().to_string();
        let args = [&CREATE[..4], &[path.as_str()]].concat();
        shop.kill(write, Accident::Silence, &args);
        shop.user.run(&args).exits(0);
        assert_eq!(rows(&shop.catalog(), "products").len(), 3, "killed at {write}");
    }
}

/// A backend that delays its second answer, and a run that waits for it.
struct HeldBack {
    stub: Stub,
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    reached: Receiver<()>,
    release: Sender<()>,
}

impl HeldBack {
    fn start(file: &str) -> Self {
        let (reach, reached) = mpsc::channel();
        let (release, released) = mpsc::channel();
        let channel = Mutex::new((reach, released));
        let stub = backend(move |before, _| {
            if before == 1 {
                let (reach, released) = &*channel.lock().expect("a lock");
                let _ = reach.send(());
                let _ = released.recv_timeout(PATIENCE);
            }
            product(before)
        });
        let user = User::of(&stub.address);
        let path = user.write("many.jsonl", file).display().to_string();
        let mut command = user.command(&[&CREATE[..4], &[path.as_str()]].concat());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let stdout = BufReader::new(child.stdout.take().expect("stdout"));
        let held = Self { stub, child, stdout, reached, release };
        held.reached.recv_timeout(PATIENCE).expect("a second request");
        held
    }

    /// Waits for the end, and returns the exit code and stderr.
    fn end(&mut self) -> (i32, String) {
        let code = wait_for_exit(&mut self.child, PATIENCE);
        let stderr = std::io::read_to_string(self.child.stderr.take().expect("stderr")).expect("text");
        (code, stderr)
    }
}

#[test]
fn results_are_written_as_they_arrive() {
    let mut held = HeldBack::start(THREE);
    let mut line = String::new();
    held.stdout.read_line(&mut line).expect("a line");
    assert!(line.contains("prod_0"), "before the second answer: {line}");
    held.release.send(()).expect("a waiting backend");
    assert_eq!(held.end().0, 0);
    let rest = std::io::read_to_string(held.stdout).expect("text");
    assert_eq!(rest.lines().count(), 2);
}

#[test]
fn all_objects_are_sent_although_stdout_is_closed() {
    let mut held = HeldBack::start(THREE);
    let (closed, open) = std::io::pipe().expect("a pipe");
    drop(open);
    drop(std::mem::replace(&mut held.stdout, BufReader::new(closed_stdout(closed))));
    held.release.send(()).expect("a waiting backend");
    let (code, stderr) = held.end();
    assert_eq!((code, posts(&held.stub)), (0, 3), "{stderr}");
    assert!(stderr.contains("✓ 3 Stripe products created."), "{stderr}");
}

fn closed_stdout(pipe: std::io::PipeReader) -> std::process::ChildStdout {
    std::os::fd::OwnedFd::from(pipe).into()
}

#[test]
fn an_interruption_reports_the_progress() {
    let mut held = HeldBack::start(THREE);
    signal(held.child.id(), "-INT");
    let (code, stderr) = held.end();
    held.release.send(()).expect("a waiting backend");
    assert_eq!(code, 130);
    for text in [
        "Interrupted after 1 of 3 Stripe products",
        "Create product B at Stripe: the change may have been applied",
        "creates what is missing, without duplicates",
    ] {
        assert!(stderr.contains(text), "{text}: {stderr}");
    }
}

#[test]
fn results_that_cannot_be_written_stop_the_run() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let Ok(full) = full else { return };
    let stub = backend(|before, _| product(before));
    let user = User::of(&stub.address);
    let path = user.write("many.jsonl", THREE).display().to_string();
    let mut command = user.command(&[&CREATE[..4], &[path.as_str()]].concat());
    let output = command.stdin(Stdio::null()).stdout(full).output().expect("the binary runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), posts(&stub)), (Some(1), 1), "{stderr}");
    assert!(
        stderr
            .contains("1 of 3 Stripe products created, 2 were not tried, but the results cannot be written"),
        "{stderr}"
    );
    assert!(stderr.contains("shows the results again"), "{stderr}");
    let unwritten = "entry 1 (line 1): Stripe product created: prod_0 (idempotency key ";
    assert!(stderr.contains(unwritten) && stderr.contains("No space left"), "{stderr}");
}

#[test]
fn a_result_that_is_no_valid_json_does_not_stop_the_run() {
    let stub = backend(|before, _| match (before, product(before)) {
        (1, Answer::Respond { status, headers, body }) => {
            let body = [br#"{"unknown":"\ud800","#, &body[1..]].concat();
            Answer::Respond { status, headers, body }
        }
        (_, answer) => answer,
    });
    let user = User::of(&stub.address);
    let ran = user.run_with_stdin(&[CREATE, &["--json"]].concat(), THREE).exits(1);
    assert_eq!(posts(&stub), 3, "{}", ran.stderr);
    let lines = lines(&ran);
    assert_eq!((&lines[0]["product"]["name"], lines.len()), (&"A".into(), 3));
    assert_eq!((&lines[1]["index"], &lines[1]["code"]), (&1.into(), &"RESPONSE_INVALID".into()));
    assert_eq!(
        lines[1]["error"],
        "Create product B at Stripe: the change was applied, but the result cannot be shown"
    );
    let error = ran.error();
    assert_eq!(error["code"], "RESPONSE_INVALID");
    assert_eq!(error["error"], "3 of 3 Stripe products created, but a result cannot be shown");
    let why = error["why"].as_str().expect("a reason");
    assert!(why.starts_with("entry 2 (line 2): Stripe product created: prod_1 (idempotency key "), "{why}");
    assert!(why.contains("The backend's response is not valid JSON"), "{why}");
    assert!(error["hint"].as_str().expect("a hint").contains("without duplicates"), "{error}");
}

#[test]
fn live_needs_one_confirmation_for_all_objects() {
    let stub = backend(|before, _| product(before));
    let user = User::of(&stub.address);
    let live = [CREATE, &["live"]].concat();
    let many = THREE.repeat(3);
    let ran = user.run_with_stdin(&[&live[..], &["--json"]].concat(), &many).exits(6);
    let why = ran.error()["why"].as_str().expect("a reason").to_owned();
    for text in
        ["Create 9 products at Stripe, live", "Account: acct_", "Create product B at Stripe", "and 4 more"]
    {
        assert!(why.contains(text), "{text}: {why}");
    }
    assert_eq!(posts(&stub), 0);
    let policy = User::of(&stub.address).with("INSFORGE_LIVE", "deny");
    policy.run_with_stdin(&[&live[..], &["--yes"]].concat(), &many).exits(5);
    assert_eq!(posts(&stub), 0);
    let ran = user.run_with_stdin(&[&live[..], &["--yes"]].concat(), &many).exits(0);
    assert_eq!((lines(&ran).len(), posts(&stub)), (9, 9));
}

#[cfg(target_os = "linux")]
#[test]
fn live_asks_once_and_names_the_account() {
    let stub = backend(|before, _| product(before));
    let user = User::of(&stub.address);
    let path = user.write("many.jsonl", THREE).display().to_string();
    let args = [&CREATE[..4], &[path.as_str(), "live"]].concat();
    for (answer, code, made) in [("n", 6, 0), ("y", 0, 3)] {
        let terminal = Terminal::start(&user, 80, &args);
        terminal.expect("Continue? [y/N]");
        terminal.type_in(&format!("{answer}\r"));
        let (exit, screen) = terminal.finish();
        assert_eq!((exit, posts(&stub)), (code, made), "{screen}");
        assert_eq!(screen.matches("Continue?").count(), 1, "{screen}");
        for text in ["Create 3 products at Stripe, live", "  Account: acct_", "  Create product B at Stripe"]
        {
            assert!(screen.contains(text), "{text}: {screen}");
        }
    }
}

#[test]
fn each_update_in_a_file_has_its_id() {
    let shop = Shop::new();
    let made = shop.user.run_with_stdin(&[CREATE, &["-o", "ids"]].concat(), THREE).exits(0).stdout;
    let ids: Vec<&str> = made.lines().collect();
    let changes = |id: &str, n: usize| json!({"name": format!("N{n}"), "id": id}).to_string();
    let file: Vec<String> = ids.iter().enumerate().map(|(n, id)| changes(id, n)).collect();
    let before = shop.writes().len();
    // A lost update is sent again, because it is safe to repeat.
    shop.plan(2, Accident::DropAfter);
    let args = [UPDATE, &["test", "--description", "all"]].concat();
    let ran = shop.user.run_with_stdin(&args, &format!("[{}]", file.join(","))).exits(0);
    let ran = ran.stderr_has(&["✓ 3 Stripe products updated."]);
    assert_eq!(names(&ran), ["N0", "N1", "N2"]);
    let sent: Vec<Request> = shop.writes().split_off(before);
    let body = |request: &Request| serde_json::from_slice::<Value>(&request.body).expect("JSON");
    assert_eq!(sent.len(), 4);
    assert!(sent[1].target.ends_with(ids[1]) && sent[2].target.ends_with(ids[1]));
    assert_eq!(body(&sent[3]), json!({"name": "N2", "description": "all"}));
    // A single object can have its id in the file, too.
    let one = shop.user.run_with_stdin(UPDATE, &changes(ids[0], 7)).exits(0);
    one.stderr_has(&[&format!("✓ Stripe product updated: {}", ids[0])]);
    let one = shop.user.run_with_stdin(&[UPDATE, &[ids[0]]].concat(), &changes(ids[0], 8)).exits(0);
    assert!(one.stdout.contains("N8"), "{one:?}");
    let file = [changes("prod_missing", 1), changes(ids[1], 9)].join("\n");
    let ran = shop.user.run_with_stdin(&[UPDATE, &["--json"]].concat(), &file).exits(9);
    let all = lines(&ran);
    assert_eq!((&all[0]["index"], &all[0]["exitCode"]), (&json!(0), &json!(4)));
    assert_eq!(all[1]["product"]["name"], "N9");
    let dry_run = shop.user.run_with_stdin(&[UPDATE, &["live", "--dry-run"]].concat(), &file).exits(0);
    let paths: Vec<Value> = lines(&dry_run).iter().map(|line| line["path"].clone()).collect();
    assert_eq!(paths[0], "/api/payments/stripe/live/catalog/products/prod_missing");
}

/// Razorpay has no idempotency keys, so the command searches the catalog.
#[test]
fn existing_razorpay_objects_are_not_created_again() {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    let run = |kind: &str, file: &str, more: &[&str]| {
        let args = [&["payments", "razorpay", kind, "create", "--from-file", "-", "--json"], more].concat();
        user.run_with_stdin(&args, file)
    };
    let count = |kind: &str| {
        let ran = user.run(&["payments", "razorpay", kind, "list", "-o", "ids"]).exits(0);
        ran.stdout.lines().count()
    };
    let (items, plans) = (count("items"), count("plans"));
    let file = "{\"name\":\"Mug\",\"amount\":29900}\n{\"name\":\"Cup\",\"amount\":100}\n{\"name\":\" Mug\",\"amount\":29900}\n";
    let inr = ["--currency", "inr"];
    let first = run("items", file, &inr).exits(0);
    assert_eq!(lines(&first).iter().filter(|line| line["item"]["itemId"].is_string()).count(), 3);
    assert_eq!(count("items"), items + 3);
    let second = run("items", file, &inr).exits(0);
    let found: BTreeSet<String> = lines(&second).iter().map(|line| line["existing"].to_string()).collect();
    let made: BTreeSet<String> =
        lines(&first).iter().map(|line| line["item"]["itemId"].to_string()).collect();
    assert_eq!((found, count("items")), (made, items + 3), "{}", second.stdout);
    assert_eq!(lines(&second)[1]["index"], 1);
    // One more equal object is created.
    let more = format!("{file}{{\"name\":\"Mug\",\"amount\":29900}}\n");
    let third = run("items", &more, &inr).exits(0);
    assert_eq!((lines(&third)[3]["existing"].is_null(), count("items")), (true, items + 4));
    // Plans with one name and amount differ in their period. The items of plans do not count as existing items.
    let plan = |period: &str| {
        let item = json!({"name": "Gold", "amount": 99900, "currency": "INR"});
        json!({"period": period, "interval": 1, "item": item})
    };
    let file = json!([plan("monthly"), plan("yearly")]).to_string();
    run("plans", &file, &[]).exits(0);
    assert!(lines(&run("plans", &file, &[]).exits(0))[1]["existing"].is_string());
    assert_eq!(count("plans"), plans + 2);
    let gold = run("items", r#"[{"name":"Gold","amount":99900,"currency":"INR"}]"#, &[]).exits(0);
    assert!(lines(&gold)[0]["item"].is_object(), "{gold:?}");
    // Updates work as for Stripe.
    let id = lines(&first)[0]["item"]["itemId"].clone();
    let args = ["payments", "razorpay", "items", "update", "--from-file", "-", "-o", "ids"];
    let ran = user.run_with_stdin(&args, &json!([{"id": id, "amount": 500}]).to_string()).exits(0);
    assert_eq!(ran.stdout.trim_end(), id.as_str().expect("an id"));
}

#[test]
fn the_same_file_finds_a_razorpay_create_whose_answer_was_lost() {
    const BINARY: &str = env!("CARGO_BIN_EXE_insforge");
    let file = "[{\"name\":\"Mug\",\"amount\":29900},{\"name\":\"Cup\",\"amount\":100}]";
    let create = format!(
        "echo '{file}' | '{BINARY}' payments razorpay items create --currency inr --from-file -; echo $?;"
    );
    let script = format!("{create} {create} '{BINARY}' payments razorpay items list -o ids | wc -l");
    let user = User::new();
    let fault = "POST /items: drop-after-write x1";
    let ran = user.run(&["sandbox", "exec", "--fault", fault, "--", "sh", "-c", &script]).exits(0);
    let all: Vec<&str> = ran.stdout.lines().collect();
    let lost: Value = serde_json::from_str(all[0]).expect("JSON");
    assert_eq!((&lost["code"], &lost["index"]), (&json!("OUTCOME_UNKNOWN"), &json!(0)));
    assert!(lost["hint"].as_str().expect("a hint").contains("run the same file again"), "{lost}");
    assert_eq!((all[2], all[5], all[6]), ("9", "0", "8"), "{ran:?}");
    ran.stderr_has(&["✓ 0 Razorpay items created, 2 existed already."]);
}

/// If the catalog cannot be synced, duplicates could not be avoided.
#[test]
fn nothing_is_created_at_razorpay_if_the_sync_fails() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let stub = Stub::start(move |request| {
        seen.lock().expect("a lock").push(request.line());
        match request.method.as_str() {
            "GET" => Generation::Newer.exchange("242-status-recovered").answer(),
            _ => refusal(400, "PAYMENT_CONFIG_NOT_FOUND", "no key"),
        }
    });
    let args = ["payments", "razorpay", "items", "create", "--from-file", "-", "--json"];
    let file = r#"[{"name":"Mug","amount":29900,"currency":"INR"}]"#;
    let ran = User::of(&stub.address).run_with_stdin(&args, file).exits(1);
    assert_eq!((ran.error()["code"].clone(), ran.stdout.as_str()), (json!("PAYMENT_CONFIG_NOT_FOUND"), ""));
    let asked = asked.lock().expect("a lock");
    assert!(!asked.iter().any(|line| line.ends_with("/items")), "{asked:?}");
}

#[test]
fn every_mistake_has_its_line_column_and_index() {
    let stub = recordings::serve(vec![]);
    let user = User::of(&stub.address);
    let file = "{\"name\":\"A\"}\n{\"nam\":1,\"activ\":true}\n{\"name\":\"B\"\n\n{\"description\":\"ä\",\"activ\":1}\n{}\n";
    let error = user.run_with_stdin(&[CREATE, &["--json"]].concat(), file).exits(64).error();
    let mistake = |line, column: Value, index, error: &str| json!({"line": line, "column": column, "index": index, "error": error});
    let no_name = "The object has no name (add --name, or add it to the object in the file)";
    let mistakes = json!([
        mistake(2, json!(2), 1, "unknown field `nam`; did you mean `name`?"),
        mistake(2, json!(10), 1, "unknown field `activ`; did you mean `active`?"),
        mistake(3, json!(12), 2, "the object is not closed"),
        mistake(5, json!(20), 3, "unknown field `activ`; did you mean `active`?"),
        mistake(5, Value::Null, 3, no_name),
        mistake(6, Value::Null, 4, no_name),
    ]);
    assert_eq!(error["mistakes"], mistakes);
    assert_eq!(error["error"], "Nothing was sent: 4 of 5 objects in stdin are invalid");
    assert_eq!(error["code"], "USAGE");
    // JSON has more than the text shows.
    let many = user.run_with_stdin(&[CREATE, &["--json"]].concat(), &"{}\n".repeat(1200)).exits(64).error();
    assert_eq!(many["mistakes"].as_array().map(Vec::len), Some(1000));
    assert!(stub.lines().is_empty());
}

#[test]
fn an_idempotency_key_belongs_to_one_object() {
    let stub = recordings::serve(vec![]);
    let user = User::of(&stub.address);
    let product = |name: &str, key: &str| format!("{{\"name\":\"{name}\",\"idempotencyKey\":\"{key}\"}}\n");
    let file = [product("A", "k1"), product("B", "k2"), product("A", "k1"), product("C", "k1")].concat();
    let ran = user.run_with_stdin(CREATE, &file).exits(64).stderr_has(&[
        "Nothing was sent: 1 of 4 objects in stdin is invalid",
        "entry 4 (line 4): entry 1 (line 1) has the same idempotency key `k1` and other values\n",
        "hint: give each object its own `idempotencyKey`",
    ]);
    assert_eq!((ran.stdout.as_str(), stub.lines().len()), ("", 0));
    let error = user.run_with_stdin(&[CREATE, &["--json"]].concat(), &file).exits(64).error();
    assert_eq!((&error["mistakes"][0]["index"], &error["mistakes"][0]["line"]), (&json!(3), &json!(4)));
    // What an option overrides is equal.
    let same = [product("A", "k1"), product("B", "k1")].concat();
    user.run_with_stdin(&[CREATE, &["--name", "X", "--dry-run"]].concat(), &same).exits(0);
}

#[test]
fn the_hint_of_a_run_names_its_command_once() {
    let stub = Stub::start(|request| match request.method.as_str() {
        "GET" => Answer::json(200, "{\"connections\":[],\"products\":[]}"),
        _ => Answer::refusal(429, "RATE_LIMITED", "Slow down").header("retry-after", "3600"),
    });
    let ran = User::of(&stub.address).run_with_stdin(CREATE, THREE).exits(8);
    assert!(
        ran.stderr.contains("hint: wait 3600 s, then run `insforge payments products create --from-file -`"),
        "{ran:?}"
    );
    assert!(!ran.stderr.contains("run it again"), "{ran:?}");
    let lost = backend(|_, _| Answer::Drop);
    let ran = User::of(&lost.address).run_with_stdin(&[CREATE, &["--retries", "0"]].concat(), THREE).exits(8);
    let same = "`insforge payments products create --from-file - --retries 0`, with the same input, again";
    ran.stderr_has(&[&format!("hint: run {same}: it creates what is missing, without duplicates\n")]);
}
