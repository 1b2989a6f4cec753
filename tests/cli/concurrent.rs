//! Many processes that change the same files at once, and file systems that are full or read-only.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::completion::{cached_files, stub_with_catalog, with_profiles};
use super::harness::recordings::{self, Generation};
use super::harness::stub::Stub;
use super::harness::{KEY, RunOutput, User, files_with_key, finish, is_ci, mode, names_in, wrapped};

/// How many processes run at once.
const PROCESSES: usize = 16;
const SETTINGS: &str = ".config/insforge";
const SETTINGS_FILES: [&str; 2] = ["config.toml", "credentials.toml"];

fn backend() -> Stub {
    recordings::serve_in(Generation::Newer, vec![])
}

/// Runs `work` on this many threads at once.
fn at_once(work: impl Fn(usize) + Sync) {
    thread::scope(|scope| {
        for number in 0..PROCESSES {
            let work = &work;
            scope.spawn(move || work(number));
        }
    });
}

fn login(user: &User, address: &str, profile: &str, key: &str) -> RunOutput {
    user.run_with_stdin(&["login", "--api-url", address, "--api-key-stdin", "-p", profile], key)
}

/// The key of a profile in the file.
fn stored_key(user: &User, profile: &str) -> Option<String> {
    let text = user.read(&format!("{SETTINGS}/credentials.toml"));
    let entries: toml::Table = toml::from_str(&text).expect("a complete file");
    Some(entries.get(profile)?.get("api_key")?.as_str()?.to_owned())
}

fn has_profile(user: &User, profile: &str) -> bool {
    let config: toml::Table =
        toml::from_str(&user.read(&format!("{SETTINGS}/config.toml"))).expect("a complete file");
    config.get("profiles").and_then(|profiles| profiles.get(profile)).is_some()
}

#[track_caller]
fn assert_private_and_alone(user: &User) {
    assert_eq!(names_in(&user.path(SETTINGS)), SETTINGS_FILES);
    for name in SETTINGS_FILES {
        assert_eq!(mode(&user.path(&format!("{SETTINGS}/{name}"))), 0o600, "{name}");
    }
}

#[test]
fn sixteen_processes_that_change_the_settings_lose_nothing() {
    let stubs: Vec<Stub> = (0..4).map(|_| backend()).collect();
    let user = User::new();
    at_once(|number| {
        let address = &stubs[number % stubs.len()].address;
        let (kept, removed) = (format!("kept{number}"), format!("removed{number}"));
        login(&user, address, &removed, "ik_removed0123").exits(0);
        login(&user, address, &kept, &format!("ik_first_{number}")).exits(0);
        user.run(&["payments", "status", "-p", &kept]).exits(0);
        user.run(&["logout", "-p", &removed]).exits(0);
        login(&user, address, &kept, &format!("ik_second_{number}")).exits(0);
    });
    for number in 0..PROCESSES {
        assert_eq!(stored_key(&user, &format!("kept{number}")), Some(format!("ik_second_{number}")));
        assert!(has_profile(&user, &format!("kept{number}")));
        assert_eq!(stored_key(&user, &format!("removed{number}")), None);
        assert!(!has_profile(&user, &format!("removed{number}")));
    }
    assert_private_and_alone(&user);
    let cache = user.read(".cache/insforge/backends.json");
    let cache: serde_json::Value = serde_json::from_str(&cache).expect("a complete file");
    assert!(cache.as_object().is_some_and(|map| !map.is_empty()), "{cache}");
    assert_eq!(names_in(&user.path(".cache/insforge")), ["backends.json"]);
    user.run(&["logout", "--all"]).exits(0);
    assert_eq!(user.read(&format!("{SETTINGS}/credentials.toml")).matches("ik_").count(), 0);
}

/// A process that is killed holds no lock, and damages nothing that another one stores.
#[test]
fn killed_processes_lose_nothing_of_others() {
    const ROUNDS: usize = 20;
    let stub = backend();
    let user = User::new();
    let kills = AtomicUsize::new(0);
    at_once(|number| {
        for round in 0..ROUNDS {
            let profile = format!("p{number}");
            if number % 2 == 0 {
                login(&user, &stub.address, &profile, &format!("ik_key_{number}_{round}")).exits(0);
                continue;
            }
            let args = ["login", "--api-url", &stub.address, "--api-key-stdin", "-p", &profile];
            let mut command = user.command(&args);
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().expect("the binary starts");
            let _ = child.stdin.take().expect("stdin").write_all(b"ik_killed");
            // Any moment is as good as another.
            thread::sleep(Duration::from_micros(((number * ROUNDS + round) * 7919 % 250_000) as u64));
            let _ = child.kill();
            let killed = child.wait().expect("it ends").code().is_none();
            kills.fetch_add(usize::from(killed), Ordering::Relaxed);
        }
    });
    // This run removes what the last killed process left.
    user.run(&["payments", "status", "-p", "p0"]).exits(0);
    for number in (0..PROCESSES).step_by(2) {
        let newest = format!("ik_key_{number}_{}", ROUNDS - 1);
        assert_eq!(stored_key(&user, &format!("p{number}")), Some(newest));
        assert!(has_profile(&user, &format!("p{number}")));
    }
    for number in (1..PROCESSES).step_by(2) {
        let profile = format!("p{number}");
        assert!(
            stored_key(&user, &profile).is_none() || has_profile(&user, &profile),
            "a key has no profile"
        );
    }
    assert_private_and_alone(&user);
    let _ =
        writeln!(std::io::stderr(), "kills beside {} logins: {}", PROCESSES / 2 * ROUNDS, kills.into_inner());
}

#[test]
fn sixteen_links_of_one_directory_leave_one_complete_file() {
    let stub = backend();
    let user = User::new();
    user.write(".insforge/project.json", "{\"custom\": {\"a\": 1}}");
    at_once(|number| {
        let link = ["link", "--api-base-url", &stub.address, "--api-key-stdin"];
        user.run_with_stdin(&link, &format!("ik_key_{number}")).exits(0);
    });
    let text = user.read(".insforge/project.json");
    let project: serde_json::Value = serde_json::from_str(&text).expect("a complete file");
    assert!(project["api_key"].as_str().is_some_and(|key| key.starts_with("ik_key_")), "{text}");
    assert_eq!(project["custom"]["a"], 1);
    assert_eq!(names_in(&user.path(".insforge")), ["project.json"]);
    assert_eq!(mode(&user.path(".insforge/project.json")), 0o600);
}

fn is_list(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "tsv")
}

#[test]
fn sixteen_completions_leave_complete_lists() {
    let stub = stub_with_catalog();
    let user = with_profiles(&[("a", &stub.address)]);
    let complete = |number: usize| {
        let kind = ["products", "prices"][number % 2];
        let mut command = user.command(&["--", "insforge", "payments", kind, "get", ""]);
        command.env("COMPLETE", "fish");
        finish(command, "").exits(0);
    };
    // On a slow machine, completion gives up before the backend answers.
    let found = (0..20).find_map(|_| {
        at_once(complete);
        Some(cached_files(&user)).filter(|files| files.iter().filter(|file| is_list(file)).count() >= 2)
    });
    let (lists, others): (Vec<_>, Vec<_>) = found.expect("lists").into_iter().partition(|file| is_list(file));
    assert!(!lists.is_empty());
    for file in lists {
        assert_eq!(mode(&file), 0o600);
        let text = fs::read_to_string(&file).expect("a list");
        assert!(text.is_empty() || text.ends_with('\n'), "{text:?}");
        assert!(text.lines().all(|line| line.matches('\t').count() == 3), "{text:?}");
    }
    // Completion ends at its limit, even while it writes. The next write of the list removes what is left.
    for file in others {
        let name = file.display().to_string();
        assert!([".tsv.insforge-new", ".tsv.insforge-lock"].iter().any(|end| name.ends_with(end)), "{name}");
    }
}

#[cfg(feature = "sandbox")]
#[test]
fn sixteen_writers_of_one_sandbox_lose_nothing() {
    const CREATES: usize = 4;
    let user = User::new();
    at_once(|number| {
        for round in 0..CREATES {
            let name = format!("Product {number}-{round}");
            user.run(&["--sandbox", "payments", "products", "create", "--name", &name]).exits(0);
        }
    });
    let listed = user.run(&["--sandbox", "payments", "products", "list", "--json"]).exits(0).json();
    let names: Vec<_> =
        listed["products"].as_array().expect("a list").iter().map(|it| it["name"].as_str()).collect();
    for (number, round) in (0..PROCESSES).flat_map(|number| (0..CREATES).map(move |round| (number, round))) {
        let name = format!("Product {number}-{round}");
        assert_eq!(names.iter().filter(|one| **one == Some(&name)).count(), 1, "{name}: {names:?}");
    }
    let folder = user.path(".local/share/insforge");
    assert_eq!(names_in(&folder), ["sandbox.json", "sandbox.json.lock"]);
    assert_eq!(mode(&folder.join("sandbox.json")), 0o600);
}

/// A file system for one directory, which only the tested process sees. It has the directory's files at the beginning, and
/// `after` holds its files at the end.
struct Mount {
    directory: &'static str,
    /// A shell command that changes the mounted file system `$D` before the run.
    change: &'static str,
}

const FULL: &str = "head -c 1M /dev/zero >\"$D/filler\" 2>/dev/null";
const READ_ONLY: &str = "mount -o remount,ro \"$D\"";

impl Mount {
    /// How to get a mount namespace. `None` if this is not permitted; with `CI` set, root must be permitted.
    fn namespace() -> Option<&'static [&'static str]> {
        let ways: [&[&str]; 2] = [&["unshare", "--mount"], &["unshare", "--map-root-user", "--mount"]];
        let found = ways.into_iter().find(|way| {
            let mut command = Command::new(way[0]);
            command.args(&way[1..]).args(["mount", "-t", "tmpfs", "none", "/mnt"]).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        });
        if found.is_none() {
            assert!(!(is_ci() && is_root()), "root cannot mount a file system in a namespace of its own");
            let _ = writeln!(std::io::stderr(), "test skipped: mounting is not permitted");
        }
        found
    }

    /// Runs the binary, and copies the files of the mounted directory to `after`.
    fn run(&self, namespace: &[&str], user: &User, args: &[&str], stdin: &str) -> RunOutput {
        let script = format!(
            "D=\"$HOME/{}\"; mkdir -p \"$D\" \"$HOME/after\"; cp -a \"$D\" \"$HOME/before\"
             mount -t tmpfs -o size=256k,mode=700 none \"$D\" && cp -a \"$HOME/before/.\" \"$D\" || exit 99
             {}
             \"$@\"; code=$?
             rm -f \"$D/filler\" 2>/dev/null; cp -a \"$D/.\" \"$HOME/after\"; exit $code",
            self.directory, self.change
        );
        let _ = fs::remove_dir_all(user.path("before"));
        let _ = fs::remove_dir_all(user.path("after"));
        let wrapper = [namespace, &["sh", "-c", &script, "sh"]].concat();
        finish(wrapped(user, &wrapper, args), stdin)
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// The names and contents of a directory's files.
fn contents(directory: &Path) -> Vec<(String, String)> {
    let names = names_in(directory).into_iter().filter(|name| name != "filler");
    names
        .map(|name| {
            let path = directory.join(&name);
            let text = if path.is_dir() { String::new() } else { fs::read_to_string(&path).expect("a file") };
            (name, text)
        })
        .collect()
}

#[test]
fn a_full_or_read_only_file_system_keeps_the_settings() {
    let Some(namespace) = Mount::namespace() else { return };
    let stub = backend();
    let link = ["link", "--api-base-url", &stub.address, "--api-key-stdin", "--json"];
    let project = format!("{{\"oss_host\": \"{}\", \"api_key\": \"ik_old\"}}", stub.address);
    for (change, reason) in [(FULL, "No space left on device"), (READ_ONLY, "Read-only file system")] {
        let login = ["login", "--api-url", &stub.address, "--api-key-stdin", "-p", "new", "--json"];
        for (directory, args) in
            [(SETTINGS, &login[..]), (SETTINGS, &["logout", "-p", "old", "--json"]), (".insforge", &link)]
        {
            let user = User::new();
            for profile in ["old", "other"] {
                self::login(&user, &stub.address, profile, "ik_old0123456789").exits(0);
            }
            user.write(".insforge/project.json", &project);
            let before = contents(&user.path(directory));
            let ran = Mount { directory, change }.run(namespace, &user, args, KEY).exits(1);
            let error = ran.error();
            assert_eq!(error["code"], "FILE_FAILED", "{ran:?}");
            assert!(error["error"].as_str().is_some_and(|text| text.starts_with("Cannot write ")), "{ran:?}");
            assert!(error["why"].as_str().is_some_and(|text| text.contains(reason)), "{ran:?}");
            assert!(ran.stdout.is_empty() || args[0] == "logout", "{ran:?}");
            assert_eq!(contents(&user.path("after")), before, "{args:?}: {change}");
            assert_eq!(files_with_key(user.home.path()), [""; 0], "{args:?}: {change}");
            // Commands that only read go on.
            let read = ["payments", "status", "-p", "old"];
            Mount { directory: SETTINGS, change }.run(namespace, &user, &read, "").exits(0);
        }
    }
}

#[test]
fn a_full_or_read_only_cache_is_no_error() {
    let Some(namespace) = Mount::namespace() else { return };
    let stub = backend();
    for change in [FULL, READ_ONLY] {
        for directory in [".cache", ".cache/insforge"] {
            let user = User::new();
            login(&user, &stub.address, "old", "ik_old0123456789").exits(0);
            let read = ["payments", "status", "-p", "old"];
            let ran = Mount { directory, change }.run(namespace, &user, &read, "").exits(0);
            assert_eq!(ran.stderr, "", "{change}");
        }
    }
}

#[cfg(feature = "sandbox")]
#[test]
fn a_full_or_read_only_file_system_keeps_the_state_of_the_sandbox() {
    let Some(namespace) = Mount::namespace() else { return };
    let folder = ".local/share/insforge";
    for (change, reason) in [(FULL, "No space left on device"), (READ_ONLY, "Read-only file system")] {
        let user = User::new();
        user.run(&["--sandbox", "payments", "status"]).exits(0);
        let before = contents(&user.path(folder));
        let create =
            ["--sandbox", "payments", "products", "create", "--name", "Mug", "--retries=0", "--json"];
        let ran = Mount { directory: folder, change }.run(namespace, &user, &create, "");
        assert_ne!(ran.code, 0, "{ran:?}");
        assert!(ran.stderr.contains(reason), "{change}: {ran:?}");
        assert_eq!(contents(&user.path("after")), before, "{change}");
    }
}
