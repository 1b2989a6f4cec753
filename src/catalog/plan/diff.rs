//! The fields of an object that differ from the file.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::catalog::plan::step::put;
use crate::catalog::{CATALOG_KEY, join_words};
use crate::error::Failure;
use crate::wire::Metadata;

/// The differing fields, with their values before and after the change.
#[derive(Clone, Debug, Default)]
pub(super) struct FieldDiff {
    before: Map<String, Value>,
    after: Map<String, Value>,
    /// The names of the fields in a sentence.
    labels: Vec<&'static str>,
}

impl FieldDiff {
    /// Adds a differing field. `label` is empty if another part of the reason covers it.
    pub(super) fn add(
        &mut self,
        field: &str,
        label: &'static str,
        before: impl Into<Value>,
        after: impl Into<Value>,
    ) {
        self.before.insert(field.to_owned(), before.into());
        self.after.insert(field.to_owned(), after.into());
        if !label.is_empty() {
            self.labels.push(label);
        }
    }

    /// Adds the differing metadata, and puts it into `to_send`.
    ///
    /// # Errors
    /// There is too much metadata.
    pub(super) fn add_metadata<'a>(
        &mut self,
        key: &str,
        label: &'static str,
        current: &BTreeMap<String, String>,
        desired: impl IntoIterator<Item = (&'a str, &'a str)>,
        to_send: &mut Metadata,
    ) -> Result<(), Failure> {
        let (mut before, mut after) = (Map::new(), Map::new());
        for (name, value) in desired {
            let current = current.get(name).map_or("", String::as_str);
            if current != value {
                put(to_send, name, value, key)?;
                before.insert(name.to_owned(), or_null(current));
                after.insert(name.to_owned(), or_null(value));
            }
        }
        if before.is_empty() {
            return Ok(());
        }
        if !label.is_empty() {
            self.labels.push(label);
        }
        extend_metadata(&mut self.before, before);
        extend_metadata(&mut self.after, after);
        Ok(())
    }

    /// The differing fields as in `name and metadata`. `None` if there are none.
    pub(super) fn labels(&self) -> Option<String> {
        (!self.labels.is_empty()).then(|| join_words(&self.labels, "and"))
    }

    /// The values before and after the change. `None` if nothing differs.
    pub(super) fn sides(self) -> (Option<Value>, Option<Value>) {
        let side = |fields: Map<String, Value>| (!fields.is_empty()).then_some(Value::Object(fields));
        (side(self.before), side(self.after))
    }
}

/// Adds to the field `metadata`, which may exist.
fn extend_metadata(side: &mut Map<String, Value>, values: Map<String, Value>) {
    if let Value::Object(metadata) = side.entry("metadata").or_insert_with(|| Map::new().into()) {
        metadata.extend(values);
    }
}

/// Null for an empty string, because Stripe treats both alike.
pub(super) fn or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

/// The metadata of a new object as a plan shows it, without empty values.
pub(super) fn metadata_json(metadata: Option<&Metadata>) -> Option<Value> {
    let values = metadata.into_iter().flat_map(Metadata::iter).filter(|(_, value)| !value.is_empty());
    let values: Map<String, Value> = values.map(|(name, value)| (name.to_owned(), value.into())).collect();
    (!values.is_empty()).then_some(Value::Object(values))
}

/// The metadata to send for a new object, without empty values and with its `catalog_key`.
pub(super) fn metadata_to_send(metadata: Option<&Metadata>, key: &str) -> Result<Metadata, Failure> {
    let mut all = Metadata::default();
    for (name, value) in metadata.into_iter().flat_map(Metadata::iter).filter(|(_, value)| !value.is_empty())
    {
        put(&mut all, name, value, key)?;
    }
    put(&mut all, CATALOG_KEY, key, key)?;
    Ok(all)
}
