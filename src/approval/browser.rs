//! Opens the approval page in the person's browser, where there is one.

use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::Command;

use crate::env::ProcessEnv;

/// Opens a link in a browser, if there is one, and does not wait for it.
pub(crate) fn open_browser(link: &str, env: &ProcessEnv) {
    let Some((program, args)) = browser(env) else { return };
    let mut command = Command::new(program);
    command.args(args).arg(link).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // The browser needs none of the keys.
    for name in env.names_with_prefix(&["INSFORGE_", "STRIPE_", "RAZORPAY_"]) {
        command.env_remove(name);
    }
    // Without a browser, the person follows the link that was printed.
    let _ = command.spawn();
}

/// The program that opens links, and its first arguments.
fn browser(env: &ProcessEnv) -> Option<(PathBuf, &'static [&'static str])> {
    if cfg!(target_os = "macos") {
        return Some((env.find_program("open")?, &[]));
    }
    if cfg!(windows) {
        return Some((env.find_program("rundll32")?, &["url.dll,FileProtocolHandler"]));
    }
    // Without a display, xdg-open can start a browser that takes over the terminal.
    let has_display = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env.var(name).is_some());
    Some((has_display.then(|| env.find_program("xdg-open"))??, &[]))
}
