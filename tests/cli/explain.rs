//! `explain` knows every code, and the command in a JSON error's `next` can be run.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::harness::recordings::Generation;
use super::harness::stub::{Answer, Stub};
use super::harness::{RunOutput, User, dead_address};

fn explained() -> Vec<Value> {
    let all = User::new().run(&["explain", "--json"]).exits(0).json();
    all.as_array().expect("an array").clone()
}

fn codes() -> BTreeSet<String> {
    explained().iter().map(|known| known["code"].as_str().expect("a code").to_owned()).collect()
}

#[test]
fn every_code_is_complete_and_listed_once() {
    let all = explained();
    assert_eq!(all.len(), codes().len(), "a code is listed twice");
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
fn every_code_of_a_recorded_backend_is_explained() {
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
            seen.extend(code.map(|code| (exchange["status"].to_string(), code.to_owned())));
        }
    }
    assert!(seen.len() > 8, "only {seen:?}: this test does not read the recordings correctly");
    let user = User::new();
    for (status, code) in seen {
        assert!(codes.contains(&code), "{code} was recorded but is not explained");
        let of_status = user.run(&["explain", &status, "-o", "ids"]).exits(0).stdout;
        assert!(of_status.lines().any(|listed| listed == code), "{status} {code}: {of_status}");
    }
}

#[test]
fn a_number_is_an_exit_code_or_an_http_status() {
    let user = User::new();
    let ran = user.run(&["explain", "6"]).exits(0);
    for part in ["exit code 6\n  not confirmed: ", "\nCONFIRMATION_NEEDED ", "\nNOT_CONFIRMED "] {
        assert!(ran.stdout.contains(part), "{part}: {ran:?}");
    }
    let ran = user.run(&["explain", "404"]).exits(0);
    for part in ["HTTP status 404\n", "\nPAYMENT_PRODUCT_NOT_FOUND ", "\nRESPONSE_INVALID "] {
        assert!(ran.stdout.contains(part), "{part}: {ran:?}");
    }
    let exit = user.run(&["explain", "7", "--json"]).exits(0).json();
    assert_eq!((&exit["exitCode"], &exit["codes"]), (&json!(7), &json!([])));
    let status = user.run(&["explain", "429", "--json"]).exits(0).json();
    assert_eq!((&status["status"], &status["codes"][0]["code"]), (&json!(429), &json!("RATE_LIMITED")));
    for number in ["99", "200", "600"] {
        user.run(&["explain", number])
            .exits(4)
            .stderr_has(&[&format!("{number} is neither an exit code of this tool nor the HTTP status")]);
    }
}

/// Codes in the sources that are not variants of an enum: the sandbox's, and those that the client gives in the
/// backend's style.
#[test]
fn every_code_in_the_sources_is_explained() {
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
            let in_backends_style = before.ends_with("NOT_FOUND: &'static str =");
            if of_refusal || in_backends_style {
                check(&path, literal);
            }
        }
    }
    assert!(seen > 15, "only {seen} codes were found: this test does not read the sources correctly");
}

fn sources(folder: &Path) -> Vec<(std::path::PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            found.push((path, text));
        }
    }
    found
}

/// The string literals that look like a code, and where they are.
fn literals(text: &str) -> Vec<(usize, &str)> {
    let looks_like_a_code = |word: &str| {
        word.contains('_') && word.len() > 6 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
            // Variables and value names.
            && !["STRIPE_", "INSFORGE_", "RAZORPAY_", "PRODUCT_ID", "LOOKUP_KEY", "PRICE_ID"].iter().any(|no| word.starts_with(no))
    };
    text.match_indices('"')
        .filter_map(|(at, _)| {
            let word = text[at + 1..].split('"').next().unwrap_or_default();
            looks_like_a_code(word).then_some((at, word))
        })
        .collect()
}

#[test]
fn a_code_is_found_in_any_case() {
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
fn an_unknown_code_exits_4_and_suggests_similar_codes() {
    let user = User::new();
    user.run(&["explain", "outcom_unknown"])
        .exits(4)
        .stderr_has(&["`outcom_unknown` is not a known code", "did you mean OUTCOME_UNKNOWN?"]);
    user.run(&["explain", "rate"]).exits(4).stderr_has(&["did you mean RATE_LIMITED?"]);
    user.run(&["explain", "qqqqqqqqqqqqqqqqqqq"])
        .exits(4)
        .stderr_has(&["hint: run `insforge explain` to list every code"]);
    assert_eq!(user.run(&["explain", "x", "--json"]).exits(4).error()["code"], "UNKNOWN_CODE");
}

/// The command line in an error's `next`.
fn next(ran: &RunOutput) -> Option<Vec<String>> {
    let words = ran.error()["next"].as_array().cloned()?;
    Some(words.iter().map(|word| word.as_str().expect("a word").to_owned()).collect())
}

#[test]
fn next_is_the_command_line_as_words_without_secrets() {
    let user = User::of(&dead_address()).with("INSFORGE_RETRIES", "0");
    let ran = user.run(&["payments", "status", "--json"]).exits(8);
    assert_eq!(next(&ran).expect("next"), ["insforge", "payments", "status", "--json"]);
    // A command line with a key in it is not shown, even if the key has an unusual form.
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
    // Running it again does not help without a login.
    let ran = User::new().run(&["payments", "status", "--json"]).exits(3);
    assert_eq!((next(&ran), ran.error().get("next")), (None, Some(&Value::Null)));
}

/// After a create whose answer was lost, `next` has the key that was generated for the run, and can be run.
#[test]
fn next_of_a_create_has_its_idempotency_key() {
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
