//! What depends on the backend's own address cannot be shown by one on this machine.

use std::time::Duration;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::checks::{Check, Verdict, judge};
use super::gather::{Backend, Facts, Reading};
use crate::api::{Answer, DEFAULT, Health};
use crate::runner::Unmapped;
use crate::settings::{Found, Source};
use crate::wire::{Address, Environment};

const PUBLIC: &str = "https://shop.us-east.insforge.app";
const NOW: &str = "2026-11-25T12:00:00Z";

fn connection(changes: &Value) -> Value {
    let mut connection = json!({
        "environment": "test", "status": "connected", "accountId": "acct_1", "maskedKey": "sk_test_****0001",
        "webhookEndpointId": "we_1", "webhookEndpointUrl": format!("{PUBLIC}/api/webhooks/a/test"),
        "lastSyncedAt": "2026-11-25T11:59:00Z", "lastSyncStatus": "succeeded",
    });
    for (name, value) in changes.as_object().into_iter().flatten() {
        connection[name] = value.clone();
    }
    connection
}

fn answer(status: u16, content_type: &str, body: &str) -> Answer {
    let body = Zeroizing::new(body.as_bytes().to_vec());
    Answer { status, content_type: content_type.into(), retry_after: None, body }
}

/// What is found of test at a backend at this address.
fn found(address: &str, changes: &Value, webhook: Option<Answer>) -> Vec<Check> {
    let source = Source::Variable("INSFORGE_BASE_URL");
    let reading = Reading {
        environment: Environment::Test,
        offers: Ok(Vec::new()),
        subscriptions: Ok(Unmapped::default()),
        webhook: webhook.map(Ok),
    };
    let backend = Backend {
        address: Found { value: Address::parse(address).unwrap(), source: source.clone() },
        key: Found { value: "ik_****".into(), source },
        health: Ok(Health { version: None }),
        took: Duration::from_millis(2001),
        status: Some(Ok(serde_json::from_value(json!({"connections": [connection(changes)]})).unwrap())),
        generation: None,
        readings: vec![reading],
    };
    let facts = Facts {
        provider: &DEFAULT,
        webhooks: &["webhooks", "configure"],
        key_beginning: |_| "sk_test_",
        backend: Ok(backend),
    };
    let command = |words: &[&str]| words.join(" ");
    judge(&facts, Some(Environment::Test), NOW.parse().unwrap(), &command)
}

#[track_caller]
fn check(checks: &[Check], name: &str) -> Check {
    checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("{name}: {checks:?}")).clone()
}

fn json_404() -> Answer {
    answer(404, "application/json", "{}")
}

#[test]
fn a_backend_that_is_reached_from_outside_needs_a_webhook_there() {
    let well = found(PUBLIC, &json!({}), Some(json_404()));
    assert!(well.iter().all(|check| check.verdict != Verdict::Fail), "{well:?}");
    assert_eq!(check(&well, "webhook address").verdict, Verdict::Pass);
    assert_eq!(check(&well, "reachable").verdict, Verdict::Warn, "it is slow");
    assert_eq!(check(&well, "version").verdict, Verdict::Skip);

    let none = json!({"webhookEndpointId": null, "webhookEndpointUrl": null});
    for (address, verdict) in [(PUBLIC, Verdict::Fail), ("http://localhost:7130", Verdict::Warn)] {
        let webhook = check(&found(address, &none, None), "webhook");
        assert_eq!(webhook.verdict, verdict, "{address}");
        assert_eq!(webhook.repair.as_deref(), Some("webhooks configure test"));
        let local = json!({"webhookEndpointUrl": "http://localhost:7130/api/webhooks/a/test"});
        assert_eq!(check(&found(address, &local, None), "webhook address").verdict, verdict, "{address}");
    }
}

#[test]
fn a_webhook_elsewhere_is_made_again_where_the_backend_is_public() {
    let moved = json!({"webhookEndpointUrl": "https://old.us-east.insforge.app/api/webhooks/a/test"});
    for (address, repair) in [(PUBLIC, Some("webhooks configure test")), ("http://localhost:7130", None)] {
        let checks = found(address, &moved, None);
        let elsewhere = check(&checks, "webhook address");
        assert_eq!((elsewhere.verdict, elsewhere.repair.as_deref()), (Verdict::Warn, repair), "{address}");
        assert_eq!(check(&checks, "webhook answers").verdict, Verdict::Skip);
    }
}

#[test]
fn whoever_answers_at_the_webhook_is_the_backend_or_somebody_else() {
    let express = "<pre>Cannot GET /api/webhooks/a/test</pre>";
    for (answer, verdict) in [
        (answer(404, "application/json; charset=utf-8", "{}"), Verdict::Pass),
        (answer(404, "text/html; charset=utf-8", express), Verdict::Pass),
        (answer(200, "text/html", "<html>"), Verdict::Pass),
        (answer(401, "application/json", "{}"), Verdict::Pass),
        (answer(404, "text/html", "<h1>nginx</h1>"), Verdict::Fail),
        (answer(502, "text/html", "<h1>nginx</h1>"), Verdict::Fail),
    ] {
        let status = answer.status;
        let answers = check(&found(PUBLIC, &json!({}), Some(answer)), "webhook answers");
        assert_eq!(answers.verdict, verdict, "{status}: {}", answers.found);
    }
}

#[test]
fn a_mirror_of_yesterday_is_old() {
    for (then, verdict, words) in [
        ("2026-11-25T11:59:30Z", Verdict::Pass, "less than a minute ago"),
        ("2026-11-25T12:30:00Z", Verdict::Pass, "less than a minute ago"),
        ("2026-11-25T11:58:59Z", Verdict::Pass, "1 minute ago"),
        ("2026-11-25T11:01:00Z", Verdict::Pass, "59 minutes ago"),
        ("2026-11-24T12:00:01Z", Verdict::Pass, "23 hours ago"),
        ("2026-11-24T12:00:00Z", Verdict::Warn, "24 hours ago"),
        ("2026-11-23T11:00:00Z", Verdict::Warn, "2 days ago"),
        ("yesterday", Verdict::Warn, "succeeded, nobody knows when"),
    ] {
        let sync = check(&found(PUBLIC, &json!({"lastSyncedAt": then}), Some(json_404())), "last sync");
        assert_eq!((sync.verdict, sync.found.as_str()), (verdict, words));
        assert_eq!(sync.repair.is_some(), verdict == Verdict::Warn);
    }
}
