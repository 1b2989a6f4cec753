//! The completion scripts and man pages in the repository are what the command tree says. They are written by this
//! test with `INSFORGE_UPDATE=1 cargo test --test artefacts`, and checked by it without.
// They are of the whole tool.
#![cfg(feature = "sandbox")]
#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

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
