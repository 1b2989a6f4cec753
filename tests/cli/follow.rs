//! `transactions --follow`: rows as they come or change, through failures of the backend, until Ctrl-C.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::harness::pty::Terminal;
use super::harness::running::Running;
use super::harness::stub::{Answer, Request, Stub};
use super::harness::{User, dead_address, wait_for_exit};

/// Longer than any step takes. A test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);
const FOLLOW: [&str; 5] = ["payments", "transactions", "--follow", "--interval", "1s"];

/// A payment: the id of its object, its amount, and when it changed.
fn row(id: &str, amount: u32, updated: &str) -> Value {
    json!({
        "environment": "test", "provider": "stripe", "type": "one_time_payment", "status": "succeeded",
        "providerReferenceType": "payment_intent", "providerReferenceId": id,
        "amount": amount, "amountRefunded": 0, "currency": "usd", "description": "a\u{1b}[31m",
        "customerEmailSnapshot": "a\u{1b}@b.example", "paidAt": "2026-11-23T20:04:22.000Z", "updatedAt": updated,
    })
}

/// A backend whose transactions a test changes.
#[derive(Clone, Default)]
struct Payments(Arc<Mutex<Vec<Value>>>);

impl Payments {
    fn of(rows: &[Value]) -> Self {
        Self(Arc::new(Mutex::new(rows.to_vec())))
    }

    /// Adds the newest payment.
    fn add(&self, row: Value) {
        self.0.lock().expect("a lock").insert(0, row);
    }

    fn set(&self, rows: Vec<Value>) {
        *self.0.lock().expect("a lock") = rows;
    }

    fn answer(&self) -> Answer {
        Answer::json(200, &json!({"transactions": *self.0.lock().expect("a lock")}).to_string())
    }

    fn serve(&self) -> Stub {
        let payments = self.clone();
        Stub::start(move |_| payments.answer())
    }
}

fn follow(user: &User, more: &[&str]) -> Running {
    Running::start(user, &[&FOLLOW[..], more].concat())
}

/// Waits until the backend has received this number of requests.
#[track_caller]
fn wait_for_requests(stub: &Stub, count: usize) {
    let start = Instant::now();
    while stub.requests().len() < count {
        assert!(start.elapsed() < PATIENCE, "it never received {count} requests: {:?}", stub.lines());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn rows_are_shown_as_they_come_and_change() {
    let payments = Payments::of(&[row("pi_2", 2000, "1"), row("pi_1", 1000, "1")]);
    let stub = payments.serve();
    let following = follow(&User::of(&stub.address), &[]);
    let first = following.stdout.read_until("one_time_payment");
    assert!(first.starts_with("Type                  Status              Subject"), "{first}");
    assert!(
        first.contains("  10.00 USD  ") && first.contains("payment_intent:pi_1"),
        "oldest first: {first}"
    );
    assert!(following.stdout.read_until("one_time_payment").contains("payment_intent:pi_2"));
    assert_eq!(
        following.stderr.read_until("Checking"),
        "Checking for new rows every 1 s; press Ctrl-C to stop.\n"
    );
    payments.add(row("pi_3", 3000, "1"));
    let line = following.stdout.read_until("one_time_payment");
    assert!(line.contains("payment_intent:pi_3") && !line.contains("Type"), "{line}");
    assert!(line.contains("a\u{fffd}@b.example") && !line.contains('\u{1b}'), "{line}");
    // The oldest row changes, and a new one comes.
    payments.set(vec![
        row("pi_4", 4000, "1"),
        row("pi_3", 3000, "1"),
        row("pi_2", 2000, "1"),
        row("pi_1", 1000, "2"),
    ]);
    assert!(following.stdout.read_until("one_time_payment").contains("payment_intent:pi_1"));
    assert!(following.stdout.read_until("one_time_payment").contains("payment_intent:pi_4"));
    let (code, stderr) = following.stop("-INT");
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(stub.lines()[0], "GET /api/payments/stripe/test/transactions?limit=100");
}

#[test]
fn json_and_ids_are_one_line_for_each_row() {
    for (format, shown) in [
        (&["--json"][..], [row("pi_1", 1000, "1"), row("pi_2", 2000, "1")].map(|row| row.to_string())),
        (&["-o", "ids", "-q"], ["pi_1", "pi_2"].map(str::to_owned)),
    ] {
        let payments = Payments::of(&[row("pi_1", 1000, "1")]);
        let stub = payments.serve();
        let following = follow(&User::of(&stub.address), format);
        let plain = |text: &str| text.trim_end().replace("\\u001b", "\u{1b}");
        let expected = shown.map(|line| plain(&line));
        assert_eq!(plain(&following.stdout.read_until("")), expected[0]);
        payments.add(row("pi_2", 2000, "1"));
        let line = following.stdout.read_until("");
        assert_eq!(plain(&line), expected[1]);
        assert!(!line.contains('\u{1b}'), "{line}");
        assert_eq!(following.stop("-TERM"), (0, String::new()));
    }
}

#[test]
fn the_newest_existing_rows_are_shown_first_and_filters_apply() {
    let rows: Vec<Value> = (1..=60).rev().map(|n| row(&format!("pi_{n}"), 100, "1")).collect();
    for (more, shown) in [(&[][..], 11..=60), (&["--limit", "2"], 59..=60), (&["--limit", "100"], 1..=60)] {
        let payments = Payments::of(&rows);
        let stub = payments.serve();
        let words = ["live", "-o", "ids", "--subject-type", "team", "--subject-id", "a b"];
        let following = follow(&User::of(&stub.address), &[&words[..], more].concat());
        let all = following.stdout.read_until("pi_60");
        let expected: Vec<String> = shown.map(|n| format!("pi_{n}")).collect();
        assert_eq!(all.lines().collect::<Vec<_>>(), expected);
        // Existing rows that were not shown are not new.
        wait_for_requests(&stub, 2);
        payments.add(row("pi_61", 100, "1"));
        assert_eq!(following.stdout.read_until("pi_"), "pi_61\n");
        let path = "/api/payments/stripe/live/transactions?subjectType=team&subjectId=a%20b&limit=100";
        assert!(stub.lines().iter().all(|line| *line == format!("GET {path}")), "{:?}", stub.lines());
    }
}

#[test]
fn a_restart_of_the_backend_is_reported_once() {
    let payments = Payments::of(&[row("pi_1", 1000, "1")]);
    let (served, gone) = (payments.clone(), Arc::new(Mutex::new(false)));
    let goes = Arc::clone(&gone);
    let stub =
        Stub::start(move |_| if *goes.lock().expect("a lock") { Answer::Gone } else { served.answer() });
    let address = stub.address.clone();
    let user = User::of(&address).with("INSFORGE_RETRIES", "0");
    let following = follow(&user, &["-v"]);
    following.stdout.read_until("one_time_payment");
    *gone.lock().expect("a lock") = true;
    following.stderr.read_until("warning: ");
    // There is no second warning while the backend is down.
    let stderr = following.stderr.read_until("* no usable response");
    assert!(!stderr.contains("warning"), "{stderr}");
    payments.add(row("pi_2", 2000, "1"));
    let again = payments.clone();
    let _again = Stub::restart_at(&address, move |_| again.answer());
    let stderr = following.stderr.read_until("The backend responds again.");
    assert!(!stderr.contains("warning"), "{stderr}");
    assert!(following.stdout.read_until("one_time_payment").contains("pi_2"));
    assert_eq!(following.stop("-INT").0, 0);
}

#[test]
fn server_errors_are_retried() {
    let (one, two) = (row("pi_1", 1000, "1"), row("pi_2", 2000, "1"));
    for (status, code) in [(500, "INTERNAL_ERROR"), (503, "X"), (429, "RATE_LIMITED"), (408, "X")] {
        let failure = Answer::refusal(status, code, "starting");
        let first = Payments::of(std::slice::from_ref(&one)).answer();
        let second = Payments::of(&[two.clone(), one.clone()]).answer();
        let stub = Stub::in_order(vec![first, failure, second]);
        let following = follow(&User::of(&stub.address).with("INSFORGE_RETRIES", "0"), &["--json"]);
        let warning: Value = serde_json::from_str(&following.stderr.read_until("{")).expect("a line of JSON");
        assert_eq!(warning["code"], "LOOKING_AGAIN", "{status}");
        following.stdout.read_until("{");
        assert!(following.stdout.read_until("{").contains("pi_2"), "{status}");
        assert_eq!(following.stop("-INT"), (0, String::new()));
    }
}

#[test]
fn permanent_errors_end_it() {
    let refused = |status, code| Answer::refusal(status, code, "no");
    for (answer, exit) in [
        (refused(401, "AUTH_INVALID_API_KEY"), 2),
        (refused(403, "AUTH_UNAUTHORIZED"), 5),
        (refused(404, "PAYMENT_CONFIG_NOT_FOUND"), 4),
        (Answer::html(403, "<title>No</title>"), 1),
        (Answer::json(200, "[]"), 1),
    ] {
        let answers = vec![Payments::default().answer(), answer];
        let mut following =
            follow(&User::of(&Stub::in_order(answers).address).with("INSFORGE_RETRIES", "0"), &["--json"]);
        assert_eq!(wait_for_exit(&mut following.child, PATIENCE), exit);
        let error: Value = serde_json::from_str(following.stderr.rest().trim_end()).expect("one line");
        assert_eq!(error["exitCode"], exit);
    }
    // A failure of the first request is not a restart.
    let user = User::of(&dead_address()).with("INSFORGE_RETRIES", "0");
    user.run(&FOLLOW).exits(8).stderr_has(&["Cannot reach"]);
}

#[test]
fn missed_rows_are_reported() {
    let many = |from: u32| (from..from + 100).map(|n| row(&format!("pi_{n}"), n, "1")).collect::<Vec<_>>();
    let payments = Payments::of(&many(0));
    let stub = payments.serve();
    let following = follow(&User::of(&stub.address), &["-o", "ids"]);
    following.stdout.read_until("pi_0\n");
    payments.set(many(50));
    following.stdout.read_until("pi_100\n");
    payments.set(many(1000));
    let stderr = following.stderr.read_until("warning: ");
    assert!(
        stderr.ends_with("all 100 rows are new; the backend lists only 100, so some may be missing\n"),
        "{stderr}"
    );
    assert_eq!(stderr.matches("warning").count(), 1, "{stderr}");
    following.stdout.read_until("pi_1000\n");
    assert_eq!(following.stop("-INT"), (0, String::new()));
}

/// `| head -1`, while no further row comes.
#[test]
#[cfg(target_os = "linux")]
fn it_ends_when_the_reader_closes_the_pipe() {
    let stub = Payments::of(&[row("pi_1", 1000, "1")]).serve();
    let user = User::of(&stub.address);
    for format in ["--json", "-otable"] {
        let mut command = user.command(&FOLLOW[..3]);
        command.args(["--interval", "1h", format]);
        let mut child: Child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        let mut reader = BufReader::new(child.stdout.take().expect("stdout"));
        reader.read_line(&mut line).expect("a line");
        drop(reader);
        assert_eq!(wait_for_exit(&mut child, PATIENCE), 0, "{line}");
        let stderr = std::io::read_to_string(child.stderr.take().expect("stderr")).expect("text");
        assert!(!stderr.contains("error"), "{stderr}");
    }
}

#[test]
fn stdout_can_be_a_file_or_closed() {
    let payments = Payments::of(&[row("pi_1", 1000, "1")]);
    let stub = payments.serve();
    let user = User::of(&stub.address);
    for to in ["> seen.txt", ">&-"] {
        let asked = stub.requests().len();
        let script = format!("exec '{}' {} {to}", env!("CARGO_BIN_EXE_insforge"), FOLLOW.join(" "));
        let mut command = Command::new("sh");
        command.args(["-c", &script]).env_clear().envs(user.environment()).current_dir(user.home.path());
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("sh");
        wait_for_requests(&stub, asked + 3);
        super::harness::signal(child.id(), "-INT");
        assert_eq!(wait_for_exit(&mut child, PATIENCE), 0, "{to}");
    }
    assert_eq!(user.read("seen.txt").lines().count(), 2);
}

#[test]
fn ctrl_c_ends_it_on_a_terminal_before_and_after_the_first_answer() {
    let payments = Payments::of(&[row("pi_1", 1000, "1")]);
    let stub = payments.serve();
    let terminal = Terminal::start(&User::of(&stub.address).with("NO_COLOR", "1"), 40, &FOLLOW);
    terminal.expect("When: 2026-11-23 20:04");
    payments.add(row("pi_2", 2000, "1"));
    terminal.expect("\n\nType: one_time_payment\nStatus: succeeded\n");
    terminal.expect("Provider Object: payment_intent:pi_2");
    terminal.type_in("\x03");
    let (code, screen) = terminal.finish();
    assert_eq!(code, 0, "{screen}");
    // Before the first answer.
    let slow = Stub::start(|_| Answer::Late { after: PATIENCE, then: Box::new(Answer::json(200, "{}")) });
    let terminal = Terminal::start(&User::of(&slow.address).with("TERM", "xterm-256color"), 200, &FOLLOW);
    terminal.expect("Waiting for the backend");
    terminal.type_in("\x03");
    assert_eq!(terminal.finish().0, 0);
}

#[test]
fn the_deadline_applies_to_each_request() {
    let answered = Mutex::new(0);
    let payments = Payments::of(&[row("pi_1", 1000, "1")]);
    let stub = Stub::start(move |_| {
        let mut answered = answered.lock().expect("a lock");
        *answered += 1;
        let after = Duration::from_secs(if *answered == 4 { 5 } else { 0 });
        Answer::Late { after, then: Box::new(payments.answer()) }
    });
    let following = follow(&User::of(&stub.address), &["--timeout", "900ms"]);
    let stderr = following.stderr.read_until("warning: ");
    assert!(stderr.contains("; retrying until the backend responds"), "{stderr}");
    following.stderr.read_until("The backend responds again.");
    assert_eq!(following.stop("-INT").0, 0);
}

#[test]
fn an_empty_list_is_reported_and_an_older_backend_is_followed() {
    let rows = Arc::new(Mutex::new(json!([])));
    let list = Arc::clone(&rows);
    let stub = Stub::start(move |request: &Request| {
        if request.target.starts_with("/api/payments/stripe/") {
            return Answer::json(404, r#"{"error":"NOT_FOUND","message":"no","statusCode":404}"#);
        }
        let (status, list) = (json!({"connections": []}), list.lock().expect("a lock"));
        let body =
            if request.target.ends_with("/status") { status } else { json!({"paymentHistory": *list}) };
        Answer::json(200, &body.to_string())
    });
    let following = follow(&User::of(&stub.address), &[]);
    assert_eq!(following.stderr.read_until("No "), "No Stripe transactions yet.\n");
    let mut invoice = row("", 500, "1");
    invoice.as_object_mut().expect("an object").retain(|name, _| !name.starts_with("providerReference"));
    invoice["stripeInvoiceId"] = json!("in_1");
    *rows.lock().expect("a lock") = json!([invoice]);
    let shown = following.stdout.read_until("one_time_payment");
    assert!(shown.starts_with("Type ") && shown.contains("invoice:in_1"), "{shown}");
    assert_eq!(following.stop("-INT").0, 0);
}

#[test]
fn invalid_options_are_refused() {
    let user = User::of(&dead_address());
    for (args, why) in [
        (&["--interval", "5s"][..], "--follow"),
        (&["--follow", "--interval", "900ms"], "the interval must be at least 1s"),
        (&["--follow", "--interval", "soon"], "use a duration such as 30s"),
        (&["--follow", "--limit", "101"], "101"),
        (&["--follow", "--dry-run"], "--dry-run is only for commands that write"),
        (&["--follow", "test", "-e", "live"], "Two different environments are given"),
    ] {
        let ran = user.run(&[&["payments", "transactions"], args].concat()).exits(64);
        assert!(ran.stderr.contains(why), "{args:?}: {ran:?}");
    }
}

/// Payments reach the sandbox by webhook, or by sync if the provider's sync includes payments.
#[cfg(feature = "sandbox")]
#[test]
fn payments_of_both_providers_arrive_from_the_sandbox() {
    let sandbox = insforge::sandbox::spawn().expect("a sandbox");
    let user =
        User::new().with("INSFORGE_BASE_URL", sandbox.url()).with("INSFORGE_API_KEY", sandbox.api_key());
    let following = follow(&user, &["-o", "ids"]);
    following.stderr.read_until("Checking");
    let now = "2026-11-23T20:04:21.000Z";
    let payment = json!({
        "type": "one_time_payment", "status": "succeeded", "references": {"paymentIntent": "pi_new"},
        "amount": 1000, "amountRefunded": 0, "currency": "usd", "paidAt": now, "createdAt": now, "updatedAt": now,
    });
    sandbox.change_stripe(json!({"transaction": payment})).expect("an event");
    following.stdout.read_until("pi_new");
    assert_eq!(following.stop("-INT").0, 0);

    let razorpay = ["payments", "razorpay"];
    let following = Running::start(&user, &[&razorpay[..], &FOLLOW[1..], &["-o", "ids"]].concat());
    following.stderr.read_until("Checking");
    let payment = json!({
        "id": "pay_new", "amount": 20000, "currency": "INR", "status": "captured", "created": now,
    });
    sandbox.change_razorpay(json!({"payment": payment})).expect("an event");
    user.run(&[&razorpay[..], &["sync", "test"]].concat()).exits(0);
    following.stdout.read_until("pay_new");
    assert_eq!(following.stop("-INT").0, 0);
}
