//! The sandbox's clock, which `advance` moves forward.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// In a millisecond.
const NANOSECONDS: i128 = 1_000_000;

/// How far the sandbox's clock is ahead of the real one. Tokens and the signatures of webhooks use the real clock, because
/// other programs make them.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Clock {
    ahead_milliseconds: i64,
}

impl Clock {
    /// The sandbox's time at this real time.
    pub(crate) fn now(self, real: Timestamp) -> Timestamp {
        real.checked_add(SignedDuration::from_millis(self.ahead_milliseconds)).unwrap_or(Timestamp::MAX)
    }

    /// Sets the sandbox's time. The clock never goes backward.
    pub(crate) fn advance_to(&mut self, time: Timestamp, real: Timestamp) {
        // Rounded up, so that `time` is not in the future afterward.
        let ahead = time.duration_since(real).as_nanos();
        let ahead = ahead.div_euclid(NANOSECONDS) + i128::from(ahead.rem_euclid(NANOSECONDS) > 0);
        let ahead = i64::try_from(ahead).unwrap_or(i64::MAX);
        self.ahead_milliseconds = self.ahead_milliseconds.max(ahead);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_reaches_the_time_and_never_goes_backward() {
        let real: Timestamp = "2026-12-01T00:00:00.0004Z".parse().unwrap();
        let to: Timestamp = "2026-12-02T00:00:00Z".parse().unwrap();
        let mut clock = Clock::default();
        clock.advance_to(to, real);
        let reached = clock.now(real);
        assert!(to <= reached && reached < to + SignedDuration::from_millis(1), "{reached}");
        clock.advance_to(real, real);
        assert_eq!(clock.now(real), reached);
    }
}
