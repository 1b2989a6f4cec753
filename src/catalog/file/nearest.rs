//! The known word that somebody may have meant.

/// The known word that is at most two letters away, and at most half of the word; the first of equals. Case and hyphens
/// make no difference: `unitAmount` is `unit_amount`.
pub(super) fn nearest(word: &str, known: &[&'static str]) -> Option<&'static str> {
    let word = word.to_lowercase().replace('-', "_");
    let near =
        known.iter().map(|known| (distance(&word, known), *known)).min_by_key(|(distance, _)| *distance);
    near.filter(|(distance, known)| *distance <= 2 && distance * 2 <= known.len()).map(|(_, known)| known)
}

/// How many letters must be put in, taken out or replaced (Levenshtein).
pub(crate) fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_close_is_meant() {
        const KNOWN: [&str; 5] = ["amount", "unit_amount", "interval", "currency", "active"];
        for (word, meant) in [
            ("ammount", Some("amount")),
            ("unitAmount", Some("unit_amount")),
            ("unit-amount", Some("unit_amount")),
            ("Currency", Some("currency")),
            ("actve", Some("active")),
            ("price", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, &KNOWN), meant, "{word}");
        }
        for (word, meant) in [("yearly", Some("year")), ("monthly", Some("month")), ("often", None)] {
            assert_eq!(nearest(word, &["day", "week", "month", "year"]), meant, "{word}");
        }
    }
}
