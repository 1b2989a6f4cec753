//! A backend that answers with texts without measure: messages about them stay short.

use serde_json::{Value, json};

use super::harness::stub::{Answer, Stub};
use super::harness::{RunOutput, User};

/// The longest text of the backend that people see, and that JSON has, in bytes.
const FOR_PEOPLE: usize = 2048;
const IN_JSON: usize = 8192;
/// The rest of a message, which is the tool's own.
const OWN: usize = 1024;

fn long(beginning: &str) -> String {
    format!("{beginning}{}", "xé".repeat(100_000))
}

fn refusal() -> Answer {
    let body = json!({
        "error": "A".repeat(200_000),
        "message": long("no"),
        "statusCode": 400,
        "nextActions": long("do"),
    });
    Answer::json(400, &body.to_string())
}

/// A connection with a failed sync, as in the answers of several commands.
fn connections() -> Answer {
    let connection = json!({
        "environment": "test", "status": "error", "accountId": long("acct_"), "maskedKey": "sk_test_****1234",
        "lastSyncStatus": "failed", "lastSyncError": long("lost"), "lastSyncCounts": {},
    });
    Answer::json(200, &json!({"connections": [connection]}).to_string())
}

fn sync_results() -> Answer {
    let connection = json!({
        "environment": "test", "status": "error", "accountId": "acct_1", "maskedKey": "sk_test_****1234",
        "lastSyncStatus": "failed", "lastSyncError": format!("{}\nerror: forged", long("lost")), "lastSyncCounts": {},
    });
    let result = json!({"environment": "test", "connection": connection, "subscriptions": null});
    Answer::json(200, &json!({"results": [result]}).to_string())
}

/// Asserts that every line on stderr is short, and that stderr is, too.
#[track_caller]
fn assert_short(ran: &RunOutput, json: bool, run: &str) {
    let most = if json { IN_JSON } else { FOR_PEOPLE };
    if json {
        for line in ran.stderr.lines() {
            let line: Value = serde_json::from_str(line).expect(run);
            for (name, value) in line.as_object().expect("an object") {
                let length = value.as_str().map_or(0, str::len);
                assert!(length <= most, "{run}: `{name}` has {length} bytes");
            }
        }
    } else {
        for line in ran.stderr.lines() {
            assert!(line.len() <= most + OWN, "{run}: a line of {} bytes", line.len());
        }
        assert!(ran.stderr.len() <= 3 * most + OWN, "{run}: {} bytes", ran.stderr.len());
    }
}

#[test]
fn texts_of_a_refusal_are_cut() {
    let stub = Stub::start(|_| refusal());
    let user = User::of(&stub.address);
    let commands: [&[&str]; 6] = [
        &["payments", "status"],
        &["payments", "sync", "test"],
        &["payments", "products", "create", "test", "--name", "A"],
        &["payments", "config", "set", "test", "-"],
        &["payments", "catalog", "export", "test"],
        &["payments", "doctor"],
    ];
    for args in commands {
        for json in [false, true] {
            let more: &[&str] = if json { &["--json"] } else { &[] };
            let ran = user.run_with_stdin(&[args, more].concat(), "sk_test_abcdefgh12345678");
            let run = format!("{args:?} {json}");
            assert_eq!(ran.code, 1, "{run}: {:.3000}", ran.stderr);
            assert_short(&ran, json, &run);
            let said = ran.stderr.clone() + &ran.stdout;
            assert!(
                said.contains(" bytes left out] … ") && said.len() < 64 * 1024,
                "{run}: {} bytes",
                said.len()
            );
        }
    }
    // The end of the sentence about a write stays.
    let stub = Stub::start(|request| {
        let body = json!({"error": "INTERNAL_ERROR", "message": long("no"), "statusCode": 500});
        if request.method == "GET" { connections() } else { Answer::json(500, &body.to_string()) }
    });
    let args = ["payments", "products", "update", "test", "prod_1", "--name", "A", "--retries", "0"];
    let ran = User::of(&stub.address).run(&args);
    assert_short(&ran, false, "update");
    assert!(
        ran.stderr.lines().next().is_some_and(|line| line.ends_with("; the outcome is unknown")),
        "{ran:?}"
    );
}

#[test]
fn texts_of_a_success_are_cut_in_messages() {
    let stub = Stub::start(|request| {
        if request.target.ends_with("/sync") || request.target.contains("/sync?") {
            return sync_results();
        }
        match &*request.target {
            "/api/health" => Answer::json(200, &json!({"version": long("9")}).to_string()),
            _ => connections(),
        }
    });
    let user = User::of(&stub.address);
    let commands: [&[&str]; 3] =
        [&["payments", "status"], &["payments", "sync", "test"], &["payments", "doctor"]];
    for args in commands {
        for json in [false, true] {
            let more: &[&str] = if json { &["--json"] } else { &[] };
            let ran = user.run(&[args, more].concat());
            let run = format!("{args:?} {json} exits {}", ran.code);
            assert_short(&ran, json, &run);
            assert!(!ran.stderr.lines().any(|line| line.starts_with("error: forged")), "{run}");
            // The backend's own JSON stays whole.
            if json && ran.code == 0 {
                assert!(ran.stdout.len() > 500_000, "{run}");
            }
            if args[1] == "doctor" {
                assert!(ran.stdout.len() < 64 * 1024, "{run}: {} bytes", ran.stdout.len());
            }
        }
    }
}

#[test]
fn headers_of_an_answer_are_cut() {
    let long = "x".repeat(90_000);
    let location = format!("https://elsewhere.example/{long}");
    for answer in [
        Answer::json(302, "{}").header("location", &location),
        Answer::json(403, "{}").header("server", &long).header("x-request-id", &long),
        Answer::with(200, &format!("application/json{long}"), "no"),
        Answer::with(200, &format!("application/{long}+json"), "no"),
    ] {
        let stub = Stub::start(move |_| answer.clone());
        let user = User::of(&stub.address);
        for (flags, json) in [(&[][..], false), (&["--json"], true), (&["-vv"], false)] {
            let ran = user.run(&[&["payments", "status", "--retries", "0"], flags].concat());
            assert_ne!(ran.code, 0);
            if flags.contains(&"-vv") {
                assert!(ran.stderr.len() < 64 * 1024, "{} bytes", ran.stderr.len());
            } else {
                assert_short(&ran, json, "headers");
            }
        }
    }
}

#[test]
fn long_values_of_the_user_are_cut() {
    let name = "p".repeat(70_000);
    let user = User::new();
    for args in [
        &["payments", "status", "--profile", &name][..],
        &["payments", "status", "--api-url", "http://localhost:1", "--api-key-file", &name],
        &["payments", "products", "get", "test", &name, "--api-url", "http://localhost:1"],
        &["logout", "--profile", &name],
    ] {
        let ran = user.run(args);
        assert!(ran.code != 0 && ran.stderr.len() < FOR_PEOPLE + OWN, "{:?}: {}", args[0], ran.stderr.len());
    }
    let ran = User::new().with("INSFORGE_PROFILE", &name).run(&["payments", "status"]);
    assert!(ran.code != 0, "{ran:?}");
    assert_short(&ran, false, "INSFORGE_PROFILE");
}

/// What a filter writes on stderr passes through the program.
#[test]
fn lines_of_a_filter_are_cut() {
    let user = User::new();
    let filter = "(\"x\" * 20000000 | debug | empty), 1";
    let ran = user.run(&["--sandbox", "payments", "status", "--jq", filter]).exits(0);
    assert!(ran.stderr.len() < 2 * IN_JSON && ran.stdout == "1\n", "{} bytes", ran.stderr.len());
}
