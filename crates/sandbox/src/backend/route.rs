//! Which action a method and a path mean, in either generation, with Express's habits: case and a slash at the end do
//! not matter, and what looks like an environment is one until it is used.

use percent_encoding::percent_decode_str;

use crate::backend::refusal::Refusal;
use crate::backend::{razorpay, stripe};
use crate::environment::Environment;
use crate::generation::Generation;

/// Where a request leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Health,
    Stripe(Place<stripe::Action>),
    Razorpay(Place<razorpay::Action>),
}

/// A place of a provider's, in which `A` can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place<A> {
    Status,
    Config,
    SyncAll,
    /// An environment, if the word is one.
    In {
        environment: String,
        action: Action<A>,
    },
}

/// What a request does in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action<A> {
    /// What is the provider's own.
    Admin(A),
    Sync,
    Customers,
    Transactions,
    /// What only an application's signed-in user may do.
    UserSession(&'static str),
    /// A place where only administrators learn that there is nothing.
    Nothing,
}

impl Route {
    /// The route, or none where nobody listens.
    pub(super) fn find(method: &str, target: &str, generation: Generation) -> Option<Self> {
        let path = target.split('?').next().unwrap_or_default();
        let segments: Vec<String> = path
            .trim_start_matches('/')
            .trim_end_matches('/')
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let words: Vec<String> = segments.iter().map(|segment| segment.to_lowercase()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        // A HEAD is answered as the GET.
        let method = if method == "HEAD" { "GET" } else { method };
        let path = |skipped: usize| Path {
            method,
            words: words.get(skipped..).unwrap_or_default(),
            segments: segments.get(skipped..).unwrap_or_default(),
        };
        match (generation, words.as_slice()) {
            (_, ["api", "health"]) if method == "GET" => Some(Self::Health),
            (Generation::Newer, ["api", "payments", "stripe", ..]) => {
                path(3).place("transactions", stripe::Action::find).map(Self::Stripe)
            }
            (Generation::Newer, ["api", "payments", "razorpay", ..]) => {
                path(3).place("transactions", razorpay::Action::find).map(Self::Razorpay)
            }
            // Older backends have no other provider, and do not name it.
            (Generation::Older, ["api", "payments", ..]) => {
                path(2).place("payment-history", stripe::Action::find).map(Self::Stripe)
            }
            _ => None,
        }
    }

    /// Razorpay's webhook counts as set up by whoever looks at what to enter.
    pub(super) const fn writes_though_it_reads(&self) -> bool {
        matches!(
            self,
            Self::Razorpay(Place::In { action: Action::Admin(razorpay::Action::WebhookSetup), .. })
        )
    }
}

/// What is asked for behind a provider's name or an environment's.
#[derive(Clone, Copy)]
pub(super) struct Path<'a> {
    pub(super) method: &'a str,
    /// In small letters.
    pub(super) words: &'a [&'a str],
    /// As they came.
    segments: &'a [String],
}

impl Path<'_> {
    /// The place that the provider has there.
    fn place<A>(
        self,
        transactions: &str,
        find: impl FnOnce(Path<'_>) -> Option<Action<A>>,
    ) -> Option<Place<A>> {
        let environment = self.segments.first()?.clone();
        let inside = Path {
            words: self.words.get(1..).unwrap_or_default(),
            segments: self.segments.get(1..).unwrap_or_default(),
            ..self
        };
        Some(match (self.method, self.words) {
            ("GET", ["status"]) => Place::Status,
            ("GET", ["config"]) => Place::Config,
            ("POST", ["sync"]) => Place::SyncAll,
            _ => {
                let action = match (inside.method, inside.words) {
                    ("POST", ["sync"]) => Action::Sync,
                    ("GET", ["customers"]) => Action::Customers,
                    ("GET", [word]) if *word == transactions => Action::Transactions,
                    _ => find(inside).unwrap_or(Action::Nothing),
                };
                Place::In { environment, action }
            }
        })
    }

    /// The id that it ends with.
    pub(super) fn id(&self) -> String {
        self.segments.last().map(|id| id.trim().to_owned()).unwrap_or_default()
    }
}

/// The environment that a word is, which is checked when it is used.
pub(super) fn checked_environment(word: &str) -> Result<Environment, Refusal> {
    Environment::named(word).ok_or_else(|| {
        Refusal::invalid(format!(
            "environment: Invalid enum value. Expected 'test' | 'live', received '{word}'"
        ))
    })
}
