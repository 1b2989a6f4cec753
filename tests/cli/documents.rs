//! Runs the `console` blocks of README.md and docs/*.md, compares their output with what the page shows, and checks the
//! links of these pages and of SECURITY.md. `INSFORGE_UPDATE=1` writes the new output into the pages.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::harness::sdk::Sdk;
use crate::harness::{User, finish, path_with_binary, without_timestamps};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// The README runs the program from a checkout, before it is installed.
const FROM_A_CHECKOUT: &str = "cargo run --release --locked --quiet -- ";
/// A page that imports this gets it.
const SDK: &str = "@insforge/sdk";
const MOST_README_LINES: usize = 200;

/// README.md, SECURITY.md or a page of docs/.
struct Document {
    path: PathBuf,
    /// The path as a failure names it.
    name: String,
    text: String,
}

/// A command of a `console` block, and the output that the page shows below it.
struct Example {
    /// The number of the command's last line, from 1.
    line: usize,
    command: String,
    output: String,
}

#[test]
fn console_blocks_show_what_the_commands_print() {
    let mut examples_run = 0;
    let mut differences = String::new();
    for document in documents() {
        let examples = examples(&document);
        if examples.is_empty() {
            continue;
        }
        let outputs = run_in_one_shell(&document, &examples);
        if std::env::var_os("INSFORGE_UPDATE").is_some() {
            std::fs::write(&document.path, updated(&document.text, &examples, &outputs)).expect("a page");
        } else {
            for (example, output) in examples.iter().zip(&outputs) {
                let (shown, printed) = (comparable(&example.output), comparable(output));
                if shown != printed {
                    let place = format!("{}:{}: $ {}", document.name, example.line, example.command);
                    let _ = writeln!(differences, "{place}\n--- shown\n{shown}\n--- printed\n{printed}\n");
                }
            }
        }
        examples_run += examples.len();
    }
    assert!(differences.is_empty(), "{differences}");
    assert!(examples_run > 60, "only {examples_run} commands found: the block reader of this test is broken");
}

#[test]
fn links_between_documents_have_a_target() {
    for document in documents() {
        for link in links(&document.text) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let path = if file.is_empty() {
                document.path.clone()
            } else {
                document.path.parent().expect("a folder").join(file)
            };
            assert!(path.exists(), "{}: no file for the link {link}", document.name);
            if !anchor.is_empty() {
                let target = std::fs::read_to_string(&path).expect("the target");
                assert!(anchors(&target).contains(anchor), "{}: no heading for {link}", document.name);
            }
        }
    }
}

#[test]
fn the_readme_is_short_and_links_every_page() {
    let documents = documents();
    let readme = &documents[0];
    let lines = readme.text.lines().count();
    assert!(lines <= MOST_README_LINES, "README.md has {lines} lines; the limit is {MOST_README_LINES}");
    for page in &documents[1..] {
        assert!(links(&readme.text).any(|link| link == page.name), "README.md does not link {}", page.name);
    }
}

/// Runs the README's CI script in a sandbox. It succeeds when `live` matches `test`, and exits 7 when it does not.
#[test]
fn the_ci_script_of_the_readme_detects_differences() {
    let readme = std::fs::read_to_string(Path::new(ROOT).join("README.md")).expect("the README");
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
        let user = user.with("PATH", &path_with_binary());
        let ran = user.run(&["sandbox", "exec", "--", "sh", "-c", &before]).exits(code);
        let ids = user.read("payments.env");
        assert!(ids.contains("STRIPE_PRICE_PRO_MONTHLY=price_"), "{ids}{}", ran.stderr);
    }
}

/// README.md, then the pages of docs/ in alphabetical order, then SECURITY.md.
fn documents() -> Vec<Document> {
    let root = Path::new(ROOT);
    let mut pages: Vec<PathBuf> = std::fs::read_dir(root.join("docs"))
        .expect("the folder docs")
        .map(|entry| entry.expect("a page").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    pages.insert(0, root.join("README.md"));
    pages.push(root.join("SECURITY.md"));
    let document = |path: PathBuf| Document {
        name: path.strip_prefix(root).expect("a path in the project").display().to_string(),
        text: std::fs::read_to_string(&path).expect("a page"),
        path,
    };
    pages.into_iter().map(document).collect()
}

/// The commands of every `console` block of a page, in order.
fn examples(document: &Document) -> Vec<Example> {
    let mut all: Vec<Example> = Vec::new();
    let mut in_block = false;
    for (number, line) in (1..).zip(document.text.lines()) {
        if line == "```console" {
            in_block = true;
        } else if line == "```" {
            in_block = false;
        } else if in_block {
            if let Some(command) = line.strip_prefix("$ ") {
                all.push(Example { line: number, command: command.to_owned(), output: String::new() });
                continue;
            }
            let Some(last) = all.last_mut() else {
                panic!("{}:{number}: a console block starts with a command", document.name)
            };
            match line.strip_prefix("> ").filter(|_| is_unfinished(last)) {
                Some(more) => {
                    let _ = write!(last.command, "\n{more}");
                    last.line = number;
                }
                None => {
                    let _ = writeln!(last.output, "{line}");
                }
            }
        }
    }
    all
}

/// Whether the command continues on the next line: after a backslash, or inside a here document.
fn is_unfinished(example: &Example) -> bool {
    let in_document = example.command.contains("<<'END'") && !example.command.ends_with("\nEND");
    example.output.is_empty() && (example.command.ends_with('\\') || in_document)
}

/// Runs a page's commands in one shell and a home of their own, so that each finds what the earlier ones made.
fn run_in_one_shell(document: &Document, examples: &[Example]) -> Vec<String> {
    let mut script = String::from("exec 2>&1\n");
    for Example { command, .. } in examples {
        let command = command.replace(FROM_A_CHECKOUT, "insforge ");
        // The mark between two outputs keeps `$?` for the next command.
        let _ = write!(script, "{command}\ncode=$?; printf '\\001'; (exit $code)\n");
    }
    let user = User::new();
    if document.text.contains(SDK) {
        Sdk::Newer.install(&user);
    }
    let mut shell = user.command_of("sh", &["-c", &script]);
    shell.env("PATH", path_with_binary());
    let ran = finish(shell, "");
    let outputs: Vec<String> = ran.stdout.split_terminator('\u{1}').map(str::to_owned).collect();
    assert_eq!(outputs.len(), examples.len(), "{}: {}{}", document.name, ran.stdout, ran.stderr);
    outputs
}

/// The text without what differs from run to run (times, free ports) and without trailing white space.
fn comparable(text: &str) -> String {
    let mut lines: Vec<String> =
        text.lines().map(|line| without_port(&without_timestamps(line.trim_end()))).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.join("\n")
}

fn without_port(line: &str) -> String {
    const HOST: &str = "http://127.0.0.1:";
    match line.split_once(HOST) {
        Some((before, after)) => {
            format!("{before}{HOST}{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => line.to_owned(),
    }
}

/// The page with the printed output in place of the shown one, where the two differ.
fn updated(text: &str, examples: &[Example], outputs: &[String]) -> String {
    let mut out = String::new();
    let mut lines_to_skip = 0;
    for (number, line) in (1..).zip(text.lines()) {
        if lines_to_skip > 0 {
            lines_to_skip -= 1;
            continue;
        }
        let _ = writeln!(out, "{line}");
        if let Some((example, output)) =
            examples.iter().zip(outputs).find(|(example, _)| example.line == number)
            && comparable(&example.output) != comparable(output)
        {
            for line in output.lines() {
                let _ = writeln!(out, "{}", line.trim_end());
            }
            lines_to_skip = example.output.lines().count();
        }
    }
    out
}

/// The targets of a page's links that lead into the project.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target).filter(|target| !target.contains("://"))
}

/// The anchors of a page's headings, as Markdown viewers derive them.
fn anchors(text: &str) -> HashSet<String> {
    let headings = text.lines().filter_map(|line| line.strip_prefix('#'));
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        words.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
    };
    headings.map(anchor).collect()
}
