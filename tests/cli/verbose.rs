//! `-v` and `INSFORGE_LOG` report decisions, requests and answers, and no secret.

use super::harness::recordings::Generation;
use super::harness::stub::{Answer, Request, Stub};
use super::harness::{KEY, RunOutput, User, dead_address};

const STATUS: [&str; 2] = ["payments", "status"];
/// A secret without a known prefix.
const HUSH: &str = "hush4hush4hush4";

fn status() -> Answer {
    Generation::Newer.exchange("086-status-both").answer()
}

/// Stderr with `N` for numbers that differ between runs.
fn without_numbers(ran: &RunOutput) -> Vec<String> {
    let number = |word: &str| word.parse::<f64>().is_ok();
    let timed = |line: &str| ["ms", "s ", "s: "].iter().any(|unit| line.contains(unit));
    ran.stderr
        .lines()
        .map(|line| {
            let words = line.split(' ').map(|word| if number(word) && timed(line) { "N" } else { word });
            words.collect::<Vec<_>>().join(" ")
        })
        .collect()
}

#[test]
fn reports_every_request_and_decision() {
    let busy = Answer::refusal(503, "UPSTREAM_FAILURE", "no").header("retry-after", "0");
    let stub = Stub::in_order(vec![Answer::Drop, busy, status()]);
    let ran = User::of(&stub.address).run(&["payments", "status", "-v"]).exits(0);
    let lines = without_numbers(&ran);
    let lost = lines[5].strip_prefix("* no usable response after N ms: ").expect("a reason");
    assert!(!lost.is_empty());
    assert_eq!(
        lines,
        [
            format!("* backend {}, from INSFORGE_BASE_URL", stub.address).as_str(),
            "* key ik_****5see, from INSFORGE_API_KEY",
            "* deadline N s for all requests together, at most N retries of each",
            "* routes: generation not known yet",
            "> GET /api/payments/stripe/status",
            lines[5].as_str(),
            "* retry N of N in N s: a lost response",
            "> GET /api/payments/stripe/status",
            "< N Service Unavailable, N ms, N bytes",
            "* retry N of N in N s: N UPSTREAM_FAILURE, Retry-After N",
            "> GET /api/payments/stripe/status",
            "< N OK, N ms, N bytes",
            "* routes: newer generation",
        ]
    );
    assert!(ran.stdout.starts_with("Env "), "{ran:?}");
}

#[test]
fn reports_why_there_is_no_retry() {
    let refused = |status, after: &str| Answer::refusal(status, "X", "no").header("retry-after", after);
    let create = ["payments", "razorpay", "items", "create", "--name", "a", "--amount", "1", "--currency"];
    let create = [&create[..], &["INR"]].concat();
    let once = [&STATUS[..], &["--retries", "0"]].concat();
    for (args, answer, reason) in [
        (&create, refused(503, "0"), "after 503 X, Retry-After 0: the write may have succeeded"),
        (&STATUS.to_vec(), refused(429, "3600"), "after 429 X, Retry-After 3600: 3600 s is longer"),
        (&once, refused(503, "0"), "after 503 X, Retry-After 0: no retry is left"),
        (
            &[&STATUS[..], &["--timeout", "5s"]].concat(),
            refused(503, "20"),
            ": the deadline would pass first",
        ),
    ] {
        let stub = Stub::start(move |request: &Request| {
            if request.method == "POST" || reads_the_status(request) { answer.clone() } else { status() }
        });
        let ran = User::of(&stub.address).with("INSFORGE_LOG", "info").run(args);
        ran.stderr_has(&["* no retry ", reason]);
    }
    let ran =
        User::of(&dead_address()).with("INSFORGE_RETRIES", "1").run(&["payments", "status", "-v"]).exits(8);
    ran.stderr_has(&[
        "* retry 1 of 1 in ",
        "s: a failed connection\n",
        "* no retry after a failed connection: no retry is left",
    ]);
}

/// Before a write only the status is read.
fn reads_the_status(request: &Request) -> bool {
    request.target.ends_with("/stripe/status")
}

#[test]
fn reports_redirects_and_timeouts() {
    let target = "https://elsewhere.example/x?key=sk_live_abcdefghijkl1234";
    let stub = Stub::start(move |_| Answer::html(302, "moved").header("location", target));
    let ran = User::of(&stub.address).run(&["payments", "status", "-v"]).exits(1);
    let lines = without_numbers(&ran);
    assert_eq!(lines[5], "< N Found, N ms");
    assert!(lines[6].starts_with("* ") && lines[6].contains("is not followed"), "{lines:?}");
    assert!(!ran.stderr.contains("abcdefghijkl"), "{ran:?}");

    let late = Answer::Late { after: std::time::Duration::from_secs(30), then: Box::new(status()) };
    let stub = Stub::start(move |_| late.clone());
    let ran = User::of(&stub.address).run(&["payments", "status", "-v", "--timeout", "1348ms"]).exits(8);
    ran.stderr_has(&[
        "* deadline 1.348 s for all requests together",
        "* no usable response after ",
        "ms: the deadline passed",
        "got no complete response within 1.348 s",
    ]);
}

#[test]
fn reports_the_generation() {
    let older = |request: &Request| {
        if request.target.starts_with("/api/payments/stripe/") {
            return Answer::json(404, r#"{"error":"NOT_FOUND","message":"no","statusCode":404}"#);
        }
        status()
    };
    let stub = Stub::start(older);
    let user = User::new();
    user.write(
        ".insforge/project.json",
        &serde_json::json!({"oss_host": stub.address, "api_key": KEY}).to_string(),
    );
    let ran = user.run(&["payments", "status", "-v"]).exits(0);
    ran.stderr_has(&["/.insforge/project.json\n", "* routes: older generation\n"]);
    let ran = user.run(&["payments", "status", "-v"]).exits(0);
    ran.stderr_has(&["* routes: older generation, remembered\n> GET /api/payments/status\n"]);
}

#[test]
fn the_level_has_a_name_or_a_flag() {
    let stub = Stub::start(|_| status());
    let reported = |level: Option<&str>, flags: &[&str]| {
        let user = User::of(&stub.address);
        let user = level.into_iter().fold(user, |user, level| user.with("INSFORGE_LOG", level));
        let ran = user.run(&[&STATUS, flags].concat()).exits(0);
        (ran.stderr.contains("> GET /"), ran.stderr.contains("> accept: application/json"))
    };
    for nothing in ["", "off", "error", "WARN", "0", "false", "no"] {
        assert_eq!(reported(Some(nothing), &[]), (false, false), "{nothing}");
    }
    for requests in ["info", "1", "true", "yes", "on", " Info "] {
        assert_eq!(reported(Some(requests), &[]), (true, false), "{requests}");
    }
    for everything in ["debug", "trace", "DEBUG"] {
        assert_eq!(reported(Some(everything), &[]), (true, true), "{everything}");
    }
    assert_eq!(reported(None, &["-v"]), (true, false));
    assert_eq!(reported(None, &["-vv"]), (true, true));
    assert_eq!(reported(Some("off"), &["--verbose"]), (true, false));
    assert_eq!(reported(Some("debug"), &["-v"]), (true, true));
    let user = User::of(&stub.address).with("INSFORGE_LOG", "insforge=debug");
    user.run(&STATUS)
        .exits(64)
        .stderr_has(&["Invalid INSFORGE_LOG 'insforge=debug'", "hint: set it to off, info or debug"]);
}

#[test]
fn debug_reports_headers_bodies_and_settings() {
    let stub = Stub::start(|_| status().header("set-cookie", "session=abc123"));
    let user = User::of(&stub.address).with("INSFORGE_LOG", "debug");
    let ran = user.run(&STATUS).exits(0);
    let version = env!("CARGO_PKG_VERSION");
    assert!(!ran.stderr.contains("abc123"), "{ran:?}");
    ran.stderr_has(&[
        "* set in the environment: INSFORGE_API_KEY, INSFORGE_BASE_URL, INSFORGE_LOG, TZ\n",
        "* no address and key in the flags\n",
        &format!("> GET /api/payments/stripe/status\n> user-agent: insforge-cli/{version}\n"),
        "> accept: application/json\n> authorization: ****\n< 200 OK, ",
        "< content-type: application/json; charset=utf-8\n",
        "< set-cookie: ****\n",
        "< {\"connections\":[{\"environment\":\"test\",",
    ]);
}

/// Even if the backend repeats secrets in bodies, headers and errors.
#[test]
fn no_secret_is_reported() {
    let echo =
        format!("no: {KEY} sk_test_alpha_abc {HUSH} \\\"{HUSH}\\\" whsec_abcdefghijkl rzp_live_abcdefghijkl");
    let echo =
        format!(r#"{{"error":"INVALID_INPUT","message":"{echo}","statusCode":400,"keySecret":"{HUSH}"}}"#);
    let config = format!(r#"{{"keys":[{{"environment":"test","keyType":"key_secret","value":"{HUSH}"}}]}}"#);
    let setup = format!(
        r#"{{"webhookUrl":"https://x.example/api/webhooks/razorpay/test","webhookSecret":"{HUSH}"}}"#
    );
    let razorpay = ["payments", "razorpay", "config", "set", "test", "--key-id", "rzp_test_alpha_1"];
    let with_secret = [&razorpay[..], &["--webhook-secret-file", "hush", "-", "--yes"]].concat();
    let stripe = ["payments", "config", "set", "test", "-", "--yes"];
    for level in ["info", "debug"] {
        for (args, stdin, answer) in [
            (&with_secret[..], HUSH, Answer::json(200, &config)),
            (&with_secret, HUSH, Answer::json(400, &echo).header("x-echo", HUSH)),
            (&stripe, "sk_test_alpha_1", Answer::json(400, &echo.replace(HUSH, "sk_test_alpha_1"))),
            (&["payments", "razorpay", "config"], "", Answer::json(200, &config)),
            (&["payments", "razorpay", "webhooks", "setup"], "", Answer::json(200, &setup)),
            (&["payments", "razorpay", "webhooks", "setup", "--show-secret"], "", Answer::json(200, &setup)),
            (
                &["payments", "razorpay", "webhooks", "rotate-secret", "--yes", "--json"],
                "",
                Answer::json(200, &setup),
            ),
        ] {
            let stub =
                Stub::start(
                    move |request: &Request| {
                        if request.target.ends_with("/status") { status() } else { answer.clone() }
                    },
                );
            let user = User::of(&stub.address).with("INSFORGE_LOG", level);
            user.write("hush", HUSH);
            let ran = user.run_with_stdin(args, stdin);
            // The harness searches for the other secrets.
            assert!(!ran.stderr.contains(HUSH) && !ran.stderr.contains("abcdefghijkl"), "{args:?}: {ran:?}");
            assert!(ran.stderr.contains("\n< "), "{ran:?}");
        }
    }
}

#[test]
fn the_error_is_always_the_last_line() {
    let stub = Stub::start(|_| Answer::json(500, "{\"error\":\"X\",\n\"message\":\"no\u{1b}[31m\"}"));
    for flag in ["-v", "-vv"] {
        let ran = User::of(&stub.address).run(&["payments", "status", "--json", flag]).exits(1);
        assert_eq!(ran.error()["code"], "RESPONSE_INVALID");
        assert!(ran.stderr.lines().rev().skip(1).all(|line| line.starts_with(['*', '>', '<'])), "{ran:?}");
        assert!(!ran.stderr.contains('\u{1b}'));
    }
}

#[test]
fn a_dry_run_reports_the_backend_and_sends_nothing() {
    let stub = Stub::start(|_| status());
    let ran =
        User::of(&stub.address).run(&["payments", "products", "create", "--name", "a", "--dry-run", "-v"]);
    let ran = ran.exits(0);
    assert!(ran.stderr.contains("* key ik_****5see, from INSFORGE_API_KEY\n"), "{ran:?}");
    assert!(!ran.stderr.contains("\n> "), "{ran:?}");
}
