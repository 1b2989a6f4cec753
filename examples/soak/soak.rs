//! The rounds. A run of the program is this executable with [`AS_PROGRAM`] as the first argument.

#[path = "../../tests/faults/exactly_once/engine/mod.rs"]
mod engine;

use std::ffi::OsString;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// The argument that makes this executable the program.
const AS_PROGRAM: &str = "as-insforge";
const WORKERS: usize = 24;
/// The rounds between two lines of progress.
const STEP: u64 = 500;

/// Runs the rounds, or the program.
pub(crate) fn run() -> ExitCode {
    let mut args = std::env::args_os();
    let own = args.next().expect("the name of this executable");
    let mut args = args.peekable();
    if args.peek().is_some_and(|arg| arg == AS_PROGRAM) {
        return insforge::run(std::iter::once(OsString::from("insforge")).chain(args.skip(1))).into();
    }
    drop(own);
    let numbers: Vec<u64> =
        args.map(|arg| arg.to_str().and_then(|text| text.parse().ok()).expect("a number")).collect();
    let rounds = numbers.first().copied().unwrap_or(1000);
    let seed = numbers.get(1).copied().unwrap_or_else(|| fastrand::u64(0..1_000_000));
    let first = numbers.get(2).copied().unwrap_or(0);
    println!("{rounds} rounds, seed {seed}");
    let executable = std::env::current_exe().expect("the path of this executable");
    let program = || {
        let mut command = Command::new(&executable);
        command.arg(AS_PROGRAM);
        command
    };
    let (started, last) = (Instant::now(), AtomicU64::new(0));
    let on_progress = |report: &engine::Report| {
        let step = report.rounds / STEP;
        if last.swap(step, Ordering::Relaxed) != step {
            println!("{} rounds after {} s", report.rounds, started.elapsed().as_secs());
        }
    };
    let settings = engine::Settings {
        rounds,
        first,
        seed,
        workers: WORKERS,
        program: &program,
        on_progress: &on_progress,
    };
    let report = engine::run(&settings);
    for failure in &report.failures {
        eprintln!("{failure}");
    }
    println!("{report}\nseed {seed}, {} s", started.elapsed().as_secs());
    if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
