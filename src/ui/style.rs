//! The terminal's width, and colors.

use std::borrow::Cow;

pub(super) const BOLD: &str = "1";
pub(super) const DIM: &str = "2";
pub(super) const RED: &str = "31";
pub(super) const GREEN: &str = "32";
pub(super) const YELLOW: &str = "33";
pub(super) const MAGENTA: &str = "35";
pub(super) const CYAN: &str = "36";

/// The terminal that stdout is written to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TerminalStyle {
    /// Its width in columns; `None` for a pipe, which has no limit.
    pub(crate) width: Option<usize>,
    pub(crate) colors: bool,
}

impl TerminalStyle {
    pub(super) fn paint<'a>(self, color: &str, text: &'a str) -> Cow<'a, str> {
        paint(self.colors, color, text)
    }
}

/// The text in this color, if colors are on.
pub(super) fn paint<'a>(colors: bool, color: &str, text: &'a str) -> Cow<'a, str> {
    if colors { format!("\u{1b}[{color}m{text}\u{1b}[0m").into() } else { text.into() }
}
