//! Sets what `insforge --version -v` shows of the build: `INSFORGE_TARGET`, and `INSFORGE_COMMIT`, a hash and a date.
//!
//! The commit comes from the first of these that has one. The date may be missing. Changes that are not committed do not show.
//!
//! 1. the variable `INSFORGE_BUILD_COMMIT`, for packagers: `git log -1 --format='%H %cs'`
//! 2. the file that `cargo package` adds to a crate, which has no date
//! 3. git, in release builds only: otherwise every commit would compile the program again
#![allow(clippy::print_stdout, reason = "the output is for cargo")]

use std::path::Path;
use std::process::Command;
use std::{env, fs};

const VARIABLE: &str = "INSFORGE_BUILD_COMMIT";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    println!("cargo::rustc-env=INSFORGE_TARGET={}", env::var("TARGET").unwrap_or_default());
    let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let commit = env::var(VARIABLE).ok().and_then(|text| valid(&text));
    let commit = commit.or_else(|| of_package(Path::new(&folder)));
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = commit.or_else(|| is_release.then(|| of_checkout(Path::new(&folder))).flatten());
    println!("cargo::rustc-env=INSFORGE_COMMIT={}", commit.unwrap_or_default());
}

/// The commit in a crate that `cargo package` made.
fn of_package(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join(".cargo_vcs_info.json")).ok()?;
    valid(text.split_once("\"sha1\"")?.1.split('"').nth(1)?)
}

/// The commit that is checked out.
fn of_checkout(folder: &Path) -> Option<String> {
    // With this option, git does not search the folders above, which may belong to another project. It also ignores the
    // variables of a git hook, and the owner of the folder, who may be another user in a container. `rev-list` runs no program
    // that the configuration names.
    let git_folder = folder.join(".git");
    let git = |args: &[&str]| {
        let output = Command::new("git").arg("--git-dir").arg(&git_folder).args(args).output().ok()?;
        String::from_utf8(output.stdout).ok().filter(|_| output.status.success())
    };
    // `commit HASH`, and a line with the date.
    let commit = git(&["rev-list", "--max-count=1", "--date=short", "--format=%cd", "HEAD"])?;
    let commit = valid(commit.strip_prefix("commit ")?)?;
    // Every commit and checkout adds a line to this log. Cargo takes a missing file for one that always changes.
    for name in ["logs/HEAD", "HEAD"] {
        let path = folder.join(git(&["rev-parse", "--git-path", name])?.trim_end());
        if path.exists() {
            println!("cargo::rerun-if-changed={}", path.display());
            break;
        }
    }
    Some(commit)
}

/// The text as `HASH DATE` or `HASH`, if it is one.
fn valid(text: &str) -> Option<String> {
    let mut words = text.split_whitespace();
    let hash = words.next()?;
    let date = words.next();
    let is_hash = hash.len() >= 7 && hash.chars().all(|c| c.is_ascii_hexdigit());
    let is_date =
        date.is_none_or(|date| date.len() == 10 && date.chars().all(|c| c.is_ascii_digit() || c == '-'));
    let is_valid = is_hash && is_date && words.next().is_none();
    is_valid.then(|| [Some(hash), date].into_iter().flatten().collect::<Vec<_>>().join(" "))
}
