//! Reads the fields of Stripe's objects.

use serde_json::{Map, Value};

use crate::state::{BillingSubject, Time, format_time};

/// An object of an event.
#[derive(Clone, Copy)]
pub(super) struct Object<'a>(&'a Value);

/// What a missing object is.
static NULL: Value = Value::Null;

impl<'a> Object<'a> {
    pub(super) fn new(value: Option<&'a Value>) -> Self {
        Self(value.unwrap_or(&NULL))
    }

    pub(super) fn get(self, name: &str) -> Object<'a> {
        Self::new(self.0.get(name))
    }

    /// The first element of a list object's `data`.
    pub(super) fn first(self, name: &str) -> Object<'a> {
        Self::new(self.0.get(name).and_then(|list| list.get("data")?.get(0)))
    }

    /// The elements of a list object's `data`.
    pub(super) fn all(self, name: &str) -> impl Iterator<Item = Object<'a>> {
        let list = self.0.get(name).and_then(|list| list.get("data")?.as_array());
        list.into_iter().flatten().map(Object)
    }

    pub(super) fn text(self, name: &str) -> Option<String> {
        self.0.get(name)?.as_str().map(str::to_owned)
    }

    /// The id in a field, which has either the id or the whole object.
    pub(super) fn id(self, name: &str) -> Option<String> {
        let value = self.0.get(name)?;
        value.as_str().or_else(|| value.get("id")?.as_str()).map(str::to_owned)
    }

    pub(super) fn number(self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    pub(super) fn is_true(self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| value == true)
    }

    /// A time, which Stripe sends in Unix seconds.
    pub(super) fn time(self, name: &str) -> Option<Time> {
        time_of(self.0.get(name)?.as_i64())
    }

    pub(super) fn map(self, name: &str) -> Map<String, Value> {
        self.0.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// The billing subject in the object's metadata.
    pub(super) fn subject(self) -> Option<BillingSubject> {
        BillingSubject::from_metadata(self.0.get("metadata")?.as_object()?)
    }
}

/// A time in Unix seconds, in the backend's format.
pub(super) fn time_of(seconds: Option<i64>) -> Option<Time> {
    jiff::Timestamp::from_second(seconds?).ok().map(format_time)
}
