//! The behaviour at the boundary: argv, environment and stdin in; stdout, stderr, exit code and requests out.
#![cfg(unix)]
#![allow(missing_docs, reason = "tests")]

mod client;
mod generations;
mod harness;
mod output;
mod reads;
mod settings;
mod sync;
mod tls;
mod usage;
