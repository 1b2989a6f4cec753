//! JSON on stdout: two spaces of indent, or a line for each of many; keys in the order they came. Characters that could make a terminal do
//! something are escaped; to a program that is the same string.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, PrettyFormatter, Serializer};

use crate::ui::sanitize::is_unsafe;

/// Writes a value and a line break.
pub(crate) fn write_json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    write_with(out, value, PrettyFormatter::with_indent(b"  "))
}

/// Writes a value as a line of its own.
pub(crate) fn write_json_line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    write_with(out, value, CompactFormatter)
}

fn write_with(out: &mut dyn Write, value: &impl Serialize, layout: impl Formatter) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Safe(layout)))?;
    out.write_all(b"\n")
}

/// A layout, which escapes ASCII's control characters by itself, with the others escaped too.
struct Safe<L>(L);

impl<L: Formatter> Formatter for Safe<L> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
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
    use serde_json::Value;

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
        let line = String::from_utf8(line).unwrap();
        assert_eq!(
            line,
            "{\"z\":\"a\\u001b[0m\\u009b\\u202e\\u007f é\",\"a\":[],\"n\":{\"b\":null,\"c\":[1,2]}}\n"
        );
    }
}
