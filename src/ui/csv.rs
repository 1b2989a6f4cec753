//! Rows as CSV: RFC 4180 with line feeds, the column names on the first line, every value as in the JSON. It is written
//! character by character, because a cell can be as large as the answer.

use std::borrow::Cow;
use std::io::{self, Write};

use anyhow::{Context, Result};

use crate::ui::CANNOT_WRITE;
use crate::ui::columns::Columns;
use crate::ui::json::compact;
use crate::ui::rows::{KIND, Row};
use crate::ui::sanitize::{is_unsafe, safe_char};
use crate::wire::{Json, Members};

/// The name of the only column of rows that are not objects.
const VALUE: &str = "value";

/// CSV that is written as its rows come. The first rows determine the columns.
#[derive(Debug)]
pub(crate) struct CsvWriter {
    chosen: Option<Columns>,
    /// A terminal must not obey what is in a cell.
    terminal: bool,
    /// The column names, once they are written.
    names: Option<Vec<String>>,
}

impl CsvWriter {
    pub(crate) fn new(chosen: Option<Columns>, terminal: bool) -> Self {
        Self { chosen, terminal, names: None }
    }

    /// Writes rows. Without rows the columns are unknown, and nothing is written.
    pub(crate) fn write<'a>(
        &mut self,
        out: &mut dyn Write,
        mut rows: impl Iterator<Item = Row<'a>> + Clone,
    ) -> Result<()> {
        if rows.clone().next().is_none() {
            return Ok(());
        }
        if self.names.is_none() {
            let names = names(rows.clone(), self.chosen.as_ref())?;
            self.write_heading(out, &names).context(CANNOT_WRITE)?;
            self.names = Some(names);
        }
        let names = self.names.as_deref().unwrap_or_default();
        rows.try_for_each(|row| write_row(out, names, row, self.terminal)).context(CANNOT_WRITE)
    }

    fn write_heading(&self, out: &mut dyn Write, names: &[String]) -> io::Result<()> {
        for (position, name) in names.iter().enumerate() {
            write_separator(out, position)?;
            write_text(out, name.chars(), self.terminal)?;
        }
        out.write_all(b"\n")
    }
}

/// Writes a row: a null is empty, and nested values are JSON.
fn write_row(out: &mut dyn Write, names: &[String], row: Row<'_>, terminal: bool) -> io::Result<()> {
    let mut next = row.members();
    for (position, name) in names.iter().enumerate() {
        write_separator(out, position)?;
        if let Some(kind) = row.kind.filter(|_| name == KIND) {
            write_text(out, kind.chars(), terminal)?;
            continue;
        }
        let value = value(row, &mut next, name).unwrap_or(Json::NULL);
        let is_empty = value == Json::NULL || value.as_str() == "\"\"";
        match value.chars() {
            // An empty line would not be a record.
            _ if is_empty => out.write_all(if names.len() == 1 { b"\"\"" } else { b"" })?,
            Some(text) => write_text(out, text, terminal)?,
            None if value.is_array() || value.is_object() => {
                write_text(out, compact(value).chars(), terminal)?;
            }
            // A negative amount is not a formula.
            None => out.write_all(value.as_str().as_bytes())?,
        }
    }
    out.write_all(b"\n")
}

fn write_separator(out: &mut dyn Write, position: usize) -> io::Result<()> {
    if position == 0 { Ok(()) } else { out.write_all(b",") }
}

/// Characters after which a spreadsheet may start another cell.
const SEPARATORS: [char; 4] = [';', '\t', '\n', '\r'];

/// Writes a cell. An apostrophe precedes what a spreadsheet would run as a formula (OWASP, CSV Injection), also after a
/// character that it may take as a separator.
fn write_text(
    out: &mut dyn Write,
    text: impl Iterator<Item = char> + Clone,
    terminal: bool,
) -> io::Result<()> {
    let is_quoted = text.clone().any(|c| matches!(c, ',' | '"' | '\n' | '\r'));
    let quote: &[u8] = if is_quoted { b"\"" } else { b"" };
    out.write_all(quote)?;
    let mut rest = text;
    let mut is_start = true;
    if rest.clone().next().is_some_and(|c| matches!(c, '\t' | '\n' | '\r')) {
        out.write_all(b"'")?;
    }
    loop {
        if is_start && begins_formula(rest.clone()) {
            out.write_all(b"'")?;
        }
        let Some(c) = rest.next() else { break };
        is_start = SEPARATORS.contains(&c);
        match if terminal { safe_char(c) } else { c } {
            '"' => out.write_all(b"\"\"")?,
            c => out.write_all(c.encode_utf8(&mut [0; 4]).as_bytes())?,
        }
    }
    out.write_all(quote)
}

/// Whether a formula begins here, in the wide letters of East Asia too.
fn begins_formula(mut cell: impl Iterator<Item = char>) -> bool {
    const FIRST: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let is_invisible = |c: &char| (c.is_whitespace() || is_unsafe(*c)) && !SEPARATORS.contains(c);
    cell.find(|c| !is_invisible(c)).is_some_and(|c| FIRST.contains(&c))
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

/// A row's value in a column. `next` has the members after the previous column's, and its first is nearly always the one.
fn value<'a>(row: Row<'a>, next: &mut Members<'a>, name: &str) -> Option<Json<'a>> {
    if !row.json.is_object() {
        return (name == VALUE).then_some(row.json);
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::rows::rows_in;
    use serde_json::{Value, json};

    fn csv(rows: &Value, chosen: Option<&str>) -> Result<String> {
        let text = rows.to_string();
        let mut out = Vec::new();
        CsvWriter::new(chosen.map(|chosen| chosen.parse().unwrap()), false)
            .write(&mut out, rows_in(Json::parse(text.as_bytes()).unwrap(), &[]))?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn cell(text: &str) -> String {
        let mut out = Vec::new();
        write_text(&mut out, text.chars(), false).unwrap();
        let written = String::from_utf8(out).unwrap();
        written.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&written).to_owned()
    }

    #[test]
    fn values_are_found_in_any_order_and_numbers_are_exact() {
        let rows = json!([{"id": "a", "n": 1}, {"n": 2, "id": "b"}, {"x": [1, "é"], "id": "c"}, {}, 7]);
        let expected = "id,n,x,value\na,1,,\nb,2,,\nc,,\"[1,\"\"é\"\"]\",\n,,,\n,,,7\n";
        assert_eq!(csv(&rows, None).unwrap(), expected);
        let rows = Json::parse(br#"[{"n":1.50,"s":"\u00e9\/","e":1E5}]"#).unwrap();
        let mut out = Vec::new();
        CsvWriter::new(None, false).write(&mut out, rows_in(rows, &[])).unwrap();
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
            assert_eq!(cell(text), written);
        }
        for text in ["a=1", "1-1", "日本", " a", "'=1", "a; b"] {
            assert_eq!(cell(text), text);
        }
        assert_eq!(csv(&json!([{"a": {"b": "x;=1"}}]), None).unwrap(), "a\n\"{\"\"b\"\":\"\"x;'=1\"\"}\"\n");
        assert!(csv(&json!([{"=cmd": 1}]), None).unwrap().starts_with("'=cmd"));
    }
}
