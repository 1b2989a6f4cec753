//! Columns: what tables show, what `--columns` accepts, and numbers that no amount or count has.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::harness::User;
use super::harness::recordings::{self, Exchange, Generation};
use super::harness::stub::{Answer, Stub};

/// A backend that answers every request with this JSON.
fn backend(body: &Value) -> (Stub, User) {
    let body = body.to_string();
    let stub = Stub::start(move |_| Answer::json(200, &body));
    let user = User::of(&stub.address);
    (stub, user)
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn prices_show_their_product_and_lookup_key() {
    let catalog = json!({
        "products": [{"environment": "test", "productId": "prod_1", "name": "Pro Plan", "active": true}],
        "prices": [
            {"environment": "test", "priceId": "price_1", "productId": "prod_1", "lookupKey": "pro", "active": true,
             "currency": "usd", "unitAmount": 1900, "type": "recurring", "recurringInterval": "day", "recurringIntervalCount": 29},
            {"environment": "test", "priceId": "price_2", "productId": "prod_2", "lookupKey": null, "active": false,
             "currency": "usd", "unitAmount": 500, "type": "one_time"},
        ],
    });
    let (_stub, user) = backend(&catalog);
    let shown = user.run(&["payments", "catalog"]).exits(0).stdout;
    let expected = [
        "Env   Price ID  Product   Lookup Key  Amount     Type       Active  Recurring",
        "test  price_1   Pro Plan  pro         19.00 USD  recurring  Yes     29 days",
        "test  price_2   prod_2    -           5.00 USD   one_time   No      one-time",
    ];
    assert!(lines(&shown).ends_with(&expected), "{shown}");
    // Without products the name is unknown.
    let shown = user.run(&["payments", "prices", "list"]).exits(0).stdout;
    assert_eq!(
        lines(&shown)[1],
        "test  price_1   prod_1   pro         19.00 USD  recurring  Yes     29 days",
        "{shown}"
    );

    let product = json!({"product": catalog["products"][0], "prices": catalog["prices"]});
    let (_stub, user) = backend(&product);
    let shown = user.run(&["payments", "products", "get", "prod_1"]).exits(0).stdout;
    assert!(lines(&shown).ends_with(&expected), "{shown}");
}

#[test]
fn razorpay_s_tables_have_the_columns_that_its_users_know() {
    let configured = json!({"environment": "test", "status": "connected", "accountId": "rzp_test_1", "merchantName": "Acme Corp",
        "webhookEndpointId": "manual", "webhookEndpointUrl": "https://a.example/hook", "maskedKey": "rzp_test_****1",
        "lastSyncStatus": "succeeded", "lastSyncedAt": "2026-11-23T20:05:09Z", "lastSyncCounts": null});
    let unconfigured =
        json!({"environment": "live", "status": "unconfigured", "merchantName": null, "lastSyncCounts": {}});
    let (_stub, user) = backend(&json!({"razorpayConnections": [configured, unconfigured]}));
    let shown = user.run(&["payments", "razorpay", "status"]).exits(0).stdout;
    assert_eq!(
        lines(&shown),
        [
            "Env   Status        Key             Account     Merchant   Webhook  Last Sync  Synced At",
            "test  connected     rzp_test_****1  rzp_test_1  Acme Corp  Manual   succeeded  2026-11-23 20:05",
            "live  unconfigured  -               -           -          -        -          -",
        ]
    );
    let subscription = json!({"subscriptionId": "sub_1", "planId": "plan_1", "customerId": "cust_1", "subjectType": "team",
        "subjectId": "t", "status": "active", "paidCount": 3, "totalCount": 12, "remainingCount": 9,
        "currentEnd": "2026-12-23T20:05:09Z"});
    let (_stub, user) = backend(&json!({"subscriptions": [subscription]}));
    let shown = user.run(&["payments", "razorpay", "subscriptions"]).exits(0).stdout;
    assert_eq!(
        lines(&shown),
        [
            "Subscription ID  Plan ID  Customer  Subject  Status  Paid  Remaining  Current End",
            "sub_1            plan_1   cust_1    team:t   active  3     9          2026-12-23 20:05",
        ]
    );
}

#[test]
fn deleted_customers_and_ending_subscriptions_are_marked() {
    let customer = |id: &str, name: Value, deleted: bool| json!({"providerCustomerId": id, "name": name, "deleted": deleted});
    let all = [
        customer("cus_1", "Ada".into(), false),
        customer("cus_2", "Ben".into(), true),
        customer("cus_3", Value::Null, true),
    ];
    let (_stub, user) = backend(&json!({"customers": all}));
    let names = |args: &[&str]| {
        user.run(&[&["payments", "customers", "--columns", "name"], args].concat()).exits(0).stdout
    };
    assert_eq!(names(&[]), "Name\nAda\nBen (deleted)\n(deleted)\n");
    assert_eq!(names(&["-o", "csv"]), "name\nAda\nBen\n\"\"\n", "CSV has the field");

    let subscription = |status: &str, at_period_end: bool, at: Value| json!({"subscriptionId": "sub_1", "status": status, "cancelAtPeriodEnd": at_period_end, "cancelAt": at, "items": null});
    let all = [
        subscription("active", false, Value::Null),
        subscription("active", true, Value::Null),
        subscription("trialing", false, "2027-01-01T00:00:00Z".into()),
        subscription("canceled", true, Value::Null),
    ];
    let (_stub, user) = backend(&json!({"subscriptions": all}));
    let shown = user.run(&["payments", "subscriptions", "--columns", "status"]).exits(0).stdout;
    assert_eq!(shown, "Status\nactive\nactive (cancels)\ntrialing (cancels)\ncanceled\n");
}

#[test]
fn columns_take_every_field_of_the_json_in_any_spelling() {
    let stub = recordings::serve_in(Generation::Newer, vec![Generation::Newer.exchange("167-prices-list")]);
    let user = User::of(&stub.address);
    let first = |args: &[&str]| {
        let ran = user.run(&[&["payments", "prices", "list", "--columns"], args].concat()).exits(0);
        ran.stdout.lines().take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    for spelling in ["unitAmount", "unit-amount", "Unit Amount"] {
        assert_eq!(first(&[spelling]), ["unitAmount", "1999"], "{spelling}");
    }
    // The columns of the table come first, and have the values of the table.
    assert_eq!(
        first(&["price-id,type,active,synced-at,amount,tax_behavior"]),
        [
            "Price ID                        Type       Active  Synced At         Amount     taxBehavior",
            "price_5QxeoXhGl4jsVhOCaBmyQpXN  one_time   Yes     2026-11-23 20:04  19.99 USD  unspecified",
        ]
    );
    // In CSV the fields of the JSON come first. An amount of the table has no currency there.
    assert_eq!(
        first(&["price-id,active,amount,recurring,Unit Amount", "-o", "csv"]),
        [
            "priceId,active,amount,recurring,unitAmount",
            "price_5QxeoXhGl4jsVhOCaBmyQpXN,true,19.99,one-time,1999"
        ]
    );
    for format in ["table", "csv"] {
        let args = ["payments", "prices", "list", "-o", format, "--columns", "color"];
        let ran = user.run(&args).exits(64);
        let columns =
            ran.stderr.find("available columns: Env, Price ID, Product, Lookup Key").expect("columns");
        let fields = ran.stderr.find("fields of the JSON: environment, priceId, productId").expect("fields");
        assert!(columns < fields, "{ran:?}");
    }
}

#[test]
fn columns_take_nested_fields_and_negative_amounts_in_csv() {
    let price = json!({"environment": "test", "priceId": "price_1", "currency": "usd", "unitAmount": -500,
        "metadata": {"tier": "gold", "a": {"b": [1, "x"]}}});
    let (_stub, user) = backend(&json!({"prices": [price]}));
    let run = |args: &[&str]| {
        user.run(&[&["payments", "prices", "list", "--columns"], args].concat()).exits(0).stdout
    };
    assert_eq!(
        run(&["metadata.tier,metadata.a.b,metadata.none"]),
        "metadata.tier  metadata.a.b  metadata.none\ngold           [1,\"x\"]       -\n"
    );
    assert_eq!(run(&["amount,metadata.tier", "-o", "csv"]), "amount,metadata.tier\n-5.00,gold\n");
    user.run(&["payments", "prices", "list", "--columns", "metadatum.tier"])
        .exits(64)
        .stderr_has(&["Unknown column `metadatum.tier`"]);
}

/// Plain CSV has the fields as the backend sent them.
#[test]
fn chosen_amounts_are_decimal_in_csv() {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    let run = |words: &[&str], columns: &[&str]| {
        let ran = user.run(&[&["payments"], words, &["-o", "csv"], columns].concat()).exits(0);
        ran.stdout.lines().take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    let cases: [(&[&str], &str, [&str; 2]); 9] = [
        (&["prices", "list"], "amount,currency", ["amount,currency", "99.00,usd"]),
        (&["transactions"], "Amount,refunded", ["amount,refunded", "19.00,0.00"]),
        (&["customers"], "email,total-spend", ["email,totalSpend", "ada@northwind.example,99.00"]),
        (&["catalog"], "name,amount", ["name,amount", "100 Credits,"]),
        (&["razorpay", "items", "list"], "name,amount", ["name,amount", "100 Credits,499.00"]),
        (&["razorpay", "items", "get", "item_rTnF3Iv7WglSJS"], "amount", ["amount", "499.00"]),
        (&["razorpay", "plans", "list"], "amount,every", ["amount,every", "999.00,month"]),
        (&["razorpay", "transactions"], "amount", ["amount", "2499.00"]),
        (&["razorpay", "catalog"], "kind,amount", ["kind,amount", "item,499.00"]),
    ];
    for (words, columns, expected) in cases {
        assert_eq!(run(words, &["--columns", columns]), expected, "{words:?}");
    }
    let plain = run(&["razorpay", "items", "list"], &[]);
    assert!(plain[0].contains(",amount,unitAmount,") && plain[1].contains(",49900,49900,"), "{plain:?}");
}

/// The rows of a recorded list.
fn rows(exchange: &Exchange, member: &str) -> Vec<Value> {
    exchange.response_body[member].as_array().cloned().unwrap_or_default()
}

/// Every field of the recordings can be chosen, and `help --json` lists no other.
#[test]
fn the_fields_are_those_of_the_recordings() {
    let lists: [(&[&str], &str, &str, &str); 9] = [
        (&["products", "list"], "catalog/products", "products", "products"),
        (&["prices", "list"], "catalog/prices", "prices", "prices"),
        (&["customers"], "customers", "customers", "customers"),
        (&["subscriptions"], "subscriptions", "subscriptions", "subscriptions"),
        (&["transactions"], "transactions", "transactions", "paymentHistory"),
        (&["status"], "status", "connections", "connections"),
        (&["razorpay", "status"], "status", "razorpayConnections", ""),
        (&["razorpay", "plans", "list"], "catalog", "plans", ""),
        (&["razorpay", "subscriptions"], "subscriptions", "subscriptions", ""),
    ];
    for (words, route, newer, older) in lists {
        let help = User::new().run(&[&["help", "payments"], words, &["--json"]].concat()).exits(0).json();
        let listed: BTreeSet<String> =
            super::map::words(&help["commands"][0]["result"]["rows"]).into_iter().collect();
        let provider = if words[0] == "razorpay" { "razorpay" } else { "stripe" };
        for (generation, member) in [(Generation::Newer, newer), (Generation::Older, older)] {
            let start = match generation {
                Generation::Newer => format!("/api/payments/{provider}/"),
                Generation::Older => "/api/payments/".to_owned(),
            };
            let route = if (generation, route) == (Generation::Older, "transactions") {
                "payment-history"
            } else {
                route
            };
            let is_own = |exchange: &&Exchange| {
                let path = exchange.path.split('?').next().unwrap_or_default();
                exchange.method == "GET"
                    && exchange.status == 200
                    && path
                        .strip_prefix(&start)
                        .is_some_and(|rest| rest == route || rest.strip_prefix("test/") == Some(route))
                    && !rows(exchange, member).is_empty()
            };
            let exchanges = generation.exchanges();
            let found: Vec<&Exchange> = exchanges.iter().filter(is_own).collect();
            assert_eq!(found.is_empty(), member.is_empty(), "{words:?} {generation:?}");
            let names: BTreeSet<String> = found
                .iter()
                .flat_map(|exchange| rows(exchange, member))
                .flat_map(|row| row.as_object().expect("a row").keys().cloned().collect::<Vec<_>>())
                .collect();
            if generation == Generation::Newer {
                assert_eq!(names, listed, "{words:?}");
            }
            let Some(exchange) = found.first() else { continue };
            let exchange = Exchange { path: first_path(exchange), ..(*exchange).clone() };
            let stub = recordings::serve_in(generation, vec![exchange.clone()]);
            let user = User::of(&stub.address);
            let all: Vec<&str> = names.iter().map(String::as_str).collect();
            let all = all.join(",");
            let args = [&["payments"], words, &["--columns", &all]].concat();
            let table = user.run(&args).exits(0).stdout;
            let csv = user.run(&[&args[..], &["-o", "csv"]].concat()).exits(0).stdout;
            assert_eq!(csv.lines().next(), Some(&*all), "{words:?} {generation:?}");
            assert_eq!(table.lines().count(), rows(&exchange, member).len() + 1, "{table}");
        }
    }
}

/// The path of a list without a query.
fn first_path(exchange: &Exchange) -> String {
    exchange.path.split('?').next().unwrap_or_default().to_owned()
}

/// An older backend's names are found by the newer ones.
#[test]
fn newer_names_find_the_fields_of_an_older_backend() {
    let older = Generation::Older;
    let is_list = |exchange: &Exchange| {
        exchange.line() == "GET /api/payments/test/customers" && !rows(exchange, "customers").is_empty()
    };
    let list = older.exchanges().into_iter().find(is_list).expect("customers");
    let created = rows(&list, "customers")[0]["stripeCreatedAt"].as_str().expect("a time").to_owned();
    let stub = recordings::serve_in(older, vec![list]);
    let user = User::of(&stub.address);
    for name in ["providerCreatedAt", "stripeCreatedAt"] {
        let shown = user.run(&["payments", "customers", "--columns", name]).exits(0).stdout;
        assert_eq!(lines(&shown)[1], created, "{name}");
        let csv = user.run(&["payments", "customers", "-o", "csv", "--columns", name]).exits(0).stdout;
        assert_eq!(lines(&csv)[..2], ["stripeCreatedAt", &*created], "{name}");
    }
}

/// Numbers that the backend's types do not allow, but that its JSON can have.
const NUMBERS: [&str; 5] = ["-500", "1.0", "1999.5", "9223372036854776000", "123456789012345678901234567890"];

/// A backend whose every number is this one.
fn backend_of_numbers(number: &str) -> (Stub, User) {
    let product = r#"{"environment":"test","productId":"prod_1","name":"Pro","active":true,"metadata":{"catalog_key":"pro"}}"#;
    let price = format!(
        r#"{{"environment":"test","priceId":"price_1","productId":"prod_1","active":true,"currency":"usd","unitAmount":{number},"type":"recurring","lookupKey":"pro_monthly","billingScheme":"per_unit","taxBehavior":"made_up","recurringInterval":"fortnight","recurringIntervalCount":{number},"metadata":{{"catalog_key":"pro_monthly"}}}}"#
    );
    let counts =
        ["products", "prices", "customers", "items", "plans", "subscriptions", "invoices", "payments"]
            .map(|name| format!("\"{name}\":{number}"))
            .join(",");
    let connection = |environment: &str| {
        format!(
            r#"{{"environment":"{environment}","status":"connected","accountId":"acct_1","merchantName":null,"webhookEndpointId":"we_1","webhookEndpointUrl":"https://a.example/api/webhooks/stripe/test","maskedKey":"sk_test_****1","lastSyncStatus":"succeeded","lastSyncedAt":"2026-11-23T20:05:09Z","lastSyncError":null,"lastSyncCounts":{{{counts}}}}}"#
        )
    };
    let connections = format!("{},{}", connection("test"), connection("live"));
    let item = format!(
        r#"{{"environment":"test","itemId":"item_1","name":"Pro","active":true,"amount":{number},"currency":"inr","type":"made_up"}}"#
    );
    let plan = format!(
        r#"{{"environment":"test","planId":"plan_1","itemId":"item_1","period":"monthly","interval":{number},"amount":{number},"currency":"inr","active":true}}"#
    );
    let subscription = format!(
        r#"{{"environment":"test","subscriptionId":"sub_1","planId":"plan_1","status":"made_up","paidCount":{number},"totalCount":{number},"remainingCount":{number}}}"#
    );
    let customer = format!(
        r#"{{"environment":"test","providerCustomerId":"cus_1","paymentsCount":{number},"totalSpend":{number},"totalSpendCurrency":"usd"}}"#
    );
    let transaction = format!(
        r#"{{"environment":"test","type":"made_up","status":"made_up","providerReferenceId":"pi_1","amount":{number},"amountRefunded":{number},"currency":"usd"}}"#
    );
    let results = format!(
        r#"{{"environment":"test","status":"succeeded","connection":{},"subscriptions":{{"synced":{number},"unmapped":{number}}},"syncCounts":{{{counts}}},"error":null}}"#,
        connection("test")
    );
    let stub = Stub::start(move |request| {
        let path = request.target.split('?').next().unwrap_or_default();
        let razorpay = path.contains("/razorpay/");
        let body = match path.rsplit('/').next().unwrap_or_default() {
            "health" => r#"{"status":"ok","version":"2.3.1"}"#.to_owned(),
            "status" if razorpay => format!(r#"{{"razorpayConnections":[{connections}]}}"#),
            "status" => format!(r#"{{"connections":[{connections}]}}"#),
            "catalog" if razorpay => format!(r#"{{"items":[{item}],"plans":[{plan}]}}"#),
            "catalog" => format!(r#"{{"products":[{product}],"prices":[{price}]}}"#),
            "prices" => format!(r#"{{"prices":[{price}]}}"#),
            "price_1" => format!(r#"{{"price":{price}}}"#),
            "prod_1" => format!(r#"{{"product":{product},"prices":[{price}]}}"#),
            "customers" => format!(r#"{{"customers":[{customer}]}}"#),
            "subscriptions" => format!(r#"{{"subscriptions":[{subscription}]}}"#),
            "transactions" => format!(r#"{{"transactions":[{transaction}]}}"#),
            "sync" => format!(r#"{{"results":[{results}]}}"#),
            _ => return Answer::html(404, "Cannot GET"),
        };
        Answer::json(200, &body)
    });
    let user = User::of(&stub.address);
    (stub, user)
}

#[test]
fn no_number_and_no_unknown_word_ends_a_command() {
    let commands: [&[&str]; 19] = [
        &["status"],
        &["doctor", "test"],
        &["sync", "test"],
        &["catalog"],
        &["products", "get", "prod_1"],
        &["prices", "list"],
        &["prices", "get", "price_1"],
        &["customers"],
        &["subscriptions"],
        &["transactions"],
        &["catalog", "ids"],
        &["catalog", "export", "--file", "-"],
        &["catalog", "diff", "test", "live"],
        &["razorpay", "status"],
        &["razorpay", "doctor", "test"],
        &["razorpay", "sync", "test"],
        &["razorpay", "catalog"],
        &["razorpay", "subscriptions"],
        &["razorpay", "plans", "get", "plan_1"],
    ];
    for number in NUMBERS {
        let (_stub, user) = backend_of_numbers(number);
        for command in commands {
            for format in ["table", "json"] {
                let ran = user.run(&[&["payments"], command, &["-o", format]].concat());
                let known = [0, i32::from(command.contains(&"doctor"))];
                assert!(known.contains(&ran.code), "{number} {command:?}: {ran:?}");
                assert!(!ran.stderr.contains("invalid"), "{number} {command:?}: {ran:?}");
            }
        }
        let rows =
            user.run(&["payments", "prices", "list", "-o", "csv", "--columns", "unit-amount"]).exits(0);
        assert_eq!(lines(&rows.stdout)[1], number, "the number is as it was sent");
    }
}

#[test]
fn numbers_are_shown_as_they_are() {
    let shown = |number: &str, command: &[&str]| {
        let (_stub, user) = backend_of_numbers(number);
        let ran = user.run(&[&["payments"], command].concat()).exits(0);
        lines(&ran.stdout)[1]
            .split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect::<Vec<_>>()
            .join("|")
    };
    let price: &[&str] = &["prices", "list", "--columns", "amount,recurring"];
    assert_eq!(shown("-500", price), "-5.00 USD|-500 fortnights");
    assert_eq!(shown("1.0", price), "0.01 USD|fortnight");
    assert_eq!(
        shown("9223372036854776000", price),
        "92233720368547760.00 USD|9223372036854776000 fortnights"
    );
    let customer: &[&str] = &["customers", "--columns", "payments,total-spend"];
    assert_eq!(shown("-500", customer), "-500|-5.00 USD");
    assert_eq!(shown("1.0", customer), "1.0|0.01 USD");
    let plan: &[&str] = &["razorpay", "plans", "list", "--columns", "amount,every"];
    assert_eq!(shown("29", plan), "0.29 INR|29 months");
    assert_eq!(shown("1999.5", plan), "19.995 INR|1999.5 months");
}
