//! Completion in the shells themselves, each on a terminal, with somebody who presses Tab.

use std::path::Path;

use super::completion::{shop, with_profiles};
use super::harness::pty::Terminal;
use super::harness::stub::{Answer, Stub};
use super::harness::{User, is_ci, is_installed};

const READY: &str = "ready> ";

/// A shell that knows the script of `insforge completion`, and waits at its prompt.
fn start(user: &User, shell: &str) -> Option<Terminal> {
    if !is_installed(shell) {
        assert!(!is_ci(), "{shell} is not installed");
        println!("skipped: {shell} is not installed");
        return None;
    }
    // The prompt is put together, so that what is typed here does not look like it.
    let (words, lines): (&[&str], &[&str]) = match shell {
        "bash" => (
            &["bash", "--norc", "--noprofile", "-i"],
            // As bash-completion and careful people have it: names that look like patterns would be complained of.
            &["shopt -s extglob failglob", r#"eval "$(insforge completion bash)""#, "PS1='rea''dy> '"],
        ),
        "zsh" => (
            &["zsh", "-f", "-i"],
            &[
                "autoload -Uz compinit && compinit -u -D",
                r#"eval "$(insforge completion zsh)""#,
                "PS1='rea''dy> '",
            ],
        ),
        _ => (
            &["fish", "--no-config", "--interactive"],
            &["insforge completion fish | source", "function fish_prompt; echo -n 'rea''dy> '; end"],
        ),
    };
    let terminal = Terminal::of(user, 120, words);
    for line in lines {
        terminal.type_in(&format!("{line}\r"));
    }
    terminal.expect(READY);
    Some(terminal)
}

/// The user, with the tested binary in front of every other.
fn who_finds_it(user: User) -> User {
    let folder = Path::new(env!("CARGO_BIN_EXE_insforge")).parent().expect("a folder").display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    user.with("PATH", &format!("{folder}:{path}")).with("TERM", "xterm")
}

/// Lists the ids with their names, completes the one that is meant, the environment and the profile, and runs what came of it.
fn completes(shell: &str) {
    let stub = shop();
    let user =
        who_finds_it(with_profiles(&[("default", &stub.address), ("staging", "https://b.example.com")]));
    user.run(&["payments", "products", "list"]).exits(0);
    let Some(terminal) = start(&user, shell) else { return };
    // bash lists what is ambiguous after another Tab; the others would go on to choose.
    let tabs = if shell == "bash" { "\t\t" } else { "\t" };
    terminal.type_in(&format!("insforge payments products get prod_{tabs}"));
    for text in ["prod_basic", "Basic Plan", "Pro Plan"] {
        terminal.expect(text);
    }
    assert_eq!(stub.lines().len(), 1, "the list has shown it already");
    terminal.type_in("p\t\r");
    terminal.expect("Env ");
    assert_eq!(stub.lines()[1..], ["GET /api/payments/stripe/test/catalog/products/prod_pro"]);
    terminal.type_in("insforge payments products list l\t\r");
    terminal.expect("prod_live");
    assert_eq!(stub.lines()[2..], ["GET /api/payments/stripe/live/catalog/products"]);
    terminal.type_in("insforge logout --profile=st\t\r");
    terminal.expect("Logged out of profile staging");
    assert!(!terminal.screen().contains("rror"), "{}", terminal.screen());
    terminal.type_in("exit\r");
    assert_eq!(terminal.finish().0, 0);
}

/// Where there is nothing to complete the line stays as it was typed, and the shell goes on.
fn is_silent(shell: &str) {
    let user = who_finds_it(User::of("http://127.0.0.1:1"));
    let Some(terminal) = start(&user, shell) else { return };
    terminal.type_in("insforge payments products get prod_\t\t");
    // To the beginning of the line, which is shown instead of run.
    terminal.type_in("\u{1}echo go''ing on with \r");
    terminal.expect("going on with insforge payments products get prod_");
    let screen = terminal.screen();
    assert!(!screen.contains("rror") && !screen.contains("panicked"), "{screen}");
    terminal.type_in("exit\r");
    assert_eq!(terminal.finish().0, 0);
}

/// What others have named is shown as it is, and a file with a command for its name is not run.
fn runs_nothing(shell: &str) {
    const NAMES: [&str; 4] =
        [r"$(touch ran) `touch ran`", r"it's %F{red}+(x) *[a]?", r"a: \\e[31m \u001b[31m", "; touch ran"];
    let stub = Stub::start(|_| {
        let product =
            |(at, name)| format!(r#"{{"environment": "test", "productId": "prod_{at}", "name": "{name}"}}"#);
        let products: Vec<String> = NAMES.iter().enumerate().map(product).collect();
        Answer::json(200, &format!(r#"{{"products": [{}]}}"#, products.join(",")))
    });
    let user = who_finds_it(with_profiles(&[("default", &stub.address)]));
    user.run(&["payments", "products", "list"]).exits(0);
    for file in ["strange$(touch ran).json", "two words.json"] {
        user.write(file, "{}");
    }
    let Some(terminal) = start(&user, shell) else { return };
    terminal.type_in("insforge payments products get prod_\t\t");
    for text in ["prod_0", "touch ran) `touch ran`", "prod_3"] {
        terminal.expect(text);
    }
    terminal.type_in("\u{1}echo one''line \r");
    terminal.expect("oneline insforge payments products get prod_");
    for (begun, shown) in [("strange", "strange"), ("two", "two words.json")] {
        terminal.type_in(&format!("insforge payments products create --from-file {begun}\t"));
        terminal.type_in("\u{1}echo file''name \r");
        terminal.expect(&format!("filename insforge payments products create --from-file {shown}"));
    }
    terminal.type_in("exit\r");
    assert_eq!(terminal.finish().0, 0);
    assert!(!user.path("ran").exists(), "{shell} ran a name");
}

#[test]
fn bash_completes_ids_with_their_names() {
    completes("bash");
    is_silent("bash");
    runs_nothing("bash");
}

#[test]
fn zsh_completes_ids_with_their_names() {
    completes("zsh");
    is_silent("zsh");
    runs_nothing("zsh");
}

#[test]
fn fish_completes_ids_with_their_names() {
    completes("fish");
    is_silent("fish");
    runs_nothing("fish");
}
