use std::borrow::Cow;
use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::env;

/// A moment in local time, short enough for a table: `2026-11-23 20:04`. A dash where there is none; text that is no
/// moment is shown as it is.
pub(crate) fn short_date(text: Option<&str>) -> Cow<'_, str> {
    let Some(text) = text else { return "-".into() };
    match text.parse::<Timestamp>() {
        Ok(moment) => moment.to_zoned(local_zone()).strftime("%Y-%m-%d %H:%M").to_string().into(),
        Err(_) => text.into(),
    }
}

/// Found once, from its rules alone where that is possible: jiff would read the names of all the world's zones to
/// give this one its own, which nobody sees. That was most of what a table's dates cost.
fn local_zone() -> TimeZone {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    let from_rules = || TimeZone::tzif("local", &env::local_timezone_rules()?).ok();
    ZONE.get_or_init(|| from_rules().unwrap_or_else(TimeZone::system)).clone()
}
