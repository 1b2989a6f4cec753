//! The sandbox on the command line: `--sandbox` and its variable, the state file, `serve` and `exec`. The tests of the
//! `insforge-sandbox` package compare its responses with the recordings.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::harness::pty::Terminal;
use super::harness::recordings::{self, Generation};
use super::harness::running::Running;
use super::harness::{KEY, RunOutput, User, dead_address, finish, mode, signal, wait_for_exit};

/// Longer than any step takes.
const PATIENCE: Duration = Duration::from_secs(20);

const BINARY: &str = env!("CARGO_BIN_EXE_insforge");
const CTRL_C: &str = "\x03";

/// The user's state file.
fn file(user: &User) -> PathBuf {
    PathBuf::from(user.run(&["sandbox", "path"]).exits(0).stdout.trim_end())
}

fn state(user: &User) -> Value {
    serde_json::from_str(&fs::read_to_string(file(user)).expect("the state")).expect("JSON")
}

fn names(products: &Value) -> Vec<String> {
    let products = products["products"].as_array().expect("products");
    products.iter().map(|product| product["name"].as_str().expect("a name").to_owned()).collect()
}

/// Runs a command with `sandbox exec`.
fn exec(user: &User, options: &[&str], command: &[&str]) -> RunOutput {
    user.run(&[&["sandbox", "exec"], options, &["--"], command].concat())
}

/// Starts `sandbox serve`. Returns it, its JSON, and a user whose backend it is.
fn serve(user: &User, options: &[&str]) -> (Running, Value, User) {
    let serving = Running::start(user, &[&["sandbox", "serve", "--json"], options].concat());
    let shown: Value = serde_json::from_str(&serving.stdout.read_until("}")).expect("JSON");
    let variable = |name: &str| shown[name].as_str().expect("text").to_owned();
    let visitor =
        User::new().with("INSFORGE_BASE_URL", &variable("url")).with("INSFORGE_API_KEY", &variable("apiKey"));
    (serving, shown, visitor)
}

#[test]
fn commands_share_the_state_of_the_sandbox() {
    let user = User::new();
    let catalog = user.run(&["--sandbox", "payments", "catalog"]).exits(0);
    assert!(catalog.stdout.starts_with("Products\nEnv "), "{}", catalog.stdout);
    assert!(catalog.stdout.contains("Pro Plan") && catalog.stderr.is_empty(), "{catalog:?}");
    assert_eq!(mode(&file(&user)), 0o600);
    assert_eq!(state(&user)["version"], 1);
    user.run(&["payments", "products", "create", "--name", "Mug", "--sandbox"])
        .exits(0)
        .stderr_has(&["✓ Stripe product created: prod_"]);
    let by_variable = User::new().with("HOME", user.home.path().to_str().expect("a path"));
    let by_variable = by_variable.with("INSFORGE_SANDBOX", "1");
    let listed = by_variable.run(&["payments", "products", "list", "--json"]).exits(0).json();
    assert_eq!(names(&listed).iter().filter(|name| *name == "Mug").count(), 1, "{listed}");
    // The cache of backends does not contain the sandbox.
    assert!(!user.path(".cache").exists());
}

#[test]
fn current_shows_the_sandbox_as_the_backend() {
    let user = User::new();
    let shown = user.run(&["current", "--sandbox", "--json"]).exits(0).json();
    let from = format!("the sandbox ({})", file(&user).display());
    assert_eq!(shown["backend"]["source"], *from);
    assert!(shown["backend"]["value"].as_str().expect("text").starts_with("http://127.0.0.1:"), "{shown}");
    assert_eq!(shown["key"], json!({"value": "ik_****dbox", "source": from}));
    assert_eq!(shown["keyAccepted"], true);
    assert!(user.run(&["current", "--sandbox"]).exits(0).stdout.contains(&from));
}

#[test]
fn the_flag_cannot_be_used_with_another_backend() {
    let user = User::new();
    let key = user.write("key", KEY);
    let key = key.to_str().expect("a path");
    for (other, name) in [
        (&["--api-url", "https://x.example"][..], "--api-url"),
        (&["--api-key-stdin"], "--api-key-stdin"),
        (&["--api-key-file", key], "--api-key-file"),
        (&["--profile", "shop"], "--profile"),
    ] {
        let what = format!("--sandbox cannot be used with {name}");
        let hint = format!("hint: omit {name} to use the sandbox");
        for args in [
            [&["--sandbox", "payments", "status"], other].concat(),
            [other, &["payments", "status", "--sandbox"]].concat(),
            [&["current", "--sandbox"], other].concat(),
        ] {
            user.run(&args).exits(64).stderr_has(&[&what, &hint]);
            let error = user.run(&[&args[..], &["--json"]].concat()).exits(64).error();
            assert_eq!(error["code"], "USAGE");
        }
    }
    assert!(!file(&user).exists());
}

#[test]
fn the_variable_takes_precedence_over_all_backends_except_flags() {
    let stub = recordings::serve_in(Generation::Newer, vec![]);
    let user = User::of(&stub.address).with("INSFORGE_SANDBOX", "1");
    let source = |user: &User, args: &[&str]| {
        let shown = user.run(&[args, &["current", "--json"]].concat()).json();
        shown["backend"]["source"].as_str().expect("text").to_owned()
    };
    assert!(source(&user, &[]).starts_with("the sandbox ("));
    user.run(&["payments", "status"])
        .exits(0)
        .stderr_has(&["INSFORGE_BASE_URL is ignored because INSFORGE_SANDBOX is set"]);
    assert_eq!(source(&user, &["--api-url", &stub.address]), "--api-url");
    let key = user.write("key", KEY);
    assert_eq!(source(&user, &["--api-key-file", key.to_str().expect("a path")]), "INSFORGE_BASE_URL");
    user.run(&["payments", "status", "--profile", "shop"]).exits(4).stderr_has(&["shop"]);
    for off in ["0", "false", "no", "off", "", " ", "False", "OFF"] {
        let user = User::of(&stub.address).with("INSFORGE_SANDBOX", off);
        assert_eq!(source(&user, &[]), "INSFORGE_BASE_URL", "{off:?}");
    }
    // The flag takes precedence over the environment and a linked project.
    let linked =
        User::of(&dead_address()).with("INSFORGE_PROFILE", "shop").with("INSFORGE_API_KEY_FILE", "/nowhere");
    linked.write(".insforge/project.json", &json!({"oss_host": dead_address(), "api_key": KEY}).to_string());
    assert!(source(&linked, &["--sandbox"]).starts_with("the sandbox ("));
}

/// A read-only home, as in many CI images. A file in place of the directory has the same effect, even for root.
#[test]
fn a_home_without_a_place_for_the_state_is_no_dead_end() {
    let user = User::new();
    user.write(".local", "");
    for (args, says) in [
        (
            &["payments", "status", "--sandbox"][..],
            &[
                "`insforge sandbox exec -- COMMAND`, which needs no file",
                "`insforge sandbox serve --state FILE`",
            ][..],
        ),
        (&["sandbox", "serve"], &["--state names another file"]),
        (&["sandbox", "reset"], &["--state names another file"]),
    ] {
        let ran = user.run(args).exits(1);
        ran.stderr_has(&["sandbox.json"]).stderr_has(says);
    }
    // The advice works.
    exec(&user, &[], &[BINARY, "payments", "status"]).exits(0);
    exec(&user, &["--state", "state.json"], &[BINARY, "payments", "status"]).exits(0);
    serve(&user, &["--state", "served.json"]);
    assert!(user.path("state.json").exists());
}

#[test]
fn a_sandbox_needs_no_login() {
    let user = User::new();
    for args in [
        &["login", "--sandbox"][..],
        &["--sandbox", "logout", "--all"],
        &["link", "--api-base-url", "https://x.example", "--sandbox"],
    ] {
        user.run(args).exits(64).stderr_has(&["The sandbox needs no login or link", "hint: omit --sandbox"]);
    }
    // The variable does not affect these commands.
    let user = user.with("INSFORGE_SANDBOX", "1");
    user.run(&["logout"]).exits(0).stderr_has(&["No stored logins."]);
    user.run_with_stdin(&["login", "--api-url", &dead_address(), "--api-key-stdin", "--retries", "0"], KEY)
        .exits(8);
    assert!(!file(&user).exists());
}

#[test]
fn commands_without_a_backend_ignore_the_flag() {
    let user = User::new().with("INSFORGE_SANDBOX", "1");
    for args in [
        &["--sandbox", "help"][..],
        &["--sandbox", "completion", "bash"],
        &["--sandbox", "sandbox", "path"],
        &["sandbox", "reset", "--sandbox"],
        &["--sandbox", "sandbox", "exec", "--", "true"],
    ] {
        user.run(args).exits(0);
    }
    let text = user.run(&["help", "environment"]).exits(0).stdout;
    assert!(text.contains("\nINSFORGE_SANDBOX "), "{text}");
    let text = user.run(&["help", "exit-codes"]).exits(0).stdout;
    assert!(text.contains("`sandbox exec` exits with the exit code of its command"), "{text}");
    for command in ["serve", "exec"] {
        let text = user.run(&["sandbox", command, "--help"]).exits(0).stdout;
        assert!(text.contains("--fault 'POST /products: drop-after-write x1'"), "{text}");
    }
    user.run(&["--dry-run", "sandbox", "reset"]).exits(64);
    user.run(&["--dry-run", "sandbox", "serve"]).exits(64);
    user.run(&["--dry-run", "sandbox", "exec", "--", "true"]).exits(64);
}

#[test]
fn an_invalid_state_file_is_not_changed_until_reset() {
    for (text, what, hint) in [
        (
            "{\"version\": 1, \"ins",
            "is not a valid sandbox state file",
            "hint: repair the file, or delete the state with",
        ),
        (
            "{\"version\": 99, \"x\": [1]}",
            "was written by a later version",
            "hint: update insforge, or delete the state",
        ),
    ] {
        let user = User::new();
        let path = file(&user);
        let relative = path.strip_prefix(user.home.path()).expect("in the home").to_str().expect("text");
        user.write(relative, text);
        for args in [
            &["--sandbox", "payments", "catalog"][..],
            &["--sandbox", "payments", "products", "create", "--name", "X"],
            &["current", "--sandbox"],
            &["sandbox", "serve"],
        ] {
            user.run(args).exits(1).stderr_has(&[
                what,
                hint,
                "`insforge sandbox reset --state ",
                path.to_str().expect("a path"),
            ]);
            assert_eq!(user.read(relative), text);
        }
        // The hint names the file of --state.
        let named = format!("`insforge sandbox reset --state {}`", path.display());
        let by_name = ["--state", path.to_str().expect("a path")];
        user.run(&[&["sandbox", "serve"][..], &by_name].concat()).exits(1).stderr_has(&[&named]);
        exec(&user, &by_name, &["true"]).exits(1).stderr_has(&[&named]);
        user.run(&["sandbox", "reset"]).exits(0).stderr_has(&["✓ Sandbox reset."]);
        user.run(&["--sandbox", "payments", "catalog"]).exits(0);
    }
}

#[test]
fn reset_deletes_the_state() {
    let user = User::new();
    let create = ["--sandbox", "payments", "products", "create", "--name", "Mug"];
    user.run(&create).exits(0);
    let reset = user.run(&["sandbox", "reset", "--json"]).exits(0);
    assert_eq!(reset.json(), json!({"path": file(&user)}));
    assert_eq!(reset.stderr, "");
    let listed = user.run(&["--sandbox", "payments", "products", "list", "--json"]).exits(0).json();
    assert!(!names(&listed).contains(&"Mug".to_owned()), "{listed}");
    // With --state, it deletes only that file.
    user.run(&create).exits(0);
    let other = user.write("other.json", "{\"version\": 1, ");
    user.run(&["sandbox", "reset", "--state", other.to_str().expect("a path")]).exits(0);
    assert!(!other.exists() && file(&user).exists());
}

#[test]
fn path_prints_one_line() {
    let user = User::new();
    let path = file(&user);
    let ran = user.run(&["sandbox", "path"]).exits(0);
    assert_eq!((ran.stdout, ran.stderr), (format!("{}\n", path.display()), String::new()));
    assert_eq!(user.run(&["sandbox", "path", "--json"]).json(), json!({"path": path, "exists": false}));
    user.run(&["--sandbox", "payments", "products", "create", "--name", "Mug"]).exits(0);
    assert_eq!(user.run(&["sandbox", "path", "--json"]).json(), json!({"path": path, "exists": true}));
    let ids = User::new().with("INSFORGE_OUTPUT", "ids");
    assert_eq!(ids.run(&["sandbox", "path"]).exits(0).stdout, format!("{}\n", file(&ids).display()));
}

#[test]
fn a_live_write_needs_confirmation_as_with_a_real_backend() {
    let user = User::new();
    let create = ["--sandbox", "payments", "products", "create", "-e", "live", "--name", "Mug"];
    user.run(&create).exits(6).stderr_has(&["live", "--yes"]);
    let config = ["--sandbox", "payments", "config", "set", "live", "--yes"];
    let with_key = User::new().with("HOME", user.home.path().to_str().expect("a path"));
    with_key.with("STRIPE_LIVE_SECRET_KEY", "sk_live_alpha").run(&config).exits(0);
    user.run(&create).exits(6).stderr_has(&["acct_"]);
    user.run(&[&create[..], &["--yes"]].concat()).exits(0);
    let denied = user.with("INSFORGE_LIVE", "deny");
    denied.run(&[&create[..], &["--yes"]].concat()).exits(5);
    denied.with("INSFORGE_LIVE", "allow").run(&create).exits(0);
}

#[test]
fn suggested_commands_include_the_flag() {
    let user = User::new();
    let create =
        ["payments", "prices", "create", "--currency", "usd", "--unit-amount", "5", "--lookup-key", "x"];
    let listed = user.run(&["--sandbox", "payments", "products", "list", "-o", "ids"]).exits(0).stdout;
    let create = [&create[..], &["--product", listed.lines().next().expect("an id"), "--sandbox"]].concat();
    user.run(&create).exits(0);
    user.run(&create)
        .exits(1)
        .stderr_has(&["free this one: insforge payments", "--lookup-key null --sandbox"]);
}

#[test]
fn serve_runs_until_a_signal() {
    for end in ["-INT", "-TERM"] {
        let user = User::new();
        let (serving, shown, visitor) = serve(&user, &["-v"]);
        let keys: Vec<_> = shown.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["url", "apiKey", "anonKey", "jwtSecret", "state", "generation"]);
        assert_eq!(
            (&shown["apiKey"], &shown["generation"], &shown["state"]),
            (&json!("ik_sandbox"), &json!("newer"), &json!(file(&user)))
        );
        visitor.run(&["payments", "products", "create", "--name", "Mug"]).exits(0);
        // Both use the same state file.
        let listed = user.run(&["--sandbox", "payments", "products", "list", "--json"]).exits(0).json();
        assert!(names(&listed).contains(&"Mug".to_owned()), "{listed}");
        user.run(&["--sandbox", "payments", "products", "create", "--name", "Cup"]).exits(0);
        let listed = visitor.run(&["payments", "products", "list", "--json"]).exits(0).json();
        assert!(names(&listed).contains(&"Cup".to_owned()), "{listed}");
        visitor.with("INSFORGE_API_KEY", KEY).run(&["payments", "status"]).exits(2);
        let (code, log) = serving.stop(end);
        assert_eq!(code, 0, "{end}: {log}");
        assert!(log.contains("POST /api/payments/stripe/test/catalog/products 201\n"), "{log}");
    }
}

#[test]
fn serve_prints_how_to_use_it() {
    let user = User::new();
    let serving = Running::start(&user, &["sandbox", "serve"]);
    let shown = serving.stdout.read_until("Generation");
    let said = serving.stderr.read_until("Press Ctrl-C to stop it.");
    let url = shown.lines().find_map(|line| line.strip_prefix("Address")).expect("an address").trim();
    assert!(shown.contains("\nAPI key     ik_sandbox\n"), "{shown}");
    assert!(shown.contains(file(&user).to_str().expect("a path")), "{shown}");
    assert!(
        said.contains(&format!("export INSFORGE_BASE_URL={url} INSFORGE_API_KEY=ik_sandbox\n")),
        "{said}"
    );
    assert_eq!(serving.stop("-TERM"), (0, String::new()));
    // In a terminal.
    let terminal = Terminal::start(&user, 100, &["sandbox", "serve"]);
    terminal.expect("Press Ctrl-C to stop it.");
    terminal.type_in(CTRL_C);
    let (code, screen) = terminal.finish();
    assert_eq!(code, 0, "{screen}");
}

#[test]
fn serve_takes_a_file_a_port_and_a_generation() {
    let user = User::new();
    let (serving, shown, visitor) = serve(&user, &["--state", "my.json", "--generation", "older", "--empty"]);
    let path = user.home.path().canonicalize().expect("a path").join("my.json");
    assert_eq!((&shown["state"], &shown["generation"]), (&json!(path), &json!("older")));
    assert_eq!(visitor.run(&["current", "--json"]).exits(0).json()["generation"], "older");
    let key = visitor.with("STRIPE_TEST_SECRET_KEY", "sk_test_alpha");
    key.run(&["payments", "config", "set", "test"]).exits(0);
    let catalog = key.run(&["payments", "catalog", "--json"]).exits(0).json();
    assert_eq!(catalog["products"], json!([]), "it started empty");
    assert!(path.exists() && !file(&user).exists());
    assert_eq!(mode(&path), 0o600);
    // No other sandbox can use its port.
    let port = shown["url"].as_str().expect("text").rsplit(':').next().expect("a port");
    let taken = format!("Cannot listen on port {port}");
    user.run(&["sandbox", "serve", "--port", port])
        .exits(1)
        .stderr_has(&[&taken, "hint: choose another port"]);
    assert_eq!(serving.stop("-INT").0, 0);
    let (serving, shown, _) = serve(&user, &["--port", port]);
    assert!(shown["url"].as_str().expect("text").ends_with(port));
    assert_eq!(serving.stop("-INT").0, 0);
    let occupied = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = occupied.local_addr().expect("an address").port().to_string();
    exec(&user, &["--port", &port], &["true"]).exits(1).stderr_has(&["Cannot listen on port"]);
}

#[test]
fn invalid_options_are_usage_errors() {
    let user = User::new();
    for (args, text) in [
        (&["--fault", "explode"][..], "expected `REQUESTS: EFFECT`"),
        (&["--fault", "* *: explode"], "explode"),
        (&["--port", "70000"], "'--port <N>'"),
        (&["--generation", "next"], "possible values: newer, older"),
        (&["--public-url", "http://shop.example"], "use https"),
    ] {
        user.run(&[&["sandbox", "serve"], args].concat()).exits(64).stderr_has(&[text]);
        exec(&user, args, &["true"]).exits(64).stderr_has(&[text]);
    }
    user.run(&["sandbox", "exec"]).exits(64).stderr_has(&["<COMMAND>"]);
}

#[test]
fn exec_passes_the_sandbox_in_the_environment() {
    let user = User::of(&dead_address())
        .with("INSFORGE_SANDBOX", "1")
        .with("INSFORGE_URL", &dead_address())
        .with("INSFORGE_PROFILE", "shop")
        .with("INSFORGE_API_KEY_FILE", "/nowhere")
        .with("INSFORGE_RETRIES", "3")
        .with("OTHER", "stays");
    let environment = exec(&user, &[], &["env"]).exits(0).stdout;
    let variable = |name: &str| environment.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
    assert!(variable("INSFORGE_BASE_URL").expect("a URL").starts_with("http://127.0.0.1:"), "{environment}");
    assert_ne!(variable("INSFORGE_BASE_URL"), Some(&*dead_address()));
    assert_eq!(variable("INSFORGE_API_KEY"), Some("ik_sandbox"));
    for gone in ["INSFORGE_SANDBOX", "INSFORGE_URL", "INSFORGE_PROFILE", "INSFORGE_API_KEY_FILE"] {
        assert_eq!(variable(gone), None, "{gone}");
    }
    assert_eq!((variable("OTHER"), variable("INSFORGE_RETRIES")), (Some("stays"), Some("3")));
    let shown = exec(&user, &[], &[BINARY, "current", "--json"]).exits(0).json();
    assert_eq!(
        (&shown["keyAccepted"], &shown["backend"]["source"]),
        (&true.into(), &"INSFORGE_BASE_URL".into())
    );
    // The command inherits the streams, and its flags are not parsed.
    let args = ["sandbox", "exec", "--", "sh", "-c", "cat; echo \"$1\" >&2", "sh", "--json"];
    let ran = finish(user.command(&args), "piped").exits(0);
    assert_eq!((ran.stdout, ran.stderr), ("piped".to_owned(), "--json\n".to_owned()));
    assert!(!file(&user).exists(), "its state was in memory");
}

#[test]
fn exec_starts_with_a_fresh_state_unless_a_file_is_named() {
    let user = User::new();
    let create = [BINARY, "payments", "products", "create", "--name", "Mug"];
    let count = |options: &[&str]| {
        exec(&user, options, &create).exits(0);
        let listed =
            exec(&user, options, &[BINARY, "payments", "products", "list", "--json"]).exits(0).json();
        names(&listed).iter().filter(|name| *name == "Mug").count()
    };
    assert_eq!(count(&[]), 0);
    assert_eq!(count(&["--state", "shop.json"]), 1);
    assert_eq!(count(&["--state", "shop.json"]), 2);
}

#[test]
fn exec_exits_with_the_commands_exit_code() {
    let user = User::new();
    for code in [0, 1, 3, 64, 130, 255] {
        exec(&user, &[], &["sh", "-c", &format!("exit {code}")]).exits(code);
    }
    for (signal, code) in [("KILL", 137), ("TERM", 143), ("INT", 130)] {
        exec(&user, &[], &["sh", "-c", &format!("kill -{signal} $$")]).exits(code);
    }
    exec(&user, &[], &["no-such-command"])
        .exits(127)
        .stderr_has(&["Command not found: no-such-command", "PATH"]);
    exec(&user, &[], &["./no-such-file"]).exits(127).stderr_has(&["Command not found: ./no-such-file"]);
    let script = user.write("script", "#!/bin/sh\n");
    let script = script.to_str().expect("a path");
    exec(&user, &[], &[script]).exits(126).stderr_has(&["Cannot run", "chmod +x"]);
    let error = exec(&user, &["--json"], &["no-such-command"]).exits(127).error();
    assert_eq!((&error["code"], &error["exitCode"]), (&json!("FAILED"), &json!(127)));
}

/// A script that prints the signals it receives until SIGINT or SIGTERM, or for 20 seconds at most.
const LISTENER: &str = "trap 'echo HUP' HUP; trap 'echo QUIT' QUIT; trap 'echo USR1' USR1; trap 'echo USR2' USR2; trap 'echo INT; exit 41' INT; \
                        trap 'echo TERM; exit 42' TERM; echo ready; \
                        i=0; while [ $i -lt 2000 ]; do sleep 0.01; i=$((i + 1)); done";

#[test]
fn exec_forwards_signals_to_the_command() {
    let user = User::new();
    for (sent, code) in [("-TERM", 42), ("-INT", 41)] {
        let running = Running::start(&user, &["sandbox", "exec", "--", "sh", "-c", LISTENER]);
        running.stdout.read_until("ready");
        for passed in ["HUP", "QUIT", "USR1", "USR2"] {
            signal(running.child.id(), &format!("-{passed}"));
            running.stdout.read_until(passed);
        }
        assert_eq!(running.stop(sent), (code, String::new()));
    }
}

/// `nohup`, and a shell that runs something in the background, set signals to be ignored before they start it.
#[test]
#[cfg(target_os = "linux")]
fn ignored_signals_stay_ignored() {
    let user = User::new();
    for name in ["HUP", "INT", "TERM", "QUIT"] {
        let mut shell = Command::new("sh");
        let inner = format!("kill -{name} $PPID; kill -{name} $$; echo survived");
        let script = format!("trap '' {name}; exec '{BINARY}' sandbox exec -- sh -c '{inner}'");
        shell.arg("-c").arg(script).env_clear().envs(user.environment());
        assert_eq!(finish(shell, "").exits(0).stdout, "survived\n", "{name}");
    }
}

#[test]
fn ctrl_c_reaches_the_command_only_once() {
    let user = User::new();
    let script = "n=0; trap 'n=$((n + 1)); echo got $n' INT; echo ready; \
                  i=0; while [ $i -lt 2000 ] && ! [ -e go ]; do sleep 0.01; i=$((i + 1)); done; exit $((40 + n))";
    let terminal = Terminal::start(&user, 100, &["sandbox", "exec", "--", "sh", "-c", script]);
    terminal.expect("ready");
    // Two signals at the same time can merge into one, so try several times.
    for time in 1..=5 {
        terminal.type_in(CTRL_C);
        terminal.expect(&format!("got {time}"));
    }
    user.write("go", "");
    let (code, screen) = terminal.finish();
    assert_eq!((code, screen.matches("got").count()), (45, 5), "{screen}");
}

#[test]
fn a_lost_response_does_not_create_a_second_product() {
    let user = User::new();
    let script = format!(
        "'{BINARY}' payments products create --name Mug >&2 && '{BINARY}' payments products list --json"
    );
    let fault = ["--fault", "POST /products: drop-after-write x1", "-v"];
    let ran = exec(&user, &fault, &["sh", "-c", &script]).exits(0);
    assert_eq!(names(&ran.json()).iter().filter(|name| *name == "Mug").count(), 1);
    let post = "POST /api/payments/stripe/test/catalog/products";
    ran.stderr_has(&[&format!("{post} dropped"), &format!("{post} 201")]);
}

#[test]
fn an_unused_fault_is_a_warning() {
    let user = User::new();
    let faults = ["GET /status: delay 1ms", "POST /product: drop", "event invoice.paid: drop"];
    let options = faults.map(|fault| ["--fault", fault]).concat();
    let ran = exec(&user, &options, &[BINARY, "payments", "status", "-q"]).exits(0);
    let warning = |fault| format!("warning: no request or event matched the fault `{fault}`\n");
    assert_eq!(ran.stderr, faults[1..].iter().map(warning).collect::<String>());
}

#[test]
fn a_real_key_is_never_saved() {
    let user = User::new();
    let key = "sk_test_51H8vQx2eZvKYlo2CabcdefghijklmnopQRSTUV";
    let set = ["--sandbox", "payments", "config", "set", "test", "-", "--yes"];
    user.run_with_stdin(&set, key).exits(1).stderr_has(&["Invalid API Key provided: sk_test_"]);
    assert!(!fs::read_to_string(file(&user)).expect("the state").contains("51H8vQx2"));
}

#[test]
fn reset_does_not_delete_other_files() {
    let user = User::new();
    let other = user.write("thesis.txt", "Chapter one");
    let path = other.to_str().expect("a path");
    user.run(&["sandbox", "reset", "--state", path]).exits(1).stderr_has(&["is not a sandbox state file"]);
    assert_eq!(user.read("thesis.txt"), "Chapter one");
    user.write("thesis.txt", "{\n  \"version\": 1,\n  \"ids\": {");
    user.run(&["sandbox", "reset", "--state", path]).exits(0);
    assert!(!other.exists());
    user.run(&["sandbox", "reset", "--state", path]).exits(0);
}

#[test]
fn exec_does_not_use_the_users_state() {
    let user = User::new();
    user.run(&["--sandbox", "payments", "products", "create", "--name", "Mine"]).exits(0);
    let script = format!(
        "'{BINARY}' payments products create --name Theirs -q >/dev/null && '{BINARY}' --sandbox payments products list --json"
    );
    let listed = names(&exec(&user, &[], &["sh", "-c", &script]).exits(0).json());
    assert!(listed.contains(&"Theirs".to_owned()) && !listed.contains(&"Mine".to_owned()), "{listed:?}");
    let reset = exec(&user, &[], &[BINARY, "sandbox", "reset"]);
    reset.exits(64).stderr_has(&["The sandbox of `sandbox exec` cannot be reset"]);
    let listed = names(&user.run(&["--sandbox", "payments", "products", "list", "--json"]).exits(0).json());
    assert!(listed.contains(&"Mine".to_owned()), "{listed:?}");
}

#[test]
fn a_state_file_can_be_empty_but_must_be_a_regular_file() {
    let user = User::new();
    let empty = user.write("empty.json", "");
    exec(&user, &["--state", empty.to_str().expect("a path")], &["true"]).exits(0);
    assert!(user.read("empty.json").contains("Pro Plan"));
    for other in ["/dev/null", user.home.path().to_str().expect("a path")] {
        exec(&user, &["--state", other], &["true"]).exits(1).stderr_has(&["is not a regular file"]);
        user.run(&["sandbox", "reset", "--state", other]).exits(1).stderr_has(&["is not a regular file"]);
    }
    let other = user.write("notes.txt", "[]\n");
    exec(&user, &["--state", other.to_str().expect("a path")], &["true"])
        .exits(1)
        .stderr_has(&["is not a valid sandbox state file", "hint: name another file, or remove this one"]);
    assert_eq!(user.read("notes.txt"), "[]\n");
    // The `--` is optional.
    user.run(&["sandbox", "exec", "sh", "-c", "exit 7"]).exits(7);
}

#[test]
fn the_same_seed_gives_the_same_random_faults() {
    let user = User::new();
    let script = format!(
        "for i in 1 2 3 4 5 6 7 8; do '{BINARY}' payments status --retries 0 >/dev/null 2>&1; echo $?; done"
    );
    let codes = |seed: &str| {
        let options = ["--fault", "GET /status: 503 50%", "--seed", seed];
        exec(&user, &options, &["sh", "-c", &script]).exits(0).stdout
    };
    assert_eq!(codes("7"), codes("7"));
    assert!(["1", "2", "3", "4"].iter().any(|seed| codes(seed) != codes("7")));
}

#[test]
fn exec_and_serve_take_a_generation_and_a_public_url() {
    let user = User::new();
    let shown = exec(&user, &["--generation", "older"], &[BINARY, "current", "--json"]).exits(0).json();
    assert_eq!(shown["generation"], "older");
    let configure = [BINARY, "payments", "webhooks", "configure", "test"];
    exec(&user, &[], &configure).exits(0);
    let refused = exec(&user, &["--public-url", "http://localhost:7130"], &configure);
    assert_eq!(refused.code, 1, "Stripe cannot reach a loopback address: {refused:?}");
    let (_serving, _, visitor) = serve(&user, &[]);
    visitor.run(&configure[1..]).exits(1).stderr_has(&["must be publicly accessible"]);
    let (_serving, _, visitor) = serve(&user, &["--public-url", "https://shop.example"]);
    visitor.run(&configure[1..]).exits(0);
    user.run(&["--sandbox", "payments", "webhooks", "configure", "test"]).exits(0);
}

#[test]
fn concurrent_writes_are_not_lost() {
    let user = User::new();
    let names_of_all: Vec<String> = (0..16).map(|number| format!("Product {number}")).collect();
    let start = |name: &String| {
        let mut command = user.command(&["--sandbox", "payments", "products", "create", "--name", name]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the binary starts")
    };
    let mut running: Vec<Child> = names_of_all.iter().map(start).collect();
    for child in &mut running {
        assert_eq!(wait_for_exit(child, PATIENCE), 0);
    }
    state(&user);
    let listed = names(&user.run(&["--sandbox", "payments", "products", "list", "--json"]).exits(0).json());
    for name in names_of_all {
        assert_eq!(listed.iter().filter(|listed| **listed == name).count(), 1, "{name}: {listed:?}");
    }
}

#[test]
fn a_killed_write_does_not_damage_the_state_file() {
    let user = User::new();
    user.run(&["--sandbox", "payments", "products", "create", "--name", "First"]).exits(0);
    for round in 0..20 {
        let writing =
            Running::start(&user, &["-v", "--sandbox", "payments", "products", "create", "--name", "X"]);
        writing.stderr.read_until("> POST");
        // Kill it at a different point in each round.
        thread::sleep(Duration::from_micros(round * 400));
        drop(writing);
        state(&user);
        let listed = user.run(&["--sandbox", "payments", "products", "list", "--json"]).exits(0).json();
        assert!(names(&listed).contains(&"First".to_owned()), "{listed}");
    }
    user.run(&["--sandbox", "payments", "products", "create", "--name", "Last"]).exits(0);
}

/// The deadline and Ctrl-C interrupt the wait for a locked state file.
#[test]
fn a_locked_state_file_does_not_block_the_exit() {
    let user = User::new();
    let create = ["payments", "products", "create", "--name", "X", "--retries", "0"];
    let of_its_own = [&["--sandbox"], &create[..]].concat();
    user.run(&of_its_own).exits(0);
    let (serving, _, visitor) = serve(&user, &[]);
    let lock = fs::File::open(format!("{}.lock", file(&user).display())).expect("the lock's file");
    lock.lock().expect("the lock");
    user.run(&[&of_its_own[..], &["--timeout", "300ms"]].concat()).exits(8);
    visitor.run(&[&create[..], &["--timeout", "300ms"]].concat()).exits(8);
    let state = file(&user);
    for args in
        [&["reset"][..], &["serve"], &["exec", "--state", state.to_str().expect("a path"), "--", "true"]]
    {
        user.run(&[&["sandbox", "--timeout", "300ms"], args].concat())
            .exits(8)
            .stderr_has(&["Timed out waiting for the lock"]);
    }
    assert_eq!(serving.stop("-INT").0, 0, "it exits although a request still waits");
    #[cfg(target_os = "linux")]
    for args in [&of_its_own[..], &["sandbox", "serve"], &["sandbox", "reset"]] {
        let waiting = Running::start(&user, args);
        wait_for_lock(&waiting.child);
        assert_eq!(waiting.stop("-INT").0, 130, "{args:?}");
    }
    drop(lock);
    user.run(&["--sandbox", "payments", "products", "list"]).exits(0);
}

/// Waits until the process waits for a file lock.
#[cfg(target_os = "linux")]
#[track_caller]
fn wait_for_lock(process: &Child) {
    let (start, id) = (Instant::now(), process.id().to_string());
    // `1: -> FLOCK  ADVISORY  WRITE 4711 …`
    let waits = |line: &str| line.contains("->") && line.split_whitespace().any(|word| word == id);
    while !fs::read_to_string("/proc/locks").expect("the locks").lines().any(waits) {
        assert!(start.elapsed() < PATIENCE, "it never waited for the lock");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn writes_in_an_environment_run_one_at_a_time_and_block_nothing_else() {
    let (host, live) = (User::new(), "sk_live_alpha");
    let fault = "POST /test/catalog/products: delay 600ms";
    let (serving, _, visitor) = serve(&host, &["-v", "--fault", fault]);
    let visitor = visitor.with("STRIPE_LIVE_SECRET_KEY", live);
    visitor.run(&["payments", "config", "set", "live", "--yes"]).exits(0);
    let since = Instant::now();
    let mut writes: Vec<Running> = ["A", "B"]
        .map(|name| Running::start(&visitor, &["-v", "payments", "products", "create", "--name", name]))
        .into();
    for write in &mut writes {
        write.stderr.read_until("> POST");
    }
    visitor.run(&["payments", "catalog"]).exits(0);
    visitor.run(&["payments", "products", "create", "-e", "live", "--name", "C", "--yes"]).exits(0);
    for write in &mut writes {
        assert_eq!(wait_for_exit(&mut write.child, PATIENCE), 0);
    }
    assert!(since.elapsed() >= Duration::from_millis(1200), "both at once: {:?}", since.elapsed());
    let (_, log) = serving.stop("-INT");
    let at = |text: &str| log.rfind(text).unwrap_or_else(|| panic!("{text} is missing:\n{log}"));
    let last_write = at("POST /api/payments/stripe/test/catalog/products 201");
    assert!(at("POST /api/payments/stripe/live/catalog/products 201") < last_write, "{log}");
    assert!(at("GET /api/payments/stripe/test/catalog 200") < last_write, "{log}");
}
