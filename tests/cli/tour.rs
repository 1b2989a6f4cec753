//! What README.md shows is what happens: the first command, and the tour, in one shell on a bare home.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::harness::{User, finish, without_moments};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
/// How somebody with nothing but a checkout starts the program.
const FROM_A_CHECKOUT: &str = "cargo run --release --locked --quiet -- ";

/// A command and what the README shows of it.
struct Shown {
    /// The first line of what is shown, in the README.
    line: usize,
    command: String,
    output: String,
}

#[test]
fn the_readme_shows_what_happens() {
    let readme = std::fs::read_to_string(README).expect("the README");
    let shown = shown(&readme);
    assert!(shown.len() > 12, "only {} commands: the reader of this test is broken", shown.len());
    let outputs = run_in_one_shell(&shown);
    if std::env::var_os("INSFORGE_UPDATE").is_some() {
        std::fs::write(README, updated(&readme, &shown, &outputs)).expect("the README");
        return;
    }
    for (shown, output) in shown.iter().zip(&outputs) {
        let expected = comparable(&shown.output);
        let actual = comparable(output);
        assert_eq!(expected, actual, "README.md:{}: $ {}", shown.line, shown.command);
    }
}

/// What the README gives to CI is run in a sandbox, whose live environment is brought up to date before or not.
#[test]
fn the_script_for_ci_does_what_it_says() {
    let readme = std::fs::read_to_string(README).expect("the README");
    let script =
        readme.split("```sh\n").find(|block| block.starts_with("# payments-ci.sh")).expect("the script");
    let script = script.split("```").next().expect("its end");
    for (promoted, code) in [(true, 0), (false, 7)] {
        let user = User::new().with("CI", "true");
        user.write("payments-ci.sh", script);
        user.write("key", "sk_live_51SandboxShop0001a");
        let promote = if promoted { "insforge payments catalog apply live --yes;" } else { "" };
        let before = format!(
            "exec >/dev/null; insforge payments catalog export test --adopt; \
             insforge payments config set live - --yes < key; {promote} sh payments-ci.sh"
        );
        let program = Path::new(env!("CARGO_BIN_EXE_insforge")).parent().expect("a folder").display();
        let path = format!("{program}:{}", std::env::var("PATH").unwrap_or_default());
        let user = user.with("PATH", &path);
        let ran = user.run(&["sandbox", "exec", "--", "sh", "-c", &before]).exits(code);
        let ids = user.read("payments.env");
        assert!(ids.contains("STRIPE_PRICE_PRO_MONTHLY=price_"), "{ids}{}", ran.stderr);
    }
}

/// The commands of every `console` block, in order.
fn shown(readme: &str) -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    let mut inside = false;
    for (number, line) in readme.lines().enumerate() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ if !inside => {}
            _ => match (
                line.strip_prefix("$ "),
                line.strip_prefix("> ").filter(|_| continues(&all)),
                all.last_mut(),
            ) {
                (Some(command), ..) => {
                    all.push(Shown { line: number + 1, command: command.to_owned(), output: String::new() });
                }
                (None, Some(more), Some(last)) => {
                    let _ = write!(last.command, "\n{more}");
                    last.line = number + 1;
                }
                (None, _, Some(last)) => {
                    let _ = writeln!(last.output, "{line}");
                }
                (None, _, None) => panic!("README.md:{}: a block begins with its command", number + 1),
            },
        }
    }
    all
}

/// The last command goes on in the next line: after a backslash, or until a here document ends.
fn continues(all: &[Shown]) -> bool {
    all.last().is_some_and(|last| {
        let in_document = last.command.contains("<<'END'") && !last.command.ends_with("\nEND");
        last.output.is_empty() && (last.command.ends_with('\\') || in_document)
    })
}

/// Runs them one after the other in one shell, so that what one sets or makes is there for the next.
fn run_in_one_shell(shown: &[Shown]) -> Vec<String> {
    let mut script = String::from("exec 2>&1\n");
    for Shown { command, .. } in shown {
        let command = command.replace(FROM_A_CHECKOUT, "insforge ");
        // The mark between two outputs leaves `$?` as it was.
        let _ = write!(script, "{command}\ncode=$?; printf '\\001'; (exit $code)\n");
    }
    let user = User::new();
    let program = Path::new(env!("CARGO_BIN_EXE_insforge")).parent().expect("a folder").display();
    let path = format!("{program}:{}", std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg(script)
        .env_clear()
        .envs(user.environment())
        .env("PATH", path)
        .current_dir(user.home.path());
    let ran = finish(shell, "");
    let outputs: Vec<String> = ran.stdout.split_terminator('\u{1}').map(str::to_owned).collect();
    assert_eq!(outputs.len(), shown.len(), "{}{}", ran.stdout, ran.stderr);
    outputs
}

/// A moment is another one each time, and so is a free port; nobody sees white space at the end of a line.
fn comparable(text: &str) -> String {
    let mut lines: Vec<String> =
        text.lines().map(|line| without_port(&without_moments(line.trim_end()))).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.join("\n")
}

fn without_port(line: &str) -> String {
    const HOST: &str = "http://127.0.0.1:";
    line.split_once(HOST).map_or_else(
        || line.to_owned(),
        |(before, behind)| {
            format!("{before}{HOST}{}", behind.trim_start_matches(|c: char| c.is_ascii_digit()))
        },
    )
}

/// The README with what happens now in place of what it shows, where that is something else.
fn updated(readme: &str, shown: &[Shown], outputs: &[String]) -> String {
    let mut out = String::new();
    let mut skipping = 0;
    for (number, line) in readme.lines().enumerate() {
        if skipping > 0 {
            skipping -= 1;
            continue;
        }
        let _ = writeln!(out, "{line}");
        if let Some((shown, output)) = shown.iter().zip(outputs).find(|(shown, _)| shown.line == number + 1)
            && comparable(&shown.output) != comparable(output)
        {
            for line in output.lines() {
                let _ = writeln!(out, "{}", line.trim_end());
            }
            skipping = shown.output.lines().count();
        }
    }
    out
}
