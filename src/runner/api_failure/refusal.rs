//! Failures from the backend's errors: which exit code and which hint follow from the status, the code and the message.

use crate::api::{Method, Refusal, Replay, RequestError, is_out_of_reach, names_a_connection_timeout};
use crate::error::{Code, Exit, FOR_PEOPLE, Failure, remedy_of, shortened};
use crate::runner::api_failure::{seconds, wait_hint};
use crate::wire::Environment;

/// The failure of a request that the backend refused.
pub(super) fn refused(refusal: &Refusal, request: &str, error: &RequestError) -> Failure {
    let Refusal { status, code, message, .. } = refusal;
    let answered = format!("{request} answered {status} {code}");
    let (what, why) = match error.provider.filter(|_| lost_provider(refusal)) {
        Some(provider) => (
            format!("The backend lost its connection to {}", provider.name),
            format!("{answered}: {}", shortened(message, FOR_PEOPLE / 2)),
        ),
        None if message.is_empty() => (format!("The backend answered {status} without a message"), answered),
        None => (message.clone(), answered),
    };
    let exit = exit(refusal, error);
    let failure = Failure::new(Code::Backend(code.clone()), what).why(why).exit(exit).status(*status);
    let later_code = refusal.meaning.map(|meaning| meaning.code);
    let failure = Failure { later_code, retry_after: seconds(refusal.retry_after), ..failure };
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

fn exit(refusal: &Refusal, error: &RequestError) -> Exit {
    let repeatable = error.replay == Replay::Always;
    match refusal.meaning().0 {
        // A 401 with another code is the provider refusing its key. The project's key is fine.
        401 if is_about_the_api_key(refusal) => Exit::NotAuthenticated,
        403 => Exit::Denied,
        404 => Exit::NotFound,
        400 if names_unknown_object(refusal) => Exit::NotFound,
        429 => Exit::TryAgain,
        408 if repeatable => Exit::TryAgain,
        status if repeatable && is_out_of_reach(status) => Exit::TryAgain,
        500 if repeatable && names_a_connection_timeout(&refusal.message) => Exit::TryAgain,
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
                Self::command("check the id, or run", command(&["sync"]), " to update the mirror")
            }
            (400, "UPSTREAM_FAILURE") => Self::text(
                "the provider refuses the request; change what the message names, and use --dry-run to see the request",
            ),
            (402, _) => Self::text(remedy_of("PAYMENT_METHOD_DECLINED")?),
            (404, "PAYMENT_CONFIG_NOT_FOUND") => {
                Self::command("run", command(&["config"]), " to see which keys are configured")
            }
            (404, _) => Self::command("check the id, or run", command(&["sync"]), " to update the mirror"),
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
