//! Tests of the sandbox over HTTP, with the sandbox embedded in the test process.
#![cfg(unix)]
#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "tests fail by panicking")]
#![allow(unreachable_pub, reason = "the modules are private to this test")]

mod api;
mod clients;
mod compare;
mod faults;
mod layers;
mod razorpay;
mod replay;
mod rules;
mod state;
