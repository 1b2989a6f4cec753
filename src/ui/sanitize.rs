//! Replaces characters that a terminal would obey or hide. A product's name must not move the cursor, change the title,
//! hide a line, or look like another name.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

use crate::secret::redact;

const REPLACEMENT: char = '\u{fffd}';
/// The most characters without a width in a row: accents, vowel signs, joiners. More of them would be drawn over the lines
/// above and below. Hebrew with all its marks has four.
const MOST_MARKS: usize = 4;
const ZERO_WIDTH_JOINER: char = '\u{200d}';
const EMOJI_SELECTOR: char = '\u{fe0f}';

/// Whether a terminal would obey the character or hide it, whatever is around it: control characters, characters that
/// reorder text, and characters that are never visible (Unicode's `Default_Ignorable_Code_Point`). The blank pattern of
/// Braille is one of them, because it looks like a space and lines are not wrapped at it.
pub(crate) const fn is_unsafe(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fdd0}'..='\u{fdef}'
        | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        // Each plane ends with two code points that are no characters.
        || c as u32 & 0xfffe == 0xfffe
}

/// Whether the character only changes how the one before it looks: emoji, Persian and Indic scripts need these. Elsewhere
/// they are invisible.
const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | ZERO_WIDTH_JOINER | '\u{fe0e}' | EMOJI_SELECTOR)
}

const fn can_join(before: char, joiner: char) -> bool {
    match (before, joiner) {
        // As in the keycap 1️⃣ and the heart of ❤️‍🔥.
        ('0'..='9' | '#' | '*', EMOJI_SELECTOR) | (EMOJI_SELECTOR, ZERO_WIDTH_JOINER) => true,
        _ => !before.is_ascii() && !is_joiner(before),
    }
}

/// Reads a text, and determines for each character whether it is safe after the ones before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SafetyScan {
    /// The character before, unless it was unsafe.
    before: Option<char>,
    /// The characters without a width up to here.
    marks: usize,
}

impl SafetyScan {
    /// Whether the next character is safe.
    pub(crate) fn is_safe(&mut self, c: char) -> bool {
        self.marks = if c.width() == Some(0) { self.marks + 1 } else { 0 };
        let joins = !is_joiner(c) || self.before.is_some_and(|before| can_join(before, c));
        let is_safe = !is_unsafe(c) && joins && self.marks <= MOST_MARKS;
        self.before = is_safe.then_some(c);
        is_safe
    }

    /// The next character, or its replacement in one safe line.
    pub(super) fn in_line(&mut self, c: char) -> char {
        match c {
            c if self.is_safe(c) => c,
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
            _ => REPLACEMENT,
        }
    }
}

/// Whether all characters of the text are safe. Line breaks and tabs are not.
pub(crate) fn is_clean(text: &str) -> bool {
    // Most text is plain ASCII, which is checked fast.
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return true;
    }
    let mut scan = SafetyScan::default();
    text.chars().all(|c| scan.is_safe(c))
}

/// The text as one safe line: line breaks and tabs become spaces, other unsafe characters `�`.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    replace(text, SafetyScan::in_line)
}

/// The text as safe lines: line breaks stay.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    replace(text, |scan, c| {
        let safe = scan.in_line(c);
        if c == '\n' { '\n' } else { safe }
    })
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

fn replace(text: &str, safe: impl Fn(&mut SafetyScan, char) -> char) -> Cow<'_, str> {
    if is_clean(text) {
        return text.into();
    }
    let mut scan = SafetyScan::default();
    text.chars().map(|c| safe(&mut scan, c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Characters of every kind that is replaced, and some that are kept, so that random texts have many of them.
    const CHARACTERS: &str = "a1# \n\r\t\u{b}\u{1b}\u{85}\u{9b}\u{ad}é\u{301}\u{34f}\u{5b0}\u{61c}\u{115f}\u{180e}\u{200b}\u{200c}\
        \u{200d}\u{202e}\u{2060}\u{2069}\u{2800}日❤👨\u{3164}\u{fe00}\u{fe0e}\u{fe0f}\u{feff}\u{ffa0}\u{fffb}\u{fffd}\u{fffe}\u{1d173}\u{e0041}\u{e0100}";

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

    #[test]
    fn invisible_characters_are_replaced() {
        for c in [
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{17b4}',
            '\u{17b5}',
            '\u{180b}',
            '\u{180e}',
            '\u{200b}',
            '\u{2060}',
            '\u{2064}',
            '\u{206a}',
            '\u{206f}',
            '\u{2800}',
            '\u{3164}',
            '\u{fe00}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{fffb}',
            '\u{fffe}',
            '\u{1d173}',
            '\u{1d17a}',
            '\u{1fffe}',
            '\u{e0000}',
            '\u{e0041}',
            '\u{e007f}',
            '\u{e0100}',
            '\u{e01ef}',
        ] {
            assert_eq!(line(&format!("é{c}b")), "é�b", "{c:?}");
        }
    }

    #[test]
    fn joiners_and_selectors_are_kept_where_they_have_a_meaning() {
        for kept in ["❤️", "👨‍👩‍👧", "❤️‍🔥", "🏴‍☠️", "1️⃣", "می\u{200c}خواهم", "क्\u{200d}ष", "®\u{fe0e}"]
        {
            assert_eq!(line(kept), kept);
        }
        for (text, replaced) in [
            ("pro\u{200d}duct", "pro�duct"),
            ("\u{200c}a", "�a"),
            ("a\u{fe0f}", "a�"),
            ("1\u{fe0e}", "1�"),
            ("❤\u{fe0f}\u{fe0f}", "❤\u{fe0f}�"),
            ("日\u{200d}\u{200d}", "日\u{200d}�"),
            ("日\n\u{200d}", "日 �"),
        ] {
            assert_eq!(line(text), replaced, "{text:?}");
        }
    }

    #[test]
    fn a_flood_of_accents_is_replaced() {
        let marks = |count| format!("e{}", "\u{301}".repeat(count));
        assert_eq!(line(&marks(4)), marks(4));
        assert_eq!(line(&marks(6)), marks(4) + "��");
        assert_eq!(
            line("\u{5e9}\u{5c1}\u{5bc}\u{5b8}\u{591}").chars().filter(|c| *c == REPLACEMENT).count(),
            0
        );
    }

    proptest! {
        #[test]
        fn only_unsafe_characters_are_replaced_and_none_is_left(
            text in prop_oneof![
                any::<String>(),
                proptest::collection::vec(proptest::sample::select(CHARACTERS.chars().collect::<Vec<_>>()), 0..40)
                    .prop_map(String::from_iter),
            ],
        ) {
            for (clean, breaks) in [(line(&text), false), (lines(&text), true)] {
                prop_assert_eq!(clean.chars().count(), text.chars().count());
                let mut marks = 0;
                for (c, original) in clean.chars().zip(text.chars()) {
                    prop_assert!(!is_unsafe(c) || breaks && c == '\n', "{:?}", clean);
                    marks = if c.width() == Some(0) { marks + 1 } else { 0 };
                    prop_assert!(marks <= MOST_MARKS, "{:?}", clean);
                    let may_change = is_unsafe(original) || original.width() == Some(0);
                    prop_assert!(c == original || may_change && matches!(c, ' ' | REPLACEMENT), "{:?}", text);
                }
                let again = if breaks { lines(&clean) } else { line(&clean) };
                prop_assert_eq!(&again, &clean);
                prop_assert_eq!(is_clean(&clean), !clean.contains('\n'));
            }
        }
    }
}
