//! A create whose idempotency key was used before: it is reported, and the mirror is synced if the object has changed since.

use std::time::Duration;

use serde_json::{Value, json};

use super::harness::recordings::{self, Exchange, Generation};
use super::harness::shop::Shop;
use super::harness::stripe_catalog::rows;
use super::harness::stub::{Answer, Stub};
use super::harness::{RunOutput, User};

const PRODUCT: &[&str] =
    &["payments", "products", "create", "--name", "Studio", "--idempotency-key", "studio-1"];
const BULK: &[&str] = &["payments", "products", "create", "--from-file", "-"];
const TWO: &str = "{\"name\":\"A\"}\n{\"name\":\"B\",\"metadata\":{\"z\":\"1\",\"a\":\"2\"}}\n";
const LIST: &str = "GET /api/payments/stripe/test/catalog/products";
const CREATE: &str = "POST /api/payments/stripe/test/catalog/products";
const SYNC: &str = "POST /api/payments/stripe/test/sync";

/// The requests that a run sends.
fn requests_of<T>(shop: &Shop, run: impl FnOnce() -> T) -> (T, Vec<String>) {
    let before = shop.requests().len();
    let out = run();
    (out, shop.requests().split_off(before))
}

fn id_of(ran: &RunOutput) -> String {
    ran.json()["product"]["productId"].as_str().expect("an id").to_owned()
}

fn change(shop: &Shop, id: &str) {
    shop.send("PATCH", &format!("/catalog/products/{id}"), &json!({"name": "Changed"}));
}

fn name_in_mirror(shop: &Shop, id: &str) -> Value {
    let mirror = shop.send("GET", "/catalog", &Value::Null);
    let row = rows(&mirror, "products").iter().find(|row| row["productId"] == id).cloned();
    row.expect("a row")["name"].clone()
}

#[test]
fn a_repeated_create_names_the_existing_object() {
    let shop = Shop::new();
    let product = id_of(&shop.user.run(&[PRODUCT, &["--json"]].concat()).exits(0));
    let price = [
        "payments",
        "prices",
        "create",
        "--product",
        &product,
        "--currency",
        "eur",
        "--unit-amount",
        "500",
        "--idempotency-key",
        "p-1",
    ];
    shop.user.run(&price).exits(0).stderr_has(&["✓ Stripe price created: price_"]);
    let prices = format!("GET /api/payments/stripe/test/catalog/prices?productId={product}");
    let create_price = CREATE.replace("products", "prices");
    for (create, kind, list, post) in
        [(PRODUCT, "product", LIST, CREATE), (&price[..], "price", prices.as_str(), create_price.as_str())]
    {
        let (ran, sent) = requests_of(&shop, || shop.user.run(create).exits(0));
        assert_eq!(sent, [list, post], "no request more");
        let note = format!("✓ Stripe {kind} already exists: ");
        let rest = ran.stderr.strip_prefix(&note).unwrap_or_else(|| panic!("{}", ran.stderr));
        assert!(rest.ends_with(" (same idempotency key)\n"), "{rest}");
        // The JSON is the backend's own body.
        let json = shop.user.run(&[create, &["--json"]].concat()).exits(0);
        assert_eq!((json.stderr.as_str(), json.json()[kind]["environment"].as_str()), ("", Some("test")));
    }
}

#[test]
fn the_mirror_is_synced_after_a_repeated_create_of_a_changed_object() {
    let shop = Shop::new();
    let id = id_of(&shop.user.run(&[PRODUCT, &["--json"]].concat()).exits(0));
    change(&shop, &id);
    let (ran, sent) = requests_of(&shop, || shop.user.run(&[PRODUCT, &["--json"]].concat()).exits(0));
    assert_eq!(sent, [LIST, CREATE, SYNC]);
    assert_eq!((ran.json()["product"]["name"].as_str(), ran.stderr.as_str()), (Some("Studio"), ""));
    assert_eq!(name_in_mirror(&shop, &id), "Changed");
    let ran = shop.user.run(PRODUCT).exits(0);
    ran.stderr_has(&[&format!("{id} changed after being created: the result shows the first version")]);
}

#[test]
fn a_skipped_or_failed_sync_is_a_warning() {
    for (faults, flags) in
        [(&[][..], &["--no-sync"][..]), (&["POST /sync: 502 x3"], &[]), (&["POST /sync: 403 x1"], &[])]
    {
        let shop = Shop::with(faults);
        let id = id_of(&shop.user.run(&[PRODUCT, &["--json"]].concat()).exits(0));
        change(&shop, &id);
        let json = shop.user.run(&[PRODUCT, flags, &["--json"]].concat()).exits(0);
        assert_eq!(id_of(&json), id);
        let warning: Value = serde_json::from_str(json.stderr.trim_end()).expect("a warning");
        assert_eq!(warning["code"], "MIRROR_STALE");
        let text = warning["warning"].as_str().expect("a text");
        assert!(text.starts_with(&id) && text.ends_with("run `insforge payments sync test`"), "{text}");
        assert_eq!(name_in_mirror(&shop, &id), "Studio", "it is true");
        assert_eq!(shop.requests().last().map(String::as_str) == Some(SYNC), flags.is_empty());
    }
}

#[test]
fn a_bulk_run_reads_once_and_syncs_once() {
    let shop = Shop::new();
    let (first, sent) = requests_of(&shop, || shop.user.run_with_stdin(BULK, TWO).exits(0));
    assert_eq!(sent, [LIST, CREATE, CREATE]);
    first.stderr_has(&["✓ 2 Stripe products created."]);
    let (second, sent) = requests_of(&shop, || shop.user.run_with_stdin(BULK, TWO).exits(0));
    assert_eq!(sent, [LIST, CREATE, CREATE], "nothing has changed");
    let second = second.stderr_has(&["✓ 0 Stripe products created, 2 existed already."]);
    let first_line: Value =
        serde_json::from_str(second.stdout.lines().next().expect("a line")).expect("JSON");
    let id = first_line["product"]["productId"].as_str().expect("an id").to_owned();
    change(&shop, &id);
    let three = format!("{TWO}{{\"name\":\"C\"}}\n");
    let (third, sent) = requests_of(&shop, || shop.user.run_with_stdin(BULK, &three).exits(0));
    assert_eq!(sent, [LIST, CREATE, CREATE, CREATE, SYNC]);
    third.stderr_has(&["✓ 1 Stripe product created, 2 existed already.", "the mirror was synced"]);
    assert_eq!(name_in_mirror(&shop, &id), "Changed");
    let (ran, sent) = requests_of(&shop, || {
        shop.user.run_with_stdin(&[BULK, &["--no-sync", "--json"]].concat(), &three).exits(0)
    });
    assert_eq!(sent, [LIST, CREATE, CREATE, CREATE]);
    ran.stderr_has(&["MIRROR_STALE", &id]);
}

/// The sync has a deadline of its own: create and sync together take longer than `--timeout`.
#[test]
fn the_sync_has_its_own_deadline() {
    let product = |name: &str| json!({"environment": "test", "productId": "prod_1", "name": name});
    let list = json!({"products": [product("Changed")]}).to_string();
    let created = json!({"product": product("Studio")}).to_string();
    let synced = Generation::Newer.exchange("195-sync-env").answer();
    let late = |answer: Answer| Answer::Late { after: Duration::from_millis(2500), then: Box::new(answer) };
    let stub = Stub::start(move |request| match request.line().as_str() {
        LIST => Answer::json(200, &list),
        CREATE => late(Answer::json(201, &created)),
        SYNC => late(synced.clone()),
        _ => Answer::Unrecorded,
    });
    let ran = User::of(&stub.address).run(&[PRODUCT, &["--timeout", "4s"]].concat()).exits(0);
    assert!(!ran.stderr.contains("warning"), "{ran:?}");
    assert_eq!(stub.lines(), [LIST, CREATE, SYNC]);
}

#[test]
fn other_writes_read_nothing_first() {
    let shop = Shop::new();
    let create = ["payments", "products", "create", "--name", "Studio"];
    let (_, sent) = requests_of(&shop, || shop.user.run(&create).exits(0));
    assert_eq!(sent, ["GET /api/payments/stripe/status", CREATE], "no other run can know a generated key");
    for (args, stdin) in [(PRODUCT, ""), (BULK, TWO)] {
        let dry_run = [args, &["--dry-run"]].concat();
        let (_, sent) = requests_of(&shop, || shop.user.run_with_stdin(&dry_run, stdin).exits(0));
        assert_eq!(sent, [] as [&str; 0]);
    }
    // A key in the file is the caller's, too.
    let file = r#"{"name":"File","idempotencyKey":"f-1"}"#;
    for note in ["✓ Stripe product created", "✓ Stripe product already exists"] {
        shop.user.run_with_stdin(BULK, file).exits(0).stderr_has(&[note]);
    }
}

#[test]
fn an_older_backend_is_asked_by_its_own_routes() {
    let replay = Generation::Older.exchange("096-product-create-replay");
    let mut list = Exchange { method: "GET".to_owned(), status: 200, ..replay.clone() };
    list.response_body = json!({ "products": [replay.response_body["product"]] });
    let stub = recordings::serve_in(Generation::Older, vec![replay.clone(), list]);
    let body = replay.request_body.to_string();
    let ran = User::of(&stub.address).run_with_stdin(BULK, &body.replace("  Pro  ", "Pro")).exits(0);
    let id = replay.response_body["product"]["stripeProductId"].as_str().expect("an id");
    ran.stderr_has(&[&format!("✓ Stripe product already exists: {id} (same idempotency key)")]);
    assert_eq!(
        stub.lines(),
        [LIST, "GET /api/payments/status", &LIST.replace("/stripe", ""), &CREATE.replace("/stripe", "")]
    );
}

/// A list that fails, that is invalid or that does not come is no reason to refuse the create.
#[test]
fn a_create_is_sent_although_the_list_fails() {
    let late = Answer::Late { after: Duration::from_secs(60), then: Box::new(Answer::Drop) };
    let recorded = Generation::Newer.exchange("089-product-create-full").answer();
    for list in [Answer::Drop, Answer::json(500, "{}"), Answer::json(200, "[]"), late] {
        let (status, created) =
            (Generation::Newer.exchange("242-status-recovered").answer(), recorded.clone());
        let answer = list.clone();
        let stub = Stub::start(move |request| match request.line().as_str() {
            LIST => answer.clone(),
            CREATE => created.clone(),
            _ => status.clone(),
        });
        let ran = User::of(&stub.address).run(&[PRODUCT, &["--timeout", "2s"]].concat());
        assert_eq!(ran.code, 0, "{list:?}: {ran:?}");
        ran.stderr_has(&["✓ Stripe product created now or earlier: prod_", " (same idempotency key)\n"]);
        let lists = stub.lines().iter().filter(|line| *line == LIST).count();
        assert_eq!(lists, 1, "{list:?}: it is not repeated");
    }
}

/// Without the list, nobody knows whether an earlier run has created the objects.
#[test]
fn a_bulk_run_without_the_list_does_not_say_that_it_created_the_objects() {
    let shop = Shop::with(&["GET /products: 503 x2"]);
    shop.user.run_with_stdin(BULK, TWO).exits(0).stderr_has(&["✓ 2 Stripe products created now or earlier."]);
    shop.user.run_with_stdin(BULK, TWO).exits(0).stderr_has(&["✓ 2 Stripe products created now or earlier."]);
    shop.user
        .run_with_stdin(BULK, TWO)
        .exits(0)
        .stderr_has(&["✓ 0 Stripe products created, 2 existed already."]);
    // The note about one object is the same in an error about its result.
    let shop = Shop::with(&["GET /products: 503", "POST /products: 400 x1"]);
    let ran = shop.user.run_with_stdin(BULK, TWO).exits(9);
    ran.stderr_has(&["error: 1 of 2 Stripe products created now or earlier, 1 failed\n"]);
}

#[test]
fn two_entries_with_one_idempotency_key_create_one_object() {
    let twice = "{\"name\":\"A\",\"idempotencyKey\":\"a-1\"}\n".repeat(2);
    let shop = Shop::new();
    let (ran, sent) = requests_of(&shop, || shop.user.run_with_stdin(BULK, &twice).exits(0));
    ran.stderr_has(&["✓ 1 Stripe product created, 1 existed already.\n"]);
    assert!(!sent.iter().any(|request| request == SYNC), "{sent:?}");
}
