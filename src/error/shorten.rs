//! Cuts long texts. A backend can answer with any amount of text, and a message about it must stay readable.

use std::borrow::Cow;

/// How much of a text people see, in bytes.
pub(crate) const FOR_PEOPLE: usize = 2 * 1024;
/// How much of a text a JSON error or warning has, in bytes.
pub(crate) const IN_JSON: usize = 8 * 1024;

/// The text in at most `limit` bytes. The middle of a longer one is left out, because a message can end with what matters.
///
/// Secrets have to be masked before: half a secret is not recognized.
pub(crate) fn shortened(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return text.into();
    }
    let mark = |left_out: usize| format!(" … [{left_out} bytes left out] … ");
    let room = limit.saturating_sub(mark(text.len()).len());
    let head = (0..=room / 4 * 3).rev().find_map(|end| text.get(..end)).unwrap_or_default();
    let tail = (text.len() - room / 4..).find_map(|start| text.get(start..)).unwrap_or_default();
    format!("{head}{}{tail}", mark(text.len() - head.len() - tail.len())).into()
}

/// Entries of text: each in at most [`FOR_PEOPLE`] bytes, and all of them in at most [`IN_JSON`]. An entry is a line and the
/// indented ones after it.
pub(crate) fn shortened_lines(text: &str) -> Cow<'_, str> {
    if text.len() <= FOR_PEOPLE {
        return text.into();
    }
    let mut entries: Vec<&str> = Vec::new();
    let mut start = 0;
    for (end, _) in text.match_indices('\n') {
        if !text[end + 1..].starts_with(' ') {
            entries.push(&text[start..end]);
            start = end + 1;
        }
    }
    entries.push(&text[start..]);
    let entries: Vec<_> = entries.into_iter().map(|entry| shortened(entry, FOR_PEOPLE)).collect();
    shortened(&entries.join("\n"), IN_JSON).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_keeps_its_beginning_and_its_end() {
        let longest = "é".repeat(100);
        assert!(matches!(shortened(&longest, 200), Cow::Borrowed(_)));
        for (length, limit) in [(101, 200), (100_000, 200), (100_000, 201), (100_000, FOR_PEOPLE)] {
            let text = format!("a{}z", "é".repeat(length));
            let cut = shortened(&text, limit);
            assert!((limit - 10..=limit).contains(&cut.len()), "{} of {limit}", cut.len());
            let (head, rest) = cut.split_once(" … [").expect("a mark");
            let (left_out, tail) = rest.split_once(" bytes left out] … ").expect("a mark");
            assert_eq!(left_out, (text.len() - head.len() - tail.len()).to_string());
            assert!(
                text.starts_with(head) && head.len() > 1 && text.ends_with(tail) && tail.len() > 1,
                "{cut}"
            );
        }
        assert!(shortened_lines(&"x".repeat(10_000)).len() <= FOR_PEOPLE);
        assert!(shortened_lines(&"x\n".repeat(100_000)).len() <= IN_JSON);
        assert!(shortened_lines(&"x\n  ".repeat(100_000)).len() <= FOR_PEOPLE);
        let (first, last) = ("é".repeat(900), "x\n  y".repeat(100));
        assert_eq!(shortened_lines(&format!("{first}\n{last}")), format!("{first}\n{last}"));
    }
}
