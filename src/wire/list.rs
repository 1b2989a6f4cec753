//! Lists that stay in the answer's body. All rows of a long list would take up to ten times the memory of its text.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::wire::answer::invalid_part;
use crate::wire::json::Json;

/// The body of an answer. It is wiped when it is dropped, because it can carry keys.
pub(crate) type SharedBytes = Arc<Zeroizing<Vec<u8>>>;

thread_local! {
    /// The body that [`read_body`] reads: a derived `Deserialize` cannot hand it to the lists inside.
    static BODY: RefCell<Option<SharedBytes>> = const { RefCell::new(None) };
}

/// Reads an answer. Its lists refer to the body.
pub(crate) fn read_body<T: DeserializeOwned>(body: &SharedBytes) -> serde_json::Result<T> {
    BODY.set(Some(Arc::clone(body)));
    let data = serde_json::from_slice(body);
    BODY.take();
    data
}

/// Removes those elements of an object's lists that `keep` drops. The rest of the text is unchanged. It is removed in
/// place, because a copy would take as much memory as the body.
pub(crate) fn retain_elements(
    body: &mut Vec<u8>,
    lists: &[&str],
    keep: impl Fn(Json<'_>) -> bool,
) -> serde_json::Result<()> {
    let position = |json: Json<'_>| json.as_str().as_ptr().addr().wrapping_sub(body.as_ptr().addr());
    let mut kept = Vec::new();
    let mut from = 0;
    let members = Json::parse(body)?.members();
    for (_, list) in members.filter(|(name, value)| value.is_array() && lists.contains(&&**name)) {
        let first = position(list) + 1;
        kept.push(from..first);
        from = first;
        let mut has_kept = false;
        for element in list.elements() {
            let start = position(element);
            let end = start + element.as_str().len();
            if keep(element) {
                // With the comma before it, if another element is before it.
                kept.push(if has_kept { from..end } else { start..end });
                has_kept = true;
            }
            from = end;
        }
    }
    kept.push(from..body.len());
    let mut length = 0;
    for piece in kept {
        let to = length;
        length += piece.len();
        body.copy_within(piece, to);
    }
    body.truncate(length);
    Ok(())
}

/// A list whose rows were all checked, and are read again each time.
#[derive(Debug)]
pub(crate) struct List<T> {
    body: SharedBytes,
    /// The list's text in the body.
    text: Range<usize>,
    rows: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> List<T> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = T> + Clone {
        self.rows().filter_map(|row| serde_json::from_str(row.as_str()).ok())
    }

    /// The rows as text.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Json<'_>> + Clone {
        let text = self.body.get(self.text.clone()).unwrap_or_default();
        Json::checked(std::str::from_utf8(text).unwrap_or_default()).elements()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { body: SharedBytes::default(), text: 0..0, rows: PhantomData }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        let list = Json::checked(text);
        if !list.is_array() {
            return Err(D::Error::custom("expected a list"));
        }
        for (position, row) in list.elements().enumerate() {
            serde_json::from_str::<T>(row.as_str()).map_err(|error| {
                let reason = invalid_part(row.as_str().as_bytes(), &error);
                D::Error::custom(format_args!("row {}: {reason}", position + 1))
            })?;
        }
        let body = BODY.with_borrow(Clone::clone).ok_or_else(|| D::Error::custom("no body"))?;
        let start = text.as_ptr().addr().wrapping_sub(body.as_ptr().addr());
        let range = start..start.wrapping_add(text.len());
        if body.get(range.clone()) != Some(text.as_bytes()) {
            return Err(D::Error::custom("the list is not in the body"));
        }
        Ok(Self { body, text: range, rows: PhantomData })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Numbers {
        numbers: List<u8>,
    }

    fn read(text: &str) -> serde_json::Result<Numbers> {
        read_body(&Arc::new(Zeroizing::new(text.as_bytes().to_vec())))
    }

    #[test]
    fn rows_are_read_from_the_body() {
        let numbers = read(r#"{"x":[9], "numbers": [ 1, 2 ]}"#).unwrap().numbers;
        assert_eq!(numbers.iter().chain(numbers.iter()).collect::<Vec<_>>(), [1, 2, 1, 2]);
        assert!(read(r#"{"numbers":[]}"#).unwrap().numbers.is_empty());
    }

    #[test]
    fn elements_are_dropped_and_the_rest_is_unchanged() {
        for (text, kept) in [
            (
                r#" {"b" : 1.0, "\u0061" : [ 1 , {"x" : "],"} ,1, 2 ], "c":[1], "a":[1,1]} "#,
                r#" {"b" : 1.0, "\u0061" : [{"x" : "],"}, 2 ], "c":[1], "a":[]} "#,
            ),
            (r#"{"a":[3, 4,1,5, 1]}"#, r#"{"a":[3, 4,5]}"#),
            (r#"{"a":[1, 1]}"#, r#"{"a":[]}"#),
            (r#"{"a":[]}"#, r#"{"a":[]}"#),
            (r#"{"a":1}"#, r#"{"a":1}"#),
            (r"{ }", "{ }"),
            (r"[1]", "[1]"),
        ] {
            let mut body = text.as_bytes().to_vec();
            retain_elements(&mut body, &["a"], |element| element.as_str() != "1").unwrap();
            assert_eq!(String::from_utf8(body).unwrap(), kept, "{text}");
        }
        assert!(retain_elements(&mut b"{".to_vec(), &["a"], |_| true).is_err());
    }

    #[test]
    fn invalid_rows_are_refused() {
        for (text, reason) in [
            (r#"{"numbers":[1,-2]}"#, "row 2: invalid value: integer, expected u8"),
            (r#"{"numbers":null}"#, "expected a list"),
            (r#"{"numbers":[1}"#, "expected"),
            (r"{}", "missing field `numbers`"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
