//! Checks that depend on the backend's own address. A test backend is always on this machine.

use std::time::Duration;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::checks::check;
use super::input::{BackendInput, DoctorInput, EnvironmentInput};
use super::result::{CheckResult, CheckVerdict};
use crate::api::{Answer, DEFAULT_PROVIDER, Health};
use crate::runner::{UnmappedSubscriptions, WebhookSupport};
use crate::settings::{Policies, Source, WithSource};
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
    Answer {
        status,
        content_type: content_type.into(),
        server: None,
        retry_after: None,
        request_ids: String::new(),
        body,
    }
}

/// Checks the environment `test` of a backend at this address.
fn check_test(address: &str, changes: &Value, webhook: Option<Answer>) -> Vec<CheckResult> {
    check_environment(Environment::Test, address, changes, webhook)
}

fn check_environment(
    environment: Environment,
    address: &str,
    changes: &Value,
    webhook: Option<Answer>,
) -> Vec<CheckResult> {
    let source = Source::Variable("INSFORGE_BASE_URL");
    let mut connection = connection(changes);
    connection["environment"] = environment.as_str().into();
    let input = EnvironmentInput {
        environment,
        catalog: Ok(Vec::new()),
        subscriptions: Ok(UnmappedSubscriptions::default()),
        webhook: webhook.map(Ok),
    };
    let backend = BackendInput {
        address: WithSource { value: Address::parse(address).unwrap(), source: source.clone() },
        key: WithSource { value: "ik_****".into(), source },
        policies: Ok(Policies::default()),
        is_bypassed: false,
        health: Ok(Health { version: None }),
        health_duration: Duration::from_millis(2001),
        status: Some(Ok(serde_json::from_value(json!({"connections": [connection]})).unwrap())),
        generation: None,
        environments: vec![input],
    };
    let input = DoctorInput {
        provider: &DEFAULT_PROVIDER,
        webhook: &WebhookSupport {
            setup: &["webhooks", "configure"],
            is_managed: true,
            forwarder: Some("forward"),
        },
        key_prefix: |_| "sk_test_",
        backend: Ok(backend),
    };
    let command = |words: &[&str]| words.join(" ");
    check(&input, Some(environment), NOW.parse().unwrap(), &command)
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
}

/// A row: the environment, the backend's address, the webhook's address, and the verdict, a part of the text and the repair
/// of the check of the webhook or its address.
type WebhookCase<'a> = (Environment, &'a str, Option<&'a str>, CheckVerdict, &'a str, Option<&'a str>);

#[test]
fn the_repair_of_a_webhook_depends_on_where_the_backend_is() {
    use CheckVerdict::{Fail, Pass, Warn};
    use Environment::{Live, Test};
    const CONFIGURE: Option<&str> = Some("webhooks configure test");
    const LOCAL: &str = "http://localhost:7130";
    const LISTEN: Option<&str> = Some("forward --forward-to http://localhost:7130/api/webhooks/a/test");
    const SECRET: &str = "_TEST_WEBHOOK_SECRET";
    const API_BASE_URL: &str =
        "set the backend's API_BASE_URL to its public https address, then run `webhooks configure";
    const NONE: &str = "none, so the backend receives no payment events";
    const AT_LOCAL: Option<&str> = Some("http://localhost:7130/api/webhooks/a/test");
    const ELSEWHERE: Option<&str> = Some("https://old.us-east.insforge.app/api/webhooks/a/test");
    const MADE_UP: Option<&str> = Some("https://shop.us-east.insforge.example/api/webhooks/a/test");
    let table: [WebhookCase<'_>; 14] = [
        (Test, PUBLIC, None, Fail, NONE, CONFIGURE),
        (Live, PUBLIC, None, Fail, NONE, Some("webhooks configure live")),
        (Test, LOCAL, None, Warn, NONE, LISTEN),
        (Test, LOCAL, None, Warn, SECRET, LISTEN),
        (
            Test,
            "https://192.168.1.5:7130",
            None,
            Warn,
            NONE,
            Some("forward --forward-to https://192.168.1.5:7130/api/webhooks/a/test"),
        ),
        (Live, LOCAL, None, Fail, API_BASE_URL, None),
        (Test, PUBLIC, AT_LOCAL, Fail, API_BASE_URL, None),
        (Live, PUBLIC, AT_LOCAL, Fail, API_BASE_URL, None),
        (Test, LOCAL, AT_LOCAL, Warn, "cannot deliver events to it", LISTEN),
        (Live, LOCAL, AT_LOCAL, Fail, API_BASE_URL, None),
        (Test, PUBLIC, ELSEWHERE, Warn, "so events go to another address", CONFIGURE),
        (Test, LOCAL, ELSEWHERE, Warn, "unless it leads there, events go elsewhere", LISTEN),
        (Live, LOCAL, ELSEWHERE, Warn, "check that it leads there", None),
        (Test, LOCAL, MADE_UP, Pass, "simulated by the sandbox", None),
    ];
    let receiver = format!("/api/webhooks/{}/", DEFAULT_PROVIDER.segment);
    for (environment, address, url, verdict, text, repair) in table {
        let repair = repair.map(|repair| repair.replace("/api/webhooks/a/", &receiver));
        let id = url.map(|_| "we_1");
        let changes = json!({"webhookEndpointId": id, "webhookEndpointUrl": url});
        let checks = check_environment(environment, address, &changes, None);
        let check = result(&checks, if url.is_some() { "webhook address" } else { "webhook" });
        let case = format!("{environment} {address} {url:?}: {check:?}");
        assert_eq!((check.verdict, &check.repair), (verdict, &repair), "{case}");
        assert!(check.found.contains(text), "{case}");
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
