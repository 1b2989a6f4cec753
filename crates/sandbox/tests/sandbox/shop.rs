//! The sample shop, and an application with customers who pay.

use std::path::{Path, PathBuf};

use insforge_sandbox::Options;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::api::Api;

const USER: &str = "11111111-1111-4111-8111-111111111111";

/// A sandbox with the sample shop. Its state is in a file, so that tests can read what the providers have.
pub struct Shop {
    pub api: Api,
    path: PathBuf,
    _folder: TempDir,
}

impl Shop {
    pub fn open() -> Self {
        Self::with(Options::new())
    }

    pub fn with(options: Options) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sandbox.json");
        Self { api: Api::start(options.state(&path)), path, _folder: folder }
    }

    /// The path of the state file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The contents of the state file.
    pub fn state(&self) -> Value {
        let text = std::fs::read_to_string(&self.path).expect("the state file");
        serde_json::from_str(&text).expect("JSON")
    }

    /// The shop's test data at Stripe.
    pub fn stripe(&self) -> Value {
        self.state()["stripe"]["accounts"]["acct_1SandboxShop0001"]["test"].clone()
    }

    /// The object with this id at Stripe.
    #[track_caller]
    pub fn object(&self, list: &str, id: &str) -> Value {
        let data = self.stripe();
        let found = data[list].as_array().expect("a list").iter().find(|object| object["id"] == id).cloned();
        found.unwrap_or_else(|| panic!("{list} has no {id}"))
    }

    /// Opens a checkout session of a team, and returns its id.
    #[track_caller]
    pub fn session(&self, lookup_key: &str, team: &str) -> String {
        let prices = self.api.ok("GET", "/test/catalog/prices", json!(null));
        let price = prices["prices"].as_array().expect("prices").iter();
        let price =
            price.filter(|price| price["lookupKey"] == lookup_key).map(|price| &price["priceId"]).next();
        let body = json!({
            "mode": if lookup_key.starts_with("credits") { "payment" } else { "subscription" },
            "lineItems": [{"priceId": price.expect("a price")}],
            "successUrl": "https://app.example.test/success",
            "cancelUrl": "https://app.example.test/cancel",
            "subject": {"type": "team", "id": team},
            "customerEmail": format!("{team}@app.example.test"),
        });
        let token = self.api.sandbox.token(USER);
        let (status, body) = self.api.call_as(&token, "POST", "/test/checkout-sessions", body);
        assert_eq!(status, 201, "{body}");
        body["checkoutSession"]["checkoutSessionId"].as_str().expect("an id").to_owned()
    }

    /// Pays a session or subscription with this card.
    #[track_caller]
    pub fn pay(&self, id: &str, card: &str) -> Outcome {
        self.act("pay", &json!({"id": id, "card": card}))
    }

    /// Subscribes a team to the monthly plan, and returns the subscription's id.
    #[track_caller]
    pub fn subscribe(&self, team: &str, card: &str) -> String {
        let session = self.session("pro_monthly", team);
        self.pay(&session, card).id("subscription")
    }

    #[track_caller]
    pub fn advance(&self, by: &str) -> Outcome {
        self.act("advance", &json!({"by": by}))
    }

    #[track_caller]
    pub fn advance_to(&self, to: &str) -> Outcome {
        self.act("advance", &json!({"to": to}))
    }

    /// Runs an action that must succeed.
    #[track_caller]
    pub fn act(&self, action: &str, body: &Value) -> Outcome {
        let (status, body) = self.control(action, body);
        assert_eq!(status, 200, "{action}: {body}");
        let bodies = self.event_bodies();
        let reports = body["events"].as_array().expect("events").clone();
        let events = reports.iter().map(|report| bodies[report["eventId"].as_str().expect("an id")].clone());
        Outcome {
            events: events.collect(),
            reports,
            objects: body["objects"].clone(),
            now: body["now"].clone(),
        }
    }

    /// Runs an action that must be refused. Returns the message.
    #[track_caller]
    pub fn refused(&self, action: &str, body: &Value) -> String {
        let (status, body) = self.control(action, body);
        assert!((400..500).contains(&status), "{action}: {status} {body}");
        body["message"].as_str().expect("a message").to_owned()
    }

    fn control(&self, action: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}/sandbox/{action}", self.api.sandbox.url());
        let request =
            self.api.client.post(url).header("content-type", "application/json").body(body.to_string());
        self.api.runtime.block_on(async {
            let response = request.bearer_auth(self.api.sandbox.api_key()).send().await.expect("a response");
            let status = response.status().as_u16();
            (status, serde_json::from_str(&response.text().await.expect("a body")).expect("JSON"))
        })
    }

    /// The response to a request of an administrator for any path.
    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        let request = self.api.client.get(format!("{}{path}", self.api.sandbox.url()));
        self.api.runtime.block_on(async {
            let response = request.bearer_auth(self.api.sandbox.api_key()).send().await.expect("a response");
            serde_json::from_str(&response.text().await.expect("a body")).expect("JSON")
        })
    }

    /// The providers' events, by id.
    fn event_bodies(&self) -> serde_json::Map<String, Value> {
        let state = self.state();
        let events = state["events"]["events"].as_array().expect("events").iter();
        events
            .map(|event| {
                let body = event["body"].as_str().expect("a body");
                let id = event["id"].as_str().expect("an id").to_owned();
                (id, serde_json::from_str(body).expect("JSON"))
            })
            .collect()
    }

    /// The rows of a table in which a column has this value.
    pub fn rows(&self, table: &str, column: &str, value: &str) -> Vec<Value> {
        let tables = self.api.sandbox.tables().expect("tables");
        let rows = tables[table].as_array().cloned().unwrap_or_default();
        rows.into_iter().filter(|row| row[column] == value).collect()
    }
}

/// What an action did.
#[derive(Debug)]
pub struct Outcome {
    /// The events as the provider sends them.
    pub events: Vec<Value>,
    /// The events as `sandbox events` lists them.
    pub reports: Vec<Value>,
    pub objects: Value,
    pub now: Value,
}

impl Outcome {
    /// The types of the events about objects that contain this text, or of all events.
    pub fn types<'a>(&'a self, about: &'a str) -> Vec<&'a str> {
        self.about(about).map(|event| event["type"].as_str().expect("a type")).collect()
    }

    /// The events about objects that contain this text, such as the id of a subscription or customer.
    pub fn about<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a Value> {
        self.events.iter().filter(move |event| event["data"]["object"].to_string().contains(text))
    }

    /// The object of the first event of this type.
    #[track_caller]
    pub fn event(&self, r#type: &str) -> &Value {
        let event = self.events.iter().find(|event| event["type"] == r#type);
        &event.unwrap_or_else(|| panic!("no {type} in {:?}", self.types("")))["data"]["object"]
    }

    /// The changed object of this kind.
    #[track_caller]
    pub fn changed(&self, kind: &str) -> &Value {
        let all = self.objects.as_array().expect("objects");
        all.iter().find(|object| object["object"] == kind).unwrap_or_else(|| panic!("no {kind} in {all:?}"))
    }

    /// The id of the changed object of this kind.
    #[track_caller]
    pub fn id(&self, kind: &str) -> String {
        self.changed(kind)["id"].as_str().expect("an id").to_owned()
    }
}
