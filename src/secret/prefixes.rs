//! Keys that are recognized by their prefix, whoever they belong to.

use std::borrow::Cow;

/// The prefixes of the keys of InsForge and its providers.
const PREFIXES: [&str; 7] = ["sk_", "rk_", "pk_", "ik_", "whsec_", "rzp_", "uak_"];
const MODES: [&str; 2] = ["test_", "live_"];
/// The sandbox's key, which is the same for everyone and is not a secret.
const PUBLIC: &str = "ik_sandbox";

/// Splits a word that looks like a key into its public prefix and its secret rest.
fn split_key(word: &str) -> Option<(&str, &str)> {
    let prefix = PREFIXES.iter().find(|prefix| word.starts_with(**prefix))?;
    let mode = MODES.iter().find(|mode| word[prefix.len()..].starts_with(**mode)).map_or(0, |m| m.len());
    Some(word.split_at(prefix.len() + mode))
}

/// The masked form that the backend uses in `status`: the prefix, four stars and the last four characters.
pub(super) fn mask(key: &str) -> String {
    let (beginning, rest) = split_key(key).unwrap_or(("", key));
    let length = rest.chars().count();
    // The last four characters of a short secret would reveal most of it.
    let shown = if length >= 7 { 4 } else { 0 };
    let end: String = rest.chars().skip(length - shown).collect();
    // A quote or a backslash would end the JSON string that the secret is in.
    let end = if end.chars().all(|c| is_word_char(c) || c == '-') { end.as_str() } else { "" };
    format!("{beginning}****{end}")
}

/// Whether it is the sandbox's key, or only the beginning of a key.
pub(super) fn is_public(key: &str) -> bool {
    key == PUBLIC || split_key(key).is_some_and(|(_, rest)| rest.is_empty())
}

/// Masks everything in a text that looks like a key. A key that is already masked (`sk_test_****1234`) and a bare prefix
/// (`must start with sk_test_`) stay unchanged.
pub(super) fn redact_by_prefix(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut from = 0;
    while let Some(offset) = text[from..].find(is_word_char) {
        let start = from + offset;
        let word = leading(&text[start..], is_word_char);
        from = start + word.len();
        if let Some(inside) = secret_in(word) {
            let start = start + inside;
            // What follows without a space, such as the other parts of a token, counts as part of the key.
            // Invalid UTF-8 in the middle does not end it.
            let belongs = |c| is_word_char(c) || matches!(c, '.' | '-' | '/' | '+' | '=' | '\u{fffd}');
            let secret = leading(&text[start..], belongs);
            let secret = secret.trim_end_matches(['.', '-', '/', '+', '=', '\u{fffd}']);
            if secret == PUBLIC {
                continue;
            }
            out.push_str(&text[copied..start]);
            out.push_str(&mask(secret));
            from = start + secret.len();
            copied = from;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

const fn is_word_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The beginning of `text`, up to the first character that does not belong.
fn leading(text: &str, belongs: impl Fn(char) -> bool) -> &str {
    &text[..text.find(|c| !belongs(c)).unwrap_or(text.len())]
}

/// The position in a word where a secret begins.
fn secret_in(word: &str) -> Option<usize> {
    let is_key = |word: &str| split_key(word).is_some_and(|(_, rest)| !rest.is_empty());
    // The header of a JSON web token begins with `{"`, which is `eyJ` in base64.
    if is_key(word) || word.starts_with("eyJ") && word.len() > 20 {
        return Some(0);
    }
    // In the middle of a word, only something that is unlike any other word counts: `task_20261123200415` is no key.
    PREFIXES.iter().find_map(|prefix| {
        let mut places = word.match_indices(prefix).map(|(at, _)| at);
        places.find(|at| {
            let rest = &word[at + prefix.len()..];
            let has_mode = MODES.iter().any(|mode| rest.len() > mode.len() && rest.starts_with(mode));
            let end = leading(rest, |c| c.is_ascii_alphanumeric());
            // Words such as `task` and `risk` end in a short prefix, but no word ends in a long one.
            let is_rare = prefix.len() > "sk_".len();
            has_mode || end.len() >= 12 && (is_rare || is_mixed(end))
        })
    })
}

/// Whether the text has both letters and digits, unlike words and dates.
fn is_mixed(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit()) && text.contains(|c: char| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_like_the_backend() {
        // Exchanges 086 and 087 of the newer backend have the same keys in clear and masked.
        for (key, masked) in [
            ("sk_test_alpha_2", "sk_test_****ha_2"),
            ("sk_live_alpha_1", "sk_live_****ha_1"),
            ("rzp_test_alpha_1", "rzp_test_****ha_1"),
            ("ik_c0de0000", "ik_****0000"),
            ("short", "****"),
            ("s3cr3t", "****"),
            ("sk_test_abcd\"1\\2", "sk_test_****"),
            ("", "****"),
        ] {
            assert_eq!(mask(key), masked, "{key}");
        }
    }

    #[test]
    fn redacts_keys_and_nothing_else() {
        for (text, redacted) in [
            ("invalid value 'sk_live_abcdefgh1234' for", "invalid value 'sk_live_****1234' for"),
            ("Bearer ik_0123456789abcdef", "Bearer ik_****cdef"),
            ("whsec_abcdefghijkl, rzp_live_abcdefghijkl", "whsec_****ijkl, rzp_live_****ijkl"),
            ("--secret-key=sk_test_abcdefgh", "--secret-key=sk_test_****efgh"),
            ("Expired API Key provided: sk_test_****ha_2", "Expired API Key provided: sk_test_****ha_2"),
            ("the key sk_test_abcdefgh-ijkl.", "the key sk_test_****ijkl."),
            ("x-sk_test_abcdefgh", "x-sk_test_****efgh"),
            ("xsk_live_abcdefgh and nwhsec_abcdefghijkl", "xsk_live_****efgh and nwhsec_****ijkl"),
            ("sk_live_abc/defghi+jklm=", "sk_live_****jklm="),
            ("must start with sk_test_", "must start with sk_test_"),
            ("risk_level, task_id, prod_sk_1", "risk_level, task_id, prod_sk_1"),
            ("xik_0123456789abcdef", "xik_****cdef"),
            ("task_20261123200415 risk_assessmentreport", "task_20261123200415 risk_assessmentreport"),
            ("sk_test_ü", "sk_test_ü"),
            ("sk_test_abc\u{fffd}\u{fffd}defghijk.", "sk_test_****hijk."),
            ("INSFORGE_API_KEY=ik_sandbox.", "INSFORGE_API_KEY=ik_sandbox."),
            ("ik_sandbox2 ik_sandbox.sk_live_abcdefgh", "ik_****box2 ik_****efgh"),
        ] {
            assert_eq!(redact_by_prefix(text), redacted);
        }
    }

    #[test]
    fn redacts_a_token_with_all_its_parts() {
        let shown =
            redact_by_prefix("Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6.eyJzdWIiOiJhYWE3Mz.A6JNOw04w-O_yl3o x")
                .into_owned();
        assert_eq!(shown, "Bearer ****yl3o x");
    }
}
