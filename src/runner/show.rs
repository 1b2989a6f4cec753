//! Results on stdout, notes on stderr.

use std::borrow::Cow;
use std::io::{BufWriter, ErrorKind, Write};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::api::Reply;
use crate::env::ProcessEnv;
use crate::error::{Code, Exit, Failure, WarningCode};
use crate::runner::follow::Sign;
use crate::runner::jq_process::filtered;
use crate::runner::{Ctx, Output, OutputOptions};
use crate::ui::{
    CANNOT_WRITE, Columns, Csv, Filter, Page, Rows, Show, Stream, Tables, View, Written, clean_line, rows_at,
    rows_in, write_json, write_json_line, write_page,
};

/// Shows the request that would be sent. It is neither a table nor has it ids, and its columns are its own.
pub(super) async fn rehearsed(request: Value, output: Output, ctx: &Ctx) -> Result<()> {
    let output = if matches!(output, Output::Table | Output::Ids) { Output::Json } else { output };
    write_with(&Plain(request), output, None, ctx).await
}

/// Shows a reply; the failure that it may carry comes after.
pub(super) async fn show(reply: &impl Show, output: Output, ctx: &Ctx) -> Result<Exit> {
    let written = write(reply, output, ctx).await;
    // Whoever cannot see the result may still see what became of it.
    for note in reply.notes() {
        ctx.stderr.note(&note);
    }
    ctx.warn(reply.warnings());
    // A reader who left early does not make a failed sync a success.
    if let Some(failure) = reply.failure() {
        return Err(failure.into());
    }
    written.map_err(|error| if ctx.write_sent() { done_all_the_same(error) } else { error })?;
    Ok(if reply.reports_differences() { Exit::Different } else { Exit::Done })
}

/// Writes the result to stdout.
async fn write(reply: &impl Show, output: Output, ctx: &Ctx) -> Result<()> {
    match write_with(reply, output, ctx.output.columns.as_ref(), ctx).await {
        // What was done cannot be undone for a column that there is not.
        Err(error) if ctx.write_sent() && is_about_columns(&error) => {
            ctx.stderr.warning(WarningCode::ColumnsUnknown, &format!("{error}; all of them are shown"));
            write_with(reply, output, None, ctx).await
        }
        written => written,
    }
}

fn is_about_columns(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(|failure: &Failure| failure.code == Code::Usage)
}

async fn write_with(reply: &impl Show, output: Output, columns: Option<&Columns>, ctx: &Ctx) -> Result<()> {
    if let (true, Some(filter)) = (output.is_json(), &ctx.output.filter) {
        let text = reply.text().map_err(|error| not_json(&error))?.into_owned();
        // What every command takes would be as large as what this takes.
        return Box::pin(filtered(filter, text, output == Output::Jsonl, ctx)).await;
    }
    match output {
        Output::Ids => at_once(|out| write_ids(out, reply.ids())),
        Output::Table => {
            let page = reply.page();
            let page = if let Some(columns) = columns { columns.of_page(page)? } else { page };
            if page.sections.iter().all(|section| section.rows.is_empty()) && !page.empty.is_empty() {
                ctx.stderr.note(&page.empty);
            }
            at_once(|out| write_page(out, &page, ctx.style))
        }
        Output::Json | Output::Jsonl | Output::Csv => {
            let json = reply.json().map_err(|error| not_json(&error))?;
            match output {
                Output::Json => at_once(|out| write_json(out, &*json)),
                Output::Jsonl => at_once(|out| write_lines(out, &reply.rows(&json))),
                _ => write_csv(&mut Csv::new(columns.cloned(), ctx.env.stdout_terminal), &reply.rows(&json)),
            }
        }
    }
}

/// Writes one of many results as a line, at once: whoever reads them need not wait for the last.
pub(super) async fn show_line(value: &Value, ctx: &Ctx) -> Result<()> {
    match &ctx.output.filter {
        None => at_once(|out| write_json_line(out, value)),
        Some(filter) => {
            let text = serde_json::to_vec(value).map_err(|error| not_json(&error))?;
            Box::pin(filtered(filter, text, true, ctx)).await
        }
    }
}

/// Writes JSON that needs no backend.
pub(crate) fn show_known(json: &Value, form: &OutputOptions, env: &ProcessEnv) -> Result<()> {
    let lines = form.output == Output::Jsonl;
    match &form.filter {
        Some(filter) => {
            let text = serde_json::to_vec(json).context(CANNOT_WRITE)?;
            write_filtered(filter, &text, lines, env)
        }
        None if lines => at_once(|out| write_lines(out, &rows_in(json, &[]))),
        None => at_once(|out| write_json(out, json)),
    }
}

/// Writes one of many results as ids, at once.
pub(super) fn show_ids<'a>(ids: impl IntoIterator<Item = &'a str>) -> Result<()> {
    at_once(|out| write_ids(out, ids))
}

fn write_ids<'a>(out: &mut dyn Write, ids: impl IntoIterator<Item = &'a str>) -> std::io::Result<()> {
    ids.into_iter().try_for_each(|id| writeln!(out, "{}", clean_line(id)))
}

fn write_lines(out: &mut dyn Write, rows: &[Cow<'_, Value>]) -> std::io::Result<()> {
    rows.iter().try_for_each(|row| write_json_line(out, &**row))
}

fn write_csv(csv: &mut Csv, rows: &[Cow<'_, Value>]) -> Result<()> {
    let rows: Vec<&Value> = rows.iter().map(|row| &**row).collect();
    let mut out = BufWriter::new(std::io::stdout().lock());
    csv.write(&mut out, &rows)?;
    out.flush().context(CANNOT_WRITE)
}

/// Writes what a filter makes of some JSON. That may take any time.
pub(super) fn write_filtered(filter: &Filter, json: &[u8], lines: bool, env: &ProcessEnv) -> Result<()> {
    // Not locked: another thread writes.
    let mut out = BufWriter::new(std::io::stdout());
    filter.run(json, &mut out, Written { lines, terminal: env.stdout_terminal })?;
    out.flush().context(CANNOT_WRITE)
}

fn at_once(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    write(&mut out).and_then(|()| out.flush()).context(CANNOT_WRITE)
}

/// The filter failed on the result of a write: to run it again for its result would do it again.
fn done_all_the_same(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Failure>() {
        Ok(failure) if failure.code == Code::JqFailed => {
            let what = "It was done, but the filter of --jq failed on the result".to_owned();
            let hint = "correct the filter for the next time; do not run it again to see the result";
            Failure { what, ..failure }.hint(hint).into()
        }
        Ok(failure) => failure.into(),
        Err(error) => error,
    }
}

/// Nobody reads what is written any more.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let is_one = |error: &std::io::Error| error.kind() == ErrorKind::BrokenPipe;
    error.chain().any(|error| error.downcast_ref().is_some_and(is_one))
}

/// Rows as they come, each written when it is there.
pub(super) struct Shown<'a> {
    output: Output,
    table: Stream,
    csv: Csv,
    ctx: &'a Ctx,
}

impl<'a> Shown<'a> {
    pub(super) fn new(output: Output, ctx: &'a Ctx) -> Self {
        Self {
            output,
            table: Stream::new(ctx.style),
            csv: Csv::new(ctx.output.columns.clone(), ctx.env.stdout_terminal),
            ctx,
        }
    }

    /// Shows the rows in these places, in this order; JSON is a line for each.
    pub(super) async fn show<T: View>(
        &mut self,
        reply: &Reply<T>,
        signs: &[Sign<'_>],
        places: &[usize],
    ) -> Result<()> {
        match self.output {
            Output::Ids => show_ids(places.iter().filter_map(|place| signs.get(*place)?.id)),
            Output::Table => {
                let page = reply.data.page();
                let columns = self.ctx.output.columns.as_ref();
                let mut page = if let Some(columns) = columns { columns.of_page(page)? } else { page };
                let mut sections = page.sections.iter_mut();
                at_once(|out| {
                    sections.try_for_each(|section| self.table.write(out, &rows_at(section, places)))
                })
            }
            Output::Json | Output::Jsonl | Output::Csv => {
                let json = reply.json().map_err(|error| not_json(&error))?;
                let rows = rows_in(&json, T::ROWS);
                let rows: Vec<_> = places.iter().filter_map(|place| rows.get(*place).cloned()).collect();
                if self.output == Output::Csv {
                    return write_csv(&mut self.csv, &rows);
                }
                for row in &rows {
                    show_line(row, self.ctx).await?;
                }
                Ok(())
            }
        }
    }
}

/// Ends when nobody reads stdout any more, as far as that can be known before something is written there: `| head` has
/// seen enough. Only a pipe tells.
#[cfg(unix)]
pub(super) async fn reader_is_gone() {
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

/// Elsewhere it shows when something is written.
#[cfg(not(unix))]
pub(super) async fn reader_is_gone() {
    std::future::pending().await
}

/// What was read was fine, but something beside it was not.
pub(super) fn not_json(error: &serde_json::Error) -> Failure {
    Failure::new(Code::ResponseInvalid, "The backend's answer is not JSON throughout").why(error.to_string())
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

    fn ids(&self) -> Vec<&str> {
        self.data.ids()
    }

    fn notes(&self) -> Vec<String> {
        self.data.notes()
    }
}

/// JSON that is nothing but JSON.
struct Plain(Value);

impl Show for Plain {
    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Ok(Cow::Borrowed(&self.0))
    }

    fn page(&self) -> Page<'_> {
        Page::default()
    }
}
