//! What is remembered of backends between runs. Losing it costs a request, so nothing here fails.

use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::files;

/// A file that maps a backend's address to a word about it.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    path: PathBuf,
}

impl Cache {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The word for this address.
    pub(crate) fn get(&self, address: &str) -> Option<String> {
        let map = parse(files::read(&self.path).ok()?);
        Some(map.get(address)?.as_str()?.to_owned())
    }

    /// Sets the word for this address, or removes it.
    pub(crate) fn set(&self, address: &str, word: Option<String>) {
        files::update_if_free(&self.path, |text| {
            let mut map = parse(text);
            match word {
                Some(word) => map.insert(address.to_owned(), Value::String(word)),
                None => map.remove(address),
            };
            format!("{:#}\n", Value::Object(map))
        });
    }
}

/// A file that is broken is as good as none.
fn parse(text: Option<String>) -> Map<String, Value> {
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}
