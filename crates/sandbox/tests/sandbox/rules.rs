//! Rules of Stripe and the backend that the recordings do not cover fully.

use insforge_sandbox::{Generation, Options};
use serde_json::{Value, json};

use crate::api::Api;

fn price_named(api: &Api, lookup_key: &str) -> Value {
    let prices = api.ok("GET", "/test/catalog/prices", json!(null));
    let prices = prices["prices"].as_array().expect("prices");
    prices.iter().find(|price| price["lookupKey"] == lookup_key).expect("a price").clone()
}

fn path_of(price: &Value) -> String {
    format!("/test/catalog/prices/{}", price["priceId"].as_str().expect("an id"))
}

#[test]
fn a_default_price_cannot_be_archived() {
    let api = Api::with_faults(&[]);
    let price = price_named(&api, "pro_monthly");
    let message = "This price cannot be archived because it is the default price of its product.";
    assert_eq!(api.error("DELETE", &path_of(&price), json!(null), 400), message);
    assert_eq!(api.error("PATCH", &path_of(&price), json!({"active": false}), 400), message);
    let other = price_named(&api, "pro_yearly");
    assert_eq!(api.ok("DELETE", &path_of(&other), json!(null))["price"]["active"], false);
}

#[test]
fn a_tax_behavior_cannot_be_changed_once_set() {
    let api = Api::with_faults(&[]);
    let path = path_of(&price_named(&api, "pro_yearly"));
    api.ok("PATCH", &path, json!({"taxBehavior": "exclusive"}));
    api.ok("PATCH", &path, json!({"taxBehavior": "exclusive"}));
    assert!(api.error("PATCH", &path, json!({"taxBehavior": "inclusive"}), 400).contains("tax behavior"));
}

#[test]
fn a_lookup_key_belongs_to_one_price() {
    let api = Api::with_faults(&[]);
    let taken = price_named(&api, "pro_monthly");
    let path = path_of(&price_named(&api, "pro_yearly"));
    let message = api.error("PATCH", &path, json!({"lookupKey": "pro_monthly"}), 400);
    assert!(message.contains(taken["priceId"].as_str().expect("an id")), "{message}");
    // A price can keep its own lookup key.
    api.ok("PATCH", &path, json!({"lookupKey": "pro_yearly"}));
    api.ok("PATCH", &path_of(&taken), json!({"lookupKey": null}));
    api.ok("PATCH", &path, json!({"lookupKey": "pro_monthly"}));
}

#[test]
fn the_amount_currency_and_interval_of_a_price_cannot_be_changed() {
    let api = Api::with_faults(&[]);
    let path = path_of(&price_named(&api, "pro_yearly"));
    for field in ["unitAmount", "currency", "recurring", "productId", "type"] {
        let message = api.error("PATCH", &path, json!({field: "x"}), 400);
        assert!(message.contains(&format!("Unrecognized key(s) in object: '{field}'")), "{message}");
    }
}

#[test]
fn a_key_of_another_account_clears_the_mirror() {
    let api = Api::with_faults(&[]);
    let before = api.ok("GET", "/test/catalog", json!(null));
    let counts =
        |catalog: &Value| ["products", "prices"].map(|name| catalog[name].as_array().expect("a list").len());
    assert_eq!(counts(&before), [4, 7]);
    api.ok("PUT", "/test/config", json!({"secretKey": "sk_test_other_1"}));
    assert_eq!(counts(&api.ok("GET", "/test/catalog", json!(null))), [0, 0]);
    assert_eq!(api.ok("GET", "/test/transactions", json!(null)), json!({"transactions": []}));
    api.ok("PUT", "/test/config", json!({"secretKey": "sk_test_51SandboxShop0001b"}));
    assert_eq!(counts(&api.ok("GET", "/test/catalog", json!(null))), [4, 7]);
    // A sync does not restore transactions, which come from events.
    assert_eq!(api.ok("GET", "/test/transactions", json!(null)), json!({"transactions": []}));
}

#[test]
fn a_webhook_needs_a_public_address() {
    for (url, accepted) in [
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
        let (status, body) = Api::start(options).call("POST", "/test/webhook", json!(null));
        assert_eq!(status, if accepted { 200 } else { 400 }, "{url:?}: {body}");
    }
}

#[test]
fn the_sample_shop_covers_all_kinds_of_objects() {
    let api = Api::with_faults(&[]);
    let list = |name: &str| api.ok("GET", &format!("/test/{name}"), json!(null))[name].clone();
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
        [r#""one_time_payment""#, r#""refund""#, r#""subscription_invoice""#]
    );
    assert_eq!(
        of(&list("transactions"), "status"),
        [r#""failed""#, r#""partially_refunded""#, r#""refunded""#, r#""succeeded""#]
    );
    assert_eq!(list("customers").as_array().expect("a list").len(), 5);
    let catalog = api.ok("GET", "/test/catalog", json!(null));
    assert_eq!(of(&catalog["prices"], "type"), [r#""one_time""#, r#""recurring""#]);
    assert_eq!(of(&catalog["prices"], "active"), ["false", "true"]);
    assert!(
        catalog["products"].as_array().expect("a list").iter().any(|row| !row["defaultPriceId"].is_null())
    );
    assert_eq!(api.ok("GET", "/status", json!(null))["connections"][0]["status"], "connected");
    // A sync changes nothing.
    api.ok("POST", "/sync", json!(null));
    assert_eq!(api.ok("GET", "/test/catalog", json!(null))["products"].as_array().map(Vec::len), Some(4));
}

#[test]
fn a_sandbox_serves_only_the_routes_of_its_generation() {
    let newer = Api::with_faults(&[]);
    let older = Api::start(Options::new().generation(Generation::Older));
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
        assert_eq!(answer.expect("a response").status().as_u16(), status, "{path}");
    }
}

#[test]
fn an_idempotency_key_is_bound_to_stripes_request_parameters() {
    let api = Api::with_faults(&[]);
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
    let again = api.ok("POST", "/test/catalog/prices", without_metadata);
    assert_eq!(again["price"]["priceId"], first["price"]["priceId"]);
    // The price would be the same, but the request to Stripe differs.
    assert_eq!(create(json!({"interval": "month", "intervalCount": 1}), json!({})).0, 400);
}

#[test]
fn stripe_enforces_its_limits() {
    let api = Api::with_faults(&[]);
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
    api.ok("POST", "/test/catalog/products", json!({"name": "X", "metadata": metadata(50)}));
    api.error("POST", "/test/catalog/products", json!({"name": "X", "metadata": metadata(51)}), 400);
    api.error("PUT", "/test/config", json!({"secretKey": "sk_test_"}), 401);
}

#[test]
fn lists_can_be_filtered_by_billing_subject() {
    let api = Api::with_faults(&[]);
    for list in ["subscriptions", "transactions"] {
        let rows = |subject: &str| {
            let path = format!("/test/{list}?subjectType=user&subjectId={subject}");
            api.ok("GET", &path, json!(null))[list].as_array().expect("a list").clone()
        };
        let chloe = rows("user_chloe");
        assert!(!chloe.is_empty());
        assert!(chloe.iter().all(|row| row["subjectId"] == "user_chloe"), "{chloe:?}");
        assert!(rows("nobody").is_empty());
    }
}

#[test]
fn a_billing_subject_has_a_longest_type_and_id() {
    let api = Api::with_faults(&[]);
    for list in ["transactions", "subscriptions"] {
        let path = |kind: usize, id: usize| {
            format!("/test/{list}?subjectType={}&subjectId={}", "t".repeat(kind), "i".repeat(id))
        };
        api.ok("GET", &path(100, 255), json!(null));
        let message = api.error("GET", &path(101, 255), json!(null), 400);
        assert_eq!(message, "subjectType: String must contain at most 100 character(s)");
        let message = api.error("GET", &path(100, 256), json!(null), 400);
        assert_eq!(message, "subjectId: String must contain at most 255 character(s)");
    }
}

#[test]
fn a_number_beyond_a_float_is_infinite() {
    let api = Api::with_faults(&[]);
    for number in ["1e400", "123456789e999"] {
        let price = json!({"productId": "prod_x", "currency": "usd", "unitAmount": 1});
        let price = price.to_string().replace(":1}", &format!(":{number}}}"));
        let price = serde_json::from_str(&price).expect("a price");
        let message = api.error("POST", "/test/catalog/prices", price, 400);
        assert_eq!(message, "unitAmount: Expected integer, received float", "{number}");
    }
    let product = serde_json::from_str(r#"{"name": 1e400}"#).expect("a product");
    let message = api.error("POST", "/test/catalog/products", product, 400);
    assert_eq!(message, "name: Expected string, received number");
}

#[test]
fn a_customer_deleted_at_stripe_is_marked_as_deleted() {
    let api = Api::with_faults(&[]);
    let customers =
        || api.ok("GET", "/test/customers", json!(null))["customers"].as_array().expect("a list").clone();
    let gone = customers()[0]["providerCustomerId"].clone();
    api.sandbox.change_stripe(json!({"customerDeleted": {"id": gone}})).expect("an event");
    api.ok("POST", "/test/sync", json!(null));
    let after = customers();
    assert_eq!(after.len(), 5);
    let last = after.last().expect("a customer");
    assert_eq!(
        (&last["providerCustomerId"], &last["deleted"]),
        (&gone, &json!(true)),
        "deleted customers are last"
    );
    assert!(after[..4].iter().all(|customer| customer["deleted"] == false));
}

#[test]
fn a_customer_has_one_billing_subject_and_a_billing_subject_one_customer() {
    let api = Api::start(Options::new().empty());
    api.ok("PUT", "/test/config", json!({"secretKey": "sk_test_shop_1"}));
    // Listed newest first, so `a` decides the billing subject of customer 1.
    for (id, customer, subject) in
        [("e", 2, None), ("d", 1, None), ("c", 2, Some("one")), ("b", 1, Some("two")), ("a", 1, Some("one"))]
    {
        let metadata = subject
            .map_or(json!({}), |id| json!({"insforge_subject_type": "team", "insforge_subject_id": id}));
        let subscription = json!({"id": format!("sub_{id}"), "customer": format!("cus_{customer}"), "status": "active",
                                  "currentPeriodStart": null, "currentPeriodEnd": null, "metadata": metadata, "items": []});
        api.sandbox.change_stripe(json!({"subscription": subscription})).expect("an event");
    }
    let synced = api.ok("POST", "/test/sync", json!(null));
    assert_eq!(
        synced["results"][0]["subscriptions"],
        json!({"environment": "test", "synced": 5, "unmapped": 1, "deleted": 0})
    );
    let rows = api.ok("GET", "/test/subscriptions", json!(null));
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
fn an_empty_id_is_rejected() {
    let api = Api::with_faults(&[]);
    for (method, path, field) in [
        ("GET", "products", "productId: Stripe product id is required"),
        ("DELETE", "products", "productId: Stripe product id is required"),
        ("PATCH", "prices", "priceId: Stripe price id is required"),
    ] {
        assert_eq!(api.error(method, &format!("/test/catalog/{path}/%20"), json!(null), 400), field);
    }
}
