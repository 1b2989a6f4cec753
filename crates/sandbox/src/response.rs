//! Responses: the backend's, those of faults, which web pages can read them, and how a body is cut in the middle.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::Poll;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use serde_json::json;

use crate::backend;

/// The `Server` header of the backend's responses. Gateways, which faults imitate, do not send it.
const SERVER: &str = concat!("insforge-sandbox/", env!("CARGO_PKG_VERSION"), " (for development only)");

/// A response with the backend's headers.
pub(crate) fn http_response(request: &Parts, response: &backend::Response) -> Response<ResponseBody> {
    let mut status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut http = Response::new(ResponseBody::complete(""));
    http.headers_mut().insert(header::SERVER, HeaderValue::from_static(SERVER));
    let Some(body) = &response.body else { return with_status(http, status) };
    let body = body.to_string();
    let etag = etag(&body);
    let is_read = matches!(request.method, Method::GET | Method::HEAD);
    let cached = request.headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if is_read && status == StatusCode::OK && cached == Some(&etag) {
        status = StatusCode::NOT_MODIFIED;
    } else {
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        http.headers_mut().insert(header::CONTENT_TYPE, json);
        *http.body_mut() = ResponseBody::complete(body);
    }
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        http.headers_mut().insert(header::ETAG, etag);
    }
    with_status(http, status)
}

fn with_status(mut response: Response<ResponseBody>, status: StatusCode) -> Response<ResponseBody> {
    *response.status_mut() = status;
    response
}

/// Lets web pages of the request's origin read the response, and makes the response to a preflight, with the headers of the
/// backend (<https://fetch.spec.whatwg.org/#http-cors-protocol>).
pub(crate) fn allow_origin(request: &Parts, response: &mut Response<ResponseBody>) {
    let Some(origin) = request.headers.get(header::ORIGIN) else { return };
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    put(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
    put(header::ACCESS_CONTROL_EXPOSE_HEADERS, "Content-Range,Preference-Applied");
    if request.method == Method::OPTIONS {
        put(header::ACCESS_CONTROL_ALLOW_METHODS, "GET,HEAD,PUT,PATCH,POST,DELETE");
        put(header::VARY, "Origin, Access-Control-Request-Headers");
        if let Some(requested) = request.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, requested.clone());
        }
    } else {
        put(header::VARY, "Origin");
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
}

/// A weak ETag in Express's format: the length in hexadecimal, and the SHA-1 of the body.
fn etag(body: &str) -> String {
    let digest = STANDARD_NO_PAD.encode(sha1_smol::Sha1::from(body).digest().bytes());
    format!("W/\"{:x}-{digest}\"", body.len())
}

/// The response of a fault with this status, as the backend or a gateway in front of it would send it.
pub(crate) fn fault_response(status: u16) -> Response<ResponseBody> {
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
pub(crate) struct DroppedConnection;

impl fmt::Display for DroppedConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault of the sandbox dropped the connection")
    }
}

impl Error for DroppedConnection {}

/// The body of a response: complete, or its first half and then the end of the connection.
pub(crate) struct ResponseBody {
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
    pub(crate) fn complete(body: impl Into<Bytes>) -> Self {
        let rest: Bytes = body.into();
        Self { length: rest.len() as u64, rest, cut: CutState::NotCut }
    }

    pub(crate) fn cut_in_half(self) -> Self {
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
