//! The HTTP server: reads requests, injects faults, and runs the writes of an environment one at a time.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use crate::backend::{self, EnvironmentLock, ParsedRequest};
use crate::faults::{FaultDecision, FaultEffect, FaultInjector, FaultTiming};
use crate::generation::Generation;
use crate::sleep::sleep;
use crate::state::format_time;
use crate::store::Store;

/// The limit of the backend's JSON parser.
const MAX_BODY: usize = 100 * 1024 * 1024;

/// What all connections share.
pub(crate) struct Server {
    pub(crate) store: Store,
    pub(crate) faults: Mutex<FaultInjector>,
    pub(crate) generation: Generation,
    pub(crate) base_url: String,
    /// Called with the method, path and status of every request.
    pub(crate) log: Box<dyn Fn(&str) + Send + Sync>,
    /// One lock for each environment of each provider.
    pub(crate) locks: [tokio::sync::Mutex<()>; EnvironmentLock::COUNT],
}

impl Server {
    /// Serves connections until `stop` is sent.
    pub(crate) async fn run(
        self: Arc<Self>,
        listener: TcpListener,
        stop: tokio::sync::oneshot::Receiver<()>,
    ) {
        let accept_all = async {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => drop(tokio::spawn(Arc::clone(&self).serve(stream))),
                    // The client is gone, or too many connections are open. Some of them will end soon.
                    Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        tokio::select! {
            () = accept_all => {}
            _ = stop => {}
        }
    }

    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let service = service_fn(|request| Arc::clone(&self).respond(request));
        // A connection that fails has nobody to report to.
        let _ =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }

    async fn respond(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<ResponseBody>, DroppedConnection> {
        let (head, body) = request.into_parts();
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let fault = self
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .decide(head.method.as_str(), head.uri.path());
        let body = match read_body(&head.headers, body).await {
            Ok(body) => body,
            Err(response) => {
                let response = http_response(&head.method, &head.headers, &response);
                return Ok(self.logged(&head.method, &target, response));
            }
        };
        let header = |name: HeaderName| Some(head.headers.get(name)?.to_str().ok()?.to_owned());
        let request = ParsedRequest::new(
            backend::Request {
                method: head.method.as_str().to_owned(),
                target: target.clone(),
                authorization: header(header::AUTHORIZATION),
                api_key: header(HeaderName::from_static("x-api-key")),
                body,
            },
            self.generation,
        );
        // A task of its own: a real backend finishes a request even if the client disconnects.
        let outcome = tokio::spawn(Arc::clone(&self).execute(request, fault)).await;
        let outcome =
            outcome.unwrap_or_else(|error| Outcome::Response(backend::internal_error(&error.to_string())));
        let response = match outcome {
            Outcome::Drop => {
                (self.log)(&format!("{} {target} dropped", head.method));
                return Err(DroppedConnection);
            }
            Outcome::Status(status) => fault_response(status),
            Outcome::Response(response) => http_response(&head.method, &head.headers, &response),
        };
        let response = match fault.effect {
            Some(FaultEffect::Garbage) => {
                let mut garbage = Response::new(ResponseBody::complete("}{ this is not JSON"));
                garbage.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
                garbage
            }
            Some(FaultEffect::Cut) => response.map(ResponseBody::cut_in_half),
            _ => response,
        };
        Ok(self.logged(&head.method, &target, response))
    }

    /// Waits for the locks and the fault's delay, then runs the request unless a fault prevents it.
    async fn execute(self: Arc<Self>, request: ParsedRequest, fault: FaultDecision) -> Outcome {
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
        // Another process may hold the lock of the state file, which must not block other requests.
        let server = Arc::clone(&self);
        let response = tokio::task::spawn_blocking(move || server.run_backend(&request)).await;
        match fault.effect {
            Some(FaultEffect::Drop(_)) => Outcome::Drop,
            Some(FaultEffect::Status(status, _)) => Outcome::Status(status),
            _ => Outcome::Response(
                response.unwrap_or_else(|error| backend::internal_error(&error.to_string())),
            ),
        }
    }

    fn run_backend(&self, request: &ParsedRequest) -> backend::Response {
        let now = format_time(jiff::Timestamp::now());
        let context = backend::Context { generation: self.generation, base_url: &self.base_url, now: &now };
        let work = |state: &mut _| request.respond(state, &context);
        let done = if request.is_write() { self.store.write(work) } else { self.store.read(work) };
        done.unwrap_or_else(|error| {
            let reason = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            backend::internal_error(&format!("{error}{reason}"))
        })
    }

    /// Logs the response, and returns it.
    fn logged(
        &self,
        method: &Method,
        target: &str,
        response: Response<ResponseBody>,
    ) -> Response<ResponseBody> {
        (self.log)(&format!("{method} {target} {}", response.status().as_u16()));
        response
    }
}

/// The outcome of a request.
enum Outcome {
    Response(backend::Response),
    /// A fault replaces the response by this status.
    Status(u16),
    /// A fault drops the connection.
    Drop,
}

/// Reads the JSON body. Without a body or a JSON content type, it is an empty object.
async fn read_body(headers: &HeaderMap, mut body: Incoming) -> Result<Value, backend::Response> {
    let mut bytes = Vec::new();
    let mut length = 0;
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        // Read and discard the rest: a client that still sends would miss the response.
        if length <= MAX_BODY {
            bytes.extend_from_slice(&data);
        }
    }
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.trim_start().to_ascii_lowercase().starts_with("application/json") || length == 0 {
        return Ok(json!({}));
    }
    if length > MAX_BODY {
        return Err(backend::internal_error("request entity too large"));
    }
    backend::parse_json(&bytes)
}

/// A response with the backend's headers.
fn http_response(
    method: &Method,
    headers: &HeaderMap,
    response: &backend::Response,
) -> Response<ResponseBody> {
    let mut status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let Some(body) = &response.body else {
        return with_status(Response::new(ResponseBody::complete("")), status);
    };
    let body = body.to_string();
    let etag = etag(&body);
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    let cached = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let unchanged = is_read && status == StatusCode::OK && cached == Some(&etag);
    if unchanged {
        status = StatusCode::NOT_MODIFIED;
    }
    let mut response = Response::new(ResponseBody::complete(if unchanged { String::new() } else { body }));
    if !unchanged {
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
    }
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    with_status(response, status)
}

fn with_status(mut response: Response<ResponseBody>, status: StatusCode) -> Response<ResponseBody> {
    *response.status_mut() = status;
    response
}

/// A weak ETag in Express's format: the length in hexadecimal, and the SHA-1 of the body.
fn etag(body: &str) -> String {
    let digest = STANDARD_NO_PAD.encode(sha1_smol::Sha1::from(body).digest().bytes());
    format!("W/\"{:x}-{digest}\"", body.len())
}

/// The response of a fault with this status, as the backend or a gateway in front of it would send it.
fn fault_response(status: u16) -> Response<ResponseBody> {
    let code = match status {
        401 => "AUTH_INVALID_API_KEY",
        403 => "AUTH_UNAUTHORIZED",
        404 => "NOT_FOUND",
        429 => "RATE_LIMITED",
        502..=504 => "",
        400..500 => "INVALID_INPUT",
        _ => "INTERNAL_ERROR",
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (content_type, body) = if code.is_empty() {
        ("text/html", format!("<html><body><h1>{status}</h1></body></html>\n"))
    } else {
        let message = "A fault of the sandbox caused this error";
        let body = json!({"error": code, "message": message, "statusCode": status.as_u16()});
        ("application/json; charset=utf-8", body.to_string())
    };
    let mut response = Response::new(ResponseBody::complete(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    with_status(response, status)
}

/// The error that makes hyper close the connection.
#[derive(Debug)]
struct DroppedConnection;

impl fmt::Display for DroppedConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault of the sandbox dropped the connection")
    }
}

impl Error for DroppedConnection {}

/// The body of a response: complete, or its first half and then the end of the connection.
struct ResponseBody {
    /// The part that is not sent yet.
    rest: Bytes,
    length: u64,
    cut: CutState,
}

/// How far the sending of a cut body has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CutState {
    /// Send the complete body.
    NotCut,
    /// Send the first half next.
    SendHalf,
    /// Let hyper flush the half before the connection ends.
    Flush,
    /// End the connection.
    Drop,
}

impl ResponseBody {
    fn complete(body: impl Into<Bytes>) -> Self {
        let rest: Bytes = body.into();
        Self { length: rest.len() as u64, rest, cut: CutState::NotCut }
    }

    fn cut_in_half(self) -> Self {
        Self { cut: CutState::SendHalf, ..self }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = DroppedConnection;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, DroppedConnection>>> {
        let this = self.get_mut();
        match this.cut {
            CutState::NotCut if this.rest.is_empty() => Poll::Ready(None),
            CutState::NotCut => Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.rest))))),
            CutState::SendHalf => {
                this.cut = CutState::Flush;
                Poll::Ready(Some(Ok(Frame::data(this.rest.split_to(this.rest.len() / 2)))))
            }
            CutState::Flush => {
                this.cut = CutState::Drop;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            CutState::Drop => Poll::Ready(Some(Err(DroppedConnection))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.cut == CutState::NotCut && self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
