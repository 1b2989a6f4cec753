//! The settings of a sandbox, and its start.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::faults::FaultInjector;
use crate::forward::{self, Forwarder};
use crate::http::{Limits, Server, TIME_LIMIT};
use crate::state::State;
use crate::store::Store;
use crate::{Error, Fault, ForwardUrl, Generation, Host, Sandbox, delayed, seed};

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
    forward_to: Vec<ForwardUrl>,
    forward_delays: Option<Vec<Duration>>,
    warn: Option<LogCallback>,
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

    /// Sets the address at which Stripe would reach the backend, such as [`PUBLIC_URL`](crate::PUBLIC_URL). Requests for its host are
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

    /// Sends each event that the backend receives to this address, too, with the same body and a valid signature. Can be
    /// called several times.
    ///
    /// If the response does not have a status from 200 to 299, the event is sent again after 1, 5 and 25 seconds.
    #[must_use]
    pub fn forward_to(mut self, url: ForwardUrl) -> Self {
        self.forward_to.push(url);
        self
    }

    /// Calls `warn` with a line about each event that could not be sent to an address of [`Options::forward_to`].
    #[must_use]
    pub fn warn(self, warn: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { warn: Some(LogCallback(Box::new(warn))), ..self }
    }

    /// Sets how long to wait before an event is sent again. Only for this project's tests.
    #[doc(hidden)]
    #[must_use]
    pub fn forward_delays(self, delays: Vec<Duration>) -> Self {
        Self { forward_delays: Some(delays), ..self }
    }

    /// Calls `log` with the method, path and status of every request, and with the outcome of each event that is
    /// forwarded.
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
            changed: tokio::sync::watch::Sender::default(),
        });
        let delays_events = server.faults.lock().unwrap_or_else(PoisonError::into_inner).delay_events();
        let forwarder = Forwarder {
            urls: self.forward_to,
            delays: self.forward_delays.unwrap_or_else(|| forward::DELAYS.to_vec()),
            warn: self.warn.map_or_else(|| Box::new(|_: &str| {}) as _, |warn| warn.0),
            after: server.with_state(false, |state, _| state.events.deliveries)?,
        };
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(MAX_THREADS)
            .build();
        let runtime = runtime.map_err(listen_error)?;
        let running = Arc::clone(&server);
        let thread = std::thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            runtime.block_on(async {
                if !forwarder.urls.is_empty() {
                    tokio::spawn(forwarder.run(Arc::clone(&running)));
                }
                if delays_events {
                    tokio::spawn(delayed::deliver(Arc::clone(&running)));
                }
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

/// A callback for [`Options::log`] or [`Options::warn`].
struct LogCallback(Box<dyn Fn(&str) + Send + Sync>);

impl std::fmt::Debug for LogCallback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogCallback")
    }
}
