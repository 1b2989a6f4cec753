//! Runs the binary in a hermetic environment: its own home directory, no other variables, and a backend on a free port of
//! this machine. The output of every run is searched for secrets.

pub mod all_formats;
pub mod approval;
#[cfg(feature = "sandbox")]
pub mod browser;
pub mod pty;
pub mod recordings;
pub mod replies;
pub mod running;
#[cfg(feature = "sandbox")]
pub mod sdk;
pub mod secrets;
#[cfg(feature = "sandbox")]
pub mod shop;
mod shutdown;
#[cfg(feature = "sandbox")]
pub mod stripe_catalog;
pub mod stub;
pub mod tls;
#[cfg(feature = "sandbox")]
pub mod workflow;

#[allow(unused_imports, reason = "tests/faults has addresses of its own")]
pub use stub::dead_address;

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The API key of every test. It must never appear in any output.
pub const KEY: &str = "ik_test0secret1key2that3nobody4may5see";
/// This key, and secrets that some recordings have in plain text.
const SECRETS: [&str; 4] = [KEY, "sk_test_alpha", "sk_live_alpha", "that3nobody4may5see"];

/// A user: home directory, working directory and environment.
pub struct User {
    pub home: TempDir,
    variables: Vec<(String, String)>,
    directory: Option<PathBuf>,
}

/// The exit code and output of a run.
#[derive(Clone, Debug)]
pub struct RunOutput {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl User {
    /// A user without files and variables.
    pub fn new() -> Self {
        let home = tempfile::Builder::new().prefix("insforge-home-").tempdir().expect("a temporary home");
        Self { home, variables: Vec::new(), directory: None }
    }

    /// A user whose environment names this backend and a key.
    pub fn of(address: &str) -> Self {
        Self::new().with("INSFORGE_BASE_URL", address).with("INSFORGE_API_KEY", KEY)
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    pub fn in_directory(mut self, directory: &Path) -> Self {
        self.directory = Some(directory.to_owned());
        self
    }

    /// A path in the user's home.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.home.path().join(relative)
    }

    /// Writes a file in the user's home, for the user alone.
    pub fn write(&self, relative: &str, text: &str) -> PathBuf {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(&path, text).expect("a file");
        set_mode(&path, 0o600);
        path
    }

    /// Writes a script of sh in the user's home. It replaces a link, which can be to a program of the system.
    pub fn write_program(&self, relative: &str, script: &str) -> PathBuf {
        let _ = std::fs::remove_file(self.path(relative));
        let path = self.write(relative, &format!("#!/bin/sh\n{script}\n"));
        set_mode(&path, 0o755);
        path
    }

    pub fn read(&self, relative: &str) -> String {
        std::fs::read_to_string(self.path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
    }

    /// A command that runs the binary with this user's environment.
    pub fn command(&self, args: &[&str]) -> Command {
        let [program, before @ ..] = binary_with_signals() else { unreachable!("there is a program") };
        self.command_of(program, &[before, args].concat())
    }

    /// A command that runs any program with this user's environment.
    pub fn command_of(&self, program: impl AsRef<OsStr>, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).env_clear().envs(self.environment());
        command.current_dir(self.directory.as_deref().unwrap_or(self.home.path()));
        command
    }

    /// The variables that the programs see.
    pub fn environment(&self) -> Vec<(String, String)> {
        let home = self.home.path().display().to_string();
        let mut all = vec![
            ("HOME".to_owned(), home.clone()),
            ("XDG_RUNTIME_DIR".to_owned(), format!("{home}/run")),
            // Without a bus, no test uses the keyring of the person who runs it.
            ("DBUS_SESSION_BUS_ADDRESS".to_owned(), format!("unix:path={home}/no-bus")),
            ("TZ".to_owned(), "UTC".to_owned()),
            ("PATH".to_owned(), std::env::var("PATH").unwrap_or_default()),
        ];
        all.retain(|(name, _)| !self.variables.iter().any(|(own, _)| own == name));
        all.extend(self.variables.iter().cloned());
        all
    }

    /// Runs the binary with closed stdin.
    pub fn run(&self, args: &[&str]) -> RunOutput {
        self.run_with_stdin(args, "")
    }

    /// Runs the binary with this on stdin.
    pub fn run_with_stdin(&self, args: &[&str], stdin: &str) -> RunOutput {
        finish(self.command(args), stdin)
    }

    /// Runs the binary with arguments that need not be UTF-8.
    pub fn run_raw(&self, args: &[&OsStr]) -> RunOutput {
        let mut command = self.command(&[]);
        command.args(args);
        finish(command, "")
    }
}

/// The command line of the binary, with default handling of signals. A script that runs the tests in the background sets
/// them to be ignored, and child processes inherit that.
pub fn binary_with_signals() -> &'static [&'static str] {
    const BINARY: &str = env!("CARGO_BIN_EXE_insforge");
    static IGNORED: OnceLock<bool> = OnceLock::new();
    let ignored = IGNORED.get_or_init(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or_default();
        // HUP, INT, QUIT and TERM.
        u64::from_str_radix(mask.trim(), 16).unwrap_or_default() & 0b100_0000_0000_0111 != 0
    });
    if *ignored { &["/usr/bin/env", "--default-signal=HUP,INT,QUIT,TERM", BINARY] } else { &[BINARY] }
}

/// Runs a command to its end.
pub fn finish(mut command: Command, stdin: impl AsRef<[u8]>) -> RunOutput {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    // A command that reads no stdin may end before this is written.
    let _ = child.stdin.take().expect("stdin").write_all(stdin.as_ref());
    RunOutput::of(&child.wait_with_output().expect("the binary ends"))
}

impl RunOutput {
    fn of(output: &Output) -> Self {
        let ran = Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        assert_no_secret(&ran.stdout);
        assert_no_secret(&ran.stderr);
        ran
    }

    /// Asserts the exit code. The failure shows all output.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The last line of stderr as JSON: the error.
    #[track_caller]
    pub fn error(&self) -> Value {
        let last = self.stderr.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts that stderr contains each of these texts.
    #[track_caller]
    pub fn stderr_has(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.stderr.contains(text), "stderr lacks {text:?}:\n{}", self.stderr);
        }
        self
    }
}

/// The path of a program in `PATH`. In CI, there must be one.
pub fn find_program(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file());
    assert!(found.is_some() || !is_ci(), "{program} is not installed");
    if found.is_none() {
        println!("skipped: {program} is not installed");
    }
    found
}

/// The search path, with this folder first.
pub fn path_with(folder: &Path) -> String {
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default())
}

/// The search path, with the folder of the binary first.
pub fn path_with_binary() -> String {
    path_with(Path::new(env!("CARGO_BIN_EXE_insforge")).parent().expect("a folder"))
}

/// Whether this is a CI job, in which a missing program fails a test.
pub fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|text| !text.is_empty())
}

/// A command that runs the binary through another program, such as `prlimit`.
pub fn wrapped(user: &User, wrapper: &[&str], args: &[&str]) -> Command {
    user.command_of(wrapper[0], &[&wrapper[1..], binary_with_signals(), args].concat())
}

/// The sorted names in a directory. A missing directory has none.
pub fn names_in(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

/// The files in a directory, and in its directories, that contain the key in plain text. A key that is cut is a key, too.
pub fn files_with_key(directory: &Path) -> Vec<String> {
    fn search(directory: &Path, found: &mut Vec<PathBuf>) {
        for path in names_in(directory).iter().map(|name| directory.join(name)) {
            let kind = std::fs::symlink_metadata(&path).expect("a file").file_type();
            if kind.is_dir() {
                search(&path, found);
            } else if kind.is_file() && has_key(&std::fs::read(&path).expect("a file")) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    search(directory, &mut found);
    let relative = |path: PathBuf| path.strip_prefix(directory).expect("inside").display().to_string();
    found.into_iter().map(relative).collect()
}

fn has_key(content: &[u8]) -> bool {
    let part = &KEY.as_bytes()[..KEY.len() / 2];
    content.windows(part.len()).any(|window| window == part)
}

/// Waits for a process to exit, and returns its exit code. Panics after the timeout, so that the test does not hang.
#[track_caller]
pub fn wait_for_exit(child: &mut Child, timeout: Duration) -> i32 {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a status") {
            return status.code().unwrap_or(-1);
        }
        if start.elapsed() > timeout {
            let _ = child.kill();
            panic!("the process did not exit");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Sends a signal such as `-INT` to a process.
#[track_caller]
pub fn signal(process: u32, signal: &str) {
    let killed = Command::new("kill").args([signal, &process.to_string()]).status();
    assert!(killed.expect("kill").success());
}

/// Asserts that the output has no secret, in any form. Every test calls this with the output of every run.
#[track_caller]
pub fn assert_no_secret(text: &str) {
    static FORMS: OnceLock<Vec<String>> = OnceLock::new();
    let forms = FORMS.get_or_init(|| SECRETS.iter().flat_map(|secret| secrets::forms(secret)).collect());
    for form in forms {
        assert!(!text.contains(form), "a secret was printed, as {form}: {text}");
    }
}

/// Sets a file's mode.
pub fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
}

/// A file's mode.
pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

/// The line with `when` in place of timestamps, which differ in each run.
pub fn without_timestamps(line: &str) -> String {
    replace_timestamps(line, |_| "when")
}

/// The text with zeros for the digits of timestamps. Its width does not change.
pub fn zeroed_timestamps(text: &str) -> String {
    replace_timestamps(text, |pattern| pattern)
}

fn replace_timestamps(line: &str, replacement: impl Fn(&'static str) -> &'static str) -> String {
    const PATTERNS: [&str; 3] = ["0000-00-00T00:00:00.000Z", "0000-00-00T00:00:00Z", "0000-00-00 00:00"];
    let pattern_at = |rest: &str| {
        PATTERNS.into_iter().find(|pattern| {
            rest.as_bytes().get(..pattern.len()).is_some_and(|text| {
                let fits = |(byte, pattern): (&u8, u8)| {
                    if pattern == b'0' { byte.is_ascii_digit() } else { *byte == pattern }
                };
                text.iter().zip(pattern.bytes()).all(fits)
            })
        })
    };
    let mut out = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let pattern = pattern_at(rest);
        match pattern {
            Some(pattern) => out.push_str(replacement(pattern)),
            None => out.push(first),
        }
        rest = &rest[pattern.map_or(first.len_utf8(), str::len)..];
    }
    out
}

/// Runs a command line, and appends it and its output to a transcript.
pub fn run_and_record(user: &User, line: &str, stdin: &str, transcript: &mut String) -> RunOutput {
    let line = line.trim_end();
    let words = shell_words::split(line).expect("words");
    let ran = user.run_with_stdin(&words.iter().map(String::as_str).collect::<Vec<_>>(), stdin);
    let input = if stdin.is_empty() { String::new() } else { format!(" < {stdin}") };
    let _ = writeln!(transcript, "$ insforge {line}{input}");
    for text in [&ran.stdout, &ran.stderr] {
        for line in text.lines() {
            let _ = writeln!(transcript, "{}", without_timestamps(line.trim_end()));
        }
    }
    let _ = writeln!(transcript, "exit {}\n", ran.code);
    ran
}

/// Compares a text with a golden file, or writes the file if `INSFORGE_UPDATE` is set.
pub fn assert_golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("INSFORGE_UPDATE").is_some() {
        std::fs::write(&path, actual).expect("the golden file");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some((line, (expected, actual))) =
        expected.lines().zip(actual.lines()).enumerate().find(|(_, (expected, actual))| expected != actual)
    {
        panic!(
            "{}:{}\n expected: {expected}\n   actual: {actual}\nTo accept the new text: INSFORGE_UPDATE=1 cargo test",
            path.display(),
            line + 1
        );
    }
    assert_eq!(expected.lines().count(), actual.lines().count(), "{} has another length", path.display());
}
