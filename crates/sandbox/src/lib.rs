#![doc = include_str!("../README.md")]

mod backend;
mod client_stream;
mod environment;
mod error;
mod faults;
mod file;
mod generation;
mod host;
mod http;
mod patch;
mod provider_faults;
mod razorpay;
mod request_body;
mod response;
mod seed;
mod sleep;
mod state;
mod store;
mod stripe;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

pub use error::Error;
pub use faults::{Fault, FaultError};
pub use generation::{Generation, UnknownGeneration};
pub use host::{Host, HostError};

use crate::faults::FaultInjector;
use crate::http::{Limits, Server, TIME_LIMIT};
use crate::state::State;
use crate::store::Store;

/// The version of this package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The API key that every sandbox accepts. It is not a secret.
pub const API_KEY: &str = "ik_sandbox";

/// A made-up public address for [`Options::public_url`], so that Stripe accepts the backend's webhook endpoint.
pub const PUBLIC_URL: &str = "https://shop.us-east.insforge.example";

/// The limit of threads for requests that wait. The requests themselves run one after the other.
const MAX_THREADS: usize = 16;

/// The settings of a sandbox. [`Options::spawn`] starts it.
#[derive(Debug, Default)]
pub struct Options {
    generation: Generation,
    state_file: Option<PathBuf>,
    public_url: Option<String>,
    allowed_hosts: Vec<Host>,
    port: u16,
    faults: Vec<Fault>,
    seed: u64,
    empty: bool,
    log: Option<LogCallback>,
    time_limit: Option<Duration>,
}

impl Options {
    /// The defaults: the sample shop, the newer routes, any free port, and the state in memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Serves the routes of this backend generation.
    #[must_use]
    pub fn generation(self, generation: Generation) -> Self {
        Self { generation, ..self }
    }

    /// Keeps the state in this file. Several sandboxes can share it.
    #[must_use]
    pub fn state(self, path: impl Into<PathBuf>) -> Self {
        Self { state_file: Some(path.into()), ..self }
    }

    /// Sets the address at which Stripe would reach the backend, such as [`PUBLIC_URL`]. Requests for its host are
    /// accepted.
    ///
    /// The default is the sandbox's own address. It is a loopback address, so Stripe refuses to send webhooks to it.
    #[must_use]
    pub fn public_url(self, url: impl Into<String>) -> Self {
        Self { public_url: Some(url.into()), ..self }
    }

    /// Accepts requests for this host, such as `host.docker.internal`. Can be called several times.
    ///
    /// Requests for other hosts are refused, unless the host is `localhost`, ends in `.localhost`, is a loopback address,
    /// or is the one of [`Options::public_url`]. Otherwise any web page could use the sandbox, by making its own host
    /// name lead to this machine.
    #[must_use]
    pub fn allow_host(mut self, host: Host) -> Self {
        self.allowed_hosts.push(host);
        self
    }

    /// Listens on this port; 0 is any free port.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Adds a fault. If several faults match a request, all their delays apply, and the first other effect.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Seeds the random faults: the same seed gives the same faults.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Starts without provider keys and with empty provider accounts, instead of with the sample shop.
    #[must_use]
    pub fn empty(self) -> Self {
        Self { empty: true, ..self }
    }

    /// Calls `log` with the method, path and status of every request.
    #[must_use]
    pub fn log(self, log: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { log: Some(LogCallback(Box::new(log))), ..self }
    }

    /// Sets how long a client can take for a head or a body. Only for this project's tests.
    #[doc(hidden)]
    #[must_use]
    pub fn time_limit(self, limit: Duration) -> Self {
        Self { time_limit: Some(limit), ..self }
    }

    /// Starts the sandbox on a thread of its own. It listens only on 127.0.0.1.
    ///
    /// # Errors
    ///
    /// Returns an error if the port is taken, or if the state file cannot be used. The file is not changed then.
    pub fn spawn(self) -> Result<Sandbox, Error> {
        let empty = self.empty;
        let initial = move || if empty { State::empty() } else { seed::sample_shop(jiff::Timestamp::now()) };
        let store = match self.state_file {
            Some(path) => Store::open(path, initial)?,
            None => Store::in_memory(initial()),
        };
        let port = self.port;
        let listen_error = |source: std::io::Error| Error::Listen { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(listen_error)?;
        listener.set_nonblocking(true).map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;
        let url = format!("http://{address}");
        let public_host = self.public_url.as_deref().and_then(Host::of_url);
        let server = Arc::new(Server {
            store,
            faults: Mutex::new(FaultInjector::new(self.faults, self.seed)),
            generation: self.generation,
            base_url: self.public_url.unwrap_or_else(|| url.clone()),
            allowed_hosts: self.allowed_hosts.into_iter().chain(public_host).collect(),
            log: self.log.map_or_else(|| Box::new(|_: &str| {}) as _, |log| log.0),
            locks: Default::default(),
            turn: tokio::sync::Mutex::default(),
            limits: Limits::new(self.time_limit.unwrap_or(TIME_LIMIT)),
        });
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(MAX_THREADS)
            .build();
        let runtime = runtime.map_err(listen_error)?;
        let running = Arc::clone(&server);
        let thread = std::thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            runtime.block_on(async {
                if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                    running.run(listener, stopped).await;
                }
            });
            // Do not wait for requests that are blocked on a locked state file.
            runtime.shutdown_background();
        });
        let thread = thread.map_err(listen_error)?;
        Ok(Sandbox { address, url, server, stop: Some(stop), thread: Some(thread) })
    }
}

/// The callback for [`Options::log`].
struct LogCallback(Box<dyn Fn(&str) + Send + Sync>);

impl std::fmt::Debug for LogCallback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogCallback")
    }
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

    /// The text of each fault that no request has matched so far.
    pub fn unused_faults(&self) -> Vec<String> {
        self.server.faults.lock().unwrap_or_else(PoisonError::into_inner).unused()
    }

    /// Changes something at Stripe without the backend. Only for this project's tests.
    #[doc(hidden)]
    pub fn apply_stripe_event(&self, event: serde_json::Value) -> Result<(), String> {
        let event = serde_json::from_value(event).map_err(|error| error.to_string())?;
        self.change_state(|state| state.apply_stripe_event(event))
    }

    /// Changes something at Razorpay without the backend. Only for this project's tests.
    #[doc(hidden)]
    pub fn apply_razorpay_event(&self, event: serde_json::Value) -> Result<(), String> {
        let event = serde_json::from_value(event).map_err(|error| error.to_string())?;
        self.change_state(|state| state.apply_razorpay_event(event))
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
