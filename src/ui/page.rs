//! What to show, without the format: a page of sections for people, JSON for programs, ids for `xargs`.

use std::borrow::Cow;

use serde_json::Value;

use crate::error::{Failure, Warning};
use crate::ui::lines::Line;
use crate::ui::rows::RowLists;

/// A command's result, ready to be shown in any format.
pub(crate) trait Show {
    /// The members of its JSON that have the rows.
    const ROWS: RowLists = &[];
    /// The tables it can have.
    const TABLES: Tables = &[];
    /// For programs: its JSON, as text.
    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>>;
    /// Its rows, if they are not members of the JSON.
    fn rows(&self) -> serde_json::Result<Option<Vec<Value>>> {
        Ok(None)
    }
    /// For people: tables and text.
    fn page(&self) -> Page<'_>;
    /// The ids for `-o ids`.
    fn ids(&self) -> Vec<&str> {
        Vec::new()
    }
    /// Passes the ids one by one. Implemented instead of `ids` if the rows are not in memory.
    fn for_each_id(&self, take: &mut dyn FnMut(&str)) {
        self.ids().into_iter().for_each(take);
    }
    /// Lines for stderr, in addition to the page: `✓ …`.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
    /// Problems that need attention, although the command succeeded.
    fn warnings(&self) -> &[Warning] {
        &[]
    }
    /// Whether it has differences that the command was asked to report.
    fn reports_differences(&self) -> bool {
        false
    }
    /// A failure although the backend answered with a success. The result is shown first.
    fn failure(&self) -> Option<Failure> {
        None
    }
}

/// How an answer's data is shown to people. Its JSON is the backend's own body.
pub(crate) trait View {
    /// The noun in messages such as `No Stripe customers found.` A write has the singular.
    const NOUN: &'static str;
    /// The members of its JSON that have the rows.
    const ROWS: RowLists = &[];
    /// The tables it can have.
    const TABLES: Tables = &[];
    /// For people: tables and text.
    fn page(&self) -> Page<'_>;
    /// The ids for `-o ids`.
    fn ids(&self) -> Vec<&str> {
        Vec::new()
    }
    /// Passes the ids one by one. Implemented instead of `ids` if the rows are not in memory.
    fn for_each_id(&self, take: &mut dyn FnMut(&str)) {
        self.ids().into_iter().for_each(take);
    }
    /// Lines for stderr, in addition to the page.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The columns of each table.
pub(crate) type Tables = &'static [&'static [Column]];

/// Lines of text, then sections, one below the other.
#[derive(Default)]
pub(crate) struct Page<'a> {
    pub(crate) sections: Vec<Section<'a>>,
    /// The note if all sections are empty.
    pub(crate) empty: String,
    /// Text above the sections.
    pub(crate) lines: Vec<Line<'a>>,
}

/// Rows under one heading.
pub(crate) struct Section<'a> {
    /// Its heading, if the page has several sections.
    pub(crate) title: Option<&'static str>,
    pub(crate) columns: Cow<'static, [Column]>,
    pub(crate) rows: TableRows<'a>,
}

/// One cell for each column. The table replaces control characters.
pub(crate) type Cells<'a> = Vec<Cow<'a, str>>;

/// The rows of a table. They are built each time they are read, because all rows of a long list take more memory than its
/// JSON.
pub(crate) struct TableRows<'a>(Box<dyn Fn() -> BoxedRows<'a> + 'a>);

type BoxedRows<'a> = Box<dyn Iterator<Item = Cells<'a>> + 'a>;

impl<'a> TableRows<'a> {
    pub(crate) fn new(rows: impl Iterator<Item = Cells<'a>> + Clone + 'a) -> Self {
        Self(Box::new(move || Box::new(rows.clone())))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Cells<'a>> + use<'a> {
        (self.0)()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The rows with these cells only.
    pub(super) fn with_cells(self, positions: Vec<usize>) -> Self {
        Self(Box::new(move || {
            let positions = positions.clone();
            let cells =
                move |row: Cells<'a>| positions.iter().map(|position| row[*position].clone()).collect();
            Box::new(self.iter().map(cells))
        }))
    }
}

/// A column of a table, or a key of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// Left out first if the terminal is too narrow.
    pub(crate) spare: bool,
    /// Its cells are the names of the other cells in their row.
    pub(crate) label: bool,
    /// Its cells are verdicts, which have colors.
    pub(crate) verdict: bool,
    /// The usual width of its cells, for a table whose rows come later.
    pub(crate) usual_width: usize,
}

impl Column {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, spare: false, label: false, verdict: false, usual_width: 0 }
    }

    /// A column that is left out first if the terminal is too narrow.
    pub(crate) const fn spare(name: &'static str) -> Self {
        Self { spare: true, ..Self::new(name) }
    }

    /// The column with the usual width of its cells.
    pub(crate) const fn usual_width(self, usual_width: usize) -> Self {
        Self { usual_width, ..self }
    }

    /// A first column of `pass`, `warn` and `fail`.
    pub(crate) const fn verdict(name: &'static str) -> Self {
        Self { verdict: true, ..Self::label(name) }
    }

    /// A first column of names. On a narrow terminal a row becomes `name: value`.
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
    pub(crate) fn new(
        columns: &'static [Column],
        rows: impl Iterator<Item = Cells<'a>> + Clone + 'a,
    ) -> Self {
        Self { title: None, columns: Cow::Borrowed(columns), rows: TableRows::new(rows) }
    }

    pub(crate) fn titled(self, title: &'static str) -> Self {
        Self { title: Some(title), ..self }
    }
}

/// The text of [`Show::json`] for a result that is made here.
pub(crate) fn json_text(value: &Value) -> serde_json::Result<Cow<'static, [u8]>> {
    serde_json::to_vec(value).map(Cow::Owned)
}

/// Cells that do not borrow from a row that was read for them.
pub(crate) fn into_owned(cells: Cells<'_>) -> Cells<'static> {
    cells.into_iter().map(|cell| Cow::Owned(cell.into_owned())).collect()
}

/// A cell: the text, or a dash if there is none.
pub(crate) fn dash<'a>(text: Option<impl Into<Cow<'a, str>>>) -> Cow<'a, str> {
    text.map_or(Cow::Borrowed("-"), Into::into)
}

/// `1 product`, `2 products`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A cell for a boolean.
pub(crate) fn yes_no(yes: Option<bool>) -> Cow<'static, str> {
    dash(yes.map(|yes| if yes { "Yes" } else { "No" }))
}
