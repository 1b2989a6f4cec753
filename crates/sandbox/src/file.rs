//! The state file on disk: locked while it changes, replaced as a whole, private from the first byte.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// As many symbolic links as a kernel follows before it reports a loop.
const MAX_LINKS: usize = 40;

/// Reads a text file; `None` if it does not exist.
pub(crate) fn read(path: &Path) -> Result<Option<String>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(failed("read", path, error)),
    }
}

/// An exclusive lock on a file, held until it is dropped.
pub(crate) struct FileLock {
    target: PathBuf,
    _lock: File,
}

impl FileLock {
    /// Waits for the lock. It creates the file's directory if needed.
    pub(crate) fn acquire(path: &Path) -> Result<Self, Error> {
        // Every name of a file leads to the same lock.
        let target = resolve_links(path);
        let name = sibling(&target, ".lock");
        // The directory can be somebody else's: a link leads to another file, and opening a pipe waits.
        if fs::symlink_metadata(&name).is_ok_and(|found| !found.is_file()) {
            return Err(Error::NotRegularFile { path: name });
        }
        let lock = create_private_directory(target.parent().unwrap_or(Path::new(".")))
            .and_then(|()| private(OpenOptions::new().create(true).truncate(false)).open(&name))
            .and_then(|lock| lock.lock().map(|()| lock))
            .map_err(|error| failed("lock", path, error))?;
        Ok(Self { target, _lock: lock })
    }

    /// Replaces the file's content atomically. It does not wait for the disk, because a state that a power cut destroys
    /// can be recreated.
    pub(crate) fn replace(&self, content: &str) -> Result<(), Error> {
        // A fixed name: a killed process leaves a file that the next write removes.
        let temporary = sibling(&self.target, ".insforge-new");
        let write = || {
            remove_if_exists(&temporary)?;
            private(OpenOptions::new().create_new(true)).open(&temporary)?.write_all(content.as_bytes())?;
            fs::rename(&temporary, &self.target)
        };
        write().map_err(|error| {
            // A partial file would keep a full disk full.
            let _ = fs::remove_file(&temporary);
            failed("write", &self.target, error)
        })
    }

    /// Removes the file. It succeeds if the file does not exist.
    pub(crate) fn remove(&self) -> Result<(), Error> {
        remove_if_exists(&self.target).map_err(|error| failed("remove", &self.target, error))
    }
}

fn remove_if_exists(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The path with `suffix` after its name.
fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Opens for writing, with access for the user only.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.write(true)
}

fn create_private_directory(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// The file that a path leads to, even if that file does not exist yet.
fn resolve_links(path: &Path) -> PathBuf {
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Ok(next) = fs::read_link(&target) else { break };
        target = target.parent().unwrap_or(Path::new("")).join(next);
    }
    target
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> Error {
    Error::File { action, path: path.to_owned(), source }
}
