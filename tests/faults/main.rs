//! The program against faulty backends: it ends in time, reports what happened, and applies every write exactly once.
#![cfg(unix)]
#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "tests fail by panicking")]
#![allow(
    unreachable_pub,
    clippy::format_collect,
    clippy::format_push_string,
    reason = "a harness is read more often than it is linked"
)]

#[cfg(feature = "sandbox")]
mod command;
#[cfg(feature = "sandbox")]
mod exactly_once;
#[cfg(feature = "sandbox")]
mod expectation;
#[cfg(feature = "sandbox")]
mod fault;
#[path = "../harness/mod.rs"]
#[allow(dead_code, reason = "tests/cli uses the rest")]
mod harness;
mod interrupts;
mod long_texts;
#[cfg(feature = "sandbox")]
mod matrix;
#[cfg(feature = "sandbox")]
mod server;
#[cfg(feature = "sandbox")]
mod terminal;
