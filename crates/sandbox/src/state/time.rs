//! Times in the backend's format, and what the providers make of them.

use jiff::{SignedDuration, Timestamp};

/// A time in the backend's format, such as `2026-11-23T20:04:15.719Z`. Such strings sort chronologically.
pub(crate) type Time = String;

/// Formats a time like the backend.
pub(crate) fn format_time(time: Timestamp) -> Time {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Parses a time in the backend's format. The result of an invalid one is 1970.
pub(crate) fn parse_time(time: &str) -> Timestamp {
    time.parse().unwrap_or_default()
}

/// A time in seconds since 1970, as in the providers' JSON.
pub(crate) fn unix(time: &str) -> i64 {
    parse_time(time).as_second()
}

/// The time at a provider, which has no fractions of seconds.
pub(crate) fn whole_seconds(time: &str) -> Time {
    format_time(Timestamp::from_second(unix(time)).unwrap_or_default())
}

/// The time some hours later, or the last one of the calendar.
pub(crate) fn later(time: &str, hours: i64) -> Time {
    let later = parse_time(time).checked_add(SignedDuration::from_hours(hours));
    format_time(later.unwrap_or(Timestamp::MAX))
}
