//! `link` in a directory of somebody else: its links, its special files, and its git repository lead nowhere.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::harness::recordings::{self, Generation};
use super::harness::stub::Stub;
use super::harness::{KEY, RunOutput, User, files_with_key, mode, names_in};

/// A user in a cloned repository, and a backend.
struct Repository {
    user: User,
    stub: Stub,
}

impl Repository {
    fn new() -> Self {
        let user = User::new();
        fs::create_dir(user.path("repo")).expect("a directory");
        let directory = user.path("repo");
        Self { user: user.in_directory(&directory), stub: recordings::serve_in(Generation::Newer, vec![]) }
    }

    fn with(self, name: &str, value: &str) -> Self {
        Self { user: self.user.with(name, value), ..self }
    }

    fn link(&self) -> RunOutput {
        let args = ["link", "--api-base-url", &self.stub.address, "--api-key-stdin"];
        self.user.run_with_stdin(&args, KEY)
    }

    /// A git command in the repository, with the user's environment. Returns its output.
    fn git(&self, args: &[&str]) -> String {
        let mut command = self.user.command_of("git", args);
        let output = command.stderr(Stdio::null()).output().expect("git");
        String::from_utf8(output.stdout).expect("text")
    }

    /// An executable file that creates the file `ran` when it runs. Returns the path.
    fn trap(&self, path: &str) -> PathBuf {
        let ran = self.user.path("ran");
        self.user.write_program(path, &format!("touch '{}'", ran.display()))
    }

    /// Whether a trap ran since the last question.
    fn trap_ran(&self) -> bool {
        fs::remove_file(self.user.path("ran")).is_ok()
    }
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
}

#[test]
fn link_writes_no_key_through_a_symbolic_link() {
    for directory in ["/dev", "OUTSIDE", "../outside", "missing", "../repo/src"] {
        let repo = Repository::new();
        fs::create_dir_all(repo.user.path("outside")).expect("a directory");
        fs::create_dir_all(repo.user.path("repo/src")).expect("a directory");
        let target = directory.replace("OUTSIDE", repo.user.path("outside").to_str().expect("a path"));
        symlink(&target, repo.user.path("repo/.insforge")).expect("a link");
        repo.link().exits(1).stderr_has(&[
            "error: Cannot write ",
            "/repo/.insforge\n  it is a symbolic link to ",
            &target,
            "hint: remove the symbolic link",
        ]);
        assert_eq!(names_in(&repo.user.path("outside")), [""; 0], "{directory}");
        assert_eq!(files_with_key(repo.user.home.path()), [""; 0], "{directory}");
    }
    for file in ["/dev/null", "/dev/stderr", "../../outside", "missing", "../src/app.js", "project.json"] {
        let repo = Repository::new();
        let outside = repo.user.write("outside", "{}");
        repo.user.write("repo/src/app.js", "{}");
        fs::create_dir_all(repo.user.path("repo/.insforge")).expect("a directory");
        symlink(file, repo.user.path("repo/.insforge/project.json")).expect("a link");
        let error = repo.link().exits(1).stderr_has(&["it is a symbolic link to", file]);
        assert!(error.stdout.is_empty());
        assert_eq!(fs::read_to_string(&outside).expect("it stays"), "{}");
        assert_eq!(names_in(&repo.user.path("repo/.insforge")), ["project.json"], "{file}");
        assert_eq!(files_with_key(repo.user.home.path()), [""; 0], "{file}");
    }
    let repo = Repository::new();
    symlink("elsewhere", repo.user.path("repo/.insforge")).expect("a link");
    let args = ["link", "--api-base-url", &repo.stub.address, "--api-key-stdin", "--json"];
    assert_eq!(repo.user.run_with_stdin(&args, KEY).exits(1).error()["code"], "FILE_FAILED");
}

/// Whatever has the name of the temporary file or of the lock is removed, and never opened.
#[test]
fn link_opens_nothing_that_has_the_name_of_its_own_files() {
    for name in ["project.json.insforge-new", "project.json.insforge-lock"] {
        for kind in ["symbolic", "dangling", "hard", "pipe", "file"] {
            let repo = Repository::new();
            let victim = repo.user.write("repo/src/victim", "mine");
            fs::create_dir_all(repo.user.path("repo/.insforge")).expect("a directory");
            let planted = repo.user.path("repo/.insforge").join(name);
            match kind {
                "symbolic" => symlink("../src/victim", &planted).expect("a link"),
                "dangling" => symlink("../src/new", &planted).expect("a link"),
                "hard" => fs::hard_link(&victim, &planted).expect("a link"),
                "pipe" => pipe(&planted),
                _ => fs::write(&planted, "theirs").expect("a file"),
            }
            repo.link().exits(0);
            assert_eq!(fs::read_to_string(&victim).expect("it stays"), "mine", "{kind} {name}");
            assert_eq!(names_in(&repo.user.path("repo/src")), ["victim"], "{kind} {name}");
            assert_eq!(names_in(&repo.user.path("repo/.insforge")), ["project.json"], "{kind} {name}");
            assert_eq!(mode(&repo.user.path("repo/.insforge/project.json")), 0o600);
        }
        let repo = Repository::new();
        fs::create_dir_all(repo.user.path("repo/.insforge").join(name)).expect("a directory");
        repo.link().exits(1).stderr_has(&["error: Cannot write ", "project.json\n"]);
        assert_eq!(files_with_key(repo.user.home.path()), [""; 0]);
    }
}

#[test]
fn link_replaces_a_hard_link_and_refuses_a_pipe() {
    let repo = Repository::new();
    fs::create_dir_all(repo.user.path("repo/.insforge")).expect("a directory");
    let other = repo.user.write("outside", "{\"custom\": 1}");
    fs::hard_link(&other, repo.user.path("repo/.insforge/project.json")).expect("a link");
    repo.link().exits(0);
    assert_eq!(fs::read_to_string(&other).expect("it stays"), "{\"custom\": 1}");
    assert!(repo.user.read("repo/.insforge/project.json").contains("\"custom\": 1"));

    let repo = Repository::new();
    fs::create_dir_all(repo.user.path("repo/.insforge")).expect("a directory");
    pipe(&repo.user.path("repo/.insforge/project.json"));
    repo.link().exits(1).stderr_has(&["it is not a regular file"]);
    assert_eq!(names_in(&repo.user.path("repo/.insforge")), ["project.json"]);
}

/// Git itself runs these programs for `git check-ignore`.
#[test]
fn link_runs_no_program_that_the_repository_configures() {
    let repo = Repository::new();
    repo.git(&["init", "--quiet"]);
    repo.user.write("repo/a", "a");
    repo.git(&["add", "a"]);
    let trap = repo.trap("repo/trap");
    let trap = trap.to_str().expect("a path");
    repo.git(&["config", "core.fsmonitor", trap]);
    repo.git(&["config", "core.untrackedCache", "true"]);
    repo.git(&["config", "core.pager", trap]);
    repo.git(&["config", "pager.check-ignore", trap]);
    repo.git(&["config", "alias.check-ignore", &format!("!{trap}")]);
    repo.git(&["config", "core.hooksPath", "."]);
    repo.trap("repo/post-index-change");
    let asked = ["check-ignore", "--quiet", ".insforge/project.json"];
    repo.git(&asked);
    assert!(repo.trap_ran(), "git runs core.fsmonitor");
    repo.link().exits(0).stderr_has(&["git does not ignore .insforge/project.json"]);
    assert!(!repo.trap_ran(), "link runs it");

    // An object of the index is missing, and git fetches it from an address that is a command.
    let repo = Repository::new();
    let trap = repo.trap("repo/trap");
    repo.git(&["init", "--quiet"]);
    repo.user.write("repo/.gitignore", "*\n");
    repo.git(&["add", "--force", ".gitignore"]);
    repo.git(&["update-index", "--skip-worktree", ".gitignore"]);
    let object = repo.git(&["rev-parse", ":.gitignore"]);
    let (folder, file) = object.trim().split_at(2);
    fs::remove_file(repo.user.path("repo/.git/objects").join(folder).join(file)).expect("the object");
    fs::remove_file(repo.user.path("repo/.gitignore")).expect("the file");
    for (name, value) in [
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.url", &format!("ext::{}", trap.display())),
        ("protocol.ext.allow", "always"),
    ] {
        repo.git(&["config", name, value]);
    }
    repo.git(&asked);
    assert!(repo.trap_ran(), "git fetches the object");
    repo.link().exits(0);
    assert!(!repo.trap_ran(), "link fetches it");
}

#[test]
fn link_runs_no_git_from_a_relative_directory() {
    let path = std::env::var("PATH").expect("PATH");
    for before in [".", "", "bin", "./bin"] {
        let repo = Repository::new().with("PATH", &format!("{before}:{path}"));
        repo.git(&["init", "--quiet"]);
        repo.trap("repo/git");
        repo.trap("repo/bin/git");
        repo.link().exits(0).stderr_has(&["git does not ignore"]);
        assert!(!repo.trap_ran(), "PATH={before:?}");
    }
    // Without git, nothing is said.
    let repo = Repository::new().with("PATH", ".");
    repo.trap("repo/git");
    let ran = repo.link().exits(0);
    assert!(!repo.trap_ran() && !ran.stderr.contains("warning"), "{ran:?}");
}

/// Git's own variables can name another repository, such as in a hook.
#[test]
fn link_asks_about_the_repository_of_its_own_directory() {
    let repo = Repository::new();
    let other = repo.user.path("other");
    repo.git(&["init", "--quiet"]);
    repo.git(&["init", "--quiet", other.to_str().expect("a path")]);
    repo.user.write("other/.git/info/exclude", ".insforge\n");
    let git_directory = other.join(".git").display().to_string();
    let repo = repo.with("GIT_DIR", &git_directory).with("GIT_WORK_TREE", ".");
    assert_eq!(repo.git(&["check-ignore", ".insforge/project.json"]), ".insforge/project.json\n");
    repo.link().exits(0).stderr_has(&["git does not ignore"]);
}

#[test]
fn a_git_that_hangs_does_not_keep_link_waiting() {
    let repo = Repository::new();
    repo.git(&["init", "--quiet"]);
    pipe(&repo.user.path("repo/pipe"));
    repo.git(&["config", "core.excludesFile", repo.user.path("repo/pipe").to_str().expect("a path")]);
    let started = Instant::now();
    repo.link().exits(0).stderr_has(&[
        "warning: git did not answer within 5 s; check that it ignores .insforge/project.json",
        "✓ Linked to ",
    ]);
    assert!(started.elapsed() < Duration::from_secs(20));
}

/// The audit trail, from the user's home.
const AUDIT: &str = ".local/state/insforge/guard-audit.jsonl";

impl Repository {
    /// A linked repository. Its file has another field, too.
    fn linked() -> Self {
        let repo = Self::new();
        repo.user.write("repo/.insforge/project.json", "{\"custom\": {\"a\": 1}}");
        repo.link().exits(0);
        repo
    }

    fn file(&self) -> Value {
        serde_json::from_str(&self.user.read("repo/.insforge/project.json")).expect("JSON")
    }

    /// The lines of the audit trail.
    fn audit(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.user.path(AUDIT)).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    fn path(&self) -> String {
        self.user.path("repo/.insforge/project.json").display().to_string()
    }
}

/// `link --guard` and `link --no-guard` in a linked directory need no key and no backend, and change only their own field.
#[test]
fn link_turns_the_guard_on_and_removes_it() {
    let repo = Repository::linked();
    let (linked, requests) = (repo.file(), repo.stub.requests().len());
    let with_guard = |repo: &Repository| {
        let mut expected = linked.clone();
        expected["guard"] = true.into();
        assert_eq!(repo.file(), expected);
        assert_eq!(mode(&repo.user.path("repo/.insforge/project.json")), 0o600);
        assert_eq!(names_in(&repo.user.path("repo/.insforge")), ["project.json"]);
    };
    let on = format!(
        "✓ The guard of {} is on.\n  In this directory, a person has to approve destructive changes, in test too.\n",
        repo.path()
    );
    assert_eq!(repo.user.run(&["link", "--guard"]).exits(0).stderr, on);
    with_guard(&repo);
    let again = format!("✓ The guard of {} was already on.\n", repo.path());
    assert_eq!(repo.user.run(&["link", "--guard"]).exits(0).stderr, again);
    with_guard(&repo);
    let report = repo.user.run(&["link", "--guard", "--json"]).exits(0);
    let expected = json!({"backend": repo.stub.address, "file": repo.path(), "guard": true});
    assert_eq!((report.json(), &*report.stderr), (expected, ""));
    // Another link keeps it, and says so.
    repo.link().exits(0).stderr_has(&["✓ Linked to ", "  The guard of this directory stays on.\n"]);
    with_guard(&repo);
    let requests_of_link = repo.stub.requests().len() - requests;
    assert!(repo.audit().is_empty(), "{:?}", repo.audit());

    let removed = repo.user.run(&["link", "--no-guard", "--reason", "the shop moved"]).exits(0);
    assert_eq!(
        removed.stderr,
        format!(
            "✓ The guard of {} is removed.\n  The audit trail records this: see `insforge approvals`.\n",
            repo.path()
        )
    );
    assert_eq!(repo.file(), linked);
    let entries = repo.audit();
    let [entry] = &*entries else { panic!("{entries:?}") };
    assert_eq!(entry["decision"], "guard_removed");
    assert_eq!(entry["change"], json!(format!("Turn off the guard of {}", repo.path())));
    assert_eq!(entry["command"], "insforge link --no-guard --reason 'the shop moved'");
    assert_eq!(entry["reason"], "the shop moved");
    // What removes no guard is not recorded.
    let again = repo.user.run(&["link", "--no-guard"]).exits(0);
    assert_eq!(again.stderr, format!("✓ {} has no guard.\n", repo.path()));
    let report = repo.user.run(&["link", "--no-guard", "--json"]).exits(0).json();
    assert_eq!(report["guard"], false);
    repo.user.write("repo/.insforge/project.json", "{\"guard\": false, \"a\": 1}");
    let report = repo.user.run(&["link", "--no-guard", "--json"]).exits(0).json();
    assert_eq!((&report["guard"], &report["backend"]), (&json!(false), &Value::Null));
    assert_eq!(repo.file(), json!({"a": 1}));
    assert_eq!(repo.audit().len(), 1);
    assert_eq!(repo.stub.requests().len(), requests + requests_of_link, "only the link contacts the backend");
}

#[test]
fn link_sets_a_backend_and_the_guard_at_once() {
    let repo = Repository::new();
    let link = ["link", "--api-base-url", &repo.stub.address, "--api-key-stdin"];
    let run = |more: &[&str]| repo.user.run_with_stdin(&[&link[..], more].concat(), KEY).exits(0);
    run(&["--guard"]).stderr_has(&["✓ Linked to ", "✓ The guard of ", " is on.\n"]);
    assert_eq!((&repo.file()["guard"], &repo.file()["api_key"]), (&json!(true), &json!(KEY)));
    let report = run(&["--no-guard", "--json"]).json();
    assert_eq!(report, json!({"backend": repo.stub.address, "file": repo.path(), "guard": false}));
    assert_eq!((repo.file().get("guard"), &repo.file()["api_key"]), (None, &json!(KEY)));
    assert_eq!(repo.audit().len(), 1);
    assert_eq!(run(&["--json"]).json()["guard"], false);
    // A key that the backend refuses changes nothing.
    run(&["--guard"]);
    let refused = ["link", "--api-base-url", &repo.stub.address, "--api-key-stdin", "--no-guard"];
    let before = repo.file();
    repo.user.run_with_stdin(&refused, "sk_live_0123456789abcdef").exits(2);
    assert_eq!((repo.file(), repo.audit().len()), (before, 1));
}

/// What cannot be recorded is not done.
#[test]
fn a_guard_whose_removal_cannot_be_recorded_stays() {
    let repo = Repository::linked();
    repo.user.run(&["link", "--guard"]).exits(0);
    let before = repo.file();
    fs::create_dir_all(repo.user.path(AUDIT)).expect("a directory in place of the file");
    repo.user.run(&["link", "--no-guard"]).exits(1).stderr_has(&[
        "error: Cannot write ",
        "guard-audit.jsonl\n",
        "  removing a guard is recorded in this file, so the guard was not removed\n",
    ]);
    assert_eq!(repo.file(), before);
    assert_eq!(names_in(&repo.user.path("repo/.insforge")), ["project.json"]);
    let link = ["link", "--api-base-url", &repo.stub.address, "--api-key-stdin", "--no-guard"];
    repo.user.run_with_stdin(&link, KEY).exits(1);
    assert_eq!(repo.file(), before);
    // Without a guard, there is nothing to record.
    repo.user.write("repo/.insforge/project.json", "{}");
    repo.user.run(&["link", "--no-guard"]).exits(0);
}

#[test]
fn the_guard_of_a_directory_that_is_not_linked_is_an_error() {
    let repo = Repository::new();
    repo.user.run(&["link", "--guard"]).exits(3).stderr_has(&[
        "error: This directory is not linked to a backend\n",
        "/repo/.insforge/project.json does not exist\n",
        "hint: link it with `insforge link --api-base-url URL --guard`\n",
    ]);
    assert_eq!(names_in(&repo.user.path("repo")), [""; 0]);
    let error = repo.user.run(&["link", "--no-guard", "--json"]).exits(3).error();
    assert_eq!(error["code"], "NOT_LINKED");
    assert!(error["hint"].as_str().expect("a hint").contains("`insforge current`"), "{error}");
    // A link above is not the link of this directory.
    repo.user.write(".insforge/project.json", "{}");
    for flag in ["--guard", "--no-guard"] {
        let parent = repo.user.path("repo").parent().expect("a parent").display().to_string();
        let hint = format!("hint: run the command in {parent}, which is linked");
        repo.user.run(&["link", flag]).exits(3).stderr_has(&[&hint]);
    }
    assert_eq!(repo.user.read(".insforge/project.json"), "{}");
}

/// The nearest file counts, so a new link can hide the guard of a directory above.
#[test]
fn link_says_that_it_hides_the_guard_of_a_parent() {
    let repo = Repository::new();
    let parent = repo.user.write(".insforge/project.json", "{\"guard\": true}");
    let hidden = format!(
        "  The guard of {} does not count here; to turn on a guard here, run `insforge link --guard`.\n",
        parent.display()
    );
    repo.link().exits(0).stderr_has(&["✓ Linked to ", &hidden]);
    repo.user.run(&["link", "--no-guard"]).exits(0).stderr_has(&[&hidden]);
    let guarded = repo.user.run(&["link", "--guard"]).exits(0);
    assert!(!guarded.stderr.contains("does not count"), "{guarded:?}");
}

#[test]
fn the_options_of_the_guard_are_checked() {
    let repo = Repository::linked();
    let before = repo.file();
    for (args, text) in [
        (&["link", "--guard", "--no-guard"][..], "'--guard' cannot be used with '--no-guard'"),
        (&["link"], "--api-base-url"),
        (&["link", "--guard", "--api-key-stdin"], "--api-key-stdin requires --api-base-url"),
        (&["link", "--guard", "--api-key-file", "key"], "--api-key-file requires --api-base-url"),
        (&["link", "--no-guard", "--api-key", "ik_0123456789abcdef"], "Missing --api-base-url <URL>"),
        (&["link", "--guard", "--api-url", "https://x.example"], "`link` does not take --api-url"),
        (&["link", "--guard", "--dry-run"], "--dry-run is only for"),
    ] {
        repo.user.run_with_stdin(args, KEY).exits(64).stderr_has(&[text]);
    }
    assert_eq!(repo.file(), before);
}

/// The file can be somebody else's.
#[test]
fn the_guard_is_written_through_no_link_and_into_no_invalid_file() {
    for flag in ["--guard", "--no-guard"] {
        let repo = Repository::new();
        let outside = repo.user.write("outside", "{\"guard\": true}");
        fs::create_dir_all(repo.user.path("repo/.insforge")).expect("a directory");
        let file = repo.user.path("repo/.insforge/project.json");
        symlink("../../outside", &file).expect("a link");
        repo.user.run(&["link", flag]).exits(1).stderr_has(&["it is a symbolic link to"]);
        fs::remove_file(&file).expect("the link");
        pipe(&file);
        repo.user.run(&["link", flag]).exits(1).stderr_has(&["it is not a regular file"]);
        fs::remove_file(&file).expect("the pipe");
        for (text, says) in [("no JSON", "project.json:1:2: "), ("{\"live\": 1}", "`live` is invalid in ")] {
            repo.user.write("repo/.insforge/project.json", text);
            repo.user.run(&["link", flag]).exits(1).stderr_has(&[says]);
            assert_eq!(repo.user.read("repo/.insforge/project.json"), text);
        }
        assert_eq!(fs::read_to_string(&outside).expect("it stays"), "{\"guard\": true}");
        assert!(repo.audit().is_empty());
        // Both fix a guard that cannot be read.
        repo.user.write("repo/.insforge/project.json", "{\"guard\": \"yes\"}");
        repo.user.run(&["link", flag]).exits(0);
        let expected = if flag == "--guard" { json!({"guard": true}) } else { json!({}) };
        assert_eq!(repo.file(), expected);
    }
}

/// The environment decides, whatever the file says.
#[test]
fn a_variable_that_overrides_the_guard_is_reported() {
    let repo = Repository::linked().with("INSFORGE_GUARD", "0");
    let text = format!("warning: INSFORGE_GUARD turns off the guard of {}\n", repo.path());
    repo.user.run(&["link", "--guard"]).exits(0).stderr_has(&[&text, " is on.\n"]);
    let repo = repo.with("INSFORGE_GUARD", "1");
    repo.user
        .run(&["link", "--no-guard"])
        .exits(0)
        .stderr_has(&[" is removed.\n", "  INSFORGE_GUARD still turns the guard on.\n"]);
}

/// The lock of a state file in the repository is beside it.
#[cfg(feature = "sandbox")]
#[test]
fn the_sandbox_opens_no_lock_that_is_a_link_or_a_pipe() {
    let repo = Repository::new();
    let exec = ["sandbox", "exec", "--state", "shop.json", "--", "true"];
    pipe(&repo.user.path("repo/shop.json.lock"));
    repo.user.run(&exec).exits(1).stderr_has(&["shop.json.lock is not a regular file"]);
    fs::remove_file(repo.user.path("repo/shop.json.lock")).expect("the pipe");
    symlink("../outside", repo.user.path("repo/shop.json.lock")).expect("a link");
    repo.user.run(&exec).exits(1).stderr_has(&["shop.json.lock is not a regular file"]);
    assert!(!repo.user.path("outside").exists());
    fs::remove_file(repo.user.path("repo/shop.json.lock")).expect("the link");
    repo.user.run(&exec).exits(0);
}
