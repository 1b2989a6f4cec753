//! The result of a sync depends on the response's body. The HTTP status is always 200.

use serde_json::{Value, json};

use super::harness::User;
use super::harness::recordings::Generation;
use super::harness::stub::{Answer, Stub};

/// The result of one environment, from a recording of `test`.
fn result(name: &str, environment: &str) -> Value {
    let mut result = Generation::Newer.exchange(name).response_body["results"][0].clone();
    result["environment"] = environment.into();
    result["connection"]["environment"] = environment.into();
    result
}

fn sync_of(results: &[Value]) -> Stub {
    let body = json!({ "results": results }).to_string();
    let status = Generation::Newer.exchange("086-status-both").answer();
    Stub::start(
        move |request| if request.method == "GET" { status.clone() } else { Answer::json(200, &body) },
    )
}

const DONE: &str = "195-sync-env";
const FAILED: &str = "236-sync-prices-fail";
const REVOKED: &str = "238-sync-key-revoked";
const UNCONFIGURED: &str = "018-sync-env-unconfigured";

#[test]
fn the_exit_code_depends_on_all_results() {
    // result of test, result of live, exit code, error code, parts of the message
    let table: [(&str, &str, i32, &str, &[&str]); 9] = [
        (DONE, DONE, 0, "", &[]),
        (DONE, UNCONFIGURED, 0, "", &[]),
        (UNCONFIGURED, DONE, 0, "", &[]),
        (
            DONE,
            FAILED,
            9,
            "SYNC_PARTLY_FAILED",
            &["sync of live failed; test was synced", "live: prices exploded"],
        ),
        (
            REVOKED,
            DONE,
            9,
            "SYNC_PARTLY_FAILED",
            &["sync of test failed; live was synced", "test: Expired API Key"],
        ),
        (
            FAILED,
            REVOKED,
            1,
            "SYNC_FAILED",
            &["sync of test and live failed", "test: prices", "live: Expired"],
        ),
        (FAILED, UNCONFIGURED, 1, "SYNC_FAILED", &["sync of test failed", "prices exploded"]),
        (UNCONFIGURED, FAILED, 1, "SYNC_FAILED", &["sync of live failed"]),
        (UNCONFIGURED, UNCONFIGURED, 1, "PAYMENT_CONFIG_NOT_FOUND", &["no Stripe key is configured"]),
    ];
    for (test, live, exit, code, parts) in table {
        let stub = sync_of(&[result(test, "test"), result(live, "live")]);
        let user = User::of(&stub.address);
        let ran = user.run(&["payments", "sync"]).exits(exit);
        assert_eq!(ran.stderr.contains('✓'), exit == 0, "{test} {live}: {ran:?}");
        ran.stderr_has(parts);
        let ran = user.run(&["payments", "sync", "--json"]).exits(exit);
        assert_eq!(ran.json()["results"].as_array().map(Vec::len), Some(2));
        if exit != 0 {
            assert_eq!((&ran.error()["code"], &ran.error()["exitCode"]), (&code.into(), &exit.into()));
            assert_eq!(ran.error()["retryable"], false);
        }
    }
}

/// A failed sync with another reason.
fn failed_for(reason: &str, environment: &str) -> Value {
    let mut failed = result(REVOKED, environment);
    failed["connection"]["lastSyncError"] = reason.into();
    failed
}

const OUTAGE: &str = "An error occurred with our connection to Stripe. Request was retried 2 times.";

#[test]
fn a_sync_that_failed_because_stripe_is_unreachable_can_be_run_again() {
    let revoked = "Expired API Key provided: sk_test_****ha_2";
    // reason in test, result of live, exit code, part of the hint, whether `next` is the sync
    let table = [
        (OUTAGE, result(UNCONFIGURED, "live"), 8, "wait a moment, then run it again", true),
        (OUTAGE, failed_for(OUTAGE, "live"), 8, "wait a moment, then run it again", true),
        ("Request rate limit exceeded.", failed_for(OUTAGE, "live"), 8, "then run it again", true),
        (OUTAGE, result(DONE, "live"), 9, "wait a moment, then run it again", true),
        (OUTAGE, failed_for(revoked, "live"), 1, "`insforge payments config set live`", false),
        (revoked, result(DONE, "live"), 9, "`insforge payments config set test`", false),
        (revoked, result(UNCONFIGURED, "live"), 1, "`insforge payments config set test`", false),
        (
            "Invalid API Key provided: sk_test_****1",
            result(UNCONFIGURED, "live"),
            1,
            "config set test",
            false,
        ),
        (
            "The provided key does not have the required permissions for this endpoint on account 'acct_1'.",
            result(UNCONFIGURED, "live"),
            1,
            "config set test",
            false,
        ),
        ("prices exploded", failed_for(OUTAGE, "live"), 1, "fix the cause, then sync again", false),
    ];
    for (reason, live, exit, hint, again) in table {
        let stub = sync_of(&[failed_for(reason, "test"), live]);
        let error = User::of(&stub.address).run(&["payments", "sync", "--json"]).exits(exit).error();
        assert!(error["hint"].as_str().expect("a hint").contains(hint), "{reason}: {error}");
        assert_eq!(error["retryable"], exit == 8, "{reason}");
        let next = again.then(|| json!(["insforge", "payments", "sync", "--json"]));
        assert_eq!(error["next"], json!(next), "{reason}");
    }
}

#[test]
fn a_sync_that_failed_because_razorpay_is_unreachable_can_be_run_again() {
    const LOST: &str = "Cannot read properties of undefined (reading 'status')";
    let set = "set another one with `insforge payments razorpay config set test`";
    let parts = format!("customers: {LOST}; invoices: {LOST}");
    let both = format!("customers: {LOST}; invoices: [object Object]");
    for (reason, exit, hint) in [
        (LOST, 8, "Razorpay is unreachable; wait a moment, then run it again"),
        (parts.as_str(), 8, "then run it again"),
        (both.as_str(), 1, "fix the cause"),
        ("[object Object]", 1, set),
        ("customers: [object Object]", 1, "fix the cause"),
    ] {
        let mut failed = result("326-rzp-sync-catalog-fail", "test");
        failed["error"] = reason.into();
        failed["connection"]["lastSyncError"] = reason.into();
        let body = json!({ "results": [failed] }).to_string();
        let status = Generation::Newer.exchange("288-rzp-status").answer();
        let stub =
            Stub::start(
                move |request| {
                    if request.method == "GET" { status.clone() } else { Answer::json(200, &body) }
                },
            );
        let sync = ["payments", "razorpay", "sync", "test", "--json"];
        let error = User::of(&stub.address).run(&sync).exits(exit).error();
        assert!(error["hint"].as_str().expect("a hint").contains(hint), "{reason}: {error}");
    }
}

#[test]
fn a_selected_environment_must_be_configured() {
    let stub = sync_of(&[result(UNCONFIGURED, "live")]);
    let ran = User::of(&stub.address).run(&["payments", "sync", "live", "--json"]).exits(1);
    assert_eq!(ran.error()["code"], "PAYMENT_CONFIG_NOT_FOUND");
    assert_eq!(stub.lines().last().expect("a request"), "POST /api/payments/stripe/live/sync");
}

#[test]
fn a_response_without_results_is_a_failure() {
    let stub = sync_of(&[]);
    User::of(&stub.address).run(&["payments", "sync"]).exits(1);
}

/// After a failure, the response still has the counts and the time of the last success.
#[test]
fn counts_of_an_earlier_sync_are_not_shown() {
    for name in [FAILED, REVOKED, "235-sync-subscriptions-fail"] {
        let recorded = result(name, "test");
        assert_eq!(recorded["connection"]["lastSyncCounts"], json!({"prices": 10, "products": 13}));
        let stub = sync_of(&[recorded]);
        let ran = User::of(&stub.address).run(&["payments", "sync", "test"]).exits(1);
        let row: Vec<&str> = ran.stdout.lines().nth(1).expect("a row").split_whitespace().collect();
        assert_eq!(row, ["test", "failed", "-", "-", "-", "-", "-", "-"]);
    }
    // A missing count is not shown as 0.
    let stub = sync_of(&[result(DONE, "test")]);
    let ran = User::of(&stub.address).run(&["payments", "sync", "test"]).exits(0);
    let row: Vec<&str> = ran.stdout.lines().nth(1).expect("a row").split_whitespace().collect();
    assert_eq!(row[..7], ["test", "succeeded", "13", "10", "-", "6", "2"]);
}

#[test]
fn a_contradictory_success_is_a_failure() {
    let mut contradicted = result(DONE, "test");
    contradicted["connection"]["lastSyncStatus"] = Value::Null;
    let stub = sync_of(&[contradicted]);
    User::of(&stub.address)
        .run(&["payments", "sync", "test"])
        .exits(1)
        .stderr_has(&["that of the last sync is unknown"]);
}

/// The backend reports a success although it could not list the customers (exchange 234). Their `syncedAt` shows it.
#[test]
fn customers_older_than_the_sync_are_a_warning() {
    const SWALLOWED: &str = "234-sync-customers-fail";
    let time = |seconds: i64| {
        let started: jiff::Timestamp = "2026-11-23T20:04:22.222Z".parse().expect("a time");
        (started + jiff::SignedDuration::from_secs(seconds)).to_string()
    };
    let customer = |synced_at: String, deleted: bool| {
        json!({"customers": [{"providerCustomerId": "cus_1", "deleted": deleted, "syncedAt": synced_at}]})
            .to_string()
    };
    // the list of customers, whether it is a warning
    let table = [
        (Answer::json(200, &customer(time(-1), false)), true),
        (Answer::json(200, &customer(time(0), false)), false),
        (Answer::json(200, &customer(time(1), false)), false),
        // A sync does not update a customer that was deleted before.
        (Answer::json(200, &customer(time(-1), true)), false),
        (Answer::json(200, r#"{"customers":[]}"#), false),
        (
            Answer::json(200, r#"{"customers":[{"providerCustomerId":"cus_1","syncedAt":"yesterday"}]}"#),
            false,
        ),
        (Answer::json(404, "{}"), false),
    ];
    for (customers, warns) in table {
        let case = format!("{customers:?}");
        let body = json!({ "results": [result(SWALLOWED, "test")] }).to_string();
        let status = Generation::Newer.exchange("086-status-both").answer();
        let stub = Stub::start(move |request| match request.target.as_str() {
            "/api/payments/stripe/test/sync" => Answer::json(200, &body),
            "/api/payments/stripe/test/customers?limit=1" => customers.clone(),
            _ => status.clone(),
        });
        let user = User::of(&stub.address);
        let ran = user.run(&["payments", "sync", "test", "--json", "--retries", "0"]).exits(0);
        let warned = ran.stderr.contains(r#""code":"CUSTOMERS_NOT_SYNCED""#);
        assert_eq!(warned, warns, "{case}: {}", ran.stderr);
        assert_eq!(stub.lines().iter().filter(|line| line.contains("/customers")).count(), 1, "{case}");
        if warns {
            let ran = user.run(&["payments", "sync", "test"]).exits(0);
            ran.stderr_has(&[
                "the customers of test were not synced",
                "then run: insforge payments sync test",
            ]);
        }
    }
}

/// Only what was synced is checked, and Razorpay's sync reports failed customers itself.
#[test]
fn the_customers_of_a_failed_sync_are_not_requested() {
    let stub = sync_of(&[result(FAILED, "test"), result(UNCONFIGURED, "live")]);
    User::of(&stub.address).run(&["payments", "sync"]).exits(1);
    assert!(!stub.lines().iter().any(|line| line.contains("/customers")), "{:?}", stub.lines());
}
