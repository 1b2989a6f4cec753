//! Rows as CSV: RFC 4180 with line feeds, a line of names first, every value as JSON has it.

use std::borrow::{Borrow, Cow};
use std::io::{self, Write};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::ui::CANNOT_WRITE;
use crate::ui::columns::Columns;
use crate::ui::sanitize::{self, is_unsafe};

/// The name of the only column of rows that are not objects.
const VALUE: &str = "value";

/// Rows that are written as they come. The first ones say which columns there are.
#[derive(Debug)]
pub(crate) struct Csv {
    wanted: Option<Columns>,
    /// Somebody's terminal must not obey what is in them.
    terminal: bool,
    /// Once the line of names is written.
    names: Option<Vec<String>>,
}

impl Csv {
    pub(crate) fn new(wanted: Option<Columns>, terminal: bool) -> Self {
        Self { wanted, terminal, names: None }
    }

    /// Writes rows. Where there are none nobody knows which columns there are: nothing is written.
    pub(crate) fn write(&mut self, out: &mut dyn Write, rows: &[impl Borrow<Value>]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut csv = csv::Writer::from_writer(out);
        let terminal = self.terminal;
        let names = match &mut self.names {
            Some(names) => names,
            unknown => {
                let names = names(rows, self.wanted.as_ref())?;
                record(&mut csv, names.iter().map(|name| shown(harmless(name), terminal)))?;
                unknown.insert(names)
            }
        };
        for row in rows {
            record(&mut csv, names.iter().map(|name| shown(cell(field(row.borrow(), name)), terminal)))?;
        }
        csv.flush().context(CANNOT_WRITE)
    }
}

fn record<'a>(
    csv: &mut csv::Writer<&mut dyn Write>,
    mut cells: impl Iterator<Item = Cow<'a, str>>,
) -> Result<()> {
    cells.try_for_each(|cell| csv.write_field(cell.as_bytes())).map_err(not_written)?;
    csv.write_record(None::<&[u8]>).map_err(not_written)
}

/// Whether it is a closed pipe shows in the error that is inside.
fn not_written(error: csv::Error) -> anyhow::Error {
    anyhow::Error::from(io::Error::from(error)).context(CANNOT_WRITE)
}

/// Which columns to write.
fn names(rows: &[impl Borrow<Value>], wanted: Option<&Columns>) -> Result<Vec<String>> {
    let there = columns(rows);
    let Some(wanted) = wanted else { return Ok(there.into_iter().map(str::to_owned).collect()) };
    wanted.check(there.iter().copied())?;
    Ok(wanted.among(there.iter().copied()).into_iter().map(|index| there[index].to_owned()).collect())
}

/// The names of all fields, in the order in which they are met.
fn columns(rows: &[impl Borrow<Value>]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        let Value::Object(fields) = row.borrow() else {
            if !names.contains(&VALUE) {
                names.push(VALUE);
            }
            continue;
        };
        // Nearly always a row has the fields of the one before.
        let same =
            fields.len() == names.len() && fields.keys().zip(&names).all(|(name, other)| name == other);
        if !same {
            let new = fields.keys().map(String::as_str).filter(|name| !names.contains(name));
            names.extend(new.collect::<Vec<_>>());
        }
    }
    names
}

fn field<'a>(row: &'a Value, name: &str) -> Option<&'a Value> {
    match row {
        Value::Object(fields) => fields.get(name),
        value => (name == VALUE).then_some(value),
    }
}

/// A value as text: nothing for null, JSON for what has parts.
fn cell(value: Option<&Value>) -> Cow<'_, str> {
    match value {
        None | Some(Value::Null) => Cow::Borrowed(""),
        Some(Value::String(text)) => harmless(text),
        Some(value @ (Value::Array(_) | Value::Object(_))) => {
            harmless(&value.to_string()).into_owned().into()
        }
        Some(value) => value.to_string().into(),
    }
}

/// A spreadsheet runs text that begins like a formula, in the wide letters of East Asia too, and takes an apostrophe
/// before it for the sign that it is none (OWASP, CSV Injection). Where it takes semicolons or tabs for the ends of cells, a
/// cell can begin in the middle of ours. Numbers stay: a negative amount is no formula.
fn harmless(text: &str) -> Cow<'_, str> {
    const ENDS: [char; 4] = [';', '\t', '\n', '\r'];
    let is_run = |(place, cell): (usize, &str)| {
        begins_formula(cell) || place == 0 && cell.starts_with(['\t', '\n', '\r'])
    };
    let cells = text.split_inclusive(ENDS).enumerate();
    if !cells.clone().any(is_run) {
        return text.into();
    }
    let mark = |cell| if is_run(cell) { "'" } else { "" };
    cells.flat_map(|(place, cell)| [mark((place, cell)), cell]).collect::<String>().into()
}

fn begins_formula(cell: &str) -> bool {
    let unseen = |c: char| c.is_whitespace() || is_unsafe(c);
    cell.trim_start_matches(unseen).starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// A cell as it is written: to a terminal without what that would obey.
fn shown(cell: Cow<'_, str>, terminal: bool) -> Cow<'_, str> {
    if terminal { sanitize::lines(&cell).into_owned().into() } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn csv(rows: &Value, wanted: Option<&str>) -> Result<String> {
        let mut out = Vec::new();
        Csv::new(wanted.map(|wanted| wanted.parse().unwrap()), false)
            .write(&mut out, rows.as_array().unwrap())?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn every_field_of_every_row_has_its_column() {
        let rows = json!([{"id": "a", "amount": -5, "on": true}, {"id": "b,\"c\"", "tier": null, "metadata": {"k": [1]}}]);
        let text = "id,amount,on,tier,metadata\na,-5,true,,\n\"b,\"\"c\"\"\",,,,\"{\"\"k\"\":[1]}\"\n";
        assert_eq!(csv(&rows, None).unwrap(), text);
        assert_eq!(
            csv(&rows, Some("Amount,id,amount")).unwrap(),
            "amount,id,amount\n-5,a,-5\n,\"b,\"\"c\"\"\",\n"
        );
        assert!(csv(&rows, Some("id,nmae")).is_err());
        assert_eq!(csv(&json!(["x", 1]), None).unwrap(), "value\nx\n1\n");
        assert_eq!(csv(&json!([]), None).unwrap(), "");
        assert_eq!(csv(&json!([]), Some("id,name")).unwrap(), "");
        assert_eq!(csv(&json!([{"id": ""}]), None).unwrap(), "id\n\"\"\n");
    }

    #[test]
    fn nothing_begins_like_a_formula() {
        for text in [
            "=1+1",
            "+49",
            "-1",
            "@SUM(A1)",
            "\tx",
            "\r=1",
            "\n=1",
            "  =1",
            "＝1",
            "＠x",
            "\u{2003}=1",
            "\u{200b}=1",
            "\u{feff}=1",
            "\0=1",
        ] {
            let written = csv(&json!([{"a": text}]), None).unwrap();
            let mut read = csv::Reader::from_reader(written.as_bytes());
            let cell = read.records().next().unwrap().unwrap()[0].to_owned();
            assert_eq!(
                cell.replacen('\'', "", 1),
                text.replace("\r=", "\r'=").replace("\n=", "\n'="),
                "{cell:?}"
            );
            assert!(cell.starts_with('\''), "{cell:?}");
        }
        for (text, written) in
            [("x;=1", "x;'=1"), ("a\t@b;c", "a\t'@b;c"), ("1;-2;+3", "1;'-2;'+3"), ("a\n =1", "a\n' =1")]
        {
            assert_eq!(harmless(text), written);
        }
        for text in ["a=1", "1-1", "日本", " a", "'=1", "a; b"] {
            assert_eq!(harmless(text), text);
        }
        assert_eq!(csv(&json!([{"a": {"b": "x;=1"}}]), None).unwrap(), "a\n\"{\"\"b\"\":\"\"x;'=1\"\"}\"\n");
        assert!(csv(&json!([{"=cmd": 1}]), None).unwrap().starts_with("'=cmd"));
    }
}
