//! Control characters out of what a terminal shows: a product's name must not be able to move the cursor, change a
//! title or hide a line.

use std::borrow::Cow;

/// Characters that make a terminal do something else than show them: the control characters, and those that
/// reorder or hide text around them.
pub(crate) const fn is_unsafe(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// One line that is safe to show: line breaks and tabs become a space, other control characters `�`.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    replace(text, |c| match c {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
        _ => '\u{fffd}',
    })
}

/// Lines that are safe to show: line breaks stay.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    replace(text, |c| match c {
        '\n' => '\n',
        '\r' | '\t' => ' ',
        _ => '\u{fffd}',
    })
}

fn replace(text: &str, by: impl Fn(char) -> char) -> Cow<'_, str> {
    // Nearly always it is plain, which is soon seen.
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
    fn nothing_reaches_the_terminal_but_text() {
        assert_eq!(line("a\u{1b}[31mred\u{7}\nb\tc\u{9b}0m"), "a�[31mred� b c�0m");
        assert_eq!(line("abc\u{202e}fed"), "abc�fed");
        assert_eq!(lines("a\nb\u{1b}c\r"), "a\nb�c ");
        assert!(matches!(line("Café ☕ 日本"), Cow::Borrowed(_)));
    }
}
