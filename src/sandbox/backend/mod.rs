//! The backend's payments API as a function: what the sandbox knows and a request come in, an answer goes out, and
//! nothing here reads a clock, a file or a socket. It answers as the recorded backends did, word for word.

mod auth;
mod catalog;
mod config;
mod form;
mod json;
mod lists;
mod older;
mod refusal;
mod route;
mod rows;
mod sync;

use serde_json::{Map, Value, json};

use crate::sandbox::backend::form::Form;
use crate::sandbox::backend::refusal::Refusal;
use crate::sandbox::backend::route::{Action, Route};
use crate::sandbox::state::State;
use crate::wire::{Environment, Generation};

pub(super) use json::parse_json;
pub(super) use refusal::internal_error;

/// What a request comes to.
pub(super) struct Request {
    pub(super) method: String,
    /// Path and query, as they came.
    pub(super) target: String,
    pub(super) authorization: Option<String>,
    pub(super) api_key: Option<String>,
    /// The JSON body; an empty object where there is none.
    pub(super) body: Value,
}

/// What a request does, found out before it does it.
pub(super) struct Meaning {
    request: Request,
    route: Option<Route>,
    generation: Generation,
}

/// Where and when a request is answered.
pub(super) struct World<'a> {
    pub(super) generation: Generation,
    /// The backend's own address, as Stripe is told of it.
    pub(super) base_url: &'a str,
    /// Now, as the backend writes moments.
    pub(super) now: &'a str,
}

/// What goes back.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Nothing for what has no body.
    pub(super) body: Option<Value>,
}

impl Meaning {
    pub(super) fn of(request: Request, generation: Generation) -> Self {
        Self { route: Route::find(&request.method, &request.target, generation), request, generation }
    }

    /// It can change something.
    pub(super) fn writes(&self) -> bool {
        !matches!(self.request.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }

    /// The environments that wait for each other: a backend does one write or sync at a time in each.
    pub(super) fn locks(&self) -> Vec<Environment> {
        match &self.route {
            Some(Route::SyncAll) => Environment::ALL.to_vec(),
            Some(Route::In { environment, .. }) if self.writes() => {
                Environment::named(environment).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// Does it.
    pub(super) fn answer(&self, state: &mut State, world: &World) -> Answer {
        let outcome = match &self.route {
            _ if self.request.method == "OPTIONS" => return Answer { status: 204, body: None },
            Some(route) => self.act(route, state, world),
            None => Err(Refusal::no_endpoint(&self.request.target)),
        };
        match outcome {
            Ok((status, body)) => {
                let body = match self.generation {
                    Generation::Newer => body,
                    Generation::Older => older::renamed(body),
                };
                Answer { status, body: Some(body) }
            }
            Err(refusal) => refusal.into_answer(),
        }
    }

    fn act(&self, route: &Route, state: &mut State, world: &World) -> Result<(u16, Value), Refusal> {
        match route {
            Route::Health => {}
            Route::In { action: Action::UserSession(_), .. } => auth::user(&self.request)?,
            _ => auth::admin(&self.request)?,
        }
        match route {
            Route::Health => Ok((200, health(world))),
            Route::Status => Ok((200, config::status(state))),
            Route::Config => Ok((200, config::config(state))),
            Route::SyncAll => Ok((200, sync::sync(state, world, &Environment::ALL))),
            Route::In { environment, action } => {
                Scene { state, world, environment, request: &self.request }.act(action)
            }
        }
    }
}

/// A request in an environment, with everything that it needs.
struct Scene<'a> {
    state: &'a mut State,
    world: &'a World<'a>,
    environment: &'a str,
    request: &'a Request,
}

impl Scene<'_> {
    fn act(&mut self, action: &Action) -> Result<(u16, Value), Refusal> {
        let ok = |body| Ok((200, body));
        match action {
            Action::SetKey => ok(self.set_key()?),
            Action::RemoveKey => ok(self.remove_key()?),
            Action::Sync => ok(sync::sync(self.state, self.world, &[self.environment()?])),
            Action::ConfigureWebhook => ok(self.configure_webhook()?),
            Action::Catalog => ok(self.catalog()?),
            Action::Products => ok(self.products()?),
            Action::Product(id) => ok(self.product(id)?),
            Action::CreateProduct => Ok((201, self.create_product()?)),
            Action::UpdateProduct(id) => ok(self.update_product(id)?),
            Action::DeleteProduct(id) => ok(self.delete_product(id)?),
            Action::Prices => ok(self.prices()?),
            Action::Price(id) => ok(self.price(id)?),
            Action::CreatePrice => Ok((201, self.create_price()?)),
            Action::UpdatePrice(id) => ok(self.update_price(id)?),
            Action::ArchivePrice(id) => ok(self.archive_price(id)?),
            Action::Customers => ok(self.customers()?),
            Action::Subscriptions => ok(self.subscriptions()?),
            Action::Transactions => ok(self.transactions()?),
            Action::UserSession(what) => self.environment().and_then(|_| Err(Refusal::needs_user(what))),
            Action::Nothing => Err(Refusal::no_endpoint(&self.request.target)),
        }
    }

    fn generation(&self) -> Generation {
        self.world.generation
    }

    /// The body, as a form to be read.
    fn form(&self) -> Result<Form<'_>, Refusal> {
        Form::of(&self.request.body, self.generation())
    }

    fn environment(&self) -> Result<Environment, Refusal> {
        route::checked_environment(self.environment)
    }
}

fn health(world: &World) -> Value {
    let version = match world.generation {
        Generation::Newer => "2.3.1",
        Generation::Older => "2.2.0",
    };
    json!({
        "status": "ok",
        "version": version,
        "service": "Insforge OSS Backend",
        "timestamp": world.now,
    })
}

/// The query's parameters; one that comes more than once is a list.
fn query(target: &str) -> Map<String, Value> {
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
