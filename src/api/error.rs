//! What a refusal means: the backend's error body, or the lack of any answer, as a [`Failure`].

use std::time::Duration;

use serde_json::Value;

use crate::api::call::Method;
use crate::api::client::{Answer, Broken, Endpoint, Limits, innermost};
use crate::api::retry::{Outcome, Replay};
use crate::error::{Code, Exit, Failure};

/// The backend's error body: `{error, message, statusCode, nextActions?}`.
#[derive(Debug, Default)]
pub(crate) struct ApiError {
    status: u16,
    code: Option<String>,
    message: Option<String>,
    /// A ready-made hint.
    next_actions: Option<String>,
    retry_after: Option<Duration>,
}

impl ApiError {
    /// Reads an answer that is no success; one that is not the backend's JSON has a status and nothing else.
    pub(crate) fn read(answer: &Answer) -> Self {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |name: &str| {
            let text = body.get(name)?.as_str()?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        Self {
            status: answer.status,
            code: text("error"),
            message: text("message"),
            next_actions: text("nextActions"),
            retry_after: answer.retry_after,
        }
    }

    /// For the replay policy.
    pub(crate) fn outcome(&self) -> Outcome<'_> {
        Outcome::Refused {
            status: self.status,
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
    pub(crate) fn into_failure(
        self,
        method: Method,
        path: &str,
        replay: Replay,
        endpoint: &Endpoint,
    ) -> Failure {
        let exit = self.exit(replay);
        let hint = self.hint(endpoint);
        let status = self.status;
        let code = self.code.unwrap_or_else(|| format!("HTTP_{status}"));
        let what =
            self.message.unwrap_or_else(|| format!("The backend answered {status} without saying why"));
        let mut failure = Failure::new(Code::Backend(code.clone()), what)
            .why(format!("{method} {path} answered {status} {code}"))
            .exit(exit);
        failure.hint = hint;
        failure.status = Some(status);
        failure
    }

    fn exit(&self, replay: Replay) -> Exit {
        match self.status {
            // A 401 with another code is Stripe refusing its key: the caller's own is fine.
            401 if self.is_about_the_key() => Exit::NotAuthenticated,
            403 => Exit::Denied,
            404 => Exit::NotFound,
            429 => Exit::TryAgain,
            408 | 502..=504 if replay == Replay::Always => Exit::TryAgain,
            _ => Exit::Failed,
        }
    }

    /// It is about the project's API key, not about the provider's.
    fn is_about_the_key(&self) -> bool {
        self.code.as_deref().is_some_and(|code| code.starts_with("AUTH_"))
    }

    fn hint(&self, endpoint: &Endpoint) -> Option<String> {
        let source = || format!("the key comes from {}", endpoint.key_source);
        let own = match self.status {
            401 if self.is_about_the_key() => Some(source()),
            403 if self.is_about_the_key() => {
                Some(format!("use the project's admin API key (ik_…); {}", source()))
            }
            401 | 403 => Some("check the provider's key with `insforge payments status`".to_owned()),
            404 => Some(
                "look at the list for its id; `insforge payments sync` brings the mirror up to date"
                    .to_owned(),
            ),
            429 => Some(match self.retry_after {
                Some(wait) => format!("wait {} s, then run it again", wait.as_secs()),
                None => "wait a moment, then run it again".to_owned(),
            }),
            502..=504 => {
                Some("the backend or the provider is out of reach; try again in a moment".to_owned())
            }
            _ => None,
        };
        match (&self.next_actions, own) {
            (Some(next), Some(own)) if self.status == 401 => {
                Some(format!("{}; {own}", next.trim_end_matches('.')))
            }
            (Some(next), _) => Some(next.clone()),
            (None, own) => own,
        }
    }
}

/// A request without a whole answer, as the user and a script see it.
pub(crate) fn of_transport(
    broken: &Broken,
    method: Method,
    path: &str,
    endpoint: &Endpoint,
    limits: Limits,
    replay: Replay,
) -> Failure {
    let address = &endpoint.address;
    let (code, what, why, arrived, hint) = match broken {
        Broken::Transport(error) if error.is_connect() => (
            Code::Unreachable,
            format!("Cannot reach {address}"),
            innermost(error),
            false,
            if innermost(error).to_ascii_lowercase().contains("certificate") {
                "if the certificate is your own, name its CA's file with SSL_CERT_FILE"
            } else {
                "check the address, the network and the proxy (HTTPS_PROXY), then run it again"
            },
        ),
        Broken::Transport(error) => (
            Code::Unreachable,
            format!("The connection to {address} broke before the answer was complete"),
            innermost(error),
            true,
            "run it again",
        ),
        Broken::Deadline => (
            Code::TimedOut,
            format!("{address} did not answer in time"),
            format!(
                "{method} {path} had no whole answer when the deadline of {} passed",
                seconds(limits.deadline)
            ),
            true,
            "give it longer with --timeout, or run it again",
        ),
        Broken::Final(failure) => return failure.clone(),
    };
    if arrived && replay == Replay::IfNotSent {
        return Failure::new(Code::OutcomeUnknown, format!("{what}; whether it was done is unknown"))
            .why(why)
            .hint("look before you run it again: a second time could do it twice");
    }
    Failure::new(code, what).why(why).hint(hint)
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
