//! `prices replace` and `products archive`: several requests for one price or product. Interrupted at any of them, the same
//! command finishes.

use serde_json::{Value, json};

use super::harness::shop::{Accident, Shop};
use super::harness::stripe_catalog::{rows, text};
use super::harness::{RunOutput, User};

const KEY: &str = "pro_monthly";
const REPLACE: &[&str] = &["payments", "prices", "replace", KEY, "--unit-amount", "2900", "--json"];

/// A shop with the product Pro: a price with a lookup key, and one without.
fn shop() -> Shop {
    let shop = Shop::new();
    let product = shop.send("POST", "/catalog/products", &json!({"name": "Pro", "idempotencyKey": "pro"}));
    let product = text(&product["product"]["productId"]);
    let price = |body: Value| {
        let mut body = body;
        body["productId"] = product.clone().into();
        shop.send("POST", "/catalog/prices", &body);
    };
    price(json!({
        "currency": "usd", "unitAmount": 1900, "recurring": {"interval": "month", "intervalCount": 3},
        "lookupKey": KEY, "taxBehavior": "inclusive", "metadata": {"tier": "pro"}, "idempotencyKey": "monthly",
    }));
    price(json!({"currency": "usd", "unitAmount": 500, "idempotencyKey": "once"}));
    shop
}

/// The product of the shop.
fn product(shop: &Shop) -> String {
    text(&shop.catalog()["products"][0]["productId"])
}

fn make_default(shop: &Shop, price: &str) {
    let default = json!({"product": product(shop), "price": price});
    shop.sandbox.change_stripe(json!({ "defaultPrice": default })).expect("an event");
}

/// Asserts that the price was replaced once.
#[track_caller]
fn assert_replaced(shop: &Shop, old: &str, ran: &RunOutput, case: &str) {
    let catalog = shop.catalog();
    let prices = rows(&catalog, "prices");
    let with_id = |id: &str| prices.iter().find(|price| price["priceId"] == id).expect("a price");
    assert_eq!(prices.len(), 3, "{case}: {catalog}");
    let (old, mut new) = (with_id(old), with_id(&text(&ran.json()["price"]["priceId"])).clone());
    assert_eq!((&old["active"], &old["lookupKey"]), (&json!(false), &Value::Null), "{case}");
    new.as_object_mut()
        .expect("an object")
        .retain(|name, _| !["priceId", "syncedAt"].contains(&name.as_str()));
    let mut expected = old.clone();
    expected.as_object_mut().expect("an object").retain(|name, _| new.get(name).is_some());
    for (name, value) in [("active", json!(true)), ("lookupKey", json!(KEY)), ("unitAmount", json!(2900))] {
        expected[name] = value;
    }
    expected["unitAmountDecimal"] = "2900".into();
    expected["metadata"] = json!({"tier": "pro"});
    assert_eq!(new, expected, "{case}");
}

#[test]
fn a_price_is_replaced_by_one_with_another_amount() {
    let shop = shop();
    let old = shop.price(KEY);
    let ran = shop.user.run(REPLACE).exits(0);
    assert_replaced(&shop, &old, &ran, "a whole run");
    let writes: Vec<String> = shop.writes().iter().map(|write| write.method.clone()).collect();
    assert_eq!(writes, ["POST", "POST", "PATCH", "PATCH", "DELETE"]);
    // The same command has nothing to do, whichever price it names.
    let (new, changes) = (text(&ran.json()["price"]["priceId"]), shop.changes().len());
    for reference in [KEY, &new, &old] {
        let ran =
            shop.user.run(&["payments", "prices", "replace", reference, "--unit-amount", "2900"]).exits(0);
        ran.stderr_has(&[&format!(
            "✓ Stripe price {new} costs 29.00 USD every 3 months already; nothing to do."
        )]);
    }
    assert_eq!(shop.changes().len(), changes);
    let ran = shop.user.run(&["payments", "prices", "replace", &old, "--unit-amount", "3900"]).exits(1);
    ran.stderr_has(&[
        &format!("error: Price {old} was already replaced by {new}"),
        &format!("insforge payments prices replace test {new} --unit-amount 3900"),
    ]);
    let ran =
        shop.user.run(&["payments", "prices", "replace", "test", KEY, "--unit-amount", "3900"]).exits(0);
    assert!(ran.stderr.starts_with(&format!("✓ Stripe price replaced: {new} → price_")), "{}", ran.stderr);
}

/// The program stores nothing, so a kill before a write is the same as a kill after the previous write.
#[test]
fn a_replacement_killed_after_any_write_is_finished_by_the_same_command() {
    for by_id in [false, true] {
        // A sync and the four requests of a replacement.
        for at in 1..=5 {
            let shop = shop();
            let old = shop.price(KEY);
            let command = [&REPLACE[..3], &[if by_id { old.as_str() } else { KEY }], &REPLACE[4..]].concat();
            shop.kill(at, Accident::Silence, &command);
            assert_eq!(shop.writes().len(), at, "nothing is sent after it");
            let ran = shop.user.run(&command).exits(0);
            assert_replaced(&shop, &old, &ran, &format!("a kill at write {at}, by id {by_id}"));
        }
    }
}

/// A create that arrives after the next run has the same idempotency key as the create of that run.
#[test]
fn a_late_create_creates_no_second_price() {
    let shop = shop();
    let old = shop.price(KEY);
    shop.kill(2, Accident::Late, REPLACE);
    let ran = shop.user.run(REPLACE).exits(0);
    shop.arrives_late();
    assert_replaced(&shop, &old, &ran, "a late create");
}

#[test]
fn a_lost_response_is_requested_again() {
    for at in 1..=5 {
        let shop = shop();
        let old = shop.price(KEY);
        shop.plan(at, Accident::DropAfter);
        let ran = shop.user.run(REPLACE).exits(0);
        assert_replaced(&shop, &old, &ran, &format!("a lost response at write {at}"));
    }
}

/// Without retries, the failure says what the same command does.
#[test]
fn after_a_lost_request_the_same_command_continues() {
    for at in 1..=5 {
        let shop = shop();
        let old = shop.price(KEY);
        shop.plan(at, Accident::DropBefore);
        let line = [REPLACE, &["--retries", "0"]].concat();
        let ran = shop.user.run(&line).exits(8);
        let error = ran.error();
        assert_eq!(
            (&error["retryable"], &error["next"][0]),
            (&json!(true), &json!("insforge")),
            "{at}: {error}"
        );
        let hint = error["hint"].as_str().expect("a hint");
        assert_eq!(hint.contains("continues and creates no duplicates"), at > 1, "{at}: {error}");
        let ran = shop.user.run(&line).exits(0);
        assert_replaced(&shop, &old, &ran, &format!("a lost request at write {at}"));
    }
}

#[test]
fn a_default_price_stays_active_with_a_warning() {
    let shop = shop();
    let old = shop.price(KEY);
    make_default(&shop, &old);
    for _ in 0..2 {
        let ran = shop.user.run(REPLACE).exits(0);
        let new = text(&ran.json()["price"]["priceId"]);
        assert!(ran.stderr.contains(r#""code":"DEFAULT_PRICE_ACTIVE""#), "{}", ran.stderr);
        ran.stderr_has(&[
            &format!("choose {new} as the default price in Stripe's dashboard"),
            &format!("then run: insforge payments prices archive test {old}"),
        ]);
    }
    // Stripe's refusal explains the same.
    for args in [&["archive", &old][..], &["update", &old, "--active", "false"]] {
        let ran = shop.user.run(&[&["payments", "prices"], args].concat()).exits(1);
        ran.stderr_has(&[
            "because it is the default price of its product",
            "hint: choose another default price of the product in Stripe's dashboard, then run it again",
            "insforge payments products archive test PRODUCT_ID",
        ]);
    }
    let new = shop.price(KEY);
    make_default(&shop, &new);
    let ran = shop.user.run(REPLACE).exits(0);
    assert_eq!(ran.stderr, "");
    assert_replaced(&shop, &old, &ran, "another default price");
}

#[test]
fn a_dry_run_shows_every_request_and_sends_none() {
    let shop = shop();
    let old = shop.price(KEY);
    let ran = shop.user.run(&[REPLACE, &["--dry-run"]].concat()).exits(0);
    let requests: Vec<Value> = ran.json().as_array().expect("requests").clone();
    let lines: Vec<String> = requests
        .iter()
        .map(|request| format!("{} {}", request["method"], request["path"]).replace('"', ""))
        .collect();
    let prices = "/api/payments/stripe/test/catalog/prices";
    let expected = [
        format!("POST {prices}"),
        format!("PATCH {prices}/{old}"),
        format!("PATCH {prices}/NEW_PRICE_ID"),
        format!("DELETE {prices}/{old}"),
    ];
    assert_eq!(lines, expected);
    assert_eq!(requests[0]["body"]["unitAmount"], 2900);
    assert_eq!(shop.changes(), [] as [&str; 0]);
    let ran = shop.user.run(&["payments", "products", "archive", &product(&shop), "--dry-run"]).exits(0);
    assert!(
        ran.stdout.starts_with(r#"{"method":"DELETE""#) && ran.stdout.lines().count() == 3,
        "{}",
        ran.stdout
    );
    assert_eq!(shop.changes(), [] as [&str; 0]);
    ran.stderr_has(&["Nothing was changed at the provider."]);
}

#[test]
fn a_replacement_of_nothing_is_refused() {
    let shop = shop();
    let replace = |args: &[&str]| shop.user.run(&[&["payments", "prices", "replace"], args].concat());
    replace(&["pro_yearly", "--unit-amount", "1"]).exits(4).stderr_has(&["price not found: pro_yearly"]);
    replace(&[KEY]).exits(64).stderr_has(&["--unit-amount"]);
    replace(&[KEY, "--unit-amount", "19.00"]).exits(64).stderr_has(&["smallest unit"]);
    replace(&["test", "--unit-amount", "1"]).exits(64).stderr_has(&["The id is missing"]);
    let price = shop.price(KEY);
    shop.user.run(&["payments", "prices", "archive", KEY]).exits(0);
    replace(&[&price, "--unit-amount", "1"]).exits(1).stderr_has(&["it is archived, so nobody can buy it"]);
    shop.user.run(&["payments", "products", "archive", "prod_x"]).exits(4);
}

#[test]
fn both_ask_in_live() {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    user.run_with_stdin(&["payments", "config", "set", "live", "-", "--yes"], "sk_live_51SandboxShop0001a")
        .exits(0);
    user.run(&["payments", "products", "create", "live", "--name", "Pro", "--yes"]).exits(0);
    let product = user.run(&["payments", "products", "list", "live", "-o", "ids"]).exits(0).stdout;
    let product = product.trim();
    let price = [
        "prices",
        "create",
        "live",
        "--product",
        product,
        "--currency",
        "usd",
        "--unit-amount",
        "5",
        "--lookup-key",
        KEY,
    ];
    user.run(&[&["payments"], &price[..], &["--yes"]].concat()).exits(0);
    let user = user.with("INSFORGE_LIVE", "deny");
    for command in [
        &["prices", "replace", "live", KEY, "--unit-amount", "7"][..],
        &["products", "archive", "live", product],
    ] {
        user.run(&[&["payments"], command, &["--yes"]].concat()).exits(5);
    }
    let user = user.without("INSFORGE_LIVE");
    for (command, sentence) in [
        (
            &["prices", "replace", "live", KEY, "--unit-amount", "7"][..],
            "(0.05 USD) by 0.07 USD at Stripe, live",
        ),
        (&["products", "archive", "live", product], "(Pro) and its price at Stripe, live"),
    ] {
        let command = [&["payments"], command].concat();
        user.run(&command).exits(6).stderr_has(&[sentence, "Account: acct_", "--yes"]);
        let confirmed = [&command[..], &["--yes"]].concat();
        user.run(&[&confirmed[..], &["--dry-run"]].concat()).exits(0);
        user.run(&confirmed).exits(0);
    }
}

/// Archives the product of a shop, and asserts the final state.
#[track_caller]
fn assert_archived(shop: &Shop, ran: &RunOutput, default: Option<&str>, case: &str) {
    let catalog = shop.catalog();
    assert_eq!(catalog["products"][0]["active"], false, "{case}");
    let active = rows(&catalog, "prices").iter().filter(|price| price["active"] == true);
    let active: Vec<&str> = active.filter_map(|price| price["priceId"].as_str()).collect();
    assert_eq!(active, default.as_slice(), "{case}");
    let shown = ran.json();
    assert_eq!((&shown["product"]["active"], rows(&shown, "prices").len()), (&json!(false), 2), "{case}");
    assert_eq!(ran.stderr.contains("DEFAULT_PRICE_ACTIVE"), default.is_some(), "{case}: {}", ran.stderr);
}

#[test]
fn a_product_is_archived_with_its_prices() {
    for with_default in [false, true] {
        let shop = shop();
        let (product, price) = (product(&shop), shop.price(KEY));
        let default = with_default.then_some(price.as_str());
        default.inspect(|price| make_default(&shop, price));
        let command = ["payments", "products", "archive", &product, "--json"];
        let ran = shop.user.run(&command).exits(0);
        assert_archived(&shop, &ran, default, "a whole run");
        let last = shop.changes().pop().expect("a change");
        assert_eq!(last, format!("PATCH /api/payments/stripe/test/catalog/products/{product}"));
        let changes = shop.changes().len();
        let ran = shop.user.run(&command).exits(0);
        assert_archived(&shop, &ran, default, "again");
        assert_eq!(shop.changes().len(), changes);
        let ran = shop.user.run(&command[..4]).exits(0);
        ran.stderr_has(&["is archived already; nothing to do."]);
    }
}

#[test]
fn an_archive_killed_after_any_write_is_finished_by_the_same_command() {
    // A sync, two prices and the product.
    for at in 1..=4 {
        let shop = shop();
        let product = product(&shop);
        let command = ["payments", "products", "archive", &product, "--json"];
        shop.kill(at, Accident::Silence, &command);
        let ran = shop.user.run(&command).exits(0);
        assert_archived(&shop, &ran, None, &format!("a kill at write {at}"));
    }
}
