//! The columns that the user chooses: `--columns name,active`. A name is that of a column of the table, or of a field of
//! the JSON's rows.

use std::borrow::Cow;
use std::rc::Rc;
use std::str::FromStr;

use crate::error::Failure;
use crate::ui::json::compact;
use crate::ui::page::{Cells, Column, Page, Section, Shown, Tables, dash};
use crate::ui::rows::{RowLists, rows_in};
use crate::ui::sanitize;
use crate::wire::Json;
use crate::wire::fields::{Fields, older_name, older_names};

/// Column names in the chosen order.
#[derive(Clone, Debug)]
pub(crate) struct Columns(Vec<String>);

impl FromStr for Columns {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        if names.iter().any(|name| letters(name).next().is_none()) {
            return Err("separate the names with commas, such as name,active");
        }
        Ok(Self(names))
    }
}

/// Where a chosen column of a section comes from.
enum Source<'a> {
    /// The cell at this position.
    Cell(usize),
    /// A field of the JSON.
    Field(&'a str),
}

impl Columns {
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The page with only these columns. A section that has none of them is left out.
    pub(crate) fn select_in_page<'a>(
        &'a self,
        page: Page<'a>,
        json: Json<'a>,
        lists: RowLists,
    ) -> Result<Page<'a>, Failure> {
        if page.sections.is_empty() && !page.lines.is_empty() {
            return Err(Self::without_table());
        }
        let names: Vec<&str> = page
            .sections
            .iter()
            .flat_map(|section| section.columns.iter())
            .map(|column| column.name)
            .collect();
        let select = |section| self.select_in_section(section, json, lists);
        let sections: Vec<_> = page.sections.into_iter().filter_map(select).collect();
        if sections.is_empty() && !names.is_empty() {
            let chosen = self.names().next().unwrap_or_default();
            return Err(unknown_column(chosen, names.into_iter(), std::iter::empty()));
        }
        Ok(Page { sections, ..page })
    }

    /// The failure of a command whose result has no columns.
    pub(crate) fn without_table() -> Failure {
        Failure::usage("This command's result is not a table and has no columns")
            .hint("omit --columns, or add -o csv")
    }

    fn select_in_section<'a>(
        &'a self,
        section: Section<'a>,
        json: Json<'a>,
        lists: RowLists,
    ) -> Option<Section<'a>> {
        let fields = || fields_of(lists, section.kind);
        let chosen = self.names().filter_map(|name| {
            let cell = section.columns.iter().position(|column| is_same(column.name, name));
            if let Some(position) = cell {
                // A chosen column is never left out, and its cells are not labels for others.
                let column = section.columns[position];
                let plain = if column.is_label() { Column::new(column.name) } else { column };
                return Some((Column { shown: Shown::Always, ..plain }, Source::Cell(position)));
            }
            let field = fields().find_map(|fields| known_field(fields, name))?;
            Some((Column::new(field), Source::Field(field)))
        });
        let (columns, sources): (Vec<_>, Vec<_>) = chosen.unzip();
        if columns.is_empty() {
            return None;
        }
        let kind = section.kind;
        let sources: Rc<[Source<'a>]> = sources.into();
        let rows = section.rows.map(move |rows| {
            let rows_of_json = rows_in(json, lists).filter(move |row| Some(row.list) == kind);
            let rows_of_json = rows_of_json.map(|row| row.json).chain(std::iter::repeat(Json::NULL));
            let sources = Rc::clone(&sources);
            rows.zip(rows_of_json).map(move |(cells, json)| {
                let cell = |source: &Source<'a>| match source {
                    Source::Cell(position) => cells[*position].clone(),
                    Source::Field(path) => cell_of(field_at(json, path).unwrap_or(Json::NULL)),
                };
                sources.iter().map(cell).collect::<Cells<'a>>()
            })
        });
        Some(Section { columns: columns.into(), rows, ..section })
    }

    /// Refuses a name that is neither a column of these tables nor a field of these rows.
    pub(crate) fn check(&self, tables: Tables, lists: RowLists) -> Result<(), Failure> {
        let columns = || tables.iter().copied().flatten().map(|column| column.name);
        let fields = || lists.iter().map(|(_, _, fields)| *fields);
        let is_known = |name: &str| {
            columns().any(|column| is_same(column, name))
                || fields().any(|fields| known_field(fields, name).is_some())
        };
        match self.names().find(|name| !is_known(name)) {
            Some(name) => Err(unknown_column(name, columns(), fields().flatten().copied())),
            None => Ok(()),
        }
    }
}

/// The failure of a name that does not exist.
pub(super) fn unknown_column<'a>(
    name: &str,
    columns: impl Iterator<Item = &'a str>,
    fields: impl Iterator<Item = &'a str>,
) -> Failure {
    let listed = |names: &mut dyn Iterator<Item = &'a str>| {
        let mut available: Vec<&str> = Vec::new();
        for name in names {
            if !available.contains(&name) {
                available.push(name);
            }
        }
        available.join(", ")
    };
    let (columns, fields) = (listed(&mut { columns }), listed(&mut { fields }));
    let hint = match (columns.is_empty(), fields.is_empty()) {
        (_, true) => format!("available columns: {columns}"),
        (true, false) => format!("available columns: {fields}"),
        (false, false) => format!("available columns: {columns}\nfields of the JSON: {fields}"),
    };
    Failure::usage(format!("Unknown column `{}`", sanitize::cut(name))).hint(hint)
}

/// The fields of the rows of a kind. An older backend has other names for some kinds of list.
fn fields_of(lists: RowLists, kind: Option<&str>) -> impl Iterator<Item = Fields> {
    lists.iter().filter(move |(_, other, _)| Some(*other) == kind).map(|(_, _, fields)| *fields)
}

/// A field by its name in any spelling, or by a path such as `metadata.tier` as it was typed.
pub(super) fn known_field<'a>(fields: Fields, name: &'a str) -> Option<&'a str> {
    let known = |name: &str| {
        let newer = fields.iter().copied().find(|field| is_same(field, name));
        newer.or_else(|| older_names(fields).find(|field| is_same(field, name)))
    };
    known(name).or_else(|| name.split_once('.').and_then(|(first, _)| known(first)).map(|_| name))
}

/// The value of a row at a name in any spelling, or at a path such as `metadata.tier`. An older backend may have another
/// name for it.
pub(super) fn field_at<'a>(row: Json<'a>, path: &str) -> Option<Json<'a>> {
    let member =
        |name: &str| row.get(name).or_else(|| Some(row.members().find(|(other, _)| is_same(other, name))?.1));
    member(path).or_else(|| member(older_name(path)?)).or_else(|| {
        let (first, rest) = path.split_once('.')?;
        field_at(member(first)?, rest)
    })
}

/// A value of the JSON as a cell.
fn cell_of(value: Json<'_>) -> Cow<'_, str> {
    match value.string() {
        Some(text) => text,
        None if value == Json::NULL => dash(None::<&str>),
        None if value.is_array() || value.is_object() => compact(value),
        None => value.as_str().into(),
    }
}

/// Whether two names differ only in case and punctuation: `Synced At`, `synced-at` and `syncedAt` are the same.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    letters(one).eq(letters(other))
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_of_names_does_not_matter() {
        const FIELDS: Fields = &["syncedAt", "metadata", "providerCreatedAt"];
        for (name, field) in [
            ("synced_at", Some("syncedAt")),
            ("Synced At", Some("syncedAt")),
            ("metadata.tier", Some("metadata.tier")),
            ("stripe-created-at", Some("stripeCreatedAt")),
            ("tier", None),
            ("other.tier", None),
        ] {
            assert_eq!(known_field(FIELDS, name), field, "{name}");
        }
        for wrong in ["", "id,", "a,,b", "-"] {
            assert!(wrong.parse::<Columns>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_path_finds_nested_values_and_older_names() {
        let text = r#"{"metadata":{"tier":"gold","a.b":1},"stripeCreatedAt":"2026","items":[1]}"#;
        let row = Json::parse(text.as_bytes()).unwrap();
        for (path, value) in [
            ("metadata.tier", Some("\"gold\"")),
            ("Metadata.Tier", Some("\"gold\"")),
            ("metadata.a.b", Some("1")),
            ("providerCreatedAt", Some("\"2026\"")),
            ("metadata.other", None),
            ("items.tier", None),
        ] {
            assert_eq!(field_at(row, path).map(Json::as_str), value, "{path}");
        }
    }
}
