//! Everything but the result: notes, warnings, errors, the text around prompts, and the `--verbose` log.
//!
//! Secrets are masked and unsafe characters are replaced in every line. Our lines begin at the first column, and the reason
//! and the hint of an error at the third. Every other line of a text begins farther right, whether the text has it or it was
//! wrapped. So no text from outside can look like a line of ours.
//!
//! With JSON output there are no notes, a warning is one line `{"warning":…,"code":…}`, and the error is the last line. A
//! closed stream is not a failure.

use std::borrow::Cow;
use std::fmt;
use std::io::Write;

use serde_json::{Value, json};

use crate::error::{FOR_PEOPLE, IN_JSON, WarningCode, shortened, shortened_lines};
use crate::interrupt;
use crate::secret::redact;
use crate::ui::json::json_line;
use crate::ui::style::{CYAN, DIM, GREEN, RED, YELLOW, paint};
use crate::ui::wrap::{self, CONTINUED, message};
use crate::ui::{progress, sanitize};

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
                let rest = self.fitted(rest, 1, CONTINUED);
                write_line(&format!("{}{rest}", self.paint(GREEN, "✓")));
            }
            None => write_line(&self.fitted(text, 0, CONTINUED)),
        }
    }

    /// Prints a warning.
    pub(crate) fn warning(self, code: WarningCode, text: &str) {
        if self.silent {
            return;
        }
        if self.json {
            let text = redact(text);
            let text = sanitize::lines(&text);
            Self::json(&json!({"warning": shortened(&text, IN_JSON), "code": code.as_str()}));
        } else {
            let text = self.fitted(text, "warning: ".len(), CONTINUED);
            write_line(&format!("{} {text}", self.paint(YELLOW, "warning:")));
        }
    }

    /// Prints a line of the `--verbose` log.
    pub(crate) fn trace(self, line: fmt::Arguments<'_>) {
        if self.verbosity > Verbosity::Nothing && !self.silent {
            let line = self.fitted_up_to(IN_JSON, &sanitize::line(&line.to_string()), 0, CONTINUED);
            write_line(&self.paint(DIM, &line));
        }
    }

    /// Prints an error as text: what failed, the reason, and the next command.
    pub(crate) fn error(self, what: &str, why: Option<&str>, hint: Option<&str>) {
        let what = self.fitted(what, "error: ".len(), CONTINUED);
        write_line(&format!("{} {what}", self.paint(RED, "error:")));
        if let Some(why) = why {
            // Its lines that are not ours are indented already. The first can be from outside too: a filter's own error.
            let deeper = if why.trim_start().to_lowercase().starts_with("hint") { 2 } else { 0 };
            let why = redact(why);
            let why = message(&shortened_lines(&sanitize::lines(&why)), self.width, 2 + deeper, 2);
            write_line(&format!("  {:deeper$}{why}", ""));
        }
        if let Some(hint) = hint {
            let indent = "  hint: ".len();
            let hint = redact(hint);
            let hint =
                wrap::hint(&shortened(&sanitize::lines(&hint), FOR_PEOPLE), self.width, indent, indent);
            write_line(&format!("  {} {hint}", self.paint(CYAN, "hint:")));
        }
    }

    /// Prints a line above a question, after this indentation.
    pub(crate) fn above_question(self, indent: usize, text: &str) {
        write_line(&format!("{:indent$}{}", "", self.fitted(&sanitize::line(text), indent, CONTINUED)));
    }

    /// Keeps the other threads from writing from now on.
    pub(crate) fn keep_for_this_thread() {
        std::mem::forget(std::io::stderr().lock());
    }

    /// Prints JSON as one line. Its texts are redacted already; the names of its fields are ours.
    pub(crate) fn json(value: &Value) {
        write_line(&json_line(value));
    }

    /// Prints text without colors.
    pub(crate) fn plain(text: &str) {
        write_line(&sanitize::lines(&redact(text)));
    }

    /// Prints text with its colors.
    pub(crate) fn styled(text: &str) {
        write_line(&redact(text.trim_end()));
    }

    /// The safe lines of a text, wrapped for the terminal.
    fn fitted(self, text: &str, used: usize, indent: usize) -> String {
        self.fitted_up_to(FOR_PEOPLE, text, used, indent)
    }

    /// The same for a text of another length. Secrets are masked first, because half of one is not recognized.
    fn fitted_up_to(self, limit: usize, text: &str, used: usize, indent: usize) -> String {
        let text = redact(text);
        message(&shortened(&sanitize::lines(&text), limit), self.width, used, indent)
    }

    fn paint<'a>(self, color: &str, text: &'a str) -> Cow<'a, str> {
        paint(self.colors, color, text)
    }
}

/// The one place that writes to this stream.
fn write_line(text: &str) {
    let mut stream = std::io::stderr().lock();
    // Written at once, so that a signal does not cut the line.
    let line = format!("{text}\n");
    interrupt::before_write(&stream, line.len());
    // The spinner or the progress bar redraws itself below the line.
    progress::erase_line();
    // There is no place left to report an error of this stream.
    let _ = stream.write_all(line.as_bytes());
}
