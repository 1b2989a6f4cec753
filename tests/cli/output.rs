//! Output: streams, formats, widths, colors, and the memory for large answers.

use std::io::Read;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::harness::pty::Terminal;
use super::harness::recordings::{self, Generation};
use super::harness::stub::{Answer, Stub};
use super::harness::{User, finish};

fn prices() -> Stub {
    recordings::serve_in(Generation::Newer, vec![Generation::Newer.exchange("167-prices-list")])
}

const LIST: [&str; 3] = ["payments", "prices", "list"];
const DATES: [&str; 5] = ["payments", "prices", "list", "--columns", "synced-at"];

/// The screen of a terminal with this width, without styles.
fn screen(stub: &Stub, columns: u16, args: &[&str]) -> String {
    let (code, screen) = Terminal::start(&User::of(&stub.address), columns, args).finish();
    assert_eq!(code, 0, "{screen}");
    without_styles(&screen)
}

fn without_styles(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        out.push_str(&rest[..at]);
        let end = rest[at..].find('m').map_or(rest.len(), |end| at + end + 1);
        rest = &rest[end..];
    }
    out + rest
}

#[test]
fn a_table_fits_the_window_or_becomes_records() {
    let stub = prices();
    let piped = User::of(&stub.address).run(&LIST).exits(0).stdout;
    assert_eq!(screen(&stub, 200, &LIST), piped);
    let widest = piped.lines().map(str::len).max().expect("lines");
    let columns = |extra: usize| u16::try_from(widest - 1 + extra).expect("a width");
    assert_eq!(screen(&stub, columns(1), &LIST), piped, "it fits exactly");

    let lean = screen(&stub, columns(0), &LIST);
    assert!(!lean.contains("Type") && lean.contains("Recurring"), "{lean}");
    assert!(lean.lines().all(|line| line.len() < widest), "{lean}");

    for width in [80, 60, 40, 20] {
        let records = screen(&stub, width, &LIST);
        assert!(
            records.starts_with("Env: test\nPrice ID: price_5QxeoXhGl4jsVhOCaBmyQpXN\n"),
            "{width}: {records}"
        );
        assert!(records.contains("\nRecurring: one-time\n\nEnv: test\n"), "{width}: {records}");
    }
}

#[test]
fn narrow_tables_stay_tables_where_they_fit() {
    let stub =
        recordings::serve_in(Generation::Newer, vec![Generation::Newer.exchange("087-config-get-both")]);
    for width in [40, 60, 80, 200] {
        let shown = screen(&stub, width, &["payments", "config"]);
        assert_eq!(shown.lines().next(), Some("Env   Configured  Key"), "{width}: {shown}");
    }
    assert!(screen(&stub, 20, &["payments", "config"]).starts_with("Env: test\nConfigured: Yes\n"));
}

/// The screen of a run in the sandbox.
#[cfg(feature = "sandbox")]
fn sandbox_screen(columns: u16, args: &[&str]) -> String {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    let (_, screen) = Terminal::start(&user, columns, args).finish();
    without_styles(&screen)
}

#[cfg(feature = "sandbox")]
#[test]
fn status_is_a_table_at_80_columns_and_doctor_at_100() {
    for provider in [&["payments"][..], &["payments", "razorpay"]] {
        let status = sandbox_screen(80, &[provider, &["status"]].concat());
        assert!(status.starts_with("Env   Status        Account"), "{status}");
        assert!(status.contains("Last Sync\ntest  connected") && !status.contains("Synced At"), "{status}");
        assert!(status.lines().all(|line| line.chars().count() <= 80), "{status}");
        let wide = sandbox_screen(200, &[provider, &["status"]].concat());
        assert!(wide.starts_with("Env   Status        Key") && wide.contains("Synced At"), "{wide}");
        let doctor = sandbox_screen(100, &[provider, &["doctor", "test"]].concat());
        assert!(doctor.starts_with("Verdict  Check"), "{doctor}");
        assert!(doctor.lines().all(|line| line.chars().count() <= 100), "{doctor}");
    }
    let doctor = sandbox_screen(100, &["payments", "doctor", "test"]);
    let text = doctor.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("insforge_subject_type and insforge_subject_id on them at Stripe, then sync"),
        "{doctor}"
    );
    // Records wrap text between words too.
    let narrow = sandbox_screen(44, &["payments", "doctor", "test"]);
    let too_long =
        |line: &&str| line.chars().count() > 44 && line.split_whitespace().all(|word| word.len() < 40);
    // The commands of repairs are not wrapped.
    assert_eq!(narrow.lines().take_while(|line| !line.is_empty()).find(too_long), None, "{narrow}");
}

#[cfg(feature = "sandbox")]
#[test]
fn every_list_is_a_table_at_100_columns() {
    let cases: [(&[&str], &str); 11] = [
        (&["products", "list"], "Env Product ID Name Active Default Price"),
        (&["prices", "list"], "Price ID Product Lookup Key Amount Active Recurring"),
        (&["customers"], "Customer ID Email Name Payments Total Spend Last Payment"),
        (&["subscriptions"], "Subscription ID Customer Subject Status Period End"),
        (&["transactions"], "Type Status Subject Amount When"),
        (&["transactions", "--follow"], "Type Status Subject Amount When"),
        (&["razorpay", "items", "list"], "Env Item ID Name Amount Active Type"),
        (&["razorpay", "plans", "list"], "Env Plan ID Item ID Name Amount Every Active"),
        (&["razorpay", "customers"], "Customer ID Email Name Payments Total Spend Last Payment"),
        (&["razorpay", "subscriptions"], "Subscription ID Plan ID Subject Status Current End"),
        (&["razorpay", "transactions"], "Type Status Subject Amount When"),
    ];
    for (words, heading) in cases {
        let args = [&["payments"], words].concat();
        let user = User::new().with("INSFORGE_SANDBOX", "1");
        let terminal = Terminal::start(&user, 100, &args);
        if words.contains(&"--follow") {
            terminal.expect("When");
            terminal.type_in("\x03");
        }
        let screen = without_styles(&terminal.finish().1);
        let first = screen.lines().next().unwrap_or_default();
        assert_eq!(first.split_whitespace().collect::<Vec<_>>().join(" "), heading, "{screen}");
        assert!(screen.lines().all(|line| line.chars().count() <= 100), "{screen}");
    }
}

/// Whether a line ends or begins with a part of a word of this text.
fn breaks_a_word(screen: &str, text: &str, columns: usize) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let shown = screen.lines().flat_map(str::split_whitespace);
    shown.filter(|word| word.len() < columns).any(|word| !words.contains(&word))
        // A word that fits no line has a line of its own.
        || screen.lines().any(|line| line.chars().count() > columns && line.split_whitespace().count() > 1)
}

#[test]
fn errors_and_help_never_break_inside_a_word() {
    let user = User::new();
    for args in [
        &["payments", "customers", "--limit", "101"][..],
        &["payments", "status"],
        &["payments", "products", "create", "Team"],
        &["payments", "prices", "list", "--columns", "nope", "--api-url", "https://a.example"],
        &["help", "output"],
        &["help", "agents"],
        &["help", "environment"],
        &["help", "exit-codes"],
        &["help", "options"],
        &["payments", "prices", "create", "--help"],
        &["help", "payments", "prices", "create"],
        &["payments", "prices"],
    ] {
        let plain = user.run(args);
        let text = plain.stdout + &plain.stderr;
        for columns in [70, 46] {
            let (_, screen) = Terminal::start(&user, columns, args).finish();
            let screen = without_styles(&screen).replace('\r', "");
            assert!(!breaks_a_word(&screen, &text, columns.into()), "{columns} {args:?}:\n{screen}");
        }
    }
}

#[test]
fn an_id_is_never_wrapped_or_cut() {
    let long = "prod_".to_owned() + &"x".repeat(250);
    let body = json!({"products": [{"environment": "test", "productId": long, "name": "N", "active": true}]});
    let stub = Stub::start(move |_| Answer::json(200, &body.to_string()));
    for width in [20, 80] {
        let shown = screen(&stub, width, &["payments", "products", "list"]);
        assert!(shown.contains(&format!("Product ID: prod_{}\n", "x".repeat(250))), "{shown}");
    }
    let piped = User::of(&stub.address).run(&["payments", "products", "list"]).stdout;
    assert!(piped.contains(&"x".repeat(250)));
}

#[test]
fn colors_are_for_terminals_that_accept_them() {
    let stub = prices();
    let bold = |user: &User, args: &[&str]| {
        let (_, screen) = Terminal::start(user, 200, args).finish();
        screen.contains("\u{1b}[1m")
    };
    let user = User::of(&stub.address);
    assert!(bold(&user, &LIST));
    assert!(!bold(&user, &[&LIST[..], &["--color", "never"]].concat()));
    let user = user.with("NO_COLOR", "1");
    assert!(!bold(&user, &LIST));
    assert!(bold(&user, &[&LIST[..], &["--color=always"]].concat()));
    let user = User::of(&stub.address).with("TERM", "dumb");
    assert!(!bold(&user, &LIST));
    let user = User::of(&stub.address).with("CLICOLOR_FORCE", "1");
    assert!(user.run(&LIST).stdout.contains("\u{1b}[1m"));
    // Errors have colors too.
    let user = User::new();
    let (code, screen) = Terminal::start(&user, 80, &LIST).finish();
    assert!(code == 3 && screen.contains("\u{1b}[31merror:\u{1b}[0m"), "{screen:?}");
    assert!(!user.run(&LIST).stderr.contains('\u{1b}'));
}

#[test]
fn verdicts_and_prefixes_are_colored() {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    let doctor = ["payments", "doctor", "test"];
    let (_, screen) = Terminal::start(&user, 400, &doctor).finish();
    assert!(screen.contains("\u{1b}[32mpass\u{1b}[0m     "), "{screen:?}");
    assert!(screen.contains("\u{1b}[33mwarn\u{1b}[0m     "), "{screen:?}");
    assert!(screen.contains("\u{1b}[32m✓\u{1b}[0m Stripe"), "{screen:?}");
    let (_, screen) = Terminal::start(&user, 40, &doctor).finish();
    assert!(screen.contains("\u{1b}[32mpass\u{1b}[0m: "), "{screen:?}");
    let (_, screen) = Terminal::start(&user, 400, &[&doctor[..], &["--color", "never"]].concat()).finish();
    assert!(screen.contains("pass     ") && !screen.contains("\u{1b}[32m"), "{screen:?}");
    let (_, screen) = Terminal::start(&User::new(), 80, &LIST).finish();
    assert!(
        screen.contains("\u{1b}[31merror:\u{1b}[0m") && screen.contains("\u{1b}[36mhint:\u{1b}[0m"),
        "{screen:?}"
    );
    let columns = ["payments", "sync", "test", "-o", "csv", "--columns", "nonsense"];
    let (_, screen) = Terminal::start(&user, 80, &columns).finish();
    assert!(screen.contains("\u{1b}[33mwarning:\u{1b}[0m"), "{screen:?}");
    assert!(!user.run(&doctor).stdout.contains('\u{1b}'));
}

/// Lists prices. Returns the exit code, the size of the output, and the peak memory, both in bytes.
#[cfg(target_os = "linux")]
fn peak_memory(stub: &Stub, format: &str) -> (i32, usize, usize) {
    let user = User::of(&stub.address);
    let mut command = user.command(&[&LIST[..], &["-o", format]].concat());
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it");
    let mut stdout = child.stdout.take().expect("stdout");
    let (mut written, mut peak) = (0, 0);
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = stdout.read(&mut buffer) {
        written += read;
        // The process is alive while it writes. Its peak only grows.
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
        peak = peak.max(kilobytes.unwrap_or_default() * 1024);
    }
    (child.wait().expect("it ends").code().unwrap_or(-1), written, peak)
}

/// Prices of about this size in bytes: one with many empty arrays, one with a long string, and many small ones.
#[cfg(target_os = "linux")]
fn large_answers(size: usize) -> [Stub; 3] {
    let price = |fields: &str| format!(r#"{{"environment":"test","priceId":"p"{fields}}}"#);
    let repeated = |element: &str| vec![element; size / (element.len() + 1)].join(",");
    let rows = [
        price(&format!(r#","x":[{}]"#, repeated("[]"))),
        price(&format!(r#","x":"{}""#, repeated(r"=\n"))),
        repeated(&price("")),
    ];
    rows.map(|rows| Stub::start(move |_| Answer::json(200, &format!(r#"{{"prices":[{rows}]}}"#))))
}

/// A tree of such an answer takes up to 25 times its size.
#[test]
#[cfg(target_os = "linux")]
fn large_answers_take_little_more_memory_than_their_size() {
    // The output of both is larger than a pipe, so that the process is alive when its memory is read.
    const SMALL: usize = 500_000;
    const LARGE: usize = 3_000_000;
    let (small, large) = (large_answers(SMALL), large_answers(LARGE));
    for (answer, format) in [(0, "json"), (0, "jsonl"), (0, "csv"), (1, "csv"), (2, "json"), (2, "table")] {
        let (_, _, least) = peak_memory(&small[answer], format);
        let (code, written, peak) = peak_memory(&large[answer], format);
        assert!(code == 0 && written > 0 && least > 0, "{answer} as {format}: exit code {code}");
        let limit = least + (LARGE - SMALL) * 3 / 2 + 2_000_000;
        assert!(peak < limit, "{answer} as {format}: {peak} bytes of memory, more than {limit}");
    }
}

#[test]
fn deep_json_is_refused_with_a_reason() {
    let nested = |depth: usize| format!(r#"{{"prices":[],"x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    for (depth, code) in [(100, 0), (200, 1), (1_000_000, 1)] {
        let body = nested(depth);
        let stub = Stub::start(move |_| Answer::json(200, &body));
        let ran = User::of(&stub.address).run(&[&LIST[..], &["--json"]].concat()).exits(code);
        if code == 1 {
            assert_eq!(ran.error()["code"], "RESPONSE_INVALID");
            assert_eq!(ran.error()["why"], "nested more than 128 levels deep");
        }
    }
}

#[test]
fn ids_are_one_on_each_line() {
    let names = [
        "167-prices-list",
        "122-products-list",
        "198-customers",
        "230-transactions-after-webhooks",
        "193-catalog",
        "199-subscriptions",
    ];
    let stub = recordings::serve_in(
        Generation::Newer,
        names.iter().map(|name| Generation::Newer.exchange(name)).collect(),
    );
    let user = User::of(&stub.address);
    let ids = |args: &[&str]| {
        let ran = user.run(&[&["payments"], args, &["-o", "ids"]].concat()).exits(0);
        assert_eq!(ran.stderr, "");
        ran.stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let json = |args: &[&str]| user.run(&[&["payments"], args, &["--json"]].concat()).json();
    let field = |value: &Value, list: &str, field: &str| {
        let rows = value[list].as_array().expect("a list").clone();
        rows.iter().map(|row| row[field].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&["prices", "list"]), field(&json(&["prices", "list"]), "prices", "priceId"));
    assert_eq!(ids(&["products", "list"]), field(&json(&["products", "list"]), "products", "productId"));
    assert_eq!(ids(&["customers"]), field(&json(&["customers"]), "customers", "providerCustomerId"));
    assert_eq!(ids(&["subscriptions"]), field(&json(&["subscriptions"]), "subscriptions", "subscriptionId"));
    assert_eq!(
        ids(&["transactions"]),
        field(&json(&["transactions"]), "transactions", "providerReferenceId")
    );
    assert_eq!(ids(&["history"]), ids(&["transactions"]));
    let catalog = json(&["catalog"]);
    assert_eq!(
        ids(&["catalog"]),
        [field(&catalog, "products", "productId"), field(&catalog, "prices", "priceId")].concat()
    );
    // A command without ids says so before it sends a request.
    let before = stub.requests().len();
    let preferred = User::of(&stub.address).with("INSFORGE_OUTPUT", "ids");
    assert!(
        preferred.run(&["payments", "status"]).exits(0).stdout.starts_with("Env"),
        "a preference is not an order"
    );
    assert!(preferred.run(&["payments", "prices", "list"]).exits(0).stdout.starts_with("price_"));
    let before = before + 2;
    for command in ["status", "config", "sync"] {
        user.run(&["payments", command, "-o", "ids"]).exits(64).stderr_has(&["no ids"]);
    }
    assert_eq!(stub.requests().len(), before);
}

#[test]
fn the_format_comes_from_a_flag_or_the_environment() {
    let stub = prices();
    let user = User::of(&stub.address).with("INSFORGE_OUTPUT", "json");
    assert!(user.run(&LIST).exits(0).json().is_object());
    assert!(user.run(&["-o", "table", "payments", "prices", "list"]).stdout.starts_with("Env"));
    assert!(user.run(&["--output=ids", "payments", "prices", "list"]).stdout.starts_with("price_"));
    let user = User::of(&stub.address);
    for args in [
        &["--json", "payments", "prices", "list"][..],
        &["payments", "--json", "prices", "list"],
        &["payments", "prices", "list", "--json", "-o", "json", "--json"],
    ] {
        assert!(user.run(args).exits(0).json().is_object(), "{args:?}");
    }
    user.run(&[&LIST[..], &["--json", "-o", "table"]].concat()).exits(64);
    User::of(&stub.address)
        .with("INSFORGE_OUTPUT", "yaml")
        .run(&LIST)
        .exits(64)
        .stderr_has(&["Invalid INSFORGE_OUTPUT 'yaml'"]);
}

#[test]
fn unknown_fields_and_key_order_reach_the_script() {
    let body = r#"{"zeta":1,"prices":[{"new":{"b":1,"a":[1.50,null,1e2,123456789012345678901234567890]},"environment":"live","priceId":"price_1","s":"\u00e9\/"}],"alpha":"x"}"#;
    let stub = Stub::start(move |_| Answer::json(200, body));
    let user = User::of(&stub.address);
    let run = |format: &str| user.run(&["payments", "prices", "list", "live", "-o", format]).exits(0).stdout;
    let without_spaces: String = run("json").split_whitespace().collect();
    assert_eq!(without_spaces, body, "the same bytes but for indentation");
    assert_eq!(
        run("jsonl"),
        body[body.find("{\"new").expect("a row")..body.find("],\"alpha").expect("its end")].to_owned() + "\n"
    );
    // A missing value is a dash, not an error.
    let ran = User::of(&stub.address).run(&["payments", "prices", "list", "live"]).exits(0);
    assert_eq!(
        ran.stdout.lines().nth(1),
        Some("live  price_1   -        -           -       -     -       one-time")
    );
}

#[test]
fn text_from_the_backend_cannot_write_on_the_terminal() {
    let name = "a\u{1b}[2Jb\nc\u{9b}31m\u{202e}d\u{7}";
    let body = json!({"products": [{"environment": "test", "productId": "prod_1\u{1b}[1m", "name": name, "active": true}]});
    let stub = Stub::start(move |_| Answer::json(200, &body.to_string()));
    for format in ["table", "json", "ids"] {
        let ran = User::of(&stub.address).run(&["payments", "products", "list", "-o", format]).exits(0);
        assert!(!ran.stdout.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{7}']), "{format}: {ran:?}");
    }
    let ran = User::of(&stub.address).run(&["payments", "products", "list"]).exits(0);
    assert!(ran.stdout.contains("a\u{fffd}[2Jb c\u{fffd}31m\u{fffd}d\u{fffd}"), "{ran:?}");
    let ran = User::of(&stub.address).run(&["payments", "products", "list", "--json"]).exits(0);
    assert_eq!(ran.json()["products"][0]["name"], name);
}

#[test]
fn amounts_have_the_decimals_that_stripe_uses() {
    let price = |amount: Value, decimal: &str, currency: &str, scheme: &str| {
        json!({"environment": "test", "priceId": "price_1", "unitAmount": amount, "unitAmountDecimal": decimal,
               "currency": currency, "billingScheme": scheme, "active": true})
    };
    let table = [
        (price(json!(1999), "1999", "usd", "per_unit"), "19.99 USD"),
        (price(json!(500), "500", "jpy", "per_unit"), "500 JPY"),
        (price(json!(1234), "1234", "kwd", "per_unit"), "1.234 KWD"),
        (price(json!(50_000), "50000", "isk", "per_unit"), "500 ISK"),
        (price(json!(500), "500", "ugx", "per_unit"), "5 UGX"),
        (price(Value::Null, "0.5", "usd", "per_unit"), "0.005 USD"),
        (price(Value::Null, "", "usd", "tiered"), "tiered"),
        (price(Value::Null, "", "usd", "per_unit"), "-"),
    ];
    for (price, shown) in table {
        let body = json!({"price": price}).to_string();
        let stub = Stub::start(move |_| Answer::json(200, &body));
        let ran = User::of(&stub.address).run(&["payments", "prices", "get", "price_1"]).exits(0);
        let row = ran.stdout.lines().nth(1).expect("a row");
        assert!(row.contains(&format!("  {shown}  ")), "{shown}: {row}");
    }
}

#[test]
fn dates_are_local_and_short() {
    let stub = prices();
    for (zone, shown) in [
        ("UTC", "2026-11-23 20:04"),
        ("Asia/Kolkata", "2026-11-24 01:34"),
        ("America/New_York", "2026-11-23 15:04"),
    ] {
        let ran = User::of(&stub.address).with("TZ", zone).run(&DATES).exits(0);
        assert!(ran.stdout.contains(shown), "{zone}: {ran:?}");
    }
}

/// Without TZ the time zone is the system's, which `date` uses too.
#[test]
fn dates_are_in_the_system_s_time_zone() {
    let stub = prices();
    let user = User::of(&stub.address);
    let mut ours = user.command(&DATES);
    ours.env_remove("TZ");
    let mut theirs = Command::new("date");
    theirs.args(["-d", "2026-11-23T20:04:20Z", "+%Y-%m-%d %H:%M"]).env_remove("TZ");
    let expected = String::from_utf8(theirs.output().expect("date").stdout).expect("a date");
    let ran = finish(ours, "").exits(0);
    assert!(ran.stdout.contains(expected.trim()), "{expected}{ran:?}");
}

#[test]
fn an_empty_list_is_a_note_and_quiet_is_silent() {
    let stub = Stub::start(|_| Answer::json(200, r#"{"prices":[]}"#));
    let user = User::of(&stub.address);
    let ran = user.run(&LIST).exits(0);
    assert_eq!((&*ran.stdout, &*ran.stderr), ("", "No Stripe prices found.\n"));
    for args in [&["-q"][..], &["--json"], &["-o", "ids"]] {
        let ran = user.run(&[&LIST[..], args].concat()).exits(0);
        assert!(!ran.stderr.contains("No Stripe") || args == ["-o", "ids"], "{ran:?}");
    }
    let sync = recordings::serve_in(Generation::Newer, vec![Generation::Newer.exchange("197-sync-all")]);
    let user = User::of(&sync.address);
    user.run(&["payments", "sync"]).exits(0).stderr_has(&["✓ Stripe payments synced."]);
    assert_eq!(user.run(&["payments", "sync", "-q"]).exits(0).stderr, "");
    assert_eq!(user.run(&["payments", "sync", "--json"]).exits(0).stderr, "");
}

/// The reader closes the pipe early.
#[test]
fn a_broken_pipe_ends_quietly() {
    let row =
        json!({"environment": "test", "priceId": "price_1234567890", "unitAmount": 1, "currency": "usd"});
    let body = json!({"prices": vec![row; 5000]}).to_string();
    let stub = Stub::start(move |_| Answer::json(200, &body));
    for format in ["table", "json", "ids"] {
        let user = User::of(&stub.address);
        let mut child = user
            .command(&["payments", "prices", "list", "-o", format])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("the binary ends");
        assert_eq!(output.status.code(), Some(0), "{format}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{format}");
    }
    // A failed sync fails even if the reader closes the pipe.
    let sync =
        recordings::serve_in(Generation::Newer, vec![Generation::Newer.exchange("236-sync-prices-fail")]);
    let user = User::of(&sync.address);
    let mut child = user
        .command(&["payments", "sync", "test"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
}

#[test]
fn a_full_disk_is_an_error() {
    let stub = prices();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let user = User::of(&stub.address);
    let output = user
        .command(&LIST)
        .stdin(Stdio::null())
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("error: Cannot write the result\n  No space left")
    );
}

#[test]
fn closed_streams_do_not_crash_it() {
    let stub = prices();
    let user = User::of(&stub.address);
    let line = |redirect: &str| {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("\"$0\" payments prices list {redirect}"))
            .arg(env!("CARGO_BIN_EXE_insforge"));
        command.env_clear().envs(user.environment());
        finish(command, "")
    };
    assert!(line("<&-").exits(0).stdout.starts_with("Env"));
    assert!(line("2>&-").exits(0).stdout.starts_with("Env"));
    line(">&- 2>&-");
}

#[test]
fn help_and_version_are_results() {
    let user = User::new();
    let version = user.run(&["--version"]).exits(0);
    assert_eq!(version.stdout, format!("insforge {}\n", env!("CARGO_PKG_VERSION")));
    for args in [
        &["--help"][..],
        &["payments", "--help"],
        &["help"],
        &["help", "payments", "sync"],
        &["help", "exit-codes"],
        &["help", "environment"],
        &["help", "output"],
        &["help", "errors"],
    ] {
        let ran = user.run(args).exits(0);
        assert!(!ran.stdout.is_empty() && ran.stderr.is_empty(), "{args:?}: {ran:?}");
    }
    let codes = user.run(&["help", "exit-codes"]).stdout;
    assert!(
        codes.starts_with("  0  success\n") && codes.contains("\n 64  usage: the command line is invalid"),
        "{codes}"
    );
    user.run(&["help", "nonsense"]).exits(64).stderr_has(&["No such command or topic: `nonsense`"]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(user.run(&["completion", shell]).exits(0).stdout.contains("insforge"));
    }
}
