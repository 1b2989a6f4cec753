//! The filter of `--jq`, in a process of its own: one that calls itself without end, wants more memory than there is, or
//! never comes to an end takes nobody along, and whoever has written something still hears that it was done.

use std::ffi::OsString;
use std::io::Read;
use std::process::Stdio;

use anyhow::{Context, Result, anyhow};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use crate::env::{ProcessEnv, current_executable};
use crate::error::{Code, Exit, Failure};
use crate::runner::Ctx;
use crate::runner::show::{is_broken_pipe, write_filtered};
use crate::ui::{Filter, Stderr};

/// The words of that process, before the filter and how its results are written. No command begins with `--`.
const WORDS: [&str; 2] = ["--", "jq"];
const LINES: &str = "lines";
const VALUES: &str = "values";
/// Before the reason why a filter failed, on a line of stderr; what has no mark is the filter's own.
const FAILED: char = '\u{1}';
/// Before another reason.
const UNABLE: char = '\u{2}';

/// Writes what a filter makes of some JSON.
pub(super) async fn filtered(filter: &Filter, json: Vec<u8>, lines: bool, ctx: &Ctx) -> Result<()> {
    // Where the program was replaced meanwhile, it is this one that knows how.
    let Some(mut child) = start(filter, lines) else {
        return write_filtered(filter, &json, lines, &ctx.env);
    };
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let give = async {
        if let Some(mut stdin) = stdin {
            // Whoever has seen enough reads no more.
            let _ = stdin.write_all(&json).await;
        }
    };
    let listen = async {
        let mut reason = None;
        let mut said = BufReader::new(stderr?).lines();
        while let Ok(Some(line)) = said.next_line().await {
            if line.starts_with([FAILED, UNABLE]) {
                reason = Some(line);
            } else {
                Stderr::plain(&line);
            }
        }
        reason
    };
    let ((), reason) = tokio::join!(give, listen);
    let status = child.wait().await.context("The filter of --jq cannot be waited for")?;
    if status.success() {
        return Ok(());
    }
    let Some(reason) = reason else {
        let why = "it calls itself without end, or takes more memory than there is";
        return Err(Filter::failed(format!("it was ended ({status}): {why}")).into());
    };
    match reason.strip_prefix(FAILED) {
        Some(why) => Err(Filter::failed(why.to_owned()).into()),
        None => Err(anyhow!("{}", reason.trim_start_matches(UNABLE))),
    }
}

fn start(filter: &Filter, lines: bool) -> Option<tokio::process::Child> {
    let mut command = Command::new(current_executable()?);
    command.args(WORDS).arg(filter.text()).arg(if lines { LINES } else { VALUES });
    command.stdin(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().ok()
}

/// What that process does, where this is it.
pub(crate) fn filter_in_own_process(args: &[OsString], env: &ProcessEnv) -> Option<Exit> {
    let [_, escape, word, filter, how] = args else { return None };
    if escape != WORDS[0] || word != WORDS[1] {
        return None;
    }
    let filter = Filter::read_before(filter.to_str()?, env);
    let mut json = Vec::new();
    std::io::stdin().read_to_end(&mut json).ok()?;
    match write_filtered(&filter, &json, how == LINES, env) {
        Ok(()) => Some(Exit::Done),
        // Nobody reads it any more, which is nothing wrong.
        Err(error) if is_broken_pipe(&error) => Some(Exit::Done),
        Err(error) => {
            Stderr::painted(&reason(&error));
            Some(Exit::Failed)
        }
    }
}

/// What went wrong, on one line and with its mark.
fn reason(error: &anyhow::Error) -> String {
    let (mark, why) = match error.downcast_ref::<Failure>() {
        Some(Failure { code: Code::JqFailed, why: Some(why), .. }) => (FAILED, why.clone()),
        Some(Failure { what, why: Some(why), .. }) => (UNABLE, format!("{what}: {why}")),
        _ => (UNABLE, format!("{error:#}")),
    };
    format!("{mark}{}", why.replace('\n', " "))
}
