//! Prompts on a terminal. The caller checks that the session is interactive.

use std::io::{Write, stderr, stdin};

use anyhow::{Context, Result, anyhow};
use dialoguer::Password;

use crate::secret::{Secret, redact};
use crate::ui::sanitize;

/// Asks for a secret, which is hidden while it is typed.
pub(crate) async fn secret(question: String) -> Result<Secret> {
    let question = sanitize::line(&question).into_owned();
    // An empty answer is accepted: on a closed terminal the prompt would repeat forever.
    let ask =
        move || Password::new().with_prompt(question).allow_empty_password(true).report(false).interact();
    Ok(Secret::remembered(run_prompt(ask).await?))
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
    let prompt = sanitize::line(&redact(&prompt)).into_owned();
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
/// the terminal. SIGHUP and SIGQUIT end the process as always, after the terminal is restored.
async fn run_prompt<T: Send + 'static>(
    ask: impl FnOnce() -> dialoguer::Result<T> + Send + 'static,
) -> Result<T> {
    terminal::remember();
    terminal::restore_on_signals();
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
    use std::sync::{Once, OnceLock};

    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
    use signal_hook::consts::{SIGHUP, SIGQUIT};
    use signal_hook::low_level::emulate_default_handler;
    use tokio::signal::unix::{SignalKind, signal};

    use crate::env::ignored_signals;

    static BEFORE: OnceLock<Termios> = OnceLock::new();
    static ON_SIGNALS: Once = Once::new();

    pub(super) fn remember() {
        if let Ok(now) = tcgetattr(stdin()) {
            BEFORE.get_or_init(|| now);
        }
    }

    /// From now on, restores the terminal before SIGHUP or SIGQUIT ends the process. A signal that the parent process set
    /// to be ignored stays ignored.
    pub(super) fn restore_on_signals() {
        ON_SIGNALS.call_once(|| {
            let ignored = ignored_signals();
            for number in [SIGHUP, SIGQUIT].into_iter().filter(|number| !ignored.contains(number)) {
                // If no handler can be installed, the signal ends the process as before.
                let Ok(mut received) = signal(SignalKind::from_raw(number)) else { continue };
                tokio::spawn(async move {
                    received.recv().await;
                    restore();
                    // It only fails for an unknown signal.
                    let _ = emulate_default_handler(number);
                });
            }
        });
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

    pub(super) fn restore_on_signals() {}

    pub(super) fn restore() {}
}
