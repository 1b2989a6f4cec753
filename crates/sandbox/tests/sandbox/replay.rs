//! Replays every recorded exchange in order. A file beside each recording has the changes at the providers in between.

use std::collections::BTreeMap;
use std::path::Path;

use insforge_sandbox::{API_KEY, Generation, Options, Sandbox};
use reqwest::{Client, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::client;
use crate::compare::Comparison;

/// A recorded exchange.
#[derive(Debug, Deserialize)]
struct Exchange {
    name: String,
    method: String,
    path: String,
    #[serde(default)]
    request_headers: BTreeMap<String, String>,
    #[serde(default)]
    request_body: Value,
    status: u16,
    response_headers: BTreeMap<String, String>,
    response_body: Value,
}

/// The information that is not in the recording.
#[derive(Debug, Deserialize)]
struct Sidecar {
    #[serde(rename = "about")]
    _about: String,
    /// By exchange: the changes just before it.
    before: BTreeMap<String, Vec<Value>>,
    /// By exchange: the reason why it cannot be replayed.
    excluded: BTreeMap<String, String>,
}

#[test]
fn replays_the_recording_of_the_newer_generation() {
    let counts = replay(Generation::Newer, "exchanges-current", "http://127.0.0.1:7130");
    assert_eq!(counts, Counts { replayed: 280, excluded: 2, identical: 179 });
}

#[test]
fn replays_the_recording_of_the_older_generation() {
    let counts = replay(Generation::Older, "exchanges-legacy", "http://127.0.0.1:7141");
    assert_eq!(counts, Counts { replayed: 233, excluded: 2, identical: 156 });
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    replayed: usize,
    excluded: usize,
    /// The responses with the recorded ETag, which are identical byte for byte.
    identical: usize,
}

fn replay(generation: Generation, file: &str, base_url: &str) -> Counts {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let sidecar: Sidecar =
        serde_json::from_str(&read(&format!("{file}.provider.json"))).expect("the sidecar");
    let exchanges: Vec<Exchange> = read(&format!("{file}.jsonl"))
        .lines()
        .map(|line| serde_json::from_str(line).expect("an exchange"))
        .collect();
    for name in sidecar.before.keys().chain(sidecar.excluded.keys()) {
        assert!(exchanges.iter().any(|exchange| exchange.name == *name), "{name} is not an exchange");
    }
    let sandbox =
        Options::new().empty().generation(generation).public_url(base_url).spawn().expect("a sandbox");
    let mut run = Run { sandbox, client: client(), comparison: Comparison::default(), problems: Vec::new() };
    let mut counts = Counts::default();
    for exchange in &exchanges {
        if let Some(reason) = sidecar.excluded.get(&exchange.name) {
            println!("excluded: {}: {reason}", exchange.name);
            counts.excluded += 1;
            continue;
        }
        for event in sidecar.before.get(&exchange.name).into_iter().flatten() {
            runtime.block_on(run.apply(event));
        }
        let identical = runtime.block_on(run.replay(exchange));
        counts.replayed += 1;
        counts.identical += usize::from(identical);
    }
    println!("{file}: {counts:?}");
    assert!(run.problems.is_empty(), "{}", run.problems.join("\n"));
    counts
}

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/contract").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

struct Run {
    sandbox: Sandbox,
    client: Client,
    comparison: Comparison,
    problems: Vec<String>,
}

impl Run {
    /// Applies a change at a provider, or sends a request that is not in the recording.
    async fn apply(&mut self, event: &Value) {
        let event = self.comparison.translate(event);
        if let Some(line) = event.get("request").and_then(Value::as_str) {
            let (method, path) = line.split_once(' ').expect("a method and a path");
            let request = self.request(method, path).bearer_auth(API_KEY);
            assert!(request.send().await.expect("a response").status().is_success(), "{line}");
            return;
        }
        let applied = match event.get("razorpay") {
            Some(event) => self.sandbox.apply_razorpay_event(event.clone()),
            None => self.sandbox.apply_stripe_event(event.clone()),
        };
        applied.unwrap_or_else(|error| panic!("{event}: {error}"));
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        self.client.request(method, format!("{}{path}", self.sandbox.url()))
    }

    /// Replays an exchange. Returns whether the response is identical byte for byte.
    async fn replay(&mut self, exchange: &Exchange) -> bool {
        let mut request = self.request(&exchange.method, &self.comparison.translate_text(&exchange.path));
        for (name, value) in &exchange.request_headers {
            request = request.header(name, credentials(&exchange.name, value));
        }
        let body = match &exchange.request_body {
            Value::Null => None,
            Value::String(raw) => Some(raw.replace("<101 MiB>", &"n".repeat(101 * 1024 * 1024))),
            body => Some(expand(&self.comparison.translate(body)).to_string()),
        };
        if let Some(body) = body {
            if !exchange.request_headers.contains_key("content-type") {
                request = request.header("content-type", "application/json");
            }
            request = request.body(body);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("{}: {error:?}", exchange.name));
        let identical = self.compare(exchange, response).await;
        identical.unwrap_or_else(|problem| {
            self.problems.push(format!("{}: {problem}", exchange.name));
            false
        })
    }

    async fn compare(&mut self, exchange: &Exchange, response: Response) -> Result<bool, String> {
        let status = response.status().as_u16();
        let header = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
        let [etag, kind] = ["etag", "content-type"].map(header);
        let text = response.text().await.map_err(|error| error.to_string())?;
        if status != exchange.status {
            return Err(format!("status {status}, recorded {}: {text}", exchange.status));
        }
        let recorded = |name: &str| exchange.response_headers.get(name).cloned();
        if kind != recorded("content-type") || etag.is_some() != recorded("etag").is_some() {
            return Err(format!("headers {kind:?} {etag:?}, recorded {:?}", exchange.response_headers));
        }
        let body = if text.is_empty() {
            json!(null)
        } else {
            serde_json::from_str(&text).map_err(|e| e.to_string())?
        };
        let nothing = json!("");
        let expected = if exchange.response_body == nothing { &Value::Null } else { &exchange.response_body };
        let exact = self.comparison.compare(expected, &body)?;
        let identical = etag.is_some() && etag == recorded("etag");
        if exact && !text.is_empty() && !identical {
            return Err(format!("the bytes differ: {text}"));
        }
        Ok(identical)
    }
}

/// The credentials for a header. The recording replaces API keys by `ik_…`.
fn credentials(name: &str, value: &str) -> String {
    if name.ends_with("bad-ik-key") {
        return value.replace("ik_…", "ik_wrong");
    }
    if value.starts_with("ik_c0de") {
        return API_KEY.to_owned();
    }
    value.replace("ik_…", API_KEY)
}

/// Expands long strings, which the recording abbreviates as `<5001 chars>` or `<256>`.
fn expand(body: &Value) -> Value {
    match body {
        Value::String(text) => {
            let count = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
            count
                .and_then(|count| count.trim_end_matches(" chars").parse().ok())
                .map_or_else(|| body.clone(), |count| json!("n".repeat(count)))
        }
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), expand(value))).collect(),
        Value::Array(values) => values.iter().map(expand).collect(),
        other => other.clone(),
    }
}
