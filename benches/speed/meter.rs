//! Another process of this program, which starts one command and tells the most memory that it has had at a time.
//!
//! The kernel keeps that figure for all ended children together, and a child inherits the size of whoever starts it:
//! measured from the bench, with its large answers in memory, it would be the bench's own.

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};

pub(crate) const MODE: &str = "--meter";

pub(crate) fn run(program: &str, args: &[String]) -> Result<ExitCode> {
    let mut child = Command::new(program).args(args).stdout(Stdio::piped()).spawn()?;
    let mut stdout = child.stdout.take().context("its stdout is piped")?;
    std::io::copy(&mut stdout, &mut std::io::sink())?;
    let status = child.wait()?;
    ensure!(status.success(), "{program} ends with {status}");
    let most = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss();
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    // In bytes.
    println!("{}", most * unit);
    Ok(ExitCode::SUCCESS)
}
