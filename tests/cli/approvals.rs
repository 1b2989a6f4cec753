//! The audit trail: every event is a line, no secret is in it, and what cannot be recorded does not happen.
//! `insforge approvals` lists it.
// The commands that wait are those of `approve_command`.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::approve_command::{GuardedShop, STATE};
use super::harness::approval::{AUDIT_TRAIL as TRAIL, WaitingRun, audit_trail, decisions};
use super::harness::pty::Terminal;
use super::harness::running::Running;
use super::harness::{
    KEY, RunOutput, User, finish, mode, names_in, set_mode, signal, wait_for_exit, without_timestamps,
    wrapped,
};

/// Longer than any step takes. A test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);
/// A key of Stripe that the caller writes into a reason.
const STRIPE_KEY: &str = "sk_test_alpha51reason4audit";
/// The fields of every entry in the JSON.
const FIELDS: [&str; 14] = [
    "ts",
    "decision",
    "code",
    "by",
    "change",
    "environment",
    "backend",
    "account",
    "command",
    "because",
    "reason",
    "impact",
    "recommendation",
    "requests",
];

/// The guarded delete, which records `needs_brief` and then stops.
fn delete<'a>(shop: &'a GuardedShop, more: &[&'a str]) -> Vec<&'a str> {
    [&["payments", "products", "delete", "test", &shop.product], more].concat()
}

/// A user with this audit trail.
fn user_with(content: &str) -> User {
    let user = User::new();
    user.write(TRAIL, content);
    user
}

/// Lines of an audit trail with these numbers as their change.
fn lines(numbers: std::ops::Range<usize>) -> String {
    let line = |number| {
        let change = format!("Delete product prod_{number} at Stripe");
        let entry = json!({
            "ts": "2026-11-30T12:00:00Z", "decision": "asked", "code": "k7qp-2m4x", "change": change,
            "environment": "test", "backend": "http://127.0.0.1:1", "because": ["the guard"], "reason": "clean up",
            "requests": [format!("DELETE /{number}")],
        });
        format!("{entry}\n")
    };
    numbers.map(line).collect()
}

/// The numbers of [`lines`] in a list.
fn listed(list: &Value) -> Vec<String> {
    let number = |entry: &Value| {
        let change = entry["change"].as_str().expect("a change");
        change.split(['_', ' ']).nth(3).expect("a number").to_owned()
    };
    list["approvals"].as_array().expect("approvals").iter().map(number).collect()
}

#[test]
fn an_empty_trail_lists_nothing() {
    for user in [User::new(), user_with(""), user_with("\n\n")] {
        let ran = user.run(&["approvals"]).exits(0);
        assert_eq!((&*ran.stdout, &*ran.stderr), ("", "No approvals found.\n"));
        assert_eq!(user.run(&["approvals", "--json"]).exits(0).json(), json!({"approvals": []}));
        for format in ["jsonl", "csv"] {
            let ran = user.run(&["approvals", "-o", format]).exits(0);
            assert_eq!((&*ran.stdout, &*ran.stderr), ("", ""));
        }
        assert_eq!(user.run(&["approvals", "-q"]).exits(0).stderr, "");
    }
    let user = User::new();
    user.run(&["approvals"]).exits(0);
    assert_eq!(names_in(user.home.path()), [""; 0], "a list writes nothing");
}

#[test]
fn the_newest_entries_come_first_and_the_rest_is_counted() {
    let user = user_with(&lines(0..120));
    let all: Vec<String> = (0..120).rev().map(|number| number.to_string()).collect();
    for (args, count) in
        [(&[][..], 50), (&["--limit", "3"], 3), (&["--limit", "120"], 120), (&["--limit", "999"], 120)]
    {
        let ran = user.run(&[&["approvals", "--json"], args].concat()).exits(0);
        assert_eq!(listed(&ran.json()), all[..count], "{args:?}");
        let warnings: Vec<Value> =
            ran.stderr.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let older = 120 - count;
        let text = format!("there are {older} older entries; use --limit 120 to list all");
        let expected = json!({"warning": text, "code": "LIST_TRUNCATED"});
        assert_eq!(warnings, if older > 0 { vec![expected] } else { Vec::new() }, "{args:?}");
    }
    for wrong in ["0", "-1", "many", ""] {
        user.run(&["approvals", "--limit", wrong]).exits(64).stderr_has(&["--limit", "greater than zero"]);
    }
}

#[test]
fn every_format_has_the_same_entries() {
    let user = user_with(&lines(0..2));
    let list = user.run(&["approvals", "--json"]).exits(0).json();
    let entries = list["approvals"].as_array().expect("entries");
    for entry in entries {
        let names: Vec<&String> = entry.as_object().expect("an object").keys().collect();
        assert_eq!(names, FIELDS, "every field is there, and null if it is unknown");
        assert_eq!((&entry["account"], &entry["because"]), (&Value::Null, &json!(["the guard"])));
    }
    let jsonl = user.run(&["approvals", "-o", "jsonl"]).exits(0).stdout;
    let rows: Vec<Value> = jsonl.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(&rows, entries);
    let csv = user.run(&["approvals", "-o", "csv"]).exits(0).stdout;
    assert_eq!(csv.lines().next(), Some(&*FIELDS.join(",")));
    assert_eq!(csv.lines().count(), 3, "{csv}");
    let chosen = user.run(&["approvals", "--columns", "time,reason,requests"]).exits(0).stdout;
    assert_eq!(chosen.lines().nth(1), Some("2026-11-30 12:00  clean up  [\"DELETE /1\"]"), "{chosen}");
    let codes = user.run(&["approvals", "--jq", ".approvals[].code"]).exits(0).stdout;
    assert_eq!(codes, "k7qp-2m4x\nk7qp-2m4x\n");
    user.run(&["approvals", "-o", "ids"]).exits(64);
    let table = user.run(&["approvals"]).exits(0).stdout;
    assert_eq!(
        table.lines().nth(1).map(|line| line
            .split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect::<Vec<_>>()),
        Some(vec![
            "2026-11-30 12:00",
            "k7qp-2m4x",
            "asked",
            "test",
            "Delete product prod_1 at Stripe",
            "-",
            "clean up",
            "-"
        ])
    );
}

#[test]
fn the_table_fits_its_terminal() {
    let user =
        user_with(&lines(0..3).replace("Delete product", "Delete the very old and discontinued product"));
    for (columns, is_table) in [(200, true), (80, true), (40, false)] {
        let (code, screen) = Terminal::start(&user, columns, &["approvals"]).finish();
        assert_eq!(code, 0, "{screen}");
        let width = screen.lines().map(|line| line.chars().count()).max();
        assert!(width <= Some(columns.into()), "{columns}: {screen}");
        let heading = screen.lines().next().expect("a heading");
        assert_eq!(heading.contains("Time") && heading.contains("Change"), is_table, "{columns}: {screen}");
        assert_eq!(heading.contains("Reason"), columns == 200, "{columns}: {screen}");
        let text: Vec<&str> = screen.split_whitespace().collect();
        for word in ["k7qp-2m4x", "asked", "prod_2", "discontinued"] {
            assert!(text.contains(&word), "{columns}: {screen}");
        }
    }
}

/// Another version may write decisions and fields that this one does not know.
#[test]
fn unknown_decisions_and_fields_are_listed_and_broken_lines_are_counted() {
    let later =
        r#"{"ts":"2026-12-01T08:00:00Z","decision":"revoked","change":"Delete","later":{"a":[1.50]}}"#;
    let minimal = json!({"ts": "yesterday", "decision": "asked", "change": 5, "because": "x"});
    let broken =
        "{\"ts\":\"2026-12-01T08:00:00Z\",\"decis\nno JSON\n[]\n{\"ts\":1,\"decision\":\"asked\"}\n{}\n";
    let user = user_with(&format!("{broken}{later}\n{minimal}"));
    let ran = user.run(&["approvals", "--json"]).exits(0);
    let list = ran.json();
    assert!(ran.stdout.contains("1.50"), "a number stays as it is: {ran:?}");
    assert_eq!(list["approvals"].as_array().map(Vec::len), Some(2), "{list}");
    assert_eq!(
        (&list["approvals"][0]["ts"], &list["approvals"][0]["change"]),
        (&json!("yesterday"), &json!(5))
    );
    let second = &list["approvals"][1];
    assert_eq!(
        (&second["decision"], second["later"].to_string()),
        (&json!("revoked"), "{\"a\":[1.50]}".to_owned())
    );
    let warning = ran.error();
    let path = user.path(TRAIL).display().to_string();
    assert_eq!(
        warning,
        json!({"warning": format!("5 lines of {path} cannot be read"), "code": "AUDIT_LINE_INVALID"})
    );
    let table = user.run(&["approvals"]).exits(0);
    assert!(table.stderr.starts_with("warning: 5 lines of "), "{table:?}");
    let rows: Vec<Vec<&str>> = table.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1], ["yesterday", "-", "asked", "-", "-", "-", "-", "-"], "{table:?}");
    assert_eq!(rows[2], ["2026-12-01", "08:00", "-", "revoked", "-", "Delete", "-", "-", "-"], "{table:?}");
    // Bytes that are no text spoil one line.
    let path = user.path(TRAIL);
    fs::write(&path, [b"\xff\xfe\x00\n", lines(0..1).as_bytes()].concat()).expect("a file");
    let ran = user.run(&["approvals", "--json"]).exits(0);
    assert_eq!(listed(&ran.json()), ["0"]);
    assert!(ran.stderr.contains("1 line of "), "{ran:?}");
}

/// Whoever wrote the file, the list shows no key and obeys no control character.
#[test]
fn the_list_is_masked_and_safe() {
    let entry = json!({
        "ts": "2026-12-01T08:00:00Z", "decision": "asked\u{1b}[2J", "code": "\u{202e}abc",
        "change": format!("Delete {STRIPE_KEY}\nfake line"), "reason": KEY, STRIPE_KEY: 1, "other": [{"a": STRIPE_KEY}],
    });
    let user = user_with(&format!("{entry}\n")).with("INSFORGE_API_KEY", KEY);
    for format in ["table", "json", "jsonl", "csv"] {
        let ran = user.run(&["approvals", "-o", format]).exits(0);
        assert!(!ran.stdout.contains(STRIPE_KEY) && !ran.stdout.contains(KEY), "{format}: {ran:?}");
        assert!(ran.stdout.contains("sk_test_****"), "{format}: {ran:?}");
        assert!(!ran.stdout.contains(['\u{1b}', '\u{202e}']) || format == "csv", "{format}: {ran:?}");
    }
}

/// Runs without a terminal, with every way in which a guarded delete ends.
#[test]
fn every_event_is_recorded() {
    let shop = GuardedShop::new();
    let user = &shop.user;
    user.run(&delete(&shop, &[])).exits(6);
    let asked = || shop.wait_for_approval();
    let approved = asked();
    approved.answer("deny");
    assert_eq!(approved.finish().code, 6);
    for signal in ["-INT", "-TERM"] {
        let child = asked();
        assert_eq!(child.running.stop(signal).0, 130);
    }
    assert_eq!(
        decisions(user),
        ["needs_brief", "asked", "denied", "asked", "interrupted", "asked", "interrupted"]
    );
    let entries = audit_trail(user);
    for entry in &entries {
        assert_eq!(entry["change"], format!("Delete product {} at Stripe", shop.product), "{entry}");
        assert_eq!(entry["environment"], "test", "{entry}");
        assert_eq!(entry["because"], json!(["the guard (INSFORGE_GUARD)"]), "{entry}");
        assert!(
            entry["command"].as_str().is_some_and(|line| line.contains("products delete test")),
            "{entry}"
        );
        assert_eq!(without_timestamps(&entry["ts"].to_string().replace("Z\"", ".000Z\"")), "\"when\"");
    }
    for pair in entries[1..].chunks(2) {
        assert!(pair[0]["code"].is_string() && pair[0]["code"] == pair[1]["code"], "{pair:?}");
        assert!(
            pair.iter().all(|entry| entry["reason"] == "clean up" && entry["requests"].is_array()),
            "{pair:?}"
        );
        assert!(
            pair.iter().all(|entry| entry["account"].is_string() && entry["backend"].is_string()),
            "{pair:?}"
        );
    }
    assert_eq!(entries[2]["by"], "page");
    assert!(shop.changes().is_empty());

    let timed_out = GuardedShop::new().with("INSFORGE_GUARD_TIMEOUT_MS", "50");
    timed_out.user.run(&delete(&timed_out, &["--reason", "x"])).exits(6);
    assert_eq!(decisions(&timed_out.user), ["asked", "timeout"]);

    let approved = GuardedShop::new();
    let waiting = approved.wait_for_approval();
    waiting.answer("approve");
    assert_eq!(waiting.finish().code, 0);
    assert_eq!(decisions(&approved.user), ["asked", "approved"]);

    let bypassed = GuardedShop::new().with("INSFORGE_GUARD_BYPASS", "1");
    let ran = bypassed.user.run(&delete(&bypassed, &["--yes", "--reason", "nightly"])).exits(0);
    ran.stderr_has(&["INSFORGE_GUARD_BYPASS"]);
    let entries = audit_trail(&bypassed.user);
    assert_eq!(decisions(&bypassed.user), ["bypassed"]);
    assert_eq!((entries[0].get("code"), &entries[0]["reason"]), (None, &json!("nightly")));
    assert_eq!(bypassed.changes().len(), 1);
}

/// What makes a write easier than the project or the profile has it is recorded, too.
#[test]
fn weakened_settings_are_recorded() {
    let shop = GuardedShop::new();
    shop.user.write(".insforge/project.json", r#"{"guard": true}"#);
    let shop = GuardedShop { user: shop.user.without("INSFORGE_GUARD").with("INSFORGE_GUARD", "0"), ..shop };
    shop.user.run(&delete(&shop, &["--yes"])).exits(0);
    assert_eq!(decisions(&shop.user), ["guard_off"]);
    let entry = &audit_trail(&shop.user)[0];
    assert!(entry["because"][0].as_str().is_some_and(|text| text.contains("project.json")), "{entry}");

    let shop = GuardedShop::new();
    let key = "ik_sandbox";
    let user = User::new().with("INSFORGE_LIVE", "allow");
    let address = shop.user.environment().into_iter().find(|(name, _)| name == "INSFORGE_BASE_URL");
    let address = address.expect("an address").1;
    user.run_with_stdin(&["login", "--api-url", &address, "--api-key-stdin"], key).exits(0);
    let config = user.read(".config/insforge/config.toml") + "live = \"approve\"\n";
    user.write(".config/insforge/config.toml", &config);
    let ran = user.run(&["payments", "products", "create", "live", "--name", "x"]);
    ran.stderr_has(&["is weaker than"]);
    assert_eq!(decisions(&user), ["live_weakened"]);
    assert_eq!(audit_trail(&user)[0]["environment"], "live");
}

#[test]
fn no_secret_reaches_the_trail_the_page_or_the_list() {
    let shop = GuardedShop::new().with("STRIPE_TEST_SECRET_KEY", STRIPE_KEY);
    let text = format!("the key is {STRIPE_KEY}, ik_other0secret1key2long, {KEY}");
    let flags = ["--reason", &text, "--impact", &text, "--recommendation", &text];
    // Without a reason nobody is asked; the other texts are recorded.
    shop.user.run(&delete(&shop, &flags[2..])).exits(6);
    let args = delete(&shop, &flags);
    let waiting = WaitingRun::start(&shop.user, &args);
    let page = waiting.page().body;
    let content = waiting.content(&shop.user).to_string();
    let stderr = waiting.dismiss().stderr;
    let file = shop.user.read(TRAIL);
    let lists: Vec<String> = [&["approvals"][..], &["approvals", "--json"], &["approvals", "-o", "csv"]]
        .iter()
        .map(|args| shop.user.run(args).exits(0).stdout)
        .collect();
    for shown in [&page, &content, &stderr, &file].into_iter().chain(&lists) {
        for secret in [STRIPE_KEY, "ik_other0secret1key2long", KEY, "51reason4audit"] {
            assert!(!shown.contains(secret), "{secret}: {shown}");
        }
    }
    for shown in [&page, &file, &lists[1]] {
        assert!(shown.contains("sk_test_****"), "{shown}");
    }
    assert_eq!(audit_trail(&shop.user).len(), 3);
}

#[test]
fn twenty_commands_at_once_write_whole_lines() {
    const COMMANDS: usize = 20;
    let shop = GuardedShop::new();
    let long = "x".repeat(1500);
    let flags = ["--impact", &long];
    let args = delete(&shop, &flags);
    let start = |_| -> Child {
        let mut command = shop.user.command(&args);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
    };
    let mut children: Vec<Child> = (0..COMMANDS).map(start).collect();
    for child in &mut children {
        assert_eq!(wait_for_exit(child, PATIENCE), 6);
    }
    assert_eq!(decisions(&shop.user), ["needs_brief"; COMMANDS]);
    let list = shop.user.run(&["approvals", "--json"]).exits(0);
    assert_eq!((list.json()["approvals"].as_array().map(Vec::len), &*list.stderr), (Some(COMMANDS), ""));
    let state = shop.user.path(STATE);
    assert_eq!((mode(&shop.user.path(TRAIL)), mode(&state)), (0o600, 0o700));
    assert_eq!(names_in(&state), ["guard-audit.jsonl"], "no lock is left");
}

#[test]
fn other_users_cannot_read_a_file_that_they_could_read_before() {
    let shop = GuardedShop::new();
    let path = shop.user.write(TRAIL, "");
    set_mode(&path, 0o644);
    shop.user.run(&delete(&shop, &[])).exits(6);
    assert_eq!((mode(&path), decisions(&shop.user)), (0o600, vec!["needs_brief".to_owned()]));
}

/// Some users keep their state on another disk.
#[test]
fn a_link_to_a_file_is_followed() {
    let shop = GuardedShop::new();
    let target = shop.user.write("elsewhere/trail", "");
    fs::create_dir_all(shop.user.path(STATE)).expect("a directory");
    symlink(&target, shop.user.path(TRAIL)).expect("a link");
    shop.user.run(&delete(&shop, &[])).exits(6);
    assert_eq!(shop.user.read("elsewhere/trail").lines().count(), 1);
    assert_eq!(names_in(&shop.user.path(STATE)), ["guard-audit.jsonl"]);
    assert_eq!(names_in(&shop.user.path("elsewhere")), ["trail"]);
    let list = shop.user.run(&["approvals", "--json"]).exits(0).json();
    assert_eq!(list["approvals"][0]["decision"], "needs_brief");
}

/// Makes it impossible to record anything.
type Block = fn(&User);

/// The ways in which nothing can be recorded.
const BLOCKS: [(&str, Block); 6] = [
    ("a file instead of the directory", |user| drop(user.write(STATE, ""))),
    ("a file instead of a directory above", |user| drop(user.write(".local/state", ""))),
    ("a directory instead of the file", |user| fs::create_dir_all(user.path(TRAIL)).expect("a directory")),
    ("a device that is full", |user| link(Path::new("/dev/full"), user)),
    ("a device that forgets", |user| link(Path::new("/dev/null"), user)),
    ("a link in a circle", |user| link(&user.path(TRAIL), user)),
];

fn link(target: &Path, user: &User) {
    fs::create_dir_all(user.path(STATE)).expect("a directory");
    symlink(target, user.path(TRAIL)).expect("a link");
}

/// Nobody is asked, nothing is changed, and the error names the file.
#[test]
fn what_cannot_be_recorded_does_not_happen() {
    for (what, block) in BLOCKS {
        for (bypass, args) in [("0", &["--reason", "x"][..]), ("0", &[]), ("1", &["--yes"])] {
            let shop = GuardedShop::new().with("INSFORGE_GUARD_BYPASS", bypass);
            block(&shop.user);
            let ran = shop.user.run(&delete(&shop, args));
            println!("{what}: {}", ran.stderr);
            assert_eq!(ran.code, 1, "{what}: {ran:?}");
            assert!(!ran.stderr.contains("http://127.0.0.1"), "{what}: nobody is asked: {ran:?}");
            let path = shop.user.path(TRAIL).display().to_string();
            ran.stderr_has(&[&format!("error: Cannot write {path}\n"), "so nothing was changed\n  hint: "]);
            let error = shop.user.run(&delete(&shop, &[args, &["--json"]].concat())).exits(1).error();
            assert_eq!(error["code"], "FILE_FAILED", "{what}");
            assert!(shop.changes().is_empty(), "{what}");
        }
    }
    let dangling = GuardedShop::new();
    link(&dangling.user.path("new/trail"), &dangling.user);
    dangling.user.run(&delete(&dangling, &[])).exits(6);
    assert_eq!(dangling.user.read("new/trail").lines().count(), 1);
}

#[test]
fn a_trail_that_is_no_file_is_an_error_of_the_list() {
    for target in ["/dev/zero", "/dev", "guard-audit.jsonl"] {
        let user = User::new();
        link(Path::new(target), &user);
        let ran = user.run(&["approvals"]).exits(1);
        ran.stderr_has(&[&format!("error: Cannot read {}\n", user.path(TRAIL).display())]);
    }
}

/// Runs the guarded delete with a limit for the length of files.
#[track_caller]
fn run_with_limit(shop: &GuardedShop, limit: usize, wrapper: &[&str]) -> RunOutput {
    let limit = format!("--fsize={limit}");
    let wrapper = [wrapper, &["prlimit", &limit, "--core=0"]].concat();
    finish(wrapped(&shop.user, &wrapper, &delete(shop, &[])), "")
}

/// Half a line of a killed writer does not spoil the next. A full disk takes no half line.
#[test]
fn half_a_line_spoils_no_other_line() {
    let shop = GuardedShop::new();
    shop.user.run(&delete(&shop, &[])).exits(6);
    let whole = shop.user.read(TRAIL);
    let full = whole.len() + 50;
    // The limit is an error instead of a signal.
    let ran = run_with_limit(&shop, full, &["/usr/bin/env", "--ignore-signal=XFSZ"]).exits(1);
    ran.stderr_has(&["Cannot write", "guard-audit.jsonl"]);
    assert_eq!(shop.user.read(TRAIL), whole, "what was written is taken back");
    assert_eq!(run_with_limit(&shop, full, &[]).code, -1, "it was killed");
    assert_eq!(shop.user.read(TRAIL).len(), full);
    shop.user.run(&delete(&shop, &[])).exits(6);
    let list = shop.user.run(&["approvals", "--json"]).exits(0);
    assert_eq!(list.json()["approvals"].as_array().map(Vec::len), Some(2));
    assert!(list.stderr.contains("1 line of "), "{list:?}");
    assert!(shop.changes().is_empty());
}

/// The file is never shortened. A list reads its end, which can begin within a line.
#[test]
fn the_newest_entries_of_a_very_long_file_are_listed() {
    let shop = GuardedShop::new();
    let long = "x".repeat(17 * 1024 * 1024);
    shop.user.write(TRAIL, &format!("{}{long}\n{}", lines(0..5), lines(5..9)));
    shop.user.run(&delete(&shop, &[])).exits(6);
    let ran = shop.user.run(&["approvals", "--limit", "100", "--json"]).exits(0);
    let list = ran.json();
    let entries = list["approvals"].as_array().expect("approvals");
    assert_eq!((entries.len(), &entries[0]["decision"]), (5, &json!("needs_brief")), "{list}");
    assert!(entries[4]["change"].as_str().is_some_and(|text| text.contains("prod_5 ")), "{list}");
    let path = shop.user.path(TRAIL).display().to_string();
    let text = format!("there are older entries in {path}, of which only the end is read");
    assert_eq!(ran.error(), json!({"warning": text, "code": "LIST_TRUNCATED"}));
    assert_eq!(ran.stderr.lines().count(), 1, "the line that is cut is not counted: {ran:?}");
}

/// A command that waits for the file can be interrupted.
#[test]
fn ctrl_c_works_while_another_process_holds_the_file() {
    let shop = GuardedShop::new();
    let lock = shop.user.write(&format!("{TRAIL}.insforge-lock"), "");
    let lock = fs::OpenOptions::new().write(true).open(lock).expect("the lock");
    lock.lock().expect("the lock is free");
    let mut running = Running::start(&shop.user, &delete(&shop, &["--reason", "x"]));
    super::prompts::wait_until("the command reads the status", || !shop.shop.requests().is_empty());
    running.wait_until_it_listens();
    signal(running.child.id(), "-INT");
    assert_eq!(wait_for_exit(&mut running.child, Duration::from_secs(10)), 130);
    assert!(!shop.user.path(TRAIL).exists());
}
