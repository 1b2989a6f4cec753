//! The packages that `packaging/release.sh --dry-run` built: each is installed, used and removed.
//!
//! They are in `target/packages`, or in the folder that `INSFORGE_PACKAGES` names. Run the tests with
//! `cargo test --test packages`.
#![cfg(all(unix, feature = "sandbox"))]
#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "tests fail by panicking")]
#![allow(
    unreachable_pub,
    clippy::format_collect,
    clippy::format_push_string,
    reason = "a harness is read more often than it is linked"
)]

mod action;
mod archives;
mod deb;
#[path = "../harness/mod.rs"]
#[allow(dead_code, reason = "tests/cli uses the rest")]
mod harness;
mod install;
mod npm;
mod program;
mod publish;
mod sbom;
mod version;

use std::path::{Path, PathBuf};

use harness::stub::Answer;

/// The folder of the packages.
fn packages() -> PathBuf {
    let folder = std::env::var_os("INSFORGE_PACKAGES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/packages"), PathBuf::from);
    assert!(folder.is_dir(), "{} does not exist: run packaging/release.sh --dry-run", folder.display());
    folder
}

/// The answer of a server that has this file, or not.
fn file(path: &Path) -> Answer {
    std::fs::read(path).map_or_else(
        |_| Answer::html(404, "Not Found"),
        |body| Answer::Respond { status: 200, headers: Vec::new(), body },
    )
}
