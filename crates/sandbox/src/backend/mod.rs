//! The backend's payments API as a pure function: the state and a request produce a response. Nothing here reads the
//! clock, a file or a socket. The responses match the recordings of real backends byte for byte.

mod api_error;
mod auth;
mod integers;
mod json;
mod lists;
mod older;
mod razorpay;
mod route;
mod rows;
mod secrets;
mod stripe;
mod tables;
mod validate;
mod webhooks;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::backend::api_error::ApiError;
use crate::backend::auth::Caller;
use crate::backend::lists::Ledger;
use crate::backend::razorpay::RazorpayApi;
use crate::backend::route::{EnvironmentAction, ProviderRoute, Route};
use crate::backend::stripe::StripeApi;
use crate::backend::validate::Validator;
use crate::environment::Environment;
use crate::faults::EventFault;
use crate::generation::Generation;
use crate::state::State;
use crate::token::{self, ANON_KEY};

pub(crate) use api_error::{host_not_allowed, internal_error};
pub(crate) use json::parse_json;
pub(crate) use tables::tables;

/// How long the anonymous token of older backends is valid.
const ANON_TOKEN_LIFETIME: std::time::Duration = std::time::Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Whether this is one of the routes under `/sandbox`. No backend has them, so neither web pages nor faults affect them.
pub(crate) fn is_control(target: &str) -> bool {
    // They do not depend on the method or on the generation.
    Route::find("GET", target, Generation::Newer) == Some(Route::Control)
}

/// The parts of an HTTP request that the backend reads.
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path and query, unchanged.
    pub(crate) target: String,
    /// By name in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    /// The JSON body; an empty object if there is none. Webhooks are not parsed, because their signature is checked first.
    pub(crate) json: Value,
    /// The body as it was sent.
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A request whose body is not parsed yet.
    pub(crate) fn new(method: &str, target: &str, headers: BTreeMap<String, String>, body: Vec<u8>) -> Self {
        Self { method: method.to_owned(), target: target.to_owned(), headers, json: json!({}), body }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// A request and its route.
pub(crate) struct ParsedRequest {
    request: Request,
    route: Option<Route>,
    generation: Generation,
}

/// The backend's settings and the time of the request.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) generation: Generation,
    /// The backend's own address, at which providers send webhooks.
    pub(crate) base_url: &'a str,
    /// The sandbox's time in the backend's format.
    pub(crate) now: &'a str,
    /// The real time, at which other programs make tokens and signatures.
    pub(crate) real_now: Timestamp,
    /// Decides what a fault does to an event of this type.
    pub(crate) event_fault: &'a dyn Fn(&str) -> EventFault,
}

/// The backend's response.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
}

impl Response {
    /// A response without a body.
    pub(crate) const fn empty(status: u16) -> Self {
        Self { status, body: None }
    }
}

impl ParsedRequest {
    pub(crate) fn new(request: Request, generation: Generation) -> Self {
        Self { route: Route::find(&request.method, &request.target, generation), request, generation }
    }

    /// Parses the body, which needs many times the memory, so it is done last. The error is the response to a body that is not
    /// JSON.
    pub(crate) fn parse_body(&mut self) -> Result<(), Response> {
        let is_webhook = matches!(self.route, Some(Route::Webhook { .. }));
        if !is_webhook && !self.request.body.is_empty() {
            self.request.json = parse_json(&self.request.body)?;
        }
        Ok(())
    }

    /// Whether the request can change the state.
    pub(crate) fn is_write(&self) -> bool {
        let is_read = matches!(self.request.method.as_str(), "GET" | "HEAD" | "OPTIONS");
        !is_read || self.route.as_ref().is_some_and(Route::is_get_that_writes)
    }

    /// The locks to hold: the backend runs one write or sync at a time in each environment of a provider.
    pub(crate) fn locks(&self) -> Vec<EnvironmentLock> {
        match &self.route {
            Some(Route::Stripe(route)) => {
                self.locked_environments(route).map(EnvironmentLock::stripe).collect()
            }
            Some(Route::Razorpay(route)) => {
                self.locked_environments(route).map(EnvironmentLock::razorpay).collect()
            }
            _ => Vec::new(),
        }
    }

    fn locked_environments<A, R>(
        &self,
        route: &ProviderRoute<A, R>,
    ) -> impl Iterator<Item = Environment> + use<A, R> {
        // `None` locks all environments, and an empty name locks none.
        let name = match route {
            ProviderRoute::SyncAll => None,
            ProviderRoute::Environment { name, .. } if self.is_write() => Some(name.as_str()),
            _ => Some(""),
        };
        let all = Environment::ALL.into_iter();
        let locked: Vec<_> =
            all.filter(|environment| name.is_none_or(|name| name == environment.as_str())).collect();
        locked.into_iter()
    }

    /// Runs the request.
    pub(crate) fn respond(&self, state: &mut State, context: &Context) -> Response {
        let result = match &self.route {
            _ if self.request.method == "OPTIONS" => return Response::empty(204),
            Some(Route::Webhook { provider, environment }) => {
                return webhooks::receive(&self.request, *provider, environment, state, context);
            }
            Some(Route::Control) => return crate::control::respond(&self.request, state, context),
            Some(route) => self.run(route, state, context),
            None => Err(ApiError::endpoint_not_found(&self.request.target)),
        };
        match result {
            Ok((status, body)) => {
                let is_payments = matches!(self.route, Some(Route::Stripe(_) | Route::Razorpay(_)));
                let body = match self.generation {
                    Generation::Older if is_payments => older::rename_fields(body),
                    Generation::Newer | Generation::Older => body,
                };
                Response { status, body: Some(body) }
            }
            Err(error) => error.into_response(),
        }
    }

    fn run(&self, route: &Route, state: &mut State, context: &Context) -> Result<(u16, Value), ApiError> {
        match route {
            Route::Health => Ok((200, health(context))),
            Route::Secrets => secrets::run(&self.request, state, context),
            Route::AnonKey => {
                auth::require_admin(&self.request, context)?;
                Ok((200, json!({"anonKey": ANON_KEY})))
            }
            Route::AnonToken => {
                auth::require_admin(&self.request, context)?;
                let now = context.real_now.as_second();
                let token = token::sign("anonymous", "anon", now, ANON_TOKEN_LIFETIME);
                let message = "Anonymous token generated successfully (never expires)";
                Ok((200, json!({"accessToken": token, "message": message})))
            }
            Route::Webhook { .. } | Route::Control => Err(ApiError::endpoint_not_found(&self.request.target)),
            Route::Stripe(route) => self.run_provider::<StripeApi>(route, state, context),
            Route::Razorpay(route) => self.run_provider::<RazorpayApi>(route, state, context),
        }
    }

    /// Checks the credentials, and runs the request.
    fn run_provider<P: ProviderApi>(
        &self,
        route: &ProviderRoute<P::Action, P::Runtime>,
        state: &mut State,
        context: &Context,
    ) -> Result<(u16, Value), ApiError> {
        if let ProviderRoute::Environment { name, action: EnvironmentAction::Runtime(action) } = route {
            let caller = auth::identify(&self.request, context)?;
            let mut handler = Handler { state, context, environment: name, request: &self.request };
            return P::run_runtime(&mut handler, action, &caller);
        }
        auth::require_admin(&self.request, context)?;
        match route {
            ProviderRoute::Status => Ok((200, P::status(state))),
            ProviderRoute::Config => Ok((200, P::config(state))),
            ProviderRoute::SyncAll => Ok((200, P::sync(state, context, &Environment::ALL))),
            ProviderRoute::Environment { name, action } => {
                Handler { state, context, environment: name, request: &self.request }.run::<P>(action)
            }
        }
    }
}

/// A provider's part of the backend's API. The routes that all providers share are in [`ProviderRoute`].
trait ProviderApi {
    /// The provider's own actions in an environment, for administrators.
    type Action;
    /// The actions in an environment for the application's users.
    type Runtime;

    fn status(state: &State) -> Value;
    fn config(state: &State) -> Value;
    fn sync(state: &mut State, context: &Context, environments: &[Environment]) -> Value;
    fn ledger(state: &State, environment: Environment) -> Ledger<'_>;
    /// Runs an action. Returns the status and the body.
    fn run(handler: &mut Handler, action: &Self::Action) -> Result<(u16, Value), ApiError>;
    /// Runs an action for a user. Returns the status and the body.
    fn run_runtime(
        handler: &mut Handler,
        action: &Self::Runtime,
        caller: &Caller,
    ) -> Result<(u16, Value), ApiError>;
}

/// A lock for the writes and syncs of one environment of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EnvironmentLock {
    StripeTest,
    StripeLive,
    RazorpayTest,
    RazorpayLive,
}

impl EnvironmentLock {
    /// The number of locks.
    pub(crate) const COUNT: usize = 4;

    const fn stripe(environment: Environment) -> Self {
        match environment {
            Environment::Test => Self::StripeTest,
            Environment::Live => Self::StripeLive,
        }
    }

    const fn razorpay(environment: Environment) -> Self {
        match environment {
            Environment::Test => Self::RazorpayTest,
            Environment::Live => Self::RazorpayLive,
        }
    }
}

/// Handles one request in an environment.
struct Handler<'a> {
    state: &'a mut State,
    context: &'a Context<'a>,
    /// The environment's name from the path, which may be invalid.
    environment: &'a str,
    request: &'a Request,
}

impl Handler<'_> {
    fn run<P: ProviderApi>(
        &mut self,
        action: &EnvironmentAction<P::Action, P::Runtime>,
    ) -> Result<(u16, Value), ApiError> {
        match action {
            EnvironmentAction::Provider(action) => P::run(self, action),
            EnvironmentAction::Sync => Ok((200, P::sync(self.state, self.context, &[self.environment()?]))),
            EnvironmentAction::Customers => Ok((200, self.customers::<P>()?)),
            EnvironmentAction::Transactions => Ok((200, self.transactions::<P>()?)),
            EnvironmentAction::Runtime(_) | EnvironmentAction::NotFound => {
                Err(ApiError::endpoint_not_found(&self.request.target))
            }
        }
    }

    fn generation(&self) -> Generation {
        self.context.generation
    }

    /// A validator for the body.
    fn body(&self) -> Result<Validator<'_>, ApiError> {
        Validator::new(&self.request.json, self.generation())
    }

    fn environment(&self) -> Result<Environment, ApiError> {
        route::parse_environment(self.environment)
    }
}

/// Requires the API key. The error is the response to a request without it.
pub(crate) fn require_api_key(request: &Request, context: &Context) -> Result<(), Response> {
    match auth::identify(request, context).map_err(ApiError::into_response)? {
        Caller::ApiKey => Ok(()),
        Caller::Anonymous | Caller::User { .. } => {
            Err(ApiError::new(403, "FORBIDDEN", "The API key is required").into_response())
        }
    }
}

fn health(context: &Context) -> Value {
    json!({
        "status": "ok",
        "version": context.generation.backend_version(),
        "service": "Insforge OSS Backend",
        "timestamp": context.now,
    })
}

/// Parses the query parameters. A repeated parameter becomes a list.
fn parse_query(target: &str) -> Map<String, Value> {
    let mut fields: Map<String, Value> = Map::new();
    let (_, query) = target.split_once('?').unwrap_or((target, ""));
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let value = Value::String(value.into_owned());
        match fields.get_mut(name.as_ref()) {
            None => {
                fields.insert(name.into_owned(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    fields
}
