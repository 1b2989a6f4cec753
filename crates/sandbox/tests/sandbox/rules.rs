//! Rules of Stripe's and the backend's that the recordings only touch.

use insforge_sandbox::{Generation, Options};
use serde_json::{Value, json};

use crate::api::Api;

fn price_named(api: &Api, lookup_key: &str) -> Value {
    let prices = api.done("GET", "/test/catalog/prices", json!(null));
    let prices = prices["prices"].as_array().expect("prices");
    prices.iter().find(|price| price["lookupKey"] == lookup_key).expect("a price").clone()
}

fn path_of(price: &Value) -> String {
    format!("/test/catalog/prices/{}", price["priceId"].as_str().expect("an id"))
}

#[test]
fn a_default_price_is_not_archived() {
    let api = Api::with(&[]);
    let price = price_named(&api, "pro_monthly");
    let message = "This price cannot be archived because it is the default price of its product.";
    assert_eq!(api.refused("DELETE", &path_of(&price), json!(null), 400), message);
    assert_eq!(api.refused("PATCH", &path_of(&price), json!({"active": false}), 400), message);
    let other = price_named(&api, "pro_yearly");
    assert_eq!(api.done("DELETE", &path_of(&other), json!(null))["price"]["active"], false);
}

#[test]
fn a_tax_behavior_is_decided_once() {
    let api = Api::with(&[]);
    let path = path_of(&price_named(&api, "pro_yearly"));
    api.done("PATCH", &path, json!({"taxBehavior": "exclusive"}));
    api.done("PATCH", &path, json!({"taxBehavior": "exclusive"}));
    assert!(api.refused("PATCH", &path, json!({"taxBehavior": "inclusive"}), 400).contains("tax behavior"));
}

#[test]
fn a_lookup_key_names_one_price() {
    let api = Api::with(&[]);
    let taken = price_named(&api, "pro_monthly");
    let path = path_of(&price_named(&api, "pro_yearly"));
    let message = api.refused("PATCH", &path, json!({"lookupKey": "pro_monthly"}), 400);
    assert!(message.contains(taken["priceId"].as_str().expect("an id")), "{message}");
    // Its own is not taken from it.
    api.done("PATCH", &path, json!({"lookupKey": "pro_yearly"}));
    api.done("PATCH", &path_of(&taken), json!({"lookupKey": null}));
    api.done("PATCH", &path, json!({"lookupKey": "pro_monthly"}));
}

#[test]
fn what_a_price_costs_cannot_be_changed() {
    let api = Api::with(&[]);
    let path = path_of(&price_named(&api, "pro_yearly"));
    for field in ["unitAmount", "currency", "recurring", "productId", "type"] {
        let message = api.refused("PATCH", &path, json!({field: "x"}), 400);
        assert!(message.contains(&format!("Unrecognized key(s) in object: '{field}'")), "{message}");
    }
}

#[test]
fn a_key_of_another_account_takes_the_mirror_away_and_the_first_one_brings_it_back() {
    let api = Api::with(&[]);
    let before = api.done("GET", "/test/catalog", json!(null));
    let counts =
        |catalog: &Value| ["products", "prices"].map(|name| catalog[name].as_array().expect("a list").len());
    assert_eq!(counts(&before), [4, 7]);
    api.done("PUT", "/test/config", json!({"secretKey": "sk_test_other_1"}));
    assert_eq!(counts(&api.done("GET", "/test/catalog", json!(null))), [0, 0]);
    assert_eq!(api.done("GET", "/test/transactions", json!(null)), json!({"transactions": []}));
    api.done("PUT", "/test/config", json!({"secretKey": "sk_test_51SandboxShop0001b"}));
    assert_eq!(counts(&api.done("GET", "/test/catalog", json!(null))), [4, 7]);
    // What came with events does not come again.
    assert_eq!(api.done("GET", "/test/transactions", json!(null)), json!({"transactions": []}));
}

#[test]
fn a_webhook_needs_an_address_that_stripe_can_reach() {
    for (url, taken) in [
        (None, false),
        (Some("http://127.0.0.1:7130"), false),
        (Some("http://localhost:7130"), false),
        (Some("http://192.168.1.5"), false),
        (Some("http://169.254.1.1"), false),
        (Some("http://[::1]:7130"), false),
        (Some("http://backend"), false),
        (Some("http://backend.internal"), false),
        (Some("https://shop.example"), true),
        (Some("http://203.0.113.7:7130"), true),
    ] {
        let options = url.into_iter().fold(Options::new(), Options::public_url);
        let (status, body) = Api::of(options).call("POST", "/test/webhook", json!(null));
        assert_eq!(status, if taken { 200 } else { 400 }, "{url:?}: {body}");
    }
}

#[test]
fn the_shop_has_something_of_everything() {
    let api = Api::with(&[]);
    let list = |name: &str| api.done("GET", &format!("/test/{name}"), json!(null))[name].clone();
    let of = |rows: &Value, field: &str| -> Vec<String> {
        let mut all: Vec<String> =
            rows.as_array().expect("a list").iter().map(|row| row[field].to_string()).collect();
        all.sort();
        all.dedup();
        all
    };
    assert_eq!(
        of(&list("subscriptions"), "status"),
        [r#""active""#, r#""canceled""#, r#""past_due""#, r#""trialing""#]
    );
    assert_eq!(
        of(&list("transactions"), "type"),
        [r#""failed_payment""#, r#""one_time_payment""#, r#""refund""#, r#""subscription_invoice""#]
    );
    assert_eq!(list("customers").as_array().expect("a list").len(), 5);
    let catalog = api.done("GET", "/test/catalog", json!(null));
    assert_eq!(of(&catalog["prices"], "type"), [r#""one_time""#, r#""recurring""#]);
    assert_eq!(of(&catalog["prices"], "active"), ["false", "true"]);
    assert!(
        catalog["products"].as_array().expect("a list").iter().any(|row| !row["defaultPriceId"].is_null())
    );
    assert_eq!(api.done("GET", "/status", json!(null))["connections"][0]["status"], "connected");
    // A sync finds what is there already.
    api.done("POST", "/sync", json!(null));
    assert_eq!(api.done("GET", "/test/catalog", json!(null))["products"].as_array().map(Vec::len), Some(4));
}

#[test]
fn a_sandbox_does_not_answer_with_the_other_generation() {
    let newer = Api::with(&[]);
    let older = Api::of(Options::new().generation(Generation::Older));
    for (api, path, status) in [
        (&newer, "/api/payments/stripe/status", 200),
        (&newer, "/api/payments/status", 404),
        (&older, "/api/payments/status", 200),
        (&older, "/api/payments/stripe/status", 404),
        (&older, "/api/payments/test/payment-history", 200),
        (&older, "/api/payments/test/transactions", 404),
    ] {
        let url = format!("{}{path}", api.sandbox.url());
        let answer = api.runtime.block_on(api.client.get(url).bearer_auth(api.sandbox.api_key()).send());
        assert_eq!(answer.expect("an answer").status().as_u16(), status, "{path}");
    }
}

#[test]
fn an_idempotency_key_is_for_one_request_as_stripe_sees_it() {
    let api = Api::with(&[]);
    let product = price_named(&api, "pro_monthly")["productId"].clone();
    let create = |recurring: Value, metadata: Value| {
        let price = json!({"productId": product, "currency": "usd", "unitAmount": 5, "recurring": recurring,
                           "metadata": metadata, "idempotencyKey": "k"});
        api.call("POST", "/test/catalog/prices", price)
    };
    let (status, first) = create(json!({"interval": "month"}), json!({}));
    assert_eq!(status, 201, "{first}");
    let without_metadata = json!({"productId": product, "currency": "usd", "unitAmount": 5,
                                  "recurring": {"interval": "month"}, "idempotencyKey": "k"});
    let again = api.done("POST", "/test/catalog/prices", without_metadata);
    assert_eq!(again["price"]["priceId"], first["price"]["priceId"]);
    // It is the same price, and another request.
    assert_eq!(create(json!({"interval": "month", "intervalCount": 1}), json!({})).0, 400);
}

#[test]
fn stripe_has_limits() {
    let api = Api::with(&[]);
    let product = price_named(&api, "pro_monthly")["productId"].clone();
    let price = |currency: &str, recurring: Value| {
        let mut body = json!({"productId": product, "currency": currency, "unitAmount": 5});
        if !recurring.is_null() {
            body["recurring"] = recurring;
        }
        api.call("POST", "/test/catalog/prices", body).0
    };
    assert_eq!(price("zzz", json!(null)), 400);
    assert_eq!(price("KWD", json!(null)), 201);
    for (interval, most) in [("day", 1095), ("week", 156), ("month", 36), ("year", 3)] {
        assert_eq!(price("usd", json!({"interval": interval, "intervalCount": most})), 201, "{interval}");
        assert_eq!(price("usd", json!({"interval": interval, "intervalCount": most + 1})), 400, "{interval}");
    }
    let metadata = |count: usize| -> Value { (0..count).map(|n| (format!("k{n}"), json!("v"))).collect() };
    api.done("POST", "/test/catalog/products", json!({"name": "X", "metadata": metadata(50)}));
    api.refused("POST", "/test/catalog/products", json!({"name": "X", "metadata": metadata(51)}), 400);
    api.refused("PUT", "/test/config", json!({"secretKey": "sk_test_"}), 401);
}

#[test]
fn lists_are_filtered_by_billing_subject() {
    let api = Api::with(&[]);
    for list in ["subscriptions", "transactions"] {
        let rows = |subject: &str| {
            let path = format!("/test/{list}?subjectType=user&subjectId={subject}");
            api.done("GET", &path, json!(null))[list].as_array().expect("a list").clone()
        };
        let chloe = rows("user_chloe");
        assert!(!chloe.is_empty());
        assert!(chloe.iter().all(|row| row["subjectId"] == "user_chloe"), "{chloe:?}");
        assert!(rows("nobody").is_empty());
    }
}

#[test]
fn a_customer_whom_stripe_does_not_know_any_more_is_marked() {
    let api = Api::with(&[]);
    let customers =
        || api.done("GET", "/test/customers", json!(null))["customers"].as_array().expect("a list").clone();
    let gone = customers()[0]["providerCustomerId"].clone();
    api.sandbox.at_stripe(json!({"customerDeleted": {"id": gone}})).expect("an event");
    api.done("POST", "/test/sync", json!(null));
    let after = customers();
    assert_eq!(after.len(), 5);
    let last = after.last().expect("a customer");
    assert_eq!(
        (&last["providerCustomerId"], &last["deleted"]),
        (&gone, &json!(true)),
        "the deleted ones come last"
    );
    assert!(after[..4].iter().all(|customer| customer["deleted"] == false));
}

#[test]
fn a_customer_has_one_subject_and_a_subject_one_customer() {
    let api = Api::of(Options::new().empty());
    api.done("PUT", "/test/config", json!({"secretKey": "sk_test_shop_1"}));
    // Listed newest first: `a` is the first that says whose customer 1 is.
    for (id, customer, subject) in
        [("e", 2, None), ("d", 1, None), ("c", 2, Some("one")), ("b", 1, Some("two")), ("a", 1, Some("one"))]
    {
        let metadata = subject
            .map_or(json!({}), |id| json!({"insforge_subject_type": "team", "insforge_subject_id": id}));
        let subscription = json!({"id": format!("sub_{id}"), "customer": format!("cus_{customer}"), "status": "active",
                                  "currentPeriodStart": null, "currentPeriodEnd": null, "metadata": metadata, "items": []});
        api.sandbox.at_stripe(json!({"subscription": subscription})).expect("an event");
    }
    let synced = api.done("POST", "/test/sync", json!(null));
    assert_eq!(
        synced["results"][0]["subscriptions"],
        json!({"environment": "test", "synced": 5, "unmapped": 1, "deleted": 0})
    );
    let rows = api.done("GET", "/test/subscriptions", json!(null));
    let subject = |id: &str| {
        let rows = rows["subscriptions"].as_array().expect("a list");
        rows.iter().find(|row| row["subscriptionId"] == id).expect("a row")["subjectId"].clone()
    };
    assert_eq!(
        ["sub_a", "sub_b", "sub_c", "sub_d", "sub_e"].map(subject),
        [json!("one"), json!("two"), json!("one"), json!("one"), json!(null)]
    );
}

#[test]
fn an_id_of_nothing_is_refused() {
    let api = Api::with(&[]);
    for (method, path, field) in [
        ("GET", "products", "productId: Stripe product id is required"),
        ("DELETE", "products", "productId: Stripe product id is required"),
        ("PATCH", "prices", "priceId: Stripe price id is required"),
    ] {
        assert_eq!(api.refused(method, &format!("/test/catalog/{path}/%20"), json!(null), 400), field);
    }
}
