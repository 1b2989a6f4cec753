#![doc = include_str!("../README.md")]
// `json!` calls itself for every token, and Stripe's objects have many fields.
#![recursion_limit = "512"]

mod backend;
mod client_stream;
mod control;
mod delayed;
mod delivery;
mod environment;
mod error;
mod faults;
mod file;
mod forward;
mod generation;
mod host;
mod http;
mod options;
mod patch;
mod provider;
mod provider_faults;
mod razorpay;
mod request_body;
mod response;
mod seed;
mod signature;
mod sleep;
mod state;
mod store;
mod stripe;
mod token;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

pub use control::{Card, ControlError};
pub use error::Error;
pub use faults::{Fault, FaultError};
pub use forward::{ForwardUrl, ForwardUrlError};
pub use generation::{Generation, UnknownGeneration};
pub use host::{Host, HostError};
pub use options::Options;
pub use token::{ANON_KEY, JWT_SECRET};

use crate::backend::Context;
use crate::control::Action;
use crate::http::Server;
use crate::state::State;

/// The version of this package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The API key that every sandbox accepts. It is not a secret.
pub const API_KEY: &str = "ik_sandbox";

/// A made-up public address for [`Options::public_url`], so that Stripe accepts the backend's webhook endpoint.
pub const PUBLIC_URL: &str = "https://shop.us-east.insforge.example";

/// A signed token of a user of the application, which every sandbox accepts. The user is a UUID, and the role usually
/// `authenticated`, or `project_admin` for an administrator.
pub fn token(user: &str, role: &str, lifetime: Duration) -> String {
    token::sign(user, role, jiff::Timestamp::now().as_second(), lifetime)
}

/// Starts a sandbox with the default [`Options`].
///
/// # Errors
///
/// Returns an error if no port is free.
pub fn spawn() -> Result<Sandbox, Error> {
    Options::new().spawn()
}

/// A running sandbox. It stops when this is dropped.
pub struct Sandbox {
    address: SocketAddr,
    url: String,
    server: Arc<Server>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// The base URL, `http://127.0.0.1:…`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The API key to use: [`API_KEY`].
    pub fn api_key(&self) -> &'static str {
        API_KEY
    }

    /// The text of each fault that no request or event has matched so far.
    pub fn unused_faults(&self) -> Vec<String> {
        self.server.faults.lock().unwrap_or_else(PoisonError::into_inner).unused()
    }

    /// Changes something at Stripe without the backend. Only for this project's tests.
    #[doc(hidden)]
    pub fn change_stripe(&self, event: serde_json::Value) -> Result<(), String> {
        let event = serde_json::from_value(event).map_err(|error| error.to_string())?;
        self.change_state(|state| state.change_stripe(event))
    }

    /// Changes something at Razorpay without the backend. Only for this project's tests.
    #[doc(hidden)]
    pub fn change_razorpay(&self, event: serde_json::Value) -> Result<(), String> {
        let event = serde_json::from_value(event).map_err(|error| error.to_string())?;
        self.change_state(|state| state.change_razorpay(event))
    }

    /// The rows of each table of the `payments` schema. Only for this project's tests.
    #[doc(hidden)]
    pub fn tables(&self) -> Result<serde_json::Value, String> {
        let tables =
            self.server.with_state(false, |state, context| backend::tables(state, context.generation));
        tables.map(|tables| serde_json::json!(tables)).map_err(|error| error.to_string())
    }

    /// A token of a user of the application, valid for an hour. The user is a UUID.
    pub fn token(&self, user: &str) -> String {
        token(user, "authenticated", Duration::from_secs(60 * 60))
    }

    /// Pays a checkout session, an order, or the open invoice of a subscription, and delivers the events that follow.
    ///
    /// # Errors
    ///
    /// Returns an error if nothing has this id, or if it cannot be paid, for example because it is already paid. A payment
    /// that `card` declines is not an error. A state file that cannot be used is an error, too.
    pub fn pay(&self, id: &str, card: Card) -> Result<(), ControlError> {
        self.act(|_, _| Ok(Action::Pay { id: id.to_owned(), card }))
    }

    /// Refunds a payment of Stripe or Razorpay, and delivers the events that follow. `amount` is in the currency's smallest
    /// unit; without it, all that is left is refunded.
    ///
    /// # Errors
    ///
    /// Returns an error if no payment has this id, if it cannot be refunded, or if the state file cannot be used.
    pub fn refund(&self, payment: &str, amount: Option<u64>) -> Result<(), ControlError> {
        self.act(|_, _| Ok(Action::Refund { payment: payment.to_owned(), amount }))
    }

    /// Cancels a subscription now, or at the end of its period, and delivers the events that follow.
    ///
    /// # Errors
    ///
    /// Returns an error if no subscription has this id, if it has already ended, or if the state file cannot be used.
    pub fn cancel(&self, subscription: &str, at_period_end: bool) -> Result<(), ControlError> {
        self.act(|_, _| Ok(Action::Cancel { subscription: subscription.to_owned(), at_period_end }))
    }

    /// Moves the sandbox's clock forward, for example by `12mo`, `3d` or `2w`. What is due on the way happens in order:
    /// subscriptions renew, trials end, sessions expire.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not a length of time, if it is longer than 10 years, or if the state file cannot be
    /// used.
    pub fn advance(&self, by: &str) -> Result<(), ControlError> {
        self.act(|state, context| {
            Ok(Action::Advance { to: control::time::after(by, state.clock.now(context.real_now))? })
        })
    }

    fn act(
        &self,
        action: impl FnOnce(&State, &Context) -> Result<Action, ControlError>,
    ) -> Result<(), ControlError> {
        let done = self.server.with_state(true, |state, context| {
            let action = action(state, context)?;
            control::run(state, context, action)
        });
        match done {
            Ok(outcome) => outcome.map(drop),
            Err(error) => Err(ControlError::NotPossible {
                what: "The state cannot be changed".to_owned(),
                why: error.to_string(),
            }),
        }
    }

    fn change_state(&self, change: impl FnOnce(&mut State)) -> Result<(), String> {
        self.server.store.write(change).map_err(|error| error.to_string())
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The server may have stopped already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Deletes the state in a file, so that its next use starts with the sample shop.
///
/// # Errors
///
/// Returns an error if the file cannot be removed. Without `force`, a file that does not look like a state is an error,
/// too.
pub fn reset(path: &Path, force: bool) -> Result<(), Error> {
    store::remove(path, force)
}
