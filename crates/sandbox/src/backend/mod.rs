//! The backend's payments API as a pure function: the state and a request produce a response. Nothing here reads the
//! clock, a file or a socket. The responses match the recordings of real backends byte for byte.

mod api_error;
mod auth;
mod json;
mod lists;
mod older;
mod razorpay;
mod route;
mod rows;
mod stripe;
mod validate;

use serde_json::{Map, Value, json};

use crate::backend::api_error::ApiError;
use crate::backend::lists::Ledger;
use crate::backend::razorpay::RazorpayApi;
use crate::backend::route::{EnvironmentAction, ProviderRoute, Route};
use crate::backend::stripe::StripeApi;
use crate::backend::validate::Validator;
use crate::environment::Environment;
use crate::generation::Generation;
use crate::state::State;

pub(crate) use api_error::{host_not_allowed, internal_error};
pub(crate) use json::parse_json;

/// The parts of an HTTP request that the backend reads.
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path and query, unchanged.
    pub(crate) target: String,
    pub(crate) authorization: Option<String>,
    pub(crate) api_key: Option<String>,
    /// The JSON body; an empty object if there is none.
    pub(crate) body: Value,
}

/// A request and its route.
pub(crate) struct ParsedRequest {
    request: Request,
    route: Option<Route>,
    generation: Generation,
}

/// The backend's settings and the time of the request.
pub(crate) struct Context<'a> {
    pub(crate) generation: Generation,
    /// The backend's own address, at which providers send webhooks.
    pub(crate) base_url: &'a str,
    /// The current time in the backend's format.
    pub(crate) now: &'a str,
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

    fn locked_environments<A>(&self, route: &ProviderRoute<A>) -> impl Iterator<Item = Environment> + use<A> {
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
            Some(route) => self.run(route, state, context),
            None => Err(ApiError::endpoint_not_found(&self.request.target)),
        };
        match result {
            Ok((status, body)) => {
                let body = match self.generation {
                    Generation::Newer => body,
                    Generation::Older => older::rename_fields(body),
                };
                Response { status, body: Some(body) }
            }
            Err(error) => error.into_response(),
        }
    }

    fn run(&self, route: &Route, state: &mut State, context: &Context) -> Result<(u16, Value), ApiError> {
        match route {
            Route::Health => Ok((200, health(context))),
            Route::Stripe(route) => self.run_provider::<StripeApi>(route, state, context),
            Route::Razorpay(route) => self.run_provider::<RazorpayApi>(route, state, context),
        }
    }

    /// Checks the credentials, and runs the request.
    fn run_provider<P: ProviderApi>(
        &self,
        route: &ProviderRoute<P::Action>,
        state: &mut State,
        context: &Context,
    ) -> Result<(u16, Value), ApiError> {
        match route {
            ProviderRoute::Environment { action: EnvironmentAction::UserOnly(_), .. } => {
                auth::require_user(&self.request)?;
            }
            _ => auth::require_admin(&self.request)?,
        }
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
    /// The provider's own actions in an environment.
    type Action;

    fn status(state: &State) -> Value;
    fn config(state: &State) -> Value;
    fn sync(state: &mut State, context: &Context, environments: &[Environment]) -> Value;
    fn ledger(state: &State, environment: Environment) -> Ledger<'_>;
    /// Runs an action. Returns the status and the body.
    fn run(handler: &mut Handler, action: &Self::Action) -> Result<(u16, Value), ApiError>;
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
        action: &EnvironmentAction<P::Action>,
    ) -> Result<(u16, Value), ApiError> {
        match action {
            EnvironmentAction::Provider(action) => P::run(self, action),
            EnvironmentAction::Sync => Ok((200, P::sync(self.state, self.context, &[self.environment()?]))),
            EnvironmentAction::Customers => Ok((200, self.customers::<P>()?)),
            EnvironmentAction::Transactions => Ok((200, self.transactions::<P>()?)),
            EnvironmentAction::UserOnly(what) => {
                self.environment().and_then(|_| Err(ApiError::user_token_required(what)))
            }
            EnvironmentAction::NotFound => Err(ApiError::endpoint_not_found(&self.request.target)),
        }
    }

    fn generation(&self) -> Generation {
        self.context.generation
    }

    /// A validator for the body.
    fn body(&self) -> Result<Validator<'_>, ApiError> {
        Validator::new(&self.request.body, self.generation())
    }

    fn environment(&self) -> Result<Environment, ApiError> {
        route::parse_environment(self.environment)
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
