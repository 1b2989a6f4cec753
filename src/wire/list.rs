//! Lists that stay in the answer's body. All rows of a long list would take up to ten times the memory of its text.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

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
            serde_json::from_str::<T>(row.as_str())
                .map_err(|error| D::Error::custom(format_args!("row {}: {error}", position + 1)))?;
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
    fn invalid_rows_are_refused() {
        for (text, reason) in [
            (r#"{"numbers":[1,-2]}"#, "row 2: invalid value: integer `-2`"),
            (r#"{"numbers":null}"#, "expected a list"),
            (r#"{"numbers":[1}"#, "expected"),
            (r"{}", "missing field `numbers`"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
