//! Questions to a person at a terminal. Whether there is one is decided before, from env: nothing here is called
//! when nobody can answer.

use std::io::{Write, stderr, stdin};

use anyhow::{Context, Result, anyhow};
use dialoguer::Password;

use crate::secret::Secret;

/// A text that may not be seen while it is typed.
pub(crate) async fn secret(question: String) -> Result<Secret> {
    // An empty answer ends the question: asking again for ever is what a closed terminal would get.
    let ask =
        move || Password::new().with_prompt(question).allow_empty_password(true).report(false).interact();
    Ok(Secret::new(blocking(ask).await?))
}

/// A line of text.
pub(crate) async fn text(question: String) -> Result<String> {
    line(format!("{question}: ")).await
}

/// Yes or no, as a line: a bare Enter, Ctrl-D and whatever is not a yes are no. (dialoguer's question takes a single
/// key, hides the cursor, and is deaf to Ctrl-D.)
pub(crate) async fn confirm(question: &str) -> Result<bool> {
    let answer = line(format!("{question} [y/N] ")).await?;
    Ok(["y", "yes"].iter().any(|yes| answer.trim().eq_ignore_ascii_case(yes)))
}

/// The terminal itself edits it: dialoguer's own line editor never ends where a terminal is closed.
async fn line(prompt: String) -> Result<String> {
    blocking(move || {
        write!(stderr(), "{prompt}")?;
        let mut line = String::new();
        if stdin().read_line(&mut line)? == 0 {
            // Ctrl-D leaves the cursor behind the question.
            writeln!(stderr())?;
        }
        Ok(line)
    })
    .await
}

/// A question waits on a thread of its own, so that Ctrl-C is still heard: [`restore_terminal`] undoes what the
/// question did to the terminal.
async fn blocking<T: Send + 'static>(
    ask: impl FnOnce() -> dialoguer::Result<T> + Send + 'static,
) -> Result<T> {
    terminal::remember();
    let answer = tokio::task::spawn_blocking(ask).await.map_err(|_| anyhow!("The question was lost"))?;
    answer.context("Cannot ask on this terminal")
}

/// Shows the cursor and what is typed again, after a question that was cut off.
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
            // The process ends in a moment; a terminal that is gone needs nothing.
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
