//! Completion in bash, zsh and fish, each on a pseudo-terminal with typed Tabs.

use super::completion::{stub_with_catalog, with_profiles};
use super::harness::pty::Terminal;
use super::harness::stub::{Answer, Stub};
use super::harness::{User, find_program, path_with_binary};

const READY: &str = "ready> ";

/// Starts a shell with the script of `insforge completion` and waits for its prompt.
fn start(user: &User, shell: &str) -> Option<Terminal> {
    find_program(shell)?;
    // The prompt is in two parts, so that the echoed input does not match it.
    let (words, lines): (&[&str], &[&str]) = match shell {
        "bash" => (
            &["bash", "--norc", "--noprofile", "-i"],
            // With these options, bash reports patterns that match no file. bash-completion sets extglob.
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

/// The user, with the tested binary first on the path.
fn with_binary_on_path(user: User) -> User {
    user.with("PATH", &path_with_binary()).with("TERM", "xterm")
}

/// Lists ids with their names; completes an id, an environment and a profile; runs the completed lines.
fn assert_completes(shell: &str) {
    let stub = stub_with_catalog();
    let user = with_binary_on_path(with_profiles(&[
        ("default", &stub.address),
        ("staging", "https://b.example.com"),
    ]));
    user.run(&["payments", "products", "list"]).exits(0);
    let Some(terminal) = start(&user, shell) else { return };
    // Bash lists candidates after a second Tab. In the others, a second Tab selects one.
    let tabs = if shell == "bash" { "\t\t" } else { "\t" };
    terminal.type_in(&format!("insforge payments products get prod_{tabs}"));
    for text in ["prod_basic", "Basic Plan", "Pro Plan"] {
        terminal.expect(text);
    }
    assert_eq!(stub.lines().len(), 1, "the ids are cached");
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

/// Without candidates, the line stays as typed.
fn assert_keeps_line_without_candidates(shell: &str) {
    let user = with_binary_on_path(User::of("http://127.0.0.1:1"));
    let Some(terminal) = start(&user, shell) else { return };
    terminal.type_in("insforge payments products get prod_\t\t");
    // Ctrl-A moves to the start, and `echo` prints the line instead of running it.
    terminal.type_in("\u{1}echo go''ing on with \r");
    terminal.expect("going on with insforge payments products get prod_");
    let screen = terminal.screen();
    assert!(!screen.contains("rror") && !screen.contains("panicked"), "{screen}");
    terminal.type_in("exit\r");
    assert_eq!(terminal.finish().0, 0);
}

/// Hostile names are shown unchanged, and no name runs as a command.
fn assert_runs_no_names(shell: &str) {
    const NAMES: [&str; 4] =
        [r"$(touch ran) `touch ran`", r"it's %F{red}+(x) *[a]?", r"a: \\e[31m \u001b[31m", "; touch ran"];
    let stub = Stub::start(|_| {
        let product =
            |(at, name)| format!(r#"{{"environment": "test", "productId": "prod_{at}", "name": "{name}"}}"#);
        let products: Vec<String> = NAMES.iter().enumerate().map(product).collect();
        Answer::json(200, &format!(r#"{{"products": [{}]}}"#, products.join(",")))
    });
    let user = with_binary_on_path(with_profiles(&[("default", &stub.address)]));
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
    for (typed, shown) in [("strange", "strange"), ("two", "two words.json")] {
        terminal.type_in(&format!("insforge payments products create --from-file {typed}\t"));
        terminal.type_in("\u{1}echo file''name \r");
        terminal.expect(&format!("filename insforge payments products create --from-file {shown}"));
    }
    terminal.type_in("exit\r");
    assert_eq!(terminal.finish().0, 0);
    assert!(!user.path("ran").exists(), "{shell} ran a name");
}

#[test]
fn completion_works_in_bash() {
    assert_completes("bash");
    assert_keeps_line_without_candidates("bash");
    assert_runs_no_names("bash");
}

#[test]
fn completion_works_in_zsh() {
    assert_completes("zsh");
    assert_keeps_line_without_candidates("zsh");
    assert_runs_no_names("zsh");
}

#[test]
fn completion_works_in_fish() {
    assert_completes("fish");
    assert_keeps_line_without_candidates("fish");
    assert_runs_no_names("fish");
}
