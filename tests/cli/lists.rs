//! Lists: filters that the tool applies, rows that may be missing, environments without a key, and prices by lookup key.

use serde_json::{Value, json};

use super::harness::User;
use super::harness::all_formats::AllFormats;
use super::harness::running::Running;
use super::harness::stub::{Answer, Request, Stub};

const STATUS: &str = "GET /api/payments/stripe/status";
const PRICES: &str = "GET /api/payments/stripe/test/catalog/prices";

/// A backend with these answers, by path without the query. The status of an answer is its `statusCode`, or else 200.
fn serve(answers: Value) -> Stub {
    Stub::start(move |request: &Request| {
        let path = request.target.split('?').next().unwrap_or_default();
        let answer = &answers[path.trim_start_matches("/api/payments/")];
        if answer.is_null() {
            return Answer::json(404, r#"{"error":"NOT_FOUND","message":"no such route","statusCode":404}"#);
        }
        let status = answer["statusCode"].as_u64().unwrap_or(200);
        Answer::json(u16::try_from(status).expect("a status"), &answer.to_string())
    })
}

/// The status of a provider with a key in test only.
fn status() -> Value {
    json!({"connections": [
        {"environment": "test", "status": "connected", "maskedKey": "sk_test_****0001"},
        {"environment": "live", "status": "unconfigured", "maskedKey": null},
    ]})
}

fn customers(count: usize) -> Value {
    (0..count).map(|n| json!({"providerCustomerId": format!("cus_{n}")})).collect()
}

fn subscriptions(count: usize) -> Value {
    (0..count).map(|n| json!({"subscriptionId": format!("sub_{n}"), "status": "active"})).collect()
}

fn transactions(count: usize) -> Value {
    let row = |n| json!({"type": "one_time_payment", "status": "succeeded", "providerReferenceId": format!("pi_{n}")});
    (0..count).map(row).collect()
}

fn run(stub: &Stub, line: &[&str]) -> super::harness::RunOutput {
    User::of(&stub.address).run(&[&["payments"], line].concat())
}

#[test]
fn a_list_that_may_be_longer_is_a_warning() {
    let most = "the most that the backend lists";
    for (more, rows, warning) in [
        (&[][..], 49, None),
        (&[], 50, Some(format!("there may be more NOUN than the 50 requested; use --limit 100, {most}"))),
        (
            &["--limit", "3"],
            3,
            Some(format!("there may be more NOUN than the 3 requested; use --limit 100, {most}")),
        ),
        (&["--limit", "100"], 50, None),
        (&["--limit", "100"], 99, None),
        (&["--limit", "100"], 100, Some("there may be more NOUN: the backend lists at most 100".to_owned())),
        (
            &["--since", "1d"],
            50,
            Some(format!(
                "more NOUN may match: filters only apply to the 50 requested; use --limit 100, {most}"
            )),
        ),
        (
            &["--since", "1d", "--limit", "100"],
            100,
            Some(
                "more NOUN may match: filters only apply to the first 100, and the backend lists no more"
                    .to_owned(),
            ),
        ),
        (&["--since", "1d"], 49, None),
    ] {
        for provider in ["stripe", "razorpay"] {
            let stub = serve(json!({
                format!("{provider}/test/customers"): {"customers": customers(rows)},
                format!("{provider}/test/subscriptions"): {"subscriptions": subscriptions(rows)},
                format!("{provider}/test/transactions"): {"transactions": transactions(rows)},
            }));
            for noun in ["customers", "subscriptions", "transactions"] {
                let ran = run(&stub, &[&[provider, noun, "--json"], more].concat()).exits(0);
                let expected = warning.as_ref().map(|text| {
                    json!({"warning": text.replace("NOUN", noun), "code": "LIST_TRUNCATED"}).to_string()
                        + "\n"
                });
                assert_eq!(ran.stderr, expected.unwrap_or_default(), "{provider} {noun} {more:?} {rows}");
            }
            assert_eq!(stub.lines().len(), 3, "one request each: {:?}", stub.lines());
        }
    }
}

/// Rows with all values of the filtered fields, in the fields of both generations.
fn filtered_lists() -> Value {
    let recent = (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(47)).to_string();
    let product = |id: &str, active: bool| json!({"environment": "test", "productId": id, "active": active});
    let price =
        |id: &str, active: Option<bool>| json!({"environment": "test", "priceId": id, "active": active});
    json!({
        "stripe/status": status(),
        "stripe/test/catalog/products": {
            "products": [product("prod_1", true), product("prod_2", false)],
        },
        "stripe/test/catalog/prices": {
            "tomorrow": {"prices": [1]},
            "prices": [price("price_1", Some(true)), price("price_2", Some(false)), price("price_3", None)],
            "later": 1.0,
        },
        "stripe/test/customers": {"customers": [
            {"providerCustomerId": "cus_1", "providerCreatedAt": recent},
            {"providerCustomerId": "cus_2", "providerCreatedAt": "2020-11-01T00:00:00.000Z"},
            {"providerCustomerId": "cus_3", "providerCreatedAt": "2020-10-31T23:59:59.000Z"},
            {"providerCustomerId": "cus_4", "providerCreatedAt": null},
        ]},
        "stripe/test/subscriptions": {"subscriptions": [
            {"subscriptionId": "sub_1", "status": "active", "customerId": "cus_1", "createdAt": recent},
            {"subscriptionId": "sub_2", "status": "past_due", "customerId": "cus_1", "createdAt": "2020-11-01T00:00:00.000Z"},
            {"subscriptionId": "sub_3", "status": "brand_new", "customerId": "cus_2", "createdAt": "2020-10-31T00:00:00.000Z"},
        ]},
        "stripe/test/transactions": {"transactions": [
            {"type": "refund", "status": "succeeded", "providerReferenceId": "re_1", "providerCustomerId": "cus_1",
             "providerCreatedAt": recent, "createdAt": recent},
            {"type": "failed_payment", "status": "failed", "providerReferenceId": "pi_2", "providerCustomerId": "cus_1",
             "providerCreatedAt": "2020-10-31T00:00:00.000Z", "createdAt": recent},
        ]},
        "razorpay/test/catalog": {
            "items": [
                {"environment": "test", "itemId": "item_1", "name": "Gold", "active": true},
                {"environment": "test", "itemId": "item_2", "name": "Old", "active": false},
            ],
            "plans": [
                {"environment": "test", "planId": "plan_1", "itemId": "item_2", "active": true},
                {"environment": "test", "planId": "plan_2", "itemId": "item_1", "active": false},
            ],
        },
        "razorpay/test/subscriptions": {"subscriptions": [
            {"subscriptionId": "sub_1", "status": "cancelled", "customerId": "cust_1",
             "providerCreatedAt": "2020-11-01T00:00:00.000Z", "createdAt": recent},
        ]},
    })
}

#[test]
fn filters_drop_rows_in_every_format() {
    let stub = serve(filtered_lists());
    for (line, ids) in [
        ("products list --active", "prod_1"),
        ("products list --archived", "prod_2"),
        ("prices list --active", "price_1"),
        ("prices list test --archived", "price_2"),
        ("prices list --archived --product prod_1", "price_2"),
        ("razorpay items list --active", "item_1"),
        ("razorpay items list --archived", "item_2"),
        ("razorpay plans list --active", "plan_1"),
        ("razorpay plans list --archived", "plan_2"),
        ("customers --since 48h", "cus_1"),
        ("customers --since 2d", "cus_1"),
        ("customers --since 2020-11-01", "cus_1 cus_2"),
        ("customers --since 2020-11-01T00:00:00Z", "cus_1 cus_2"),
        ("customers --since 2020-11-01T00:00:01Z", "cus_1"),
        ("customers --since 2020-11-01T01:00:00+02:00", "cus_1 cus_2 cus_3"),
        ("subscriptions --status active", "sub_1"),
        ("subscriptions --status brand_new,PAST_DUE", "sub_2 sub_3"),
        ("subscriptions --status active --status past_due", "sub_1 sub_2"),
        ("subscriptions --customer cus_1", "sub_1 sub_2"),
        ("subscriptions --customer cus_1 --status past_due --since 2020-11-01", "sub_2"),
        ("subscriptions --since 2d", "sub_1"),
        ("transactions --status failed", "pi_2"),
        ("history --customer cus_1 --since 2020-11-01", "re_1"),
        ("razorpay subscriptions --status cancelled --since 2020-11-01", "sub_1"),
        ("razorpay subscriptions --since 2d", ""),
        ("products list --active --jq .products[].productId", "prod_1"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        if words.contains(&"--jq") {
            assert_eq!(run(&stub, &words).exits(0).stdout.trim_end(), ids, "{line}");
            continue;
        }
        let formats = AllFormats::of(|flags| run(&stub, &[&words[..], flags].concat()).exits(0));
        formats.check_table(&formats.check());
        assert_eq!(formats.ids.stdout.lines().collect::<Vec<_>>().join(" "), ids, "{line}");
    }
    assert!(stub.lines().iter().all(|line| !line.contains("status") && !line.contains("active")));
    // A plan keeps the name of its item, which the filter does not drop.
    let plans = run(&stub, &["razorpay", "plans", "list", "--active"]).stdout;
    assert!(plans.contains("Old"), "{plans}");
}

#[test]
fn a_filter_changes_nothing_else_in_the_json() {
    let stub = serve(filtered_lists());
    let json = run(&stub, &["prices", "list", "--archived", "--json"]).exits(0).stdout;
    let expected = json!({
        "tomorrow": {"prices": [1]},
        "prices": [{"environment": "test", "priceId": "price_2", "active": false}],
        "later": 1.0,
    });
    assert_eq!(json, format!("{expected:#}\n"));
    let ran = run(&stub, &["customers", "--since", "2100-01-01", "--json"]).exits(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("{\n  \"customers\": []\n}\n", ""));
    run(&stub, &["customers", "--since", "2100-01-01"])
        .exits(0)
        .stderr_has(&["No Stripe customers match: the filters exclude all 4."]);
    run(&stub, &["razorpay", "subscriptions", "--customer", "x"])
        .exits(0)
        .stderr_has(&["No Razorpay subscriptions match: the filters exclude all 1."]);
}

#[test]
fn invalid_filters_are_refused() {
    let stub = serve(filtered_lists());
    for (line, why) in [
        ("products list --active --archived", "cannot be used with '--archived'"),
        ("razorpay plans list --archived --active", "cannot be used with '--a"),
        ("customers --since 30", "such as 30d or 12h, a date such as 2026-11-01 (UTC), or a time such as"),
        ("customers --since 2026-13-01", "such as 30d"),
        ("transactions --since yesterday", "such as 30d"),
        ("subscriptions --customer=", "--customer"),
        ("customers --status active", "--status"),
        ("transactions --status=", "--status"),
    ] {
        run(&stub, &line.split(' ').collect::<Vec<_>>()).exits(64).stderr_has(&[why]);
    }
    assert_eq!(stub.lines(), [""; 0]);
}

#[test]
fn follow_filters_rows_and_does_not_warn() {
    let row = |id: usize, status: &str, updated: usize| {
        json!({"type": "one_time_payment", "status": status, "providerReferenceId": format!("pi_{id}"),
               "updatedAt": updated.to_string()})
    };
    let status_of = |id: usize| if id.is_multiple_of(2) { "failed" } else { "succeeded" };
    let first: Vec<Value> = (0..100).rev().map(|id| row(id, status_of(id), 1)).collect();
    let mut second = first.clone();
    // The first row fails now, and two new ones come.
    second[0] = row(99, "failed", 2);
    second.splice(0..0, [row(101, "succeeded", 1), row(100, "failed", 1)]);
    second.truncate(100);
    let answers = [first, second].map(|rows| Answer::json(200, &json!({"transactions": rows}).to_string()));
    let stub = Stub::in_order(answers.to_vec());
    let args =
        ["payments", "transactions", "--follow", "--interval", "1s", "--status", "failed", "-o", "ids"];
    let following = Running::start(&User::of(&stub.address), &[&args[..], &["--limit", "3"]].concat());
    // The newest three that match, oldest first.
    assert_eq!(following.stdout.read_until("pi_98"), "pi_94\npi_96\npi_98\n");
    assert_eq!(following.stdout.read_until("pi_100"), "pi_99\npi_100\n");
    let (code, stderr) = following.stop("-INT");
    assert_eq!((code, stderr.as_str()), (0, "Checking for new rows every 1 s; press Ctrl-C to stop.\n"));
    assert_eq!(stub.lines()[0], "GET /api/payments/stripe/test/transactions?limit=100");
}

#[test]
fn follow_says_that_no_row_matches_or_no_key_is_configured() {
    let rows = json!({"transactions": transactions(2)});
    let stub = serve(json!({"stripe/test/transactions": rows}));
    let args = ["payments", "transactions", "--follow", "--status", "failed"];
    let following = Running::start(&User::of(&stub.address), &args);
    assert_eq!(following.stderr.read_until("No "), "No matching Stripe transactions yet.\n");
    assert_eq!(following.stop("-INT").0, 0);
    let stub = serve(json!({"stripe/status": status(), "stripe/live/transactions": {"transactions": []}}));
    let following =
        Running::start(&User::of(&stub.address), &["payments", "transactions", "live", "--follow"]);
    let warning = following.stderr.read_until("warning");
    assert!(warning.starts_with("warning: no Stripe key is configured for live;"), "{warning}");
    assert_eq!(following.stderr.read_until("No "), "No Stripe transactions yet.\n");
    assert_eq!(following.stop("-INT").0, 0);
}

#[test]
fn status_shows_one_environment() {
    let stub = serve(json!({"stripe/status": status(), "razorpay/status": {"razorpayConnections": [
        {"environment": "test", "status": "connected"}, {"environment": "live", "status": "connected"},
    ]}}));
    for line in [
        &["status", "live"][..],
        &["status", "-e", "live"],
        &["razorpay", "status", "live"],
        &["status", "live", "-e", "live"],
    ] {
        let formats = AllFormats::of(|flags| run(&stub, &[line, flags].concat()));
        let rows = formats.check();
        formats.check_table(&rows);
        assert_eq!(rows.len(), 1, "{line:?}: {rows:?}");
        assert_eq!(rows[0]["environment"], "live");
    }
    assert_eq!(run(&stub, &["status", "-o", "jsonl"]).exits(0).stdout.lines().count(), 2);
    run(&stub, &["status", "live", "-e", "test"])
        .exits(64)
        .stderr_has(&["Two different environments are given"]);
    run(&stub, &["status", "lvie"]).exits(64).stderr_has(&["lvie"]);
}

#[test]
fn an_empty_list_of_an_environment_without_a_key_says_so() {
    let empty = json!({
        "stripe/status": status(),
        "stripe/ENV/catalog": {"products": [], "prices": []},
        "stripe/ENV/catalog/products": {"products": []},
        "stripe/ENV/catalog/prices": {"prices": []},
        "stripe/ENV/customers": {"customers": []},
        "stripe/ENV/subscriptions": {"subscriptions": []},
        "stripe/ENV/transactions": {"transactions": []},
        "razorpay/status": status(),
        "razorpay/ENV/catalog": {"items": [], "plans": []},
        "razorpay/ENV/customers": {"customers": []},
        "razorpay/ENV/subscriptions": {"subscriptions": []},
        "razorpay/ENV/transactions": {"transactions": []},
    })
    .to_string();
    for environment in ["live", "test"] {
        let stub = serve(serde_json::from_str(&empty.replace("ENV", environment)).expect("JSON"));
        for line in [
            "catalog ENV",
            "products list ENV",
            "products list ENV --active",
            "prices list ENV",
            "prices list ENV --product prod_1",
            "customers ENV",
            "subscriptions ENV --status active",
            "transactions ENV",
            "razorpay catalog ENV",
            "razorpay items list ENV",
            "razorpay plans list ENV",
            "razorpay customers ENV",
            "razorpay subscriptions ENV",
            "razorpay transactions ENV",
        ] {
            let provider = if line.starts_with("razorpay") { "Razorpay" } else { "Stripe" };
            let line = line.replace("ENV", environment);
            let words: Vec<&str> = line.split(' ').collect();
            let ran = run(&stub, &words).exits(0).stderr_has(&[" found.\n"]);
            let json = run(&stub, &[&words[..], &["--json"]].concat()).exits(0);
            let commands = if provider == "Stripe" { "payments" } else { "payments razorpay" };
            let text = format!(
                "no {provider} key is configured for live; set one with `insforge {commands} config set live`"
            );
            let is_live = environment == "live";
            assert_eq!(ran.stderr.contains(&text), is_live, "{line}: {ran:?}");
            let warning = json!({"warning": text, "code": "NO_PROVIDER_KEY"}).to_string() + "\n";
            assert_eq!(json.stderr, if is_live { warning } else { String::new() }, "{line}: {json:?}");
        }
    }
    // A status that cannot be read does not matter, and one is not read if there are rows.
    let stub = serve(json!({
        "stripe/status": {"statusCode": 503},
        "stripe/live/customers": {"customers": []},
        "stripe/test/customers": {"customers": customers(1)},
    }));
    let user = User::of(&stub.address).with("INSFORGE_RETRIES", "0");
    let ran = user.run(&["payments", "customers", "live"]).exits(0);
    assert_eq!(ran.stderr, "No Stripe customers found.\n");
    assert_eq!(user.run(&["payments", "customers"]).exits(0).stderr, "");
    assert_eq!(stub.lines().iter().filter(|line| *line == STATUS).count(), 1, "{:?}", stub.lines());
}

#[test]
fn prices_of_an_unknown_product_are_a_warning() {
    let stub = serve(json!({
        "stripe/status": status(),
        "stripe/test/catalog/prices": {"prices": []},
        "stripe/test/catalog/products/prod_1": {"product": {"environment": "test", "productId": "prod_1"}},
        "stripe/test/catalog/products/prod_2": {
            "statusCode": 404, "error": "PAYMENT_PRODUCT_NOT_FOUND", "message": "Stripe test product not found: prod_2",
        },
    }));
    let list =
        |id: &str, more: &[&str]| run(&stub, &[&["prices", "list", "--product", id], more].concat()).exits(0);
    let known = list("prod_1", &[]);
    assert_eq!(known.stderr, "No Stripe prices found.\n");
    list("prod_2", &[]).stderr_has(&["warning: no product prod_2 is in the mirror of test; "]);
    let json = list("prod_2", &["--json"]);
    assert_eq!(json.json(), json!({"prices": []}));
    let warning: Value = serde_json::from_str(&json.stderr).expect("one line");
    assert_eq!(warning["code"], "PRODUCT_NOT_FOUND");
    let text = warning["warning"].as_str().expect("text");
    assert!(text.contains("`insforge payments products list test` lists existing products"), "{text}");
}

/// A backend with prices that have lookup keys.
fn keyed_prices() -> Stub {
    let price = |id: &str, key: &str, active: bool| json!({"environment": "test", "priceId": id, "lookupKey": key, "active": active});
    let prices = [
        price("price_1", "pro_monthly", false),
        price("price_2", "pro_monthly", true),
        price("price_3", "price_old_key", false),
        price("price_4", "twice", true),
        price("price_5", "twice", true),
        price("price_6", "price_monthly", true),
    ];
    let mut answers = json!({
        "stripe/status": status(),
        "stripe/test/catalog/prices": {"prices": prices},
        "stripe/live/catalog/prices": {"prices": []},
        "stripe/test/catalog/prices/pro_monthly": {
            "statusCode": 404, "error": "UPSTREAM_FAILURE", "message": "No such price: 'pro_monthly'",
        },
    });
    for price in &prices {
        let path = format!("stripe/test/catalog/prices/{}", price["priceId"].as_str().expect("an id"));
        answers[path] = json!({"price": price});
    }
    serve(answers)
}

#[test]
fn a_lookup_key_names_a_price() {
    for (reference, id) in [
        ("pro_monthly", "price_2"),
        ("price_old_key", "price_3"),
        ("price_monthly", "price_6"),
        ("price_1", "price_1"),
    ] {
        let stub = keyed_prices();
        let path = format!("/api/payments/stripe/test/catalog/prices/{id}");
        let is_key = reference != id;
        for (command, request) in [
            (&["get", "test", reference][..], format!("GET {path}")),
            (&["update", reference, "--active", "true"], format!("PATCH {path}")),
            (&["archive", "-e", "test", reference], format!("DELETE {path}")),
        ] {
            let before = stub.lines().len();
            let ran = run(&stub, &[&["prices"], command, &["-o", "ids"]].concat()).exits(0);
            assert_eq!(ran.stdout, format!("{id}\n"), "{command:?}");
            let lines = &stub.lines()[before..];
            assert_eq!(lines.last(), Some(&request), "{lines:?}");
            assert_eq!(lines.iter().any(|line| line == PRICES), is_key, "an id needs no request: {lines:?}");
        }
    }
}

#[test]
fn a_lookup_key_that_names_no_price_or_several_exits_with_4() {
    let stub = keyed_prices();
    for (reference, what, why) in [
        (
            "pro_yearly",
            "Stripe test price not found: pro_yearly",
            "no price in the mirror has this id or lookup key",
        ),
        ("twice", "Several Stripe test prices have the lookup key twice", "the mirror has price_4, price_5"),
    ] {
        for command in [&["get"][..], &["archive"], &["update", "--active", "true"]] {
            let line = [&["prices"], command, &[reference, "--json"]].concat();
            let error = run(&stub, &line).exits(4).error();
            assert_eq!(error["code"], "PAYMENT_PRICE_NOT_FOUND", "{line:?}");
            assert_eq!((&error["error"], &error["why"]), (&json!(what), &json!(why)), "{line:?}");
            assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("insforge payments sync test")));
        }
    }
    assert!(stub.lines().iter().all(|line| line == PRICES), "{:?}", stub.lines());
    run(&stub, &["prices", "get", "live", "pro_monthly"]).exits(4).stderr_has(&[
        "warning: no Stripe key is configured for live; ",
        "error: Stripe live price not found: pro_monthly",
    ]);
}

#[test]
fn a_dry_run_reads_the_mirror_for_a_lookup_key_and_sends_no_write() {
    let stub = keyed_prices();
    let ran = run(&stub, &["prices", "archive", "pro_monthly", "--dry-run"]).exits(0);
    assert_eq!(ran.json()["path"], "/api/payments/stripe/test/catalog/prices/price_2");
    assert_eq!(ran.stderr, "No write was sent; only the mirror was read.\n");
    assert_eq!(stub.lines(), [PRICES]);
    let ran = run(&stub, &["prices", "archive", "price_2", "--dry-run"]).exits(0);
    assert!(ran.stderr.starts_with("Nothing was sent."), "{ran:?}");
    assert_eq!(stub.lines(), [PRICES]);
}

/// Two entries of a file could otherwise name one price, and the second could be sent before the first is answered.
#[test]
fn an_id_in_a_file_is_never_a_lookup_key() {
    let stub = keyed_prices();
    let user = User::of(&stub.address);
    let one = r#"{"id": "pro_monthly", "active": true}"#;
    for file in [one.to_owned(), format!("{one}\n{}", one.replace("pro_monthly", "price_1"))] {
        let line = ["payments", "prices", "update", "--from-file", "-", "--dry-run", "-o", "jsonl"];
        let ran = user.run_with_stdin(&line, &file).exits(0);
        assert!(ran.stdout.contains("/catalog/prices/pro_monthly\""), "{ran:?}");
    }
    assert_eq!(stub.lines(), [""; 0]);
    let ran = user.run_with_stdin(&["payments", "prices", "update", "--from-file", "-"], one).exits(4);
    ran.stderr_has(&["hint: use the id in the file: its `id` cannot be a lookup key"]);
    assert!(!stub.lines().iter().any(|line| line == PRICES), "{:?}", stub.lines());
}

#[test]
fn a_write_that_names_an_unknown_object_exits_with_4() {
    let refused = |message: &str| json!({"statusCode": 400, "error": "UPSTREAM_FAILURE", "message": message});
    let stub = serve(json!({
        "stripe/status": status(),
        "razorpay/status": status(),
        "stripe/test/catalog/products": {"products": []},
        "stripe/test/catalog/prices": refused("No such product: 'prod_missing'"),
        "stripe/test/catalog/prices/price_x": refused("No such price: 'price_x'"),
        "razorpay/test/catalog/items/item_x": refused("The id provided does not exist"),
    }));
    let user = User::of(&stub.address);
    let price = ["--currency", "usd", "--unit-amount", "100", "--product", "prod_missing"];
    let create = [&["payments", "prices", "create"], &price[..], &["--json"]].concat();
    for (line, hint) in [
        (&create[..], "`insforge payments products list test` lists the ids of existing products"),
        (
            &["payments", "prices", "update", "price_x", "--active", "true", "--json"],
            "insforge payments sync",
        ),
        (
            &["payments", "razorpay", "items", "update", "item_x", "--active", "false", "--json"],
            "insforge payments razorpay",
        ),
    ] {
        let error = user.run(line).exits(4).error();
        assert_eq!((&error["code"], &error["status"]), (&json!("UPSTREAM_FAILURE"), &json!(400)), "{line:?}");
        assert_eq!(error["retryable"], false);
        assert!(error["hint"].as_str().is_some_and(|text| text.contains(hint)), "{error}");
    }
    // In a file, the other objects are sent all the same.
    let objects = r#"{"productId":"prod_missing","currency":"usd","unitAmount":100}
        {"productId":"prod_missing","currency":"usd","unitAmount":200}"#;
    let ran = user.run_with_stdin(&["payments", "prices", "create", "--from-file", "-"], objects);
    let lines: Vec<Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 2, "{ran:?}");
    assert!(lines.iter().all(|line| line["exitCode"] == 4), "{ran:?}");
}
