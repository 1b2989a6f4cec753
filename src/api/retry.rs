//! When a request is sent again. [`decide`] is a pure function of what the call allows, the outcome of the last attempt,
//! and the time that is left.

use std::fmt;
use std::time::Duration;

/// How a call may be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    /// Sending it twice has the same effect as once: GET, PUT, sync, archive, a create with an idempotency key.
    Always,
    /// Only if the first request was certainly not carried out.
    IfNotSent,
}

/// The outcome of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome<'a> {
    /// The request was not sent: the name, the connection or TLS failed.
    NotSent,
    /// The request was sent, but no complete answer came back.
    Lost,
    /// The backend answered with an error.
    Refused {
        status: u16,
        /// The backend's error code, if the body had one.
        code: Option<&'a str>,
        message: &'a str,
        retry_after: Option<Duration>,
    },
}

/// What the decision depends on, besides the outcome.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetryState {
    /// How often the request has been replayed.
    pub(crate) replays: u32,
    /// How often it may be replayed.
    pub(crate) max_replays: u32,
    /// The time until the deadline.
    pub(crate) time_left: Duration,
    /// The backend has accepted this key in this run.
    pub(crate) key_accepted: bool,
    /// A random number from 0 to 1, for jitter.
    pub(crate) random: f64,
}

/// Why a request is not sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The answer would be the same.
    NotTransient,
    /// The request may have been carried out, and sending it again could do it twice.
    MayHaveSucceeded,
    /// It was replayed as often as max_replays.
    NoRetryLeft,
    /// `Retry-After` is longer than the tool waits.
    RetryAfterTooLong(Duration),
    /// The deadline would pass first.
    DeadlineTooClose,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTransient => f.write_str("the response would be the same"),
            Self::MayHaveSucceeded => f.write_str("the write may have succeeded"),
            Self::NoRetryLeft => f.write_str("no retry is left"),
            Self::RetryAfterTooLong(asked) => {
                write!(f, "{} s is longer than {} s", asked.as_secs(), LONGEST_RETRY_AFTER.as_secs())
            }
            Self::DeadlineTooClose => f.write_str("the deadline would pass first"),
        }
    }
}

/// `503 UPSTREAM_FAILURE, Retry-After 1`
impl fmt::Display for Outcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent => f.write_str("a failed connection"),
            Self::Lost => f.write_str("a lost response"),
            Self::Refused { status, code, retry_after, .. } => {
                write!(f, "{status}")?;
                code.iter().try_for_each(|code| write!(f, " {code}"))?;
                retry_after.iter().try_for_each(|asked| write!(f, ", Retry-After {}", asked.as_secs()))
            }
        }
    }
}

/// The longest `Retry-After` that is waited for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(400);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long to wait before sending the request again, or why it is not sent again.
pub(crate) fn decide(replay: Replay, outcome: &Outcome<'_>, state: RetryState) -> Result<Duration, Stop> {
    if !is_transient(outcome, state.key_accepted) {
        return Err(Stop::NotTransient);
    }
    if replay == Replay::IfNotSent && !was_certainly_not_carried_out(outcome) {
        return Err(Stop::MayHaveSucceeded);
    }
    if state.replays >= state.max_replays {
        return Err(Stop::NoRetryLeft);
    }
    let pause = match outcome {
        Outcome::Refused { retry_after: Some(asked), .. } if *asked > LONGEST_RETRY_AFTER => {
            return Err(Stop::RetryAfterTooLong(*asked));
        }
        Outcome::Refused { retry_after: Some(asked), .. } => *asked,
        _ => full_jitter(state.replays, state.random),
    };
    if pause < state.time_left { Ok(pause) } else { Err(Stop::DeadlineTooClose) }
}

/// Whether the cause may be gone in a moment.
fn is_transient(outcome: &Outcome<'_>, key_accepted: bool) -> bool {
    match outcome {
        Outcome::NotSent | Outcome::Lost => true,
        Outcome::Refused { status: 429, .. } | Outcome::Refused { status: 408, code: Some(_), .. } => true,
        Outcome::Refused { status, .. } if is_out_of_reach(*status) => true,
        // Under load the backend answers false 401s, and 500s that name its database's timeout (CONTRACT: Load).
        Outcome::Refused { status: 401, code, .. } => key_accepted && *code == Some("AUTH_INVALID_API_KEY"),
        Outcome::Refused { status: 500, message, .. } => names_a_connection_timeout(message),
        Outcome::Refused { .. } => false,
    }
}

/// Whether the request did not arrive, or was refused before it was processed: by a rate limit or the check of the key.
fn was_certainly_not_carried_out(outcome: &Outcome<'_>) -> bool {
    matches!(outcome, Outcome::NotSent | Outcome::Refused { status: 401 | 429, .. })
}

/// Whether a write that is answered with this status may have been carried out. Only a 4xx refuses it; of those, 408 and
/// 499 are about the connection. 501 and 505 reject the request itself. Everything else is no answer to a write.
pub(crate) const fn leaves_outcome_unknown(status: u16) -> bool {
    !matches!(status, 200..=299 | 400..=407 | 409..=498 | 501 | 505)
}

/// Whether the status means that a server behind the backend or a proxy is unreachable. 520 to 524 are Cloudflare's.
pub(crate) const fn is_out_of_reach(status: u16) -> bool {
    matches!(status, 502..=504 | 520..=524)
}

/// Whether the message is that of a backend without a free connection to its database.
pub(crate) fn names_a_connection_timeout(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("connect")
        && ["timeout", "timed out", "etimedout"].iter().any(|word| message.contains(word))
}

/// A random pause below a limit that doubles each time, so that clients that failed together do not retry together.
fn full_jitter(replays: u32, random: f64) -> Duration {
    let limit = FIRST_PAUSE.saturating_mul(1 << replays.min(8)).min(LONGEST_PAUSE);
    limit.mul_f64(random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: RetryState = RetryState {
        replays: 0,
        max_replays: 2,
        time_left: Duration::from_secs(60),
        key_accepted: false,
        random: 0.5,
    };

    fn refused(status: u16, code: Option<&'static str>, message: &'static str) -> Outcome<'static> {
        Outcome::Refused { status, code, message, retry_after: None }
    }

    #[test]
    fn every_outcome_is_retried_or_not() {
        // outcome, retried if repeatable, retried if not repeatable, with an accepted key
        let table = [
            (Outcome::NotSent, true, true, false),
            (Outcome::Lost, true, false, false),
            (refused(400, Some("INVALID_INPUT"), ""), false, false, false),
            (refused(401, Some("AUTH_INVALID_API_KEY"), ""), false, false, false),
            (refused(401, Some("AUTH_INVALID_API_KEY"), ""), true, true, true),
            (refused(401, Some("AUTH_UNAUTHORIZED"), ""), false, false, true),
            (refused(401, Some("PAYMENT_CONFIG_INVALID"), ""), false, false, true),
            (refused(401, None, ""), false, false, true),
            (refused(402, Some("PAYMENT_METHOD_DECLINED"), ""), false, false, false),
            (refused(403, Some("AUTH_UNAUTHORIZED"), ""), false, false, true),
            (refused(404, Some("NOT_FOUND"), ""), false, false, false),
            (refused(408, Some("X"), ""), true, false, false),
            (refused(408, None, ""), false, false, false),
            (refused(409, Some("UPSTREAM_FAILURE"), ""), false, false, false),
            (refused(429, Some("RATE_LIMITED"), ""), true, true, false),
            (refused(500, Some("INTERNAL_ERROR"), "prices exploded"), false, false, false),
            (
                refused(500, Some("INTERNAL_ERROR"), "timeout exceeded when trying to connect"),
                true,
                false,
                false,
            ),
            (
                refused(500, Some("INTERNAL_ERROR"), "Connection terminated due to connection timeout"),
                true,
                false,
                false,
            ),
            (refused(500, None, ""), false, false, false),
            (refused(501, None, ""), false, false, false),
            (refused(502, Some("UPSTREAM_FAILURE"), ""), true, false, false),
            (refused(503, None, ""), true, false, false),
            (refused(504, None, ""), true, false, false),
            (refused(505, None, ""), false, false, false),
            (refused(520, None, ""), true, false, false),
            (refused(524, None, ""), true, false, false),
            (refused(525, None, ""), false, false, false),
            (refused(301, None, ""), false, false, false),
        ];
        for (outcome, always, if_not_sent, key_accepted) in table {
            let state = RetryState { key_accepted, ..STATE };
            assert_eq!(decide(Replay::Always, &outcome, state).is_ok(), always, "{outcome:?}");
            assert_eq!(decide(Replay::IfNotSent, &outcome, state).is_ok(), if_not_sent, "{outcome:?}");
        }
    }

    #[test]
    fn retries_are_limited() {
        for (replays, max_replays, retried) in [(0, 2, true), (1, 2, true), (2, 2, false), (0, 0, false)] {
            let state = RetryState { replays, max_replays, ..STATE };
            assert_eq!(decide(Replay::Always, &Outcome::NotSent, state).is_ok(), retried);
        }
    }

    #[test]
    fn pauses_double_and_end_before_the_deadline() {
        let pause = |replays, random, time_left| {
            decide(
                Replay::Always,
                &Outcome::Lost,
                RetryState { replays, max_replays: 9, random, time_left, ..STATE },
            )
        };
        let long = Duration::from_secs(60);
        assert_eq!(pause(0, 1.0, long), Ok(Duration::from_millis(400)));
        assert_eq!(pause(1, 1.0, long), Ok(Duration::from_millis(800)));
        assert_eq!(pause(1, 0.5, long), Ok(Duration::from_millis(400)));
        assert_eq!(pause(0, 0.0, long), Ok(Duration::ZERO));
        assert_eq!(pause(8, 1.0, long), Ok(Duration::from_secs(5)));
        assert_eq!(pause(0, 1.0, Duration::from_millis(400)), Err(Stop::DeadlineTooClose));
        assert_eq!(pause(0, 0.0, Duration::ZERO), Err(Stop::DeadlineTooClose));
    }

    #[test]
    fn a_retry_after_of_at_most_30_s_is_honored() {
        let after = |seconds, left| {
            let retry_after = Some(Duration::from_secs(seconds));
            let outcome = Outcome::Refused { status: 429, code: None, message: "", retry_after };
            decide(Replay::IfNotSent, &outcome, RetryState { time_left: Duration::from_secs(left), ..STATE })
        };
        assert_eq!(after(0, 60), Ok(Duration::ZERO));
        assert_eq!(after(7, 60), Ok(Duration::from_secs(7)));
        assert_eq!(after(30, 60), Ok(Duration::from_secs(30)));
        assert_eq!(after(31, 60), Err(Stop::RetryAfterTooLong(Duration::from_secs(31))));
        assert_eq!(after(7, 5), Err(Stop::DeadlineTooClose));
    }
}
