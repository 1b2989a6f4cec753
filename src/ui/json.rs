//! JSON on stdout: two spaces of indent, keys in the order they came. Characters that could make a terminal do
//! something are escaped; to a program that is the same string.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter, Serializer};

use crate::ui::clean::is_unsafe;

/// Writes a value and a line break.
pub(crate) fn write_json(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(&mut *out, Safe(PrettyFormatter::with_indent(b"  ")));
    value.serialize(&mut serializer)?;
    out.write_all(b"\n")
}

/// Writes a value on one line.
pub(crate) fn write_json_line(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    // No such character stands outside of a string.
    write_safely(out, &value.to_string())?;
    out.write_all(b"\n")
}

fn write_safely<W: ?Sized + Write>(out: &mut W, text: &str) -> io::Result<()> {
    let mut rest = text;
    while let Some(at) = rest.find(is_unsafe) {
        let (safe, from) = rest.split_at(at);
        out.write_all(safe.as_bytes())?;
        let mut chars = from.chars();
        for unit in chars.next().unwrap_or_default().encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}")?;
        }
        rest = chars.as_str();
    }
    out.write_all(rest.as_bytes())
}

/// [`PrettyFormatter`], which escapes ASCII's control characters by itself, with the others escaped too.
struct Safe(PrettyFormatter<'static>);

impl Formatter for Safe {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        write_safely(out, fragment)
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, out: &mut W, escape: CharEscape) -> io::Result<()> {
        self.0.write_char_escape(out, escape)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_a_terminal_would_obey_and_reads_back_the_same() {
        let value = serde_json::json!({"z": "a\u{1b}[0m\u{9b}\u{202e}\u{7f} é", "a": [], "n": {"b": null, "c": [1, 2]}});
        let mut out = Vec::new();
        write_json(&mut out, &value).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "{\n  \"z\": \"a\\u001b[0m\\u009b\\u202e\\u007f é\",\n  \"a\": [],\n  \"n\": {\n    \"b\": null,\n    \"c\": [\n      1,\n      2\n    ]\n  }\n}\n"
        );
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        let mut line = Vec::new();
        write_json_line(&mut line, &value).unwrap();
        assert!(!line[..line.len() - 1].contains(&b'\n') && line.is_ascii() == text.is_ascii());
        assert_eq!(serde_json::from_slice::<Value>(&line).unwrap(), value);
    }
}
