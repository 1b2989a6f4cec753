//! A sandbox with empty accounts, and what really exists in them.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;

use insforge::sandbox::{Fault, Generation, Options, Sandbox};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A kind of object at a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Product,
    Price,
    Item,
    Plan,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Product, Self::Price, Self::Item, Self::Plan];

    /// The member of a reply that has the object.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Price => "price",
            Self::Item => "item",
            Self::Plan => "plan",
        }
    }

    /// The id in a row of a reply. Older backends have other names for it.
    pub fn id(self, row: &Value) -> Option<&str> {
        let names: &[&str] = match self {
            Self::Product => &["productId", "stripeProductId"],
            Self::Price => &["priceId", "stripePriceId"],
            Self::Item => &["itemId"],
            Self::Plan => &["planId"],
        };
        names.iter().find_map(|name| row[name].as_str())
    }

    pub const fn plural(self) -> &'static str {
        match self {
            Self::Product => "products",
            Self::Price => "prices",
            Self::Item => "items",
            Self::Plan => "plans",
        }
    }

    pub const fn is_stripes(self) -> bool {
        matches!(self, Self::Product | Self::Price)
    }

    /// The name by which an object is recognized, in a reply or at the provider. Prices and plans have none, so it is in
    /// their metadata.
    pub fn label(self, row: &Value) -> Option<&str> {
        match self {
            Self::Product | Self::Item => row["name"].as_str(),
            Self::Price => row["metadata"][LABEL].as_str(),
            Self::Plan => row["notes"][LABEL].as_str(),
        }
    }
}

/// The metadata key of [`Kind::label`].
pub const LABEL: &str = "label";

/// Everything that exists at the providers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Truth {
    objects: [Vec<Value>; 4],
}

impl Truth {
    fn read(state: &Value) -> Self {
        let rows = |provider: &str, kind: &str| {
            let accounts = state[provider]["accounts"].as_object();
            let of_account = |account: &Value| account["test"][kind].as_object().cloned().unwrap_or_default();
            let all = accounts.into_iter().flatten().flat_map(|(_, account)| of_account(account));
            all.map(|(_, row)| row).collect()
        };
        let of_kind = |kind: Kind| rows(if kind.is_stripes() { "stripe" } else { "razorpay" }, kind.plural());
        Self { objects: Kind::ALL.map(of_kind) }
    }

    pub fn all(&self, kind: Kind) -> &[Value] {
        &self.objects[kind as usize]
    }

    /// The objects with this label.
    pub fn labeled<'a>(&'a self, kind: Kind, label: &'a str) -> impl Iterator<Item = &'a Value> {
        self.all(kind).iter().filter(move |row| kind.label(row) == Some(label))
    }

    pub fn count(&self, kind: Kind, label: &str) -> usize {
        self.labeled(kind, label).count()
    }

    /// The object with this id.
    pub fn get(&self, kind: Kind, id: &str) -> Option<&Value> {
        self.all(kind).iter().find(|row| row["id"] == id)
    }
}

/// A sandbox with keys of both providers and empty accounts.
pub struct Shop {
    pub sandbox: Sandbox,
    /// Serves the routes of older backends, which have no Razorpay.
    pub is_older: bool,
    directory: TempDir,
}

impl Shop {
    pub fn start(seed: u64, is_older: bool) -> Self {
        let directory = tempfile::Builder::new().prefix("insforge-shop-").tempdir().expect("a directory");
        let generation = if is_older { Generation::Older } else { Generation::Newer };
        let options = Options::new().empty().generation(generation).seed(seed);
        // Unlike a delay of the proxy, it delays the backend's own work. Later requests wait for it.
        let faults =
            ["POST /items: delay 700ms 4%", "POST /plans: delay 700ms 4%", "POST /products: delay 700ms 2%"];
        let faults = faults.iter().map(|fault| fault.parse::<Fault>().expect("a fault"));
        let options = faults.fold(options, Options::fault).state(directory.path().join("state.json"));
        let shop = Self { sandbox: options.spawn().expect("a sandbox"), is_older, directory };
        shop.send("PUT", "stripe/test/config", &json!({"secretKey": "sk_test_shop_1"}));
        if !is_older {
            let key = json!({"keyId": "rzp_test_shop_1", "keySecret": "made_up"});
            shop.send("PUT", "razorpay/test/config", &key);
        }
        shop
    }

    /// The path of a file for the commands.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn truth(&self) -> Truth {
        let state = std::fs::read(self.path("state.json")).expect("the state");
        Truth::read(&serde_json::from_slice(&state).expect("JSON"))
    }

    /// Sends a request that no fault affects, and returns its reply.
    pub fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        let path = if self.is_older { path.trim_start_matches("stripe/") } else { path };
        let body = body.to_string();
        let (port, key, length) = (self.sandbox.port(), self.sandbox.api_key(), body.len());
        let request = format!(
            "{method} /api/payments/{path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {key}\r\n\
             content-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the sandbox");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("a reply");
        let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
        assert!(head.contains(" 200 ") || head.contains(" 201 "), "{method} {path}: {reply}");
        serde_json::from_str(body).expect("JSON")
    }

    /// Creates a product without faults, and returns its id.
    pub fn product(&self, label: &str) -> String {
        let body = json!({"name": label, "idempotencyKey": format!("setup {label}")});
        let reply = self.send("POST", "stripe/test/catalog/products", &body);
        id_of(Kind::Product, &reply)
    }

    /// Creates a price without faults, and returns its id.
    pub fn price(&self, product: &str, label: &str, amount: u64, lookup_key: Option<&str>) -> String {
        let mut body = json!({
            if self.is_older { "stripeProductId" } else { "productId" }: product, "currency": "usd", "unitAmount": amount, "metadata": {LABEL: label},
            "idempotencyKey": format!("setup {label}"),
        });
        if let Some(key) = lookup_key {
            body["lookupKey"] = key.into();
        }
        let reply = self.send("POST", "stripe/test/catalog/prices", &body);
        id_of(Kind::Price, &reply)
    }

    /// Creates an item without faults, and returns its id.
    pub fn item(&self, label: &str, amount: u64) -> String {
        let body = json!({"name": label, "amount": amount, "currency": "inr"});
        let reply = self.send("POST", "razorpay/test/catalog/items", &body);
        id_of(Kind::Item, &reply)
    }
}

fn id_of(kind: Kind, reply: &Value) -> String {
    kind.id(&reply[kind.name()]).expect("an id").to_owned()
}
