//! Completion candidates, requested as the shells' scripts request them. Ids come from the cache, or from the backend within
//! 300 ms. Completion never prints anything else.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::harness::stub::{Answer, Request, Stub};
use super::harness::{KEY, RunOutput, User, mode};

/// Much longer than the limit of 300 ms, for slow machines.
const SOON: Duration = Duration::from_secs(5);
const CATALOG: &str = "GET /api/payments/stripe/test/catalog";
const PRODUCTS: &str = "GET /api/payments/stripe/test/catalog/products";

/// A backend with two products, a price, an item and a plan. In live it has another product.
pub fn stub_with_catalog() -> Stub {
    Stub::start(answer)
}

fn answer(request: &Request) -> Answer {
    let product = |environment, id, name, active| {
        format!(
            r#"{{"environment": "{environment}", "productId": "{id}", "name": "{name}", "active": {active}}}"#
        )
    };
    let pro = product("test", "prod_pro", "Pro Plan", true);
    let test = format!("[{pro}, {}]", product("test", "prod_basic", "Basic Plan", false));
    let live = format!("[{}]", product("live", "prod_live", "Live Plan", true));
    let prices = r#"[{"environment": "test", "priceId": "price_month", "productId": "prod_pro", "active": true,
        "currency": "eur", "unitAmount": 990, "recurringInterval": "month"}]"#;
    let body = match request.target.trim_start_matches("/api/payments/") {
        "stripe/test/catalog" => format!(r#"{{"products": {test}, "prices": {prices}}}"#),
        "stripe/live/catalog" => format!(r#"{{"products": {live}, "prices": []}}"#),
        "stripe/test/catalog/products" if request.method == "POST" => format!(r#"{{"product": {pro}}}"#),
        "stripe/test/catalog/products" => format!(r#"{{"products": {test}}}"#),
        "stripe/live/catalog/products" => format!(r#"{{"products": {live}}}"#),
        "stripe/test/catalog/products/prod_pro" => format!(r#"{{"product": {pro}}}"#),
        target if target.starts_with("stripe/test/catalog/prices") => format!(r#"{{"prices": {prices}}}"#),
        "razorpay/test/catalog" => r#"{"items": [{"environment": "test", "itemId": "item_1", "name": "Gold",
            "amount": 49900, "currency": "INR"}], "plans": [{"environment": "test", "planId": "plan_1",
            "itemId": "item_1", "period": "monthly", "interval": 3, "amount": 49900, "currency": "INR"}]}"#
            .to_owned(),
        _ => return Answer::refusal(404, "NOT_FOUND", "Endpoint not found"),
    };
    Answer::json(200, &body)
}

/// A user with these stored logins. The first is the default.
pub fn with_profiles(profiles: &[(&str, &str)]) -> User {
    let user = User::new();
    let mut config = format!("default_profile = \"{}\"\n", profiles[0].0);
    let mut keys = String::new();
    for (name, address) in profiles {
        config += &format!("[profiles.{name}]\napi_url = \"{address}\"\nkey_store = \"file\"\n");
        keys += &format!("[{name}]\napi_url = \"{address}\"\napi_key = \"{KEY}\"\n");
    }
    user.write(".config/insforge/config.toml", &config);
    user.write(".config/insforge/credentials.toml", &keys);
    user
}

/// The candidates for the last word of a line, in fish's format. Completion never fails and leaves stderr empty.
#[track_caller]
fn complete(user: &User, line: &[&str]) -> String {
    let started = Instant::now();
    let mut command = user.command(&["--", "insforge"]);
    command.args(line).env("COMPLETE", "fish");
    let ran = super::harness::finish(command, "").exits(0);
    assert_eq!(ran.stderr, "", "{line:?}");
    assert!(started.elapsed() < SOON, "{line:?} took {:?}", started.elapsed());
    ran.stdout
}

/// The files of the completion cache.
pub fn cached_files(user: &User) -> Vec<PathBuf> {
    fn files(folder: &Path) -> Vec<PathBuf> {
        let paths = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }
    files(&user.path(".cache/insforge/ids"))
}

fn make_stale(user: &User) {
    for file in cached_files(user) {
        let an_hour_ago = SystemTime::now() - Duration::from_secs(3600);
        let file = fs::File::options().write(true).open(file).expect("a list");
        file.set_modified(an_hour_ago).expect("a time");
    }
}

const ENVIRONMENTS: &str = "test\tWithout real money\nlive\tWith real customers and real money\n";
const BOTH: &str = "prod_pro\tPro Plan\nprod_basic\tBasic Plan, inactive";

#[test]
fn ids_that_a_list_command_has_read_come_from_the_cache() {
    let stub = stub_with_catalog();
    let user = with_profiles(&[("default", &stub.address)]);
    user.run(&["payments", "products", "list"]).exits(0);
    for line in [
        &["payments", "products", "get", "prod_"][..],
        &["payments", "stripe", "products", "update", "prod_"],
        &["payments", "products", "delete", "test", "p"],
        &["payments", "products", "delete", "-e", "test", ""],
        &["payments", "prices", "list", "--product", ""],
        &["payments", "prices", "create", "test", "--currency", "usd", "--product", "prod"],
        // Options for running the command do not matter.
        &["payments", "products", "delete", "--dry-run", "-vv", "--json", "--timeout", "9s", "prod_"],
    ] {
        assert_eq!(complete(&user, line), BOTH, "{line:?}");
    }
    assert_eq!(complete(&user, &["payments", "products", "get", ""]), format!("{ENVIRONMENTS}{BOTH}"));
    assert_eq!(
        complete(&user, &["payments", "products", "get", "prod_b"]),
        "prod_basic\tBasic Plan, inactive"
    );
    let more = complete(&user, &["payments", "products", "get", "prod_pro", ""]);
    assert!(more.starts_with("--") && !more.contains("prod_"), "the command takes one id: {more}");
    assert_eq!(
        complete(&user, &["payments", "prices", "list", "--product=prod_b"]),
        "--product=prod_basic\tBasic Plan, inactive"
    );
    assert_eq!(stub.lines(), [PRODUCTS]);
    let files = cached_files(&user);
    assert!(!files.is_empty());
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        assert_eq!(mode(file.parent().expect("a folder")), 0o700, "{}", file.display());
        assert_eq!(
            fs::read_to_string(&file).expect("text"),
            "prod_pro\tPro Plan\t\t\nprod_basic\tBasic Plan\t\tinactive\n"
        );
    }
}

#[test]
fn logout_clears_the_cache() {
    let stub = stub_with_catalog();
    let user = with_profiles(&[("default", &stub.address)]);
    user.run(&["payments", "catalog"]).exits(0);
    assert_eq!(cached_files(&user).len(), 2);
    user.run(&["logout"]).exits(0);
    assert_eq!(cached_files(&user), Vec::<PathBuf>::new());
}

#[test]
fn known_statuses_are_offered_and_others_are_accepted() {
    let user = User::new();
    for (line, offered) in [
        (&["payments", "subscriptions", "--status", "can"][..], "canceled"),
        (&["payments", "razorpay", "subscriptions", "--status", "can"], "cancelled"),
        (&["payments", "transactions", "--status", "p"], "pending\npartially_refunded"),
        (&["payments", "subscriptions", "--status", "active,past"], "active,past_due"),
    ] {
        assert_eq!(complete(&user, line), offered, "{line:?}");
    }
    let environments = format!("{ENVIRONMENTS}all\tBoth environments");
    assert_eq!(complete(&user, &["payments", "status", ""]), environments);
}

#[test]
fn lookup_keys_are_offered_next_to_the_ids_of_prices() {
    let stub = Stub::start(|_| {
        let prices = r#"{"prices": [
            {"environment": "test", "priceId": "price_1", "active": true, "lookupKey": "pro_monthly",
             "currency": "eur", "unitAmount": 990, "recurringInterval": "month"},
            {"environment": "test", "priceId": "price_2", "active": false, "lookupKey": null}]}"#;
        Answer::json(200, prices)
    });
    let user = with_profiles(&[("default", &stub.address)]);
    user.run(&["payments", "prices", "list", "--archived"]).exits(0);
    assert_eq!(cached_files(&user), Vec::<PathBuf>::new(), "a filtered list is incomplete");
    user.run(&["payments", "prices", "list"]).exits(0);
    for command in ["get", "update", "archive"] {
        let all = complete(&user, &["payments", "prices", command, "test", "pr"]);
        assert_eq!(
            all, "price_1\t9.90 EUR / month\nprice_2\tinactive\npro_monthly\t9.90 EUR / month",
            "{command}"
        );
    }
}

#[test]
fn only_complete_lists_are_cached() {
    let stub = stub_with_catalog();
    let user = with_profiles(&[("default", &stub.address)]);
    user.run(&["payments", "prices", "list", "--product", "prod_pro"]).exits(0);
    assert_eq!(cached_files(&user), Vec::<PathBuf>::new(), "a list of one product's prices is incomplete");
    user.run(&["payments", "prices", "list", "--json"]).exits(0);
    let price = &["payments", "prices", "get", "price_"];
    assert_eq!(complete(&user, price), "price_month\t9.90 EUR / month");
    user.run(&["payments", "catalog"]).exits(0);
    assert_eq!(complete(&user, price), "price_month\t9.90 EUR / month, Pro Plan");
    user.run(&["payments", "razorpay", "items", "list"]).exits(0);
    let asked = stub.lines().len();
    let line = |list, command| complete(&user, &["payments", "razorpay", list, command, "-e", "test", ""]);
    assert_eq!(line("items", "update"), "item_1\tGold, 499.00 INR");
    assert_eq!(line("plans", "get"), "plan_1\t499.00 INR / 3 months, Gold");
    assert_eq!(stub.lines().len(), asked);
}

#[test]
fn ids_that_are_not_cached_are_read_and_stored() {
    let stub = stub_with_catalog();
    let user = with_profiles(&[("default", &stub.address)]);
    let price = ["payments", "prices", "archive", "price_"];
    for _ in 0..2 {
        assert_eq!(complete(&user, &price), "price_month\t9.90 EUR / month, Pro Plan");
        assert_eq!(complete(&user, &["payments", "products", "get", "p"]), BOTH);
    }
    assert_eq!(stub.lines(), [CATALOG]);
    make_stale(&user);
    complete(&user, &price);
    assert_eq!(stub.lines(), [CATALOG, CATALOG]);
}

#[test]
fn a_write_invalidates_the_cache() {
    let stub = stub_with_catalog();
    let user = with_profiles(&[("default", &stub.address)]);
    user.run(&["payments", "products", "list"]).exits(0);
    user.run(&["payments", "products", "create", "--name", "Pro Plan"]).exits(0);
    assert_eq!(complete(&user, &["payments", "products", "get", "p"]), BOTH);
    assert_eq!(stub.lines(), [PRODUCTS, "POST /api/payments/stripe/test/catalog/products", CATALOG]);
}

#[test]
fn the_line_chooses_the_environment_and_the_backend() {
    let (stub, other) = (stub_with_catalog(), stub_with_catalog());
    let user = with_profiles(&[("default", &stub.address), ("other", &other.address)]);
    let live = "prod_live\tLive Plan";
    for line in [
        &["payments", "products", "get", "live", "prod_"][..],
        &["payments", "products", "get", "-e", "live", "prod_"],
        &["payments", "products", "get", "--environment=live", ""],
        &["payments", "prices", "list", "live", "--product", "prod_"],
        &["payments", "prices", "create", "-elive", "--currency", "usd", "--product", "prod_"],
    ] {
        assert_eq!(complete(&user, line), live, "{line:?}");
    }
    assert_eq!(other.lines(), Vec::<String>::new());
    assert_eq!(complete(&user, &["--profile", "other", "payments", "products", "get", "live", ""]), live);
    assert_eq!(complete(&user, &["payments", "products", "get", "-p", "other", "live", ""]), live);
    assert_eq!(other.lines(), ["GET /api/payments/stripe/live/catalog"]);
    let user = user.with("INSFORGE_API_KEY", KEY);
    let named = ["--api-url", &other.address, "payments", "products", "get", "live", ""];
    for asked in 2..4 {
        assert_eq!(complete(&user, &named), live);
        assert_eq!(other.lines().len(), asked, "lists of a backend from a flag are not cached");
    }
}

#[test]
fn environments_profiles_and_codes_are_completed() {
    let user = with_profiles(&[("default", "https://a.example.com"), ("staging", "https://b.example.com")]);
    for line in [
        &["payments", "products", "list", ""][..],
        &["payments", "customers", "-e", ""],
        &["payments", "catalog", "l"],
    ] {
        assert!(complete(&user, line).contains("live"), "{line:?}");
    }
    assert_eq!(complete(&user, &["payments", "sync", "a"]), "all\tBoth environments");
    let set = |words: &[&str]| complete(&user, &[&["payments", "config", "set"], words].concat());
    assert_eq!(set(&["l"]), "live\tWith real customers and real money");
    assert!(set(&["live", ""]).starts_with("--"), "a key is never completed");
    for line in [&["logout", "--profile", "s"][..], &["-p", "s"], &["payments", "-p", "s"]] {
        assert_eq!(complete(&user, line), "staging\thttps://b.example.com", "{line:?}");
    }
    assert!(complete(&user, &["explain", "OUTCOME"]).starts_with("OUTCOME_UNKNOWN\t"));
    // Commands have descriptions. Flags appear after a dash.
    assert_eq!(complete(&user, &["payments", "prod"]), "products\tManage products at Stripe");
    assert!(complete(&user, &["payments", "products", "get", "--js"]).starts_with("--json\t"));
}

/// One word can have several columns.
#[test]
fn columns_are_those_of_the_command() {
    let user = User::new();
    for (line, expected) in [
        (&["payments", "products", "list", "--columns", "na"][..], "name"),
        (&["payments", "products", "list", "--columns", "name,a"], "name,active"),
        (
            &["payments", "stripe", "prices", "get", "--columns=re"],
            "--columns=recurring\n--columns=recurringInterval\n--columns=recurringIntervalCount",
        ),
        // CSV has the fields of the JSON.
        (&["payments", "prices", "list", "-o", "csv", "--columns", "lo"], "lookupKey"),
        (&["payments", "razorpay", "plans", "list", "--columns", "plan"], "plan-id"),
        (&["payments", "history", "--columns", "wh"], "when"),
        (&["payments", "products", "delete", "--columns", ""], ""),
        (&["login", "--columns", ""], ""),
    ] {
        assert_eq!(complete(&user, line), expected, "{line:?}");
    }
    let all = complete(&user, &["payments", "status", "--columns", ""]);
    assert_eq!(all.lines().next(), Some("env"), "in the order of the table: {all}");
}

#[test]
fn nothing_is_stored_for_a_backend_from_the_environment() {
    let stub = stub_with_catalog();
    let user = User::of(&stub.address);
    user.run(&["payments", "products", "list"]).exits(0);
    for _ in 0..2 {
        assert_eq!(complete(&user, &["payments", "products", "get", "p"]), BOTH);
    }
    assert_eq!(stub.lines(), [PRODUCTS, CATALOG, CATALOG]);
    assert_eq!(fs::read_dir(user.home.path()).expect("the home").count(), 0, "a file was written");
}

#[test]
fn a_slow_backend_gives_no_candidates_or_stale_ones() {
    let stub = Stub::start(|request| match request.target.as_str() {
        "/api/payments/stripe/test/catalog/products" => answer(request),
        _ => Answer::Late { after: Duration::from_secs(60), then: Box::new(Answer::Drop) },
    });
    let user = with_profiles(&[("default", &stub.address)]);
    let line = ["payments", "products", "get", "p"];
    assert_eq!(complete(&user, &line), "");
    user.run(&["payments", "products", "list"]).exits(0);
    make_stale(&user);
    assert_eq!(complete(&user, &line), BOTH, "stale candidates are better than none");
}

#[test]
fn every_failure_gives_no_candidates() {
    let line = ["payments", "products", "get", "p"];
    assert_eq!(complete(&User::new(), &line), "");
    let stub = stub_with_catalog();
    let refused = Stub::start(|_| Answer::refusal(401, "AUTH_INVALID_API_KEY", "Invalid API key"));
    for (name, text) in
        [("config.toml", "this is no TOML"), ("credentials.toml", "[neither"), ("credentials.toml", "")]
    {
        let user = with_profiles(&[("default", &stub.address)]);
        user.write(&format!(".config/insforge/{name}"), text);
        assert_eq!(complete(&user, &line), "", "{name}: {text}");
    }
    for user in [
        with_profiles(&[("default", &refused.address)]),
        User::of(&super::harness::dead_address()),
        User::of("http://not-encrypted.example.com"),
        User::of(&stub.address).with("INSFORGE_TIMEOUT", "never"),
        User::of(&stub.address).with("INSFORGE_LOG", "1").without("INSFORGE_API_KEY"),
    ] {
        assert_eq!(complete(&user, &line), "");
    }
    for line in [
        // Stdin is the shell's, so no key comes from it.
        &["--api-url", &stub.address, "--api-key-stdin", "payments", "products", "get", "p"][..],
        &["--no-such-flag", "payments", "products", "get", "p"],
    ] {
        assert_eq!(complete(&User::new(), line), "", "{line:?}");
    }
    assert_eq!(stub.lines(), Vec::<String>::new());
}

#[test]
fn a_damaged_list_is_read_again() {
    let stub = stub_with_catalog();
    let user = with_profiles(&[("default", &stub.address)]);
    let line = ["payments", "products", "get", "p"];
    let damages: [&[u8]; 4] =
        [b"prod_old", b"\xff\xfe\0", b"one\ttwo\n\n\t\t", b"prod_pro\tPro Plan\t\t\nprod_basic\tBas"];
    for (asked, damage) in (1..).zip(damages) {
        user.run(&["payments", "products", "list"]).exits(0);
        for file in cached_files(&user) {
            fs::write(file, damage).expect("a list");
        }
        assert_eq!(complete(&user, &line), BOTH, "{damage:?}");
        assert_eq!(stub.lines().len(), 2 * asked, "{damage:?}");
    }
}

/// A pipe can be read once, so its content is left for the command. A file that blocks does not block the prompt.
#[cfg(unix)]
#[test]
fn pipes_are_not_read() {
    let stub = stub_with_catalog();
    let pipe = |user: &User, name: &str| {
        let path = user.path(name);
        let _ = fs::remove_file(&path);
        assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
        path
    };
    let user = with_profiles(&[("default", &stub.address)]);
    pipe(&user, ".config/insforge/config.toml");
    assert_eq!(complete(&user, &["payments", "products", "get", "p"]), "");
    assert_eq!(complete(&user, &["payments", "--profile", "d"]), "");

    let user = User::of(&stub.address).without("INSFORGE_API_KEY");
    let key = pipe(&user, "key").display().to_string();
    let reader = fs::File::options().read(true).write(true).open(&key).expect("both ends");
    (&reader).write_all(KEY.as_bytes()).expect("a key");
    let line = ["payments", "products", "get", "p"];
    assert_eq!(complete(&user, &[&["--api-key-file", &key], &line[..]].concat()), "");
    assert_eq!(complete(&user.with("INSFORGE_API_KEY_FILE", &key), &line), "");
    let mut there = vec![0; KEY.len()];
    (&reader).read_exact(&mut there).expect("the key");
    assert_eq!(there, KEY.as_bytes());
    assert_eq!(stub.lines(), Vec::<String>::new());
}

/// A keyring may open a dialog, so completion does not read it.
#[test]
fn keyrings_are_not_opened() {
    let stub = stub_with_catalog();
    let user = with_profiles(&[("default", &stub.address)]);
    user.run(&["payments", "products", "list"]).exits(0);
    let config = user.read(".config/insforge/config.toml").replace("\"file\"", "\"keyring\"");
    user.write(".config/insforge/config.toml", &config);
    make_stale(&user);
    assert_eq!(complete(&user, &["payments", "products", "get", "p"]), BOTH, "cached by the list command");
    assert_eq!(complete(&user, &["payments", "prices", "get", "p"]), "");
    assert_eq!(stub.lines(), [PRODUCTS]);
}

/// A product's name or id must not become a command in the user's shell.
#[test]
fn hostile_names_and_ids_are_harmless() {
    let stub = Stub::start(|_| {
        let product = |id: &str, name: &str| {
            format!(r#"{{"environment": "test", "productId": "{id}", "name": "{name}", "active": true}}"#)
        };
        let products = [
            product("prod_1", r"Red \u001b[31m\nPlan\tof \u202edays"),
            product("prod_2;id", "A command"),
            product("prod_$(id)", "Another"),
            product("-prod", "A flag"),
            product(r"prod_\tx", "Two words"),
        ];
        Answer::json(200, &format!(r#"{{"products": [{}], "prices": []}}"#, products.join(",")))
    });
    let user = with_profiles(&[("default", &stub.address)]);
    for _ in 0..2 {
        assert_eq!(
            complete(&user, &["payments", "products", "get", "-e", "test", ""]),
            "prod_1\tRed \u{fffd}[31m Plan of \u{fffd}days"
        );
    }
}

#[cfg(feature = "sandbox")]
#[test]
fn ids_of_the_sandbox_are_completed() {
    let user = User::new();
    let of = |text: String| text.lines().filter(|line| line.contains("Pro Plan")).count();
    assert_eq!(of(complete(&user, &["--sandbox", "payments", "products", "get", "prod_"])), 1);
    let user = user.with("INSFORGE_SANDBOX", "1");
    assert_eq!(of(complete(&user, &["payments", "prices", "get", "price_"])), 3);
    assert_eq!(cached_files(&user), Vec::<PathBuf>::new());
}

#[test]
fn scripts_find_insforge_on_the_path() {
    let user = User::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = user.run(&["completion", shell]).exits(0).stdout;
        assert!(script.contains("COMPLETE") && script.contains("insforge"), "{shell}: {script}");
        assert!(!script.contains("target/"), "{shell} has a path: {script}");
        assert_eq!(script, user.run(&["completion", shell, "--dynamic"]).exits(0).stdout);
        assert_ne!(script, user.run(&["completion", shell, "--static"]).exits(0).stdout);
    }
}

/// `COMPLETE` may be set for another program. Commands then run as usual.
#[test]
fn the_variable_alone_changes_nothing() {
    let user = User::new();
    let version = |value: &str, args: &[&str]| -> RunOutput {
        let mut command = user.command(args);
        command.env("COMPLETE", value);
        super::harness::finish(command, "")
    };
    for value in ["bash", "1", "", "tcsh"] {
        assert!(version(value, &["--version"]).exits(0).stdout.starts_with("insforge "), "{value}");
    }
    version("tcsh", &["--", "insforge", "payments", "status"]).exits(64);
}
