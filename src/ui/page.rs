//! What to show, without the format: a page of sections for people, JSON for programs, ids for `xargs`.

use std::borrow::Cow;

use serde_json::Value;

use crate::error::{Failure, Warning};
use crate::ui::lines::Line;
use crate::ui::rows::RowLists;
use crate::wire::fields::Fields;

/// A command's result, ready to be shown in any format.
pub(crate) trait Show {
    /// The members of its JSON that have the rows.
    const ROWS: RowLists = &[];
    /// The fields of its JSON, without those that have rows.
    const FIELDS: Fields = &[];
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
    /// The fields of its JSON, without those that have rows.
    const FIELDS: Fields = &[];
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
pub(crate) type Tables = &'static [&'static [Column<'static>]];

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
    /// The kind of the JSON's rows that it shows, one for one, as [`RowLists`] names it.
    pub(crate) kind: Option<&'static str>,
    pub(crate) columns: Cow<'a, [Column<'a>]>,
    pub(crate) rows: TableRows<'a>,
}

/// One cell for each column. The table replaces control characters.
pub(crate) type Cells<'a> = Vec<Cow<'a, str>>;

/// The rows of a table. They are built each time they are read, because all rows of a long list take more memory than its
/// JSON.
pub(crate) struct TableRows<'a>(Box<dyn Fn() -> BoxedRows<'a> + 'a>);

pub(super) type BoxedRows<'a> = Box<dyn Iterator<Item = Cells<'a>> + 'a>;

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

    /// Other rows that are made from these.
    pub(super) fn map<I: Iterator<Item = Cells<'a>> + 'a>(
        self,
        make: impl Fn(BoxedRows<'a>) -> I + 'a,
    ) -> Self {
        Self(Box::new(move || Box::new(make((self.0)()))))
    }
}

/// A column of a table, or a key of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column<'a> {
    pub(crate) name: &'a str,
    pub(crate) shown: Shown,
    pub(crate) content: Content,
    /// The usual width of its cells, for a table whose rows come later.
    pub(crate) usual_width: usize,
}

/// When a column is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Always,
    /// Unless the terminal is too narrow.
    IfItFits,
    /// Only with `--columns`.
    IfChosen,
}

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// An id or another short text, on one line.
    Plain,
    /// Sentences and names, which can have several lines.
    Text,
    /// Amounts with their currency.
    Money,
    /// The names of the other cells in their row.
    Label,
    /// Labels that are verdicts, which have colors.
    Verdict,
}

impl<'a> Column<'a> {
    pub(crate) const fn new(name: &'a str) -> Self {
        Self { name, shown: Shown::Always, content: Content::Plain, usual_width: 0 }
    }

    /// A column that is left out if the terminal is too narrow, the last such column first.
    pub(crate) const fn spare(name: &'a str) -> Self {
        Self::new(name).if_it_fits()
    }

    /// A column that is shown only if it is chosen.
    pub(crate) const fn extra(name: &'a str) -> Self {
        Self { shown: Shown::IfChosen, ..Self::new(name) }
    }

    /// A column of text that can be wrapped between words.
    pub(crate) const fn text(name: &'a str) -> Self {
        Self { content: Content::Text, ..Self::new(name) }
    }

    /// A column of amounts with their currency.
    pub(crate) const fn money(name: &'a str) -> Self {
        Self { content: Content::Money, ..Self::new(name) }
    }

    /// The column, left out like [`Column::spare`].
    pub(crate) const fn if_it_fits(self) -> Self {
        Self { shown: Shown::IfItFits, ..self }
    }

    pub(super) fn is_label(&self) -> bool {
        matches!(self.content, Content::Label | Content::Verdict)
    }

    /// The column with the usual width of its cells.
    pub(crate) const fn usual_width(self, usual_width: usize) -> Self {
        Self { usual_width, ..self }
    }

    /// A first column of `pass`, `warn` and `fail`.
    pub(crate) const fn verdict(name: &'a str) -> Self {
        Self { content: Content::Verdict, ..Self::new(name) }
    }

    /// A first column of names. On a narrow terminal a row becomes `name: value`.
    pub(crate) const fn label(name: &'a str) -> Self {
        Self { content: Content::Label, ..Self::new(name) }
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
        columns: &'static [Column<'static>],
        rows: impl Iterator<Item = Cells<'a>> + Clone + 'a,
    ) -> Self {
        Self { title: None, kind: None, columns: Cow::Borrowed(columns), rows: TableRows::new(rows) }
    }

    pub(crate) fn titled(self, title: &'static str) -> Self {
        Self { title: Some(title), ..self }
    }

    /// The section, as the table of the JSON's rows of this kind.
    pub(crate) fn of(self, kind: &'static str) -> Self {
        Self { kind: Some(kind), ..self }
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
