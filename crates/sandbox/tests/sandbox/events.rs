//! Events on their way: faults that lose, repeat and delay them, and applications that receive them, too.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use insforge_sandbox::{Card, ForwardUrl, Options, PUBLIC_URL};
use serde_json::{Value, json};

use crate::shop::Shop;
use crate::signing::hex_hmac;

/// Longer than any step takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// The events of a one-time payment, in Stripe's order.
const PAID: [&str; 3] = ["customer.created", "payment_intent.succeeded", "checkout.session.completed"];

/// A shop whose test environment has a webhook endpoint at Stripe.
fn shop(options: Options) -> Shop {
    let shop = Shop::with(options.public_url(PUBLIC_URL));
    shop.api.ok("POST", "/test/webhook", json!(null));
    shop
}

/// Reads a path with the API key.
fn get(shop: &Shop, path: &str) -> Value {
    let url = format!("{}{path}", shop.api.sandbox.url());
    let request = shop.api.client.get(url).bearer_auth(shop.api.sandbox.api_key());
    let text = shop.api.runtime.block_on(async { request.send().await?.text().await }).expect("a response");
    serde_json::from_str(&text).expect("JSON")
}

/// The events of all providers, oldest first: type, status, and number of deliveries.
fn events(shop: &Shop) -> Vec<(String, String, u64)> {
    let body = get(shop, "/sandbox/events");
    let text = |event: &Value, name: &str| event[name].as_str().expect("text").to_owned();
    let listed = body["events"].as_array().expect("events").iter().rev();
    let count = |event: &Value| event["deliveries"].as_u64().expect("a number");
    listed.map(|event| (text(event, "type"), text(event, "status"), count(event))).collect()
}

/// What became of the events of a payment, in order.
fn outcomes(faults: &[&str]) -> Vec<(String, u64)> {
    let faults = faults.iter().map(|fault| fault.parse().expect("a fault"));
    let shop = shop(faults.fold(Options::new(), Options::fault));
    let session = shop.session("credits_100", "team_1");
    shop.pay(&session, "ok");
    let events = events(&shop);
    assert_eq!(events.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>(), PAID);
    assert!(shop.api.sandbox.unused_faults().is_empty());
    events.into_iter().map(|(_, status, deliveries)| (status, deliveries)).collect()
}

#[test]
fn faults_lose_and_repeat_events() {
    let outcome = |status: &str, deliveries| (status.to_owned(), deliveries);
    let once = || outcome("delivered", 1);
    for (faults, expected) in [
        (&["event checkout.session.completed: drop"][..], [once(), once(), outcome("dropped", 0)]),
        (&["event *: drop x2"], [outcome("dropped", 0), outcome("dropped", 0), once()]),
        (&["event payment_intent.succeeded: duplicate"], [once(), outcome("delivered", 2), once()]),
    ] {
        assert_eq!(outcomes(faults), expected, "{faults:?}");
    }
}

#[test]
fn faults_delay_events_of_every_action() {
    // Paid over HTTP, and with the Rust API.
    for over_http in [true, false] {
        let fault = "event payment_intent.succeeded: delay 300ms x1".parse().expect("a fault");
        let shop = shop(Options::new().fault(fault));
        let session = shop.session("credits_100", "team_1");
        let started = Instant::now();
        if over_http {
            shop.pay(&session, "ok");
        } else {
            shop.api.sandbox.pay(&session, Card::Ok).expect("a payment");
        }
        let statuses =
            |shop: &Shop| -> Vec<String> { events(shop).into_iter().map(|(_, status, _)| status).collect() };
        if started.elapsed() < Duration::from_millis(300) {
            assert_eq!(statuses(&shop), ["delivered", "waiting", "delivered"]);
        }
        // A write in the meantime does not deliver it early.
        shop.api.ok("POST", "/test/sync", json!(null));
        while statuses(&shop) != ["delivered"; 3] {
            assert!(started.elapsed() < PATIENCE, "the event is not delivered");
            thread::sleep(Duration::from_millis(10));
        }
        assert!(started.elapsed() >= Duration::from_millis(300));
        assert_eq!(events(&shop).iter().map(|(.., deliveries)| deliveries).sum::<u64>(), 3);
    }
}

/// A sandbox that ends in the meantime loses no event: the next write with the same state delivers it.
#[test]
fn a_delayed_event_survives_the_end_of_the_sandbox() {
    let shop = shop(Options::new());
    let session = shop.session("credits_100", "team_1");
    let fault = "event *: delay 200ms".parse().expect("a fault");
    let ended = Options::new().state(shop.path()).public_url(PUBLIC_URL).fault(fault).spawn();
    let ended = ended.expect("another sandbox");
    ended.pay(&session, Card::Ok).expect("a payment");
    drop(ended);
    let started = Instant::now();
    while events(&shop).iter().any(|(_, status, _)| status != "delivered") {
        assert!(started.elapsed() < PATIENCE, "the events are not delivered");
        shop.api.ok("POST", "/test/sync", json!(null));
    }
    assert_eq!(events(&shop).len(), 3);
}

/// An application that records the requests that it gets, and answers with these statuses, the last one again and again.
struct App {
    url: String,
    requests: Receiver<Received>,
}

/// A request to an application.
struct Received {
    target: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Received {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str()).expect("a header")
    }

    /// The type of the event.
    fn event(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).expect("JSON");
        body["type"].as_str().expect("a type").to_owned()
    }
}

impl App {
    fn start(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/hooks?from=sandbox", listener.local_addr().expect("an address"));
        let (sender, requests) = mpsc::channel();
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let status = statuses.get(number).or(statuses.last()).expect("a status");
                receive(stream.expect("a connection"), *status, &sender);
            }
        });
        Self { url, requests }
    }

    fn url(&self) -> ForwardUrl {
        self.url.parse().expect("an address")
    }

    #[track_caller]
    fn next(&self) -> Received {
        self.requests.recv_timeout(PATIENCE).expect("a request")
    }
}

fn receive(mut stream: TcpStream, status: u16, sender: &Sender<Received>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let mut line = String::new();
    reader.read_line(&mut line).expect("a request");
    let target = line.split(' ').nth(1).expect("a target").to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a header");
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").expect("a length");
    let mut body = vec![0; length.1.parse().expect("a number")];
    reader.read_exact(&mut body).expect("a body");
    let body = String::from_utf8(body).expect("text");
    let response = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let _ = stream.write_all(response.as_bytes());
    // The test may have ended.
    let _ = sender.send(Received { target, headers, body });
}

/// Lines of a callback.
fn collected() -> (Arc<Mutex<Vec<String>>>, impl Fn(&str) + Send + Sync + 'static) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let own = Arc::clone(&lines);
    (lines, move |line: &str| own.lock().expect("lines").push(line.to_owned()))
}

#[test]
fn an_application_receives_the_events_with_their_signature() {
    let (first, second) = (App::start(&[200]), App::start(&[204]));
    let shop = shop(Options::new().forward_to(first.url()).forward_to(second.url()));
    let session = shop.session("credits_100", "team_1");
    let outcome = shop.pay(&session, "ok");
    let secret = get(&shop, "/api/secrets/STRIPE_TEST_WEBHOOK_SECRET");
    let secret = secret["value"].as_str().expect("a secret");
    for app in [&first, &second] {
        for (event, sent) in PAID.iter().zip(&outcome.events) {
            let received = app.next();
            assert_eq!(
                (received.event().as_str(), received.target.as_str()),
                (*event, "/hooks?from=sandbox")
            );
            assert_eq!(&serde_json::from_str::<Value>(&received.body).expect("JSON"), sent);
            assert_eq!(received.header("content-type"), "application/json");
            assert_eq!(format!("http://{}/hooks?from=sandbox", received.header("host")), app.url);
            let signature = received.header("stripe-signature");
            let (time, signature) = signature.split_once(",v1=").expect("a signature");
            let time = time.strip_prefix("t=").expect("a time");
            assert_eq!(signature, hex_hmac(secret, &format!("{time}.{}", received.body)));
        }
    }
}

#[test]
fn an_event_is_sent_again_until_the_application_accepts_it() {
    let app = App::start(&[500, 302, 200]);
    let (warnings, warn) = collected();
    let delays = vec![Duration::from_millis(300); 3];
    let options = Options::new().forward_to(app.url()).forward_delays(delays).warn(warn);
    let shop = shop(options);
    let session = shop.session("credits_100", "team_1");
    shop.pay(&session, "ok");
    let received: Vec<String> = (0..5).map(|_| app.next().event()).collect();
    // The first two fail. Their further attempts do not hold up the third.
    assert_eq!(received[..3], PAID);
    let mut later = received[3..].to_vec();
    later.sort_unstable();
    assert_eq!(later, PAID[..2]);
    drop(shop);
    assert!(warnings.lock().expect("lines").is_empty());
}

#[test]
fn an_event_that_is_given_up_is_reported() {
    let (warnings, warn) = collected();
    let (log, write) = collected();
    let dead = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let dead = format!("http://{dead}/");
    let app = App::start(&[503]);
    let options = Options::new().forward_to(dead.parse().expect("an address")).forward_to(app.url());
    let shop = shop(options.forward_delays(vec![Duration::ZERO; 3]).warn(warn).log(write));
    let session = shop.session("credits_100", "team_1");
    shop.pay(&session, "decline");
    let started = Instant::now();
    while warnings.lock().expect("lines").len() < 2 {
        assert!(started.elapsed() < PATIENCE, "no warning");
        thread::sleep(Duration::from_millis(10));
    }
    let mut warnings = warnings.lock().expect("lines").clone();
    warnings.sort_by_key(|line| line.contains("503"));
    for (line, (url, reason)) in
        warnings.iter().zip([(&dead, "refused"), (&app.url, "the response has the status 503")])
    {
        let forwarded = format!("was not forwarded to {url} after 4 attempts: ");
        assert!(line.starts_with("payment_intent.payment_failed (evt_"), "{line}");
        assert!(line.contains(&forwarded) && line.contains(reason), "{line}");
    }
    let log = log.lock().expect("lines").clone();
    let line =
        format!("forward payment_intent.payment_failed to {}: the response has the status 503", app.url);
    assert_eq!(log.iter().filter(|own| **own == line).count(), 4, "{log:#?}");
}

/// `sandbox pay` without a running sandbox changes only the state file.
#[test]
fn events_of_another_process_are_forwarded_too() {
    let app = App::start(&[200]);
    let shop = shop(Options::new());
    let _serving = Options::new().state(shop.path()).forward_to(app.url()).spawn().expect("another sandbox");
    let session = shop.session("credits_100", "team_1");
    shop.pay(&session, "ok");
    let received: Vec<String> = (0..3).map(|_| app.next().event()).collect();
    assert_eq!(received, PAID);
}
