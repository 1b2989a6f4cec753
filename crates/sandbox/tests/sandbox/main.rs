//! Tests of the sandbox over HTTP, with the sandbox embedded in the test process.
#![cfg(unix)]
#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "tests fail by panicking")]
#![allow(unreachable_pub, reason = "the modules are private to this test")]

mod api;
mod checkout;
mod clients;
mod compare;
mod control;
mod events;
mod faults;
mod layers;
mod payments;
mod projections;
mod razorpay;
mod razorpay_life;
mod replay;
mod rows;
mod rules;
mod shop;
mod signing;
mod state;
mod time;
