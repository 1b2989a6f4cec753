//! The rows of a result's JSON, for JSON lines and CSV: slices of its text.

use std::io::{self, Write};

use crate::ui::json::write_json_line;
use crate::wire::fields::Fields;
use crate::wire::{Json, Members};

/// The members of a JSON object that hold rows, one or a list of them, each with the kind and the fields of such a row. If
/// the object has none of them, it is a row itself. A result whose rows are not in its JSON has one entry without names.
pub(crate) type RowLists = &'static [(&'static str, &'static str, Fields)];

/// The name of a row's kind.
pub(crate) const KIND: &str = "kind";

/// One row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    /// The kind of the rows of its list; empty if it is the result itself.
    pub(super) list: &'static str,
    /// Its kind, if the result has rows of several kinds and the row does not say so itself.
    pub(super) kind: Option<&'static str>,
    pub(super) json: Json<'a>,
}

/// The rows, in the order of `lists`. An iterator, so that a caller can leave rows out.
pub(crate) fn rows_in(json: Json<'_>, lists: RowLists) -> impl Iterator<Item = Row<'_>> + Clone {
    let mut found: Vec<_> =
        lists.iter().filter_map(|(name, kind, _)| Some((json.get(name)?, *kind))).collect();
    if found.is_empty() {
        found.push((json, ""));
    }
    let says_kind = found.len() > 1;
    found.into_iter().flat_map(move |(list, kind)| {
        list.elements().map(move |json| {
            let own_kind = (says_kind && json.is_object() && json.get(KIND).is_none()).then_some(kind);
            Row { list: kind, kind: own_kind, json }
        })
    })
}

impl<'a> Row<'a> {
    /// The names and values of an object, without the kind.
    pub(super) fn members(self) -> Members<'a> {
        self.json.members()
    }

    /// The kind of the rows of its list.
    #[cfg(any(test, fuzzing))]
    pub(crate) const fn list(self) -> &'static str {
        self.list
    }

    /// Its JSON as text, without the kind.
    pub(crate) const fn as_bytes(self) -> &'a [u8] {
        self.json.as_str().as_bytes()
    }

    /// Writes it as a line of JSON, its kind first.
    pub(crate) fn write_line(self, out: &mut dyn Write) -> io::Result<()> {
        let Some(kind) = self.kind else { return write_json_line(out, [self.json.as_str()]) };
        let comma = if self.members().next().is_some() { "," } else { "" };
        let first = format!("{{\"{KIND}\":\"{kind}\"{comma}");
        write_json_line(out, [&first, &self.json.as_str()[1..]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTS: RowLists = &[("products", "product", &[]), ("prices", "price", &[])];

    fn lines(text: &str) -> String {
        let mut out = Vec::new();
        let rows = rows_in(Json::parse(text.as_bytes()).unwrap(), LISTS);
        rows.for_each(|row| row.write_line(&mut out).unwrap());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn rows_of_several_lists_say_their_kind() {
        assert_eq!(
            lines(r#"{"x":1,"prices":[{"a":1.0},{"kind":"own"}]}"#),
            "{\"a\":1.0}\n{\"kind\":\"own\"}\n"
        );
        assert_eq!(
            lines(r#"{"prices": [{"a": [1, 2]}, {"kind":"own"}, {}], "products": [{"b":2}, 3]}"#),
            "{\"kind\":\"product\",\"b\":2}\n3\n{\"kind\":\"price\",\"a\":[1,2]}\n{\"kind\":\"own\"}\n{\"kind\":\"price\"}\n"
        );
    }

    #[test]
    fn one_value_is_one_row_and_null_is_none() {
        assert_eq!(lines(r#"{"prices":{"a":1}}"#), "{\"a\":1}\n");
        assert_eq!(lines(r#"{"prices":null}"#), "");
        assert_eq!(lines(r#"{"other":[1]}"#), "{\"other\":[1]}\n");
        assert_eq!(lines("[1,{}]"), "1\n{}\n");
    }
}
