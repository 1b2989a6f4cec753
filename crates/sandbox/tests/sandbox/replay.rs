//! Replays every recorded exchange in order. A file beside each recording has the changes at the providers in between.

use std::collections::BTreeMap;
use std::path::Path;

use insforge_sandbox::{API_KEY, Generation, Options, Sandbox};
use reqwest::{Client, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::client;
use crate::compare::Comparison;
use crate::rows::{RecordedRows, Tables};
use crate::signing::{self, Signer};

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
    /// Not every recording has them.
    response_headers: Option<BTreeMap<String, String>>,
    response_body: Value,
    #[serde(default)]
    note: String,
}

/// The information that is not in the recording.
#[derive(Debug, Deserialize)]
struct Sidecar {
    #[serde(rename = "about")]
    _about: String,
    /// By exchange: the changes just before it.
    before: BTreeMap<String, Vec<Value>>,
    /// By exchange, or by the beginning of its name and `*`: the reason why it cannot be replayed.
    excluded: BTreeMap<String, String>,
}

impl Sidecar {
    /// The reason why an exchange cannot be replayed.
    fn exclusion(&self, name: &str) -> Option<&str> {
        let matches = |pattern: &str| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == pattern,
        };
        self.excluded.iter().find(|(pattern, _)| matches(pattern)).map(|(_, reason)| reason.as_str())
    }
}

#[test]
fn replays_the_recording_of_the_newer_generation() {
    let counts = replay(Generation::Newer, "exchanges-current", "http://127.0.0.1:7130");
    assert_eq!(counts, Counts { replayed: 280, excluded: 2, identical: 179, rows: 0 });
}

#[test]
fn replays_the_recording_of_the_older_generation() {
    let counts = replay(Generation::Older, "exchanges-legacy", "http://127.0.0.1:7141");
    assert_eq!(counts, Counts { replayed: 233, excluded: 2, identical: 156, rows: 0 });
}

#[test]
fn replays_the_runtime_recording_of_the_newer_generation() {
    let counts = replay(Generation::Newer, "exchanges-runtime-current", "https://backend.example.test");
    assert_eq!(counts, Counts { replayed: 702, excluded: 67, identical: 221, rows: 441 });
}

#[test]
fn replays_the_runtime_recording_of_the_older_generation() {
    let counts = replay(Generation::Older, "exchanges-runtime-legacy", "https://backend.example.test");
    assert_eq!(counts, Counts { replayed: 195, excluded: 27, identical: 74, rows: 78 });
}

#[test]
fn replays_the_webhook_recording_of_the_newer_generation() {
    let counts = replay(Generation::Newer, "exchanges-webhooks-current", "https://backend.example.test");
    assert_eq!(counts, Counts { replayed: 88, excluded: 3, identical: 0, rows: 0 });
}

#[test]
fn replays_the_webhook_recording_of_the_older_generation() {
    let counts = replay(Generation::Older, "exchanges-webhooks-legacy", "https://backend.example.test");
    assert_eq!(counts, Counts { replayed: 88, excluded: 3, identical: 0, rows: 0 });
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    replayed: usize,
    excluded: usize,
    /// The responses with the recorded ETag, which are identical byte for byte.
    identical: usize,
    /// The rows of the database that are equal.
    rows: usize,
}

fn replay(generation: Generation, file: &str, base_url: &str) -> Counts {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let sidecar: Sidecar =
        serde_json::from_str(&read(&format!("{file}.provider.json"))).expect("the sidecar");
    let exchanges: Vec<Exchange> = read(&format!("{file}.jsonl"))
        .lines()
        .map(|line| serde_json::from_str(line).expect("an exchange"))
        .collect();
    for name in sidecar.before.keys() {
        assert!(exchanges.iter().any(|exchange| exchange.name == *name), "{name} is not an exchange");
    }
    let sandbox =
        Options::new().empty().generation(generation).public_url(base_url).spawn().expect("a sandbox");
    let mut run = Run {
        sandbox,
        client: client(),
        comparison: Comparison::default(),
        before: Tables::new(),
        recorded_counts: BTreeMap::new(),
        drift: BTreeMap::new(),
        problems: Vec::new(),
        razorpay_secrets: Default::default(),
    };
    let mut counts = Counts::default();
    let has_rows = exchanges.iter().any(|exchange| exchange.method == "SQL");
    for (index, exchange) in exchanges.iter().enumerate() {
        let exclusion = sidecar.exclusion(&exchange.name);
        if let Some(reason) = exclusion {
            println!("excluded: {}: {reason}", exchange.name);
            counts.excluded += 1;
        }
        if exchange.method == "SQL" {
            counts.rows += run.compare_rows(exchange, exclusion.is_some());
            counts.replayed += usize::from(exclusion.is_none());
            continue;
        }
        if exclusion.is_some() {
            continue;
        }
        for event in sidecar.before.get(&exchange.name).into_iter().flatten() {
            runtime.block_on(run.apply(event));
        }
        if has_rows {
            run.before = run.tables();
        }
        let identical = runtime.block_on(run.replay(exchange));
        // A request whose rows are not recorded has changed none.
        // Those of two requests at once follow the second one.
        let rows_are_next = exchanges.get(index + 1).is_some_and(|next| next.method == "SQL")
            || exchange.name == "co-parallel-a";
        if has_rows && !rows_are_next && run.tables() != run.before {
            run.problems.push(format!("{}: rows changed", exchange.name));
        }
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
    /// The rows before the last request.
    before: Tables,
    /// By table: the number of rows in the recording.
    recorded_counts: BTreeMap<String, usize>,
    /// By table: how many more rows the recording has, because some requests are not replayed.
    drift: BTreeMap<String, i64>,
    problems: Vec<String>,
    /// Razorpay's webhook secret before its last change, and the current one.
    razorpay_secrets: (String, String),
}

impl Run {
    /// Applies a change at a provider, or sends a request that is not in the recording.
    async fn apply(&mut self, event: &Value) {
        let event = self.comparison.translate(event);
        if let Some(line) = event.get("request").and_then(Value::as_str) {
            let (method, path) = line.split_once(' ').expect("a method and a path");
            let mut request = self.request(method, path).bearer_auth(API_KEY);
            if let Some(body) = event.get("body") {
                request = request.header("content-type", "application/json").body(body.to_string());
            }
            assert!(request.send().await.expect("a response").status().is_success(), "{line}");
            return;
        }
        let applied = match event.get("razorpay") {
            Some(event) => self.sandbox.change_razorpay(event.clone()),
            None => self.sandbox.change_stripe(event.clone()),
        };
        applied.unwrap_or_else(|error| panic!("{event}: {error}"));
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        self.client.request(method, format!("{}{path}", self.sandbox.url()))
    }

    /// Compares the rows that the request before has changed. Returns their number.
    fn compare_rows(&mut self, exchange: &Exchange, excluded: bool) -> usize {
        let Some(recorded) = RecordedRows::new(&exchange.response_body, &exchange.note) else { return 0 };
        let mut compared = 0;
        if excluded {
            for (table, count) in &recorded.counts {
                let last = self.recorded_counts.get(table).copied().unwrap_or_default();
                let added =
                    i64::try_from(*count).unwrap_or_default() - i64::try_from(last).unwrap_or_default();
                *self.drift.entry(table.clone()).or_default() += added;
            }
        } else {
            let after = self.tables();
            match recorded.compare(&self.before, &after, &self.drift, &mut self.comparison) {
                Ok(rows) => compared = rows,
                Err(problem) => self.problems.push(format!("{}: {problem}", exchange.name)),
            }
        }
        self.recorded_counts.extend(recorded.counts);
        compared
    }

    fn tables(&self) -> Tables {
        serde_json::from_value(self.sandbox.tables().expect("the state")).expect("tables")
    }

    /// The signer with the sandbox's current webhook secrets.
    async fn signer(&self) -> Signer {
        let get = async |path: &str| -> Value {
            let response = self.request("GET", path).bearer_auth(API_KEY).send().await.expect("a response");
            serde_json::from_str(&response.text().await.expect("a body")).unwrap_or_default()
        };
        let stripe = get("/api/secrets/STRIPE_TEST_WEBHOOK_SECRET").await;
        let stripe_live = get("/api/secrets/STRIPE_LIVE_WEBHOOK_SECRET").await;
        let razorpay = get("/api/payments/razorpay/config").await;
        let razorpay = razorpay["keys"].as_array().into_iter().flatten();
        let razorpay = razorpay
            .filter(|key| key["environment"] == "test" && key["keyType"] == "webhook_secret")
            .find_map(|key| key["value"].as_str().map(str::to_owned));
        Signer {
            stripe_secret: stripe["value"].as_str().unwrap_or_default().to_owned(),
            stripe_live_secret: stripe_live["value"].as_str().unwrap_or_default().to_owned(),
            razorpay_secret: razorpay.unwrap_or_default(),
            razorpay_secret_before: String::new(),
        }
    }

    /// Replays an exchange. Returns whether the response is identical byte for byte.
    async fn replay(&mut self, exchange: &Exchange) -> bool {
        let body = match &exchange.request_body {
            Value::Null => None,
            Value::String(raw) if raw.starts_with("<a signed customer.created") => {
                let metadata = json!({"long": "n".repeat(102_400)});
                let object = json!({"id": "cus_rt_big", "object": "customer", "metadata": metadata});
                let event =
                    json!({"id": "evt_rt_big", "type": "customer.created", "data": {"object": object}});
                Some(event.to_string())
            }
            Value::String(raw) => Some(raw.replace("<101 MiB>", &"n".repeat(101 * 1024 * 1024))),
            body => {
                let ours = signing::sign_again(body, expand(&self.comparison.translate(body)));
                Some(ours.to_string())
            }
        };
        let is_signed = exchange.request_headers.keys().any(|name| name.ends_with("-signature"));
        let signer = if is_signed { self.signer().await } else { Signer::default() };
        if is_signed && signer.razorpay_secret != self.razorpay_secrets.1 {
            let before = std::mem::replace(&mut self.razorpay_secrets.1, signer.razorpay_secret.clone());
            self.razorpay_secrets.0 = before;
        }
        let signer = Signer { razorpay_secret_before: self.razorpay_secrets.0.clone(), ..signer };
        let mut request = self.request(&exchange.method, &self.comparison.translate_text(&exchange.path));
        for (name, value) in &exchange.request_headers {
            let value = signer.header(&exchange.name, name, value, body.as_deref().unwrap_or_default());
            request = request.header(name, value);
        }
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
        let cors = exchange.response_headers.iter().flatten().filter(|(name, _)| is_for_browsers(name));
        let differing = cors.map(|(name, value)| (name, value, header(name)));
        let differing = differing.filter(|(_, value, ours)| Some(*value) != ours.as_ref());
        let differing: Vec<String> = differing.map(|difference| format!("{difference:?}")).collect();
        let text = response.text().await.map_err(|error| error.to_string())?;
        if status != exchange.status {
            return Err(format!("status {status}, recorded {}: {text}", exchange.status));
        }
        if !differing.is_empty() {
            return Err(format!("other headers than recorded: {}", differing.join(", ")));
        }
        let recorded = |name: &str| exchange.response_headers.as_ref()?.get(name).cloned();
        if let Some(headers) = &exchange.response_headers
            && (kind != recorded("content-type") || etag.is_some() != recorded("etag").is_some())
        {
            return Err(format!("headers {kind:?} {etag:?}, recorded {headers:?}"));
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
        // The ETag of a HEAD is that of a body which is not compared.
        if exact && !text.is_empty() && recorded("etag").is_some() && !identical {
            return Err(format!("the bytes differ: {text}"));
        }
        Ok(identical)
    }
}

/// Whether a header tells a browser who can read the response.
fn is_for_browsers(name: &str) -> bool {
    name == "vary" || name.starts_with("access-control-")
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
