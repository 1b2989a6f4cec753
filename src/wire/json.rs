//! JSON as text: checked once, then read in slices, because a tree of it takes up to 25 times the memory.

use std::borrow::Cow;

use serde::de::{Error, IgnoredAny};

/// The deepest nesting that is read. Indentation grows with the square of the depth.
pub(crate) const DEEPEST: usize = 128;

/// Well-formed JSON that is nested at most 128 levels deep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// `null`.
    pub(crate) const NULL: Self = Self("null");

    /// Checks the text.
    pub(crate) fn parse(text: &'a [u8]) -> serde_json::Result<Self> {
        let text = std::str::from_utf8(text).map_err(Error::custom)?;
        if is_too_deep(text.as_bytes()) {
            return Err(Error::custom(format_args!("nested more than {DEEPEST} levels deep")));
        }
        serde_json::from_str::<IgnoredAny>(text)?;
        if has_unpaired_surrogate(text) {
            return Err(Error::custom("a string has half of a surrogate pair"));
        }
        Ok(Self(text.trim_ascii()))
    }

    /// Text that was checked before, or is part of such text.
    pub(super) const fn checked(text: &'a str) -> Self {
        Self(text)
    }

    pub(crate) const fn as_str(self) -> &'a str {
        self.0
    }

    pub(crate) fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    pub(crate) fn is_array(self) -> bool {
        self.0.starts_with('[')
    }

    /// The elements of an array, or the names and values of an object in turn.
    fn children(self) -> Children<'a> {
        Children { rest: &self.0[1..self.0.len() - 1] }
    }

    /// The elements of an array. `null` has none, and anything else is its own only element.
    pub(crate) fn elements(self) -> Children<'a> {
        if self.is_array() {
            return self.children();
        }
        Children { rest: if self == Self::NULL { "" } else { self.0 } }
    }

    /// The members of an object; anything else has none.
    pub(crate) fn members(self) -> Members<'a> {
        Members(if self.is_object() { self.children() } else { Children { rest: "" } })
    }

    /// The names, still with quotes and escapes, and the values of an object's members.
    pub(crate) fn raw_members(self) -> impl Iterator<Item = (Self, Self)> {
        let mut children = self.members().0;
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// The value of a member.
    pub(crate) fn get(self, name: &str) -> Option<Self> {
        self.members().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// A string's text, without quotes and escapes. It is copied only if it has escapes.
    pub(crate) fn string(self) -> Option<Cow<'a, str>> {
        let chars = self.chars()?;
        Some(if chars.rest.contains('\\') { chars.collect::<String>().into() } else { chars.rest.into() })
    }

    /// A string's characters, without quotes and escapes.
    pub(crate) fn chars(self) -> Option<Chars<'a>> {
        let rest = self.0.strip_prefix('"')?.strip_suffix('"')?;
        Some(Chars { rest })
    }
}

/// Whether a string of valid JSON has an escape such as `\ud800` without its other half. The grammar allows it, but many
/// parsers refuse it.
fn has_unpaired_surrogate(text: &str) -> bool {
    let unit = |text: &str| u16::from_str_radix(text.get(..4)?, 16).ok();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let escape = &rest[at + 1..];
        let Some(first) = escape.strip_prefix('u').and_then(unit) else {
            rest = escape.get(1..).unwrap_or_default();
            continue;
        };
        rest = &escape[5..];
        if matches!(first, 0xD800..=0xDFFF) {
            let second = rest.strip_prefix("\\u").and_then(unit);
            if first >= 0xDC00 || !second.is_some_and(|second| matches!(second, 0xDC00..=0xDFFF)) {
                return true;
            }
            rest = &rest[6..];
        }
    }
    false
}

/// The characters of a string.
#[derive(Clone, Debug)]
pub(crate) struct Chars<'a> {
    rest: &'a str,
}

impl Chars<'_> {
    fn take(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        Some(c)
    }

    /// The UTF-16 unit after `\u`.
    fn unit(&mut self) -> Option<u16> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        u16::from_str_radix(digits, 16).ok()
    }

    /// The character after `\u`, which can be a pair of units.
    fn escaped(&mut self) -> Option<char> {
        let first = self.unit()?;
        if let Some(c) = char::from_u32(first.into()) {
            return Some(c);
        }
        let mut after = Self { rest: self.rest.strip_prefix("\\u").unwrap_or_default() };
        let pair = [first, after.unit().unwrap_or_default()];
        let Some(Ok(c)) = char::decode_utf16(pair).next() else { return Some(char::REPLACEMENT_CHARACTER) };
        self.rest = after.rest;
        Some(c)
    }
}

impl Iterator for Chars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self.take()? {
            '\\' => match self.take()? {
                'b' => Some('\u{8}'),
                'f' => Some('\u{c}'),
                'n' => Some('\n'),
                'r' => Some('\r'),
                't' => Some('\t'),
                'u' => self.escaped(),
                c => Some(c),
            },
            c => Some(c),
        }
    }
}

/// Values with commas or colons between them.
#[derive(Clone, Debug)]
pub(crate) struct Children<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Children<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Json<'a>> {
        let between = |c: char| c.is_ascii_whitespace() || matches!(c, ',' | ':');
        let rest = self.rest.trim_start_matches(between);
        let (value, rest) = rest.split_at(value_length(rest.as_bytes()));
        self.rest = rest;
        (!value.is_empty()).then_some(Json(value))
    }
}

/// The names and values of an object, in its order.
#[derive(Clone, Debug)]
pub(crate) struct Members<'a>(Children<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?.string()?, self.0.next()?))
    }
}

/// The length of the value at the beginning.
pub(crate) fn value_length(json: &[u8]) -> usize {
    scan_value(json, usize::MAX).unwrap_or_else(|at| at)
}

/// Where the value at the beginning is nested too deeply. What follows the value does not matter.
pub(crate) fn too_deep_at(json: &[u8]) -> Option<usize> {
    scan_value(json, DEEPEST).err()
}

/// The length of the value at the beginning, or where it is nested more deeply.
fn scan_value(json: &[u8], deepest: usize) -> Result<usize, usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < json.len() {
        match json[at] {
            b'[' | b'{' if depth == deepest => return Err(at),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' => {
                at += 1;
                continue;
            }
            _ => {
                at += scalar_length(&json[at..]);
                if depth == 0 {
                    return Ok(at);
                }
                continue;
            }
        }
        at += 1;
        if depth == 0 {
            return Ok(at);
        }
    }
    Ok(at)
}

/// The length of the string, number or word at the beginning; at least one byte.
pub(crate) fn scalar_length(json: &[u8]) -> usize {
    if json[0] != b'"' {
        let ends = |byte: &u8| matches!(byte, b',' | b':' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r');
        return json.iter().position(ends).unwrap_or(json.len()).max(1);
    }
    let mut at = 1;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    json.len()
}

/// The line and the column of an error, from 1. The column counts characters, while serde_json counts bytes.
pub(crate) fn position_of(error: &serde_json::Error, text: &str) -> (usize, usize) {
    let line = text.split('\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let before = line.char_indices().take_while(|(at, c)| at + c.len_utf8() < error.column());
    (error.line().max(1), before.count() + 1)
}

/// The message of an error without the position, which serde_json appends to it. After the first letter of `true`, it calls
/// the rest of the word an ident.
pub(crate) fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    if message == "expected ident" { "expected value".to_owned() } else { without_type_names(message) }
}

/// A message of serde without the names of our types: `expected struct Health` becomes `expected an object`.
pub(crate) fn without_type_names(message: &str) -> String {
    let Some((found, after)) = message.split_once("expected struct ") else { return message.to_owned() };
    // A list is read as the fields of the object, in their order.
    let found = if found.starts_with("invalid length ") { "invalid type: sequence, " } else { found };
    let rest = after.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    let rest = match rest.split_once(" element") {
        Some((_, rest)) => rest.trim_start_matches('s'),
        None => rest,
    };
    format!("{found}expected an object{rest}")
}

/// Whether it is nested too deeply to be written, or to be read by a filter.
pub(crate) fn is_too_deep(json: &[u8]) -> bool {
    let (mut depth, mut at) = (0_usize, 0);
    while at < json.len() {
        match json[at] {
            b'"' => {
                at += scalar_length(&json[at..]);
                continue;
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return true;
        }
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_no_names_of_types() {
        for (message, expected) in [
            (
                "invalid type: null, expected struct Health at line 1",
                "invalid type: null, expected an object at line 1",
            ),
            (
                "invalid length 0, expected struct A with 1 element",
                "invalid type: sequence, expected an object",
            ),
            (
                "invalid length 1, expected struct A with 2 elements at x",
                "invalid type: sequence, expected an object at x",
            ),
            ("missing field `a` at line 1", "missing field `a` at line 1"),
        ] {
            assert_eq!(without_type_names(message), expected);
        }
    }

    #[test]
    fn the_column_of_an_error_counts_characters() {
        for (text, position) in [
            ("", (1, 1)),
            ("x", (1, 1)),
            ("{\"é日\":x", (1, 7)),
            ("{\n\"é\": é}", (2, 6)),
            ("{\"é\": \"日", (1, 8)),
            ("[1,\n", (2, 1)),
        ] {
            let error = serde_json::from_str::<IgnoredAny>(text).unwrap_err();
            assert_eq!(position_of(&error, text), position, "{text}: {error}");
        }
    }

    #[test]
    fn invalid_and_deep_json_is_refused() {
        for text in ["", "[", "[1,]", "{\"a\"}", "01", "\"a", "[] []", "\"\\x\"", "\"\u{1}\"", "nul"] {
            assert!(Json::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Json::parse(b"\"\xff\"").is_err());
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::parse(nested(DEEPEST).as_bytes()).is_ok());
        let error = Json::parse(nested(DEEPEST + 1).as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "nested more than 128 levels deep");
        let brackets_in_a_string = format!("\"\\\"{}\"", "[".repeat(500));
        assert!(Json::parse(brackets_in_a_string.as_bytes()).is_ok());
    }

    #[test]
    fn elements_and_members_are_slices_of_the_text() {
        let text = r#" {"a" : [ 1, "x,]\"" ,{"b":[]} , [ ] ], "\u0062": null} "#;
        let json = Json::parse(text.as_bytes()).unwrap();
        let elements: Vec<&str> = json.get("a").unwrap().elements().map(Json::as_str).collect();
        assert_eq!(elements, ["1", r#""x,]\"""#, r#"{"b":[]}"#, "[ ]"]);
        assert_eq!(json.get("b"), Some(Json::NULL));
        assert_eq!(Json::NULL.elements().count() + Json::NULL.members().count(), 0);
        assert_eq!(json.elements().collect::<Vec<_>>(), [json]);
    }

    #[test]
    fn strings_are_unescaped() {
        let text = r#""\u00e9\ud83d\ude00\u0041\/\n\"é""#;
        let json = Json::parse(text.as_bytes()).unwrap();
        assert_eq!(json.chars().unwrap().collect::<String>(), "é😀A/\n\"é");
        assert_eq!(Json::NULL.chars().map(Iterator::count), None);
    }

    #[test]
    fn half_a_surrogate_pair_is_refused() {
        for valid in [r#""\\ud800""#, r#""\ud83d\ude00""#, r#"["\u0041\ud800\udc00\\"]"#] {
            assert!(Json::parse(valid.as_bytes()).is_ok(), "{valid}");
        }
        for half in [r#""\ud800""#, r#""\ude00\ud83d""#, r#""\ud800\u0041""#, r#"{"a":"\uD800x"}"#] {
            assert!(Json::parse(half.as_bytes()).is_err(), "{half}");
        }
    }
}
