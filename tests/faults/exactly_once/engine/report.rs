//! What a whole run did, and what went wrong.

use std::collections::BTreeMap;
use std::fmt;

use super::proxy::{Fault, RunTrace};

/// The failed rounds whose logs are kept.
const KEPT: usize = 10;

/// A mistake of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// An object exists more often than it was wanted.
    Duplicate,
    /// An object does not exist, or a change is not applied, although the program reported success.
    Lost,
    /// The program reported something that was not true.
    FalseStatement,
    /// The program did not finish, however often it was run.
    NoEnd,
}

/// The counts of a run. Merging two reports adds them up.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub rounds: u64,
    pub creates: u64,
    pub bulk_inputs: u64,
    pub bulk_entries: u64,
    pub applies: u64,
    pub replacements: u64,
    pub razorpay_creates: u64,
    pub changes: u64,
    pub runs: u64,
    pub reruns: u64,
    /// The reruns that the error named as `next`.
    pub followed: u64,
    pub kills: u64,
    pub interrupts: u64,
    pub unknown: u64,
    /// The statements that were compared with the sandbox.
    pub statements: u64,
    pub late: u64,
    pub requests: u64,
    pub faults: BTreeMap<Fault, u64>,
    pub duplicates: u64,
    pub lost: u64,
    pub false_statements: u64,
    pub endless: u64,
    /// The logs of the first failed rounds.
    pub failures: Vec<String>,
}

impl Report {
    pub fn add_trace(&mut self, trace: &RunTrace) {
        for (_, fault) in &trace.lines {
            self.requests += 1;
            if *fault != Fault::None {
                *self.faults.entry(*fault).or_default() += 1;
            }
        }
    }

    pub fn add_mistake(&mut self, mistake: Mistake) {
        *match mistake {
            Mistake::Duplicate => &mut self.duplicates,
            Mistake::Lost => &mut self.lost,
            Mistake::FalseStatement => &mut self.false_statements,
            Mistake::NoEnd => &mut self.endless,
        } += 1;
    }

    pub fn add_failure(&mut self, log: String) {
        if self.failures.len() < KEPT {
            self.failures.push(log);
        }
    }

    pub fn merge(&mut self, other: Self) {
        for (own, other) in [
            (&mut self.rounds, other.rounds),
            (&mut self.creates, other.creates),
            (&mut self.bulk_inputs, other.bulk_inputs),
            (&mut self.bulk_entries, other.bulk_entries),
            (&mut self.applies, other.applies),
            (&mut self.replacements, other.replacements),
            (&mut self.razorpay_creates, other.razorpay_creates),
            (&mut self.changes, other.changes),
            (&mut self.runs, other.runs),
            (&mut self.reruns, other.reruns),
            (&mut self.followed, other.followed),
            (&mut self.kills, other.kills),
            (&mut self.interrupts, other.interrupts),
            (&mut self.unknown, other.unknown),
            (&mut self.statements, other.statements),
            (&mut self.late, other.late),
            (&mut self.requests, other.requests),
            (&mut self.duplicates, other.duplicates),
            (&mut self.lost, other.lost),
            (&mut self.false_statements, other.false_statements),
            (&mut self.endless, other.endless),
        ] {
            *own += other;
        }
        for (fault, count) in other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        other.failures.into_iter().for_each(|log| self.add_failure(log));
    }

    /// Whether nothing was created twice, lost or reported wrongly.
    pub fn is_clean(&self) -> bool {
        self.duplicates + self.lost + self.false_statements + self.endless == 0 && self.failures.is_empty()
    }

    /// The share of requests with a fault.
    #[allow(clippy::cast_precision_loss, reason = "counts are small")]
    pub fn fault_share(&self) -> f64 {
        self.faults.values().sum::<u64>() as f64 / self.requests.max(1) as f64
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} rounds: {} creates, {} bulk inputs with {} entries, {} applies, {} price replacements, {} creates at \
             Razorpay, {} other changes",
            self.rounds,
            self.creates,
            self.bulk_inputs,
            self.bulk_entries,
            self.applies,
            self.replacements,
            self.razorpay_creates,
            self.changes
        )?;
        writeln!(
            f,
            "{} runs: {} reruns ({} as `next` says), {} kills, {} interrupts, {} unknown outcomes, {} statements checked",
            self.runs, self.reruns, self.followed, self.kills, self.interrupts, self.unknown, self.statements
        )?;
        let share = self.fault_share() * 100.0;
        writeln!(f, "{} requests, {share:.0}% with a fault, {} of them late", self.requests, self.late)?;
        let faults: Vec<String> =
            self.faults.iter().map(|(fault, count)| format!("{fault} {count}")).collect();
        writeln!(f, "faults: {}", faults.join(", "))?;
        write!(
            f,
            "duplicates {}, lost {}, false statements {}, without an end {}",
            self.duplicates, self.lost, self.false_statements, self.endless
        )
    }
}
