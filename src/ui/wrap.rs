//! Wraps text between words, so that a terminal does not break it inside one.

use console::{measure_text_width, strip_ansi_codes};
use unicode_width::UnicodeWidthStr;

/// The text in parts, the first of at most `first` columns and the others of at most `room`, split between words. A word
/// that is longer stays whole. Spaces that align columns stay if the text fits.
pub(super) fn wrapped(text: &str, first: usize, room: usize) -> Vec<String> {
    if text.width() <= first {
        return vec![text.to_owned()];
    }
    let mut parts = vec![String::new()];
    for word in text.split_whitespace() {
        let limit = if parts.len() == 1 { first } else { room };
        match parts.last_mut() {
            // A word that fits no line stays where it is.
            Some(part) if part.is_empty() && (word.width() <= limit || word.width() > room.max(limit)) => {
                part.push_str(word);
            }
            Some(part) if !part.is_empty() && part.width() + 1 + word.width() <= limit => {
                part.push(' ');
                part.push_str(word);
            }
            _ => parts.push(word.to_owned()),
        }
    }
    parts
}

/// The lines of a message, wrapped for a terminal of this width. The first line begins after `used` columns, and the
/// others after `indent`. An excerpt of a file stays as it is, because its marks are aligned.
pub(crate) fn message(text: &str, width: Option<usize>, used: usize, indent: usize) -> String {
    let mut out = String::new();
    for (number, line) in text.lines().enumerate() {
        let before = if number == 0 { used } else { indent };
        if number > 0 {
            out.push('\n');
            if !line.is_empty() {
                out.push_str(&" ".repeat(indent));
            }
        }
        let own = line.len() - line.trim_start().len();
        match width {
            Some(width) if !is_excerpt(line) && before + line.width() > width => {
                let hanging = indent + own;
                let room = width.saturating_sub(hanging);
                let parts = wrapped(line.trim_start(), width.saturating_sub(before + own), room);
                out.push_str(&line[..own]);
                out.push_str(&parts.join(&format!("\n{}", " ".repeat(hanging))));
            }
            _ => out.push_str(line),
        }
    }
    out
}

/// Whether it is a line of a [`crate::ui::SourceSnippet`].
fn is_excerpt(line: &str) -> bool {
    let rest = line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
    rest == "|" || rest == " |" || rest.starts_with("| ") || rest.starts_with(" | ")
}

/// The narrowest text beside a heading in a column of its own.
const NARROWEST: usize = 24;
/// Lines of a text that are longer than this are continued on the next line, if that has the same indentation.
const FULL: usize = 92;

/// A text that was written for a wide terminal, wrapped for this width. Text beside a heading stays beside it.
pub(crate) fn reflowed(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let start = text_column(line);
        let mut paragraph = line.to_owned();
        let mut last = line;
        while let Some(next) = lines.next_if(|next| is_continued(last, start, next)) {
            paragraph.push(' ');
            paragraph.push_str(next.trim_start());
            last = next;
        }
        if paragraph.width() > width {
            let indent = line.len() - line.trim_start().len();
            let (head, rest) = paragraph.split_at(start);
            paragraph = if start == indent || start + NARROWEST <= width {
                beside(head, rest, width)
            } else {
                // The text begins below its heading.
                let heading = beside(&head[..indent], head[indent..].trim_end(), width);
                format!("{heading}\n{}", beside(&" ".repeat(indent + 4), rest, width))
            };
        }
        out.push_str(paragraph.trim_end());
        out.push('\n');
    }
    out
}

/// A text after this beginning of its line, and below itself.
fn beside(head: &str, text: &str, width: usize) -> String {
    let room = width.saturating_sub(head.width());
    format!("{head}{}", wrapped(text, room, room).join(&format!("\n{}", " ".repeat(head.width()))))
}

/// The byte at which the text of a line begins: after a heading and two or more spaces, or after the indentation.
fn text_column(line: &str) -> usize {
    let indent = line.len() - line.trim_start().len();
    let Some(gap) = line[indent..].find("  ").map(|at| indent + at) else { return indent };
    gap + (line[gap..].len() - line[gap..].trim_start().len())
}

/// Whether the sentence of a line goes on in the next line.
fn is_continued(line: &str, start: usize, next: &str) -> bool {
    let indent = next.len() - next.trim_start().len();
    let word = next.trim_start().split(' ').next().unwrap_or_default();
    !word.is_empty()
        && indent == start
        && text_column(next) == start
        && line.width() + 1 + word.width() > FULL
}

/// A help text whose lines fit this width, except for the usage, which the parser does not wrap. It can have colors.
pub(crate) fn with_wrapped_usage(text: &str, width: Option<usize>) -> String {
    const USAGE: &str = "Usage: ";
    let Some(width) = width else { return text.to_owned() };
    let mut out = String::new();
    for line in text.lines() {
        let is_usage = strip_ansi_codes(line).starts_with(USAGE);
        let mut used = 0;
        for (position, word) in line.split(' ').enumerate() {
            let length = measure_text_width(word);
            if position > 0 && is_usage && used + 1 + length > width {
                out.push('\n');
                out.push_str(&" ".repeat(USAGE.len()));
                used = USAGE.len();
            } else if position > 0 {
                out.push(' ');
                used += 1;
            }
            out.push_str(word);
            used += length;
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_wrapped_between_words_and_excerpts_are_not() {
        let text = "the file has a mistake somewhere\n  1 | name = \"a long name\"\n    |        ^\n  see the other line";
        assert_eq!(message(text, None, 2, 2), text.replace('\n', "\n  "));
        assert_eq!(
            message(text, Some(20), 2, 2),
            "the file has a\n  mistake somewhere\n    1 | name = \"a long name\"\n      |        ^\n    see the other\n    line"
        );
        assert_eq!(
            message("an_id_that_is_long_and_not_cut x", Some(10), 7, 2),
            "an_id_that_is_long_and_not_cut\n  x"
        );
    }

    #[test]
    fn a_usage_is_wrapped_without_its_colors() {
        let text = "\u{1b}[1mUsage:\u{1b}[0m insforge \u{1b}[1mpayments\u{1b}[0m list [OPTIONS]\n\nOther lines stay, of any length.\n";
        assert_eq!(with_wrapped_usage(text, None), text);
        let wrapped = text.replace(" list", "\n       list");
        assert_eq!(with_wrapped_usage(text, Some(27)), wrapped);
    }

    #[test]
    fn a_text_is_reflowed_beside_its_headings() {
        let line = "json   The backend's own response with its own field names, indented by two spaces and complete to the end";
        let text = format!("{line}\n       of the line. Next.\nids    One id per line.\n");
        assert_eq!(
            reflowed(&text, 50),
            "json   The backend's own response with its own\n       field names, indented by two spaces and\n       complete to the end of the line. Next.\nids    One id per line.\n"
        );
        let narrow = reflowed(&text, 20);
        assert!(narrow.lines().all(|line| line.len() <= 20), "{narrow}");
    }
}
