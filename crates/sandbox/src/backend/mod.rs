//! The backend's payments API as a function: what the sandbox knows and a request come in, an answer goes out, and
//! nothing here reads a clock, a file or a socket. It answers as the recorded backends did, word for word.

mod auth;
mod form;
mod json;
mod lists;
mod older;
mod razorpay;
mod refusal;
mod route;
mod rows;
mod stripe;

use serde_json::{Map, Value, json};

use crate::backend::form::Form;
use crate::backend::lists::Ledger;
use crate::backend::refusal::Refusal;
use crate::backend::route::{Action, Place, Route};
use crate::environment::Environment;
use crate::generation::Generation;
use crate::state::State;

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
        let reads = matches!(self.request.method.as_str(), "GET" | "HEAD" | "OPTIONS");
        !reads || self.route.as_ref().is_some_and(Route::writes_though_it_reads)
    }

    /// Whom it waits for: a backend does one write or sync at a time in each environment of a provider.
    pub(super) fn locks(&self) -> Vec<Lock> {
        match &self.route {
            Some(Route::Stripe(place)) => self.locked(place).map(Lock::stripe).collect(),
            Some(Route::Razorpay(place)) => self.locked(place).map(Lock::razorpay).collect(),
            _ => Vec::new(),
        }
    }

    fn locked<A>(&self, place: &Place<A>) -> impl Iterator<Item = Environment> + use<A> {
        let word = match place {
            Place::SyncAll => None,
            Place::In { environment, .. } if self.writes() => Some(environment.as_str()),
            _ => Some(""),
        };
        let all = Environment::ALL.into_iter();
        let locked: Vec<_> =
            all.filter(|environment| word.is_none_or(|word| word == environment.as_str())).collect();
        locked.into_iter()
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
            Route::Health => Ok((200, health(world))),
            Route::Stripe(place) => self.enter::<stripe::Stripe>(place, state, world),
            Route::Razorpay(place) => self.enter::<razorpay::Razorpay>(place, state, world),
        }
    }

    /// Lets whoever may into a place, and does there what is asked for.
    fn enter<P: Provider>(
        &self,
        place: &Place<P::Action>,
        state: &mut State,
        world: &World,
    ) -> Result<(u16, Value), Refusal> {
        match place {
            Place::In { action: Action::UserSession(_), .. } => auth::user(&self.request)?,
            _ => auth::admin(&self.request)?,
        }
        match place {
            Place::Status => Ok((200, P::status(state))),
            Place::Config => Ok((200, P::config(state))),
            Place::SyncAll => Ok((200, P::sync(state, world, &Environment::ALL))),
            Place::In { environment, action } => {
                Scene { state, world, environment, request: &self.request }.act::<P>(action)
            }
        }
    }
}

/// A part of the backend's API that is a provider's: the same places, and behind them what differs.
trait Provider {
    /// What an administrator can do in an environment.
    type Action;

    fn status(state: &State) -> Value;
    fn config(state: &State) -> Value;
    fn sync(state: &mut State, world: &World, environments: &[Environment]) -> Value;
    fn ledger(state: &State, environment: Environment) -> Ledger<'_>;
    /// Does it, and answers with a status.
    fn act(scene: &mut Scene, action: &Self::Action) -> Result<(u16, Value), Refusal>;
}

/// What only one request at a time may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lock {
    StripeTest,
    StripeLive,
    RazorpayTest,
    RazorpayLive,
}

impl Lock {
    /// How many there are.
    pub(super) const COUNT: usize = 4;

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

/// A request in an environment, with everything that it needs.
struct Scene<'a> {
    state: &'a mut State,
    world: &'a World<'a>,
    environment: &'a str,
    request: &'a Request,
}

impl Scene<'_> {
    fn act<P: Provider>(&mut self, action: &Action<P::Action>) -> Result<(u16, Value), Refusal> {
        match action {
            Action::Admin(action) => P::act(self, action),
            Action::Sync => Ok((200, P::sync(self.state, self.world, &[self.environment()?]))),
            Action::Customers => Ok((200, self.customers::<P>()?)),
            Action::Transactions => Ok((200, self.transactions::<P>()?)),
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
