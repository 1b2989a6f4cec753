//! Payments, refunds and subscriptions at the simulated Razorpay, and the events that follow.

use insforge_sandbox::{Generation, Options};
use serde_json::{Value, json};

use crate::shop::{Outcome, Shop};
use crate::signing::hex_hmac;

const USER: &str = "11111111-1111-4111-8111-111111111111";

/// The shop with Razorpay's routes.
fn open() -> Shop {
    let mut shop = Shop::open();
    shop.api.provider = "razorpay";
    shop
}

/// Sends a request of a user that must succeed.
#[track_caller]
fn call(shop: &Shop, path: &str, body: Value) -> Value {
    let token = shop.api.sandbox.token(USER);
    let (status, body) = shop.api.call_as(&token, "POST", path, body);
    assert!((200..300).contains(&status), "{path}: {status} {body}");
    body
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

#[track_caller]
fn order(shop: &Shop) -> String {
    let body = json!({
        "amount": 49900,
        "currency": "INR",
        "description": "100 Credits",
        "subject": {"type": "team", "id": "team_1"},
        "customerEmail": "asha@team-1.example",
    });
    text(&call(shop, "/test/orders", body)["order"]["orderId"])
}

/// Creates a subscription to a plan of the shop.
#[track_caller]
fn subscription(shop: &Shop, period: &str, total: u64) -> String {
    let plans = shop.api.ok("GET", "/test/catalog", json!(null));
    let mut plans = plans["plans"].as_array().expect("plans").iter();
    let plan = plans.find(|plan| plan["period"] == period && plan["interval"] == 1).expect("a plan");
    let body = json!({
        "planId": plan["planId"],
        "totalCount": total,
        "subject": {"type": "team", "id": "team_1"},
        "customerEmail": "asha@team-1.example",
    });
    text(&call(shop, "/test/subscriptions", body)["subscription"]["subscriptionId"])
}

/// The types of the events about objects that contain this text.
fn types<'a>(outcome: &'a Outcome, about: &str) -> Vec<&'a str> {
    let about = outcome.events.iter().filter(|event| event["payload"].to_string().contains(about));
    about.map(|event| event["event"].as_str().expect("a type")).collect()
}

/// The backend's row with this id in a list.
#[track_caller]
fn row(shop: &Shop, list: &str, id: &str) -> Value {
    let rows = shop.api.ok("GET", &format!("/test/{list}?limit=100"), json!(null));
    let mut rows = rows[list].as_array().expect("rows").iter();
    let found = rows.find(|row| row["subscriptionId"] == id || row["providerReferenceId"] == id);
    found.unwrap_or_else(|| panic!("{list} has no {id}")).clone()
}

#[test]
fn the_card_decides_the_events_of_an_order() {
    let [authorized, captured, paid] = ["payment.authorized", "payment.captured", "order.paid"];
    for (card, at_once, later, status) in [
        ("ok", &[authorized, captured, paid][..], &[][..], "succeeded"),
        ("decline-later", &[authorized, captured, paid], &[], "succeeded"),
        ("decline", &["payment.failed"], &[], "failed"),
        ("delayed", &[authorized], &[captured, paid], "succeeded"),
        ("delayed-fails", &[authorized], &["payment.failed"], "failed"),
    ] {
        let shop = open();
        let order = order(&shop);
        let outcome = shop.pay(&order, card);
        let payment = outcome.id("payment");
        assert_eq!(types(&outcome, &payment), at_once, "{card}");
        assert_eq!(types(&shop.advance("3d"), &payment), later, "{card}");
        let transaction = row(&shop, "transactions", &payment);
        assert_eq!(transaction["status"], status, "{card}");
        assert_eq!(transaction["subjectId"], "team_1");
        assert_eq!(transaction["customerEmailSnapshot"], "asha@team-1.example");
        let stored = &shop.rows("razorpay_orders", "order_id", &order)[0];
        assert_eq!(stored["status"], if status == "succeeded" { "paid" } else { "attempted" }, "{card}");
    }
}

#[test]
fn the_events_are_complete_and_signed_for_the_backend() {
    let shop = open();
    let order = order(&shop);
    let outcome = shop.pay(&order, "ok");
    assert!(outcome.reports.iter().all(|report| report["handled"] == true), "{:?}", outcome.reports);
    let paid = outcome.events.last().expect("an event");
    assert_eq!(paid["entity"], "event");
    assert_eq!(paid["account_id"], "acc_shop");
    assert_eq!(paid["contains"], json!(["payment", "order"]));
    assert_eq!(paid["payload"]["order"]["entity"]["amount_due"], 0);
    assert_eq!(paid["payload"]["payment"]["entity"]["order_id"], *order);
    assert!(paid["created_at"].is_u64());
}

#[test]
fn a_payment_can_be_verified_with_the_signature_of_the_checkout_page() {
    let shop = open();
    let order = order(&shop);
    assert!(shop.pay(&order, "decline").changed("payment")["signature"].is_null());
    let payment = shop.pay(&order, "ok").changed("payment").clone();
    let body = json!({
        "orderId": payment["orderId"],
        "paymentId": payment["id"],
        "signature": payment["signature"],
    });
    let verified = call(&shop, "/test/orders/verify", body);
    assert_eq!(verified["order"]["verifiedPaymentId"], payment["id"]);
    assert_eq!(verified["order"]["status"], "paid");
    let expected = hex_hmac("shop_secret_0001", &format!("{order}|{}", text(&payment["id"])));
    assert_eq!(payment["signature"], expected);

    let id = subscription(&shop, "monthly", 12);
    let payment = shop.pay(&id, "ok").changed("payment").clone();
    let body = json!({
        "subscriptionId": payment["subscriptionId"],
        "paymentId": payment["id"],
        "signature": payment["signature"],
    });
    let verified = call(&shop, "/test/subscriptions/verify", body);
    assert_eq!(verified["subscription"]["status"], "active");
    assert_eq!(verified["subscription"]["authorizationPaymentId"], payment["id"]);
}

#[test]
fn refunds_add_up_to_the_amount_of_the_payment() {
    let shop = open();
    let order = order(&shop);
    let payment = shop.pay(&order, "ok").id("payment");
    let partial = shop.act("refund", &json!({"payment": payment, "amount": 10000}));
    assert_eq!(types(&partial, &payment), ["refund.created", "refund.processed"]);
    let status = || {
        let row = row(&shop, "transactions", &payment);
        (row["status"].clone(), row["amountRefunded"].clone())
    };
    assert_eq!(status(), (json!("partially_refunded"), json!(10000)));
    let message = shop.refused("refund", &json!({"payment": payment, "amount": 39901}));
    assert_eq!(message, format!("Cannot refund the payment {payment}: only 39900 of 49900 is left"));
    shop.act("refund", &json!({"payment": payment}));
    assert_eq!(status(), (json!("refunded"), json!(49900)));
    let rows = shop.api.ok("GET", "/test/transactions?subjectType=team&subjectId=team_1", json!(null));
    let rows = rows["transactions"].as_array().expect("rows").clone();
    let refunds = rows.iter().filter(|row| row["type"] == "refund" && row["status"] == "refunded");
    assert_eq!(refunds.count(), 2);
    let message = shop.refused("refund", &json!({"payment": payment}));
    assert_eq!(message, format!("Cannot refund the payment {payment}: it is already refunded"));
    let message = shop.refused("pay", &json!({"id": order, "card": "ok"}));
    assert_eq!(message, format!("Cannot pay the order {order}: it is already paid"));
}

#[test]
fn a_subscription_is_charged_until_it_is_completed() {
    let shop = open();
    shop.advance_to("2031-01-31T10:00:00Z");
    let id = subscription(&shop, "monthly", 4);
    assert_eq!(row(&shop, "subscriptions", &id)["status"], "created");
    let paid = shop.pay(&id, "ok");
    let charge = ["payment.authorized", "payment.captured", "order.paid", "invoice.paid"];
    let first = ["subscription.authenticated", charge[0], charge[1], charge[2], charge[3]];
    let all: Vec<&str> = paid.events.iter().map(|event| event["event"].as_str().expect("a type")).collect();
    assert_eq!(all, [&first[..], &["subscription.activated", "subscription.charged"]].concat());
    let period = |id: &str| {
        let row = row(&shop, "subscriptions", id);
        (text(&row["currentStart"])[..10].to_owned(), text(&row["currentEnd"])[..10].to_owned())
    };
    assert_eq!(period(&id), ("2031-01-31".to_owned(), "2031-02-28".to_owned()));
    let renewed = shop.advance("1mo");
    assert_eq!(types(&renewed, &id), ["invoice.paid", "subscription.charged"]);
    assert_eq!(period(&id), ("2031-02-28".to_owned(), "2031-03-31".to_owned()));
    let rest = shop.advance("1y");
    assert_eq!(types(&rest, &id).last(), Some(&"subscription.completed"));
    let row = row(&shop, "subscriptions", &id);
    assert_eq!(
        (&row["status"], &row["paidCount"], &row["remainingCount"]),
        (&json!("completed"), &json!(4), &json!(0))
    );
    assert_eq!(types(&shop.advance("1y"), &id), [] as [&str; 0]);
    let transactions = shop.api.ok("GET", "/test/transactions?limit=100", json!(null));
    let transactions = transactions["transactions"].as_array().expect("rows").iter();
    let own =
        transactions.filter(|row| row["type"] == "subscription_invoice" && row["subjectId"] == "team_1");
    assert_eq!(own.filter(|row| row["status"] == "succeeded").count(), 4);
    let message = shop.refused("pay", &json!({"id": id, "card": "ok"}));
    assert_eq!(message, format!("Cannot pay the subscription {id}: it is completed"));
}

#[test]
fn a_failed_charge_is_tried_again_for_three_days_and_then_the_subscription_is_halted() {
    let shop = open();
    let id = subscription(&shop, "monthly", 12);
    shop.pay(&id, "decline-later");
    let failing = shop.advance("1mo");
    assert_eq!(types(&failing, &id), ["subscription.pending"]);
    // The backend ignores the event, so its row is still active.
    assert_eq!(row(&shop, "subscriptions", &id)["status"], "active");
    let retries = shop.advance("3d");
    assert_eq!(types(&retries, &id), ["subscription.halted"]);
    let failed = |outcome: &Outcome| {
        types(outcome, "asha@team-1.example").iter().filter(|kind| **kind == "payment.failed").count()
    };
    assert_eq!((failed(&failing), failed(&retries)), (1, 3));
    assert_eq!(row(&shop, "subscriptions", &id)["status"], "halted");
    assert_eq!(types(&shop.advance("3mo"), &id), [] as [&str; 0]);
    // The customer pays with another card.
    let paid = shop.pay(&id, "ok");
    assert_eq!(types(&paid, &id), ["invoice.paid", "subscription.activated", "subscription.charged"]);
    assert_eq!(row(&shop, "subscriptions", &id)["status"], "active");
    assert!(types(&shop.advance("1mo"), &id).contains(&"subscription.charged"));
}

#[test]
fn a_declined_first_payment_can_be_made_again() {
    let shop = open();
    let id = subscription(&shop, "yearly", 2);
    let declined = shop.pay(&id, "decline");
    assert_eq!(types(&declined, ""), ["payment.failed"]);
    assert_eq!(declined.changed("subscription")["status"], "created");
    assert_eq!(shop.pay(&id, "delayed").changed("subscription")["status"], "authenticated");
    let confirmed = shop.advance("3d");
    assert!(types(&confirmed, &id).contains(&"subscription.activated"));
    assert_eq!(row(&shop, "subscriptions", &id)["paidCount"], 1);
}

#[test]
fn a_subscription_is_canceled_now_or_at_the_end_of_its_cycle() {
    let shop = open();
    let id = subscription(&shop, "monthly", 12);
    shop.pay(&id, "ok");
    let scheduled = shop.act("cancel", &json!({"subscription": id, "atPeriodEnd": true}));
    assert_eq!(types(&scheduled, &id), [] as [&str; 0]);
    assert_eq!(scheduled.changed("subscription")["status"], "active");
    assert_eq!(types(&shop.advance("1mo"), &id), ["subscription.cancelled"]);
    assert_eq!(row(&shop, "subscriptions", &id)["status"], "cancelled");

    let id = subscription(&shop, "monthly", 12);
    shop.pay(&id, "ok");
    let canceled = shop.act("cancel", &json!({"subscription": id}));
    assert_eq!(types(&canceled, &id), ["subscription.cancelled"]);
    let message = shop.refused("cancel", &json!({"subscription": id}));
    assert_eq!(
        message,
        format!("Cannot cancel the subscription {id}: Subscription is not cancellable in cancelled status.")
    );
}

#[test]
fn a_paused_subscription_is_not_charged() {
    let shop = open();
    let id = subscription(&shop, "monthly", 12);
    shop.pay(&id, "ok");
    let path = |action: &str| format!("/test/subscriptions/{id}/{action}");
    assert_eq!(call(&shop, &path("pause"), json!({}))["subscription"]["status"], "paused");
    assert_eq!(types(&shop.advance("70d"), &id), [] as [&str; 0]);
    let resumed = call(&shop, &path("resume"), json!(null));
    assert_eq!(resumed["subscription"]["status"], "active");
    assert_eq!(row(&shop, "subscriptions", &id)["paidCount"], 1);
    let charged = types(&shop.advance("31d"), &id).len();
    assert_eq!(charged, 2, "an invoice and a charge");
}

#[test]
fn the_same_actions_give_the_same_events() {
    let run = || {
        let shop = open();
        let (order, id) = (order(&shop), subscription(&shop, "monthly", 12));
        let mut events = shop.pay(&order, "ok").reports;
        events.extend(shop.pay(&id, "decline-later").reports);
        events.extend(shop.advance("2mo").reports);
        let short = |event: &Value| [text(&event["eventId"]), text(&event["type"]), text(&event["objectId"])];
        events.iter().map(short).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

#[test]
fn numbers_that_the_database_cannot_hold_are_refused() {
    let shop = open();
    let too_big = |path: &str, body: Value| shop.api.error("POST", path, body, 500);
    let item = |amount: Value| json!({"name": "Big", "amount": amount, "currency": "INR"});
    assert_eq!(
        too_big("/test/catalog/items", item(json!(1e19))),
        "value \"10000000000000000000\" is out of range for type bigint"
    );
    assert_eq!(
        too_big("/test/catalog/items", item(json!(1e30))),
        "invalid input syntax for type bigint: \"1e+30\""
    );
    let items = shop.api.ok("GET", "/test/catalog", json!(null));
    let path = format!("/test/catalog/items/{}", text(&items["items"][0]["itemId"]));
    assert_eq!(
        shop.api.error("PATCH", &path, json!({"amount": 1e19}), 500),
        "value \"10000000000000000000\" is out of range for type bigint"
    );
    assert_eq!(
        too_big(
            "/test/catalog/plans",
            json!({"period": "monthly", "interval": 3_000_000_000_u64, "item": item(json!(100))})
        ),
        "value \"3000000000\" is out of range for type integer"
    );
    let token = shop.api.sandbox.token(USER);
    let order = json!({"amount": 1e19, "currency": "INR"});
    let (status, body) = shop.api.call_as(&token, "POST", "/test/orders", order);
    assert_eq!(
        (status, &body["message"]),
        (500, &json!("value \"10000000000000000000\" is out of range for type bigint"))
    );
    // The catalog stays readable.
    shop.api.ok("POST", "/test/sync", json!(null));
    shop.api.ok("GET", "/test/catalog", json!(null));
}

#[test]
fn without_an_account_there_is_nothing_to_pay() {
    let shop = Shop::with(Options::new().empty());
    assert_eq!(
        shop.refused("pay", &json!({"id": "order_unknown", "card": "ok"})),
        "The sandbox has no order order_unknown"
    );
}

#[test]
fn an_older_backend_gets_no_events_of_razorpay() {
    let shop = Shop::with(Options::new().generation(Generation::Older));
    let outcome = shop.advance("3mo");
    let razorpay = outcome.reports.iter().filter(|report| report["provider"] == "razorpay");
    let statuses: Vec<&Value> = razorpay.map(|report| &report["status"]).collect();
    assert!(!statuses.is_empty());
    assert!(statuses.iter().all(|status| **status == "noWebhook"), "{statuses:?}");
}
