//! The routes under `/sandbox`, which the commands use. They need the API key, and no web page can use them.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::backend::{self, Context, Request, Response};
use crate::control::{self, Action, Card, ControlError, EventReport, status, time};
use crate::state::State;

/// How many events are listed if the request has no limit.
const DEFAULT_EVENTS: usize = 50;

/// Responds to a request under `/sandbox`.
pub(crate) fn respond(request: &Request, state: &mut State, context: &Context) -> Response {
    run(request, state, context)
        .map_or_else(|response| response, |body| Response { status: 200, body: Some(body) })
}

fn run(request: &Request, state: &mut State, context: &Context) -> Result<Value, Response> {
    // Browsers send this header with every POST, and with every request to another origin.
    if request.headers.contains_key("origin") {
        return Err(error(403, "FORBIDDEN", "Web pages cannot control the sandbox"));
    }
    backend::require_api_key(request, context)?;
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let name = path.trim_end_matches('/').strip_prefix("/sandbox/").unwrap_or_default();
    let now = state.clock.now(context.real_now);
    let action = match (request.method.as_str(), name) {
        ("GET", "status") => return Ok(json!(status::Status::of(state, context))),
        ("GET", "events") => return events(query, state),
        ("POST", "pay") => read::<Pay>(request)?.action(),
        ("POST", "refund") => read::<Refund>(request)?.action(),
        ("POST", "cancel") => read::<Cancel>(request)?.action(),
        ("POST", "advance") => read::<Advance>(request)?.action(now)?,
        _ => return Err(error(404, "NOT_FOUND", &format!("The sandbox has no route {path}"))),
    };
    Ok(json!(control::run(state, context, action)?))
}

/// The newest events, newest first.
fn events(query: &str, state: &State) -> Result<Value, Response> {
    let mut limit = DEFAULT_EVENTS;
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let number = value.parse().ok().filter(|number| *number > 0 && name == "limit");
        limit = number.ok_or_else(|| invalid(&format!("Invalid parameter {name}={value}")))?;
    }
    let events: Vec<_> = state.events.events.iter().rev().take(limit).map(EventReport::new).collect();
    Ok(json!({"events": events, "total": state.events.events.len()}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Pay {
    id: String,
    #[serde(default)]
    card: Card,
}

impl Pay {
    fn action(self) -> Action {
        Action::Pay { id: self.id, card: self.card }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Refund {
    payment: String,
    amount: Option<u64>,
}

impl Refund {
    fn action(self) -> Action {
        Action::Refund { payment: self.payment, amount: self.amount }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Cancel {
    subscription: String,
    #[serde(default)]
    at_period_end: bool,
}

impl Cancel {
    fn action(self) -> Action {
        Action::Cancel { subscription: self.subscription, at_period_end: self.at_period_end }
    }
}

/// Either a length of time or a date.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Advance {
    by: Option<String>,
    to: Option<String>,
}

impl Advance {
    fn action(self, now: Timestamp) -> Result<Action, Response> {
        let to = match (self.by, self.to) {
            (Some(by), None) => time::after(&by, now)?,
            (None, Some(to)) => time::at(&to, now)?,
            _ => return Err(invalid("Either `by` or `to` is required")),
        };
        Ok(Action::Advance { to })
    }
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, Response> {
    if !request.json.is_object() {
        return Err(invalid("The body must be an object"));
    }
    T::deserialize(&request.json).map_err(|error| invalid(&error.to_string()))
}

fn invalid(message: &str) -> Response {
    error(400, "INVALID_INPUT", message)
}

/// An error with the fields of the backend's errors.
fn error(status: u16, code: &str, message: &str) -> Response {
    let body = json!({"error": code, "message": message, "statusCode": status});
    Response { status, body: Some(body) }
}

impl From<ControlError> for Response {
    fn from(failure: ControlError) -> Self {
        let (status, code) = match failure {
            ControlError::NotFound { .. } => (404, "SANDBOX_NOT_FOUND"),
            ControlError::NotPossible { .. } => (409, "SANDBOX_NOT_POSSIBLE"),
            ControlError::Backward { .. } | ControlError::InvalidTime { .. } => (400, "INVALID_INPUT"),
        };
        error(status, code, &failure.to_string())
    }
}
