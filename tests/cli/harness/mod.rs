//! A hermetic place to run the binary in: a home of its own, a cleared environment, a backend on a free port of this
//! machine. Everything it prints is searched for secrets when it is checked in.

#[cfg(feature = "sandbox")]
pub mod at_stripe;
mod end;
pub mod forms;
pub mod pty;
pub mod recordings;
pub mod replies;
pub mod running;
#[cfg(feature = "sandbox")]
pub mod shop;
pub mod stub;

pub use stub::dead_address as dead;

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The API key that every test uses; it must never appear in any output.
pub const KEY: &str = "ik_test0secret1key2that3nobody4may5see";
/// Secrets that some recordings carry in clear.
const SECRETS: [&str; 4] = [KEY, "sk_test_alpha", "sk_live_alpha", "that3nobody4may5see"];

/// A user: home, working directory, environment.
pub struct User {
    pub home: TempDir,
    variables: Vec<(String, String)>,
    directory: Option<PathBuf>,
}

/// What a run did.
#[derive(Clone, Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl User {
    /// A user who has nothing.
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

    pub fn read(&self, relative: &str) -> String {
        std::fs::read_to_string(self.path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
    }

    /// The binary, in this user's surroundings.
    pub fn command(&self, args: &[&str]) -> Command {
        let [program, before @ ..] = undisturbed() else { unreachable!("there is a program") };
        let mut command = Command::new(program);
        command.args(before).args(args);
        self.surround(&mut command);
        command
    }

    fn surround(&self, command: &mut Command) {
        command.env_clear().envs(self.environment());
        command.current_dir(self.directory.as_deref().unwrap_or(self.home.path()));
    }

    /// The variables that the binary sees.
    pub fn environment(&self) -> Vec<(String, String)> {
        let home = self.home.path().display().to_string();
        let mut all = vec![
            ("HOME".to_owned(), home.clone()),
            ("XDG_RUNTIME_DIR".to_owned(), format!("{home}/run")),
            // No bus: the keyring of whoever runs the tests is not touched.
            ("DBUS_SESSION_BUS_ADDRESS".to_owned(), format!("unix:path={home}/no-bus")),
            ("TZ".to_owned(), "UTC".to_owned()),
            ("PATH".to_owned(), std::env::var("PATH").unwrap_or_default()),
        ];
        all.retain(|(name, _)| !self.variables.iter().any(|(own, _)| own == name));
        all.extend(self.variables.iter().cloned());
        all
    }

    /// Runs the binary with closed stdin.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with_stdin(args, "")
    }

    /// Runs the binary with this on stdin.
    pub fn run_with_stdin(&self, args: &[&str], stdin: &str) -> Ran {
        finish(self.command(args), stdin)
    }

    /// Runs the binary with arguments that need not be UTF-8.
    pub fn run_raw(&self, args: &[&OsStr]) -> Ran {
        let mut command = self.command(&[]);
        command.args(args);
        finish(command, "")
    }
}

/// The binary, started so that it hears signals. Whoever runs the tests in the background of a script has them ignored by all
/// that they start.
pub fn undisturbed() -> &'static [&'static str] {
    const BINARY: &str = env!("CARGO_BIN_EXE_insforge");
    static IGNORED: OnceLock<bool> = OnceLock::new();
    let ignored = IGNORED.get_or_init(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or_default();
        // HUP, INT, QUIT and TERM.
        u64::from_str_radix(mask.trim(), 16).unwrap_or_default() & 0b100_0000_0000_0111 != 0
    });
    if *ignored { &["env", "--default-signal=HUP,INT,QUIT,TERM", BINARY] } else { &[BINARY] }
}

/// Runs a prepared command to its end.
pub fn finish(mut command: Command, stdin: &str) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    // A command that reads no stdin may be gone before this is written.
    let _ = child.stdin.take().expect("stdin").write_all(stdin.as_bytes());
    Ran::of(&child.wait_with_output().expect("the binary ends"))
}

impl Ran {
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

    /// Asserts the exit code, showing everything when it is another.
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

    /// Asserts that stderr has each of these.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.stderr.contains(text), "stderr lacks {text:?}:\n{}", self.stderr);
        }
        self
    }
}

/// Whether a program can be run by its name.
pub fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// Whether what is not installed fails a test.
pub fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|text| !text.is_empty())
}

/// Waits for the end of a process, and gives its code; one that goes on for too long fails the test instead of hanging it.
#[track_caller]
pub fn ended_within(child: &mut Child, patience: Duration) -> i32 {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a status") {
            return status.code().unwrap_or(-1);
        }
        if start.elapsed() > patience {
            let _ = child.kill();
            panic!("it never ended");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Sends a signal, `-INT`, to a process.
#[track_caller]
pub fn signal(process: u32, signal: &str) {
    let killed = Command::new("kill").args([signal, &process.to_string()]).status();
    assert!(killed.expect("kill").success());
}

/// Every run of every test passes here: no stream may carry a secret.
#[track_caller]
pub fn assert_no_secret(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "a secret was printed: {text}");
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

/// A line with `when` for `2026-11-24 09:12` and for what JSON has of moments: they are others in each run.
pub fn without_moments(line: &str) -> String {
    replace_moments(line, |_| "when")
}

/// A text with zeros for the digits of moments, as wide as it was.
pub fn zeroed_timestamps(text: &str) -> String {
    replace_moments(text, |form| form)
}

fn replace_moments(line: &str, instead: impl Fn(&'static str) -> &'static str) -> String {
    const FORMS: [&str; 2] = ["0000-00-00T00:00:00.000Z", "0000-00-00 00:00"];
    let form_of = |rest: &str| {
        FORMS.into_iter().find(|form| {
            rest.as_bytes().get(..form.len()).is_some_and(|text| {
                let fits = |(byte, form): (&u8, u8)| {
                    if form == b'0' { byte.is_ascii_digit() } else { *byte == form }
                };
                text.iter().zip(form.bytes()).all(fits)
            })
        })
    };
    let mut out = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let form = form_of(rest);
        match form {
            Some(form) => out.push_str(instead(form)),
            None => out.push(first),
        }
        rest = &rest[form.map_or(first.len_utf8(), str::len)..];
    }
    out
}

/// Runs a command line, and writes down what there was to be seen.
pub fn tried(user: &User, line: &str, stdin: &str, seen: &mut String) -> Ran {
    let line = line.trim_end();
    let words = shell_words::split(line).expect("words");
    let ran = user.run_with_stdin(&words.iter().map(String::as_str).collect::<Vec<_>>(), stdin);
    let input = if stdin.is_empty() { String::new() } else { format!(" < {stdin}") };
    let _ = writeln!(seen, "$ insforge {line}{input}");
    for text in [&ran.stdout, &ran.stderr] {
        for line in text.lines() {
            let _ = writeln!(seen, "{}", without_moments(line.trim_end()));
        }
    }
    let _ = writeln!(seen, "exit {}\n", ran.code);
    ran
}

/// Compares with a file that is in the repository, or writes it when `INSFORGE_UPDATE` is set.
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
            "{}:{}\n expected: {expected}\n   actual: {actual}\nIf the new one is right: INSFORGE_UPDATE=1 cargo test",
            path.display(),
            line + 1
        );
    }
    assert_eq!(expected.lines().count(), actual.lines().count(), "{} has another length", path.display());
}
