use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A moment in local time, short enough for a table: `2026-11-23 20:04`. A dash where there is none; text that is no
/// moment is shown as it is.
pub(crate) fn short_date(text: Option<&str>) -> Cow<'_, str> {
    let Some(text) = text else { return "-".into() };
    match text.parse::<Timestamp>() {
        Ok(moment) => {
            moment.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string().into()
        }
        Err(_) => text.into(),
    }
}
