//! Everything but the result: notes, warnings, errors, the text around prompts, and the `--verbose` log.
//!
//! Secrets are masked and control characters are replaced in every line. With JSON output there are no notes, a warning
//! is one line `{"warning":…,"code":…}`, and the error is the last line. A closed stream is not a failure.

use std::borrow::Cow;
use std::fmt;
use std::io::Write;

use serde_json::{Value, json};

use crate::error::WarningCode;
use crate::secret::{redact, redact_json};
use crate::ui::sanitize;
use crate::ui::style::{CYAN, DIM, GREEN, RED, YELLOW, paint};
use crate::ui::wrap::message;

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    #[default]
    Nothing,
    /// Every request, answer and wait, with its reason.
    Requests,
    /// Headers, bodies and settings, too.
    Everything,
}

/// Standard error and its options.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stderr {
    /// Warnings and errors are JSON, and there are no notes.
    pub(crate) json: bool,
    /// No notes.
    pub(crate) quiet: bool,
    pub(crate) verbosity: Verbosity,
    pub(crate) colors: bool,
    /// The terminal's width in columns; `None` for a pipe.
    pub(crate) width: Option<usize>,
    /// Nothing is written, because a shell completes a line that the user is typing.
    pub(crate) silent: bool,
}

impl Stderr {
    /// Prints a note, unless `--quiet` is set or the output is JSON.
    pub(crate) fn note(self, text: &str) {
        if self.quiet || self.json || self.silent {
            return;
        }
        match text.strip_prefix('✓') {
            Some(rest) => {
                let rest = message(&safe(rest), self.width, 1, 0);
                write_line(&format!("{}{rest}", self.paint(GREEN, "✓")));
            }
            None => write_line(&message(&safe(text), self.width, 0, 0)),
        }
    }

    /// Prints a warning.
    pub(crate) fn warning(self, code: WarningCode, text: &str) {
        if self.silent {
            return;
        }
        if self.json {
            Self::json(json!({"warning": text, "code": code.as_str()}));
        } else {
            let text = message(&safe(text), self.width, "warning: ".len(), 2);
            write_line(&format!("{} {text}", self.paint(YELLOW, "warning:")));
        }
    }

    /// Prints a line of the `--verbose` log.
    pub(crate) fn trace(self, line: fmt::Arguments<'_>) {
        if self.verbosity > Verbosity::Nothing && !self.silent {
            write_line(&self.paint(DIM, &sanitize::line(&redact(&line.to_string()))));
        }
    }

    /// Prints an error as text: what failed, the reason, and the next command.
    pub(crate) fn error(self, what: &str, why: Option<&str>, hint: Option<&str>) {
        let fitted = |text: &str, used, indent| message(&safe(text), self.width, used, indent);
        write_line(&format!("{} {}", self.paint(RED, "error:"), fitted(what, "error: ".len(), 2)));
        if let Some(why) = why {
            write_line(&format!("  {}", fitted(why, 2, 2)));
        }
        if let Some(hint) = hint {
            let indent = "  hint: ".len();
            write_line(&format!("  {} {}", self.paint(CYAN, "hint:"), fitted(hint, indent, indent)));
        }
    }

    /// Prints text without colors.
    pub(crate) fn plain(text: &str) {
        write_line(&safe(text));
    }

    /// Prints JSON on one line. The names of its fields are ours.
    pub(crate) fn json(mut value: Value) {
        // Not in the line: an escaped line break would join the key after it to a longer word.
        redact_json(&mut value);
        write_line(&sanitize::lines(&value.to_string()));
    }

    /// Prints text with its colors.
    pub(crate) fn styled(text: &str) {
        write_line(&redact(text.trim_end()));
    }

    fn paint<'a>(self, color: &str, text: &'a str) -> Cow<'a, str> {
        paint(self.colors, color, text)
    }
}

/// The text as safe lines without secrets.
fn safe(text: &str) -> String {
    sanitize::lines(&redact(text)).into_owned()
}

/// The one place that writes to this stream.
fn write_line(text: &str) {
    let mut stream = std::io::stderr().lock();
    // There is no place left to report an error of this stream.
    let _ = writeln!(stream, "{text}");
}
