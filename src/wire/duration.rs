use std::time::Duration;

/// Parses a duration: `30s`, `1m30s`, `500ms`, or a number of seconds.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let parsed = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => text
            .parse::<jiff::SignedDuration>()
            .ok()
            .and_then(|duration| Duration::try_from(duration).ok())
            .ok_or("use a duration such as 30s, 5m or 500ms")?,
    };
    if parsed.is_zero() { Err("the duration must be greater than zero".to_owned()) } else { Ok(parsed) }
}

/// The duration in seconds, for a message. `Duration::as_secs_f64` makes 1.3479999999999999 of 1348 ms.
pub(crate) fn seconds(duration: Duration) -> f64 {
    duration.div_duration_f64(Duration::from_secs(1))
}
