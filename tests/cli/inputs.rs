//! The input of creates and updates: flags, a JSON file, or both; input that is refused before anything is sent; and
//! `--dry-run`, which shows the request instead of sending it.

use serde_json::{Value, json};

use super::harness::recordings::{self, Generation};
use super::harness::stub::{Answer, Stub};
use super::harness::{RunOutput, User, dead_address};

const PRODUCT: [&str; 5] = ["payments", "products", "create", "--name", "Pro"];
const PRICE: [&str; 9] =
    ["payments", "prices", "create", "--product", "prod_1", "--currency", "usd", "--unit-amount", "1999"];
const UPDATE: [&str; 4] = ["payments", "products", "update", "prod_1"];
const REPRICE: [&str; 4] = ["payments", "prices", "update", "price_1"];

/// The body that a command line would send, without a generated idempotency key.
#[track_caller]
fn body_of(args: &[&str], stdin: &str) -> Value {
    let ran = User::of(&dead_address()).run_with_stdin(&[args, &["--dry-run"]].concat(), stdin).exits(0);
    let mut body = ran.json()["body"].clone();
    if !args.contains(&"--idempotency-key") && !stdin.contains("idempotencyKey") {
        body.as_object_mut().expect("an object").remove("idempotencyKey");
    }
    body
}

/// Checks for exit code 64 and no request.
#[track_caller]
fn refused(args: &[&str], stdin: &str) -> RunOutput {
    let stub = recordings::serve(vec![]);
    let ran = User::of(&stub.address).run_with_stdin(args, stdin).exits(64);
    assert_eq!(stub.lines(), Vec::<String>::new(), "{args:?}");
    assert_eq!(ran.stdout, "");
    let json = User::of(&stub.address).run_with_stdin(&[args, &["--json"]].concat(), stdin).exits(64);
    assert_eq!(json.error()["code"], "USAGE");
    ran
}

#[test]
fn invalid_values_are_refused_with_an_explanation() {
    let long = |n: usize| "x".repeat(n);
    let (name, key, text) = (long(251), long(201), format!("a={}", long(501)));
    let fields: Vec<String> = (0..51).map(|n| format!("--metadata-field=k{n}=v")).collect();
    let many: Vec<&str> = PRODUCT.into_iter().chain(fields.iter().map(String::as_str)).collect();
    let table: [(&[&str], &[&str], &str); 34] = [
        (&["payments", "products", "create"], &[], "--name"),
        (&["payments", "products", "create", "--name", " "], &[], "the name is empty"),
        (
            &["payments", "products", "create", "--name", &name],
            &[],
            "at most 250 characters, but this one has 251",
        ),
        (&PRODUCT, &["--active", "yes"], "possible values: true, false"),
        (&PRODUCT, &["--metadata", "tier=pro"], "use the form '{\"tier\": \"pro\"}'"),
        (&PRODUCT, &["--metadata", "[1]"], "a JSON object of strings"),
        (&PRODUCT, &["--metadata", r#"{"n":1}"#], "`n` is 1; use \"1\""),
        (&PRODUCT, &["--metadata", r#"{"a":"1","a":"2"}"#], "key `a` is duplicated"),
        (&PRODUCT, &["--metadata-field", "insforge_x=1"], "reserved for InsForge"),
        (&PRODUCT, &["--metadata-field", "novalue"], "for '--metadata-field <NAME=VALUE>'"),
        (&PRODUCT, &["--metadata-field", "novalue"], "use the form NAME=VALUE, such as tier=pro"),
        (&PRODUCT, &["--metadata-field", &text], "at most 500 characters"),
        (&many, &[], "at most 50 metadata keys"),
        (&PRODUCT, &["--idempotency-key", ""], "an idempotency key cannot be empty"),
        (&PRODUCT, &["--idempotency-key", " k "], "cannot begin or end with white space"),
        (&PRODUCT, &["--idempotency-key", &key], "at most 200 characters"),
        (&["payments", "prices", "create", "--currency", "usd"], &[], "--product"),
        (&PRICE[..7], &["--unit-amount", "19.99"], "1999 for 19.99 USD"),
        (&PRICE[..7], &["--unit-amount", "-5"], "cannot be negative"),
        (&PRICE[..7], &["--unit-amount", "1000000000000"], "an amount cannot be above"),
        (&PRICE, &["--currency", "usd"], "--currency"),
        (&PRICE[..5], &["--currency", "dollar", "--unit-amount", "5"], "three-letter ISO code"),
        (&PRICE, &["--interval", "monthly"], "possible values: day, week, month, year"),
        (&PRICE, &["--interval-count", "3"], "--interval-count needs --interval"),
        (&PRICE, &["--interval", "month", "--interval-count", "0"], "at least 1"),
        (
            &PRICE,
            &["--interval", "month", "--interval-count", "37"],
            "at most three years between payments: 36 months",
        ),
        (&PRICE, &["--lookup-key", ""], "a lookup key cannot be empty"),
        (&PRICE, &["--tax-behavior", "none"], "possible values: exclusive, inclusive, unspecified"),
        (&UPDATE, &[], "Nothing to update"),
        (&UPDATE, &["--idempotency-key", "k"], "Unknown option '--idempotency-key'"),
        (&REPRICE, &[], "Nothing to update"),
        (&REPRICE, &["--unit-amount", "5"], "Unknown option '--unit-amount'"),
        (&["payments", "prices", "archive", "live"], &[], "The id is missing"),
        (
            &["payments", "products", "create", "test", "-e", "live", "--name", "x"],
            &[],
            "Two different environments",
        ),
    ];
    for (command, more, sentence) in table {
        refused(&[command, more].concat(), "").stderr_has(&[sentence, "hint: "]);
    }
}

#[test]
fn a_file_can_have_the_whole_object() {
    let price = json!({
        "productId": "prod_1", "currency": "eur", "unitAmount": 500, "lookupKey": null, "active": false,
        "recurring": {"interval": "week", "intervalCount": 2}, "taxBehavior": "inclusive",
        "metadata": {"z": "1", "a": "2"}, "idempotencyKey": "k 1",
    });
    let create = ["payments", "prices", "create", "--from-file", "-"];
    assert_eq!(body_of(&create, &price.to_string()), price);
    let user = User::of(&dead_address());
    let path = user.write("price.json", &price.to_string());
    let ran = user.run(&[&create[..4], &[path.to_str().expect("text"), "--dry-run"]].concat()).exits(0);
    assert_eq!(ran.json()["body"], price);
    let body = &ran.stdout[ran.stdout.find("\"body\"").expect("a body")..];
    assert!(body.find("\"z\"") < body.find("\"a\""), "metadata keeps its order: {body}");
    let with_bom = format!("\u{feff}{price}");
    assert_eq!(body_of(&create, &with_bom), price, "some editors begin a file with a mark");
    let changes = json!({"name": "N", "description": null, "active": true, "metadata": {}});
    assert_eq!(body_of(&[&UPDATE[..], &["--from-file", "-"]].concat(), &changes.to_string()), changes);
}

#[test]
fn flags_take_precedence_over_the_file() {
    let file = r#"{"name":"File","description":"d","active":true,"metadata":{"a":"1","b":"2"},"idempotencyKey":"f"}"#;
    let create = ["payments", "products", "create", "--from-file", "-"];
    let more = ["--name", "Flag", "--description", "null", "--active", "FALSE", "--idempotency-key", "g"];
    let fields = ["--metadata-field", "b=x=y", "--metadata-field", "c="];
    assert_eq!(
        body_of(&[&create[..], &more, &fields].concat(), file),
        json!({"name": "Flag", "description": null, "active": false, "metadata": {"a": "1", "b": "x=y", "c": ""},
               "idempotencyKey": "g"})
    );
    let whole = body_of(&[&create[..], &["--metadata", r#"{"n":"1"}"#]].concat(), file);
    assert_eq!((&whole["metadata"], &whole["idempotencyKey"]), (&json!({"n": "1"}), &json!("f")));
    let price = r#"{"productId":"p","currency":"usd","unitAmount":1,"recurring":{"interval":"month"}}"#;
    let create = ["payments", "prices", "create", "--from-file", "-"];
    let every = |more: &[&str]| body_of(&[&create[..], more].concat(), price)["recurring"].clone();
    assert_eq!(every(&["--interval-count", "3"]), json!({"interval": "month", "intervalCount": 3}));
    assert_eq!(every(&["--interval", "year"]), json!({"interval": "year"}));
    // With another interval, the file's count does not apply.
    let quarterly = price.replace("\"month\"", "\"month\",\"intervalCount\":3");
    let yearly = body_of(&[&create[..], &["--interval", "year"]].concat(), &quarterly);
    assert_eq!(yearly["recurring"], json!({"interval": "year"}));
}

#[test]
fn an_invalid_file_is_reported_with_the_position() {
    let create = ["payments", "products", "create", "--from-file", "-"];
    for (text, sentence) in [
        ("", "it is empty"),
        ("{\"name\": }", "line 1, column 10: expected value"),
        ("5", "not a JSON object"),
        ("[\"x\",null,true,{},\"k\"]", "entry 1 (line 1, column 2): not a JSON object"),
        ("{\"name\":null,\"active\":true}", "`name` cannot be null"),
        ("{\"name\":\"x\",\"active\":\"yes\"}", "invalid type: string \"yes\", expected a boolean"),
        ("{\"name\":\"x\",\"nam\":1}", "line 1, column 13: unknown field `nam`; did you mean `name`?"),
        ("{\"name\":\"x\",\"name\":\"y\"}", "duplicate field `name`"),
        ("{\"description\":\"x\"}", "The object has no name"),
        ("{\"name\":\"x\"} {}", "entry 2 (line 1): The object has no name"),
        ("{\"name\":\"x\"} ]", "entry 2 (line 1, column 14): expected value"),
    ] {
        refused(&create, text).stderr_has(&[sentence]);
    }
    let price = ["payments", "prices", "create", "--from-file", "-"];
    refused(&price, r#"{"productId":"p","currency":"usd"}"#)
        .stderr_has(&["The object has no unit amount", "--unit-amount"]);
    refused(&price, r#"{"productId":"p","currency":"usd","unitAmount":1,"recurring":["day",3]}"#)
        .stderr_has(&["`recurring` cannot be [\"day\",3]"]);
    refused(&price, r#"{"productId":"p","currency":"usd","unitAmount":1.5}"#)
        .stderr_has(&["1999 for 19.99 USD"]);
    refused(&[&UPDATE[..], &["--from-file", "-"]].concat(), r#"{"idempotencyKey":"k"}"#)
        .stderr_has(&["unknown field `idempotencyKey`"]);
    refused(&[&REPRICE[..], &["--from-file", "-"]].concat(), r#"{"unitAmount":5}"#)
        .stderr_has(&["unknown field `unitAmount`, expected one of `active`"]);
    refused(&[&create[..4], &["/nowhere/at/all.json"]].concat(), "")
        .stderr_has(&["Cannot read objects from /nowhere"]);
    refused(&create, &format!("{{\"name\":\"{}\"}}", "x".repeat(1 << 20))).stderr_has(&["longer than 1 MiB"]);
    let stub = recordings::serve(vec![]);
    let user = User::new().with("INSFORGE_BASE_URL", &stub.address);
    user.run_with_stdin(&[&create[..], &["--api-key-stdin"]].concat(), "{}")
        .exits(64)
        .stderr_has(&["--api-key-stdin and --from-file - both read stdin"]);
}

#[test]
fn a_dry_run_sends_nothing_and_needs_no_login() {
    let nobody = User::new();
    let ran = nobody.run(&[&PRODUCT[..], &["--dry-run", "--idempotency-key", "k"]].concat()).exits(0);
    let request = json!({"method": "POST", "path": "/api/payments/stripe/test/catalog/products",
                         "body": {"name": "Pro", "idempotencyKey": "k"}});
    assert_eq!(ran.json(), request);
    ran.stderr_has(&["Nothing was sent. The backend's version is unknown"]);
    let keyless = User::new().with("INSFORGE_BASE_URL", &dead_address());
    keyless.run(&[&PRODUCT[..], &["--dry-run"]].concat()).exits(0);
    // Every format shows the same request. In live, nothing asks, and no policy denies it.
    let careful = User::new().with("INSFORGE_LIVE", "deny");
    for more in [&["--json"][..], &["-o", "ids"], &["-q"]] {
        let ran =
            careful.run(&[&["payments", "prices", "archive", "live", "price_1", "--dry-run"], more].concat());
        let path = "/api/payments/stripe/live/catalog/prices/price_1";
        assert_eq!(ran.exits(0).json(), json!({"method": "DELETE", "path": path, "body": null}));
    }
    for (args, method) in [
        (&["payments", "webhooks", "configure", "--dry-run"][..], "POST"),
        (&["payments", "config", "remove", "--dry-run"], "DELETE"),
        (&["payments", "products", "delete", "prod_1", "--dry-run"], "DELETE"),
    ] {
        assert_eq!(nobody.run(args).exits(0).json()["method"], method);
    }
}

#[test]
fn a_dry_run_masks_the_key_and_uses_the_remembered_generation() {
    let stub = recordings::serve_in(Generation::Older, vec![]);
    let user = User::new();
    let login = ["login", "--api-url", &stub.address, "--api-key-stdin"];
    user.run_with_stdin(&login, super::harness::KEY).exits(0);
    let asked = stub.lines().len();
    let set = ["payments", "config", "set", "test", "-", "--dry-run"];
    let ran = user.run_with_stdin(&set, "sk_test_alpha_1").exits(0);
    let request = json!({"method": "PUT", "path": "/api/payments/test/config",
                         "body": {"secretKey": "sk_test_****ha_1"}});
    assert_eq!(ran.json(), request);
    assert_eq!(ran.stderr, "Nothing was sent.\n");
    let price = user.run(&[&PRICE[..], &["--dry-run"]].concat()).exits(0).json();
    assert_eq!(price["body"]["stripeProductId"], "prod_1");
    assert_eq!(stub.lines().len(), asked, "a dry run sends nothing");
}

#[test]
fn a_read_refuses_dry_run() {
    for args in [
        &["payments", "status", "--dry-run"][..],
        &["--dry-run", "payments", "sync"],
        &["current", "--dry-run"],
    ] {
        refused(args, "").stderr_has(&["--dry-run is only for commands that write at the provider"]);
    }
}

#[test]
fn an_amount_that_cannot_be_paid_is_a_warning() {
    let price = |currency, amount| {
        let args = [
            "payments",
            "prices",
            "create",
            "--product",
            "p",
            "--currency",
            currency,
            "--unit-amount",
            amount,
        ];
        User::of(&dead_address()).run(&[&args[..], &["--dry-run"]].concat()).exits(0).stderr
    };
    for (currency, amount, said) in [
        (
            "kwd",
            "1234",
            "Stripe accepts no payment of 1.234 KWD: amounts in this currency are multiples of 10",
        ),
        ("ISK", "550", "Stripe accepts no payment of 5.5 ISK: amounts in this currency are multiples of 100"),
    ] {
        assert!(price(currency, amount).contains(said), "{currency} {amount}: {}", price(currency, amount));
    }
    for (currency, amount) in [("kwd", "1230"), ("kwd", "0"), ("isk", "500"), ("usd", "1"), ("jpy", "1")] {
        assert!(!price(currency, amount).contains("warning"), "{currency} {amount}");
    }
}

#[test]
fn ids_of_new_objects_can_be_printed() {
    let exchange = |name| Generation::Newer.exchange(name);
    for (name, args, ids) in [
        (
            "088-product-create-min",
            &["payments", "products", "create", "--name", "Basic"][..],
            "prod_qNf6zJBhiOlwwe\n",
        ),
        ("077-webhook-ok", &["payments", "webhooks", "configure"], "we_Vv6M1UKUXgDQcoYdZTZPruzO\n"),
    ] {
        let stub = recordings::serve_in(Generation::Newer, vec![exchange(name)]);
        assert_eq!(User::of(&stub.address).run(&[args, &["-o", "ids"]].concat()).exits(0).stdout, ids);
    }
    let stub = recordings::serve(vec![]);
    User::of(&stub.address)
        .run(&["payments", "config", "remove", "-y", "-o", "ids"])
        .exits(64)
        .stderr_has(&["has no ids"]);
}

#[test]
fn an_answer_with_deleted_false_is_a_failure() {
    let status = Generation::Newer.exchange("242-status-recovered").answer();
    let stub = Stub::start(move |request| match request.method.as_str() {
        "GET" => status.clone(),
        _ => Answer::json(200, r#"{"productId":"prod_1","deleted":false}"#),
    });
    let ran = User::of(&stub.address).run(&["payments", "products", "delete", "prod_1", "-y"]).exits(1);
    ran.stderr_has(&["Stripe did not delete product prod_1"]);
}

/// Stripe removes a metadata key whose value is empty.
#[test]
fn null_removes_a_metadata_key() {
    let removed = json!({"tier": "", "plan": "pro"});
    let metadata = r#"{"tier":null,"plan":"pro"}"#;
    let file = format!("{{\"metadata\":{metadata}}}");
    for update in [UPDATE, REPRICE] {
        assert_eq!(body_of(&[&update[..], &["--metadata", metadata]].concat(), "")["metadata"], removed);
        assert_eq!(body_of(&[&update[..], &["--from-file", "-"]].concat(), &file)["metadata"], removed);
        let fields = ["--metadata-field", "tier=", "--metadata-field", "plan=pro"];
        assert_eq!(body_of(&[&update[..], &fields].concat(), "")["metadata"], removed);
    }
}

#[test]
fn an_error_of_metadata_names_the_option_and_the_right_form() {
    for (option, value, sentences) in [
        (
            "--metadata",
            "tier=pro",
            &[
                "for '--metadata <JSON>'",
                "invalid JSON (line 1, column 2: expected value); use the form '{\"tier\": \"pro\"}'",
            ][..],
        ),
        ("--metadata", "{tier:pro}", &["for '--metadata <JSON>'", "use the form '{\"tier\": \"pro\"}'"]),
        (
            "--metadata",
            "[]",
            &["for '--metadata <JSON>'", "a JSON object of strings, such as {\"tier\": \"pro\"}"],
        ),
        ("--metadata", r#"{"a":true}"#, &["for '--metadata <JSON>'", "`a` is true; use \"true\""]),
        ("--metadata", r#"{"a":{"b":"c"}}"#, &["values must be strings, but `a` is {\"b\":\"c\"}"]),
        (
            "--metadata-field",
            "tier",
            &["for '--metadata-field <NAME=VALUE>'", "use the form NAME=VALUE, such as tier=pro"],
        ),
        (
            "--metadata-field",
            "=pro",
            &["for '--metadata-field <NAME=VALUE>'", "a metadata key cannot be empty"],
        ),
    ] {
        for command in [&PRODUCT[..], &UPDATE[..]] {
            refused(&[command, &[option, value]].concat(), "").stderr_has(sentences);
        }
    }
}

#[test]
fn every_mistake_of_an_object_is_reported() {
    let stub = recordings::serve(vec![]);
    let file = "{\"productId\":5,\n\"currency\":\"dollar\",\"unit_amount\":1,\n\"recurring\":{\"interval\":\"monthly\"}}";
    let create = ["payments", "prices", "create", "--from-file", "-"];
    let user = User::of(&stub.address);
    let error = user.run_with_stdin(&[&create[..], &["--json"]].concat(), file).exits(64).error();
    let mistake =
        |line, column, error: &str| json!({"line": line, "column": column, "index": null, "error": error});
    assert_eq!(
        error["mistakes"],
        json!([
            mistake(1, 14, "invalid type: integer `5`, expected a string"),
            mistake(2, 12, "a currency must be a three-letter ISO code, such as usd or eur"),
            mistake(2, 21, "unknown field `unit_amount`; did you mean `unitAmount`?"),
            mistake(3, 13, "unknown variant `monthly`; did you mean `month`?"),
        ])
    );
    assert_eq!(error["error"], "The object in stdin is invalid");
    user.run_with_stdin(&create, file)
        .exits(64)
        .stderr_has(&["\n  line 2, column 21: unknown field `unit_amount`; did you mean `unitAmount`?\n"]);
    // A field with a mistake in it is not missing, nor is one that an option sets.
    let no_currency =
        "line 1: The object has no currency (add --currency, or add it to the object in the file)\n";
    let file = r#"{"prodctId":"prod_1","unitAmount":"5"}"#;
    refused(&create, file).stderr_has(&["column 2: unknown field", "column 35: invalid type", no_currency]);
    let ran = refused(&[&create[..], &["--currency", "eur"]].concat(), file);
    assert!(!ran.stderr.contains("has no"), "{ran:?}");
    let plan = ["payments", "razorpay", "plans", "create", "--from-file", "-"];
    refused(&plan, r#"{"period":"montly","item":{"name":"Gold","amount":5}}"#).stderr_has(&[
        "did you mean `monthly`?",
        "line 1: The object has no interval, no item currency (add --interval, --item-currency, or add them",
    ]);
    refused(&create, "{}").stderr_has(&[
        "The object has no product, no currency, no unit amount",
        "add --product, --currency, --unit-amount, or add them to the object in the file",
    ]);
    assert!(stub.lines().is_empty());
}

/// Of millions of mistakes, the first ones are kept, and all are counted.
#[test]
fn thousands_of_mistakes_are_counted_and_the_first_are_reported() {
    let user = User::of(&dead_address());
    let run = |args: &[&str], file: &str| {
        let args = [&["payments"], args].concat();
        let text = user.run_with_stdin(&args, file).exits(64);
        assert!(text.stderr.contains("and 2990 more"), "{}", text.stderr);
        let error = user.run_with_stdin(&[&args[..], &["--json"]].concat(), file).exits(64).error();
        let mistakes = error["mistakes"].as_array().expect("mistakes").clone();
        assert_eq!(mistakes.len(), 1000);
        (error["error"].as_str().expect("a text").to_owned(), mistakes[999]["line"].clone())
    };
    let products = ["products", "create", "--from-file", "-"];
    let all = |count, total| format!("Nothing was sent: {count} of {total} objects in stdin are invalid");
    let valid = "{\"name\":\"A\"}\n";
    let lines = valid.to_owned() + &"5\n".repeat(3000) + valid;
    assert_eq!(run(&products, &lines), (all(3000, 3002), json!(1001)));
    assert_eq!(run(&products, &"{\"name\":\"A\"},\n".repeat(3000)), (all(3000, 3000), json!(1000)));
    assert_eq!(run(&products, &"{}\n".repeat(3000)), (all(3000, 3000), json!(1000)));
    let fields: Vec<String> = (0..1500).map(|number| format!("\"a{number}\":1")).collect();
    let objects = format!("{{\"name\":\"A\",{}}}\n", fields.join(",")).repeat(2);
    assert_eq!(run(&products, &objects), (all(2, 2), json!(1)));
    let fields: Vec<String> = (0..3000).map(|number| format!("a{number} = 1\n")).collect();
    let catalog = format!("version = 1\n{}", fields.concat());
    let mistakes = ("stdin has 3000 mistakes".to_owned(), json!(1001));
    assert_eq!(run(&["catalog", "plan", "--file", "-"], &catalog), mistakes);
}
