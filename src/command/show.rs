//! Results on stdout, notes on stderr.

use std::borrow::Cow;
use std::io::{BufWriter, ErrorKind, Write};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::api::Reply;
use crate::command::follow::Sign;
use crate::command::{Ctx, Output};
use crate::error::{Code, Exit, Failure};
use crate::ui::{
    Look, Page, Show, Stream, View, clean_line, rows_at, write_json, write_json_line, write_page,
};

/// Shows a reply; the failure that it may carry comes after.
pub(super) fn show(reply: &impl Show, output: Output, ctx: &Ctx) -> Result<Exit> {
    let written = write(reply, output, ctx);
    // A reader who left early does not make a failed sync a success.
    if let Some(failure) = reply.failure() {
        return Err(failure.into());
    }
    written.map(|()| reply.exit())
}

/// Writes the result to stdout and the notes to stderr.
fn write(reply: &impl Show, output: Output, ctx: &Ctx) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let written = match output {
        Output::Json => write_json(&mut out, &*reply.json().map_err(|error| not_json(&error))?),
        Output::Ids => write_ids(&mut out, reply.ids()),
        Output::Table => {
            let page = reply.page();
            if page.sections.iter().all(|section| section.rows.is_empty()) && !page.empty.is_empty() {
                ctx.stderr.note(&page.empty);
            }
            write_page(&mut out, &page, ctx.look)
        }
    };
    let written = written.and_then(|()| out.flush()).context(CANNOT_WRITE);
    // Whoever cannot see the result may still see what became of it.
    for note in reply.notes() {
        ctx.stderr.note(&note);
    }
    ctx.warn(reply.warnings());
    written
}

/// Writes one of many results, at once: whoever reads them need not wait for the last.
pub(super) fn show_line(value: &Value) -> Result<()> {
    at_once(|out| write_json_line(out, value))
}

/// The same of ids alone.
pub(super) fn show_ids<'a>(ids: impl IntoIterator<Item = &'a str>) -> Result<()> {
    at_once(|out| write_ids(out, ids))
}

fn write_ids<'a>(out: &mut dyn Write, ids: impl IntoIterator<Item = &'a str>) -> std::io::Result<()> {
    ids.into_iter().try_for_each(|id| writeln!(out, "{}", clean_line(id)))
}

fn at_once(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    write(&mut out).and_then(|()| out.flush()).context(CANNOT_WRITE)
}

/// Nobody reads what is written any more.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let is_one = |error: &std::io::Error| error.kind() == ErrorKind::BrokenPipe;
    error.chain().any(|error| error.downcast_ref().is_some_and(is_one))
}

const CANNOT_WRITE: &str = "Cannot write the result";

/// Rows as they come, each written when it is there.
pub(super) struct Shown {
    output: Output,
    table: Stream,
    /// What the list of rows is called in JSON, in each generation.
    lists: [&'static str; 2],
}

impl Shown {
    pub(super) const fn new(output: Output, look: Look, lists: [&'static str; 2]) -> Self {
        Self { output, table: Stream::new(look), lists }
    }

    /// Shows the rows in these places, in this order; JSON is a line for each.
    pub(super) fn show<T: View>(
        &mut self,
        reply: &Reply<T>,
        signs: &[Sign<'_>],
        places: &[usize],
    ) -> Result<()> {
        match self.output {
            Output::Json => {
                let json = reply.json().map_err(|error| not_json(&error))?;
                let rows = self.lists.iter().find_map(|list| json.get(list)?.as_array());
                let mut rows = places.iter().filter_map(|place| rows?.get(*place));
                at_once(|out| rows.try_for_each(|row| write_json_line(out, row)))
            }
            Output::Ids => show_ids(places.iter().filter_map(|place| signs.get(*place)?.id)),
            Output::Table => {
                let mut page = reply.data.page();
                let mut sections = page.sections.iter_mut();
                at_once(|out| {
                    sections.try_for_each(|section| self.table.write(out, &rows_at(section, places)))
                })
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
    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Reply::json(self)
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

/// What a write made, and what to say of it: `✓ …`.
pub(crate) struct Done<T> {
    pub(crate) reply: Reply<T>,
    pub(crate) note: String,
}

impl<T: View> Show for Done<T> {
    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Reply::json(&self.reply)
    }

    fn page(&self) -> Page<'_> {
        self.reply.data.page()
    }

    fn ids(&self) -> Vec<&str> {
        self.reply.data.ids()
    }

    fn notes(&self) -> Vec<String> {
        vec![format!("✓ {}", self.note)]
    }
}

/// JSON that is nothing but JSON.
pub(super) struct Plain(pub(super) Value);

impl Show for Plain {
    fn json(&self) -> serde_json::Result<Cow<'_, Value>> {
        Ok(Cow::Borrowed(&self.0))
    }

    fn page(&self) -> Page<'_> {
        Page::default()
    }
}
