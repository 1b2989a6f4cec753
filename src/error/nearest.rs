//! Suggestions for misspelled words.

use strsim::levenshtein;

/// The nearest known word, if at most two letters and at most half of the word differ. Case, hyphens and underscores do not
/// count: `unitAmount` finds `unit_amount`.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let letters = |word: &str| word.to_lowercase().replace(['-', '_'], "");
    let word = letters(word);
    let near = known
        .iter()
        .map(|known| (levenshtein(&word, &letters(known)), *known))
        .min_by_key(|(distance, _)| *distance);
    near.filter(|(distance, known)| *distance <= 2 && distance * 2 <= known.len()).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_similar_word_is_suggested() {
        const KNOWN: [&str; 6] = ["amount", "unit_amount", "interval", "currency", "active", "lookupKey"];
        for (word, suggestion) in [
            ("ammount", Some("amount")),
            ("unitAmount", Some("unit_amount")),
            ("unit-amount", Some("unit_amount")),
            ("lookup_key", Some("lookupKey")),
            ("Currency", Some("currency")),
            ("actve", Some("active")),
            ("price", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, &KNOWN), suggestion, "{word}");
        }
        for (word, suggestion) in [("yearly", Some("year")), ("monthly", Some("month")), ("often", None)] {
            assert_eq!(nearest(word, &["day", "week", "month", "year"]), suggestion, "{word}");
        }
    }
}
