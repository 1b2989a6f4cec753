//! Payment providers, and what an error of the backend means for one.

use crate::api::method::Method;
use crate::wire::Generation;

/// A payment provider.
#[derive(Debug)]
pub(crate) struct Provider {
    /// Its display name.
    pub(crate) name: &'static str,
    /// Its segment in the newer generation's routes.
    pub(crate) segment: &'static str,
    /// Whether the older generation's routes, which name no provider, belong to this one.
    pub(crate) in_older: bool,
    /// The beginning of its command lines.
    pub(crate) commands: &'static str,
    /// The parts of messages with which the backend reports that its connection to this provider broke, in a sync or a
    /// 500. Newer backends answer 502 for Stripe.
    pub(crate) connection_lost: &'static [&'static str],
    /// What an error with a plain code means; `None` if the backend never answers with one for this provider.
    pub(crate) plain_codes: Option<fn(&BackendError<'_>) -> Option<Meaning>>,
}

/// An error of the backend, and the request that it answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BackendError<'a> {
    pub(crate) method: Method,
    /// The routes of the request.
    pub(crate) generation: Generation,
    pub(crate) status: u16,
    pub(crate) code: &'a str,
    pub(crate) message: &'a str,
}

impl BackendError<'_> {
    /// What the error means, if its status and code do not say it.
    pub(super) fn meaning(&self, provider: &Provider) -> Option<Meaning> {
        let lost = || provider.connection_lost.iter().any(|text| self.message.contains(text));
        if self.status == 500 && lost() {
            return Some(Meaning::new(502, "UPSTREAM_FAILURE"));
        }
        provider.plain_codes.and_then(|meaning| meaning(self))
    }
}

/// The status and the code with which a backend since 2.1.8 answers in the same case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
}

impl Meaning {
    pub(crate) const fn new(status: u16, code: &'static str) -> Self {
        Self { status, code }
    }
}
