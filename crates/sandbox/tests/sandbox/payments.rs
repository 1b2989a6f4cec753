//! Payments and refunds at the simulated Stripe, and the events that follow.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::shop::Shop;

/// The events of a payment in time, and those after three days.
fn events_of(price: &str, card: &str) -> (Vec<String>, Vec<String>) {
    let shop = Shop::open();
    let session = shop.session(price, "team_1");
    let paid = shop.pay(&session, card);
    let later = shop.advance("3d");
    let owned = |types: Vec<&str>| types.into_iter().map(str::to_owned).collect();
    (owned(paid.types("")), owned(later.types("team_1")))
}

#[test]
fn the_card_decides_the_events_of_a_one_time_payment() {
    let paid = ["customer.created", "payment_intent.succeeded", "checkout.session.completed"];
    let unpaid = ["customer.created", "checkout.session.completed"];
    let succeeded = ["payment_intent.succeeded", "checkout.session.async_payment_succeeded"];
    let failed = ["payment_intent.payment_failed", "checkout.session.async_payment_failed"];
    for (card, at_once, later) in [
        ("ok", &paid[..], &[][..]),
        ("decline-later", &paid, &[]),
        ("decline", &["payment_intent.payment_failed"], &["checkout.session.expired"]),
        ("delayed", &unpaid, &succeeded),
        ("delayed-fails", &unpaid, &failed),
    ] {
        let events = events_of("credits_100", card);
        assert_eq!(
            (events.0.as_slice(), events.1.as_slice()),
            (&owned(at_once)[..], &owned(later)[..]),
            "{card}"
        );
    }
}

#[test]
fn the_card_decides_the_events_of_a_first_invoice() {
    let [customer, created] = ["customer.created", "customer.subscription.created"];
    let [completed, updated] = ["checkout.session.completed", "customer.subscription.updated"];
    let [succeeded, failed] = ["payment_intent.succeeded", "payment_intent.payment_failed"];
    let paid = [customer, succeeded, completed, created, updated, "invoice.paid"];
    let unpaid = [customer, completed, created, updated];
    // The payment itself has no metadata, so it does not name the team.
    let settled = ["invoice.paid", "checkout.session.async_payment_succeeded"];
    let rejected = ["invoice.payment_failed", updated, "checkout.session.async_payment_failed"];
    for (card, at_once, later) in [
        ("ok", &paid[..], &[][..]),
        ("decline-later", &paid, &[]),
        (
            "decline",
            &[customer, created, failed, "invoice.payment_failed"],
            &[updated, "checkout.session.expired"],
        ),
        ("delayed", &unpaid, &settled),
        ("delayed-fails", &unpaid, &rejected),
    ] {
        let events = events_of("pro_monthly", card);
        assert_eq!(
            (events.0.as_slice(), events.1.as_slice()),
            (&owned(at_once)[..], &owned(later)[..]),
            "{card}"
        );
    }
}

fn owned(types: &[&str]) -> Vec<String> {
    types.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn a_declined_payment_leaves_the_session_open() {
    let shop = Shop::open();
    let session = shop.session("credits_100", "team_1");
    let declined = shop.pay(&session, "decline");
    assert_eq!(declined.changed("checkout_session")["status"], "open");
    assert_eq!(declined.changed("payment_intent")["status"], "requires_payment_method");
    let failed = declined.event("payment_intent.payment_failed");
    assert_eq!(failed["metadata"]["insforge_checkout_mode"], "payment");
    assert_eq!(failed["last_payment_error"]["message"], "Your card was declined.");
    // The same payment is used for the next attempt.
    let paid = shop.pay(&session, "ok");
    assert_eq!(paid.id("payment_intent"), declined.id("payment_intent"));
    assert_eq!(
        paid.changed("checkout_session"),
        &json!({
            "object": "checkout_session", "id": session, "status": "complete", "paymentStatus": "paid",
        })
    );
    let completed = paid.event("checkout.session.completed");
    assert_eq!(completed["customer_details"]["email"], "team_1@app.example.test");
    assert_eq!(completed["amount_total"], 990);
}

#[test]
fn a_declined_first_invoice_is_paid_by_the_next_attempt() {
    let shop = Shop::open();
    let session = shop.session("pro_monthly", "team_1");
    let declined = shop.pay(&session, "decline");
    assert_eq!(declined.changed("subscription")["status"], "incomplete");
    let subscription = declined.id("subscription");
    // The invoice can be paid on the page, or as the invoice of the subscription.
    shop.pay(&subscription, "decline");
    let paid = shop.pay(&subscription, "ok");
    assert_eq!(paid.id("subscription"), subscription);
    assert_eq!(paid.changed("subscription")["status"], "active");
    assert_eq!(
        paid.types(""),
        [
            "payment_intent.succeeded",
            "checkout.session.completed",
            "customer.subscription.updated",
            "invoice.paid",
        ]
    );
    assert_eq!(paid.event("invoice.paid")["attempt_count"], 3);
    assert_eq!(shop.stripe()["customers"].as_object().expect("customers").len(), 6);
}

#[test]
fn a_mapped_customer_pays_again_without_a_new_customer() {
    let shop = Shop::open();
    let ada = shop.stripe()["subscriptions"][0]["customer"].clone();
    for price in ["credits_100", "pro_monthly"] {
        let session = shop.session(price, "team_northwind");
        let paid = shop.pay(&session, "ok");
        assert!(!paid.types("").contains(&"customer.created"));
        let completed = paid.event("checkout.session.completed");
        assert_eq!(completed["customer"], ada);
        assert_eq!(completed["customer_details"]["email"], "ada@northwind.example");
        assert_eq!(paid.event("payment_intent.succeeded")["customer"], ada);
    }
}

#[test]
fn a_refund_is_found_by_every_id_and_checked_like_at_stripe() {
    let shop = Shop::open();
    let session = shop.session("credits_100", "team_1");
    let refuse = |payment: &str, amount: Value| {
        let message = shop.refused("refund", &json!({"payment": payment, "amount": amount}));
        message.split_once(" cannot be refunded: ").map_or(message.clone(), |(_, why)| why.to_owned())
    };
    assert_eq!(refuse("pi_unknown", json!(null)), "The sandbox has no payment pi_unknown");
    assert_eq!(refuse(&session, json!(null)), format!("nothing was paid for {session}"));
    let declined = shop.pay(&session, "decline").id("payment_intent");
    assert_eq!(
        refuse(&session, json!(null)),
        format!("This PaymentIntent ({declined}) does not have a successful charge to refund.")
    );
    let paid = shop.pay(&session, "ok");
    let charge = paid.event("payment_intent.succeeded")["latest_charge"].as_str().expect("an id").to_owned();
    assert_eq!(refuse(&session, json!(991)), "Refund amount ($9.91) is greater than charge amount ($9.90)");
    assert_eq!(refuse(&session, json!(0)), "Invalid positive integer");
    let part = shop.act("refund", &json!({"payment": charge, "amount": 400}));
    assert_eq!(part.types(""), ["refund.created", "charge.refunded"]);
    assert_eq!(part.changed("refund")["status"], "succeeded");
    assert_eq!(part.changed("refund")["amount"], 400);
    let refunded = part.event("charge.refunded");
    assert_eq!((&refunded["amount_refunded"], &refunded["refunded"]), (&json!(400), &json!(false)));
    assert_eq!(
        refuse(&session, json!(600)),
        "Refund amount ($6.00) is greater than unrefunded amount on charge ($5.90)"
    );
    let rest = shop.act("refund", &json!({"payment": session}));
    assert_eq!(rest.changed("refund")["amount"], 590);
    let refunded = rest.event("charge.refunded");
    assert_eq!((&refunded["amount_refunded"], &refunded["refunded"]), (&json!(990), &json!(true)));
    assert_eq!(refunded["refunds"]["data"].as_array().expect("refunds").len(), 2);
    assert_eq!(refuse(&declined, json!(1)), format!("Charge {charge} has already been refunded."));

    let session = shop.session("pro_monthly", "team_2");
    let paid = shop.pay(&session, "ok");
    for id in [&paid.event("invoice.paid")["id"], &json!(session), &json!(paid.id("payment_intent"))] {
        let refund = shop.act("refund", &json!({"payment": id, "amount": 100}));
        assert_eq!(refund.event("refund.created")["payment_intent"], paid.id("payment_intent"));
    }
}

#[test]
fn refusals_say_why() {
    let shop = Shop::open();
    let pay = |id: &str| shop.refused("pay", &json!({"id": id}));
    assert_eq!(pay("cs_test_unknown"), "The sandbox has no checkout session cs_test_unknown");
    assert_eq!(pay("sub_unknown"), "The sandbox has no subscription sub_unknown");
    assert_eq!(pay("pi_1"), "The sandbox has no checkout session, order or subscription pi_1");
    let session = shop.session("credits_100", "team_1");
    shop.pay(&session, "delayed");
    let waits = "its payment is still processing; advance the clock by three days";
    assert_eq!(pay(&session), format!("Checkout session {session} cannot be paid: {waits}"));
    shop.advance("3d");
    assert_eq!(pay(&session), format!("Checkout session {session} cannot be paid: it is already paid"));
    let session = shop.session("credits_100", "team_1");
    shop.advance("1d");
    assert_eq!(pay(&session), format!("Checkout session {session} cannot be paid: it has expired"));
    let subscription = shop.subscribe("team_2", "ok");
    assert_eq!(
        pay(&subscription),
        format!("Subscription {subscription} cannot be paid: it has no open invoice (its status is active)")
    );
    let cancel = |at_period_end: bool| {
        shop.refused("cancel", &json!({"subscription": subscription, "atPeriodEnd": at_period_end}))
    };
    shop.act("cancel", &json!({"subscription": subscription, "atPeriodEnd": true}));
    let message = cancel(true);
    let end = shop.object("subscriptions", &subscription)["currentPeriodEnd"].clone();
    let end = end.as_str().expect("a time");
    assert!(message.ends_with(&format!("it already ends with its period, at {end}")), "{message}");
    shop.act("cancel", &json!({"subscription": subscription}));
    let ended = "it has already ended (its status is canceled)";
    assert_eq!(cancel(false), format!("Subscription {subscription} cannot be canceled: {ended}"));
    assert_eq!(
        shop.refused("cancel", &json!({"subscription": "sub_1"})),
        "The sandbox has no subscription sub_1"
    );
}

#[test]
fn a_session_is_found_in_every_account_and_environment() {
    let shop = Shop::open();
    shop.api.ok("PUT", "/live/config", json!({"secretKey": "sk_live_another"}));
    let product = shop.api.ok("POST", "/live/catalog/products", json!({"name": "Live"}));
    let price = json!({"productId": product["product"]["productId"], "currency": "eur", "unitAmount": 500});
    let price = shop.api.ok("POST", "/live/catalog/prices", price);
    let body = json!({
        "mode": "payment",
        "lineItems": [{"priceId": price["price"]["priceId"], "quantity": 3}],
        "successUrl": "https://app.example.test/success",
        "cancelUrl": "https://app.example.test/cancel",
    });
    let token = shop.api.sandbox.token("11111111-1111-4111-8111-111111111111");
    let (status, body) = shop.api.call_as(&token, "POST", "/live/checkout-sessions", body);
    assert_eq!(status, 201, "{body}");
    let session = body["checkoutSession"]["checkoutSessionId"].as_str().expect("an id");
    let paid = shop.pay(session, "ok");
    // A guest pays without becoming a customer.
    assert_eq!(paid.types(""), ["payment_intent.succeeded", "checkout.session.completed"]);
    assert!(paid.reports.iter().all(|report| report["environment"] == "live"), "{:?}", paid.reports);
    assert!(paid.events.iter().all(|event| event["livemode"] == true));
    let completed = paid.event("checkout.session.completed");
    assert_eq!((&completed["amount_total"], &completed["customer"]), (&json!(1500), &json!(null)));
    assert_eq!(completed["customer_details"]["email"], "buyer@example.com");
}

#[test]
fn an_account_that_is_not_connected_sends_nothing_to_the_backend() {
    let shop = Shop::open();
    let session = shop.session("credits_100", "team_1");
    shop.api.ok("PUT", "/test/config", json!({"secretKey": "sk_test_another"}));
    let paid = shop.pay(&session, "ok");
    assert_eq!(paid.changed("checkout_session")["paymentStatus"], "paid");
    assert!(paid.reports.iter().all(|report| report["status"] == "noWebhook"), "{:?}", paid.reports);
}

#[test]
fn events_have_every_field_of_the_recorded_ones() {
    let shop = Shop::open();
    let mut events = Vec::new();
    for (price, card) in [
        ("credits_100", "ok"),
        ("credits_100", "decline"),
        ("credits_100", "delayed"),
        ("credits_100", "delayed-fails"),
        ("pro_monthly", "ok"),
        ("pro_monthly", "decline-later"),
    ] {
        let session = shop.session(price, "team_1");
        let paid = shop.pay(&session, card);
        let subscription = paid.objects[2]["id"].as_str().map(str::to_owned);
        events.extend(paid.events);
        if card == "ok" {
            events.extend(shop.act("refund", &json!({"payment": session, "amount": 1})).events);
        }
        if let Some(subscription) = subscription {
            events.extend(shop.advance("1mo").events);
            events.extend(shop.act("cancel", &json!({"subscription": subscription})).events);
        }
    }
    let mut compared = BTreeSet::new();
    for file in ["exchanges-webhooks-current.jsonl", "exchanges-runtime-current.jsonl"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/contract").join(file);
        for line in std::fs::read_to_string(path).expect("a recording").lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            let recorded = &line["request_body"];
            let ours: Vec<&Value> = events.iter().filter(|event| event["type"] == recorded["type"]).collect();
            if recorded["object"] != "event" || ours.is_empty() {
                continue;
            }
            // Only events of connected accounts have an account.
            let has =
                |path: &str| path == "/account" || ours.iter().any(|event| event.pointer(path).is_some());
            let missing: Vec<String> = paths(recorded).into_iter().filter(|path| !has(path)).collect();
            assert!(missing.is_empty(), "{}: {missing:?}", line["name"]);
            compared.insert(recorded["type"].to_string());
        }
    }
    assert_eq!(compared.len(), 14, "{compared:?}");
}

/// The JSON pointers of all fields, without those of metadata.
fn paths(value: &Value) -> Vec<String> {
    let inner = |name: &str, value: &Value| {
        let mut all = vec![format!("/{name}")];
        if name != "metadata" {
            all.extend(paths(value).into_iter().map(|path| format!("/{name}{path}")));
        }
        all
    };
    match value {
        Value::Object(fields) => fields.iter().flat_map(|(name, value)| inner(name, value)).collect(),
        Value::Array(rows) => rows.iter().take(1).flat_map(|row| inner("0", row)).collect(),
        _ => Vec::new(),
    }
}
