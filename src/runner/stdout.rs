//! Standard output. Only the functions here write results to it.

use std::io::{BufWriter, ErrorKind, Write};
#[cfg(unix)]
use std::os::fd::AsFd;

use anyhow::{Context, Result};

use crate::env::ProcessEnv;
use crate::error::Exit;
use crate::interrupt;
use crate::ui::{CANNOT_WRITE, CsvTables, CsvWriter, Filter, FilterFormat, Row};

/// As much as a pipe takes at once.
const BUFFER: usize = 64 * 1024;

/// Standard output, whose reader may never read. A signal still ends the run.
struct Stdout(std::io::Stdout);

impl Stdout {
    fn buffered() -> BufWriter<Self> {
        BufWriter::with_capacity(BUFFER, Self(std::io::stdout()))
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        interrupt::before_write(&self.0, bytes.len());
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        interrupt::before_write(&self.0, 0);
        self.0.flush()
    }
}

/// Writes a text that is not a result, such as a help text.
pub(crate) fn print(text: &[u8]) -> Result<Exit> {
    let mut out = Stdout::buffered();
    out.write_all(text).and_then(|()| out.flush()).context("Cannot write to stdout")?;
    Ok(Exit::Done)
}

/// Writes to stdout, and flushes it.
pub(super) fn to_stdout(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    let mut out = Stdout::buffered();
    write(&mut out).and_then(|()| out.flush()).context(CANNOT_WRITE)
}

/// Writes rows as CSV.
pub(super) fn write_csv<'a>(
    csv: &mut CsvWriter,
    rows: impl Iterator<Item = Row<'a>> + Clone,
    tables: &CsvTables<'_>,
) -> Result<()> {
    let mut out = Stdout::buffered();
    csv.write(&mut out, rows, tables)?;
    out.flush().context(CANNOT_WRITE)
}

/// Writes the results of a filter. The filter may run forever.
pub(super) fn write_filtered(filter: &Filter, json: &[u8], as_lines: bool, env: &ProcessEnv) -> Result<()> {
    interrupt::watch();
    let mut out = Stdout::buffered();
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
    let watch = || wait_for_closed_reader(&std::io::stdout());
    if !tokio::task::spawn_blocking(watch).await.unwrap_or_default() {
        std::future::pending::<()>().await;
    }
}

/// Blocks until the reader of a pipe has closed it. Returns `false` if that cannot be found out.
#[cfg(unix)]
fn wait_for_closed_reader(pipe: &impl AsFd) -> bool {
    use rustix::event::{PollFd, PollFlags, poll};
    loop {
        let mut watched = [PollFd::new(pipe, PollFlags::empty())];
        match poll(&mut watched, None) {
            Ok(_) => break watched[0].revents().intersects(PollFlags::ERR | PollFlags::HUP),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => break false,
        }
    }
}

/// Elsewhere a closed pipe is noticed at the next write.
#[cfg(not(unix))]
pub(super) async fn reader_closed_pipe() {
    std::future::pending::<()>().await;
}
