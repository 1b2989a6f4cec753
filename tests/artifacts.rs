//! Compares the completion scripts and man pages in the repository with what the program generates.
//! `INSFORGE_UPDATE=1 cargo test --test artifacts` rewrites them.
// They describe the program with all features.
#![cfg(feature = "sandbox")]
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::format_push_string,
    clippy::print_stdout,
    reason = "tests fail by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command as Process;

use clap::Command;
use clap_mangen::Man;
use serde_json::Value;

/// Compares a folder with the expected files. It must have no other file.
fn assert_folder(name: &str, expected: &BTreeMap<String, Vec<u8>>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("INSFORGE_UPDATE").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        for (file, content) in expected {
            fs::write(folder.join(file), content).expect("a file");
        }
        return;
    }
    let mut actual = BTreeMap::new();
    for entry in fs::read_dir(&folder).expect("the folder is in the repository") {
        let entry = entry.expect("an entry");
        let file = entry.file_name().to_string_lossy().into_owned();
        actual.insert(file, fs::read(entry.path()).expect("a file"));
    }
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        names(&actual),
        names(expected),
        "{name}/ has other files: run INSFORGE_UPDATE=1 cargo test --test artifacts"
    );
    for (file, content) in expected {
        assert!(
            actual[file] == *content,
            "{name}/{file} is out of date: run INSFORGE_UPDATE=1 cargo test --test artifacts"
        );
    }
}

/// What the program prints.
fn stdout(args: &[&str]) -> Vec<u8> {
    let mut program = Process::new(env!("CARGO_BIN_EXE_insforge"));
    let output = program.args(args).env_clear().output().expect("the program runs");
    assert!(output.status.success(), "{args:?}: {output:?}");
    output.stdout
}

#[test]
fn completion_scripts_are_current() {
    let scripts = [
        ("bash", "insforge.bash"),
        ("zsh", "_insforge"),
        ("fish", "insforge.fish"),
        ("powershell", "_insforge.ps1"),
        ("elvish", "insforge.elv"),
    ];
    let expected = scripts.map(|(shell, file)| (file.to_owned(), stdout(&["completion", shell])));
    assert_folder("completions", &BTreeMap::from(expected));
}

#[test]
fn man_pages_are_current() {
    let help: Value = serde_json::from_slice(&stdout(&["help", "--json"])).expect("JSON");
    let mut root = insforge::command();
    root.build();
    let mut pages = BTreeMap::new();
    render(&root, &mut Vec::new(), &help, &mut pages);
    assert!(pages.contains_key("insforge-payments-products-get.1"), "{:?}", pages.keys());
    pages.insert("insforge-errors.7".to_owned(), errors_page().into_bytes());
    assert_folder("man", &pages);
}

/// Writes a page for each command, in the short form. The commands under `stripe` are the same.
fn render(command: &Command, path: &mut Vec<String>, help: &Value, pages: &mut BTreeMap<String, Vec<u8>>) {
    // Each page has the command's own options. The root's page has the global ones.
    let is_root = path.is_empty();
    let own = command.clone().mut_args(|arg| if arg.is_global_set() { arg.hide(!is_root) } else { arg });
    let man = Man::new(own).manual("InsForge Manual").source("insforge");
    let mut page = Vec::new();
    man.render_title(&mut page).expect("a title");
    man.render_name_section(&mut page).expect("a name");
    man.render_synopsis_section(&mut page).expect("a synopsis");
    man.render_description_section(&mut page).expect("a description");
    man.render_options_section(&mut page).expect("options");
    let shown = |sub: &&Command| !sub.is_hide_set() && sub.get_name() != "stripe";
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page).expect("commands");
    }
    let rest = examples(path, help) + &exit_status(help) + &see_also(path);
    page.extend(rest.into_bytes());
    pages.insert(man.get_filename(), page);
    for sub in command.get_subcommands().filter(shown) {
        path.push(sub.get_name().to_owned());
        render(sub, path, help, pages);
        path.pop();
    }
}

/// The example of a command, from `help --json`.
fn examples(path: &[String], help: &Value) -> String {
    let commands = help["commands"].as_array().expect("commands");
    let command = commands.iter().find(|command| command["path"] == Value::from(path.to_vec()));
    let Some(example) = command.and_then(|command| command.get("example")) else { return String::new() };
    let argv = example["argv"].as_array().expect("arguments").iter().filter_map(Value::as_str);
    let line = shell_words::join(argv);
    let input =
        example["stdin"].as_str().map(|input| format!("printf '%s' {} | ", shell_words::quote(input)));
    format!(".SH EXAMPLES\n.nf\n{}{}\n.fi\n", escaped(&input.unwrap_or_default()), escaped(&line))
}

fn exit_status(help: &Value) -> String {
    let codes = help["exitCodes"].as_array().expect("codes").iter();
    let entries = codes.map(|exit| {
        format!(".TP\n\\fB{}\\fR\n{}\n", exit["code"], escaped(exit["meaning"].as_str().expect("a meaning")))
    });
    format!(".SH \"EXIT STATUS\"\n{}", entries.collect::<String>())
}

fn see_also(path: &[String]) -> String {
    let pages = if path.is_empty() {
        "\\fBinsforge\\-errors\\fR(7)"
    } else {
        "\\fBinsforge\\fR(1) for the global options, \\fBinsforge\\-errors\\fR(7)"
    };
    format!(".SH \"SEE ALSO\"\n{pages}\n")
}

/// The page of the error codes, which has the texts of `explain`.
fn errors_page() -> String {
    let all: Vec<Value> = serde_json::from_slice(&stdout(&["explain", "--json"])).expect("JSON");
    let mut page = String::from(
        ".TH insforge\\-errors 7 \"\" insforge \"InsForge Manual\"\n.SH NAME\ninsforge\\-errors \\- codes of errors \
         and warnings\n.SH DESCRIPTION\nWith \\fB\\-\\-json\\fR, an error is the last line on stderr, and its \
         \\fBcode\\fR is one of these. \\fBinsforge explain\\fR prints the same texts.\n",
    );
    let sections: [(&str, &str, &str); 3] = [
        ("CODES OF INSFORGE", "tool", "error"),
        ("CODES OF THE BACKEND", "backend", "error"),
        ("WARNINGS", "tool", "warning"),
    ];
    for (heading, origin, kind) in sections {
        page += &format!(".SH \"{heading}\"\n");
        for known in all.iter().filter(|known| known["origin"] == origin && known["kind"] == kind) {
            page += &entry(known);
        }
    }
    page + ".SH \"SEE ALSO\"\n\\fBinsforge\\fR(1)\n"
}

fn entry(known: &Value) -> String {
    let text = |name: &str| escaped(known[name].as_str().expect("a text"));
    let mut lines = vec![format!(".TP\n\\fB{}\\fR\n{}.", text("code"), text("meaning"))];
    lines.push(format!(".br\nCause: {}.", text("cause")));
    lines.push(format!(".br\nRemedy: {}.", text("fix")));
    if known["kind"] == "error" {
        let retry = match known["retryable"].as_bool() {
            Some(true) => "retry: safe",
            Some(false) => "retry: no; fix the cause first",
            None => "retry: see `retryable` in the error",
        };
        let exits: Vec<String> =
            known["exitCodes"].as_array().expect("codes").iter().map(ToString::to_string).collect();
        lines.push(format!(".br\nExit code: {}; {retry}.", exits.join(", ")));
    }
    lines.join("\n") + "\n"
}

/// Escapes a text for troff. None of the texts begins with a dot or an apostrophe.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('`', "\\(ga")
}
