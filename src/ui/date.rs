//! Dates for tables.

use std::borrow::Cow;
use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::env;

/// A timestamp in local time, short enough for a table: `2026-11-23 20:04`. Without a timestamp it is a dash, and any other text is
/// unchanged.
pub(crate) fn short_date(text: Option<&str>) -> Cow<'_, str> {
    let Some(text) = text else { return "-".into() };
    match text.parse::<Timestamp>() {
        Ok(timestamp) => timestamp.to_zoned(local_zone()).strftime("%Y-%m-%d %H:%M").to_string().into(),
        Err(_) => text.into(),
    }
}

/// The local time of a moment, with its zone: `20:04:59 CET`.
pub(crate) fn clock_time(timestamp: Timestamp) -> String {
    timestamp.to_zoned(local_zone()).strftime("%H:%M:%S %Z").to_string()
}

/// The local time zone, read once and if possible from its rules alone: to find the zone's name jiff would read the names
/// of all zones, which took most of the time for a table's dates.
fn local_zone() -> TimeZone {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    let from_rules = || TimeZone::tzif("local", &env::local_timezone_rules()?).ok();
    ZONE.get_or_init(|| from_rules().unwrap_or_else(TimeZone::system)).clone()
}
