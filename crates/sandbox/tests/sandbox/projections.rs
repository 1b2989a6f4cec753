//! From a payment at Stripe to the rows of the backend: the events are delivered to the backend's own receiver.

use insforge_sandbox::Options;
use serde_json::{Value, json};

use crate::shop::Shop;
use crate::signing::hex_hmac;

/// The values of some columns of a row.
fn columns(row: &Value, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| row[name].as_str().map_or_else(|| row[name].to_string(), str::to_owned)).collect()
}

/// Type, status, amount and refunded amount of a team's transactions.
fn transactions(shop: &Shop, team: &str) -> Vec<Vec<String>> {
    let rows = shop.rows("transactions", "subject_id", team);
    rows.iter().map(|row| columns(row, &["type", "status", "amount", "amount_refunded"])).collect()
}

#[track_caller]
fn subscription_row(shop: &Shop, id: &str) -> Value {
    let mut rows = shop.rows("stripe_subscriptions", "subscription_id", id);
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

/// The row of a subscription is equal to the subscription at Stripe.
#[track_caller]
fn assert_mirrored(shop: &Shop, id: &str) {
    let row = subscription_row(shop, id);
    let own = shop.object("subscriptions", id);
    for (column, field) in [
        ("customer_id", "customer"),
        ("status", "status"),
        ("current_period_start", "currentPeriodStart"),
        ("current_period_end", "currentPeriodEnd"),
        ("cancel_at_period_end", "cancelAtPeriodEnd"),
        ("cancel_at", "cancelAt"),
        ("canceled_at", "canceledAt"),
        ("trial_start", "trialStart"),
        ("trial_end", "trialEnd"),
        ("latest_invoice_id", "latestInvoice"),
    ] {
        assert_eq!(row[column], own[field], "{column}");
    }
}

#[test]
fn a_payment_becomes_a_transaction() {
    let shop = Shop::open();
    let session = shop.session("credits_100", "team_1");
    let paid = shop.pay(&session, "ok");
    assert!(paid.reports.iter().all(|report| report["handled"] == true), "{:?}", paid.reports);
    let payment = paid.id("payment_intent");
    assert_eq!(transactions(&shop, "team_1"), [["one_time_payment", "succeeded", "990", "0"]]);
    let row = &shop.rows("transactions", "subject_id", "team_1")[0];
    assert_eq!(row["provider_object_id"], payment);
    assert_eq!(row["customer_email_snapshot"], "team_1@app.example.test");
    let row = &shop.rows("stripe_checkout_sessions", "checkout_session_id", &session)[0];
    assert_eq!(
        columns(row, &["status", "payment_status", "payment_intent_id"]),
        ["completed", "paid", &payment]
    );
    let mapping = &shop.rows("customer_mappings", "subject_id", "team_1")[0];
    assert_eq!(mapping["provider_customer_id"], row["customer_id"]);
    let listed = shop.api.ok("GET", "/test/transactions?subjectType=team&subjectId=team_1", json!(null));
    assert_eq!(listed["transactions"][0]["providerReferenceId"], payment);
    // The next session of the team is for the same customer.
    let again = shop.pay(&shop.session("credits_100", "team_1"), "ok");
    assert_eq!(again.types(""), ["payment_intent.succeeded", "checkout.session.completed"]);
    assert_eq!(again.event("payment_intent.succeeded")["customer"], row["customer_id"]);
}

#[test]
fn a_declined_payment_becomes_a_failed_transaction() {
    let shop = Shop::open();
    let session = shop.session("credits_100", "team_1");
    shop.pay(&session, "decline");
    assert_eq!(transactions(&shop, "team_1"), [["failed_payment", "failed", "990", "0"]]);
    assert_eq!(shop.rows("stripe_checkout_sessions", "checkout_session_id", &session)[0]["status"], "open");
    shop.pay(&session, "ok");
    assert_eq!(transactions(&shop, "team_1"), [["one_time_payment", "succeeded", "990", "0"]]);
    let expired = shop.session("credits_100", "team_2");
    shop.advance("1d");
    let row = &shop.rows("stripe_checkout_sessions", "checkout_session_id", &expired)[0];
    assert_eq!(row["status"], "expired");
}

#[test]
fn a_delayed_payment_is_pending_until_the_bank_answers() {
    let shop = Shop::open();
    for (card, team, status, payment_status) in
        [("delayed", "team_1", "succeeded", "paid"), ("delayed-fails", "team_2", "failed", "unpaid")]
    {
        let session = shop.session("credits_100", team);
        shop.pay(&session, card);
        assert_eq!(transactions(&shop, team), [["one_time_payment", "pending", "990", "0"]]);
        shop.advance("3d");
        assert_eq!(transactions(&shop, team), [["one_time_payment", status, "990", "0"]]);
        let row = &shop.rows("stripe_checkout_sessions", "checkout_session_id", &session)[0];
        assert_eq!(columns(row, &["status", "payment_status"]), ["completed", payment_status]);
    }
}

#[test]
fn a_year_of_a_subscription_becomes_twelve_transactions_more() {
    let shop = Shop::open();
    let subscription = shop.subscribe("team_1", "ok");
    assert_mirrored(&shop, &subscription);
    let invoice = ["subscription_invoice", "succeeded", "1900", "0"];
    for month in 1..=12 {
        assert_eq!(transactions(&shop, "team_1"), vec![invoice; month]);
        let renewed = shop.advance("1mo");
        assert!(
            renewed.reports.iter().all(|report| report["responseStatus"] == 200),
            "{:?}",
            renewed.reports
        );
        assert_mirrored(&shop, &subscription);
        let row = subscription_row(&shop, &subscription);
        assert_eq!(columns(&row, &["status", "subject_type", "subject_id"]), ["active", "team", "team_1"]);
    }
    assert_eq!(transactions(&shop, "team_1").len(), 13);
    let rows = shop.rows("transactions", "subject_id", "team_1");
    let mut invoices: Vec<String> =
        rows.iter().map(|row| row["related_object_ids"]["invoice"].to_string()).collect();
    invoices.dedup();
    assert_eq!(invoices.len(), 13);
    assert!(rows.iter().all(|row| row["related_object_ids"]["subscription"] == subscription));
}

#[test]
fn an_overdue_subscription_recovers_or_is_canceled() {
    let shop = Shop::open();
    let recovers = shop.subscribe("team_1", "decline-later");
    let ends = shop.subscribe("team_2", "decline-later");
    shop.advance("1mo");
    let paid = ["subscription_invoice", "succeeded", "1900", "0"];
    let failed = ["subscription_invoice", "failed", "1900", "0"];
    for (subscription, team) in [(&recovers, "team_1"), (&ends, "team_2")] {
        assert_mirrored(&shop, subscription);
        assert_eq!(subscription_row(&shop, subscription)["status"], "past_due");
        assert_eq!(transactions(&shop, team), [paid, failed]);
    }
    shop.pay(&recovers, "ok");
    assert_eq!(subscription_row(&shop, &recovers)["status"], "active");
    assert_eq!(transactions(&shop, "team_1"), [paid, paid]);
    shop.advance("7d");
    assert_mirrored(&shop, &ends);
    assert_eq!(subscription_row(&shop, &ends)["status"], "canceled");
    // All attempts are one transaction.
    assert_eq!(transactions(&shop, "team_2"), [paid, failed]);
}

#[test]
fn a_subscription_that_ends_with_its_period_is_canceled_then() {
    let shop = Shop::open();
    let subscription = shop.subscribe("team_1", "ok");
    shop.act("cancel", &json!({"subscription": subscription, "atPeriodEnd": true}));
    assert_mirrored(&shop, &subscription);
    assert_eq!(subscription_row(&shop, &subscription)["cancel_at_period_end"], true);
    shop.advance("1mo");
    assert_mirrored(&shop, &subscription);
    assert_eq!(subscription_row(&shop, &subscription)["status"], "canceled");
}

#[test]
fn the_end_of_a_trial_is_mirrored() {
    let shop = Shop::open();
    let data = shop.stripe();
    let trial =
        data["subscriptions"].as_array().expect("a list").iter().find(|row| row["status"] == "trialing");
    let trial = trial.and_then(|row| row["id"].as_str()).expect("a trial");
    shop.advance("22d");
    assert_mirrored(&shop, trial);
    assert_eq!(subscription_row(&shop, trial)["status"], "active");
}

#[test]
fn refunds_become_transactions() {
    let shop = Shop::open();
    let session = shop.session("credits_100", "team_1");
    shop.pay(&session, "ok");
    shop.act("refund", &json!({"payment": session, "amount": 400}));
    assert_eq!(
        transactions(&shop, "team_1"),
        [["one_time_payment", "partially_refunded", "990", "400"], ["refund", "refunded", "400", "400"]]
    );
    shop.act("refund", &json!({"payment": session}));
    assert_eq!(
        transactions(&shop, "team_1"),
        [
            ["one_time_payment", "refunded", "990", "990"],
            ["refund", "refunded", "400", "400"],
            ["refund", "refunded", "590", "590"],
        ]
    );
    let session = shop.session("pro_monthly", "team_2");
    shop.pay(&session, "ok");
    shop.act("refund", &json!({"payment": session}));
    assert_eq!(
        transactions(&shop, "team_2"),
        [["subscription_invoice", "refunded", "1900", "1900"], ["refund", "refunded", "1900", "1900"]]
    );
}

/// All rows that do not depend on the number of deliveries, without their times.
fn stable_rows(shop: &Shop) -> Value {
    let mut tables = shop.api.sandbox.tables().expect("tables");
    let tables = tables.as_object_mut().expect("tables");
    tables.remove("webhook_events");
    for row in tables.values_mut().flat_map(|rows| rows.as_array_mut().expect("rows")) {
        let columns = row.as_object_mut().expect("columns");
        let is_time =
            |value: &Value| value.as_str().is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok());
        columns.retain(|name, value| name != "id" && name != "raw" && !is_time(value));
    }
    json!(tables)
}

#[test]
fn duplicates_change_nothing() {
    let run = |options: Options| {
        let shop = Shop::with(options);
        let session = shop.session("credits_100", "team_1");
        shop.pay(&session, "decline");
        shop.pay(&session, "ok");
        shop.act("refund", &json!({"payment": session, "amount": 400}));
        let subscription = shop.subscribe("team_2", "decline-later");
        shop.advance("1mo");
        shop.pay(&subscription, "ok");
        shop.advance("2mo");
        shop
    };
    let once = run(Options::new());
    let twice = run(Options::new().fault("event *: duplicate".parse().expect("a fault")));
    let deliveries = |shop: &Shop| shop.state()["events"]["deliveries"].as_u64().expect("a number");
    assert_eq!(deliveries(&twice), 2 * deliveries(&once));
    let (rows, rows_of_duplicates) = (stable_rows(&once), stable_rows(&twice));
    for (table, rows) in rows.as_object().expect("tables") {
        assert_eq!(rows, &rows_of_duplicates[table], "{table}");
    }
    let events = |shop: &Shop| shop.state()["insforge"]["webhookEvents"].as_array().expect("rows").len();
    assert_eq!(events(&once), events(&twice));
}

/// Delivers an event as Stripe does. Its deliveries by the sandbox are dropped.
#[track_caller]
fn deliver(shop: &Shop, event: &Value) {
    assert_eq!(answer(shop, event).0, 200);
}

/// The answer to an event of Stripe.
#[track_caller]
fn answer(shop: &Shop, event: &Value) -> (u16, Value) {
    let secret = shop.get("/api/secrets/STRIPE_TEST_WEBHOOK_SECRET")["value"].clone();
    let secret = secret.as_str().expect("a secret");
    let (body, now) = (event.to_string(), jiff::Timestamp::now().as_second());
    let signature = format!("t={now},v1={}", hex_hmac(secret, &format!("{now}.{body}")));
    post_event(shop, "stripe", ("stripe-signature", signature), body)
}

/// The answer to an event of Razorpay.
#[track_caller]
fn answer_razorpay(shop: &Shop, event: &Value) -> (u16, Value) {
    let secret = shop.get("/api/payments/razorpay/test/webhook")["webhookSecret"].clone();
    let body = event.to_string();
    let signature = hex_hmac(secret.as_str().expect("a secret"), &body);
    post_event(shop, "razorpay", ("x-razorpay-signature", signature), body)
}

#[track_caller]
fn post_event(
    shop: &Shop,
    provider: &str,
    (header, signature): (&str, String),
    body: String,
) -> (u16, Value) {
    let url = format!("{}/api/webhooks/{provider}/test", shop.api.sandbox.url());
    let request = shop.api.client.post(url).header("content-type", "application/json");
    let request = request.header(header, signature).body(body);
    let response = shop.api.runtime.block_on(request.send()).expect("a response");
    let status = response.status().as_u16();
    let body = shop.api.runtime.block_on(response.text()).expect("a body");
    (status, serde_json::from_str(&body).expect("JSON"))
}

/// A shop whose events are only delivered by [`deliver`].
fn shop_without_deliveries() -> Shop {
    Shop::with(Options::new().fault("event *: drop".parse().expect("a fault")))
}

#[test]
fn the_order_of_the_events_of_a_payment_is_irrelevant() {
    let run = |order: [usize; 3]| {
        let shop = shop_without_deliveries();
        let paid = shop.pay(&shop.session("credits_100", "team_1"), "ok");
        for index in order {
            deliver(&shop, &paid.events[index]);
        }
        stable_rows(&shop)
    };
    let expected = run([0, 1, 2]);
    let transactions = expected["transactions"].as_array().expect("rows").iter();
    assert_eq!(transactions.filter(|row| row["subject_id"] == "team_1").count(), 1);
    for order in [[0, 2, 1], [2, 1, 0], [1, 2, 0]] {
        let rows = run(order);
        for (table, expected) in expected.as_object().expect("tables") {
            assert_eq!(&rows[table], expected, "{order:?}: {table}");
        }
    }
}

#[test]
fn amounts_beyond_the_database_are_refused_and_largest_ones_add_up() {
    let shop = shop_without_deliveries();
    // The largest amount that JavaScript and the database both have.
    let largest = 9_223_372_036_854_774_784_u64;
    for (amount, status) in [(largest, 200), (largest, 200), (u64::MAX, 500)] {
        let id = shop.api.sandbox.tables().expect("tables")["transactions"].as_array().map_or(0, Vec::len);
        let refund =
            json!({"id": format!("re_{id}"), "object": "refund", "amount": amount, "status": "succeeded"});
        let event = json!({"id": format!("evt_{id}"), "type": "refund.created", "data": {"object": refund}});
        assert_eq!(answer(&shop, &event).0, status, "{amount}");
        let refund = json!({"id": format!("rfnd_{id}"), "payment_id": "pay_1", "amount": amount, "status": "processed"});
        let event = json!({"event": "refund.processed", "payload": {"refund": {"entity": refund}}});
        let (answered, body) = answer_razorpay(&shop, &event);
        assert_eq!(answered, status, "{amount}");
        if status == 500 {
            assert_eq!(body["message"], "value \"18446744073709552000\" is out of range for type bigint");
        }
    }
}

#[test]
fn any_object_of_a_payment_identifies_its_row() {
    let shop = shop_without_deliveries();
    let invoice = |r#type: &str, payments: Value| {
        let object = json!({"id": "in_1", "object": "invoice", "amount_due": 100, "amount_paid": 100,
            "currency": "usd", "payments": {"data": payments}});
        deliver(&shop, &json!({"id": format!("evt_{type}"), "type": r#type, "data": {"object": object}}));
    };
    let rows = || {
        let rows = shop.api.sandbox.tables().expect("tables")["transactions"].clone();
        let rows = rows.as_array().expect("rows").iter();
        let of_invoice = rows.filter(|row| row["related_object_ids"]["invoice"] == "in_1").cloned();
        of_invoice.map(|row| [row["status"].clone(), row["provider_object_id"].clone()]).collect::<Vec<_>>()
    };
    invoice("invoice.payment_failed", json!([]));
    assert_eq!(rows(), [[json!("failed"), json!("in_1")]]);
    invoice("invoice.paid", json!([{"payment": {"payment_intent": "pi_1"}}]));
    assert_eq!(rows(), [[json!("succeeded"), json!("pi_1")]]);
}

#[test]
fn a_success_that_comes_late_does_not_undo_a_refund() {
    let shop = shop_without_deliveries();
    let paid = shop.pay(&shop.session("credits_100", "team_1"), "ok");
    let event = |outcome: &[Value], name: &str| {
        outcome.iter().find(|event| event["type"] == name).expect("an event").clone()
    };
    let succeeded = event(&paid.events, "payment_intent.succeeded");
    deliver(&shop, &succeeded);
    let refunded = shop.act("refund", &json!({"payment": paid.id("payment_intent"), "amount": 400}));
    deliver(&shop, &event(&refunded.events, "refund.created"));
    let expected =
        [["one_time_payment", "partially_refunded", "990", "400"], ["refund", "refunded", "400", "400"]];
    assert_eq!(transactions(&shop, "team_1"), expected);
    let mut again = succeeded;
    again["id"] = json!("evt_again");
    deliver(&shop, &again);
    assert_eq!(transactions(&shop, "team_1"), expected);
}

#[test]
fn an_older_event_of_a_subscription_overwrites_a_newer_one() {
    let shop = shop_without_deliveries();
    let paid = shop.pay(&shop.session("pro_monthly", "team_1"), "ok");
    let subscription = paid.id("subscription");
    let [created, updated] = ["customer.subscription.created", "customer.subscription.updated"]
        .map(|name| paid.events.iter().find(|event| event["type"] == name).expect("an event"));
    for (event, status) in [(updated, "active"), (created, "incomplete"), (updated, "incomplete")] {
        deliver(&shop, event);
        assert_eq!(subscription_row(&shop, &subscription)["status"], status);
    }
}

#[test]
fn the_shops_rows_are_like_those_of_later_events() {
    let shop = Shop::open();
    let session = shop.session("credits_100", "team_1");
    shop.pay(&session, "ok");
    shop.act("refund", &json!({"payment": session, "amount": 400}));
    shop.subscribe("team_2", "decline-later");
    shop.advance("1mo");
    for (kind, status) in [
        ("subscription_invoice", "succeeded"),
        ("subscription_invoice", "failed"),
        ("one_time_payment", "partially_refunded"),
        ("refund", "refunded"),
    ] {
        let rows = shop.rows("transactions", "provider", "stripe");
        let rows = rows.iter().filter(|row| row["type"] == kind && row["status"] == status);
        // Elif's subscription belongs to nobody.
        let shapes: Vec<Value> = rows.filter(|row| !row["subject_id"].is_null()).map(shape).collect();
        assert!(shapes.len() >= 2, "{kind} {status}: {shapes:?}");
        for shape in &shapes {
            assert_eq!(shape, &shapes[shapes.len() - 1], "{kind} {status}");
        }
    }
}

/// Which columns of a row, and which related objects, are set.
fn shape(row: &Value) -> Value {
    let set = |value: &Value| -> Vec<String> {
        let fields = value.as_object().expect("fields").iter();
        fields.filter(|(_, value)| !value.is_null()).map(|(name, _)| name.clone()).collect()
    };
    let mut related = set(&row["related_object_ids"]);
    // The shop's one-time payments were not made through a checkout session.
    related.retain(|name| name != "checkout_session");
    let mut columns = set(row);
    // A description is up to the merchant, except that of a refund.
    columns.retain(|name| name != "description");
    json!([columns, related, row["description"] == "requested_by_customer"])
}
