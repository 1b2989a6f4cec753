//! The sandbox as its users meet it: over HTTP, and embedded in their own tests.
#![cfg(unix)]
#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "tests fail by panicking")]
#![allow(unreachable_pub, reason = "a harness is read more often than it is linked")]

mod api;
mod compare;
mod faults;
mod layers;
mod razorpay;
mod replay;
mod rules;
mod state;
