//! CI jobs: all settings come from the environment, no file is touched, and no prompt waits for an answer. Only what depends on
//! the policies reads the project's file.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use insforge::sandbox::{Options, Sandbox};

use super::harness::pty::Terminal;
use super::harness::stub::{Answer, Request, Stub};
use super::harness::{RunOutput, User, wait_for_exit};

/// Longer than any command in this file takes.
const TIMEOUT: Duration = Duration::from_secs(20);

const CATALOG: &str = "version = 1\n[products.studio]\nname = \"Studio\"\n";
const NO_PRODUCTS: &str = "version = 1\n";

fn user_of(sandbox: &Sandbox) -> User {
    User::new().with("INSFORGE_BASE_URL", sandbox.url()).with("INSFORGE_API_KEY", sandbox.api_key())
}

/// The files that a run could read. Each is a named pipe, which no run accepts in their place.
const TRAPS: [&str; 4] = [
    ".insforge/project.json",
    ".config/insforge/config.toml",
    ".config/insforge/credentials.toml",
    ".local/share/insforge/sandbox.json",
];
/// The cache of generations. An error of this file is ignored, so it has a wrong generation instead.
const CACHE: &str = ".cache/insforge/backends.json";

fn set_traps(user: &User) {
    for trap in TRAPS {
        let path = user.path(trap);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
    }
}

/// All entries of a directory, with their types.
fn entries_of(directory: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let (path, kind) = entry.map(|entry| (entry.path(), entry.file_type())).expect("an entry");
        let kind = kind.expect("a kind");
        all.push(format!("{} {kind:?}", path.display()));
        if kind.is_dir() {
            all.extend(entries_of(&path));
        }
    }
    all.sort_unstable();
    all
}

/// Runs a command, which must end.
#[track_caller]
fn run(user: &User, args: &[&str], stdin: &str) -> RunOutput {
    let input = tempfile::NamedTempFile::new().expect("a file");
    fs::write(&input, stdin).expect("a file");
    let [stdout, stderr] = [(); 2].map(|()| tempfile::NamedTempFile::new().expect("a file"));
    let to = |file: &tempfile::NamedTempFile| Stdio::from(file.reopen().expect("a file"));
    let mut command = user.command(args);
    command.stdin(to(&input)).stdout(to(&stdout)).stderr(to(&stderr));
    let code = wait_for_exit(&mut command.spawn().expect("the binary starts"), TIMEOUT);
    let text = |file: &tempfile::NamedTempFile| fs::read_to_string(file).expect("text");
    RunOutput { code, stdout: text(&stdout), stderr: text(&stderr) }
}

#[test]
fn a_job_with_an_address_and_a_key_touches_no_file() {
    let sandbox = Options::new().public_url("https://shop.example").spawn().expect("a sandbox");
    let user = user_of(&sandbox)
        .with("CI", "true")
        .with("STRIPE_TEST_SECRET_KEY", "sk_test_51SandboxShop0001b")
        .with("INSFORGE_LOG", "debug");
    set_traps(&user);
    user.write(CACHE, &format!("{{\"{}\": \"older\"}}", sandbox.url()));
    let before = entries_of(user.home.path());
    let lines = [
        "payments status",
        "payments config",
        "payments catalog --json",
        "payments prices list -o ids",
        "payments transactions",
        "payments sync",
        "payments products create --name Mug",
        "payments config set test",
        "payments webhooks configure",
        "payments catalog plan test --file -",
        "payments catalog apply test --file -",
        "payments catalog ids test",
        "payments razorpay items list",
        "payments products delete test prod_UgmtwPFqr91f5b --dry-run",
        "help --json",
        "explain OUTCOME_UNKNOWN",
    ];
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        run(&user, &words, CATALOG).exits(0);
        assert_eq!(entries_of(user.home.path()), before, "{line}");
    }
    let create = run(&user, &["payments", "products", "create", "--name", "Cup", "--dry-run"], "").exits(0);
    assert_eq!(create.json()["path"], "/api/payments/stripe/test/catalog/products", "it reads no cache");
    // Neither the home directory nor the runtime directory is needed.
    let user = user.with("HOME", "/nonexistent").with("XDG_RUNTIME_DIR", "/nonexistent");
    for line in [&["payments", "status"][..], &["payments", "products", "create", "--name", "Cup"]] {
        run(&user, line, "").exits(0);
        run(&user, &[line, &["--json"]].concat(), "").exits(0);
    }
    run(&user, &["payments", "products", "create", "live", "--name", "Cup", "--dry-run"], "").exits(0);
}

/// The exceptions: what a project forbids or guards is forbidden and guarded in CI, too. So these commands read the project's
/// file, and no other, and the commands that report the policies read it as well.
#[test]
fn only_what_depends_on_the_policies_reads_the_project_file() {
    let sandbox = Options::new().public_url("https://shop.example").spawn().expect("a sandbox");
    let user = user_of(&sandbox).with("CI", "true");
    run(&user, &["payments", "catalog", "apply", "test", "--file", "-"], CATALOG).exits(0);
    let key = "sk_live_51SandboxShop0001a";
    run(&user, &["payments", "config", "set", "live", "-", "--yes"], key).exits(0);
    let unused =
        run(&user, &["payments", "products", "create", "--name", "Mug", "-o", "ids"], "").exits(0).stdout;
    let delete = format!("payments products delete test {} --yes", unused.trim());
    set_traps(&user);
    let before = entries_of(user.home.path());
    let trap = user.path(TRAPS[0]);
    let lines = [
        "current",
        "payments doctor test",
        "payments razorpay doctor test",
        "payments products create live --name Cup --yes",
        &*delete,
        "payments catalog apply test --prune --yes --file -",
        "payments razorpay webhooks rotate-secret test --yes",
        "payments razorpay config remove test --yes",
        "payments config remove test --yes",
    ];
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let ran = run(&user, &words, NO_PRODUCTS).exits(1);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(said.contains(&format!("Cannot read {}", trap.display())), "{line}: {said}");
        assert_eq!(entries_of(user.home.path()), before, "{line}");
    }
    // Without a project, they read no file at all.
    fs::remove_file(&trap).expect("the trap");
    let before = entries_of(user.home.path());
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        run(&user, &words, NO_PRODUCTS).exits(0);
        assert_eq!(entries_of(user.home.path()), before, "{line}");
    }
}

/// A project that forbids writes to live, guards what destroys, or cannot be read, does so in CI, too.
#[test]
fn the_policies_of_a_project_hold_in_a_job() {
    let stub = Stub::start(|request: &Request| {
        let product = r#"{"product":{"environment":"live","productId":"prod_1","name":"Cup","active":true}}"#;
        let deleted = r#"{"productId":"prod_1","deleted":true}"#;
        let status = r#"{"connections":[]}"#;
        let body = match request.method.as_str() {
            "GET" => status,
            "DELETE" => deleted,
            _ => product,
        };
        Answer::json(200, body)
    });
    let user = User::of(&stub.address).with("CI", "1");
    let create = |environment| ["payments", "products", "create", environment, "--name", "Cup", "--yes"];
    for (project, live, delete) in [
        (r#"{"live": "deny"}"#, 5, 0),
        (r#"{"live": "allow", "guard": true}"#, 0, 6),
        ("no JSON", 1, 1),
        (r#"{"guard": "yes"}"#, 1, 1),
        (r#"{"live": "allow"}"#, 0, 0),
    ] {
        user.write(".insforge/project.json", project);
        user.run(&create("test")).exits(0);
        user.run(&["payments", "status", "-e", "live"]).exits(0);
        user.run(&create("live")).exits(live);
        user.run(&["payments", "products", "delete", "test", "prod_1", "--yes"]).exits(delete);
    }
    let lines = stub.lines();
    assert_eq!(lines.iter().filter(|line| line.starts_with("DELETE")).count(), 2, "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.contains("/live/")).count(), 2, "{lines:?}");
}

#[test]
fn a_write_needs_one_request_for_the_generation_and_a_read_none() {
    let stub = Stub::start(|request: &Request| {
        let body = match (request.method.as_str(), request.target.as_str()) {
            ("GET", "/api/payments/stripe/status") => r#"{"connections":[]}"#,
            ("POST", _) => {
                r#"{"product":{"environment":"test","productId":"prod_1","name":"a","active":true}}"#
            }
            _ => r#"{"products":[{"environment":"test","productId":"prod_1"}]}"#,
        };
        Answer::json(200, body)
    });
    let user = User::of(&stub.address).with("CI", "true");
    user.run(&["payments", "products", "create", "--name", "a"]).exits(0);
    user.run(&["payments", "products", "list"]).exits(0);
    assert_eq!(
        stub.lines(),
        [
            "GET /api/payments/stripe/status",
            "POST /api/payments/stripe/test/catalog/products",
            "GET /api/payments/stripe/test/catalog/products"
        ]
    );
}

/// Every prompt, on a terminal: with --no-input each becomes an error that names the flag or variable to use.
#[test]
fn every_prompt_becomes_an_error_that_names_its_flag() {
    let sandbox = Options::new().spawn().expect("a sandbox");
    let user = user_of(&sandbox);
    user.write("payments.toml", CATALOG);
    user.run(&["payments", "catalog", "apply", "test"]).exits(0);
    user.write("payments.toml", "version = 1\n");
    for (line, code, flag) in [
        ("login --profile x", 64, "--api-key-stdin"),
        ("link --api-base-url http://127.0.0.1:1", 64, "--api-key-stdin"),
        ("payments config set test", 64, "STRIPE_TEST_SECRET_KEY"),
        ("payments config set live", 64, "config set live -"),
        ("payments razorpay config set test", 64, "--key-id"),
        ("payments razorpay config set test --key-id rzp_test_x1", 64, "RAZORPAY_TEST_KEY_SECRET"),
        ("payments config remove test", 6, "--yes"),
        ("payments razorpay config remove test", 6, "--yes"),
        ("payments products create live --name a", 6, "--yes"),
        ("payments products update live prod_1 --name a", 6, "--yes"),
        ("payments products delete test prod_1", 6, "--yes"),
        ("payments prices create live --product prod_1 --currency usd --unit-amount 1", 6, "--yes"),
        ("payments prices update live price_1 --active false", 6, "--yes"),
        ("payments prices archive live price_1", 6, "--yes"),
        ("payments webhooks configure live", 6, "--yes"),
        ("payments catalog apply test --prune", 6, "--yes"),
        ("payments razorpay webhooks rotate-secret test", 6, "--yes"),
        ("payments razorpay items create live --name a --amount 1 --currency INR", 6, "--yes"),
    ] {
        let words: Vec<&str> = line.split(' ').chain(["--no-input"]).collect();
        let (ended, screen) = Terminal::start(&user, 100, &words).finish();
        assert_eq!(ended, code, "{line}\n{screen}");
        assert!(screen.contains(flag), "{line} does not name {flag}:\n{screen}");
        // The command does not wait for an open pipe either.
        let mut command = user.command(&words);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the binary starts");
        let _open = child.stdin.take();
        assert_eq!(wait_for_exit(&mut child, TIMEOUT), code, "{line}");
    }
}
