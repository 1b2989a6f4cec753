//! Fault injection: which requests fail, how they fail, and how often.
//!
//! A fault is written as `REQUESTS: EFFECT FREQUENCY`, for example `POST /products: drop-after-write x1`.
//!
//! - `REQUESTS`: a method or `*`, then a part of the path or `*`. In a path, `*` matches one segment.
//! - `EFFECT`: a status such as `503`, `drop`, `delay 2s`, `cut` (half of the response) or `garbage` (not JSON). A status
//!   and `drop` take effect before the request runs, or after it with `-after-write`.
//! - `FREQUENCY`: `x3` for the first three requests, `25%` for random ones; without it, all requests.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A fault to inject into some requests. Parse it from text such as `POST /products: drop-after-write x1`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// `None` matches every method.
    method: Option<String>,
    /// Consecutive path segments, such as `["test", "config"]`. An empty list matches every path.
    path: Vec<String>,
    effect: FaultEffect,
    frequency: Frequency,
    /// The text that the fault was parsed from.
    text: String,
    /// Whether any request has matched it.
    matched: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Frequency {
    Always,
    /// The number of times left.
    Times(u32),
    /// A probability from 0 to 100.
    Percent(f64),
}

/// What a fault does to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultEffect {
    /// Respond with this status.
    Status(u16, FaultTiming),
    /// Close the connection without a response.
    Drop(FaultTiming),
    /// Respond this much later.
    Delay(Duration),
    /// Close the connection in the middle of the response.
    Cut,
    /// Respond with something that is not JSON.
    Garbage,
}

/// Whether a fault takes effect before the backend runs the request, or after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultTiming {
    BeforeWrite,
    AfterWrite,
}

/// The faults that apply to one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FaultDecision {
    pub(crate) delay: Duration,
    /// The effect other than a delay.
    pub(crate) effect: Option<FaultEffect>,
}

/// Decides which faults apply to which requests.
#[derive(Debug)]
pub(crate) struct FaultInjector {
    faults: Vec<Fault>,
    random: fastrand::Rng,
}

impl FaultInjector {
    pub(crate) fn new(faults: Vec<Fault>, seed: u64) -> Self {
        Self { faults, random: fastrand::Rng::with_seed(seed) }
    }

    /// Decides which faults apply to a request: all delays, and the first other effect.
    pub(crate) fn decide(&mut self, method: &str, path: &str) -> FaultDecision {
        let mut decision = FaultDecision::default();
        for fault in &mut self.faults {
            let is_delay = matches!(fault.effect, FaultEffect::Delay(_));
            if !fault.matches(method, path) || (decision.effect.is_some() && !is_delay) {
                continue;
            }
            let applies = match &mut fault.frequency {
                Frequency::Always => true,
                Frequency::Times(0) => false,
                Frequency::Times(left) => {
                    *left -= 1;
                    true
                }
                Frequency::Percent(percent) => self.random.f64() * 100.0 < *percent,
            };
            fault.matched = true;
            match fault.effect {
                FaultEffect::Delay(delay) if applies => decision.delay += delay,
                effect if applies => decision.effect = Some(effect),
                _ => {}
            }
        }
        decision
    }

    /// The text of each fault that no request has matched so far.
    pub(crate) fn unused(&self) -> Vec<String> {
        self.faults.iter().filter(|fault| !fault.matched).map(|fault| fault.text.clone()).collect()
    }
}

impl Fault {
    fn matches(&self, method: &str, path: &str) -> bool {
        let segments: Vec<&str> = path.split('?').next().unwrap_or_default().split('/').collect();
        self.method.as_deref().is_none_or(|own| own.eq_ignore_ascii_case(method))
            && (self.path.is_empty()
                || segments.windows(self.path.len()).any(|window| self.matches_segments(window)))
    }

    fn matches_segments(&self, segments: &[&str]) -> bool {
        self.path.iter().zip(segments).all(|(own, segment)| own == ANY || own == segment)
    }
}

/// Matches every method, every path, or any one segment of a path.
const ANY: &str = "*";
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (requests, effect) = text.split_once(':').ok_or(FaultError::NoColon)?;
        let (method, path) =
            requests.trim().split_once(char::is_whitespace).unwrap_or((ANY, requests.trim()));
        let (method, path) = (method.to_ascii_uppercase(), path.trim());
        if method != ANY && !METHODS.contains(&method.as_str()) {
            return Err(FaultError::Method(method));
        }
        let is_path = path.starts_with('/') && !path.contains(['{', '}', ' ', '?']);
        if path != ANY && !is_path {
            return Err(FaultError::Path(path.to_owned()));
        }
        let mut words: Vec<&str> = effect.split_whitespace().collect();
        let frequency = words.last().and_then(|word| Frequency::parse(word));
        if frequency.is_some() {
            words.pop();
        }
        let path = if path == ANY { "" } else { path };
        Ok(Self {
            method: (method != ANY).then_some(method),
            path: path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
            effect: FaultEffect::parse(&words).ok_or_else(|| FaultError::Effect(effect.trim().to_owned()))?,
            frequency: frequency.unwrap_or(Frequency::Always),
            text: text.to_owned(),
            matched: false,
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
            ["delay", duration] => {
                let duration: jiff::SignedDuration = duration.parse().ok()?;
                Duration::try_from(duration).ok().map(Self::Delay)
            }
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
    /// The effect or the frequency is unknown.
    Effect(String),
}

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoColon => {
                f.write_str("expected `REQUESTS: EFFECT`, such as `POST /products: drop-after-write x1`")
            }
            Self::Method(word) => write!(
                f,
                "`{word}` is not a method; expected GET, POST, PUT, PATCH, DELETE, or `*` for all methods"
            ),
            Self::Path(word) => {
                write!(f, "`{word}` is not a path; expected a path such as `/products`, or `*` for all paths")
            }
            Self::Effect(text) => write!(
                f,
                "`{text}` is not an effect; expected a status such as 503, drop, 503-after-write, \
                 drop-after-write, delay 2s, cut or garbage, optionally followed by x3 or 25%"
            ),
        }
    }
}

impl std::error::Error for FaultError {}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn decisions(fault: &str, requests: &[(&str, &str)]) -> Vec<FaultDecision> {
        let mut faults = FaultInjector::new(vec![fault.parse().unwrap()], 7);
        requests.iter().map(|(method, path)| faults.decide(method, path)).collect()
    }

    const CREATE: (&str, &str) = ("POST", "/api/payments/stripe/test/catalog/products");

    #[test]
    fn a_fault_matches_the_requests_it_names() {
        let with = |effect| FaultDecision { effect: Some(effect), ..FaultDecision::default() };
        let dropped = with(FaultEffect::Drop(FaultTiming::AfterWrite));
        let none = FaultDecision::default();
        for (fault, request, decision) in [
            ("POST /products: drop-after-write", CREATE, dropped),
            ("post /products: drop-after-write", CREATE, dropped),
            ("/products: drop-after-write", CREATE, dropped),
            ("* *: drop-after-write", CREATE, dropped),
            ("POST /test/catalog: drop-after-write", CREATE, dropped),
            ("POST /product: drop-after-write", CREATE, none),
            ("POST /catalog/*: drop-after-write", CREATE, dropped),
            ("POST /*/catalog/products: drop-after-write", CREATE, dropped),
            ("POST /products/*: drop-after-write", CREATE, none),
            ("GET /products: drop-after-write", CREATE, none),
            ("POST /live/catalog: drop-after-write", CREATE, none),
            (
                "GET /prices: 503",
                ("GET", "/x/prices?productId=1"),
                with(FaultEffect::Status(503, FaultTiming::BeforeWrite)),
            ),
            ("* *: status 429", CREATE, with(FaultEffect::Status(429, FaultTiming::BeforeWrite))),
            ("* *: 502-after-write", CREATE, with(FaultEffect::Status(502, FaultTiming::AfterWrite))),
            ("* *: drop", CREATE, with(FaultEffect::Drop(FaultTiming::BeforeWrite))),
            ("* *: drop-before-write", CREATE, with(FaultEffect::Drop(FaultTiming::BeforeWrite))),
            ("* *: cut", CREATE, with(FaultEffect::Cut)),
            ("* *: garbage", CREATE, with(FaultEffect::Garbage)),
            ("* *: delay 1500ms", CREATE, FaultDecision { delay: Duration::from_millis(1500), effect: None }),
        ] {
            assert_eq!(decisions(fault, &[request]), [decision], "{fault}");
        }
    }

    #[test]
    fn a_fault_applies_as_often_as_its_frequency_says() {
        let applied = |fault: &str| {
            decisions(fault, &vec![CREATE; 1000]).iter().filter(|decision| decision.effect.is_some()).count()
        };
        assert_eq!(applied("* *: drop x3"), 3);
        assert_eq!(applied("* *: drop"), 1000);
        assert_eq!(applied("* *: drop 100%"), 1000);
        assert!((200..300).contains(&applied("* *: drop 25%")));
        assert_eq!(decisions("* *: drop 25%", &[CREATE; 50]), decisions("* *: drop 25%", &[CREATE; 50]));
    }

    #[test]
    fn delays_add_up_and_the_first_other_effect_applies() {
        let texts = ["* *: delay 1s", "* *: 503 x1", "* *: drop", "* *: delay 2s", "GET *: cut"];
        let mut faults = FaultInjector::new(texts.iter().map(|text| text.parse().unwrap()).collect(), 0);
        let delay = Duration::from_secs(3);
        let with = |effect| FaultDecision { delay, effect: Some(effect) };
        assert_eq!(
            faults.decide(CREATE.0, CREATE.1),
            with(FaultEffect::Status(503, FaultTiming::BeforeWrite))
        );
        assert_eq!(faults.unused(), ["* *: drop", "GET *: cut"]);
        assert_eq!(faults.decide(CREATE.0, CREATE.1), with(FaultEffect::Drop(FaultTiming::BeforeWrite)));
        assert_eq!(faults.unused(), ["GET *: cut"]);
    }

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
        ] {
            assert!(fault.parse::<Fault>().is_err(), "{fault}");
        }
    }
}
