//! Filters that the backend does not have: conditions on the rows of a list.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::wire::{Environment, Json};

/// The fields with a row's customer: those of the newer backend, and those of the older one.
const CUSTOMER: &[&str] = &["customerId", "providerCustomerId", "stripeCustomerId"];
/// The fields with the time at which the provider created a row's object. Stripe's subscriptions have none: for them it
/// is the time at which the backend learned of them.
const CREATED: &[&str] = &["providerCreatedAt", "stripeCreatedAt", "createdAt"];

/// The conditions that a row has to meet, all of them. A row without the field of a condition does not meet it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowFilter {
    pub(crate) environment: Option<Environment>,
    pub(crate) active: Option<bool>,
    /// One of these; any if there are none.
    pub(crate) statuses: Vec<String>,
    /// The id of the customer.
    pub(crate) customer: Option<String>,
    /// The earliest time of creation.
    pub(crate) since: Option<Timestamp>,
}

impl RowFilter {
    /// Whether it keeps every row.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a row meets the conditions.
    pub(crate) fn keeps(&self, row: Json<'_>) -> bool {
        let text = |fields: &[&str]| fields.iter().find_map(|field| row.get(field)?.string());
        let is_active = |wanted: bool| {
            row.get("active").is_some_and(|active| active.as_str() == if wanted { "true" } else { "false" })
        };
        let has_status = || {
            let status = text(&["status"]);
            status.is_some_and(|status| {
                self.statuses.iter().any(|one| one.trim().eq_ignore_ascii_case(&status))
            })
        };
        let created = || text(CREATED)?.parse::<Timestamp>().ok();
        self.environment.is_none_or(|wanted| text(&["environment"]).as_deref() == Some(wanted.as_str()))
            && self.active.is_none_or(is_active)
            && (self.statuses.is_empty() || has_status())
            && self.customer.as_deref().is_none_or(|wanted| text(CUSTOMER).as_deref() == Some(wanted))
            && self.since.is_none_or(|since| created().is_some_and(|created| created >= since))
    }
}

/// Parses the earliest time of a list: a time before now such as `30d`, a date in UTC, or a time with its offset.
pub(crate) fn parse_since(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    const FORMS: &str = "use a time before now such as 30d or 12h, a date such as 2026-11-01 (UTC), or a time such as \
                         2026-11-01T09:30:00Z";
    let now = now.to_zoned(TimeZone::UTC);
    let ago = |span: Span| {
        let is_positive = span.is_positive();
        is_positive.then(|| now.checked_sub(span).ok()).flatten().map(|time| time.timestamp())
    };
    // A date would otherwise also be read from the beginning of a time without an offset.
    let is_date = text.len() == "2026-11-01".len();
    let date = || text.parse::<Date>().ok().filter(|_| is_date)?.to_zoned(TimeZone::UTC).ok();
    let since = match text.parse::<Span>() {
        Ok(span) => ago(span),
        Err(_) => date().map(|date| date.timestamp()).or_else(|| text.parse().ok()),
    };
    since.ok_or_else(|| FORMS.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_has_to_be_met() {
        let time = |text: &str| Some(text.parse().unwrap());
        let none = RowFilter::default;
        let newer = r#"{"environment":"test","active":false,"status":"past_due","customerId":"cus_1",
            "providerCreatedAt":"2026-11-01T00:00:00.000Z","createdAt":"2026-11-20T00:00:00.000Z"}"#;
        let older =
            r#"{"stripeCustomerId":"cus_1","stripeCreatedAt":null,"createdAt":"2026-11-20T00:00:00Z"}"#;
        let bare = r#"{"active":null,"status":7,"providerCustomerId":"cus_2"}"#;
        for (filter, kept) in [
            (none(), [true, true, true]),
            (RowFilter { environment: Some(Environment::Test), ..none() }, [true, false, false]),
            (RowFilter { environment: Some(Environment::Live), ..none() }, [false; 3]),
            (RowFilter { active: Some(false), ..none() }, [true, false, false]),
            (RowFilter { active: Some(true), ..none() }, [false; 3]),
            (RowFilter { statuses: vec!["x".into(), " Past_Due".into()], ..none() }, [true, false, false]),
            (RowFilter { customer: Some("cus_1".into()), ..none() }, [true, true, false]),
            (RowFilter { customer: Some("cus_2".into()), ..none() }, [false, false, true]),
            (RowFilter { since: time("2026-11-01T00:00:00Z"), ..none() }, [true, true, false]),
            (RowFilter { since: time("2026-11-01T00:00:01Z"), ..none() }, [false, true, false]),
            (RowFilter { active: Some(false), customer: Some("cus_2".into()), ..none() }, [false; 3]),
        ] {
            let keeps = |text: &str| filter.keeps(Json::parse(text.as_bytes()).unwrap());
            assert_eq!([newer, older, bare].map(keeps), kept, "{filter:?}");
            assert_eq!(filter.is_empty(), filter == none());
        }
    }

    #[test]
    fn since_is_a_duration_a_date_or_a_time() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        for (text, time) in [
            ("30d", "2026-10-31T12:00:00Z"),
            ("12h", "2026-11-30T00:00:00Z"),
            ("2w", "2026-11-16T12:00:00Z"),
            ("1mo", "2026-10-30T12:00:00Z"),
            ("1d 12h", "2026-11-29T00:00:00Z"),
            ("90m", "2026-11-30T10:30:00Z"),
            ("2026-11-01", "2026-11-01T00:00:00Z"),
            ("2026-11-01T09:30:00Z", "2026-11-01T09:30:00Z"),
            ("2026-11-01T09:30:00+02:00", "2026-11-01T07:30:00Z"),
        ] {
            assert_eq!(parse_since(text, now), Ok(time.parse().unwrap()), "{text}");
        }
        for text in [
            "",
            "30",
            "-30d",
            "0d",
            "yesterday",
            "2026-13-01",
            "2026-11-01T09:30",
            "01.11.2026",
            "99999y",
            "2026-11-01 x",
        ] {
            let error = parse_since(text, now).unwrap_err();
            assert!(error.contains("30d") && error.contains("2026-11-01"), "{text}: {error}");
        }
    }
}
