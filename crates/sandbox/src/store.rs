//! Where the state is kept between requests: in memory, or in one readable file that several processes share.
//!
//! A request that changes the state holds the file's lock. Writes replace the file atomically, so reads need no lock.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde::Deserialize;

use crate::error::Error;
use crate::file::{self, FileLock};
use crate::state::{State, VERSION};

/// The state of a sandbox, in memory or in a file.
pub(crate) struct Store {
    file: Option<StateFile>,
    cache: Mutex<Cache>,
}

/// A state file, and the state to create it with.
struct StateFile {
    path: PathBuf,
    initial: Box<dyn Fn() -> State + Send + Sync>,
}

/// The state as of the last read or write.
struct Cache {
    state: State,
    version: Option<FileVersion>,
}

/// Identifies one write of a file: every write creates a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileVersion {
    modified: Option<SystemTime>,
    length: u64,
    #[cfg(unix)]
    inode: u64,
}

impl Store {
    /// A store that ends with the process.
    pub(crate) fn in_memory(state: State) -> Self {
        Self { file: None, cache: Mutex::new(Cache { state, version: None }) }
    }

    /// Opens a state file, or creates it. A file that is not valid is an error, and is not changed.
    pub(crate) fn open(
        path: PathBuf,
        initial: impl Fn() -> State + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        check_regular(&path)?;
        let lock = FileLock::acquire(&path)?;
        let state = match load(&path)? {
            Some(state) => state,
            None => save(initial(), &lock)?,
        };
        let cache = Mutex::new(Cache { state, version: FileVersion::read(&path) });
        Ok(Self { file: Some(StateFile { path, initial: Box::new(initial) }), cache })
    }

    /// Runs `work` on the current state, which it must not change.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&mut State) -> T) -> Result<T, Error> {
        let mut cache = self.cache();
        self.file.as_ref().map_or(Ok(()), |file| file.refresh(&mut cache))?;
        Ok(work(&mut cache.state))
    }

    /// Runs `work` on the current state, and saves the result.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&mut State) -> T) -> Result<T, Error> {
        let mut cache = self.cache();
        let Some(file) = &self.file else { return Ok(work(&mut cache.state)) };
        let lock = FileLock::acquire(&file.path)?;
        // Always read again: on a coarse clock, a changed file can look unchanged. The cache changes only after the save,
        // so a change that cannot be saved has no effect.
        let mut state = file.load()?;
        let result = work(&mut state);
        cache.state = save(state, &lock)?;
        cache.version = FileVersion::read(&file.path);
        Ok(result)
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateFile {
    /// Loads what another process wrote since the last read.
    fn refresh(&self, cache: &mut Cache) -> Result<(), Error> {
        let version = FileVersion::read(&self.path);
        // Without an inode, two writes in one tick of the clock can look the same.
        if version != cache.version || cfg!(not(unix)) {
            cache.state = self.load()?;
            cache.version = version;
        }
        Ok(())
    }

    fn load(&self) -> Result<State, Error> {
        Ok(load(&self.path)?.unwrap_or_else(&self.initial))
    }
}

impl FileVersion {
    fn read(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            #[cfg(unix)]
            inode: std::os::unix::fs::MetadataExt::ino(&metadata),
        })
    }
}

/// Removes a state file. Without `force`, a file that does not look like a state is an error.
pub(crate) fn remove(path: &Path, force: bool) -> Result<(), Error> {
    check_regular(path)?;
    let lock = FileLock::acquire(path)?;
    if !force && !file::read(path)?.is_none_or(|text| looks_like_state(&text)) {
        return Err(Error::NotState { path: path.to_owned() });
    }
    lock.remove()
}

/// Refuses devices and pipes, which could block or never end.
fn check_regular(path: &Path) -> Result<(), Error> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(Error::NotRegularFile { path: path.to_owned() }),
        _ => Ok(()),
    }
}

/// Whether a file is empty, or a state that may be damaged.
fn looks_like_state(text: &str) -> bool {
    let text = text.trim_start();
    text.is_empty() || (text.starts_with('{') && text.contains("\"version\""))
}

/// Writes the state to its file.
fn save(state: State, lock: &FileLock) -> Result<State, Error> {
    let text = serde_json::to_string_pretty(&state).map_err(Error::Serialize)?;
    lock.replace(&format!("{text}\n"))?;
    Ok(state)
}

/// The field that state files of every version have.
#[derive(Deserialize)]
struct VersionField {
    version: u32,
}

fn load(path: &Path) -> Result<Option<State>, Error> {
    let Some(text) = file::read(path)?.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    let invalid = |source: serde_json::Error| Error::InvalidState {
        path: path.to_owned(),
        damaged: looks_like_state(&text),
        source,
    };
    let VersionField { version } = serde_json::from_str(&text).map_err(invalid)?;
    if version > VERSION {
        return Err(Error::NewerState { path: path.to_owned(), version, supported: VERSION });
    }
    serde_json::from_str(&text).map(Some).map_err(invalid)
}
