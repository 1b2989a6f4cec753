//! Results on stdout, notes on stderr.

use std::borrow::Cow;
use std::io::Write;

use anyhow::Result;
use serde_json::Value;

use crate::api::Reply;
use crate::env::ProcessEnv;
use crate::error::{Code, Exit, Failure, WarningCode};
use crate::runner::jq_process::run_filter;
use crate::runner::stdout::{to_stdout, write_csv, write_filtered};
use crate::runner::{Ctx, Output, OutputOptions};
use crate::ui::{
    Columns, CsvTables, CsvWriter, Page, Row, RowLists, Show, StreamingTable, Tables, View, clean_line,
    json_text, rows_at, rows_in, write_json, write_page, write_value,
};
use crate::wire::Json;
use crate::wire::fields::Fields;

/// Shows the request that would be sent. It has no table and no ids, and --columns is not for it.
pub(super) async fn show_dry_run(request: Value, output: Output, ctx: &Ctx) -> Result<()> {
    let output = if matches!(output, Output::Table | Output::Ids) { Output::Json } else { output };
    write_with(&RequestJson(request), output, None, ctx).await
}

/// Shows a reply, and then reports the failure that it may carry.
pub(super) async fn show(reply: &impl Show, output: Output, ctx: &Ctx) -> Result<Exit> {
    let written = write(reply, output, ctx).await;
    // The notes say what happened even if the result could not be written.
    for note in reply.notes() {
        ctx.stderr.note(&note);
    }
    ctx.warn(reply.warnings());
    // A closed pipe does not make a failed sync a success.
    if let Some(failure) = reply.failure() {
        return Err(failure.into());
    }
    written.map_err(|error| if ctx.write_sent() { after_write(error) } else { error })?;
    Ok(if reply.reports_differences() { Exit::Different } else { Exit::Done })
}

/// Writes the result to stdout.
async fn write(reply: &impl Show, output: Output, ctx: &Ctx) -> Result<()> {
    match write_with(reply, output, ctx.output.columns.as_ref(), ctx).await {
        // A write that succeeded does not fail for an unknown column.
        Err(error) if ctx.write_sent() && is_about_columns(&error) => {
            ctx.stderr.warning(WarningCode::ColumnsUnknown, &format!("{error}; showing all columns"));
            write_with(reply, output, None, ctx).await
        }
        written => written,
    }
}

fn is_about_columns(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(|failure: &Failure| failure.code == Code::Usage)
}

async fn write_with<S: Show>(reply: &S, output: Output, columns: Option<&Columns>, ctx: &Ctx) -> Result<()> {
    if let (true, Some(filter)) = (output.is_json(), &ctx.output.filter) {
        let text = reply.json().map_err(|error| not_json(&error))?;
        // Boxed, because every command's future would be as large as this one.
        return Box::pin(run_filter(filter, &text, output == Output::Jsonl, ctx)).await;
    }
    match output {
        Output::Ids => to_stdout(|out| {
            let mut written = Ok(());
            reply.for_each_id(&mut |id| {
                if written.is_ok() {
                    written = write_ids(out, [id]);
                }
            });
            written
        }),
        Output::Table => {
            let text = columns.map(|_| rows_text(reply)).transpose()?;
            let page = match (columns, &text) {
                (Some(columns), Some(text)) => columns.select_in_page(reply.page(), parse(text)?, S::ROWS)?,
                _ => reply.page(),
            };
            if page.sections.iter().all(|section| section.rows.is_empty()) && !page.empty.is_empty() {
                ctx.stderr.note(&page.empty);
            }
            to_stdout(|out| write_page(out, &page, ctx.style))
        }
        Output::Json => {
            let text = reply.json().map_err(|error| not_json(&error))?;
            let json = parse(&text)?;
            to_stdout(|out| write_json(out, json))
        }
        Output::Jsonl | Output::Csv => {
            let text = rows_text(reply)?;
            let rows = rows_in(parse(&text)?, S::ROWS);
            if output == Output::Csv {
                let page = columns.map(|_| reply.page()).unwrap_or_default();
                let mut csv = CsvWriter::new(columns.cloned(), ctx.env.stdout_terminal);
                return write_csv(&mut csv, rows, &CsvTables { page, lists: S::ROWS });
            }
            to_stdout(|out| write_lines(out, rows))
        }
    }
}

/// The JSON that has the rows of a result.
fn rows_text<S: Show>(reply: &S) -> Result<Cow<'_, [u8]>> {
    match reply.rows().map_err(|error| not_json(&error))? {
        Some(rows) => Ok(Cow::Owned(to_text(&rows)?)),
        None => Ok(reply.json().map_err(|error| not_json(&error))?),
    }
}

/// Writes one of many results as a line, without waiting for the others.
pub(super) async fn show_line(value: &Value, ctx: &Ctx) -> Result<()> {
    match &ctx.output.filter {
        None => to_stdout(|out| write_value(out, value, true)),
        Some(filter) => Box::pin(run_filter(filter, &to_text(value)?, true, ctx)).await,
    }
}

/// Writes JSON that needs no backend.
pub(crate) fn show_json(json: &Value, options: &OutputOptions, env: &ProcessEnv) -> Result<()> {
    let text = to_text(json)?;
    let as_lines = options.output == Output::Jsonl;
    match &options.filter {
        Some(filter) => write_filtered(filter, &text, as_lines, env),
        None if as_lines => write_lines_of(&text),
        None => to_stdout(|out| write_value(out, json, false)),
    }
}

fn write_lines_of(text: &[u8]) -> Result<()> {
    let rows = rows_in(parse(text)?, &[]);
    to_stdout(|out| write_lines(out, rows))
}

/// Writes the ids of one of many results, without waiting for the others.
pub(super) fn show_ids<'a>(ids: impl IntoIterator<Item = &'a str>) -> Result<()> {
    to_stdout(|out| write_ids(out, ids))
}

fn write_ids<'a>(out: &mut dyn Write, ids: impl IntoIterator<Item = &'a str>) -> std::io::Result<()> {
    ids.into_iter().try_for_each(|id| writeln!(out, "{}", clean_line(id)))
}

fn write_lines<'a>(out: &mut dyn Write, mut rows: impl Iterator<Item = Row<'a>>) -> std::io::Result<()> {
    rows.try_for_each(|row| row.write_line(out))
}

fn to_text(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| not_json(&error).into())
}

fn parse(text: &[u8]) -> Result<Json<'_>> {
    Json::parse(text).map_err(|error| not_json(&error).into())
}

/// Says that the write succeeded, if the filter failed on its result: a second run would write again.
fn after_write(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Failure>() {
        Ok(failure) if failure.code == Code::JqFailed => {
            let what = "The write succeeded, but the --jq filter failed on its result".to_owned();
            let hint = "fix the filter for the next run; do not run the command again to see the result";
            Failure { what, ..failure }.hint(hint).into()
        }
        Ok(failure) => failure.into(),
        Err(error) => error,
    }
}

/// Writes rows that come over time.
pub(super) struct RowWriter<'a> {
    output: Output,
    table: StreamingTable,
    csv: CsvWriter,
    ctx: &'a Ctx,
}

impl<'a> RowWriter<'a> {
    pub(super) fn new(output: Output, ctx: &'a Ctx) -> Self {
        Self {
            output,
            table: StreamingTable::new(ctx.style),
            csv: CsvWriter::new(ctx.output.columns.clone(), ctx.env.stdout_terminal),
            ctx,
        }
    }

    /// Writes the rows at these positions, in this order. `ids` are their ids. JSON is a line for each row.
    pub(super) async fn write<'r, T: View>(
        &mut self,
        reply: &Reply<T>,
        positions: &[usize],
        ids: impl Iterator<Item = &'r str>,
    ) -> Result<()> {
        match self.output {
            Output::Ids => show_ids(ids),
            Output::Table => {
                let text = reply.json().map_err(|error| not_json(&error))?;
                let page = match &self.ctx.output.columns {
                    Some(columns) => columns.select_in_page(reply.data.page(), parse(&text)?, T::ROWS)?,
                    None => reply.data.page(),
                };
                let mut sections = page.sections.iter();
                to_stdout(|out| {
                    sections.try_for_each(|section| self.table.write(out, &rows_at(section, positions)))
                })
            }
            Output::Json | Output::Jsonl | Output::Csv => {
                let text = reply.json().map_err(|error| not_json(&error))?;
                let rows: Vec<Row<'_>> = rows_in(parse(&text)?, T::ROWS).collect();
                let rows = positions.iter().filter_map(|position| rows.get(*position).copied());
                match &self.ctx.output.filter {
                    _ if self.output == Output::Csv => {
                        let sections = reply.data.page().sections;
                        let sections = sections.iter().map(|section| rows_at(section, positions)).collect();
                        let page = Page { sections, ..Page::default() };
                        write_csv(&mut self.csv, rows, &CsvTables { page, lists: T::ROWS })
                    }
                    None => to_stdout(|out| write_lines(out, rows)),
                    Some(filter) => {
                        for row in rows {
                            Box::pin(run_filter(filter, row.as_bytes(), true, self.ctx)).await?;
                        }
                        Ok(())
                    }
                }
            }
        }
    }
}

/// The failure for an answer that is invalid JSON outside the fields that were read.
pub(super) fn not_json(error: &serde_json::Error) -> Failure {
    Failure::new(Code::ResponseInvalid, "The backend's response is not valid JSON").why(error.to_string())
}

impl<T: View> Show for Reply<T> {
    const ROWS: RowLists = T::ROWS;
    const FIELDS: Fields = T::FIELDS;
    const TABLES: Tables = T::TABLES;

    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        Reply::json(self)
    }

    fn page(&self) -> Page<'_> {
        Page { empty: format!("No {} {} found.", self.provider.name, T::NOUN), ..self.data.page() }
    }

    fn for_each_id(&self, take: &mut dyn FnMut(&str)) {
        self.data.for_each_id(take);
    }

    fn notes(&self) -> Vec<String> {
        self.data.notes()
    }
}

/// The request of a dry run, as JSON.
struct RequestJson(Value);

impl Show for RequestJson {
    fn json(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        json_text(&self.0)
    }

    fn page(&self) -> Page<'_> {
        Page::default()
    }
}
