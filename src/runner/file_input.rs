//! `--from-file`: a JSON file with one object, an array of objects, or JSONL.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Deserializer, Map, Value};

use crate::error::{Failure, KEPT, Mistake, Mistakes, PositionCounter, nearest};
use crate::input::{Input, MAX_OBJECTS, is_stdin};
use crate::runner::Ctx;
use crate::runner::required::{Required, at, failure};
use crate::wire::{DEEPEST_JSON, Json, too_deep_at, value_length, without_position};

/// The `--from-file` argument.
#[derive(Args, Clone, Debug)]
pub(crate) struct FileArgs {
    /// JSON file with one object, or with many as an array or JSONL; `-` is stdin. Other options take precedence
    #[arg(long, value_name = "PATH")]
    from_file: Option<PathBuf>,
}

/// The contents of a file.
pub(crate) enum FileInput<T> {
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
    /// The object, or what is wrong with it. Keeping the mistakes here allows those of all objects to be reported together.
    /// After the first mistakes of the file, only their number is kept.
    pub(crate) object: Result<Box<T>, Mistakes>,
}

/// The longest file with one object, in bytes.
const MAX_OBJECT: usize = 1024 * 1024;

impl FileArgs {
    /// The argument, if it reads stdin.
    pub(super) fn reads_stdin(&self) -> Option<&'static str> {
        self.from_file.as_deref().is_some_and(is_stdin).then_some("--from-file -")
    }

    /// Reads the file, whose objects need these fields; `None` where no file was given. An object that is valid except that it
    /// lacks some is not a mistake here.
    pub(super) async fn read<T: DeserializeOwned + Serialize>(
        &self,
        ctx: &Ctx,
        required: Vec<Required>,
    ) -> Result<Option<FileInput<T>>> {
        let Some(path) = &self.from_file else { return Ok(None) };
        let input = Input::named(path);
        let name = if input == Input::Stdin { "stdin".to_owned() } else { path.display().to_string() };
        let read = ctx.run_blocking(format!("the objects from {name}"), move || Ok(input.read(MAX_OBJECTS)));
        let text = read.await?.map_err(|error| {
            Failure::usage(format!("Cannot read objects from {name}"))
                .why(error.to_string())
                .hint("name a file with JSON objects, or use `-` and pipe them into the command")
        })?;
        parse(&text, name.clone(), &required).map(Some).map_err(|mistakes| {
            Failure::usage(format!("The object in {name} is invalid"))
                .why_lines(mistakes.lines())
                .hint(FIELD_NAMES)
                .mistakes(mistakes)
                .into()
        })
    }
}

/// Where the names of the fields are.
pub(super) const FIELD_NAMES: &str =
    "use the field names in the `body` that --dry-run prints for InsForge 2.2.1 or later";

/// Parses the text of a file.
///
/// # Errors
/// What is wrong with the only object.
pub(crate) fn parse<T: DeserializeOwned + Serialize>(
    text: &str,
    file: String,
    required: &[Required],
) -> Result<FileInput<T>, Mistakes> {
    let mut parser =
        Parser { text, at: 0, here: PositionCounter::new(text), entries: Vec::new(), kept: 0, required };
    parser.skip_blank();
    if parser.next() == Some(b'[') {
        parser.array();
        return Ok(FileInput::Many { file, entries: parser.entries });
    }
    parser.lines();
    let mut entries = parser.entries;
    if entries.len() > 1 {
        return Ok(FileInput::Many { file, entries });
    }
    let only =
        |error: &str| Mistakes::from(Mistake { line: 1, column: None, index: None, error: error.to_owned() });
    if text.len() > MAX_OBJECT {
        return Err(only("it is longer than 1 MiB"));
    }
    let Some(Entry { object, .. }) = entries.pop() else { return Err(only("it is empty")) };
    object.map(|object| FileInput::One(*object)).map_err(|mut mistakes| {
        mistakes.first.iter_mut().for_each(|mistake| mistake.index = None);
        mistakes
    })
}

/// Parses one object, as strictly as the backend does: a value that would be sent in another form is an error.
fn strict<T: DeserializeOwned + Serialize>(text: &str) -> Result<T, String> {
    let object: T = serde_json::from_str(text).map_err(|error| with_suggestion(&without_position(&error)))?;
    let given: Map<String, Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let parsed = serde_json::to_value(&object).map_err(|error| error.to_string())?;
    match given
        .iter()
        .find(|(name, value)| !parsed.get(name.as_str()).is_some_and(|sent| is_same(value, sent)))
    {
        Some((name, value)) => Err(format!("`{name}` cannot be {value}")),
        None => Ok(object),
    }
}

/// Whether a value is sent as it was given. A metadata key that is null is sent with an empty value, which removes it.
fn is_same(given: &Value, sent: &Value) -> bool {
    match (given, sent) {
        (Value::Object(given), Value::Object(sent)) => {
            given.len() == sent.len()
                && given.iter().all(|(name, value)| sent.get(name).is_some_and(|sent| is_same(value, sent)))
        }
        (Value::Null, Value::String(sent)) => sent.is_empty(),
        _ => given == sent,
    }
}

/// The first mistakes of an object with their positions in its text, and how many more there are. Each member is read alone,
/// so that one mistake does not hide the next.
fn mistakes_in<T: DeserializeOwned + Serialize>(text: &str, whole: &str) -> (Vec<(usize, String)>, usize) {
    let object = match Json::parse(text.as_bytes()) {
        Ok(object) if object.is_object() => object,
        Ok(_) => return (vec![(0, "not a JSON object".to_owned())], 0),
        Err(error) => return (vec![(0, without_position(&error))], 0),
    };
    let position = |part: Json<'_>| part.as_str().as_ptr().addr() - text.as_ptr().addr();
    let (mut mistakes, mut more) = (Vec::new(), 0);
    let mut add = |at, mistake| if mistakes.len() < KEPT { mistakes.push((at, mistake)) } else { more += 1 };
    let mut names: HashSet<Cow<'_, str>> = HashSet::new();
    for (name, value) in object.raw_members() {
        let Some(text) = name.string() else { continue };
        if !names.insert(text.clone()) {
            add(position(name), format!("duplicate field `{text}`"));
            continue;
        }
        if let Err(mistake) = strict::<T>(&format!("{{{}:{}}}", name.as_str(), value.as_str())) {
            let part = if mistake.starts_with(UNKNOWN_FIELD) { name } else { value };
            add(position(part), mistake);
        }
    }
    // The members are valid, but not together.
    if mistakes.is_empty() {
        mistakes.push((0, whole.to_owned()));
    }
    (mistakes, more)
}

/// What an invalid object lacks besides its mistakes. A field that is misspelled or has a mistake in it is not missing.
fn lacking(text: &str, mistakes: &[(usize, String)], required: &[Required]) -> Option<String> {
    let object: Map<String, Value> = serde_json::from_str(text).ok()?;
    let object = Value::Object(object);
    let is_meant = |name: &str| {
        let suggestion = format!("did you mean `{name}`?");
        mistakes.iter().any(|(_, mistake)| mistake.ends_with(&suggestion))
    };
    let is_missing = |(_, path): &&Required| {
        let mut names = path.split('.');
        at(&object, path).is_none() && !names.any(is_meant)
    };
    let missing: Vec<Required> = required.iter().filter(is_missing).copied().collect();
    (!missing.is_empty()).then(|| failure(&missing).in_one_sentence())
}

const UNKNOWN_FIELD: &str = "unknown field ";
const UNKNOWN_VALUE: &str = "unknown variant ";

/// Replaces the list of all fields or values by the one that was probably meant.
fn with_suggestion(message: &str) -> String {
    // "unknown field `nam`, expected one of `name`, `description`"
    let mut words = message.split('`').skip(1).step_by(2);
    let what = [UNKNOWN_FIELD, UNKNOWN_VALUE].into_iter().find(|beginning| message.starts_with(beginning));
    let (Some(what), Some(unknown)) = (what, words.next()) else { return message.to_owned() };
    match nearest(unknown, &words.collect::<Vec<_>>()) {
        Some(meant) => format!("{what}`{unknown}`; did you mean `{meant}`?"),
        None => message.to_owned(),
    }
}

/// A position in a file with objects, and the objects before it.
struct Parser<'a, T> {
    text: &'a str,
    /// The fields that each object needs.
    required: &'a [Required],
    at: usize,
    /// Counts the lines up to here.
    here: PositionCounter<'a>,
    entries: Vec<Entry<T>>,
    /// How many mistakes the entries have kept.
    kept: usize,
}

impl<T: DeserializeOwned + Serialize> Parser<'_, T> {
    /// Parses one object after the other, with only white space between them. After a mistake it goes on at the next line
    /// that begins an object.
    fn lines(&mut self) {
        while self.at < self.text.len() {
            if self.next() == Some(b',') {
                let mistake = self.mistake(self.at, "unexpected comma after an object");
                if let Some(last) = self.entries.last_mut() {
                    let index = mistake.index.map(|index| index - 1);
                    last.object = Err(kept(&mut self.kept, Mistake { index, ..mistake }.into()));
                    self.advance(1);
                    continue;
                }
            }
            let Err(SyntaxError { at, message }) = self.entry() else { continue };
            let rest = &self.text[self.at..];
            let next = |from: usize| rest[from..].find("\n{").map(|newline| from + newline + 1);
            // An object that is not closed ends where the next one begins.
            let open_until = next(0).filter(|next| *next <= at);
            match open_until {
                Some(end) => self.refuse(rest[..end].trim_end().len(), "the object is not closed"),
                None => self.refuse(at, &message),
            }
            match open_until.or_else(|| next(at.min(rest.len()))) {
                Some(end) => self.advance(end),
                None => return,
            }
        }
    }

    /// Parses an array. It stops at the first mistake after which the start of the next object is unknown.
    fn array(&mut self) {
        self.advance(1);
        let mut is_open = self.next() != Some(b']');
        while is_open {
            if self.at == self.text.len() {
                return self.refuse(0, UNCLOSED);
            }
            if let Err(SyntaxError { at, message }) = self.entry() {
                self.refuse(at, &message);
                let rest = &self.text[self.at..];
                // It goes on after the closing bracket, if this is one between two objects.
                let end = value_length(rest.as_bytes());
                let after = rest[end..].trim_start();
                if !(rest[..end].ends_with('}') && after.starts_with([',', ']'])) {
                    return;
                }
                self.advance(end);
            }
            match self.next() {
                Some(b',') => self.advance(1),
                Some(b']') => is_open = false,
                Some(_) => return self.refuse(0, "expected a comma before this object"),
                None => return self.refuse(0, UNCLOSED),
            }
        }
        self.advance(1);
        if self.at < self.text.len() {
            self.refuse(0, "unexpected text after the array");
        }
    }

    /// Parses the next value.
    ///
    /// # Errors
    /// Its end is unknown.
    fn entry(&mut self) -> Result<(), SyntaxError> {
        let rest = &self.text[self.at..];
        // Otherwise each of many objects that are not closed would be read to the end of the text.
        let too_deep = too_deep_at(rest.as_bytes());
        let rest = &rest[..too_deep.unwrap_or(rest.len())];
        let mut values = Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        values.next().transpose().map_err(|error| match too_deep {
            Some(at) if error.is_eof() => {
                SyntaxError { at, message: format!("nested more than {DEEPEST_JSON} levels deep") }
            }
            _ => SyntaxError { at: position(rest, &error), message: in_words(&error) },
        })?;
        let end = values.byte_offset();
        let text = &rest[..end];
        let object = strict(text).map_err(|whole| {
            let (mistakes, more) = mistakes_in::<T>(text, &whole);
            let lacking = lacking(text, &mistakes, self.required);
            let (mut positions, index) = (self.here, Some(self.entries.len()));
            let mistakes = mistakes.into_iter().map(|(at, error)| {
                let (line, column) = positions.position(self.at + at);
                Mistake { line, column: Some(column), index, error }
            });
            let lacking = lacking.map(|error| Mistake { column: None, ..self.mistake(self.at, &error) });
            let first: Vec<Mistake> = mistakes.chain(lacking).collect();
            Mistakes { count: first.len() + more, first }
        });
        self.push(object.map(Box::new));
        self.advance(end);
        Ok(())
    }

    /// Adds an entry with a mistake, at this distance from the current position.
    fn refuse(&mut self, distance: usize, mistake: &str) {
        self.push(Err(self.mistake(self.at + distance, mistake).into()));
    }

    /// Adds an entry that begins here.
    fn push(&mut self, object: Result<Box<T>, Mistakes>) {
        let line = self.line();
        let object = object.map_err(|mistakes| kept(&mut self.kept, mistakes));
        self.entries.push(Entry { line, object });
    }

    /// A mistake of the next entry.
    fn mistake(&self, at: usize, error: &str) -> Mistake {
        let (line, column) = { self.here }.position(at);
        Mistake { line, column: Some(column), index: Some(self.entries.len()), error: error.to_owned() }
    }

    /// The current line, counted from 1.
    fn line(&self) -> usize {
        { self.here }.position(self.at).0
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Skips this many bytes, and the white space after them.
    fn advance(&mut self, bytes: usize) {
        self.at += bytes;
        self.skip_blank();
    }

    fn skip_blank(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_ascii_start().len();
        self.here.position(self.at);
    }
}

/// The mistakes of an entry: only their number, if enough of the file are kept.
fn kept(so_far: &mut usize, mut mistakes: Mistakes) -> Mistakes {
    mistakes.first.truncate(KEPT.saturating_sub(*so_far));
    mistakes.first.shrink_to_fit();
    *so_far += mistakes.first.len();
    mistakes
}

/// Why the end of a value is unknown.
struct SyntaxError {
    /// The distance in bytes from the beginning of the value.
    at: usize,
    message: String,
}

/// The position of a syntax error: the character that cannot be there, or the end.
fn position(text: &str, error: &serde_json::Error) -> usize {
    let before: usize = text.split_inclusive('\n').take(error.line() - 1).map(str::len).sum();
    // At the end of the text, the column is that of the last character.
    let at =
        if error.is_eof() { text.trim_ascii_end().len() } else { before + error.column().saturating_sub(1) };
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn in_words(error: &serde_json::Error) -> String {
    if error.is_eof() { "the object is not closed".to_owned() } else { without_position(error) }
}

const UNCLOSED: &str = "the array is not closed";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::NewProduct;

    /// A line for each entry: where it begins, and its name or its mistakes.
    fn read(text: &str) -> String {
        let entries = match parse::<NewProduct>(text, String::new(), &[("--name", "name")]) {
            Ok(FileInput::One(product)) => return format!("one {}", product.name.unwrap()),
            Ok(FileInput::Many { entries, .. }) => entries,
            Err(mistakes) => return listed(&mistakes.first),
        };
        let entries = entries.into_iter().map(|Entry { line, object }| match object {
            Ok(product) => format!("{line} {}", product.name.unwrap()),
            Err(mistakes) => listed(&mistakes.first),
        });
        entries.collect::<Vec<_>>().join("\n")
    }

    fn listed(mistakes: &[Mistake]) -> String {
        mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn one_object_is_single_input_and_everything_else_is_bulk_input() {
        for (text, expected) in [
            (r#" {"name":"A"} "#, "one A"),
            ("{\n\"name\":\n\"A\"}\n\n", "one A"),
            (r#"[{"name":"A"}]"#, "1 A"),
            (" []  \n", ""),
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
            ("", "line 1: it is empty"),
            ("5", "line 1, column 1: not a JSON object"),
            (
                "{\"name\":\"A\"}\n\n5\n{\"nam\":1}",
                "1 A\nentry 2 (line 3, column 1): not a JSON object\n\
                 entry 3 (line 4, column 2): unknown field `nam`; did you mean `name`?",
            ),
            (
                "{\"colour\":1}",
                "line 1, column 2: unknown field `colour`, expected one of `name`, `description`, `active`, `metadata`, \
                 `idempotencyKey`\nline 1: The object has no name (add --name, or add it to the object in the file)",
            ),
            (
                "{\"name\":5,\n \"activ\":1,\"metadata\":{\"ä\":1},\"active\":\"yes\",\n\"name\":\"B\"}",
                "line 1, column 9: invalid type: integer `5`, expected a string\n\
                 line 2, column 2: unknown field `activ`; did you mean `active`?\n\
                 line 2, column 23: metadata values must be strings, but `ä` is 1; use \"1\"\n\
                 line 2, column 40: invalid type: string \"yes\", expected a boolean\n\
                 line 3, column 1: duplicate field `name`",
            ),
            (
                "[\n {\"name\":\n  5}, {\"name\":null}, [], {\"name\": }, 1]",
                "entry 1 (line 3, column 3): invalid type: integer `5`, expected a string\n\
                 entry 2 (line 3, column 15): `name` cannot be null\n\
                 entry 3 (line 3, column 22): not a JSON object\n\
                 entry 4 (line 3, column 35): expected value\n\
                 entry 5 (line 3, column 38): not a JSON object",
            ),
            (
                "[{\"name\":\"A\"}\n {\"name\":\"B\"}]",
                "1 A\nentry 2 (line 2, column 2): expected a comma before this object",
            ),
            ("[{\"name\":\"A\"},\n]", "1 A\nentry 2 (line 2, column 1): expected value"),
            ("[{\"name\":\"A\"},\n", "1 A\nentry 2 (line 2, column 1): the array is not closed"),
            ("[{\"name\":\"A\"}\n", "1 A\nentry 2 (line 2, column 1): the array is not closed"),
            ("[", "entry 1 (line 1, column 2): the array is not closed"),
            ("[{\"name\":\"A\", {\"name\":\"B\"}]", "entry 1 (line 1, column 15): key must be a string"),
            ("[]\n{}", "entry 1 (line 2, column 1): unexpected text after the array"),
            (
                "{\"name\":\"A\"\n{\"name\":\"B\"}\n{\"name\":}\n{\"name\":\"C\"},\n{\"name\":\"D\"}\n{\"name\":",
                "entry 1 (line 1, column 12): the object is not closed\n2 B\n\
                 entry 3 (line 3, column 9): expected value\n\
                 entry 4 (line 4, column 13): unexpected comma after an object\n5 D\n\
                 entry 6 (line 6, column 9): the object is not closed",
            ),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_removed_metadata_key_is_no_other_form() {
        assert_eq!(read(r#"{"name":"A","metadata":{"tier":null}}"#), "one A");
        assert!(read(r#"{"name":"A","metadata":null}"#).contains("`metadata` cannot be null"));
    }
}
