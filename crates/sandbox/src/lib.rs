#![doc = include_str!("../README.md")]

mod backend;
mod environment;
mod error;
mod faults;
mod file;
mod generation;
mod http;
mod outage;
mod patch;
mod razorpay;
mod seed;
mod state;
mod store;
mod stripe;
mod wait;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

pub use error::Error;
pub use faults::{Fault, FaultError};
pub use generation::{Generation, UnknownGeneration};

use crate::faults::Faults;
use crate::http::Server;
use crate::state::State;
use crate::store::Store;

/// The API key of every sandbox. It opens nothing else.
pub const API_KEY: &str = "ik_sandbox";

/// Where the backend of a command's own sandbox pretends to be, so that Stripe can reach it.
pub const PUBLIC_URL: &str = "https://shop.us-east.insforge.example";

/// What a sandbox is to be like.
#[derive(Debug, Default)]
pub struct Options {
    generation: Generation,
    state: Option<PathBuf>,
    public_url: Option<String>,
    port: u16,
    faults: Vec<Fault>,
    seed: u64,
    empty: bool,
    log: Option<Log>,
}

impl Options {
    /// A small shop with products, prices, customers, subscriptions and payments; newer routes; a free port; in memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Serves the routes of this generation.
    #[must_use]
    pub fn generation(self, generation: Generation) -> Self {
        Self { generation, ..self }
    }

    /// Keeps its state in this file, which other sandboxes may share.
    #[must_use]
    pub fn state(self, path: impl Into<PathBuf>) -> Self {
        Self { state: Some(path.into()), ..self }
    }

    /// The address under which Stripe would reach the backend. Without one it is the sandbox's own, and Stripe refuses
    /// to send webhooks to a machine that it cannot reach.
    #[must_use]
    pub fn public_url(self, url: impl Into<String>) -> Self {
        Self { public_url: Some(url.into()), ..self }
    }

    /// Listens on this port; 0 is any free one.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Lets something go wrong. Of several faults the first that concerns a request counts, and all delays.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// What chance begins with: the same seed gives the same faults.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Begins with no key and nothing at the providers instead of the small shop.
    #[must_use]
    pub fn empty(self) -> Self {
        Self { empty: true, ..self }
    }

    /// Tells of every request and its status.
    #[must_use]
    pub fn log(self, log: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { log: Some(Log(Box::new(log))), ..self }
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// When the port is taken, or the state file cannot be used: it is then left as it is.
    pub fn spawn(self) -> Result<Sandbox, Error> {
        let empty = self.empty;
        let first = move || if empty { State::empty() } else { seed::shop(jiff::Timestamp::now()) };
        let store = match self.state {
            Some(path) => Store::open(path, first)?,
            None => Store::in_memory(first()),
        };
        let port = self.port;
        let cannot = |source: std::io::Error| Error::Listen { port, source };
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).map_err(cannot)?;
        listener.set_nonblocking(true).map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let url = format!("http://{address}");
        let server = Arc::new(Server {
            store,
            faults: Mutex::new(Faults::new(self.faults, self.seed)),
            generation: self.generation,
            base_url: self.public_url.unwrap_or_else(|| url.clone()),
            log: self.log.map_or_else(|| Box::new(|_: &str| {}) as _, |log| log.0),
            locks: Default::default(),
        });
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
        let running = Arc::clone(&server);
        let thread = std::thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            runtime.block_on(async {
                if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                    running.run(listener, stopped).await;
                }
            });
            // What still waits for a locked file is nobody's any more.
            runtime.shutdown_background();
        });
        let thread = thread.map_err(cannot)?;
        Ok(Sandbox { address, url, server, stop: Some(stop), thread: Some(thread) })
    }
}

/// Somebody who is told of requests.
struct Log(Box<dyn Fn(&str) + Send + Sync>);

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Log")
    }
}

/// Starts a small shop on a free port of this machine: [`Options::new`] and [`Options::spawn`].
///
/// # Errors
///
/// When no port is free.
pub fn spawn() -> Result<Sandbox, Error> {
    Options::new().spawn()
}

/// A sandbox that answers until this is dropped.
pub struct Sandbox {
    address: SocketAddr,
    url: String,
    server: Arc<Server>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Its address, `http://127.0.0.1:…`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The key that it takes.
    pub fn api_key(&self) -> &'static str {
        API_KEY
    }

    /// The faults for which no request has come.
    pub fn unused_faults(&self) -> Vec<String> {
        self.server.faults.lock().unwrap_or_else(std::sync::PoisonError::into_inner).unused()
    }

    /// Lets something happen at Stripe without the backend. Only for this crate's own tests.
    #[doc(hidden)]
    pub fn at_stripe(&self, event: serde_json::Value) -> Result<(), String> {
        let event = serde_json::from_value(event).map_err(|error| error.to_string())?;
        self.happen(|state| state.happen_at_stripe(event))
    }

    /// Lets something happen at Razorpay without the backend. Only for this crate's own tests.
    #[doc(hidden)]
    pub fn at_razorpay(&self, event: serde_json::Value) -> Result<(), String> {
        let event = serde_json::from_value(event).map_err(|error| error.to_string())?;
        self.happen(|state| state.happen_at_razorpay(event))
    }

    fn happen(&self, event: impl FnOnce(&mut State)) -> Result<(), String> {
        self.server.store.write(event).map_err(|failure| failure.to_string())
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
            // It may have ended by itself.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Forgets what is in a state file, whatever it is or only if it looks like a state: its next use begins with the small
/// shop.
pub fn reset(path: &Path, force: bool) -> Result<(), Error> {
    store::remove(path, force)
}
