//! The routes under `/sandbox`: who can use them, and what they refuse.

use insforge_sandbox::{API_KEY, ControlError, Options};
use serde_json::{Value, json};

use crate::api::Api;

const USER: &str = "11111111-1111-4111-8111-111111111111";
const ROUTES: [(&str, &str); 6] = [
    ("GET", "/sandbox/status"),
    ("GET", "/sandbox/events"),
    ("POST", "/sandbox/pay"),
    ("POST", "/sandbox/refund"),
    ("POST", "/sandbox/cancel"),
    ("POST", "/sandbox/advance"),
];

/// Sends a request. Returns the status, the names of the headers, and the body.
fn send(
    api: &Api,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: &str,
) -> (u16, Vec<String>, Value) {
    let url = format!("{}{path}", api.sandbox.url());
    let mut request = api.client.request(method.parse().expect("a method"), url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if method == "POST" {
        request = request.header("content-type", "application/json").body(body.to_owned());
    }
    api.runtime.block_on(async {
        let response = request.send().await.expect("a response");
        let names = response.headers().keys().map(|name| name.as_str().to_owned()).collect();
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        (status, names, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    })
}

fn with_key(api: &Api, route: (&str, &str), body: &Value) -> (u16, Value) {
    let key = format!("Bearer {API_KEY}");
    let (status, _, body) = send(api, route, &[("authorization", &key)], &body.to_string());
    (status, body)
}

#[test]
fn only_programs_with_the_api_key_control_the_sandbox() {
    let api = Api::start(Options::new());
    let key = format!("Bearer {API_KEY}");
    let token = format!("Bearer {}", api.sandbox.token(USER));
    for route in ROUTES {
        for (headers, status) in [
            (&[][..], 401),
            (&[("authorization", "Bearer ik_other")], 401),
            (&[("authorization", token.as_str())], 403),
            (&[("authorization", "Bearer anon_sandbox")], 403),
            // A web page, even one that has the key and the origin of the sandbox.
            (&[("authorization", key.as_str()), ("origin", "http://localhost:3000")], 403),
            (&[("authorization", key.as_str()), ("origin", "null")], 403),
            (&[("authorization", key.as_str()), ("origin", api.sandbox.url())], 403),
        ] {
            let (refused, names, body) = send(&api, route, headers, "{}");
            assert_eq!((refused, &body["statusCode"]), (status, &json!(status)), "{route:?} {headers:?}");
            assert!(!names.iter().any(|name| name.starts_with("access-control")), "{names:?}");
        }
        // A preflight is answered without the headers that would allow the request.
        let origin = ("origin", "http://localhost:3000");
        let (_, names, _) = send(&api, ("OPTIONS", route.1), &[origin], "");
        assert!(!names.iter().any(|name| name.starts_with("access-control")), "{names:?}");
        let (status, _, _) = send(&api, route, &[("x-api-key", API_KEY)], "{}");
        assert_ne!(status, 401, "{route:?}");
    }
}

#[test]
fn mistakes_are_errors_like_those_of_a_backend() {
    let api = Api::start(Options::new());
    for (route, body, status, code) in [
        (("POST", "/sandbox/pay"), json!({}), 400, "INVALID_INPUT"),
        (("POST", "/sandbox/pay"), json!(["cs_test_1"]), 400, "INVALID_INPUT"),
        (("POST", "/sandbox/pay"), json!({"id": "cs_test_1"}), 404, "SANDBOX_NOT_FOUND"),
        (("POST", "/sandbox/pay"), json!({"id": "order_1"}), 404, "SANDBOX_NOT_FOUND"),
        (("POST", "/sandbox/pay"), json!({"id": "cs_test_1", "card": "gold"}), 400, "INVALID_INPUT"),
        (("POST", "/sandbox/refund"), json!({"payment": "pi_1", "amount": -1}), 400, "INVALID_INPUT"),
        (("POST", "/sandbox/refund"), json!({"payment": "pay_1"}), 404, "SANDBOX_NOT_FOUND"),
        (("POST", "/sandbox/cancel"), json!({"subscription": "sub_1", "now": true}), 400, "INVALID_INPUT"),
        (("POST", "/sandbox/cancel"), json!({"subscription": "sub_1"}), 404, "SANDBOX_NOT_FOUND"),
        (("POST", "/sandbox/advance"), json!({}), 400, "INVALID_INPUT"),
        (("POST", "/sandbox/advance"), json!({"by": "1d", "to": "2027-01-01"}), 400, "INVALID_INPUT"),
        (("POST", "/sandbox/advance"), json!({"by": "soon"}), 400, "INVALID_INPUT"),
        (("POST", "/sandbox/advance"), json!({"to": "2020-01-01"}), 400, "INVALID_INPUT"),
        (("POST", "/sandbox/advance"), json!({"by": "11y"}), 409, "SANDBOX_NOT_POSSIBLE"),
        (("POST", "/sandbox/status"), json!({}), 404, "NOT_FOUND"),
        (("GET", "/sandbox/events?limit=0"), json!(null), 400, "INVALID_INPUT"),
        (("GET", "/sandbox/events?page=2"), json!(null), 400, "INVALID_INPUT"),
        (("GET", "/sandbox"), json!(null), 404, "NOT_FOUND"),
    ] {
        let (answered, answer) = with_key(&api, route, &body);
        assert_eq!((answered, &answer["error"]), (status, &json!(code)), "{route:?} {body}: {answer}");
        assert_eq!(answer["statusCode"], status);
        assert!(answer["message"].as_str().is_some_and(|message| message.len() > 10), "{answer}");
    }
    let (_, answer) = with_key(&api, ("GET", "/sandbox/status"), &json!(null));
    assert_eq!(answer["aheadSeconds"], 0, "a refused action changed the clock");
}

/// A backend has no such routes, so the faults of its requests are not for them.
#[test]
fn faults_do_not_affect_the_control_of_the_sandbox() {
    let api = Api::with_faults(&["* *: 503", "* *: drop x1"]);
    for _ in 0..3 {
        assert_eq!(with_key(&api, ("POST", "/sandbox/advance"), &json!({"by": "1d"})).0, 200);
    }
    assert_eq!(api.sandbox.unused_faults().len(), 2);
    assert_eq!(api.call("GET", "/status", json!(null)).0, 503);
}

#[test]
fn the_clock_of_the_rust_api_is_that_of_the_routes() {
    let api = Api::start(Options::new());
    api.sandbox.advance("2w").expect("a later time");
    let (_, status) = with_key(&api, ("GET", "/sandbox/status"), &json!(null));
    assert_eq!(status["aheadSeconds"], 14 * 24 * 60 * 60);
    let error = api.sandbox.advance("2 fortnights").expect_err("an invalid length of time");
    assert_eq!(
        error.to_string(),
        "`2 fortnights` is invalid: expected a length of time such as 12mo, 3d, 2w or 6h"
    );
    assert!(matches!(
        api.sandbox.pay("cs_test_1", insforge_sandbox::Card::Ok),
        Err(ControlError::NotFound { .. })
    ));
    assert!(matches!(api.sandbox.refund("pi_1", Some(1)), Err(ControlError::NotFound { .. })));
    assert!(matches!(api.sandbox.cancel("sub_1", true), Err(ControlError::NotFound { .. })));
}
