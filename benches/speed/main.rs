//! Speed, memory and size, each against a limit. It prints a table and fails if a limit is exceeded. It measures the
//! program in its own folder: `cargo build --release && cargo run --release -p speed`.
//!
//! Times are ratios to well-known programs that run alternately on the same machine, because milliseconds say more
//! about the machine than about the program. All traffic stays on loopback. It needs `curl`, `jq` and `sh`.

#![allow(clippy::print_stdout, reason = "the table is its result")]

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> anyhow::Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.as_slice() {
        [mode, program, args @ ..] if mode == peak_memory::MODE => peak_memory::run(program, args),
        _ => bench::run(),
    }
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    println!("The benchmark needs curl, jq and sh");
    ExitCode::SUCCESS
}

#[cfg(unix)]
mod backend;
#[cfg(unix)]
mod bench;
#[cfg(unix)]
mod bench_env;
#[cfg(unix)]
mod bulk;
#[cfg(unix)]
mod catalog;
#[cfg(unix)]
mod peak_memory;
#[cfg(unix)]
mod slow_backend;
