//! Faults on demand: what goes wrong with which requests, and how often.
//!
//! `POST /products: drop-after-write x1`. First the requests: a method or `*`, and a piece of the path, in which `*` is any
//! one segment, or `*` alone. After the colon what happens: a status such as `503`, `drop`, `delay 2s`, `cut` (half of the
//! answer) or `garbage` (an answer that is none); status and drop come before the request is done, or after it with
//! `-after-write`. Last how often: `x3` the first three times, `25%` by chance, nothing for always.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Something that is to go wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// `None` for every method.
    method: Option<String>,
    /// Whole segments of a path, `products` or `test/config`; empty for every path.
    path: Vec<String>,
    effect: Effect,
    how_often: HowOften,
    /// As it was given.
    text: String,
    /// A request was what it is for.
    met: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum HowOften {
    Always,
    Times(u32),
    /// Of a hundred.
    Percent(f64),
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// The answer has this status.
    Status(u16, When),
    /// The connection ends without an answer.
    Drop(When),
    /// The answer comes so much later.
    Delay(Duration),
    /// The connection ends in the middle of the answer.
    Cut,
    /// The answer is nothing that a backend says.
    Garbage,
}

/// Whether the backend does what it was asked to before it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    BeforeWrite,
    AfterWrite,
}

/// What happens to one request: how long it takes, and how it ends if not well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) delay: Duration,
    pub(super) end: Option<Effect>,
}

/// The faults of a sandbox, and what is left of them.
#[derive(Debug)]
pub(super) struct Faults {
    faults: Vec<Fault>,
    random: fastrand::Rng,
}

impl Faults {
    pub(super) fn new(faults: Vec<Fault>, seed: u64) -> Self {
        Self { faults, random: fastrand::Rng::with_seed(seed) }
    }

    /// Decides what happens to a request. Delays add up; of the others the first that applies counts.
    pub(super) fn fate(&mut self, method: &str, path: &str) -> Fate {
        let mut fate = Fate::default();
        for fault in &mut self.faults {
            let is_delay = matches!(fault.effect, Effect::Delay(_));
            if !fault.concerns(method, path) || (fate.end.is_some() && !is_delay) {
                continue;
            }
            let happens = match &mut fault.how_often {
                HowOften::Always => true,
                HowOften::Times(0) => false,
                HowOften::Times(left) => {
                    *left -= 1;
                    true
                }
                HowOften::Percent(percent) => self.random.f64() * 100.0 < *percent,
            };
            fault.met = true;
            match fault.effect {
                Effect::Delay(delay) if happens => fate.delay += delay,
                effect if happens => fate.end = Some(effect),
                _ => {}
            }
        }
        fate
    }
}

impl Faults {
    /// The faults for which no request has come yet.
    pub(super) fn unused(&self) -> Vec<String> {
        self.faults.iter().filter(|fault| !fault.met).map(|fault| fault.text.clone()).collect()
    }
}

impl Fault {
    fn concerns(&self, method: &str, path: &str) -> bool {
        let segments: Vec<&str> = path.split('?').next().unwrap_or_default().split('/').collect();
        self.method.as_deref().is_none_or(|own| own.eq_ignore_ascii_case(method))
            && (self.path.is_empty() || segments.windows(self.path.len()).any(|window| self.is_path(window)))
    }

    fn is_path(&self, segments: &[&str]) -> bool {
        self.path.iter().zip(segments).all(|(own, segment)| own == ANY || own == segment)
    }
}

/// Stands for every method, every path, or any one segment of a path.
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
        let how_often = words.last().and_then(|word| HowOften::read(word));
        if how_often.is_some() {
            words.pop();
        }
        let path = if path == ANY { "" } else { path };
        Ok(Self {
            method: (method != ANY).then_some(method),
            path: path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
            effect: Effect::read(&words).ok_or_else(|| FaultError::Effect(effect.trim().to_owned()))?,
            how_often: how_often.unwrap_or(HowOften::Always),
            text: text.to_owned(),
            met: false,
        })
    }
}

impl HowOften {
    fn read(word: &str) -> Option<Self> {
        if let Some(times) = word.strip_prefix('x') {
            return times.parse().ok().filter(|times| *times > 0).map(Self::Times);
        }
        let percent: f64 = word.strip_suffix('%')?.parse().ok()?;
        (percent > 0.0 && percent <= 100.0).then_some(Self::Percent(percent))
    }
}

impl Effect {
    fn read(words: &[&str]) -> Option<Self> {
        match words {
            ["delay", duration] => {
                let duration: jiff::SignedDuration = duration.parse().ok()?;
                Duration::try_from(duration).ok().map(Self::Delay)
            }
            ["cut"] => Some(Self::Cut),
            ["garbage"] => Some(Self::Garbage),
            ["status", word] | [word] => {
                let (what, when) = match word.strip_suffix("-after-write") {
                    Some(what) => (what, When::AfterWrite),
                    None => (word.strip_suffix("-before-write").unwrap_or(word), When::BeforeWrite),
                };
                if what == "drop" { Some(Self::Drop(when)) } else { Self::status(what, when) }
            }
            _ => None,
        }
    }

    fn status(word: &str, when: When) -> Option<Self> {
        let status: u16 = word.parse().ok()?;
        (400..600).contains(&status).then_some(Self::Status(status, when))
    }
}

/// What is wrong with a fault's text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultError {
    /// There is no colon between the requests and what happens to them.
    NoColon,
    /// The first word is no method.
    Method(String),
    /// A path begins with a slash, or is a star.
    Path(String),
    /// Nothing that can happen.
    Effect(String),
}

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoColon => f.write_str("write it as `POST /products: drop-after-write x1`"),
            Self::Method(word) => {
                write!(f, "`{word}` is no method; write GET, POST, PUT, PATCH or DELETE, or `*` for all")
            }
            Self::Path(word) => {
                write!(f, "`{word}` is no path; write one such as `/products`, or `*` for all")
            }
            Self::Effect(text) => write!(
                f,
                "`{text}` is nothing that can happen; what can is a status such as 503, drop, \
                 503-after-write, drop-after-write, delay 2s, cut, garbage, and behind it x3 or 25%"
            ),
        }
    }
}

impl std::error::Error for FaultError {}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn fates(fault: &str, requests: &[(&str, &str)]) -> Vec<Fate> {
        let mut faults = Faults::new(vec![fault.parse().unwrap()], 7);
        requests.iter().map(|(method, path)| faults.fate(method, path)).collect()
    }

    const CREATE: (&str, &str) = ("POST", "/api/payments/stripe/test/catalog/products");

    #[test]
    fn a_fault_concerns_the_requests_that_it_names() {
        let end = |effect| Fate { end: Some(effect), ..Fate::default() };
        let dropped = end(Effect::Drop(When::AfterWrite));
        let fine = Fate::default();
        for (fault, request, fate) in [
            ("POST /products: drop-after-write", CREATE, dropped),
            ("post /products: drop-after-write", CREATE, dropped),
            ("/products: drop-after-write", CREATE, dropped),
            ("* *: drop-after-write", CREATE, dropped),
            ("POST /test/catalog: drop-after-write", CREATE, dropped),
            ("POST /product: drop-after-write", CREATE, fine),
            ("POST /catalog/*: drop-after-write", CREATE, dropped),
            ("POST /*/catalog/products: drop-after-write", CREATE, dropped),
            ("POST /products/*: drop-after-write", CREATE, fine),
            ("GET /products: drop-after-write", CREATE, fine),
            ("POST /live/catalog: drop-after-write", CREATE, fine),
            (
                "GET /prices: 503",
                ("GET", "/x/prices?productId=1"),
                end(Effect::Status(503, When::BeforeWrite)),
            ),
            ("* *: status 429", CREATE, end(Effect::Status(429, When::BeforeWrite))),
            ("* *: 502-after-write", CREATE, end(Effect::Status(502, When::AfterWrite))),
            ("* *: drop", CREATE, end(Effect::Drop(When::BeforeWrite))),
            ("* *: drop-before-write", CREATE, end(Effect::Drop(When::BeforeWrite))),
            ("* *: cut", CREATE, end(Effect::Cut)),
            ("* *: garbage", CREATE, end(Effect::Garbage)),
            ("* *: delay 1500ms", CREATE, Fate { delay: Duration::from_millis(1500), end: None }),
        ] {
            assert_eq!(fates(fault, &[request]), [fate], "{fault}");
        }
    }

    #[test]
    fn a_fault_happens_as_often_as_it_says() {
        let ends =
            |fault: &str| fates(fault, &vec![CREATE; 1000]).iter().filter(|fate| fate.end.is_some()).count();
        assert_eq!(ends("* *: drop x3"), 3);
        assert_eq!(ends("* *: drop"), 1000);
        assert_eq!(ends("* *: drop 100%"), 1000);
        assert!((200..300).contains(&ends("* *: drop 25%")));
        assert_eq!(fates("* *: drop 25%", &[CREATE; 50]), fates("* *: drop 25%", &[CREATE; 50]));
    }

    #[test]
    fn delays_add_up_and_the_first_end_counts() {
        let texts = ["* *: delay 1s", "* *: 503 x1", "* *: drop", "* *: delay 2s", "GET *: cut"];
        let mut faults = Faults::new(texts.iter().map(|text| text.parse().unwrap()).collect(), 0);
        let delay = Duration::from_secs(3);
        let of = |effect| Fate { delay, end: Some(effect) };
        assert_eq!(faults.fate(CREATE.0, CREATE.1), of(Effect::Status(503, When::BeforeWrite)));
        assert_eq!(faults.unused(), ["* *: drop", "GET *: cut"]);
        assert_eq!(faults.fate(CREATE.0, CREATE.1), of(Effect::Drop(When::BeforeWrite)));
        assert_eq!(faults.unused(), ["GET *: cut"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
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
