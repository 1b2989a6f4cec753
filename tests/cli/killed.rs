//! Processes that are killed while they write: each file has its old or its new content, and the next run removes the rest.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::Command;

use super::harness::recordings::{self, Generation};
use super::harness::stub::Stub;
use super::harness::{KEY, RunOutput, User, files_with_key, find_program, finish, is_ci, names_in, wrapped};

const CONFIG: &str = ".config/insforge/config.toml";
const CREDENTIALS: &str = ".config/insforge/credentials.toml";
const SETTINGS: &str = ".config/insforge";
/// A run that a signal ended.
const KILLED: i32 = -1;
/// More calls than a run makes, and more bytes than it writes.
const MANY: usize = 2000;

/// Reports a number beside the test's name. The test runner captures the output of passing tests.
fn report(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Runs the binary with a limit for the size of files. The system kills it at the first byte above the limit.
fn run_with_limit(user: &User, limit: usize, args: &[&str], stdin: &str) -> RunOutput {
    let limit = format!("--fsize={limit}");
    finish(wrapped(user, &["prlimit", &limit, "--core=0"], args), stdin)
}

fn login_args<'a>(stub: &'a Stub, profile: &'a str) -> [&'a str; 6] {
    ["login", "--api-url", &stub.address, "--api-key-stdin", "-p", profile]
}

fn backend() -> Stub {
    recordings::serve_in(Generation::Newer, vec![])
}

/// The files of the user's settings with their content.
fn settings(user: &User) -> BTreeMap<String, String> {
    let names = names_in(&user.path(SETTINGS)).into_iter();
    names.map(|name| (name.clone(), user.read(&format!("{SETTINGS}/{name}")))).collect()
}

#[test]
fn a_first_login_that_is_killed_at_any_byte_leaves_no_key() {
    let stub = backend();
    let mut with_key = 0;
    for limit in 0..MANY {
        let user = User::new();
        // The file with the key is longer than the other one.
        if run_with_limit(&user, limit, &login_args(&stub, "default"), KEY).code != KILLED {
            assert!(limit > 60, "only {limit} kills");
            user.run(&["payments", "status"]).exits(0);
            assert!(with_key > 10, "only {with_key} leftovers had the key");
            report(&format!("killed logins: {limit}, leftovers with a key: {with_key}"));
            return;
        }
        with_key += files_with_key(user.home.path()).len();
        // The next run needs no login.
        user.run(&["logout", "-p", "nobody"]).exits(4);
        assert_eq!(files_with_key(user.home.path()), [""; 0], "after {limit} bytes");
        let names = names_in(&user.path(SETTINGS));
        assert!(names.is_empty() || names == ["config.toml"], "after {limit} bytes: {names:?}");
    }
    panic!("the login never succeeds");
}

#[test]
fn a_login_that_is_killed_at_any_byte_keeps_the_other_logins() {
    let stub = backend();
    let user = User::new();
    let user = user.with("INSFORGE_OUTPUT", "json");
    user.run_with_stdin(&login_args(&stub, "old"), "ik_old0123456789").exits(0);
    let before = user.read(CREDENTIALS);
    for limit in 0..MANY {
        let code = run_with_limit(&user, limit, &login_args(&stub, "new"), KEY).code;
        user.run(&["payments", "status", "-p", "old"]).exits(0);
        assert_eq!(names_in(&user.path(SETTINGS)), ["config.toml", "credentials.toml"]);
        if code != KILLED {
            assert!(limit > before.len(), "only {limit} kills");
            user.run(&["payments", "status", "-p", "new"]).exits(0);
            report(&format!("killed logins beside another one: {limit}"));
            return;
        }
        assert_eq!(user.read(CREDENTIALS), before);
    }
    panic!("the login never succeeds");
}

#[test]
fn a_link_that_is_killed_at_any_byte_keeps_the_earlier_link() {
    let stub = backend();
    let link = ["link", "--api-base-url", &stub.address, "--api-key-stdin"];
    for earlier in [None, Some(format!("{{\"oss_host\": \"{}\", \"api_key\": \"ik_old\"}}", stub.address))] {
        let user = User::new();
        if let Some(text) = &earlier {
            user.write(".insforge/project.json", text);
        }
        let killed = (0..MANY).step_by(3).take_while(|limit| {
            let killed = run_with_limit(&user, *limit, &link, KEY).code == KILLED;
            if killed {
                user.run(&["payments", "status"]).exits(if earlier.is_some() { 0 } else { 3 });
                assert_eq!(files_with_key(user.home.path()), [""; 0], "after {limit} bytes");
                let names = names_in(&user.path(".insforge"));
                assert_eq!(names.len(), usize::from(earlier.is_some()), "after {limit} bytes: {names:?}");
            }
            killed
        });
        let killed = killed.count();
        assert!(killed > 60, "only {killed} kills");
        user.run(&["payments", "status"]).exits(0);
        report(&format!("killed links: {killed}"));
    }
}

#[cfg(feature = "sandbox")]
#[test]
fn a_write_to_the_sandbox_that_is_killed_keeps_its_state() {
    let user = User::new();
    let create = ["--sandbox", "payments", "products", "create", "--name", "Mug"];
    user.run(&["--sandbox", "payments", "status"]).exits(0);
    let file = user.run(&["sandbox", "path"]).exits(0).stdout;
    let file = std::path::Path::new(file.trim_end());
    let before = fs::read_to_string(file).expect("the state");
    let mut killed = 0;
    // The new state is longer than the old one.
    for limit in (0..before.len()).step_by(before.len() / 100) {
        assert_eq!(run_with_limit(&user, limit, &create, "").code, KILLED, "after {limit} bytes");
        assert_eq!(fs::read_to_string(file).expect("the state"), before, "after {limit} bytes");
        killed += 1;
    }
    user.run(&create).exits(0);
    assert!(fs::read_to_string(file).expect("the state").contains("\"Mug\""));
    let names = names_in(file.parent().expect("a directory"));
    assert!(!names.iter().any(|name| name.ends_with("-new")), "{names:?}");
    report(&format!("killed writes to the sandbox: {killed}"));
}

/// Whether `strace` can kill a process here. In CI it must be installed.
fn can_inject() -> bool {
    let usable = find_program("strace").is_some()
        && Command::new("strace")
            .args(["-qq", "-o", "/dev/null", "true"])
            .status()
            .is_ok_and(|it| it.success());
    assert!(usable || !is_ci(), "strace is missing or not permitted: apt-get install strace");
    if !usable {
        report("test skipped: strace is missing or not permitted");
    }
    usable
}

/// The system calls that change files.
const CALLS: [&str; 7] = ["mkdir", "openat", "flock", "write", "fsync", "rename", "unlink"];

/// Runs a command again and again, and kills it before each of its system calls, one per run. `prepare` makes a new user,
/// `check` checks what is left. Returns the number of kills.
fn kill_at_every_call(prepare: impl Fn() -> User, args: &[&str], check: impl Fn(&User, &str)) -> usize {
    let mut kills = 0;
    for call in CALLS {
        for count in 1..MANY {
            let user = prepare();
            let inject = format!("inject={call}:signal=KILL:when={count}");
            let trace = format!("trace={call}");
            let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
            let ran = finish(wrapped(&user, &strace, args), KEY);
            if ran.code != KILLED {
                ran.exits(0);
                break;
            }
            kills += 1;
            check(&user, &format!("{} killed at {call} {count}", args[0]));
        }
    }
    kills
}

#[test]
fn a_command_that_is_killed_at_any_system_call_loses_nothing() {
    if !can_inject() {
        return;
    }
    let stub = backend();
    let with_login = |names: &[&str]| {
        let user = User::new();
        for name in names {
            user.run_with_stdin(&login_args(&stub, name), "ik_old0123456789").exits(0);
        }
        user
    };
    // The next run uses the other login, which needs both files.
    let other_login_works = |user: &User, what: &str| {
        let ran = user.run(&["payments", "status", "-p", "old"]);
        assert_eq!(ran.code, 0, "{what}: {ran:?}");
        assert_eq!(names_in(&user.path(SETTINGS)), ["config.toml", "credentials.toml"], "{what}");
        let (config, keys) = (user.read(CONFIG), user.read(CREDENTIALS));
        assert!(!keys.contains("[new]") || config.contains("[profiles.new]"), "{what}: a key has no profile");
        let cache = names_in(&user.path(".cache/insforge"));
        assert!(cache.is_empty() || cache == ["backends.json"], "{what}: {cache:?}");
    };
    let mut kills = 0;
    kills += kill_at_every_call(|| with_login(&["old"]), &login_args(&stub, "new"), other_login_works);
    kills += kill_at_every_call(|| with_login(&["old", "new"]), &["logout", "-p", "new"], other_login_works);
    kills +=
        kill_at_every_call(|| with_login(&["old"]), &["payments", "status", "-p", "old"], other_login_works);
    kills += kill_at_every_call(
        || with_login(&["old"]),
        &["link", "--api-base-url", &stub.address, "--api-key-stdin"],
        |user, what| {
            other_login_works(user, what);
            user.run(&["payments", "status"]);
            let names = names_in(&user.path(".insforge"));
            assert!(names.is_empty() || names == ["project.json"], "{what}: {names:?}");
        },
    );
    assert!(kills > 100, "only {kills} kills");
    report(&format!("kills at system calls: {kills}"));
}

#[test]
fn logout_all_removes_every_leftover() {
    let stub = backend();
    let user = User::new();
    user.run_with_stdin(&login_args(&stub, "work"), KEY).exits(0);
    // The names of an older version, and of this one.
    let entry = format!("[lost]\napi_url = \"https://x.example\"\napi_key = \"{KEY}\"\n");
    for name in [".insforge-aB3xYz", "credentials.toml.insforge-new", "config.toml.insforge-new"] {
        user.write(&format!("{SETTINGS}/{name}"), &entry);
    }
    user.write(&format!("{SETTINGS}/.insforge-notes.md"), "mine");
    // A key whose login was killed before the profile was stored.
    user.write(CREDENTIALS, &format!("{}{entry}[team]\nname = \"x\"\n", user.read(CREDENTIALS)));
    let ran = user.run(&["logout", "--all", "--json"]).exits(0);
    assert_eq!(ran.json()["profiles"], serde_json::json!(["lost", "work"]));
    assert_eq!(files_with_key(user.home.path()), [""; 0]);
    let left = settings(&user);
    assert_eq!(left.keys().collect::<Vec<_>>(), [".insforge-notes.md", "config.toml", "credentials.toml"]);
    assert!(left["credentials.toml"].contains("[team]\nname = \"x\""), "{left:?}");
}

/// Such a file belongs to a process that is still writing.
#[test]
fn a_temporary_file_of_a_running_process_stays() {
    let user = User::new();
    let temporary = user.write(&format!("{CREDENTIALS}.insforge-new"), KEY);
    let lock = user.write(&format!("{CREDENTIALS}.insforge-lock"), "");
    let lock = fs::File::open(lock).expect("the lock");
    lock.lock().expect("the lock is free");
    user.run(&["logout", "--all"]).exits(0);
    assert!(temporary.exists());
    // Closing the file would not release the lock while another test starts a process, which has the file for a moment.
    lock.unlock().expect("the lock is released");
    user.run(&["logout"]).exits(0);
    assert_eq!(names_in(&user.path(SETTINGS)), [""; 0]);
}
