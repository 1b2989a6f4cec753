//! What happens at the simulated Stripe when the clock advances.

use jiff::civil::Date;
use jiff::{Span, Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::shop::{Outcome, Shop};

const RENEWED: [&str; 3] = ["customer.subscription.updated", "payment_intent.succeeded", "invoice.paid"];
const DECLINED: [&str; 2] = ["payment_intent.payment_failed", "invoice.payment_failed"];

/// A field of an object at Stripe.
#[track_caller]
fn field(shop: &Shop, list: &str, id: &str, name: &str) -> String {
    shop.object(list, id)[name].as_str().expect("a string").to_owned()
}

/// The types of the events about a subscription or its customer's payments.
fn types(outcome: &Outcome, customer: &str) -> Vec<String> {
    outcome.types(customer).into_iter().map(str::to_owned).collect()
}

#[track_caller]
fn customer(shop: &Shop, subscription: &str) -> String {
    field(shop, "subscriptions", subscription, "customer")
}

/// The times at which events happened.
fn times(outcome: &Outcome, customer: &str) -> Vec<i64> {
    outcome.about(customer).map(|event| event["created"].as_i64().expect("a time")).collect()
}

#[test]
fn a_subscription_renews_for_a_year() {
    let shop = Shop::open();
    let subscription = shop.subscribe("team_1", "ok");
    let customer = customer(&shop, &subscription);
    let start: Timestamp =
        field(&shop, "subscriptions", &subscription, "currentPeriodStart").parse().expect("a time");
    let year = shop.advance("12mo");
    assert_eq!(types(&year, &customer), RENEWED.repeat(12));
    let calendar = |months: i64| {
        let start = start.to_zoned(jiff::tz::TimeZone::UTC);
        start.checked_add(Span::new().months(months)).expect("a time").timestamp().as_second()
    };
    let expected: Vec<i64> = (1..=12).flat_map(|month| [calendar(month); 3]).collect();
    assert_eq!(times(&year, &customer), expected);
    let invoices: Vec<&Value> = year
        .about(&customer)
        .filter(|event| event["type"] == "invoice.paid")
        .map(|event| &event["data"]["object"])
        .collect();
    for (index, invoice) in invoices.iter().enumerate() {
        let number = invoice["number"].as_str().expect("a number");
        assert!(number.ends_with(&format!("-{:04}", index + 2)), "{number}");
        assert_eq!(invoice["billing_reason"], "subscription_cycle");
        assert_eq!(invoice["parent"]["subscription_details"]["metadata"]["insforge_subject_id"], "team_1");
        let line = &invoice["lines"]["data"][0];
        assert_eq!(line["period"]["start"], expected[index * 3]);
        assert_eq!(line["description"], "1 × Pro Plan (at $19.00 / month)");
    }
    // The clock continues at the time it was advanced to.
    let now: Timestamp = year.now.as_str().expect("a time").parse().expect("a time");
    assert!(now.as_second() >= calendar(12) && now.as_second() < calendar(12) + 60, "{now}");
}

#[test]
fn periods_begin_on_the_day_of_the_anchor() {
    let shop = Shop::open();
    let now: Timestamp = shop.advance("1h").now.as_str().expect("a time").parse().expect("a time");
    let january = Date::new(now.to_zoned(jiff::tz::TimeZone::UTC).year() + 1, 1, 31).expect("a date");
    shop.advance_to(&format!("{january}T12:00:00Z"));
    let subscription = shop.subscribe("team_1", "ok");
    let february = january.checked_add(1.month()).expect("a date");
    assert!(february.day() < 30);
    for end in [
        february,
        january.checked_add(2.months()).expect("a date"),
        january.checked_add(3.months()).expect("a date"),
    ] {
        let period_end = field(&shop, "subscriptions", &subscription, "currentPeriodEnd");
        assert!(period_end.starts_with(&end.to_string()), "{period_end}, expected {end}");
        shop.advance_to(&format!("{end}T23:00:00Z"));
    }
}

#[test]
fn an_overdue_subscription_is_retried_four_times_and_then_canceled() {
    let shop = Shop::open();
    let subscription = shop.subscribe("team_1", "decline-later");
    let customer = customer(&shop, &subscription);
    let due = shop.advance("1mo");
    let [failed, unpaid] = DECLINED;
    let updated = "customer.subscription.updated";
    assert_eq!(types(&due, &customer), [updated, failed, unpaid, updated]);
    assert_eq!(field(&shop, "subscriptions", &subscription, "status"), "past_due");
    let before = due.events.last().expect("an event");
    assert_eq!(before["data"]["previous_attributes"], json!({"status": "active"}));
    let first = times(&due, &customer)[0];
    let rest = shop.advance("10d");
    assert_eq!(
        types(&rest, &customer),
        [&DECLINED.repeat(4)[..], &["customer.subscription.deleted"]].concat()
    );
    let days: Vec<i64> = times(&rest, &customer).iter().map(|time| (time - first) / 86400).collect();
    assert_eq!(days, [1, 1, 3, 3, 5, 5, 7, 7, 7]);
    let attempts: Vec<&Value> = rest
        .about(&customer)
        .filter(|event| event["type"] == unpaid)
        .map(|event| &event["data"]["object"]["attempt_count"])
        .collect();
    assert_eq!(attempts, [2, 3, 4, 5]);
    let deleted = rest.event("customer.subscription.deleted");
    assert_eq!(deleted["cancellation_details"]["reason"], "payment_failed");
    // Nothing follows.
    assert!(shop.advance("3mo").types(&customer).is_empty());
    assert!(
        shop.refused("pay", &json!({"id": subscription})).ends_with("it has ended (its status is canceled)")
    );
}

#[test]
fn an_overdue_subscription_recovers_with_another_card() {
    let shop = Shop::open();
    let subscription = shop.subscribe("team_1", "decline-later");
    let customer = customer(&shop, &subscription);
    shop.advance("1mo");
    assert_eq!(shop.pay(&subscription, "decline").types(""), DECLINED);
    assert_eq!(shop.advance("1d").types(&customer), DECLINED);
    let paid = shop.pay(&subscription, "ok");
    assert_eq!(
        paid.types(""),
        ["customer.updated", "payment_intent.succeeded", "invoice.paid", "customer.subscription.updated"]
    );
    assert_eq!(paid.changed("subscription")["status"], "active");
    assert_eq!(paid.event("invoice.paid")["attempt_count"], 4);
    // The new card pays the next renewals, too.
    assert_eq!(types(&shop.advance("1mo"), &customer), RENEWED);
}

#[test]
fn a_bank_account_pays_an_overdue_invoice_days_later() {
    let shop = Shop::open();
    let subscription = shop.subscribe("team_1", "decline-later");
    let customer = customer(&shop, &subscription);
    shop.advance("1mo");
    assert_eq!(shop.pay(&subscription, "delayed").types(""), ["customer.updated"]);
    let message = shop.refused("pay", &json!({"id": subscription}));
    assert!(message.contains("still processing"), "{message}");
    assert_eq!(
        types(&shop.advance("3d"), &customer),
        ["payment_intent.succeeded", "invoice.paid", "customer.subscription.updated"]
    );
    assert_eq!(field(&shop, "subscriptions", &subscription, "status"), "active");
}

#[test]
fn a_subscription_ends_now_or_with_its_period() {
    let shop = Shop::open();
    let now = shop.subscribe("team_1", "ok");
    let canceled = shop.act("cancel", &json!({"subscription": now}));
    assert_eq!(canceled.types(""), ["customer.subscription.deleted"]);
    assert_eq!(
        canceled.changed("subscription"),
        &json!({"object": "subscription", "id": now, "status": "canceled", "cancelAtPeriodEnd": false})
    );
    let later = shop.subscribe("team_2", "ok");
    let canceled = shop.act("cancel", &json!({"subscription": later, "atPeriodEnd": true}));
    assert_eq!(canceled.types(""), ["customer.subscription.updated"]);
    assert_eq!(canceled.changed("subscription")["cancelAtPeriodEnd"], true);
    assert_eq!(canceled.changed("subscription")["status"], "active");
    let updated = canceled.event("customer.subscription.updated");
    assert_eq!(updated["cancel_at"], updated["items"]["data"][0]["current_period_end"]);
    assert!(shop.advance("2w").types(&later).is_empty());
    let ended = shop.advance("1mo");
    assert_eq!(ended.types(&later), ["customer.subscription.deleted"]);
    let deleted = ended.about(&later).next().expect("an event");
    assert_eq!(deleted["data"]["object"]["ended_at"], updated["cancel_at"]);
    assert!(ended.types(&now).is_empty());
}

#[test]
fn the_shops_customers_live_on() {
    let shop = Shop::open();
    let data = shop.stripe();
    let subscriptions: Vec<(&str, &str)> = data["subscriptions"]
        .as_array()
        .expect("subscriptions")
        .iter()
        .map(|row| (row["id"].as_str().expect("an id"), row["customer"].as_str().expect("an id")))
        .collect();
    let [ada, ben, chloe, daichi, elif] = subscriptions[..] else { panic!("five subscriptions") };
    // Chloé's card declines the last two retries.
    let week = shop.advance("7d");
    assert_eq!(types(&week, chloe.1), [&DECLINED.repeat(2)[..], &["customer.subscription.deleted"]].concat());
    assert_eq!(week.types(ada.1), [""; 0]);
    // Elif's trial ends.
    let month = shop.advance("21d");
    assert_eq!(types(&month, elif.1), RENEWED);
    let trial = month.about(elif.1).next().expect("an event");
    assert_eq!(trial["data"]["previous_attributes"]["status"], "trialing");
    assert_eq!(types(&month, ada.1), RENEWED);
    let year = shop.advance("11mo");
    assert_eq!(types(&year, ben.1), RENEWED);
    assert_eq!(year.types(daichi.1), [""; 0]);
    assert_eq!(types(&year, ada.1), RENEWED.repeat(11));
}

#[test]
fn sessions_and_unpaid_subscriptions_expire() {
    let shop = Shop::open();
    let open = shop.session("credits_100", "team_1");
    let declined = shop.session("pro_monthly", "team_2");
    let subscription = shop.pay(&declined, "decline").id("subscription");
    assert!(shop.advance("22h").events.is_empty());
    let expired = shop.advance("1h");
    assert_eq!(expired.types(""), ["customer.subscription.updated"]);
    let updated = expired.event("customer.subscription.updated");
    assert_eq!((&updated["id"], &updated["status"]), (&json!(subscription), &json!("incomplete_expired")));
    assert_eq!(
        shop.stripe()["invoices"].as_array().expect("invoices").last().expect("one")["status"],
        "void"
    );
    let expired = shop.advance("1h");
    assert_eq!(expired.types(""), ["checkout.session.expired", "checkout.session.expired"]);
    let session = expired.event("checkout.session.expired");
    assert_eq!(
        (&session["id"], &session["status"], &session["url"]),
        (&json!(open), &json!("expired"), &json!(null))
    );
}

#[test]
fn the_same_actions_give_the_same_events() {
    let run = || {
        let shop = Shop::open();
        let mut events: Vec<(String, Value, Value)> = Vec::new();
        let mut add = |outcome: Outcome| {
            events.extend(outcome.events.into_iter().map(|event| {
                (event["type"].to_string(), event["id"].clone(), event["data"]["object"]["id"].clone())
            }));
        };
        let session = shop.session("pro_monthly", "team_1");
        add(shop.pay(&session, "decline-later"));
        add(shop.advance("5mo"));
        let session = shop.session("credits_100", "team_1");
        add(shop.pay(&session, "delayed"));
        add(shop.advance("1w"));
        add(shop.act("refund", &json!({"payment": session})));
        events
    };
    let first = run();
    assert!(first.len() > 30);
    assert_eq!(first, run());
}

#[test]
fn the_clock_only_goes_forward() {
    let shop = Shop::open();
    let now = shop.advance("1mo").now;
    let message = shop.refused("advance", &json!({"to": "2020-01-01"}));
    assert!(message.starts_with("The clock cannot go backward: it is "), "{message}");
    assert!(shop.advance("1h").now.as_str() > now.as_str());
}
