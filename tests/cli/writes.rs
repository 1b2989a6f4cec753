//! Every recorded write, made by running the command against the recorded exchanges of both generations: what it sends and
//! what it shows. Input that the backend refuses is not sent at all, because the command refuses it first.

use serde_json::{Map, Value, json};

use super::harness::all_formats::AllFormats;
use super::harness::recordings::{self, Exchange, Generation};
use super::harness::replies::{self, Replies, Shown};
use super::harness::stub::Request;
use super::harness::{KEY, RunOutput, User, assert_golden};

/// The replies in the golden files, one or more of each kind. The first of each command has all formats.
const SHOWN: &Shown = &[
    ("Config: a key is set", "config-put-ok-webhook-rejected"),
    ("Config: a key is removed", "config-delete"),
    ("Webhooks: an endpoint is configured", "webhook-ok"),
    ("Products: created", "product-create-full"),
    ("Products: updated", "product-patch-name"),
    ("Products: deleted", "product-delete"),
    ("Prices: created", "price-create-recurring-full"),
    ("Prices: updated", "price-patch-tax"),
    ("Prices: archived", "price-archive"),
    ("Error: no key to remove", "config-delete-unconfigured"),
    ("Error: no key is configured", "product-create-unconfigured"),
    ("Error: Stripe refuses the key to set", "config-put-stripe-rejects-key"),
    ("Error: Stripe fails on the key to set", "config-put-stripe-500"),
    ("Error: Stripe is out of reach", "config-put-stripe-unreachable"),
    ("Error: Stripe refuses the webhook's URL", "webhook-localhost-rejected"),
    ("Error: the key may not write webhooks", "webhook-no-permission"),
    ("Error: the idempotency key was used for another product", "product-create-key-conflict"),
    ("Error: too many requests", "product-create-stripe-429"),
    ("Error: Stripe fails on a create", "product-create-stripe-500"),
    ("Error: Stripe is down", "product-create-stripe-503"),
    ("Error: a payment method is declined", "product-create-stripe-402"),
    ("Error: Stripe refuses the configured key", "product-create-stripe-401"),
    ("Error: the object is locked", "product-create-stripe-409"),
    ("Error: a product that does not exist", "product-patch-404"),
    ("Error: a product that has prices", "product-delete-with-prices"),
    ("Error: a lookup key that is taken", "price-create-lookup-key-taken"),
    ("Error: an amount that is too large", "price-create-too-large"),
    ("Error: the product of a price does not exist", "price-create-unknown-product"),
];

/// The exchanges whose input the command refuses, by their names after the number. The backend accepts two of them: it
/// trims keys, and reserves `insforge_` only for checkout sessions.
const REFUSED_HERE: [&str; 33] = [
    "config-put-empty-key",
    "config-put-blank-key",
    "config-put-live-key-in-test",
    "config-put-test-key-in-live",
    "config-put-restricted-key",
    "config-put-garbage",
    "product-create-key-201",
    "product-create-key-empty",
    "product-create-key-trimmed",
    "product-create-no-name",
    "product-create-null-name",
    "product-create-unknown-field",
    "product-create-environment-in-body",
    "product-create-many-issues",
    "product-create-description-5001",
    "product-create-name-251",
    "product-create-metadata-key-too-long",
    "product-create-reserved-metadata",
    "product-create-malformed-json",
    "product-create-no-body",
    "product-patch-idempotency-key-refused",
    "price-create-negative",
    "price-create-float",
    "price-create-bad-currency-length",
    "price-create-bad-interval",
    "price-create-interval-count-0",
    "price-create-recurring-unknown-field",
    "price-create-bad-tax-behavior",
    "price-create-empty",
    "price-patch-unit-amount-refused",
    "price-patch-empty",
    "env-unknown-config-put",
    "env-unknown-price-delete",
];

/// The exchanges that no command line can make, and why.
const NOT_MADE: [(&str, &str); 15] = [
    ("route-old-layout-config-put", "a route of the other generation"),
    ("route-new-layout-products-create", "a route of the other generation"),
    ("route-apr30-layout-config-delete", "a route of a third layout"),
    ("route-config-wrong-method", "a method that no command uses"),
    ("options-preflight", "a method that no command uses"),
    ("head-status", "a method that no command uses"),
    ("config-put-bare-string-json", "a body that is not an object"),
    ("config-put-text-plain", "a content type that no command uses"),
    ("price-create-other-era-field", "on older backends a file's productId is translated"),
    ("checkout-session-with-api-key", "a route for the application's users"),
    ("payload-too-large-101mb", "an object file is at most 1 MiB"),
    ("config-put-wrong-type", "a key is text"),
    ("config-put-malformed-json", "a key is not JSON"),
    ("config-put-no-body", "a key is always sent"),
    ("config-put-empty-object", "a key is always sent"),
];

/// A command line that makes a recorded write.
struct Invocation {
    words: Vec<String>,
    stdin: String,
    /// The body that must be sent; without a recorded idempotency key, the command generates one.
    body: Option<Value>,
}

fn name_without_number(exchange: &Exchange) -> &str {
    exchange.name.split_once('-').expect("a number").1
}

/// The body with the long strings that the recorder abbreviated to `<251 chars>`.
fn expanded(body: &Value) -> Value {
    match body {
        Value::String(text) => {
            let length = text.strip_prefix('<').and_then(|text| text.strip_suffix(" chars>"));
            Value::String(length.map_or_else(|| text.clone(), |n| "n".repeat(n.parse().expect("a length"))))
        }
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), expanded(value))).collect(),
        other => other.clone(),
    }
}

/// The body with the newer backend's field names, which files use.
fn with_newer_names(body: &Value) -> Value {
    let Value::Object(map) = body else { return body.clone() };
    let renamed = |name: &str| if name == "stripeProductId" { "productId".into() } else { name.to_owned() };
    Value::Object(map.iter().map(|(name, value)| (renamed(name), value.clone())).collect())
}

/// The flags for this body; `None` if flags cannot express it.
fn flags(body: &Map<String, Value>) -> Option<Vec<String>> {
    let mut flags = Vec::new();
    for (name, value) in body {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let flag = match name.as_str() {
            "recurring" if value.as_object()?.keys().any(|name| !name.starts_with("interval")) => {
                return None;
            }
            "recurring" => {
                let interval = value["interval"].as_str()?;
                flags.extend(["--interval".to_owned(), interval.to_owned()]);
                if let Some(count) = value.get("intervalCount") {
                    flags.extend(["--interval-count".to_owned(), count.to_string()]);
                }
                continue;
            }
            "productId" => "--product",
            "unitAmount" => "--unit-amount",
            "lookupKey" => "--lookup-key",
            "taxBehavior" => "--tax-behavior",
            "idempotencyKey" => "--idempotency-key",
            // As a flag, every value is a valid name.
            "name" if !value.is_string() => return None,
            "name" | "description" | "active" | "metadata" | "currency" => &format!("--{name}"),
            _ => return None,
        };
        flags.extend([flag.to_owned(), text]);
    }
    Some(flags)
}

/// The command lines that make a recorded write: with flags, and with a file.
fn invocations(exchange: &Exchange, generation: Generation) -> Vec<Invocation> {
    let rest = exchange.path.strip_prefix("/api/payments/").expect("a payments route");
    let rest =
        if generation == Generation::Newer { rest.strip_prefix("stripe/").expect("Stripe's") } else { rest };
    let segments: Vec<&str> = rest.split('/').collect();
    let body = expanded(&exchange.request_body);
    let given = if generation == Generation::Older { with_newer_names(&body) } else { body.clone() };
    let (words, object) = match (exchange.method.as_str(), &segments[..]) {
        ("PUT", [env, "config"]) => {
            let key = body["secretKey"].as_str().expect("a key").to_owned();
            let body = json!({"secretKey": key.trim()});
            let words = ["config", "set", env, "-"].map(str::to_owned).to_vec();
            return vec![Invocation { words, stdin: key, body: Some(body) }];
        }
        ("DELETE", [env, "config"]) => (vec!["config", "remove", env], false),
        ("POST", [env, "webhook"]) => (vec!["webhooks", "configure", env], false),
        ("POST", [env, "catalog", "products"]) => (vec!["products", "create", env], true),
        ("PATCH", [env, "catalog", "products", id]) => (vec!["products", "update", env, id], true),
        ("DELETE", [env, "catalog", "products", id]) => (vec!["products", "delete", env, id], false),
        ("POST", [env, "catalog", "prices"]) => (vec!["prices", "create", env], true),
        ("PATCH", [env, "catalog", "prices", id]) => (vec!["prices", "update", env, id], true),
        ("DELETE", [env, "catalog", "prices", id]) => (vec!["prices", "archive", env, id], false),
        _ => panic!("no command for {}", exchange.line()),
    };
    let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    if !object {
        return vec![Invocation { words, stdin: String::new(), body: None }];
    }
    let stdin = match &given {
        // Malformed bodies are recorded as strings.
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        json => json.to_string(),
    };
    let from_file = [words.clone(), vec!["--from-file".into(), "-".into()]].concat();
    let by_flags = given.as_object().and_then(flags).map(|flags| [words, flags].concat());
    let by_flags = by_flags.map(|words| Invocation { words, stdin: String::new(), body: Some(body.clone()) });
    by_flags.into_iter().chain([Invocation { words: from_file, stdin, body: Some(body) }]).collect()
}

fn run(user: &User, form: &[&str], invocation: &Invocation, more: &[&str]) -> RunOutput {
    let words = invocation.words.iter().map(String::as_str);
    let args: Vec<&str> = form.iter().copied().chain(words).chain(more.iter().copied()).collect();
    user.run_with_stdin(&args, &invocation.stdin)
}

/// What `--json` prints: the backend's body, except for answers that have keys in them.
fn expected_json(exchange: &Exchange, invocation: &Invocation) -> Value {
    match invocation.words[..2].iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["config", verb] => {
            json!({"provider": "stripe", "environment": invocation.words[2], "configured": verb == "set"})
        }
        _ => exchange.response_body.clone(),
    }
}

/// Checks the requests of a run. The status is read to detect the generation; `config set` reads it before and after.
fn check_requests(
    requests: &[Request],
    exchange: &Exchange,
    invocation: &Invocation,
    generation: Generation,
) -> String {
    const NEWER_STATUS: &str = "GET /api/payments/stripe/status";
    const OLDER_STATUS: &str = "GET /api/payments/status";
    let own = exchange.line();
    let mut expected = match generation {
        Generation::Newer => vec![NEWER_STATUS],
        Generation::Older => vec![NEWER_STATUS, OLDER_STATUS],
    };
    let status = expected[expected.len() - 1];
    // Before a create with the user's own key, the mirror is read. That finds out the generation, too.
    let has_own_key = exchange.method == "POST"
        && invocation.body.as_ref().is_some_and(|body| body.get("idempotencyKey").is_some());
    let lists = [Generation::Newer, Generation::Older].map(|generation| list_line(exchange, generation));
    if has_own_key {
        expected = match generation {
            Generation::Newer => vec![&lists[0]],
            Generation::Older => vec![&lists[0], OLDER_STATUS, &lists[1]],
        };
    }
    // `price_missing` can be a lookup key. After an empty list, the status says whether there is a key.
    if exchange.path.ends_with("/prices/price_missing") {
        expected = match generation {
            Generation::Newer => vec![&lists[0], NEWER_STATUS],
            Generation::Older => vec![&lists[0], OLDER_STATUS, &lists[1], OLDER_STATUS],
        };
    }
    expected.push(&own);
    if invocation.words[..2] == ["config", "set"] && exchange.status == 200 {
        expected.push(status);
    }
    let lines: Vec<String> = requests.iter().map(Request::line).collect();
    assert_eq!(lines, expected, "{}", exchange.name);
    let write = requests.iter().find(|request| request.line() == own).expect("the write");
    assert_eq!(write.header("authorization"), Some(&*format!("Bearer {KEY}")));
    check_body(write, exchange, invocation)
}

/// The list of the mirror that a create of this kind, or a write that may have a lookup key, reads.
fn list_line(exchange: &Exchange, generation: Generation) -> String {
    let (root, parameter) = match generation {
        Generation::Newer => ("/api/payments/stripe", "productId"),
        Generation::Older => ("/api/payments", "stripeProductId"),
    };
    let catalog = exchange.path.split_once("/test/").map_or("", |(_, catalog)| catalog);
    let catalog = catalog.trim_end_matches("/price_missing");
    let product =
        ["productId", "stripeProductId"].iter().find_map(|name| exchange.request_body.get(name)?.as_str());
    let filter = product.map(|product| format!("?{parameter}={product}")).unwrap_or_default();
    format!("GET {root}/test/{catalog}{filter}")
}

/// Checks the body of the write, and returns the generated idempotency key.
fn check_body(write: &Request, exchange: &Exchange, invocation: &Invocation) -> String {
    let name = &exchange.name;
    let Some(expected) = &invocation.body else {
        assert!(write.body.is_empty(), "{name}: no body was recorded");
        return String::new();
    };
    assert_eq!(write.header("content-type"), Some("application/json"), "{name}");
    let mut sent: Value = serde_json::from_slice(&write.body).expect("JSON");
    let is_generated = write.method == "POST" && expected.get("idempotencyKey").is_none();
    let generated = is_generated.then(|| sent.as_object_mut().expect("an object").remove("idempotencyKey"));
    let generated =
        generated.map_or_else(String::new, |key| key.as_ref().and_then(Value::as_str).expect("a key").into());
    assert_eq!(is_generated, generated.len() == 36, "{name}: {generated}");
    assert_eq!(&sent, expected, "{name}");
    generated
}

fn every_write(generation: Generation, at_least: usize) -> Replies {
    let (mut replies, mut sent, mut refused, mut not_made) = (Replies::new(SHOWN), 0, 0, 0);
    let writes = generation.exchanges().into_iter().filter(|exchange| {
        let stripes = exchange.path.starts_with("/api/payments/") && !exchange.path.contains("/razorpay/");
        exchange.method != "GET" && stripes && !exchange.path.ends_with("/sync")
    });
    for exchange in writes {
        let name = name_without_number(&exchange);
        let ours = REFUSED_HERE.contains(&name);
        let foreign = generation == Generation::Newer && name == "price-create-other-era-field";
        if !foreign && NOT_MADE.iter().any(|(other, _)| *other == name) {
            not_made += 1;
            continue;
        }
        for (position, invocation) in invocations(&exchange, generation).iter().enumerate() {
            // For a file, one form of the command line is enough.
            let forms = [&["payments"][..], &["payments", "stripe"]];
            for form in &forms[..2 - position.min(1)] {
                let stub = recordings::serve_in(generation, vec![exchange.clone()]);
                let user = User::of(&stub.address).with("INSFORGE_RETRIES", "0");
                let table = run(&user, form, invocation, &["--yes"]);
                if ours || foreign {
                    assert_eq!((table.code, stub.lines().len()), (64, 0), "{}: {table:?}", exchange.name);
                    assert_eq!(table.stdout, "");
                    continue;
                }
                check_requests(&stub.requests(), &exchange, invocation, generation);
                let run_checked = |more: &[&str]| {
                    let before = stub.requests().len();
                    let mut ran = run(&user, form, invocation, &[&["--yes"], more].concat());
                    // A format that the result does not have is refused before anything is sent.
                    if ran.code != 64 {
                        let key =
                            check_requests(&stub.requests()[before..], &exchange, invocation, generation);
                        if !key.is_empty() {
                            ran.stderr = ran.stderr.replace(&key, "KEY-OF-THE-RUN");
                        }
                    }
                    ran
                };
                let json = run_checked(&["--json"]);
                check_json(&json, &table, &exchange, invocation);
                if form.len() == 1 && position == 0 {
                    replies.note_kind(name, &invocation.words, &json);
                    if replies.shows(name) {
                        let formats = AllFormats::of(run_checked);
                        formats.check_table(&formats.check());
                        let line = format!("payments {} --yes", shell_words::join(&invocation.words));
                        let normalize = |text: &str| generation.normalize(text, &stub.address);
                        replies.record(name, &invocation.words, &line, &formats, normalize);
                    }
                }
            }
        }
        if ours || foreign { refused += 1 } else { sent += 1 }
    }
    println!(
        "{generation:?}: {sent} recorded writes made, {refused} refused before, {not_made} that no command makes"
    );
    assert!(sent >= at_least, "only {sent} writes are made");
    replies
}

fn check_json(json: &RunOutput, table: &RunOutput, exchange: &Exchange, invocation: &Invocation) {
    let name = &exchange.name;
    assert_eq!(json.code, table.code, "{name}");
    if exchange.status < 300 {
        assert_eq!(json.code, 0, "{name}: {json:?}");
        assert_eq!(json.json(), expected_json(exchange, invocation), "{name}");
        return;
    }
    let error = json.error();
    assert_eq!(
        (json.stdout.as_str(), error["status"].as_u64()),
        ("", Some(exchange.status.into())),
        "{name}"
    );
    let message = exchange.response_body["message"].as_str().expect("a message");
    // A conflict shows the user's key, without the prefix that the backend adds for Stripe.
    let message = message.replace("insforge:test:product:", "").replace("insforge:test:price:", "");
    let what = error["error"].as_str().expect("a text");
    if error["code"] == "OUTCOME_UNKNOWN" {
        assert!(what.starts_with(&message), "{name}: {what}");
    } else {
        assert_eq!((what, &error["code"]), (message.as_str(), &exchange.response_body["error"]), "{name}");
    }
}

#[test]
fn every_exception_names_a_recorded_exchange() {
    let recorded = [Generation::Newer.exchanges(), Generation::Older.exchanges()].concat();
    for name in REFUSED_HERE.iter().chain(NOT_MADE.iter().map(|(name, _)| name)) {
        assert!(recorded.iter().any(|exchange| name_without_number(exchange) == *name), "{name}");
    }
}

#[test]
fn every_recorded_write_of_both_generations() {
    let [newer, older] = replies::both_generations(|generation| every_write(generation, 60));
    assert_golden("writes.txt", &newer.text());
    assert_golden("writes-older.diff", &older.differences_from(&newer, "writes.txt"));
}
