//! What differs, gathered for a reader: how it is, how it will be, and what to call it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::catalog::IDENTITY;
use crate::catalog::plan::step::put;
use crate::catalog::words::listed;
use crate::error::Failure;
use crate::wire::Metadata;

/// The fields that differ.
#[derive(Clone, Debug, Default)]
pub(super) struct Diff {
    before: Map<String, Value>,
    after: Map<String, Value>,
    /// What differs, in words.
    words: Vec<&'static str>,
}

impl Diff {
    /// Notes a field that differs. `words` is empty where something else is said of it.
    pub(super) fn note(
        &mut self,
        field: &str,
        words: &'static str,
        before: impl Into<Value>,
        after: impl Into<Value>,
    ) {
        self.before.insert(field.to_owned(), before.into());
        self.after.insert(field.to_owned(), after.into());
        if !words.is_empty() {
            self.words.push(words);
        }
    }

    /// Notes the names of metadata that differ, and gives what is to be sent for them.
    ///
    /// # Errors
    /// There are too many of them.
    pub(super) fn metadata<'a>(
        &mut self,
        key: &str,
        words: &'static str,
        found: &BTreeMap<String, String>,
        wanted: impl IntoIterator<Item = (&'a str, &'a str)>,
        to_send: &mut Metadata,
    ) -> Result<(), Failure> {
        let (mut before, mut after) = (Map::new(), Map::new());
        for (name, text) in wanted {
            let has = found.get(name).map_or("", String::as_str);
            if has != text {
                put(to_send, name, text, key)?;
                before.insert(name.to_owned(), or_null(has));
                after.insert(name.to_owned(), or_null(text));
            }
        }
        if before.is_empty() {
            return Ok(());
        }
        if !words.is_empty() {
            self.words.push(words);
        }
        add(&mut self.before, before);
        add(&mut self.after, after);
        Ok(())
    }

    /// `name and metadata`: what differs, or nothing.
    pub(super) fn words(&self) -> Option<String> {
        (!self.words.is_empty()).then(|| listed(&self.words, "and"))
    }

    /// How it is and how it will be, where anything differs.
    pub(super) fn sides(self) -> (Option<Value>, Option<Value>) {
        let side = |fields: Map<String, Value>| (!fields.is_empty()).then_some(Value::Object(fields));
        (side(self.before), side(self.after))
    }
}

/// Puts names below `metadata`, where others may be already.
fn add(side: &mut Map<String, Value>, names: Map<String, Value>) {
    if let Value::Object(metadata) = side.entry("metadata").or_insert_with(|| Map::new().into()) {
        metadata.extend(names);
    }
}

/// Stripe takes an empty text for none.
pub(super) fn or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

/// Metadata of something new, as a reader sees it: what is empty is not there.
pub(super) fn shown(metadata: Option<&Metadata>) -> Option<Value> {
    let names = metadata.into_iter().flat_map(Metadata::iter).filter(|(_, text)| !text.is_empty());
    let names: Map<String, Value> = names.map(|(name, text)| (name.to_owned(), text.into())).collect();
    (!names.is_empty()).then_some(Value::Object(names))
}

/// Metadata of something new, as it is sent: what is empty is left out, and its identity is added.
pub(super) fn sent(metadata: Option<&Metadata>, key: &str) -> Result<Metadata, Failure> {
    let mut all = Metadata::default();
    for (name, text) in metadata.into_iter().flat_map(Metadata::iter).filter(|(_, text)| !text.is_empty()) {
        put(&mut all, name, text, key)?;
    }
    put(&mut all, IDENTITY, key, key)?;
    Ok(all)
}
