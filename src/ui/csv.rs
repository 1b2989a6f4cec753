//! Rows as CSV: RFC 4180 with line feeds, the column names on the first line, every value as in the JSON. It is written
//! character by character, because a cell can be as large as the answer.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, Write};

use anyhow::{Context, Result};
use unicode_width::UnicodeWidthChar;

use crate::ui::CANNOT_WRITE;
use crate::ui::columns::{Columns, field_at, is_same, known_field, unknown_column};
use crate::ui::json::compact;
use crate::ui::page::{BoxedRows, Cells, Column, Content, Page};
use crate::ui::rows::{KIND, Row, RowLists};
use crate::ui::sanitize::{SafetyScan, is_unsafe};
use crate::wire::fields::older_name;
use crate::wire::{Json, Members};

/// The name of the only column of rows that are not objects.
const VALUE: &str = "value";

/// CSV that is written as its rows come. The first rows determine the columns.
#[derive(Debug)]
pub(crate) struct CsvWriter {
    chosen: Option<Columns>,
    /// A terminal must not obey what is in a cell.
    terminal: bool,
    /// The columns, once their names are written.
    columns: Option<Vec<CsvColumn>>,
}

/// A column: its name, and where its values come from.
#[derive(Debug)]
struct CsvColumn {
    name: String,
    source: Source,
}

#[derive(Debug)]
enum Source {
    /// The field with the column's name.
    Field,
    /// A nested field.
    Path,
    /// The column of the table with this name.
    Cell(String),
}

/// The tables of the rows that are written, for columns that only the table has.
#[derive(Default)]
pub(crate) struct CsvTables<'a> {
    pub(crate) page: Page<'a>,
    pub(crate) lists: RowLists,
}

impl CsvWriter {
    pub(crate) fn new(chosen: Option<Columns>, terminal: bool) -> Self {
        Self { chosen, terminal, columns: None }
    }

    /// Writes rows. Without rows the columns are unknown, and nothing is written.
    pub(crate) fn write<'a>(
        &mut self,
        out: &mut dyn Write,
        mut rows: impl Iterator<Item = Row<'a>> + Clone,
        tables: &CsvTables<'_>,
    ) -> Result<()> {
        if rows.clone().next().is_none() {
            return Ok(());
        }
        if self.columns.is_none() {
            let columns = columns(rows.clone(), self.chosen.as_ref(), tables)?;
            self.write_heading(out, &columns).context(CANNOT_WRITE)?;
            self.columns = Some(columns);
        }
        let columns = self.columns.as_deref().unwrap_or_default();
        let mut cells = CellsOfRows::new(columns, tables);
        rows.try_for_each(|row| write_row(out, columns, row, &mut cells, self.terminal)).context(CANNOT_WRITE)
    }

    fn write_heading(&self, out: &mut dyn Write, columns: &[CsvColumn]) -> io::Result<()> {
        for (position, column) in columns.iter().enumerate() {
            write_separator(out, position)?;
            write_text(out, column.name.chars(), self.terminal)?;
        }
        out.write_all(b"\n")
    }
}

/// The cells that the tables have for each row, in step with the rows.
struct CellsOfRows<'p, 'a> {
    sections: Vec<(&'static str, &'p [Column<'a>], BoxedRows<'a>)>,
}

impl<'p, 'a> CellsOfRows<'p, 'a> {
    fn new(columns: &[CsvColumn], tables: &'p CsvTables<'a>) -> Self {
        let is_used = columns.iter().any(|column| matches!(column.source, Source::Cell(_)));
        let sections = tables.page.sections.iter().filter(|_| is_used);
        let sections = sections.filter_map(|section| {
            let rows: BoxedRows<'a> = Box::new(section.rows.iter());
            Some((section.kind?, &*section.columns, rows))
        });
        Self { sections: sections.collect() }
    }

    /// The columns and the cells of the next row of a list.
    fn next(&mut self, list: &str) -> Option<(&'p [Column<'a>], Cells<'a>)> {
        let (_, columns, rows) = self.sections.iter_mut().find(|(kind, ..)| *kind == list)?;
        Some((columns, rows.next()?))
    }
}

/// Writes a row: a null is empty, and nested values are JSON.
fn write_row(
    out: &mut dyn Write,
    columns: &[CsvColumn],
    row: Row<'_>,
    cells: &mut CellsOfRows<'_, '_>,
    terminal: bool,
) -> io::Result<()> {
    let mut next = row.members();
    let cells = cells.next(row.list);
    // An empty line would not be a record.
    let empty: &[u8] = if columns.len() == 1 { b"\"\"" } else { b"" };
    for (position, CsvColumn { name, source }) in columns.iter().enumerate() {
        write_separator(out, position)?;
        if let Some(kind) = row.kind.filter(|_| name == KIND) {
            write_text(out, kind.chars(), terminal)?;
            continue;
        }
        let value = match source {
            Source::Cell(name) => {
                let cell = cells.as_ref().and_then(|(columns, cells)| {
                    let position = columns.iter().position(|column| column.name == name)?;
                    Some((columns[position].content, cells.get(position)?))
                });
                match cell {
                    Some((Content::Money, cell)) => write_money(out, cell, empty, terminal)?,
                    Some((_, cell)) if *cell != "-" => write_text(out, cell.chars(), terminal)?,
                    _ => out.write_all(empty)?,
                }
                continue;
            }
            Source::Path => field_at(row.json, name),
            Source::Field => value(row, &mut next, name),
        };
        let value = value.unwrap_or(Json::NULL);
        let is_empty = value == Json::NULL || value.as_str() == "\"\"";
        match value.chars() {
            _ if is_empty => out.write_all(empty)?,
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

/// Writes an amount without its currency. A word such as `tiered` stays.
fn write_money(out: &mut dyn Write, cell: &str, empty: &[u8], terminal: bool) -> io::Result<()> {
    match cell.split_once(' ') {
        Some((amount, _)) => out.write_all(amount.as_bytes()),
        None if cell == "-" => out.write_all(empty),
        None => write_text(out, cell.chars(), terminal),
    }
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
    let mut scan = SafetyScan::default();
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
        match if terminal { scan.in_line(c) } else { c } {
            '"' => out.write_all(b"\"\"")?,
            c => out.write_all(c.encode_utf8(&mut [0; 4]).as_bytes())?,
        }
    }
    out.write_all(quote)
}

/// Whether a formula begins here, in the wide letters of East Asia too.
fn begins_formula(mut cell: impl Iterator<Item = char>) -> bool {
    const FIRST: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let is_invisible = |c: &char| {
        let has_no_shape = c.is_whitespace() || is_unsafe(*c) || c.width() == Some(0);
        has_no_shape && !SEPARATORS.contains(c)
    };
    cell.find(|c| !is_invisible(c)).is_some_and(|c| FIRST.contains(&c))
}

/// The columns to write. A name is first that of an amount in the table, so that every `amount` is decimal. Then it is that
/// of a field, so that every other column with a field's name has its values.
fn columns<'a>(
    rows: impl Iterator<Item = Row<'a>>,
    chosen: Option<&Columns>,
    tables: &CsvTables<'_>,
) -> Result<Vec<CsvColumn>> {
    let all = all_names(rows);
    let field = |name: String| CsvColumn { name, source: Source::Field };
    let Some(chosen) = chosen else { return Ok(all.into_iter().map(field).collect()) };
    let columns = || tables.page.sections.iter().flat_map(|section| section.columns.iter());
    let existing = |name: &str| all.iter().find(|field| is_same(field, name));
    let cell = |name: &str| CsvColumn { name: camel_case(name), source: Source::Cell(name.to_owned()) };
    let column = |name: &str| {
        let mut amounts = columns().filter(|column| column.content == Content::Money);
        if let Some(amount) = amounts.find(|column| is_same(column.name, name)) {
            return Ok(cell(amount.name));
        }
        if let Some(name) = existing(name) {
            return Ok(field(name.clone()));
        }
        let known = tables.lists.iter().find_map(|(_, _, fields)| known_field(fields, name));
        // An older backend may have another name for it.
        let known = known.map(|known| older_name(known).and_then(existing).map_or(known, String::as_str));
        let of_table = columns().find(|column| is_same(column.name, name)).map(|column| column.name);
        let first = name.split_once('.').and_then(|(first, _)| existing(first));
        match (known, of_table) {
            (Some(path), _) if path.contains('.') => {
                Ok(CsvColumn { name: path.to_owned(), source: Source::Path })
            }
            (Some(known), None) => Ok(field(known.to_owned())),
            (Some(known), _) if existing(known).is_some() => Ok(field(known.to_owned())),
            (_, Some(name)) => Ok(cell(name)),
            (None, None) if first.is_some() => Ok(CsvColumn { name: name.to_owned(), source: Source::Path }),
            (None, None) => {
                let columns = columns().map(|column| column.name);
                Err(unknown_column(name, columns, all.iter().map(String::as_str)))
            }
        }
    };
    Ok(chosen.names().map(column).collect::<Result<_, _>>()?)
}

/// `Period End` as JSON names a field: `periodEnd`.
fn camel_case(heading: &str) -> String {
    let mut words = heading.split(' ');
    let first = words.next().unwrap_or_default().to_lowercase();
    let rest = words.map(|word| match word.split_at_checked(1) {
        Some((letter, rest)) => format!("{}{}", letter.to_uppercase(), rest.to_lowercase()),
        None => word.to_owned(),
    });
    std::iter::once(first).chain(rest).collect()
}

/// The names of all members, in the order of their first appearance.
fn all_names<'a>(rows: impl Iterator<Item = Row<'a>>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut known: HashSet<String> = HashSet::new();
    for row in rows {
        let kind = row.kind.map(|_| Cow::Borrowed(KIND));
        let value = (!row.json.is_object()).then_some(Cow::Borrowed(VALUE));
        let members = row.members().map(|(name, _)| name);
        for (position, name) in kind.into_iter().chain(value).chain(members).enumerate() {
            // Nearly always a row has the members of the row before.
            if names.get(position).is_none_or(|other| *other != name) && !known.contains(&*name) {
                names.push(name.clone().into_owned());
                known.insert(name.into_owned());
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
        CsvWriter::new(chosen.map(|chosen| chosen.parse().unwrap()), false).write(
            &mut out,
            rows_in(Json::parse(text.as_bytes()).unwrap(), &[]),
            &CsvTables::default(),
        )?;
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
        CsvWriter::new(None, false).write(&mut out, rows_in(rows, &[]), &CsvTables::default()).unwrap();
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
            "\u{200d}=1",
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
