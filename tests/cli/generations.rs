//! The generation of the backend is detected with a GET, remembered, and forgotten when it is no longer true.

use std::sync::atomic::{AtomicBool, Ordering};

use super::harness::recordings::{self, Exchange, Generation};
use super::harness::stub::{Answer, Request, Stub};
use super::harness::{KEY, User};

const NEWER_STATUS: &str = "GET /api/payments/stripe/status";
const OLDER_STATUS: &str = "GET /api/payments/status";

/// A user with a stored login, for which the generation is remembered.
fn logged_in(address: &str) -> User {
    let user = User::new();
    user.run_with_stdin(&["login", "--api-url", address, "--api-key-stdin"], KEY).exits(0);
    user
}

#[test]
fn an_older_backend_is_detected_once_and_remembered() {
    let list = Generation::Older.exchange("204-customers");
    let stub = recordings::serve_in(Generation::Older, vec![list]);
    let user = logged_in(&stub.address);
    assert_eq!(stub.lines(), [NEWER_STATUS, OLDER_STATUS]);
    user.run(&["payments", "customers"]).exits(0);
    assert_eq!(stub.lines()[2..], ["GET /api/payments/test/customers"]);
}

#[test]
fn without_a_stored_login_no_file_is_written() {
    let list = Generation::Older.exchange("204-customers");
    let stub = recordings::serve_in(Generation::Older, vec![list]);
    let user = User::of(&stub.address);
    for _ in 0..2 {
        user.run(&["payments", "customers"]).exits(0);
    }
    let each = ["GET /api/payments/stripe/test/customers", OLDER_STATUS, "GET /api/payments/test/customers"];
    assert_eq!(stub.lines(), [each, each].concat());
    assert_eq!(std::fs::read_dir(user.home.path()).expect("the home").count(), 0, "a file was written");
}

#[test]
fn a_post_is_only_sent_after_the_generation_is_known() {
    // An older backend takes POST /api/payments/stripe/sync for the sync of an environment `stripe`: exchange 042 is a 400.
    let sync = Generation::Older.exchange("203-sync-all");
    let stub = recordings::serve_in(Generation::Older, vec![sync]);
    User::of(&stub.address).run(&["payments", "sync"]).exits(0);
    let customers = ["test", "live"].map(|name| format!("GET /api/payments/{name}/customers?limit=1"));
    let [test, live] = &customers;
    assert_eq!(stub.lines(), [NEWER_STATUS, OLDER_STATUS, "POST /api/payments/sync", test, live]);
}

#[test]
fn an_upgrade_of_the_backend_is_detected() {
    let upgraded: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
    let older: Vec<Exchange> = Generation::Older.exchanges();
    let newer: Vec<Exchange> = Generation::Newer.exchanges();
    let stub = Stub::start(move |request: &Request| {
        let exchanges = if upgraded.load(Ordering::SeqCst) { &newer } else { &older };
        let found = exchanges.iter().rev().find(|exchange| exchange.line() == request.line());
        let missing = || {
            let message = format!("Endpoint {} not found", request.target);
            Answer::json(
                404,
                &serde_json::json!({"error": "NOT_FOUND", "message": message, "statusCode": 404}).to_string(),
            )
        };
        found.map_or_else(missing, Exchange::answer)
    });
    let user = logged_in(&stub.address);
    user.run(&["payments", "catalog"]).exits(0);
    upgraded.store(true, Ordering::SeqCst);

    let before = stub.lines().len();
    user.run(&["payments", "catalog"]).exits(0);
    assert_eq!(
        stub.lines()[before..],
        [
            "GET /api/payments/test/catalog",
            NEWER_STATUS,
            "GET /api/payments/stripe/test/catalog",
            // The catalog is empty.
            NEWER_STATUS,
        ]
    );
    let before = stub.lines().len();
    user.run(&["payments", "catalog"]).exits(0);
    assert_eq!(stub.lines()[before..], ["GET /api/payments/stripe/test/catalog", NEWER_STATUS]);

    // A downgrade is detected too, here by a sync.
    upgraded.store(false, Ordering::SeqCst);
    let before = stub.lines().len();
    let ran = user.run(&["payments", "sync", "test"]);
    assert_eq!(stub.lines()[before], "POST /api/payments/stripe/test/sync");
    assert_eq!(stub.lines().last().expect("a request"), "POST /api/payments/test/sync", "{ran:?}");
}

/// A production image answers 404 with HTML.
#[test]
fn an_html_404_can_mean_a_missing_route() {
    let recorded = recordings::read("exchanges-production-404.jsonl");
    for (prefix, expected) in [("current", vec![NEWER_STATUS]), ("shipped", vec![NEWER_STATUS, OLDER_STATUS])]
    {
        let served: Vec<_> =
            recorded.iter().filter(|exchange| exchange.name.starts_with(prefix)).cloned().collect();
        let stub = recordings::serve(served);
        let ran = User::of(&stub.address).run(&["payments", "status"]).exits(0);
        assert!(ran.stdout.contains("acct_jtP2rWhblZ6tcCJR"), "{ran:?}");
        assert_eq!(stub.lines(), expected);
    }
}

#[test]
fn a_backend_without_payments_routes_has_its_own_error() {
    let json =
        Answer::json(404, r#"{"error":"NOT_FOUND","message":"Endpoint /api/x not found","statusCode":404}"#);
    let html = Answer::html(404, "<!DOCTYPE html><pre>Cannot GET /api/x</pre>");
    for answer in [json, html] {
        for args in
            [&["payments", "status"][..], &["payments", "sync"], &["payments", "products", "get", "prod_1"]]
        {
            let answer = answer.clone();
            let stub = Stub::start(move |_| answer.clone());
            let user = User::of(&stub.address);
            let ran = user.run(args).exits(1);
            assert_eq!(ran.stderr.lines().next(), Some("error: Payments are not available on this backend"));
            assert!(stub.lines().iter().all(|line| line.starts_with("GET ")), "{:?}", stub.lines());
            let json = user.run(&[args, &["--json"]].concat()).exits(1);
            assert_eq!(json.error()["error"], "Payments are not available on this backend");
            assert_eq!(json.error()["code"], "PAYMENTS_NOT_AVAILABLE");
        }
    }
}

/// 2.1.0 to 2.1.7 have the older routes and plain codes, so a missing product looks like a missing route.
#[test]
fn a_missing_object_of_2_1_is_not_taken_for_a_missing_route() {
    let plain = |request: &Request| match request.target.as_str() {
        "/api/payments/status" => Generation::Older.exchange("092-status-both").answer(),
        target => {
            let message = format!("Endpoint {target} not found");
            Answer::json(
                404,
                &serde_json::json!({"error": "NOT_FOUND", "message": message, "statusCode": 404}).to_string(),
            )
        }
    };
    let stub = Stub::start(plain);
    let user = User::of(&stub.address);
    let ran = user.run(&["payments", "products", "get", "prod_missing", "--json"]).exits(4);
    assert_eq!(ran.error()["code"], "NOT_FOUND");
    assert_eq!(ran.error()["exitCode"], 4);

    // The same with a remembered generation, which such a 404 must not erase.
    let user = logged_in(&stub.address);
    user.run(&["payments", "prices", "get", "price_1missing"]).exits(4);
    let before = stub.lines().len();
    user.run(&["payments", "prices", "get", "price_1missing"]).exits(4);
    assert_eq!(
        stub.lines()[before..],
        ["GET /api/payments/test/catalog/prices/price_1missing", NEWER_STATUS, OLDER_STATUS]
    );
    assert!(user.read(".cache/insforge/backends.json").contains("older"));

    // A list always exists, so its route is missing.
    user.run(&["payments", "customers"]).exits(1).stderr_has(&["This backend has no such route"]);
}

#[test]
fn an_invalid_cache_file_is_ignored() {
    let stub = recordings::serve_in(Generation::Newer, vec![]);
    let user = logged_in(&stub.address);
    user.write(".cache/insforge/backends.json", "{ not json");
    user.run(&["payments", "status"]).exits(0);
    assert!(user.read(".cache/insforge/backends.json").contains("newer"));
}
