//! A table of the file, and its entries with the type that they should have.

use std::fmt;
use std::ops::Range;

use toml_edit::{Item, Key, TableLike};

use super::mistake::{Mistake, Mistakes};
use super::nearest::nearest;
use crate::catalog::identity::{LONGEST_KEY, is_key};

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
    table: &'a dyn TableLike,
    /// As in `products.pro`; empty for the whole file.
    path: String,
    /// Where it is named.
    at: Range<usize>,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub(super) fn whole(table: &'a dyn TableLike) -> Self {
        Self { table, path: String::new(), at: 0..0 }
    }

    /// The table that is under this key of this section. `example` is its header.
    pub(super) fn under(&self, key: &'a Key, item: &'a Item, example: &str) -> Result<Self, Mistake> {
        let path = self.path_of(key.get());
        let Some(table) = item.as_table_like() else {
            let mistake = Mistake::new(place(key, item), format!("`{path}` is a table, not {}", kind(item)));
            return Err(mistake.hint(format!("write it as {example}")));
        };
        Ok(Self { table, path, at: key.span().unwrap_or_default() })
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
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a Key, &'a Item)> {
        let table = self.table;
        let mut entries: Vec<_> = table.iter().filter_map(|(name, _)| table.get_key_value(name)).collect();
        entries.sort_by_key(|(key, _)| key.span().map_or(0, |span| span.start));
        entries.into_iter()
    }

    /// Notes every name that is not known here. `elsewhere` says of some where they belong.
    pub(super) fn only(
        &self,
        known: &Known,
        mistakes: &mut Mistakes,
        elsewhere: impl Fn(&str, &Item) -> Option<String>,
    ) {
        for (key, item) in self.entries() {
            let name = key.get();
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
            mistakes.add(Mistake::new(key.span().unwrap_or_default(), sentence).hint(hint));
        }
    }

    /// The entry of this name.
    pub(super) fn get(&self, name: &str) -> Option<(&'a Key, &'a Item)> {
        self.table.get_key_value(name)
    }

    fn typed<T>(
        &self,
        name: &str,
        expected: &str,
        of: impl FnOnce(&'a Item) -> Option<T>,
    ) -> Result<Option<Located<T>>, Mistake> {
        let Some((key, item)) = self.get(name) else { return Ok(None) };
        let at = place(key, item);
        match of(item) {
            Some(value) => Ok(Some(Located { value, at })),
            None => Err(Mistake::new(at, format!("`{name}` is {expected}, not {}", kind(item)))),
        }
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Result<Option<Located<&'a str>>, Mistake> {
        self.typed(name, "a text in quotes", Item::as_str)
    }

    /// A whole number.
    pub(super) fn number(&self, name: &str) -> Result<Option<Located<i64>>, Mistake> {
        self.typed(name, "a whole number without quotes", Item::as_integer)
    }

    /// True, where nothing is said.
    pub(super) fn switch(&self, name: &str) -> Result<bool, Mistake> {
        let value = self.typed(name, "true or false without quotes", Item::as_bool)?;
        Ok(value.is_none_or(|value| value.value))
    }

    /// Where something is missing: in the section, or where it is misspelt, which is noted there already.
    pub(super) fn missing(&self, name: &'static str) -> Range<usize> {
        let misspelt = self.entries().find(|(key, _)| nearest(key.get(), &[name]).is_some());
        misspelt.and_then(|(key, _)| key.span()).unwrap_or_else(|| self.at())
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

/// Where a value stands; a table that is not one place is where its key stands.
pub(super) fn place(key: &Key, item: &Item) -> Range<usize> {
    let of_value = item.as_value().and_then(toml_edit::Value::span);
    of_value.or_else(|| key.span()).unwrap_or_default()
}

/// What TOML calls by other names.
pub(super) fn kind(item: &Item) -> &'static str {
    match item.type_name() {
        "string" => "a text",
        "integer" => "a number",
        "float" => "a number with a point",
        "boolean" => "true or false",
        "datetime" => "a date",
        "array" => "an array",
        "array of tables" => "an array of tables",
        _ => "a table",
    }
}

fn listed<T: AsRef<str>>(words: &[T], last: &str) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.split_last() {
        Some((end, words)) if !words.is_empty() => format!("{} {last} {end}", words.join(", ")),
        _ => words.join(""),
    }
}

/// A key that an identity can be made of.
pub(super) fn key(key: &Key, of: &str, example: &str) -> Result<(), Mistake> {
    if is_key(key.get()) {
        return Ok(());
    }
    let sentence = match key.get().len() {
        0 => format!("the key of a {of} is not empty"),
        length if length > LONGEST_KEY && key.get().is_ascii() => {
            format!("the key of a {of} has at most {LONGEST_KEY} characters, and this has {length}")
        }
        _ => format!("the key of a {of} is made of the letters a to z, digits, `_` and `-`"),
    };
    Err(Mistake::new(key.span().unwrap_or_default(), sentence).hint(format!("write it as in {example}")))
}
