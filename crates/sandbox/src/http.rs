//! The HTTP server: accepts connections, reads requests, injects faults, and runs the writes of an environment one at a
//! time. It bounds what a client can use: connections, time and memory.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinError;

use crate::backend::{self, EnvironmentLock, ParsedRequest};
use crate::client_stream::ClientStream;
use crate::delivery;
use crate::faults::{FaultDecision, FaultEffect, FaultInjector, FaultTiming};
use crate::generation::Generation;
use crate::host::Host;
use crate::request_body::{self, BodyMemory, RequestBody};
use crate::response::{DroppedConnection, ResponseBody, allow_origin, fault_response, http_response};
use crate::sleep::sleep;
use crate::state::{State, format_time};
use crate::store::Store;

/// The limit of connections. Further clients wait.
const MAX_CONNECTIONS: usize = 512;
/// The longest head of a request, in bytes. Node.js, which runs real backends, accepts 16 kB.
const MAX_HEAD: usize = 64 * 1024;
/// How long a client can take for the head of a request, for its body, and to accept more of a response.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(30);

/// What all connections share.
pub(crate) struct Server {
    pub(crate) store: Store,
    pub(crate) faults: Mutex<FaultInjector>,
    pub(crate) generation: Generation,
    pub(crate) base_url: String,
    /// The hosts that requests can be for, in addition to loopback hosts.
    pub(crate) allowed_hosts: Vec<Host>,
    /// Called with the method, path and status of every request.
    pub(crate) log: Box<dyn Fn(&str) + Send + Sync>,
    /// One lock for each environment of each provider.
    pub(crate) locks: [tokio::sync::Mutex<()>; EnvironmentLock::COUNT],
    /// Held by the request that uses the state.
    pub(crate) turn: tokio::sync::Mutex<()>,
    pub(crate) limits: Limits,
    /// Notified after each change of the state by this process.
    pub(crate) changed: tokio::sync::watch::Sender<()>,
}

/// What clients can use.
pub(crate) struct Limits {
    /// The connections that can still be opened.
    free_connections: Arc<Semaphore>,
    bodies: BodyMemory,
    /// [`TIME_LIMIT`], or less in a test.
    time: Duration,
}

impl Limits {
    pub(crate) fn new(time: Duration) -> Self {
        let free_connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        Self { free_connections, bodies: BodyMemory::new(), time }
    }
}

/// One of the connections that can be open. A request holds it until it has run, even if its client disconnects before.
type ConnectionPermit = Arc<OwnedSemaphorePermit>;

impl Server {
    /// Serves connections until `stop` is sent.
    pub(crate) async fn run(
        self: Arc<Self>,
        listener: TcpListener,
        stop: tokio::sync::oneshot::Receiver<()>,
    ) {
        let accept_all = async {
            // The semaphore is never closed.
            while let Ok(permit) = Arc::clone(&self.limits.free_connections).acquire_owned().await {
                match listener.accept().await {
                    Ok((stream, _)) => drop(tokio::spawn(Arc::clone(&self).serve(stream, Arc::new(permit)))),
                    // The client is gone, or this process has too many open files. Some of them will be closed soon.
                    Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        tokio::select! {
            () = accept_all => {}
            _ = stop => {}
        }
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, permit: ConnectionPermit) {
        let service = service_fn(|request| Arc::clone(&self).respond(request, Arc::clone(&permit)));
        let stream = TokioIo::new(ClientStream::new(stream, self.limits.time));
        let mut http = hyper::server::conn::http1::Builder::new();
        // The time for the head of a request is also the time between two requests of a connection.
        http.timer(TokioTimer::new()).header_read_timeout(self.limits.time);
        http.max_header_size(MAX_HEAD).max_buf_size(MAX_HEAD);
        // A connection that fails has nobody to report to.
        let _ = http.serve_connection(stream, service).await;
    }

    /// Responds to a request, and logs the response.
    async fn respond(
        self: Arc<Self>,
        request: Request<Incoming>,
        permit: ConnectionPermit,
    ) -> Result<Response<ResponseBody>, DroppedConnection> {
        let (head, body) = request.into_parts();
        let head = Arc::new(head);
        let method = &head.method;
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let response = if let Some(response) = self.refusal(&head) {
            request_body::discard(body, self.limits.time).await;
            Ok(http_response(&head, &response))
        } else {
            let mut response = Arc::clone(&self).respond_to_allowed(&head, &target, body, permit).await;
            if let Ok(response) = &mut response
                && !backend::is_control(&target)
            {
                allow_origin(&head, response);
            }
            response
        };
        match &response {
            Ok(response) => (self.log)(&format!("{method} {target} {}", response.status().as_u16())),
            Err(DroppedConnection) => (self.log)(&format!("{method} {target} dropped")),
        }
        let mut response = response?;
        // Clients that wait for a connection get this one next.
        if self.limits.free_connections.available_permits() == 0 {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }

    /// The response to a request that does not name one allowed host.
    fn refusal(&self, head: &Parts) -> Option<backend::Response> {
        let headers: Vec<_> = head.headers.get_all(header::HOST).iter().collect();
        if headers.len() > 1 || headers.is_empty() && head.version == Version::HTTP_11 {
            return Some(backend::Response::empty(400));
        }
        let in_header = headers.iter().map(|value| value.to_str().unwrap_or_default());
        // A client that uses the sandbox as a proxy puts the host into the request line.
        let in_target = head.uri.authority().map(Authority::as_str);
        in_header.chain(in_target).find_map(|authority| match Host::of_authority(authority) {
            Some(host) if host.is_loopback() || self.allowed_hosts.contains(&host) => None,
            Some(host) => Some(backend::host_not_allowed(&host.to_string())),
            None => Some(backend::Response::empty(400)),
        })
    }

    /// Responds to a request for an allowed host.
    async fn respond_to_allowed(
        self: Arc<Self>,
        head: &Arc<Parts>,
        target: &str,
        body: Incoming,
        permit: ConnectionPermit,
    ) -> Result<Response<ResponseBody>, DroppedConnection> {
        // A backend has no such routes, so its faults do not affect them.
        let fault = if backend::is_control(target) {
            FaultDecision::default()
        } else {
            let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
            faults.decide(head.method.as_str(), head.uri.path())
        };
        let RequestBody { bytes, memory } =
            match self.limits.bodies.read(&head.headers, body, self.limits.time).await {
                Ok(body) => body,
                Err(response) => return Ok(http_response(head, &response)),
            };
        let request = backend::Request::new(head.method.as_str(), target, headers(head), bytes);
        let request = ParsedRequest::new(request, self.generation);
        // A task of its own: a real backend finishes a request even if the client disconnects.
        let running = Arc::clone(&self).execute(Arc::clone(head), request, fault);
        let outcome = tokio::spawn(async move {
            let outcome = running.await;
            drop((memory, permit));
            outcome
        });
        let response = match outcome.await {
            Ok(Outcome::Drop) => return Err(DroppedConnection),
            Ok(Outcome::Status(status)) => fault_response(status),
            Ok(Outcome::Response(response)) => response,
            Ok(Outcome::Failed(error)) | Err(error) => {
                http_response(head, &backend::internal_error(&error.to_string()))
            }
        };
        Ok(match fault.effect {
            Some(FaultEffect::Garbage) => {
                let mut garbage = Response::new(ResponseBody::complete("}{ this is not JSON"));
                garbage.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
                garbage
            }
            Some(FaultEffect::Cut) => response.map(ResponseBody::cut_in_half),
            _ => response,
        })
    }

    /// Waits for the locks and the fault's delay, then runs the request unless a fault prevents it.
    async fn execute(
        self: Arc<Self>,
        head: Arc<Parts>,
        request: ParsedRequest,
        fault: FaultDecision,
    ) -> Outcome {
        let mut guards = Vec::new();
        for lock in request.locks() {
            if let Some(lock) = self.locks.get(lock as usize) {
                guards.push(lock.lock().await);
            }
        }
        sleep(fault.delay).await;
        match fault.effect {
            Some(FaultEffect::Drop(FaultTiming::BeforeWrite)) => return Outcome::Drop,
            Some(FaultEffect::Status(status, FaultTiming::BeforeWrite)) => return Outcome::Status(status),
            _ => {}
        }
        // The state has one user at a time anyway. Waiting here takes less memory than a thread, and than a response that
        // waits until it is written as JSON.
        let turn = self.turn.lock().await;
        // Another process may hold the lock of the state file, which must not block the server.
        let server = Arc::clone(&self);
        let response =
            tokio::task::spawn_blocking(move || http_response(&head, &server.run_backend(request))).await;
        drop(turn);
        match (fault.effect, response) {
            (Some(FaultEffect::Drop(_)), _) => Outcome::Drop,
            (Some(FaultEffect::Status(status, _)), _) => Outcome::Status(status),
            (_, Ok(response)) => Outcome::Response(response),
            (_, Err(error)) => Outcome::Failed(error),
        }
    }

    fn run_backend(&self, mut request: ParsedRequest) -> backend::Response {
        if let Err(response) = request.parse_body() {
            return response;
        }
        let is_write = request.is_write();
        let done = self.with_state(is_write, |state, context| {
            let response = request.respond(state, context);
            if is_write {
                delivery::deliver_waiting(state, context);
            }
            response
        });
        done.unwrap_or_else(|error| {
            let reason = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            backend::internal_error(&format!("{error}{reason}"))
        })
    }
}

impl Server {
    /// Runs `work` on the state, at the current time.
    pub(crate) fn with_state<T>(
        &self,
        is_write: bool,
        work: impl FnOnce(&mut State, &backend::Context) -> T,
    ) -> Result<T, crate::error::Error> {
        let real_now = jiff::Timestamp::now();
        let event_fault =
            |event: &str| self.faults.lock().unwrap_or_else(PoisonError::into_inner).decide_event(event);
        let work = |state: &mut State| {
            let context = backend::Context {
                generation: self.generation,
                base_url: &self.base_url,
                now: &format_time(state.clock.now(real_now)),
                real_now,
                event_fault: &event_fault,
            };
            work(state, &context)
        };
        if !is_write {
            return self.store.read(work);
        }
        let done = self.store.write(work);
        self.changed.send_replace(());
        done
    }

    /// Runs `work` on the state like [`Self::with_state`], on a thread that can wait for the lock of the state file; `None`
    /// if the state cannot be used.
    pub(crate) async fn on_thread<T: Send + 'static>(
        self: &Arc<Self>,
        is_write: bool,
        work: impl FnOnce(&mut State, &backend::Context) -> T + Send + 'static,
    ) -> Option<T> {
        let turn = self.turn.lock().await;
        let server = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || server.with_state(is_write, work)).await;
        drop(turn);
        done.ok()?.ok()
    }
}

/// The headers that are text, by name in lower case.
fn headers(head: &Parts) -> BTreeMap<String, String> {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    head.headers.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?))).collect()
}

/// The outcome of a request.
enum Outcome {
    Response(Response<ResponseBody>),
    /// The request did not end normally.
    Failed(JoinError),
    /// A fault replaces the response by this status.
    Status(u16),
    /// A fault drops the connection.
    Drop,
}
