//! The commit that `build.rs` finds. The script is compiled alone, and runs in folders of its own.
#![cfg(unix)]
#![allow(missing_docs, clippy::expect_used, reason = "tests fail by panicking")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs};

use tempfile::TempDir;

const HASH: &str = "0123456789abcdef0123456789abcdef01234567";

/// A folder with the sources of a build.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// A folder with a git repository and one commit of 2026-05-04.
    fn with_commit() -> Self {
        let folder = Self::new();
        folder.git(&["init", "--quiet"]);
        folder.commit();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn git(&self, args: &[&str]) -> String {
        let mut git = Command::new("git");
        // Neither the settings of the person who runs the test, nor the repository of a git hook that runs it.
        git.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default()).env("GIT_CONFIG_NOSYSTEM", "1");
        for name in ["GIT_AUTHOR", "GIT_COMMITTER"] {
            git.env(format!("{name}_NAME"), "A").env(format!("{name}_EMAIL"), "a@example.com");
            git.env(format!("{name}_DATE"), "2026-05-04T12:00:00Z");
        }
        let output = git.args(args).current_dir(self.0.path()).output().expect("git");
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).expect("a text").trim().to_owned()
    }

    fn commit(&self) {
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "A commit"]);
    }

    fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"]) + " 2026-05-04"
    }
}

/// What the script prints for a folder.
struct Ran(String);

impl Ran {
    fn release(folder: &Path, variables: &[(&str, &str)]) -> Self {
        Self::with(folder, &[&[("PROFILE", "release")], variables].concat())
    }

    fn with(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut script = Command::new(script());
        script.env_remove("INSFORGE_BUILD_COMMIT").env("CARGO_MANIFEST_DIR", folder);
        let output = script.env("TARGET", "wasm").envs(variables.iter().copied()).output().expect("it runs");
        assert!(output.status.success(), "{output:?}");
        Self(String::from_utf8(output.stdout).expect("a text"))
    }

    fn commit(&self) -> &str {
        let mut lines =
            self.0.lines().filter_map(|line| line.strip_prefix("cargo::rustc-env=INSFORGE_COMMIT="));
        lines.next().expect("a commit")
    }

    /// The files after whose change cargo runs the script again.
    fn watched(&self) -> Vec<PathBuf> {
        let lines = self.0.lines().filter_map(|line| line.strip_prefix("cargo::rerun-if-changed="));
        lines.map(PathBuf::from).collect()
    }
}

/// The compiled script.
fn script() -> &'static Path {
    static SCRIPT: OnceLock<PathBuf> = OnceLock::new();
    SCRIPT.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("build-script");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("build.rs");
        let rustc = Command::new("rustc").args(["--edition", "2024", "-o"]).arg(&path).arg(source).status();
        assert!(rustc.expect("rustc").success());
        path
    })
}

#[test]
fn a_release_build_has_the_commit_and_the_target() {
    let folder = Folder::with_commit();
    let ran = Ran::release(folder.0.path(), &[]);
    assert_eq!(ran.commit(), folder.head());
    assert!(ran.0.contains("cargo::rustc-env=INSFORGE_TARGET=wasm\n"), "{}", ran.0);
    // Cargo runs the script again after each commit.
    let watched = ran.watched();
    let log = watched.last().expect("a file");
    let before = fs::read(log).expect("the log");
    folder.commit();
    assert_ne!(fs::read(log).expect("the log"), before);
    // Without a log, git's own file is watched. One that is missing would make every build run the script.
    fs::remove_dir_all(folder.path(".git/logs")).expect("no logs");
    let ran = Ran::release(folder.0.path(), &[]);
    assert_eq!(ran.commit(), folder.head());
    assert!(ran.watched().iter().skip(1).all(|path| path.exists()) && ran.watched().len() == 2, "{}", ran.0);
}

/// Otherwise every commit would compile the program again.
#[test]
fn a_debug_build_does_not_read_git() {
    let ran = Ran::with(Folder::with_commit().0.path(), &[("PROFILE", "debug")]);
    assert_eq!((ran.commit(), ran.watched()), ("", vec![PathBuf::from("build.rs")]));
}

#[test]
fn a_worktree_has_its_own_commit() {
    let folder = Folder::with_commit();
    let other = Folder::new();
    folder.git(&["worktree", "add", "--quiet", &other.path("tree").display().to_string()]);
    let tree = Folder(tempfile::tempdir_in(other.0.path()).expect("a folder"));
    fs::rename(other.path("tree/.git"), tree.path(".git")).expect("the worktree's .git");
    folder.git(&["commit", "--quiet", "--allow-empty", "-m", "Another commit"]);
    let ran = Ran::release(tree.0.path(), &[]);
    assert_ne!(ran.commit(), folder.head());
    assert_eq!(ran.commit(), tree.head());
    assert!(ran.watched()[1].ends_with("worktrees/tree/logs/HEAD"), "{}", ran.0);
}

#[test]
fn the_commit_of_another_project_is_not_used() {
    let folder = Folder::with_commit();
    fs::create_dir(folder.path("vendored")).expect("a folder");
    assert_eq!(Ran::release(&folder.path("vendored"), &[]).commit(), "");
    // A hook of git sets this variable.
    let git_folder = folder.path(".git").display().to_string();
    let other = Folder::with_commit();
    other.git(&["commit", "--quiet", "--allow-empty", "-m", "Another commit"]);
    assert_eq!(Ran::release(other.0.path(), &[("GIT_DIR", &git_folder)]).commit(), other.head());
}

#[test]
fn the_commit_is_unknown_without_git_or_a_commit() {
    let folder = Folder::with_commit();
    assert_eq!(Ran::release(folder.0.path(), &[("PATH", "")]).commit(), "");
    let new = Folder::new();
    assert_eq!(Ran::release(new.0.path(), &[]).commit(), "");
    new.git(&["init", "--quiet"]);
    assert_eq!(Ran::release(new.0.path(), &[]).commit(), "");
}

#[test]
fn a_packaged_crate_has_its_commit_without_git() {
    let folder = Folder::new();
    let info = format!("{{\n  \"git\": {{\n    \"sha1\": \"{HASH}\"\n  }},\n  \"path_in_vcs\": \"\"\n}}");
    fs::write(folder.path(".cargo_vcs_info.json"), info).expect("a file");
    assert_eq!(Ran::release(folder.0.path(), &[("PATH", "")]).commit(), HASH);
}

#[test]
fn a_packager_sets_the_commit() {
    let folder = Folder::with_commit();
    let set =
        |text: &str| Ran::release(folder.0.path(), &[("INSFORGE_BUILD_COMMIT", text)]).commit().to_owned();
    let dated = format!("{HASH} 2026-01-02");
    assert_eq!((set(HASH), set(&dated)), (HASH.to_owned(), dated.clone()));
    for invalid in ["", "main", "0123456789 today", &format!("{HASH}\ncargo::rustc-env=INSFORGE_TARGET=x")] {
        assert_eq!(set(invalid), folder.head(), "{invalid:?}");
    }
}

/// The configuration of a folder can name programs.
#[test]
fn git_runs_no_program_of_the_folder() {
    let folder = Folder::with_commit();
    let head = folder.head();
    let program = folder.path("program");
    let ran = folder.path("ran");
    fs::write(&program, format!("#!/bin/sh\ntouch {}\n", ran.display())).expect("a program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a mode");
    let program = program.display().to_string();
    for name in
        ["core.fsmonitor", "core.pager", "pager.rev-list", "gpg.program", "core.sshCommand", "core.editor"]
    {
        folder.git(&["config", name, &program]);
    }
    folder.git(&["config", "alias.rev-list", &format!("!{program}")]);
    for (name, value) in [("log.showSignature", "true"), ("color.ui", "always"), ("core.abbrev", "7")] {
        folder.git(&["config", name, value]);
    }
    assert_eq!(Ran::release(folder.0.path(), &[]).commit(), head);
    assert!(!ran.exists(), "git ran a program");
}
