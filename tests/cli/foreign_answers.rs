//! Answers that are not InsForge's. A gateway, a proxy or another server is named as such; neither the API key nor the
//! provider's key is blamed.

use std::path::Path;

use serde_json::{Value, json};

use super::harness::recordings::Generation;
use super::harness::stub::{Answer, Request, Stub};
use super::harness::{KEY, RunOutput, User};

const HINT: &str = "check the address, or what is in front of the backend";
const STATUS: &str = "/api/payments/stripe/status";
const STATUSES: [u16; 12] = [200, 400, 401, 403, 404, 407, 408, 429, 500, 501, 502, 504];

/// What another server sends, and how the error reports it.
struct Sender {
    content_type: &'static str,
    server: Option<&'static str>,
    /// `STATUS` stands for the status of the response.
    body: &'static str,
    who: &'static str,
    described: &'static str,
}

const SENDERS: [Sender; 6] = [
    Sender {
        content_type: "text/html",
        server: Some("nginx/1.25.3"),
        body: "<html><head><title>STATUS Forbidden</title></head><body><center>nginx</center></body></html>",
        who: "nginx/1.25.3 seems to have answered",
        described: "with text/html: \"STATUS Forbidden\"",
    },
    Sender {
        content_type: "text/plain; charset=utf-8",
        server: None,
        body: "\n  no healthy   upstream\nmore",
        who: "another server seems to have answered",
        described: "with text/plain: \"no healthy upstream\"",
    },
    Sender {
        content_type: "application/json",
        server: Some("awselb/2.0"),
        body: r#"{"message":"Forbidden"}"#,
        who: "awselb/2.0 seems to have answered",
        described: "with application/json: \"Forbidden\"",
    },
    // The fields of the backend's errors, as other frameworks fill them.
    Sender {
        content_type: "application/json",
        server: None,
        body: r#"{"statusCode":STATUS,"error":"Not Found","message":"Route not found"}"#,
        who: "another server seems to have answered",
        described: "with application/json: \"Route not found\"",
    },
    // Without the third field.
    Sender {
        content_type: "application/json; charset=utf-8",
        server: None,
        body: r#"{"error":"AUTH_INVALID_API_KEY","message":"Invalid API key"}"#,
        who: "another server seems to have answered",
        described: "with application/json: \"Invalid API key\"",
    },
    Sender {
        content_type: "",
        server: None,
        body: "",
        who: "another server seems to have answered",
        described: "without a content type",
    },
];

impl Sender {
    fn answer(&self, status: u16) -> Answer {
        let body = self.body.replace("STATUS", &status.to_string());
        let mut headers = Vec::new();
        if !self.content_type.is_empty() {
            headers.push(("content-type".to_owned(), self.content_type.to_owned()));
        }
        headers.extend(self.server.map(|server| ("server".to_owned(), server.to_owned())));
        Answer::Respond { status, headers, body: body.into_bytes() }
    }
}

/// A request of each kind, and the requests that are answered before it.
struct Route {
    args: &'static [&'static str],
    answered_before: &'static [&'static str],
    repeatable: bool,
}

const ROUTES: [Route; 5] = [
    Route { args: &["payments", "products", "list"], answered_before: &[], repeatable: true },
    Route {
        args: &["payments", "prices", "archive", "price_1"],
        answered_before: &[STATUS],
        repeatable: true,
    },
    Route {
        args: &["payments", "products", "update", "prod_1", "--name", "x"],
        answered_before: &[STATUS],
        repeatable: false,
    },
    // The request that detects the generation is answered by another server: the create is not sent.
    Route {
        args: &["payments", "products", "create", "--name", "x"],
        answered_before: &[],
        repeatable: true,
    },
    Route {
        args: &[
            "payments",
            "razorpay",
            "items",
            "create",
            "--name",
            "x",
            "--amount",
            "1",
            "--currency",
            "inr",
        ],
        answered_before: &[],
        repeatable: true,
    },
];

/// A backend that answers these paths, with something in front of it that answers the others.
fn behind(answer: Answer, answered: &'static [&'static str]) -> Stub {
    let status = Generation::Newer.exchange("242-status-recovered").answer();
    Stub::start(
        move |request: &Request| {
            if answered.contains(&request.target.as_str()) { status.clone() } else { answer.clone() }
        },
    )
}

fn run(stub: &Stub, args: &[&str]) -> RunOutput {
    User::of(&stub.address).with("INSFORGE_RETRIES", "0").run(&[args, &["--json"]].concat())
}

/// Whether a gateway's answer with this status can be another one in a moment.
fn is_temporary(status: u16) -> bool {
    matches!(status, 429 | 502..=504)
}

#[test]
fn another_servers_answer_is_reported_as_such() {
    std::thread::scope(|scope| {
        for sender in &SENDERS {
            scope.spawn(move || {
                for status in STATUSES {
                    for route in &ROUTES {
                        check(sender, status, route);
                    }
                }
            });
        }
    });
}

#[track_caller]
fn check(sender: &Sender, status: u16, route: &Route) {
    // Another test has successes with the wrong JSON.
    if status == 200 && sender.content_type.contains("json") {
        return;
    }
    let stub = behind(sender.answer(status), route.answered_before);
    let ran = run(&stub, route.args);
    let error = ran.error();
    let case = format!("{status} {} {:?}: {error}", sender.content_type, route.args);
    assert_eq!(stub.requests().len(), route.answered_before.len() + 1, "{case}");

    let open = !route.repeatable && (status == 200 || status >= 500 && status != 501 || status == 408);
    let retryable = is_temporary(status) && !open;
    let (code, exit) = match () {
        () if open => ("OUTCOME_UNKNOWN".to_owned(), 1),
        () if retryable => (format!("HTTP_{status}"), 8),
        () => ("RESPONSE_INVALID".to_owned(), 1),
    };
    assert_eq!((&error["code"], ran.code), (&json!(code), exit), "{case}");
    assert_eq!((&error["retryable"], &error["status"]), (&json!(retryable), &json!(status)), "{case}");
    let what = error["error"].as_str().expect("a text");
    match status {
        429 => assert!(what.starts_with("Too many requests"), "{case}"),
        407 => assert!(what.contains("; a proxy seems to have answered"), "{case}"),
        _ => {
            assert!(
                what.starts_with("The response is not InsForge's") && what.contains(sender.who),
                "{case}"
            );
        }
    }
    let why = error["why"].as_str().expect("a text");
    let described = sender.described.replace("STATUS", &status.to_string());
    assert!(why.contains(&format!(" at {} answered {status} {described}", stub.address)), "{case}");
    let hint = error["hint"].as_str().expect("a text");
    match code.as_str() {
        "RESPONSE_INVALID" => assert!(hint.starts_with(HINT), "{case}"),
        "OUTCOME_UNKNOWN" => assert!(hint.starts_with("before you run it again, check"), "{case}"),
        _ => assert!(hint.starts_with("wait a moment, then run it again"), "{case}"),
    }
    assert!(!hint.contains("config set") && !hint.contains("the key comes from"), "{case}");
    // What another server refused was not applied, except after a time-out.
    if !open && status != 200 && status != 408 && status < 500 {
        assert!(!hint.contains("whether it was applied"), "{case}");
    }
}

/// In front of a backend whose generation is known from an earlier run, the create itself is answered.
#[test]
fn a_rejected_create_is_not_reported_as_possibly_applied() {
    let create = ["payments", "products", "create", "--name", "x"];
    for (status, open) in [(403, false), (404, false), (200, true), (500, true)] {
        let stub = behind(Answer::html(status, "<title>No</title>"), &[STATUS]);
        let error = run(&stub, &create).exits(1).error();
        assert_eq!((&error["code"], &error["status"]), (&json!("RESPONSE_INVALID"), &json!(status)));
        assert!(error["idempotencyKey"].is_string(), "{error}");
        let hint = error["hint"].as_str().expect("a hint");
        assert!(hint.starts_with(HINT), "{hint}");
        assert_eq!(hint.contains("the idempotency key prevents a duplicate"), open, "{hint}");
    }
}

/// A page can write neither on the terminal nor a key into a log, not even half of one, and a long one is cut.
#[test]
fn what_another_server_says_is_cut_and_sanitized() {
    let x = "x".repeat(60);
    let title = format!("Log \u{1b}[31m in\nto {x} {KEY} sk_live_abcdefghijkl1234");
    let page = Answer::html(403, &format!("<title>{title}</title>")).header("server", &"y".repeat(300));
    let stub = Stub::start(move |_| page.clone());
    for format in ["table", "json"] {
        let ran = User::of(&stub.address).run(&["payments", "status", "-o", format]).exits(1);
        let server = format!("{}… seems", "y".repeat(80));
        ran.clone().stderr_has(&[&format!("Log [31m in to {x} ik_"), &server]);
        assert!(!ran.stderr.contains('\u{1b}') && !ran.stderr.contains("ik_test"), "{ran:?}");
        assert!(!ran.stderr.contains("sk_live"), "{ran:?}");
    }
}

/// The answer may be the backend's keys, damaged on their way.
#[test]
fn an_answer_with_keys_is_never_quoted() {
    let keys = r#"{"keys":[{"environment":"test","keyType":"key_secret","value":"hush-hush"}]"#;
    let answer = Answer::with(200, "text/plain", keys);
    let stub = Stub::start(move |_| answer.clone());
    let ran = User::of(&stub.address).run(&["payments", "razorpay", "config"]).exits(1);
    assert!(!ran.stderr.contains("hush"), "{ran:?}");
    ran.stderr_has(&["answered 200 with text/plain\n"]);
}

/// The reason has no names of Rust types.
#[test]
fn a_list_or_a_value_instead_of_an_object_is_described_in_json_terms() {
    for (body, reason) in [
        ("[]", "invalid type: sequence, expected an object"),
        ("42", "invalid type: integer, expected an object"),
        (r#"{"connections":["x"]}"#, "`connections[0]`: invalid type: string, expected an object"),
    ] {
        let stub = Stub::start(move |_| Answer::json(200, body));
        let error = User::of(&stub.address).run(&["payments", "status", "--json"]).exits(1).error();
        let why = error["why"].as_str().expect("a reason");
        assert!(why.contains(&format!("{reason} at line 1")) && !why.contains("struct"), "{why}");
    }
}

/// Of the refusals, only a rate limiter's is another one in a moment.
#[test]
fn a_gateways_refusal_is_not_retried() {
    for status in [400, 401, 403, 404, 407, 408, 413] {
        let page = Answer::html(status, "<title>No</title>").header("retry-after", "0");
        let stub = Stub::start(move |_| page.clone());
        let error = User::of(&stub.address).run(&["payments", "status", "--json"]).exits(1).error();
        assert_eq!(error["code"], "RESPONSE_INVALID", "{status}");
        assert_eq!(stub.requests().len(), 1, "{status}");
    }
}

/// A gateway's rate limiter: the request is sent again, after the time that it asks for.
#[test]
fn a_gateways_rate_limit_is_waited_for() {
    let limited = Answer::html(429, "Too many requests from this IP");
    let status = Generation::Newer.exchange("242-status-recovered").answer();
    let stub = Stub::in_order(vec![limited.clone().header("retry-after", "0"), status]);
    User::of(&stub.address).run(&["payments", "status"]).exits(0);
    assert_eq!(stub.lines().len(), 2);

    let stub =
        Stub::start(move |_| limited.clone().header("retry-after", "90").header("server", "cloudflare"));
    User::of(&stub.address).run(&["payments", "status"]).exits(8).stderr_has(&[
        "error: Too many requests; cloudflare seems to have answered\n",
        "answered 429 with text/html: \"Too many requests from this IP\"",
        "hint: wait 90 s, then run it again\n",
    ]);
    assert_eq!(stub.lines().len(), 1);
}

/// `login` stores nothing, and `current` and `doctor` report the same as any other command.
#[test]
fn login_current_and_doctor_name_the_other_server() {
    let what = "The response is not InsForge's; nginx seems to have answered";
    for (status, body) in [
        (200, "<title>Sign in</title>"),
        (401, "<title>401 Authorization Required</title>"),
        (403, "<title>403 Forbidden</title>"),
        (404, "<title>404 Not Found</title>"),
        (407, "<title>Proxy</title>"),
    ] {
        let who = if status == 407 { what.replace("nginx", "a proxy") } else { what.to_owned() };
        let page = Answer::html(status, body).header("server", "nginx");
        let stub = Stub::start(move |_| page.clone());

        let user = User::new();
        let login = ["login", "--api-url", &stub.address, "--api-key-stdin", "--json"];
        let error = user.run_with_stdin(&login, KEY).exits(1).error();
        assert_eq!((&error["error"], &error["code"]), (&json!(who), &json!("RESPONSE_INVALID")));
        assert!(!user.path(".config/insforge/config.toml").exists());

        let user = User::of(&stub.address);
        let ran = user.run(&["current", "--json"]).exits(1);
        assert_eq!((&ran.error()["error"], &ran.json()["keyAccepted"]), (&json!(who), &Value::Null));

        let checks = user.run(&["payments", "doctor", "--json"]).exits(1).json();
        let check = |name: &str| {
            let checks = checks["checks"].as_array().expect("checks").iter();
            checks
                .clone()
                .find(|check| check["check"] == name)
                .unwrap_or_else(|| panic!("{name}: {checks:?}"))
                .clone()
        };
        for name in ["reachable", "routes"] {
            assert_eq!(check(name)["verdict"], "fail", "{name}");
            let found = check(name)["found"].as_str().expect("a text").to_owned();
            assert!(found.starts_with(&who) && found.ends_with(HINT), "{found}");
        }
        assert_eq!(check("key accepted")["verdict"], "skip");
    }
}

/// A run of many objects ends when a gateway lets nothing through.
#[test]
fn a_bulk_create_ends_at_a_gateway_that_lets_nobody_through() {
    let lines: Vec<String> = (0..9).map(|number| format!("{{\"name\":\"p{number}\"}}")).collect();
    let lines = lines.join("\n");
    for (status, sent) in [(403, 1), (407, 1), (413, 2)] {
        let stub =
            behind(Answer::html(status, "<title>No</title>"), &[STATUS, "/api/payments/stripe/test/catalog"]);
        let user = User::of(&stub.address).with("INSFORGE_RETRIES", "0");
        let file = user.write("products.jsonl", &lines);
        let ran = user.run(&[
            "payments",
            "products",
            "create",
            "--from-file",
            file.to_str().expect("text"),
            "--json",
        ]);
        let posts = stub.lines().iter().filter(|line| line.starts_with("POST")).count();
        assert_eq!((posts, ran.code), (sent, 1), "{status}: {ran:?}");
        assert_eq!(ran.error()["code"], "RESPONSE_INVALID", "{ran:?}");
    }
}

/// InsForge's own page for a route that does not exist is no other server's, and no other page is InsForge's.
#[test]
fn the_page_of_a_missing_route_stays_one() {
    let page = |request: &Request| {
        let text = format!("<pre>Cannot {} {}</pre>", request.method, request.target);
        Answer::html(404, &format!("<!DOCTYPE html><html><title>Error</title><body>{text}</body></html>"))
    };
    let stub = Stub::start(page);
    let error = run(&stub, &["payments", "status"]).exits(1).error();
    assert_eq!(error["code"], "PAYMENTS_NOT_AVAILABLE");

    let status = Generation::Newer.exchange("242-status-recovered").answer();
    let stub =
        Stub::start(move |request| if request.target == STATUS { status.clone() } else { page(request) });
    for args in [&["payments", "products", "list"][..], &["payments", "products", "create", "--name", "x"]] {
        assert_eq!(run(&stub, args).exits(1).error()["error"], "This backend has no such route", "{args:?}");
    }
}

/// Every error that a real backend was recorded with is read as the backend's.
#[test]
fn every_recorded_error_is_insforges() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract");
    let mut seen = 0;
    for name in ["exchanges-current.jsonl", "exchanges-legacy.jsonl", "exchanges-production-404.jsonl"] {
        let text = std::fs::read_to_string(folder.join(name)).expect("a recording");
        let mut errors = std::collections::BTreeMap::new();
        for line in text.lines() {
            let exchange: Value = serde_json::from_str(line).expect("an exchange");
            let status = exchange["status"].as_u64().expect("a status");
            if status >= 400 {
                let body = &exchange["response_body"];
                // One of each kind: the code decides, and the message must not.
                let kind = body["error"]
                    .as_str()
                    .map_or_else(|| "page".to_owned(), |code| format!("{status} {code}"));
                errors.entry(kind).or_insert((
                    exchange["name"].clone(),
                    status,
                    exchange["response_headers"]["content-type"].clone(),
                    body.clone(),
                ));
            }
        }
        for (kind, (name, status, content_type, body)) in errors {
            let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
            let answer = Answer::with(
                u16::try_from(status).expect("a status"),
                content_type.as_str().expect("a type"),
                &text,
            );
            // Pages are for GET requests.
            let stub = behind(answer, &[STATUS]);
            let error = run(&stub, &["payments", "customers"]).error();
            assert_ne!(error["code"], "RESPONSE_INVALID", "{name} {kind}: {error}");
            let code = body["error"].as_str().unwrap_or("NOT_FOUND");
            assert!(
                [code, "PAYMENTS_NOT_AVAILABLE"].contains(&error["code"].as_str().expect("a code")),
                "{name} {kind}: {error}"
            );
            seen += 1;
        }
    }
    assert!(seen > 30, "only {seen} kinds of error were found");
}

/// A status without the fields of one is no valid answer, either: nothing is created.
#[test]
fn nothing_is_created_after_an_invalid_status() {
    for (content_type, body) in [
        ("text/plain", "OK"),
        ("application/json", "{\"status\":\"ok\"}"),
        ("application/json", "[]"),
        ("application/json", ""),
        ("text/html", "<title>Log in</title>"),
    ] {
        let answer = Answer::with(200, content_type, body);
        let stub = Stub::start(move |_| answer.clone());
        let error = run(&stub, &["payments", "products", "create", "--name", "x"]).exits(1).error();
        assert_eq!((&error["code"], &error["hint"]), (&json!("RESPONSE_INVALID"), &json!(HINT)), "{body}");
        assert_eq!(stub.lines(), ["GET /api/payments/stripe/status"], "{body}");
    }
}
