//! Files that are complete or do not exist: the new content is written to a temporary file, which then replaces the old
//! one. Files are private from
//! the first byte, unless other users may read them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::error::{Code, Failure};
use crate::input::{Input, MAX_SETTINGS};

/// Why a file cannot be used. As a failure it is a `FILE_FAILED`.
#[derive(Debug)]
pub(crate) struct FileError {
    action: &'static str,
    path: PathBuf,
    reason: std::io::Error,
}

impl FileError {
    /// For `map_err`, with an action such as `read`.
    fn of(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |reason| Self { action, path: path.to_owned(), reason }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let what = format!("Cannot {} {}", error.action, error.path.display());
        if error.reason.kind() == ErrorKind::TimedOut {
            return Self::new(Code::TimedOut, what)
                .why("another process has locked it")
                .hint("stop that process, or wait for it, then run the command again");
        }
        let hint = match error.reason.kind() {
            // The reason says what to do.
            ErrorKind::InvalidData => "fix the file, or use another one",
            _ => "check the path, and that you have access to the file and its folder",
        };
        Self::new(Code::FileFailed, what).why(error.reason.to_string()).hint(hint)
    }
}

/// Reads a settings or cache file; `None` if it does not exist.
pub(crate) fn read(path: &Path) -> Result<Option<String>, FileError> {
    read_up_to(path, MAX_SETTINGS)
}

/// Reads a file of at most `limit` bytes; `None` if it does not exist.
pub(crate) fn read_up_to(path: &Path, limit: u64) -> Result<Option<String>, FileError> {
    match Input::Found(path.to_owned()).read(limit) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(FileError::of("read", path)(error)),
    }
}

/// Replaces the content of a private file. If the path is a symbolic link, its target is replaced.
pub(crate) fn write(path: &Path, content: &str) -> Result<(), FileError> {
    replace(path, content, File::sync_all).map_err(FileError::of("write", path))
}

/// Writes a cache file: like [`write`], but without waiting for the disk, and ignoring errors.
pub(crate) fn write_cache(path: &Path, content: &str) {
    let _ = replace(path, content, |_| Ok(()));
}

fn replace(path: &Path, content: &str, sync: fn(&File) -> std::io::Result<()>) -> std::io::Result<()> {
    let target = resolve_links(path);
    if is_device_or_pipe(&target) {
        return write_into(&target, content);
    }
    let directory = target.parent().unwrap_or(Path::new("."));
    create_private(directory)?;
    // tempfile creates files with mode 0600, which the rename keeps.
    let mut file = tempfile::Builder::new().prefix(".insforge-").tempfile_in(directory)?;
    file.write_all(content.as_bytes())?;
    sync(file.as_file())?;
    file.persist(&target)?;
    Ok(())
}

/// Whether a path is something like `/dev/full`, which a new file must not replace.
pub(crate) fn is_device_or_pipe(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

fn write_into(path: &Path, content: &str) -> std::io::Result<()> {
    OpenOptions::new().write(true).open(path)?.write_all(content.as_bytes())
}

/// Whether a file was written within this time. A file from the future was not: the clock was set back since.
pub(crate) fn is_younger(path: &Path, limit: Duration) -> bool {
    let written = fs::metadata(path).and_then(|metadata| metadata.modified());
    written.is_ok_and(|written| written.elapsed().is_ok_and(|age| age < limit))
}

/// Marks every file of a folder as old.
pub(crate) fn mark_old(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let file = OpenOptions::new().write(true).open(entry.path());
        let _ = file.and_then(|file| file.set_modified(SystemTime::UNIX_EPOCH));
    }
}

/// Removes the oldest folders in a folder, until only `count` are left.
pub(crate) fn keep_newest_folders(folder: &Path, count: usize) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut all: Vec<(SystemTime, PathBuf)> = entries
        .filter_map(|entry| {
            Some((entry.metadata().and_then(|metadata| metadata.modified()).ok()?, entry.path()))
        })
        .collect();
    all.sort();
    for (_, oldest) in all.iter().rev().skip(count) {
        let _ = fs::remove_dir_all(oldest);
    }
}

/// Replaces the content of a file that other users may read, such as one in git. It keeps its mode; a new file gets the
/// default mode.
pub(crate) fn write_public(path: &Path, content: &str) -> Result<(), FileError> {
    let target = resolve_links(path);
    if is_device_or_pipe(&target) {
        return write_into(&target, content).map_err(FileError::of("write", path));
    }
    let written = begin_public(&target).and_then(|mut file| {
        file.write_all(content.as_bytes())?;
        if let Ok(metadata) = fs::metadata(&target) {
            file.as_file().set_permissions(metadata.permissions())?;
        }
        file.as_file().sync_all()?;
        file.persist(&target)?;
        Ok(())
    });
    written.map_err(FileError::of("write", path))
}

/// Checks that [`write_public`] can create its file, before a change that cannot be undone.
pub(crate) fn check_public(path: &Path) -> Result<(), FileError> {
    let target = resolve_links(path);
    if is_device_or_pipe(&target) {
        return Ok(());
    }
    // Dropping the handle removes the temporary file.
    begin_public(&target).map(drop).map_err(FileError::of("write", path))
}

fn begin_public(target: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let directory = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let mut builder = tempfile::Builder::new();
    // The umask restricts this mode.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.prefix(".insforge-").tempfile_in(directory)
}

/// Keeps other processes of this program from changing a file, until it is dropped.
pub(crate) struct Lock(#[expect(dead_code, reason = "closing the file releases its lock")] File);

impl Lock {
    /// Waits until no other process has the lock.
    ///
    /// # Errors
    /// The lock cannot be opened, or another process still has it after `limit`.
    pub(crate) fn acquire(path: &Path, limit: Duration) -> Result<Self, FileError> {
        let lock = open_lock(path).and_then(|lock| wait_for(&lock, limit).map(|()| lock));
        lock.map(Self).map_err(FileError::of("lock", path))
    }
}

/// Waits for a lock. The system has no wait with a limit, so this asks again, at growing intervals.
fn wait_for(lock: &File, limit: Duration) -> std::io::Result<()> {
    const LONGEST: Duration = Duration::from_millis(100);
    let started = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if started.elapsed() >= limit => {
                return Err(ErrorKind::TimedOut.into());
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(pause),
        }
        pause = LONGEST.min(pause * 2);
    }
}

/// The path with a suffix to its name.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Changes a cache file, unless another process is changing it. Errors are ignored.
pub(crate) fn update_cache(path: &Path, change: impl FnOnce(Option<String>) -> String) {
    let Ok(lock) = open_lock(path) else { return };
    if lock.try_lock().is_ok() {
        let _ = read(path).and_then(|text| write(path, &change(text)));
    }
}

fn open_lock(path: &Path) -> std::io::Result<File> {
    // Links to the same file share one lock.
    let target = resolve_links(path);
    create_private(target.parent().unwrap_or(Path::new(".")))?;
    private(OpenOptions::new().create(true).truncate(false)).open(with_suffix(&target, ".lock"))
}

/// Opens for writing, with a mode that keeps other users out.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.write(true)
}

/// The file that a path leads to, even if it does not exist yet.
fn resolve_links(path: &Path) -> PathBuf {
    let mut target = path.to_owned();
    // Linux follows as many links before it reports a loop.
    for _ in 0..40 {
        let Ok(next) = fs::read_link(&target) else { break };
        target = target.parent().unwrap_or(Path::new("")).join(next);
    }
    target
}

fn create_private(directory: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// The mode of a file that other users can read, in octal; `None` if they cannot, or if the system has no modes.
pub(crate) fn readable_by_others(path: &Path) -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
        (mode & 0o077 != 0).then(|| format!("{mode:04o}"))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}
