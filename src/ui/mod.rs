//! What the user sees. [`page`] says what to show. [`table`], [`stream`], [`json`], [`rows`], [`csv`] and [`jq`] write it
//! in their formats, and [`columns`] selects from it, [`style`] has the width and the colors, and [`wrap`] wraps long
//! lines. [`stderr`] writes everything else; [`ask`] and [`progress`] are
//! for a person at a terminal.

pub(crate) mod ask;
mod columns;
mod csv;
mod date;
mod jq;
mod json;
mod lines;
mod page;
pub(crate) mod progress;
mod rows;
mod sanitize;
mod source_snippet;
mod stderr;
mod stream;
mod style;
mod table;
mod wrap;

pub(crate) use columns::{Columns, is_same};
pub(crate) use csv::{CsvTables, CsvWriter};
pub(crate) use date::{clock_time, short_date};
pub(crate) use jq::{Filter, FilterFormat};
pub(crate) use json::{json_line, write_json, write_value};
pub(crate) use lines::{Line, Mark, rendered};
pub(crate) use page::{
    Column, Page, Section, Show, Tables, View, counted, dash, into_owned, json_text, yes_no,
};
#[cfg(any(test, fuzzing))]
pub(crate) use page::{Shown, TableRows};
pub(crate) use rows::{KIND, Row, RowLists, rows_in};
#[cfg(any(test, fuzzing))]
pub(crate) use sanitize::is_unsafe;
pub(crate) use sanitize::{SafetyScan, cut, is_clean, line as clean_line, lines as clean_lines};
pub(crate) use source_snippet::SourceSnippet;
pub(crate) use stderr::{Stderr, Verbosity};
pub(crate) use stream::{StreamingTable, rows_at};
pub(crate) use style::TerminalStyle;
#[cfg(any(test, fuzzing))]
pub(crate) use table::layout as table_widths;
pub(crate) use table::write_page;
#[cfg(any(test, fuzzing))]
pub(crate) use wrap::message as wrapped_message;
pub(crate) use wrap::{reflowed, with_wrapped_usage};

/// What failed if stdout does not take the result.
pub(crate) const CANNOT_WRITE: &str = "Cannot write the result";
