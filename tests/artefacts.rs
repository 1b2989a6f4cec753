//! The completion scripts and man pages in the repository are what the command tree says. They are written by this
//! test with `INSFORGE_UPDATE=1 cargo test --test artefacts`, and checked by it without.
// They are of the whole tool.
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
use clap_complete::Shell;
use clap_mangen::Man;
use serde_json::Value;

/// Compares a folder with what it should hold: every file, and no other.
fn assert_folder(name: &str, expected: &BTreeMap<String, Vec<u8>>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("INSFORGE_UPDATE").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the folder");
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
        "{name}/ has other files: INSFORGE_UPDATE=1 cargo test --test artefacts"
    );
    for (file, content) in expected {
        assert!(
            actual[file] == *content,
            "{name}/{file} is not current: INSFORGE_UPDATE=1 cargo test --test artefacts"
        );
    }
}

#[test]
fn completion_scripts_are_current() {
    let scripts = [
        (Shell::Bash, "insforge.bash"),
        (Shell::Zsh, "_insforge"),
        (Shell::Fish, "insforge.fish"),
        (Shell::PowerShell, "_insforge.ps1"),
        (Shell::Elvish, "insforge.elv"),
    ];
    let expected = scripts.map(|(shell, file)| {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut insforge::command(), "insforge", &mut script);
        (file.to_owned(), script)
    });
    assert_folder("completions", &BTreeMap::from(expected));
}

#[test]
fn man_pages_are_current() {
    let mut root = insforge::command();
    root.build();
    let mut pages = BTreeMap::new();
    render(&root, &mut pages);
    assert!(pages.contains_key("insforge-payments-products-get.1"), "{:?}", pages.keys());
    pages.insert("insforge-errors.7".to_owned(), errors_page().into_bytes());
    assert_folder("man", &pages);
}

/// A page for each command, in the short form: the tree under a provider's name is the same again.
fn render(command: &Command, pages: &mut BTreeMap<String, Vec<u8>>) {
    let mut page = Vec::new();
    let man = Man::new(command.clone()).manual("InsForge Manual").source("insforge");
    man.render(&mut page).expect("a page");
    pages.insert(man.get_filename(), page);
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "stripe") {
        render(sub, pages);
    }
}

/// The page of the error codes: what `explain` says of all of them.
fn errors_page() -> String {
    let mut binary = Process::new(env!("CARGO_BIN_EXE_insforge"));
    let output = binary.args(["explain", "--json"]).env_clear().output().expect("the binary runs");
    let all: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    let mut page = String::from(
        ".TH insforge\\-errors 7 \"\" insforge \"InsForge Manual\"\n.SH NAME\ninsforge\\-errors \\- the codes of \
         errors and warnings\n.SH DESCRIPTION\nWith \\fB\\-\\-json\\fR an error is the last line on stderr and has its \
         code in \\fBcode\\fR. \\fBinsforge explain\\fR says the same as this page.\n",
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
    lines.push(format!(".br\nWhat to do: {}.", text("fix")));
    if known["kind"] == "error" {
        let again = match known["retryable"].as_bool() {
            Some(true) => "running it again is safe",
            Some(false) => "not to be run again as it is",
            None => "the error says whether it can be run again",
        };
        let exits: Vec<String> =
            known["exitCodes"].as_array().expect("codes").iter().map(ToString::to_string).collect();
        lines.push(format!(".br\nExit code: {}; {again}.", exits.join(", ")));
    }
    lines.join("\n") + "\n"
}

/// As troff wants it; none of the texts begins with a dot or an apostrophe.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('`', "\\(ga")
}
