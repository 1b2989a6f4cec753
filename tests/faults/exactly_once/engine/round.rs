//! One round: commands run until the program says that the work is done. Every statement of the program is compared with
//! the sandbox.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::process::Command;
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use rustix::process::Signal;
use serde_json::Value;

use super::proxy::{Fault, Proxy, RunPlan, Stop, StopPoint};
use super::report::{Mistake, Report};
use super::shop::{Shop, Truth};

/// The runs after which a round fails. The last runs have no faults.
pub const MAX_RUNS: usize = 40;
/// The runs with a full share of faults.
const HARD_RUNS: usize = 4;
/// The share of faults in these runs.
const FAULT_RATE: f64 = 0.56;

/// A command line after `insforge`, and its stdin.
#[derive(Clone, Debug)]
pub struct CommandLine {
    pub args: Vec<String>,
    pub stdin: String,
}

impl CommandLine {
    pub fn new<S: ToString>(args: &[S]) -> Self {
        Self { args: args.iter().map(S::to_string).collect(), stdin: String::new() }
    }

    /// `more` are arguments that are separated by spaces.
    pub fn with(mut self, more: &str) -> Self {
        self.args.extend(more.split_whitespace().map(str::to_owned));
        self
    }

    pub fn with_arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub fn with_stdin(self, stdin: impl Into<String>) -> Self {
        Self { stdin: stdin.into(), ..self }
    }
}

/// What a run says about its change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    Applied,
    NotApplied,
    /// The change may have been applied.
    Unknown,
    /// Nothing: it was killed, or says only that running it again is safe.
    Nothing,
}

/// A finished run.
pub struct Ran {
    /// `None` if it was killed.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// What existed before and after it.
    pub before: Truth,
    pub after: Truth,
    /// The error, if there is one in JSON.
    pub error: Option<Value>,
}

impl Ran {
    /// The sentence of the error.
    pub fn what(&self) -> &str {
        self.error.as_ref().and_then(|error| error["error"].as_str()).unwrap_or_default()
    }

    pub fn hint(&self) -> &str {
        self.error.as_ref().and_then(|error| error["hint"].as_str()).unwrap_or_default()
    }

    pub fn changed_nothing(&self) -> bool {
        self.before == self.after
    }

    pub fn is_interrupted(&self) -> bool {
        self.code.is_none() || self.code == Some(130)
    }

    /// What the error says about the change.
    pub fn claim(&self) -> Claim {
        let Some(code) = self.code else { return Claim::Nothing };
        let Some(error) = &self.error else {
            return if code == 0 { Claim::Applied } else { Claim::Nothing };
        };
        let what = self.what();
        let unknown = ["the outcome is unknown", "may have been applied", "may be applied in part"];
        let is_unknown = unknown.iter().any(|text| what.contains(text));
        if is_unknown || self.hint().contains("shows whether it was applied") {
            Claim::Unknown
        } else if what.contains("the change was applied") || what.contains("But the result cannot be shown") {
            Claim::Applied
        } else if code == 8 || error["next"].is_array() {
            Claim::Nothing
        } else {
            Claim::NotApplied
        }
    }

    /// The lines of stdout that are complete, as JSON.
    pub fn lines(&self) -> Vec<Value> {
        let complete = self.stdout.rfind('\n').map_or("", |end| &self.stdout[..end]);
        complete.lines().map(|line| serde_json::from_str(line).unwrap_or_default()).collect()
    }
}

/// What a round needs.
pub struct Round<'a> {
    pub shop: &'a Shop,
    pub proxy: &'a Proxy,
    pub program: &'a (dyn Fn() -> Command + Sync),
    pub report: &'a mut Report,
    pub rng: Rng,
    /// A word that no other round has in its names.
    pub name: String,
    /// Whether creates can arrive after their run.
    pub late_creates: bool,
    /// The highest number of the request at which a run is stopped.
    pub stop_within: usize,
    retries: u32,
    deadline: Duration,
    runs: usize,
    log: String,
    failed: bool,
}

impl<'a> Round<'a> {
    pub fn new(
        shop: &'a Shop,
        proxy: &'a Proxy,
        program: &'a (dyn Fn() -> Command + Sync),
        report: &'a mut Report,
        seed: u64,
        number: u64,
    ) -> Self {
        let mut rng = Rng::with_seed(seed);
        let retries = rng.u32(0..=2);
        let deadline = Duration::from_millis(rng.u64(1000..=1500));
        Self {
            shop,
            proxy,
            program,
            report,
            rng,
            name: format!("r{number}"),
            late_creates: true,
            stop_within: 3,
            retries,
            deadline,
            runs: 0,
            log: format!("round {number}\n"),
            failed: false,
        }
    }

    /// Runs a command. In the first runs it may be killed or interrupted.
    pub fn run(&mut self, command: &CommandLine) -> Ran {
        self.run_with(command, true)
    }

    /// Runs a command that only reads.
    pub fn check(&mut self, command: &CommandLine) -> Ran {
        self.run_with(command, false)
    }

    fn run_with(&mut self, command: &CommandLine, may_stop: bool) -> Ran {
        // What is late arrives after this run or a later one.
        if self.rng.bool() {
            self.deliver_late();
        }
        let plan = self.plan(may_stop);
        let (args, stdin) = (command.args.clone(), command.stdin.clone());
        let _ = writeln!(self.log, "$ insforge {}", args.join(" "));
        let mut process = (self.program)();
        process.args(&args).env_clear().envs(self.environment());
        process.current_dir(self.shop.path(""));
        let before = self.shop.truth();
        let (code, (stdout, stderr), trace) =
            self.proxy.run(plan.clone(), &mut process, |mut to_stdin, mut stdout, mut stderr| {
                thread::scope(|scope| {
                    let errors = scope.spawn(move || read_all(&mut stderr));
                    // A command that reads no stdin may end before this is written.
                    let _ = to_stdin.write_all(stdin.as_bytes());
                    drop(to_stdin);
                    (read_all(&mut stdout), errors.join().expect("stderr"))
                })
            });
        let after = self.shop.truth();
        for (line, fault) in &trace.lines {
            let fault = if *fault == Fault::None { String::new() } else { format!(": {fault}") };
            let _ = writeln!(self.log, "    {line}{fault}");
        }
        let stop = plan.stop.filter(|_| trace.is_stopped).map(|stop| format!(", {:?}", stop.signal));
        let _ = write!(self.log, "{stdout}{stderr}exit {code:?}{}\n\n", stop.unwrap_or_default());
        self.report.add_trace(&trace);
        self.report.runs += 1;
        self.report.reruns += u64::from(self.runs > 0);
        self.report.kills += u64::from(trace.is_stopped && code.is_none());
        self.report.interrupts += u64::from(trace.is_stopped && code == Some(130));
        self.runs += 1;
        let error = stderr.lines().last().and_then(|line| serde_json::from_str::<Value>(line).ok());
        let error = error.filter(|error| error["error"].is_string());
        let ran = Ran { code, stdout, stderr, before, after, error };
        let is_silent = ran.code == Some(130) && ran.stderr.is_empty();
        let is_json = command.args.iter().any(|arg| arg == "--json");
        if is_json && ran.code.is_some_and(|code| code != 0) && ran.error.is_none() && !is_silent {
            self.fail(Mistake::FalseStatement, "the last line of stderr is no error");
        }
        if is_silent {
            self.state(ran.changed_nothing(), "an interrupted run without a line changed nothing");
        }
        if ran.claim() == Claim::Unknown {
            self.report.unknown += 1;
        }
        ran
    }

    fn plan(&mut self, may_stop: bool) -> RunPlan {
        let left = MAX_RUNS.saturating_sub(self.runs + MAX_RUNS / 2);
        #[allow(clippy::cast_precision_loss, reason = "both are small")]
        let fault_rate = match self.runs {
            0..HARD_RUNS => FAULT_RATE,
            _ => FAULT_RATE * left as f64 / (MAX_RUNS / 2) as f64,
        };
        let stops = may_stop && self.runs < HARD_RUNS && self.rng.u8(0..10) < 4;
        let stop = stops.then(|| Stop {
            request: self.rng.usize(1..=self.stop_within),
            point: [StopPoint::Before, StopPoint::After, StopPoint::After, StopPoint::Late]
                [self.rng.usize(0..4)],
            signal: [Signal::KILL, Signal::KILL, Signal::INT, Signal::TERM][self.rng.usize(0..4)],
        });
        let late_creates = self.late_creates;
        RunPlan { fault_rate, late_creates, stop, deadline: self.deadline, seed: self.rng.u64(..) }
    }

    fn environment(&self) -> [(&'static str, String); 7] {
        let home = self.shop.path("").display().to_string();
        [
            ("HOME", home.clone()),
            ("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={home}/no-bus")),
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("INSFORGE_BASE_URL", self.proxy.address.clone()),
            ("INSFORGE_API_KEY", self.shop.sandbox.api_key().to_owned()),
            ("INSFORGE_TIMEOUT", format!("{}ms", self.deadline.as_millis())),
            ("INSFORGE_RETRIES", self.retries.to_string()),
        ]
    }

    /// Whether the round has used up its runs.
    pub fn is_over(&mut self) -> bool {
        let is_over = self.runs >= MAX_RUNS;
        if is_over {
            self.fail(Mistake::NoEnd, "it did not finish");
        }
        is_over || self.failed
    }

    /// Compares a statement with the sandbox.
    pub fn state(&mut self, is_true: bool, statement: &str) {
        self.report.statements += 1;
        if !is_true {
            self.fail(Mistake::FalseStatement, statement);
        }
    }

    /// Checks that something exists as often as it was wanted.
    pub fn expect_count(&mut self, actual: usize, wanted: usize, what: &str) {
        // A round that failed was not finished.
        if self.failed {
            return;
        }
        let what = format!("{what}: {actual} instead of {wanted}");
        match actual.cmp(&wanted) {
            std::cmp::Ordering::Less => self.fail(Mistake::Lost, &what),
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Greater => self.fail(Mistake::Duplicate, &what),
        }
    }

    pub fn fail(&mut self, mistake: Mistake, text: &str) {
        self.failed = true;
        self.report.add_mistake(mistake);
        let _ = writeln!(self.log, "*** {mistake:?}: {text}\n");
    }

    /// Delivers what is late, and returns what exists at the end.
    pub fn end(&mut self) -> Truth {
        self.deliver_late();
        self.shop.truth()
    }

    fn deliver_late(&mut self) {
        let count = self.proxy.deliver_late();
        if count > 0 {
            let _ = writeln!(self.log, "({count} late requests arrive)");
        }
        self.report.late += count as u64;
    }

    /// Ends the round. The log of a failed round is kept.
    pub fn finish(self) -> bool {
        self.report.rounds += 1;
        if self.failed {
            self.report.add_failure(self.log);
        }
        !self.failed
    }
}

fn read_all(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
