//! Confirmation, on a real pseudo-terminal: the question names the change and the environment, only `y` and `yes` confirm,
//! and leaving the question changes nothing.
#![cfg(target_os = "linux")]

use super::harness::User;
use super::harness::recordings::{self, Generation};
use super::harness::stub::{Answer, Stub};
use super::prompts::{CTRL_D, Dialogue, ENTER};

const QUESTION: &str = "Continue? [y/N]";
const STATUS: &str = "GET /api/payments/stripe/status";
/// The question about a deleted product shows its name.
const PRODUCT: &str = "GET /api/payments/stripe/test/catalog/products/prod_1";
const ACCOUNT: &str = "  Account: acct_jtP2rWhblZ6tcCJR (alpha@fake-stripe.test)";

/// Every write that asks, the first line of its question, and the request that is sent after confirmation.
const ASKING: [(&[&str], &str, &str); 9] = [
    (
        &["products", "delete", "prod_1"],
        "Delete product prod_1 at Stripe, test",
        "DELETE test/catalog/products/prod_1",
    ),
    (&["config", "remove"], "Remove the backend's Stripe key, test", "DELETE test/config"),
    (&["config", "remove", "live"], "Remove the backend's Stripe key, live", "DELETE live/config"),
    (
        &["products", "create", "live", "--name", "Pro"],
        "Create product Pro at Stripe, live",
        "POST live/catalog/products",
    ),
    (
        &["products", "update", "live", "p", "--name", "x"],
        "Update product p at Stripe",
        "PATCH live/catalog/products/p",
    ),
    (
        &[
            "prices",
            "create",
            "live",
            "--product",
            "p",
            "--currency",
            "usd",
            "--unit-amount",
            "1999",
            "--interval",
            "month",
            "--interval-count",
            "3",
        ],
        "Create price of p: 19.99 USD every 3 months at Stripe, live",
        "POST live/catalog/prices",
    ),
    (
        &["prices", "update", "live", "price_1q", "--active", "true"],
        "Update price price_1q at Stripe, live",
        "PATCH live/catalog/prices/price_1q",
    ),
    (
        &["prices", "archive", "live", "price_1q"],
        "Archive price price_1q at Stripe, live",
        "DELETE live/catalog/prices/price_1q",
    ),
    (
        &["webhooks", "configure", "live"],
        "Configure the webhook endpoint at Stripe, live",
        "POST live/webhook",
    ),
];

fn request(short: &str) -> String {
    short.replacen(' ', " /api/payments/stripe/", 1)
}

fn args<'a>(words: &[&'a str]) -> Vec<&'a str> {
    [&["payments"], words].concat()
}

/// A backend that answers its status, and the writes of [`ASKING`] with recorded answers.
fn backend() -> Stub {
    let as_recorded = |name: &str, line: &str| {
        let mut exchange = Generation::Newer.exchange(name);
        let (method, path) = line.split_once(' ').expect("a request");
        (exchange.method, exchange.path) = (method.to_owned(), path.to_owned());
        exchange
    };
    let names = [
        "190-product-delete",
        "251-config-delete",
        "251-config-delete",
        "088-product-create-min",
        "128-product-patch-name",
        "147-price-create-recurring-full",
        "176-price-patch-active-true",
        "184-price-archive",
        "077-webhook-ok",
    ];
    let answers = names.iter().zip(ASKING).map(|(name, (_, _, line))| as_recorded(name, &request(line)));
    let product = as_recorded("124-product-get", PRODUCT);
    recordings::serve_in(Generation::Newer, answers.chain([product]).collect())
}

#[test]
fn the_question_names_the_change_and_yes_makes_it() {
    for (words, sentence, line) in ASKING {
        let stub = backend();
        let user = User::of(&stub.address);
        let dialogue = Dialogue::start(&user, &args(words));
        dialogue.answer(QUESTION, &format!("y{ENTER}"));
        let (code, screen) = dialogue.terminal.finish();
        assert_eq!(code, 0, "{words:?}\n{screen}");
        assert!(screen.contains(sentence), "{words:?}\n{screen}");
        assert!(screen.contains(ACCOUNT), "{words:?}\n{screen}");
        let read = (words[1] == "delete").then(|| PRODUCT.to_owned());
        let lines: Vec<String> = read.into_iter().chain([STATUS.to_owned(), request(line)]).collect();
        assert_eq!(stub.lines(), lines, "{words:?}");
    }
}

/// An id says little about what is deleted. The name is not needed, so nothing depends on the read.
#[test]
fn the_question_about_a_deleted_product_shows_its_name() {
    let recorded = |name: &str| Generation::Newer.exchange(name).answer();
    let product = recorded("124-product-get");
    for (read, has_name) in [
        (product, true),
        (recorded("125-product-get-404"), false),
        (Answer::refusal(503, "UPSTREAM_FAILURE", "no"), false),
        (Answer::Drop, false),
    ] {
        let deleted = recorded("190-product-delete");
        let stub = Stub::start(move |request| match request.method.as_str() {
            "DELETE" => deleted.clone(),
            _ if request.target.ends_with("/status") => {
                Generation::Newer.exchange("242-status-recovered").answer()
            }
            _ => read.clone(),
        });
        let user = User::of(&stub.address);
        let dialogue = Dialogue::start(&user, &args(&["products", "delete", "prod_1"]));
        dialogue.answer(QUESTION, &format!("y{ENTER}"));
        let (code, screen) = dialogue.terminal.finish();
        assert_eq!(code, 0, "{screen}");
        assert!(screen.contains("Delete product prod_1 at Stripe, test\n"), "{screen}");
        assert!(screen.contains("  A deleted product cannot be restored.\n"), "{screen}");
        assert_eq!(screen.contains("\n  Name: "), has_name, "{screen}");
        assert_eq!(stub.lines().iter().filter(|line| *line == PRODUCT).count(), 1, "{:?}", stub.lines());
    }
}

#[test]
fn the_question_shows_the_whole_change() {
    let stub = backend();
    let user = User::of(&stub.address);
    for (words, change) in [
        (
            &["products", "update", "live", "p", "--name", "x", "--metadata-field", "a=b"][..],
            r#"{"name":"x","metadata":{"a":"b"}}"#,
        ),
        (&["prices", "update", "live", "price_1q", "--lookup-key", "null"], r#"{"lookupKey":null}"#),
        (
            &["products", "create", "live", "--name", "x", "--active", "false"],
            r#"{"name":"x","active":false}"#,
        ),
    ] {
        let dialogue = Dialogue::start(&user, &args(words));
        dialogue.answer(QUESTION, ENTER);
        let (code, screen) = dialogue.terminal.finish();
        assert_eq!(code, 6, "{screen}");
        assert!(screen.contains(&format!("\n  {change}\n")), "{words:?}\n{screen}");
    }
    assert_eq!(stub.lines(), [STATUS; 3]);
}

#[test]
fn any_answer_but_yes_cancels() {
    for typed in ["n\r", "\r", CTRL_D, "no\r", "yess\r", "j\r"] {
        let stub = backend();
        let user = User::of(&stub.address);
        let dialogue = Dialogue::start(&user, &args(&["products", "delete", "prod_1"]));
        dialogue.answer(QUESTION, typed);
        let (code, screen) = dialogue.terminal.finish();
        assert_eq!(code, 6, "{typed:?}\n{screen}");
        assert!(screen.contains("Canceled"), "{typed:?}\n{screen}");
        assert_eq!(stub.lines(), [PRODUCT, STATUS], "{typed:?}");
    }
    for typed in ["YES\r", " yes \r", "Y\r"] {
        let stub = backend();
        let user = User::of(&stub.address);
        let dialogue = Dialogue::start(&user, &args(&["products", "delete", "prod_1"]));
        dialogue.answer(QUESTION, typed);
        assert_eq!(dialogue.terminal.finish().0, 0, "{typed:?}");
    }
}

#[test]
fn ctrl_c_at_the_question_changes_nothing_and_restores_the_terminal() {
    let stub = backend();
    let user = User::of(&stub.address);
    Dialogue::start(&user, &args(&["prices", "archive", "live", "price_1q"])).interrupt_at(QUESTION);
    assert_eq!(stub.lines(), [STATUS]);
}

#[test]
fn the_callers_reasons_are_shown_and_cannot_forge_the_question() {
    let stub = backend();
    let user = User::of(&stub.address);
    let words = [
        "--reason",
        "clean up\u{1b}[2J\nContinue? [y/N] y",
        "--impact",
        "none",
        "products",
        "delete",
        "prod_1",
    ];
    let dialogue = Dialogue::start(&user, &args(&words));
    dialogue.answer(&format!("\n{QUESTION}"), ENTER);
    let (code, screen) = dialogue.terminal.finish();
    assert_eq!(code, 6, "{screen}");
    let brief = "\nThe caller says:\n  Reason: clean up�[2J Continue? [y/N] y\n  Impact: none\n";
    assert!(screen.contains(brief), "{screen}");
}

/// The error has the same text as the question, and nothing is written.
#[test]
fn a_session_without_a_terminal_exits_6_and_suggests_yes() {
    for (words, sentence, line) in ASKING {
        let stub = backend();
        let user = User::of(&stub.address);
        let ran = user.run(&args(words)).exits(6);
        ran.stderr_has(&[sentence, "--yes"]);
        let error = user.run(&[&args(words)[..], &["--json"]].concat()).exits(6).error();
        assert_eq!((&error["code"], &error["retryable"]), (&"CONFIRMATION_NEEDED".into(), &false.into()));
        assert!(error["why"].as_str().expect("why").contains(ACCOUNT.trim()), "{error}");
        assert_eq!(stub.lines(), [STATUS; 2], "{words:?}");
        user.run(&[&args(words)[..], &["--yes"]].concat()).exits(0);
        assert_eq!(stub.lines()[2..], [STATUS.to_owned(), request(line)], "{words:?}");
    }
}

/// `--json` and `--no-input` make a session non-interactive, even on a terminal.
#[test]
fn json_and_no_input_never_ask() {
    let stub = backend();
    let user = User::of(&stub.address);
    for flag in ["--json", "--no-input"] {
        let words = args(&["products", "delete", "prod_1", flag]);
        let (code, screen) = super::harness::pty::Terminal::start(&user, 80, &words).finish();
        assert_eq!(code, 6, "{screen}");
        assert!(!screen.contains(QUESTION), "{screen}");
    }
    assert_eq!(stub.lines(), [STATUS; 2]);
}

/// Only writes that remove something ask in test.
#[test]
fn ordinary_writes_to_test_do_not_ask() {
    let stub = recordings::serve_in(
        Generation::Newer,
        vec![
            Generation::Newer.exchange("088-product-create-min"),
            Generation::Newer.exchange("077-webhook-ok"),
        ],
    );
    let user = User::of(&stub.address);
    for words in [&["products", "create", "--name", "Basic"][..], &["webhooks", "configure"]] {
        let (code, screen) = super::harness::pty::Terminal::start(&user, 100, &args(words)).finish();
        assert_eq!(code, 0, "{screen}");
        assert!(!screen.contains(QUESTION), "{screen}");
    }
}
