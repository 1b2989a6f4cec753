//! Turns the client's errors into failures: sentences, hints, codes and exit codes.

mod foreign;
mod no_answer;
mod refusal;

use std::borrow::Cow;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::api::{Cause, Error, Provider, ProxyInvalid, RequestError};
use crate::error::{Code, Failure};
use crate::secret::redact;
use crate::wire::Generation;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Request(error) => request_failed(&error),
            Error::NotEncodable { reason } => {
                Self::new(Code::Failed, "The request cannot be encoded as JSON").why(reason)
            }
            Error::PaymentsNotAvailable { address } => {
                Self::new(Code::PaymentsNotAvailable, "Payments are not available on this backend")
                    .why(format!("there are no payments routes at {address}"))
                    .hint("check the address; payments need InsForge 2.1 or later")
            }
            Error::ProviderNotAvailable { provider, generation: Some(generation), .. } => {
                provider_not_available(provider, generation)
            }
            Error::ProviderNotAvailable { provider, address, generation: None } => {
                not_available(provider).why(format!("there are no payments routes for it at {address}"))
            }
        }
    }
}

impl From<ProxyInvalid> for Failure {
    fn from(ProxyInvalid { variable, reason }: ProxyInvalid) -> Self {
        Self::usage(format!("{variable} is not the address of a proxy"))
            .why(reason)
            .hint(format!("set {variable} to http://HOST:PORT, or unset it to connect without a proxy"))
    }
}

/// The failure of a backend whose generation has no routes for this provider.
pub(super) fn provider_not_available(provider: &Provider, generation: Generation) -> Failure {
    not_available(provider)
        .why(format!("its payments routes are of the {generation} generation, which has one provider only"))
}

fn not_available(provider: &Provider) -> Failure {
    let what = format!("{} is not available on this backend", provider.name);
    Failure::new(Code::ProviderNotAvailable, what).hint("update the backend to InsForge 2.2.1 or later")
}

fn request_failed(error: &RequestError) -> Failure {
    let request = format!("{} {}", error.method, shortened(&error.path));
    let address = &error.address;
    let failure = match &error.cause {
        Cause::NoAnswer(no_answer) => no_answer::no_answer(no_answer, &request, error),
        Cause::Refused(refusal) => refusal::refused(refusal, &request, error),
        Cause::Foreign(answer) => foreign::foreign(answer, &request, error),
        Cause::Invalid { status, content_type, reason } => {
            Failure::new(Code::ResponseInvalid, "The backend's response is invalid")
                .why(format!("{request} at {address} answered {status} with {content_type}: {reason}"))
                .hint(CHECK_ADDRESS)
                .status(*status)
        }
        Cause::NoSuchRoute { status } => {
            Failure::new(Code::Backend("NOT_FOUND".to_owned()), "This backend has no such route")
                .why(format!("{request} answered {status}"))
                .hint("update the backend, or this tool")
                .status(*status)
        }
    };
    let failure = with_request_ids(failure, &error.request_ids);
    let failure = Failure { may_be_applied: error.may_be_applied, ..failure };
    if error.outcome_is_unknown() {
        outcome_unknown(failure)
    } else if error.cause.leaves_outcome_unknown() {
        failure
    } else {
        earlier_attempt_unknown(failure)
    }
}

/// The same failure of a write whose last attempt was certainly not carried out, although an earlier one may have been.
fn earlier_attempt_unknown(failure: Failure) -> Failure {
    if !failure.may_be_applied {
        return failure;
    }
    let why = failure.why.iter().map(String::as_str).chain(["an earlier attempt may have been applied"]);
    let why = why.collect::<Vec<_>>().join("; ");
    failure.why(why).with_unknown_outcome()
}

/// The path for a message, without the rest of an id that fills pages.
fn shortened(path: &str) -> Cow<'_, str> {
    const LONGEST: usize = 300;
    let path = redact(path);
    match path.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &path[..end]).into(),
        None => path,
    }
}

/// Appends the ids of the answer to the reason.
fn with_request_ids(failure: Failure, request_ids: &str) -> Failure {
    match (&failure.why, request_ids) {
        (_, "") => failure,
        (Some(why), ids) => {
            let why = format!("{why} ({ids})");
            failure.why(why)
        }
        (None, ids) => failure.why(ids),
    }
}

/// The hint for an answer that is not the backend's.
const CHECK_ADDRESS: &str = "check the address, or what is in front of the backend";

/// The longest wait that a hint names. Stripe forgets an idempotency key after a day.
const LONGEST_WAIT: u32 = 24 * 60 * 60;

/// As whole seconds; `None` if there is no need to wait, or if the wait is too long to plan with.
fn seconds(wait: Option<Duration>) -> Option<NonZeroU32> {
    let seconds = u32::try_from(wait?.as_secs()).ok().filter(|seconds| *seconds <= LONGEST_WAIT);
    seconds.and_then(NonZeroU32::new)
}

/// The hint to wait: as long as the answer says.
fn wait_hint(retry_after: Option<Duration>) -> String {
    match (seconds(retry_after), retry_after) {
        (Some(wait), _) => format!("wait {wait} s, then run it again"),
        (None, Some(Duration::ZERO) | None) => "wait a moment, then run it again".to_owned(),
        (None, Some(_)) => "wait for more than a day, as the response asks, then run it again".to_owned(),
    }
}

/// The same failure of a write that may have succeeded. The hint is the caller's, who knows how to check.
fn outcome_unknown(failure: Failure) -> Failure {
    let Failure { what, why, status, .. } = failure.with_unknown_outcome();
    Failure { why, status, may_be_applied: true, ..Failure::new(Code::OutcomeUnknown, what) }
}
