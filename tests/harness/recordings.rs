//! The recorded exchanges with real backends of both generations, and a stub that answers only these.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use serde::Deserialize;
use serde_json::Value;

use super::stub::{Answer, Request, Stub};

/// A recorded exchange.
#[derive(Clone, Debug, Deserialize)]
pub struct Exchange {
    pub name: String,
    pub method: String,
    pub path: String,
    pub request_body: Value,
    pub status: u16,
    pub response_headers: BTreeMap<String, String>,
    pub response_body: Value,
}

impl Exchange {
    pub fn answer(&self) -> Answer {
        let kind = self.response_headers.get("content-type").map_or("", String::as_str);
        let body = match &self.response_body {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            json => json.to_string(),
        };
        let answer = Answer::Respond { status: self.status, headers: Vec::new(), body: body.into_bytes() };
        if kind.is_empty() { answer } else { answer.header("content-type", kind) }
    }

    /// `GET /api/…`
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// The generations, and where their exchanges are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    Newer,
    Older,
}

impl Generation {
    pub const fn file(self) -> &'static str {
        match self {
            Self::Newer => "exchanges-current.jsonl",
            Self::Older => "exchanges-legacy.jsonl",
        }
    }

    pub fn exchanges(self) -> Vec<Exchange> {
        read(self.file())
    }

    /// Replaces what differs in every reply: the stub's address, and the routes and the recorded port of the older
    /// generation.
    pub fn normalize(self, text: &str, address: &str) -> String {
        let text = text.replace(address, "http://BACKEND");
        match self {
            Self::Newer => text,
            Self::Older => text
                .replace("/api/payments/", "/api/payments/stripe/")
                .replace("127.0.0.1:7141", "127.0.0.1:7130"),
        }
    }

    /// Whether a path is of the other generation's routes.
    fn is_foreign(self, target: &str) -> bool {
        let of_a_provider =
            ["stripe", "razorpay"].iter().any(|name| target.starts_with(&format!("/api/payments/{name}/")));
        target.starts_with("/api/payments/") && of_a_provider != (self == Self::Newer)
    }

    /// The exchange of this name.
    pub fn exchange(self, name: &str) -> Exchange {
        let found = self.exchanges().into_iter().find(|exchange| exchange.name == name);
        found.unwrap_or_else(|| panic!("no exchange is named {name}"))
    }
}

/// All exchanges of a file, which is read once.
pub fn read(file: &'static str) -> Vec<Exchange> {
    static READ: Mutex<BTreeMap<&str, Vec<Exchange>>> = Mutex::new(BTreeMap::new());
    let mut read = READ.lock().expect("a lock");
    read.entry(file).or_insert_with(|| parse(file)).clone()
}

fn parse(file: &str) -> Vec<Exchange> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract").join(file);
    let text = std::fs::read_to_string(path).expect("the recordings");
    text.lines().map(|line| serde_json::from_str(line).expect("an exchange")).collect()
}

/// A backend that answers these exchanges, by method and path. Any other request fails the test. If several exchanges have
/// the same method and path, the first one is used.
pub fn serve(exchanges: Vec<Exchange>) -> Stub {
    Stub::start(move |request| {
        let line = request.line();
        exchanges.iter().find(|exchange| exchange.line() == line).map_or(Answer::Unrecorded, Exchange::answer)
    })
}

/// The answer to the list of products or prices that a create with the user's own idempotency key reads first: an empty one.
pub fn empty_catalog_list(request: &Request) -> Option<Answer> {
    let path = request.target.split('?').next().unwrap_or_default();
    let name = path.rsplit('/').next().filter(|_| request.method == "GET" && path.contains("/catalog/"))?;
    let body = serde_json::json!({ name: [] });
    matches!(name, "products" | "prices").then(|| Answer::json(200, &body.to_string()))
}

/// Like [`serve`], with the health, the status and empty lists of a generation. A GET of the other generation's routes is answered with
/// the 404 that was recorded for such routes.
pub fn serve_in(generation: Generation, exchanges: Vec<Exchange>) -> Stub {
    let health = generation.exchange("000-health");
    let (own_status, other_route) = match generation {
        Generation::Newer => ("242-status-recovered", "040-route-old-layout-status"),
        Generation::Older => ("248-status-recovered", "040-route-new-layout-status"),
    };
    let own_status = generation.exchange(own_status);
    let other_route = generation.exchange(other_route);
    let other_providers = Generation::Newer.exchange("288-rzp-status");
    let other_providers = (generation == Generation::Newer).then_some(other_providers);
    Stub::start(move |request| {
        let line = request.line();
        let known = exchanges.iter().chain([&health, &own_status]).chain(&other_providers);
        let known = known.into_iter().find(|exchange| exchange.line() == line);
        match known {
            Some(exchange) => exchange.answer(),
            None if request.method == "GET" && generation.is_foreign(&request.target) => {
                let mut exchange = other_route.clone();
                let message = format!("Endpoint {} not found", request.target);
                exchange.response_body["message"] = Value::String(message);
                exchange.answer()
            }
            // A sync reads a customer afterwards, which is not recorded.
            None if line.ends_with("/customers?limit=1") => Answer::json(200, r#"{"customers":[]}"#),
            None => empty_catalog_list(request).unwrap_or(Answer::Unrecorded),
        }
    })
}
