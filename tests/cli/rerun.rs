//! After a write whose answer was lost, the printed command can be run, and completes the write.

use std::process::Command;

use super::faults::{Keyed, Same, WRITES, backend, each, recorded, sent, write};
use super::harness::recordings::Exchange;
use super::harness::stub::{Answer, Stub};
use super::harness::{RunOutput, User, finish};

/// A backend that loses a write and its replays, and then recovers.
fn recovering(exchange: &Exchange) -> Stub {
    backend(exchange.line(), vec![Answer::Drop, Answer::Drop, Answer::Drop, exchange.answer()])
}

/// Creates with a generated key need the printed command; the next two tests run it.
#[test]
fn a_repeatable_write_succeeds_when_it_is_run_again() {
    each(&WRITES, |write| {
        if matches!(write.second_run, Same(_) | Keyed(Some(_))) {
            let exchange = recorded(write.recorded);
            let stub = recovering(&exchange);
            write.run(&stub.address, &[]).exits(8);
            write.run(&stub.address, &[]).exits(0);
            assert_eq!(sent(&stub, &exchange.line()).len(), 4, "{}", write.command);
        }
    });
}

const PRODUCT: &[&str] = &["payments", "products", "create"];
const PRICE: &[&str] =
    &["payments", "prices", "create", "--product", "prod_1", "--currency", "eur", "--unit-amount", "500"];

#[test]
fn the_printed_command_completes_a_create() {
    let name = "it's \"Pro\" for $HOME, `date` \\ !x * 日本 👩\u{200d}👧";
    let metadata = r#"{"quoted":"a \"b\" 'c'","n":"1"}"#;
    let rows: [(&[&str], &[&str]); 5] = [
        (PRODUCT, &["--name", name, "--metadata", metadata, "--metadata-field", "a=b c"]),
        (PRODUCT, &["-e", "test", "--name= two  spaces ", "--idempotency-key", "it's \"mine\"; $1"]),
        (PRODUCT, &["--name", "x", "--description", "", "--", "test"]),
        (PRODUCT, &["--name", "two\nlines"]),
        (PRICE, &["--lookup-key", "pro monthly", "--metadata", metadata, "--metadata-field", "a=b c"]),
    ];
    each(&rows, |(command, more)| hint_completes(&[*command, *more].concat()));
}

/// A command is not printed if stderr would change an argument of it.
#[test]
fn a_printed_command_is_exactly_the_one_that_failed() {
    let rows: [(&[&str], &[&str]); 4] = [
        (PRODUCT, &["--name", "x", "--idempotency-key", "task_20261123200415"]),
        (PRODUCT, &["--name", "x", "--metadata-field", "risk_assessmentreport=1"]),
        (PRODUCT, &["--name", "\u{5d0}\u{200f} (1)"]),
        (PRICE, &["--lookup-key", "desk_subscription"]),
    ];
    each(&rows, |(command, more)| hint_completes(&[*command, *more].concat()));
}

/// An idempotency key is never redacted, even if it looks like a secret.
#[test]
fn an_idempotency_key_is_reported_byte_for_byte() {
    let create = write("products create --name x", "088-product-create-min", Keyed(None));
    let stub = backend(create.line(), vec![Answer::Drop]);
    let key = "task_20261123200415";
    let error = create.run(&stub.address, &["--json", "--idempotency-key", key]).exits(8).error();
    assert_eq!(error["idempotencyKey"], key);
}

/// An id can have any characters.
#[test]
fn the_printed_check_command_is_quoted_for_a_shell() {
    let line = "DELETE /api/payments/stripe/test/catalog/products/it%27s%20pro".to_owned();
    let stub = backend(line, vec![Answer::Drop]);
    let ran = User::of(&stub.address).run(&["payments", "products", "delete", "it's pro", "-y"]).exits(1);
    let look = shell_words::join(["insforge", "payments", "products", "get", "test", "it's pro"]);
    ran.stderr_has(&[&format!("check with `insforge payments sync test && {look}`")]);
}

/// Runs a create that is lost with all its replays, follows the hint, and compares all requests.
fn hint_completes(args: &[&str]) {
    let name = if args[1] == "prices" { "146-price-create-one-time" } else { "088-product-create-min" };
    let exchange = recorded(name);
    let stub = recovering(&exchange);
    let user = User::of(&stub.address);
    let hint = user.run(args).exits(8).stderr_has(&["run it again"]).stderr;
    let ran = match (hint.split_once("run it again: "), hint.split_once("run it again, adding ")) {
        (Some((_, command)), _) => in_a_shell(&user, command),
        (None, Some((_, flag))) => user.run(&[args, &flag.split_whitespace().collect::<Vec<_>>()].concat()),
        (None, None) => user.run(args),
    };
    assert_eq!(ran.code, 0, "after\n{hint}\nthe second run printed\n{}", ran.stderr);
    assert_eq!(sent(&stub, &exchange.line()).len(), 4, "{hint}");
}

/// Runs a printed command in a shell in which `insforge` is the binary.
fn in_a_shell(user: &User, command: &str) -> RunOutput {
    let insforge = user.path("insforge");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_insforge"), insforge).expect("a link");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).env_clear().envs(user.environment());
    shell.env("PATH", user.home.path()).current_dir(user.home.path());
    finish(shell, "")
}
