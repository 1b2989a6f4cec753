//! Standard output. Only the functions here write results to it.

use std::io::{BufWriter, ErrorKind, Write};

use anyhow::{Context, Result};

use crate::env::ProcessEnv;
use crate::ui::{CANNOT_WRITE, CsvTables, CsvWriter, Filter, FilterFormat, Row};

/// As much as a pipe takes at once.
const BUFFER: usize = 64 * 1024;

/// Writes to stdout, and flushes it.
pub(super) fn to_stdout(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    let mut out = BufWriter::with_capacity(BUFFER, std::io::stdout().lock());
    write(&mut out).and_then(|()| out.flush()).context(CANNOT_WRITE)
}

/// Writes rows as CSV.
pub(super) fn write_csv<'a>(
    csv: &mut CsvWriter,
    rows: impl Iterator<Item = Row<'a>> + Clone,
    tables: &CsvTables<'_>,
) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    csv.write(&mut out, rows, tables)?;
    out.flush().context(CANNOT_WRITE)
}

/// Writes the results of a filter. The filter may run forever.
pub(super) fn write_filtered(filter: &Filter, json: &[u8], as_lines: bool, env: &ProcessEnv) -> Result<()> {
    // Not locked: another thread writes.
    let mut out = BufWriter::new(std::io::stdout());
    filter.run(json, &mut out, FilterFormat { as_lines, terminal: env.stdout_terminal })?;
    out.flush().context(CANNOT_WRITE)
}

/// Whether the reader closed the pipe.
pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let is_one = |error: &std::io::Error| error.kind() == ErrorKind::BrokenPipe;
    error.chain().any(|error| error.downcast_ref().is_some_and(is_one))
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
