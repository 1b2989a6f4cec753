//! Speed, memory and size, each against a limit: `cargo bench --bench speed` prints a table and fails where one is
//! broken.
//!
//! Times are ratios to programs that everybody knows, run alternately on the same machine: milliseconds say more
//! about the machine than about the program. Nothing here leaves loopback. It needs `curl`, `jq` and `sh`.

#![allow(clippy::print_stdout, reason = "the table is what it is run for")]

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> anyhow::Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.as_slice() {
        [mode, program, args @ ..] if mode == meter::MODE => meter::run(program, args),
        args if args.iter().any(|arg| arg == "--bench") => bench::run(),
        // `cargo test --all-targets` runs this too, with a debug build that no limit is meant for.
        _ => Ok(ExitCode::SUCCESS),
    }
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    println!("The speed is measured where there are curl, jq and sh");
    ExitCode::SUCCESS
}

#[cfg(unix)]
mod bench;
#[cfg(unix)]
mod bulk;
#[cfg(unix)]
mod catalog;
#[cfg(unix)]
mod delayed;
#[cfg(unix)]
mod meter;
#[cfg(unix)]
mod place;
#[cfg(unix)]
mod stub;
