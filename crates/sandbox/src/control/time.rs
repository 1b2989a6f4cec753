//! The times to which the clock can be moved: a length of time from now, or a date.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::control::ControlError;
use crate::state::format_time;

/// The furthest that one action moves the clock. Subscriptions renew on the way, which takes time.
const MAX_YEARS: i64 = 10;

/// The time that is this much later, such as `12mo`, `3d` or `2w`. Months and years are those of the calendar.
pub(crate) fn after(text: &str, now: Timestamp) -> Result<Timestamp, ControlError> {
    let expected = "a length of time such as 12mo, 3d, 2w or 6h";
    let invalid = || ControlError::InvalidTime { text: text.to_owned(), expected };
    let span: Span = text.trim().parse().map_err(|_| invalid())?;
    if !span.is_positive() {
        return Err(invalid());
    }
    let end = now.to_zoned(TimeZone::UTC).checked_add(span);
    check_limit(end.map_or(Timestamp::MAX, |end| end.timestamp()), now)
}

/// The time that a text names: a date, which means midnight UTC, or a time such as `2027-01-31T12:00:00Z`.
pub(crate) fn at(text: &str, now: Timestamp) -> Result<Timestamp, ControlError> {
    let trimmed = text.trim();
    // Without an offset, a time is UTC.
    let civil = || trimmed.parse::<Date>().map(|date| date.to_datetime(jiff::civil::Time::midnight()));
    let utc = |time: DateTime| TimeZone::UTC.to_timestamp(time).ok();
    let time = trimmed.parse::<Timestamp>().ok();
    let time = time.or_else(|| utc(trimmed.parse::<DateTime>().or_else(|_| civil()).ok()?));
    let expected = "a date such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z";
    let time = time.ok_or_else(|| ControlError::InvalidTime { text: text.to_owned(), expected })?;
    check_limit(time, now)
}

fn check_limit(time: Timestamp, now: Timestamp) -> Result<Timestamp, ControlError> {
    let latest = now.to_zoned(TimeZone::UTC).checked_add(Span::new().years(MAX_YEARS));
    let latest = latest.map_or(Timestamp::MAX, |latest| latest.timestamp());
    if time > latest {
        return Err(ControlError::NotPossible {
            what: "The clock cannot be moved that far".to_owned(),
            why: format!("one step is at most {MAX_YEARS} years, until {}", format_time(latest)),
        });
    }
    Ok(time)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_length_from_now_or_a_date() {
        let now: Timestamp = "2027-01-31T10:00:00Z".parse().unwrap();
        let shown = |time: Result<Timestamp, ControlError>| time.ok().map(format_time);
        for (text, expected) in [
            ("12mo", "2028-01-31T10:00:00.000Z"),
            ("1mo", "2027-02-28T10:00:00.000Z"),
            ("3d", "2027-02-03T10:00:00.000Z"),
            ("2w", "2027-02-14T10:00:00.000Z"),
            ("6h", "2027-01-31T16:00:00.000Z"),
            ("1y 2mo", "2028-03-31T10:00:00.000Z"),
            (" 90s ", "2027-01-31T10:01:30.000Z"),
        ] {
            assert_eq!(shown(after(text, now)).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "12", "0d", "-3d", "soon", "11y", "99999y", "2027-02-01"] {
            assert!(after(text, now).is_err(), "{text}");
        }
        for (text, expected) in [
            ("2027-02-01", "2027-02-01T00:00:00.000Z"),
            ("2027-02-01T12:30:00Z", "2027-02-01T12:30:00.000Z"),
            ("2027-02-01T12:30:00+02:00", "2027-02-01T10:30:00.000Z"),
            ("2027-02-01T12:30", "2027-02-01T12:30:00.000Z"),
        ] {
            assert_eq!(shown(at(text, now)).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "3d", "2027-02-30", "2099-01-01", "tomorrow"] {
            assert!(at(text, now).is_err(), "{text}");
        }
    }
}
