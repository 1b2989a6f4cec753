//! Turns the client's errors into failures: sentences, hints, codes and exit codes.

use crate::api::{
    Cause, Error, Method, NoAnswer, Provider, Refusal, Replay, RequestError, is_out_of_reach,
    names_a_connection_timeout,
};
use crate::error::{Code, Exit, Failure, remedy_of};
use crate::wire::{Environment, Generation};

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
    let request = format!("{} {}", error.method, error.path);
    let address = &error.address;
    let failure = match &error.cause {
        Cause::NoAnswer(no_answer) => no_usable_answer(no_answer, &request, error),
        Cause::Refused(refusal) => refused(refusal, &request, error),
        Cause::Invalid { status, content_type, reason } => {
            Failure::new(Code::ResponseInvalid, "The backend's response is invalid")
                .why(format!("{request} answered {status} with {content_type}: {reason}"))
                .hint(format!("check that {address} is an InsForge backend"))
                .status(*status)
        }
        Cause::NotABackend { status } => {
            Failure::new(Code::ResponseInvalid, format!("{address} is not an InsForge backend"))
                .why(format!("{request} answered {status} without the backend's version"))
                .hint("check the address")
        }
        Cause::NoSuchRoute { status } => {
            Failure::new(Code::Backend("NOT_FOUND".to_owned()), "This backend has no such route")
                .why(format!("{request} answered {status}"))
                .hint("update the backend, or this tool")
                .status(*status)
        }
    };
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

/// The same failure of a write that may have succeeded. The hint is the caller's, who knows how to check.
fn outcome_unknown(failure: Failure) -> Failure {
    let Failure { what, why, status, .. } = failure.with_unknown_outcome();
    Failure { why, status, may_be_applied: true, ..Failure::new(Code::OutcomeUnknown, what) }
}

fn no_usable_answer(no_answer: &NoAnswer, request: &str, error: &RequestError) -> Failure {
    let address = &error.address;
    match no_answer {
        NoAnswer::Unreachable { reason } => {
            let hint = if reason.to_ascii_lowercase().contains("certificate") {
                "if the certificate is your own, set SSL_CERT_FILE to the file of its CA"
            } else {
                "check the address, the network and the proxy (HTTPS_PROXY), then run it again"
            };
            Failure::new(Code::Unreachable, format!("Cannot reach {address}")).why(reason).hint(hint)
        }
        NoAnswer::ConnectionLost { reason } => {
            let what = format!("The connection to {address} broke before the response was complete");
            Failure::new(Code::Unreachable, what).why(reason).hint("run it again")
        }
        NoAnswer::TimedOut => {
            let deadline = error.deadline.as_secs_f64();
            Failure::new(Code::TimedOut, format!("{address} did not respond in time"))
                .why(format!("{request} got no complete response within {deadline} s"))
                .hint("use a longer --timeout, or run it again")
        }
        NoAnswer::TooLarge { limit } => Failure::new(Code::ResponseTooLarge, "The response is too large")
            .why(format!("{request} answered with more than {} MiB", limit / 1024 / 1024))
            .hint("request fewer rows, for example with --limit"),
        NoAnswer::Redirected { status, target } => Failure::new(
            Code::Redirected,
            format!("{address} redirects to another address"),
        )
        .why(format!(
            "{request} answered {status} with the location {target}; it is not followed, because the key \
                     would be sent there"
        ))
        .hint("if that is your backend, use its address")
        .status(*status),
        NoAnswer::TlsUnavailable { reason } => {
            Failure::new(Code::Failed, "Cannot set up a secure connection").why(reason).hint(
                "install the system's CA certificates, or set SSL_CERT_FILE to a file with certificates",
            )
        }
        NoAnswer::KeyInvalid => {
            Failure::new(Code::NoApiKey, "The API key has characters that a header cannot have")
        }
    }
}

fn refused(refusal: &Refusal, request: &str, error: &RequestError) -> Failure {
    let status = refusal.status;
    let code = refusal.code.clone().unwrap_or_else(|| format!("HTTP_{status}"));
    let answered = format!("{request} answered {status} {code}");
    let (what, why) = match (&refusal.message, error.provider.filter(|_| refusal.provider_lost)) {
        (message, Some(provider)) => {
            let message = message.as_deref().unwrap_or_default();
            let what = format!("The backend lost its connection to {}", provider.name);
            (what, format!("{answered}: {message}"))
        }
        (Some(message), None) => (message.clone(), answered),
        (None, None) => (format!("The backend answered {status} without a message"), answered),
    };
    let exit = exit(refusal, error);
    let failure = Failure::new(Code::Backend(code), what).why(why).exit(exit).status(status);
    let own = Hint::of(refusal, error, exit);
    // The hint of the backend about a false 401 is about the key, which is fine.
    let backends = refusal.next_actions.as_deref().filter(|_| !is_false_401(refusal));
    let hint = match (backends, own) {
        (Some(backends), Some(own)) if status == 401 => {
            Hint { text: format!("{}; {}", backends.trim_end_matches('.'), own.text), ..own }
        }
        (Some(backends), _) => Hint::text(backends),
        (None, Some(own)) => own,
        (None, None) => return failure,
    };
    Failure { hint: Some(hint.text), repair: hint.repair, ..failure }
}

fn exit(refusal: &Refusal, error: &RequestError) -> Exit {
    let repeatable = error.replay == Replay::Always;
    match refusal.status {
        // A 401 with another code is the provider refusing its key. The project's key is fine.
        401 if is_about_the_api_key(refusal) => Exit::NotAuthenticated,
        403 => Exit::Denied,
        404 => Exit::NotFound,
        400 if names_unknown_object(refusal) => Exit::NotFound,
        429 => Exit::TryAgain,
        status if repeatable && (status == 408 || is_out_of_reach(status)) => Exit::TryAgain,
        500 if repeatable && (refusal.provider_lost || is_overloaded(refusal)) => Exit::TryAgain,
        _ => Exit::Failed,
    }
}

fn is_about_the_api_key(refusal: &Refusal) -> bool {
    refusal.code.as_deref().is_some_and(|code| code.starts_with("AUTH_"))
}

/// Whether the provider does not know an object that a create or an update names (exchanges 164 and 305).
fn names_unknown_object(refusal: &Refusal) -> bool {
    let message = refusal.message.as_deref().unwrap_or_default();
    message.starts_with("No such ") || message == "The id provided does not exist"
}

/// Whether an overloaded backend refuses a key that it accepted before (CONTRACT: Load).
fn is_false_401(refusal: &Refusal) -> bool {
    refusal.status == 401
        && refusal.key_was_accepted
        && refusal.code.as_deref() == Some("AUTH_INVALID_API_KEY")
}

fn is_overloaded(refusal: &Refusal) -> bool {
    names_a_connection_timeout(refusal.message.as_deref().unwrap_or_default())
}

/// What to do next, and the command in it that repairs the cause.
struct Hint {
    text: String,
    repair: Option<Vec<String>>,
}

impl Hint {
    fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), repair: None }
    }

    /// A text around a command.
    fn command(before: &str, command: Vec<String>, after: &str) -> Self {
        Self { text: format!("{before} `{}`{after}", command.join(" ")), repair: Some(command) }
    }

    /// The hint for a status and code (CONTRACT: Errors).
    fn of(refusal: &Refusal, error: &RequestError, exit: Exit) -> Option<Self> {
        let command = |words: &[&str]| {
            let provider = error.provider.map_or("insforge payments", |provider| provider.commands);
            provider.split(' ').chain(words.iter().copied()).map(str::to_owned).collect::<Vec<_>>()
        };
        let config_set = || {
            let environment = error.environment.map(Environment::as_str);
            command(&[&["config", "set"], environment.as_slice()].concat())
        };
        let key_source = || format!("the key comes from {}", error.key_source);
        Some(match (refusal.status, refusal.code.as_deref().unwrap_or_default()) {
            (401, _) if is_false_401(refusal) => Self::text(
                "the backend accepted this key a moment ago, so it is probably overloaded; wait a moment, then run it \
                 again",
            ),
            (401, _) if is_about_the_api_key(refusal) => Self::text(key_source()),
            (403, _) if is_about_the_api_key(refusal) => {
                Self::text(format!("use the project's admin API key (ik_…); {}", key_source()))
            }
            (401, _) => Self::command("the provider refuses its key; set another one with", config_set(), ""),
            (403, _) => Self::command(
                "the provider's key lacks this permission; set one that has it with",
                config_set(),
                "",
            ),
            (400, "PAYMENT_CONFIG_INVALID" | "PAYMENT_CONFIG_NOT_FOUND") => {
                Self::command("set the provider's key with", config_set(), "")
            }
            (400, code @ "INVALID_INPUT") if error.method != Method::Get => Self::text(remedy_of(code)?),
            (402, _) => Self::text(remedy_of("PAYMENT_METHOD_DECLINED")?),
            (404, "PAYMENT_CONFIG_NOT_FOUND") => {
                Self::command("run", command(&["config"]), " to see which keys are configured")
            }
            (404 | 400, _) if exit == Exit::NotFound => {
                Self::command("check the ID, or run", command(&["sync"]), " to update the mirror")
            }
            (409, _) => {
                Self::text("the provider is changing the same object; wait a moment, then run it again")
            }
            (429, _) => match refusal.retry_after {
                Some(wait) if !wait.is_zero() => {
                    Self::text(format!("wait {} s, then run it again", wait.as_secs()))
                }
                _ => Self::text(remedy_of("RATE_LIMITED")?),
            },
            (500, _) if refusal.provider_lost => {
                Self::text("the provider is unreachable; wait a moment, then run it again")
            }
            (500, _) if exit == Exit::TryAgain => {
                Self::text("the backend is overloaded; wait a moment, then run it again")
            }
            (500, _) => Self::text(remedy_of("INTERNAL_ERROR")?),
            (status, _) if is_out_of_reach(status) => {
                Self::text("the backend or the provider is unreachable; wait a moment, then run it again")
            }
            _ => return None,
        })
    }
}
