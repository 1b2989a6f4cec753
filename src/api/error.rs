//! Why a call has no reply, as data. It does not implement `std::error::Error`, so that a caller has to convert it into a
//! failure with sentences before `?` can pass it on.

use std::time::Duration;

use serde_json::Value;

use crate::api::http::NoAnswer;
use crate::api::request::{Answer, Method, Provider};
use crate::api::retry::{Outcome, Replay, leaves_outcome_unknown};
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
    /// The backend answered with a success whose body cannot be read.
    Invalid { status: u16, content_type: String, reason: String },
    /// The answer to the health check is not an InsForge backend's.
    NotABackend { status: u16 },
    /// The backend has the payments API, but not this route.
    NoSuchRoute { status: u16 },
}

impl Cause {
    /// Whether the attempt may have been carried out, if it was a write.
    pub(crate) const fn leaves_outcome_unknown(&self) -> bool {
        match self {
            Self::NoAnswer(no_answer) => no_answer.leaves_outcome_unknown(),
            Self::Refused(refusal) => leaves_outcome_unknown(refusal.status),
            Self::Invalid { .. } => true,
            Self::NotABackend { .. } | Self::NoSuchRoute { .. } => false,
        }
    }
}

/// The backend's error: `{error, message, statusCode, nextActions?}`.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    /// The backend's own hint.
    pub(crate) next_actions: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    /// The backend's connection to the provider broke.
    pub(crate) provider_lost: bool,
    /// The backend has accepted the same API key earlier in this run.
    pub(crate) key_was_accepted: bool,
}

impl Refusal {
    /// Reads an error answer. If its body is not the backend's JSON, only the status is known.
    pub(super) fn read(answer: &Answer, provider: Option<&Provider>, key_was_accepted: bool) -> Self {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |name: &str| {
            let text = body.get(name)?.as_str()?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let message = text("message");
        let provider_lost = answer.status == 500
            && message
                .as_deref()
                .zip(provider.and_then(|provider| provider.connection_lost))
                .is_some_and(|(message, connection_lost)| message.contains(connection_lost));
        Self {
            status: answer.status,
            code: text("error"),
            message,
            next_actions: text("nextActions"),
            retry_after: answer.retry_after,
            provider_lost,
            key_was_accepted,
        }
    }

    /// The outcome for the retry policy.
    pub(super) fn outcome(&self) -> Outcome<'_> {
        Outcome::Refused {
            // For other providers the backend recognizes this case and answers 502.
            status: if self.provider_lost { 502 } else { self.status },
            code: self.code.as_deref(),
            message: self.message.as_deref().unwrap_or_default(),
            retry_after: self.retry_after,
        }
    }

    /// Whether it can be the 404 of a missing route. Its code is `NOT_FOUND`, which missing objects have too before 2.1.8.
    /// Production images answer it with HTML.
    pub(super) fn can_mean_no_route(&self) -> bool {
        self.status == 404 && self.code.as_deref().is_none_or(|code| code == "NOT_FOUND")
    }
}
