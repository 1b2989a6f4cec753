//! When a request is sent again. A retry is a question about the request, not about luck: [`decide`] is a pure
//! function from what the call allows, what became of it and what time is left.

use std::fmt;
use std::time::Duration;

use crate::api::exchange::is_out_of_reach;

/// How a call may be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    /// Sending it twice is the same as sending it once: GET, PUT, sync, archive, a create with an idempotency key.
    Always,
    /// Only when it surely did not reach the backend.
    IfNotSent,
}

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome<'a> {
    /// It surely did not reach the backend: the name, the connection or TLS failed.
    NotSent,
    /// It may have arrived; no whole answer came back.
    Lost,
    /// The backend answered, but not with a success.
    Refused {
        status: u16,
        /// The backend's error code, where the body had one.
        code: Option<&'a str>,
        message: &'a str,
        retry_after: Option<Duration>,
    },
}

/// Where the caller stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// How many replays there were.
    pub(crate) replays: u32,
    /// How many there may be.
    pub(crate) allowed: u32,
    /// How much of the deadline is left.
    pub(crate) left: Duration,
    /// The backend has accepted this key in this run.
    pub(crate) key_accepted: bool,
    /// A random number from 0 to 1, for jitter.
    pub(crate) dice: f64,
}

/// Why a request is not sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It would be answered the same.
    NotPassing,
    /// It may have been done, and twice would be twice.
    MayBeDone,
    /// It was sent again as often as it may be.
    Enough,
    /// The backend wants to be left alone for longer than anybody waits here.
    TooLongAWait(Duration),
    /// The deadline comes before.
    NoTimeLeft,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPassing => f.write_str("it would be answered the same"),
            Self::MayBeDone => f.write_str("it may have been done, and a second time would do it twice"),
            Self::Enough => f.write_str("no replay is left"),
            Self::TooLongAWait(asked) => {
                write!(
                    f,
                    "Retry-After {} is longer than {} s",
                    asked.as_secs(),
                    LONGEST_RETRY_AFTER.as_secs()
                )
            }
            Self::NoTimeLeft => f.write_str("the deadline comes before"),
        }
    }
}

/// `503 UPSTREAM_FAILURE, Retry-After 1`
impl fmt::Display for Outcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent => f.write_str("it did not get through"),
            Self::Lost => f.write_str("the answer was lost"),
            Self::Refused { status, code, retry_after, .. } => {
                write!(f, "{status}")?;
                code.iter().try_for_each(|code| write!(f, " {code}"))?;
                retry_after.iter().try_for_each(|asked| write!(f, ", Retry-After {}", asked.as_secs()))
            }
        }
    }
}

/// The longest that a `Retry-After` can make us wait.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(400);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long to wait before sending it again, or why it is not.
pub(crate) fn decide(replay: Replay, outcome: &Outcome<'_>, standing: Standing) -> Result<Duration, Stop> {
    if !is_passing(outcome, standing.key_accepted) {
        return Err(Stop::NotPassing);
    }
    if replay == Replay::IfNotSent && !surely_not_done(outcome) {
        return Err(Stop::MayBeDone);
    }
    if standing.replays >= standing.allowed {
        return Err(Stop::Enough);
    }
    let pause = match outcome {
        Outcome::Refused { retry_after: Some(asked), .. } if *asked > LONGEST_RETRY_AFTER => {
            return Err(Stop::TooLongAWait(*asked));
        }
        Outcome::Refused { retry_after: Some(asked), .. } => *asked,
        _ => full_jitter(standing.replays, standing.dice),
    };
    if pause < standing.left { Ok(pause) } else { Err(Stop::NoTimeLeft) }
}

/// Trouble that may be over in a moment.
fn is_passing(outcome: &Outcome<'_>, key_accepted: bool) -> bool {
    match outcome {
        Outcome::NotSent | Outcome::Lost => true,
        Outcome::Refused { status: 408 | 429, .. } => true,
        Outcome::Refused { status, .. } if is_out_of_reach(*status) => true,
        // Under load the backend answers false 401s and 500s that name its database's time-out (CONTRACT: Load).
        Outcome::Refused { status: 401, code, .. } => key_accepted && *code == Some("AUTH_INVALID_API_KEY"),
        Outcome::Refused { status: 500, message, .. } => names_a_connection_timeout(message),
        Outcome::Refused { .. } => false,
    }
}

/// It never arrived, or it was turned away at the door: by a rate limit, or by the check of the key.
fn surely_not_done(outcome: &Outcome<'_>) -> bool {
    matches!(outcome, Outcome::NotSent | Outcome::Refused { status: 401 | 429, .. })
}

/// What a backend says that has no connection to its database left.
pub(crate) fn names_a_connection_timeout(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("connect")
        && ["timeout", "timed out", "etimedout"].iter().any(|word| message.contains(word))
}

/// Anything between nothing and a ceiling that doubles: many clients that failed together do not come back together.
fn full_jitter(replays: u32, dice: f64) -> Duration {
    let ceiling = FIRST_PAUSE.saturating_mul(1 << replays.min(8)).min(LONGEST_PAUSE);
    ceiling.mul_f64(dice.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDING: Standing =
        Standing { replays: 0, allowed: 2, left: Duration::from_secs(60), key_accepted: false, dice: 0.5 };

    fn refused(status: u16, code: Option<&'static str>, message: &'static str) -> Outcome<'static> {
        Outcome::Refused { status, code, message, retry_after: None }
    }

    #[test]
    fn the_whole_table() {
        // outcome, replayed when always, replayed when only if not sent, with an accepted key
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
            (refused(408, None, ""), true, false, false),
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
            let standing = Standing { key_accepted, ..STANDING };
            assert_eq!(decide(Replay::Always, &outcome, standing).is_ok(), always, "{outcome:?}");
            assert_eq!(decide(Replay::IfNotSent, &outcome, standing).is_ok(), if_not_sent, "{outcome:?}");
        }
    }

    #[test]
    fn no_more_than_allowed() {
        for (replays, allowed, again) in [(0, 2, true), (1, 2, true), (2, 2, false), (0, 0, false)] {
            let standing = Standing { replays, allowed, ..STANDING };
            assert_eq!(decide(Replay::Always, &Outcome::NotSent, standing).is_ok(), again);
        }
    }

    #[test]
    fn pauses_double_and_never_pass_the_deadline() {
        let pause = |replays, dice, left| {
            decide(Replay::Always, &Outcome::Lost, Standing { replays, allowed: 9, dice, left, ..STANDING })
        };
        let long = Duration::from_secs(60);
        assert_eq!(pause(0, 1.0, long), Ok(Duration::from_millis(400)));
        assert_eq!(pause(1, 1.0, long), Ok(Duration::from_millis(800)));
        assert_eq!(pause(1, 0.5, long), Ok(Duration::from_millis(400)));
        assert_eq!(pause(0, 0.0, long), Ok(Duration::ZERO));
        assert_eq!(pause(8, 1.0, long), Ok(Duration::from_secs(5)));
        assert_eq!(pause(0, 1.0, Duration::from_millis(400)), Err(Stop::NoTimeLeft));
        assert_eq!(pause(0, 0.0, Duration::ZERO), Err(Stop::NoTimeLeft));
    }

    #[test]
    fn a_retry_after_is_honoured_within_reason() {
        let after = |seconds, left| {
            let retry_after = Some(Duration::from_secs(seconds));
            let outcome = Outcome::Refused { status: 429, code: None, message: "", retry_after };
            decide(Replay::IfNotSent, &outcome, Standing { left: Duration::from_secs(left), ..STANDING })
        };
        assert_eq!(after(0, 60), Ok(Duration::ZERO));
        assert_eq!(after(7, 60), Ok(Duration::from_secs(7)));
        assert_eq!(after(30, 60), Ok(Duration::from_secs(30)));
        assert_eq!(after(31, 60), Err(Stop::TooLongAWait(Duration::from_secs(31))));
        assert_eq!(after(7, 5), Err(Stop::NoTimeLeft));
    }
}
