//! How this tool lists things in a sentence.

/// `a`, `a and b`, `a, b and c`; `last` is the word before the last one. Nothing for nothing.
pub(super) fn listed<T: AsRef<str>>(words: &[T], last: &str) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.split_last() {
        Some((end, words)) if !words.is_empty() => format!("{} {last} {end}", words.join(", ")),
        _ => words.concat(),
    }
}
