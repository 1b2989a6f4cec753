//! Parsing of faults. The format is described in the parent module.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::faults::{ANY, EventEffect, Fault, FaultEffect, FaultTiming, Frequency, Requests, Rule};

/// The word with which a fault of events begins.
const EVENT: &str = "event";
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (target, effect) = text.split_once(':').ok_or(FaultError::NoColon)?;
        let mut words: Vec<&str> = effect.split_whitespace().collect();
        let frequency = words.last().and_then(|word| Frequency::parse(word));
        if frequency.is_some() {
            words.pop();
        }
        let (target, effect) = (target.trim(), effect.trim().to_owned());
        let rule = match target.split_once(char::is_whitespace) {
            Some((word, r#type)) if word.eq_ignore_ascii_case(EVENT) => Rule::Events {
                r#type: parse_event_type(r#type.trim())?,
                effect: EventEffect::parse(&words).ok_or(FaultError::EventEffect(effect))?,
            },
            None if target.eq_ignore_ascii_case(EVENT) => {
                return Err(FaultError::EventType(String::new()));
            }
            _ => Rule::Requests(
                Requests::parse(target)?,
                FaultEffect::parse(&words).ok_or(FaultError::Effect(effect))?,
            ),
        };
        Ok(Self {
            rule,
            frequency: frequency.unwrap_or(Frequency::Always),
            text: text.to_owned(),
            matched: false,
        })
    }
}

/// Parses the type of an event, such as `invoice.paid`; `None` for `*`.
fn parse_event_type(text: &str) -> Result<Option<String>, FaultError> {
    if text == ANY {
        return Ok(None);
    }
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    if !text.contains('.') || !text.split('.').all(is_word) {
        return Err(FaultError::EventType(text.to_owned()));
    }
    Ok(Some(text.to_owned()))
}

impl Requests {
    /// Parses a method or `*`, then a part of the path or `*`.
    fn parse(text: &str) -> Result<Self, FaultError> {
        let (method, path) = text.split_once(char::is_whitespace).unwrap_or((ANY, text));
        let (method, path) = (method.to_ascii_uppercase(), path.trim());
        if method != ANY && !METHODS.contains(&method.as_str()) {
            return Err(FaultError::Method(method));
        }
        let is_path = path.starts_with('/') && !path.contains(['{', '}', ' ', '?']);
        if path != ANY && !is_path {
            return Err(FaultError::Path(path.to_owned()));
        }
        let path = if path == ANY { "" } else { path };
        Ok(Self {
            method: (method != ANY).then_some(method),
            path: path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
        })
    }
}

impl Frequency {
    fn parse(word: &str) -> Option<Self> {
        if let Some(times) = word.strip_prefix('x') {
            return times.parse().ok().filter(|times| *times > 0).map(Self::Times);
        }
        let percent: f64 = word.strip_suffix('%')?.parse().ok()?;
        (percent > 0.0 && percent <= 100.0).then_some(Self::Percent(percent))
    }
}

impl FaultEffect {
    fn parse(words: &[&str]) -> Option<Self> {
        match words {
            ["delay", duration] => parse_delay(duration).map(Self::Delay),
            ["cut"] => Some(Self::Cut),
            ["garbage"] => Some(Self::Garbage),
            ["status", word] | [word] => {
                let (effect, timing) = match word.strip_suffix("-after-write") {
                    Some(effect) => (effect, FaultTiming::AfterWrite),
                    None => (word.strip_suffix("-before-write").unwrap_or(word), FaultTiming::BeforeWrite),
                };
                if effect == "drop" { Some(Self::Drop(timing)) } else { Self::status(effect, timing) }
            }
            _ => None,
        }
    }

    fn status(word: &str, timing: FaultTiming) -> Option<Self> {
        let status: u16 = word.parse().ok()?;
        (400..600).contains(&status).then_some(Self::Status(status, timing))
    }
}

impl EventEffect {
    fn parse(words: &[&str]) -> Option<Self> {
        match words {
            ["duplicate"] => Some(Self::Duplicate),
            ["drop"] => Some(Self::Drop),
            ["delay", duration] => parse_delay(duration).map(Self::Delay),
            _ => None,
        }
    }
}

fn parse_delay(text: &str) -> Option<Duration> {
    let duration: jiff::SignedDuration = text.parse().ok()?;
    Duration::try_from(duration).ok()
}

/// The error for text that is not a [`Fault`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultError {
    /// There is no colon between the requests and the effect.
    NoColon,
    /// The first word is not a method.
    Method(String),
    /// The path does not start with a slash, and is not `*`.
    Path(String),
    /// The effect on a request, or the frequency, is unknown.
    Effect(String),
    /// The word after `event` is not the type of an event, and is not `*`.
    EventType(String),
    /// The effect on an event, or the frequency, is unknown.
    EventEffect(String),
}

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoColon => {
                f.write_str("expected `REQUESTS: EFFECT`, such as `POST /products: drop-after-write x1`")
            }
            Self::Method(word) => write!(
                f,
                "`{word}` is not a method; expected GET, POST, PUT, PATCH, DELETE, `*` for all methods, or `event` and \
                 the type of an event"
            ),
            Self::Path(word) => {
                write!(f, "`{word}` is not a path; expected a path such as `/products`, or `*` for all paths")
            }
            Self::Effect(text) => write!(
                f,
                "`{text}` is not an effect; expected a status such as 503, drop, 503-after-write, \
                 drop-after-write, delay 2s, cut or garbage, optionally followed by x3 or 25%"
            ),
            Self::EventType(text) => write!(
                f,
                "`{text}` is not the type of an event; expected a type such as invoice.paid, or `*` for all types"
            ),
            Self::EventEffect(text) => write!(
                f,
                "`{text}` is not an effect on an event; expected duplicate, drop or delay 5s, optionally followed by x3 \
                 or 25%"
            ),
        }
    }
}

impl std::error::Error for FaultError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_faults_are_rejected() {
        for fault in [
            "",
            "drop",
            "POST /products drop",
            "POST products: drop",
            "P0ST /products: drop",
            "* *: explode",
            "* *: 200",
            "* *: delay",
            "* *: delay soon",
            "* *: drop x",
            "* *: drop x0",
            "* *: drop 0%",
            "* *: drop 101%",
            "* *: drop 5% x1",
            "* *: delay-after-write 2s",
            "* *: delay-after-write",
            "* *: cut-before-write",
            "* *: garbage-after-write",
            "* *: status drop soon",
            "POTS /products: drop",
            "GET /products/{id}: drop",
            "GET *products: drop",
            "event: drop",
            "event invoice: drop",
            "event /products: drop",
            "event invoice.*: drop",
            "event invoice.paid: 503",
            "event invoice.paid: drop-after-write",
            "event invoice.paid: delay",
            "event invoice.paid: duplicate x0",
        ] {
            assert!(fault.parse::<Fault>().is_err(), "{fault}");
        }
    }
}
