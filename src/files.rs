//! Files that are complete or do not exist. A writer locks a file, writes the new content to a temporary file beside it, and
//! renames that. Files are private from the first byte, unless other users may read them.
//!
//! The temporary file and the lock have fixed names, so a later run finds and removes what a killed one has left.

mod lines;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::error::{Code, Failure};
use crate::input::{Input, MAX_SETTINGS};

pub(crate) use lines::{append, read_last_lines};

/// How long a change waits while another process changes the same file, unless the run has another time limit.
pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_secs(60);
/// Follows the name of the file that a temporary file replaces.
const TEMPORARY: &str = ".insforge-new";
/// Follows the name of the file that a lock belongs to.
const LOCK: &str = ".insforge-lock";

/// Why a file cannot be used. As a failure it is a `FILE_FAILED`.
#[derive(Debug)]
pub(crate) struct FileError {
    action: &'static str,
    path: PathBuf,
    reason: io::Error,
}

impl FileError {
    /// For `map_err`, with an action such as `read`.
    fn of(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
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
    write_as(Readers::User, path, content)
}

/// Replaces the content of a file that other users may read, such as one in git. It keeps its mode; a new file gets the
/// default mode.
pub(crate) fn write_public(path: &Path, content: &str) -> Result<(), FileError> {
    write_as(Readers::Everyone, path, content)
}

fn write_as(readers: Readers, path: &Path, content: &str) -> Result<(), FileError> {
    if is_device_or_pipe(path) {
        let file = OpenOptions::new().write(true).open(path);
        return file
            .and_then(|mut file| file.write_all(content.as_bytes()))
            .map_err(FileError::of("write", path));
    }
    FileLock::wait(readers, path, LOCK_TIMEOUT)?.replace(content)
}

/// Checks that [`write_public`] can create its file, before a change that cannot be undone.
pub(crate) fn check_public(path: &Path) -> Result<(), FileError> {
    if is_device_or_pipe(path) {
        return Ok(());
    }
    // The lock is a new file in the same directory.
    FileLock::wait(Readers::Everyone, path, LOCK_TIMEOUT).map(drop)
}

/// Writes a cache file, unless another process is changing it. Errors are ignored.
pub(crate) fn write_cache(path: &Path, content: &str) {
    if let Ok(Some(lock)) = FileLock::try_lock(Readers::User, path) {
        let _ = lock.rename_over(content, |_| Ok(()));
    }
}

/// Changes a cache file, unless another process is changing it. Errors are ignored.
pub(crate) fn update_cache(path: &Path, change: impl FnOnce(Option<String>) -> String) {
    if let Ok(Some(lock)) = FileLock::try_lock(Readers::User, path)
        && let Ok(text) = lock.read()
    {
        let _ = lock.rename_over(&change(text), |_| Ok(()));
    }
}

/// Removes the temporary file of a killed writer, which can contain a key. Errors are ignored, because the caller only
/// reads the file.
pub(crate) fn remove_leftover(path: &Path) {
    let target = resolve_links(path);
    let exists = |suffix| fs::symlink_metadata(with_suffix(&target, suffix)).is_ok();
    if (exists(TEMPORARY) || exists(LOCK))
        && let Ok(Some(lock)) = FileLock::try_lock(Readers::User, path)
    {
        let _ = remove_if_exists(&lock.temporary());
    }
}

/// Removes the temporary files that killed writers of older versions left beside a file, under random names.
pub(crate) fn remove_older_leftovers(path: &Path) {
    let target = resolve_links(path);
    for entry in fs::read_dir(directory_of(&target)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let random = name.to_str().and_then(|name| name.strip_prefix(".insforge-"));
        if random.is_some_and(|text| text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether a path is something like `/dev/full`, which a new file must not replace.
pub(crate) fn is_device_or_pipe(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Whether a file was written within this time. A file from the future was not: the clock was set back since.
pub(crate) fn is_younger(path: &Path, limit: Duration) -> bool {
    let written = fs::metadata(path).and_then(|metadata| metadata.modified());
    written.is_ok_and(|written| written.elapsed().is_ok_and(|age| age < limit))
}

/// The sorted names in a folder. A folder that cannot be read has none.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    names
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

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readers {
    User,
    /// Everyone whom the file's present mode or the umask allows.
    Everyone,
}

impl Readers {
    #[cfg_attr(windows, expect(clippy::unused_self, reason = "a file has the access rules of its folder"))]
    fn create_directory(self, directory: &Path) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, self.mode(0o700, 0o777));
        builder.create(directory)
    }

    /// Opens for writing. A new file has the mode for its readers.
    #[cfg_attr(windows, expect(clippy::unused_self, reason = "a file has the access rules of its folder"))]
    fn open(self, options: &mut OpenOptions, path: &Path) -> io::Result<File> {
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(options, self.mode(0o600, 0o666));
        options.write(true).open(path)
    }

    #[cfg(unix)]
    const fn mode(self, user: u32, everyone: u32) -> u32 {
        match self {
            Self::User => user,
            Self::Everyone => everyone,
        }
    }
}

/// Keeps other processes of this program from changing a file, until it is dropped.
pub(crate) struct FileLock {
    readers: Readers,
    /// The file as the caller names it.
    path: PathBuf,
    /// The file itself. Links to the same file share one lock.
    target: PathBuf,
    #[expect(dead_code, reason = "closing the file releases its lock")]
    file: File,
}

impl FileLock {
    /// Waits until no other process has the lock of a private file.
    ///
    /// # Errors
    /// The lock cannot be created, or another process still has it after `limit`.
    pub(crate) fn acquire(path: &Path, limit: Duration) -> Result<Self, FileError> {
        Self::wait(Readers::User, path, limit)
    }

    /// The system has no wait with a limit, so this asks again, at growing intervals.
    fn wait(readers: Readers, path: &Path, limit: Duration) -> Result<Self, FileError> {
        const LONGEST: Duration = Duration::from_millis(100);
        let started = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(lock) = Self::try_lock(readers, path).map_err(FileError::of("write", path))? {
                return Ok(lock);
            }
            if started.elapsed() >= limit {
                return Err(FileError::of("lock", path)(ErrorKind::TimedOut.into()));
            }
            std::thread::sleep(pause);
            pause = LONGEST.min(pause * 2);
        }
    }

    /// `None` if another process has the lock.
    fn try_lock(readers: Readers, path: &Path) -> io::Result<Option<Self>> {
        let target = resolve_links(path);
        readers.create_directory(directory_of(&target))?;
        let name = with_suffix(&target, LOCK);
        // A link would lead to another file, and opening a pipe would wait.
        if fs::symlink_metadata(&name).is_ok_and(|found| !found.is_file()) {
            fs::remove_file(&name)?;
        }
        let file = Readers::User.open(OpenOptions::new().create(true).truncate(false), &name)?;
        match file.try_lock() {
            // The last process with the lock may have removed the file after it was opened here.
            Ok(()) if is_named(&file, &name) => {
                Ok(Some(Self { readers, path: path.to_owned(), target, file }))
            }
            Ok(()) | Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Reads the file; `None` if it does not exist.
    pub(crate) fn read(&self) -> Result<Option<String>, FileError> {
        read(&self.path)
    }

    /// Replaces the file's content.
    pub(crate) fn replace(&self, content: &str) -> Result<(), FileError> {
        self.rename_over(content, File::sync_all).map_err(FileError::of("write", &self.path))
    }

    fn rename_over(&self, content: &str, sync: fn(&File) -> io::Result<()>) -> io::Result<()> {
        let temporary = self.temporary();
        let write = || {
            // A new file belongs to this user, is private, and is no link that somebody else made.
            remove_if_exists(&temporary)?;
            let mut file = self.readers.open(OpenOptions::new().create_new(true), &temporary)?;
            file.write_all(content.as_bytes())?;
            if self.readers == Readers::Everyone
                && let Ok(metadata) = fs::metadata(&self.target)
            {
                file.set_permissions(metadata.permissions())?;
            }
            sync(&file)?;
            drop(file);
            fs::rename(&temporary, &self.target)
        };
        // A partial file can contain a key, and would keep a full disk full.
        write().inspect_err(|_| drop(fs::remove_file(&temporary)))
    }

    fn temporary(&self) -> PathBuf {
        with_suffix(&self.target, TEMPORARY)
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // On other systems, a process that waits cannot know that the file is gone.
        if cfg!(unix) {
            let _ = fs::remove_file(with_suffix(&self.target, LOCK));
        }
    }
}

/// Whether an open file still has this name.
#[cfg(unix)]
fn is_named(file: &File, name: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: io::Result<fs::Metadata>| metadata.map(|it| (it.dev(), it.ino())).ok();
    identity(file.metadata()) == identity(fs::symlink_metadata(name))
}

/// Lock files are never removed here.
#[cfg(not(unix))]
fn is_named(_: &File, _: &Path) -> bool {
    true
}

fn remove_if_exists(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The path with a suffix to its name.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The directory of a file.
fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_under_the_lock_is_kept() {
        const THREADS: usize = 16;
        const CHANGES: usize = 50;
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("count");
        let add_one = || {
            let lock = FileLock::acquire(&path, LOCK_TIMEOUT).expect("the lock");
            let count = lock.read().expect("a file").map_or(0, |text| text.parse().expect("a number"));
            lock.rename_over(&(count + 1usize).to_string(), |_| Ok(())).expect("a file");
        };
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| (0..CHANGES).for_each(|_| add_one()));
                // A reader that cleans up removes nothing of a writer.
                scope.spawn(|| (0..CHANGES).for_each(|_| remove_leftover(&path)));
            }
        });
        assert_eq!(fs::read_to_string(&path).expect("a file"), (THREADS * CHANGES).to_string());
        let left: Vec<_> = fs::read_dir(&directory).expect("it").flatten().map(|it| it.file_name()).collect();
        assert!(!cfg!(unix) || left == ["count"], "{left:?}");
    }
}
