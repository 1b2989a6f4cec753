//! An excerpt of a text with a marked part, as compilers show it.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use crate::secret::redact;
use crate::ui::sanitize::SafetyScan;

/// A part of a text: its position and an excerpt.
#[derive(Debug)]
pub(crate) struct SourceSnippet {
    /// From 1.
    pub(crate) line: usize,
    /// From 1, in characters.
    pub(crate) column: usize,
    /// The line, with the part underlined.
    pub(crate) excerpt: String,
}

impl SourceSnippet {
    /// The snippet for these bytes. Of several lines only the first is shown.
    pub(crate) fn new(text: &str, at: Range<usize>) -> Self {
        let start = at.start.min(text.len());
        let before = text.get(..start).unwrap_or_default();
        let begin = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = text.get(begin..).unwrap_or_default().lines().next().unwrap_or_default();
        let lead = text.get(begin..start).unwrap_or_default();
        let marked = text.get(start..at.end.min(begin + line.len())).unwrap_or_default();
        let number = before.matches('\n').count() + 1;
        // Secrets are masked before the line is cut, because half a secret is not recognized.
        let length = |text: &str| redact(text).chars().count();
        let excerpt = excerpt(number, &redact(line), length(lead), length(marked));
        Self { line: number, column: lead.chars().count() + 1, excerpt }
    }
}

/// The line, with `marked` of its characters underlined; at least one.
fn excerpt(number: usize, line: &str, column: usize, marked: usize) -> String {
    /// The most characters of a line that are shown.
    const WIDTH: usize = 100;
    /// The most characters before the mark, if the line is longer.
    const LEAD: usize = 40;
    // The same number of characters, each as wide as it is shown.
    let mut scan = SafetyScan::default();
    let characters: Vec<char> =
        line.chars().map(|c| if c == '\t' { '\t' } else { scan.in_line(c) }).collect();
    let from =
        if characters.len() <= WIDTH { 0 } else { column.saturating_sub(LEAD).min(characters.len() - WIDTH) };
    let to = characters.len().min(from + WIDTH);

    let mut shown = String::new();
    let mut below = String::new();
    if from > 0 {
        shown.push('…');
        below.push(' ');
    }
    shown.extend(&characters[from..to]);
    for c in characters.get(from..column).unwrap_or_default() {
        // A tab below a tab, and two spaces below a wide character, keep the mark aligned.
        let below_it = if *c == '\t' { "\t" } else { &"  "[..c.width().unwrap_or(1).min(2)] };
        below.push_str(below_it);
    }
    let marked = &characters[column.min(to)..to.min(column + marked)];
    let width: usize = marked.iter().map(|c| c.width().unwrap_or(1)).sum();
    below.push_str(&"^".repeat(width.max(1)));
    if to < characters.len() {
        shown.push('…');
    }
    let gutter = " ".repeat(number.to_string().len());
    let shown = format!("{number} | {shown}");
    format!("{gutter} |\n{}\n{gutter} | {below}", shown.trim_end())
}
