//! Everything that is not the result: notes, warnings, errors, prompts' surroundings, what `--verbose` tells.
//!
//! The contract of this stream: stdout has the result and nothing else. Each line here passes the redactor and
//! loses its control characters, whoever wrote it. With JSON output there are no notes; a warning is one line
//! `{"warning":…,"code":…}`, and the error is the last line. A stream that is gone is no reason to fail.

use std::fmt;
use std::io::Write;

use serde_json::json;

use crate::error::WarningCode;
use crate::secret::redact;
use crate::ui::sanitize;

/// How much is told of what goes on behind a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    #[default]
    Nothing,
    /// Every request, answer and wait, and why.
    Requests,
    /// Headers and bodies, too, and the settings that were looked for.
    Everything,
}

/// Standard error, and how to write on it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stderr {
    /// Warnings and errors as JSON, and no notes.
    pub(crate) json: bool,
    /// No notes.
    pub(crate) quiet: bool,
    pub(crate) verbosity: Verbosity,
    pub(crate) colors: bool,
    /// Nothing at all: somebody is typing, and the line is not to be disturbed.
    pub(crate) silent: bool,
}

const RED: &str = "31";
const YELLOW: &str = "33";
const CYAN: &str = "36";
const DIM: &str = "2";

impl Stderr {
    /// Something good to know. Silent with `--quiet` and with JSON output.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet && !self.json && !self.silent {
            write_line(&sanitize::lines(text));
        }
    }

    /// Something that may go wrong, or is weaker than it should be.
    pub(crate) fn warning(self, code: WarningCode, text: &str) {
        if self.silent {
            return;
        }
        if self.json {
            write_line(&json!({"warning": redact(text), "code": code.as_str()}).to_string());
        } else {
            write_line(&format!("{} {}", self.paint(YELLOW, "warning:"), sanitize::lines(text)));
        }
    }

    /// What `--verbose` tells.
    pub(crate) fn trace(self, line: fmt::Arguments<'_>) {
        if self.verbosity > Verbosity::Nothing && !self.silent {
            write_line(&self.paint(DIM, &sanitize::line(&line.to_string())));
        }
    }

    /// The error, as text: what failed, why, what to do now.
    pub(crate) fn error(self, what: &str, why: Option<&str>, hint: Option<&str>) {
        write_line(&format!("{} {}", self.paint(RED, "error:"), sanitize::lines(what)));
        if let Some(why) = why {
            write_line(&format!("  {}", sanitize::lines(why).replace('\n', "\n  ")));
        }
        if let Some(hint) = hint {
            write_line(&format!("  {} {}", self.paint(CYAN, "hint:"), sanitize::lines(hint)));
        }
    }

    /// Text that says by itself what it is: help, an error as JSON.
    pub(crate) fn plain(text: &str) {
        write_line(&sanitize::lines(text));
    }

    /// The same, with the colours that it has.
    pub(crate) fn painted(text: &str) {
        write_line(text.trim_end());
    }

    fn paint(self, color: &str, text: &str) -> String {
        if self.colors { format!("\u{1b}[{color}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// The one place that writes to this stream.
fn write_line(text: &str) {
    let mut stream = std::io::stderr().lock();
    // Nobody is left to be told that nobody is left to be told.
    let _ = writeln!(stream, "{}", redact(text));
}
