//! Runs commands against a faulty backend for a long time, and counts duplicates, lost writes and false statements:
//! `cargo run --release --example soak -- ROUNDS [SEED] [FIRST_ROUND]`.
#![allow(missing_docs, unreachable_pub, reason = "it shares its engine with a test")]
#![allow(clippy::expect_used, reason = "it fails by panicking")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it has no other output")]

#[cfg(unix)]
mod soak;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    soak::run()
}

#[cfg(not(unix))]
fn main() {
    println!("The example kills processes with signals, so it needs Unix");
}
