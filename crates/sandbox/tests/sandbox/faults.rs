//! Fault injection: what the client sees, and whether the request takes effect.

use std::time::Duration;

use insforge_sandbox::Options;
use serde_json::{Value, json};

use crate::api::Api;

const PRODUCTS: &str = "/test/catalog/products";

fn create(api: &Api, name: &str) -> Result<(u16, Value), reqwest::Error> {
    api.runtime.block_on(api.send("POST", PRODUCTS, json!({"name": name})))
}

#[test]
fn drop_takes_effect_before_or_after_the_write() {
    let api = Api::with_faults(&["POST /products: drop-after-write x1"]);
    let error = create(&api, "After").expect_err("no response");
    assert!(error.is_request(), "{error:?}");
    assert_eq!(api.count_products("After"), 1);

    let api = Api::with_faults(&["POST /products: drop-before-write x1"]);
    create(&api, "Before").expect_err("no response");
    assert_eq!(api.count_products("Before"), 0);
    create(&api, "Before").expect("the fault applies only once");
    assert_eq!(api.count_products("Before"), 1);
}

#[test]
fn a_write_finishes_after_the_client_disconnects() {
    let api = Api::with_faults(&["POST /products: delay 400ms x1"]);
    let outcome = api.runtime.block_on(async {
        tokio::time::timeout(Duration::from_millis(100), api.send("POST", PRODUCTS, json!({"name": "Slow"})))
            .await
    });
    assert!(outcome.is_err(), "the request was not delayed");
    // The sync waits until the write in the same environment is finished.
    assert_eq!(api.count_products("Slow"), 1);
}

#[test]
fn a_status_takes_effect_before_or_after_the_write() {
    let api = Api::with_faults(&["POST /products: 503 x1"]);
    let (status, body) = create(&api, "Unavailable").expect("a response");
    // Gateways respond with HTML.
    assert_eq!((status, body.is_string()), (503, true), "{body}");
    assert_eq!(api.count_products("Unavailable"), 0);

    let api = Api::with_faults(&["POST /products: 502-after-write x1"]);
    assert_eq!(create(&api, "Done").expect("a response").0, 502);
    assert_eq!(api.count_products("Done"), 1);

    let api = Api::with_faults(&["* *: 429 x1"]);
    let (status, body) = create(&api, "Busy").expect("a response");
    assert_eq!((status, &body["error"]), (429, &json!("RATE_LIMITED")));
}

#[test]
fn a_response_can_be_cut_or_garbage() {
    let api = Api::with_faults(&["GET /status: cut x1", "GET /status: garbage x1"]);
    let cut = api.runtime.block_on(api.send("GET", "/status", json!(null))).expect_err("half a response");
    assert!(cut.is_body() || cut.is_decode(), "{cut:?}");
    let (status, body) = api.call("GET", "/status", json!(null));
    assert_eq!(status, 200);
    assert!(body.is_string(), "{body} is JSON");
    assert!(api.ok("GET", "/status", json!(null))["connections"].is_array());
}

#[test]
fn the_same_seed_gives_the_same_random_faults() {
    let drops = |seed| {
        let fault = "GET /status: 503 30%".parse().expect("a fault");
        let api = Api::start(Options::new().fault(fault).seed(seed));
        (0..40).map(|_| api.call("GET", "/status", json!(null)).0 == 503).collect::<Vec<bool>>()
    };
    let first = drops(1);
    assert_eq!(first, drops(1));
    assert_ne!(first, drops(2));
    assert!((1..40).contains(&first.iter().filter(|dropped| **dropped).count()));
}

#[test]
fn writes_in_an_environment_run_one_at_a_time_and_block_nothing_else() {
    let api = Api::with_faults(&["POST /test/catalog/products: delay 700ms", "POST /test/sync: delay 700ms"]);
    let (all, each) = api.send_all(&[
        ("POST", PRODUCTS, json!({"name": "One"})),
        ("POST", PRODUCTS, json!({"name": "Two"})),
        ("POST", "/test/sync", json!(null)),
        ("GET", PRODUCTS, json!(null)),
        ("PUT", "/live/config", json!({"secretKey": "sk_live_shop_1"})),
    ]);
    assert!(all >= Duration::from_millis(2100), "{all:?}");
    for quick in &each[3..] {
        assert!(*quick < all / 2, "{each:?}");
    }
}
