//! Checks that depend on the backend's own address. A test backend is always on this machine.

use std::time::Duration;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::checks::{CheckResult, CheckVerdict, check};
use super::input::{BackendInput, DoctorInput, EnvironmentInput};
use crate::api::{Answer, DEFAULT_PROVIDER, Health};
use crate::runner::UnmappedSubscriptions;
use crate::settings::{Source, WithSource};
use crate::wire::{Address, Environment, SharedBytes};

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
    let body = SharedBytes::new(Zeroizing::new(body.as_bytes().to_vec()));
    Answer { status, content_type: content_type.into(), server: None, retry_after: None, body }
}

/// Checks the environment `test` of a backend at this address.
fn check_test(address: &str, changes: &Value, webhook: Option<Answer>) -> Vec<CheckResult> {
    let source = Source::Variable("INSFORGE_BASE_URL");
    let environment = EnvironmentInput {
        environment: Environment::Test,
        catalog: Ok(Vec::new()),
        subscriptions: Ok(UnmappedSubscriptions::default()),
        webhook: webhook.map(Ok),
    };
    let backend = BackendInput {
        address: WithSource { value: Address::parse(address).unwrap(), source: source.clone() },
        key: WithSource { value: "ik_****".into(), source },
        health: Ok(Health { version: None }),
        health_duration: Duration::from_millis(2001),
        status: Some(Ok(serde_json::from_value(json!({"connections": [connection(changes)]})).unwrap())),
        generation: None,
        environments: vec![environment],
    };
    let input = DoctorInput {
        provider: &DEFAULT_PROVIDER,
        webhook_command: &["webhooks", "configure"],
        key_prefix: |_| "sk_test_",
        backend: Ok(backend),
    };
    let command = |words: &[&str]| words.join(" ");
    check(&input, Some(Environment::Test), NOW.parse().unwrap(), &command)
}

#[track_caller]
fn result(checks: &[CheckResult], name: &str) -> CheckResult {
    checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("{name}: {checks:?}")).clone()
}

/// The backend's answer for a route that does not exist.
fn json_404() -> Answer {
    let body =
        r#"{"error":"NOT_FOUND","message":"Endpoint /api/webhooks/a/test not found","statusCode":404}"#;
    answer(404, "application/json; charset=utf-8", body)
}

#[test]
fn a_public_backend_needs_a_public_webhook() {
    let healthy = check_test(PUBLIC, &json!({}), Some(json_404()));
    assert!(healthy.iter().all(|check| check.verdict != CheckVerdict::Fail), "{healthy:?}");
    assert_eq!(result(&healthy, "webhook address").verdict, CheckVerdict::Pass);
    assert_eq!(result(&healthy, "reachable").verdict, CheckVerdict::Warn, "it is slow");
    assert_eq!(result(&healthy, "version").verdict, CheckVerdict::Skip);

    let none = json!({"webhookEndpointId": null, "webhookEndpointUrl": null});
    for (address, verdict) in [(PUBLIC, CheckVerdict::Fail), ("http://localhost:7130", CheckVerdict::Warn)] {
        let webhook = result(&check_test(address, &none, None), "webhook");
        assert_eq!(webhook.verdict, verdict, "{address}");
        assert_eq!(webhook.repair.as_deref(), Some("webhooks configure test"));
        let local = json!({"webhookEndpointUrl": "http://localhost:7130/api/webhooks/a/test"});
        assert_eq!(
            result(&check_test(address, &local, None), "webhook address").verdict,
            verdict,
            "{address}"
        );
    }
}

#[test]
fn a_webhook_at_another_address_is_repaired_if_the_backend_is_public() {
    let moved = json!({"webhookEndpointUrl": "https://old.us-east.insforge.app/api/webhooks/a/test"});
    for (address, repair) in [(PUBLIC, Some("webhooks configure test")), ("http://localhost:7130", None)] {
        let checks = check_test(address, &moved, None);
        let address_check = result(&checks, "webhook address");
        assert_eq!(
            (address_check.verdict, address_check.repair.as_deref()),
            (CheckVerdict::Warn, repair),
            "{address}"
        );
        assert_eq!(result(&checks, "webhook answers").verdict, CheckVerdict::Skip);
    }
}

#[test]
fn the_webhook_answer_comes_from_the_backend_or_another_server() {
    let express = "<pre>Cannot GET /api/webhooks/a/test</pre>";
    for (answer, verdict) in [
        (json_404(), CheckVerdict::Pass),
        (answer(404, "text/html; charset=utf-8", express), CheckVerdict::Pass),
        (answer(200, "text/html", "<html>"), CheckVerdict::Fail),
        (answer(401, "application/json", "{}"), CheckVerdict::Fail),
        (answer(403, "text/plain", "Forbidden"), CheckVerdict::Fail),
        (answer(404, "text/html", "<h1>nginx</h1>"), CheckVerdict::Fail),
        (answer(502, "text/html", "<h1>nginx</h1>"), CheckVerdict::Fail),
    ] {
        let status = answer.status;
        let answers = result(&check_test(PUBLIC, &json!({}), Some(answer)), "webhook answers");
        assert_eq!(answers.verdict, verdict, "{status}: {}", answers.found);
    }
}

#[test]
fn a_sync_older_than_a_day_is_a_warning() {
    for (time, verdict, text) in [
        ("2026-11-25T11:59:30Z", CheckVerdict::Pass, "less than a minute ago"),
        ("2026-11-25T12:30:00Z", CheckVerdict::Pass, "less than a minute ago"),
        ("2026-11-25T11:58:59Z", CheckVerdict::Pass, "1 minute ago"),
        ("2026-11-25T11:01:00Z", CheckVerdict::Pass, "59 minutes ago"),
        ("2026-11-24T12:00:01Z", CheckVerdict::Pass, "23 hours ago"),
        ("2026-11-24T12:00:00Z", CheckVerdict::Warn, "24 hours ago"),
        ("2026-11-23T11:00:00Z", CheckVerdict::Warn, "2 days ago"),
        ("yesterday", CheckVerdict::Warn, "succeeded at an unknown time"),
    ] {
        let sync = result(&check_test(PUBLIC, &json!({"lastSyncedAt": time}), Some(json_404())), "last sync");
        assert_eq!((sync.verdict, sync.found.as_str()), (verdict, text));
        assert_eq!(sync.repair.is_some(), verdict == CheckVerdict::Warn);
    }
}
