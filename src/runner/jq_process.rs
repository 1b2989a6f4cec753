//! The `--jq` filter in a process of its own, because a filter can recurse without end, use up all memory, or run forever.
//! A command that has written something must still report its success.

use std::ffi::OsString;
use std::io::{BufRead, Read};
use std::process::Stdio;

use anyhow::{Context, Result, anyhow};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use crate::env::{ProcessEnv, current_executable};
use crate::error::{Code, Exit, Failure};
use crate::interrupt;
use crate::runner::Ctx;
use crate::runner::stdout::{is_broken_pipe, write_filtered};
use crate::ui::{Filter, Stderr};

/// The first arguments of that process; the filter and the format follow. No command begins with `--`.
const ARGUMENTS: [&str; 2] = ["--", "jq"];
const LINES: &str = "lines";
const VALUES: &str = "values";
/// Follows the JSON on stdin, which stays open: it closes when the parent ends. JSON has no such byte.
const END_OF_JSON: u8 = 0;
/// Precedes the reason of a failed filter on a line of stderr. Other lines are the filter's own.
const FILTER_FAILED: char = '\u{1}';
/// How much of a line of stderr is read, in bytes.
const LONGEST_LINE: usize = 8 * 1024;
/// Precedes any other error.
const OTHER_ERROR: char = '\u{2}';

/// Writes the results of a filter for some JSON.
pub(super) async fn run_filter(filter: &Filter, json: &[u8], as_lines: bool, ctx: &Ctx) -> Result<()> {
    // If the program was replaced meanwhile, this process runs the filter.
    let Some(mut child) = start(filter, as_lines) else {
        return write_filtered(filter, json, as_lines, &ctx.env);
    };
    let (mut stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let send = async {
        if let Some(stdin) = &mut stdin {
            // A filter that has ended reads no more.
            let _ = stdin.write_all(json).await;
            let _ = stdin.write_all(&[END_OF_JSON]).await;
        }
    };
    let receive = async {
        let mut reason = None;
        let mut stderr = BufReader::new(stderr?);
        while let Some(line) = next_line(&mut stderr).await {
            if line.starts_with([FILTER_FAILED, OTHER_ERROR]) {
                reason = Some(line);
            } else {
                Stderr::plain(&line);
            }
        }
        reason
    };
    let ((), reason) = tokio::join!(send, receive);
    let status = child.wait().await.context("Cannot wait for the --jq filter")?;
    drop(stdin);
    if status.success() {
        return Ok(());
    }
    let Some(reason) = reason else {
        let why = "it recurses without end, or needs more memory than is available";
        return Err(Filter::failure(format!("the filter was killed ({status}): {why}")).into());
    };
    match reason.strip_prefix(FILTER_FAILED) {
        Some(why) => Err(Filter::failure(why.to_owned()).into()),
        None => Err(anyhow!("{}", reason.trim_start_matches(OTHER_ERROR))),
    }
}

/// The next line, without the rest of a long one: a filter can write any amount.
async fn next_line(stderr: &mut (impl AsyncBufRead + Unpin)) -> Option<String> {
    let mut line = Vec::new();
    loop {
        let read = stderr.fill_buf().await.ok()?;
        if read.is_empty() && line.is_empty() {
            return None;
        }
        let end = read.iter().position(|byte| *byte == b'\n');
        let part = &read[..end.unwrap_or(read.len())];
        line.extend_from_slice(&part[..part.len().min(LONGEST_LINE - line.len())]);
        let (used, is_over) = (part.len() + usize::from(end.is_some()), end.is_some() || read.is_empty());
        stderr.consume(used);
        if is_over {
            return Some(String::from_utf8_lossy(&line).into_owned());
        }
    }
}

fn start(filter: &Filter, as_lines: bool) -> Option<tokio::process::Child> {
    let mut command = Command::new(current_executable()?);
    command.args(ARGUMENTS).arg(filter.text()).arg(if as_lines { LINES } else { VALUES });
    command.stdin(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().ok()
}

/// Runs the filter if this is that process.
pub(crate) fn filter_in_own_process(args: &[OsString], env: &ProcessEnv) -> Option<Exit> {
    let [_, first, second, filter, format] = args else { return None };
    if first != ARGUMENTS[0] || second != ARGUMENTS[1] {
        return None;
    }
    // Its parent ends it, whatever happens to the parent.
    interrupt::handle();
    let filter = Filter::checked(filter.to_str()?, env);
    let mut json = Vec::new();
    std::io::stdin().lock().read_until(END_OF_JSON, &mut json).ok()?;
    if json.pop() != Some(END_OF_JSON) {
        // The parent has ended, and half of the JSON can look complete.
        return Some(Exit::Interrupted);
    }
    std::thread::spawn(end_with_parent);
    match write_filtered(&filter, &json, format == LINES, env) {
        Ok(()) => Some(Exit::Done),
        // A closed pipe is not an error.
        Err(error) if is_broken_pipe(&error) => Some(Exit::Done),
        Err(error) => {
            Stderr::styled(&reason(&error));
            Some(Exit::Failed)
        }
    }
}

/// Ends this process when its parent has ended, which holds the other end of stdin.
fn end_with_parent() {
    if let Ok(0) = std::io::stdin().lock().read(&mut [0]) {
        let code = Exit::Interrupted.code().into();
        // Without flushing stdout, which may block.
        #[cfg(unix)]
        signal_hook::low_level::exit(code);
        #[cfg(windows)]
        std::process::exit(code);
    }
}

/// The reason on one line, after the character that marks its kind.
fn reason(error: &anyhow::Error) -> String {
    let (kind, why) = match error.downcast_ref::<Failure>() {
        Some(Failure { code: Code::JqFailed, why: Some(why), .. }) => (FILTER_FAILED, why.clone()),
        Some(Failure { what, why: Some(why), .. }) => (OTHER_ERROR, format!("{what}: {why}")),
        _ => (OTHER_ERROR, format!("{error:#}")),
    };
    format!("{kind}{}", why.replace('\n', " "))
}
