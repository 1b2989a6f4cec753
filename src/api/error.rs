//! What a refusal means: the backend's error body, or the lack of any answer, as a [`Failure`].

use std::time::Duration;

use serde::Deserialize;

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
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    error: Option<String>,
    message: Option<String>,
    next_actions: Option<String>,
}

impl ApiError {
    /// Reads an answer that is no success; one that is not the backend's JSON has a status and nothing else.
    pub(crate) fn read(answer: &Answer) -> Self {
        let body = serde_json::from_slice(&answer.body).unwrap_or(Body {
            error: None,
            message: None,
            next_actions: None,
        });
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        Self {
            status: answer.status,
            code: given(body.error),
            message: given(body.message),
            next_actions: given(body.next_actions),
        }
    }

    /// For the replay policy.
    pub(crate) fn outcome(&self, retry_after: Option<Duration>) -> Outcome<'_> {
        Outcome::Refused {
            status: self.status,
            code: self.code.as_deref(),
            message: self.message.as_deref().unwrap_or_default(),
            retry_after,
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
            // A 401 PAYMENT_CONFIG_INVALID is Stripe refusing its key: the caller's own is fine.
            401 if !self.is_about_the_provider() => Exit::NotAuthenticated,
            403 => Exit::Denied,
            404 => Exit::NotFound,
            429 => Exit::TryAgain,
            408 | 502..=504 if replay == Replay::Always => Exit::TryAgain,
            _ => Exit::Failed,
        }
    }

    fn is_about_the_provider(&self) -> bool {
        self.code.as_deref().is_some_and(|code| code.starts_with("PAYMENT_"))
    }

    fn hint(&self, endpoint: &Endpoint) -> Option<String> {
        let source = || format!("the key comes from {}", endpoint.key_source);
        let own = match self.status {
            401 | 403 if self.is_about_the_provider() => {
                Some("check the provider's key with `insforge payments status`".to_owned())
            }
            401 => Some(source()),
            403 => Some(format!("use the project's admin API key (ik_…); {}", source())),
            404 => Some(
                "look at the list for its id; `insforge payments sync` brings the mirror up to date"
                    .to_owned(),
            ),
            429 => Some("wait a moment, then run it again".to_owned()),
            502..=504 => {
                Some("the backend or the provider is out of reach; try again in a moment".to_owned())
            }
            _ => None,
        };
        match (&self.next_actions, own) {
            (Some(next), Some(own)) if self.status == 401 => {
                Some(format!("{}; {own}", next.trim().trim_end_matches('.')))
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
                "check the address and the network, then run it again"
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
