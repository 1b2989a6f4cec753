//! Lines of text, with a mark before each object that changes. Long lines are wrapped between words; an id is never cut.
//! A line begins at an even depth, and what is wrapped continues at an odd one, so that a value cannot look like a line.

use std::borrow::Cow;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use crate::ui::sanitize;
use crate::ui::style::{BOLD, DIM, GREEN, MAGENTA, RED, TerminalStyle, YELLOW};
use crate::ui::wrap::wrapped;

/// One line, which is wrapped on a narrow terminal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line<'a> {
    pub(crate) mark: Mark,
    /// The level of indentation.
    pub(crate) depth: usize,
    pub(crate) text: Cow<'a, str>,
}

/// What happens to the object on a line, or the kind of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Plain text.
    #[default]
    None,
    /// A heading.
    Heading,
    Add,
    Change,
    Replace,
    Remove,
    /// Secondary text, dimmed.
    Dimmed,
    /// Text for programs, never wrapped. Control characters are replaced here too, so the caller escapes them before.
    Verbatim,
}

impl Mark {
    const fn sign(self) -> &'static str {
        match self {
            Self::Add => "+ ",
            Self::Change => "~ ",
            Self::Replace => "± ",
            Self::Remove => "- ",
            Self::None | Self::Heading | Self::Dimmed | Self::Verbatim => "",
        }
    }

    const fn color(self) -> Option<&'static str> {
        match self {
            Self::None | Self::Verbatim => None,
            Self::Heading => Some(BOLD),
            Self::Add => Some(GREEN),
            Self::Change => Some(YELLOW),
            Self::Replace => Some(MAGENTA),
            Self::Remove => Some(RED),
            Self::Dimmed => Some(DIM),
        }
    }
}

impl<'a> Line<'a> {
    pub(crate) fn new(mark: Mark, depth: usize, text: impl Into<Cow<'a, str>>) -> Self {
        Self { mark, depth, text: text.into() }
    }

    /// Text without a mark. Text for programs is [`Mark::Verbatim`].
    pub(crate) fn plain(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Mark::None, 0, text)
    }
}

/// How much farther a wrapped line continues.
const CONTINUED: usize = 3;

/// Writes the lines.
pub(crate) fn write_lines(out: &mut dyn Write, lines: &[Line<'_>], style: TerminalStyle) -> io::Result<()> {
    for line in lines {
        let text = sanitize::line(&line.text);
        let indent = "  ".repeat(line.depth);
        let sign = line.mark.sign();
        let color = line.mark.color().filter(|_| style.colors && !text.is_empty());
        let hanging = " ".repeat(indent.len() + sign.width() + CONTINUED);
        let width = style.width.filter(|_| line.mark != Mark::Verbatim);
        let room = |used| width.map_or(usize::MAX, |width| width.saturating_sub(used).max(20));
        let first = room(indent.len() + sign.width());
        for (position, part) in wrapped(&text, first, room(hanging.len())).into_iter().enumerate() {
            let before = if position == 0 { format!("{indent}{sign}") } else { hanging.clone() };
            match color {
                Some(color) => writeln!(out, "{}", style.paint(color, &format!("{before}{part}")))?,
                None => writeln!(out, "{}", format!("{before}{part}").trim_end())?,
            }
        }
    }
    Ok(())
}

/// The lines as text, for a prompt.
pub(crate) fn rendered(lines: &[Line<'_>], style: TerminalStyle) -> String {
    let mut out = Vec::new();
    // Writing to a vector cannot fail.
    let _ = write_lines(&mut out, lines, style);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(lines: &[Line<'_>], width: Option<usize>, colors: bool) -> String {
        let mut out = Vec::new();
        write_lines(&mut out, lines, TerminalStyle { width, colors }).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines_are_wrapped_between_words_and_indented_after_their_mark() {
        let lines = [
            Line::new(Mark::Add, 1, "price pro_monthly   19.00 USD every month"),
            Line::new(Mark::None, 3, "because \u{1b}[31m of it"),
            Line::plain(""),
        ];
        assert_eq!(
            written(&lines, None, false),
            "  + price pro_monthly   19.00 USD every month\n      because \u{fffd}[31m of it\n\n"
        );
        assert_eq!(
            written(&lines[..1], Some(31), false),
            "  + price pro_monthly 19.00 USD\n       every month\n"
        );
        assert_eq!(written(&lines[..1], Some(80), true).matches("\u{1b}[32m").count(), 1);
        let long = "price_1234567890123456789012345678901234567890";
        assert!(written(&[Line::new(Mark::Remove, 1, long)], Some(20), false).contains(long));
    }
}
