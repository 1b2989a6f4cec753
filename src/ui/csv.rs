//! Rows as CSV: RFC 4180 with line feeds, the column names on the first line, every value as in the JSON.

use std::borrow::Cow;
use std::io::{self, Write};

use anyhow::{Context, Result};

use crate::ui::CANNOT_WRITE;
use crate::ui::columns::Columns;
use crate::ui::json::compact;
use crate::ui::rows::{KIND, Row};
use crate::ui::sanitize::{self, is_unsafe};
use crate::wire::{Json, Members};

/// The name of the only column of rows that are not objects.
const VALUE: &str = "value";

/// CSV that is written as its rows come. The first rows determine the columns.
#[derive(Debug)]
pub(crate) struct Csv {
    chosen: Option<Columns>,
    /// A terminal must not obey what is in a cell.
    terminal: bool,
    /// The column names, once they are written.
    names: Option<Vec<String>>,
}

impl Csv {
    pub(crate) fn new(chosen: Option<Columns>, terminal: bool) -> Self {
        Self { chosen, terminal, names: None }
    }

    /// Writes rows, one at a time. Without rows the columns are unknown, and nothing is written.
    pub(crate) fn write<'a>(
        &mut self,
        out: &mut dyn Write,
        rows: impl Iterator<Item = Row<'a>> + Clone,
    ) -> Result<()> {
        if rows.clone().next().is_none() {
            return Ok(());
        }
        let mut csv = csv::Writer::from_writer(out);
        let terminal = self.terminal;
        let names = match &mut self.names {
            Some(names) => names,
            unknown => {
                let names = names(rows.clone(), self.chosen.as_ref())?;
                write_record(&mut csv, names.iter().map(|name| shown(harmless(name), terminal)))?;
                unknown.insert(names)
            }
        };
        for row in rows {
            let mut next = row.members();
            let cells = names.iter().map(|name| shown(cell(row, &mut next, name), terminal));
            write_record(&mut csv, cells)?;
        }
        csv.flush().context(CANNOT_WRITE)
    }
}

fn write_record<'a>(
    csv: &mut csv::Writer<&mut dyn Write>,
    mut cells: impl Iterator<Item = Cow<'a, str>>,
) -> Result<()> {
    cells.try_for_each(|cell| csv.write_field(cell.as_bytes())).map_err(not_written)?;
    csv.write_record(None::<&[u8]>).map_err(not_written)
}

/// The IO error inside is what tells a closed pipe from other errors.
fn not_written(error: csv::Error) -> anyhow::Error {
    anyhow::Error::from(io::Error::from(error)).context(CANNOT_WRITE)
}

/// The columns to write.
fn names<'a>(rows: impl Iterator<Item = Row<'a>>, chosen: Option<&Columns>) -> Result<Vec<String>> {
    let all = all_names(rows);
    let Some(chosen) = chosen else { return Ok(all) };
    let names = all.iter().map(String::as_str);
    chosen.check(names.clone())?;
    Ok(chosen.positions(names).into_iter().map(|index| all[index].clone()).collect())
}

/// The names of all members, in the order of their first appearance.
fn all_names<'a>(rows: impl Iterator<Item = Row<'a>>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for row in rows {
        let kind = row.kind.map(|_| Cow::Borrowed(KIND));
        let value = (!row.json.is_object()).then_some(Cow::Borrowed(VALUE));
        let members = row.members().map(|(name, _)| name);
        for (position, name) in kind.into_iter().chain(value).chain(members).enumerate() {
            // Nearly always a row has the members of the row before.
            if names.get(position).is_none_or(|other| *other != name)
                && !names.iter().any(|other| *other == name)
            {
                names.push(name.into_owned());
            }
        }
    }
    names
}

/// One cell of a row. `next` are the members behind the cell before, of which this is nearly always the first.
fn cell<'a>(row: Row<'a>, next: &mut Members<'a>, name: &str) -> Cow<'a, str> {
    match row.kind {
        Some(kind) if name == KIND => kind.into(),
        _ if !row.json.is_object() => text((name == VALUE).then_some(row.json)),
        _ => text(value(row, next, name)),
    }
}

fn value<'a>(row: Row<'a>, next: &mut Members<'a>, name: &str) -> Option<Json<'a>> {
    let mut members = next.clone();
    let value = match members.next() {
        Some((other, value)) if other == name => value,
        _ => {
            members = row.members();
            members.find(|(other, _)| other == name)?.1
        }
    };
    *next = members;
    Some(value)
}

/// A value as a cell: nothing for null, and JSON for nested values.
fn text(value: Option<Json<'_>>) -> Cow<'_, str> {
    let value = value.unwrap_or(Json::NULL);
    if value == Json::NULL {
        return "".into();
    }
    match value.string() {
        Some(text) => harmless_cow(text),
        None if value.is_array() || value.is_object() => harmless_cow(compact(value)),
        None => value.as_str().into(),
    }
}

fn harmless_cow(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => harmless(text),
        Cow::Owned(text) => harmless(&text).into_owned().into(),
    }
}

/// Puts an apostrophe before text that a spreadsheet would run as a formula (OWASP, CSV Injection), in the wide letters
/// of East Asia too. A spreadsheet that takes semicolons or tabs as separators can see a cell begin in the middle of
/// ours. Numbers stay: a negative amount is not a formula.
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
    let invisible = |c: char| c.is_whitespace() || is_unsafe(c);
    cell.trim_start_matches(invisible).starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// A cell as it is written. On a terminal control characters are replaced.
fn shown(cell: Cow<'_, str>, terminal: bool) -> Cow<'_, str> {
    if terminal { sanitize::lines(&cell).into_owned().into() } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::rows::rows_in;
    use serde_json::{Value, json};

    fn csv(rows: &Value, chosen: Option<&str>) -> Result<String> {
        let text = rows.to_string();
        let mut out = Vec::new();
        Csv::new(chosen.map(|chosen| chosen.parse().unwrap()), false)
            .write(&mut out, rows_in(Json::parse(text.as_bytes()).unwrap(), &[]))?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn values_are_found_in_any_order_and_numbers_are_exact() {
        let rows = json!([{"id": "a", "n": 1}, {"n": 2, "id": "b"}, {"x": [1, "é"], "id": "c"}, {}, 7]);
        let expected = "id,n,x,value\na,1,,\nb,2,,\nc,,\"[1,\"\"é\"\"]\",\n,,,\n,,,7\n";
        assert_eq!(csv(&rows, None).unwrap(), expected);
        let rows = Json::parse(br#"[{"n":1.50,"s":"\u00e9\/","e":1E5}]"#).unwrap();
        let mut out = Vec::new();
        Csv::new(None, false).write(&mut out, rows_in(rows, &[])).unwrap();
        assert_eq!(out, "n,s,e\n1.50,é/,1E5\n".as_bytes());
    }

    #[test]
    fn every_name_of_every_row_is_a_column() {
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
    fn no_cell_begins_like_a_formula() {
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
