//! The behavior of the program: argv, environment and stdin in; stdout, stderr, exit code and requests out.
#![cfg(unix)]
#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "tests fail by panicking")]
#![allow(
    unreachable_pub,
    clippy::format_collect,
    clippy::format_push_string,
    reason = "a harness is read more often than it is linked"
)]

mod approval;
#[cfg(feature = "sandbox")]
mod approval_effects;
#[cfg(feature = "sandbox")]
mod approval_page;
#[cfg(feature = "sandbox")]
mod approvals;
#[cfg(feature = "sandbox")]
mod approve_command;
#[cfg(feature = "sandbox")]
mod bulk;
mod catalog;
#[cfg(feature = "sandbox")]
mod catalog_diff;
#[cfg(feature = "sandbox")]
mod catalog_export;
#[cfg(feature = "sandbox")]
mod catalog_interrupted;
#[cfg(feature = "sandbox")]
mod catalog_rerun;
#[cfg(feature = "sandbox")]
mod ci;
mod client;
#[cfg(feature = "sandbox")]
mod columns;
#[cfg(feature = "sandbox")]
mod compatibility;
mod completion;
mod completion_shells;
mod concurrent;
mod config_set;
mod confirm;
mod doctor;
#[cfg(feature = "sandbox")]
mod documents;
mod echo;
mod errors;
mod explain;
mod faults;
mod follow;
mod foreign_answers;
#[cfg(feature = "sandbox")]
mod formats;
mod generations;
#[cfg(feature = "sandbox")]
mod github;
#[path = "../harness/mod.rs"]
mod harness;
mod inputs;
mod keyring;
mod killed;
mod linking;
mod lists;
#[cfg(feature = "sandbox")]
mod map;
mod network;
mod output;
mod plain_codes;
mod policies;
mod precedence;
mod prompts;
mod razorpay;
mod razorpay_sandbox;
mod reading;
mod reads;
#[cfg(feature = "sandbox")]
mod repeated_creates;
#[cfg(feature = "sandbox")]
mod replace;
mod rerun;
#[cfg(feature = "sandbox")]
mod sandbox;
#[cfg(feature = "sandbox")]
mod sandbox_control;
#[cfg(feature = "sandbox")]
mod sandbox_sdk;
#[cfg(feature = "sandbox")]
mod sandbox_server;
mod settings;
mod sync;
#[cfg(feature = "sandbox")]
mod terminals;
mod usage;
mod verbose;
mod version;
mod writes;
