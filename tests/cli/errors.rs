//! The exit code and hint of every status and code of the backend, for a read, for a repeatable write and for a write
//! that is not repeatable.

use std::process::Stdio;

use serde_json::{Value, json};

use super::harness::recordings::{self, Generation};
use super::harness::stub::{Answer, Request, Stub};
use super::harness::{RunOutput, User};

/// A request of each kind.
const READ: &[&str] = &["payments", "products", "get", "prod_1"];
const REPEATABLE: &[&str] = &["payments", "prices", "archive", "price_1"];
const ONCE: &[&str] = &["payments", "products", "update", "prod_1", "--name", "x"];

/// A backend that answers the status, and everything else with this error.
fn refusing(status: u16, code: &str, message: &str) -> Stub {
    let recorded = Generation::Newer.exchange("242-status-recovered").answer();
    let body = json!({"error": code, "message": message, "statusCode": status}).to_string();
    Stub::start(move |request| match request.target.as_str() {
        "/api/payments/stripe/status" => recorded.clone(),
        _ => Answer::json(status, &body),
    })
}

fn run(stub: &Stub, args: &[&str]) -> RunOutput {
    User::of(&stub.address).with("INSFORGE_RETRIES", "0").run(&[args, &["--json"]].concat())
}

#[test]
fn every_code_has_its_exit_code_and_hint() {
    const POOL: &str = "timeout exceeded when trying to connect";
    // status, code, message; exit code of a read, of a repeatable write, of another write; part of the hint
    let table = [
        (401, "AUTH_INVALID_CREDENTIALS", "No token", [2, 2, 2], "the key comes from INSFORGE_API_KEY"),
        (401, "AUTH_INVALID_API_KEY", "Bad key", [2, 2, 2], ""),
        (401, "AUTH_UNAUTHORIZED", "Bad token", [2, 2, 2], "the key comes from INSFORGE_API_KEY"),
        (403, "AUTH_UNAUTHORIZED", "No admin", [5, 5, 5], "use the project's admin API key"),
        (401, "PAYMENT_CONFIG_INVALID", "Expired API Key", [1, 1, 1], "insforge payments config set"),
        (403, "PAYMENT_CONFIG_INVALID", "No permission", [5, 5, 5], "insforge payments config set"),
        (400, "PAYMENT_CONFIG_INVALID", "Not configured", [1, 1, 1], "insforge payments config set"),
        (400, "PAYMENT_CONFIG_NOT_FOUND", "Not configured", [1, 1, 1], "insforge payments config set"),
        (404, "PAYMENT_CONFIG_NOT_FOUND", "No key", [4, 4, 4], "insforge payments config` to see which keys"),
        (
            404,
            "PAYMENT_PRODUCT_NOT_FOUND",
            "Not found",
            [4, 4, 4],
            "insforge payments sync` to update the mirror",
        ),
        (
            404,
            "PAYMENT_PRICE_NOT_FOUND",
            "Not found",
            [4, 4, 4],
            "insforge payments sync` to update the mirror",
        ),
        (404, "UPSTREAM_FAILURE", "No such price", [4, 4, 4], "insforge payments sync` to update the mirror"),
        (400, "UPSTREAM_FAILURE", "Stripe says no", [1, 1, 1], "change what the message names"),
        (402, "PAYMENT_METHOD_DECLINED", "Declined", [1, 1, 1], "provider's dashboard"),
        (409, "UPSTREAM_FAILURE", "Object is locked", [1, 1, 1], "then run it again"),
        (429, "RATE_LIMITED", "Too fast", [8, 8, 8], "wait a moment"),
        (500, "INTERNAL_ERROR", "prices exploded", [1, 1, 1], ""),
        (500, "INTERNAL_ERROR", POOL, [8, 8, 1], ""),
        (502, "UPSTREAM_FAILURE", "Unreachable", [8, 8, 1], ""),
        (503, "UPSTREAM_FAILURE", "Down", [8, 8, 1], ""),
        (504, "UPSTREAM_FAILURE", "Late", [8, 8, 1], ""),
        (524, "HTTP_524", "No answer from the origin", [8, 8, 1], ""),
        (501, "INTERNAL_ERROR", "Not implemented", [1, 1, 1], ""),
        (418, "SOMETHING_NEW", "A teapot", [1, 1, 1], ""),
    ];
    let explained = User::new().run(&["explain", "--json"]).exits(0).json();
    for (status, code, message, exits, hint) in table {
        let stub = refusing(status, code, message);
        assert_explained(&explained, code, &exits[..2]);
        for (args, exit) in [READ, REPEATABLE, ONCE].into_iter().zip(exits) {
            let ran = run(&stub, args).exits(exit);
            let error = ran.error();
            let open = args == ONCE && matches!(status, 500 | 502..=504 | 524);
            let what = if open { format!("{message}; the outcome is unknown") } else { message.into() };
            assert_eq!(error["error"], what, "{args:?}");
            assert_eq!(error["code"], if open { "OUTCOME_UNKNOWN" } else { code });
            assert_eq!((&error["status"], &error["exitCode"]), (&status.into(), &exit.into()));
            assert_eq!(error["retryable"], exit == 8);
            let actual = error["hint"].as_str().unwrap_or_default();
            let expected = if open {
                "&& insforge payments products get test prod_1` whether it was applied"
            } else {
                hint
            };
            assert!(actual.contains(expected), "{status} {code} {args:?}: {actual}");
        }
    }
}

/// `explain` lists these exit codes of a code, and agrees with them on whether it is retryable.
fn assert_explained(explained: &Value, code: &str, exits: &[i32]) {
    let general = if code.starts_with("HTTP_") { "HTTP_nnn" } else { code };
    let Some(known) = explained.as_array().expect("a list").iter().find(|known| known["code"] == general)
    else {
        assert_eq!(code, "SOMETHING_NEW", "a code that is not explained");
        return;
    };
    for exit in exits {
        let listed = known["exitCodes"].as_array().expect("exit codes");
        assert!(listed.contains(&json!(exit)), "{code} exits with {exit}: {known}");
        let retryable = &known["retryable"];
        assert!(retryable.is_null() || *retryable == (*exit == 8), "{code} exits with {exit}: {known}");
    }
}

#[test]
fn invalid_input_points_to_the_request() {
    let stub = refusing(400, "INVALID_INPUT", "name: Required");
    assert_eq!(run(&stub, ONCE).exits(1).error()["hint"], "use --dry-run to see the request");
    assert_eq!(run(&stub, READ).exits(1).error()["hint"], "use -v to see the request");
}

/// A 401 after the same key was accepted is not about the key.
#[test]
fn a_false_401_is_reported_as_overload() {
    let stub = refusing(401, "AUTH_INVALID_API_KEY", "Invalid API key");
    let hint = |args| run(&stub, args).exits(2).error()["hint"].as_str().unwrap_or_default().to_owned();
    assert!(hint(ONCE).starts_with("the backend accepted this key a moment ago"), "{}", hint(ONCE));
    assert_eq!(hint(READ), "the key comes from INSFORGE_API_KEY");
}

/// Before 2.1.8 a missing object has the code of a missing route. On these routes a DELETE names an object, too.
#[test]
fn a_missing_object_of_an_early_backend_is_not_a_missing_route() {
    let status = Generation::Older.exchange("248-status-recovered").answer();
    let stub = Stub::start(move |request| match request.target.as_str() {
        "/api/payments/status" => status.clone(),
        _ => Answer::json(
            404,
            r#"{"error":"NOT_FOUND","message":"No Stripe key configured","statusCode":404}"#,
        ),
    });
    for args in [ONCE, REPEATABLE, &["payments", "config", "remove", "-y"]] {
        assert_eq!(run(&stub, args).exits(4).error()["code"], "NOT_FOUND", "{args:?}");
    }
    let create = ["payments", "products", "create", "--name", "x"];
    assert_eq!(run(&stub, &create).exits(1).error()["error"], "This backend has no such route");
}

#[test]
fn a_result_that_cannot_be_shown_reports_the_write_as_done() {
    let stub =
        recordings::serve_in(Generation::Newer, vec![Generation::Newer.exchange("088-product-create-min")]);
    let user = User::of(&stub.address);
    for (flag, reported) in
        [("-y", "✓ Stripe product created: prod_qNf6zJBhiOlwwe"), ("--json", "\"exitCode\":1")]
    {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
        let mut command = user.command(&["payments", "products", "create", "--name", "Basic", flag]);
        let output = command.stdin(Stdio::null()).stdout(full).output().expect("it runs");
        let stderr = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(reported), "{stderr}");
        assert!(
            stderr.contains(
                "Create product Basic at Stripe, test: the change was applied, but the result cannot be shown"
            ),
            "{stderr}"
        );
    }
}

/// The same command would be refused again.
#[test]
fn next_is_absent_after_a_refusal_that_cannot_change() {
    const PRICE: &[&str] =
        &["payments", "prices", "create", "--product", "p", "--currency", "xyz", "--unit-amount", "1"];
    let own_key = ["--idempotency-key", "k-1"];
    for (status, message) in [
        (400, "A price (`price_1`) already uses that lookup key."),
        (400, "No such product: 'p'"),
        (400, "Invalid currency: xyz"),
        (
            400,
            "Keys for idempotent requests can only be used with the same parameters they were first used with.",
        ),
        (401, "Expired API Key provided"),
        (402, "Your card was declined."),
        (403, "The provided key does not have the required permissions"),
        (404, "No such product: 'p'"),
        (409, "The object is locked"),
        (422, "Unprocessable"),
    ] {
        let stub = refusing(status, "UPSTREAM_FAILURE", message);
        for args in [PRICE.to_vec(), [PRICE, &own_key].concat()] {
            let error = run(&stub, &args).error();
            assert_eq!((&error["next"], &error["retryable"]), (&Value::Null, &json!(false)), "{error}");
            assert!(error["idempotencyKey"].is_string(), "{error}");
            assert!(!error["hint"].to_string().contains("run it again: "), "{error}");
        }
    }
    // It is given where the same command may succeed, or shows the outcome.
    for (status, code) in [(429, "RATE_LIMITED"), (500, "INTERNAL_ERROR"), (503, "UPSTREAM_FAILURE")] {
        let error = run(&refusing(status, code, "Not now"), PRICE).error();
        assert_eq!(error["next"][3], "create", "{error}");
    }
}

/// A create that is still in progress is no key conflict: another key would create a second product.
#[test]
fn a_create_in_progress_does_not_suggest_another_key() {
    let message = "There is currently another in-progress request using this Idempotent Key (insforge:test:product:k 1)";
    let stub = refusing(409, "UPSTREAM_FAILURE", message);
    let create = ["payments", "products", "create", "--name", "x", "--idempotency-key", "k 1"];
    let error = run(&stub, &create).exits(1).error();
    assert_eq!(error["error"], message.replace("insforge:test:product:", ""));
    assert_eq!(error["idempotencyKey"], "k 1");
    let hint = error["hint"].as_str().expect("a hint");
    assert!(hint.contains("wait a moment, then run it again") && !hint.contains("another"), "{hint}");
}

/// A command in a hint is for the backend of the run.
#[test]
fn commands_in_hints_name_the_same_backend() {
    let stub = refusing(502, "UPSTREAM_FAILURE", "Down");
    let user = User::new();
    let file = user.write("key file", super::harness::KEY);
    let from = ["--api-url", &stub.address, "--api-key-file", file.to_str().expect("text")];
    let ran = user.run(&[ONCE, &from].concat()).exits(1);
    let flags = shell_words::join(from);
    ran.stderr_has(&[&format!(
        "`insforge payments sync test {flags} && insforge payments products get test prod_1 {flags}`"
    )]);
    let ran = user.run(&[&["payments", "webhooks", "configure"], &from[..]].concat()).exits(1);
    ran.stderr_has(&[&format!("run `insforge payments webhooks configure test {flags}` again")]);
}

/// The fields that are read are valid, but another one is not.
#[test]
fn a_partly_invalid_answer_does_not_hide_the_idempotency_key() {
    let status = Generation::Newer.exchange("242-status-recovered").answer();
    let stub = Stub::start(move |request| match request.method.as_str() {
        "GET" => status.clone(),
        _ => Answer::json(201, r#"{"product":{"environment":"test","productId":"p","other":"\ud800"}}"#),
    });
    let error = run(&stub, &["payments", "products", "create", "--name", "x"]).exits(1).error();
    assert_eq!(
        error["error"],
        "Create product x at Stripe, test: the change was applied, but the result cannot be shown"
    );
    let sent: Value = serde_json::from_slice(&stub.requests()[1].body).expect("JSON");
    assert_eq!(error["idempotencyKey"], sent["idempotencyKey"]);
}

/// An invalid command line is reported before a missing login.
#[test]
fn an_invalid_command_line_needs_no_backend() {
    for args in
        [&["payments", "products", "update", "p"][..], &["payments", "config", "set", "test", "rk_test_x"]]
    {
        User::new().run(args).exits(64);
    }
    User::new().run(ONCE).exits(3);
}

/// The generation of a backend that was newer last time is detected again, and the price is sent in its spelling.
#[test]
fn a_write_adapts_to_a_changed_generation() {
    let newer = recordings::serve_in(Generation::Newer, vec![]);
    let user = User::new();
    let login = |address: &str| {
        let args = ["login", "--api-url", address, "--api-key-stdin"];
        user.run_with_stdin(&args, super::harness::KEY).exits(0);
    };
    login(&newer.address);
    let status = Generation::Older.exchange("248-status-recovered").answer();
    let price = Generation::Older.exchange("152-price-create-one-time").answer();
    let older = Stub::start(move |request| match request.target.as_str() {
        "/api/payments/status" => status.clone(),
        "/api/payments/test/catalog/prices" => price.clone(),
        _ => Answer::html(404, "Cannot POST"),
    });
    // Replaces the newer backend by the older one.
    for file in
        [".config/insforge/config.toml", ".config/insforge/credentials.toml", ".cache/insforge/backends.json"]
    {
        let moved = user.read(file).replace(&newer.address, &older.address);
        user.write(file, &moved);
    }
    let args =
        ["payments", "prices", "create", "--product", "p", "--currency", "usd", "--unit-amount", "1999"];
    user.run(&args).exits(0);
    let requests = older.requests();
    let lines: Vec<String> = requests.iter().map(Request::line).collect();
    assert_eq!(
        lines,
        [
            "POST /api/payments/stripe/test/catalog/prices",
            "GET /api/payments/status",
            "POST /api/payments/test/catalog/prices",
        ]
    );
    let bodies: Vec<Value> =
        [0, 2].map(|at: usize| serde_json::from_slice(&requests[at].body).expect("JSON")).to_vec();
    assert_eq!((&bodies[0]["productId"], &bodies[1]["stripeProductId"]), (&json!("p"), &json!("p")));
    assert_eq!(bodies[0]["idempotencyKey"], bodies[1]["idempotencyKey"]);
}

#[test]
#[cfg(feature = "sandbox")]
fn a_plan_that_cannot_be_written_is_file_failed() {
    let user = User::new();
    user.write("payments.toml", "version = 1\n");
    std::fs::create_dir(user.path("folder")).expect("a folder");
    let args = ["payments", "catalog", "plan", "test", "--out", "folder", "--sandbox", "--json"];
    let error = user.run(&args).exits(1).error();
    assert_eq!((&error["code"], &error["error"]), (&json!("FILE_FAILED"), &json!("Cannot write folder")));
}
