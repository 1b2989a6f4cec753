//! Wraps text between words, so that a terminal does not break it inside one.

use console::{measure_text_width, strip_ansi_codes};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The column at which a line of ours that is wrapped continues, and at which the other lines of a text from outside begin.
/// No line of ours begins there, so that none can be forged.
pub(super) const CONTINUED: usize = 4;

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
/// others after `indent`. What is wrapped continues at [`CONTINUED`] or farther right, also inside a word that is longer than
/// a line: the terminal would continue it at the first column. An excerpt of a file is cut instead, because its marks are
/// aligned.
pub(crate) fn message(text: &str, width: Option<usize>, used: usize, indent: usize) -> String {
    wrapped_lines(text, width, used, indent, |_| false)
}

/// Like [`message`], for a hint. A word that can be part of a command is never split, so that the command can be copied.
pub(super) fn hint(text: &str, width: Option<usize>, used: usize, indent: usize) -> String {
    wrapped_lines(text, width, used, indent, is_part_of_a_command)
}

/// Whether the word has only plain characters and no colon. The terminal continues a long word at the first column. Without
/// a colon, the rest cannot look like an error or a hint of this program.
fn is_part_of_a_command(word: &str) -> bool {
    word.replacen("://", "", 1).chars().all(|c| c.is_ascii_graphic() && c != ':')
}

fn wrapped_lines(
    text: &str,
    width: Option<usize>,
    used: usize,
    indent: usize,
    stays_whole: impl Fn(&str) -> bool,
) -> String {
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    let mut before = used;
    while let Some(line) = lines.next() {
        let own = line.len() - line.trim_start().len();
        let shown = match width {
            Some(width) if before + line.width() <= width => line.to_owned(),
            Some(width) if is_excerpt(line) => {
                let room = width.saturating_sub(before);
                match lines.next_if(|next| is_excerpt(next) && next.ends_with('^')) {
                    Some(marks) => cut_excerpt(line, marks, room).join(&format!("\n{}", " ".repeat(indent))),
                    None => cut_excerpt(line, "", room)[0].clone(),
                }
            }
            Some(width) => {
                let hanging = (indent + own).max(CONTINUED);
                let (first, room) = (width.saturating_sub(before + own), width.saturating_sub(hanging));
                let parts = wrapped(line.trim_start(), first, room);
                let parts = split_long(parts, first, room, &stays_whole);
                format!("{}{}", &line[..own], parts.join(&format!("\n{}", " ".repeat(hanging))))
            }
            None => line.to_owned(),
        };
        out.push_str(&shown);
        if let Some(next) = lines.peek() {
            out.push('\n');
            if !next.is_empty() {
                out.push_str(&" ".repeat(indent));
            }
        }
        before = indent;
    }
    out
}

/// The parts, with those that are too wide split, except for those that stay whole.
fn split_long(
    parts: Vec<String>,
    first: usize,
    room: usize,
    stays_whole: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        if stays_whole(&part) {
            lines.push(part);
            continue;
        }
        let mut column = 0;
        lines.push(String::new());
        for c in part.chars() {
            let limit = if lines.len() == 1 { first } else { room };
            let width = c.width().unwrap_or_default();
            if width > 0 && column > 0 && column + width > limit {
                lines.push(String::new());
                column = 0;
            }
            column += width;
            if let Some(line) = lines.last_mut() {
                line.push(c);
            }
        }
    }
    lines
}

/// The part of an excerpt's line, and of the marks below it, that fits the width and has the beginning of the marks.
fn cut_excerpt(line: &str, marks: &str, width: usize) -> [String; 2] {
    let text_at = line.find("| ").map_or(line.len(), |bar| bar + 2);
    let (gutter, text) = line.split_at(text_at);
    let marks = marks.get(text_at..).unwrap_or_default();
    let mark = marks.len() - marks.trim_start().len();
    // A column on each side is for the ellipsis.
    let room = width.saturating_sub(text_at + 2);
    let skipped = if mark < room { 0 } else { mark - room / 2 };
    let (mut shown, mut column, mut begin) = (String::new(), 0, None);
    for c in text.chars() {
        let c_width = c.width().unwrap_or_default();
        if column >= skipped {
            let begin = *begin.get_or_insert(column);
            if column + c_width > begin + room {
                shown.push('…');
                break;
            }
            shown.push(c);
        }
        column += c_width;
    }
    let begin = begin.unwrap_or(column);
    let ellipsis = if begin > 0 { "…" } else { "" };
    let before = (mark + ellipsis.width()).saturating_sub(begin);
    // The ellipsis has no mark.
    let length = marks.trim_start().len().min((begin + room).saturating_sub(mark));
    let marks = "^".repeat(length);
    [
        format!("{gutter}{ellipsis}{shown}"),
        format!("{}{}{marks}", " ".repeat(text_at - 2) + "| ", " ".repeat(before)),
    ]
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
        let text =
            "the file has a mistake somewhere\n  1 | name = \"a name\"\n    |        ^\n  see the other one";
        assert_eq!(message(text, None, 2, 2), text.replace('\n', "\n  "));
        assert_eq!(
            message(text, Some(23), 2, 2),
            "the file has a\n    mistake somewhere\n    1 | name = \"a name\"\n      |        ^\n    see the other one"
        );
        assert_eq!(
            message("an_id_that_is_too_long_for_a_line x", Some(14), 7, 2),
            "an_id_t\n    hat_is_too\n    _long_for_\n    a_line\n    x"
        );
    }

    #[test]
    fn a_hint_splits_no_word_of_a_command() {
        for word in ["insforge-01HZX0N4PZ4", "--api-url=https://example.com/x"] {
            let text = format!("run it again: x {word} y");
            assert_eq!(hint(&text, Some(18), 8, 4), format!("run it\n    again: x\n    {word}\n    y"));
        }
        // Unsplit, its rest could look like an error of this program.
        assert_eq!(hint("12345678901234error:x", Some(18), 4, 4), "12345678901234\n    error:x");
        assert_eq!(hint("12345678901234error:://x", Some(18), 4, 4), "12345678901234\n    error:://x");
        assert_eq!(hint("日日日日日日日日", Some(18), 4, 4), "日日日日日日日\n    日");
    }

    /// Otherwise the terminal would continue the line of a hostile file where our lines begin.
    #[test]
    fn an_excerpt_is_cut_around_its_marks() {
        let text = "  |\n1 | name = \"0123456789 error: forged\"\n  |                    ^^^^^";
        for (width, expected) in [
            (50, text.replace('\n', "\n  ")),
            (30, "  |\n  1 | name = \"0123456789 err…\n    |                    ^^^".to_owned()),
            (20, "  |\n  1 | …56789 error:…\n    |        ^^^^^".to_owned()),
        ] {
            let cut = message(text, Some(width), 2, 2);
            assert_eq!(cut, expected);
            assert!(cut.lines().all(|line| line.width() <= width), "{cut}");
        }
        assert_eq!(message("1 | 日本日本日本", Some(11), 0, 0), "1 | 日本…");
    }

    /// Neither its line breaks nor the places where it is wrapped can look like the beginning of another line of ours.
    #[test]
    fn no_line_of_a_text_begins_where_ours_do() {
        let text = format!(
            "x\nerror: other\n  hint: run it\n\nhint: and a longer line with words that are wrapped\n{}error: other",
            "日x".repeat(40)
        );
        for width in [None, Some(80), Some(40), Some(20)] {
            for (used, indent) in [(7, 4), (9, 4), (8, 8), (0, 4)] {
                let shown = message(&text, width, used, indent);
                for line in shown.lines().skip(1).filter(|line| !line.is_empty()) {
                    assert!(line.starts_with("    "), "{width:?} {shown}");
                    assert!(width.is_none_or(|width| line.width() <= width), "{width:?} {shown}");
                }
            }
        }
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
