//! The fault matrix: every fault for one command of each kind, and ten faults for every command, as text and as JSON.
//!
//! `INSFORGE_FAULT=WORDS` runs only the cases with these words in their name, as a failure prints it.

use std::collections::BTreeSet;
use std::fs::File;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::command::{Command, Commands, Format, Kind};
use super::expectation::{Expected, RETRIES, Stdout, expected};
use super::fault::{self, DEADLINE, EVERYWHERE, Fault, Place};
use super::harness::{User, assert_no_secret, signal};
use super::server::Backend;

/// How many cases run at the same time. Most of them wait.
const WORKERS: usize = 40;
/// The deadline of a run whose fault does not last until then. A machine that is busy does not reach it, and neither does the
/// longest `Retry-After` that is waited for.
const LONG_DEADLINE: Duration = Duration::from_secs(60);
/// What a run may take in addition to its deadline.
const GRACE: Duration = Duration::from_secs(1);
/// What a run may take whose fault does not last: its pauses and what a busy machine adds.
const PROMPT: Duration = Duration::from_secs(5);
/// The peak memory of a run, in KiB.
const MOST_MEMORY: u64 = 64 * 1024;

/// A command under a fault.
pub struct Case<'a> {
    pub fault: &'a Fault,
    pub command: &'a Command,
    pub format: Format,
}

/// A case whose backend runs.
pub struct Started {
    pub user: User,
    pub address: String,
    /// `None` if the fault is an address without a backend.
    pub backend: Option<Backend>,
}

/// How a run ended.
struct Ran {
    /// `None` if it had to be killed.
    code: Option<i32>,
    stdout: String,
    stderr: String,
    /// In KiB; 0 where the system does not show it.
    memory: u64,
    /// From the first struck request to the end, or from the start if no request arrived.
    time: Duration,
}

/// What is wrong with a case, and how much memory it used.
struct Verdict {
    problems: Vec<String>,
    is_late: bool,
    memory: u64,
}

#[test]
fn every_fault_ends_every_command_as_the_table_says() {
    let started = Instant::now();
    let commands = Commands::all();
    let faults = fault::all();
    let names: BTreeSet<&str> = faults.iter().map(|fault| &*fault.name).collect();
    assert_eq!(names.len(), faults.len(), "two faults have the same name");
    let everywhere: Vec<&Fault> = EVERYWHERE
        .iter()
        .map(|name| faults.iter().find(|fault| fault.name == *name).expect("a fault of this name"))
        .collect();
    let of_kinds = cases(&commands.kinds, &faults.iter().collect::<Vec<_>>());
    let of_all = cases(&commands.all, &everywhere);
    let (kinds, all) = (of_kinds.len(), of_all.len());
    let only = std::env::var("INSFORGE_FAULT").unwrap_or_default();
    let cases: Vec<Case<'_>> =
        of_kinds.into_iter().chain(of_all).filter(|case| case.name().contains(&only)).collect();

    let (wrong, memory) = run_all(&cases, &commands);
    println!(
        "{} cases in {} s: {} faults × {} kinds × 2 formats = {kinds}, {} commands × {} faults × 2 formats = {all}; \
         at most {} MiB of memory",
        cases.len(),
        started.elapsed().as_secs(),
        faults.len(),
        commands.kinds.len(),
        commands.all.len(),
        everywhere.len(),
        memory / 1024,
    );
    assert!(cases.len() >= 3000 || !only.is_empty(), "only {} cases", cases.len());
    assert!(wrong.is_empty(), "{} cases are wrong:\n\n{}", wrong.len(), wrong.join("\n"));
}

fn cases<'a>(commands: &'a [Command], faults: &[&'a Fault]) -> Vec<Case<'a>> {
    let mut cases = Vec::new();
    for command in commands {
        for fault in faults.iter().copied() {
            cases.extend(Format::ALL.map(|format| Case { fault, command, format }));
        }
    }
    cases
}

/// Runs all cases. Returns a description of each that is wrong, and the most memory that any of them used, in KiB.
fn run_all(cases: &[Case<'_>], commands: &Commands) -> (Vec<String>, u64) {
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    let memory = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = case.verdict(commands);
                    memory.fetch_max(verdict.memory, Ordering::Relaxed);
                    if !verdict.problems.is_empty() {
                        wrong.lock().expect("a lock").push((case, verdict));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("a lock").into_iter();
    // A machine that is busy can delay a run beyond a short deadline. Alone, it has to end in time.
    let again = |case: &Case<'_>, verdict: Verdict| {
        if case.fault.waits || verdict.is_late { case.verdict(commands) } else { verdict }
    };
    let wrong = wrong.map(|(case, verdict)| (case, again(case, verdict).problems));
    let wrong = wrong.filter(|(_, problems)| !problems.is_empty());
    (wrong.map(|(case, problems)| case.describe(&problems)).collect(), memory.into_inner())
}

/// The peak memory of a process so far, in KiB. The figure that the kernel gives after its end includes that of its parent.
fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

impl Case<'_> {
    fn name(&self) -> String {
        let Self { fault, command, format } = self;
        format!("{} | {} | {format:?}", fault.name, command.name)
    }

    fn describe(&self, problems: &[String]) -> String {
        format!("{}\n  {}", self.name(), problems.join("\n  "))
    }

    fn deadline(&self) -> Duration {
        if self.fault.waits { DEADLINE } else { LONG_DEADLINE }
    }

    /// Starts the backend.
    pub fn start(&self, commands: &Commands) -> Started {
        let (address, backend) = match &self.fault.place {
            Place::Address(address) => (address(), None),
            Place::Request(misbehavior) => {
                let script = commands.script(self.command, self.fault.is_harmless());
                let backend = Backend::start(script, misbehavior.clone());
                (backend.address.clone(), Some(backend))
            }
        };
        let user = User::of(&address);
        let user = match backend.as_ref().and_then(|backend| backend.trusted) {
            Some(pem) => {
                let file = user.write("ca.pem", pem).display().to_string();
                user.with("SSL_CERT_FILE", &file)
            }
            None => user,
        };
        Started { user, address, backend }
    }

    /// The arguments.
    pub fn words(&self, address: &str) -> Vec<String> {
        let retries = if self.command.kind == Kind::Follow { 0 } else { RETRIES };
        let mut words = self.command.words(address, self.format);
        let timeout = format!("{}s", self.deadline().as_secs());
        words.extend(["--timeout".to_owned(), timeout, "--retries".to_owned(), retries.to_string()]);
        words
    }

    /// Runs the case.
    fn verdict(&self, commands: &Commands) -> Verdict {
        let expected = expected(self.fault, self.command, self.format);
        let Started { user, address, backend } = self.start(commands);
        let ran = self.run(&user, &address, backend.as_ref(), &expected);
        let mut problems = Vec::new();
        let mut check = |is_right: bool, problem: &dyn Fn() -> String| {
            if !is_right {
                problems.push(problem());
            }
        };
        let Ran { code, stdout, stderr, memory, time } = &ran;
        let output = || format!("stdout: {}\n  stderr: {}", shortened(stdout), shortened(stderr));
        check(code.is_some(), &|| format!("it does not end: {}", output()));
        let is_late = *time > self.time_limit();
        check(!is_late, &|| format!("it ends after {} ms", time.as_millis()));
        check(*code == Some(expected.exit), &|| {
            format!("exit {code:?} instead of {}; {}", expected.exit, output())
        });
        check(*memory < MOST_MEMORY, &|| format!("{} MiB of memory", memory / 1024));
        let said = self.error_code(&ran);
        check(said.as_ref() == Ok(&expected.code), &|| {
            format!("{said:?} instead of {:?}; {}", expected.code, output())
        });
        self.check_stdout(&ran, expected.stdout, &address, &user)
            .unwrap_or_else(|problem| check(false, &|| problem.clone()));
        if let Some(warning) = expected.warning {
            let is_there = match self.format {
                Format::Json => stderr.contains(&format!("\"code\":\"{warning}\"")),
                Format::Text => stderr.contains("warning: "),
            };
            check(is_there, &|| format!("no warning {warning}; {}", output()));
        }
        let panics = ["panicked", "This is a bug", "RUST_BACKTRACE"].iter().any(|word| stderr.contains(word));
        check(!panics, &|| format!("a panic; {}", output()));
        let leaks = std::panic::catch_unwind(|| {
            assert_no_secret(stdout);
            assert_no_secret(stderr);
        });
        check(leaks.is_ok(), &|| "a secret is in the output".to_owned());
        let is_unsafe =
            |c: char| c.is_control() && c != '\n' && c != '\t' || ('\u{202a}'..='\u{202e}').contains(&c);
        let is_safe = !stdout.contains(is_unsafe) && !stderr.contains(is_unsafe);
        check(is_safe, &|| format!("control characters; {}", output()));
        if let Some(backend) = &backend {
            let seen = backend.seen();
            let attempts = seen.struck.len();
            let is_right = self.fault.is_before_all_requests() || attempts == expected.attempts;
            check(is_right, &|| {
                format!("{attempts} attempts instead of {}; {}", expected.attempts, output())
            });
            let bodies: BTreeSet<_> = seen.struck.iter().flatten().collect();
            check(bodies.len() <= 1, &|| "the attempts have different bodies".to_owned());
            check(seen.unknown.is_empty(), &|| format!("unknown requests {:?}", seen.unknown));
            let mut others: Vec<_> = seen.answered.iter().filter(|line| !line.starts_with("GET ")).collect();
            others.retain(|line| !line.ends_with("/sync") && self.command.kind != Kind::Bulk);
            let distinct: BTreeSet<_> = others.iter().collect();
            check(distinct.len() == others.len(), &|| format!("a write was repeated: {others:?}"));
        }
        Verdict { problems, is_late, memory: *memory }
    }

    /// When a run has to end, from its first struck request.
    fn time_limit(&self) -> Duration {
        match self.command.kind {
            _ if !self.fault.waits => PROMPT,
            // It is the deadline of each request. After two without an answer no other is sent. Before them, the list of the
            // existing objects takes half of it.
            Kind::Bulk => DEADLINE * 3 + GRACE,
            _ => DEADLINE + GRACE,
        }
    }

    fn run(&self, user: &User, address: &str, backend: Option<&Backend>, expected: &Expected) -> Ran {
        let words = self.words(address);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (out, err) = (user.path("stdout"), user.path("stderr"));
        let stdin = user.write("stdin", &self.command.stdin);
        let mut command = user.command(&words);
        command
            .stdin(File::open(stdin).expect("a file"))
            .stdout(Stdio::from(File::create(&out).expect("a file")))
            .stderr(Stdio::from(File::create(&err).expect("a file")));
        let started = Instant::now();
        let mut child = command.spawn().expect("the binary starts");
        let limit = self.deadline() + LONG_DEADLINE;
        let (mut is_signaled, mut memory) = (false, 0);
        let code = loop {
            memory = peak_memory(child.id()).unwrap_or(memory);
            if let Some(status) = child.try_wait().expect("a status") {
                break Some(status.code().unwrap_or(-1));
            }
            if started.elapsed() > limit {
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
            // A list that goes on after the fault is ended by Ctrl-C, once it has shown the next answer.
            let goes_on = self.command.kind == Kind::Follow && expected.exit == 0;
            if goes_on && !is_signaled && backend.is_some_and(|backend| backend.seen().answered.len() >= 3) {
                signal(child.id(), "-INT");
                is_signaled = true;
            }
            thread::sleep(Duration::from_millis(10));
        };
        let strike = backend.and_then(|backend| backend.seen().first_strike);
        let time = if is_signaled { Duration::ZERO } else { strike.unwrap_or(started).elapsed() };
        let read = |path| String::from_utf8_lossy(&std::fs::read(path).expect("the output")).into_owned();
        Ran { code, stdout: read(out), stderr: read(err), memory, time }
    }

    /// The code of the error at the end of stderr, or of none if the run succeeded. As text, an error has no code, so it is
    /// only checked whether there is one.
    fn error_code(&self, ran: &Ran) -> Result<Option<String>, String> {
        if ran.code == Some(0) || ran.code == Some(7) {
            let error =
                ran.stderr.lines().any(|line| line.starts_with("error: ") || line.starts_with("{\"error\""));
            return if error { Err("an error after a success".to_owned()) } else { Ok(None) };
        }
        match self.format {
            Format::Text => {
                let last = ran.stderr.lines().rfind(|line| !line.starts_with(' ') && !line.is_empty());
                let is_error = last.is_some_and(|line| line.starts_with("error: "));
                let count = ran.stderr.lines().filter(|line| line.starts_with("error: ")).count();
                if !is_error || count != 1 {
                    return Err(format!("{count} errors, and not one at the end"));
                }
                Ok(expected(self.fault, self.command, self.format).code)
            }
            Format::Json => {
                let lines: Result<Vec<Value>, _> = ran.stderr.lines().map(serde_json::from_str).collect();
                let lines = lines.map_err(|error| format!("stderr is not JSON: {error}"))?;
                let Some(error) = lines.last().filter(|line| line["error"].is_string()) else {
                    return Err("no error at the end".to_owned());
                };
                if lines.iter().filter(|line| line.get("error").is_some()).count() != 1 {
                    return Err("several errors".to_owned());
                }
                if error["exitCode"].as_i64() != ran.code.map(i64::from) {
                    return Err(format!("the exit code {} in the error", error["exitCode"]));
                }
                if error["retryable"] != (ran.code == Some(8)) {
                    return Err(format!("retryable is {}", error["retryable"]));
                }
                Ok(error["code"].as_str().map(str::to_owned))
            }
        }
    }

    fn check_stdout(&self, ran: &Ran, expected: Stdout, address: &str, user: &User) -> Result<(), String> {
        let stdout = Command::without_places(&ran.stdout, address, user);
        match expected {
            Stdout::Empty if stdout.is_empty() => Ok(()),
            Stdout::Empty => Err(format!("it failed, and stdout has: {}", shortened(&stdout))),
            Stdout::Partial if stdout.is_empty() => Err("stdout is empty".to_owned()),
            Stdout::Partial => Ok(()),
            Stdout::Healthy => {
                let healthy = &self.command.healthy(self.format).stdout;
                let differs = || {
                    format!("stdout differs: {}\n  instead of: {}", shortened(&stdout), shortened(healthy))
                };
                if stdout == *healthy { Ok(()) } else { Err(differs()) }
            }
        }
    }
}

/// The beginning of a text.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 400;
    let line = text.escape_debug().to_string();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
