//! Turns the client's errors into failures: sentences, hints, codes and exit codes.

use std::borrow::Cow;
use std::time::Duration;

use crate::api::{
    Cause, Error, ForeignAnswer, Method, NoAnswer, Obstacle, Provider, ProxyInvalid, Refusal, Replay,
    RequestError, is_out_of_reach, names_a_connection_timeout,
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
        Cause::NoAnswer(no_answer) => no_usable_answer(no_answer, &request, error),
        Cause::Refused(refusal) => refused(refusal, &request, error),
        Cause::Foreign(answer) => foreign(answer, &request, error),
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
    match path.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &path[..end]).into(),
        None => path.into(),
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

/// The failure of an answer that is not InsForge's. It is about neither the API key nor the provider's key, whatever its
/// status is.
fn foreign(answer: &ForeignAnswer, request: &str, error: &RequestError) -> Failure {
    let ForeignAnswer { status, content_type, excerpt, .. } = answer;
    let content_type =
        content_type.as_ref().map_or("without a content type".to_owned(), |it| format!("with {it}"));
    let excerpt = excerpt.as_ref().map_or_else(String::new, |text| format!(": \"{text}\""));
    let why = format!("{request} at {} answered {status} {content_type}{excerpt}", error.address);
    let what = match (status, answer.sender()) {
        // The backend's own rate limiter does not send the backend's JSON, either.
        (429, None) => "Too many requests".to_owned(),
        (429, Some(sender)) => format!("Too many requests; {sender} seems to have answered"),
        (_, sender) => {
            let sender = sender.unwrap_or("another server");
            format!("The response is not InsForge's; {sender} seems to have answered")
        }
    };
    let failure = if exit(*status, None, error) == Exit::TryAgain {
        let hint = match (status, wait_hint(answer.retry_after)) {
            (429, hint) => hint,
            (_, hint) => format!("{hint}; if it stays like this, {CHECK_ADDRESS}"),
        };
        Failure::new(Code::Backend(format!("HTTP_{status}")), what).exit(Exit::TryAgain).hint(hint)
    } else {
        Failure::new(Code::ResponseInvalid, what).hint(CHECK_ADDRESS)
    };
    failure.why(why).status(*status)
}

/// The hint to wait: as long as the answer says.
fn wait_hint(retry_after: Option<Duration>) -> String {
    match retry_after {
        Some(wait) if !wait.is_zero() => format!("wait {} s, then run it again", wait.as_secs()),
        _ => "wait a moment, then run it again".to_owned(),
    }
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
            Failure::new(Code::Unreachable, format!("Cannot reach {address}"))
                .why(reason)
                .hint("check the address, the network and the proxy (HTTPS_PROXY), then run it again")
        }
        NoAnswer::Blocked { obstacle, reason } => blocked(obstacle, reason, error),
        NoAnswer::ConnectionLost { reason } => {
            let what = format!("The connection to {address} broke before the response was complete");
            Failure::new(Code::Unreachable, what).why(reason).hint("run it again")
        }
        NoAnswer::Malformed { reason } => {
            Failure::new(Code::ResponseInvalid, "The response is not valid HTTP")
                .why(format!("{request} was answered by something else than a web server: {reason}"))
                .hint(format!("check that {address} is an InsForge backend, and what is in front of it"))
        }
        NoAnswer::NotSendable { length } => {
            Failure::usage("The request cannot be sent, because its address is too long")
                .why(format!("the address has {length} characters, and can have at most 65,534"))
                .hint("use shorter ids and filters")
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
            Failure::new(Code::TlsFailed, "Cannot set up a secure connection").why(reason).hint(
                "install the system's CA certificates, or set SSL_CERT_FILE to a file with certificates",
            )
        }
        NoAnswer::CertificatesUnusable { variable, reason } => {
            Failure::new(Code::TlsFailed, format!("Cannot read the certificates in {variable}"))
                .why(reason)
                .hint(format!(
                    "set {variable} to certificates in PEM format, or unset it to trust the system's"
                ))
        }
        NoAnswer::KeyInvalid => {
            Failure::new(Code::NoApiKey, "The API key has characters that a header cannot have")
        }
    }
}

/// The failure of a connection that another attempt cannot make either.
fn blocked(obstacle: &Obstacle, reason: &str, error: &RequestError) -> Failure {
    let address = &error.address;
    let (code, hint) = match obstacle {
        Obstacle::UnknownAuthority => (
            Code::TlsFailed,
            "if you trust that authority, set SSL_CERT_FILE to a file with its certificate".to_owned(),
        ),
        Obstacle::CertificateDates => {
            (Code::TlsFailed, "renew the certificate, or correct this machine's clock".to_owned())
        }
        Obstacle::CertificateName => {
            (Code::TlsFailed, "use an address with a name that the certificate has".to_owned())
        }
        Obstacle::Tls => {
            (Code::TlsFailed, "check the address and its port, and the server's TLS settings".to_owned())
        }
        Obstacle::ProxyLogin(proxy) => {
            let variable = proxy.variable;
            (Code::ProxyRefused, format!("set {variable} to http://USER:PASSWORD@HOST:PORT of the proxy"))
        }
        Obstacle::ProxyRefusal(proxy) => {
            let variable = proxy.variable;
            let hint = format!(
                "check {variable}, and whether the proxy allows {address}; NO_PROXY lists hosts without it"
            );
            (Code::ProxyRefused, hint)
        }
    };
    Failure::new(code, format!("Cannot reach {address}")).why(reason).hint(hint)
}

fn refused(refusal: &Refusal, request: &str, error: &RequestError) -> Failure {
    let Refusal { status, code, message, .. } = refusal;
    let answered = format!("{request} answered {status} {code}");
    let (what, why) = match error.provider.filter(|_| lost_provider(refusal)) {
        Some(provider) => (
            format!("The backend lost its connection to {}", provider.name),
            format!("{answered}: {message}"),
        ),
        None if message.is_empty() => (format!("The backend answered {status} without a message"), answered),
        None => (message.clone(), answered),
    };
    let exit = exit(refusal.meaning().0, Some(refusal), error);
    let failure = Failure::new(Code::Backend(code.clone()), what).why(why).exit(exit).status(*status);
    let failure = Failure { later_code: refusal.meaning.map(|meaning| meaning.code), ..failure };
    let own = Hint::of(refusal, error, exit);
    // The hint of the backend about a false 401 is about the key, which is fine.
    let backends = refusal.next_actions.as_deref().filter(|_| !is_false_401(refusal));
    let hint = match (backends, own) {
        (Some(backends), Some(own)) if *status == 401 => {
            Hint { text: format!("{}; {}", backends.trim_end_matches('.'), own.text), ..own }
        }
        (Some(backends), _) => Hint::text(backends),
        (None, Some(own)) => own,
        (None, None) => return failure,
    };
    Failure { hint: Some(hint.text), repair: hint.repair, ..failure }
}

/// The exit code for a status; `refusal` is the backend's error, if the answer is the backend's.
fn exit(status: u16, refusal: Option<&Refusal>, error: &RequestError) -> Exit {
    let repeatable = error.replay == Replay::Always;
    match (status, refusal) {
        // A 401 with another code is the provider refusing its key. The project's key is fine.
        (401, Some(refusal)) if is_about_the_api_key(refusal) => Exit::NotAuthenticated,
        (403, Some(_)) => Exit::Denied,
        (404, Some(_)) => Exit::NotFound,
        (400, Some(refusal)) if names_unknown_object(refusal) => Exit::NotFound,
        (429, _) => Exit::TryAgain,
        (408, Some(_)) if repeatable => Exit::TryAgain,
        (status, _) if repeatable && is_out_of_reach(status) => Exit::TryAgain,
        (500, Some(refusal)) if repeatable && names_a_connection_timeout(&refusal.message) => Exit::TryAgain,
        _ => Exit::Failed,
    }
}

fn is_about_the_api_key(refusal: &Refusal) -> bool {
    refusal.meaning().1.starts_with("AUTH_")
}

/// Whether the backend's error about its connection to the provider has the status and code of any other error.
fn lost_provider(refusal: &Refusal) -> bool {
    refusal.meaning.is_some_and(|meaning| meaning.status == 502)
}

/// Whether the provider does not know an object that a create or an update names (exchanges 164 and 305).
fn names_unknown_object(refusal: &Refusal) -> bool {
    refusal.message.starts_with("No such ") || refusal.message == "The id provided does not exist"
}

/// Whether an overloaded backend refuses a key that it accepted before (CONTRACT: Load).
fn is_false_401(refusal: &Refusal) -> bool {
    refusal.status == 401 && refusal.key_was_accepted && refusal.code == "AUTH_INVALID_API_KEY"
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
        Some(match refusal.meaning() {
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
            (400, "INVALID_INPUT") if error.method == Method::Get => Self::text("use -v to see the request"),
            (400, code @ "INVALID_INPUT") => Self::text(remedy_of(code)?),
            (400, _) if exit == Exit::NotFound => {
                Self::command("check the ID, or run", command(&["sync"]), " to update the mirror")
            }
            (400, "UPSTREAM_FAILURE") => Self::text(
                "the provider refuses the request; change what the message names, and use --dry-run to see the request",
            ),
            (402, _) => Self::text(remedy_of("PAYMENT_METHOD_DECLINED")?),
            (404, "PAYMENT_CONFIG_NOT_FOUND") => {
                Self::command("run", command(&["config"]), " to see which keys are configured")
            }
            (404, _) => Self::command("check the ID, or run", command(&["sync"]), " to update the mirror"),
            (409, _) => {
                Self::text("the provider is changing the same object; wait a moment, then run it again")
            }
            (429, _) => Self::text(wait_hint(refusal.retry_after)),
            (500, _) if exit == Exit::TryAgain => {
                Self::text("the backend is overloaded; wait a moment, then run it again")
            }
            (500, _) => Self::text(remedy_of("INTERNAL_ERROR")?),
            (status, code) if is_out_of_reach(status) => {
                let who =
                    if code == "UPSTREAM_FAILURE" { "the provider" } else { "the backend or the provider" };
                Self::text(format!("{who} is unreachable; {}", wait_hint(refusal.retry_after)))
            }
            _ => return None,
        })
    }
}
