//! The sandbox on a socket: reads requests, lets faults happen, keeps writes of one environment apart.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
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

use crate::backend::{self, Answer, Lock, Meaning, World};
use crate::faults::{Effect, Fate, Faults, When};
use crate::generation::Generation;
use crate::state::time;
use crate::store::Store;
use crate::wait::wait;

/// What the backend's JSON parser takes at most.
const LARGEST_BODY: usize = 100 * 1024 * 1024;

/// What all connections share.
pub(super) struct Server {
    pub(super) store: Store,
    pub(super) faults: Mutex<Faults>,
    pub(super) generation: Generation,
    pub(super) base_url: String,
    /// Told of every request and what it was answered with.
    pub(super) log: Box<dyn Fn(&str) + Send + Sync>,
    /// Writes and syncs of an environment wait for each other.
    pub(super) locks: [tokio::sync::Mutex<()>; Lock::COUNT],
}

impl Server {
    /// Answers until it is told to stop.
    pub(super) async fn run(
        self: Arc<Self>,
        listener: TcpListener,
        stop: tokio::sync::oneshot::Receiver<()>,
    ) {
        let accepting = async {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => drop(tokio::spawn(Arc::clone(&self).connection(stream))),
                    // A connection that is gone already is nobody's trouble; where there are too many, some end soon.
                    Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        tokio::select! {
            () = accepting => {}
            _ = stop => {}
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream) {
        let service = service_fn(|request| Arc::clone(&self).answer(request));
        // However it ends, there is nobody to tell.
        let _ =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Payload>, Hangup> {
        let (head, body) = request.into_parts();
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let fate = self
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fate(head.method.as_str(), head.uri.path());
        let body = match read_body(&head.headers, body).await {
            Ok(body) => body,
            Err(answer) => {
                return Ok(self.told(&head.method, &target, response(&head.method, &head.headers, &answer)));
            }
        };
        let text = |name: HeaderName| Some(head.headers.get(name)?.to_str().ok()?.to_owned());
        let meaning = Meaning::of(
            backend::Request {
                method: head.method.as_str().to_owned(),
                target: target.clone(),
                authorization: text(header::AUTHORIZATION),
                api_key: text(HeaderName::from_static("x-api-key")),
                body,
            },
            self.generation,
        );
        // On a task of its own: a backend goes on with what it was asked to do when the caller does not wait for it.
        let outcome = tokio::spawn(Arc::clone(&self).act(meaning, fate)).await;
        let outcome =
            outcome.unwrap_or_else(|error| Outcome::Answer(backend::internal_error(&error.to_string())));
        let response = match outcome {
            Outcome::Hangup => {
                (self.log)(&format!("{} {target} dropped", head.method));
                return Err(Hangup);
            }
            Outcome::Failure(status) => failure(status),
            Outcome::Answer(answer) => response(&head.method, &head.headers, &answer),
        };
        let response = match fate.end {
            Some(Effect::Garbage) => {
                let mut garbage = Response::new(Payload::whole("}{ this is not what a backend says"));
                garbage.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
                garbage
            }
            Some(Effect::Cut) => response.map(Payload::cut),
            _ => response,
        };
        Ok(self.told(&head.method, &target, response))
    }

    /// Waits for its turn, and does what is asked for unless a fault comes before it.
    async fn act(self: Arc<Self>, meaning: Meaning, fate: Fate) -> Outcome {
        let mut held = Vec::new();
        for lock in meaning.locks() {
            if let Some(lock) = self.locks.get(lock as usize) {
                held.push(lock.lock().await);
            }
        }
        wait(fate.delay).await;
        match fate.end {
            Some(Effect::Drop(When::BeforeWrite)) => return Outcome::Hangup,
            Some(Effect::Status(status, When::BeforeWrite)) => return Outcome::Failure(status),
            _ => {}
        }
        // The state's file may be locked by another process: whoever does not need it goes on meanwhile.
        let server = Arc::clone(&self);
        let answer = tokio::task::spawn_blocking(move || server.answer_now(&meaning)).await;
        match fate.end {
            Some(Effect::Drop(_)) => Outcome::Hangup,
            Some(Effect::Status(status, _)) => Outcome::Failure(status),
            _ => Outcome::Answer(answer.unwrap_or_else(|error| backend::internal_error(&error.to_string()))),
        }
    }

    fn answer_now(&self, meaning: &Meaning) -> Answer {
        let now = time(jiff::Timestamp::now());
        let world = World { generation: self.generation, base_url: &self.base_url, now: &now };
        let work = |state: &mut _| meaning.answer(state, &world);
        let done = if meaning.writes() { self.store.write(work) } else { self.store.read(work) };
        done.unwrap_or_else(|error| {
            let reason = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            backend::internal_error(&format!("{error}{reason}"))
        })
    }

    fn told(&self, method: &Method, target: &str, response: Response<Payload>) -> Response<Payload> {
        (self.log)(&format!("{method} {target} {}", response.status().as_u16()));
        response
    }
}

/// What comes of a request.
enum Outcome {
    Answer(Answer),
    /// A failure with this status, which was asked for.
    Failure(u16),
    /// No answer.
    Hangup,
}

/// The JSON that came; an empty object where none came, or where it is not called JSON.
async fn read_body(headers: &HeaderMap, mut body: Incoming) -> Result<Value, Answer> {
    let mut bytes = Vec::new();
    let mut length = 0;
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        // The rest is read and forgotten: whoever is still sending would not hear the answer.
        if length <= LARGEST_BODY {
            bytes.extend_from_slice(&data);
        }
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.trim_start().to_ascii_lowercase().starts_with("application/json") || length == 0 {
        return Ok(json!({}));
    }
    if length > LARGEST_BODY {
        return Err(backend::internal_error("request entity too large"));
    }
    backend::parse_json(&bytes)
}

/// An answer with the headers that the backend's answers have.
fn response(method: &Method, headers: &HeaderMap, answer: &Answer) -> Response<Payload> {
    let mut status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let Some(body) = &answer.body else { return with_status(Response::new(Payload::whole("")), status) };
    let body = body.to_string();
    let etag = etag(&body);
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    let seen = headers.get(header::IF_NONE_MATCH).and_then(|seen| seen.to_str().ok());
    let unchanged = is_read && status == StatusCode::OK && seen == Some(&etag);
    if unchanged {
        status = StatusCode::NOT_MODIFIED;
    }
    let mut response = Response::new(Payload::whole(if unchanged { String::new() } else { body }));
    if !unchanged {
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
    }
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    with_status(response, status)
}

fn with_status(mut response: Response<Payload>, status: StatusCode) -> Response<Payload> {
    *response.status_mut() = status;
    response
}

/// A weak ETag as Express makes it: the length in hexadecimal and the beginning of a SHA-1.
fn etag(body: &str) -> String {
    let digest = STANDARD_NO_PAD.encode(sha1_smol::Sha1::from(body).digest().bytes());
    format!("W/\"{:x}-{digest}\"", body.len())
}

/// An answer with a status that was asked for: from the backend, or from a gateway before it.
fn failure(status: u16) -> Response<Payload> {
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
    let (kind, body) = if code.is_empty() {
        ("text/html", format!("<html><body><h1>{status}</h1></body></html>\n"))
    } else {
        let message = "The sandbox was told to fail";
        let body = json!({"error": code, "message": message, "statusCode": status.as_u16()});
        ("application/json; charset=utf-8", body.to_string())
    };
    let mut response = Response::new(Payload::whole(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    with_status(response, status)
}

/// The connection ends without an answer.
#[derive(Debug)]
struct Hangup;

impl fmt::Display for Hangup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sandbox was told to hang up")
    }
}

impl std::error::Error for Hangup {}

/// A body: all of it, or its first half and then the end of the connection.
struct Payload {
    /// What is still to be sent.
    rest: Bytes,
    length: u64,
    cut: Cut,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    Never,
    InTheMiddle,
    /// The half has to be on its way before the connection ends.
    Flushing,
    Now,
}

impl Payload {
    fn whole(body: impl Into<Bytes>) -> Self {
        let rest: Bytes = body.into();
        Self { length: rest.len() as u64, rest, cut: Cut::Never }
    }

    fn cut(self) -> Self {
        Self { cut: Cut::InTheMiddle, ..self }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Hangup;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Hangup>>> {
        let this = self.get_mut();
        match this.cut {
            Cut::Never if this.rest.is_empty() => Poll::Ready(None),
            Cut::Never => Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.rest))))),
            Cut::InTheMiddle => {
                this.cut = Cut::Flushing;
                Poll::Ready(Some(Ok(Frame::data(this.rest.split_to(this.rest.len() / 2)))))
            }
            Cut::Flushing => {
                this.cut = Cut::Now;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Cut::Now => Poll::Ready(Some(Err(Hangup))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.cut == Cut::Never && self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
