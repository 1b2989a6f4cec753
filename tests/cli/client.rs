//! The client: deadline, retries, redirects, size limits, broken answers, proxies, certificates.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::harness::recordings::{self, Generation};
#[cfg(target_os = "linux")]
use super::harness::running::listens_for_interrupts;
use super::harness::stub::{Answer, Request, Stub};
use super::harness::{KEY, User, dead_address, signal};

const STATUS: [&str; 2] = ["payments", "status"];

fn status() -> Answer {
    Generation::Newer.exchange("086-status-both").answer()
}

#[test]
fn transient_errors_are_retried() {
    let transient = [
        Answer::refusal(502, "UPSTREAM_FAILURE", "Stripe is unreachable"),
        Answer::html(503, "<h1>Service Unavailable</h1>"),
        Answer::refusal(429, "RATE_LIMITED", "slow down"),
        Answer::json(429, "{}").header("retry-after", "0"),
        Answer::refusal(500, "INTERNAL_ERROR", "timeout exceeded when trying to connect"),
        Answer::Drop,
        Answer::Cut { body: br#"{"connections":[]}"#.to_vec() },
    ];
    for trouble in transient {
        let stub = Stub::in_order(vec![trouble.clone(), trouble.clone(), status()]);
        let ran = User::of(&stub.address).run(&STATUS);
        assert_eq!(ran.code, 0, "{trouble:?}: {ran:?}");
        assert_eq!(stub.lines().len(), 3, "{trouble:?}");
    }
}

#[test]
fn lasting_errors_have_their_exit_code_after_all_retries() {
    // answer, exit, code, requests
    let table = [
        (Answer::refusal(502, "UPSTREAM_FAILURE", "no"), 8, "UPSTREAM_FAILURE", 3),
        (Answer::html(504, "<h1>no</h1>"), 8, "HTTP_504", 3),
        (Answer::refusal(429, "RATE_LIMITED", "no"), 8, "RATE_LIMITED", 3),
        (Answer::Drop, 8, "UNREACHABLE", 3),
        (Answer::Cut { body: b"[1,2,3,4]".to_vec() }, 8, "UNREACHABLE", 3),
        (Answer::refusal(500, "INTERNAL_ERROR", "no"), 1, "INTERNAL_ERROR", 1),
        (Answer::refusal(400, "INVALID_INPUT", "no"), 1, "INVALID_INPUT", 1),
        (Answer::refusal(401, "AUTH_INVALID_API_KEY", "no"), 2, "AUTH_INVALID_API_KEY", 1),
        (Answer::refusal(401, "PAYMENT_CONFIG_INVALID", "no"), 1, "PAYMENT_CONFIG_INVALID", 1),
        (Answer::refusal(403, "AUTH_UNAUTHORIZED", "no"), 5, "AUTH_UNAUTHORIZED", 1),
        (Answer::refusal(403, "PAYMENT_CONFIG_INVALID", "no"), 5, "PAYMENT_CONFIG_INVALID", 1),
        (Answer::refusal(401, "UPSTREAM_FAILURE", "no"), 1, "UPSTREAM_FAILURE", 1),
        (Answer::html(401, "<h1>Sign in to the proxy</h1>"), 1, "RESPONSE_INVALID", 1),
        (
            Answer::json(
                400,
                r#"{"error":"INVALID_INPUT","message":"no","statusCode":400,"nextActions":["a"]}"#,
            ),
            1,
            "INVALID_INPUT",
            1,
        ),
        (Answer::json(418, ""), 1, "RESPONSE_INVALID", 1),
    ];
    for (answer, exit, code, requests) in table {
        let given = answer.clone();
        let stub = Stub::start(move |_| given.clone());
        let ran = User::of(&stub.address).run(&["payments", "status", "--json"]).exits(exit);
        let error = ran.error();
        assert_eq!(error["code"], code, "{answer:?}");
        assert_eq!(error["exitCode"], exit);
        assert_eq!(error["retryable"], exit == 8, "{answer:?}");
        assert_eq!(ran.stdout, "");
        assert_eq!(stub.lines().len(), requests, "{answer:?}");
    }
}

#[test]
fn retries_can_be_turned_off_and_up() {
    for (args, variable, requests) in
        [(&["--retries", "0"][..], None, 1), (&[], Some("1"), 2), (&["--retries", "3"], Some("0"), 4)]
    {
        let stub = Stub::start(|_| Answer::Drop);
        let mut user = User::of(&stub.address);
        if let Some(value) = variable {
            user = user.with("INSFORGE_RETRIES", value);
        }
        user.run(&[&STATUS, args].concat()).exits(8);
        assert_eq!(stub.lines().len(), requests, "{args:?} {variable:?}");
    }
}

#[test]
fn a_false_401_after_an_accepted_key_is_retried() {
    let refused = Generation::Newer.exchange("003-auth-bad-ik-key").answer();
    let sync = Generation::Newer.exchange("195-sync-env").answer();
    let stub = Stub::in_order(vec![status(), refused.clone(), sync]);
    User::of(&stub.address).run(&["payments", "sync", "test"]).exits(0);
    // The last one reads a customer.
    assert_eq!(stub.lines().len(), 4);

    let stub = Stub::in_order(vec![status(), refused]);
    User::of(&stub.address).run(&["payments", "sync", "test"]).exits(2);
    assert_eq!(stub.lines().len(), 4);
}

#[test]
fn a_long_retry_after_is_not_waited_for() {
    let stub = Stub::start(|_| Answer::refusal(429, "RATE_LIMITED", "no").header("retry-after", "3600"));
    let started = Instant::now();
    User::of(&stub.address).run(&STATUS).exits(8).stderr_has(&["wait 3600 s"]);
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(stub.lines().len(), 1);
    // More seconds than a number has, and the two older forms of a date.
    for after in ["99999999999999999999999", "Friday, 31-Dec-60 23:59:59 GMT", "Fri Dec 31 23:59:59 2060"] {
        let refusal = Answer::refusal(429, "RATE_LIMITED", "no").header("retry-after", after);
        let stub = Stub::start(move |_| refusal.clone());
        User::of(&stub.address).run(&STATUS).exits(8).stderr_has(&["hint: wait for more than a day"]);
        assert_eq!(stub.lines().len(), 1, "{after}");
    }
}

#[test]
fn a_hint_names_no_wait_of_more_than_a_day() {
    let create = ["payments", "products", "create", "--name", "A"];
    for (after, wait) in [
        ("86400", "wait 86400 s, then run it again"),
        ("86401", "wait for more than a day, as the response asks, then run it again"),
        ("4294967295", "wait for more than a day, as the response asks, then run it again"),
        ("99999999999999999999999", "wait for more than a day, as the response asks, then run it again"),
    ] {
        let from_backend = Answer::refusal(429, "RATE_LIMITED", "no").header("retry-after", after);
        let from_gateway = Answer::html(503, "<h1>Busy</h1>").header("retry-after", after);
        for refusal in [from_backend, from_gateway] {
            let stub = Stub::start(move |_| refusal.clone());
            User::of(&stub.address).run(&STATUS).exits(8).stderr_has(&[&format!("hint: {wait}")]);
        }
    }
    // The idempotency key prevents a duplicate for a day only.
    for (after, hint) in [
        ("86400", "hint: wait 86400 s; the idempotency key prevents a duplicate"),
        ("4294967295", "hint: the idempotency key prevents a duplicate"),
    ] {
        let busy = Answer::refusal(503, "UPSTREAM_FAILURE", "no").header("retry-after", after);
        let stub = Stub::in_order(vec![status(), busy]);
        User::of(&stub.address).run(&create).exits(8).stderr_has(&[hint]);
    }
}

#[test]
fn the_hint_has_the_retry_after_of_the_answer() {
    for status in [429, 502, 503, 504] {
        let refusal = Answer::refusal(status, "UPSTREAM_FAILURE", "no").header("retry-after", "3600");
        let stub = Stub::start(move |_| refusal.clone());
        let ran = User::of(&stub.address).run(&["payments", "status", "--json"]).exits(8);
        let hint = ran.error()["hint"].as_str().expect("a hint").to_owned();
        assert!(hint.ends_with("wait 3600 s, then run it again"), "{status}: {hint}");
        assert_eq!(stub.lines().len(), 1, "{status}");
    }
    let busy = Answer::refusal(503, "UPSTREAM_FAILURE", "no").header("retry-after", "3600");
    let stub = Stub::in_order(vec![status(), busy]);
    let create = ["payments", "products", "create", "--name", "A"];
    User::of(&stub.address)
        .run(&create)
        .exits(8)
        .stderr_has(&["hint: wait 3600 s; the idempotency key prevents a duplicate; run it again: "]);
}

#[test]
fn the_reason_has_the_request_ids_of_the_answer() {
    let ids = |answer: Answer| answer.header("x-request-id", "req_1").header("cf-ray", "8f2-FRA");
    for (answer, code) in [
        (ids(Answer::refusal(500, "INTERNAL_ERROR", "no")), "INTERNAL_ERROR"),
        (ids(Answer::html(403, "<h1>Forbidden</h1>")), ""),
        (ids(Answer::json(200, "[]")), "RESPONSE_INVALID"),
    ] {
        let given = answer.clone();
        let stub = Stub::start(move |_| given.clone());
        let ran = User::of(&stub.address).run(&["payments", "status", "--json", "-v"]);
        let error = ran.error();
        assert!(code.is_empty() || error["code"] == code, "{ran:?}");
        let why = error["why"].as_str().expect("a reason");
        assert!(why.contains("(x-request-id req_1, cf-ray 8f2-FRA)"), "{answer:?}: {why}");
        ran.stderr_has(&[" bytes, x-request-id req_1, cf-ray 8f2-FRA\n"]);
    }
    // A backend that repeats the key does not reveal it.
    let stub = Stub::start(|_| Answer::json(500, "{}").header("x-request-id", KEY));
    User::of(&stub.address)
        .run(&["payments", "status", "-vv"])
        .exits(1)
        .stderr_has(&["x-request-id ik_****"]);
}

#[test]
fn one_deadline_holds_for_all_requests() {
    let late = || Answer::Late { after: Duration::from_secs(30), then: Box::new(status()) };
    for (args, variable) in [(&["--timeout", "400ms"][..], None), (&[], Some("400ms"))] {
        let stub = Stub::start(move |_| late());
        let mut user = User::of(&stub.address);
        if let Some(value) = variable {
            user = user.with("INSFORGE_TIMEOUT", value);
        }
        let started = Instant::now();
        let ran = user.run(&[&STATUS, args, &["--json"]].concat()).exits(8);
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        assert_eq!(ran.error()["code"], "TIMED_OUT");
        assert!(ran.error()["why"].as_str().expect("why").contains("0.4 s"), "{ran:?}");
    }
}

#[test]
fn an_unreachable_backend_exits_8() {
    let ran = User::of(&dead_address()).run(&STATUS).exits(8);
    assert!(ran.stderr.starts_with("error: Cannot reach http://127.0.0.1:"), "{ran:?}");
    assert!(ran.stderr.contains("refused"), "{ran:?}");
    assert!(ran.stderr.contains("hint: check the address, the network and the proxy"), "{ran:?}");
}

#[test]
fn redirects_are_refused_and_the_key_is_not_sent_there() {
    let other = Stub::start(|_| status());
    let target = format!("{}/api/payments/stripe/status", other.address);
    for code in [301, 302, 303, 307, 308] {
        let target = target.clone();
        let stub = Stub::start(move |_| Answer::html(code, "moved").header("location", &target));
        let ran = User::of(&stub.address).run(&["payments", "status", "--json"]).exits(1);
        assert_eq!(ran.error()["code"], "REDIRECTED");
        assert_eq!(stub.lines().len(), 1);
    }
    assert_eq!(other.lines().len(), 0);
}

#[test]
fn plain_http_to_another_machine_is_refused() {
    for address in
        ["http://example.com", "http://10.1.2.3:7130", "http://localhost.example.com", "http://app.localhost"]
    {
        let ran = User::of(address).run(&["payments", "status", "--json"]).exits(64);
        assert_eq!(ran.error()["code"], "ADDRESS_INVALID");
        assert!(ran.error()["why"].as_str().expect("why").contains("https"), "{ran:?}");
        let user = User::new().with("INSFORGE_API_KEY", KEY);
        user.run(&["payments", "status", "--api-url", address]).exits(64);
    }
}

#[test]
fn an_answer_that_is_too_large_is_refused() {
    let flood = Stub::start(|_| Answer::Flood { bytes: 300 << 20 });
    let ran = User::of(&flood.address).run(&["payments", "status", "--json"]).exits(1);
    assert_eq!(ran.error()["code"], "RESPONSE_TOO_LARGE");
    assert_eq!(flood.lines().len(), 1);

    let announced = Stub::start(|_| Answer::Announce { bytes: 300 << 20 });
    let ran = User::of(&announced.address).run(&["payments", "status", "--json"]).exits(1);
    assert_eq!(ran.error()["code"], "RESPONSE_TOO_LARGE");
}

/// It is searched for the secret in every form, which takes a while.
#[test]
fn an_answer_to_a_secret_is_refused_at_1_mib() {
    let stub = Stub::start(|request: &Request| match request.method.as_str() {
        "GET" => Generation::Newer.exchange("086-status-both").answer(),
        _ => Answer::Flood { bytes: 2 << 20 },
    });
    let words = ["payments", "config", "set", "test", "-", "--yes", "--json"];
    let ran = User::of(&stub.address).run_with_stdin(&words, "sk_test_large4hush4hush").exits(1);
    assert_eq!(ran.error()["code"], "RESPONSE_TOO_LARGE");
    ran.stderr_has(&["more than 1 MiB"]);
}

#[test]
fn an_error_is_read_up_to_1_mib() {
    let large = serde_json::json!({"error": "INVALID_INPUT", "message": "x".repeat(3 << 20)}).to_string();
    let stub = Stub::start(move |_| Answer::json(400, &large));
    let ran = User::of(&stub.address).run(&["payments", "status", "-v", "--json"]).exits(1);
    assert_eq!((&ran.error()["code"], &ran.error()["status"]), (&"RESPONSE_INVALID".into(), &400.into()));
    ran.stderr_has(&[" 1048576 bytes"]);
}

#[test]
fn an_invalid_answer_is_an_error_and_not_a_result() {
    let deep = "[".repeat(100_000);
    let bodies = [
        ("application/json", "", 200),
        ("text/html", "<html>log in</html>", 200),
        ("application/json", "{\"connections\":", 200),
        ("application/json", "[]", 200),
        ("application/json", "null", 200),
        ("application/json", "{\"connections\":null}", 200),
        ("application/json", "{\"connections\":[{\"environment\":5}]}", 200),
        ("application/json", deep.as_str(), 200),
        ("application/json", "\u{0}\u{1}\u{2}", 200),
    ];
    for (kind, body, status) in bodies {
        for format in ["table", "json"] {
            let answer = Answer::with(status, kind, body);
            let stub = Stub::start(move |_| answer.clone());
            let ran = User::of(&stub.address).run(&["payments", "status", "-o", format]).exits(1);
            assert_eq!(ran.stdout, "");
            let reported =
                if kind == "text/html" { "response is not InsForge's" } else { "response is invalid" };
            assert!(ran.stderr.contains(reported), "{ran:?}");
        }
    }
}

/// The body has half a surrogate pair in a field that no table shows.
#[test]
fn a_body_that_is_not_entirely_json_is_not_printed_as_json() {
    let stub = Stub::start(|_| Answer::json(200, r#"{"x":"\ud800","prices":[]}"#));
    let ran = User::of(&stub.address).run(&["payments", "prices", "list", "--json"]).exits(1);
    assert_eq!((&*ran.stdout, &ran.error()["code"]), ("", &"RESPONSE_INVALID".into()));
}

#[test]
fn an_error_body_cannot_write_on_the_terminal_or_show_a_key() {
    let body = serde_json::json!({
        "error": "X", "statusCode": 400, "message": "bad \u{1b}]0;title\u{7}\u{9b}2J key\nsk_live_abcdefghijkl1234",
        "nextActions": "set \u{1b}[31m ik_0123456789abcdef"
    });
    let stub = Stub::start(move |_| Answer::json(400, &body.to_string()));
    for format in ["table", "json"] {
        let ran = User::of(&stub.address).run(&["payments", "status", "-o", format]).exits(1);
        assert!(!ran.stderr.contains(['\u{1b}', '\u{7}', '\u{9b}']), "{ran:?}");
        assert!(!ran.stderr.contains("abcdefghijkl") && !ran.stderr.contains("0123456789"), "{ran:?}");
        assert!(ran.stderr.contains("sk_live_****1234"), "{ran:?}");
    }
}

/// Starts a proxy; returns its address, and its first request.
fn proxy() -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut buffer = [0; 1024];
        let read = stream.read(&mut buffer).expect("a request");
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").expect("an answer");
        String::from_utf8_lossy(&buffer[..read]).into_owned()
    });
    (address, asked)
}

#[test]
fn a_proxy_is_only_used_for_other_machines() {
    let (address, asked) = proxy();
    let user = User::of("https://backend.invalid").with("HTTPS_PROXY", &address);
    user.run(&["payments", "status", "--retries", "0"]).exits(1);
    let asked = asked.join().expect("the proxy");
    assert!(asked.starts_with("CONNECT backend.invalid:443 "), "{asked}");
    assert!(!asked.contains(KEY));

    let stub = recordings::serve_in(Generation::Newer, vec![]);
    let dead = dead_address();
    User::of(&stub.address).with("HTTP_PROXY", &dead).with("http_proxy", &dead).run(&STATUS).exits(0);
}

#[test]
fn plain_http_to_this_machine_needs_no_certificates() {
    let stub = recordings::serve_in(Generation::Newer, vec![]);
    let user =
        User::of(&stub.address).with("SSL_CERT_FILE", "/nonexistent").with("SSL_CERT_DIR", "/nonexistent");
    user.run(&STATUS).exits(0);
}

/// The key is read from a pipe to which nothing writes.
#[test]
#[cfg(target_os = "linux")]
fn ctrl_c_ends_a_run_that_waits_for_stdin() {
    let stub = recordings::serve_in(Generation::Newer, vec![]);
    let user = User::new();
    let mut child = user
        .command(&["payments", "status", "--api-url", &stub.address, "--api-key-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    // Kept open, because `wait` would close it and the key would be empty.
    let stdin = child.stdin.take();
    let started = Instant::now();
    while !listens_for_interrupts(child.id()) {
        assert!(started.elapsed() < Duration::from_secs(20), "it installs no handler for SIGINT");
        std::thread::sleep(Duration::from_millis(5));
    }
    signal(child.id(), "-INT");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    drop(stdin);
    assert_eq!(stub.requests().len(), 0);
}
