//! Checkout sessions and customer portal sessions, where the recordings do not cover them fully.

use std::time::Duration;

use insforge_sandbox::{ANON_KEY, Generation, Options, token};
use serde_json::{Value, json};

use crate::api::Api;

const CHECKOUT: &str = "/test/checkout-sessions";
const PORTAL: &str = "/test/customer-portal-sessions";
const USER: &str = "11111111-1111-4111-8111-111111111111";

/// The id of a price of the sample shop.
fn price(api: &Api, lookup_key: &str) -> String {
    let prices = api.ok("GET", "/test/catalog/prices", json!(null));
    let price =
        prices["prices"].as_array().expect("prices").iter().find(|price| price["lookupKey"] == lookup_key);
    price.and_then(|price| price["priceId"].as_str()).expect("an id").to_owned()
}

/// The body of a request for these prices.
fn body(prices: &[&str]) -> Value {
    let items: Vec<Value> = prices.iter().map(|price| json!({"priceId": price})).collect();
    json!({"mode": "payment", "lineItems": items, "successUrl": "app://yes", "cancelUrl": "app://no"})
}

fn with(mut body: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().expect("fields") {
        body[name] = value.clone();
    }
    body
}

/// Sends a request of a user.
#[track_caller]
fn as_user(api: &Api, path: &str, body: Value) -> (u16, Value) {
    api.call_as(&api.sandbox.token(USER), "POST", path, body)
}

/// Sends a request of a user that must fail with this status. Returns the message.
#[track_caller]
fn refused(api: &Api, path: &str, body: Value, expected: u16) -> String {
    let (status, body) = as_user(api, path, body);
    assert_eq!(status, expected, "{body}");
    body["message"].as_str().expect("a message").to_owned()
}

#[test]
fn every_role_can_do_what_the_backend_allows() {
    let api = Api::with_faults(&[]);
    let checkout = body(&[&price(&api, "credits_100")]);
    let portal = json!({"subject": {"type": "team", "id": "unmapped"}});
    let hour = Duration::from_secs(3600);
    let unmapped = "No Stripe customer is mapped to this billing subject";
    let anonymous = "Customer portal sessions require an authenticated user";
    for (token, checkout_answer, portal_answer) in [
        (token(USER, "authenticated", hour), (201, ""), (404, unmapped)),
        (token(USER, "project_admin", hour), (201, ""), (404, unmapped)),
        (token("anonymous", "anon", hour), (201, ""), (401, anonymous)),
        (ANON_KEY.to_owned(), (201, ""), (401, anonymous)),
        (
            token(USER, "owner", hour),
            (403, "Unsupported checkout role"),
            (403, "Unsupported customer portal role"),
        ),
        (
            api.sandbox.api_key().to_owned(),
            (401, "Checkout session creation requires a user token"),
            (401, "Customer portal session creation requires a user token"),
        ),
        (token(USER, "authenticated", Duration::ZERO), (401, "Invalid token"), (401, "Invalid token")),
        ("anon_other".to_owned(), (401, "Invalid anon key"), (401, "Invalid anon key")),
        (String::new(), (401, "No token provided"), (401, "No token provided")),
    ] {
        for (path, body, expected) in
            [(CHECKOUT, &checkout, checkout_answer), (PORTAL, &portal, portal_answer)]
        {
            let (status, answer) = api.call_as(&token, "POST", path, body.clone());
            let message = answer["message"].as_str().unwrap_or_default();
            assert_eq!((status, message), expected, "{path} with {token:?}");
        }
    }
    // The anonymous key is no token for administrators.
    let (status, answer) = api.call_as(ANON_KEY, "GET", "/status", json!(null));
    assert_eq!((status, &answer["message"]), (401, &json!("Invalid token")));
}

#[test]
fn applications_get_the_projects_anonymous_key() {
    let get = |api: &Api, method: &str, path: &str, token: &str| {
        let url = format!("{}{path}", api.sandbox.url());
        let request = api.client.request(method.parse().expect("a method"), url).bearer_auth(token);
        api.runtime.block_on(async {
            let response = request.send().await.expect("a response");
            let status = response.status().as_u16();
            let text = response.text().await.expect("a body");
            (status, serde_json::from_str::<Value>(&text).expect("JSON"))
        })
    };
    let newer = Api::with_faults(&[]);
    let key = newer.sandbox.api_key();
    let expected = json!({"anonKey": ANON_KEY});
    assert_eq!(get(&newer, "GET", "/api/metadata/anon-key", key), (200, expected));
    assert_eq!(get(&newer, "GET", "/api/metadata/anon-key", ANON_KEY).0, 401);
    assert_eq!(get(&newer, "GET", "/api/metadata/anon-key", &newer.sandbox.token(USER)).0, 403);
    assert_eq!(get(&newer, "POST", "/api/auth/tokens/anon", key).0, 404);

    let older = Api::start(Options::new().generation(Generation::Older));
    assert_eq!(get(&older, "GET", "/api/metadata/anon-key", key).0, 404);
    let (status, answer) = get(&older, "POST", "/api/auth/tokens/anon", key);
    let token = answer["accessToken"].as_str().expect("a token");
    assert_eq!(status, 200);
    let checkout = "/api/payments/test/checkout-sessions";
    let (status, answer) = get(&older, "POST", checkout, token);
    assert_eq!((status, &answer["error"]), (400, &json!("INVALID_INPUT")), "{answer}");
}

#[test]
fn every_mistake_of_a_request_is_reported_at_once() {
    let api = Api::with_faults(&[]);
    let wrong = json!({
        "mode": "payment",
        "lineItems": [{"priceId": "", "quantity": 1000.5, "x": 1}, {"priceId": "p", "quantity": -1}],
        "successUrl": "https://", "cancelUrl": "relative",
        "subject": {"type": "t".repeat(101), "id": ""},
        "customerEmail": "a@b", "metadata": {}, "idempotencyKey": "k".repeat(201), "y": 1,
    });
    let expected = [
        "lineItems.0.priceId: Stripe price id is required",
        "lineItems.0.quantity: Expected integer, received float",
        "lineItems.0.quantity: Number must be less than or equal to 999",
        "lineItems.0: Unrecognized key(s) in object: 'x'",
        "lineItems.1.quantity: Number must be greater than 0",
        "successUrl: Success URL must be a valid URL",
        "cancelUrl: Cancel URL must be a valid URL",
        "subject.type: String must contain at most 100 character(s)",
        "subject.id: String must contain at least 1 character(s)",
        "customerEmail: Invalid email",
        "idempotencyKey: Idempotency key must be 200 characters or fewer",
        "(root): Unrecognized key(s) in object: 'y'",
    ];
    assert_eq!(refused(&api, CHECKOUT, wrong, 400), expected.join(", "));
    let not_objects = with(body(&[]), &json!({"lineItems": ["p", null]}));
    assert_eq!(
        refused(&api, CHECKOUT, not_objects, 400),
        "lineItems.0: Expected object, received string, lineItems.1: Expected object, received null"
    );
    // None of these leaves a row.
    assert_eq!(rows(&api, "stripe_checkout_sessions"), [json!(null); 0]);
}

fn rows(api: &Api, table: &str) -> Vec<Value> {
    api.sandbox.tables().expect("tables")[table].as_array().expect("rows").clone()
}

#[test]
fn email_addresses_are_checked_like_the_backends_schema_does() {
    let api = Api::with_faults(&[]);
    let credits = price(&api, "credits_100");
    let try_email = |email: &str| {
        let (status, answer) =
            as_user(&api, CHECKOUT, with(body(&[&credits]), &json!({"customerEmail": email})));
        assert_eq!(status == 201, answer["message"].is_null(), "{answer}");
        status == 201
    };
    for valid in ["a@b.co", "A.b+c_d'e-f@x-y.example.COM", "a@1.2.ab", "+@b.co"] {
        assert!(try_email(valid), "{valid}");
    }
    for invalid in [
        "a",
        "a@",
        "@b.co",
        "a@b",
        "a@b.c",
        "a@b.c0",
        ".a@b.co",
        "a.@b.co",
        "a..b@b.co",
        "a@b..co",
        "a@-b.co",
        "a b@b.co",
        "a@b.co.",
        "a@@b.co",
        "ü@b.co",
        "a@bü.co",
        "'@b.co",
    ] {
        assert!(!try_email(invalid), "{invalid}");
    }
}

#[test]
fn stripe_refuses_orders_that_nobody_can_pay() {
    let api = Api::with_faults(&[]);
    let [monthly, yearly, credits] = ["pro_monthly", "pro_yearly", "credits_100"].map(|key| price(&api, key));
    let product = api.ok("POST", "/test/catalog/products", json!({"name": "Poster"}));
    let product = product["product"]["productId"].as_str().expect("an id").to_owned();
    let euros = json!({"productId": product, "currency": "eur", "unitAmount": 1500});
    let euros = api.ok("POST", "/test/catalog/prices", euros);
    let euros = euros["price"]["priceId"].as_str().expect("an id");
    let subscription = json!({"mode": "subscription", "subject": {"type": "team", "id": "t1"}});
    for (body, expected) in [
        (
            with(body(&[&monthly, &yearly]), &subscription),
            "Checkout does not support multiple prices with different billing intervals.",
        ),
        (
            body(&[&credits, euros]),
            "The price specified supports currencies of `eur` which doesn't include the expected currency of `usd`.",
        ),
    ] {
        assert_eq!(refused(&api, CHECKOUT, body, 400), expected);
    }
    assert_eq!(as_user(&api, CHECKOUT, body(&[euros])).0, 201);
    api.ok("PATCH", &format!("/test/catalog/products/{product}"), json!({"active": false}));
    let expected =
        format!("Price `{euros}` is not available to be purchased because its product is not active.");
    assert_eq!(refused(&api, CHECKOUT, body(&[euros]), 400), expected);
    let rows = rows(&api, "stripe_checkout_sessions");
    let statuses: Vec<&Value> = rows.iter().map(|row| &row["status"]).collect();
    assert_eq!(statuses, ["failed", "failed", "open", "failed"]);
    assert_eq!(rows[3]["last_error"], expected);
}

#[test]
fn an_idempotency_key_counts_after_a_restart_and_in_one_environment() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sandbox.json");
    let start = || Api::start(Options::new().state(&path));
    let api = start();
    let request = with(
        body(&[&price(&api, "credits_100")]),
        &json!({"idempotencyKey": "order-1", "metadata": {"b": "2", "a": "1"}}),
    );
    let (status, first) = as_user(&api, CHECKOUT, request.clone());
    assert_eq!(status, 201, "{first}");
    drop(api);

    let api = start();
    let reordered = with(request.clone(), &json!({"metadata": {"a": "1", "b": "2"}}));
    assert_eq!(as_user(&api, CHECKOUT, reordered), (201, first));
    let other = with(request.clone(), &json!({"metadata": {"a": "1"}}));
    let message = "Idempotency key is already used for another checkout request";
    assert_eq!(refused(&api, CHECKOUT, other, 409), message);
    let live = refused(&api, "/live/checkout-sessions", request, 400);
    assert_eq!(live, "STRIPE_LIVE_SECRET_KEY is not configured");
    assert_eq!(rows(&api, "stripe_checkout_sessions").len(), 2);
    drop(api);

    // Stripe's session has what its payment needs.
    let state = std::fs::read_to_string(&path).expect("the state");
    let state: Value = serde_json::from_str(&state).expect("JSON");
    let accounts = state["stripe"]["accounts"].as_object().expect("accounts").values();
    let sessions: Vec<&Value> = accounts
        .flat_map(|account| account["test"]["checkoutSessions"].as_array().expect("sessions"))
        .collect();
    let [session] = sessions.as_slice() else { panic!("{} sessions", sessions.len()) };
    assert_eq!((&session["amountTotal"], &session["currency"]), (&json!(990), &json!("usd")));
    assert_eq!(session["metadata"], session["paymentMetadata"]);
    assert_eq!(session["paymentMetadata"]["insforge_checkout_mode"], "payment");
    let seconds = |name: &str| {
        let time: jiff::Timestamp = session[name].as_str().expect("a time").parse().expect("a time");
        assert_eq!(time.subsec_nanosecond(), 0);
        time.as_second()
    };
    assert_eq!(seconds("expiresAt") - seconds("created"), 24 * 60 * 60);
}

#[test]
fn a_portal_session_is_for_the_customer_of_the_subject() {
    let api = Api::with_faults(&[]);
    let subscriptions = api.ok("GET", "/test/subscriptions", json!(null));
    let subscriptions = subscriptions["subscriptions"].as_array().expect("subscriptions");
    let mapped = subscriptions.iter().find(|row| !row["subjectId"].is_null()).expect("a mapped subscription");
    let subject = json!({"type": mapped["subjectType"], "id": mapped["subjectId"]});
    let open = |fields: Value| as_user(&api, PORTAL, with(json!({"subject": subject}), &fields));

    let (status, answer) = open(json!({"returnUrl": "https://shop.example/account"}));
    let session = &answer["customerPortalSession"];
    assert_eq!((status, &session["customerId"]), (201, &mapped["customerId"]), "{answer}");
    assert!(session["url"].as_str().expect("a URL").starts_with("https://billing.stripe.com/p/session/bps_"));
    // The configurations of the application's real account are valid.
    let (status, answer) = open(json!({"configuration": "bpc_1FAuz82eZvKYlo2CmWG5nzWE"}));
    assert_eq!(status, 201, "{answer}");
    let (status, answer) = open(json!({"configuration": "default"}));
    assert_eq!((status, &answer["message"]), (400, &json!("No such configuration: 'default'")));
    let statuses: Vec<Value> =
        rows(&api, "stripe_customer_portal_sessions").iter().map(|row| row["status"].clone()).collect();
    assert_eq!(statuses, ["created", "created", "failed"]);

    // A checkout session of this subject is for the same customer.
    let request = with(body(&[&price(&api, "credits_100")]), &json!({"subject": subject}));
    let (_, answer) = as_user(&api, CHECKOUT, request);
    assert_eq!(answer["checkoutSession"]["customerId"], mapped["customerId"]);
}
