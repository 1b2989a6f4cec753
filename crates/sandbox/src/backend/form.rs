//! Validation of bodies and queries as the backend's schemas do it: every issue in one message, in the order of the
//! schema, then fields that nobody knows.

use serde_json::{Map, Value};

use crate::backend::refusal::Refusal;
use crate::generation::Generation;
use crate::patch::Patch;

/// The least of what is more than nothing: whether it is whole is another question.
pub(super) const POSITIVE: f64 = f64::MIN_POSITIVE;

/// A form that is being read.
pub(super) struct Form<'a> {
    fields: &'a Map<String, Value>,
    path: Vec<&'static str>,
    known: Vec<&'static str>,
    issues: Vec<String>,
    /// A field had the wrong type; checks of the form as a whole wait until none has.
    broken: bool,
    generation: Generation,
}

/// The rules of a text.
#[derive(Clone, Copy, Default)]
pub(super) struct Text {
    /// What to say of an empty one, where it may not be empty.
    pub(super) required: Option<&'static str>,
    /// In UTF-16 units, as JavaScript counts.
    pub(super) longest: Option<usize>,
    /// What to say of one that is too long.
    pub(super) too_long: Option<&'static str>,
}

impl<'a> Form<'a> {
    /// A body or query; anything but an object is one issue.
    pub(super) fn of(value: &'a Value, generation: Generation) -> Result<Self, Refusal> {
        match value {
            Value::Object(fields) => Ok(Self::over(fields, generation)),
            other => {
                let root = root(generation);
                Err(Refusal::invalid(format!("{root}: Expected object, received {}", kind(other))))
            }
        }
    }

    pub(super) fn over(fields: &'a Map<String, Value>, generation: Generation) -> Self {
        Self { fields, path: Vec::new(), known: Vec::new(), issues: Vec::new(), broken: false, generation }
    }

    /// A text that must be there, trimmed.
    pub(super) fn text(&mut self, name: &'static str, rules: Text) -> String {
        match self.get(name) {
            None => {
                self.breaks(name, "Required");
                String::new()
            }
            Some(value) => self.read_text(name, value, rules).unwrap_or_default(),
        }
    }

    /// A text that may be absent.
    pub(super) fn optional_text(&mut self, name: &'static str, rules: Text) -> Option<String> {
        let value = self.get(name)?;
        self.read_text(name, value, rules)
    }

    /// A text that may be absent, or `null`.
    pub(super) fn nullable_text(&mut self, name: &'static str, rules: Text) -> Patch<String> {
        match self.get(name) {
            None => Patch::Keep,
            Some(Value::Null) => Patch::Clear,
            Some(value) => self.read_text(name, value, rules).map_or(Patch::Keep, Patch::Set),
        }
    }

    fn read_text(&mut self, name: &'static str, value: &Value, rules: Text) -> Option<String> {
        let Value::String(text) = value else {
            self.breaks(name, &expected("string", value));
            return None;
        };
        let text = trimmed(text);
        let length = text.encode_utf16().count();
        if let Some(message) = rules.required.filter(|_| length == 0) {
            self.issue(name, message);
        }
        if let Some(longest) = rules.longest.filter(|longest| length > *longest) {
            let message = format!("String must contain at most {longest} character(s)");
            self.issue(name, rules.too_long.unwrap_or(&message));
        }
        Some(text.to_owned())
    }

    pub(super) fn switch(&mut self, name: &'static str) -> Option<bool> {
        let value = self.get(name)?;
        if value.as_bool().is_none() {
            self.breaks(name, &expected("boolean", value));
        }
        value.as_bool()
    }

    /// One of these words.
    pub(super) fn choice(&mut self, name: &'static str, words: &[&str]) -> Option<String> {
        let value = self.get(name)?;
        let choices = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" | ");
        match value {
            Value::String(word) if words.contains(&word.as_str()) => Some(word.clone()),
            Value::String(word) => {
                let message = format!("Invalid enum value. Expected {choices}, received '{word}'");
                self.breaks(name, &message);
                None
            }
            other => {
                self.breaks(name, &expected(&choices, other));
                None
            }
        }
    }

    /// [`Form::choice`] that must be there.
    pub(super) fn required_choice(&mut self, name: &'static str, words: &[&str]) -> String {
        if self.get(name).is_none() {
            self.breaks(name, "Required");
        }
        self.choice(name, words).unwrap_or_default()
    }

    /// A whole number, from `least` on ([`POSITIVE`]: more than nothing); `complaint` is what to say of a smaller one.
    pub(super) fn whole(&mut self, name: &'static str, least: f64, complaint: &str) -> Option<u64> {
        let value = self.get(name)?;
        let Some(number) = value.as_f64() else {
            self.breaks(name, &expected("number", value));
            return None;
        };
        Some(self.check_number(name, number, least, complaint))
    }

    /// A whole number that must be there.
    pub(super) fn required_whole(&mut self, name: &'static str, least: f64, complaint: &str) -> u64 {
        if self.get(name).is_none() {
            self.breaks(name, "Required");
        }
        self.whole(name, least, complaint).unwrap_or_default()
    }

    fn check_number(&mut self, name: &'static str, number: f64, least: f64, complaint: &str) -> u64 {
        if number.fract() != 0.0 {
            self.issue(name, "Expected integer, received float");
        }
        if number < least {
            self.issue(name, complaint);
        }
        whole(number)
    }

    /// How many rows a list may have: a query's text, made a number as JavaScript does it.
    pub(super) fn limit(&mut self) -> usize {
        let Some(value) = self.get("limit") else { return 50 };
        let text = value.as_str().map(trimmed);
        let number = match text {
            Some("") => Some(0.0),
            Some(text) => text.parse::<f64>().ok().filter(|number| number.is_finite()),
            None => None,
        };
        let Some(number) = number else {
            self.breaks("limit", "Expected number, received nan");
            return 0;
        };
        let limit = self.check_number("limit", number, 1.0, "Number must be greater than or equal to 1");
        if number > 100.0 {
            self.issue("limit", "Number must be less than or equal to 100");
        }
        usize::try_from(limit).unwrap_or_default()
    }

    /// Texts by name.
    pub(super) fn metadata(&mut self, name: &'static str) -> Option<Map<String, Value>> {
        let value = self.get(name)?;
        let Value::Object(fields) = value else {
            self.breaks(name, &expected("object", value));
            return None;
        };
        for (key, value) in fields.iter().filter(|(_, value)| !value.is_string()) {
            self.issues.push(format!("{}.{key}: {}", self.named(name), expected("string", value)));
            self.broken = true;
        }
        Some(fields.clone())
    }

    /// Three letters, as they came.
    pub(super) fn currency(&mut self, name: &'static str) -> String {
        let currency = self.text(name, Text::default());
        self.check_currency(name, &currency);
        currency
    }

    /// [`Form::currency`] that may be absent.
    pub(super) fn optional_currency(&mut self, name: &'static str) -> Option<String> {
        let currency = self.optional_text(name, Text::default())?;
        self.check_currency(name, &currency);
        Some(currency)
    }

    fn check_currency(&mut self, name: &'static str, currency: &str) {
        if self.fields.get(name).is_some_and(Value::is_string) && currency.encode_utf16().count() != 3 {
            self.issue(name, "Currency must be a three-letter ISO currency code");
        }
    }

    /// [`Form::nested`] that must be there.
    pub(super) fn required_nested<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        if self.get(name).is_none() {
            self.breaks(name, "Required");
        }
        self.nested(name, read)
    }

    /// A form within the form.
    pub(super) fn nested<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let value = self.get(name)?;
        let Value::Object(fields) = value else {
            self.breaks(name, &expected("object", value));
            return None;
        };
        let mut inner = Self::over(fields, self.generation);
        inner.path.clone_from(&self.path);
        inner.path.push(name);
        let read = read(&mut inner);
        inner.refuse_unknown();
        self.issues.append(&mut inner.issues);
        self.broken |= inner.broken;
        Some(read)
    }

    /// Nothing else may be there.
    pub(super) fn refuse_unknown(&mut self) {
        let unknown: Vec<String> = self
            .fields
            .keys()
            .filter(|key| !self.known.contains(&key.as_str()))
            .map(|key| format!("'{key}'"))
            .collect();
        if !unknown.is_empty() {
            let place =
                if self.path.is_empty() { root(self.generation).to_owned() } else { self.path.join(".") };
            self.issues.push(format!("{place}: Unrecognized key(s) in object: {}", unknown.join(", ")));
        }
    }

    /// The form as a whole is wrong.
    pub(super) fn refuse_if(&mut self, wrong: bool, message: &str) {
        if wrong && !self.broken {
            self.issues.push(format!("{}: {message}", root(self.generation)));
        }
    }

    /// The form as a whole is wrong, because of this field.
    pub(super) fn refuse_field_if(&mut self, name: &'static str, wrong: bool, message: &str) {
        if wrong && !self.broken {
            self.issue(name, message);
        }
    }

    /// None of the fields that it knows is there.
    pub(super) fn is_empty(&self) -> bool {
        !self.known.iter().any(|name| self.fields.contains_key(*name))
    }

    pub(super) fn finish(self) -> Result<(), Refusal> {
        if self.issues.is_empty() { Ok(()) } else { Err(Refusal::invalid(self.issues.join(", "))) }
    }

    fn get(&mut self, name: &'static str) -> Option<&'a Value> {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
        self.fields.get(name)
    }

    fn named(&self, name: &'static str) -> String {
        self.path.iter().copied().chain([name]).collect::<Vec<_>>().join(".")
    }

    fn issue(&mut self, name: &'static str, message: &str) {
        self.issues.push(format!("{}: {message}", self.named(name)));
    }

    fn breaks(&mut self, name: &'static str, message: &str) {
        self.issue(name, message);
        self.broken = true;
    }
}

/// A number that was checked to be whole and not negative, or is refused anyway.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast saturates, and it was checked"
)]
const fn whole(number: f64) -> u64 {
    number as u64
}

/// How a message names the whole form; older backends leave it out.
const fn root(generation: Generation) -> &'static str {
    match generation {
        Generation::Newer => "(root)",
        Generation::Older => "",
    }
}

fn expected(what: &str, value: &Value) -> String {
    format!("Expected {what}, received {}", kind(value))
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Trims what JavaScript calls white space, which differs slightly from Rust
/// (<https://tc39.es/ecma262/#sec-trimstring>).
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}'))
}
