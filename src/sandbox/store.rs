//! Where the state is between requests: in memory, or in one readable file that several processes share. A request
//! that changes something holds the file's lock; whoever reads sees the file as it was before or after, never between.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde::Deserialize;

use crate::error::{Code, Failure};
use crate::files::{self, Lock};
use crate::sandbox::state::{State, VERSION};

/// The state, and the file that it belongs into.
pub(super) struct Store {
    file: Option<File>,
    known: Mutex<Known>,
}

/// A file, and what it begins with where it is not there yet.
struct File {
    path: PathBuf,
    first: Box<dyn Fn() -> State + Send + Sync>,
}

/// The state as it was last read or written, and the file's stamp at that time.
struct Known {
    state: State,
    stamp: Option<Stamp>,
}

/// Tells whether a file is still the one that was read: every write makes a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    #[cfg(unix)]
    inode: u64,
}

impl Store {
    /// A state that ends with the process.
    pub(super) fn in_memory(state: State) -> Self {
        Self { file: None, known: Mutex::new(Known { state, stamp: None }) }
    }

    /// The state in this file, which is made where there is none. A file that cannot be understood is an error, and
    /// stays as it is.
    pub(super) fn open(
        path: PathBuf,
        first: impl Fn() -> State + Send + Sync + 'static,
    ) -> Result<Self, Failure> {
        check_kind(&path)?;
        let lock = Lock::of(&path)?;
        let state = match load(&path)? {
            Some(state) => state,
            None => kept(first(), &lock)?,
        };
        let known = Mutex::new(Known { state, stamp: Stamp::of(&path) });
        Ok(Self { file: Some(File { path, first: Box::new(first) }), known })
    }

    /// Reads the state.
    pub(super) fn read<T>(&self, work: impl FnOnce(&mut State) -> T) -> Result<T, Failure> {
        let mut known = self.known();
        self.file.as_ref().map_or(Ok(()), |file| file.refresh(&mut known))?;
        Ok(work(&mut known.state))
    }

    /// Changes the state, and keeps it.
    pub(super) fn write<T>(&self, work: impl FnOnce(&mut State) -> T) -> Result<T, Failure> {
        let mut known = self.known();
        let Some(file) = &self.file else { return Ok(work(&mut known.state)) };
        let lock = Lock::of(&file.path)?;
        // Read again even if it looks the same: stamps are coarse where clocks are. And one that cannot be kept did not
        // happen.
        let mut state = file.load()?;
        let done = work(&mut state);
        known.state = kept(state, &lock)?;
        known.stamp = Stamp::of(&file.path);
        Ok(done)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl File {
    /// Takes what another process has written since.
    fn refresh(&self, known: &mut Known) -> Result<(), Failure> {
        let stamp = Stamp::of(&self.path);
        if stamp != known.stamp {
            known.state = self.load()?;
            known.stamp = stamp;
        }
        Ok(())
    }

    fn load(&self) -> Result<State, Failure> {
        Ok(load(&self.path)?.unwrap_or_else(&self.first))
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            #[cfg(unix)]
            inode: std::os::unix::fs::MetadataExt::ino(&metadata),
        })
    }
}

/// Takes the file away, whatever is in it or only if it looks like a state, a broken one too.
pub(super) fn remove(path: &Path, only_state: bool) -> Result<(), Failure> {
    check_kind(path)?;
    let lock = Lock::of(path)?;
    if only_state && !files::read(path)?.is_none_or(|text| looks_like_one(&text)) {
        return Err(unusable(path, "is something else than the state of a sandbox")
            .hint("check the name; if it is meant, remove the file yourself"));
    }
    Ok(lock.remove()?)
}

/// A device or a pipe would be waited for, or read, without an end.
fn check_kind(path: &Path) -> Result<(), Failure> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(unusable(path, "is not a regular file")
            .hint("give the name of a file, which need not be there yet")),
        _ => Ok(()),
    }
}

/// It was a state once, or nothing was ever in it.
fn looks_like_one(text: &str) -> bool {
    let text = text.trim_start();
    text.is_empty() || (text.starts_with('{') && text.contains("\"version\""))
}

fn unusable(path: &Path, what: &str) -> Failure {
    Failure::new(Code::SettingsInvalid, format!("{} {what}", path.display()))
}

/// The state, once it is in its file.
fn kept(state: State, lock: &Lock) -> Result<State, Failure> {
    let text = serde_json::to_string_pretty(&state).map_err(|error| {
        Failure::new(Code::Failed, "Cannot write the sandbox's state").why(error.to_string())
    })?;
    lock.replace(&format!("{text}\n"))?;
    Ok(state)
}

/// The beginning of a state file of any version.
#[derive(Deserialize)]
struct Head {
    version: u32,
}

fn load(path: &Path) -> Result<Option<State>, Failure> {
    let Some(text) = files::read(path)?.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    let shown = path.display().to_string();
    let reset = format!("start anew with `insforge sandbox reset --state {}`", shell_words::quote(&shown));
    let broken = |error: serde_json::Error| {
        let failure = unusable(path, "is not the state of a sandbox").why(error.to_string());
        failure.hint(if looks_like_one(&text) {
            format!("repair it, or {reset}; it was left as it is")
        } else {
            "it seems to be something else: give another name, or remove it; it was left as it is".to_owned()
        })
    };
    let head: Head = serde_json::from_str(&text).map_err(broken)?;
    if head.version > VERSION {
        return Err(unusable(path, "was written by a later version of insforge")
            .why(format!("its version is {}, and this program knows {VERSION}", head.version))
            .hint(format!("update insforge, or {reset}; it was left as it is")));
    }
    serde_json::from_str(&text).map(Some).map_err(broken)
}
