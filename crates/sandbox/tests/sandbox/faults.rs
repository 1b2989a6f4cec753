//! Faults on demand: what the client sees of them, and what is done all the same.

use std::time::Duration;

use insforge_sandbox::Options;
use serde_json::{Value, json};

use crate::api::Api;

const PRODUCTS: &str = "/test/catalog/products";

fn create(api: &Api, name: &str) -> Result<(u16, Value), reqwest::Error> {
    api.runtime.block_on(api.send("POST", PRODUCTS, json!({"name": name})))
}

#[test]
fn a_dropped_connection_leaves_done_or_undone_what_it_says() {
    let api = Api::with(&["POST /products: drop-after-write x1"]);
    let error = create(&api, "After").expect_err("no answer");
    assert!(error.is_request(), "{error:?}");
    assert_eq!(api.products_named("After"), 1);

    let api = Api::with(&["POST /products: drop-before-write x1"]);
    create(&api, "Before").expect_err("no answer");
    assert_eq!(api.products_named("Before"), 0);
    create(&api, "Before").expect("the fault was for once");
    assert_eq!(api.products_named("Before"), 1);
}

#[test]
fn a_write_goes_on_when_nobody_waits_for_it_any_more() {
    let api = Api::with(&["POST /products: delay 400ms x1"]);
    let outcome = api.runtime.block_on(async {
        tokio::time::timeout(Duration::from_millis(100), api.send("POST", PRODUCTS, json!({"name": "Slow"})))
            .await
    });
    assert!(outcome.is_err(), "it was not slow");
    // The sync waits for its turn: the environment is still busy with the product.
    assert_eq!(api.products_named("Slow"), 1);
}

#[test]
fn a_status_comes_before_or_after_the_write() {
    let api = Api::with(&["POST /products: 503 x1"]);
    let (status, body) = create(&api, "Unavailable").expect("an answer");
    // What stands before a backend speaks HTML.
    assert_eq!((status, body.is_string()), (503, true), "{body}");
    assert_eq!(api.products_named("Unavailable"), 0);

    let api = Api::with(&["POST /products: 502-after-write x1"]);
    assert_eq!(create(&api, "Done").expect("an answer").0, 502);
    assert_eq!(api.products_named("Done"), 1);

    let api = Api::with(&["* *: 429 x1"]);
    let (status, body) = create(&api, "Busy").expect("an answer");
    assert_eq!((status, &body["error"]), (429, &json!("RATE_LIMITED")));
}

#[test]
fn an_answer_is_cut_or_garbled() {
    let api = Api::with(&["GET /status: cut x1", "GET /status: garbage x1"]);
    let cut = api.runtime.block_on(api.send("GET", "/status", json!(null))).expect_err("half an answer");
    assert!(cut.is_body() || cut.is_decode(), "{cut:?}");
    let (status, body) = api.call("GET", "/status", json!(null));
    assert_eq!(status, 200);
    assert!(body.is_string(), "{body} is JSON");
    assert!(api.done("GET", "/status", json!(null))["connections"].is_array());
}

#[test]
fn chance_is_the_same_with_the_same_seed() {
    let drops = |seed| {
        let fault = "GET /status: 503 30%".parse().expect("a fault");
        let api = Api::of(Options::new().fault(fault).seed(seed));
        (0..40).map(|_| api.call("GET", "/status", json!(null)).0 == 503).collect::<Vec<bool>>()
    };
    let first = drops(1);
    assert_eq!(first, drops(1));
    assert_ne!(first, drops(2));
    assert!((1..40).contains(&first.iter().filter(|dropped| **dropped).count()));
}

#[test]
fn writes_of_one_environment_wait_for_each_other_and_nothing_else_does() {
    let api = Api::with(&["POST /test/catalog/products: delay 700ms", "POST /test/sync: delay 700ms"]);
    let (all, each) = api.together(&[
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
