//! The doctor, with healthy and broken backends. It always shows all results. Only an invalid command line is an error
//! without results.

use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};

use super::harness::pty::Terminal;
use super::harness::stub::{Answer, Request, Stub};
use super::harness::{KEY, RunOutput, User, dead_address};

const WEBHOOK: &str = "/api/webhooks/stripe/test";
const OUTSIDE: &str = "https://shop.us-east.insforge.app/api/webhooks/stripe/test";
/// A placeholder for the stub's own address in its answers.
const HERE: &str = "http://here";

static NOW: LazyLock<String> = LazyLock::new(|| hours_ago(0));

/// The time this many hours ago.
fn hours_ago(hours: i64) -> String {
    let now = jiff::Timestamp::now();
    (now - jiff::SignedDuration::from_hours(hours)).to_string()
}

/// The answers of a healthy backend, by path.
fn healthy() -> Value {
    let live = json!({"environment": "live", "status": "unconfigured", "maskedKey": null});
    let product = |id: &str| json!({"productId": id, "name": id, "active": true});
    let price = |id: &str, product: &str| {
        json!({
            "priceId": id, "productId": product, "active": true, "currency": "usd", "unitAmount": 100,
            "lookupKey": id,
        })
    };
    let subscription = |id: &str, subject: Option<&str>, status: &str| {
        json!({
            "subscriptionId": id, "status": status, "subjectType": subject.map(|_| "team"), "subjectId": subject,
        })
    };
    json!({
        "/api/health": {"status": "ok", "version": "2.3.1"},
        "/api/payments/stripe/status": {"connections": [connection("test"), live]},
        "/api/payments/stripe/test/catalog": {
            "products": [product("prod_1"), product("prod_2")],
            "prices": [price("price_1", "prod_1"), price("price_2", "prod_2")],
        },
        "/api/payments/stripe/test/subscriptions?limit=100": {
            "subscriptions": [
                subscription("sub_1", Some("team_1"), "active"), subscription("sub_2", None, "canceled"),
            ],
        },
    })
}

fn connection(environment: &str) -> Value {
    json!({
        "environment": environment, "status": "connected", "accountId": "acct_1",
        "accountEmail": "owner@shop.example", "maskedKey": format!("sk_{environment}_****0001"),
        "webhookEndpointId": "we_1", "webhookEndpointUrl": OUTSIDE,
        "webhookConfiguredAt": NOW.as_str(), "lastSyncedAt": NOW.as_str(), "lastSyncStatus": "succeeded",
    })
}

/// A healthy backend, with these changes to the connection of test.
fn with_connection(changes: Value) -> Value {
    let mut answers = healthy();
    let Value::Object(changes) = changes else { panic!("{changes}") };
    for (name, value) in changes {
        answers["/api/payments/stripe/status"]["connections"][0][name] = value;
    }
    answers
}

/// Starts a backend with these answers. The status of an answer is its `statusCode`, or else 200. Other paths are a 404.
fn serve(answers: Value) -> Stub {
    Stub::start(move |request: &Request| {
        let here = format!("http://{}", request.header("host").expect("a host"));
        match &answers[&request.target] {
            Value::Null => {
                let body = json!({"error": "NOT_FOUND", "message": "Endpoint not found", "statusCode": 404});
                Answer::json(404, &body.to_string())
            }
            Value::String(page) => Answer::html(404, page),
            answer => {
                let status = answer["statusCode"].as_u64().unwrap_or(200);
                let status = u16::try_from(status).expect("a status");
                Answer::json(status, &answer.to_string().replace(HERE, &here))
            }
        }
    })
}

fn doctor(answers: Value, more: &[&str]) -> RunOutput {
    run_doctor(&User::of(&serve(answers).address), more)
}

/// Runs the doctor with JSON output.
fn run_doctor(user: &User, more: &[&str]) -> RunOutput {
    user.run(&[&["payments", "doctor", "--json"], more].concat())
}

impl RunOutput {
    /// The result of this check.
    #[track_caller]
    fn check(&self, environment: Option<&str>, name: &str) -> Value {
        let all = self.json();
        let mut checks = all["checks"].as_array().expect("checks").iter();
        let found = checks.find(|check| check["check"] == name && check["environment"] == json!(environment));
        found.unwrap_or_else(|| panic!("no {name} of {environment:?}: {all:#}")).clone()
    }

    /// Asserts a check's verdict, a part of `found`, and its repair.
    #[track_caller]
    fn finds(self, name: &str, verdict: &str, found: &str, repair: Option<&str>) -> Self {
        let backend_checks = ["address", "key", "guard", "reachable", "version", "routes", "key accepted"];
        let environment = (!backend_checks.contains(&name)).then_some("test");
        let check = self.check(environment, name);
        assert_eq!(check["verdict"], verdict, "{check:#}");
        assert!(check["found"].as_str().expect("text").contains(found), "{check:#}");
        assert_eq!(check["repair"], json!(repair), "{check:#}");
        self
    }

    /// Asserts that this many checks failed, and that the error reports it, with the name of each if there are several.
    #[track_caller]
    fn fails(self, count: u64) -> Self {
        let ran = self.exits(1);
        assert_eq!(ran.json()["summary"]["fail"], count, "{}", ran.stdout);
        let error = ran.error();
        assert_eq!((&error["code"], &error["exitCode"]), (&json!("CHECKS_FAILED"), &json!(1)));
        let what = error["error"].as_str().expect("text");
        let (counts, names) = what.split_once(" checks failed").expect("the counts");
        assert!(counts.starts_with(&format!("{count} of ")), "{what}");
        let all = ran.json();
        let failed =
            all["checks"].as_array().expect("checks").iter().filter(|check| check["verdict"] == "fail");
        let failed = failed.map(|check| {
            let environment = check["environment"].as_str().map(|it| format!("{it} ")).unwrap_or_default();
            environment + check["check"].as_str().expect("a name")
        });
        let failed = failed.collect::<Vec<_>>().join(", ");
        assert_eq!(names, if count > 1 { format!(": {failed}") } else { String::new() });
        ran
    }
}

#[test]
fn a_healthy_backend_passes() {
    // The webhook's public address is not the address of this run.
    let stub = serve(healthy());
    let listen = format!("stripe listen --forward-to {}{WEBHOOK}", stub.address);
    let ran = run_doctor(&User::of(&stub.address), &[]).exits(0);
    let ran = ran.finds("webhook address", "warn", OUTSIDE, Some(&listen));
    let summary = ran.json()["summary"].clone();
    assert_eq!(summary, json!({"pass": 15, "warn": 1, "fail": 0, "skip": 2}), "{}", ran.stdout);
    assert_eq!(ran.stderr, "");
    let ran = ran
        .finds("version", "pass", "2.3.1", None)
        .finds("routes", "pass", "newer generation", None)
        .finds("provider key", "pass", "sk_test_****0001", None)
        .finds("account", "pass", "acct_1 (owner@shop.example)", None)
        .finds("webhook", "pass", "we_1", None)
        .finds("last sync", "pass", "ago", None)
        .finds("products", "pass", "2 active", None)
        .finds("prices", "pass", "2 active", None)
        // A canceled subscription needs no billing subject.
        .finds("subscriptions", "pass", "2,", None);
    let live = ran.check(Some("live"), "provider key");
    assert_eq!((&live["verdict"], &live["found"]), (&json!("skip"), &json!("not configured")));
    let stub = serve(healthy());
    let user = User::of(&stub.address);
    let short = user
        .run(&["payments", "doctor", "test"])
        .exits(0)
        .stderr_has(&["Stripe payments: no check failed, but events may not arrive in test (1 warning)."]);
    let long = user.run(&["payments", "stripe", "doctor", "-e", "test"]).exits(0);
    let lines = |ran: &RunOutput| {
        let checks = ran.stdout.lines().take_while(|line| !line.is_empty());
        checks.map(|line| line[..20].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(lines(&short), lines(&long));
    assert!(!short.stdout.contains("live"), "{}", short.stdout);
    assert!(!short.stderr.contains('✓') && !short.stderr.contains("payments work"), "{}", short.stderr);
}

#[test]
fn a_missing_address_or_key_is_a_failed_check() {
    let ran = run_doctor(&User::new(), &[]).fails(1);
    let ran = ran.finds("address", "fail", "No InsForge backend is linked here", Some("insforge login"));
    for name in ["key", "reachable", "version", "routes", "key accepted", "provider key"] {
        ran.check((name == "provider key").then_some("test"), name);
    }
    assert_eq!(ran.json()["summary"], json!({"pass": 0, "warn": 0, "fail": 1, "skip": 7}));

    let keyless = User::new().with("INSFORGE_BASE_URL", "https://shop.insforge.app");
    run_doctor(&keyless, &["live"]).fails(1).finds("key", "fail", "set INSFORGE_API_KEY", None);
    let ran = keyless.run(&["payments", "doctor"]).exits(1);
    assert!(ran.stdout.contains("fail     key           -     There is no API key"), "{}", ran.stdout);
    ran.stderr_has(&["error: 1 of 1 checks failed"]);

    let plain = User::of("http://shop.insforge.app");
    run_doctor(&plain, &[]).fails(1).finds("address", "fail", "use https", None);
}

#[test]
fn an_unreachable_or_foreign_backend_fails() {
    let user = User::of(&dead_address());
    let ran =
        run_doctor(&user, &["--retries", "0"]).fails(1).finds("reachable", "fail", "Cannot reach", None);
    ran.finds("key", "pass", "INSFORGE_API_KEY", None).finds(
        "routes",
        "skip",
        "not tested: the backend is unreachable",
        None,
    );

    let page = Stub::start(|_: &Request| Answer::html(404, "<h1>nginx</h1>"));
    run_doctor(&User::of(&page.address), &[])
        .fails(2)
        .finds("reachable", "fail", "is not InsForge's", None)
        .finds("routes", "fail", "is not InsForge's", None)
        .finds("provider key", "skip", "not tested: the backend did not return a status", None);

    // Payments can be checked even if a proxy hides the health route.
    let mut answers = healthy();
    answers["/api/health"] = json!("<h1>nginx</h1>");
    doctor(answers, &[]).exits(0).finds("reachable", "warn", "is not InsForge's", None);
}

#[test]
fn a_rejected_key_fails() {
    let mut answers = healthy();
    answers["/api/payments/stripe/status"] =
        json!({"error": "AUTH_INVALID_API_KEY", "message": "Invalid API key", "statusCode": 401});
    let repair = "export INSFORGE_API_KEY=ik_…";
    doctor(answers, &["--retries", "0"])
        .fails(1)
        .finds("reachable", "pass", "answered in", None)
        .finds("key accepted", "fail", "Invalid API key", Some(repair))
        .finds("provider key", "skip", "not tested: the backend did not return a status", None);
}

#[test]
fn an_older_backend_passes_for_stripe_and_fails_for_razorpay() {
    let answers: Value = healthy()
        .as_object()
        .expect("an object")
        .iter()
        .map(|(path, answer)| (path.replace("/stripe/", "/"), answer.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let stub = serve(answers);
    let user = User::of(&stub.address);
    run_doctor(&user, &[]).exits(0).finds("routes", "pass", "older generation", None);
    let ran = user.run(&["payments", "razorpay", "doctor", "--json"]).fails(1);
    ran.finds("routes", "fail", "Razorpay is not available on this backend", None);
}

#[test]
fn razorpay_checks_items_and_plans() {
    let status = |test: Value| {
        let live = json!({"environment": "live", "status": "unconfigured"});
        json!({"connections": [test, live]})
    };
    let item = |id: &str, active: bool| json!({"environment": "test", "itemId": id, "active": active});
    let plan =
        |id: &str, item: &str| json!({"environment": "test", "planId": id, "itemId": item, "active": true});
    let mut test = connection("test");
    test["maskedKey"] = "rzp_test_****0001".into();
    let mut answers = json!({
        "/api/health": {"version": "2.3.1"},
        "/api/payments/razorpay/status": status(test),
        "/api/payments/razorpay/test/catalog": {
            "items": [item("item_1", true), item("item_2", false)],
            "plans": [plan("plan_1", "item_1"), plan("plan_2", "item_3")],
        },
        "/api/payments/razorpay/test/subscriptions?limit=100": {"subscriptions": [
            {"subscriptionId": "sub_1", "status": "completed"}, {"subscriptionId": "sub_2", "status": "active"},
        ]},
    });
    let razorpay = |answers: &Value| {
        User::of(&serve(answers.clone()).address).run(&["payments", "razorpay", "doctor", "--json"])
    };
    razorpay(&answers)
        .exits(0)
        .finds("items", "pass", "1 active", None)
        .finds("webhook", "skip", "not verifiable from here", None)
        // A sync changes neither.
        .finds("plans", "warn", "1 of 2 without their item in the mirror: plan_2", None)
        .finds(
            "subscriptions",
            "warn",
            "1 of 2 without a billing subject: sub_2; set insforge_subject_type",
            None,
        );
    for (name, value) in [("webhookEndpointId", Value::Null), ("webhookConfiguredAt", Value::Null)] {
        answers["/api/payments/razorpay/status"]["connections"][0][name] = value;
    }
    let setup = Some("insforge payments razorpay webhooks setup test");
    razorpay(&answers).exits(0).finds("webhook", "warn", "not verifiable from here", setup);
    answers["/api/payments/razorpay/status"]["connections"][0]["maskedKey"] = "rzp_live_****0001".into();
    let set = "insforge payments razorpay config set test";
    razorpay(&answers).fails(1).finds("provider key", "fail", "is for live", Some(set));
    answers["/api/payments/razorpay/status"] =
        status(json!({"environment": "test", "status": "unconfigured"}));
    razorpay(&answers).fails(1).finds("provider key", "fail", "not configured", Some(set));
}

#[test]
fn an_environment_without_a_key_fails_if_it_is_needed() {
    let unconfigured = json!({"status": "unconfigured", "maskedKey": null});
    let (answers, set) = (with_connection(unconfigured), "insforge payments config set test");
    // At least one environment needs a key.
    doctor(answers.clone(), &[]).fails(1).finds("provider key", "fail", "not configured", Some(set));
    doctor(answers.clone(), &["test"]).fails(1).finds("provider key", "fail", "not configured", Some(set));
    let ran = doctor(healthy(), &["live"]).fails(1);
    assert_eq!(ran.check(Some("live"), "provider key")["repair"], "insforge payments config set live");
    // A key in live only is enough.
    let mut answers = answers;
    answers["/api/payments/stripe/status"]["connections"][1] = connection("live");
    for list in ["catalog", "subscriptions?limit=100"] {
        let path = format!("/api/payments/stripe/test/{list}");
        answers[path.replace("test", "live")] = answers[&path].clone();
    }
    doctor(answers, &[]).exits(0).finds("provider key", "skip", "not configured", None);
    // The repair is for the same backend.
    let stub = serve(with_connection(json!({"status": "unconfigured"})));
    let user = User::new().with("INSFORGE_API_KEY", super::harness::KEY);
    let ran = run_doctor(&user, &["test", "--api-url", &stub.address]).fails(1);
    ran.finds("provider key", "fail", "", Some(&format!("{set} --api-url {}", stub.address)));
}

#[test]
fn a_broken_connection_fails() {
    let (set, sync) = ("insforge payments config set test", "insforge payments sync test");
    let other_mode = json!({"maskedKey": "sk_live_****0001"});
    doctor(with_connection(other_mode), &[]).fails(1).finds("provider key", "fail", "is for live", Some(set));
    let no_key = json!({"maskedKey": "pk_test_****0001"});
    doctor(with_connection(no_key), &[]).fails(1).finds("provider key", "fail", "sk_test_", Some(set));
    let key = "sk_test_51Secret0Secret1Secret2";
    // Another sync with a refused key fails for the same reason. So does the webhook.
    let permission = "The provided key does not have the required permissions for this endpoint";
    let reasons = [
        (format!("Expired API Key: {key}"), set),
        (permission.to_owned(), set),
        ("prices exploded".into(), sync),
        ("the lookup key `pro` is taken".into(), sync),
    ];
    for (reason, repair) in reasons {
        let mut failed = json!({"status": "error", "lastSyncStatus": "failed", "lastSyncError": reason});
        if repair == set {
            failed["webhookEndpointId"] = Value::Null;
            failed["webhookConfiguredAt"] = Value::Null;
            doctor(with_connection(failed.clone()), &[]).finds("webhook", "warn", "none", Some(set));
        }
        let ran = doctor(with_connection(failed), &[]).fails(2);
        assert!(!ran.stdout.contains(key) && !ran.stderr.contains(key), "{ran:?}");
        let part = &reason[..7];
        ran.finds("account", "fail", part, Some(repair)).finds("last sync", "fail", part, Some(repair));
    }
    let no_account = json!({"accountId": null});
    doctor(with_connection(no_account), &[]).exits(0).finds(
        "account",
        "warn",
        "the account is unknown",
        Some(sync),
    );
}

#[test]
fn an_old_sync_warns_and_a_failed_sync_fails() {
    let sync = Some("insforge payments sync test");
    let old = json!({"lastSyncedAt": hours_ago(49)});
    doctor(with_connection(old), &[]).exits(0).finds("last sync", "warn", "2 days ago", sync);
    let failed = json!({
        "lastSyncedAt": hours_ago(3), "lastSyncStatus": "failed", "lastSyncError": "customers: [object Object]",
    });
    let found = "failed: customers sync failed; last successful sync: 3 hours ago";
    let ran = doctor(with_connection(failed), &[]).fails(1).finds("last sync", "fail", found, sync);
    assert_eq!(ran.error()["hint"], "start with: insforge payments sync test");
    let never = json!({"lastSyncedAt": null, "lastSyncStatus": null});
    doctor(with_connection(never), &[]).exits(0).finds("last sync", "warn", "never", sync);
}

#[test]
fn a_missing_or_unreachable_webhook_is_reported() {
    let none = json!({"webhookEndpointId": null, "webhookEndpointUrl": null, "webhookConfiguredAt": null});
    // A backend on this machine is not public, so a missing webhook is a warning only. In live it is a failure.
    let stub = serve(with_connection(none.clone()));
    let user = User::of(&stub.address);
    let listen = format!("stripe listen --forward-to {}{WEBHOOK}", stub.address);
    run_doctor(&user, &[]).exits(0).finds(
        "webhook",
        "warn",
        "none, so the backend receives no payment events; set the backend's secret STRIPE_TEST_WEBHOOK_SECRET",
        Some(&listen),
    );
    // Without events, payments do not work.
    let ran = user.run(&["payments", "doctor"]).exits(0);
    assert!(!ran.stderr.contains('✓') && !ran.stderr.contains("payments work"), "{}", ran.stderr);
    ran.stderr_has(&["Stripe payments: no check failed, but events may not arrive in test (1 warning)."]);
    let mut answers = with_connection(none);
    let mut live = answers["/api/payments/stripe/status"]["connections"][0].clone();
    live["environment"] = "live".into();
    live["maskedKey"] = "sk_live_****0001".into();
    answers["/api/payments/stripe/status"]["connections"][1] = live;
    let webhook = doctor(answers, &["live"]).exits(1).check(Some("live"), "webhook");
    assert_eq!((&webhook["verdict"], &webhook["repair"]), (&json!("fail"), &Value::Null));

    let here = json!({"webhookEndpointUrl": format!("{HERE}{WEBHOOK}")});
    let stub = serve(with_connection(here.clone()));
    let listen = format!("stripe listen --forward-to {}{WEBHOOK}", stub.address);
    run_doctor(&User::of(&stub.address), &[])
        .exits(0)
        .finds("webhook address", "warn", "is not a public https address", Some(&listen))
        .finds("webhook answers", "pass", "yes", None);
    let requests = stub.requests().into_iter().filter(|request| request.target == WEBHOOK);
    let requests: Vec<Request> = requests.collect();
    assert_eq!(requests.len(), 1);
    // The webhook is public, so the key is not sent.
    assert_eq!((requests[0].method.as_str(), requests[0].header("authorization")), ("GET", None));

    let mut answers = with_connection(here);
    answers[WEBHOOK] = json!("<h1>nginx</h1>");
    doctor(answers, &[]).fails(1).finds("webhook answers", "fail", "404", None);
}

#[test]
fn only_the_backend_is_contacted() {
    let elsewhere = Stub::start(|_: &Request| Answer::json(200, "{}"));
    let port = elsewhere.address.rsplit(':').next().expect("a port").to_owned();
    for url in [
        format!("{}{WEBHOOK}", elsewhere.address),
        format!("http://localhost:{port}{WEBHOOK}"),
        format!("{HERE}@127.0.0.1:{port}{WEBHOOK}"),
        "https://".to_owned(),
    ] {
        let stub = serve(with_connection(json!({"webhookEndpointUrl": url})));
        run_doctor(&User::of(&stub.address), &[]).exits(0).finds(
            "webhook answers",
            "skip",
            "the doctor only contacts",
            None,
        );
        assert!(!stub.lines().iter().any(|line| line.contains("webhooks")), "{:?}", stub.lines());
    }
    assert_eq!(elsewhere.lines(), [""; 0]);
}

#[test]
fn gaps_in_the_catalog_are_warnings() {
    let mut answers = healthy();
    let catalog = &mut answers["/api/payments/stripe/test/catalog"];
    catalog["prices"][1]["active"] = false.into();
    catalog["prices"][0]["lookupKey"] = Value::Null;
    let subscriptions = &mut answers["/api/payments/stripe/test/subscriptions?limit=100"]["subscriptions"];
    subscriptions[1]["status"] = "active".into();
    let price =
        "insforge payments prices create test --product prod_2 --currency CURRENCY --unit-amount AMOUNT";
    let name = "insforge payments prices update test price_1 --lookup-key LOOKUP_KEY";
    doctor(answers, &[])
        .exits(0)
        .finds("products", "warn", "1 of 2 without an active price: prod_2", Some(price))
        .finds("prices", "warn", "1 of 1 without a lookup key: price_1", Some(name))
        .finds("subscriptions", "warn", "1 of 2 without a billing subject: sub_2", None);
}

#[test]
fn a_hundred_subscriptions_are_only_the_first() {
    let mut answers = healthy();
    let path = "/api/payments/stripe/test/subscriptions?limit=100";
    let mapped =
        json!({"subscriptionId": "sub_1", "status": "active", "subjectType": "team", "subjectId": "1"});
    let mut all = vec![mapped; 100];
    answers[path]["subscriptions"] = all.clone().into();
    let found = "the first 100 have a billing subject; the backend lists no more";
    doctor(answers.clone(), &[]).exits(0).finds("subscriptions", "warn", found, None);
    all[0]["subjectId"] = Value::Null;
    answers[path]["subscriptions"] = all.into();
    let found = "1 of the first 100 without a billing subject: sub_1;";
    doctor(answers, &[]).exits(0).finds("subscriptions", "warn", found, None);
}

/// A failed request is the failure of one check. The other checks run anyway.
#[test]
fn a_failed_request_fails_one_check() {
    let mut answers = healthy();
    answers["/api/payments/stripe/test/catalog"] =
        json!({"error": "INTERNAL_ERROR", "message": "the catalog exploded", "statusCode": 500});
    doctor(answers, &["--retries", "0"])
        .fails(1)
        .finds("catalog", "fail", "the catalog exploded", None)
        .finds("subscriptions", "pass", "2,", None);

    let answers = healthy();
    let slow = Stub::start(move |request: &Request| match &answers[&request.target] {
        Value::Null => Answer::refusal(404, "NOT_FOUND", "Endpoint not found"),
        answer => {
            let then = Answer::json(200, &answer.to_string());
            let is_slow = request.target.ends_with("/catalog");
            if is_slow { Answer::Late { after: Duration::from_secs(60), then: Box::new(then) } } else { then }
        }
    });
    run_doctor(&User::of(&slow.address), &["--timeout", "3s"])
        .fails(2)
        .finds("last sync", "pass", "ago", None)
        .finds("catalog", "fail", "did not respond in time", None)
        .finds("subscriptions", "fail", "did not respond in time", None);
}

/// A row: the environment's `INSFORGE_LIVE`, the policy in the profile and in the project's file, the verdict, a part of the
/// text, and the repair.
type LiveCase = (&'static str, &'static str, &'static str, &'static str, &'static str, Option<&'static str>);

const LIVE_CASES: [LiveCase; 11] = [
    ("", "", "", "pass", "ask (default): every write needs confirmation or --yes", None),
    ("ask", "", "", "pass", "ask, from INSFORGE_LIVE: every write", None),
    ("approve", "", "", "pass", "approve, from INSFORGE_LIVE: a person has to approve every write", None),
    ("", "approve", "", "pass", "approve, from profile shop in config.toml: ", None),
    ("", "ask", "approve", "pass", "approve, from FILE: ", None),
    ("allow", "", "deny", "pass", "deny, from FILE: no write is allowed", None),
    ("", "allow", "ask", "pass", "ask, from FILE: ", None),
    (
        "allow",
        "",
        "",
        "warn",
        "allow, from INSFORGE_LIVE: only destructive writes need confirmation",
        Some("export INSFORGE_LIVE=ask"),
    ),
    ("", "allow", "", "warn", "to change that, set live = \"ask\" for profile shop in config.toml", None),
    (
        "allow",
        "ask",
        "",
        "warn",
        "INSFORGE_LIVE is allow, which is weaker than ask from profile shop in config.toml",
        Some("unset INSFORGE_LIVE"),
    ),
    (
        "ask",
        "approve",
        "",
        "warn",
        "INSFORGE_LIVE is ask, which is weaker than approve",
        Some("unset INSFORGE_LIVE"),
    ),
];

/// The doctor says what a write to live needs, and where that is set. Every repair repairs.
#[test]
fn the_policy_for_live_is_checked() {
    let stub = serve(healthy());
    for (environment, profile, project, verdict, found, repair) in LIVE_CASES {
        let live = if profile.is_empty() { String::new() } else { format!("live = \"{profile}\"\n") };
        let user = User::new().with("INSFORGE_PROFILE", "shop");
        let address = &stub.address;
        let profile = format!("[profiles.shop]\napi_url = \"{address}\"\nkey_store = \"file\"\n{live}");
        user.write(".config/insforge/config.toml", &profile);
        let credentials = format!("[shop]\napi_url = \"{address}\"\napi_key = \"{KEY}\"\n");
        user.write(".config/insforge/credentials.toml", &credentials);
        let file = user.path(".insforge/project.json").display().to_string();
        if !project.is_empty() {
            user.write(".insforge/project.json", &json!({"live": project}).to_string());
        }
        let user = user.with("INSFORGE_LIVE", environment);
        let ran = run_doctor(&user, &[]).exits(0);
        let check = ran.check(Some("live"), "writes");
        assert_eq!((&check["verdict"], &check["repair"]), (&json!(verdict), &json!(repair)), "{check:#}");
        let text = check["found"].as_str().expect("text");
        assert!(text.contains(&found.replace("FILE", &file)), "{text}");
        // The policy for live does not matter for test.
        let ran = run_doctor(&user, &["test"]).exits(0).json();
        assert!(!ran["checks"].as_array().expect("checks").iter().any(|check| check["check"] == "writes"));
        if let Some(repair) = repair {
            let value = repair.strip_prefix("export INSFORGE_LIVE=").unwrap_or_default();
            let user = user.without("INSFORGE_LIVE").with("INSFORGE_LIVE", value);
            assert_eq!(run_doctor(&user, &[]).check(Some("live"), "writes")["verdict"], "pass", "{repair}");
        }
    }
}

#[test]
fn the_guard_is_checked() {
    let stub = serve(healthy());
    let user = User::of(&stub.address);
    let off = "off (default): --yes is enough for destructive changes in test";
    run_doctor(&user, &["test"]).exits(0).finds("guard", "pass", off, None);
    let user = user.with("INSFORGE_GUARD", "1");
    let on = "on, from INSFORGE_GUARD: a person has to approve destructive changes";
    run_doctor(&user, &["test"]).exits(0).finds("guard", "pass", on, None);
    let bypass = "INSFORGE_GUARD_BYPASS skips every approval";
    let bypassed = user.with("INSFORGE_GUARD_BYPASS", "1");
    let repair = Some("unset INSFORGE_GUARD_BYPASS");
    run_doctor(&bypassed, &["test"]).exits(0).finds("guard", "warn", bypass, repair);

    let user = User::of(&stub.address);
    let file = user.write(".insforge/project.json", "{\"guard\": true}").display().to_string();
    run_doctor(&user, &["test"]).exits(0).finds("guard", "pass", &format!("on, from {file}: "), None);
    let user = user.with("INSFORGE_GUARD", "0");
    let off = format!("off: INSFORGE_GUARD turns off the guard of {file}");
    run_doctor(&user, &["test"]).exits(0).finds("guard", "warn", &off, Some("unset INSFORGE_GUARD"));
    user.write(".insforge/project.json", "{\"guard\": false}");
    run_doctor(&user, &["test"]).exits(0).finds("guard", "pass", "off, from INSFORGE_GUARD: ", None);

    // A file that cannot be read stops every write to live, so the check fails.
    user.write(".insforge/project.json", "{\"guard\": \"on\"}");
    let ran = run_doctor(&user, &[]).fails(1);
    let ran = ran.finds("guard", "fail", "the field `guard` must be true or false", None);
    assert_eq!(ran.check(Some("live"), "writes")["verdict"], "skip");
}

#[test]
fn an_invalid_command_line_is_an_error() {
    let user = User::of(&dead_address());
    for more in [&["test", "-e", "live"][..], &["staging"], &["-o", "ids"], &["--dry-run"]] {
        let ran = user.run(&[&["payments", "doctor"], more].concat()).exits(64);
        assert_eq!(ran.stdout, "", "{more:?}");
    }
}

#[test]
fn a_narrow_terminal_shows_the_verdict_and_the_check_first() {
    let none = json!({"webhookEndpointId": null, "webhookEndpointUrl": null, "webhookConfiguredAt": null});
    let stub = serve(with_connection(none));
    let (code, screen) = Terminal::start(&User::of(&stub.address), 50, &["payments", "doctor"]).finish();
    assert_eq!(code, 0, "{screen}");
    let screen = console::strip_ansi_codes(&screen).into_owned();
    let record =
        "warn: webhook\n  Env: test\n  Found: none, so the backend receives no payment\n    events; set the";
    assert!(screen.contains(record), "{screen}");
    assert!(screen.contains("stripe listen --forward-to"), "{screen}");
}

#[cfg(feature = "sandbox")]
mod in_the_sandbox {
    use super::super::harness::{User, assert_golden, run_and_record};

    /// Replaces what differs between runs: the port, the duration and the home directory.
    fn normalized(text: &str, user: &User) -> String {
        let home = user.home.path().display().to_string();
        let mut out = String::new();
        for line in text.replace(&home, "HOME").lines() {
            let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
            let mut line = line.to_owned();
            for (before, instead) in [("http://127.0.0.1:", "PORT"), ("answered in ", "N")] {
                if let Some(at) = line.find(before) {
                    let at = at + before.len();
                    let end = at + digits(&line[at..]);
                    line.replace_range(at..end, instead);
                }
            }
            out.push_str(&line);
            out.push('\n');
        }
        out
    }

    /// The sandbox's shop is healthy, except that one subscription has no subject.
    #[test]
    fn the_sandbox_shop_has_no_false_warnings() {
        let user = User::new().with("INSFORGE_SANDBOX", "1");
        let mut shown = String::new();
        for line in [
            "payments doctor",
            "payments razorpay doctor",
            "payments doctor live",
            "payments razorpay doctor live --json",
            "payments doctor test --json",
        ] {
            run_and_record(&user, line, "", &mut shown);
        }
        assert_golden("doctor.txt", &normalized(&shown, &user));
    }

    /// However the sandbox is started.
    #[test]
    fn a_new_key_in_an_empty_sandbox_has_no_warnings() {
        let (user, state) = (User::new(), "shop.json");
        let exec = |line: &str, stdin: &str| {
            let args = [
                "sandbox",
                "exec",
                "--empty",
                "--state",
                state,
                "--",
                env!("CARGO_BIN_EXE_insforge"),
                "payments",
            ];
            user.run_with_stdin(&[&args[..], &line.split(' ').collect::<Vec<_>>()].concat(), stdin)
        };
        exec("config set test -", "sk_test_51SandboxShop0001a").exits(0);
        let ran = exec("doctor --json", "").exits(0);
        assert_eq!(ran.json()["summary"]["warn"], 0, "{}", ran.stdout);
        exec("doctor", "").exits(0).stderr_has(&["✓ Stripe payments: all checks passed."]);
    }

    #[test]
    fn the_suggested_commands_repair_the_problems() {
        let user = User::new().with("INSFORGE_SANDBOX", "1");
        let repair = |args: &[&str], stdin: &str| user.run_with_stdin(args, stdin).exits(0);
        user.run(&["payments", "doctor", "live"]).exits(1).stderr_has(&["insforge payments config set live"]);
        repair(&["payments", "config", "set", "live", "-", "--yes"], "sk_live_51SandboxShop0001a");
        user.run(&["payments", "doctor", "live"]).exits(0);

        let setup = "insforge payments razorpay webhooks setup test";
        let doctor = ["payments", "razorpay", "doctor"];
        assert!(user.run(&doctor).exits(0).stdout.contains(setup));
        repair(&["payments", "razorpay", "webhooks", "setup", "test"], "");
        assert!(!user.run(&doctor).exits(0).stdout.contains(setup));

        repair(&["payments", "products", "create", "--name", "Mug"], "");
        let found = user.run(&["payments", "doctor", "test"]).exits(0).stdout;
        assert!(found.contains("1 of 4 without an active price: prod_"), "{found}");
        let command = found.lines().find_map(|line| line.split_once("insforge ")).expect("a repair").1;
        let command = command.replace("CURRENCY", "usd").replace("AMOUNT", "900");
        repair(&command.split(' ').collect::<Vec<_>>(), "");
        let found = user.run(&["payments", "doctor", "test"]).exits(0).stdout;
        assert!(
            found.contains("products         test  4 active, each with") && found.contains("LOOKUP_KEY"),
            "{found}"
        );
    }
}
