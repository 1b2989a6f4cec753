//! A table of the file, and its entries with the type that they should have.

use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::mistake::{Mistake, Mistakes};
use super::nearest::nearest;
use crate::catalog::identity::{LONGEST_KEY, is_key};
use crate::catalog::words::listed;

/// A key as it stands in the file.
pub(super) type Key<'a> = Spanned<DeString<'a>>;
/// What stands behind a key.
pub(super) type Item<'a> = Spanned<DeValue<'a>>;

/// Something in the file, and where.
#[derive(Clone, Debug)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) at: Range<usize>,
}

impl Located<&str> {
    /// The text as a value of a type with rules.
    pub(super) fn check<T>(self, rules: impl FnOnce(&str) -> Result<T, String>) -> Result<T, Mistake> {
        rules(self.value).map_err(|sentence| Mistake::new(self.at, sentence))
    }

    /// The text as one of a few words.
    pub(super) fn one_of<T>(self, name: &str, words: &[(&'static str, T)]) -> Result<T, Mistake>
    where
        T: Copy,
    {
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == self.value) {
            return Ok(*value);
        }
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let mistake = Mistake::new(self.at, format!("`{name}` is {}", listed(&words, "or")));
        Err(match nearest(self.value, &words) {
            Some(meant) => mistake.hint(format!("did you mean \"{meant}\"?")),
            None => mistake,
        })
    }
}

/// What there may be in a section.
pub(super) struct Known {
    /// The section in words: `a price`.
    pub(super) section: &'static str,
    pub(super) names: &'static [&'static str],
}

/// A table, in any of TOML's ways to write one.
#[derive(Clone)]
pub(super) struct Section<'a> {
    table: &'a DeTable<'a>,
    /// As in `products.pro`; empty for the whole file.
    path: String,
    /// Where it is named.
    at: Range<usize>,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub(super) fn whole(table: &'a DeTable<'a>) -> Self {
        Self { table, path: String::new(), at: 0..0 }
    }

    /// The table that is under this key of this section. `example` is its header.
    pub(super) fn under(&self, key: &Key<'_>, item: &'a Item<'a>, example: &str) -> Result<Self, Mistake> {
        let path = self.path_of(key.get_ref());
        let Some(table) = item.get_ref().as_table() else {
            let mistake = Mistake::new(place(key, item), format!("`{path}` is a table, not {}", kind(item)));
            return Err(mistake.hint(format!("write it as {example}")));
        };
        Ok(Self { table, path, at: key.span() })
    }

    /// Where this section is named.
    pub(super) fn at(&self) -> Range<usize> {
        self.at.clone()
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// What is in it, in the file's order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a Key<'a>, &'a Item<'a>)> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries.into_iter()
    }

    /// Notes every name that is not known here. `elsewhere` says of some where they belong.
    pub(super) fn only(
        &self,
        known: &Known,
        mistakes: &mut Mistakes,
        elsewhere: impl Fn(&str, &Item<'_>) -> Option<String>,
    ) {
        for (key, item) in self.table {
            let name = key.get_ref().as_ref();
            if known.names.contains(&name) {
                continue;
            }
            let hint = nearest(name, known.names)
                .map(|meant| format!("did you mean `{meant}`?"))
                .or_else(|| elsewhere(name, item))
                .unwrap_or_else(|| {
                    let names: Vec<String> = known.names.iter().map(|name| format!("`{name}`")).collect();
                    format!("{} has {}", known.section, listed(&names, "and"))
                });
            let sentence = format!("{} has no `{name}`", known.section);
            mistakes.add(Mistake::new(key.span(), sentence).hint(hint));
        }
    }

    /// The entry of this name.
    pub(super) fn get(&self, name: &str) -> Option<(&'a Key<'a>, &'a Item<'a>)> {
        self.table.iter().find(|(key, _)| key.get_ref() == name)
    }

    fn typed<T>(
        &self,
        name: &str,
        expected: &str,
        of: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Result<Option<Located<T>>, Mistake> {
        let Some((key, item)) = self.get(name) else { return Ok(None) };
        let at = place(key, item);
        match of(item.get_ref()) {
            Some(value) => Ok(Some(Located { value, at })),
            None => Err(Mistake::new(at, format!("`{name}` is {expected}, not {}", kind(item)))),
        }
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Result<Option<Located<&'a str>>, Mistake> {
        self.typed(name, "a text in quotes", DeValue::as_str)
    }

    /// A whole number.
    pub(super) fn number(&self, name: &str) -> Result<Option<Located<i64>>, Mistake> {
        self.typed(name, "a whole number without quotes", whole_number)
    }

    /// True, where nothing is said.
    pub(super) fn switch(&self, name: &str) -> Result<bool, Mistake> {
        let value = self.typed(name, "true or false without quotes", DeValue::as_bool)?;
        Ok(value.is_none_or(|value| value.value))
    }

    /// Where something is missing: in the section, or where it is misspelt, which is noted there already.
    pub(super) fn missing(&self, name: &'static str) -> Range<usize> {
        let misspelt = self.entries().find(|(key, _)| nearest(key.get_ref(), &[name]).is_some());
        misspelt.map_or_else(|| self.at(), |(key, _)| key.span())
    }

    /// A text that must be there. `example` shows one.
    pub(super) fn needed(&self, name: &'static str, example: &str) -> Result<Located<&'a str>, Mistake> {
        self.text(name)?.ok_or_else(|| {
            Mistake::new(self.missing(name), format!("`{}` has no `{name}`", self.path))
                .hint(format!("add a line such as {name} = \"{example}\""))
        })
    }
}

impl fmt::Debug for Section<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Section").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Where a value stands; a table below a header is where its key stands.
pub(super) fn place(key: &Key<'_>, item: &Item<'_>) -> Range<usize> {
    if item.span().start >= key.span().end { item.span() } else { key.span() }
}

/// It is made of `[[headers]]`, or could be.
fn is_array_of_tables(value: &DeValue<'_>) -> bool {
    value
        .as_array()
        .is_some_and(|items| !items.is_empty() && items.iter().all(|item| item.get_ref().is_table()))
}

/// A number without a point, whatever it is written in.
pub(super) fn whole_number(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// What TOML calls by other names.
pub(super) fn kind(item: &Item<'_>) -> &'static str {
    match item.get_ref() {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) if whole_number(item.get_ref()).is_none() => "a number that is too large",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        value if is_array_of_tables(value) => "an array of tables",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// A key that an identity can be made of.
pub(super) fn key(key: &Key<'_>, of: &str, example: &str) -> Result<(), Mistake> {
    let name = key.get_ref();
    if is_key(name) {
        return Ok(());
    }
    let sentence = match name.len() {
        0 => format!("the key of a {of} is not empty"),
        length if length > LONGEST_KEY && name.is_ascii() => {
            format!("the key of a {of} has at most {LONGEST_KEY} characters, and this has {length}")
        }
        _ => format!("the key of a {of} is made of the letters a to z, digits, `_` and `-`"),
    };
    Err(Mistake::new(key.span(), sentence).hint(format!("write it as in {example}")))
}
