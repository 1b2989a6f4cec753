//! Wraps text between words, so that a terminal does not break it inside one.

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
            Some(part) if part.is_empty() && (word.width() <= limit || limit >= room) => part.push_str(word),
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
pub(super) fn message(text: &str, width: Option<usize>, used: usize, indent: usize) -> String {
    let mut out = String::new();
    for (number, line) in text.lines().enumerate() {
        let before = if number == 0 { used } else { indent };
        if number > 0 {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
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
        if line.width() <= width && last == line {
            paragraph = line.to_owned();
        } else {
            let indent = line.len() - line.trim_start().len();
            let hanging = if start + NARROWEST <= width { start } else { indent + 2 };
            let (head, rest) = paragraph.split_at(if hanging == start { start } else { indent });
            let room = width.saturating_sub(hanging);
            let parts = wrapped(rest, width.saturating_sub(head.width()), room);
            paragraph = format!("{head}{}", parts.join(&format!("\n{}", " ".repeat(hanging))));
        }
        out.push_str(paragraph.trim_end());
        out.push('\n');
    }
    out
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
