//! `--from-file`: a JSON file with one object, an array of objects, or JSONL.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Deserializer, Map, Value};

use crate::error::Failure;
use crate::runner::run_blocking;
use crate::wire::without_position;

/// The `--from-file` argument.
#[derive(Args, Clone, Debug)]
pub(crate) struct FileArgs {
    /// JSON file with one object, or with many as an array or JSONL; `-` is stdin. Other options take precedence
    #[arg(long, value_name = "PATH")]
    from_file: Option<PathBuf>,
}

/// The contents of a file.
pub(super) enum FileInput<T> {
    /// One object.
    One(T),
    /// An array, or JSONL with several objects.
    Many {
        /// The name of the file, for messages.
        file: String,
        entries: Vec<Entry<T>>,
    },
}

/// One of many objects in a file.
pub(crate) struct Entry<T> {
    /// The line where the object begins, counted from 1.
    pub(crate) line: usize,
    /// The object, or what is wrong with it. Keeping the mistake here allows all of them to be reported together.
    pub(crate) object: Result<T, String>,
}

/// The longest file that is read, in bytes.
const MAX_FILE: u64 = 64 * 1024 * 1024;
/// The longest file with one object, in bytes.
const MAX_OBJECT: usize = 1024 * 1024;

impl FileArgs {
    /// The argument, if it reads stdin.
    pub(super) fn reads_stdin(&self) -> Option<&'static str> {
        self.from_file.as_deref().is_some_and(is_stdin).then_some("--from-file -")
    }

    /// Reads the file; `None` where no file was given.
    pub(super) async fn read<T: DeserializeOwned + Serialize>(&self) -> Result<Option<FileInput<T>>> {
        let Some(path) = self.from_file.clone() else { return Ok(None) };
        let name = if is_stdin(&path) { "stdin".to_owned() } else { path.display().to_string() };
        let text = run_blocking(move || Ok(read(&path))).await?.map_err(|error| {
            Failure::usage(format!("Cannot read objects from {name}"))
                .why(error.to_string())
                .hint("name a file with JSON objects, or use `-` and pipe them into the command")
        })?;
        parse(&text, name.clone()).map(Some).map_err(|why| {
            Failure::usage(format!("The object in {name} is invalid"))
                .why(why)
                .hint("use the field names in the `body` that --dry-run prints for InsForge 2.2.1 or later")
                .into()
        })
    }
}

/// Whether an argument means stdin.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let source: &mut dyn Read =
        if is_stdin(path) { &mut std::io::stdin().lock() } else { &mut std::fs::File::open(path)? };
    let mut text = Vec::new();
    source.take(MAX_FILE + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_FILE {
        Err(std::io::Error::other("it is longer than 64 MiB"))
    } else {
        Ok(text)
    }
}

/// Parses the text of a file.
///
/// # Errors
/// What is wrong with the only object.
fn parse<T: DeserializeOwned + Serialize>(text: &[u8], file: String) -> Result<FileInput<T>, String> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut parser = Parser { text, at: 0, line: 1, line_begins: 0 };
    parser.skip_blank();
    let is_array = parser.text.get(parser.at) == Some(&b'[');
    let entries = if is_array { parser.array() } else { parser.lines() };
    if !is_array && entries.len() < 2 {
        return only_object(text).map(FileInput::One);
    }
    Ok(FileInput::Many { file, entries })
}

fn only_object<T: DeserializeOwned + Serialize>(text: &[u8]) -> Result<T, String> {
    if text.len() > MAX_OBJECT {
        return Err("it is longer than 1 MiB".to_owned());
    }
    object(text, |error| position(error, 1, 0))
}

/// Parses one object, as strictly as the backend does: a value that would be sent in another form is an error.
fn object<T: DeserializeOwned + Serialize>(
    text: &[u8],
    position: impl Fn(&serde_json::Error) -> String,
) -> Result<T, String> {
    if text.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
        return Err("not a JSON object".into());
    }
    let object: T = serde_json::from_slice(text).map_err(|error| position(&error))?;
    let given: Map<String, Value> = serde_json::from_slice(text).map_err(|error| position(&error))?;
    let parsed = serde_json::to_value(&object).map_err(|error| error.to_string())?;
    match given.iter().find(|(name, value)| parsed.get(name.as_str()) != Some(*value)) {
        Some((name, value)) => Err(format!("`{name}` cannot be {value}")),
        None => Ok(object),
    }
}

/// `line 1, column 10: expected value`. The text begins on `line`, after `offset` bytes.
fn position(error: &serde_json::Error, line: usize, offset: usize) -> String {
    let offset = if error.line() > 1 { 0 } else { offset };
    let (line, column) = (error.line() + line - 1, error.column() + offset);
    format!("line {line}, column {column}: {}", without_position(error))
}

/// A position in a file with many objects.
struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    /// The current line, counted from 1, and the position where it begins.
    line: usize,
    line_begins: usize,
}

impl Parser<'_> {
    /// Parses one object after the other, with only white space between them.
    fn lines<T: DeserializeOwned + Serialize>(&mut self) -> Vec<Entry<T>> {
        let mut entries = Vec::new();
        while self.at < self.text.len() && self.entry(&mut entries) {}
        entries
    }

    /// Parses an array. It stops at the first mistake after which the start of the next object is unknown.
    fn array<T: DeserializeOwned + Serialize>(&mut self) -> Vec<Entry<T>> {
        let mut entries = Vec::new();
        self.advance(1);
        let mut is_open = self.text.get(self.at) != Some(&b']');
        while is_open {
            if !self.entry(&mut entries) {
                return entries;
            }
            match self.text.get(self.at) {
                Some(b',') => self.advance(1),
                Some(b']') => is_open = false,
                Some(_) => return self.broken(entries, "expected a comma before this object"),
                None => return self.broken(entries, UNCLOSED),
            }
        }
        self.advance(1);
        if self.at < self.text.len() {
            return self.broken(entries, "unexpected text after the array");
        }
        entries
    }

    /// Parses the next value. Returns whether its end is known.
    fn entry<T: DeserializeOwned + Serialize>(&mut self, entries: &mut Vec<Entry<T>>) -> bool {
        let (line, offset) = (self.line, self.at - self.line_begins);
        let text = &self.text[self.at..];
        let position = |error: &serde_json::Error| position(error, line, offset);
        let mut values = Deserializer::from_slice(text).into_iter::<IgnoredAny>();
        let end = match values.next() {
            Some(Ok(_)) => Ok(values.byte_offset()),
            Some(Err(error)) => Err(position(&error)),
            None => Err(UNCLOSED.to_owned()),
        };
        let (is_whole, object) = match end {
            Ok(end) => {
                self.advance(end);
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

    /// Skips this many bytes, and the white space after them.
    fn advance(&mut self, bytes: usize) {
        for _ in 0..bytes {
            self.next_byte();
        }
        self.skip_blank();
    }

    fn skip_blank(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.next_byte();
        }
    }

    fn next_byte(&mut self) {
        if self.text[self.at] == b'\n' {
            self.line += 1;
            self.line_begins = self.at + 1;
        }
        self.at += 1;
    }
}

const UNCLOSED: &str = "the array is not closed";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::NewProduct;

    /// A line for each entry: where it begins, and its name or its mistake.
    fn read(text: &str) -> String {
        let entries = match parse::<NewProduct>(text.as_bytes(), String::new()) {
            Ok(FileInput::One(product)) => return format!("one {}", product.name.unwrap()),
            Ok(FileInput::Many { entries, .. }) => entries,
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
    fn one_object_is_single_input_and_everything_else_is_bulk_input() {
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
    fn every_mistake_is_reported_with_its_position() {
        for (text, expected) in [
            ("", "line 1, column 0: EOF while parsing a value"),
            ("5", "not a JSON object"),
            (
                "{\"name\":\"A\"}\n\n5\n{\"nam\":1}",
                "1 A\n3 not a JSON object\n4 line 4, column 6: unknown field `nam`, expected one of `name`, `description`, `active`, `metadata`, `idempotencyKey`",
            ),
            (
                "[\n {\"name\":\n  5}, {\"name\":null}, [], {\"name\": }, 1]",
                "2 line 3, column 3: invalid type: integer `5`, expected a string\n3 `name` cannot be null\n3 not a JSON object\n3 line 3, column 35: expected value",
            ),
            ("[{\"name\":\"A\"}\n {\"name\":\"B\"}]", "1 A\n2 expected a comma before this object"),
            ("[{\"name\":\"A\"},\n]", "1 A\n2 line 2, column 1: expected value"),
            ("[{\"name\":\"A\"},\n", "1 A\n2 the array is not closed"),
            ("[{\"name\":\"A\"}\n", "1 A\n2 the array is not closed"),
            ("[", "1 the array is not closed"),
            ("[]\n{}", "2 unexpected text after the array"),
            ("{\"name\":\"A\"}\n{\"name\":", "1 A\n2 line 2, column 8: EOF while parsing a value"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
