//! Replaces control characters in text for a terminal. A product's name must not move the cursor, change the title or
//! hide a line.

use std::borrow::Cow;

use crate::secret::redact;

/// Whether a terminal would obey the character instead of showing it: control characters, and characters that reorder or
/// hide text.
pub(crate) const fn is_unsafe(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The text as one safe line: line breaks and tabs become spaces, other control characters `�`.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    replace(text, |c| match c {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
        _ => '\u{fffd}',
    })
}

/// The text as safe lines: line breaks stay.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    replace(text, safe_char)
}

/// The longest value that a message quotes in full.
const LONGEST_VALUE: usize = 80;

/// The value, or its beginning with an ellipsis. Secrets are masked first, because half a secret is not recognized.
pub(crate) fn cut(value: &str) -> Cow<'_, str> {
    let value = redact(value);
    if value.chars().nth(LONGEST_VALUE).is_none() {
        return value;
    }
    value.chars().take(LONGEST_VALUE - 1).chain(['…']).collect()
}

/// The character, or its replacement in safe lines.
pub(super) const fn safe_char(c: char) -> char {
    match c {
        '\n' => '\n',
        '\r' | '\t' => ' ',
        c if is_unsafe(c) => '\u{fffd}',
        c => c,
    }
}

fn replace(text: &str, by: impl Fn(char) -> char) -> Cow<'_, str> {
    // Most text is plain ASCII, which is checked fast.
    let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if !is_plain && text.contains(is_unsafe) {
        text.chars().map(|c| if is_unsafe(c) { by(c) } else { c }).collect()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut() {
        let longest = "é".repeat(80);
        assert!(matches!(cut(&longest), Cow::Borrowed(_)));
        assert_eq!(cut(&format!("{longest}é")), format!("{}…", "é".repeat(79)));
    }

    #[test]
    fn control_characters_are_replaced() {
        assert_eq!(line("a\u{1b}[31mred\u{7}\nb\tc\u{9b}0m"), "a�[31mred� b c�0m");
        assert_eq!(line("abc\u{202e}fed"), "abc�fed");
        assert_eq!(lines("a\nb\u{1b}c\r"), "a\nb�c ");
        assert!(matches!(line("Café ☕ 日本"), Cow::Borrowed(_)));
    }
}
