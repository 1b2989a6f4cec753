//! A separate process of this benchmark, which runs one command and prints its peak memory in bytes.
//!
//! The kernel reports one figure for all ended children together, and a child starts with the size of its parent. Measured
//! from the benchmark itself, the figure would include its large answers.

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
    println!("{}", most * unit);
    Ok(ExitCode::SUCCESS)
}
