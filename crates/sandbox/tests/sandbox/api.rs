//! A sandbox and an HTTP client for it.

use std::time::{Duration, Instant};

use insforge_sandbox::{Options, Sandbox};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

pub struct Api {
    pub sandbox: Sandbox,
    pub client: Client,
    pub runtime: Runtime,
    pub provider: &'static str,
}

/// An HTTP client. It needs a TLS provider, although nothing here is encrypted.
pub fn client() -> Client {
    // Another test may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

impl Api {
    pub fn start(options: Options) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let sandbox = options.spawn().expect("a sandbox");
        Self { sandbox, client: client(), runtime, provider: "stripe" }
    }

    /// Uses the routes of this provider instead of Stripe's.
    pub fn with_provider(self, provider: &'static str) -> Self {
        Self { provider, ..self }
    }

    /// Starts a sandbox with these faults.
    pub fn with_faults(faults: &[&str]) -> Self {
        let faults = faults.iter().map(|fault| fault.parse().expect("a fault"));
        Self::start(faults.fold(Options::new(), Options::fault))
    }

    /// Sends a request of an administrator to the provider's newer routes. Returns the status and the body, as a string if
    /// it is not JSON.
    pub async fn send(&self, method: &str, path: &str, body: Value) -> Result<(u16, Value), reqwest::Error> {
        self.send_as(self.sandbox.api_key(), method, path, body).await
    }

    /// Sends a request with this bearer token.
    async fn send_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Value,
    ) -> Result<(u16, Value), reqwest::Error> {
        let url = format!("{}/api/payments/{}{path}", self.sandbox.url(), self.provider);
        let mut request = self.client.request(method.parse().expect("a method"), url);
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.bearer_auth(token).send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// Sends a request that must get a response.
    #[track_caller]
    pub fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.runtime.block_on(self.send(method, path, body)).expect("a response")
    }

    /// Sends a request with this bearer token. It must get a response.
    #[track_caller]
    pub fn call_as(&self, token: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.runtime.block_on(self.send_as(token, method, path, body)).expect("a response")
    }

    /// Sends a request that must succeed. Returns the body.
    #[track_caller]
    pub fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, body) = self.call(method, path, body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {body}");
        body
    }

    /// Sends a request that must fail with this status. Returns the message.
    #[track_caller]
    pub fn error(&self, method: &str, path: &str, body: Value, expected: u16) -> String {
        let (status, body) = self.call(method, path, body);
        assert_eq!(status, expected, "{method} {path}: {body}");
        body["message"].as_str().expect("a message").to_owned()
    }

    /// Syncs, and counts the products with this name.
    pub fn count_products(&self, name: &str) -> usize {
        self.ok("POST", "/test/sync", json!(null));
        let products = self.ok("GET", "/test/catalog/products", json!(null));
        products["products"].as_array().expect("products").iter().filter(|row| row["name"] == name).count()
    }

    /// Sends all requests at once. Returns the time until all responses, and the time until each.
    pub fn send_all(&self, requests: &[(&str, &str, Value)]) -> (Duration, Vec<Duration>) {
        self.runtime.block_on(async {
            let begin = Instant::now();
            let sent: Vec<_> = requests
                .iter()
                .map(|(method, path, body)| async move {
                    self.send(method, path, body.clone()).await.expect("a response");
                    begin.elapsed()
                })
                .collect();
            let each = join_all(sent).await;
            (begin.elapsed(), each)
        })
    }
}

/// Runs futures concurrently.
async fn join_all<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, done) in &mut waiting {
            if done.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if waiting.iter().all(|(_, done)| done.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    waiting.into_iter().filter_map(|(_, done)| done).collect()
}
