//! Every write, and everything that can go wrong on its way: how often it is sent, and whether the user knows
//! afterwards what became of it and what to do now.

use std::io::{BufRead, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

use super::harness::recordings::{Exchange, Generation};
use super::harness::stub::{Answer, Stub};
use super::harness::{Ran, User, assert_no_secret, dead, finish};

/// Longer than anything here takes; a test that reaches it has failed.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longer than any run here lives.
const FOR_EVER: Duration = Duration::from_secs(60);

/// What a second time does.
enum Again {
    /// Nothing more.
    Same { look: &'static str },
    /// Nothing more, under its idempotency key: the user's own, or one that is made for the run.
    Keyed(Option<&'static str>),
    /// Perhaps the same once more, so that one looks before.
    Twice { look: &'static str },
}
use Again::{Keyed, Same, Twice};

struct Write {
    /// Behind `insforge payments`.
    command: &'static str,
    /// The recorded exchange in which it was done: its line, its answer, and whether it has a body.
    recorded: &'static str,
    again: Again,
}

const WRITES: [Write; 10] = [
    Write {
        command: "config set test -",
        recorded: "073-config-put-ok-webhook-rejected",
        again: Same { look: "insforge payments status" },
    },
    Write {
        command: "config remove test -y",
        recorded: "251-config-delete",
        again: Twice { look: "insforge payments config" },
    },
    Write {
        command: "webhooks configure test",
        recorded: "077-webhook-ok",
        again: Twice { look: "insforge payments status" },
    },
    Write {
        command: "products create test --name Pro --idempotency-key k-full-1",
        recorded: "089-product-create-full",
        again: Keyed(Some("k-full-1")),
    },
    Write { command: "products create --name Basic", recorded: "088-product-create-min", again: Keyed(None) },
    Write {
        command: "products update test prod_qNf6zJBhiOlwwe --name Basic",
        recorded: "128-product-patch-name",
        again: Twice { look: "insforge payments products get test prod_qNf6zJBhiOlwwe" },
    },
    Write {
        command: "products delete test prod_bADI2ziB2aXver -y",
        recorded: "190-product-delete",
        again: Twice { look: "insforge payments products get test prod_bADI2ziB2aXver" },
    },
    Write {
        command: "prices create --product prod_qNf6zJBhiOlwwe --currency usd --unit-amount 1999",
        recorded: "146-price-create-one-time",
        again: Keyed(None),
    },
    Write {
        command: "prices update test price_5QxeoXhGl4jsVhOCaBmyQpXN --tax-behavior inclusive",
        recorded: "178-price-patch-tax",
        again: Twice { look: "insforge payments prices get test price_5QxeoXhGl4jsVhOCaBmyQpXN" },
    },
    Write {
        command: "prices archive test price_GUgo1NxIppjdr1nLR51yykad",
        recorded: "184-price-archive",
        again: Same { look: "insforge payments prices get test price_GUgo1NxIppjdr1nLR51yykad" },
    },
];

impl Write {
    fn exchange(&self) -> Exchange {
        recorded(self.recorded)
    }

    fn args<'a>(&'a self, flags: &[&'a str]) -> Vec<&'a str> {
        ["payments"].into_iter().chain(self.command.split(' ')).chain(flags.iter().copied()).collect()
    }

    fn run(&self, user: &User, flags: &[&str]) -> Ran {
        // Only one command reads it.
        user.run_with_stdin(&self.args(flags), "sk_test_alpha_1\n")
    }

    fn is_repeatable(&self) -> bool {
        !matches!(self.again, Twice { .. })
    }

    /// The key that a failure has to tell: the one that was sent, as far as its body was read.
    fn key(&self, sent: &[Vec<u8>], told: &Value) -> Value {
        let body: Option<Value> = sent.first().and_then(|body| serde_json::from_slice(body).ok());
        match (&self.again, body) {
            (Keyed(Some(own)), _) => (*own).into(),
            (Keyed(None), Some(body)) => body["idempotencyKey"].clone(),
            (Keyed(None), None) => told["idempotencyKey"].as_str().expect("a key that was made").into(),
            _ => Value::Null,
        }
    }

    /// What there is to do when nobody can tell whether it was done.
    fn way_out(&self, flags: &[&str], key: &Value) -> String {
        let again = self.args(flags).join(" ");
        match self.again {
            Keyed(Some(_)) => format!("it cannot happen twice; run it again: insforge {again}"),
            Keyed(None) => {
                let key = key.as_str().expect("a key");
                format!("it cannot happen twice; run it again: insforge {again} --idempotency-key {key}")
            }
            Same { look } | Twice { look } => {
                format!("see with `{look}` whether it was done, before you run it again")
            }
        }
    }
}

/// Each write at the same time: what takes long are the pauses between attempts.
fn every_write(check: impl Fn(&Write) + Sync) {
    thread::scope(|scope| {
        for write in &WRITES {
            scope.spawn(|| check(write));
        }
    });
}

fn recorded(name: &str) -> Exchange {
    Generation::Newer.exchange(name)
}

/// Nothing is connected, so that no key can belong to another account.
fn status() -> Exchange {
    recorded("014-status-unconfigured")
}

/// A backend that does this to a write, one after the other and the last one for ever.
fn backend(line: &str, answers: Vec<Answer>) -> Stub {
    let (line, status, position) = (line.to_owned(), status(), AtomicUsize::new(0));
    Stub::start(move |request| match request.line() {
        asked if asked == line => {
            let position = position.fetch_add(1, Ordering::Relaxed);
            answers[position.min(answers.len() - 1)].clone()
        }
        asked if asked == status.line() => status.answer(),
        _ => Answer::Unrecorded,
    })
}

/// A backend that hangs up before it has read a write's body.
fn hanging_up(line: &str) -> Stub {
    let (line, status) = (line.to_owned(), status().answer());
    Stub::start_hanging_up(move |request| request.line() == line, move |_| status.clone())
}

/// The bodies of a write, as often as it was sent.
fn sent(stub: &Stub, line: &str) -> Vec<Vec<u8>> {
    stub.requests().into_iter().filter(|request| request.line() == line).map(|request| request.body).collect()
}

/// A fault, and what is told of it.
struct Fault {
    /// `None` hangs up before the body is read.
    answer: Option<Answer>,
    flags: &'static [&'static str],
    /// Nobody can tell whether the write was done.
    open: bool,
    /// How often a write is sent that is not done twice.
    attempts: usize,
    exit: i32,
    code: &'static str,
    status: Option<u16>,
    error: &'static str,
    /// What the hint has in it.
    hint: &'static str,
}

/// The connection breaks. The other faults are like it but for a few things.
const BROKEN: Fault = Fault {
    answer: Some(Answer::Drop),
    flags: &["--json"],
    open: true,
    attempts: 3,
    exit: 8,
    code: "UNREACHABLE",
    status: None,
    error: "The connection to ADDRESS broke before the answer was complete",
    hint: "run it again",
};

impl Fault {
    /// Makes every write meet it.
    fn strikes(&self) {
        every_write(|write| {
            let exchange = write.exchange();
            let line = exchange.line();
            let stub = match &self.answer {
                Some(answer) => backend(&line, vec![answer.clone()]),
                None => hanging_up(&line),
            };
            let ran = write.run(&User::of(&stub.address), self.flags);
            let sent = sent(&stub, &line);
            let attempts = if self.open && !write.is_repeatable() { 1 } else { self.attempts };
            assert_eq!(sent.len(), attempts, "{} was sent so often: {ran:?}", write.command);
            assert!(sent.iter().all(|body| *body == sent[0]), "{}: {sent:?}", write.command);
            let has_body = self.answer.is_some() && !exchange.request_body.is_null();
            assert_eq!(!sent[0].is_empty(), has_body, "{}", write.command);
            self.is_told(write, &ran, &sent, &stub.address);
        });
    }

    /// Compares all of the error but `why`, which is the system's own words.
    fn is_told(&self, write: &Write, ran: &Ran, sent: &[Vec<u8>], address: &str) {
        let mut told = ran.error();
        let (why, hint) = (told["why"].take(), told["hint"].take());
        let key = write.key(sent, &told);
        let error = self.error.replace("ADDRESS", address);
        let unknown = self.open && !write.is_repeatable();
        let expected = if unknown {
            let error = format!("{}; whether it was done is unknown", error.trim_end_matches('.'));
            failure(&error, "OUTCOME_UNKNOWN", self.status, &key, 1)
        } else {
            failure(&error, self.code, self.status, &key, self.exit)
        };
        assert_eq!(told, expected, "{}", write.command);
        assert_eq!(ran.code, expected["exitCode"], "{}", write.command);
        assert_eq!(ran.stdout, "", "{}", write.command);
        assert!(why.is_string(), "{}: {ran:?}", write.command);
        let hint = hint.as_str().unwrap_or_default();
        let wanted = match write.again {
            Keyed(_) | Twice { .. } if self.open => write.way_out(self.flags, &key),
            _ => self.hint.to_owned(),
        };
        assert!(hint.contains(&wanted), "{}\n lacks: {wanted}\n  hint: {hint}", write.command);
    }
}

/// An error line without its `why` and `hint`.
fn failure(error: &str, code: &str, status: Option<u16>, key: &Value, exit: i32) -> Value {
    json!({
        "error": error, "code": code, "status": status, "why": null, "hint": null,
        "retryable": exit == 8, "idempotencyKey": key, "exitCode": exit,
    })
}

/// Half of a success is none.
#[test]
fn the_connection_breaks() {
    let half = Answer::Cut { body: br#"{"keys":[],"product":{"productId":"prod_1"}}"#.to_vec() };
    for answer in [None, Some(Answer::Drop), Some(half)] {
        Fault { answer, ..BROKEN }.strikes();
    }
}

#[test]
fn nobody_answers_in_time() {
    Fault {
        answer: Some(Answer::Late { after: FOR_EVER, then: Box::new(Answer::Drop) }),
        flags: &["--json", "--timeout", "1s"],
        attempts: 1,
        code: "TIMED_OUT",
        error: "ADDRESS did not answer in time",
        hint: "--timeout",
        ..BROKEN
    }
    .strikes();
}

/// The backend has tried it twice itself, or may have done it when its database did not answer any more.
#[test]
fn something_behind_the_backend_fails() {
    let unreachable = Fault {
        answer: Some(recorded("069-config-put-stripe-unreachable").answer()),
        code: "UPSTREAM_FAILURE",
        status: Some(502),
        error: "An error occurred with our connection to Stripe. Request was retried 2 times.",
        hint: "try again",
        ..BROKEN
    };
    let database = r#"{"error":"INTERNAL_ERROR","message":"timeout exceeded when trying to connect"}"#;
    let overloaded = Fault {
        answer: Some(Answer::json(500, database)),
        code: "INTERNAL_ERROR",
        status: Some(500),
        error: "timeout exceeded when trying to connect",
        hint: "again",
        ..BROKEN
    };
    let failed = Fault {
        answer: Some(recorded("114-product-create-stripe-500").answer()),
        attempts: 1,
        exit: 1,
        code: "UPSTREAM_FAILURE",
        status: Some(500),
        error: "Something went wrong",
        hint: "the backend's log says more",
        ..BROKEN
    };
    for fault in [unreachable, overloaded, failed] {
        fault.strikes();
    }
}

/// It was done, or something between here and the backend has answered.
#[test]
fn the_answer_makes_no_sense() {
    Fault {
        answer: Some(Answer::html(200, "<html>Sign in to the network</html>")),
        attempts: 1,
        exit: 1,
        code: "RESPONSE_INVALID",
        status: Some(200),
        error: "The backend's answer makes no sense",
        hint: "is an InsForge backend",
        ..BROKEN
    }
    .strikes();
}

fn rate_limited() -> Answer {
    recorded("070-config-put-stripe-429").answer()
}

/// A 401 for a key that the backend accepted when it was asked for its status.
fn false_401() -> Answer {
    recorded("003-auth-bad-ik-key").answer()
}

/// What was turned away was surely not done: whatever it is, it is sent again.
#[test]
fn the_backend_turns_it_away() {
    let limited = |answer, attempts, hint| Fault {
        answer: Some(answer),
        open: false,
        attempts,
        code: "RATE_LIMITED",
        status: Some(429),
        error: "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
        hint,
        ..BROKEN
    };
    let moment = "wait a moment, then run it again";
    limited(rate_limited(), 3, moment).strikes();
    limited(rate_limited().header("retry-after", "0"), 3, moment).strikes();
    limited(rate_limited().header("retry-after", "120"), 1, "wait 120 s, then run it again").strikes();
    Fault {
        answer: Some(false_401()),
        open: false,
        exit: 2,
        code: "AUTH_INVALID_API_KEY",
        status: Some(401),
        error: "Invalid API key",
        hint: "the backend accepted this key a moment ago",
        ..BROKEN
    }
    .strikes();
}

/// Nobody has to be told a key under which nothing was sent.
#[test]
fn nothing_listens() {
    let address = dead();
    every_write(|write| {
        let mut told = write.run(&User::of(&address), &["--json"]).exits(8).error();
        let hint = told["hint"].take();
        assert_eq!(hint, "check the address, the network and the proxy (HTTPS_PROXY), then run it again");
        assert!(told["why"].take().is_string());
        let error = format!("Cannot reach {address}");
        assert_eq!(told, failure(&error, "UNREACHABLE", None, &Value::Null, 8), "{}", write.command);
    });
}

#[test]
fn the_backend_is_gone_before_the_write() {
    let gone = Fault { open: false, error: "Cannot reach ADDRESS", ..BROKEN };
    every_write(|write| {
        let (address, connection) = vanishing();
        let ran = write.run(&User::of(&address), gone.flags);
        gone.is_told(write, &ran, &[], &address);
        drop(connection.join().expect("the backend"));
    });
}

/// A backend that answers one request, for the status, and has stopped to listen before. The connection that is
/// given back is the last one: as long as it is open, nobody else gets the port.
fn vanishing() -> (String, JoinHandle<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let body = status().response_body.to_string();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        drop(listener);
        let head = BufReader::new(&stream).lines().map_while(Result::ok);
        assert_eq!(
            head.take_while(|line| !line.is_empty()).next(),
            Some(format!("{} HTTP/1.1", status().line()))
        );
        let length = body.len();
        write!(stream, "HTTP/1.1 200 X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
            .expect("a client that reads");
        stream
    });
    (address, serving)
}

#[test]
fn trouble_that_passes_is_no_trouble() {
    every_write(|write| {
        let exchange = write.exchange();
        let lost = write.is_repeatable().then_some(Answer::Drop);
        for trouble in [rate_limited().header("retry-after", "0"), false_401()].into_iter().chain(lost) {
            let stub = backend(&exchange.line(), vec![trouble.clone(), exchange.answer()]);
            let ran = write.run(&User::of(&stub.address), &[]);
            assert_eq!(ran.code, 0, "{} after {trouble:?}: {ran:?}", write.command);
            let sent = sent(&stub, &exchange.line());
            assert_eq!(sent.len(), 2, "{} after {trouble:?}", write.command);
            assert_eq!(sent[0], sent[1], "{} after {trouble:?}", write.command);
        }
    });
}

/// The first attempt may have been done, whatever the last one is answered: without its key it would be done twice.
#[test]
fn a_create_that_was_lost_once_is_told_with_its_key() {
    let busy =
        Answer::json(409, r#"{"error":"UPSTREAM_FAILURE","message":"A request with this key is at work"}"#);
    for last in [rate_limited(), false_401(), busy] {
        every_write(|write| {
            if !matches!(write.again, Keyed(_)) {
                return;
            }
            let line = write.exchange().line();
            let stub = backend(&line, vec![Answer::Drop, last.clone()]);
            let told = write.run(&User::of(&stub.address), &["--json"]).error();
            let key = write.key(&sent(&stub, &line), &told);
            let (hint, wanted) =
                (told["hint"].as_str().unwrap_or_default(), write.way_out(&["--json"], &key));
            assert!(hint.contains(&wanted), "{}\n lacks: {wanted}\n  hint: {hint}", told["code"]);
            assert_eq!(told["idempotencyKey"], key);
        });
    }
}

/// A backend that loses a write and its replays, and then does it.
fn mended(exchange: &Exchange) -> Stub {
    backend(&exchange.line(), vec![Answer::Drop, Answer::Drop, Answer::Drop, exchange.answer()])
}

#[test]
fn what_is_repeatable_is_done_by_the_same_command() {
    every_write(|write| {
        let exchange = write.exchange();
        if matches!(write.again, Same { .. }) {
            let stub = mended(&exchange);
            let user = User::of(&stub.address);
            write.run(&user, &[]).exits(8);
            write.run(&user, &[]).exits(0);
            let sent = sent(&stub, &exchange.line());
            assert!(sent.len() == 4 && sent.iter().all(|body| *body == sent[0]), "{}", write.command);
        }
    });
}

const PRODUCT: &[&str] = &["payments", "products", "create"];
const PRICE: &[&str] =
    &["payments", "prices", "create", "--product", "prod_1", "--currency", "eur", "--unit-amount", "500"];

#[test]
fn the_printed_command_completes_a_create() {
    let name = "it's \"Pro\" for $HOME, `date` \\ !x * 日本 👩\u{200d}👧";
    let metadata = r#"{"quoted":"a \"b\" 'c'","n":"1"}"#;
    for (command, more) in [
        (PRODUCT, &["--name", name, "--metadata", metadata, "--metadata-field", "a=b c"][..]),
        (PRODUCT, &["-e", "test", "--name= two  spaces ", "--idempotency-key", "it's \"mine\"; $1"]),
        (PRODUCT, &["--name", "x", "--description", "", "--", "test"]),
        (PRODUCT, &["--name", "two\nlines"]),
        (PRICE, &["--lookup-key", "pro monthly", "--metadata", metadata, "--metadata-field", "a=b c"]),
    ] {
        is_completed_as_told(&[command, more].concat());
    }
}

/// What stderr shows in another form than it was given in must not stand in a command.
#[test]
fn no_printed_command_is_another_than_the_one_that_failed() {
    for (command, more) in [
        (PRODUCT, &["--name", "x", "--idempotency-key", "task_20261123200415"][..]),
        (PRODUCT, &["--name", "x", "--metadata-field", "risk_assessmentreport=1"]),
        (PRODUCT, &["--name", "\u{5d0}\u{200f} (1)"]),
        (PRICE, &["--lookup-key", "desk_subscription"]),
    ] {
        is_completed_as_told(&[command, more].concat());
    }
}

/// Runs a create that is lost with all its replays, does what the hint says, and compares all requests.
#[track_caller]
fn is_completed_as_told(args: &[&str]) {
    let recorded =
        recorded(if args[1] == "prices" { "146-price-create-one-time" } else { "088-product-create-min" });
    let stub = mended(&recorded);
    let user = User::of(&stub.address);
    let ran = user.run(args).exits(8);
    let again = match ran.stderr.split_once("run it again: ") {
        Some((_, command)) => in_a_shell(&user, command),
        // What is no line of text is not printed, and is still there.
        None => {
            let (_, flags) = ran.stderr.split_once("run it again with ").expect("what to do now");
            user.run(&args.iter().copied().chain(flags.split_whitespace()).collect::<Vec<_>>())
        }
    };
    assert_eq!(again.code, 0, "after\n{}it came to\n{}", ran.stderr, again.stderr);
    let sent: Vec<_> = sent(&stub, &recorded.line()).into_iter().map(String::from_utf8).collect();
    assert_eq!(sent.len(), 4);
    assert!(sent.iter().all(|body| *body == sent[0]), "{sent:#?}\n{}", ran.stderr);
}

/// Runs a printed command where `insforge` is the binary.
fn in_a_shell(user: &User, command: &str) -> Ran {
    let insforge = user.write("bin/insforge", "");
    std::fs::remove_file(&insforge).expect("a place for a link");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_insforge"), &insforge).expect("a link");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).env_clear().envs(user.environment());
    shell.env("PATH", user.path("bin")).current_dir(user.home.path());
    finish(shell, "")
}

/// The requests of a run, by position.
const ASKING: usize = 0;
const WRITING: usize = 1;
const LOOKING: usize = 2;

/// Interrupts a write when the backend has this request, which it does not answer; gives the bodies sent, too.
fn interrupted(write: &Write, at: usize, flags: &[&str]) -> (Ran, Vec<Vec<u8>>) {
    let (arrived, arrival) = mpsc::channel();
    let (status, done, position) = (status().answer(), write.exchange().answer(), AtomicUsize::new(0));
    let stub = Stub::start(move |_| match position.fetch_add(1, Ordering::Relaxed) {
        now if now == at => {
            arrived.send(()).expect("somebody who waits for it");
            Answer::Late { after: FOR_EVER, then: Box::new(Answer::Drop) }
        }
        WRITING => done.clone(),
        _ => status.clone(),
    });
    let mut command = User::of(&stub.address).command(&write.args(flags));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    // A command that reads no stdin may not take it.
    let _ = child.stdin.take().expect("stdin").write_all(b"sk_test_alpha_1\n");
    arrival.recv_timeout(PATIENCE).expect("a request to be interrupted at");
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.expect("kill").success());
    let output = child.wait_with_output().expect("the binary ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let ran = Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    };
    assert_no_secret(&format!("{}{}", ran.stdout, ran.stderr));
    (ran.exits(130), sent(&stub, &write.exchange().line()))
}

#[test]
fn ctrl_c_while_a_write_is_under_way_tells_what_is_open() {
    every_write(|write| {
        let (ran, sent) = interrupted(write, WRITING, &["--json"]);
        let mut told = ran.error();
        let (hint, key) = (told["hint"].take(), write.key(&sent, &told));
        assert!(told["why"].take().is_string());
        let wanted = write.way_out(&["--json"], &key);
        assert!(hint.as_str().is_some_and(|hint| hint.contains(&wanted)), "{wanted} is not in {hint}");
        let error = "Interrupted; whether it was done is unknown";
        assert_eq!(told, failure(error, "INTERRUPTED", None, &key, 130), "{}", write.command);

        let (ran, sent) = interrupted(write, WRITING, &[]);
        let key = match write.again {
            Keyed(_) => write.key(&sent, &Value::Null),
            _ => Value::Null,
        };
        ran.says(&[&format!("error: {error}\n"), &write.way_out(&[], &key)]);
    });
}

#[test]
fn ctrl_c_before_the_write_leaves_nothing_open() {
    every_write(|write| {
        for flags in [&[][..], &["--json"]] {
            let (ran, sent) = interrupted(write, ASKING, flags);
            assert_eq!(sent.len(), 0, "{}", write.command);
            for word in ["unknown", "hint", "again"] {
                assert!(!ran.stderr.contains(word), "{}: {ran:?}", write.command);
            }
        }
    });
}

/// The key is set; what is cut off is only the look at how webhook and sync are.
#[test]
fn ctrl_c_after_the_write_does_not_hide_that_it_was_done() {
    for flags in [&[][..], &["--json"]] {
        let (ran, sent) = interrupted(&WRITES[0], LOOKING, flags);
        assert_eq!(sent.len(), 1);
        ran.says(&["insforge payments status"]);
    }
}
