//! How the backend says no.

use serde_json::{Value, json};

use crate::backend::Answer;
use crate::stripe;

/// An error of the backend's: status, code, message, and what it advises.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
    next_actions: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), next_actions: None }
    }

    pub(super) fn advising(mut self, next_actions: impl Into<String>) -> Self {
        self.next_actions = Some(next_actions.into());
        self
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "INVALID_INPUT", message)
    }

    pub(super) fn no_endpoint(target: &str) -> Self {
        Self::new(404, "NOT_FOUND", format!("Endpoint {target} not found"))
            .advising("Please check the API documentation for available endpoints")
    }

    pub(super) fn needs_user(what: &str) -> Self {
        Self::new(401, "AUTH_INVALID_CREDENTIALS", format!("{what} requires a user token"))
    }

    pub(super) fn into_answer(self) -> Answer {
        let mut body = json!({"error": self.code, "message": self.message, "statusCode": self.status});
        if let (Some(next_actions), Value::Object(fields)) = (self.next_actions, &mut body) {
            fields.insert("nextActions".to_owned(), next_actions.into());
        }
        Answer { status: self.status, body: Some(body) }
    }
}

/// What Stripe refuses reaches the caller with Stripe's own words and, mostly, status.
impl From<stripe::Refusal> for Refusal {
    fn from(refusal: stripe::Refusal) -> Self {
        let code = match refusal.status {
            401 | 403 => "PAYMENT_CONFIG_INVALID",
            402 => "PAYMENT_METHOD_DECLINED",
            429 => "RATE_LIMITED",
            _ => "UPSTREAM_FAILURE",
        };
        Self::new(refusal.status, code, refusal.message)
    }
}

/// The backend's answer when it does not know what happened to it, and what to do about it where that is known.
pub(crate) fn internal_error(message: &str) -> Answer {
    Refusal::new(500, "INTERNAL_ERROR", message).into_answer()
}
