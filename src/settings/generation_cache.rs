//! The generation of each backend, remembered between runs. Nothing here fails: without the cache, a run sends one
//! request more.

use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::files;

/// A JSON file that maps a backend's address to the name of its generation.
#[derive(Clone, Debug)]
pub(crate) struct GenerationCache {
    path: PathBuf,
}

impl GenerationCache {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The generation of the backend at this address.
    pub(crate) fn get(&self, address: &str) -> Option<String> {
        let map = parse(files::read(&self.path).ok()?);
        Some(map.get(address)?.as_str()?.to_owned())
    }

    /// Stores the generation of the backend at this address, or removes it.
    pub(crate) fn set(&self, address: &str, generation: Option<String>) {
        files::update_cache(&self.path, |text| {
            let mut map = parse(text);
            match generation {
                Some(generation) => map.insert(address.to_owned(), Value::String(generation)),
                None => map.remove(address),
            };
            format!("{:#}\n", Value::Object(map))
        });
    }
}

/// Reads the file. An invalid file counts as empty.
fn parse(text: Option<String>) -> Map<String, Value> {
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}
