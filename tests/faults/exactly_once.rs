//! Every write is applied exactly once, and every statement about it is true, although half of the requests fail and the
//! program is killed. `examples/soak` runs the same for longer.

mod engine;

use std::process::Command;

use super::harness::binary_with_signals;

/// The seed of the rounds that are the same in every run.
const SEED: u64 = 1;

fn program() -> Command {
    let [program, before @ ..] = binary_with_signals() else { unreachable!("there is a program") };
    let mut command = Command::new(program);
    command.args(before);
    command
}

/// Runs rounds, prints their counts, and fails if something went wrong.
#[track_caller]
fn assert_exactly_once(rounds: u64, seed: u64) {
    let settings =
        engine::Settings { rounds, first: 0, seed, workers: 16, program: &program, on_progress: &|_| {} };
    let report = engine::run(&settings);
    println!("seed {seed}\n{report}");
    assert!(report.is_clean(), "seed {seed}\n{}", report.failures.join("\n"));
    assert_eq!(report.rounds, rounds);
    assert!(report.fault_share() > 0.4, "{report}");
    assert!(report.kills > 0 && report.interrupts > 0 && report.unknown > 0, "{report}");
}

#[test]
fn every_write_is_applied_exactly_once() {
    assert_exactly_once(300, SEED);
}
