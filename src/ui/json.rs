//! JSON on stdout, formatted from its text: numbers, escapes and key order do not change. Characters that could
//! control a terminal are escaped, which leaves the value the same.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use crate::ui::sanitize::{SafetyScan, is_clean};
use crate::wire::{DEEPEST_JSON, Json, scalar_length};

/// Lays out JSON that comes piece by piece, so that pieces can be left out or put in. A piece ends where a token ends.
struct JsonWriter<'a> {
    out: &'a mut dyn Write,
    indented: bool,
    depth: usize,
    /// Nothing was written yet into the array or object that was opened last.
    is_empty: bool,
}

impl<'a> JsonWriter<'a> {
    /// Two spaces of indentation for each level, and a line for each value.
    fn indented(out: &'a mut dyn Write) -> Self {
        Self { out, indented: true, depth: 0, is_empty: false }
    }

    /// One line without spaces.
    fn compact(out: &'a mut dyn Write) -> Self {
        Self { indented: false, ..Self::indented(out) }
    }

    fn write(&mut self, piece: &str) -> io::Result<()> {
        let bytes = piece.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let end = match bytes[at] {
                b' ' | b'\t' | b'\n' | b'\r' => {
                    at += 1;
                    continue;
                }
                b'[' | b']' | b'{' | b'}' | b',' | b':' => at + 1,
                _ => at + scalar_length(&bytes[at..]),
            };
            self.token(&piece[at..end])?;
            at = end;
        }
        Ok(())
    }

    fn token(&mut self, token: &str) -> io::Result<()> {
        match token {
            "[" | "{" => {
                self.begin_value()?;
                self.depth += 1;
                self.is_empty = true;
                self.out.write_all(token.as_bytes())
            }
            "]" | "}" => {
                self.depth = self.depth.saturating_sub(1);
                if !std::mem::take(&mut self.is_empty) {
                    self.new_line()?;
                }
                self.out.write_all(token.as_bytes())
            }
            "," => {
                self.out.write_all(b",")?;
                self.new_line()
            }
            ":" => self.out.write_all(if self.indented { b": " } else { b":" }),
            scalar => {
                self.begin_value()?;
                write_scalar(self.out, scalar)
            }
        }
    }

    fn begin_value(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.is_empty) { self.new_line() } else { Ok(()) }
    }

    fn new_line(&mut self) -> io::Result<()> {
        const SPACES: [u8; 2 * DEEPEST_JSON] = [b' '; 2 * DEEPEST_JSON];
        if !self.indented {
            return Ok(());
        }
        self.out.write_all(b"\n")?;
        self.out.write_all(&SPACES[..(2 * self.depth).min(SPACES.len())])
    }
}

/// Writes a string, number or word unchanged, except for characters that a terminal would obey.
fn write_scalar(out: &mut dyn Write, scalar: &str) -> io::Result<()> {
    if is_clean(scalar) {
        return out.write_all(scalar.as_bytes());
    }
    let mut scan = SafetyScan::default();
    for c in scalar.chars() {
        if scan.is_safe(c) {
            out.write_all(c.encode_utf8(&mut [0; 4]).as_bytes())?;
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}")?;
        }
    }
    Ok(())
}

/// Writes JSON with indentation, and a line break.
pub(crate) fn write_json(out: &mut dyn Write, json: Json<'_>) -> io::Result<()> {
    write_indented(out, json.as_str())
}

fn write_indented(out: &mut dyn Write, json: &str) -> io::Result<()> {
    JsonWriter::indented(out).write(json)?;
    out.write_all(b"\n")
}

/// Writes JSON that comes in pieces as one line.
pub(crate) fn write_json_line<'a>(
    out: &mut dyn Write,
    pieces: impl IntoIterator<Item = &'a str>,
) -> io::Result<()> {
    let mut writer = JsonWriter::compact(out);
    pieces.into_iter().try_for_each(|piece| writer.write(piece))?;
    out.write_all(b"\n")
}

/// Writes a value with indentation or as a line, and a line break.
pub(crate) fn write_value(out: &mut dyn Write, value: &impl Serialize, as_line: bool) -> io::Result<()> {
    let text = serde_json::to_string(value)?;
    if as_line { write_json_line(out, [&*text]) } else { write_indented(out, &text) }
}

/// A value as one line of JSON, without a line break.
pub(crate) fn json_line(value: &impl Serialize) -> String {
    let mut line = Vec::new();
    // A vector does not fail, and neither do the names of the values that are shown here.
    let _ = serde_json::to_string(value).map(|text| JsonWriter::compact(&mut line).write(&text));
    String::from_utf8_lossy(&line).into_owned()
}

/// The text without spaces between tokens. It is copied only if it has such spaces.
pub(super) fn compact(json: Json<'_>) -> Cow<'_, str> {
    let text = json.as_str();
    let mut length = Length(0);
    // Neither a counter nor a vector fails.
    let _ = JsonWriter::compact(&mut length).write(text);
    if length.0 == text.len() {
        return text.into();
    }
    let mut compact = Vec::with_capacity(length.0);
    let _ = JsonWriter::compact(&mut compact).write(text);
    String::from_utf8_lossy(&compact).into_owned().into()
}

/// Counts what is written.
struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn indented(text: &str) -> String {
        let mut out = Vec::new();
        write_json(&mut out, Json::parse(text.as_bytes()).unwrap()).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn line(text: &str) -> String {
        let mut out = Vec::new();
        write_json_line(&mut out, [Json::parse(text.as_bytes()).unwrap().as_str()]).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn control_characters_are_escaped_and_the_value_stays_the_same() {
        let value = json!({"z": "a\u{1b}[0m\u{9b}\u{202e}\u{7f} é", "a": [], "n": {"b": null, "c": [1, 2]}});
        let text = value.to_string();
        let expected = "{\n  \"z\": \"a\\u001b[0m\\u009b\\u202e\\u007f é\",\n  \"a\": [],\n  \"n\": {\n    \"b\": null,\n    \"c\": [\n      1,\n      2\n    ]\n  }\n}\n";
        assert_eq!(indented(&text), expected);
        assert_eq!(serde_json::from_str::<Value>(expected).unwrap(), value);
        let expected =
            "{\"z\":\"a\\u001b[0m\\u009b\\u202e\\u007f é\",\"a\":[],\"n\":{\"b\":null,\"c\":[1,2]}}\n";
        assert_eq!(line(&text), expected);
    }

    #[test]
    fn numbers_escapes_and_repeated_names_are_kept() {
        let text = r#"{"a":[1.50,-0,1e5,1E+05,123456789012345678901234567890],"s":"\u00e9\/\ud83d\ude00\"\\","a":true}"#;
        assert_eq!(line(text), format!("{text}\n"));
        let spaced = " { \"a\" :\n[ ] , \"b\":\t{ } }\r\n";
        assert_eq!(indented(spaced), "{\n  \"a\": [],\n  \"b\": {}\n}\n");
        assert_eq!(line(spaced), "{\"a\":[],\"b\":{}}\n");
        for scalar in ["0", "null", "\"\"", " -1.0 "] {
            assert_eq!(indented(scalar), format!("{}\n", scalar.trim()));
        }
    }

    #[test]
    fn compact_text_is_not_copied() {
        let text = r#" {"a" : [ 1, "x,]\"" ,{"b":[]} , [ ] ], "\u0062": null} "#;
        let json = Json::parse(text.as_bytes()).unwrap();
        assert_eq!(compact(json), r#"{"a":[1,"x,]\"",{"b":[]},[]],"\u0062":null}"#);
        let json = Json::parse(br#"{"a":[]}"#).unwrap();
        assert!(matches!(compact(json), Cow::Borrowed(_)));
    }

    fn values() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter("a number of JSON", |number| number.is_finite()).prop_map(Value::from),
            "[ -~é日\n\"\\\\]{0,8}".prop_map(Value::from),
        ];
        scalar.prop_recursive(6, 64, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::vec(("[a-z\"\\\\]{0,4}", inner), 0..6)
                    .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_layout_is_serde_json_s(value in values()) {
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let compact = value.to_string();
            prop_assert_eq!(indented(&compact), format!("{}\n", pretty));
            prop_assert_eq!(indented(&pretty), format!("{}\n", pretty));
            prop_assert_eq!(line(&pretty), format!("{}\n", compact));
        }

        #[test]
        fn children_are_what_serde_json_reads(value in values()) {
            let text = serde_json::to_string_pretty(&value).unwrap();
            let json = Json::parse(text.as_bytes()).unwrap();
            let read = |json: Json<'_>| serde_json::from_str::<Value>(json.as_str()).unwrap();
            match value {
                Value::Array(elements) => prop_assert_eq!(json.elements().map(read).collect::<Vec<_>>(), elements),
                Value::Object(members) => {
                    let read = json.members().map(|(name, value)| (name.into_owned(), read(value)));
                    prop_assert_eq!(read.collect::<Vec<_>>(), members.into_iter().collect::<Vec<_>>());
                }
                scalar => prop_assert_eq!(read(json), scalar),
            }
        }
    }
}
