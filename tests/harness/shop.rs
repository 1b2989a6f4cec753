//! A sandbox with a catalog, a user who applies `payments.toml` to it, and a proxy between them that breaks at a chosen
//! request.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use insforge::sandbox::{Fault, Options, Sandbox};
use serde_json::{Value, json};

use super::stripe_catalog::{CATALOG_KEY, rows, text};
use super::stub::{Answer, Request, Stub};
use super::{RunOutput, User};

/// The time after which a test fails.
const PATIENCE: Duration = Duration::from_secs(20);
/// The backend's path for Stripe's test mode.
const TEST: &str = "/api/payments/stripe/test";

/// A failure at one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accident {
    /// The connection ends before the request arrives.
    DropBefore,
    /// The request is applied, and the connection ends without a response.
    DropAfter,
    /// The request is applied, and the response is held back, so that the client can be killed.
    Silence,
    /// The request is held back until [`Shop::arrives_late`], so that the client can be killed.
    Late,
    /// The request is not applied, and the proxy stops listening.
    Gone,
}

/// A sandbox, its user and the proxy between them.
pub struct Shop {
    pub sandbox: Sandbox,
    pub user: User,
    stub: Stub,
    between: Arc<Between>,
    silent: Receiver<()>,
    released: Sender<()>,
}

/// The proxy, which decides about each request.
struct Between {
    port: u16,
    planned: Mutex<Planned>,
    silent: Sender<()>,
    released: Mutex<Receiver<()>>,
}

#[derive(Default)]
struct Planned {
    /// The number of writes so far.
    writes: usize,
    accident: Option<(usize, Accident)>,
    late: Option<Request>,
}

impl Shop {
    /// A shop with a key and an empty catalog.
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// An empty shop with these faults.
    pub fn with(faults: &[&str]) -> Self {
        let faults = faults.iter().map(|fault| fault.parse::<Fault>().expect("a fault"));
        let sandbox = faults.fold(Options::new().empty(), Options::fault).spawn().expect("a sandbox");
        let (silent, is_silent) = mpsc::channel();
        let (release, released) = mpsc::channel();
        let between = Arc::new(Between {
            port: sandbox.port(),
            planned: Mutex::default(),
            silent,
            released: Mutex::new(released),
        });
        let decides = Arc::clone(&between);
        let stub = Stub::start(move |request| decides.answer(request));
        let user =
            User::new().with("INSFORGE_BASE_URL", &stub.address).with("INSFORGE_API_KEY", sandbox.api_key());
        let shop = Self { sandbox, user, stub, between, silent: is_silent, released: release };
        shop.send("PUT", "/config", &json!({"secretKey": "sk_test_shop_1"}));
        shop
    }

    /// A copy of another shop, from the same requests. The sandbox creates the same ids and remembers the same idempotency
    /// keys for the same requests.
    pub fn like(requests: &[Request]) -> Self {
        let shop = Self::new();
        for request in requests {
            let answer = forward(shop.sandbox.port(), request).expect("an answer");
            assert!(matches!(answer, Answer::Respond { status: 200..=299, .. }), "{answer:?}");
        }
        shop
    }

    /// The writes so far.
    pub fn writes(&self) -> Vec<Request> {
        let requests = self.stub.requests();
        requests.into_iter().filter(|request| request.method != "GET").collect()
    }

    /// The first line of each request so far.
    pub fn requests(&self) -> Vec<String> {
        self.stub.lines()
    }

    /// The writes so far, without syncs.
    pub fn changes(&self) -> Vec<String> {
        let lines = self.writes().into_iter().map(|request| request.line());
        lines.filter(|line| !line.ends_with("/sync")).collect()
    }

    /// Plans an accident for a later write. 1 is the next write.
    pub fn plan(&self, at: usize, accident: Accident) {
        let mut planned = self.between.planned.lock().expect("a lock");
        planned.accident = Some((planned.writes + at, accident));
    }

    /// Sends a request without the proxy, and returns its successful response.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        let headers = [
            ("authorization", format!("Bearer {}", self.sandbox.api_key())),
            ("content-type", "application/json".to_owned()),
        ];
        let request = Request {
            method: method.to_owned(),
            target: format!("{TEST}{path}"),
            headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
            body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
        };
        match forward(self.sandbox.port(), &request).expect("an answer") {
            Answer::Respond { status: 200..=299, body, .. } => serde_json::from_slice(&body).expect("JSON"),
            other => panic!("{method} {path}: {other:?}"),
        }
    }

    /// The catalog at Stripe, after a sync.
    pub fn catalog(&self) -> Value {
        self.send("POST", "/sync", &Value::Null);
        self.send("GET", "/catalog", &Value::Null)
    }

    /// The id of the price with this lookup key.
    #[track_caller]
    pub fn price(&self, lookup_key: &str) -> String {
        let catalog = self.catalog();
        let found = rows(&catalog, "prices").iter().find(|row| row["lookupKey"] == lookup_key);
        text(
            &found.unwrap_or_else(|| panic!("no price has the lookup key {lookup_key}: {catalog}"))["priceId"],
        )
    }

    /// The id of the product with this `catalog_key`.
    #[track_caller]
    pub fn product(&self, key: &str) -> String {
        let catalog = self.catalog();
        let found = rows(&catalog, "products").iter().find(|row| row["metadata"][CATALOG_KEY] == key);
        text(&found.unwrap_or_else(|| panic!("no product has the key {key}: {catalog}"))["productId"])
    }

    /// Runs `payments catalog` with these arguments.
    pub fn run(&self, args: &[&str]) -> RunOutput {
        self.user.run(&[&["payments", "catalog"], args].concat())
    }

    /// Applies a file.
    pub fn apply(&self, file: &str, more: &[&str]) -> RunOutput {
        self.user.write("payments.toml", file);
        self.run(&[&["apply", "--yes", "--json"], more].concat())
    }

    /// Sends the request that was held back.
    #[track_caller]
    pub fn arrives_late(&self) {
        let late = self.between.planned.lock().expect("a lock").late.take().expect("a late request");
        let answer = forward(self.sandbox.port(), &late).expect("an answer");
        assert!(matches!(answer, Answer::Respond { status: 200..=299, .. }), "{answer:?}");
    }

    /// Runs `payments catalog` with these arguments, and kills it while it waits for the response to that applied write.
    #[track_caller]
    pub fn kill_after(&self, write: usize, args: &[&str]) {
        self.kill_at(write, Accident::Silence, args);
    }

    /// Like [`Self::kill_after`], with another accident that holds the response back.
    #[track_caller]
    pub fn kill_at(&self, write: usize, accident: Accident, args: &[&str]) {
        self.kill(write, accident, &[&["payments", "catalog"], args].concat());
    }

    /// Like [`Self::kill_at`], for any command.
    #[track_caller]
    pub fn kill(&self, write: usize, accident: Accident, args: &[&str]) {
        self.plan(write, accident);
        let mut command = self.user.command(args);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the binary starts");
        let reached = self.silent.recv_timeout(PATIENCE);
        child.kill().expect("the command still runs");
        let status = child.wait().expect("a status");
        self.released.send(()).expect("a waiting proxy");
        reached.unwrap_or_else(|_| panic!("write {write} was not sent"));
        assert_eq!(status.code(), None, "the command was not killed: {status}");
    }
}

impl Between {
    fn answer(&self, request: &Request) -> Answer {
        let accident = self.accident_at(request);
        if accident == Some(Accident::DropBefore) {
            return Answer::Drop;
        }
        if accident == Some(Accident::Gone) {
            return Answer::Gone;
        }
        if accident == Some(Accident::Late) {
            self.planned.lock().expect("a lock").late = Some(request.clone());
            return self.keep_waiting();
        }
        let answer = forward(self.port, request).unwrap_or(Answer::Drop);
        match accident {
            None => answer,
            Some(Accident::Silence) => self.keep_waiting(),
            Some(_) => Answer::Drop,
        }
    }

    /// Waits until the client is killed.
    fn keep_waiting(&self) -> Answer {
        self.silent.send(()).expect("a waiting test");
        let _ = self.released.lock().expect("a lock").recv_timeout(PATIENCE);
        Answer::Drop
    }

    fn accident_at(&self, request: &Request) -> Option<Accident> {
        if request.method == "GET" {
            return None;
        }
        let mut planned = self.planned.lock().expect("a lock");
        planned.writes += 1;
        let now = planned.writes;
        planned.accident.take_if(|(at, _)| *at == now).map(|(_, accident)| accident)
    }
}

/// Forwards a request on a new connection.
pub fn forward(port: u16, request: &Request) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    let mut head =
        format!("{} {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n", request.method, request.target);
    head.push_str(&format!("content-length: {}\r\n", request.body.len()));
    for name in ["authorization", "content-type", "accept"] {
        if let Some(value) = request.header(name) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    stream.write_all(&[head.as_bytes(), b"\r\n", &request.body].concat())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(parse(&answer).unwrap_or(Answer::Drop))
}

/// Parses a response. `None` if the connection ended too early.
fn parse(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let kind = lines.filter_map(|line| line.split_once(": ")).find(|(name, _)| *name == "content-type");
    let body = answer[end + 4..].to_vec();
    let answer = Answer::Respond { status, headers: Vec::new(), body };
    Some(match kind {
        Some((name, value)) => answer.header(name, value),
        None => answer,
    })
}
