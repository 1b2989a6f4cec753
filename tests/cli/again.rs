//! What is printed after a write whose answer was lost can be done, and completes it.

use std::process::Command;

use super::faults::{Keyed, Same, WRITES, backend, each, recorded, sent, write};
use super::harness::recordings::Exchange;
use super::harness::stub::{Answer, Stub};
use super::harness::{Ran, User, finish};

/// A backend that loses a write and its replays, and is itself again after that.
fn recovering(exchange: &Exchange) -> Stub {
    backend(exchange.line(), vec![Answer::Drop, Answer::Drop, Answer::Drop, exchange.answer()])
}

/// Those whose key was made for the run need the command that is printed: the two tests behind this one.
#[test]
fn what_is_repeatable_is_done_when_it_is_run_again() {
    each(&WRITES, |write| {
        if matches!(write.again, Same(_) | Keyed(Some(_))) {
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
    each(&rows, |(command, more)| completes_as_told(&[*command, *more].concat()));
}

/// What stderr shows in another form than it was given in must not stand in a command.
#[test]
fn no_printed_command_is_another_than_the_one_that_failed() {
    let rows: [(&[&str], &[&str]); 4] = [
        (PRODUCT, &["--name", "x", "--idempotency-key", "task_20261123200415"]),
        (PRODUCT, &["--name", "x", "--metadata-field", "risk_assessmentreport=1"]),
        (PRODUCT, &["--name", "\u{5d0}\u{200f} (1)"]),
        (PRICE, &["--lookup-key", "desk_subscription"]),
    ];
    each(&rows, |(command, more)| completes_as_told(&[*command, *more].concat()));
}

/// It is a name, even where it looks a little like a secret.
#[test]
fn an_idempotency_key_is_told_byte_for_byte() {
    let create = write("products create --name x", "088-product-create-min", Keyed(None));
    let stub = backend(create.line(), vec![Answer::Drop]);
    let key = "task_20261123200415";
    let told = create.run(&stub.address, &["--json", "--idempotency-key", key]).exits(8).error();
    assert_eq!(told["idempotencyKey"], key);
}

/// People choose ids as they like.
#[test]
fn the_command_to_look_with_can_be_pasted() {
    let line = "DELETE /api/payments/stripe/test/catalog/products/it%27s%20pro".to_owned();
    let stub = backend(line, vec![Answer::Drop]);
    let ran = User::of(&stub.address).run(&["payments", "products", "delete", "it's pro", "-y"]).exits(1);
    let look = shell_words::join(["insforge", "payments", "products", "get", "test", "it's pro"]);
    ran.says(&[&format!("see with `insforge payments sync test && {look}`")]);
}

/// Runs a create that is lost with all its replays, does what the hint says, and compares all requests.
fn completes_as_told(args: &[&str]) {
    let name = if args[1] == "prices" { "146-price-create-one-time" } else { "088-product-create-min" };
    let exchange = recorded(name);
    let stub = recovering(&exchange);
    let user = User::of(&stub.address);
    let told = user.run(args).exits(8).says(&["run it again"]).stderr;
    let ran = match (told.split_once("run it again: "), told.split_once("run it again with ")) {
        (Some((_, command)), _) => in_a_shell(&user, command),
        (None, Some((_, flag))) => user.run(&[args, &flag.split_whitespace().collect::<Vec<_>>()].concat()),
        (None, None) => user.run(args),
    };
    assert_eq!(ran.code, 0, "after\n{told}\nit came to\n{}", ran.stderr);
    assert_eq!(sent(&stub, &exchange.line()).len(), 4, "{told}");
}

/// Runs a printed command where `insforge` is the binary.
fn in_a_shell(user: &User, command: &str) -> Ran {
    let insforge = user.path("insforge");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_insforge"), insforge).expect("a link");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).env_clear().envs(user.environment());
    shell.env("PATH", user.home.path()).current_dir(user.home.path());
    finish(shell, "")
}
