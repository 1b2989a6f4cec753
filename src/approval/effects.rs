//! Builds what a question shows of the objects that change, and of what depends on them.

use std::collections::BTreeMap;

use crate::approval::{Dependents, FieldChange, ObjectChange};
use crate::wire::Metadata;

/// The value before a change of a field that was not set.
const NONE: &str = "none";
/// The value before a change if the mirror does not have the object.
const UNKNOWN: &str = "unknown";
/// The field that says that the mirror does not have the object.
const STATE: &str = "state";
const NOT_MIRRORED: &str = "not in the mirror";

impl ObjectChange {
    /// An object that exists, with its name if it has one.
    pub(crate) fn existing(kind: &str, name: Option<String>, id: &str) -> Self {
        Self { kind: kind.to_owned(), name, id: Some(id.to_owned()), fields: Vec::new() }
    }

    /// An object that is created.
    pub(crate) fn created(kind: &str, name: Option<String>) -> Self {
        Self { kind: kind.to_owned(), name, id: None, fields: Vec::new() }
    }

    /// An object that the mirror does not have, so only its id is known.
    pub(crate) fn not_mirrored(kind: &str, id: &str) -> Self {
        Self::existing(kind, None, id).with([FieldChange::kept(STATE, NOT_MIRRORED)])
    }

    /// Whether the mirror does not have the object.
    pub(super) fn is_not_mirrored(&self) -> bool {
        self.fields.first().is_some_and(|field| *field == FieldChange::kept(STATE, NOT_MIRRORED))
    }

    /// Adds fields.
    #[must_use]
    pub(crate) fn with(mut self, fields: impl IntoIterator<Item = FieldChange>) -> Self {
        self.fields.extend(fields);
        self
    }

    /// Adds the change of a field of an existing object, from what the mirror has. `None` is a field without a value.
    pub(crate) fn change(&mut self, name: impl Into<String>, before: Option<String>, after: Option<String>) {
        let unset = if self.is_not_mirrored() { UNKNOWN } else { NONE };
        let before = before.unwrap_or_else(|| unset.to_owned());
        self.fields.push(FieldChange { name: name.into(), before: Some(before), after });
    }

    /// Adds the changes of metadata. An empty value removes its key.
    pub(crate) fn change_metadata(
        &mut self,
        before: Option<&BTreeMap<String, String>>,
        changes: Option<&Metadata>,
    ) {
        for (key, value) in changes.into_iter().flat_map(Metadata::iter) {
            let before = before.and_then(|before| before.get(key)).cloned();
            let after = (!value.is_empty()).then(|| value.to_owned());
            self.change(metadata_field(key), before, after);
        }
    }
}

impl FieldChange {
    /// A field that helps to recognize the object, and stays as it is.
    pub(crate) fn kept(name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        Self { name: name.to_owned(), before: Some(value.clone()), after: Some(value) }
    }

    /// A field of an object that is created.
    pub(crate) fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), before: None, after: Some(value.into()) }
    }

    /// A field whose value is replaced.
    pub(crate) fn replaced(name: &str, before: impl Into<String>, after: impl Into<String>) -> Self {
        Self { name: name.to_owned(), before: Some(before.into()), after: Some(after.into()) }
    }

    /// A field that goes with its object.
    pub(crate) fn removed(name: impl Into<String>, before: impl Into<String>) -> Self {
        Self { name: name.into(), before: Some(before.into()), after: None }
    }
}

/// The name of a field for one key of an object's metadata.
pub(crate) fn metadata_field(key: &str) -> String {
    format!("metadata.{key}")
}

impl Dependents {
    pub(crate) fn new(what: impl Into<String>, items: Vec<String>) -> Self {
        Self { what: what.into(), items }
    }

    /// A sentence without objects: `no prices`.
    pub(crate) fn note(what: impl Into<String>) -> Self {
        Self { what: what.into(), items: Vec::new() }
    }
}
