//! The sample shop with which a new sandbox starts, at each provider.

mod razorpay;
mod stripe;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::faults::EventFault;
use crate::generation::Generation;
use crate::state::{BillingSubject, State, Time, format_time};
use crate::{API_KEY, PUBLIC_URL, backend};

/// A state with the sample shop.
pub(crate) fn sample_shop(now: Timestamp) -> State {
    let mut state = State::empty();
    stripe::add_shop(&mut state, now);
    razorpay::add_shop(&mut state, now);
    state
}

/// Sets the test key at the backend, which starts the first sync.
fn set_test_key(state: &mut State, provider: &str, key: Value, now: Timestamp) {
    let request = backend::Request {
        method: "PUT".to_owned(),
        target: format!("/api/payments/{provider}/test/config"),
        headers: BTreeMap::from([("x-api-key".to_owned(), API_KEY.to_owned())]),
        json: key,
        body: Vec::new(),
    };
    let context = backend::Context {
        generation: Generation::Newer,
        base_url: PUBLIC_URL,
        now: &format_time(now),
        real_now: now,
        event_fault: &|_| EventFault::default(),
    };
    backend::ParsedRequest::new(request, Generation::Newer).respond(state, &context);
}

fn days_ago(now: Timestamp, days: i64) -> Time {
    format_time(now - SignedDuration::from_hours(24 * days))
}

/// The billing subject with this id. Its type is the first part: `team_northwind` is a team.
fn billing_subject(id: &str) -> BillingSubject {
    let subject_type = id.split('_').next().unwrap_or_default();
    BillingSubject { r#type: subject_type.to_owned(), id: id.to_owned() }
}

/// The metadata or notes that name the billing subject.
fn subject_metadata(id: &str) -> Map<String, Value> {
    let mut metadata = Map::new();
    billing_subject(id).add_to_metadata(&mut metadata);
    metadata
}
