//! `--version`, alone and with the options that say more.

use serde_json::{Value, json};

use super::harness::User;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const WITH_SANDBOX: bool = cfg!(feature = "sandbox");

/// Settings that are invalid for a command.
fn user() -> User {
    User::new().with("INSFORGE_OUTPUT", "nonsense").with("INSFORGE_TIMEOUT", "nonsense")
}

fn features() -> Vec<&'static str> {
    let all = [("keyring", cfg!(feature = "keyring")), ("sandbox", WITH_SANDBOX)];
    all.into_iter().filter(|(_, enabled)| *enabled).map(|(name, _)| name).collect()
}

#[test]
fn the_version_alone_is_one_line() {
    for args in [&["--version"][..], &["-V"], &["--version", "-q"], &["--version", "payments", "-v"]] {
        assert_eq!(user().run(args).exits(0).stdout, format!("insforge {VERSION}\n"), "{args:?}");
    }
    // A level of logging does not ask for more.
    let user = User::new().with("INSFORGE_LOG", "debug");
    assert_eq!(user.run(&["--version"]).stdout, format!("insforge {VERSION}\n"));
}

#[test]
fn verbose_adds_how_the_program_was_built() {
    let shown = user().run(&["--version", "-v"]).exits(0);
    assert_eq!(shown.stderr, "");
    let lines: Vec<&str> = shown.stdout.lines().collect();
    assert_eq!(lines[0], format!("insforge {VERSION}"));
    assert!(lines[1].starts_with("commit: "), "{shown:?}");
    assert!(lines[2].starts_with(&format!("target: {}-", std::env::consts::ARCH)), "{shown:?}");
    let features = features();
    let features = if features.is_empty() { "none".to_owned() } else { features.join(", ") };
    assert_eq!(lines[3], format!("features: {features}"));
    let sandbox = format!("sandbox: {VERSION}, backend 2.3.1 (newer) and 2.2.0 (older)");
    assert_eq!(lines.get(4), WITH_SANDBOX.then_some(&sandbox.as_str()));
    for args in [
        &["-v", "--version"][..],
        &["-V", "-v"],
        &["-vV"],
        &["--verbose", "--version"],
        &["-vv", "--version"],
        &["--color", "never", "--version", "-v"],
    ] {
        assert_eq!(user().run(args).exits(0).stdout, shown.stdout, "{args:?}");
    }
}

#[test]
fn the_version_as_json_has_every_field() {
    let shown = user().run(&["--version", "--json"]).exits(0);
    let json = shown.json();
    let names: Vec<&String> = json.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["version", "commit", "commitDate", "target", "features", "sandbox"]);
    assert_eq!((&json["version"], &json["features"]), (&json!(VERSION), &json!(features())));
    let sandbox = json!({"version": VERSION, "backends": {"newer": "2.3.1", "older": "2.2.0"}});
    assert_eq!(json["sandbox"], if WITH_SANDBOX { sandbox } else { Value::Null });
    for args in [&["-v", "--version", "--json"][..], &["-Vo", "json"]] {
        assert_eq!(user().run(args).exits(0).stdout, shown.stdout, "{args:?}");
    }
    assert_eq!(user().run(&["--version", "-o", "jsonl"]).exits(0).stdout.lines().count(), 1);
    assert_eq!(User::new().run(&["--version", "--jq", ".version"]).exits(0).stdout, format!("{VERSION}\n"));
    // Like help, it is JSON only if the command line says so.
    let user = User::new().with("INSFORGE_OUTPUT", "json");
    assert_eq!(user.run(&["--version"]).exits(0).stdout, format!("insforge {VERSION}\n"));
    assert!(user.run(&["--version", "-v"]).exits(0).stdout.starts_with("insforge "));
}

#[test]
fn other_mistakes_stay_errors() {
    User::new().run(&["--bogus", "--version"]).exits(64);
    User::new().run(&["payments", "--version", "-v"]).exits(64);
    User::new().run(&["--version", "--json", "-o", "csv"]).exits(64);
    for args in [&["version"][..], &["payments", "--version"], &["payments", "status", "-V"]] {
        User::new().run(args).exits(64).stderr_has(&["`insforge --version`"]);
    }
}
