//! Rounds with bulk input: the same file is run until all of its entries are done.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::report::Mistake;
use super::round::{CommandLine, Ran, Round};
use super::shop::{Kind, LABEL, Truth};
use super::single::next_of;

/// A file, and how to see that its entries are applied.
struct Input<'a> {
    kind: Kind,
    /// The label of each entry.
    labels: Vec<String>,
    /// How many entries with this label are applied.
    applied: &'a dyn Fn(&Truth, &str) -> usize,
    is_create: bool,
}

/// Creates or updates many objects from one file.
pub fn bulk(round: &mut Round<'_>) {
    let kinds = if round.shop.is_older { 4 } else { 6 };
    match round.rng.u8(0..kinds) {
        0 | 1 => create(round, Kind::Product),
        2 => create(round, Kind::Price),
        3 => update(round),
        _ => create(round, Kind::Item),
    }
}

fn create(round: &mut Round<'_>, kind: Kind) {
    let name = round.name.clone();
    let mut labels: Vec<String> = (0..round.rng.usize(2..=9)).map(|at| format!("{name} {at}")).collect();
    if round.rng.u8(0..3) == 0 {
        // Two identical entries create two objects.
        labels.push(labels[0].clone());
    }
    let product = (kind == Kind::Price).then(|| round.shop.product(&format!("{name} product")));
    let entry = |label: &String| match kind {
        Kind::Price => json!({"currency": "eur", "unitAmount": 700, "metadata": {LABEL: label}}),
        Kind::Item => json!({"name": label, "amount": 900, "currency": "inr"}),
        Kind::Product | Kind::Plan => json!({"name": label}),
    };
    let file: Vec<Value> = labels.iter().map(entry).collect();
    let of_provider = if kind.is_stripes() { "" } else { "razorpay " };
    let mut command =
        CommandLine::new::<&str>(&[]).with(&format!("payments {of_provider}{} create test", kind.plural()));
    if let Some(product) = &product {
        command = command.with("--product").with_arg(product);
    }
    let applied = |truth: &Truth, label: &str| truth.count(kind, label);
    run(round, command, &file, &Input { kind, labels: labels.clone(), applied: &applied, is_create: true });
    let truth = round.end();
    for label in labels.iter().collect::<BTreeSet<_>>() {
        let wanted = labels.iter().filter(|other| *other == label).count();
        round.expect_count(truth.count(kind, label), wanted, label);
    }
}

fn update(round: &mut Round<'_>) {
    let name = round.name.clone();
    let label = |at: usize| format!("{name} {at} renamed");
    let count = round.rng.usize(2..=6);
    let ids: Vec<String> = (0..count).map(|at| round.shop.product(&format!("{name} {at}"))).collect();
    let file: Vec<Value> =
        ids.iter().enumerate().map(|(at, id)| json!({"id": id, "name": label(at)})).collect();
    let labels: Vec<String> = (0..count).map(label).collect();
    let applied = |truth: &Truth, label: &str| truth.count(Kind::Product, label);
    let input = Input { kind: Kind::Product, labels: labels.clone(), applied: &applied, is_create: false };
    run(round, CommandLine::new(&["payments", "products", "update", "test"]), &file, &input);
    let truth = round.end();
    for (label, id) in labels.iter().zip(&ids) {
        let is_renamed = truth.get(Kind::Product, id).is_some_and(|row| row["name"] == **label);
        round.expect_count(usize::from(is_renamed), 1, label);
    }
}

/// Runs the same file until the program says that all entries are done.
fn run(round: &mut Round<'_>, command: CommandLine, file: &[Value], input: &Input<'_>) {
    round.report.bulk_inputs += 1;
    round.report.bulk_entries += file.len() as u64;
    round.stop_within = file.len() * 2;
    let lines = file.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let mut command = if round.rng.bool() {
        command.with("--from-file -").with_stdin(lines)
    } else {
        std::fs::write(round.shop.path("bulk.jsonl"), lines).expect("a file");
        command.with("--from-file bulk.jsonl")
    };
    command = command.with("--json");
    while !round.is_over() {
        let ran = round.run(&command);
        check_results(round, &ran, input);
        if ran.code == Some(0) {
            return;
        }
        if let Some(next) = next_of(&ran) {
            round.report.followed += 1;
            command.args = next;
        }
    }
}

/// Compares the results of the entries, and their summary, with the sandbox.
fn check_results(round: &mut Round<'_>, ran: &Ran, input: &Input<'_>) {
    let Input { kind, labels, .. } = input;
    let lines = ran.lines();
    let (mut created, mut existed, mut failed, mut unknown) = (0, 0, 0, 0);
    // How many new objects with each label the results allow.
    let mut allowed: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(label) = labels.get(index) else {
            round.fail(Mistake::FalseStatement, "there are more results than entries");
            return;
        };
        if let Some(id) = line["existing"].as_str() {
            existed += 1;
            let has_label = ran.before.get(*kind, id).and_then(|row| kind.label(row)) == Some(label);
            round.state(has_label, &format!("result {index}: {id} existed"));
        } else if line["error"].is_string() {
            failed += 1;
            round.state(line["index"] == index, &format!("result {index} is the result of its entry"));
            if line["error"].as_str().is_some_and(|error| error.ends_with("the outcome is unknown")) {
                unknown += 1;
                *allowed.entry(label).or_default() += 1;
            }
        } else {
            let row = &line[kind.name()];
            let id = kind.id(row).unwrap_or_default();
            let has_label = ran.after.get(*kind, id).and_then(|row| kind.label(row)) == Some(label);
            round.state(has_label, &format!("result {index}: {id} has the values of its entry"));
            if input.is_create && ran.before.get(*kind, id).is_some() {
                existed += 1;
            } else {
                created += 1;
                *allowed.entry(label).or_default() += 1;
            }
        }
    }
    let untried = labels.len() - lines.len();
    if ran.is_interrupted()
        && let Some(label) = labels.get(lines.len())
    {
        *allowed.entry(label).or_default() += 1;
    }
    for label in labels.iter().collect::<BTreeSet<_>>() {
        let (before, after) = ((input.applied)(&ran.before, label), (input.applied)(&ran.after, label));
        let allowed = allowed.get(label.as_str()).copied().unwrap_or_default();
        round.state(after <= before + allowed, &format!("{label}: an entry that failed was not applied"));
    }
    if ran.code == Some(0) {
        round.state(failed + untried == 0, "all entries are done");
    }
    check_summary(round, ran, [created, existed, failed, unknown, untried]);
}

/// Compares the numbers in the error with the results.
fn check_summary(round: &mut Round<'_>, ran: &Ran, counts: [usize; 5]) {
    let what = ran.what().to_owned();
    let [mut created, mut existed, failed, unknown, untried] = counts;
    if let Some(after) = what.strip_prefix("Interrupted after ") {
        let known = (created + existed + failed).to_string();
        round.state(after.split(' ').next() == Some(&known), "the number of entries before the interrupt");
        return;
    }
    let first = what.split(", ").next().unwrap_or_default();
    // Without the mirror, the program does not know which objects it has created.
    let first = match first.strip_suffix(" now or earlier") {
        Some(first) => {
            (created, existed) = (created + existed - stated(&what, EXISTED).unwrap_or_default(), 0);
            first
        }
        None => first,
    };
    if !(first.ends_with(" created") || first.ends_with(" updated")) {
        return;
    }
    for (number, marks) in [
        (created, &[" created", " updated"][..]),
        (existed, EXISTED),
        (failed, &[" failed"]),
        (unknown, &[" may have been"]),
        (untried, &[" was not tried", " were not tried"]),
    ] {
        let stated = stated(&what, marks).unwrap_or_default();
        round.state(stated == number, &format!("{}: {stated} stated, {number} seen", marks[0].trim()));
    }
}

const EXISTED: &[&str] = &[" existed already"];

/// The number before one of these texts: `2 of 5 … created`, `1 failed (1 may have been created anyway)`.
fn stated(what: &str, marks: &[&str]) -> Option<usize> {
    let part = what.split([',', '(']).find(|part| marks.iter().any(|mark| part.contains(mark)))?;
    part.split_whitespace().next()?.parse().ok()
}
