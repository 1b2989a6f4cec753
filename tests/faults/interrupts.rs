//! Ctrl-C and SIGTERM in every command and at every stage: the run ends with 130 and says so, once.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::harness::running::listens_for_interrupts;
use super::harness::stub::{Answer, Stub};
use super::harness::{User, assert_no_secret};

/// Longer than any step takes.
const PATIENCE: Duration = Duration::from_secs(30);
const FOR_EVER: Duration = Duration::from_secs(3600);
const BOTH: [Signal; 2] = [Signal::SIGINT, Signal::SIGTERM];

/// The signals that were sent, for the counts at the end of each test.
static SENT: AtomicUsize = AtomicUsize::new(0);

/// A run that gets signals.
struct Run {
    child: Child,
    stderr: Receiver<String>,
}

impl Run {
    fn start(mut command: Command) -> Self {
        command.stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let mut stream = child.stderr.take().expect("stderr");
        let (sender, stderr) = mpsc::channel();
        thread::spawn(move || {
            let mut text = String::new();
            let _ = stream.read_to_string(&mut text);
            let _ = sender.send(text);
        });
        Self { child, stderr }
    }

    /// Waits until the program has installed its handlers, which it does before anything else.
    fn until_it_listens(self) -> Self {
        let started = Instant::now();
        while !listens_for_interrupts(self.child.id()) {
            assert!(started.elapsed() < PATIENCE, "it installs no handler");
            thread::yield_now();
        }
        self
    }

    /// Waits until its main thread has done nothing for a while.
    fn until_it_waits(self) -> Self {
        const A_WHILE: Duration = Duration::from_millis(30);
        let started = Instant::now();
        let (mut time, mut since) = (None, started);
        while time.is_none() || since.elapsed() < A_WHILE {
            assert!(started.elapsed() < PATIENCE, "it never waits");
            thread::sleep(Duration::from_millis(2));
            let now = time_of_sleeping(self.child.id());
            if now != time {
                (time, since) = (now, Instant::now());
            }
        }
        self
    }

    fn send(&self, signal: Signal) {
        SENT.fetch_add(1, Ordering::Relaxed);
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).expect("the process exists");
    }

    /// The exit code and stderr. Death by a signal is -1.
    #[track_caller]
    fn end(mut self) -> (i32, String) {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                break status;
            }
            if started.elapsed() > PATIENCE {
                let _ = self.child.kill();
                panic!("the run does not end");
            }
            thread::sleep(Duration::from_millis(2));
        };
        let stderr = self.stderr.recv_timeout(PATIENCE).expect("stderr ends");
        assert_no_secret(&stderr);
        (status.code().unwrap_or(-1), stderr)
    }
}

/// How long the main thread of a process has run, if it sleeps.
fn time_of_sleeping(process: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let sleeps = stat.rsplit_once(") ")?.1.starts_with('S');
    std::fs::read_to_string(format!("/proc/{process}/schedstat")).ok().filter(|_| sleeps)
}

/// Asserts that the run ended with 130 and its one message, which is the last one.
#[track_caller]
fn assert_interrupted((code, stderr): &(i32, String), json: bool, run: &str) {
    assert_eq!(*code, 130, "{run}: {stderr}");
    if json {
        let errors = stderr.lines().filter(|line| line.starts_with(r#"{"error""#)).count();
        let last: Value = serde_json::from_str(stderr.lines().last().unwrap_or_default()).expect(run);
        let is_interrupt = last["code"] == "INTERRUPTED" && last["exitCode"] == 130;
        assert!(errors == 1 && is_interrupt && stderr.ends_with('\n'), "{run}: {stderr}");
    } else {
        let (_, message) = stderr.split_once("error: ").unwrap_or_else(|| panic!("{run}: {stderr}"));
        assert!(message.starts_with("Interrupted") && !message.contains("error: "), "{run}: {stderr}");
        assert!(message.lines().skip(1).all(|line| line.starts_with("  ")), "{run}: {stderr}");
    }
}

/// A command of this user with these arguments.
fn command(user: &User, args: &[&str]) -> Command {
    let mut command = user.command(args);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn words(value: &Value) -> Vec<&str> {
    value.as_array().expect("words").iter().map(|word| word.as_str().expect("a word")).collect()
}

/// The backend holds the first request of every command. That is the moment of the signal.
#[test]
fn a_signal_at_the_request_of_every_command_is_reported() {
    let map = User::new().run(&["help", "--json"]).exits(0).json();
    let examples: Vec<&Value> =
        map["commands"].as_array().expect("commands").iter().filter_map(|one| one.get("example")).collect();
    let (interrupted, without_request, next) =
        (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        while let Some(example) = examples.get(next.fetch_add(1, Ordering::Relaxed)) {
            let argv = words(&example["argv"]);
            // A server and a command of its own have tests beside the other tests of the sandbox.
            if argv[1] == "sandbox" {
                continue;
            }
            for signal in BOTH {
                for json in [false, true] {
                    let at_request = interrupt_at_request(&argv[1..], example, signal, json);
                    (if at_request { &interrupted } else { &without_request })
                        .fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(work);
        }
    });
    let (interrupted, without_request) = (interrupted.into_inner(), without_request.into_inner());
    println!("{interrupted} runs interrupted at a request, {without_request} runs without a request");
    assert!(interrupted > 150 && without_request < 60, "{interrupted}, {without_request}");
}

/// Runs an example. Returns whether it sent a request, at which it was interrupted.
fn interrupt_at_request(example_line: &[&str], example: &Value, signal: Signal, json: bool) -> bool {
    let (arrived, arrival) = mpsc::channel();
    let stub = Stub::start(move |_| {
        let _ = arrived.send(());
        Answer::Late { after: FOR_EVER, then: Box::new(Answer::Drop) }
    });
    let user = User::of(&stub.address);
    let format = ["--json", "--jq", "-o", "--output"];
    let mut args: Vec<String> = example_line.iter().map(|word| (*word).to_owned()).collect();
    args.retain(|word| !format.contains(&word.as_str()));
    for arg in &mut args {
        if arg.starts_with("https://your-app") {
            arg.clone_from(&stub.address);
        }
    }
    if json {
        args.push("--json".to_owned());
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut command = command(&user, &args);
    command.stdin(Stdio::piped());
    let mut run = Run::start(command);
    let stdin = example["stdin"].as_str().unwrap_or(super::harness::KEY);
    // A command that reads no stdin may end before this is written.
    let _ = run.child.stdin.take().expect("stdin").write_all(stdin.as_bytes());
    let started = Instant::now();
    while arrival.recv_timeout(Duration::from_millis(5)).is_err() {
        if run.child.try_wait().expect("a status").is_some() {
            return false;
        }
        assert!(started.elapsed() < PATIENCE, "{args:?} sends no request");
    }
    run.send(signal);
    assert_interrupted(&run.end(), json, &format!("{args:?} {signal}"));
    true
}

/// A pipe that takes no more bytes, and its reader.
fn full_pipe() -> (OwnedFd, std::io::PipeReader) {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let flags = rustix::fs::fcntl_getfl(&writer).expect("flags");
    rustix::fs::fcntl_setfl(&writer, flags | rustix::fs::OFlags::NONBLOCK).expect("a mode");
    while matches!(writer.write(&[b'x'; 4096]), Ok(1..)) {}
    rustix::fs::fcntl_setfl(&writer, flags).expect("a mode");
    (writer.into(), reader)
}

/// Stages that never end by themselves. The signal comes while the run waits.
#[test]
fn a_signal_ends_every_wait() {
    let busy = Stub::start(|_| Answer::json(503, "{}").header("retry-after", "29"));
    let slow = Stub::start(|_| Answer::Late { after: FOR_EVER, then: Box::new(Answer::Drop) });
    let half = Stub::start(|_| Answer::Announce { bytes: 1000 });
    let user = || User::of(&slow.address);
    // Stdin that never ends; a pipe to which nobody writes; a pipe that nobody reads.
    let stdin: [&[&str]; 5] = [
        &["payments", "status", "--api-key-stdin"],
        &["login", "--api-url", &slow.address, "--api-key-stdin"],
        &["payments", "products", "create", "test", "--from-file", "-"],
        &["payments", "config", "set", "test", "-"],
        &["payments", "catalog", "plan", "test", "--file", "-"],
    ];
    let files: [&[&str]; 4] = [
        &["payments", "status", "--api-key-file", "pipe"],
        &["payments", "products", "create", "test", "--from-file", "pipe"],
        &["payments", "catalog", "apply", "--plan-file", "pipe", "--yes"],
        &["--sandbox", "payments", "catalog", "export", "--file", "pipe"],
    ];
    let unread: [&[&str]; 6] = [
        &["help"],
        &["--help"],
        &["--version"],
        &["help", "-o", "jsonl"],
        &["completion", "bash"],
        &["--sandbox", "payments", "catalog"],
    ];
    let endless: [&[&str]; 3] = [
        &["help", "--json", "--jq", "def f: f; f"],
        &["--sandbox", "payments", "status", "--jq", "def f: f; f"],
        &["--sandbox", "payments", "status", "--jq", "range(1e18) | empty"],
    ];
    let mut runs = 0;
    let mut interrupt =
        |user: &User, args: &[&str], stdin: Stdio, stdout: Stdio, signal: Signal, json: bool| {
            let more: &[&str] = if json && !args.contains(&"bash") { &["-o", "json"] } else { &[] };
            let is_json =
                json && !args.contains(&"bash") || args.contains(&"jsonl") || args.contains(&"--jq");
            // These options exclude each other.
            let more = if args.contains(&"jsonl") || args.contains(&"--version") { &[] } else { more };
            let is_json = is_json && !args.contains(&"--version");
            let mut command = user.command(&[args, more].concat());
            command.stdin(stdin).stdout(stdout);
            let run = Run::start(command).until_it_listens().until_it_waits();
            run.send(signal);
            assert_interrupted(&run.end(), is_json, &format!("{args:?} {signal}"));
            runs += 1;
        };
    for signal in BOTH {
        for json in [false, true] {
            for args in stdin {
                let (reader, _writer) = std::io::pipe().expect("a pipe");
                interrupt(&user(), args, reader.into(), Stdio::null(), signal, json);
            }
            for args in files {
                let user = user();
                let made = Command::new("mkfifo").arg(user.path("pipe")).status();
                assert!(made.expect("mkfifo").success());
                interrupt(&user, args, Stdio::null(), Stdio::null(), signal, json);
            }
            for args in unread {
                let (writer, _reader) = full_pipe();
                interrupt(&user(), args, Stdio::null(), writer.into(), signal, json);
            }
            for args in endless {
                interrupt(&user(), args, Stdio::null(), Stdio::null(), signal, json);
            }
            // A pause before a retry, and the rest of an answer.
            for stub in [&busy, &half] {
                let args = &["payments", "status"];
                interrupt(&User::of(&stub.address), args, Stdio::null(), Stdio::null(), signal, json);
            }
            // A lock that another process holds.
            let user = user();
            let lock =
                File::create(user.write(".config/insforge/config.toml.insforge-lock", "")).expect("a lock");
            lock.lock().expect("it is free");
            user.write(
                ".config/insforge/config.toml",
                "[profiles.default]\napi_url = \"http://localhost:1\"\nkey_store = \"file\"\n",
            );
            interrupt(&user, &["logout"], Stdio::null(), Stdio::null(), signal, json);
        }
    }
    println!("{runs} waits interrupted");
    assert!(runs > 80, "{runs}");
}

/// Nobody reads stderr, so the message cannot be written. The run ends all the same, and at once after a second signal.
#[test]
fn a_stalled_stderr_does_not_keep_a_run() {
    for (count, limit) in [(1, Duration::from_secs(10)), (2, Duration::from_millis(1500))] {
        let (writer, _reader) = full_pipe();
        let user = User::new();
        let mut command = command(&user, &["payments", "nonsense"]);
        command.stderr(Stdio::from(writer));
        let mut child = command.spawn().expect("the binary starts");
        // It waits for its thread before it writes, so another thread means that it is about to block.
        let tasks = format!("/proc/{}/task", child.id());
        let started = Instant::now();
        while std::fs::read_dir(&tasks).expect("tasks").count() < 2 {
            assert!(started.elapsed() < PATIENCE, "it starts no thread");
        }
        let since = Instant::now();
        for _ in 0..count {
            SENT.fetch_add(1, Ordering::Relaxed);
            kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).expect("the process exists");
            thread::sleep(Duration::from_millis(300));
        }
        assert_eq!(child.wait().expect("a status").code(), Some(130));
        assert!(since.elapsed() < limit, "{count}: {:?}", since.elapsed());
    }
}

/// Signals at growing delays, from the start to after the end. A run finishes as always, or says that it was interrupted.
#[test]
fn a_signal_at_any_moment_is_reported_unless_the_run_finishes() {
    const STEPS: u32 = 50;
    let stub = Stub::start(|_| Answer::json(200, r#"{"connections":[]}"#));
    let commands: [(&[&str], i32); 4] = [
        (&["payments", "status", "--json"], 0),
        (&["payments", "status"], 0),
        (&["help", "payments"], 0),
        (&["payments", "nonsense", "--json"], 64),
    ];
    // Of the steps, four fifths take as long as a run.
    let steps = commands.map(|(args, usual)| {
        let run = Run::start(command(&User::of(&stub.address), args)).until_it_listens();
        let since = Instant::now();
        assert_eq!(run.end().0, usual);
        since.elapsed() / (STEPS / 5 * 4)
    });
    let (finished, interrupted, next) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let sweep = || {
        loop {
            let Ok(step) = u32::try_from(next.fetch_add(1, Ordering::Relaxed)) else { return };
            if step >= STEPS {
                return;
            }
            for ((args, usual), pause) in commands.into_iter().zip(steps) {
                for signals in [&BOTH[..1], &BOTH[1..], &BOTH[..]] {
                    let run = Run::start(command(&User::of(&stub.address), args)).until_it_listens();
                    let since = Instant::now();
                    while since.elapsed() < pause * step {
                        std::hint::spin_loop();
                    }
                    // The last one may come when the process is over, but not yet waited for.
                    for signal in signals {
                        run.send(*signal);
                    }
                    let (code, stderr) = run.end();
                    let is_interrupt = stderr.contains("Interrupted");
                    if code == usual && !is_interrupt {
                        finished.fetch_add(1, Ordering::Relaxed);
                    } else {
                        interrupted.fetch_add(1, Ordering::Relaxed);
                        let run = format!("{args:?} after {step} steps");
                        assert_interrupted(&(code, stderr), args.contains(&"--json"), &run);
                    }
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(sweep);
        }
    });
    let (finished, interrupted) = (finished.into_inner(), interrupted.into_inner());
    println!("{interrupted} of {} runs interrupted, the others finished", finished + interrupted);
    assert!(finished > 0 && interrupted > 0, "{finished}, {interrupted}");
}

#[test]
fn a_signal_that_the_parent_ignores_stays_ignored() {
    let (arrived, arrival) = mpsc::channel();
    let stub = Stub::start(move |_| {
        let _ = arrived.send(());
        Answer::Late { after: FOR_EVER, then: Box::new(Answer::Drop) }
    });
    let user = User::of(&stub.address);
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' INT; exec \"$0\" payments status", env!("CARGO_BIN_EXE_insforge")]);
    shell.env_clear().envs(user.environment()).stdout(Stdio::null());
    let run = Run::start(shell);
    arrival.recv_timeout(PATIENCE).expect("a request");
    run.send(Signal::SIGINT);
    assert!(!listens_for_interrupts(run.child.id()));
    run.send(Signal::SIGTERM);
    assert_interrupted(&run.end(), false, "after an ignored signal");
}

/// The children of a process.
fn children(process: u32) -> Vec<u32> {
    let text =
        std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    text.split_whitespace().map(|id| id.parse().expect("an id")).collect()
}

/// Whether a process runs. One that has ended may not have been waited for.
fn runs(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}

/// Half of a number is a number, too.
#[test]
fn a_filter_whose_parent_ended_before_it_sent_the_json_prints_nothing() {
    let ran = User::new().run_with_stdin(&["--", "jq", ".", "values"], "12").exits(130);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
}

/// Not even `kill -9` leaves the process of a filter behind.
#[test]
fn a_filter_ends_with_its_parent() {
    let user = User::new();
    let (full, _reader) = full_pipe();
    let endless = ["def f: f; f", "range(1e18) | empty", "repeat(1)"];
    for filter in endless {
        for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGQUIT] {
            let filter = format!("\"begun\" | debug | {filter}");
            let mut command = user.command(&["--sandbox", "payments", "status", "--jq", &filter]);
            command.stdin(Stdio::null()).stdout(full.as_fd().try_clone_to_owned().expect("a copy"));
            let mut child = command.stderr(Stdio::piped()).spawn().expect("the binary starts");
            let mut begun = [0; 8];
            child.stderr.take().expect("stderr").read_exact(&mut begun).expect("the filter runs");
            let [jq] = children(child.id())[..] else { panic!("the filter has no process of its own") };
            SENT.fetch_add(1, Ordering::Relaxed);
            kill(Pid::from_raw(child.id().cast_signed()), signal).expect("the process exists");
            child.wait().expect("it ends");
            let started = Instant::now();
            while runs(jq) {
                assert!(started.elapsed() < PATIENCE, "the filter outlives {signal}");
                thread::sleep(Duration::from_millis(2));
            }
        }
    }
}
