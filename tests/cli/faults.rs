//! Every write under every fault: how often it is sent, and whether the error reports the outcome and the next step.

use std::io::{BufRead, BufReader, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

use super::harness::recordings::{Exchange, Generation, empty_catalog_list};
use super::harness::stub::{Answer, Stub};
use super::harness::{RunOutput, User, assert_no_secret, dead_address, signal};

/// Longer than any step takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longer than any run.
const FOR_EVER: Duration = Duration::from_secs(60);

/// What a second run of a write does, with the command (after `insforge payments`) that shows whether the first run was
/// applied.
pub(super) enum SecondRun {
    /// It changes nothing more.
    Same(&'static str),
    /// It changes nothing more with the same idempotency key: the user's, or a generated one.
    Keyed(Option<&'static str>),
    /// It may apply the change twice.
    Twice(&'static str),
    /// It recreates the object, whatever the first run did.
    Recreates,
}
pub(super) use SecondRun::{Keyed, Recreates, Same, Twice};

pub(super) struct Write {
    /// The command line after `insforge payments`. `ID` stands for the id at the end of the recorded path.
    pub(super) command: &'static str,
    /// The recorded exchange of its success.
    pub(super) recorded: &'static str,
    pub(super) second_run: SecondRun,
}

pub(super) const fn write(command: &'static str, recorded: &'static str, second_run: SecondRun) -> Write {
    Write { command, recorded, second_run }
}

pub(super) const WRITES: [Write; 10] = [
    write("config set test -", "073-config-put-ok-webhook-rejected", Same("status")),
    write("config remove test -y", "251-config-delete", Twice("config")),
    write("webhooks configure test", "077-webhook-ok", Recreates),
    write("products create --name Pro --idempotency-key k-1", "089-product-create-full", Keyed(Some("k-1"))),
    write("products create --name Basic", "088-product-create-min", Keyed(None)),
    write("products update test ID --name Basic", "128-product-patch-name", Twice("products get test ID")),
    write("products delete test ID -y", "190-product-delete", Twice("products get test ID")),
    write("prices create --product p --currency usd --unit-amount 0", "152-price-create-zero", Keyed(None)),
    write("prices update test ID --active true", "176-price-patch-active-true", Twice("prices get test ID")),
    write("prices archive test ID", "184-price-archive", Same("prices get test ID")),
];

/// The stdin of every run; only `config set` reads it.
const STDIN: &str = "sk_test_alpha_1\n";

impl Write {
    /// The recorded request line.
    pub(super) fn line(&self) -> String {
        recorded(self.recorded).line()
    }

    fn with_id(&self, command: &str) -> String {
        command.replace("ID", self.line().rsplit('/').next().expect("a path"))
    }

    fn words(&self, flags: &[&str]) -> String {
        [&["payments", &self.with_id(self.command)], flags].concat().join(" ")
    }

    pub(super) fn run(&self, address: &str, flags: &[&str]) -> RunOutput {
        User::of(address).run_with_stdin(&self.words(flags).split(' ').collect::<Vec<_>>(), STDIN)
    }

    /// Runs it with JSON output. Returns the exit code and stderr.
    fn run_to(&self, address: &str, stdout: Stdio) -> (i32, String) {
        let user = User::of(address);
        let mut command = user.command(&self.words(&["--json"]).split(' ').collect::<Vec<_>>());
        command.stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        // A command that does not read stdin may have ended already.
        let _ = child.stdin.take().expect("stdin").write_all(STDIN.as_bytes());
        let output = child.wait_with_output().expect("the binary ends");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert_no_secret(&stderr);
        (output.status.code().unwrap_or(-1), stderr)
    }

    /// What a success reports, besides the id.
    fn done(&self) -> &'static str {
        match self.command.split(' ').take(2).collect::<Vec<_>>()[..] {
            ["config", "set"] => "Stripe test key configured",
            ["config", _] => "Stripe test key removed",
            ["webhooks", _] => "Stripe test webhook configured",
            ["products", "create"] => "Stripe product created: prod_",
            ["products", "update"] => "Stripe product updated: prod_",
            ["products", _] => "Stripe product deleted: prod_",
            ["prices", "create"] => "Stripe price created: price_",
            ["prices", "update"] => "Stripe price updated: price_",
            _ => "Stripe price archived: price_",
        }
    }

    fn is_repeatable(&self) -> bool {
        !matches!(self.second_run, Twice(_) | Recreates)
    }

    /// The idempotency key that a failure must report: the one that was sent. Without a sent body, only the error has it.
    fn key(&self, sent: &[Vec<u8>], reported: &Value) -> Value {
        let body: Option<Value> = sent.first().and_then(|body| serde_json::from_slice(body).ok());
        match (&self.second_run, body) {
            (Keyed(Some(own)), _) => (*own).into(),
            (Keyed(None), Some(body)) => body["idempotencyKey"].clone(),
            (Keyed(None), None) => reported["idempotencyKey"].as_str().expect("a generated key").into(),
            (Same(_) | Twice(_) | Recreates, _) => Value::Null,
        }
    }

    /// Removes `next` from an error, and checks that it is this write if that is retryable, or if the outcome is unknown and
    /// there is a key.
    #[track_caller]
    fn remove_next(&self, reported: &mut Value, flags: &[&str], open: bool) {
        let key = reported["idempotencyKey"].clone();
        let next =
            reported.as_object_mut().and_then(|reported| reported.remove("next")).expect("a next field");
        if reported["retryable"] != true && (key.is_null() || !open) {
            assert_eq!(next, Value::Null, "{}", self.command);
            return;
        }
        let mut line = format!("insforge {}", self.words(flags));
        if let (Keyed(None), Some(key)) = (&self.second_run, key.as_str()) {
            line += &format!(" --idempotency-key {key}");
        }
        assert_eq!(next, json!(line.split(' ').collect::<Vec<_>>()), "{}", self.command);
    }

    /// The printed command that shows the outcome; the mirror is synced first.
    fn check(&self, look: &str) -> String {
        let sync = if look.contains(" get ") { "insforge payments sync test && " } else { "" };
        format!("{sync}insforge payments {}", self.with_id(look))
    }

    /// The part of the hint for an unknown outcome.
    fn hint_if_unknown(&self, flags: &[&str], key: &Value) -> String {
        let rerun =
            format!("the idempotency key prevents a duplicate; run it again: insforge {}", self.words(flags));
        match self.second_run {
            Keyed(Some(_)) => rerun,
            Keyed(None) => format!("{rerun} --idempotency-key {}", key.as_str().expect("a key")),
            Same(look) => {
                format!(
                    "`{}` shows whether it was applied; it is safe to run the command again",
                    self.check(look)
                )
            }
            Twice(look) => {
                format!("before you run it again, check with `{}` whether it was applied", self.check(look))
            }
            Recreates => format!("run `insforge payments {}` again", self.command),
        }
    }
}

/// Runs all checks at the same time: most of their time is pauses between attempts.
pub(super) fn each<T: Sync>(all: &[T], check: impl Fn(&T) + Sync) {
    thread::scope(|scope| all.iter().for_each(|one| drop(scope.spawn(|| check(one)))));
}

pub(super) fn recorded(name: &str) -> Exchange {
    Generation::Newer.exchange(name)
}

/// A status without connections, so that no key can belong to another account.
fn status() -> Exchange {
    recorded("014-status-unconfigured")
}

/// A backend that gives a write these answers in turn, and repeats the last one.
pub(super) fn backend(line: String, answers: Vec<Answer>) -> Stub {
    let (status, position) = (status(), AtomicUsize::new(0));
    Stub::start(move |request| match request.line() {
        asked if asked == line => {
            let position = position.fetch_add(1, Ordering::Relaxed);
            answers[position.min(answers.len() - 1)].clone()
        }
        asked if asked == status.line() => status.answer(),
        _ => empty_catalog_list(request).unwrap_or(Answer::Unrecorded),
    })
}

/// The bodies of a write, one for each time it was sent, which are all equal.
#[track_caller]
pub(super) fn sent(stub: &Stub, line: &str) -> Vec<Vec<u8>> {
    let requests = stub.requests().into_iter().filter(|request| request.line() == line);
    let sent: Vec<_> = requests.map(|request| request.body).collect();
    let different = sent.iter().find(|body| **body != sent[0]).map(|body| String::from_utf8_lossy(body));
    assert_eq!(different, None, "and first: {}", String::from_utf8_lossy(&sent[0]));
    sent
}

/// A fault, and the error that it leads to.
struct Fault {
    /// The answer; `None` hangs up before the body is read.
    answer: Option<Answer>,
    flags: &'static [&'static str],
    /// The outcome of the write is unknown.
    open: bool,
    /// How often a repeatable write is sent (any write, if the outcome is known), and the exit code.
    attempts: usize,
    exit: i32,
    /// Code, status, and the message, in which `ADDRESS` stands for the backend's address.
    error: (String, Option<u16>, String),
    /// A part of the hint.
    hint: &'static str,
}

impl Fault {
    /// No answer arrives, or an invalid one.
    fn new(answer: Option<Answer>, error: (&str, Option<u16>, &str), hint: &'static str) -> Self {
        let error = (error.0.to_owned(), error.1, error.2.to_owned());
        Self { answer, flags: &["--json"], open: true, attempts: 3, exit: 8, error, hint }
    }

    /// The connection breaks before or after the body is read, or in the middle of the answer.
    fn broken(answer: Option<Answer>) -> Self {
        let error = "The connection to ADDRESS broke before the response was complete";
        Self::new(answer, ("UNREACHABLE", None, error), "run it again")
    }

    /// The backend answers with an error.
    fn refused(answer: Answer, attempts: usize, exit: i32, hint: &'static str) -> Self {
        let Answer::Respond { status, body, .. } = &answer else { panic!("no refusal: {answer:?}") };
        let body: Value = serde_json::from_slice(body).expect("an error");
        let text = |name: &str| body[name].as_str().expect("a text").to_owned();
        let error = (text("error"), Some(*status), text("message"));
        Self { attempts, exit, error, hint, ..Self::broken(Some(answer)) }
    }

    /// The backend refuses the request before it does anything.
    fn rejected_early(answer: Answer, attempts: usize, exit: i32, hint: &'static str) -> Self {
        Self { open: false, ..Self::refused(answer, attempts, exit, hint) }
    }

    fn strikes_all(&self) {
        each(&WRITES, |write| self.strikes(write));
    }

    fn strikes(&self, write: &Write) {
        let (exchange, before) = (recorded(write.recorded), status().answer());
        let line = exchange.line();
        let stub = match &self.answer {
            Some(answer) => backend(line.clone(), vec![answer.clone()]),
            None => Stub::start_with_hangups(move |it| it.line() == line, move |_| before.clone()),
        };
        let ran = write.run(&stub.address, self.flags);
        let sent = sent(&stub, &exchange.line());
        let attempts = if self.open && !write.is_repeatable() { 1 } else { self.attempts };
        assert_eq!(sent.len(), attempts, "{} was sent so often: {ran:?}", write.command);
        let has_body = self.answer.is_some() && !exchange.request_body.is_null();
        assert_eq!(!sent[0].is_empty(), has_body, "{}", write.command);
        self.check_error(write, &ran, &sent, &stub.address);
    }

    /// Compares the whole error except `why`, which has the operating system's message.
    fn check_error(&self, write: &Write, ran: &RunOutput, sent: &[Vec<u8>], address: &str) {
        let mut reported = ran.error();
        let (why, hint) = (reported["why"].take(), reported["hint"].take());
        write.remove_next(&mut reported, self.flags, self.open);
        let key = write.key(sent, &reported);
        let (code, status, error) = &self.error;
        let error = error.replace("ADDRESS", address);
        let expected = if self.open && !write.is_repeatable() {
            let error = format!("{}; the outcome is unknown", error.trim_end_matches('.'));
            failure(&error, "OUTCOME_UNKNOWN", *status, &key, 1)
        } else {
            failure(&error, code, *status, &key, self.exit)
        };
        assert_eq!(reported, expected, "{}", write.command);
        assert_eq!((ran.code.into(), &*ran.stdout), (expected["exitCode"].clone(), ""), "{}", write.command);
        assert!(why.is_string(), "{}: {ran:?}", write.command);
        let wanted = match write.second_run {
            Keyed(_) | Twice(_) | Recreates if self.open => write.hint_if_unknown(self.flags, &key),
            _ => self.hint.to_owned(),
        };
        assert_has(&hint, &wanted, write);
    }
}

/// An error line without its `why`, `hint` and `next`.
fn failure(error: &str, code: &str, status: Option<u16>, key: &Value, exit: i32) -> Value {
    json!({
        "error": error, "code": code, "status": status, "why": null, "hint": null,
        "retryable": exit == 8, "idempotencyKey": key, "exitCode": exit,
    })
}

#[track_caller]
fn assert_has(hint: &Value, wanted: &str, write: &Write) {
    let hint = hint.as_str().unwrap_or_default();
    assert!(hint.contains(wanted), "{}\n lacks: {wanted}\n  hint: {hint}", write.command);
}

#[test]
fn the_connection_breaks() {
    let half = Answer::Cut { body: br#"{"keys":[],"product":{"productId":"prod_1"}}"#.to_vec() };
    each(&[None, Some(Answer::Drop), Some(half)], |answer| Fault::broken(answer.clone()).strikes_all());
}

#[test]
fn the_answer_is_late() {
    let late = Answer::Late { after: FOR_EVER, then: Box::new(Answer::Drop) };
    let error = ("TIMED_OUT", None, "ADDRESS did not respond in time");
    let late = Fault { attempts: 1, ..Fault::new(Some(late), error, "--timeout") };
    Fault { flags: &["--json", "--timeout", "1s"], ..late }.strikes_all();
}

/// The write was applied, or something between the client and the backend answered.
#[test]
fn the_answer_is_invalid() {
    let html = Answer::html(200, "<html>Sign in to the network</html>");
    let error = (
        "RESPONSE_INVALID",
        Some(200),
        "The response is not InsForge's; another server seems to have answered",
    );
    Fault { attempts: 1, exit: 1, ..Fault::new(Some(html), error, "what is in front of the backend") }
        .strikes_all();
}

#[test]
fn the_provider_is_unreachable() {
    let answer = recorded("069-config-put-stripe-unreachable").answer();
    Fault::refused(answer, 3, 8, "the provider is unreachable; wait a moment, then run it again")
        .strikes_all();
}

/// The exit code says that the problem is temporary, so the hint has to say it too.
#[test]
fn the_backend_has_no_free_database_connection() {
    let answer = Answer::refusal(500, "INTERNAL_ERROR", "timeout exceeded when trying to connect");
    Fault::refused(answer, 3, 8, "again").strikes_all();
}

#[test]
fn the_backend_fails() {
    let answer = recorded("114-product-create-stripe-500").answer();
    Fault::refused(answer, 1, 1, "read the backend's log").strikes_all();
}

fn rate_limited() -> Answer {
    recorded("070-config-put-stripe-429").answer()
}

/// A 401 for a key that the backend has accepted in this run.
fn false_401() -> Answer {
    recorded("003-auth-bad-ik-key").answer()
}

#[test]
fn the_rate_is_limited() {
    let moment = "wait a moment, then run it again";
    Fault::rejected_early(rate_limited(), 3, 8, moment).strikes_all();
    let wait = rate_limited().header("retry-after", "120");
    Fault::rejected_early(wait, 1, 8, "wait 120 s, then run it again").strikes_all();
}

#[test]
fn a_retry_after_of_zero_still_suggests_to_wait() {
    let at_once = rate_limited().header("retry-after", "0");
    Fault::rejected_early(at_once, 3, 8, "wait a moment, then run it again").strikes_all();
}

#[test]
fn a_key_that_was_accepted_is_refused() {
    Fault::rejected_early(false_401(), 3, 2, "the backend accepted this key a moment ago").strikes_all();
}

/// An idempotency key that was never sent is not reported.
#[test]
fn nothing_listens() {
    each(&WRITES, |write| {
        let mut reported = write.run(&dead_address(), &["--json"]).exits(8).error();
        assert_has(&reported["hint"].take(), "check the address, the network and the proxy", write);
        assert!(reported["why"].take().is_string());
        write.remove_next(&mut reported, &["--json"], false);
        let error = format!("Cannot reach {}", dead_address());
        assert_eq!(reported, failure(&error, "UNREACHABLE", None, &Value::Null, 8), "{}", write.command);
    });
}

#[test]
fn the_backend_disappears_before_the_write() {
    let error = ("UNREACHABLE", None, "Cannot reach ADDRESS");
    let gone = Fault { open: false, ..Fault::new(None, error, "run it again") };
    each(&WRITES, |write| {
        let (address, connection) = vanishing();
        let ran = write.run(&address, gone.flags);
        gone.check_error(write, &ran, &[], &address);
        drop(connection.join().expect("the backend"));
    });
}

/// A backend that stops listening when it answers its first request, for the status or the products. It returns that connection, which
/// keeps the port reserved while it is open.
fn vanishing() -> (String, JoinHandle<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        // Shut down for all copies: a program that another test starts at this moment may have inherited one.
        let listener = TcpStream::from(OwnedFd::from(listener));
        // Some systems cannot shut down a listener; there, closing ours has to be enough.
        let _ = listener.shutdown(Shutdown::Both);
        drop(listener);
        let head = BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
        let head: Vec<String> = head.collect();
        let is_list = head.first().expect("a request").contains("/catalog/products");
        let body = if is_list { json!({"products": []}) } else { status().response_body }.to_string();
        let head = format!("HTTP/1.1 200 X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all((head + &body).as_bytes()).expect("a client that reads");
        stream
    });
    (address, serving)
}

#[test]
fn a_temporary_problem_is_retried() {
    each(&WRITES, |write| {
        let exchange = recorded(write.recorded);
        let lost = write.is_repeatable().then_some(Answer::Drop);
        for trouble in [rate_limited(), false_401()].into_iter().chain(lost) {
            let stub = backend(exchange.line(), vec![trouble, exchange.answer()]);
            write.run(&stub.address, &[]).exits(0);
            assert_eq!(sent(&stub, &exchange.line()).len(), 2, "{}", write.command);
        }
    });
}

/// The first attempt may have been applied, whatever the last one returns. Without its generated key, the same command
/// could create a duplicate.
#[test]
fn a_create_that_was_lost_once_reports_its_key() {
    let busy = Answer::refusal(409, "UPSTREAM_FAILURE", "Another request with this key is under way");
    let create = write("products create --name Basic", "088-product-create-min", Keyed(None));
    each(&[rate_limited(), false_401(), busy], |last| {
        let line = create.line();
        let stub = backend(line.clone(), vec![Answer::Drop, last.clone()]);
        let reported = create.run(&stub.address, &["--json"]).error();
        let key = create.key(&sent(&stub, &line), &reported);
        assert_eq!(reported["idempotencyKey"], key, "{reported}");
        assert_has(&reported["hint"], &create.hint_if_unknown(&["--json"], &key), &create);
    });
}

/// The connection breaks after the write arrived, and the next attempts are refused.
#[test]
fn an_earlier_attempt_leaves_the_outcome_unknown() {
    each(&WRITES, |write| {
        let (line, status) = (write.line(), status().answer());
        let stub =
            Stub::start(move |request| if request.line() == line { Answer::Gone } else { status.clone() });
        let mut reported = write.run(&stub.address, &["--json"]).error();
        let sent = sent(&stub, &write.line());
        let key = write.key(&sent, &reported);
        write.remove_next(&mut reported, &["--json"], true);
        let exit = if write.is_repeatable() { 8 } else { 1 };
        assert_eq!((&reported["idempotencyKey"], &reported["exitCode"]), (&key, &json!(exit)), "{reported}");
        let error = reported["error"].as_str().expect("a sentence");
        assert!(error.ends_with("; the outcome is unknown"), "{}: {error}", write.command);
        if write.is_repeatable() {
            assert!(error.starts_with("Cannot reach"), "{}: {error}", write.command);
            assert_has(&reported["why"], "; an earlier attempt may have been applied", write);
        }
    });
}

/// A sync changes nothing at the provider, so its outcome is not worth a word.
#[test]
fn a_sync_whose_connection_broke_is_simply_run_again() {
    for (line, command) in [
        ("POST /api/payments/stripe/test/sync", &["payments", "sync", "test"][..]),
        ("POST /api/payments/razorpay/test/sync", &["payments", "razorpay", "sync", "test"]),
    ] {
        let status = status().answer();
        let stub =
            Stub::start(move |request| if request.line() == line { Answer::Gone } else { status.clone() });
        let error = User::of(&stub.address).run(&[command, &["--json"]].concat()).exits(8).error();
        let text = format!("{} {}", error["error"], error["why"]);
        assert!(text.contains("Cannot reach") && !text.contains("unknown"), "{text}");
        assert!(!text.contains("may have been applied"), "{text}");
    }
}

/// Without its result, only the error has what was done and, for a create, the idempotency key.
#[test]
fn a_full_stdout_reports_what_was_done() {
    each(&WRITES, |write| {
        let exchange = recorded(write.recorded);
        let stub = backend(exchange.line(), vec![exchange.answer()]);
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
        let (code, stderr) = write.run_to(&stub.address, full.into());
        let reported: Value = serde_json::from_str(stderr.lines().last().expect("an error")).expect("JSON");
        assert_eq!((code, &reported["code"]), (1, &json!("FAILED")), "{stderr}");
        let error = "the change was applied, but the result cannot be shown";
        assert_has(&reported["error"], error, write);
        assert_has(&reported["why"], "No space left on device", write);
        assert_has(&reported["why"], write.done(), write);
        assert_eq!(reported["idempotencyKey"], write.key(&sent(&stub, &exchange.line()), &reported));
        let wanted = match write.second_run {
            Keyed(_) => "the idempotency key prevents a duplicate; run it again",
            _ => "` shows it",
        };
        assert_has(&reported["hint"], wanted, write);
    });
}

/// A reader that has closed the pipe is no failure, but the result must not be lost.
#[test]
fn a_closed_stdout_reports_what_was_done() {
    each(&WRITES, |write| {
        let exchange = recorded(write.recorded);
        let stub = backend(exchange.line(), vec![exchange.answer()]);
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let (code, stderr) = write.run_to(&stub.address, writer.into());
        assert_eq!(code, 0, "{stderr}");
        let warnings = stderr.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let unread = warnings.into_iter().find(|warning| warning["code"] == "RESULT_NOT_READ");
        let text = unread.expect("a warning")["warning"].clone();
        assert_has(&text, write.done(), write);
        let key = write.key(&sent(&stub, &exchange.line()), &Value::Null);
        assert_has(&text, key.as_str().unwrap_or_default(), write);
    });
}

/// The requests of a run by position; only `config set` has the last one.
const STATUS_BEFORE: usize = 0;
const WRITE: usize = 1;
const STATUS_AFTER: usize = 2;

/// Interrupts a run when the backend has received this request, and returns the sent bodies, too.
fn interrupted(write: &Write, at: usize, flags: &[&str]) -> (RunOutput, Vec<Vec<u8>>) {
    let exchange = recorded(write.recorded);
    let (arrived, arrival) = mpsc::channel();
    let (status, done, position) = (status().answer(), exchange.answer(), AtomicUsize::new(0));
    let stub = Stub::start(move |request| {
        // Without the list, the status is read as before every other write.
        if empty_catalog_list(request).is_some() {
            return Answer::json(500, "{}");
        }
        match position.fetch_add(1, Ordering::Relaxed) {
            now if now == at => {
                arrived.send(()).expect("a waiting test");
                Answer::Late { after: FOR_EVER, then: Box::new(Answer::Drop) }
            }
            WRITE => done.clone(),
            _ => status.clone(),
        }
    });
    let user = User::of(&stub.address);
    let mut command = user.command(&write.words(flags).split(' ').collect::<Vec<_>>());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    // A command that does not read stdin may have ended already.
    let _ = child.stdin.take().expect("stdin").write_all(STDIN.as_bytes());
    arrival.recv_timeout(PATIENCE).expect("a request to be interrupted at");
    signal(child.id(), "-INT");
    let output = child.wait_with_output().expect("the binary ends");
    let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("UTF-8"));
    assert_no_secret(&(stdout.clone() + &stderr));
    let ran = RunOutput { code: output.status.code().unwrap_or(-1), stdout, stderr };
    (ran.exits(130), sent(&stub, &exchange.line()))
}

#[test]
fn ctrl_c_during_a_write_reports_the_unknown_outcome() {
    let error = "Interrupted; the change may have been applied";
    each(&WRITES, |write| {
        let (ran, sent) = interrupted(write, WRITE, &[]);
        let key = write.key(&sent, &Value::Null);
        ran.stderr_has(&[&format!("error: {error}\n"), &write.hint_if_unknown(&[], &key)]);

        let (ran, sent) = interrupted(write, WRITE, &["--json"]);
        let mut reported = ran.error();
        let key = write.key(&sent, &reported);
        write.remove_next(&mut reported, &["--json"], true);
        assert_has(&reported["hint"].take(), &write.hint_if_unknown(&["--json"], &key), write);
        assert!(reported["why"].take().is_string());
        assert_eq!(reported, failure(error, "INTERRUPTED", None, &key, 130), "{}", write.command);
    });
}

#[test]
fn ctrl_c_before_the_write_leaves_nothing_unknown() {
    each(&WRITES, |write| {
        for flags in [&[][..], &["--json"]] {
            let (ran, sent) = interrupted(write, STATUS_BEFORE, flags);
            assert_eq!(sent.len(), 0, "{}", write.command);
            let open = ["unknown", "again"].iter().any(|word| ran.stderr.contains(word));
            assert!(!open, "{}: {ran:?}", write.command);
        }
    });
}

/// The key is set, and only the status check is interrupted.
#[test]
fn ctrl_c_after_the_write_reports_the_success() {
    for flags in [&[][..], &["--json"]] {
        let (ran, sent) = interrupted(&WRITES[0], STATUS_AFTER, flags);
        assert_eq!(sent.len(), 1);
        ran.stderr_has(&["insforge payments status"]);
    }
}
