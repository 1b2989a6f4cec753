//! The doctor, at backends that are well and at others. Whatever is wrong there, it shows all that it could look at, and
//! only a command line that makes no sense is an error of its own.

use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};

use super::harness::pty::Terminal;
use super::harness::stub::{Answer, Request, Stub};
use super::harness::{Ran, User, dead};

const WEBHOOK: &str = "/api/webhooks/stripe/test";
const OUTSIDE: &str = "https://shop.us-east.insforge.app/api/webhooks/stripe/test";
/// Stands for the stub's own address in what it answers.
const HERE: &str = "http://here";

static NOW: LazyLock<String> = LazyLock::new(|| hours_ago(0));

/// That many hours ago.
fn hours_ago(hours: i64) -> String {
    let now = jiff::Timestamp::now();
    (now - jiff::SignedDuration::from_hours(hours)).to_string()
}

/// What a backend that is well answers, path by path: a test spoils what it is about.
fn well() -> Value {
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

/// Well, but for these values of test's connection.
fn spoilt(changes: Value) -> Value {
    let mut answers = well();
    let Value::Object(changes) = changes else { panic!("{changes}") };
    for (name, value) in changes {
        answers["/api/payments/stripe/status"]["connections"][0][name] = value;
    }
    answers
}

/// A backend that answers this, a number with that status, and with a 404 elsewhere.
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

fn doctor(answers: Value, more: &[&str]) -> Ran {
    examine(&User::of(&serve(answers).address), more)
}

/// As JSON.
fn examine(user: &User, more: &[&str]) -> Ran {
    user.run(&[&["payments", "doctor", "--json"], more].concat())
}

impl Ran {
    /// What was found by this check, in this environment where it is one's.
    #[track_caller]
    fn check(&self, environment: Option<&str>, name: &str) -> Value {
        let all = self.json();
        let mut checks = all["checks"].as_array().expect("checks").iter();
        let found = checks.find(|check| check["check"] == name && check["environment"] == json!(environment));
        found.unwrap_or_else(|| panic!("no {name} of {environment:?}: {all:#}")).clone()
    }

    /// Asserts a check's verdict, a part of what it found, and the end of what repairs it.
    #[track_caller]
    fn finds(self, name: &str, verdict: &str, found: &str, repair: Option<&str>) -> Self {
        let backends = ["address", "key", "reachable", "version", "routes", "key accepted"];
        let environment = (!backends.contains(&name)).then_some("test");
        let check = self.check(environment, name);
        assert_eq!(check["verdict"], verdict, "{check:#}");
        assert!(check["found"].as_str().expect("text").contains(found), "{check:#}");
        assert_eq!(check["repair"], json!(repair), "{check:#}");
        self
    }

    /// Asserts that this many checks failed, and that the error says so.
    #[track_caller]
    fn fails(self, count: u64) -> Self {
        let ran = self.exits(1);
        assert_eq!(ran.json()["summary"]["fail"], count, "{}", ran.stdout);
        let error = ran.error();
        assert_eq!((&error["code"], &error["exitCode"]), (&json!("CHECKS_FAILED"), &json!(1)));
        let what = error["error"].as_str().expect("text");
        assert!(what.starts_with(&format!("{count} of ")) && what.ends_with(" checks failed"), "{what}");
        ran
    }
}

#[test]
fn a_backend_that_is_well() {
    // The address outside is not the one in use here.
    let ran = doctor(well(), &[]).exits(0).finds("webhook address", "warn", OUTSIDE, None);
    let summary = ran.json()["summary"].clone();
    assert_eq!(summary, json!({"pass": 13, "warn": 1, "fail": 0, "skip": 2}), "{}", ran.stdout);
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
        // One that is over belongs to nobody any more.
        .finds("subscriptions", "pass", "2,", None);
    let live = ran.check(Some("live"), "provider key");
    assert_eq!((&live["verdict"], &live["found"]), (&json!("skip"), &json!("not configured")));
    let stub = serve(well());
    let user = User::of(&stub.address);
    let short = user.run(&["payments", "doctor", "test"]).exits(0).says(&["✓ Stripe payments work; 1 of"]);
    let long = user.run(&["payments", "stripe", "doctor", "-e", "test"]).exits(0);
    let lines = |ran: &Ran| ran.stdout.lines().map(|line| line[..20].to_owned()).collect::<Vec<_>>();
    assert_eq!(lines(&short), lines(&long));
    assert!(!short.stdout.contains("live") && !short.stdout.contains("Repairs"), "{}", short.stdout);
}

#[test]
fn without_an_address_or_a_key_it_still_says_what_is_missing() {
    let ran = examine(&User::new(), &[]).fails(1);
    let ran = ran.finds("address", "fail", "No InsForge backend is linked here", Some("insforge login"));
    for name in ["key", "reachable", "version", "routes", "key accepted", "provider key"] {
        ran.check((name == "provider key").then_some("test"), name);
    }
    assert_eq!(ran.json()["summary"], json!({"pass": 0, "warn": 0, "fail": 1, "skip": 7}));

    let keyless = User::new().with("INSFORGE_BASE_URL", "https://shop.insforge.app");
    examine(&keyless, &["live"]).fails(1).finds("key", "fail", "set INSFORGE_API_KEY", None);
    let ran = keyless.run(&["payments", "doctor"]).exits(1);
    assert!(ran.stdout.contains("fail     key           -     There is no API key"), "{}", ran.stdout);
    ran.says(&["error: 1 of 1 checks failed"]);

    let plain = User::of("http://shop.insforge.app");
    examine(&plain, &[]).fails(1).finds("address", "fail", "use https", None);
}

#[test]
fn a_backend_that_is_down_or_another_ones() {
    let user = User::of(&dead());
    let ran = examine(&user, &["--retries", "0"]).fails(1).finds("reachable", "fail", "Cannot reach", None);
    ran.finds("key", "pass", "INSFORGE_API_KEY", None).finds("routes", "skip", "because", None);

    let page = Stub::start(|_: &Request| Answer::html(404, "<h1>nginx</h1>"));
    examine(&User::of(&page.address), &[])
        .fails(2)
        .finds("reachable", "fail", "is not an InsForge backend", None)
        .finds("routes", "fail", "Payments are not available on this backend", None)
        .finds("provider key", "skip", "because", None);

    // Where only the version is kept back, payments can be looked at.
    let mut answers = well();
    answers["/api/health"] = json!("<h1>nginx</h1>");
    doctor(answers, &[]).exits(0).finds("reachable", "warn", "is not an InsForge", None);
}

#[test]
fn a_key_that_the_backend_refuses() {
    let mut answers = well();
    answers["/api/payments/stripe/status"] =
        json!({"error": "AUTH_INVALID_API_KEY", "message": "Invalid API key", "statusCode": 401});
    let again = "export INSFORGE_API_KEY=ik_…";
    doctor(answers, &["--retries", "0"])
        .fails(1)
        .finds("reachable", "pass", "answered in", None)
        .finds("key accepted", "fail", "Invalid API key", Some(again))
        .finds("provider key", "skip", "because the backend gave no status", None);
}

#[test]
fn an_older_backend_is_well_but_has_no_other_provider() {
    let answers: Value = well()
        .as_object()
        .expect("an object")
        .iter()
        .map(|(path, answer)| (path.replace("/stripe/", "/"), answer.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let stub = serve(answers);
    let user = User::of(&stub.address);
    examine(&user, &[]).exits(0).finds("routes", "pass", "older generation", None);
    let ran = user.run(&["payments", "razorpay", "doctor", "--json"]).fails(1);
    ran.finds("routes", "fail", "Razorpay is not available on this backend", None);
}

#[test]
fn the_other_provider_has_other_things_for_sale() {
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
    let sync = Some("insforge payments razorpay sync test");
    let razorpay = |answers: &Value| {
        User::of(&serve(answers.clone()).address).run(&["payments", "razorpay", "doctor", "--json"])
    };
    razorpay(&answers)
        .exits(0)
        .finds("items", "pass", "1 active", None)
        .finds("plans", "warn", "1 of 2 without their item: plan_2", sync)
        .finds("subscriptions", "warn", "1 of 2 without a billing subject: sub_2; give them", sync);
    answers["/api/payments/razorpay/status"]["connections"][0]["maskedKey"] = "rzp_live_****0001".into();
    let set = "insforge payments razorpay config set test";
    razorpay(&answers).fails(1).finds("provider key", "fail", "is for live", Some(set));
    answers["/api/payments/razorpay/status"] =
        status(json!({"environment": "test", "status": "unconfigured"}));
    razorpay(&answers).fails(1).finds("provider key", "fail", "not configured", Some(set));
}

#[test]
fn an_environment_without_a_key() {
    let unconfigured = json!({"status": "unconfigured", "maskedKey": null});
    let (answers, set) = (spoilt(unconfigured), "insforge payments config set test");
    // Somebody has to have one.
    doctor(answers.clone(), &[]).fails(1).finds("provider key", "fail", "not configured", Some(set));
    doctor(answers.clone(), &["test"]).fails(1).finds("provider key", "fail", "not configured", Some(set));
    let ran = doctor(well(), &["live"]).fails(1);
    assert_eq!(ran.check(Some("live"), "provider key")["repair"], "insforge payments config set live");
    // Who sells in live only is well.
    let mut answers = answers;
    answers["/api/payments/stripe/status"]["connections"][1] = connection("live");
    for list in ["catalog", "subscriptions?limit=100"] {
        let path = format!("/api/payments/stripe/test/{list}");
        answers[path.replace("test", "live")] = answers[&path].clone();
    }
    doctor(answers, &[]).exits(0).finds("provider key", "skip", "not configured", None);
    // A repair goes to the backend that was asked.
    let stub = serve(spoilt(json!({"status": "unconfigured"})));
    let user = User::new().with("INSFORGE_API_KEY", super::harness::KEY);
    let ran = examine(&user, &["test", "--api-url", &stub.address]).fails(1);
    ran.finds("provider key", "fail", "", Some(&format!("{set} --api-url {}", stub.address)));
}

#[test]
fn a_connection_that_does_not_work() {
    let (set, sync) = ("insforge payments config set test", "insforge payments sync test");
    let other_mode = json!({"maskedKey": "sk_live_****0001"});
    doctor(spoilt(other_mode), &[]).fails(1).finds("provider key", "fail", "is for live", Some(set));
    let no_key = json!({"maskedKey": "pk_test_****0001"});
    doctor(spoilt(no_key), &[]).fails(1).finds("provider key", "fail", "sk_test_", Some(set));
    let key = "sk_test_51Secret0Secret1Secret2";
    for (reason, repair) in [(format!("Expired API Key: {key}"), set), ("prices exploded".into(), sync)] {
        let failed = json!({"status": "error", "lastSyncStatus": "failed", "lastSyncError": reason});
        let ran = doctor(spoilt(failed), &[]).fails(2);
        assert!(!ran.stdout.contains(key) && !ran.stderr.contains(key), "{ran:?}");
        let part = &reason[..7];
        ran.finds("account", "fail", part, Some(repair)).finds("last sync", "fail", part, Some(repair));
    }
    let nobody = json!({"accountId": null});
    doctor(spoilt(nobody), &[]).exits(0).finds("account", "warn", "not known", Some(sync));
}

#[test]
fn a_sync_that_is_old_or_failed() {
    let sync = Some("insforge payments sync test");
    let old = json!({"lastSyncedAt": hours_ago(49)});
    doctor(spoilt(old), &[]).exits(0).finds("last sync", "warn", "2 days ago", sync);
    let failed = json!({
        "lastSyncedAt": hours_ago(3), "lastSyncStatus": "failed", "lastSyncError": "customers: [object Object]",
    });
    let found = "failed: customers sync failed; the last that succeeded: 3 hours ago";
    let ran = doctor(spoilt(failed), &[]).fails(1).finds("last sync", "fail", found, sync);
    assert_eq!(ran.error()["hint"], "begin with: insforge payments sync test");
    let never = json!({"lastSyncedAt": null, "lastSyncStatus": null});
    doctor(spoilt(never), &[]).exits(0).finds("last sync", "warn", "never", sync);
}

#[test]
fn a_webhook_that_is_missing_or_nowhere() {
    let make = Some("insforge payments webhooks configure test");
    let none = json!({"webhookEndpointId": null, "webhookEndpointUrl": null, "webhookConfiguredAt": null});
    // Nobody reaches a backend on this machine from outside; in live somebody has to.
    doctor(spoilt(none.clone()), &[]).exits(0).finds("webhook", "warn", "does not hear of payments", make);
    let mut answers = spoilt(none);
    let mut live = answers["/api/payments/stripe/status"]["connections"][0].clone();
    live["environment"] = "live".into();
    live["maskedKey"] = "sk_live_****0001".into();
    answers["/api/payments/stripe/status"]["connections"][1] = live;
    let webhook = doctor(answers, &["live"]).exits(1).check(Some("live"), "webhook");
    assert_eq!(webhook["verdict"], "fail");

    let here = json!({"webhookEndpointUrl": format!("{HERE}{WEBHOOK}")});
    let stub = serve(spoilt(here.clone()));
    examine(&User::of(&stub.address), &[])
        .exits(0)
        .finds("webhook address", "warn", "is no public https address", make)
        .finds("webhook answers", "pass", "yes", None);
    let asked = stub.requests().into_iter().filter(|request| request.target == WEBHOOK);
    let asked: Vec<Request> = asked.collect();
    assert_eq!(asked.len(), 1);
    // It is for everybody, so the key stays here.
    assert_eq!((asked[0].method.as_str(), asked[0].header("authorization")), ("GET", None));

    let mut answers = spoilt(here);
    answers[WEBHOOK] = json!("<h1>nginx</h1>");
    doctor(answers, &[]).fails(1).finds("webhook answers", "fail", "404", None);
}

/// Wherever the webhook leads, only the backend in use is asked.
#[test]
fn nobody_but_the_backend_is_asked() {
    let elsewhere = Stub::start(|_: &Request| Answer::json(200, "{}"));
    let port = elsewhere.address.rsplit(':').next().expect("a port").to_owned();
    for url in [
        format!("{}{WEBHOOK}", elsewhere.address),
        format!("http://localhost:{port}{WEBHOOK}"),
        format!("{HERE}@127.0.0.1:{port}{WEBHOOK}"),
        "https://".to_owned(),
    ] {
        let stub = serve(spoilt(json!({"webhookEndpointUrl": url})));
        examine(&User::of(&stub.address), &[]).exits(0).finds("webhook answers", "skip", "nobody but", None);
        assert!(!stub.lines().iter().any(|line| line.contains("webhooks")), "{:?}", stub.lines());
    }
    assert_eq!(elsewhere.lines(), [""; 0]);
}

#[test]
fn a_catalog_with_gaps() {
    let mut answers = well();
    let catalog = &mut answers["/api/payments/stripe/test/catalog"];
    catalog["prices"][1]["active"] = false.into();
    catalog["prices"][0]["lookupKey"] = Value::Null;
    let subscriptions = &mut answers["/api/payments/stripe/test/subscriptions?limit=100"]["subscriptions"];
    subscriptions[1]["status"] = "active".into();
    let price =
        "insforge payments prices create test --product prod_2 --currency CURRENCY --unit-amount AMOUNT";
    let name = "insforge payments prices update test price_1 --lookup-key LOOKUP_KEY";
    let sync = "insforge payments sync test";
    doctor(answers, &[])
        .exits(0)
        .finds("products", "warn", "1 of 2 without an active price: prod_2", Some(price))
        .finds("prices", "warn", "1 of 1 without a lookup key: price_1", Some(name))
        .finds("subscriptions", "warn", "1 of 2 without a billing subject: sub_2", Some(sync));
}

/// What cannot be read is that check's failure, and the others are made all the same.
#[test]
fn each_failure_is_one_checks() {
    let mut answers = well();
    answers["/api/payments/stripe/test/catalog"] =
        json!({"error": "INTERNAL_ERROR", "message": "the catalog exploded", "statusCode": 500});
    doctor(answers, &["--retries", "0"])
        .fails(1)
        .finds("catalog", "fail", "the catalog exploded", None)
        .finds("subscriptions", "pass", "2,", None);

    let shop = well();
    let late = Stub::start(move |request: &Request| match &shop[&request.target] {
        Value::Null => Answer::json(404, "{}"),
        answer => {
            let then = Answer::json(200, &answer.to_string());
            let is_late = request.target.ends_with("/catalog");
            if is_late { Answer::Late { after: Duration::from_secs(60), then: Box::new(then) } } else { then }
        }
    });
    examine(&User::of(&late.address), &["--timeout", "3s"])
        .fails(2)
        .finds("last sync", "pass", "ago", None)
        .finds("catalog", "fail", "did not answer in time", None)
        .finds("subscriptions", "fail", "did not answer in time", None);
}

#[test]
fn a_command_line_that_makes_no_sense_is_an_error() {
    let user = User::of(&dead());
    for more in [&["test", "-e", "live"][..], &["staging"], &["-o", "ids"], &["--dry-run"]] {
        let ran = user.run(&[&["payments", "doctor"], more].concat()).exits(64);
        assert_eq!(ran.stdout, "", "{more:?}");
    }
}

#[test]
fn a_narrow_terminal_shows_each_check_by_its_verdict() {
    let none = json!({"webhookEndpointId": null, "webhookEndpointUrl": null, "webhookConfiguredAt": null});
    let stub = serve(spoilt(none));
    let (code, screen) = Terminal::start(&User::of(&stub.address), 60, &["payments", "doctor"]).finish();
    assert_eq!(code, 0, "{screen}");
    let screen = console::strip_ansi_codes(&screen).into_owned();
    let record = "warn: webhook\n  Env: test\n  Found: none, so the backend does not hear of payments\n";
    assert!(screen.contains(record), "{screen}");
    assert!(screen.contains("webhook  insforge payments webhooks configure test\n"), "{screen}");
}

#[cfg(feature = "sandbox")]
mod in_the_sandbox {
    use super::super::harness::{User, assert_golden, tried};

    /// Less what is another in each run: the port, how fast it was, where the user is at home.
    fn settled(text: &str, user: &User) -> String {
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

    /// The small shop is well. Its webhook's address is made up, and one of its customers came from nowhere.
    #[test]
    fn the_small_shop() {
        let user = User::new().with("INSFORGE_SANDBOX", "1");
        let mut shown = String::new();
        for line in [
            "payments doctor",
            "payments razorpay doctor",
            "payments doctor live",
            "payments razorpay doctor live --json",
            "payments doctor test --json",
        ] {
            tried(&user, line, "", &mut shown);
        }
        assert_golden("doctor.txt", &settled(&shown, &user));
    }

    #[test]
    fn what_it_says_to_run_repairs_it() {
        let user = User::new().with("INSFORGE_SANDBOX", "1");
        let repair = |args: &[&str], stdin: &str| user.run_with_stdin(args, stdin).exits(0);
        user.run(&["payments", "doctor", "live"]).exits(1).says(&["insforge payments config set live"]);
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
