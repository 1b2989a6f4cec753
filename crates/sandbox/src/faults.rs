//! Fault injection: which requests and events fail, how they fail, and how often.
//!
//! A fault of requests is written as `REQUESTS: EFFECT FREQUENCY`, for example `POST /products: drop-after-write x1`.
//!
//! - `REQUESTS`: a method or `*`, then a part of the path or `*`. In a path, `*` matches one segment.
//! - `EFFECT`: a status such as `503`, `drop`, `delay 2s`, `cut` (half of the response) or `garbage` (not JSON). A status
//!   and `drop` take effect before the request runs, or after it with `-after-write`.
//! - `FREQUENCY`: `x3` for the first three requests, `25%` for random ones; without it, all requests.
//!
//! A fault of the providers' events is written as `event TYPE: EFFECT FREQUENCY`, for example
//! `event invoice.paid: delay 5s x1`. The type can be `*`, and the effect is `duplicate`, `drop` or `delay 5s`.

mod parse;

use std::time::Duration;

pub use parse::FaultError;

/// A fault to inject into some requests, or into some events of the providers. Parse it from text such as
/// `POST /products: drop-after-write x1` or `event invoice.paid: duplicate`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    rule: Rule,
    frequency: Frequency,
    /// The text that the fault was parsed from.
    text: String,
    /// Whether any request or event has matched it.
    matched: bool,
}

/// What a fault matches, and what it does to it.
#[derive(Clone, Debug, PartialEq)]
enum Rule {
    Requests(Requests, FaultEffect),
    Events {
        /// `None` matches every type.
        r#type: Option<String>,
        effect: EventEffect,
    },
}

/// The requests that a fault matches.
#[derive(Clone, Debug, PartialEq)]
struct Requests {
    /// `None` matches every method.
    method: Option<String>,
    /// Consecutive path segments, such as `["test", "config"]`. An empty list matches every path.
    path: Vec<String>,
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

/// What a fault does to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EventEffect {
    Duplicate,
    Drop,
    Delay(Duration),
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

/// What the faults do to an event of a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct EventFault {
    /// It is delivered twice.
    pub(crate) duplicate: bool,
    /// It is never delivered.
    pub(crate) drop: bool,
    /// It is delivered this much later.
    pub(crate) delay: Duration,
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

    /// Whether a fault delays events.
    pub(crate) fn delay_events(&self) -> bool {
        let delays = |rule: &Rule| matches!(rule, Rule::Events { effect: EventEffect::Delay(_), .. });
        self.faults.iter().any(|fault| delays(&fault.rule))
    }

    /// Decides which faults apply to a request: all delays, and the first other effect.
    pub(crate) fn decide(&mut self, method: &str, path: &str) -> FaultDecision {
        let mut decision = FaultDecision::default();
        for fault in &mut self.faults {
            let Rule::Requests(requests, effect) = &fault.rule else { continue };
            let is_delay = matches!(effect, FaultEffect::Delay(_));
            if !requests.match_request(method, path) || (decision.effect.is_some() && !is_delay) {
                continue;
            }
            fault.matched = true;
            let applies = fault.frequency.applies(&mut self.random);
            match *effect {
                FaultEffect::Delay(delay) if applies => decision.delay += delay,
                effect if applies => decision.effect = Some(effect),
                _ => {}
            }
        }
        decision
    }

    /// Decides which faults apply to an event of this type: all delays, and the first other effect.
    pub(crate) fn decide_event(&mut self, event: &str) -> EventFault {
        let mut decision = EventFault::default();
        for fault in &mut self.faults {
            let Rule::Events { r#type, effect } = &fault.rule else { continue };
            let is_delay = matches!(effect, EventEffect::Delay(_));
            let is_decided = decision.drop || decision.duplicate;
            if r#type.as_deref().is_some_and(|own| own != event) || (is_decided && !is_delay) {
                continue;
            }
            fault.matched = true;
            let applies = fault.frequency.applies(&mut self.random);
            match *effect {
                EventEffect::Delay(delay) if applies => decision.delay += delay,
                EventEffect::Drop => decision.drop = applies,
                EventEffect::Duplicate => decision.duplicate = applies,
                EventEffect::Delay(_) => {}
            }
        }
        decision
    }

    /// The text of each fault that no request or event has matched so far.
    pub(crate) fn unused(&self) -> Vec<String> {
        self.faults.iter().filter(|fault| !fault.matched).map(|fault| fault.text.clone()).collect()
    }
}

impl Requests {
    fn match_request(&self, method: &str, path: &str) -> bool {
        let segments: Vec<&str> = path.split('?').next().unwrap_or_default().split('/').collect();
        self.method.as_deref().is_none_or(|own| own.eq_ignore_ascii_case(method))
            && (self.path.is_empty()
                || segments.windows(self.path.len()).any(|window| self.match_segments(window)))
    }

    fn match_segments(&self, segments: &[&str]) -> bool {
        self.path.iter().zip(segments).all(|(own, segment)| own == ANY || own == segment)
    }
}

/// Matches every method, every path, or any one segment of a path.
const ANY: &str = "*";
impl Frequency {
    /// Whether a fault with this frequency applies to the next request or event that it matches.
    fn applies(&mut self, random: &mut fastrand::Rng) -> bool {
        match self {
            Self::Always => true,
            Self::Times(0) => false,
            Self::Times(left) => {
                *left -= 1;
                true
            }
            Self::Percent(percent) => random.f64() * 100.0 < *percent,
        }
    }
}

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
    fn a_fault_of_events_matches_their_types() {
        let decide = |faults: &[&str], types: &[&str]| {
            let mut faults = FaultInjector::new(faults.iter().map(|text| text.parse().unwrap()).collect(), 7);
            types.iter().map(|event| faults.decide_event(event)).collect::<Vec<_>>()
        };
        let none = EventFault::default();
        let dropped = EventFault { drop: true, ..none };
        let twice = EventFault { duplicate: true, ..none };
        let late = EventFault { delay: Duration::from_secs(5), ..none };
        for (fault, r#type, decision) in [
            ("event invoice.paid: drop", "invoice.paid", dropped),
            ("event invoice.paid: drop", "invoice.payment_failed", none),
            ("Event *: duplicate", "customer.subscription.updated", twice),
            ("event  checkout.session.completed : delay 5s", "checkout.session.completed", late),
            // A fault of requests is never one of events.
            ("* *: drop", "invoice.paid", none),
        ] {
            assert_eq!(decide(&[fault], &[r#type]), [decision], "{fault}");
        }
        assert_eq!(decide(&["event *: drop x2"], &["a.b"; 3]), [dropped, dropped, none]);
        let both = EventFault { duplicate: true, delay: Duration::from_secs(7), ..none };
        let all = ["event *: delay 5s", "event *: duplicate", "event *: drop", "event *: delay 2s"];
        assert_eq!(decide(&all, &["invoice.paid"]), [both]);
        let random = decide(&["event *: drop 25%"], &["invoice.paid"; 1000]);
        assert!((200..300).contains(&random.iter().filter(|fault| fault.drop).count()));
        // A fault of events matches no request.
        assert_eq!(decisions("event *: drop", &[CREATE]), [FaultDecision::default()]);
    }
}
