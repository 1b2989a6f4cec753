//! Reads the bodies of requests, within limits of time and memory.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{self, HeaderMap};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::backend;

/// The longest body, in bytes. A backend accepts 100 MB, but answers valid requests of a few kB only. Longer ones get the
/// answer of a backend whose limit they exceed.
const MAX_BODY: u32 = 2 * 1024 * 1024;
/// The most values in a body. A value needs more memory than the two bytes that it can be sent in.
const MAX_VALUES: usize = 20_000;
/// The limit for the bodies of all requests together, in bytes.
const MAX_BODIES: usize = 16 * 1024 * 1024;

/// The memory for bodies.
pub(crate) struct BodyMemory(Arc<Semaphore>);

/// The body of a request. It is empty for a request without a JSON body.
pub(crate) struct RequestBody {
    pub(crate) bytes: Vec<u8>,
    /// The memory that the body uses.
    pub(crate) memory: Option<OwnedSemaphorePermit>,
}

impl BodyMemory {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(MAX_BODIES)))
    }

    /// Reads a body. The error is the response to a request whose body is not complete or too long.
    pub(crate) async fn read(
        &self,
        headers: &HeaderMap,
        body: Incoming,
        time_limit: Duration,
    ) -> Result<RequestBody, backend::Response> {
        let body = tokio::time::timeout(time_limit, self.read_to_end(headers, body));
        let (bytes, memory) = body.await.unwrap_or(Err(backend::Response::empty(408)))?;
        Ok(RequestBody { bytes, memory })
    }

    async fn read_to_end(
        &self,
        headers: &HeaderMap,
        mut body: Incoming,
    ) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), backend::Response> {
        let content_type =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_json = content_type.trim_start().to_ascii_lowercase().starts_with("application/json");
        let announced = body.size_hint().upper().map_or(Some(MAX_BODY), |length| u32::try_from(length).ok());
        // Only a body that will be parsed needs memory.
        let reserved = announced.filter(|length| is_json && *length <= MAX_BODY).unwrap_or(0);
        let mut memory = Arc::clone(&self.0).acquire_many_owned(reserved).await.ok();
        let (mut bytes, mut length) = (Vec::with_capacity(reserved as usize), 0);
        while let Some(frame) = body.frame().await {
            // The client has disconnected, or sent something that is not HTTP.
            let frame = frame.map_err(|_| backend::Response::empty(400))?;
            let Ok(data) = frame.into_data() else { continue };
            length += data.len();
            // Read and discard the rest: a client that still sends would miss the response.
            if length <= reserved as usize {
                bytes.extend_from_slice(&data);
            }
        }
        let values = bytes.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
        if is_json && (length > reserved as usize || values > MAX_VALUES) {
            return Err(backend::internal_error("request entity too large"));
        }
        // A body without a known length may be short.
        drop(memory.as_mut().and_then(|memory| memory.split(reserved as usize - bytes.len())));
        Ok((bytes, memory))
    }
}

/// Reads a body and discards it, because a client that still sends would miss the response.
pub(crate) async fn discard(mut body: Incoming, time_limit: Duration) {
    let all = async { while let Some(Ok(_)) = body.frame().await {} };
    // The response does not depend on the body.
    let _ = tokio::time::timeout(time_limit, all).await;
}
