//! Every recorded exchange, made again in order. What the recorder did at the providers in between stands in a file
//! beside the recording.

use std::collections::BTreeMap;
use std::path::Path;

use insforge_sandbox::{API_KEY, Generation, Options, Sandbox};
use reqwest::{Client, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::client;
use crate::compare::Comparison;

/// One exchange, as it was recorded.
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

/// What the recording does not say.
#[derive(Debug, Deserialize)]
struct Sidecar {
    #[serde(rename = "about")]
    _about: String,
    /// By exchange: what happened just before it.
    before: BTreeMap<String, Vec<Value>>,
    /// By exchange: why it cannot be made here.
    excluded: BTreeMap<String, String>,
}

#[test]
fn the_newer_recording_is_answered_as_it_was() {
    let counts = replay(Generation::Newer, "exchanges-current", "http://127.0.0.1:7130");
    assert_eq!(counts, Counts { replayed: 280, excluded: 2, identical: 179 });
}

#[test]
fn the_older_recording_is_answered_as_it_was() {
    let counts = replay(Generation::Older, "exchanges-legacy", "http://127.0.0.1:7141");
    assert_eq!(counts, Counts { replayed: 233, excluded: 2, identical: 156 });
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    replayed: usize,
    excluded: usize,
    /// Their ETag is the recorded one too: they are the same to the byte.
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
        assert!(exchanges.iter().any(|exchange| exchange.name == *name), "{name} is no exchange");
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
            runtime.block_on(run.happen(event));
        }
        let identical = runtime.block_on(run.exchange(exchange));
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
    /// Lets something happen at a provider, or makes a request that was not kept.
    async fn happen(&mut self, event: &Value) {
        let event = self.comparison.translated(event);
        if let Some(line) = event.get("request").and_then(Value::as_str) {
            let (method, path) = line.split_once(' ').expect("a method and a path");
            let request = self.request(method, path).bearer_auth(API_KEY);
            assert!(request.send().await.expect("an answer").status().is_success(), "{line}");
            return;
        }
        let happened = match event.get("razorpay") {
            Some(event) => self.sandbox.at_razorpay(event.clone()),
            None => self.sandbox.at_stripe(event.clone()),
        };
        happened.unwrap_or_else(|error| panic!("{event}: {error}"));
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        self.client.request(method, format!("{}{path}", self.sandbox.url()))
    }

    /// Makes an exchange and compares; whether the answer is the same to the byte.
    async fn exchange(&mut self, exchange: &Exchange) -> bool {
        let mut request = self.request(&exchange.method, &self.comparison.translated_text(&exchange.path));
        for (name, value) in &exchange.request_headers {
            request = request.header(name, credentials(&exchange.name, value));
        }
        let body = match &exchange.request_body {
            Value::Null => None,
            Value::String(raw) => Some(raw.replace("<101 MiB>", &"n".repeat(101 * 1024 * 1024))),
            body => Some(expanded(&self.comparison.translated(body)).to_string()),
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
            return Err(format!("status {status}, recorded was {}: {text}", exchange.status));
        }
        let recorded = |name: &str| exchange.response_headers.get(name).cloned();
        if kind != recorded("content-type") || etag.is_some() != recorded("etag").is_some() {
            return Err(format!("headers {kind:?} {etag:?}, recorded were {:?}", exchange.response_headers));
        }
        let answer = if text.is_empty() {
            json!(null)
        } else {
            serde_json::from_str(&text).map_err(|e| e.to_string())?
        };
        let nothing = json!("");
        let expected = if exchange.response_body == nothing { &Value::Null } else { &exchange.response_body };
        let exact = self.comparison.same(expected, &answer)?;
        let identical = etag.is_some() && etag == recorded("etag");
        if exact && !text.is_empty() && !identical {
            return Err(format!("the bytes are others: {text}"));
        }
        Ok(identical)
    }
}

/// The recording has no keys: its own are written as `ik_…`.
fn credentials(name: &str, value: &str) -> String {
    if name.ends_with("bad-ik-key") {
        return value.replace("ik_…", "ik_wrong");
    }
    if value.starts_with("ik_c0de") {
        return API_KEY.to_owned();
    }
    value.replace("ik_…", API_KEY)
}

/// Long texts are written as `<5001 chars>` or `<256>`.
fn expanded(body: &Value) -> Value {
    match body {
        Value::String(text) => {
            let count = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
            count
                .and_then(|count| count.trim_end_matches(" chars").parse().ok())
                .map_or_else(|| body.clone(), |count| json!("n".repeat(count)))
        }
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), expanded(value))).collect(),
        Value::Array(values) => values.iter().map(expanded).collect(),
        other => other.clone(),
    }
}
