//! Finds a secret in a text in all the forms in which servers repeat what they were sent: as it is, in another case, with
//! characters in between, and encoded in base64, in hex, for URLs, for JSON or for HTML, also several times.
//!
//! A text is read in several ways: as it is, and with its escapes decoded. Each reading is searched for the secret, and
//! for its base64 and its hex. So the escapes need not be those that this program would choose.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use memchr::memchr3;
use zeroize::Zeroizing;

/// How often the escapes of a text are decoded: a body of JSON can repeat what was escaped three times before.
const DEEPEST: usize = 4;
/// The escapes of more text are decoded half as often, in bytes. A hostile one could be read in a hundred ways.
const LONG: usize = 64 * 1024;
/// A shorter secret is found only as a word of its own, in bytes: it can be part of other words.
const SHORT: usize = 8;
/// A shorter secret is not searched, in bytes.
const SHORTEST: usize = 4;
/// No escape makes a character longer than this, in bytes: `\\u0041` is an `A`.
pub(super) const LONGEST_ESCAPE: usize = 8;

/// Whether a secret can be searched. A short word or number (`test`, `1234`) would be found in many messages, and it is
/// guessed as fast as it is read.
pub(super) fn is_searchable(secret: &str) -> bool {
    let (letters, others): (Vec<char>, Vec<char>) = secret.chars().partition(|c| c.is_alphabetic());
    let is_word = letters.is_empty() || others.is_empty();
    secret.len() >= SHORTEST && (secret.len() >= SHORT || !is_word)
}

/// What a secret looks like in a reading.
#[derive(Debug)]
pub(super) struct Pattern {
    bytes: Zeroizing<Vec<u8>>,
    alphabet: Alphabet,
    /// The first and the last character of its base64 are encoded together with what is around the secret.
    shared: (bool, bool),
    is_short: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alphabet {
    /// Upper and lower case are the same.
    Text,
    /// Base64 of both alphabets.
    Base64,
}

impl Pattern {
    /// The patterns of a secret.
    pub(super) fn of(secret: &str) -> Arc<[Self]> {
        let secret = secret.as_bytes();
        let is_short = secret.len() < SHORT;
        let text = |bytes| Self { bytes, alphabet: Alphabet::Text, shared: (false, false), is_short };
        let mut all = vec![text(Zeroizing::new(secret.to_vec())), text(hex(secret))];
        // Its position among the bytes that are encoded together.
        let positions = if is_short { 0..1 } else { 0..3 };
        all.extend(positions.map(|position| Self::base64(secret, position, is_short)));
        all.into()
    }

    /// The base64 of a secret, without the characters that depend on what is around it.
    fn base64(secret: &[u8], before: usize, is_short: bool) -> Self {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let bits = 8 * (before + secret.len());
        let bit = |at: usize| at >= 8 * before && secret[at / 8 - before] >> (7 - at % 8) & 1 == 1;
        let digit = |digit: usize| {
            let value = (6 * digit..6 * digit + 6).fold(0, |value, at| value << 1 | usize::from(bit(at)));
            DIGITS[value]
        };
        let first = (8 * before).div_ceil(6);
        Self {
            bytes: Zeroizing::new((first..bits / 6).map(digit).collect()),
            alphabet: Alphabet::Base64,
            shared: (before > 0, !bits.is_multiple_of(6)),
            is_short,
        }
    }

    /// The bytes with which it can begin.
    fn first_bytes(&self) -> impl Iterator<Item = u8> {
        let first = self.bytes.first().copied().unwrap_or_default();
        let others = [first, first.to_ascii_lowercase(), first.to_ascii_uppercase(), b'+', b'-', b'_'];
        others.into_iter().filter(move |byte| self.alphabet.is_same(first, *byte))
    }

    /// The place of the pattern in a reading, if it is at this position.
    fn at(&self, reading: &[u8], start: usize) -> Option<Range<usize>> {
        let found = reading.get(start..start + self.bytes.len())?;
        if !self.bytes.iter().zip(found).all(|(byte, found)| self.alphabet.is_same(*byte, *found)) {
            return None;
        }
        let is_digit = |at: usize| {
            reading
                .get(at)
                .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_'))
        };
        let mut place = start..start + self.bytes.len();
        if self.shared.0 && start > 0 && is_digit(start - 1) {
            place.start -= 1;
        }
        if self.shared.1 && is_digit(place.end) {
            place.end += 1;
        }
        let in_word = |at: usize| {
            reading
                .get(at)
                .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii())
        };
        let is_alone = !in_word(place.end) && !place.start.checked_sub(1).is_some_and(in_word);
        (is_alone || !self.is_short).then_some(place)
    }
}

impl Alphabet {
    const fn is_same(self, expected: u8, found: u8) -> bool {
        match self {
            // A form encodes a space as a plus.
            Self::Text => expected.eq_ignore_ascii_case(&found) || expected == b' ' && found == b'+',
            Self::Base64 => expected == found || matches!((expected, found), (b'+', b'-') | (b'/', b'_')),
        }
    }
}

fn hex(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    Zeroizing::new(digits.map(|digit| DIGITS[usize::from(digit)]).collect())
}

/// Finds secrets in texts.
pub(super) struct Searcher {
    /// The patterns of each secret.
    patterns: Vec<Arc<[Pattern]>>,
    /// Whether a pattern can begin with a byte.
    begins: [bool; 256],
    /// How often escapes are decoded.
    deepest: usize,
}

/// A place in a text, and the position of the secret that is there.
pub(super) type Hit = (Range<usize>, usize);

impl Searcher {
    /// Searches texts for secrets by their patterns. The texts have this many bytes in all.
    pub(super) fn new(patterns: Vec<Arc<[Pattern]>>, bytes: usize) -> Self {
        let mut begins = [false; 256];
        for byte in patterns.iter().flat_map(|secret| secret.iter()).flat_map(Pattern::first_bytes) {
            begins[usize::from(byte)] = true;
        }
        Self { patterns, begins, deepest: if bytes > LONG { DEEPEST / 2 } else { DEEPEST } }
    }

    /// The places of all secrets, in their order. They do not overlap.
    pub(super) fn hits(&self, text: &str) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut seen = HashSet::new();
        // Each with the number of times that its escapes can still be decoded.
        let mut readings = vec![(Reading::of(text), self.deepest)];
        while let Some((reading, depth)) = readings.pop() {
            self.find(&reading, &mut hits);
            let has_escapes = depth > 0 && memchr3(b'%', b'\\', b'&', reading.bytes()).is_some();
            let decoders: &[Decoder] =
                if has_escapes { &[stripped, percent_decoded, unescaped, html_decoded] } else { &[stripped] };
            for (position, decoder) in decoders.iter().enumerate() {
                // In another order, the same decoders usually lead to the same reading.
                let Some(decoded) = reading.decoded(*decoder).filter(|new| seen.insert(new.fingerprint()))
                else {
                    continue;
                };
                readings.push((decoded, if position == 0 { depth } else { depth - 1 }));
            }
        }
        hits.sort_unstable_by_key(|(place, _)| (place.start, Reverse(place.end)));
        let mut joined: Vec<Hit> = Vec::new();
        for (place, secret) in hits {
            match joined.last_mut() {
                Some((last, _)) if place.start < last.end => last.end = last.end.max(place.end),
                _ => joined.push((place, secret)),
            }
        }
        joined
    }

    fn find(&self, reading: &Reading<'_>, hits: &mut Vec<Hit>) {
        let bytes = reading.bytes();
        for start in (0..bytes.len()).filter(|start| self.begins[usize::from(bytes[*start])]) {
            for (secret, patterns) in self.patterns.iter().enumerate() {
                let places = patterns.iter().filter_map(|pattern| pattern.at(bytes, start));
                hits.extend(places.map(|place| (reading.origin(&place), secret)));
            }
        }
    }
}

/// A text, or what it is with its escapes decoded.
enum Reading<'a> {
    Text(&'a [u8]),
    Decoded {
        bytes: Zeroizing<Vec<u8>>,
        /// The part of the text that each byte comes from.
        origins: Vec<(u32, u32)>,
    },
}

/// Reads what is at the beginning: the decoded bytes and their number, and how many bytes they were. `None` if the first
/// byte stands for itself.
type Decoder = fn(&[u8]) -> Option<([u8; 4], usize, usize)>;

impl<'a> Reading<'a> {
    const fn of(text: &'a str) -> Self {
        Self::Text(text.as_bytes())
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(bytes) => bytes,
            Self::Decoded { bytes, .. } => bytes,
        }
    }

    fn origin(&self, place: &Range<usize>) -> Range<usize> {
        match self {
            Self::Text(_) => place.clone(),
            Self::Decoded { origins, .. } => {
                let (first, last) = (origins[place.start], origins[place.end - 1]);
                first.0 as usize..last.1 as usize
            }
        }
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.bytes().hash(&mut hasher);
        hasher.finish()
    }

    /// Decodes; `None` if that changes nothing.
    fn decoded(&self, decoder: Decoder) -> Option<Self> {
        let bytes = self.bytes();
        // Positions have 32 bits.
        u32::try_from(bytes.len()).ok()?;
        (0..bytes.len()).find(|at| decoder(&bytes[*at..]).is_some())?;
        let mut out = Zeroizing::new(Vec::with_capacity(bytes.len()));
        let mut origins = Vec::with_capacity(bytes.len());
        let mut at = 0;
        while at < bytes.len() {
            let (unit, count, length) = decoder(&bytes[at..]).unwrap_or(([bytes[at], 0, 0, 0], 1, 1));
            let Range { start, end } = self.origin(&(at..at + length));
            for byte in &unit[..count] {
                out.push(*byte);
                origins.push((u32::try_from(start).ok()?, u32::try_from(end).ok()?));
            }
            at += length;
        }
        Some(Self::Decoded { bytes: out, origins })
    }
}

/// Drops what can be between the characters of a key: white space, control characters, invisible characters, and what
/// replaces invalid UTF-8.
fn stripped(text: &[u8]) -> Option<([u8; 4], usize, usize)> {
    let length = match text {
        [byte, ..] if byte.is_ascii() && !byte.is_ascii_graphic() => 1,
        // U+00AD
        [0xc2, 0xad, ..] => 2,
        // U+2000 to U+207F, U+FEFF, U+FFFD
        [0xe2, 0x80 | 0x81, _, ..] | [0xef, 0xbb, 0xbf, ..] | [0xef, 0xbf, 0xbd, ..] => 3,
        _ => return None,
    };
    Some(([0; 4], 0, length))
}

/// `%2B`
fn percent_decoded(text: &[u8]) -> Option<([u8; 4], usize, usize)> {
    let [b'%', digits @ ..] = text else { return None };
    byte(digits).map(|byte| ([byte, 0, 0, 0], 1, 3))
}

/// `\"`, `\/`, `\n`, `\u002b`, `\x2b`, `\u{2b}`
fn unescaped(text: &[u8]) -> Option<([u8; 4], usize, usize)> {
    let [b'\\', kind, rest @ ..] = text else { return None };
    match kind {
        b'"' | b'\\' | b'/' | b'\'' => Some(([*kind, 0, 0, 0], 1, 2)),
        b'n' => Some(([b'\n', 0, 0, 0], 1, 2)),
        b'r' => Some(([b'\r', 0, 0, 0], 1, 2)),
        b't' => Some(([b'\t', 0, 0, 0], 1, 2)),
        b'x' => byte(rest).map(|byte| ([byte, 0, 0, 0], 1, 4)),
        b'u' if rest.first() == Some(&b'{') => {
            let length = rest.iter().take(8).position(|byte| *byte == b'}')?;
            encoded(u32::from_str_radix(std::str::from_utf8(&rest[1..length]).ok()?, 16).ok()?, length + 3)
        }
        b'u' => {
            let unit = |text: &[u8]| Some(u16::from_be_bytes([byte(text)?, byte(text.get(2..)?)?]));
            let first = unit(rest)?;
            let second = rest.get(4..6).filter(|next| *next == b"\\u").and_then(|_| unit(&rest[6..]));
            match (char::from_u32(first.into()), second) {
                (Some(c), _) => encoded(c.into(), 6),
                (None, Some(second)) => {
                    let pair = char::decode_utf16([first, second]).next()?.ok()?;
                    encoded(pair.into(), 12)
                }
                (None, None) => None,
            }
        }
        _ => None,
    }
}

/// `&amp;`, `&#43;`, `&#x2b;`
fn html_decoded(text: &[u8]) -> Option<([u8; 4], usize, usize)> {
    /// HTML's names of the characters of ASCII.
    const NAMES: [(&str, char); 33] = [
        ("amp", '&'),
        ("quot", '"'),
        ("apos", '\''),
        ("lt", '<'),
        ("gt", '>'),
        ("nbsp", ' '),
        ("excl", '!'),
        ("num", '#'),
        ("dollar", '$'),
        ("percnt", '%'),
        ("lpar", '('),
        ("rpar", ')'),
        ("ast", '*'),
        ("plus", '+'),
        ("comma", ','),
        ("period", '.'),
        ("sol", '/'),
        ("colon", ':'),
        ("semi", ';'),
        ("equals", '='),
        ("quest", '?'),
        ("commat", '@'),
        ("lsqb", '['),
        ("lbrack", '['),
        ("bsol", '\\'),
        ("rsqb", ']'),
        ("rbrack", ']'),
        ("hat", '^'),
        ("lowbar", '_'),
        ("grave", '`'),
        ("lcub", '{'),
        ("verbar", '|'),
        ("rcub", '}'),
    ];
    const LONGEST: usize = 12;
    let [b'&', rest @ ..] = text else { return None };
    let length = rest.iter().take(LONGEST).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(&rest[..length]).ok()?;
    let code = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        },
        None => NAMES.iter().find(|(other, _)| other.eq_ignore_ascii_case(name))?.1.into(),
    };
    encoded(code, length + 2)
}

/// The byte of two hexadecimal digits.
fn byte(digits: &[u8]) -> Option<u8> {
    let value = |digit: &u8| char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(value(digits.first()?)? << 4 | value(digits.get(1)?)?)
}

/// A character in UTF-8, and the length of its escape.
fn encoded(code: u32, length: usize) -> Option<([u8; 4], usize, usize)> {
    let mut unit = [0; 4];
    let count = char::from_u32(code)?.encode_utf8(&mut unit).len();
    Some((unit, count, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    fn with_stars(text: &str, secret: &str) -> String {
        let mut out = text.to_owned();
        for (place, _) in Searcher::new(vec![Pattern::of(secret)], text.len()).hits(text).into_iter().rev() {
            out.replace_range(place, "****");
        }
        out
    }

    const SECRET: &str = r#"hu"sh/4<é>\k+1=9 z&"#;

    /// Written by hand, because encoders differ in what they escape.
    #[test]
    fn every_escape_is_found() {
        for (form, text) in [
            ("plain", r#"hu"sh/4<é>\k+1=9 z&"#),
            ("upper case", r#"HU"SH/4<é>\K+1=9 Z&"#),
            ("percent", "hu%22sh%2F4%3C%C3%A9%3E%5Ck%2B1%3D9%20z%26"),
            ("percent in lower case", "hu%22sh%2f4%3c%c3%a9%3e%5ck%2b1%3d9%20z%26"),
            ("percent only where needed", r#"hu"sh/4%3cé%3e\k%2B1=9%20z%26"#),
            ("percent everywhere", "%68%75%22%73%68%2F%34%3C%C3%A9%3E%5C%6B%2B%31%3D%39%20%7A%26"),
            ("percent twice", "hu%2522sh%252F4%253C%25C3%25A9%253E%255Ck%252B1%253D9%2520z%2526"),
            ("form", "hu%22sh%2F4%3C%C3%A9%3E%5Ck%2B1%3D9+z%26"),
            ("JSON", r#"hu\"sh/4<é>\\k+1=9 z&"#),
            ("JSON of PHP", r#"hu\"sh\/4<\u00e9>\\k+1=9 z&"#),
            ("JSON of Go", r#"hu\"sh/4\u003cé\u003e\\k+1=9 z\u0026"#),
            ("JSON twice", r#"hu\\\"sh/4<é>\\\\k+1=9 z&"#),
            ("JSON of PHP twice", r#"hu\\\"sh\\\/4<\\u00e9>\\\\k+1=9 z&"#),
            ("HTML", r"hu&quot;sh/4&lt;é&gt;\k+1=9 z&amp;"),
            ("HTML in numbers", r"hu&#34;sh&#x2F;4&#60;&#233;&#x3e;\k+1&#61;9 z&#38;"),
            ("HTML twice", r"hu&amp;quot;sh/4&amp;lt;é&amp;gt;\k+1=9 z&amp;amp;"),
            ("HTML in JSON of Go", r"hu\u0026quot;sh/4\u0026lt;é\u0026gt;\\k+1=9 z\u0026amp;"),
            ("JSON in a URL", "hu%5C%22sh%2F4%3C%C3%A9%3E%5C%5Ck%2B1%3D9%20z%26"),
            ("Python", r#"hu\"sh/4<\xc3\xa9>\\k+1=9 z&"#),
            ("Rust", r#"hu\"sh/4<\u{e9}>\\k+1=9 z&"#),
            ("hex", "68752273682f343cc3a93e5c6b2b313d39207a26"),
            ("hex in upper case", "68752273682F343CC3A93E5C6B2B313D39207A26"),
        ] {
            let shown = with_stars(&format!("no [{text}], sorry"), SECRET);
            assert_eq!(shown, "no [****], sorry", "{form}");
        }
        assert_eq!(with_stars(r"x\ud83d\ude00y1234z", "x😀y1234z"), "****");
        assert_eq!(with_stars(r"\\ud83d \u12 \x4 &#; &; %4 %", SECRET), r"\\ud83d \u12 \x4 &#; &; %4 %");
    }

    #[test]
    fn a_broken_secret_is_found() {
        for between in [
            "\n",
            "\r\n    ",
            "\u{fffd}",
            "\u{fffd}\u{fffd}",
            "\u{7}",
            "\u{1b}",
            "\u{200b}",
            "\u{ad}",
            "\\n",
            "%0A",
        ] {
            let text = format!("[ik_01{between}234é5{between}6789]");
            assert_eq!(with_stars(&text, "ik_01234é56789"), "[****]", "{between:?}");
        }
    }

    #[test]
    fn a_short_secret_is_found_as_a_word_only() {
        for (secret, text, shown) in [
            ("t3st", "T3st environment: t3st, lat3st", "**** environment: ****, lat3st"),
            ("t3st", "t3\nst dDNzdA== dDNzdA 74337374 074337374", "t3\nst ****== **** **** 074337374"),
            ("t3st", "in_t3st %743st xdDNzdA", "in_t3st **** xdDNzdA"),
            ("longenough", "xlongenoughx", "x****x"),
        ] {
            assert_eq!(with_stars(text, secret), shown, "{text}");
        }
        let searched = ["test", "1234", "a1", "t3st", "pass!", "12345678", "password"].map(is_searchable);
        assert_eq!(searched, [false, false, false, true, true, true, true]);
    }

    fn base64(bytes: &[u8]) -> String {
        // The pattern of a text in the first position has all its characters but a shared one.
        let padded = [bytes, &[0, 0]].concat();
        let all = Pattern::base64(&padded, 0, false).bytes.to_vec();
        String::from_utf8(all).unwrap().chars().take((bytes.len() * 8).div_ceil(6)).collect()
    }

    #[test]
    fn base64_is_that_of_the_standard() {
        for (text, expected) in
            [("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("\u{3ff}~?", "z79+Pw")]
        {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }

    proptest! {
        /// Nothing of the secret stays, and nothing else is masked.
        #[test]
        fn any_secret_is_found(
            secret in "[!-~é]{8,40}",
            before in "[a-z]{0,4}",
            after in "[a-z]{0,4}",
        ) {
            let all = [before.as_bytes(), secret.as_bytes(), after.as_bytes()].concat();
            let url = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let json = |text: &str| {
                let text = serde_json::Value::from(text).to_string();
                text[1..text.len() - 1].to_owned()
            };
            for form in [secret.clone(), url(&secret), json(&secret), json(&json(&secret)), url(&json(&secret))] {
                let shown = with_stars(&format!("<{form}>"), &secret);
                prop_assert_eq!(shown, "<****>", "{}", form);
            }
            let standard = base64(&all);
            for form in [standard.clone(), standard.replace('+', "-").replace('/', "_"), url(&standard)] {
                let shown = with_stars(&format!("({form})"), &secret);
                // At most the characters before and after the secret stay.
                prop_assert!(shown.contains("****"), "{}: {}", form, shown);
                prop_assert!(shown.len() <= "(****)".len() + 12, "{}: {}", form, shown);
            }
        }

        #[test]
        fn any_text_can_be_searched(text in "(\\PC|[%\\\\&;u#x0-9{}]){0,60}") {
            let shown = with_stars(&text, SECRET);
            prop_assert_eq!(shown, text);
        }
    }
}
