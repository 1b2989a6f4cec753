//! A command's result in every output format, and the rules that hold between the formats.

use serde_json::Value;

use super::RunOutput;

/// The exit codes of runs that print no error: success, and a plan that has changes.
const WITHOUT_ERROR: [i32; 2] = [0, 7];

/// The runs of one command line, one run for each format.
#[derive(Clone, Debug)]
pub struct AllFormats {
    pub table: RunOutput,
    pub json: RunOutput,
    pub jsonl: RunOutput,
    pub csv: RunOutput,
    pub ids: RunOutput,
    /// `--jq .`
    pub filtered: RunOutput,
}

impl AllFormats {
    /// Calls `run` with the flags of each format.
    pub fn of(mut run: impl FnMut(&[&str]) -> RunOutput) -> Self {
        Self {
            table: run(&[]),
            json: run(&["--json"]),
            jsonl: run(&["-o", "jsonl"]),
            csv: run(&["-o", "csv"]),
            ids: run(&["-o", "ids"]),
            filtered: run(&["--jq", "."]),
        }
    }

    /// Whether `-o ids` prints ids. Some results have none.
    pub fn has_ids(&self) -> bool {
        self.ids.code == self.table.code && !self.json.stdout.is_empty()
    }

    /// Whether there is a result. A failed sync has one, too.
    pub fn has_result(&self) -> bool {
        !self.json.stdout.is_empty()
    }

    /// Asserts that the formats agree: the same exit code, the same error, the same rows with the same ids. Returns the rows.
    #[track_caller]
    pub fn check(&self) -> Vec<Value> {
        let Self { table, json, jsonl, csv, ids, filtered } = self;
        for ran in [json, jsonl, csv, filtered] {
            assert_eq!(ran.code, table.code, "another exit code: {ran:#?}\n{table:#?}");
        }
        for ran in [table, csv, ids] {
            let errors = ran.stderr.lines().filter(|line| line.starts_with("error: ")).count();
            assert_eq!(errors, errors_for(ran.code), "{ran:#?}");
        }
        for ran in [json, jsonl, filtered] {
            let lines = lines(&ran.stderr);
            let errors = lines.iter().filter(|line| line.get("error").is_some()).count();
            assert_eq!(errors, errors_for(ran.code), "{ran:#?}");
        }
        for message in lines(&json.stderr) {
            let text = as_text(&message);
            assert!(table.stderr.contains(&text), "not the same in JSON:\n{text}\n{table:#?}");
        }
        if !self.has_result() {
            for ran in [table, jsonl, csv, ids, filtered] {
                assert_eq!(ran.stdout, "", "a result only in some formats: {self:#?}");
            }
            return Vec::new();
        }
        let (whole, rows) = (json.json(), lines(&jsonl.stdout));
        assert_eq!(filtered.stdout, json.stdout, "`--jq .` is not the JSON");
        check_rows(&whole, &rows);
        check_csv(&csv.stdout, &rows);
        if self.has_ids() {
            check_ids(&ids.stdout, &whole, &rows);
        } else {
            assert_eq!((ids.code, ids.stdout.as_str()), (64, ""), "{ids:#?}");
        }
        rows
    }

    /// Asserts that the table has the same rows with the same ids. Other sections may follow, such as the doctor's repairs.
    #[track_caller]
    pub fn check_table(&self, rows: &[Value]) {
        if rows.is_empty() || is_whole(rows, &self.json.json()) {
            return;
        }
        let text = &self.table.stdout;
        let mut lines = Vec::new();
        for section in text.trim_end().split("\n\n") {
            if lines.len() < rows.len() {
                lines.extend(table_rows(section));
            }
        }
        assert_eq!(lines.len(), rows.len(), "the table has other rows:\n{text}");
        if self.has_ids() {
            for (line, id) in lines.iter().zip(self.ids.stdout.lines()) {
                let shown = line.iter().any(|cell| *cell == id || cell.ends_with(&format!(":{id}")));
                assert!(shown, "{line:?} lacks the id {id}");
            }
        }
    }
}

fn errors_for(code: i32) -> usize {
    usize::from(!WITHOUT_ERROR.contains(&code))
}

/// Each line as JSON.
#[track_caller]
pub fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// An error or a warning in JSON, as text.
fn as_text(message: &Value) -> String {
    let mut text = String::new();
    for (name, before) in
        [("warning", "warning: "), ("error", "error: "), ("why", "  "), ("hint", "  hint: ")]
    {
        // A hint repeats the flags of the run.
        let field = message[name].as_str().unwrap_or_default().replace(" --json", "");
        for line in field.lines() {
            text.push_str(&format!("{before}{line}\n"));
        }
    }
    text
}

/// Asserts that the rows are the JSON itself, or all elements of one or more of its lists.
#[track_caller]
fn check_rows(whole: &Value, rows: &[Value]) {
    if is_whole(rows, whole) {
        return;
    }
    let rows: Vec<String> = rows.iter().map(comparable).collect();
    let lists = whole.as_object().expect("an object").values().map(|member| match member {
        Value::Array(list) => list.iter().map(comparable).collect(),
        member => vec![comparable(member)],
    });
    let lists: Vec<Vec<String>> = lists.collect();
    let shown = lists.iter().filter(|list| list.first().is_some_and(|first| rows.contains(first)));
    assert_eq!(rows, shown.flatten().cloned().collect::<Vec<_>>(), "other rows than {whole:#}");
    assert!(!rows.is_empty() || lists.iter().all(Vec::is_empty), "no rows of {whole:#}");
}

/// Whether the JSON as a whole is the only row.
fn is_whole(rows: &[Value], whole: &Value) -> bool {
    matches!(rows, [row] if comparable(row) == comparable(whole))
}

/// A row as text, without the fields that differ between formats: `kind` and `done` say which list a row is from, and only
/// the JSON has the webhook secret in clear.
fn comparable(row: &Value) -> String {
    let mut row = row.clone();
    if let Value::Object(fields) = &mut row {
        fields.retain(|name, _| !["kind", "done", "webhookSecret"].contains(&name.as_str()));
    }
    row.to_string()
}

/// Asserts that the columns are the fields of the rows, and each cell is the field's value.
#[track_caller]
fn check_csv(csv: &str, rows: &[Value]) {
    let mut fields: Vec<&str> = Vec::new();
    for name in rows.iter().flat_map(|row| row.as_object().expect("an object").keys()) {
        if !fields.contains(&name.as_str()) {
            fields.push(name);
        }
    }
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().expect("names").iter().collect::<Vec<_>>(), fields, "{csv}");
    let records: Vec<csv::StringRecord> = reader.records().map(|record| record.expect("a record")).collect();
    assert_eq!(records.len(), rows.len(), "CSV has other rows: {csv}");
    for (record, row) in records.iter().zip(rows) {
        for (cell, name) in record.iter().zip(&fields) {
            let same = match row.get(name).unwrap_or(&Value::Null) {
                Value::Null => cell.is_empty(),
                // An apostrophe keeps spreadsheets from running a formula.
                Value::String(text) => cell.strip_prefix('\'').unwrap_or(cell) == text,
                value => serde_json::from_str::<Value>(cell).is_ok_and(|cell| cell == *value),
            };
            assert!(same, "{name} is {cell} in CSV, and otherwise in {row}");
        }
    }
}

/// Asserts that each row has its id. A product with its prices has one id, the product's.
#[track_caller]
fn check_ids(ids: &str, whole: &Value, rows: &[Value]) {
    let is_first = |member: &Value| rows.first().is_some_and(|row| comparable(row) == comparable(member));
    let is_about_one = whole.as_object().expect("an object").values().any(is_first);
    let expected = if is_about_one { 1 } else { rows.len() };
    assert_eq!(ids.lines().count(), expected, "other rows have ids: {ids}");
    for (id, row) in ids.lines().zip(rows) {
        let mut values = row.as_object().expect("an object").values();
        assert!(values.any(|value| value == id), "{id} is not in {row}");
    }
}

/// The cells of a section's rows, without its title and its headings.
fn table_rows(section: &str) -> Vec<Vec<&str>> {
    let mut lines = section
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>());
    // A title is a line with one cell.
    if lines.next().is_some_and(|first| first.len() == 1) {
        lines.next();
    }
    lines.collect()
}
