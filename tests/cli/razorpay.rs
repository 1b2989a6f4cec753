//! Razorpay: every recorded exchange, made by a command; lists without a route of their own; and creates whose answer is
//! lost.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::harness::all_formats::AllFormats;
use super::harness::recordings::{self, Exchange, Generation};
use super::harness::replies::{Replies, Shown};
use super::harness::stub::{Answer, Stub};
use super::harness::{RunOutput, User, assert_golden};

const STATUS: &str = "GET /api/payments/razorpay/status";
const CATALOG: &str = "GET /api/payments/razorpay/test/catalog";
const SYNC: &str = "POST /api/payments/razorpay/test/sync";
const ITEMS: &str = "POST /api/payments/razorpay/test/catalog/items";
const PLANS: &str = "POST /api/payments/razorpay/test/catalog/plans";
/// The secrets of the recorded backend. Only `webhooks` may show one, on request.
const API_SECRET: &str = "s3cr3t";
const WEBHOOK_SECRETS: [&str; 3] = ["6e55bf367494", "2159232d7dbc", "my-own-secret"];

/// The replies in the golden file, one or more of each kind. The first of each command has all formats.
const SHOWN: &Shown = &[
    ("Status: one environment", "rzp-status"),
    ("Status: nothing is configured", "rzp-status-unconfigured"),
    ("Config: keys of one environment", "rzp-config-get"),
    ("Config: a key is set", "rzp-config-put-ok"),
    ("Config: a key is removed", "rzp-config-delete"),
    ("Sync: one environment", "rzp-sync-env"),
    ("Sync: nothing is configured", "rzp-sync-all-unconfigured"),
    ("Sync: parts of it failed", "rzp-sync-partial"),
    ("Webhooks: what to enter at Razorpay", "rzp-webhook-setup"),
    ("Webhooks: a new secret", "rzp-webhook-rotate"),
    ("Catalog: no records", "rzp-catalog-unconfigured"),
    ("Catalog: items and plans", "rzp-catalog"),
    ("Items: created", "rzp-item-create"),
    ("Items: updated", "rzp-item-patch"),
    ("Plans: created", "rzp-plan-create"),
    ("Customers: a list", "rzp-customers"),
    ("Subscriptions: a list", "rzp-subscriptions"),
    ("Transactions: a list", "rzp-transactions"),
    ("Error: no keys to remove", "rzp-config-delete-again"),
    ("Error: no keys are configured", "rzp-webhook-unconfigured"),
    ("Error: Razorpay fails", "rzp-config-put-upstream-500"),
    ("Error: Razorpay is out of reach", "rzp-config-put-upstream-drop"),
    ("Error: an amount that is too small", "rzp-item-create-below-min"),
    ("Error: an item that does not exist", "rzp-item-patch-missing"),
    ("Usage: an unknown field", "rzp-item-create-idempotency-refused"),
    ("Usage: a field is missing", "rzp-item-create-empty"),
    ("Usage: a key for the other environment", "rzp-config-put-live-in-test"),
];

/// The exchanges whose input the command refuses, by their names after the number.
const REFUSED_HERE: [&str; 9] = [
    "rzp-env-unknown",
    "rzp-config-put-live-in-test",
    "rzp-item-create-idempotency-refused",
    "rzp-item-create-empty",
    "rzp-item-create-name-256",
    "rzp-plan-create-reserved-notes",
    "rzp-plan-create-bad-period",
    "rzp-plan-create-empty",
    "rzp-subscriptions-subject-only",
];

/// The exchanges that no command line can make, and why.
const NOT_MADE: [(&str, &str); 8] = [
    ("rzp-config-put-empty", "ID and secret are always sent"),
    ("rzp-config-put-extra", "a field that no flag gives"),
    ("rzp-webhook-post-404", "a route that does not exist"),
    ("rzp-webhook-regenerate-404", "a route that does not exist"),
    ("rzp-items-list-404", "a route that does not exist: the catalog has them"),
    ("rzp-item-get-404", "a route that does not exist: the catalog has it"),
    ("rzp-item-delete-404", "a route that does not exist"),
    ("rzp-plans-list-404", "a route that does not exist: the catalog has them"),
];

fn recorded(name: &str) -> Exchange {
    Generation::Newer.exchange(name)
}

fn name_without_number(exchange: &Exchange) -> &str {
    exchange.name.split_once('-').expect("a number").1
}

/// The command that makes a request, and its stdin.
fn invocation(exchange: &Exchange) -> (Vec<String>, String) {
    let path = exchange.path.strip_prefix("/api/payments/razorpay/").expect("Razorpay's");
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let segments: Vec<&str> = path.split('/').collect();
    let body = match &exchange.request_body {
        Value::Null => String::new(),
        body => body.to_string().replace("<256>", &"n".repeat(256)),
    };
    let own = |name: &str| exchange.request_body[name].as_str().unwrap_or_default().to_owned();
    let mut words: Vec<String> = match (exchange.method.as_str(), &segments[..]) {
        ("GET", ["status"]) => vec!["status"],
        ("GET", ["config"]) => vec!["config"],
        ("POST", ["sync"]) => vec!["sync"],
        ("POST", [env, "sync"]) => vec!["sync", env],
        ("GET", [env, "webhook"]) => vec!["webhooks", "setup", env],
        ("POST", [env, "webhook", "rotate-secret"]) => vec!["webhooks", "rotate-secret", env],
        ("GET", [env, "catalog"]) => vec!["catalog", env],
        ("GET", [env, list @ ("customers" | "subscriptions" | "transactions")]) => vec![*list, *env],
        ("DELETE", [env, "config"]) => vec!["config", "remove", env],
        ("PUT", [env, "config"]) => vec!["config", "set", env, "-"],
        ("POST", [env, "catalog", "items"]) => vec!["items", "create", env, "--from-file", "-"],
        ("PATCH", [env, "catalog", "items", id]) => vec!["items", "update", env, id, "--from-file", "-"],
        ("POST", [env, "catalog", "plans"]) => vec!["plans", "create", env, "--from-file", "-"],
        _ => panic!("no command for {}", exchange.line()),
    }
    .into_iter()
    .map(str::to_owned)
    .collect();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').expect("a value");
        let flag = match name {
            "limit" => "--limit",
            "subjectType" => "--subject-type",
            "subjectId" => "--subject-id",
            _ => panic!("no flag for {name}"),
        };
        words.extend([flag.to_owned(), value.to_owned()]);
    }
    if exchange.method != "PUT" {
        return (words, body);
    }
    words.extend(["--key-id".to_owned(), own("keyId")]);
    if !own("webhookSecret").is_empty() {
        words.extend(["--webhook-secret-file".to_owned(), "own-webhook-secret".to_owned()]);
    }
    (words, own("keySecret"))
}

fn run(user: &User, words: &[String], more: &[&str], stdin: &str) -> RunOutput {
    let args = ["payments", "razorpay"].into_iter().chain(words.iter().map(String::as_str));
    user.run_with_stdin(&args.chain(more.iter().copied()).collect::<Vec<_>>(), stdin)
}

#[track_caller]
fn assert_hidden(ran: &RunOutput, name: &str, secrets: &[&str]) {
    for secret in secrets {
        assert!(
            !ran.stdout.contains(secret) && !ran.stderr.contains(secret),
            "{name} shows {secret}: {ran:?}"
        );
    }
}

#[test]
fn every_recorded_exchange_can_be_made() {
    let (mut replies, mut made_count, mut refused) = (Replies::new(SHOWN), 0, 0);
    let mut not_made: BTreeMap<&str, &str> = NOT_MADE.into_iter().collect();
    for exchange in Generation::Newer.exchanges().iter().filter(|e| e.path.contains("/razorpay/")) {
        let name = name_without_number(exchange);
        if not_made.remove(name).is_some() {
            continue;
        }
        let (words, stdin) = invocation(exchange);
        let stub = recordings::serve_in(Generation::Newer, vec![exchange.clone()]);
        let user = User::of(&stub.address).with("INSFORGE_RETRIES", "0");
        user.write("own-webhook-secret", "my-own-secret\n");
        let table = run(&user, &words, &["--yes"], &stdin);
        assert_hidden(&table, name, &[&[API_SECRET][..], &WEBHOOK_SECRETS].concat());
        if REFUSED_HERE.contains(&name) {
            assert_eq!(
                (table.code, table.stdout.as_str(), stub.lines().len()),
                (64, "", 0),
                "{name}: {table:?}"
            );
            refused += 1;
        } else {
            check_requests(&stub, exchange);
            made_count += 1;
        }
        let json = run(&user, &words, &["--yes", "--json"], &stdin);
        assert_hidden(&json, name, &[API_SECRET]);
        check_json(exchange, &table, &json, &words);
        replies.note_kind(name, &words, &json);
        if replies.shows(name) {
            let formats = AllFormats::of(|flags| run(&user, &words, &[&["--yes"], flags].concat(), &stdin));
            formats.check_table(&formats.check());
            let line = format!("payments razorpay {} --yes", shell_words::join(&words));
            let normalize = |text: &str| {
                let text = Generation::Newer.normalize(text, &stub.address);
                WEBHOOK_SECRETS.iter().fold(text, |text, secret| text.replace(secret, "…"))
            };
            replies.record(name, &words, &line, &formats, normalize);
        }
    }
    println!("{made_count} recorded exchanges made, {refused} refused before");
    assert!(not_made.is_empty(), "these were not recorded: {not_made:?}");
    assert_eq!((made_count, refused), (55 - NOT_MADE.len() - REFUSED_HERE.len(), REFUSED_HERE.len()));
    assert_golden("razorpay.txt", &replies.text());
}

/// Checks the requests. The status is read to detect the generation before a write; `config set` reads it before and after.
fn check_requests(stub: &Stub, exchange: &Exchange) {
    let own = exchange.line();
    let done = exchange.status < 300;
    let expected = match exchange.method.as_str() {
        // After an empty list, the status says whether the environment has keys.
        "GET" if is_empty_list(&exchange.response_body) => vec![own.as_str(), STATUS],
        "GET" => vec![own.as_str()],
        "PUT" if done => vec![STATUS, &own, STATUS],
        _ => vec![STATUS, &own],
    };
    assert_eq!(stub.lines(), expected, "{}", exchange.name);
    let sent = stub.requests().into_iter().find(|request| request.line() == own).expect("the request");
    match &exchange.request_body {
        Value::Null => assert!(sent.body.is_empty(), "{}", exchange.name),
        body => {
            let sent: Value = serde_json::from_slice(&sent.body).expect("JSON");
            assert_eq!(&sent, body, "{}", exchange.name);
        }
    }
}

fn is_empty_list(body: &Value) -> bool {
    body.as_object().is_some_and(|body| body.values().all(|list| *list == json!([])))
}

/// Checks what `--json` prints: the backend's body, except for answers that have keys in them.
fn check_json(exchange: &Exchange, table: &RunOutput, json: &RunOutput, words: &[String]) {
    let name = &exchange.name;
    assert_eq!(json.code, table.code, "{name}: {json:?}");
    if json.code == 64 {
        assert_eq!(json.error()["code"], "USAGE", "{name}");
        return;
    }
    if exchange.status >= 300 {
        let error = json.error();
        assert_eq!((json.stdout.as_str(), &error["status"]), ("", &json!(exchange.status)), "{name}");
        return;
    }
    let mut expected = exchange.response_body.clone();
    match (words[0].as_str(), words.get(1).map(String::as_str)) {
        ("config", Some(verb)) => {
            expected = json!({"provider": "razorpay", "environment": "test", "configured": verb == "set"});
        }
        ("config", None) => {
            for key in expected["keys"].as_array_mut().expect("keys") {
                let key = key.as_object_mut().expect("an object");
                let masked = key.remove("value").filter(Value::is_string).map(|value| {
                    let value = value.as_str().expect("a text").to_owned();
                    let beginning = if value.starts_with("rzp_test_") { "rzp_test_" } else { "" };
                    let end = if value.len() - beginning.len() >= 7 { &value[value.len() - 4..] } else { "" };
                    format!("{beginning}****{end}")
                });
                key.insert("hasKey".into(), masked.is_some().into());
                key.insert("maskedKey".into(), masked.into());
            }
            assert_hidden(json, name, &WEBHOOK_SECRETS);
        }
        _ => {}
    }
    assert_eq!(json.stdout, format!("{expected:#}\n"), "{name}");
}

/// A newer backend with this catalog, which answers creates with `create`.
fn backend(create: impl Fn() -> Answer + Send + Sync + 'static, catalog: Value, sync: Answer) -> Stub {
    let status = recorded("288-rzp-status").answer();
    Stub::start(move |request| match request.line().as_str() {
        STATUS => status.clone(),
        CATALOG => Answer::json(200, &catalog.to_string()),
        SYNC => sync.clone(),
        ITEMS | PLANS => create(),
        _ => Answer::Unrecorded,
    })
}

fn catalog() -> Value {
    recorded("317-rzp-catalog").response_body
}

#[test]
fn items_and_plans_come_from_the_catalog() {
    let mut whole = catalog();
    whole["items"][2]["tomorrow"] = json!("an unknown field");
    let sync = recorded("318-rzp-sync-env").answer();
    let stub = backend(|| Answer::Unrecorded, whole.clone(), sync);
    let user = User::of(&stub.address);
    let run = |line: &str| {
        user.run(&[&["payments", "razorpay"], &line.split(' ').collect::<Vec<_>>()[..]].concat())
    };
    for (line, expected) in [
        ("items list", json!({"items": whole["items"]})),
        ("plans list", json!({"plans": whole["plans"]})),
        ("items get item_fG0874LbOScOkX", json!({"item": whole["items"][2]})),
        ("plans get test plan_xFuGRweqikgzUP", json!({"plan": whole["plans"][0]})),
    ] {
        let ran = run(&format!("{line} --json")).exits(0);
        assert_eq!(ran.stdout, format!("{expected:#}\n"), "{line}");
    }
    let items = run("items list -o ids").exits(0).stdout;
    assert_eq!(items.lines().count(), 4);
    assert_eq!(run("plans get plan_xFuGRweqikgzUP -o ids").exits(0).stdout, "plan_xFuGRweqikgzUP\n");
    let table = run("plans list").exits(0).stdout;
    assert!(table.lines().any(|line| {
        ["plan_xFuGRweqikgzUP", "Gold ", "999.00 INR", "month"].iter().all(|cell| line.contains(cell))
    }));
    assert!(run("items get item_fG0874LbOScOkX").exits(0).stdout.contains("499.00 INR"));
    for (line, what, code) in [
        ("items get live_1", "Razorpay test item not found: live_1", "PAYMENT_ITEM_NOT_FOUND"),
        ("plans get item_fG0874LbOScOkX", "Razorpay test plan not found", "PAYMENT_PLAN_NOT_FOUND"),
    ] {
        run(line).exits(4).stderr_has(&[
            what,
            " list test` lists existing ",
            "`insforge payments razorpay sync test`",
        ]);
        assert_eq!(run(&format!("{line} --json")).exits(4).error()["code"], code);
    }
    run("items get live").exits(64).stderr_has(&["is an environment"]);
    let empty = backend(|| Answer::Unrecorded, json!({"items": [], "plans": []}), Answer::Unrecorded);
    User::of(&empty.address)
        .run(&["payments", "razorpay", "plans", "list"])
        .exits(0)
        .stderr_has(&["No Razorpay plans found."]);
}

const CREATE_ITEM: &str = "items create --name T-shirt --amount 49900 --currency INR";
const CREATE_PLAN: &str =
    "plans create --period monthly --interval 1 --item-name Gold --item-amount 99900 --item-currency inr";

/// Razorpay has no idempotency keys, so a lost create is not sent again. The command searches the catalog instead.
#[test]
fn a_lost_create_is_searched_in_the_catalog() {
    const LOST: [fn() -> Answer; 5] = [
        || Answer::Drop,
        || Answer::Cut { body: b"{\"item\": {\"environment\": \"test\"}}".to_vec() },
        || Answer::html(502, "<h1>Bad gateway</h1>"),
        || Answer::json(201, "{\"unexpected\": true}"),
        || recorded("285-rzp-config-put-upstream-drop").answer(),
    ];
    let (found, gone) = (catalog(), json!({"items": [], "plans": []}));
    let fine = recorded("318-rzp-sync-env").answer();
    let failed = recorded("326-rzp-sync-catalog-fail").answer();
    for lost in LOST {
        for (line, post, id, of) in [
            (CREATE_ITEM, ITEMS, "item_fG0874LbOScOkX", "no item with this name and amount (499.00 INR)"),
            (CREATE_PLAN, PLANS, "plan_xFuGRweqikgzUP", "no plan with this name and amount (999.00 INR)"),
        ] {
            let look = |catalog: &Value, sync: &Answer| {
                let stub = backend(lost, catalog.clone(), sync.clone());
                let words: Vec<&str> = ["payments", "razorpay"].into_iter().chain(line.split(' ')).collect();
                let ran = User::of(&stub.address).run(&words).exits(1);
                assert_eq!(stub.lines(), [STATUS, post, SYNC, CATALOG], "{line}");
                assert!(ran.stderr.contains("the outcome is unknown"), "{ran:?}");
                let json = User::of(&stub.address).run(&[&words[..], &["--json"]].concat()).exits(1).error();
                assert_eq!((&json["code"], &json["retryable"]), (&json!("OUTCOME_UNKNOWN"), &json!(false)));
                ran
            };
            look(&found, &fine).stderr_has(&[
                "in the catalog of test, just synced:",
                id,
                "created 2026-11-23",
                "if this is your new",
            ]);
            look(&gone, &fine).stderr_has(&[
                of,
                "is in the catalog of test, just synced",
                "was probably not created; run it again",
            ]);
            look(&found, &failed).stderr_has(&["in the catalog of test:", id, "if this is your new"]);
            // A mirror that may be out of date proves nothing.
            look(&gone, &failed).stderr_has(&[of, "check with `insforge payments razorpay sync test && "]);
        }
    }
}

#[test]
fn a_lost_connection_to_razorpay_is_reported() {
    let stub = backend(
        || recorded("285-rzp-config-put-upstream-drop").answer(),
        json!({"items": [], "plans": []}),
        recorded("318-rzp-sync-env").answer(),
    );
    let words: Vec<&str> = ["payments", "razorpay"].into_iter().chain(CREATE_ITEM.split(' ')).collect();
    User::of(&stub.address).run(&words).exits(1).stderr_has(&[
        "error: The backend lost its connection to Razorpay; the outcome is unknown",
        "answered 500 INTERNAL_ERROR: Cannot read properties of undefined",
    ]);
    // A PUT is repeatable: it is sent again, and the user can run it again.
    let status = recorded("288-rzp-status").answer();
    let lost = recorded("285-rzp-config-put-upstream-drop");
    let stub =
        Stub::start(move |request| if request.method == "GET" { status.clone() } else { lost.answer() });
    let set = ["payments", "razorpay", "config", "set", "--key-id", "rzp_test_alpha_1", "-"];
    User::of(&stub.address)
        .with("INSFORGE_RETRIES", "1")
        .run_with_stdin(&set, "s3cr3t")
        .exits(8)
        .stderr_has(&["The backend lost its connection to Razorpay", "the provider is unreachable"]);
    assert_eq!(stub.lines().iter().filter(|line| line.starts_with("PUT")).count(), 2);
}

#[test]
fn invalid_values_are_not_sent() {
    let stub = Stub::start(|_| Answer::Unrecorded);
    let user = User::of(&stub.address);
    let long = "n".repeat(256);
    let long_name = format!("items create --name {long} --amount 1 --currency INR");
    for (line, says) in [
        ("items create --name x --amount 0 --currency INR", "the amount must be greater than 0"),
        ("items create --name x --amount -5 --currency INR", "an amount cannot be negative"),
        ("items create --name x --amount 4.99 --currency INR", "smallest unit"),
        ("items create --name x --amount 5 --currency rupee", "three-letter ISO code"),
        ("items create --name x --amount 5", "--currency"),
        (&long_name, "at most 255 characters, but this one has 256"),
        ("items update item_1", "add at least one of --name, --amount"),
        ("items update live --name x", "The id is missing"),
        (
            "plans create --period month --interval 1 --item-name x --item-amount 5 --item-currency INR",
            "monthly",
        ),
        (
            "plans create --period daily --interval 6 --item-name x --item-amount 5 --item-currency INR",
            "at least 7 days",
        ),
        (
            "plans create --period weekly --interval 0 --item-name x --item-amount 5 --item-currency INR",
            "1 or more",
        ),
        (
            "plans create --period weekly --interval 1 --item-name x --item-amount 5 --item-currency INR --notes {\"insforge_x\":\"1\"}",
            "note keys that begin with `insforge_` are reserved for InsForge",
        ),
        (
            "items create --name x --amount 5 --currency INR --idempotency-key k",
            "Unknown option '--idempotency-key'",
        ),
    ] {
        let words: Vec<&str> = ["payments", "razorpay"].into_iter().chain(line.split(' ')).collect();
        user.run(&words).exits(64).stderr_has(&[says]);
    }
    for (command, object, says) in [
        ("items create", r#"{"name": "x", "amount": 0, "currency": "INR"}"#, "greater than 0"),
        ("items create", r#"{"name": "x", "amount": 5}"#, "add --currency"),
        ("plans create", r#"{"period": "daily", "interval": 1, "item": {}}"#, "at least 7 days"),
        (
            "plans create",
            r#"{"period": "weekly", "interval": 1, "item": {"name": "x", "more": 1}}"#,
            "unknown field",
        ),
        ("plans create", r#"{"period": "weekly", "interval": 1, "item": {"name": "x"}}"#, "--item-amount"),
        ("plans create", r#"{"interval": 1}"#, "add --period"),
    ] {
        let words =
            ["payments", "razorpay"].into_iter().chain(command.split(' ')).chain(["--from-file", "-"]);
        user.run_with_stdin(&words.collect::<Vec<_>>(), object).exits(64).stderr_has(&[says]);
    }
    assert!(stub.lines().is_empty());
}

#[test]
fn flags_and_a_file_combine_to_one_plan() {
    let stub = backend(
        || recorded("307-rzp-plan-create").answer(),
        json!({"items": [], "plans": []}),
        Answer::Unrecorded,
    );
    let words = "payments razorpay plans create live --from-file - --item-amount 99900 --dry-run --json";
    let object =
        r#"{"period": "monthly", "interval": 1, "item": {"name": "Gold", "amount": 1, "currency": "INR"}}"#;
    let user = User::of(&stub.address);
    let ran = user.run_with_stdin(&words.split(' ').collect::<Vec<_>>(), object).exits(0);
    let body = json!({"period": "monthly", "interval": 1, "item": {"name": "Gold", "amount": 99900, "currency": "INR"}});
    let request =
        json!({"method": "POST", "path": "/api/payments/razorpay/live/catalog/plans", "body": body});
    assert_eq!(ran.json(), request);
    assert!(stub.lines().is_empty());
    // The answer does not have the item's name, so the table shows the given one.
    let words: Vec<&str> = ["payments", "razorpay"].into_iter().chain(CREATE_PLAN.split(' ')).collect();
    let ran = user.run(&words).exits(0).stderr_has(&["✓ Razorpay plan created: plan_xFuGRweqikgzUP"]);
    assert!(ran.stdout.contains("Gold"), "{ran:?}");
}

/// An older backend only gets the requests that detect its generation.
#[test]
fn an_older_backend_has_no_razorpay() {
    let commands = [
        "status",
        "config",
        "config remove --yes",
        "config set --key-id rzp_test_alpha_1 -",
        "sync",
        "webhooks setup",
        "webhooks rotate-secret --yes",
        "catalog",
        "items list",
        "items get item_1",
        CREATE_ITEM,
        "items update item_1 --active false",
        "plans list",
        "plans get plan_1",
        CREATE_PLAN,
        "customers",
        "subscriptions",
        "transactions",
    ];
    for line in commands {
        let stub = recordings::serve_in(Generation::Older, Vec::new());
        let words: Vec<&str> = ["payments", "razorpay"].into_iter().chain(line.split(' ')).collect();
        let user = User::of(&stub.address);
        let ran = user.run_with_stdin(&words, "s3cr3t").exits(1);
        assert_eq!(ran.stdout, "", "{line}");
        let ran =
            ran.stderr_has(&["error: Razorpay is not available on this backend", "hint: update the backend"]);
        assert_hidden(&ran, line, &[API_SECRET]);
        assert!(stub.lines().iter().all(|line| line.starts_with("GET ")), "{:?}", stub.lines());
        let json = user.run_with_stdin(&[&words[..], &["--json"]].concat(), "s3cr3t").exits(1).error();
        assert_eq!(json["code"], "PROVIDER_NOT_AVAILABLE", "{line}");
    }
}

#[test]
fn a_command_of_the_other_provider_is_suggested() {
    let user = User::new();
    for (line, hint) in [
        ("payments items list", "did you mean `insforge payments razorpay items`"),
        ("payments plans", "did you mean `insforge payments razorpay plans`"),
        ("payments razorpay products list", "did you mean `insforge payments products`"),
        ("status", "did you mean `insforge payments status`"),
    ] {
        user.run(&line.split(' ').collect::<Vec<_>>()).exits(64).stderr_has(&[hint]);
    }
    let ran = user.run(&["payments", "nonsense"]).exits(64);
    assert!(!ran.stderr.contains("did you mean `insforge"), "{ran:?}");
}

const KEY_ID: &str = "rzp_test_alpha_1";
const SECRET: &str = "Nobody4May5See6This";

/// A newer backend with this status, which accepts keys.
fn keys(status: &str) -> Stub {
    let (status, set) = (recorded(status).answer(), recorded("286-rzp-config-put-ok").answer());
    Stub::start(move |request| match request.method.as_str() {
        "PUT" => set.clone(),
        _ if request.line() == STATUS => status.clone(),
        _ => Answer::Unrecorded,
    })
}

/// Runs `config set` with a line that is split like a shell does, and checks that no secret is shown.
#[track_caller]
fn set(user: &User, line: &str, stdin: &str) -> RunOutput {
    let words = shell_words::split(&format!("payments razorpay config set {line}")).expect("quotes in pairs");
    let ran = user.run_with_stdin(&words.iter().map(String::as_str).collect::<Vec<_>>(), stdin);
    assert_hidden(&ran, line, &["4May5", "Decoy", "my-own"]);
    ran
}

fn sent(stub: &Stub) -> Vec<Value> {
    let puts = stub.requests().into_iter().filter(|request| request.method == "PUT");
    puts.map(|put| serde_json::from_slice(&put.body).expect("JSON")).collect()
}

#[test]
fn the_key_is_read_from_the_named_source() {
    for (line, warned) in [
        ("--key-id ID -", false),
        ("test - --key-id ID", false),
        ("- -e test --key-id ID", false),
        ("--key-id ID --key-secret -", false),
        ("--key-id ID --key-secret-file secret-file", false),
        ("--key-id ID --key-secret-file -", false),
        ("test -", false),
        ("--key-id=ID --key-secret=SECRET", true),
    ] {
        let stub = keys("288-rzp-status");
        let user = User::of(&stub.address)
            .with("RAZORPAY_TEST_KEY_SECRET", "Decoy1234567890")
            .with("RAZORPAY_TEST_KEY_ID", KEY_ID);
        user.write("secret-file", &format!("{SECRET}\n"));
        let ran = set(&user, &line.replace("ID", KEY_ID).replace("SECRET", SECRET), SECRET).exits(0);
        assert_eq!(sent(&stub), [json!({"keyId": KEY_ID, "keySecret": SECRET})], "{line}");
        assert_eq!(ran.stderr.contains("can see a key secret on the command line"), warned, "{ran:?}");
    }
    // Without a named source, both are read from environment variables.
    let stub = keys("288-rzp-status");
    let user =
        User::of(&stub.address).with("RAZORPAY_TEST_KEY_SECRET", SECRET).with("RAZORPAY_TEST_KEY_ID", KEY_ID);
    set(&user, "", "").exits(0).stderr_has(&["✓ Razorpay test key configured for http://127.0.0.1:"]);
    let ran = set(&user, "test --dry-run --json", "").exits(0);
    assert_eq!(ran.json()["body"], json!({"keyId": KEY_ID, "keySecret": "****This"}));
    assert_eq!(sent(&stub), [json!({"keyId": KEY_ID, "keySecret": SECRET})]);
}

#[test]
fn an_own_webhook_secret_is_sent() {
    for (line, stdin, own) in [
        (
            "--key-id ID --key-secret-file secret-file --webhook-secret-stdin",
            "my-own secret\n",
            "my-own secret",
        ),
        ("--key-id ID - --webhook-secret-file own-file", SECRET, "my-own secret"),
        // The answers have fields of this name.
        ("--key-id ID - --webhook-secret-file own-file", SECRET, "environment"),
    ] {
        let stub = keys("288-rzp-status");
        let user = User::of(&stub.address);
        user.write("secret-file", SECRET);
        user.write("own-file", &format!("{own}\n"));
        set(&user, &line.replace("ID", KEY_ID), stdin).exits(0);
        let body = json!({"keyId": KEY_ID, "keySecret": SECRET, "webhookSecret": own});
        assert_eq!(sent(&stub), [body], "{line}");
    }
}

#[test]
fn invalid_keys_are_not_sent() {
    let stub = Stub::start(|_| Answer::Unrecorded);
    let user = User::of(&stub.address);
    user.write("secret-file", SECRET);
    user.write("empty", " \n");
    for (line, stdin, says) in [
        ("-", SECRET, "add --key-id, or set RAZORPAY_TEST_KEY_ID"),
        (
            "--key-id rzp_test_a1",
            "",
            "pipe it into `insforge payments razorpay config set test --key-id ID -`, or set RAZORPAY_TEST_KEY_SECRET",
        ),
        ("--key-id rzp_live_a1 -", SECRET, "This is a live key, but the environment is not given"),
        ("test --key-id rzp_live_a1 -", SECRET, "The key id from --key-id is for live, not for test"),
        ("live --key-id rzp_test_a1 - --yes", SECRET, "is for test, not for live"),
        ("--key-id acc_4May5 -", SECRET, "does not begin with rzp_test_"),
        ("--key-id rzp_test_ -", SECRET, "is only the prefix of a key"),
        ("--key-id '' -", SECRET, "is empty"),
        ("--key-id rzp_test_a1 -", "", "The key secret from stdin is empty"),
        ("--key-id rzp_test_a1 -", "4May5 See", "contains white space"),
        ("--key-id rzp_test_a1 -", "rzp_test_4May5See", "is a key's id, not its secret"),
        ("--key-id rzp_test_a1 -", "ik_4May5See", "is the project's API key"),
        (
            "--key-id rzp_test_a1 - --key-secret-file secret-file",
            SECRET,
            "The key secret is given more than once",
        ),
        ("--key-id rzp_test_a1 - --webhook-secret-stdin", SECRET, "both read stdin"),
        ("--key-id rzp_test_a1 - --webhook-secret-file empty", SECRET, "is empty"),
        ("test Nobody4May5 --key-id rzp_test_a1", "", "The key secret cannot be an argument"),
        ("Nobody4May5 --key-id rzp_test_a1", "", "An argument must be `test`, `live` or `-`"),
        ("test -e live --key-id rzp_test_a1 -", SECRET, "Two different environments are given"),
        (
            "--key-id rzp_test_a1 --key-secrt 4May5",
            "",
            "write it as `insforge payments razorpay config set [ENV] --key-id ID",
        ),
        (
            "--key-id rzp_test_a1 --key-secret-file Nobody4May5",
            "",
            "Cannot read the key secret from the file that --key-secret-file names",
        ),
    ] {
        set(&user, line, stdin).exits(64).stderr_has(&[says]);
    }
    assert!(stub.lines().is_empty());
}

/// For the backend, another key id is another account, and deletes the mirrored data.
#[test]
fn another_key_id_needs_confirmation() {
    const WARNS: &str = "it deletes all mirrored data of test";
    let other = "test --key-id rzp_test_beta_1 -";
    let stub = keys("288-rzp-status");
    let user = User::of(&stub.address);
    set(&user, other, SECRET).exits(6).stderr_has(&[WARNS, "Account: rzp_test_****ha_1", "--yes"]);
    assert!(sent(&stub).is_empty());
    set(&user, &format!("{other} --yes"), SECRET).exits(0);
    assert_eq!(sent(&stub).len(), 1);
    // Nothing is lost if only the secret changes, or if no account was connected.
    set(&user, &format!("test --key-id {KEY_ID} -"), SECRET).exits(0);
    let fresh = keys("269-rzp-status-unconfigured");
    set(&User::of(&fresh.address), other, SECRET).exits(0);
    // The mirrored data of a removed key is deleted, too.
    let removed = keys("331-rzp-status-after-delete");
    set(&User::of(&removed.address), other, SECRET).exits(6).stderr_has(&[WARNS]);
    // Live always asks.
    set(&User::of(&fresh.address), "live --key-id rzp_live_beta_1 -", SECRET).exits(6);
}

#[test]
fn a_refused_key_changes_nothing() {
    let status = recorded("288-rzp-status").answer();
    let refusal = r#"{"error":"PAYMENT_CONFIG_INVALID","message":"Authentication failed","statusCode":401}"#;
    let stub = Stub::start(move |request| match request.method.as_str() {
        "PUT" => Answer::json(401, refusal),
        _ => status.clone(),
    });
    set(&User::of(&stub.address), &format!("--key-id {KEY_ID} -"), SECRET).exits(1).stderr_has(&[
        "error: Authentication failed",
        "nothing was changed; set the id and secret of a test key",
    ]);
}

/// A newer backend that answers this exchange.
fn webhooks(name: &str) -> Stub {
    recordings::serve_in(Generation::Newer, vec![recorded(name)])
}

#[test]
fn a_webhook_secret_is_only_shown_on_request() {
    let (setup, rotate) = ("290-rzp-webhook-setup", "292-rzp-webhook-rotate");
    for (name, words, secret) in [
        (setup, "webhooks setup", WEBHOOK_SECRETS[0]),
        (rotate, "webhooks rotate-secret --yes", WEBHOOK_SECRETS[1]),
    ] {
        let stub = webhooks(name);
        let user = User::of(&stub.address);
        let run = |more: &[&str]| {
            let words: Vec<&str> = ["payments", "razorpay"].into_iter().chain(words.split(' ')).collect();
            user.run(&[&words[..], more].concat()).exits(0)
        };
        let masked = run(&[]);
        assert_hidden(&masked, words, &[secret]);
        masked.stderr_has(&["webhooks setup test --show-secret` shows it", "only to public https addresses"]);
        let clear = run(&["--show-secret"]);
        assert!(clear.stdout.contains(secret) && !clear.stderr.contains(secret), "{clear:?}");
        assert!(!clear.stderr.contains("is masked"), "{clear:?}");
        assert!(run(&["--json"]).stdout.contains(secret));
    }
    let mut public = recorded(setup);
    public.response_body["webhookUrl"] = json!("https://shop.example.com/api/webhooks/razorpay/test");
    let stub = recordings::serve_in(Generation::Newer, vec![public]);
    let ran = User::of(&stub.address).run(&["payments", "razorpay", "webhooks", "setup"]).exits(0);
    assert!(!ran.stderr.contains("warning"), "{ran:?}");
}

#[test]
fn rotating_asks_and_explains_how_to_recover() {
    let rotate = ["payments", "razorpay", "webhooks", "rotate-secret"];
    let stub = webhooks("292-rzp-webhook-rotate");
    User::of(&stub.address).run(&rotate).exits(6).stderr_has(&[
        "Replace the webhook secret for Razorpay, test",
        "Deliveries are refused until Razorpay's dashboard has the new secret.",
        "--yes",
    ]);
    assert!(!stub.lines().iter().any(|line| line.starts_with("POST")));
    let status = recorded("288-rzp-status").answer();
    let stub =
        Stub::start(move |request| if request.method == "GET" { status.clone() } else { Answer::Drop });
    User::of(&stub.address).run(&[&rotate[..], &["--yes"]].concat()).exits(1).stderr_has(&[
        "the outcome is unknown",
        "`insforge payments razorpay webhooks setup test --show-secret` shows the current secret",
    ]);
    assert_eq!(stub.lines().iter().filter(|line| line.starts_with("POST")).count(), 1);
}

/// A backend can be upgraded after its generation was remembered.
#[test]
fn a_remembered_older_generation_is_checked_again() {
    let user = User::new().with("INSFORGE_API_KEY_FILE", "");
    let older = recordings::serve_in(Generation::Older, Vec::new());
    user.write("key", super::harness::KEY);
    user.run(&["login", "--api-url", &older.address, "--api-key-file", "key"]).exits(0);
    let razorpay = ["payments", "razorpay", "status"];
    user.run(&razorpay).exits(1).stderr_has(&["Razorpay is not available"]);
    assert!(older.lines().iter().any(|line| line == STATUS), "{:?}", older.lines());
}

/// The error names Razorpay, and not payments in general.
#[test]
fn a_backend_without_routes_for_razorpay_is_reported() {
    let stub = Stub::start(|_| Answer::html(404, "Cannot GET"));
    for words in [&["status"][..], &["sync"]] {
        User::of(&stub.address).run(&[&["payments", "razorpay"], words].concat()).exits(1).stderr_has(&[
            "error: Razorpay is not available on this backend",
            "there are no payments routes for it at",
        ]);
    }
    assert!(stub.lines().iter().all(|line| line.starts_with("GET ")), "{:?}", stub.lines());
}
