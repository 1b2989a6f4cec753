//! Compares the rows that a recorded request added or changed with the sandbox's rows: all columns but the own `id`, `raw` and `payload`.
//! Ids and times can differ as everywhere.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::compare::Comparison;

/// The tables of the `payments` schema.
pub type Tables = BTreeMap<String, Vec<Value>>;

/// Columns whose contents are not compared: the row's own id, and the provider's object, of which the sandbox keeps only what
/// it needs.
const IGNORED: [&str; 3] = ["id", "raw", "payload"];

/// What a `…-rows` line of the recording says.
pub struct RecordedRows<'a> {
    /// By table: the rows added or changed by the request before.
    pub changed: &'a Map<String, Value>,
    /// By table: the number of rows in the whole table, as far as recorded.
    pub counts: BTreeMap<String, usize>,
}

impl<'a> RecordedRows<'a> {
    pub fn new(body: &'a Value, note: &str) -> Option<Self> {
        let changed = body.as_object()?;
        let counts = note
            .split_once("whole tables now hold ")
            .and_then(|(_, rest)| rest.split_once(')'))
            .map(|(counts, _)| counts.split(", ").filter_map(|part| part.split_once(' ')))
            .into_iter()
            .flatten()
            .filter_map(|(table, count)| Some((table.to_owned(), count.parse().ok()?)))
            .collect();
        Some(Self { changed, counts })
    }

    /// Compares the rows before and after the request. `drift` is how many more rows each table has in the recording, because
    /// some requests are not replayed.
    pub fn compare(
        &self,
        before: &Tables,
        after: &Tables,
        drift: &BTreeMap<String, i64>,
        comparison: &mut Comparison,
    ) -> Result<usize, String> {
        let mut compared = 0;
        for (table, recorded) in self.changed {
            let empty = Vec::new();
            let ours = after.get(table).ok_or_else(|| format!("the sandbox has no table {table}"))?;
            let known = before.get(table).unwrap_or(&empty);
            let (mut candidates, old): (Vec<&Value>, Vec<&Value>) =
                ours.iter().partition(|row| !known.contains(row));
            let changed = candidates.len();
            candidates.reverse();
            candidates.extend(old.into_iter().rev());
            let recorded = recorded.as_array().ok_or_else(|| format!("{table} is not a list"))?;
            if changed > recorded.len() {
                let rows: Vec<_> = candidates.iter().take(changed).collect();
                return Err(format!(
                    "{table}: {changed} rows changed, recorded {}: {rows:?}",
                    recorded.len()
                ));
            }
            for row in recorded {
                match_row(row, &candidates, comparison).map_err(|problem| format!("{table}{problem}"))?;
                compared += 1;
            }
            if let Some(count) = self.counts.get(table) {
                let expected = i64::try_from(*count).unwrap_or_default() - drift.get(table).unwrap_or(&0);
                if i64::try_from(ours.len()).unwrap_or_default() != expected {
                    return Err(format!("{table} has {} rows, expected {expected}", ours.len()));
                }
            }
        }
        Ok(compared)
    }
}

/// Finds our row that is equal to a recorded one.
fn match_row(recorded: &Value, candidates: &[&Value], comparison: &mut Comparison) -> Result<(), String> {
    let recorded = without_ignored(recorded);
    let mut first_problem = None;
    for row in candidates {
        let mut attempt = comparison.clone();
        match attempt.compare(&recorded, &without_ignored(row)) {
            Ok(_) => {
                *comparison = attempt;
                return Ok(());
            }
            Err(problem) => drop(first_problem.get_or_insert(problem)),
        }
    }
    Err(first_problem.unwrap_or_else(|| " is empty".to_owned()))
}

fn without_ignored(row: &Value) -> Value {
    let mut row = row.clone();
    if let Some(columns) = row.as_object_mut() {
        columns.retain(|name, _| !IGNORED.contains(&name.as_str()));
    }
    row
}
