//! What the user sees. [`page`] says what to show, [`table`], [`stream`] and [`json`] how; [`stderr`] keeps the other stream;
//! [`ask`] and [`busy`] are for people at a terminal.

pub(crate) mod ask;
pub(crate) mod busy;
mod clean;
mod date;
mod json;
mod lines;
mod page;
mod stderr;
mod stream;
mod table;

pub(crate) use clean::{is_unsafe, line as clean_line};
pub(crate) use date::short_date;
pub(crate) use json::{write_json, write_json_line};
pub(crate) use lines::{Line, Mark, rendered};
pub(crate) use page::{Column, Page, Section, Show, View, dash, yes_no};
pub(crate) use stderr::{Stderr, Verbosity};
pub(crate) use stream::{Stream, rows_at};
pub(crate) use table::{Look, write_page};
