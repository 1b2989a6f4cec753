//! Every read command, run against the recorded exchanges of both generations.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::harness::all_formats::AllFormats;
use super::harness::recordings::{self, Exchange, Generation};
use super::harness::replies::{self, Replies, Shown};
use super::harness::stub::Request;
use super::harness::{KEY, RunOutput, User, assert_golden};

/// The replies in the golden files, one or more of each kind. The first of each command has all formats.
const SHOWN: &Shown = &[
    ("Status: two environments", "status-both"),
    ("Status: nothing is configured", "status-unconfigured"),
    ("Status: a key without a webhook", "status-key-without-webhook"),
    ("Status: the last sync failed", "status-after-failed-sync"),
    ("Status: the key was removed", "status-after-delete"),
    ("Config: two keys", "config-get-both"),
    ("Config: no keys", "config-get-unconfigured"),
    ("Sync: one environment", "sync-env"),
    ("Sync: nothing is configured", "sync-all-unconfigured"),
    ("Sync: it failed at the provider", "sync-prices-fail"),
    ("Catalog: no records", "catalog-unconfigured"),
    ("Catalog: products and prices", "catalog"),
    ("Products: a list", "products-list"),
    ("Products: one with prices", "product-get-with-prices"),
    ("Products: one without prices", "product-get"),
    ("Prices: a list", "prices-list"),
    ("Prices: those of an unknown product", "prices-list-filter-unknown"),
    ("Prices: one", "price-get-after-archive"),
    ("Customers: a list", "customers-after-payments"),
    ("Subscriptions: those of a team", "subscriptions-subject"),
    ("Subscriptions: a list", "subscriptions-limit-2"),
    ("Transactions: a list", "transactions-after-webhooks"),
    ("Transactions: one", "transactions-limit-1"),
    ("Error: no token", "auth-none"),
    ("Error: an invalid API key", "auth-bad-ik-key"),
    ("Error: an invalid token", "auth-garbage-bearer"),
    ("Error: the token of a user who is no admin", "auth-user-jwt-not-admin"),
    ("Error: a product that does not exist", "product-get-404"),
];

/// The name of an exchange behind its number, as recordings of the newer generation have it.
fn newer_name(exchange: &Exchange) -> String {
    let (_, name) = exchange.name.split_once('-').expect("a number");
    name.replace("payment-history", "transactions")
}

/// The command that sends this request, if there is one.
fn command_for(exchange: &Exchange, generation: Generation) -> Option<Vec<String>> {
    let (path, query) = exchange.path.split_once('?').unwrap_or((&exchange.path, ""));
    let rest = path.strip_prefix("/api/payments/")?;
    let rest = match generation {
        Generation::Newer => rest.strip_prefix("stripe/")?,
        Generation::Older => rest,
    };
    let segments: Vec<&str> = rest.split('/').collect();
    let mut words: Vec<String> = match (exchange.method.as_str(), &segments[..]) {
        ("GET", ["status"]) => vec!["status"],
        ("GET", ["config"]) => vec!["config"],
        ("POST", ["sync"]) => vec!["sync"],
        ("POST", [env @ ("test" | "live"), "sync"]) => vec!["sync", env],
        ("GET", [env @ ("test" | "live"), "catalog"]) => vec!["catalog", env],
        ("GET", [env @ ("test" | "live"), "catalog", "products"]) => vec!["products", "list", env],
        ("GET", [env @ ("test" | "live"), "catalog", "products", id]) => vec!["products", "get", env, id],
        ("GET", [env @ ("test" | "live"), "catalog", "prices"]) => vec!["prices", "list", env],
        ("GET", [env @ ("test" | "live"), "catalog", "prices", id]) => vec!["prices", "get", env, id],
        ("GET", [env @ ("test" | "live"), "customers"]) => vec!["customers", env],
        ("GET", [env @ ("test" | "live"), "subscriptions"]) => vec!["subscriptions", env],
        ("GET", [env @ ("test" | "live"), "transactions"]) if generation == Generation::Newer => {
            vec!["transactions", env]
        }
        ("GET", [env @ ("test" | "live"), "payment-history"]) => vec!["transactions", env],
        _ => return None,
    }
    .into_iter()
    .map(str::to_owned)
    .collect();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        let flag = match name {
            "limit"
                if words[0] != "products"
                    && value.parse().is_ok_and(|limit: u8| (1..=100).contains(&limit)) =>
            {
                "--limit"
            }
            "subjectType" => "--subject-type",
            "subjectId" => "--subject-id",
            "productId" | "stripeProductId" if !value.is_empty() => "--product",
            // No command sends these. The program rejects the arguments itself, which other tests cover.
            _ => return None,
        };
        words.extend([flag.to_owned(), value.to_owned()]);
    }
    // The program rejects half a subject itself.
    let subject_flags = words.iter().filter(|word| word.starts_with("--subject")).count();
    (subject_flags != 1 && exchange.status != 304).then_some(words)
}

/// The expected output of `--json`: the backend's body, with keys masked.
fn expected_json(exchange: &Exchange, words: &[String]) -> Value {
    let mut body = exchange.response_body.clone();
    if words[0] == "config" {
        for key in body["keys"].as_array_mut().expect("keys") {
            let entry = key.as_object_mut().expect("an object");
            if let Some(value) = entry.remove("value") {
                let masked = value.as_str().map(|key| format!("{}****{}", &key[..8], &key[key.len() - 4..]));
                entry.insert("hasKey".into(), Value::Bool(masked.is_some()));
                entry.insert("maskedKey".into(), masked.map_or(Value::Null, Value::String));
            }
        }
    }
    body
}

fn every_read(generation: Generation, at_least: usize) -> Replies {
    let mut replies = Replies::new(SHOWN);
    let mut commands: BTreeMap<String, usize> = BTreeMap::new();
    let no_product = match generation {
        Generation::Newer => "125-product-get-404",
        Generation::Older => "131-product-get-404",
    };
    let no_product = generation.exchange(no_product);
    for exchange in generation.exchanges() {
        let Some(words) = command_for(&exchange, generation) else { continue };
        *commands.entry(words[..words.len().min(2)].join(" ")).or_default() += 1;
        let name = newer_name(&exchange);
        for path in [&["payments"][..], &["payments", "stripe"]] {
            let stub = recordings::serve_in(generation, vec![exchange.clone(), no_product.clone()]);
            let user = User::of(&stub.address);
            let run = |flags: &[&str]| {
                let before = stub.requests().len();
                let words = words.iter().map(String::as_str);
                let args: Vec<&str> =
                    path.iter().copied().chain(words).chain(flags.iter().copied()).collect();
                let ran = user.run(&args);
                // A format that the result does not have is refused before anything is sent.
                if ran.code != 64 {
                    check_requests(&stub.requests()[before..], &exchange, generation);
                }
                ran
            };
            let json = if path.len() == 1 && replies.shows(&name) {
                let formats = AllFormats::of(run);
                formats.check_table(&formats.check());
                let line = format!("payments {}", words.join(" "));
                let normalize = |text: &str| generation.normalize(text, &stub.address);
                replies.record(&name, &words, &line, &formats, normalize);
                formats.json
            } else {
                let (table, json) = (run(&[]), run(&["--json"]));
                assert_eq!(json.code, table.code, "{}", exchange.name);
                json
            };
            replies.note_kind(&name, &words, &json);
            check_json(&json, &exchange, &words);
        }
    }
    let total: usize = commands.values().sum();
    println!("{total} recorded reads of {generation:?}: {commands:?}");
    assert!(total >= at_least, "only {total} reads are covered: {commands:?}");
    replies
}

fn check_json(json: &RunOutput, exchange: &Exchange, words: &[String]) {
    let name = &exchange.name;
    if exchange.status == 200 {
        let expected = expected_json(exchange, words);
        assert_eq!(json.json(), expected, "{name}");
        let pretty = serde_json::to_string_pretty(&expected).expect("JSON");
        assert_eq!(json.stdout, format!("{pretty}\n"), "{name}: key order or indent");
        return;
    }
    let error = json.error();
    assert_eq!(json.stdout, "", "{name}");
    assert_eq!(error["error"], exchange.response_body["message"], "{name}");
    assert_eq!(error["code"], exchange.response_body["error"], "{name}");
    assert_eq!(error["status"], exchange.status, "{name}");
}

/// Checks that exactly the needed requests were sent. A read needs one request at a newer backend. An older backend first
/// gets the newer route, then its status, then the older route. After an empty list, the status says whether the
/// environment has a key; a product without prices may be unknown. A POST is sent only after the generation is known. Every
/// request has no body, the key, and the program's user agent.
fn check_requests(requests: &[Request], exchange: &Exchange, generation: Generation) {
    const NEWER_STATUS: &str = "GET /api/payments/stripe/status";
    const OLDER_STATUS: &str = "GET /api/payments/status";
    let recorded = exchange.line();
    let newer_route = recorded.replacen("/api/payments/", "/api/payments/stripe/", 1);
    let newer_route =
        newer_route.replace("payment-history", "transactions").replace("stripeProductId", "productId");
    let own_status = if generation == Generation::Newer { NEWER_STATUS } else { OLDER_STATUS };
    let mut expected = match (generation, exchange.method.as_str()) {
        (Generation::Newer, "GET") => vec![recorded.as_str()],
        (Generation::Newer, _) => vec![NEWER_STATUS, &recorded],
        (Generation::Older, "GET") if recorded == OLDER_STATUS => vec![NEWER_STATUS, OLDER_STATUS],
        (Generation::Older, "GET") => vec![&newer_route, OLDER_STATUS, &recorded],
        (Generation::Older, _) => vec![NEWER_STATUS, OLDER_STATUS, &recorded],
    };
    let lists = exchange.response_body.as_object().into_iter().flat_map(|body| body.values());
    let product = recorded.split_once("roductId=").map(|(list, id)| {
        let catalog = list.split_once("/prices").expect("a list of prices").0;
        format!("{catalog}/products/{id}")
    });
    if exchange.status == 200 && !lists.clone().any(|list| list != &json!([])) {
        expected.push(own_status);
        expected.extend(product.as_deref());
    }
    let lines: Vec<String> = requests.iter().map(Request::line).collect();
    assert_eq!(lines, expected, "{}", exchange.name);
    for request in requests {
        assert!(request.body.is_empty(), "{}: a read has no body", exchange.name);
        assert_eq!(request.header("authorization"), Some(&*format!("Bearer {KEY}")));
        assert!(request.header("user-agent").expect("a user agent").starts_with("insforge-cli/"));
    }
}

#[test]
fn every_recorded_read_of_both_generations() {
    let [newer, older] = replies::both_generations(|generation| every_read(generation, 60));
    assert_golden("reads.txt", &newer.text());
    assert_golden("reads-older.diff", &older.differences_from(&newer, "reads.txt"));
}
