//! What may be shown of an answer: its body without the secrets of this run, and why it is invalid, without its values.

use std::borrow::Cow;
use std::fmt::Write;

use zeroize::Zeroizing;

use crate::secret::{Masker, has_plain_secret};
use crate::wire::Json;
use crate::wire::json::{scalar_length, without_type_names};

/// A larger body is searched only for secrets as they are, in bytes. Searching for every form takes a second for 100 MB.
const LARGEST_SEARCHED: usize = 256 * 1024;

/// The body with the secrets of this run masked in its strings. `thoroughly` searches for every form in a large body too.
pub(crate) fn redacted_body(body: Zeroizing<Vec<u8>>, thoroughly: bool) -> Zeroizing<Vec<u8>> {
    if body.len() > LARGEST_SEARCHED && !thoroughly && !has_plain_secret(&body) {
        return body;
    }
    let Some(masker) = Masker::of_this_run(body.len()) else { return body };
    // Invalid UTF-8 is not read as JSON.
    let Ok(text) = std::str::from_utf8(&body) else { return body };
    redacted(text, &masker).unwrap_or(body)
}

/// The text with the strings masked; `None` if that changes nothing.
fn redacted(text: &str, masker: &Masker) -> Option<Zeroizing<Vec<u8>>> {
    let mut out = Zeroizing::new(Vec::new());
    let mut copied = 0;
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find('"')).map(|start| at + start) {
        let end = start + scalar_length(&text.as_bytes()[start..]);
        at = end;
        let Some(token) = text.get(start..end) else { continue };
        if is_field(token, &text[end..]) {
            continue;
        }
        if let Some(masked) = redacted_string(token, masker) {
            if copied == 0 {
                out.reserve(text.len());
            }
            out.extend_from_slice(&text.as_bytes()[copied..start]);
            out.extend_from_slice(masked.as_bytes());
            copied = end;
        }
    }
    out.extend_from_slice(&text.as_bytes()[copied..]);
    (copied > 0).then_some(out)
}

/// Whether a string before this text is the name of a field. An answer without its fields cannot be read, so they stay even
/// if a secret is a word such as `connection`.
fn is_field(token: &str, after: &str) -> bool {
    /// The longest name has 22 characters, and two quotes.
    const LONGEST: usize = 24;
    token.len() <= LONGEST
        && token.trim_matches('"').bytes().all(|byte| byte.is_ascii_alphabetic())
        && after.trim_start().starts_with(':')
}

/// A string of JSON with the secrets masked; `None` if it has none.
fn redacted_string(token: &str, masker: &Masker) -> Option<String> {
    let inside = token.strip_prefix('"')?.strip_suffix('"')?;
    let decoded =
        if inside.contains('\\') { serde_json::from_str(token).ok()? } else { Cow::Borrowed(inside) };
    match masker.mask(&decoded) {
        Cow::Owned(text) => serde_json::to_string(&text).ok(),
        Cow::Borrowed(_) => None,
    }
}

/// Why an answer is invalid: the field, the type that it has, and the type that it should have. The value can be a secret.
pub(crate) fn invalid_answer(body: &[u8], error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = text.rfind(" at line ").map_or("", |position| &text[position..]);
    invalid_part(body, error) + position
}

/// The same for a part of an answer, without the position in the part.
pub(super) fn invalid_part(part: &[u8], error: &serde_json::Error) -> String {
    let text = error.to_string();
    let message = text.rfind(" at line ").map_or(text.as_str(), |position| &text[..position]);
    let message = without_value(&without_type_names(message));
    // Other errors are about the syntax.
    let field = if error.is_data() { field_at(part, error.line(), error.column()) } else { String::new() };
    if field.is_empty() { message } else { format!("`{field}`: {message}") }
}

/// A message of serde without the value that was found.
pub(crate) fn without_value(message: &str) -> String {
    const LABELS: [&str; 4] = ["invalid type: ", "invalid value: ", "unknown variant ", "unknown field "];
    let first = LABELS.iter().filter_map(|label| Some((message.find(label)?, label))).min();
    let Some((at, label)) = first else { return message.to_owned() };
    let (before, found) = message.split_at(at + label.len());
    // The value can have these words too, but what is expected is last.
    let end = [", expected ", ", there are "].iter().find_map(|words| found.rfind(words));
    let (found, expected) = found.split_at(end.unwrap_or(found.len()));
    let kind = found.split(['"', '`']).next().unwrap_or_default().trim_end();
    let before = if kind.is_empty() { before.trim_end() } else { before };
    format!("{before}{kind}{expected}")
}

/// The path of the value at a position, such as `connections[0].environment`. Empty for the whole body.
fn field_at(body: &[u8], line: usize, column: usize) -> String {
    let Ok(json) = Json::parse(body) else { return String::new() };
    let text = json.as_str();
    let start = body.len() - body.trim_ascii_start().len();
    let before: usize =
        body.split_inclusive(|byte| *byte == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    let end_of =
        |value: Json<'_>| value.as_str().as_ptr().addr() - text.as_ptr().addr() + value.as_str().len();
    let Some(offset) = (before + column).checked_sub(start) else { return String::new() };
    let mut path = String::new();
    let mut inside = json;
    loop {
        let starts_before = |value: &Json<'_>| end_of(*value) - value.as_str().len() <= offset;
        let contains = |value: &Json<'_>| starts_before(value) && offset <= end_of(*value);
        if let Some((name, value)) = inside.members().find(|(_, value)| contains(value)) {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&name);
            inside = value;
        } else if let Some((position, value)) =
            inside.elements().enumerate().filter(|_| inside.is_array()).find(|(_, value)| contains(value))
        {
            let _ = write!(path, "[{position}]");
            inside = value;
        } else {
            return path;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::wire::{Connections, List, SharedBytes, read_body};
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only its errors matter")]
    struct Shop {
        name: String,
        open: Option<bool>,
        kind: Option<Kind>,
        rows: List<Row>,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only its errors matter")]
    struct Row {
        id: String,
        parts: Vec<u8>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Big,
        Small,
    }

    #[test]
    fn an_error_names_the_field_and_the_type_but_not_the_value() {
        for (body, reason) in [
            (r#"{"name":7}"#, "`name`: invalid type: integer, expected a string at line 1 column 9"),
            (r#"{"name":"hush, expected x"}"#, "missing field `rows` at line 1 column 27"),
            (
                r#"{"name":"a","open":"hu\"sh, expected x"}"#,
                "`open`: invalid type: string, expected a boolean at line 1 column 39",
            ),
            ("{\"name\":\n  1.5}", "`name`: invalid type: number, expected a string at line 2 column 5"),
            (r#" {"name":["hush"]}"#, "`name`: invalid type: sequence, expected a string at line 1 column 9"),
            (
                r#"{"name":"a","kind":"hush `, expected"}"#,
                "`kind`: unknown variant, expected `big` or `small` at line 1 column 37",
            ),
            (
                r#"{"name":"a","rows":[{"id":"x","parts":[]},{"id":true}]}"#,
                "row 2: `id`: invalid type: boolean, expected a string at line 1 column 55",
            ),
            (
                r#"{"name":"a","rows":[{"id":"x","parts":[1,"hush"]}]}"#,
                "row 1: `parts[1]`: invalid type: string, expected u8 at line 1 column 51",
            ),
            ("\"hush\"", "invalid type: string, expected an object at line 1 column 6"),
            ("{\"name\":hush}", "expected value at line 1 column 9"),
        ] {
            let error =
                read_body::<Shop>(&SharedBytes::new(Zeroizing::new(body.as_bytes().to_vec()))).unwrap_err();
            assert_eq!(invalid_answer(body.as_bytes(), &error), reason, "{body}");
        }
        let body = br#"{"connections":[{"environment":"test","status":"connected"},{"environment":5}]}"#;
        let error = serde_json::from_slice::<Connections>(body).unwrap_err();
        let reason = invalid_answer(body, &error);
        assert!(
            reason.starts_with("`connections[1].environment`: invalid type: integer, expected a string"),
            "{reason}"
        );
    }

    #[test]
    fn strings_of_a_body_are_masked_and_the_rest_stays() {
        Secret::remembered(r#"body"4hush\4hush"#.to_owned());
        Secret::remembered("bodyhushword".to_owned());
        let masked = |body: &str, thoroughly| {
            let body = redacted_body(Zeroizing::new(body.as_bytes().to_vec()), thoroughly);
            String::from_utf8(body.to_vec()).unwrap()
        };
        for (body, expected) in [
            (
                r#"{ "a" : "no body\"4hush\\4hush", "b":[1.0,"x\u00e9"] }"#,
                r#"{ "a" : "no ****hush", "b":[1.0,"x\u00e9"] }"#,
            ),
            (r#"{"body\u00224hush\\4hush":"\u0062ody\"4HUSH\\4hush."}"#, r#"{"****hush":"****hush."}"#),
            (r#"["Ym9keSI0aHVzaFw0aHVzaA=="]"#, r#"["****hush=="]"#),
            (r#"{"BodyHushWord" :"bodyhushword"}"#, r#"{"BodyHushWord" :"****word"}"#),
            (r#"{"bodyhushword1":["bodyhushword"]}"#, r#"{"****word1":["****word"]}"#),
            (r#"{"a":"#, r#"{"a":"#),
            (r#"{"a":"body"#, r#"{"a":"body"#),
            ("no", "no"),
        ] {
            assert_eq!(masked(body, false), expected, "{body}");
        }
        let large = format!(r#"["{}","Ym9keSI0aHVzaFw0aHVzaA=="]"#, "x".repeat(LARGEST_SEARCHED));
        assert!(masked(&large, false).contains("Ym9keSI0"));
        assert!(!masked(&large, true).contains("Ym9keSI0"));
    }
}
