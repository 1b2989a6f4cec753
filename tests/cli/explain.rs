//! `explain`: every code that there can be is explained, and what a JSON error says to run next can be run.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::harness::recordings::Generation;
use super::harness::stub::{Answer, Stub};
use super::harness::{Ran, User, dead};

fn explained() -> Vec<Value> {
    let all = User::new().run(&["explain", "--json"]).exits(0).json();
    all.as_array().expect("an array").clone()
}

fn codes() -> BTreeSet<String> {
    explained().iter().map(|known| known["code"].as_str().expect("a code").to_owned()).collect()
}

#[test]
fn every_code_has_everything() {
    let all = explained();
    assert_eq!(all.len(), codes().len(), "a code is there twice");
    for known in &all {
        for field in ["code", "meaning", "cause", "fix"] {
            assert!(known[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {known}");
        }
        assert!(["tool", "backend"].contains(&known["origin"].as_str().expect("an origin")), "{known}");
        let is_warning = known["kind"] == "warning";
        assert_eq!(known["exitCode"].is_null(), is_warning, "{known}");
        assert_eq!(known["exitCode"], known["exitCodes"].get(0).cloned().unwrap_or_default(), "{known}");
    }
}

#[test]
fn no_code_of_the_tools_own_is_missing() {
    let codes = codes();
    for code in &insforge::Code::OWN {
        assert!(codes.contains(code.as_str()), "{} is not explained", code.as_str());
    }
}

#[test]
fn no_code_of_a_recorded_backend_is_missing() {
    let codes = codes();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract");
    let mut seen = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the recordings") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        for line in fs::read_to_string(&path).expect("a recording").lines() {
            let exchange: Value = serde_json::from_str(line).expect("an exchange");
            let refused = exchange["status"].as_u64().is_some_and(|status| status >= 400);
            let code = exchange["response_body"]["error"].as_str().filter(|_| refused);
            seen.extend(code.map(str::to_owned));
        }
    }
    assert!(seen.len() > 8, "only {seen:?}: the reader of this test is broken");
    for code in seen {
        assert!(codes.contains(&code), "{code} was recorded and is not explained");
    }
}

/// Every literal in the sources that is a code: of the sandbox's refusals, of warnings, and of what the client likens to them.
#[test]
fn no_code_of_the_sandbox_and_no_warning_is_missing() {
    let codes = codes();
    let mut seen = 0;
    let mut check = |path: &Path, code: &str| {
        seen += 1;
        assert!(codes.contains(code), "{} has {code}, which is not explained", path.display());
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let client = sources(&root.join("src")).into_iter().map(|source| (source, false));
    let sandbox = sources(&root.join("crates/sandbox/src")).into_iter().map(|source| (source, true));
    for ((path, text), in_sandbox) in client.chain(sandbox) {
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        for (at, literal) in literals(text) {
            let before = text[..at].trim_end_matches(char::is_whitespace);
            let of_refusal = in_sandbox && (before.ends_with("=>") || before.ends_with(','));
            let of_warning = before.ends_with("code:") || before.ends_with(".warning(");
            let likened = before.ends_with("NOT_FOUND: &'static str =");
            if of_refusal || of_warning || likened {
                check(&path, literal);
            }
        }
    }
    assert!(seen > 30, "only {seen} codes were seen: the reader of this test is broken");
}

fn sources(folder: &Path) -> Vec<(std::path::PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else {
            let text = fs::read_to_string(&path).expect("a source file");
            found.push((path, text));
        }
    }
    found
}

/// What stands in quotes and looks like a code, and where.
fn literals(text: &str) -> Vec<(usize, &str)> {
    let looks = |word: &str| {
        word.contains('_') && word.len() > 6 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
            // Variables and names in usages.
            && !["STRIPE_", "INSFORGE_", "RAZORPAY_", "PRODUCT_ID", "LOOKUP_KEY", "PRICE_ID"].iter().any(|no| word.starts_with(no))
    };
    text.match_indices('"')
        .filter_map(|(at, _)| {
            let word = text[at + 1..].split('"').next().unwrap_or_default();
            looks(word).then_some((at, word))
        })
        .collect()
}

#[test]
fn one_code_is_explained_in_whatever_case() {
    let user = User::new();
    for word in ["OUTCOME_UNKNOWN", "outcome_unknown", "Outcome-Unknown"] {
        let ran = user.run(&["explain", word]).exits(0);
        for part in ["OUTCOME_UNKNOWN\n", "Meaning:", "Cause:", "What to do:"] {
            assert!(ran.stdout.contains(part), "{word}: {ran:?}");
        }
        let known = user.run(&["explain", word, "--json"]).exits(0).json();
        assert_eq!(known["code"], "OUTCOME_UNKNOWN");
        assert_eq!(
            (&known["origin"], &known["retryable"], &known["exitCode"]),
            (&json!("tool"), &json!(false), &json!(1))
        );
    }
    assert_eq!(user.run(&["explain", "HTTP_502", "--json"]).exits(0).json()["code"], "HTTP_nnn");
    assert_eq!(user.run(&["explain", "rate_limited", "-o", "ids"]).exits(0).stdout, "RATE_LIMITED\n");
    let table = user.run(&["explain"]).exits(0).stdout;
    assert!(table.starts_with("Code") && table.contains("\nRATE_LIMITED "), "{table}");
}

#[test]
fn an_unknown_code_is_4_and_names_what_may_be_meant() {
    let user = User::new();
    user.run(&["explain", "outcom_unknown"])
        .exits(4)
        .says(&["There is no code `outcom_unknown`", "it may be OUTCOME_UNKNOWN;"]);
    user.run(&["explain", "rate"]).exits(4).says(&["it may be RATE_LIMITED;"]);
    user.run(&["explain", "qqqqqqqqqqqqqqqqqqq"])
        .exits(4)
        .says(&["hint: `insforge explain` lists every code"]);
    assert_eq!(user.run(&["explain", "x", "--json"]).exits(4).error()["code"], "UNKNOWN_CODE");
}

/// The command line that an error says to run next.
fn next(ran: &Ran) -> Option<Vec<String>> {
    let words = ran.error()["next"].as_array().cloned()?;
    Some(words.iter().map(|word| word.as_str().expect("a word").to_owned()).collect())
}

#[test]
fn what_can_be_run_again_stands_in_the_error_as_words() {
    let user = User::of(&dead()).with("INSFORGE_RETRIES", "0");
    let ran = user.run(&["payments", "status", "--json"]).exits(8);
    assert_eq!(next(&ran).expect("next"), ["insforge", "payments", "status", "--json"]);
    // A key in it, whatever it looks like, and it is not shown.
    for args in [
        &["payments", "config", "set", "test", "sk_test_51Abcdefgh12345678", "--json"][..],
        &[
            "payments",
            "razorpay",
            "config",
            "set",
            "--key-id",
            "rzp_test_x1",
            "--key-secret",
            "hush-hush-hush",
            "--json",
        ],
    ] {
        let ran = user.run(args).exits(8);
        assert_eq!(next(&ran), None, "{args:?}");
        assert!(!ran.stderr.contains("hush-hush") && !ran.stderr.contains("Abcdefgh"), "{ran:?}");
    }
    // What is refused for good is not run again.
    let ran = User::new().run(&["payments", "status", "--json"]).exits(3);
    assert_eq!((next(&ran), ran.error().get("next")), (None, Some(&Value::Null)));
}

/// A create whose answer was lost: `next` has the key that was made for the run, and what it says can be run.
#[test]
fn a_create_says_with_which_key_it_can_be_sent_again() {
    let status = Generation::Newer.exchange("242-status-recovered").answer();
    let stub = Stub::start(move |request| match request.method.as_str() {
        "GET" => status.clone(),
        _ => Answer::json(503, r#"{"error":"UPSTREAM_FAILURE","message":"Down","statusCode":503}"#),
    });
    let user = User::of(&stub.address).with("INSFORGE_RETRIES", "0");
    let create = ["payments", "products", "create", "--name", "it's two words", "--json"];
    let ran = user.run(&create).exits(8);
    let key = ran.error()["idempotencyKey"].as_str().expect("a key").to_owned();
    let words = next(&ran).expect("next");
    assert_eq!(words, [&["insforge"], &create[..], &["--idempotency-key", &key]].concat());
    let printed = ran.error()["hint"].as_str().expect("a hint").to_owned();
    assert!(printed.ends_with(&shell_words::join(&words)), "{printed}");
    let again = user.run(&words[1..].iter().map(String::as_str).collect::<Vec<_>>()).exits(8);
    assert_eq!(next(&again).expect("next"), words, "the same key, once");
}
