//! The commands that control a sandbox: which sandbox they act on, and what they print.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::harness::recordings::{self, Generation};
use super::harness::running::Running;
use super::harness::stub::{Answer, Stub};
use super::harness::{KEY, User, dead_address};

const USER: &str = "11111111-1111-4111-8111-111111111111";
/// A command of each kind.
const COMMANDS: [&[&str]; 6] = [
    &["sandbox", "pay", "cs_test_1"],
    &["sandbox", "refund", "pi_1"],
    &["sandbox", "cancel", "sub_1"],
    &["sandbox", "advance", "1d"],
    &["sandbox", "events"],
    &["sandbox", "status"],
];

/// Starts `sandbox serve`. Returns it, its JSON, and a user whose sandbox it is.
fn serve(user: &User, options: &[&str]) -> (Running, Value, User) {
    let serving = Running::start(user, &[&["sandbox", "serve", "--json"], options].concat());
    let shown: Value = serde_json::from_str(&serving.stdout.read_until("}")).expect("JSON");
    let url = shown["url"].as_str().expect("a URL");
    let visitor = User::new().with("INSFORGE_BASE_URL", url);
    (serving, shown, visitor)
}

fn ahead(user: &User) -> i64 {
    let status = user.run(&["sandbox", "status", "--json"]).exits(0).json();
    status["aheadSeconds"].as_i64().expect("a number")
}

#[test]
fn a_token_is_the_only_output_and_is_signed_for_the_sandbox() {
    let user = User::new();
    let ran = user.run(&["sandbox", "token", "--user", USER]).exits(0);
    assert_eq!((ran.stdout.lines().count(), ran.stderr.as_str()), (1, ""));
    assert_eq!(ran.stdout.trim_end().split('.').count(), 3, "{}", ran.stdout);
    let admin = ["sandbox", "token", "--user", USER, "--role", "project_admin", "--expires", "30m", "--json"];
    let shown = user.run(&admin).exits(0).json();
    assert_eq!((&shown["user"], &shown["role"]), (&json!(USER), &json!("project_admin")));
    // The token is that of an administrator: it replaces the API key.
    let (_serving, _, visitor) = serve(&user, &[]);
    let visitor = visitor.with("INSFORGE_API_KEY", shown["token"].as_str().expect("a token"));
    visitor.run(&["payments", "status"]).exits(0);
    for (args, message) in [
        (&["--user", "me"][..], "the id of a user is a UUID"),
        (&["--user", USER, "--role", "anon"], "authenticated"),
        (&["--user", USER, "--expires", "0s"], "the duration must be greater than zero"),
        (&[], "--user"),
    ] {
        user.run(&[&["sandbox", "token"], args].concat()).exits(64).stderr_has(&[message]);
    }
    assert!(!user.path(".local").join("share/insforge/credentials.toml").exists());
}

/// Neither a linked project nor a profile nor the user's key is used, and nothing is sent to their backend.
#[test]
fn the_commands_use_no_other_backend_than_a_sandbox() {
    let backend = recordings::serve_in(Generation::Newer, vec![]);
    let user = User::new().with("INSFORGE_PROFILE", "shop").with("INSFORGE_API_KEY", KEY);
    let link = json!({"oss_host": backend.address, "api_key": KEY}).to_string();
    user.write(".insforge/project.json", &link);
    let status = user.run(&["sandbox", "status", "--json"]).exits(0).json();
    let path = user.run(&["sandbox", "path"]).exits(0).stdout;
    assert_eq!((&status["address"], &status["state"]), (&Value::Null, &json!(path.trim_end())));
    user.run(&["sandbox", "advance", "1d"]).exits(0).stderr_has(&["✓ The sandbox's clock is at "]);
    assert_eq!(backend.requests().len(), 0);
    for flag in [&["--profile", "shop"][..], &["--api-key-stdin"], &["--api-key-file", "key"]] {
        let what = format!("{} cannot be used with this command", flag[0]);
        for command in COMMANDS {
            user.run(&[command, flag].concat()).exits(64).stderr_has(&[&what]);
        }
    }
}

#[test]
fn the_commands_act_on_the_running_sandbox_or_on_the_stored_state() {
    let user = User::new();
    let (serving, shown, visitor) = serve(&user, &[]);
    visitor.run(&["sandbox", "advance", "30d"]).exits(0);
    assert_eq!(ahead(&visitor), 30 * 24 * 60 * 60);
    let status = visitor.run(&["sandbox", "status", "--json"]).exits(0).json();
    assert_eq!((&status["address"], &status["state"]), (&shown["url"], &Value::Null));
    // The flag takes precedence over the environment.
    let flag = ["--api-url", shown["url"].as_str().expect("a URL"), "sandbox", "status", "--json"];
    let other = User::new().with("INSFORGE_BASE_URL", &dead_address());
    assert_eq!(other.run(&flag).exits(0).json()["address"], shown["url"]);
    serving.stop("-TERM");
    // The server kept its clock in the state file, which is now used directly.
    assert_eq!(ahead(&user), 30 * 24 * 60 * 60);
    assert_eq!(ahead(&visitor.without("INSFORGE_BASE_URL")), 0);
    // --sandbox is the stored state, too, whatever the environment names.
    let user = user.with("INSFORGE_BASE_URL", &dead_address());
    let status = user.run(&["--sandbox", "sandbox", "status", "--json"]).exits(0).json();
    assert_eq!(status["aheadSeconds"], 30 * 24 * 60 * 60);
}

#[test]
fn exec_gives_its_command_a_sandbox_to_control_and_the_keys_of_an_application() {
    let user = User::new();
    let script = "insforge sandbox advance 2w 2>&1; insforge sandbox status --json --jq .aheadSeconds; \
                  echo $INSFORGE_ANON_KEY $INSFORGE_JWT_SECRET";
    let user = user.with("PATH", &super::harness::path_with_binary());
    let ran = user.run(&["sandbox", "exec", "--", "sh", "-c", script]).exits(0);
    let (_, shown, _) = serve(&user, &[]);
    let keys = ["anonKey", "jwtSecret"].map(|name| shown[name].as_str().expect("a key"));
    assert!(ran.stdout.ends_with(&format!("\n1209600\n{} {}\n", keys[0], keys[1])), "{ran:?}");
    assert_eq!(ahead(&user), 0);
}

#[test]
fn an_address_that_is_not_a_sandbox_is_named() {
    let answers: [fn() -> Answer; 4] = [
        || Answer::refusal(404, "NOT_FOUND", "Endpoint not found"),
        || Answer::json(200, &json!({"objects": [], "events": [], "now": ""}).to_string()),
        || Answer::html(404, "<html>Cannot POST</html>"),
        || Answer::html(200, "<html>Dashboard</html>"),
    ];
    for answer in answers {
        let stub = Stub::start(move |_| answer());
        let user = User::of(&stub.address);
        for command in COMMANDS {
            let error = user.run(&[command, &["--json"]].concat()).exits(1).error();
            assert_eq!(error["error"], format!("{} is not a sandbox", stub.address));
            assert_eq!(error["code"], "NOT_A_SANDBOX");
            assert_eq!(error["why"], "the address comes from INSFORGE_BASE_URL");
            let hint = error["hint"].as_str().expect("a hint");
            assert!(hint.contains("`insforge sandbox serve`"), "{hint}");
        }
        // The user's key is not sent there.
        for request in stub.requests() {
            assert_eq!(request.header("authorization"), Some("Bearer ik_sandbox"));
        }
    }
    let user = User::of(&dead_address());
    user.run(&["sandbox", "status"]).exits(8).stderr_has(&["Cannot reach", "`insforge sandbox serve`"]);
}

#[test]
fn what_is_not_there_or_not_possible_is_an_error_with_a_hint() {
    let user = User::new();
    for (args, id) in [(["pay", "cs_test_nope"], "cs_test_nope"), (["refund", "pi_nope"], "pi_nope")] {
        let error = user.run(&["sandbox", args[0], args[1], "--json"]).exits(4).error();
        assert_eq!((&error["code"], &error["status"]), (&json!("SANDBOX_NOT_FOUND"), &json!(404)));
        assert!(error["error"].as_str().expect("a message").contains(id), "{error}");
    }
    for args in [
        &["12"][..],
        &["-3d"],
        &["11y"],
        &["--to", "2020-01-01"],
        &["--to", "2026-02-30"],
        &["1d", "--to", "2027-01-01"],
        &[],
    ] {
        let ran = user.run(&[&["sandbox", "advance"], args].concat());
        assert!([1, 64].contains(&ran.code) && ran.stdout.is_empty(), "{args:?}: {ran:?}");
    }
    assert_eq!(ahead(&user), 0);
    user.run(&["sandbox", "advance", "11y"]).exits(1).stderr_has(&["hint: advance in several steps"]);
    user.run(&["sandbox", "advance", "12"]).exits(64).stderr_has(&["hint: `insforge sandbox status`"]);
    // The id of the backend's row is not that of the provider's session.
    user.run(&["sandbox", "pay", USER]).exits(4).stderr_has(&["hint: ids of sessions begin with cs_"]);
    // A script's variable is empty.
    for command in ["pay", "refund", "cancel"] {
        user.run(&["sandbox", command, ""]).exits(64).stderr_has(&["error: "]);
    }
    user.run(&["sandbox", "refund", "pi_1", "--amount", "0"]).exits(64).stderr_has(&["greater than zero"]);
    user.run(&["sandbox", "pay", "cs_1", "--card", "gold"]).exits(64).stderr_has(&["delayed-fails"]);
}

#[test]
fn an_application_receives_the_events_of_one_provider() {
    let apps = ["stripe", "razorpay"].map(|name| (name, Stub::start(|_| Answer::json(200, "{}"))));
    let urls = apps.each_ref().map(|(name, app)| format!("{name}={}/{name}", app.address));
    let user = User::new();
    let (serving, _, visitor) = serve(&user, &["-v", "--forward-to", &urls[0], "--forward-to", &urls[1]]);
    let outcome = visitor.run(&["sandbox", "advance", "1w", "--json"]).exits(0).json();
    let events = outcome["events"].as_array().expect("events");
    for _ in events {
        serving.stderr.read_until("forward ");
    }
    for (name, app) in apps {
        let header = if name == "stripe" { "stripe-signature" } else { "x-razorpay-signature" };
        let own = events.iter().filter(|event| event["provider"] == name).count();
        let requests = app.requests();
        assert!(
            own > 0 && requests.len() == own && requests.iter().all(|sent| sent.header(header).is_some())
        );
    }
}

/// Some of the shop's subscriptions renew within a week, and its webhooks are configured.
#[test]
fn serve_forwards_events_to_an_application_and_logs_it() {
    let app = Stub::start(|_| Answer::json(200, "{}"));
    let user = User::new();
    let url = format!("{}/hooks", app.address);
    let (serving, _, visitor) = serve(&user, &["-v", "--forward-to", &url]);
    visitor.run(&["sandbox", "advance", "1w", "--json"]).exits(0);
    let log = serving.stderr.read_until("forward ");
    assert!(log.ends_with(&format!(" to {url}: 200\n")), "{log}");
    let forwarded = app.requests().remove(0);
    assert_eq!(forwarded.line(), "POST /hooks");
    let signatures = ["stripe-signature", "x-razorpay-signature"].map(|name| forwarded.header(name));
    assert!(signatures.iter().flatten().all(|signature| signature.len() >= 64) && signatures != [None; 2]);
}

#[test]
fn events_are_forwarded_to_http_addresses_only() {
    let user = User::new();
    for (url, message) in [
        ("https://shop.example/hook", "https is not supported"),
        ("localhost:3000", "expected an address such as `http://localhost:3000/webhooks`"),
        ("paypal=http://localhost", "`stripe=http://localhost:3000/webhooks`"),
        ("http://me:secret@localhost", "cannot contain a user name or a password"),
    ] {
        user.run(&["sandbox", "serve", "--forward-to", url]).exits(64).stderr_has(&[message]);
    }
    // A server that never accepts does not keep the sandbox from starting.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/hook", silent.local_addr().expect("an address"));
    let (_serving, _, visitor) = serve(&user, &["--forward-to", &url, "--forward-to", "http://app:3000"]);
    visitor.run(&["sandbox", "status"]).exits(0);
}
