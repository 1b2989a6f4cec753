//! Everything that is read: encodings, quotes, limits, pipes, locks. No read blocks a run for ever.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::harness::recordings::{self, Generation};
use super::harness::running::Running;
use super::harness::stub::Stub;
use super::harness::{KEY, RunOutput, User, dead_address, finish, set_mode, wait_for_exit};

/// Longer than any step takes. A test that waits this long has failed.
const TIMEOUT: Duration = Duration::from_secs(20);
const STRIPE_KEY: &str = "sk_test_Nobody4May5See";

/// Something that the tool reads.
struct Input {
    /// The command line. ADDRESS is that of the backend.
    line: &'static str,
    /// The file; `-` is stdin.
    file: &'static str,
    text: &'static str,
    /// The exit code if the text cannot be read.
    refused: i32,
}

const CATALOG: &str = "version = 1\n[products.studio]\nname = \"Stüdio\"\n";
const PRODUCT: &str = "{\n\"name\": \"Stüdio\"\n}\n";
const API_KEY: &str = "KEY\n";

const fn input(line: &'static str, file: &'static str, text: &'static str, refused: i32) -> Input {
    Input { line, file, text, refused }
}

/// Every input with UTF-8 text. KEY is the API key.
const INPUTS: [Input; 14] = [
    input("payments status --api-url ADDRESS --api-key-file key", "key", API_KEY, 2),
    input("payments status --api-url ADDRESS --api-key-stdin", "-", API_KEY, 2),
    input(
        "payments status",
        ".insforge/project.json",
        "{\n\"oss_host\": \"ADDRESS\",\n\"api_key\": \"KEY\"\n}\n",
        1,
    ),
    input(
        "payments status -p work",
        ".config/insforge/config.toml",
        "[profiles.work]\napi_url = \"ADDRESS\"\nkey_store = \"file\"\n",
        1,
    ),
    input(
        "payments status -p other",
        ".config/insforge/credentials.toml",
        "[other]\napi_url = \"ADDRESS\"\napi_key = \"KEY\"\n",
        1,
    ),
    input("payments config set test - --dry-run", "-", "sk_test_Nobody4May5See\n", 64),
    input("payments config set test --secret-key-file key --dry-run", "key", "sk_test_Nobody4May5See\n", 64),
    input("payments razorpay config set --key-id rzp_test_1 - --dry-run", "-", "a-made-up-secret\n", 64),
    input(
        "payments razorpay config set --key-id rzp_test_1 --key-secret made-up --webhook-secret-file hook --dry-run",
        "hook",
        "a-made-up-secret\n",
        64,
    ),
    input("payments products create --from-file product.json --dry-run", "product.json", PRODUCT, 64),
    input("payments products create --from-file - --dry-run", "-", PRODUCT, 64),
    input("--sandbox payments catalog plan", "payments.toml", CATALOG, 64),
    input("--sandbox payments catalog plan --file other.toml", "other.toml", CATALOG, 64),
    input("--sandbox payments catalog plan --file -", "-", CATALOG, 64),
];

/// A user with all that the inputs need, and with a backend in the environment where the line and the files name none.
fn user_for(input: &Input, stub: &Stub) -> User {
    let user = User::new();
    let config = format!("[profiles.other]\napi_url = \"{}\"\nkey_store = \"file\"\n", stub.address);
    user.write(".config/insforge/config.toml", &config);
    user.write(
        ".config/insforge/credentials.toml",
        &format!("[work]\napi_url = \"{0}\"\napi_key = \"{KEY}\"\n", stub.address),
    );
    if input.line.ends_with("--dry-run") {
        return user.with("INSFORGE_BASE_URL", &stub.address).with("INSFORGE_API_KEY", KEY);
    }
    user
}

fn run(input: &Input, user: &User, stub: &Stub, bytes: &[u8]) -> RunOutput {
    let line = input.line.replace("ADDRESS", &stub.address);
    let args: Vec<&str> = line.split(' ').collect();
    if input.file == "-" {
        return finish(user.command(&args), bytes);
    }
    let path = user.write(input.file, "");
    fs::write(&path, bytes).expect("a file");
    user.run(&args)
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn every_input_is_read_in_every_encoding_of_utf8() {
    for input in INPUTS {
        let stub = recordings::serve_in(Generation::Newer, vec![]);
        let user = user_for(&input, &stub);
        let text = input.text.replace("ADDRESS", &stub.address).replace("KEY", KEY);
        let crlf = text.replace('\n', "\r\n");
        let first = run(&input, &user, &stub, text.as_bytes());
        for (encoding, text) in [
            ("UTF-8", text.clone()),
            ("a mark", format!("\u{feff}{text}")),
            ("CRLF", crlf.clone()),
            ("a mark and CRLF", format!("\u{feff}{crlf}")),
            ("no line break at the end", text.trim_end().to_owned()),
        ] {
            let ran = run(&input, &user, &stub, text.as_bytes());
            assert_eq!(ran.code, 0, "{}, {encoding}: {ran:?}", input.line);
            // A generated idempotency key differs in every run.
            let shown = |ran: &RunOutput| {
                ran.stdout.lines().filter(|line| !line.contains("idempotencyKey")).collect::<String>()
            };
            assert_eq!(shown(&ran), shown(&first), "{}, {encoding}", input.line);
        }
    }
}

#[test]
fn every_other_encoding_is_refused_with_its_name() {
    for input in INPUTS {
        let stub = recordings::serve_in(Generation::Newer, vec![]);
        let user = user_for(&input, &stub);
        let text = input.text.replace("ADDRESS", &stub.address).replace("KEY", KEY);
        let marked = format!("\u{feff}{text}");
        // In Latin-1.
        let last = [text.trim_end().as_bytes(), b"\xfc\n"].concat();
        let line = format!("line {} is not UTF-8; save it as UTF-8", text.lines().count());
        for (bytes, reason) in [
            (utf16(&marked, u16::to_le_bytes), "it is UTF-16; save it as UTF-8"),
            (utf16(&marked, u16::to_be_bytes), "it is UTF-16; save it as UTF-8"),
            (utf16(&text, u16::to_le_bytes), "it is UTF-16; save it as UTF-8"),
            (utf16(&text, u16::to_be_bytes), "it is UTF-16; save it as UTF-8"),
            (last, &line),
        ] {
            let ran = run(&input, &user, &stub, &bytes);
            assert_eq!(ran.code, input.refused, "{}: {ran:?}", input.line);
            assert!(!ran.stderr.contains("4May5"), "{ran:?}");
            ran.stderr_has(&["Cannot read", reason]);
        }
        assert_eq!(stub.lines(), Vec::<String>::new(), "{}", input.line);
    }
}

#[test]
fn a_plan_file_is_read_in_the_same_way() {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    user.write("payments.toml", CATALOG);
    user.run(&["payments", "catalog", "plan", "--out", "plan.json"]).exits(0);
    let plan = user.read("plan.json");
    let apply = ["payments", "catalog", "apply", "--plan-file", "plan.json"];
    for text in [format!("\u{feff}{plan}"), plan.replace('\n', "\r\n")] {
        user.write("plan.json", &text);
        user.run(&apply).exits(0);
    }
    fs::write(user.path("plan.json"), utf16(&plan, u16::to_le_bytes)).expect("a file");
    user.run(&apply).exits(64).stderr_has(&["Cannot read the plan from plan.json", "it is UTF-16"]);
}

#[test]
fn a_line_break_at_the_end_of_a_variable_or_an_id_is_not_part_of_it() {
    let stub = recordings::serve_in(Generation::Newer, vec![Generation::Newer.exchange("124-product-get")]);
    let path = stub_path("124-product-get");
    let id = path.rsplit('/').next().expect("an id");
    for end in ["\r", "\n", "\r\n"] {
        let user = User::of(&format!("{}{end}", stub.address))
            .without("INSFORGE_API_KEY")
            .with("INSFORGE_API_KEY_FILE", &format!("key{end}"))
            .with("INSFORGE_OUTPUT", &format!("json{end}"))
            .with("INSFORGE_TIMEOUT", &format!("20s{end}"));
        user.write("key", KEY);
        let ran = user.run(&["payments", "products", "get", &format!("{id}{end}")]).exits(0);
        assert!(ran.stdout.starts_with('{'), "{ran:?}");
        let user = User::of(&stub.address).with("INSFORGE_API_KEY", &format!("\u{feff}{KEY}{end}"));
        user.run(&["payments", "status"]).exits(0);
    }
    let create = "payments prices create --dry-run --unit-amount 1 --product prod_1\r --currency usd\r --lookup-key pro\r \
                  --idempotency-key k1\r";
    let ran = User::of(&dead_address()).run(&create.split(' ').collect::<Vec<_>>()).exits(0);
    assert_eq!(
        ran.json()["body"],
        json!({"productId": "prod_1", "currency": "usd", "unitAmount": 1, "lookupKey": "pro", "idempotencyKey": "k1"})
    );
}

#[test]
fn a_line_break_at_the_end_of_the_id_of_a_filter_is_not_part_of_it() {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    for (list, filter, id) in [
        ("prices list", "--product", "prod_dxFhxxNRvjmfxv"),
        ("subscriptions", "--customer", "cus_N5vQmLzLObXy5g"),
        ("transactions", "--customer", "cus_N5vQmLzLObXy5g"),
    ] {
        let words: Vec<&str> = ["payments"].into_iter().chain(list.split(' ')).collect();
        let rows =
            |id: &str| user.run(&[&words[..], &["test", filter, id, "-o", "jsonl"]].concat()).exits(0).stdout;
        let expected = rows(id);
        assert!(!expected.is_empty(), "{list}");
        assert_eq!(rows(&format!("{id}\r\n")), expected, "{list}");
    }
}

fn stub_path(exchange: &str) -> String {
    Generation::Newer.exchange(exchange).path
}

/// Sources of a key, each with the key in quotes: the command line, the file with the key, and the exit code.
const QUOTED: [(&str, &str, i32); 13] = [
    ("payments status --api-url ADDRESS --api-key-file key", "key", 2),
    ("payments status --api-url ADDRESS --api-key-stdin", "-", 2),
    ("payments status --api-url ADDRESS", "INSFORGE_API_KEY", 2),
    ("payments status", ".insforge/project.json", 2),
    ("payments status -p other", ".config/insforge/credentials.toml", 2),
    ("login --api-url ADDRESS --api-key-stdin", "-", 2),
    ("link --api-base-url ADDRESS --api-key KEY", "", 2),
    ("payments config set -", "-", 64),
    ("payments config set --secret-key-file key", "key", 64),
    ("payments config set", "STRIPE_TEST_SECRET_KEY", 64),
    ("payments config set test --secret-key KEY", "", 64),
    ("payments razorpay config set --key-id rzp_test_1 -", "-", 64),
    (
        "payments razorpay config set --key-id rzp_test_1 --key-secret made-up --webhook-secret-file key",
        "key",
        64,
    ),
];

#[test]
fn a_key_in_quotes_is_refused_and_not_repeated() {
    let stub = recordings::serve_in(Generation::Newer, vec![]);
    for (line, place, exit) in QUOTED {
        for (open, close) in [('"', '"'), ('\'', '\''), ('“', '”')] {
            let key = if line.contains("config set") { STRIPE_KEY } else { KEY };
            let quoted = format!("{open}{key}{close}");
            let json = quoted.replace('"', "\\\"");
            let mut user = User::new();
            user.write(
                ".config/insforge/config.toml",
                &format!("[profiles.other]\napi_url = \"{}\"\nkey_store = \"file\"\n", stub.address),
            );
            if line.contains("config set") {
                user = user.with("INSFORGE_BASE_URL", &stub.address).with("INSFORGE_API_KEY", KEY);
            }
            match place {
                ".insforge/project.json" => {
                    let text = format!("{{\"oss_host\": \"{}\", \"api_key\": \"{json}\"}}", stub.address);
                    drop(user.write(place, &text));
                }
                ".config/insforge/credentials.toml" => {
                    let text = format!("[other]\napi_url = \"{}\"\napi_key = \"{json}\"\n", stub.address);
                    drop(user.write(place, &text));
                }
                "key" => drop(user.write(place, &quoted)),
                "" | "-" => {}
                variable => user = user.with(variable, &quoted),
            }
            let line = line.replace("ADDRESS", &stub.address).replace("KEY", "\0");
            let args: Vec<String> = line.split(' ').map(|word| word.replace('\0', &quoted)).collect();
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let ran = user.run_with_stdin(&args, &quoted);
            assert_eq!(ran.code, exit, "{line}: {ran:?}");
            assert!(!ran.stderr.contains("4May5"), "{ran:?}");
            ran.stderr_has(&["in quotes"]);
        }
    }
    assert!(stub.lines().iter().all(|line| line.starts_with("GET ")), "{:?}", stub.lines());
}

fn make_pipe(user: &User, relative: &str) -> PathBuf {
    let path = user.path(relative);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    let _ = fs::remove_file(&path);
    assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
    set_mode(&path, 0o600);
    path
}

/// Runs a command that must end by itself.
#[track_caller]
fn run_to_its_end(user: &User, line: &str) -> (i32, String) {
    let mut running = Running::start(user, &line.split(' ').collect::<Vec<_>>());
    let code = wait_for_exit(&mut running.child, TIMEOUT);
    (code, running.stderr.rest())
}

#[test]
fn a_file_that_the_tool_finds_by_itself_must_be_regular() {
    for (line, file, exit) in [
        ("payments status", ".insforge/project.json", 1),
        ("payments status", ".config/insforge/config.toml", 1),
        ("payments status -p other", ".config/insforge/credentials.toml", 1),
        ("logout -p other", ".config/insforge/credentials.toml", 1),
        ("--sandbox payments status", ".local/share/insforge/sandbox.json", 1),
        ("--sandbox payments catalog plan", "payments.toml", 64),
        ("--sandbox payments catalog export", "payments.toml", 1),
    ] {
        let user = User::new();
        user.write(
            ".config/insforge/config.toml",
            "[profiles.other]\napi_url = \"http://localhost:1\"\nkey_store = \"file\"\n",
        );
        make_pipe(&user, file);
        let (code, stderr) = run_to_its_end(&user, line);
        assert_eq!(code, exit, "{line}: {stderr}");
        assert!(stderr.contains("is not a regular file"), "{line}: {stderr}");
    }
}

#[test]
fn a_file_that_is_too_long_is_refused() {
    const MIB: usize = 1 << 20;
    let catalog = |length: usize| format!("version = 1\n#{}\n", "x".repeat(length - 14));
    let project = |length: usize| {
        let text = "{\"oss_host\": \"http://localhost:1\", \"api_key\": \"ik_1\"}";
        text.to_owned() + &" ".repeat(length - text.len())
    };
    let user = User::new();
    user.write(".insforge/project.json", &project(MIB));
    user.run(&["payments", "status", "--retries", "0"]).exits(8);
    user.write(".insforge/project.json", &project(MIB + 1));
    user.run(&["payments", "status"]).exits(1).stderr_has(&["project.json", "it is longer than 1 MiB"]);
    user.write(".config/insforge/config.toml", &"#".repeat(MIB + 1));
    user.run(&["payments", "status", "-p", "x"]).exits(1).stderr_has(&["it is longer than 1 MiB"]);
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    user.write("payments.toml", &catalog(16 * MIB));
    user.run(&["payments", "catalog", "plan"]).exits(0);
    user.write("payments.toml", &catalog(16 * MIB + 1));
    user.run(&["payments", "catalog", "plan"]).exits(64).stderr_has(&["it is longer than 16 MiB"]);
}

/// Commands that read a pipe that the user named.
const PIPES: [&str; 6] = [
    "payments status --api-url http://localhost:1 --api-key-file pipe",
    "login --api-url http://localhost:1 --api-key-file pipe",
    "--sandbox payments config set --secret-key-file pipe",
    "--sandbox payments products create --from-file pipe",
    "--sandbox payments catalog plan --file pipe",
    "--sandbox payments catalog apply --plan-file pipe",
];

#[test]
fn a_pipe_that_nobody_writes_ends_at_the_deadline() {
    for line in PIPES {
        let user = User::new();
        make_pipe(&user, "pipe");
        let (code, stderr) = run_to_its_end(&user, &format!("--json --timeout 1s {line}"));
        assert_eq!(code, 8, "{line}: {stderr}");
        let error = stderr.lines().last().expect("an error");
        assert!(
            error.contains("\"TIMED_OUT\"") && error.contains("Timed out waiting for the "),
            "{line}: {error}"
        );
    }
    let user =
        User::of("http://localhost:1").without("INSFORGE_API_KEY").with("INSFORGE_API_KEY_FILE", "pipe");
    make_pipe(&user, "pipe");
    let (code, stderr) = run_to_its_end(&user, "payments status --timeout 1s");
    assert_eq!((code, stderr.contains("the API key from INSFORGE_API_KEY_FILE")), (8, true), "{stderr}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_ends_a_run_that_waits_for_a_pipe() {
    for line in PIPES {
        for signal in ["-INT", "-TERM"] {
            let user = User::new();
            make_pipe(&user, "pipe");
            let running = Running::start(&user, &line.split(' ').collect::<Vec<_>>());
            running.wait_until_it_listens();
            assert_eq!(running.stop(signal).0, 130, "{line} {signal}");
        }
    }
}

/// As a shell does for `--api-key-file <(…)`.
#[test]
fn a_pipe_is_read_to_its_end() {
    let stub = recordings::serve_in(Generation::Newer, vec![]);
    let user = User::new();
    let pipe = make_pipe(&user, "pipe");
    let writer = thread::spawn(move || fs::write(pipe, format!("{KEY}\n")).expect("the pipe is read"));
    user.run(&["payments", "status", "--api-url", &stub.address, "--api-key-file", "pipe"]).exits(0);
    writer.join().expect("the writer");
}

fn locked(user: &User, relative: &str) -> File {
    let lock = File::create(user.write(relative, "")).expect("a lock");
    lock.lock().expect("it is free");
    lock
}

#[test]
fn a_lock_that_is_never_released_ends_at_the_deadline() {
    let stub = recordings::serve_in(Generation::Newer, vec![]);
    let config = format!("[profiles.default]\napi_url = \"{}\"\nkey_store = \"file\"\n", stub.address);
    for (args, lock) in [
        (
            &["login", "--api-url", &*stub.address, "--api-key-file", "key"][..],
            ".config/insforge/config.toml.insforge-lock",
        ),
        (
            &["login", "--api-url", &stub.address, "--api-key-file", "key"],
            ".config/insforge/credentials.toml.insforge-lock",
        ),
        (&["logout"], ".config/insforge/config.toml.insforge-lock"),
    ] {
        let user = User::new();
        user.write("key", KEY);
        user.write(".config/insforge/config.toml", &config);
        let _lock = locked(&user, lock);
        let (code, stderr) = run_to_its_end(&user, &format!("--timeout 1s {}", args.join(" ")));
        assert_eq!(code, 8, "{args:?}: {stderr}");
        assert!(
            stderr.contains("Cannot lock") && stderr.contains("another process has locked it"),
            "{stderr}"
        );
        assert_eq!(user.read(".config/insforge/config.toml"), config);
        interrupt_at_the_lock(&user, args);
    }
}

#[cfg(target_os = "linux")]
fn interrupt_at_the_lock(user: &User, args: &[&str]) {
    for signal in ["-INT", "-TERM"] {
        let running = Running::start(user, args);
        running.wait_until_it_listens();
        assert_eq!(running.stop(signal).0, 130, "{args:?} {signal}");
    }
}

#[cfg(not(target_os = "linux"))]
fn interrupt_at_the_lock(_user: &User, _args: &[&str]) {}

#[test]
fn an_export_writes_into_a_pipe_without_reading_it() {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    let pipe = make_pipe(&user, "pipe");
    let reader = thread::spawn(move || fs::read_to_string(Path::new(&pipe)).expect("text"));
    user.run(&["payments", "catalog", "export", "--file", "pipe"]).exits(0);
    assert!(reader.join().expect("the reader").contains("\nversion = 1\n"));
}
