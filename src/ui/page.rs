//! What to show, without saying how: a page of sections for people, a JSON value for programs, bare ids for `xargs`.

use std::borrow::Cow;

use serde_json::Value;

use crate::error::{Failure, Warning};
use crate::ui::lines::Line;

/// Something that a command has done or found, ready to be shown in any format.
pub(crate) trait Show {
    /// Where the rows are in its JSON.
    const ROWS: Rows = &[];
    /// What tables it can have.
    const TABLES: Tables = &[];
    /// For programs.
    fn json(&self) -> serde_json::Result<Cow<'_, Value>>;
    /// The same as text.
    fn text(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        serde_json::to_vec(&*self.json()?).map(Cow::Owned)
    }
    /// What of its JSON stands on a line of its own.
    fn rows<'a>(&self, json: &'a Value) -> Vec<Cow<'a, Value>> {
        rows_in(json, Self::ROWS)
    }
    /// For people.
    fn page(&self) -> Page<'_>;
    /// One id a line.
    fn ids(&self) -> Vec<&str> {
        Vec::new()
    }
    /// What to say beside the page: `✓ …`.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
    /// What wants doing, although it is done.
    fn warnings(&self) -> &[Warning] {
        &[]
    }
    /// Whether it has differences that the command was asked to report.
    fn reports_differences(&self) -> bool {
        false
    }
    /// What is wrong although the backend answered with a success: shown first, failed afterwards.
    fn failure(&self) -> Option<Failure> {
        None
    }
}

/// How an answer's data is shown to people; its JSON is the backend's own body.
pub(crate) trait View {
    /// What there is none of when it is empty: `No Stripe customers found.`
    const NOUN: &'static str;
    /// Where the rows are in its JSON.
    const ROWS: Rows = &[];
    /// What tables it can have.
    const TABLES: Tables = &[];
    /// For people.
    fn page(&self) -> Page<'_>;
    /// One id a line.
    fn ids(&self) -> Vec<&str> {
        Vec::new()
    }
    /// What to say beside the page.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The fields of a JSON object that have rows, one or a list of them, each with what such a row is. Without any of these
/// fields the whole is one row.
pub(crate) type Rows = &'static [(&'static str, &'static str)];

/// The columns of each table.
pub(crate) type Tables = &'static [&'static [Column]];

/// The rows of a whole. Where it has several of the fields, a row says first what it is.
pub(crate) fn rows_in(whole: &Value, fields: Rows) -> Vec<Cow<'_, Value>> {
    let there: Vec<_> = fields.iter().filter_map(|(name, kind)| Some((whole.get(name)?, *kind))).collect();
    match there[..] {
        [] => list(whole).iter().map(Cow::Borrowed).collect(),
        [(rows, _)] => list(rows).iter().map(Cow::Borrowed).collect(),
        _ => {
            let of = |(rows, kind)| list(rows).iter().map(move |row| Cow::Owned(of_kind(kind, row)));
            there.into_iter().flat_map(of).collect()
        }
    }
}

fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(rows) => rows,
        Value::Null => &[],
        row => std::slice::from_ref(row),
    }
}

fn of_kind(kind: &str, row: &Value) -> Value {
    let first = ("kind".to_owned(), kind.into());
    let fields = row.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone()));
    std::iter::once(first).chain(fields).collect::<serde_json::Map<_, _>>().into()
}

/// Sections, one below the other.
#[derive(Debug, Default)]
pub(crate) struct Page<'a> {
    pub(crate) sections: Vec<Section<'a>>,
    /// What to say when all of them are empty.
    pub(crate) empty: String,
    /// Text before them.
    pub(crate) lines: Vec<Line<'a>>,
}

/// Rows under one heading.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    /// Its heading, where a page has several.
    pub(crate) title: Option<&'static str>,
    pub(crate) columns: Cow<'static, [Column]>,
    /// As many cells as there are columns. Text as it came: the table cleans it.
    pub(crate) rows: Vec<Vec<Cow<'a, str>>>,
}

/// A column of a table, or a key of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// The first to go where there is no room.
    pub(crate) spare: bool,
    /// Its cells name what stands beside them.
    pub(crate) label: bool,
    /// How wide its cells usually are: what a table goes by whose rows come later.
    pub(crate) usual: usize,
}

impl Column {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, spare: false, label: false, usual: 0 }
    }

    /// A column that goes first where there is no room.
    pub(crate) const fn spare(name: &'static str) -> Self {
        Self { spare: true, ..Self::new(name) }
    }

    /// A column whose cells usually are so wide.
    pub(crate) const fn usually(self, usual: usize) -> Self {
        Self { usual, ..self }
    }

    /// A first column of names: where there is no room, a row becomes `name: value`.
    pub(crate) const fn label(name: &'static str) -> Self {
        Self { label: true, ..Self::new(name) }
    }
}

impl<'a> From<Vec<Section<'a>>> for Page<'a> {
    fn from(sections: Vec<Section<'a>>) -> Self {
        Self { sections, ..Self::default() }
    }
}

impl<'a> From<Section<'a>> for Page<'a> {
    fn from(section: Section<'a>) -> Self {
        vec![section].into()
    }
}

impl<'a> Section<'a> {
    pub(crate) fn new(columns: &'static [Column], rows: impl Iterator<Item = Vec<Cow<'a, str>>>) -> Self {
        Self { title: None, columns: Cow::Borrowed(columns), rows: rows.collect() }
    }

    pub(crate) fn titled(self, title: &'static str) -> Self {
        Self { title: Some(title), ..self }
    }
}

/// A cell: the text, or a dash where there is none.
pub(crate) fn dash<'a>(text: Option<impl Into<Cow<'a, str>>>) -> Cow<'a, str> {
    text.map_or(Cow::Borrowed("-"), Into::into)
}

/// A cell for what is or is not so.
pub(crate) fn yes_no(yes: Option<bool>) -> Cow<'static, str> {
    dash(yes.map(|yes| if yes { "Yes" } else { "No" }))
}
