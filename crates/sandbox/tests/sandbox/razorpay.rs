//! Rules of Razorpay and the backend that the recordings do not cover fully.

use insforge_sandbox::{Generation, Options};
use serde_json::{Value, json};

use crate::api::Api;

fn shop() -> Api {
    Api::start(Options::new()).with_provider("razorpay")
}

fn length(body: &Value, list: &str) -> usize {
    body[list].as_array().expect("a list").len()
}

fn status(api: &Api) -> Value {
    api.ok("GET", "/status", json!(null))["razorpayConnections"][0].clone()
}

#[test]
fn the_sample_shop_covers_all_kinds_of_objects() {
    let api = shop();
    let catalog = api.ok("GET", "/test/catalog", json!(null));
    assert_eq!([length(&catalog, "items"), length(&catalog, "plans")], [6, 3]);
    let rows = |list: &str| api.ok("GET", &format!("/test/{list}"), json!(null))[list].clone();
    let statuses = |list: &str| -> Vec<String> {
        let rows = rows(list);
        rows.as_array()
            .expect("rows")
            .iter()
            .map(|row| row["status"].as_str().expect("a status").to_owned())
            .collect()
    };
    assert_eq!(statuses("subscriptions"), ["authenticated", "cancelled", "halted", "active"]);
    assert_eq!(
        statuses("transactions"),
        ["failed", "failed", "succeeded", "partially_refunded", "succeeded"]
    );
    assert_eq!(rows("customers").as_array().expect("customers").len(), 3);
    assert_eq!(status(&api)["webhookConfiguredAt"], json!(null));
}

#[test]
fn the_backend_takes_every_new_key_id_for_another_account() {
    let api = shop();
    api.ok("GET", "/test/webhook", json!(null));
    let set = |id: &str| api.ok("PUT", "/test/config", json!({"keyId": id, "keySecret": "another"}));
    // The same id with another secret keeps everything, including the webhook.
    set("rzp_test_shop_0001");
    assert_eq!(status(&api)["webhookEndpointId"], "manual");
    // The same account at Razorpay: the sync restores its objects, but not the webhook.
    set("rzp_test_shop_0002");
    assert_eq!(status(&api)["webhookEndpointId"], json!(null));
    assert_eq!(length(&api.ok("GET", "/test/catalog", json!(null)), "items"), 6);
    // Another account at Razorpay.
    set("rzp_test_other_0001");
    assert_eq!(length(&api.ok("GET", "/test/catalog", json!(null)), "items"), 0);
    assert_eq!(length(&api.ok("GET", "/test/transactions", json!(null)), "transactions"), 0);
}

#[test]
fn a_repeated_create_makes_another_object() {
    let api = shop();
    let create =
        || api.ok("POST", "/test/catalog/items", json!({"name": "Mug", "amount": 29900, "currency": "inr"}));
    assert_ne!(create()["item"]["itemId"], create()["item"]["itemId"]);
    let message = api.error(
        "POST",
        "/test/catalog/items",
        json!({"name": "Mug", "amount": 29900, "currency": "inr", "idempotencyKey": "k"}),
        400,
    );
    assert!(message.contains("idempotencyKey"), "{message}");
}

#[test]
fn creating_a_plan_creates_its_item() {
    let api = shop();
    let item = json!({"name": "Crate", "amount": 90000, "currency": "INR", "description": ""});
    let new = |period: &str, interval: u32| json!({"period": period, "interval": interval, "item": item});
    let message = api.error("POST", "/test/catalog/plans", new("daily", 6), 400);
    assert!(message.contains("at least 7"), "{message}");
    let plan = api.ok("POST", "/test/catalog/plans", new("daily", 7))["plan"].clone();
    let catalog = api.ok("GET", "/test/catalog", json!(null));
    let items = catalog["items"].as_array().expect("items");
    let item = items.iter().find(|row| row["itemId"] == plan["itemId"]).expect("its item");
    assert_eq!(
        (&item["type"], &item["description"], &item["amount"]),
        (&json!("plan"), &json!(null), &json!(90000))
    );
}

#[test]
fn a_failed_stage_of_a_sync_does_not_stop_the_others() {
    let api = shop();
    let fail = |call: &str| json!({"outage": {"on": call, "status": 500, "message": "no", "times": 1}});
    for (call, error, counted) in [
        ("GET /v1/customers", "customers: [object Object]", json!(4)),
        ("GET /v1/plans", "[object Object]", json!(0)),
    ] {
        api.sandbox.change_razorpay(fail(call)).expect("an event");
        let synced = api.ok("POST", "/test/sync", json!(null))["results"][0].clone();
        assert_eq!(
            (&synced["status"], &synced["error"], &synced["syncCounts"]["payments"]),
            (&json!("failed"), &json!(error), &counted),
        );
    }
    let dropped = json!({"outage": {"on": "POST /v1/items", "times": 1}});
    api.sandbox.change_razorpay(dropped).expect("an event");
    let new = json!({"name": "Mug", "amount": 29900, "currency": "inr"});
    assert!(api.error("POST", "/test/catalog/items", new, 500).contains("undefined"));
}

#[test]
fn a_payment_and_its_invoice_are_one_transaction() {
    let api = shop();
    let before = length(&api.ok("GET", "/test/transactions", json!(null)), "transactions");
    let at = "2026-11-23T20:05:09.000Z";
    let invoice = |status: &str| {
        json!({"invoice": {"id": "inv_00000000000001", "order": "order_00000000000001", "status": status,
            "amount": 500, "amountPaid": 0, "currency": "INR", "created": at}})
    };
    let payment = |status: &str, refunded: u64| {
        json!({"payment": {"id": "pay_00000000000001", "order": "order_00000000000001", "status": status,
            "amount": 500, "amountRefunded": refunded, "currency": "INR", "created": at}})
    };
    let mut seen = Vec::new();
    for event in
        [invoice("issued"), payment("authorized", 0), payment("captured", 0), payment("captured", 200)]
    {
        api.sandbox.change_razorpay(event).expect("an event");
        api.ok("POST", "/test/sync", json!(null));
        let rows = api.ok("GET", "/test/transactions", json!(null));
        assert_eq!(length(&rows, "transactions"), before + 1);
        let rows = rows["transactions"].as_array().expect("rows").clone();
        let row = rows.into_iter().find(|row| row["amount"] == 500).expect("its row");
        seen.push((row["status"].clone(), row["providerReferenceType"].clone()));
    }
    let expected = [
        ("pending", "invoice"),
        ("pending", "payment"),
        ("succeeded", "payment"),
        ("partially_refunded", "payment"),
    ];
    assert_eq!(seen, expected.map(|(status, kind)| (json!(status), json!(kind))));
}

#[test]
fn an_older_backend_has_no_razorpay_routes() {
    let api = Api::start(Options::new().generation(Generation::Older)).with_provider("razorpay");
    assert_eq!(api.call("GET", "/status", json!(null)).0, 404);
}
