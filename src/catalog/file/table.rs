//! Typed access to the tables of the file.

use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::diagnostic::{Diagnostic, Diagnostics};
use crate::catalog::catalog_key::{MAX_KEY_LENGTH, is_valid_key};
use crate::catalog::join_words;
use crate::error::nearest;

/// A key of a table.
pub(super) type TomlKey<'a> = Spanned<DeString<'a>>;
/// The value of a key.
pub(super) type TomlValue<'a> = Spanned<DeValue<'a>>;

/// A value and its byte range in the file.
#[derive(Clone, Debug)]
pub(super) struct SpannedValue<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

impl SpannedValue<&str> {
    /// Parses the string.
    pub(super) fn parse_with<T>(
        self,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, Diagnostic> {
        parse(self.value).map_err(|message| Diagnostic::new(self.span, message))
    }

    /// The value that belongs to the string.
    pub(super) fn one_of<T>(self, name: &str, values: &[(&'static str, T)]) -> Result<T, Diagnostic>
    where
        T: Copy,
    {
        if let Some((_, value)) = values.iter().find(|(name, _)| *name == self.value) {
            return Ok(*value);
        }
        let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
        let diagnostic = Diagnostic::new(self.span, format!("`{name}` must be {}", join_words(&names, "or")));
        Err(match nearest(self.value, &names) {
            Some(near) => diagnostic.hint(format!("did you mean \"{near}\"?")),
            None => diagnostic,
        })
    }
}

/// The allowed fields of a table.
pub(super) struct Schema {
    /// What the table describes, such as `a price`.
    pub(super) subject: &'static str,
    pub(super) fields: &'static [&'static str],
}

/// A table, in any TOML notation.
#[derive(Clone)]
pub(super) struct TableReader<'a> {
    table: &'a DeTable<'a>,
    /// A path such as `products.pro`. Empty for the root.
    path: String,
    /// The byte range of its key.
    span: Range<usize>,
}

impl<'a> TableReader<'a> {
    /// The root table of the file.
    pub(super) fn root(table: &'a DeTable<'a>) -> Self {
        Self { table, path: String::new(), span: 0..0 }
    }

    /// The table under this key. `example` shows its notation.
    pub(super) fn child(
        &self,
        key: &TomlKey<'_>,
        item: &'a TomlValue<'a>,
        example: &str,
    ) -> Result<Self, Diagnostic> {
        let path = self.path_of(key.get_ref());
        let Some(table) = item.get_ref().as_table() else {
            let diagnostic =
                Diagnostic::new(span_of(key, item), format!("`{path}` must be a table, not {}", kind(item)));
            return Err(diagnostic.hint(format!("write it as {example}")));
        };
        Ok(Self { table, path, span: key.span() })
    }

    /// The byte range of the table's key.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The entries in the file's order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a TomlKey<'a>, &'a TomlValue<'a>)> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries.into_iter()
    }

    /// Reports unknown fields. `misplaced` returns a hint for fields that belong elsewhere.
    pub(super) fn check_fields(
        &self,
        schema: &Schema,
        diagnostics: &mut Diagnostics,
        misplaced: impl Fn(&str, &TomlValue<'_>) -> Option<String>,
    ) {
        for (key, item) in self.table {
            let name = key.get_ref().as_ref();
            if schema.fields.contains(&name) {
                continue;
            }
            let hint = nearest(name, schema.fields)
                .map(|near| format!("did you mean `{near}`?"))
                .or_else(|| misplaced(name, item))
                .unwrap_or_else(|| {
                    let fields: Vec<String> = schema.fields.iter().map(|name| format!("`{name}`")).collect();
                    format!("{} has the fields {}", schema.subject, join_words(&fields, "and"))
                });
            let message = format!("unknown field `{name}` in {}", schema.subject);
            diagnostics.add(Diagnostic::new(key.span(), message).hint(hint));
        }
    }

    /// The entry with this name.
    pub(super) fn get(&self, name: &str) -> Option<(&'a TomlKey<'a>, &'a TomlValue<'a>)> {
        self.table.iter().find(|(key, _)| key.get_ref() == name)
    }

    fn typed<T>(
        &self,
        name: &str,
        expected: &str,
        convert: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Result<Option<SpannedValue<T>>, Diagnostic> {
        let Some((key, item)) = self.get(name) else { return Ok(None) };
        let span = span_of(key, item);
        match convert(item.get_ref()) {
            Some(value) => Ok(Some(SpannedValue { value, span })),
            None => Err(Diagnostic::new(span, format!("`{name}` must be {expected}, not {}", kind(item)))),
        }
    }

    /// A string, if the field exists.
    pub(super) fn string(&self, name: &str) -> Result<Option<SpannedValue<&'a str>>, Diagnostic> {
        self.typed(name, "a string in quotes", DeValue::as_str)
    }

    /// An integer, if the field exists.
    pub(super) fn integer(&self, name: &str) -> Result<Option<SpannedValue<i64>>, Diagnostic> {
        self.typed(name, "an integer without quotes", integer)
    }

    /// A boolean. True if the field does not exist.
    pub(super) fn boolean(&self, name: &str) -> Result<bool, Diagnostic> {
        let value = self.typed(name, "true or false without quotes", DeValue::as_bool)?;
        Ok(value.is_none_or(|value| value.value))
    }

    /// The error for a missing field, which can have any of these names. It is at a misspelled field, or else at the table.
    pub(super) fn missing(&self, names: &[&'static str]) -> Diagnostic {
        let misspelled = self.entries().find(|(key, _)| nearest(key.get_ref(), names).is_some());
        let message = format!("missing field `{}` in `{}`", names.first().unwrap_or(&""), self.path);
        match misspelled {
            // That it is misspelled says enough.
            Some((key, _)) => Diagnostic::new(key.span(), message).may_follow(),
            None => Diagnostic::new(self.span(), message),
        }
    }

    /// A required string. `example` is a valid one.
    pub(super) fn required(
        &self,
        name: &'static str,
        example: &str,
    ) -> Result<SpannedValue<&'a str>, Diagnostic> {
        self.string(name)?
            .ok_or_else(|| self.missing(&[name]).hint(format!("add a line such as {name} = \"{example}\"")))
    }
}

impl fmt::Debug for TableReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableReader").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The byte range of a value. For a table with a header, the range of its key.
pub(super) fn span_of(key: &TomlKey<'_>, item: &TomlValue<'_>) -> Range<usize> {
    if item.span().start >= key.span().end { item.span() } else { key.span() }
}

/// Whether a value is an array of tables, with `[[headers]]` or inline.
fn is_array_of_tables(value: &DeValue<'_>) -> bool {
    value
        .as_array()
        .is_some_and(|items| !items.is_empty() && items.iter().all(|item| item.get_ref().is_table()))
}

/// An integer in any notation.
pub(super) fn integer(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// The type of a value in an error message.
pub(super) fn kind(item: &TomlValue<'_>) -> &'static str {
    match item.get_ref() {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) if integer(item.get_ref()).is_none() => "an integer that is too large",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        value if is_array_of_tables(value) => "an array of tables",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// Checks the key of a product or price. `kind` is `product` or `price`.
pub(super) fn check_key(key: &TomlKey<'_>, kind: &str, example: &str) -> Result<(), Diagnostic> {
    let name = key.get_ref();
    if is_valid_key(name) {
        return Ok(());
    }
    let message = match name.len() {
        0 => format!("a {kind}'s key cannot be empty"),
        length if length > MAX_KEY_LENGTH && name.is_ascii() => {
            format!("a {kind}'s key can have at most {MAX_KEY_LENGTH} characters, but this one has {length}")
        }
        _ => format!("a {kind}'s key can only have the letters a to z, digits, `_` and `-`"),
    };
    Err(Diagnostic::new(key.span(), message).hint(format!("write a key as in {example}")))
}
