//! `config set`, `config remove` and `webhooks configure`: every source of a key, keys of another account, the report
//! afterwards, the policies for live, and that no run shows a part of a key.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::harness::recordings::{Exchange, Generation};
use super::harness::stub::{Answer, Stub};
use super::harness::{KEY, RunOutput, User, set_mode};

const BOTH: [Generation; 2] = [Generation::Newer, Generation::Older];

/// These end like the keys in `status-recovered`, so that they belong to the connected account.
const TEST_KEY: &str = "sk_test_Nobody4May5See_ha_2";
const LIVE_KEY: &str = "sk_live_Nobody4May5See_ha_1";
/// A key of an unknown account.
const OTHER_KEY: &str = "sk_test_Nobody4May5See_other";
/// A part of every key, and of every wrong value for one: no run may show it.
const HIDDEN: [&str; 3] = ["4May5", "hunter2", "correct-horse"];

/// The beginnings that every command line can have.
const FORMS: [&str; 4] = ["payments", "payments stripe", "--json payments", "--json payments stripe"];
const TEXT_AND_JSON: [&str; 2] = ["payments", "--json payments"];
const STATUS: &str = "GET /api/payments/stripe/status";
/// The recorded exchange of a key that was set.
const SET: &str = "config-put-other-key-same-account";

/// The exchange with this name; its number depends on the generation.
fn recorded(generation: Generation, name: &str) -> Exchange {
    let is_named = |exchange: &Exchange| exchange.name.split_once('-').is_some_and(|(_, rest)| rest == name);
    generation.exchanges().into_iter().find(is_named).unwrap_or_else(|| panic!("no exchange is named {name}"))
}

/// A backend that answers these writes, and has another status after the first write.
fn backend(before: Exchange, after: Exchange, writes: Vec<Exchange>) -> Stub {
    let no_such_route = recorded(Generation::Older, "route-new-layout-status");
    let written = AtomicBool::new(false);
    Stub::start(move |request| {
        if request.method != "GET" {
            written.store(true, Ordering::SeqCst);
        }
        let status = if written.load(Ordering::SeqCst) { &after } else { &before };
        let line = request.line();
        let known = writes.iter().chain([status, &no_such_route]).find(|exchange| exchange.line() == line);
        known.map_or(Answer::Unrecorded, Exchange::answer)
    })
}

/// A backend that answers one write, and keeps its status.
fn steady(generation: Generation, status: &str, write: &str) -> Stub {
    let status = recorded(generation, status);
    backend(status.clone(), status, vec![recorded(generation, write)])
}

/// A newer backend with a key and a price in both environments, which accepts other keys and archives the prices.
fn connected() -> Stub {
    let names = ["status-recovered", SET, "config-put-live-ok", "price-archive"];
    let [status, test, live, archive] = names.map(|name| recorded(Generation::Newer, name));
    let live_archive = Exchange { path: archive.path.replace("/test/", "/live/"), ..archive.clone() };
    backend(status.clone(), status, vec![test, live, archive, live_archive])
}

/// The requests that are not reads, with their bodies.
fn writes(stub: &Stub) -> Vec<(String, Value)> {
    let requests = stub.requests().into_iter().filter(|request| request.method != "GET");
    requests.map(|sent| (sent.line(), serde_json::from_slice(&sent.body).unwrap_or_default())).collect()
}

/// Runs a command line that is split like a shell does.
#[track_caller]
fn run(user: &User, line: &str, stdin: &str) -> RunOutput {
    let words = shell_words::split(line).expect("quotes in pairs");
    let ran = user.run_with_stdin(&words.iter().map(String::as_str).collect::<Vec<_>>(), stdin);
    assert_hidden(line, &format!("{}{}", ran.stdout, ran.stderr));
    ran
}

#[track_caller]
fn assert_hidden(line: &str, shown: &str) {
    for word in HIDDEN {
        assert!(!shown.contains(word), "{line}: {word} was shown:\n{shown}");
    }
}

/// The codes on stderr with `--json`, where every line is JSON.
#[track_caller]
fn codes(ran: &RunOutput) -> Vec<String> {
    let code = |line: &str| {
        let json: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        json["code"].as_str().expect("a code").to_owned()
    };
    ran.stderr.lines().map(code).collect()
}

/// Checks a success: its JSON and its warnings, or its note and the number of warnings.
#[track_caller]
fn assert_done(line: &str, ran: &RunOutput, environment: &str, configured: bool, warnings: &[&str]) {
    let case = format!("{line}: {ran:?}");
    assert_eq!(ran.code, 0, "{case}");
    if line.starts_with("--json") {
        let json = json!({"provider": "stripe", "environment": environment, "configured": configured});
        assert_eq!(ran.stdout, format!("{json:#}\n"), "{case}");
        assert_eq!(codes(ran), warnings, "{case}");
    } else {
        let verb = if configured { "configured for http://127.0.0.1:" } else { "removed.\n" };
        assert_eq!(ran.stdout, "", "{case}");
        assert!(ran.stderr.contains(&format!("✓ Stripe {environment} key {verb}")), "{case}");
        assert_eq!(ran.stderr.matches("warning: ").count(), warnings.len(), "{case}");
    }
}

/// Command lines with every source of a key, separated by `|`.
const IN_ARGV: &str = "test KEY | KEY | KEY --environment test | KEY -e test | test KEY -e test | --secret-key=KEY \
     | --environment test --secret-key KEY | live KEY --yes | -e live --secret-key KEY --yes";
const IN_PIPE_OR_FILE: &str = "test - | - | - -e test | test --secret-key-file - | --secret-key-file key-file \
     | live - --yes | live --secret-key-file key-file --yes";
const IN_VARIABLE: &str = "test | | -e test | live --yes";

#[test]
fn every_source_sends_its_key_once() {
    for form in FORMS {
        IN_ARGV.split('|').for_each(|line| check_source(form, line, true, &["KEY_IN_ARGV"]));
        IN_PIPE_OR_FILE.split('|').for_each(|line| check_source(form, line, true, &[]));
        IN_VARIABLE.split('|').for_each(|line| check_source(form, line, false, &[]));
    }
}

/// The sources that are not named have a decoy key, which must not be used.
fn check_source(form: &str, spelling: &str, named: bool, warnings: &[&str]) {
    let (environment, variable, key) = if spelling.contains("live") {
        ("live", "STRIPE_LIVE_SECRET_KEY", LIVE_KEY)
    } else {
        ("test", "STRIPE_TEST_SECRET_KEY", TEST_KEY)
    };
    let decoy = key.replace("Nobody", "Decoy");
    let (piped, in_variable) = if named { (key, &*decoy) } else { (&*decoy, key) };
    let stub = connected();
    let user = User::of(&stub.address).with(variable, in_variable);
    user.write("key-file", &format!("{piped}\n"));
    let line = format!("{form} config set {}", spelling.replace("KEY", key));
    let ran = run(&user, &line, &format!("{piped}\r\n"));
    assert_done(&line, &ran, environment, true, warnings);
    let put = format!("PUT /api/payments/stripe/{environment}/config");
    assert_eq!(stub.lines(), [STATUS, &put, STATUS], "{line}");
    assert_eq!(writes(&stub), [(put, json!({"secretKey": key}))], "{line}");
}

#[test]
fn a_key_file_that_others_can_read_is_reported() {
    let stub = connected();
    let user = User::of(&stub.address);
    set_mode(&user.write("key-file", TEST_KEY), 0o644);
    for form in TEXT_AND_JSON {
        let line = format!("{form} config set --secret-key-file key-file");
        let ran = run(&user, &line, "");
        assert_done(&line, &ran, "test", true, &["FILE_READABLE_BY_OTHERS"]);
        ran.stderr_has(&[
            "key-file contains a key and other users can read it (mode 0644); run: chmod 600 key-file",
        ]);
    }
}

/// Input that is refused before anything is sent: the arguments, stdin and file, and the message.
const REFUSED: [(&str, &str, &str); 32] = [
    ("KEY test", "", "insforge payments config set test -"),
    ("LIVE", "", "This is a live key, but the environment is not given"),
    ("' LIVE'", "", "This is a live key, but the environment is not given"),
    ("--secret-key LIVE", "", "insforge payments config set live -"),
    ("-", "LIVE", "The key from stdin is for live, not for test"),
    ("test LIVE", "", "use the account's secret key for test (sk_test_…)"),
    ("live - --yes", "KEY", "is for test, not for live"),
    ("pk_test_4May5See", "", "is a publishable key"),
    ("test -", "rk_test_4May5See", "is a restricted key"),
    ("--secret-key-file key-file", "whsec_4May5See", "is a webhook's signing secret"),
    ("-", "ik_4May5See", "is the project's API key, not Stripe's"),
    ("-", "sk_test_4May5 See", "contains white space"),
    ("test 'sk_test_4May5 See'", "", "The key from the command line contains white space"),
    ("-", "KEY\nKEY", "contains white space"),
    ("test 'sk_test_4May5\u{7}See'", "", "contains characters that no key has"),
    ("-", "sk_test_4May5\u{1b}[2JSee", "contains characters that no key has"),
    ("-", "", "The key from stdin is empty"),
    ("-", " \r\n", "is empty"),
    ("test ''", "", "is empty"),
    ("--secret-key ' '", "", "The key from --secret-key is empty"),
    ("--secret-key-file key-file", "\n", "is empty"),
    ("live - --yes", "sk_live_\n", "is only the prefix of a key"),
    ("test KEY --secret-key KEY", "", "The key is given more than once"),
    ("test - --secret-key-file key-file", "KEY", "The key is given more than once"),
    ("--secret-key KEY --secret-key-file key-file", "KEY", "The key is given more than once"),
    ("test KEY -e live", "", "Two different environments are given"),
    ("-e test -e live -", "KEY", "Two different environments are given"),
    ("test", "KEY", "pipe it into `insforge payments config set test -`, or set STRIPE_TEST_SECRET_KEY"),
    (
        "live --yes",
        "LIVE",
        "pipe it into `insforge payments config set live -`, or set STRIPE_LIVE_SECRET_KEY",
    ),
    ("test live", "", "Both arguments are environments, and the key is missing"),
    ("test KEY -e", "", "write it as `insforge payments config set [ENV] [- | KEY |"),
    ("test --secret-key", "", "write it as `insforge payments config set [ENV] [- | KEY |"),
];

#[test]
fn invalid_input_is_refused_before_anything_is_sent() {
    let fill = |text: &str| text.replace("KEY", TEST_KEY).replace("LIVE", LIVE_KEY);
    for (line, piped, says) in REFUSED {
        check_refused(&fill(line), &fill(piped), says);
    }
}

/// Runs a command line in all variants; [`run`] checks that no key is shown.
#[track_caller]
fn check_refused(words: &str, piped: &str, says: &str) {
    let stub = connected();
    let user = User::of(&stub.address);
    user.write("key-file", piped);
    for form in FORMS {
        let ran = run(&user, &format!("{form} config set {words}"), piped);
        let case = format!("{form} config set {words}: {ran:?}");
        assert_eq!((ran.code, &*ran.stdout), (64, ""), "{case}");
        assert!(ran.stderr.contains(says), "{case}");
        if form.starts_with("--json") {
            assert_eq!(codes(&ran).pop().as_deref(), Some("USAGE"), "{case}");
            assert_eq!(ran.error()["exitCode"], 64, "{case}");
        }
    }
    assert_eq!(stub.lines(), [""; 0], "{words}");
}

#[test]
fn two_readers_of_stdin_are_refused() {
    for piped in ["ik_4May5See", TEST_KEY, ""] {
        check_refused("test - --api-key-stdin", piped, "both read stdin");
        check_refused("--secret-key-file - --api-key-stdin", piped, "both read stdin");
    }
}

/// Command lines with a secret in the wrong place, separated by `|`. A secret may not look like a key.
const MISPLACED: &str = "SECRET | test SECRET | live SECRET | SECRET test | tset SECRET | SECRET SECRET | -eSECRET \
     | test SECRET extra | test - SECRET | -- test SECRET SECRET | -e SECRET | test --environment=SECRET \
     | --secret-key SECRET | --secret-kye SECRET | --secret-kye=SECRET test | --SECRET | test --yes=SECRET \
     | test --secret-key=SECRET --nonsense | test --secret-key SECRET --secret-key SECRET | test -o SECRET \
     | test - --secret-key SECRET | test --retries SECRET | test SECRET -o ids";

#[test]
fn no_argument_is_repeated_in_an_error() {
    for words in MISPLACED.split('|') {
        check_refused(&words.replace("SECRET", "hunter2-correct-horse"), TEST_KEY, "hint");
    }
    for line in [
        "payments hunter2 config set",
        "payments config hunter2 set test",
        "payments config --secret-key hunter2 set test",
        "--json payments stripe --timeout hunter2 config set test",
    ] {
        run(&User::new(), line, "").exits(64).stderr_has(&["hint"]);
    }
}

/// The user may have given the key itself instead of a file name.
#[test]
fn the_name_of_a_key_file_is_not_repeated_in_an_error() {
    check_refused("test --secret-key-file hunter2-correct-horse", "", "Cannot read the key");
}

/// The status before, the key, and the account whose data may be lost.
const ACCOUNTS: [(&str, &str, Option<&str>); 7] = [
    ("status-unconfigured", OTHER_KEY, None),
    ("status-recovered", TEST_KEY, None),
    ("status-recovered", "sk_test_5jtP2rWhblZ6tcCJR4May5", None),
    ("status-recovered", "sk_test_5jtP2rWhblZ6tcCJX4May5", Some("acct_jtP2rWhblZ6tcCJR")),
    ("status-recovered", OTHER_KEY, Some("acct_jtP2rWhblZ6tcCJR")),
    // Removing a key keeps the mirrored data of its account.
    ("status-after-delete", OTHER_KEY, Some("acct_x2nqMuVfZktyuDPZ")),
    ("status-after-delete", "sk_test_5x2nqMuVfZktyuDPZ4May5", None),
];

#[test]
fn a_key_of_another_account_needs_confirmation() {
    for generation in BOTH {
        for (status, key, at_stake) in ACCOUNTS {
            for form in TEXT_AND_JSON {
                check_account(generation, status, key, at_stake, form);
            }
        }
    }
}

fn check_account(generation: Generation, status: &str, key: &str, at_stake: Option<&str>, form: &str) {
    let sent = [(recorded(generation, SET).line(), json!({"secretKey": key}))];
    let [unconfirmed, confirmed] = [(); 2].map(|()| steady(generation, status, SET));
    let line = format!("{form} config set test -");
    let ran = run(&User::of(&unconfirmed.address), &line, key);
    let case = format!("{generation:?} {status} {key}: {ran:?}");
    assert_eq!(writes(&unconfirmed), if at_stake.is_some() { &[][..] } else { &sent }, "{case}");
    assert_eq!(ran.code, if at_stake.is_some() { 6 } else { 0 }, "{case}");
    if let Some(account) = at_stake {
        assert_eq!(ran.stdout, "", "{case}");
        assert!(form == "payments" || codes(&ran) == ["CONFIRMATION_NEEDED"], "{case}");
        let lost = "deletes all mirrored data of test and syncs it again";
        ran.stderr_has(&[account, lost, "run it again with --yes"]);
    }
    run(&User::of(&confirmed.address), &format!("{line} --yes"), key).exits(0);
    assert_eq!(writes(&confirmed), sent, "{case}");
}

const ALPHA: &str = "\n  Connected to account acct_jtP2rWhblZ6tcCJR (alpha@fake-stripe.test).\n";
const EPS: &str = "\n  Connected to account acct_x2nqMuVfZktyuDPZ (eps@fake-stripe.test).\n";
/// Stripe refuses a webhook of a backend on this machine.
const LISTEN: &str = "run: stripe listen --forward-to http://127.0.0.1:";
const SYNC: &str = "run: insforge payments sync test";
/// A key without a permission fails in the next sync too.
const AGAIN: &str = "run: insforge payments config set test";

/// The status before and after, the codes of the warnings, and parts of the messages.
const AFTERWARDS: [(&str, &str, &[&str], &[&str]); 5] = [
    ("status-unconfigured", "status-recovered", &[], &[ALPHA]),
    ("status-unconfigured", "status-key-without-webhook", &["WEBHOOK_MISSING"], &[ALPHA, LISTEN]),
    ("status-recovered", "status-after-failed-sync", &["SYNC_FAILED"], &[ALPHA, "prices exploded", SYNC]),
    (
        "status-recovered",
        "status-after-put-with-failing-sync",
        &["MIRROR_REBUILT", "SYNC_FAILED"],
        &[EPS, "another account than acct_jtP2rWhblZ6tcCJR", "'rak_subs_write' permission", AGAIN],
    ),
    // The same account as before its key was removed.
    ("status-after-delete", "status-after-put-with-failing-sync", &["SYNC_FAILED"], &[EPS, AGAIN]),
];

#[test]
fn problems_of_the_connection_are_warnings_afterwards() {
    for generation in BOTH {
        for (before, after, warnings, says) in AFTERWARDS {
            let [before, after, put] = [before, after, SET].map(|name| recorded(generation, name));
            for form in TEXT_AND_JSON {
                let stub = backend(before.clone(), after.clone(), vec![put.clone()]);
                let line = format!("{form} config set test - --yes");
                let ran = run(&User::of(&stub.address), &line, OTHER_KEY);
                assert_done(&line, &ran, "test", true, warnings);
                assert_eq!(stub.lines()[stub.lines().len() - 2..], [put.line(), after.line()], "{line}");
                if form == "payments" {
                    ran.stderr_has(says);
                }
            }
        }
    }
}

/// The key was set.
#[test]
fn an_unreadable_status_afterwards_is_only_a_warning() {
    let [status, put] = ["status-recovered", SET].map(|name| recorded(Generation::Newer, name));
    for (code, body) in [
        (500, json!({"error": "INTERNAL_ERROR", "message": "boom", "statusCode": 500})),
        (401, json!({"error": "AUTH_INVALID_API_KEY", "message": "boom", "statusCode": 401})),
        (200, json!("boom")),
        (200, json!({"connections": []})),
    ] {
        let after = Exchange { status: code, response_body: body, ..status.clone() };
        for form in TEXT_AND_JSON {
            let stub = backend(status.clone(), after.clone(), vec![put.clone()]);
            let line = format!("{form} config set - --retries 0");
            let ran = run(&User::of(&stub.address), &line, TEST_KEY);
            assert_done(&line, &ran, "test", true, &["STATUS_NOT_SEEN"]);
            ran.stderr_has(&["run: insforge payments status"]);
            assert_eq!(stub.lines(), [STATUS, &put.line(), STATUS]);
        }
    }
}

/// The recorded exchange, the exit code, and whether the provider refused the key.
const PUT_REFUSED: [(&str, i32, bool); 6] = [
    ("config-put-stripe-rejects-key", 1, true),
    ("config-put-stripe-expired-key", 1, true),
    ("config-put-garbage", 1, true),
    ("config-put-stripe-500", 1, false),
    ("config-put-stripe-unreachable", 8, false),
    ("config-put-stripe-429", 8, false),
];

#[test]
fn a_refused_key_changes_nothing() {
    for generation in BOTH {
        for (name, exit, verdict) in PUT_REFUSED {
            let refusal = recorded(generation, name);
            let stub = steady(generation, "status-unconfigured", name);
            for form in TEXT_AND_JSON {
                let line = format!("{form} config set - --retries 0");
                let ran = run(&User::of(&stub.address), &line, OTHER_KEY).exits(exit);
                assert_eq!(ran.stderr.contains("nothing was changed; set the test secret key"), verdict);
                assert_eq!(ran.stdout, "", "{name}");
                assert_eq!(stub.lines().pop(), Some(refusal.line()), "no status is read afterwards");
                if form != "payments" {
                    let (error, said) = (ran.error(), &refusal.response_body);
                    assert_eq!((&error["error"], &error["code"]), (&said["message"], &said["error"]));
                    assert_eq!(
                        (&error["status"], &error["retryable"]),
                        (&said["statusCode"], &(exit == 8).into())
                    );
                }
            }
        }
    }
}

/// The newer backend's answer has the live key in plain text, which no run may show.
#[test]
fn a_key_is_removed_after_confirmation() {
    for generation in BOTH {
        for (form, verb) in FORMS.iter().flat_map(|form| [(form, "remove test"), (form, "delete -e test")]) {
            let stub = steady(generation, "status-recovered", "config-delete");
            let user = User::of(&stub.address);
            let line = format!("{form} config {verb}");
            let stops = "Payment syncs and changes for this environment will stop";
            run(&user, &line, "").exits(6).stderr_has(&[stops, "run it again with --yes"]);
            assert_eq!(writes(&stub), [], "{line}");
            assert_done(&line, &run(&user, &format!("{line} --yes"), ""), "test", false, &[]);
            let sent = recorded(generation, "config-delete").line();
            assert_eq!(writes(&stub), [(sent, Value::Null)], "{line}");
        }
    }
}

#[test]
fn a_missing_key_cannot_be_removed() {
    for generation in BOTH {
        for name in ["config-delete-again", "config-delete-unconfigured"] {
            let stub = steady(generation, "status-unconfigured", name);
            for form in FORMS {
                let hint = "run `insforge payments config` to see which keys are configured";
                let ran = run(&User::of(&stub.address), &format!("{form} config remove -y"), "");
                ran.exits(4).stderr_has(&["No Stripe key configured", hint]);
            }
        }
    }
}

/// A user with a backend and a policy for live, both configured in these places.
fn user_with(place: &str, live: &str, address: &str) -> User {
    let profile = |live: &str| {
        let user = User::new();
        let about = format!("api_url = \"{address}\"\n");
        let profile = format!("[profiles.default]\n{about}key_store = \"file\"\nlive = \"{live}\"\n");
        user.write(".config/insforge/config.toml", &profile);
        user.write(".config/insforge/credentials.toml", &format!("[default]\n{about}api_key = \"{KEY}\"\n"));
        user
    };
    let project = |user: User, file: Value| {
        user.write(".insforge/project.json", &file.to_string());
        user
    };
    match place {
        "environment" => User::of(address).with("INSFORGE_LIVE", live),
        "profile" => profile(live),
        "project" => project(User::new(), json!({"oss_host": address, "api_key": KEY, "live": live})),
        "project beside the environment" => project(User::of(address), json!({"live": live})),
        "project beside a profile" => project(profile("ask"), json!({"live": live})),
        "profile beside the environment" => {
            profile(live).with("INSFORGE_BASE_URL", address).with("INSFORGE_API_KEY", KEY)
        }
        "profile beside a project" => project(profile(live), json!({"oss_host": address, "api_key": KEY})),
        _ => panic!("unknown place: {place}"),
    }
}

const PLACES: [&str; 7] = [
    "environment",
    "profile",
    "project",
    "project beside the environment",
    "project beside a profile",
    "profile beside the environment",
    "profile beside a project",
];

#[test]
fn a_policy_for_live_applies_from_every_place() {
    let policies = ["ask", "allow", "deny"];
    for (place, policy) in PLACES.iter().flat_map(|place| policies.map(|policy| (place, policy))) {
        // A project's file may come with a repository from somebody else, so it can only deny. A profile's policy is for its
        // own backend.
        let is_ignored = place.starts_with("profile beside");
        let (alone, with_yes) = match policy {
            "deny" if !is_ignored => (5, 5),
            "allow" if ["environment", "profile"].contains(place) => (0, 0),
            _ => (6, 0),
        };
        // A profile beside a project is only used if it is named.
        let named = if place.ends_with("beside a profile") { "-p default" } else { "" };
        for (words, key) in [("prices archive live PRICE", ""), ("config set live -", LIVE_KEY)] {
            let words = format!("{words} {named}");
            check_policy(place, policy, &words, key, alone);
            check_policy(place, policy, &format!("{words} --yes"), key, with_yes);
            let (words, key) = (words.replace("live", "test"), key.replace(LIVE_KEY, TEST_KEY));
            check_policy(place, policy, &words, &key, 0);
        }
    }
}

fn check_policy(place: &str, policy: &str, words: &str, piped: &str, exit: i32) {
    let stub = connected();
    let line = format!("--json payments {}", words.replace("PRICE", "price_GUgo1NxIppjdr1nLR51yykad"));
    let ran = run(&user_with(place, policy, &stub.address), &line, piped);
    let case = format!("{place} {policy}: {line}: {ran:?}");
    assert_eq!(ran.code, exit, "{case}");
    assert_eq!(writes(&stub).len(), usize::from(exit == 0), "{case}");
    if exit == 6 {
        assert_eq!(codes(&ran), ["CONFIRMATION_NEEDED"], "{case}");
    } else if exit == 5 {
        assert_eq!(codes(&ran), ["LIVE_DENIED"], "{case}");
        assert_eq!(stub.lines(), [""; 0], "no request is sent: {case}");
        let named = match place {
            "environment" => "INSFORGE_LIVE is set to deny",
            "profile" => "live = \"deny\" in profile default of config.toml",
            _ => "\"live\" is \"deny\" in /",
        };
        assert!(ran.error()["why"].as_str().expect("a reason").starts_with(named), "{case}");
    }
}

#[test]
fn a_denial_cannot_be_overridden() {
    let stub = connected();
    let user = user_with("project beside the environment", "deny", &stub.address);
    let user = user.with("INSFORGE_LIVE", "allow");
    let ran = run(&user, "payments config set live - --yes", LIVE_KEY).exits(5);
    let file = user.path(".insforge/project.json");
    ran.stderr_has(&[
        "Writes to live are forbidden here",
        &format!("\"live\" is \"deny\" in {}\n", file.display()),
        "neither --yes nor an approval overrides it",
    ]);
    assert_eq!(stub.lines(), [""; 0]);
}

/// The places of an address and a key of InsForge, and the command line, variable and stdin of the provider's key. Only a
/// project's file and a variable together could collect keys for somebody else.
const COLLECTED: [(&str, &str, bool, &str, bool); 12] = [
    ("project", "stripe config set test", true, "", true),
    ("project", "stripe config set", true, "", true),
    ("project", "stripe config set test -", true, TEST_KEY, false),
    ("project", "stripe config set test --secret-key-file key-file", true, TEST_KEY, false),
    ("project", "stripe config set test --secret-key KEY", true, "", false),
    ("project", "stripe config set test KEY", false, "", false),
    ("environment", "stripe config set test", true, "", false),
    ("profile", "stripe config set test", true, "", false),
    ("flags", "stripe config set test", true, "", false),
    ("project", "razorpay config set test --key-id rzp_test_jtP2rWhblZ6tcCJR", true, "", true),
    ("project", "razorpay config set test --key-id rzp_test_jtP2rWhblZ6tcCJR -", true, "hunter2", false),
    ("environment", "razorpay config set test --key-id rzp_test_jtP2rWhblZ6tcCJR", true, "", false),
];

#[test]
fn a_key_from_a_variable_needs_confirmation_for_the_address_of_a_project() {
    for (place, line, in_variable, piped, asks) in COLLECTED {
        for yes in [false, true] {
            let stub = any_keys();
            let address = &*stub.address;
            let user = if place == "flags" { User::new() } else { user_with(place, "ask", address) };
            let user = if in_variable {
                user.with("STRIPE_TEST_SECRET_KEY", TEST_KEY).with("RAZORPAY_TEST_KEY_SECRET", "hunter2")
            } else {
                user
            };
            user.write("key-file", piped);
            user.write("api-key", KEY);
            let flags = if place == "flags" {
                format!("--api-url {address} --api-key-file api-key")
            } else {
                String::new()
            };
            let yes_flag = if yes { "--yes" } else { "" };
            let line = format!("payments {} {flags} {yes_flag}", line.replace("KEY", TEST_KEY));
            let ran = run(&user, &line, piped);
            let case = format!("{place}: {line}: {ran:?}");
            let stops = asks && !yes;
            assert_eq!((ran.code, writes(&stub).len()), if stops { (6, 0) } else { (0, 1) }, "{case}");
            if !stops {
                assert!(ran.stderr.contains(&format!(" test key configured for {address}.\n")), "{case}");
                continue;
            }
            let variable =
                if line.contains("razorpay") { "RAZORPAY_TEST_KEY_SECRET" } else { "STRIPE_TEST_SECRET_KEY" };
            ran.stderr_has(&[
                &format!(" key of {address} to "),
                &format!("{} and the key from {variable}", user.path(".insforge/project.json").display()),
                "run it again with --yes",
            ]);
        }
    }
}

/// A backend that accepts every key, and shows the account of these tests.
fn any_keys() -> Stub {
    Stub::start(|request| {
        match request.method.as_str() {
        "GET" => Answer::json(
            200,
            &json!({"connections": [{
                "environment": "test", "status": "connected", "webhookEndpointId": "we_1",
                "accountId": if request.target.contains("razorpay") { "rzp_test_jtP2rWhblZ6tcCJR" } else { "acct_1" },
                "maskedKey": "sk_test_****ha_2",
            }]})
            .to_string(),
        ),
        _ => Answer::json(200, r#"{"keys": []}"#),
    }
    })
}

/// The key in the status afterwards, and what is said of the new one. Stripe's key ends in `ha_2`.
const AFTER_A_TIMEOUT: [(&str, &str, &str); 6] = [
    (
        "stripe",
        r#"{"status": "connected", "maskedKey": "sk_test_****ha_2"}"#,
        "the backend has stored the key",
    ),
    (
        "stripe",
        r#"{"status": "connected", "maskedKey": "sk_test_****0000"}"#,
        "the backend has not stored the key yet",
    ),
    ("stripe", r#"{"status": "unconfigured"}"#, "the backend has not stored the key yet"),
    ("stripe", "no JSON", "it is unknown whether the backend has stored the key"),
    (
        "razorpay",
        r#"{"status": "connected", "accountId": "rzp_test_new1"}"#,
        "the backend has stored the key",
    ),
    (
        "razorpay",
        r#"{"status": "connected", "accountId": "rzp_test_old1"}"#,
        "the backend has not stored the key yet",
    ),
];

/// The answer is late, or a gateway does not wait for it.
#[test]
fn after_a_timeout_the_status_says_whether_the_key_is_stored() {
    for (provider, connection, says) in AFTER_A_TIMEOUT {
        for lost in [
            Answer::Announce { bytes: 1 },
            Answer::html(504, "Gateway Timeout"),
            Answer::Late { after: Duration::from_secs(5), then: Box::new(Answer::Drop) },
        ] {
            let is_late = matches!(lost, Answer::Late { .. });
            let written = AtomicBool::new(false);
            let after = connection.replacen('{', r#"{"connections": [{"environment": "test", "#, 1) + "]}";
            let stub = Stub::start(move |request| {
                if request.method != "GET" {
                    written.store(true, Ordering::SeqCst);
                    return lost.clone();
                }
                let is_after = written.load(Ordering::SeqCst);
                Answer::json(200, if is_after { &after } else { r#"{"connections": []}"# })
            });
            let secret = if provider == "stripe" { "-" } else { "--key-id rzp_test_new1 -" };
            let deadline = if is_late { "--timeout 1s" } else { "" };
            let line = format!("--json payments {provider} config set test {secret} --retries 0 {deadline}");
            let ran =
                run(&User::of(&stub.address), &line, if provider == "stripe" { TEST_KEY } else { "hunter2" });
            let ran = ran.exits(8);
            let error = ran.error();
            assert!(error["why"].as_str().expect("a reason").contains(says), "{line}: {ran:?}");
            assert!(error["hint"].as_str().expect("a hint").contains("run it again"), "{line}: {ran:?}");
            assert_eq!(error["retryable"], true, "{line}: {ran:?}");
            assert_eq!(stub.lines().len(), 3, "status, key, status: {:?}", stub.lines());
        }
    }
}

/// The first sync of a large account takes minutes.
#[test]
fn a_key_has_the_deadline_of_a_sync() {
    let stub = any_keys();
    for (line, limit) in
        [("config set test -", 300), ("config set test - --timeout 7s", 7), ("config remove --yes", 60)]
    {
        let ran = run(&User::of(&stub.address), &format!("payments {line} -v"), TEST_KEY).exits(0);
        ran.stderr_has(&[&format!("deadline {limit} s for all requests together")]);
    }
}

/// The recorded exchange, the exit code, whether an earlier endpoint may be deleted, and a part of the hint.
const WEBHOOK_REFUSED: [(&str, i32, bool, &str); 4] = [
    ("webhook-rejected-after-ok", 1, true, "give the backend a public address"),
    ("webhook-no-permission", 5, true, "insforge payments webhooks configure test"),
    // Stripe was not contacted without a key, and does nothing for an unknown key.
    ("webhook-key-revoked", 1, false, "insforge payments config set"),
    ("webhook-unconfigured", 1, false, "insforge payments config set"),
];

#[test]
fn a_failed_webhook_reports_that_the_earlier_one_may_be_deleted() {
    for generation in BOTH {
        for (name, exit, may_be_gone, hint) in WEBHOOK_REFUSED {
            let refusal = recorded(generation, name);
            let stub = steady(generation, "status-recovered", name);
            for form in TEXT_AND_JSON {
                let line = format!("{form} webhooks configure test");
                let ran = run(&User::of(&stub.address), &line, "").exits(exit);
                assert_eq!(
                    ran.stderr.contains("an earlier endpoint may be deleted by now"),
                    may_be_gone,
                    "{ran:?}"
                );
                ran.stderr_has(&[refusal.response_body["message"].as_str().expect("a message"), hint]);
            }
            assert_eq!(writes(&stub), vec![(refusal.line(), Value::Null); 2], "it is not sent twice");
        }
    }
}

/// Interactive sessions.
#[cfg(target_os = "linux")]
mod on_a_terminal {
    use std::fs::{self, File};

    use rustix::termios::{LocalModes, tcgetattr};

    use super::super::harness::pty::Terminal;
    use super::super::prompts::{ENTER, wait_until};
    use super::*;

    const QUESTION: &str = "Continue? [y/N]";

    /// Whether the terminal of this user's run hides input. The prompt is shown shortly before that, and input in between
    /// is lost.
    fn hides_input(user: &User) -> bool {
        let home = format!("HOME={}", user.home.path().display()).into_bytes();
        fs::read_dir("/proc").expect("/proc").flatten().any(|process| {
            let environment = fs::read(process.path().join("environ")).unwrap_or_default();
            let terminal = || tcgetattr(File::open(process.path().join("fd/0")).ok()?).ok();
            environment.split(|byte| *byte == 0).any(|variable| variable == home)
                && terminal().is_some_and(|modes| !modes.local_modes.contains(LocalModes::ECHO))
        })
    }

    /// Runs on a terminal with these answers, and returns the exit code and everything that was shown.
    #[track_caller]
    fn converse(user: &User, line: &str, key: Option<&str>, confirmation: Option<&str>) -> (i32, String) {
        let terminal = Terminal::start(user, 100, &line.split_whitespace().collect::<Vec<_>>());
        if let Some(key) = key {
            let environment = if line.contains("live") { "live" } else { "test" };
            terminal.expect(&format!("Stripe {environment} secret key (sk_{environment}_…)"));
            wait_until("the terminal hides input", || hides_input(user));
            terminal.type_in(&format!("{key}{ENTER}"));
        }
        if let Some(answer) = confirmation {
            terminal.expect(QUESTION);
            terminal.type_in(&format!("{answer}{ENTER}"));
        }
        let (code, screen) = terminal.finish();
        assert_hidden(line, &screen);
        assert_eq!(screen.contains("secret key (sk_"), key.is_some(), "{line}\n{screen}");
        assert_eq!(screen.contains(QUESTION), confirmation.is_some(), "{line}\n{screen}");
        (code, screen)
    }

    #[test]
    fn a_typed_key_is_hidden() {
        for line in ["payments config set", "payments stripe config set -e test"] {
            let stub = connected();
            let (code, screen) = converse(&User::of(&stub.address), line, Some(TEST_KEY), None);
            assert_eq!(code, 0, "{line}\n{screen}");
            assert!(
                screen.contains(&format!("Stripe test key configured for {}.", stub.address)),
                "{line}\n{screen}"
            );
            assert!(!screen.contains("warning:"), "{line}\n{screen}");
            let put = "PUT /api/payments/stripe/test/config".to_owned();
            assert_eq!(writes(&stub), [(put, json!({"secretKey": TEST_KEY}))], "{line}");
        }
    }

    #[test]
    fn the_question_names_the_data_that_may_be_lost() {
        for (environment, key, lost) in [
            ("test", OTHER_KEY, "deletes all mirrored data of test"),
            ("live", "sk_live_Nobody4May5See_other", "deletes all mirrored data of live"),
            ("live", LIVE_KEY, ""),
        ] {
            for (answer, exit) in [("y", 0), ("n", 6)] {
                let stub = connected();
                let line = format!("payments config set {environment}");
                let (code, screen) = converse(&User::of(&stub.address), &line, Some(key), Some(answer));
                assert_eq!(code, exit, "{screen}");
                let before = screen.split(QUESTION).next().unwrap_or_default();
                let end = &key[key.len() - 4..];
                let masked = format!("sk_{environment}_****{end}, {environment}");
                let target = format!("Set the Stripe key of {} to ", stub.address);
                for text in ["acct_jtP2rWhblZ6tcCJR (alpha@fake-stripe.test)", &masked, &target, lost] {
                    assert!(before.contains(text), "it does not say {text:?}:\n{screen}");
                }
                assert_eq!(before.contains("mirrored data"), !lost.is_empty(), "{screen}");
                assert_eq!(writes(&stub).len(), usize::from(answer == "y"), "{screen}");
            }
        }
    }

    #[test]
    fn nothing_is_asked_if_the_run_fails_anyway() {
        for (line, live, typed, exit, says) in [
            ("config set live", "deny", None, 5, "Writes to live are forbidden here"),
            ("prices archive live price_1", "deny", None, 5, "Writes to live are forbidden here"),
            ("config set -", "ask", None, 64, "from a pipe, and stdin is a terminal"),
            ("config set --secret-key-file -", "ask", None, 64, "from a pipe, and stdin is a terminal"),
            ("config set test", "ask", Some(""), 64, "The key from the prompt is empty"),
            ("config set test", "ask", Some(LIVE_KEY), 64, "is for live, not for test"),
        ] {
            let stub = connected();
            let user = User::of(&stub.address).with("INSFORGE_LIVE", live);
            let (code, screen) = converse(&user, &format!("payments {line}"), typed, None);
            assert_eq!(code, exit, "{line}\n{screen}");
            assert!(screen.contains(says), "{line}\n{screen}");
            assert_eq!(stub.lines(), [""; 0], "{line}");
        }
    }
}
