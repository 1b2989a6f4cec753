//! The small shop that a fresh sandbox begins with, at every provider.

mod razorpay;
mod stripe;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::generation::Generation;
use crate::state::{State, Subject, Time, time};
use crate::{API_KEY, PUBLIC_URL, backend};

/// A state with the shop in it.
pub(super) fn shop(now: Timestamp) -> State {
    let mut state = State::empty();
    stripe::open(&mut state, now);
    razorpay::open(&mut state, now);
    state
}

/// Gives the backend the key of the test environment, which brings the first sync.
fn configure(state: &mut State, provider: &str, key: Value, now: Timestamp) {
    let request = backend::Request {
        method: "PUT".to_owned(),
        target: format!("/api/payments/{provider}/test/config"),
        authorization: None,
        api_key: Some(API_KEY.to_owned()),
        body: key,
    };
    let now = time(now);
    let world = backend::World { generation: Generation::Newer, base_url: PUBLIC_URL, now: &now };
    backend::Meaning::of(request, Generation::Newer).answer(state, &world);
}

fn days_ago(now: Timestamp, days: i64) -> Time {
    time(now - SignedDuration::from_hours(24 * days))
}

/// `team_northwind` is a team, `user_ben` a user.
fn billing_subject(id: &str) -> Subject {
    let kind = id.split('_').next().unwrap_or_default();
    Subject { r#type: kind.to_owned(), id: id.to_owned() }
}

/// The metadata or notes that say so.
fn subject_attributes(id: &str) -> Map<String, Value> {
    let Subject { r#type, id } = billing_subject(id);
    Map::from_iter([
        ("insforge_subject_type".to_owned(), Value::String(r#type)),
        ("insforge_subject_id".to_owned(), Value::String(id)),
    ])
}
