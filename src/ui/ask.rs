//! Prompts on a terminal. The caller checks that the session is interactive.

use std::io::{Write, stderr, stdin};

use anyhow::{Context, Result, anyhow};
use dialoguer::Password;

use crate::secret::Secret;

/// Asks for a secret, which is hidden while it is typed.
pub(crate) async fn secret(question: String) -> Result<Secret> {
    // An empty answer is accepted: on a closed terminal the prompt would repeat forever.
    let ask =
        move || Password::new().with_prompt(question).allow_empty_password(true).report(false).interact();
    Ok(Secret::new(run_prompt(ask).await?))
}

/// Asks for a line of text.
pub(crate) async fn text(question: String) -> Result<String> {
    read_line(format!("{question}: ")).await
}

/// Asks for confirmation. Everything but `y` and `yes` is a no, as are Enter and Ctrl-D. (dialoguer's prompt takes a
/// single key, hides the cursor, and ignores Ctrl-D.)
pub(crate) async fn confirm(question: &str) -> Result<bool> {
    let answer = read_line(format!("{question} [y/N] ")).await?;
    Ok(["y", "yes"].iter().any(|yes| answer.trim().eq_ignore_ascii_case(yes)))
}

/// Reads a line with the terminal's own editing: dialoguer's line editor never returns if the terminal is closed.
async fn read_line(prompt: String) -> Result<String> {
    run_prompt(move || {
        write!(stderr(), "{prompt}")?;
        let mut line = String::new();
        if stdin().read_line(&mut line)? == 0 {
            // Ctrl-D leaves the cursor on the line of the prompt.
            writeln!(stderr())?;
        }
        Ok(line)
    })
    .await
}

/// Runs a prompt on its own thread, so that Ctrl-C still works. [`restore_terminal`] then undoes the prompt's changes to
/// the terminal.
async fn run_prompt<T: Send + 'static>(
    ask: impl FnOnce() -> dialoguer::Result<T> + Send + 'static,
) -> Result<T> {
    terminal::remember();
    let answer = tokio::task::spawn_blocking(ask).await.map_err(|_| anyhow!("The prompt failed"))?;
    answer.context("Cannot prompt on this terminal")
}

/// Shows the cursor and echoes typed text again, after an interrupted prompt.
pub(crate) fn restore_terminal() {
    terminal::restore();
}

#[cfg(unix)]
mod terminal {
    use std::io::{Write, stderr, stdin};
    use std::sync::OnceLock;

    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

    static BEFORE: OnceLock<Termios> = OnceLock::new();

    pub(super) fn remember() {
        if let Ok(now) = tcgetattr(stdin()) {
            BEFORE.get_or_init(|| now);
        }
    }

    pub(super) fn restore() {
        if let Some(before) = BEFORE.get() {
            // The process is about to exit, and a closed terminal needs nothing.
            let _ = tcsetattr(stdin(), OptionalActions::Now, before);
            let _ = stderr().write_all(b"\x1b[?25h\n");
        }
    }
}

#[cfg(not(unix))]
mod terminal {
    pub(super) fn remember() {}

    pub(super) fn restore() {}
}
