//! Invalid command lines: exit code 64, a useful suggestion, JSON if requested, and no key in the message.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::harness::recordings::{self, Generation};
use super::harness::stub::Stub;
use super::harness::{KEY, User, dead_address, finish};

/// Every text that quotes a value has only its beginning.
#[test]
fn long_values_are_cut() {
    let long = "x".repeat(5000);
    let (as_value, in_columns) = (format!("--limit={long}"), format!("name,{long}"));
    let (option, quote) = (format!("--{long}"), format!("it's {long}"));
    let table: [&[&str]; 13] = [
        &[&long],
        &["payments", &long],
        &["payments", "customers", &long],
        &["payments", "customers", "--limit", &long],
        &["payments", "customers", &as_value],
        &["payments", "customers", &option],
        &["payments", "status", "-o", &long],
        &["payments", "products", "create", &long],
        &["payments", "products", "create", &quote],
        &["payments", "products", "list", "--columns", &long],
        &["payments", "products", "list", "--columns", &in_columns],
        &["payments", "status", "--timeout", &long],
        &["help", &long],
    ];
    let user = User::of("http://127.0.0.1:9");
    for args in table {
        for json in [&[][..], &["--json"]] {
            let ran = user.run(&[args, json].concat()).exits(64);
            let longest = ran.stderr.split(|c: char| c != 'x').map(str::len).max();
            assert!(longest.is_some_and(|length| length < 80), "{:?}: {}", &args[..1], ran.stderr.len());
        }
    }
    let ran = user.run(&["payments", "customers", "--limit", &long]).exits(64);
    ran.stderr_has(&[&format!("Invalid value '{}…' for '--limit", "x".repeat(79))]);
    let user = user.with("INSFORGE_OUTPUT", &long);
    let ran = user.run(&["payments", "status"]).exits(64);
    ran.stderr_has(&[&format!("Invalid INSFORGE_OUTPUT '{}…'", "x".repeat(79))]);
}

#[test]
fn an_invalid_command_line_exits_64_with_a_hint() {
    let table: [(&[&str], &[&str]); 34] = [
        (&["payment"], &["Unknown command 'payment' for `insforge`", "did you mean `insforge payments`?"]),
        (&["payments", "product", "list"], &["did you mean `insforge payments products`?"]),
        (&["products", "list"], &["did you mean `insforge payments products`?"]),
        (&["payments", "items", "list"], &["did you mean `insforge payments razorpay items`?"]),
        (
            &["payments", "frobnicate"],
            &["Unknown command 'frobnicate'", "hint: see `insforge payments --help`"],
        ),
        (
            &["payments", "customers", "staging"],
            &["Invalid value 'staging' for '[ENV]'", "possible values: test, live", "hint: see `insforge"],
        ),
        (&["payments", "customers", "tset"], &["did you mean 'test'?"]),
        (
            &["payments", "customers", "--limit", "0"],
            &[
                "Invalid value '0'",
                "expected a number from 1 to 100",
                "see `insforge payments customers --help`",
            ],
        ),
        (&["payments", "customers", "--limit", "101"], &["Invalid value '101'"]),
        (&["payments", "customers", "--limit", "abc"], &["Invalid value 'abc'", "expected a whole number"]),
        (&["payments", "customers", "--limit", "1.5"], &["expected a whole number"]),
        (&["payments", "customers", "--limit", "99999999999999999999"], &["the number is too large"]),
        (&["payments", "customers", "--limit"], &["A value is missing for '--limit"]),
        (&["payments", "subscriptions", "--subject-type", "team"], &["Missing --subject-id"]),
        (&["payments", "products", "get"], &["Missing <ID>", "see `insforge payments products get --help`"]),
        (&["payments", "subscriptions", "--subject-type", "", "--subject-id", ""], &["--subject-type"]),
        (&["payments", "status", "-p", ""], &["contains invalid characters"]),
        (&["payments", "status", "-p", "a\u{1b}[31mb"], &["contains invalid characters"]),
        (
            &["payments", "status", "--limit", "5"],
            &["Unknown option '--limit' for `insforge payments status`"],
        ),
        (&["current", "x"], &["Unexpected argument 'x' for `insforge current`"]),
        (
            &["payments", "status", "x"],
            &["Invalid value 'x' for '[ENV]'", "possible values: test, live, all"],
        ),
        (&["payments", "catalog", "--live"], &["use `live` or `-e live`"]),
        (&["payments", "catalog", "--test"], &["use `test` or `-e test`"]),
        (&["payments", "status", "--format", "json"], &["use `-o` to choose the output format"]),
        (&["payments", "products", "create", "Team"], &["use an option for it: `--name Team`"]),
        (&["payments", "products", "create", "--naem", "x"], &["did you mean `--name`?"]),
        (&["payments", "prices", "create", "--prod", "x"], &["did you mean `--product`?"]),
        (
            &["payments", "prices", "update", "price_1", "--unit-amount", "1000"],
            &["never change", "`insforge payments prices replace ID --unit-amount N`"],
        ),
        (
            &["payments", "prices", "update", "price_1", "--currency", "eur"],
            &["never change", "`insforge payments prices create`", "`insforge payments prices archive ID`"],
        ),
        (
            &["link", "--api-base-url", "https://x.example", "--api-url", "https://y.example"],
            &["--api-base-url"],
        ),
        (&["payments", "status", "--timeout", "soon"], &["use a duration"]),
        (&["payments", "status", "--timeout", "0"], &["greater than zero"]),
        (&["payments", "status", "--retries", "11"], &["Invalid value '11'"]),
        (&["completion", "tcsh"], &["Invalid value 'tcsh'", "bash"]),
    ];
    let user = User::new();
    for (args, texts) in table {
        let ran = user.run(args).exits(64);
        assert_eq!(ran.stdout, "", "{args:?}");
        assert!(ran.stderr.starts_with("error: "), "{args:?}: {}", ran.stderr);
        ran.stderr_has(texts);
        let error = user.run(&[args, &["--json"]].concat()).exits(64).error();
        assert_eq!((&error["code"], &error["exitCode"]), (&"USAGE".into(), &64.into()), "{args:?}: {error}");
        assert!(!error["error"].as_str().expect("error").is_empty());
    }
}

#[test]
fn no_suggestion_names_an_unrelated_option() {
    let user = User::new();
    for option in ["--frobnicate", "--stauts", "--unit-amount", "--limit", "--name"] {
        let ran = user.run(&["payments", "products", "list", option]).exits(64);
        assert!(
            ran.stderr.ends_with("hint: see `insforge payments products list --help`\n"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn help_ends_with_an_example_and_names_the_global_options_once() {
    let user = User::new();
    let long = user.run(&["payments", "prices", "create", "--help"]).exits(0).stdout;
    assert!(long.lines().count() <= 80, "{long}");
    assert!(long.contains("--product <PRODUCT_ID> --currency <CODE> --unit-amount <AMOUNT>"), "{long}");
    let (_, rest) = long.split_once("\nExample:\n  insforge payments prices create").expect("an example");
    assert!(rest.ends_with("see `insforge help options`.\n"), "{long}");
    assert!(!long.contains("--retries"), "{long}");
    assert_eq!(user.run(&["help", "payments", "prices", "create"]).exits(0).stdout, long);
    let options = user.run(&["help", "options"]).exits(0).stdout;
    for option in ["--json", "-o, --output", "--jq", "-y, --yes", "--retries", "--color"] {
        assert!(options.contains(option), "{option}: {options}");
    }
}

#[test]
fn a_missing_command_shows_the_available_ones() {
    let user = User::new();
    for args in [&[][..], &["payments"], &["payments", "products"]] {
        let ran = user.run(args).exits(64);
        assert_eq!(ran.stdout, "");
        ran.stderr_has(&["Usage: insforge", "Commands:"]);
        let error = user.run(&[args, &["--json"]].concat()).exits(64).error();
        assert_eq!(error["code"], "USAGE");
    }
}

#[test]
fn errors_are_json_if_the_unparsed_arguments_ask_for_json() {
    let user = User::new();
    for args in [
        &["--json", "payments", "nonsense"][..],
        &["payments", "nonsense", "-o", "json"],
        &["payments", "nonsense", "-ojson"],
        &["payments", "-qo", "json", "nonsense"],
        &["payments", "--output=json", "nonsense"],
        &["-o", "json", "payments", "--output", "table", "nonsense", "--json"],
        &["payments", "status", "--json", "-o", "table"],
    ] {
        assert_eq!(user.run(args).exits(64).error()["code"], "USAGE", "{args:?}");
    }
    let json = User::new().with("INSFORGE_OUTPUT", "json");
    assert_eq!(json.run(&["payments", "nonsense"]).exits(64).error()["code"], "USAGE");
    assert!(json.run(&["payments", "nonsense", "-o", "table"]).exits(64).stderr.starts_with("error: "));
    assert!(user.run(&["payments", "nonsense", "--", "--json"]).exits(64).stderr.starts_with("error: "));
}

#[test]
fn no_usage_error_shows_a_key() {
    let user = User::new();
    for key in [
        "sk_live_51Habcdefgh12345",
        "rk_test_51Habcdefgh12345",
        "ik_0123456789abcdef",
        "whsec_abcdefgh12345678",
    ] {
        for args in [
            &["payments", key][..],
            &["payments", "customers", key],
            &["payments", "status", key, "--json"],
            &["payments", "customers", "--limit", key],
            &[key, "--json"],
            &["payments", &format!("\t{key}"), "--json"],
            &["payments", &format!("x\n{key}"), "--json"],
            &["payments", "customers", "--limit", &format!("x{key}")],
        ] {
            let ran = user.run(args).exits(64);
            assert!(!ran.stderr.contains(&key[3..]), "{args:?}: {}", ran.stderr);
            assert!(!ran.stderr.contains("51Habc") && !ran.stderr.contains("01234567"), "{}", ran.stderr);
        }
    }
}

#[test]
fn arguments_that_are_not_utf8_are_a_usage_error() {
    let user = User::new();
    let bad = OsStr::from_bytes(b"prod_\xff\xfe");
    for (args, message) in [
        (&["payments", "products", "get"][..], "Argument 4 is not UTF-8: 'prod_\u{fffd}\u{fffd}'"),
        (&["payments"], "Unknown command 'prod_\u{fffd}\u{fffd}'"),
        (&["payments", "status", "--api-url"], "Argument 4 is not UTF-8: 'prod_\u{fffd}\u{fffd}'"),
        (&["payments", "config", "set"], "the details are hidden"),
    ] {
        let args: Vec<&OsStr> = args.iter().map(OsStr::new).chain([bad]).collect();
        let ran = user.run_raw(&args).exits(64);
        assert!(ran.stderr.starts_with("error: "), "{ran:?}");
        ran.stderr_has(&[message]);
    }
}

#[test]
fn the_environment_is_an_argument_or_an_option() {
    let names = ["193-catalog"];
    let stub =
        recordings::serve_in(Generation::Newer, names.map(|name| Generation::Newer.exchange(name)).to_vec());
    let user = User::of(&stub.address);
    for args in [
        &["payments", "catalog"][..],
        &["payments", "catalog", "test"],
        &["payments", "catalog", "-e", "test"],
        &["payments", "catalog", "--environment", "test"],
        &["payments", "catalog", "--environment=test", "test"],
        &["payments", "stripe", "catalog", "-e", "test", "-e", "test"],
    ] {
        user.run(args).exits(0);
    }
    assert!(stub.lines().iter().all(|line| line == "GET /api/payments/stripe/test/catalog"));
    let before = stub.lines().len();
    for args in [
        &["payments", "catalog", "live", "-e", "test"][..],
        &["payments", "catalog", "-e", "live", "-e", "test"],
        &["payments", "sync", "all", "-e", "test"],
        &["payments", "products", "get", "test", "prod_1", "-e", "live"],
    ] {
        user.run(args).exits(64).stderr_has(&["Two different environments"]);
    }
    assert_eq!(stub.lines().len(), before);
}

#[test]
fn an_id_is_neither_an_environment_nor_empty_nor_dots() {
    let missing = Generation::Newer.exchange("125-product-get-404").answer();
    let stub = Stub::start(move |_| missing.clone());
    let user = User::of(&stub.address);
    for id in ["test", "live"] {
        user.run(&["payments", "products", "get", id]).exits(64).stderr_has(&["The id is missing"]);
        user.run(&["payments", "prices", "get", "-e", "test", id]).exits(64);
    }
    for id in [".", "..", "", "  "] {
        user.run(&["payments", "products", "get", "test", id]).exits(64);
    }
    user.run(&["payments", "prices", "list", "--product", ""]).exits(64);
    assert_eq!(stub.lines().len(), 0);
    for (id, path) in [
        ("gold plan", "gold%20plan"),
        ("a/b", "a%2Fb"),
        ("../x", "..%2Fx"),
        ("ü?#", "%C3%BC%3F%23"),
        ("live", "live"),
    ] {
        user.run(&["payments", "products", "get", "test", id]).exits(4);
        let request = stub.lines().pop().expect("a request");
        assert_eq!(request, format!("GET /api/payments/stripe/test/catalog/products/{path}"));
    }
}

#[test]
fn a_variable_that_is_not_utf8_is_an_error() {
    let stub = recordings::serve_in(Generation::Newer, vec![]);
    let stripe = ["payments", "config", "set"];
    let razorpay = ["payments", "razorpay", "config", "set"];
    for (name, args) in [
        ("INSFORGE_OUTPUT", &["payments", "status"][..]),
        ("INSFORGE_LIVE", &["payments", "status"]),
        ("INSFORGE_API_KEY", &["payments", "status"]),
        ("STRIPE_TEST_SECRET_KEY", &stripe),
        ("RAZORPAY_TEST_KEY_ID", &razorpay),
        ("RAZORPAY_TEST_KEY_SECRET", &[&razorpay[..], &["--key-id", "rzp_test_1"]].concat()),
    ] {
        let user = User::of(&stub.address);
        let mut command = user.command(args);
        command.env(name, OsStr::from_bytes(b"js\xff"));
        finish(command, "").exits(64).stderr_has(&[name, "is not UTF-8"]);
    }
}

#[test]
fn help_prints_even_if_the_environment_is_invalid() {
    let user = User::new().with("INSFORGE_OUTPUT", "xml").with("INSFORGE_TIMEOUT", "soon");
    for args in [&["help"][..], &["--help"], &["help", "errors"], &["completion", "bash"], &["--version"]] {
        assert!(!user.run(args).exits(0).stdout.is_empty());
    }
}

#[test]
fn switches_can_be_repeated_at_any_position() {
    let stub = recordings::serve_in(Generation::Newer, vec![]);
    let user = User::of(&stub.address);
    for args in [
        &["-q", "--yes", "payments", "status", "--json", "-y", "-q", "--no-input", "--no-input"][..],
        &["payments", "-v", "status", "-v", "--retries", "1", "--timeout", "9s"],
        &["payments", "status", "--reason", "r", "--impact", "i", "--recommendation", "x"],
    ] {
        user.run(args).exits(0);
    }
    for (name, value) in
        [("INSFORGE_TIMEOUT", "soon"), ("INSFORGE_RETRIES", "many"), ("INSFORGE_RETRIES", "11")]
    {
        User::of(&stub.address)
            .with(name, value)
            .run(&["payments", "status"])
            .exits(64)
            .stderr_has(&[name, "set it to"]);
    }
}

/// Values that begin with a hyphen: the option, its value, and where the value is in the request.
#[test]
fn a_value_may_begin_with_a_hyphen() {
    let user = User::of(&dead_address());
    let product = ["payments", "products", "create", "--dry-run", "--name"];
    let price =
        ["payments", "prices", "create", "--dry-run", "--currency", "usd", "--unit-amount", "1", "--product"];
    let update = ["payments", "products", "update", "prod_1", "--dry-run"];
    for (args, pointer, value) in [
        (&[&product[..], &["-5% off"]].concat()[..], "/body/name", "-5% off"),
        (&[&product, &["--best of all"][..]].concat(), "/body/name", "--best of all"),
        (&[&product[..], &["-5", "--description", "-x"]].concat(), "/body/description", "-x"),
        (&[&product[..], &["A", "--description", "-"]].concat(), "/body/description", "-"),
        (&[&product[..], &["A", "--idempotency-key", "-k"]].concat(), "/body/idempotencyKey", "-k"),
        (&[&product[..], &["A", "--metadata-field", "-x=1"]].concat(), "/body/metadata/-x", "1"),
        (&[&price[..], &["-prod"]].concat(), "/body/productId", "-prod"),
        (&[&price[..], &["p", "--lookup-key", "--l"]].concat(), "/body/lookupKey", "--l"),
        (&[&update[..], &["--name", "-qv"]].concat(), "/body/name", "-qv"),
    ] {
        assert_eq!(user.run(args).exits(0).json().pointer(pointer), Some(&value.into()), "{args:?}");
    }
    let ran = user.run(&["payments", "products", "update", "--dry-run", "--name", "A", "--", "-x"]).exits(0);
    assert_eq!(ran.json()["path"], "/api/payments/stripe/test/catalog/products/-x");
    user.run(&["payments", "products", "get", "-x"]).exits(64).stderr_has(&["put `--` before it: `-- -x`"]);
    let ran = user.run(&["-o", "json", "payments", "products", "update", "--name", "-o my", "-zz"]).exits(64);
    assert_eq!(ran.error()["code"], "USAGE", "the value does not change the format of errors");
    let stub = recordings::serve_in(Generation::Newer, vec![]);
    let status = ["payments", "status", "--reason", "--because", "--jq"];
    assert_eq!(User::of(&stub.address).run(&[&status[..], &["-1"]].concat()).exits(0).stdout, "-1\n");
    let help = user.run(&["payments", "products", "create", "--name", "-5", "--help"]).exits(0);
    assert!(help.stdout.starts_with("Create a product"), "{help:?}");
}

#[test]
fn a_value_that_is_an_option_is_missing() {
    let user = User::new();
    for (args, option) in [
        (&["payments", "products", "create", "--name", "--json"][..], "--name"),
        (&["payments", "products", "create", "--name", "-q"], "--name"),
        (&["payments", "products", "create", "--name", "--description", "x"], "--name"),
        (&["payments", "products", "create", "--name", "--output=json"], "--name"),
        (&["payments", "products", "create", "--name", "--"], "--name"),
        (&["payments", "products", "create", "--name"], "--name"),
        (&["payments", "status", "--jq", "--json"], "--jq"),
        (&["payments", "status", "-p", "--json"], "--profile"),
    ] {
        let ran = user.run(args).exits(64);
        ran.stderr_has(&[&format!("A value is missing for '{option}")]);
    }
}

/// A malformed variable is a usage error that names it. Keys and certificates have their own exit codes, whatever their
/// source is.
#[test]
fn every_malformed_variable_is_refused_by_name() {
    const STATUS: &str = "payments status";
    const SET: &str = "payments config set test";
    const SET_LIVE: &str = "payments config set live";
    const RAZORPAY: &str = "payments razorpay config set test --key-id rzp_test_a1";
    const RAZORPAY_LIVE: &str = "payments razorpay config set live --key-id rzp_live_a1";
    let refused: [(&str, &[&str], &str, i32); 25] = [
        ("INSFORGE_BASE_URL", &["ftp://x", "http://", "a b", "http://example.com"], STATUS, 64),
        ("INSFORGE_URL", &["ftp://x", "http://", "a b", "http://example.com"], STATUS, 64),
        ("INSFORGE_API_KEY", &["a b", "'ik_a'", "sk_test_a"], STATUS, 2),
        ("INSFORGE_API_KEY_FILE", &["missing", "."], STATUS, 2),
        ("INSFORGE_PROFILE", &["a/b", "a b"], STATUS, 64),
        ("INSFORGE_OUTPUT", &["xml"], STATUS, 64),
        ("INSFORGE_TIMEOUT", &["soon", "-1s", "0"], STATUS, 64),
        ("INSFORGE_RETRIES", &["many", "-1", "11"], STATUS, 64),
        ("INSFORGE_LIVE", &["yes"], STATUS, 64),
        ("INSFORGE_GUARD", &["maybe"], STATUS, 64),
        ("INSFORGE_GUARD_BYPASS", &["maybe"], STATUS, 64),
        ("INSFORGE_GUARD_OPEN", &["2"], STATUS, 64),
        ("INSFORGE_GUARD_REQUIRE_BRIEF", &["-"], STATUS, 64),
        ("INSFORGE_GUARD_TIMEOUT_MS", &["soon", "0", "-1"], STATUS, 64),
        ("INSFORGE_LOG", &["loud"], STATUS, 64),
        ("STRIPE_TEST_SECRET_KEY", &["a b", "sk_live_a", "rzp_test_a"], SET, 64),
        ("STRIPE_LIVE_SECRET_KEY", &["a b", "sk_test_a"], SET_LIVE, 64),
        ("RAZORPAY_TEST_KEY_ID", &["a b", "rzp_live_a1"], "payments razorpay config set test", 64),
        ("RAZORPAY_LIVE_KEY_ID", &["a b", "rzp_test_a1"], "payments razorpay config set live", 64),
        ("RAZORPAY_TEST_KEY_SECRET", &["a b", "rzp_test_a1"], RAZORPAY, 64),
        ("RAZORPAY_LIVE_KEY_SECRET", &["a b", "rzp_live_a1"], RAZORPAY_LIVE, 64),
        ("HTTPS_PROXY", &["a b", "ftp://x"], STATUS, 64),
        ("ALL_PROXY", &["a b", "ftp://x"], STATUS, 64),
        ("SSL_CERT_FILE", &["missing", "."], STATUS, 1),
        ("SSL_CERT_DIR", &["missing"], STATUS, 1),
    ];
    // Every value is valid, or another program sets the variable.
    let accepted = [
        "INSFORGE_SANDBOX",
        "INSFORGE_SANDBOX_URL",
        "INSFORGE_GUARD_SUMMARY",
        "INSFORGE_GUARD_IMPACT",
        "INSFORGE_GUARD_RECOMMENDATION",
        "CI",
        "NO_COLOR",
        "CLICOLOR_FORCE",
        "NO_PROXY",
        "COMPLETE",
        "TZ",
    ];
    let map = User::new().run(&["help", "--json"]).exits(0).json();
    let listed = map["environment"].as_array().expect("variables");
    let listed = listed.iter().map(|variable| variable["name"].as_str().expect("a name"));
    let mut tested: Vec<&str> = refused.iter().map(|(name, ..)| *name).chain(accepted).collect();
    let mut listed: Vec<&str> = listed.collect();
    tested.sort_unstable();
    listed.sort_unstable();
    assert_eq!(tested, listed);

    for (name, values, command, exit) in refused {
        for value in values {
            let user = match name {
                "INSFORGE_URL" | "INSFORGE_PROFILE" => User::new().with("INSFORGE_API_KEY", KEY),
                "INSFORGE_API_KEY_FILE" => User::new().with("INSFORGE_BASE_URL", "https://shop.insforge.app"),
                _ => User::of("https://shop.insforge.app"),
            };
            let user = user.with(name, value);
            let args: Vec<&str> = command.split(' ').chain(["--yes", "--retries", "0"]).collect();
            let args = if name == "INSFORGE_RETRIES" { &args[..args.len() - 2] } else { &args };
            let ran = user.run(args);
            assert_eq!(ran.code, exit, "{name}={value}: {}", ran.stderr);
            ran.stderr_has(&["error: ", name]);
        }
    }
}
