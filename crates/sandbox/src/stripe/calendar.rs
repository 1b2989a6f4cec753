//! Stripe's calendar. The periods of a subscription begin on the day of its anchor. If a month is too short, they begin on
//! its last day: 31 January, 28 February, 31 March.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use crate::stripe::Recurring;

/// A day in seconds.
const DAY: i64 = 24 * 60 * 60;

/// The first boundary between two periods after this time. The anchor is a boundary, too. `None` if the interval is unknown
/// or the calendar ends before.
pub(crate) fn next_boundary(anchor: Timestamp, interval: &Recurring, after: Timestamp) -> Option<Timestamp> {
    if after < anchor {
        return Some(anchor);
    }
    let count = i64::try_from(interval.interval_count).ok()?.max(1);
    match interval.interval.as_str() {
        "day" => next_by_seconds(anchor, count.checked_mul(DAY)?, after),
        "week" => next_by_seconds(anchor, count.checked_mul(7 * DAY)?, after),
        "month" => next_by_months(anchor, count, after),
        "year" => next_by_months(anchor, count.checked_mul(12)?, after),
        _ => None,
    }
}

fn next_by_seconds(anchor: Timestamp, length: i64, after: Timestamp) -> Option<Timestamp> {
    let periods = (after.as_second() - anchor.as_second()) / length + 1;
    anchor.checked_add(SignedDuration::from_secs(length.checked_mul(periods)?)).ok()
}

fn next_by_months(anchor: Timestamp, length: i64, after: Timestamp) -> Option<Timestamp> {
    let (anchor, end) = (anchor.to_zoned(TimeZone::UTC), after.to_zoned(TimeZone::UTC));
    let months = (i64::from(end.year()) - i64::from(anchor.year())) * 12 + i64::from(end.month())
        - i64::from(anchor.month());
    let mut periods = months / length;
    loop {
        // Always from the anchor, so that a short month does not move the day of the following ones.
        let months = Span::new().try_months(length.checked_mul(periods)?).ok()?;
        let boundary = anchor.checked_add(months).ok()?.timestamp();
        if boundary > after {
            return Some(boundary);
        }
        periods += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boundaries(anchor: &str, interval: &str, interval_count: u64, number: usize) -> Vec<String> {
        let interval = Recurring { interval: interval.to_owned(), interval_count };
        let anchor: Timestamp = format!("{anchor}T09:30:00Z").parse().unwrap();
        let mut boundaries = Vec::new();
        let mut last = anchor;
        for _ in 0..number {
            last = next_boundary(anchor, &interval, last).unwrap();
            boundaries.push(last.to_string().replace("T09:30:00Z", ""));
        }
        boundaries
    }

    #[test]
    fn the_anchor_day_returns_after_short_months() {
        assert_eq!(
            boundaries("2027-01-31", "month", 1, 4),
            ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]
        );
        assert_eq!(boundaries("2027-12-30", "month", 1, 3), ["2028-01-30", "2028-02-29", "2028-03-30"]);
        assert_eq!(boundaries("2026-11-30", "month", 3, 3), ["2027-02-28", "2027-05-30", "2027-08-30"]);
        assert_eq!(
            boundaries("2028-02-29", "year", 1, 4),
            ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]
        );
    }

    #[test]
    fn days_and_weeks_have_a_fixed_length() {
        assert_eq!(boundaries("2027-02-27", "day", 1, 2), ["2027-02-28", "2027-03-01"]);
        assert_eq!(boundaries("2027-02-20", "week", 2, 2), ["2027-03-06", "2027-03-20"]);
    }

    #[test]
    fn the_first_period_after_a_trial_begins_at_the_anchor() {
        let anchor: Timestamp = "2027-01-15T00:00:00Z".parse().unwrap();
        let monthly = Recurring { interval: "month".to_owned(), interval_count: 1 };
        let before: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(next_boundary(anchor, &monthly, before), Some(anchor));
        let forever = Recurring { interval: "month".to_owned(), interval_count: u64::MAX };
        assert_eq!(next_boundary(anchor, &forever, anchor), None);
    }
}
