//! Checks what a release depends on: the addresses of this project, the release notes, and the workflows.
#![cfg(unix)]
#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "tests fail by panicking")]
#![allow(unreachable_pub, reason = "a harness is read more often than it is linked")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

#[path = "harness/workflow.rs"]
mod workflow;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const VERSION: &str = env!("CARGO_PKG_VERSION");
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// The repositories of other projects that are named in this one, and their owners.
const OTHER_REPOSITORIES: [&str; 3] =
    ["01mf02/jaq", "cargo-bins/cargo-binstall", "rust-lang/crates-io-auth-action"];
const OTHER_OWNERS: [&str; 2] = ["actions", "sponsors"];

/// All text files of the repository, with their paths in it.
fn files() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if path.is_dir() && !["target", ".git", "node_modules"].contains(&name.as_str()) {
                walk(&path, found);
            } else if path.is_file() && name != "Cargo.lock" {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    walk(Path::new(ROOT), &mut paths);
    let name = |path: &Path| path.strip_prefix(ROOT).expect("a file of the project").display().to_string();
    paths.sort();
    // What is not text has no address.
    paths.iter().filter_map(|path| Some((name(path), fs::read_to_string(path).ok()?))).collect()
}

/// The workflows, the action and the example, with their paths.
fn workflows() -> Vec<(String, String)> {
    let is_workflow = |name: &str| {
        name.starts_with(".github/workflows/")
            || ["action.yml", "examples/github-workflow.yml"].contains(&name)
    };
    files().into_iter().filter(|(name, _)| is_workflow(name)).collect()
}

/// `OWNER/NAME` at the beginning of a text.
fn repository_at(text: &str) -> Option<String> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_./".contains(c))).unwrap_or(text.len());
    let (owner, rest) = text[..end].split_once('/')?;
    let name = rest.split('/').next()?.trim_end_matches('.').trim_end_matches(".git");
    (!["", "."].contains(&owner) && !name.is_empty()).then(|| format!("{owner}/{name}"))
}

/// To give the project another address, change `repository` in Cargo.toml. This test then names every other place.
#[test]
fn every_mention_of_the_repository_has_its_address() {
    let (host, own) = REPOSITORY.trim_start_matches("https://").split_once('/').expect("a repository");
    // What an OWNER/NAME follows.
    let beginnings = ["github.com/", "githubusercontent.com/", "uses: ", "--repo "];
    let mut mentions = 0;
    let mut wrong = Vec::new();
    for (file, text) in files() {
        for (line, number) in text.lines().zip(1..) {
            for beginning in beginnings {
                for (at, _) in line.match_indices(beginning) {
                    let Some(repository) = repository_at(&line[at + beginning.len()..]) else { continue };
                    let owner = repository.split('/').next().expect("an owner");
                    if repository == own && host == "github.com" {
                        mentions += 1;
                    } else if !OTHER_REPOSITORIES.contains(&repository.as_str())
                        && !OTHER_OWNERS.contains(&owner)
                    {
                        wrong.push(format!("{file}:{number}: {repository}"));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "the repository is {REPOSITORY}, but these lines name another one. If it belongs to another project, \
         add it to OTHER_REPOSITORIES:\n{}",
        wrong.join("\n")
    );
    assert!(mentions > 5, "only {mentions} mentions were found; this test does not read the files correctly");
}

#[test]
fn every_mention_of_this_version_is_current() {
    // What a version of this program follows.
    let action = format!("{}@v", REPOSITORY.rsplit('/').next().expect("a name"));
    let beginnings = [&action, "releases/download/v", "insforge-", "insforge_", "--version "];
    let mut mentions = 0;
    let mut wrong = Vec::new();
    for (file, text) in files() {
        let is_text = ["md", "yml"].iter().any(|extension| file.ends_with(&format!(".{extension}")));
        if !is_text || file == "CHANGELOG.md" {
            continue;
        }
        for (line, number) in text.lines().zip(1..) {
            for rest in beginnings.iter().flat_map(|beginning| line.split(beginning).skip(1)) {
                let is_other = |c: char| !(c.is_ascii_digit() || c == '.');
                let version = rest.split(is_other).next().unwrap_or_default().trim_end_matches('.');
                if version.contains('.') {
                    mentions += 1;
                    if version != VERSION {
                        wrong.push(format!("{file}:{number}: {version}"));
                    }
                }
            }
        }
    }
    let (_, action) = workflows().into_iter().find(|(name, _)| name == "action.yml").expect("the action");
    for (_, default) in workflow::values(&action).iter().filter(|(path, _)| path == "inputs.version.default")
    {
        mentions += 1;
        if default != VERSION {
            wrong.push(format!("action.yml: {default} in inputs.version.default"));
        }
    }
    assert!(
        wrong.is_empty(),
        "the version is {VERSION}, but these lines name another one:\n{}",
        wrong.join("\n")
    );
    assert!(mentions > 8, "only {mentions} mentions were found; this test does not read the files correctly");
}

#[test]
fn actions_are_pinned_to_a_commit() {
    let mut pins: BTreeMap<String, String> = BTreeMap::new();
    for (file, text) in workflows() {
        for line in text.lines() {
            let Some((_, action)) = line.split_once("uses: ") else { continue };
            if action.starts_with("./")
                || action.starts_with(REPOSITORY.trim_start_matches("https://github.com/"))
            {
                continue;
            }
            let (name, pin) = action.split_once('@').unwrap_or_else(|| panic!("{file}: {action}"));
            let (commit, version) =
                pin.split_once(" # v").unwrap_or_else(|| panic!("{file}: {action} names no version"));
            let is_commit = commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit());
            assert!(is_commit && version.starts_with(|c: char| c.is_ascii_digit()), "{file}: {action}");
            let known = pins.entry(name.to_owned()).or_insert_with(|| pin.to_owned());
            assert_eq!(known, pin, "{file}: another place has another version of {name}");
        }
    }
    assert!(pins.len() > 5, "{pins:?}");
}

/// GitHub replaces an expression in a script before the shell reads it, so its value would be code.
#[test]
fn scripts_of_workflows_contain_no_expressions() {
    let mut count = 0;
    for (file, text) in workflows() {
        for script in workflow::scripts(&text) {
            count += 1;
            assert!(!script.script.contains("${{"), "{file}: pass it in `env`:\n{}", script.script);
        }
    }
    assert!(count > 20, "only {count} scripts were found");
}

#[test]
fn workflows_have_only_the_permissions_that_they_need() {
    for (file, text) in workflows().iter().filter(|(file, _)| file != "action.yml") {
        let values = workflow::values(text);
        let (path, value) = values.iter().find(|(path, _)| path.starts_with("permissions")).expect(file);
        assert!(
            value == "{}" || (path == "permissions.contents" && value == "read"),
            "{file}: {path}: {value}"
        );
        for (path, value) in &values {
            if value.starts_with("actions/checkout@") {
                let option = path.replace(".uses", ".with.persist-credentials");
                assert!(
                    values.contains(&(option.clone(), "false".to_owned())),
                    "{file}: {option} is missing"
                );
            }
            // An environment has reviewers.
            let is_write = path.contains(".permissions.") && value == "write";
            let job = path.split('.').nth(1).unwrap_or_default();
            let is_protected = values.contains(&(format!("jobs.{job}.environment"), "release".to_owned()));
            assert!(
                !is_write || is_protected || job == "attest",
                "{file}: {path} has no protected environment"
            );
            if value.contains("secrets.") {
                assert!(path.contains(".env."), "{file}: {path} is not a variable");
            }
        }
    }
}

/// A checkout with these notes and this version.
fn checkout(changelog: &str) -> TempDir {
    let checkout = TempDir::new().expect("a folder");
    let place = checkout.path();
    fs::create_dir(place.join("packaging")).expect("a folder");
    fs::copy(Path::new(ROOT).join("packaging/notes.sh"), place.join("packaging/notes.sh")).expect("notes.sh");
    fs::write(place.join("CHANGELOG.md"), changelog).expect("a file");
    fs::write(place.join("Cargo.toml"), "[workspace.package]\nversion = \"1.2.0\"\n").expect("a file");
    checkout
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_notes_are_the_section_of_the_version() {
    const CHANGELOG: &str = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-12-01\n\n### Added\n\n- A \\n in `a|b`.\n\n\
                             ## [1.2.0-rc.1]\n\n- Less.\n\n## [1.1.0]\n- First.\n";
    let checkout = checkout(CHANGELOG);
    let notes = |version: &str| -> Output {
        Command::new(checkout.path().join("packaging/notes.sh")).arg(version).output().expect("notes.sh")
    };
    for (version, expected) in
        [("1.2.0", "### Added\n\n- A \\n in `a|b`.\n"), ("1.2.0-rc.1", "- Less.\n"), ("1.1.0", "- First.\n")]
    {
        assert_eq!(text(&notes(version).stdout), expected);
    }
    for version in ["Unreleased", "1.2", "9.9.9"] {
        let output = notes(version);
        assert_eq!(output.status.code(), Some(1), "{version}");
        assert_eq!(
            text(&output.stderr),
            format!("error: CHANGELOG.md has no notes under '## [{version}]'\n")
        );
    }
}

#[test]
fn a_release_needs_a_tag_of_its_version_and_notes() {
    const RELEASED: &str = "## [Unreleased]\n\n- Next.\n\n## [1.2.0]\n\n- Notes.\n";
    const UNRELEASED: &str = "## [Unreleased]\n\n- Next.\n";
    let (_, release) =
        workflows().into_iter().find(|(name, _)| name.ends_with("/release.yml")).expect("the workflow");
    let scripts = workflow::scripts(&release);
    let check = scripts.iter().find(|script| script.job == "check").expect("the check");
    for (event, name, changelog, code, expected) in [
        ("push", "v1.2.0", RELEASED, 0, "- Notes.\n"),
        (
            "push",
            "v1.2.1",
            RELEASED,
            1,
            "::error::The tag is v1.2.1, but the version in Cargo.toml is 1.2.0\n",
        ),
        ("push", "v1.2.0", UNRELEASED, 1, ""),
        ("workflow_dispatch", "main", RELEASED, 0, "- Notes.\n"),
        ("workflow_dispatch", "main", UNRELEASED, 0, "- Next.\n"),
    ] {
        let checkout = checkout(changelog);
        let mut command = Command::new("bash");
        command.args(check.bash_arguments()).current_dir(checkout.path());
        command.env("GITHUB_EVENT_NAME", event).env("GITHUB_REF_NAME", name);
        let output = command.output().expect("bash");
        assert_eq!(output.status.code(), Some(code), "{event} {name}: {}", text(&output.stderr));
        let notes = fs::read_to_string(checkout.path().join("notes.md")).unwrap_or_default();
        assert_eq!(text(&output.stdout) + &notes, expected, "{event} {name}");
    }
}

/// Checks the reader of the workflows.
#[test]
fn the_reader_of_workflows_reads_keys_lists_and_blocks() {
    const TEXT: &str = "\
# A comment
name: \"a: b\" # another
on:
  push:
    branches: [main]
env:
  A: one
jobs:
  first:
    env:
      A: two
    steps:
      - uses: actions/x@y
        with:
          a: b
      - name: Run
        env:
          B: ${{ vars.B }}
        run: |
          if true; then
            echo # no comment

          fi
      - run: echo one
  second:
    steps:
      - run: echo: two
";
    let values = workflow::values(TEXT);
    let value =
        |path: &str| &values.iter().find(|(known, _)| known == path).unwrap_or_else(|| panic!("{path}")).1;
    for (path, expected) in [
        ("name", "a: b"),
        ("on.push.branches", "[main]"),
        ("jobs.first.steps.0.with.a", "b"),
        ("jobs.first.steps.1.run", "if true; then\n  echo # no comment\n\nfi\n"),
        ("jobs.first.steps.2.run", "echo one"),
        ("jobs.second.steps.0.run", "echo: two"),
    ] {
        assert_eq!(value(path), expected, "{path}");
    }
    let scripts = workflow::scripts(TEXT);
    assert_eq!(
        scripts.iter().map(|script| script.job.as_str()).collect::<Vec<_>>(),
        ["first", "first", "second"]
    );
    let variables: Vec<String> =
        scripts[0].variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(variables, ["A=one", "A=two", "B=${{ vars.B }}"]);
}
