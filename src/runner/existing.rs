//! What exists before a create, so that a repeated create is neither sent twice nor reported as new.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use crate::api::Reply;
use crate::ui::{Row, View, rows_in};
use crate::wire::Json;

/// What is known of a create if the mirror could not be read.
pub(super) const CREATED_OR_EXISTING: &str = "created now or earlier";

/// What exists before a create, as far as the provider can tell.
#[derive(Debug, Default)]
pub(crate) struct ExistingObjects {
    /// Without idempotency keys: for each new object, the id of the object that it would duplicate.
    duplicates: Vec<Option<String>>,
    /// With idempotency keys: a fingerprint of each object in the mirror, and of each that this run has created, by id.
    mirrored: HashMap<String, u64>,
    /// The mirror could not be read: any object may have existed before.
    unread: bool,
}

/// A create whose idempotency key has created the same object before.
#[derive(Debug)]
pub(super) struct RepeatedCreate {
    /// The sentence that reports it.
    pub(super) note: String,
    /// The object's id, if the mirror had another version of it. The backend has replaced it by the first version.
    pub(super) outdated: Option<String>,
}

impl ExistingObjects {
    /// For each new object, the id of the object that it would duplicate.
    pub(crate) fn duplicates(duplicates: Vec<Option<String>>) -> Self {
        Self { duplicates, ..Self::default() }
    }

    /// The objects of a list from the mirror.
    pub(crate) fn mirrored<T: View>(list: &Reply<T>) -> serde_json::Result<Self> {
        let text = list.json()?;
        let mut rows = rows_in(Json::parse(&text)?, T::ROWS);
        let mut mirrored = HashMap::new();
        list.data.for_each_id(&mut |id| {
            if let Some(fingerprint) = rows.next().and_then(fingerprint) {
                mirrored.insert(id.to_owned(), fingerprint);
            }
        });
        Ok(Self { mirrored, ..Self::default() })
    }

    /// What exists if the mirror cannot be read.
    pub(crate) fn unread() -> Self {
        Self { unread: true, ..Self::default() }
    }

    /// Whether an object that a create returns may have existed before, although it is not known.
    pub(super) const fn is_unread(&self) -> bool {
        self.unread
    }

    /// The sentence about an object that was created, if it may have existed before.
    pub(super) fn note_if_unread<T: View>(&self, reply: &Reply<T>) -> Option<String> {
        let id = *reply.data.ids().first().filter(|_| self.unread)?;
        let provider = reply.provider.name;
        Some(format!("{provider} {} {CREATED_OR_EXISTING}: {id} (same idempotency key)", T::NOUN))
    }

    /// The id of the object that the new object at this position would duplicate.
    pub(super) fn duplicate_of(&self, position: usize) -> Option<&str> {
        self.duplicates.get(position)?.as_deref()
    }

    /// Adds an object that was just created: the same idempotency key can return it again.
    pub(super) fn add<T: View>(&mut self, reply: &Reply<T>) {
        if let (Some(id), Some(fingerprint)) = (reply.data.ids().first(), fingerprint_of(reply)) {
            self.mirrored.insert((*id).to_owned(), fingerprint);
        }
    }

    /// Whether a create returned an object that existed before.
    pub(super) fn repeated<T: View>(&self, reply: &Reply<T>) -> Option<RepeatedCreate> {
        let id = *reply.data.ids().first()?;
        let before = *self.mirrored.get(id)?;
        let is_outdated = fingerprint_of(reply)? != before;
        let provider = reply.provider.name;
        Some(RepeatedCreate {
            note: format!("{provider} {} already exists: {id} (same idempotency key)", T::NOUN),
            outdated: is_outdated.then(|| id.to_owned()),
        })
    }
}

/// The fingerprint of the only object of a reply.
fn fingerprint_of<T: View>(reply: &Reply<T>) -> Option<u64> {
    let text = reply.json().ok()?;
    fingerprint(rows_in(Json::parse(&text).ok()?, T::ROWS).next()?)
}

/// A value that differs between two versions of an object. The order of its fields and the time of the sync do not matter.
fn fingerprint(row: Row<'_>) -> Option<u64> {
    let mut row: Value = serde_json::from_slice(row.as_bytes()).ok()?;
    row.as_object_mut()?.remove("syncedAt");
    row.sort_all_objects();
    let mut hasher = DefaultHasher::new();
    row.to_string().hash(&mut hasher);
    Some(hasher.finish())
}
