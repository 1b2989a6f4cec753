//! Results on stdout, notes on stderr.

use std::borrow::Cow;
use std::io::{BufWriter, ErrorKind, Write};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::api::Reply;
use crate::env::ProcessEnv;
use crate::error::{Code, Exit, Failure, WarningCode};
use crate::runner::follow::RowKey;
use crate::runner::jq_process::run_filter;
use crate::runner::{Ctx, Output, OutputOptions};
use crate::ui::{
    CANNOT_WRITE, Columns, Csv, Filter, FilterFormat, Page, Row, Rows, Show, Stream, Tables, View,
    clean_line, rows_at, rows_in, write_json, write_page, write_value,
};
use crate::wire::Json;

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
        let text = reply.text().map_err(|error| not_json(&error))?;
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
            let page = reply.page();
            let page = if let Some(columns) = columns { columns.of_page(page)? } else { page };
            if page.sections.iter().all(|section| section.rows.is_empty()) && !page.empty.is_empty() {
                ctx.stderr.note(&page.empty);
            }
            to_stdout(|out| write_page(out, &page, ctx.style))
        }
        Output::Json => {
            let text = reply.text().map_err(|error| not_json(&error))?;
            let json = parse(&text)?;
            to_stdout(|out| write_json(out, json))
        }
        Output::Jsonl | Output::Csv => {
            let own_rows = reply.rows().map_err(|error| not_json(&error))?;
            let (text, lists) = match own_rows {
                Some(rows) => (Cow::Owned(to_text(&rows)?), &[][..]),
                None => (reply.text().map_err(|error| not_json(&error))?, S::ROWS),
            };
            let rows = rows_in(parse(&text)?, lists);
            if output == Output::Csv {
                return write_csv(&mut Csv::new(columns.cloned(), ctx.env.stdout_terminal), rows);
            }
            to_stdout(|out| write_lines(out, rows))
        }
    }
}

/// Writes one of many results as a line at once, so that a reader need not wait for the last.
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

/// Writes one of many results as ids, at once.
pub(super) fn show_ids<'a>(ids: impl IntoIterator<Item = &'a str>) -> Result<()> {
    to_stdout(|out| write_ids(out, ids))
}

fn write_ids<'a>(out: &mut dyn Write, ids: impl IntoIterator<Item = &'a str>) -> std::io::Result<()> {
    ids.into_iter().try_for_each(|id| writeln!(out, "{}", clean_line(id)))
}

fn write_lines<'a>(out: &mut dyn Write, mut rows: impl Iterator<Item = Row<'a>>) -> std::io::Result<()> {
    rows.try_for_each(|row| row.write_line(out))
}

fn write_csv<'a>(csv: &mut Csv, rows: impl Iterator<Item = Row<'a>> + Clone) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    csv.write(&mut out, rows)?;
    out.flush().context(CANNOT_WRITE)
}

/// Writes the results of a filter. It may take any time.
pub(super) fn write_filtered(filter: &Filter, json: &[u8], as_lines: bool, env: &ProcessEnv) -> Result<()> {
    // Not locked: another thread writes.
    let mut out = BufWriter::new(std::io::stdout());
    filter.run(json, &mut out, FilterFormat { as_lines, terminal: env.stdout_terminal })?;
    out.flush().context(CANNOT_WRITE)
}

fn to_stdout(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    let mut out = BufWriter::with_capacity(BUFFER, std::io::stdout().lock());
    write(&mut out).and_then(|()| out.flush()).context(CANNOT_WRITE)
}

/// As much as a pipe takes at once.
const BUFFER: usize = 64 * 1024;

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

/// Whether the reader closed the pipe.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let is_one = |error: &std::io::Error| error.kind() == ErrorKind::BrokenPipe;
    error.chain().any(|error| error.downcast_ref().is_some_and(is_one))
}

/// Writes rows that come over time.
pub(super) struct RowWriter<'a> {
    output: Output,
    table: Stream,
    csv: Csv,
    ctx: &'a Ctx,
}

impl<'a> RowWriter<'a> {
    pub(super) fn new(output: Output, ctx: &'a Ctx) -> Self {
        Self {
            output,
            table: Stream::new(ctx.style),
            csv: Csv::new(ctx.output.columns.clone(), ctx.env.stdout_terminal),
            ctx,
        }
    }

    /// Writes the rows at these positions, in this order. JSON is a line for each row.
    pub(super) async fn write<T: View>(
        &mut self,
        reply: &Reply<T>,
        keys: &[RowKey],
        positions: &[usize],
    ) -> Result<()> {
        match self.output {
            Output::Ids => {
                show_ids(positions.iter().filter_map(|position| keys.get(*position)?.id.as_deref()))
            }
            Output::Table => {
                let page = reply.data.page();
                let columns = self.ctx.output.columns.as_ref();
                let page = if let Some(columns) = columns { columns.of_page(page)? } else { page };
                let mut sections = page.sections.iter();
                to_stdout(|out| {
                    sections.try_for_each(|section| self.table.write(out, &rows_at(section, positions)))
                })
            }
            Output::Json | Output::Jsonl | Output::Csv => {
                let text = reply.text().map_err(|error| not_json(&error))?;
                let rows: Vec<Row<'_>> = rows_in(parse(&text)?, T::ROWS).collect();
                let rows = positions.iter().filter_map(|position| rows.get(*position).copied());
                match &self.ctx.output.filter {
                    _ if self.output == Output::Csv => write_csv(&mut self.csv, rows),
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

/// Completes when the reader of stdout has closed the pipe, before anything is written: `| head` has read enough.
#[cfg(unix)]
pub(super) async fn reader_closed_pipe() {
    let watch = || {
        use rustix::event::{PollFd, PollFlags, poll};
        let stdout = std::io::stdout();
        loop {
            let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
            match poll(&mut watched, None) {
                Ok(_) => break watched[0].revents().intersects(PollFlags::ERR | PollFlags::HUP),
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => break false,
            }
        }
    };
    if !tokio::task::spawn_blocking(watch).await.unwrap_or_default() {
        std::future::pending::<()>().await;
    }
}

/// Elsewhere a closed pipe is noticed at the next write.
#[cfg(not(unix))]
pub(super) async fn reader_closed_pipe() {
    std::future::pending().await
}

/// The failure for an answer that is invalid JSON outside the fields that were read.
pub(super) fn not_json(error: &serde_json::Error) -> Failure {
    Failure::new(Code::ResponseInvalid, "The backend's response is not valid JSON").why(error.to_string())
}

impl<T: View> Show for Reply<T> {
    const ROWS: Rows = T::ROWS;
    const TABLES: Tables = T::TABLES;

    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Reply::json(self)
    }

    fn text(&self) -> serde_json::Result<Cow<'_, [u8]>> {
        Reply::text(self)
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
    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Ok(Cow::Borrowed(&self.0))
    }

    fn page(&self) -> Page<'_> {
        Page::default()
    }
}
