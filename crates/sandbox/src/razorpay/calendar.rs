//! Billing cycles.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::state::{Time, format_time, parse_time};

/// The start of a cycle, counted from 0, of a plan that begins at `anchor`. Months are counted from the anchor, so that a
/// plan from 31 January is charged on 28 February and 31 March. `None` if it is too far in the future.
pub(crate) fn cycle_start(anchor: &str, period: &str, interval: u64, cycle: u64) -> Option<Time> {
    let count = i64::try_from(interval.checked_mul(cycle)?).ok()?;
    let span = Span::new();
    let span = match period {
        "daily" => span.try_days(count),
        "weekly" => span.try_weeks(count),
        "yearly" => span.try_years(count),
        _ => span.try_months(count),
    };
    add(parse_time(anchor), span.ok()?).map(format_time)
}

fn add(time: Timestamp, span: Span) -> Option<Timestamp> {
    Some(time.to_zoned(TimeZone::UTC).checked_add(span).ok()?.timestamp())
}
