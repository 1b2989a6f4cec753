//! Why a call has no reply, as data. It does not implement `std::error::Error`, so that a caller has to convert it into a
//! failure with sentences before `?` can pass it on.

use std::time::Duration;

use serde_json::Value;

use crate::api::foreign::ForeignAnswer;
use crate::api::http::NoAnswer;
use crate::api::method::Method;
use crate::api::provider::{BackendError, Meaning, Provider};
use crate::api::request::{Answer, Request};
use crate::api::retry::{Outcome, Replay, leaves_outcome_unknown};
use crate::error::{FOR_PEOPLE, IN_JSON, shortened};
use crate::secret::redact;
use crate::wire::{Address, Environment, Generation};

/// Why a call has no reply.
#[derive(Debug)]
pub(crate) enum Error {
    /// A request failed.
    Request(Box<RequestError>),
    /// The body cannot be encoded as JSON.
    NotEncodable { reason: String },
    /// The backend has no payments routes of either generation.
    PaymentsNotAvailable { address: Address },
    /// The backend has no routes for the provider. `generation` is the one that lacks them, if it is known.
    ProviderNotAvailable { provider: &'static Provider, address: Address, generation: Option<Generation> },
}

/// A request that failed, with everything that a message about it needs.
#[derive(Debug)]
pub(crate) struct RequestError {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) replay: Replay,
    /// `None` for a request outside the payments API.
    pub(crate) provider: Option<&'static Provider>,
    pub(crate) environment: Option<Environment>,
    pub(crate) address: Address,
    /// Where the API key came from.
    pub(crate) key_source: String,
    pub(crate) deadline: Duration,
    /// It is a write, and one of its attempts may have been carried out.
    pub(crate) may_be_applied: bool,
    /// Those of the answer: `x-request-id req_1, cf-ray 8f2`, or empty.
    pub(crate) request_ids: String,
    /// What went wrong with the last attempt.
    pub(crate) cause: Cause,
}

impl RequestError {
    /// Whether the request was a write that may have been carried out, and must not be sent again.
    pub(crate) fn outcome_is_unknown(&self) -> bool {
        self.replay == Replay::IfNotSent && self.may_be_applied
    }
}

/// What went wrong with a request.
#[derive(Debug)]
pub(crate) enum Cause {
    /// There was no complete answer, or none that can be used.
    NoAnswer(NoAnswer),
    /// The backend answered with an error.
    Refused(Refusal),
    /// Something other than the backend answered.
    Foreign(ForeignAnswer),
    /// The backend answered with a success whose body cannot be read.
    Invalid { status: u16, content_type: String, reason: String },
    /// The backend has no such route.
    NoSuchRoute { status: u16 },
}

impl Cause {
    /// Whether it can be the 404 of a missing route. Its code is `NOT_FOUND`, which missing objects have too before 2.1.8.
    pub(super) fn can_mean_no_route(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.status == 404 && refusal.code == "NOT_FOUND",
            Self::NoSuchRoute { .. } => true,
            Self::NoAnswer(_) | Self::Foreign(_) | Self::Invalid { .. } => false,
        }
    }

    /// Whether the attempt may have been carried out, if it was a write.
    pub(crate) const fn leaves_outcome_unknown(&self) -> bool {
        match self {
            Self::NoAnswer(no_answer) => no_answer.leaves_outcome_unknown(),
            Self::Refused(Refusal { status, .. }) | Self::Foreign(ForeignAnswer { status, .. }) => {
                is_success(*status) || leaves_outcome_unknown(*status)
            }
            Self::Invalid { .. } => true,
            Self::NoSuchRoute { .. } => false,
        }
    }
}

/// The backend's error: `{error, message, statusCode, nextActions?}`.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    /// The backend's own hint.
    pub(crate) next_actions: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    /// What it means, where status and code do not say it.
    pub(crate) meaning: Option<Meaning>,
    /// The backend has accepted the same API key earlier in this run.
    pub(crate) key_was_accepted: bool,
}

impl Refusal {
    /// Reads the backend's error; `None` if the body is something else.
    ///
    /// Other servers use the same three fields, with a sentence such as `Not Found` as `error`. The backend's is a code.
    pub(super) fn read(answer: &Answer, request: Request<'_>, key_was_accepted: bool) -> Option<Self> {
        let body: Value = serde_json::from_slice(&answer.body).ok()?;
        let text = |name: &str| body.get(name)?.as_str().map(str::trim);
        let (status, code, message) = (answer.status, text("error")?, text("message")?);
        if !is_code(code) || !body.get("statusCode")?.is_number() {
            return None;
        }
        let (method, generation) = (request.method, request.generation());
        let error = BackendError { method, generation, status, code, message };
        Some(Self {
            status,
            code: code.to_owned(),
            message: message.to_owned(),
            next_actions: text("nextActions").filter(|text| !text.is_empty()).map(str::to_owned),
            retry_after: answer.retry_after,
            meaning: request.route.and_then(|route| error.meaning(route.provider())),
            key_was_accepted,
        })
    }

    /// The same refusal with texts that can be shown: keys are masked, then long texts are cut.
    pub(super) fn presentable(self) -> Self {
        let in_json = |text: String| shortened(&redact(&text), IN_JSON).into_owned();
        Self {
            // It is a part of other texts, too.
            code: shortened(&self.code, FOR_PEOPLE / 2).into_owned(),
            message: in_json(self.message),
            next_actions: self.next_actions.map(in_json),
            ..self
        }
    }

    /// The status and the code that decide what to do.
    pub(crate) fn meaning(&self) -> (u16, &str) {
        self.meaning.map_or((self.status, &self.code), |meaning| (meaning.status, meaning.code))
    }

    /// The outcome for the retry policy.
    pub(super) fn outcome(&self) -> Outcome<'_> {
        let (status, code) = self.meaning();
        Outcome::Refused { status, code: Some(code), message: &self.message, retry_after: self.retry_after }
    }
}

impl Answer {
    /// Describes the answer to a request of this method, if it is not the backend's.
    pub(crate) fn foreign(&self, method: Method) -> Option<ForeignAnswer> {
        let request = Request { method, ..Request::get("", None) };
        let is_backends = self.is_success() && self.is_json()
            || self.is_missing_route_page(method)
            || Refusal::read(self, request, false).is_some();
        (!is_backends).then(|| ForeignAnswer::read(self))
    }
}

const fn is_success(status: u16) -> bool {
    matches!(status, 200..=299)
}

/// Whether the text is written like the backend's codes: `PAYMENT_CONFIG_INVALID`.
fn is_code(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
