//! Validation of bodies and queries, with the messages of the backend's schemas: all issues in one message, in the order
//! of the schema, and unknown fields last.

mod formats;

use serde_json::{Map, Value};

use crate::backend::api_error::ApiError;
use crate::generation::Generation;
use crate::patch::Patch;

/// The minimum for numbers that must be greater than 0. Whether they are integers is a separate check.
pub(super) const POSITIVE: f64 = f64::MIN_POSITIVE;

/// Reads the fields of an object, and collects the issues.
pub(super) struct Validator<'a> {
    fields: &'a Map<String, Value>,
    /// Where the object is in the whole value, such as `lineItems.0`. Empty for the whole value.
    path: String,
    known_fields: Vec<&'static str>,
    issues: Vec<String>,
    /// A field is missing or has the wrong type. The checks of the whole object are skipped then.
    has_type_error: bool,
    generation: Generation,
}

/// The rules for a string, which is trimmed first.
#[derive(Clone, Copy, Default)]
pub(super) struct StringRules {
    /// The message for an empty string; `None` allows it.
    pub(super) required_message: Option<&'static str>,
    /// In UTF-16 code units, as in JavaScript.
    pub(super) max_length: Option<usize>,
    /// The message for a string that is too long; `None` is the default message.
    pub(super) too_long_message: Option<&'static str>,
}

impl StringRules {
    /// A string that is not empty and not too long, with the default messages.
    pub(super) const fn up_to(max_length: usize) -> Self {
        Self {
            required_message: Some("String must contain at least 1 character(s)"),
            max_length: Some(max_length),
            too_long_message: None,
        }
    }
}

impl<'a> Validator<'a> {
    /// A validator for a JSON value. A value that is not an object is an error.
    pub(super) fn new(value: &'a Value, generation: Generation) -> Result<Self, ApiError> {
        match value {
            Value::Object(fields) => Ok(Self::for_fields(fields, generation)),
            other => {
                let root = root(generation);
                Err(ApiError::invalid_input(format!(
                    "{root}: Expected object, received {}",
                    type_name(other)
                )))
            }
        }
    }

    pub(super) fn for_fields(fields: &'a Map<String, Value>, generation: Generation) -> Self {
        Self {
            fields,
            path: String::new(),
            known_fields: Vec::new(),
            issues: Vec::new(),
            has_type_error: false,
            generation,
        }
    }

    /// A required string.
    pub(super) fn required_string(&mut self, name: &'static str, rules: StringRules) -> String {
        match self.get(name) {
            None => {
                self.type_error(name, "Required");
                String::new()
            }
            Some(value) => self.read_string(name, value, rules).unwrap_or_default(),
        }
    }

    /// An optional string.
    pub(super) fn optional_string(&mut self, name: &'static str, rules: StringRules) -> Option<String> {
        let value = self.get(name)?;
        self.read_string(name, value, rules)
    }

    /// An optional string that can be `null`.
    pub(super) fn nullable_string(&mut self, name: &'static str, rules: StringRules) -> Patch<String> {
        match self.get(name) {
            None => Patch::Keep,
            Some(Value::Null) => Patch::Clear,
            Some(value) => self.read_string(name, value, rules).map_or(Patch::Keep, Patch::Set),
        }
    }

    fn read_string(&mut self, name: &'static str, value: &Value, rules: StringRules) -> Option<String> {
        let Value::String(text) = value else {
            self.type_error(name, &expected("string", value));
            return None;
        };
        let text = trimmed(text);
        let length = text.encode_utf16().count();
        if let Some(message) = rules.required_message.filter(|_| length == 0) {
            self.issue(name, message);
        }
        if let Some(longest) = rules.max_length.filter(|longest| length > *longest) {
            let message = format!("String must contain at most {longest} character(s)");
            self.issue(name, rules.too_long_message.unwrap_or(&message));
        }
        Some(text.to_owned())
    }

    pub(super) fn optional_boolean(&mut self, name: &'static str) -> Option<bool> {
        let value = self.get(name)?;
        if value.as_bool().is_none() {
            self.type_error(name, &expected("boolean", value));
        }
        value.as_bool()
    }

    /// An optional string that must be one of `choices`.
    pub(super) fn optional_choice(&mut self, name: &'static str, choices: &[&str]) -> Option<String> {
        let value = self.get(name)?;
        let expected_choices =
            choices.iter().map(|choice| format!("'{choice}'")).collect::<Vec<_>>().join(" | ");
        match value {
            Value::String(text) if choices.contains(&text.as_str()) => Some(text.clone()),
            Value::String(text) => {
                let message = format!("Invalid enum value. Expected {expected_choices}, received '{text}'");
                self.type_error(name, &message);
                None
            }
            other => {
                self.type_error(name, &expected(&expected_choices, other));
                None
            }
        }
    }

    /// A required [`Validator::optional_choice`].
    pub(super) fn required_choice(&mut self, name: &'static str, choices: &[&str]) -> String {
        if self.get(name).is_none() {
            self.type_error(name, "Required");
        }
        self.optional_choice(name, choices).unwrap_or_default()
    }

    /// An optional integer of at least `minimum`, which can be [`POSITIVE`]. `too_small` is the message for a smaller number.
    pub(super) fn optional_integer(
        &mut self,
        name: &'static str,
        minimum: f64,
        too_small: &str,
    ) -> Option<u64> {
        let value = self.get(name)?;
        let Value::Number(number) = value else {
            self.type_error(name, &expected("number", value));
            return None;
        };
        // A number that is too large for a float is infinite in JavaScript.
        let sign = if number.to_string().starts_with('-') { -1.0 } else { 1.0 };
        let number = number.as_f64().unwrap_or(sign * f64::INFINITY);
        Some(self.check_integer(name, number, minimum, too_small))
    }

    /// A required [`Validator::optional_integer`].
    pub(super) fn required_integer(&mut self, name: &'static str, minimum: f64, too_small: &str) -> u64 {
        if self.get(name).is_none() {
            self.type_error(name, "Required");
        }
        self.optional_integer(name, minimum, too_small).unwrap_or_default()
    }

    fn check_integer(&mut self, name: &'static str, number: f64, minimum: f64, too_small: &str) -> u64 {
        // The fraction of an infinite number is not a number.
        if number.fract() != 0.0 {
            self.issue(name, "Expected integer, received float");
        }
        if number < minimum {
            self.issue(name, too_small);
        }
        to_integer(number)
    }

    /// The `limit` of a list: a query parameter, converted to a number like in JavaScript.
    pub(super) fn limit(&mut self) -> usize {
        let Some(value) = self.get("limit") else { return 50 };
        let text = value.as_str().map(trimmed);
        let number = match text {
            Some("") => Some(0.0),
            Some(text) => text.parse::<f64>().ok().filter(|number| number.is_finite()),
            None => None,
        };
        let Some(number) = number else {
            self.type_error("limit", "Expected number, received nan");
            return 0;
        };
        let limit = self.check_integer("limit", number, 1.0, "Number must be greater than or equal to 1");
        if number > 100.0 {
            self.issue("limit", "Number must be less than or equal to 100");
        }
        usize::try_from(limit).unwrap_or_default()
    }

    /// An optional object of strings.
    pub(super) fn optional_metadata(&mut self, name: &'static str) -> Option<Map<String, Value>> {
        let value = self.get(name)?;
        let Value::Object(fields) = value else {
            self.type_error(name, &expected("object", value));
            return None;
        };
        for (key, value) in fields.iter().filter(|(_, value)| !value.is_string()) {
            self.issues.push(format!("{}.{key}: {}", self.path_to(name), expected("string", value)));
            self.has_type_error = true;
        }
        Some(fields.clone())
    }

    /// A required currency of three letters, in the case of the request.
    pub(super) fn required_currency(&mut self, name: &'static str) -> String {
        let currency = self.required_string(name, StringRules::default());
        self.check_currency(name, &currency);
        currency
    }

    /// An optional [`Validator::required_currency`].
    pub(super) fn optional_currency(&mut self, name: &'static str) -> Option<String> {
        let currency = self.optional_string(name, StringRules::default())?;
        self.check_currency(name, &currency);
        Some(currency)
    }

    fn check_currency(&mut self, name: &'static str, currency: &str) {
        if self.fields.get(name).is_some_and(Value::is_string) && currency.encode_utf16().count() != 3 {
            self.issue(name, "Currency must be a three-letter ISO currency code");
        }
    }

    /// A required [`Validator::optional_object`].
    pub(super) fn required_object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        if self.get(name).is_none() {
            self.type_error(name, "Required");
        }
        self.optional_object(name, read)
    }

    /// An optional nested object.
    pub(super) fn optional_object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        let value = self.get(name)?;
        let path = self.path_to(name);
        self.read_object(value, path, read)
    }

    /// A required list of objects: at least one, and at most `max_length`.
    pub(super) fn required_list<T>(
        &mut self,
        name: &'static str,
        max_length: usize,
        read: impl Fn(&mut Self) -> T,
    ) -> Vec<T> {
        let values = match self.get(name) {
            Some(Value::Array(values)) => values,
            Some(other) => {
                self.type_error(name, &expected("array", other));
                return Vec::new();
            }
            None => {
                self.type_error(name, "Required");
                return Vec::new();
            }
        };
        if values.is_empty() {
            self.issue(name, "Array must contain at least 1 element(s)");
        }
        if values.len() > max_length {
            self.issue(name, &format!("Array must contain at most {max_length} element(s)"));
        }
        let path = self.path_to(name);
        let values = values.iter().enumerate();
        values
            .filter_map(|(index, value)| self.read_object(value, format!("{path}.{index}"), &read))
            .collect()
    }

    fn read_object<T>(
        &mut self,
        value: &'a Value,
        path: String,
        read: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        let Value::Object(fields) = value else {
            self.issues.push(format!("{path}: {}", expected("object", value)));
            self.has_type_error = true;
            return None;
        };
        let mut inner = Self::for_fields(fields, self.generation);
        inner.path = path;
        let read = read(&mut inner);
        inner.reject_unknown_fields();
        self.issues.append(&mut inner.issues);
        self.has_type_error |= inner.has_type_error;
        Some(read)
    }

    /// Reports a number that is greater than `maximum`, after it was read.
    pub(super) fn check_maximum(&mut self, name: &'static str, maximum: u32) {
        let number = self.fields.get(name).and_then(Value::as_f64);
        if number.is_some_and(|number| number > f64::from(maximum)) {
            self.issue(name, &format!("Number must be less than or equal to {maximum}"));
        }
    }

    /// Reports the fields that were not read.
    pub(super) fn reject_unknown_fields(&mut self) {
        let unknown: Vec<String> = self
            .fields
            .keys()
            .filter(|key| !self.known_fields.contains(&key.as_str()))
            .map(|key| format!("'{key}'"))
            .collect();
        if !unknown.is_empty() {
            let path = if self.path.is_empty() { root(self.generation) } else { &self.path };
            self.issues.push(format!("{path}: Unrecognized key(s) in object: {}", unknown.join(", ")));
        }
    }

    /// Reports an issue of the whole object.
    pub(super) fn reject_if(&mut self, invalid: bool, message: &str) {
        if invalid && !self.has_type_error {
            self.issues.push(format!("{}: {message}", root(self.generation)));
        }
    }

    /// Reports an issue of a field that depends on the whole object.
    pub(super) fn reject_field_if(&mut self, name: &'static str, invalid: bool, message: &str) {
        if invalid && !self.has_type_error {
            self.issue(name, message);
        }
    }

    /// Whether none of the fields read so far is present.
    pub(super) fn is_empty(&self) -> bool {
        !self.known_fields.iter().any(|name| self.fields.contains_key(*name))
    }

    /// Returns all issues as one error.
    pub(super) fn finish(self) -> Result<(), ApiError> {
        if self.issues.is_empty() { Ok(()) } else { Err(ApiError::invalid_input(self.issues.join(", "))) }
    }

    fn get(&mut self, name: &'static str) -> Option<&'a Value> {
        if !self.known_fields.contains(&name) {
            self.known_fields.push(name);
        }
        self.fields.get(name)
    }

    fn path_to(&self, name: &'static str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn issue(&mut self, name: &'static str, message: &str) {
        self.issues.push(format!("{}: {message}", self.path_to(name)));
    }

    fn type_error(&mut self, name: &'static str, message: &str) {
        self.issue(name, message);
        self.has_type_error = true;
    }
}

/// Converts a number that is a non-negative integer. Any other number has an issue, so its result is not used.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number was checked, and a cast saturates"
)]
const fn to_integer(number: f64) -> u64 {
    number as u64
}

/// The name of the whole object in messages. Older backends omit it.
const fn root(generation: Generation) -> &'static str {
    match generation {
        Generation::Newer => "(root)",
        Generation::Older => "",
    }
}

fn expected(what: &str, value: &Value) -> String {
    format!("Expected {what}, received {}", type_name(value))
}

const fn type_name(value: &Value) -> &'static str {
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
