//! What the user sees. [`page`] says what to show, [`table`], [`stream`], [`json`], [`csv`] and [`jq`] how, [`columns`] how much of it; [`stderr`] keeps the other stream;
//! [`ask`] and [`busy`] are for people at a terminal.

pub(crate) mod ask;
mod columns;
mod csv;
mod date;
mod jq;
mod json;
mod lines;
mod page;
pub(crate) mod progress;
mod sanitize;
mod source_snippet;
mod stderr;
mod stream;
mod table;

pub(crate) use columns::Columns;
pub(crate) use csv::Csv;
pub(crate) use date::short_date;
pub(crate) use jq::{Filter, Written};
pub(crate) use json::{write_json, write_json_line};
pub(crate) use lines::{Line, Mark, rendered};
pub(crate) use page::{Column, Page, Rows, Section, Show, Tables, View, dash, rows_in, yes_no};
pub(crate) use sanitize::{is_unsafe, line as clean_line};
pub(crate) use source_snippet::{SourceSnippet, marked};
pub(crate) use stderr::{Stderr, Verbosity};
pub(crate) use stream::{Stream, rows_at};
pub(crate) use table::{TerminalStyle, write_page};

/// What stands before the reason why stdout does not take the result.
pub(crate) const CANNOT_WRITE: &str = "Cannot write the result";
