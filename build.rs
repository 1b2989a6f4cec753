//! Lets the linker make one of functions that are the same to the byte, where it can: generic code has many, spread over the
//! whole program, and whoever starts it pays for every place that is touched. Nothing here compares addresses of functions.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

const FOLD: &str = "link-arg=-Wl,--icf=all";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|there| there == value);
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") && links_with(FOLD).unwrap_or(false) {
        println!("cargo:rustc-link-arg-bins=-Wl,--icf=all");
    }
}

/// Whether the linker of this build takes it: lld does, which is rustc's own on some platforms, and GNU's does not.
fn links_with(argument: &str) -> Option<bool> {
    let folder = env::var_os("OUT_DIR")?;
    let source = Path::new(&folder).join("probe.rs");
    std::fs::write(&source, "fn main() {}").ok()?;
    let mut rustc = Command::new(env::var_os("RUSTC")?);
    rustc
        .arg(&source)
        .arg("-o")
        .arg(source.with_extension("out"))
        .args(["--target", &env::var("TARGET").ok()?]);
    rustc.args(env::var("CARGO_ENCODED_RUSTFLAGS").ok()?.split('\u{1f}').filter(|flag| !flag.is_empty()));
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        rustc.arg(format!("-Clinker={linker}"));
    }
    let ended = rustc.args(["-C", argument]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    Some(ended.ok()?.success())
}
