//! The routes with which the sandbox is controlled. No backend has them.

use crate::api::body::Body;
use crate::api::error::Error;
use crate::api::generation::Api;
use crate::api::method::Method;
use crate::api::request::{Answer, EncodedBody, Request};
use crate::api::retry::Replay;
use crate::wire::Generation;

/// The beginning of the `Server` header of the sandbox's answers.
const SERVER: &str = "insforge-sandbox/";

impl Api {
    /// Sends a request to a route such as `/sandbox/pay`. `None` if the address is not a sandbox's.
    ///
    /// # Errors
    /// If there is no answer, or if the sandbox answers with an error.
    pub(crate) async fn control_sandbox(
        &self,
        method: Method,
        path: &str,
        body: Option<&Body>,
    ) -> Result<Option<Answer>, Error> {
        // The routes are the same in both generations.
        let generation = Generation::Newer;
        let bytes = body.map(|body| body.bytes(generation)).transpose();
        let bytes = bytes.map_err(|error| Error::NotEncodable { reason: error.to_string() })?;
        let body = body.zip(bytes.as_ref()).map(|(body, bytes)| EncodedBody { bytes, body, generation });
        let is_write = method != Method::Get;
        let replay = if is_write { Replay::IfNotSent } else { Replay::Always };
        let request = Request { method, body, is_write, replay, sends_key: true, ..Request::get(path, None) };
        let answer = self.client().exchange(request).await?;
        if !answer.server.as_deref().is_some_and(|server| server.starts_with(SERVER)) {
            return Ok(None);
        }
        if !answer.is_success() {
            let cause = self.client().rejection(request, &answer);
            return Err(self.client().error(request, &answer.request_ids, cause));
        }
        Ok(Some(answer))
    }
}
