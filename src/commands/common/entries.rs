//! What a JSON file has: one object, an array of them, or one after the other, as in JSONL.

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Deserializer, Map, Value};

use crate::runner::{Entries, Entry};

/// No object by itself is longer, in bytes.
const LONGEST_ONE: usize = 1024 * 1024;

/// Reads a file's text; `file` is its name for people. What is wrong with one of many stands in its place, so that all
/// mistakes can be told together.
///
/// # Errors
/// What is wrong with the only object.
pub(super) fn entries<T: DeserializeOwned + Serialize>(
    text: &[u8],
    file: String,
) -> Result<Entries<T>, String> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut rest = Rest { text, at: 0, line: 1, line_begins: 0 };
    rest.skip_blank();
    let is_array = rest.text.get(rest.at) == Some(&b'[');
    let entries = if is_array { rest.array() } else { rest.lines() };
    if !is_array && entries.len() < 2 {
        return one(text).map(Entries::One);
    }
    Ok(Entries::Many { file, entries })
}

/// The only object of a file.
fn one<T: DeserializeOwned + Serialize>(text: &[u8]) -> Result<T, String> {
    if text.len() > LONGEST_ONE {
        return Err("it is longer than 1 MiB".to_owned());
    }
    object(text, |error| position(error, 1, 0))
}

/// As strict as the backend: what would not come out as it went in is refused.
fn object<T: DeserializeOwned + Serialize>(
    text: &[u8],
    position: impl Fn(&serde_json::Error) -> String,
) -> Result<T, String> {
    if text.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
        return Err("it is no JSON object".into());
    }
    let object: T = serde_json::from_slice(text).map_err(|error| position(&error))?;
    let given: Map<String, Value> = serde_json::from_slice(text).map_err(|error| position(&error))?;
    let taken = serde_json::to_value(&object).map_err(|error| error.to_string())?;
    match given.iter().find(|(name, value)| taken.get(name.as_str()) != Some(*value)) {
        Some((name, value)) => Err(format!("`{name}` cannot be {value}")),
        None => Ok(object),
    }
}

/// `line 1, column 10: expected value`, in a text that begins on that line, behind so many bytes; serde writes the position
/// behind the sentence, as if it belonged to it.
fn position(error: &serde_json::Error, line: usize, behind: usize) -> String {
    let text = error.to_string();
    let sentence = text.split(" at line ").next().unwrap_or(&text);
    let behind = if error.line() > 1 { 0 } else { behind };
    format!("line {}, column {}: {sentence}", error.line() + line - 1, error.column() + behind)
}

/// What of a file is not read yet.
struct Rest<'a> {
    text: &'a [u8],
    at: usize,
    /// The line that it is on, from 1, and where that begins.
    line: usize,
    line_begins: usize,
}

impl Rest<'_> {
    /// One object after the other, with nothing but blanks between them.
    fn lines<T: DeserializeOwned + Serialize>(&mut self) -> Vec<Entry<T>> {
        let mut entries = Vec::new();
        while self.at < self.text.len() && self.entry(&mut entries) {}
        entries
    }

    /// An array, and nothing behind it. It ends with the first mistake that leaves open where the next object begins.
    fn array<T: DeserializeOwned + Serialize>(&mut self) -> Vec<Entry<T>> {
        let mut entries = Vec::new();
        self.step();
        let mut is_open = self.text.get(self.at) != Some(&b']');
        while is_open {
            if !self.entry(&mut entries) {
                return entries;
            }
            match self.text.get(self.at) {
                Some(b',') => self.step(),
                Some(b']') => is_open = false,
                Some(_) => return self.broken(entries, "there is no comma before it"),
                None => return self.broken(entries, "the array has no end"),
            }
        }
        self.step();
        if self.at < self.text.len() {
            return self.broken(entries, "nothing can stand behind the array");
        }
        entries
    }

    /// The next value; whether it is clear where it ends.
    fn entry<T: DeserializeOwned + Serialize>(&mut self, entries: &mut Vec<Entry<T>>) -> bool {
        let (line, behind) = (self.line, self.at - self.line_begins);
        let text = &self.text[self.at..];
        let position = |error: &serde_json::Error| position(error, line, behind);
        let mut values = Deserializer::from_slice(text).into_iter::<IgnoredAny>();
        let end = match values.next() {
            Some(Ok(_)) => Ok(values.byte_offset()),
            Some(Err(error)) => Err(position(&error)),
            None => Err("the array has no end".to_owned()),
        };
        let (is_whole, object) = match end {
            Ok(end) => {
                self.move_by(end);
                (true, object(&text[..end], position))
            }
            Err(mistake) => (false, Err(mistake)),
        };
        entries.push(Entry { line, object });
        is_whole
    }

    fn broken<T>(&self, mut entries: Vec<Entry<T>>, mistake: &str) -> Vec<Entry<T>> {
        entries.push(Entry { line: self.line, object: Err(mistake.to_owned()) });
        entries
    }

    /// Over one sign.
    fn step(&mut self) {
        self.move_by(1);
    }

    /// Over so many bytes, and the blanks behind them.
    fn move_by(&mut self, bytes: usize) {
        for at in self.at..self.at + bytes {
            if self.text[at] == b'\n' {
                self.line += 1;
                self.line_begins = at + 1;
            }
        }
        self.at += bytes;
        self.skip_blank();
    }

    fn skip_blank(&mut self) {
        while let Some(byte) = self.text.get(self.at).filter(|byte| byte.is_ascii_whitespace()) {
            if *byte == b'\n' {
                self.line += 1;
                self.line_begins = self.at + 1;
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::NewProduct;

    /// A line for each entry: its line, and its name or what is wrong with it.
    fn read(text: &str) -> String {
        let entries = match entries::<NewProduct>(text.as_bytes(), String::new()) {
            Ok(Entries::One(product)) => return format!("one {}", product.name.unwrap()),
            Ok(Entries::Many { entries, .. }) => entries,
            Err(mistake) => return mistake,
        };
        let entries = entries.into_iter().map(|Entry { line, object }| {
            format!(
                "{line} {}",
                object.map_or_else(|mistake| mistake, |product| product.name.unwrap().to_string())
            )
        });
        entries.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn one_object_is_one_and_all_else_is_many() {
        for (text, expected) in [
            (r#" {"name":"A"} "#, "one A"),
            ("\u{feff}{\n\"name\":\n\"A\"}\n\n", "one A"),
            (r#"[{"name":"A"}]"#, "1 A"),
            ("\u{feff} []  \n", ""),
            ("[\n  {\"name\": \"A\"},\n\n  {\n    \"name\": \"B\"\n  }\n]\n", "2 A\n4 B"),
            ("{\"name\":\"A\"}\n{\"name\":\"B\"}", "1 A\n2 B"),
            ("\r\n{\"name\":\"A\"}\r\n\r\n{\"name\":\"B\"}\r\n", "2 A\n4 B"),
            ("{\n\"name\":\"A\"\n}{\"name\":\"B\"} {\"name\":\"C\"}", "1 A\n3 B\n3 C"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn every_mistake_is_told_where_it_is() {
        for (text, expected) in [
            ("", "line 1, column 0: EOF while parsing a value"),
            ("5", "it is no JSON object"),
            (
                "{\"name\":\"A\"}\n\n5\n{\"nam\":1}",
                "1 A\n3 it is no JSON object\n4 line 4, column 6: unknown field `nam`, expected one of `name`, `description`, `active`, `metadata`, `idempotencyKey`",
            ),
            (
                "[\n {\"name\":\n  5}, {\"name\":null}, [], {\"name\": }, 1]",
                "2 line 3, column 3: invalid type: integer `5`, expected a string\n3 `name` cannot be null\n3 it is no JSON object\n3 line 3, column 35: expected value",
            ),
            ("[{\"name\":\"A\"}\n {\"name\":\"B\"}]", "1 A\n2 there is no comma before it"),
            ("[{\"name\":\"A\"},\n]", "1 A\n2 line 2, column 1: expected value"),
            ("[{\"name\":\"A\"},\n", "1 A\n2 the array has no end"),
            ("[{\"name\":\"A\"}\n", "1 A\n2 the array has no end"),
            ("[", "1 the array has no end"),
            ("[]\n{}", "2 nothing can stand behind the array"),
            ("{\"name\":\"A\"}\n{\"name\":", "1 A\n2 line 2, column 8: EOF while parsing a value"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
