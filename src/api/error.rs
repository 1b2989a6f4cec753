//! What a refusal means: the backend's error body, or the lack of any answer, as a [`Failure`].

use std::time::Duration;

use serde_json::Value;

use crate::api::call::{Method, Provider, Route};
use crate::api::client::{Client, Endpoint, Limits};
use crate::api::exchange::{Answer, Request, innermost, is_out_of_reach, leaves_open};
use crate::api::http::Broken;
use crate::api::retry::{Outcome, Replay, names_a_connection_timeout};
use crate::error::{Code, Exit, Failure, remedy_of};

/// The backend's error body: `{error, message, statusCode, nextActions?}`.
#[derive(Debug, Default)]
pub(crate) struct ApiError {
    status: u16,
    code: Option<String>,
    message: Option<String>,
    /// A ready-made hint.
    next_actions: Option<String>,
    retry_after: Option<Duration>,
    /// The provider to which the backend's connection broke.
    lost: Option<&'static Provider>,
}

impl ApiError {
    /// Reads an answer that is no success; one that is not the backend's JSON has a status and nothing else.
    pub(crate) fn read(answer: &Answer, request: Request<'_>) -> Self {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |name: &str| {
            let text = body.get(name)?.as_str()?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let message = text("message");
        let provider = request.route.map(Route::provider);
        let lost = provider.filter(|provider| {
            let said = message.as_deref().zip(provider.lost);
            answer.status == 500 && said.is_some_and(|(message, lost)| message.contains(lost))
        });
        Self {
            status: answer.status,
            code: text("error"),
            message,
            lost,
            next_actions: text("nextActions"),
            retry_after: answer.retry_after,
        }
    }

    /// For the replay policy.
    pub(crate) fn outcome(&self) -> Outcome<'_> {
        Outcome::Refused {
            // What it means is what a 502 says where the backend knows it.
            status: if self.lost.is_some() { 502 } else { self.status },
            code: self.code.as_deref(),
            message: self.message.as_deref().unwrap_or_default(),
            retry_after: self.retry_after,
        }
    }

    /// A 404 that may be about the route: the plain code that routes and, before 2.1.8, things share, or the HTML
    /// of a production image.
    pub(crate) fn may_be_about_the_route(&self) -> bool {
        self.status == 404 && self.code.as_deref().is_none_or(|code| code == "NOT_FOUND")
    }

    /// As the user and a script see it.
    pub(crate) fn into_failure(self, request: Request<'_>, client: &Client) -> Failure {
        // Whatever was sent in secret and comes back in what it says.
        let masked = |text: String| client.trace().masked(text);
        let (message, next_actions) = (self.message.map(masked), self.next_actions.map(masked));
        let this = Self { message, next_actions, ..self };
        let status = this.status;
        let code = this.code.clone().unwrap_or_else(|| format!("HTTP_{status}"));
        let answered = format!("{request} answered {status} {code}");
        let message = this.message.as_deref();
        let (what, why) = if let Some(provider) = this.lost {
            let said = message.unwrap_or_default();
            (format!("The backend lost its connection to {}", provider.name), format!("{answered}: {said}"))
        } else {
            let silent = || format!("The backend answered {status} without saying why");
            (message.map_or_else(silent, str::to_owned), answered)
        };
        if leaves_open(status) && request.replay == Replay::IfNotSent {
            return outcome_unknown(&what).why(why).status(status);
        }
        let mut failure =
            Failure::new(Code::Backend(code), what).why(why).exit(this.exit(request)).status(status);
        failure.hint = this.hint(request, client);
        failure
    }

    fn exit(&self, request: Request<'_>) -> Exit {
        let repeatable = request.replay == Replay::Always;
        let message = self.message.as_deref().unwrap_or_default();
        match self.status {
            // A 401 with another code is Stripe refusing its key: the caller's own is fine.
            401 if self.is_about_the_key() => Exit::NotAuthenticated,
            403 => Exit::Denied,
            404 => Exit::NotFound,
            429 => Exit::TryAgain,
            status if repeatable && (status == 408 || is_out_of_reach(status)) => Exit::TryAgain,
            500 if repeatable && self.lost.is_some() => Exit::TryAgain,
            500 if repeatable && names_a_connection_timeout(message) => Exit::TryAgain,
            _ => Exit::Failed,
        }
    }

    /// It is about the project's API key, not about the provider's.
    fn is_about_the_key(&self) -> bool {
        self.code.as_deref().is_some_and(|code| code.starts_with("AUTH_"))
    }

    /// The backend accepted the same key a moment ago, and answers so when it is overloaded (CONTRACT: Load).
    fn is_a_false_401(&self, client: &Client) -> bool {
        self.status == 401 && client.key_accepted() && self.code.as_deref() == Some("AUTH_INVALID_API_KEY")
    }

    fn hint(&self, request: Request<'_>, client: &Client) -> Option<String> {
        let own = self.own_hint(request, client);
        if self.is_a_false_401(client) {
            // The backend's own hint is about the key, which is not to blame.
            return own;
        }
        match (&self.next_actions, own) {
            (Some(next), Some(own)) if self.status == 401 => {
                Some(format!("{}; {own}", next.trim_end_matches('.')))
            }
            (Some(next), _) => Some(next.clone()),
            (None, own) => own,
        }
    }

    /// What to do now, by status and code (CONTRACT: Errors).
    fn own_hint(&self, request: Request<'_>, client: &Client) -> Option<String> {
        let commands = request.route.map_or("insforge payments", |route| route.provider().commands);
        let config_set = request.route.map(Route::config_set).unwrap_or_default();
        let source = || format!("the key comes from {}", client.endpoint().key_source);
        let hint = match (self.status, self.code.as_deref().unwrap_or_default()) {
            (401, _) if self.is_a_false_401(client) => {
                "the backend accepted this key a moment ago, and answers so when it is overloaded; wait a moment, \
                 then run it again"
            }
            (401, _) if self.is_about_the_key() => return Some(source()),
            (403, _) if self.is_about_the_key() => {
                return Some(format!("use the project's admin API key (ik_…); {}", source()));
            }
            (401, _) => {
                return Some(format!(
                    "the provider refuses the key that it was given; `{config_set}` gives the backend another"
                ));
            }
            (403, _) => {
                return Some(format!(
                    "the provider's key lacks this permission; give the backend one that has it with `{config_set}`"
                ));
            }
            (400, "PAYMENT_CONFIG_INVALID" | "PAYMENT_CONFIG_NOT_FOUND") => {
                return Some(format!("give the backend the provider's key with `{config_set}`"));
            }
            (400, code @ "INVALID_INPUT") if request.method != Method::Get => remedy_of(code)?,
            (402, _) => remedy_of("PAYMENT_METHOD_DECLINED")?,
            (404, "PAYMENT_CONFIG_NOT_FOUND") => {
                return Some(format!("`{commands} config` shows which keys there are"));
            }
            (404, _) => {
                return Some(format!(
                    "look at the list for its id; `{commands} sync` brings the mirror up to date"
                ));
            }
            (409, _) => "the provider is at work on the same object; wait a moment, then run it again",
            (429, _) => match self.retry_after {
                Some(wait) if !wait.is_zero() => {
                    return Some(format!("wait {} s, then run it again", wait.as_secs()));
                }
                _ => remedy_of("RATE_LIMITED")?,
            },
            (500, _) if self.lost.is_some() => "the provider is out of reach; try again in a moment",
            (500, _) if self.exit(request) == Exit::TryAgain => {
                "the backend is overloaded; wait a moment, then run it again"
            }
            (500, _) => remedy_of("INTERNAL_ERROR")?,
            (status, _) if is_out_of_reach(status) => {
                "the backend or the provider is out of reach; try again in a moment"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// A write of which nobody can tell whether it was done.
pub(crate) fn outcome_unknown(what: &str) -> Failure {
    let what = what.trim_end_matches('.');
    Failure::new(Code::OutcomeUnknown, format!("{what}; whether it was done is unknown"))
}

/// A success whose body makes no sense: the thing was done, or something between here and the backend answered.
pub(crate) fn invalid_response(why: String, request: Request<'_>, endpoint: &Endpoint) -> Failure {
    let what = "The backend's answer makes no sense";
    if request.replay == Replay::IfNotSent {
        return outcome_unknown(what).why(why);
    }
    let hint = format!("check that {} is an InsForge backend", endpoint.address);
    Failure::new(Code::ResponseInvalid, what).why(why).hint(hint)
}

/// A request without a whole answer, as the user and a script see it.
pub(crate) fn of_transport(
    broken: Broken,
    request: Request<'_>,
    endpoint: &Endpoint,
    limits: Limits,
) -> Failure {
    let address = &endpoint.address;
    let (code, what, why, arrived, hint) = match broken {
        Broken::Transport(error) if error.is_connect() => (
            Code::Unreachable,
            format!("Cannot reach {address}"),
            innermost(&error),
            false,
            if innermost(&error).to_ascii_lowercase().contains("certificate") {
                "if the certificate is your own, name its CA's file with SSL_CERT_FILE"
            } else {
                "check the address, the network and the proxy (HTTPS_PROXY), then run it again"
            },
        ),
        Broken::Transport(error) => (
            Code::Unreachable,
            format!("The connection to {address} broke before the answer was complete"),
            innermost(&error),
            true,
            "run it again",
        ),
        Broken::Deadline => (
            Code::TimedOut,
            format!("{address} did not answer in time"),
            format!("{request} had no whole answer when the deadline of {} passed", seconds(limits.deadline)),
            true,
            "give it longer with --timeout, or run it again",
        ),
        Broken::Final(failure) => return failure,
    };
    if arrived && request.replay == Replay::IfNotSent {
        return outcome_unknown(&what).why(why);
    }
    Failure::new(code, what).why(why).hint(hint)
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
