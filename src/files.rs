//! Files that are whole or not there: written beside, for the user alone from the first byte unless they are for others
//! too, then renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::error::{Code, Failure};

/// Reads a text file; `None` where there is none.
pub(crate) fn read(path: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(unusable("read", path, &error)),
    }
}

/// Replaces a file's content. A symbolic link keeps pointing where it did: the file behind it is replaced.
pub(crate) fn write(path: &Path, content: &str) -> Result<(), Failure> {
    replace(path, content, File::sync_all).map_err(|error| unusable("write", path, &error))
}

/// [`write`], or nothing where that fails, and without waiting for the disk: for what can be had again.
pub(crate) fn write_if_easy(path: &Path, content: &str) {
    let _ = replace(path, content, |_| Ok(()));
}

fn replace(path: &Path, content: &str, settle: fn(&File) -> std::io::Result<()>) -> std::io::Result<()> {
    let target = behind_links(path);
    let directory = target.parent().unwrap_or(Path::new("."));
    create_private(directory)?;
    // tempfile creates with mode 0600; the rename keeps it.
    let mut file = tempfile::Builder::new().prefix(".insforge-").tempfile_in(directory)?;
    file.write_all(content.as_bytes())?;
    settle(file.as_file())?;
    file.persist(&target)?;
    Ok(())
}

/// Whether a file was written within this time. One from the future was not: a clock was set since.
pub(crate) fn is_younger(path: &Path, limit: Duration) -> bool {
    let written = fs::metadata(path).and_then(|there| there.modified());
    written.is_ok_and(|written| written.elapsed().is_ok_and(|age| age < limit))
}

/// Makes every file of a folder an old one.
pub(crate) fn outdate(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let file = OpenOptions::new().write(true).open(entry.path());
        let _ = file.and_then(|file| file.set_modified(SystemTime::UNIX_EPOCH));
    }
}

/// Removes the folders in a folder that were changed longest ago, until so many are left.
pub(crate) fn keep_newest(folder: &Path, count: usize) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut all: Vec<(SystemTime, PathBuf)> = entries
        .filter_map(|entry| Some((entry.metadata().and_then(|there| there.modified()).ok()?, entry.path())))
        .collect();
    all.sort();
    for (_, oldest) in all.iter().rev().skip(count) {
        let _ = fs::remove_dir_all(oldest);
    }
}

/// Replaces the content of a file that is for others too, like one that is committed: it keeps the mode that it has, and
/// where there is none yet it gets what the user gives to new files.
pub(crate) fn write_public(path: &Path, content: &str) -> Result<(), Failure> {
    let target = behind_links(path);
    let written = begin_public(&target).and_then(|mut file| {
        file.write_all(content.as_bytes())?;
        if let Ok(there) = fs::metadata(&target) {
            file.as_file().set_permissions(there.permissions())?;
        }
        file.as_file().sync_all()?;
        file.persist(&target)?;
        Ok(())
    });
    written.map_err(|error| unusable("write", path, &error))
}

/// Whether [`write_public`] can begin: what is in its way is known before something that cannot be undone is done.
pub(crate) fn check_public(path: &Path) -> Result<(), Failure> {
    // The file beside it goes away with its handle.
    begin_public(&behind_links(path)).map(drop).map_err(|error| unusable("write", path, &error))
}

fn begin_public(target: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let directory = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let mut builder = tempfile::Builder::new();
    // The umask takes its part of it.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.prefix(".insforge-").tempfile_in(directory)
}

/// Changes a file that others of our processes may change at the same time: one after the other.
pub(crate) fn update(
    path: &Path,
    change: impl FnOnce(Option<String>) -> Result<String, Failure>,
) -> Result<(), Failure> {
    let lock = Lock::of(path)?;
    let outcome = change(read(path)?).and_then(|content| write(path, &content));
    drop(lock);
    outcome
}

/// Nobody else of us changes a file while this lives.
pub(crate) struct Lock(#[expect(dead_code, reason = "closing the file releases its lock")] File);

impl Lock {
    /// Waits until nobody else has it.
    pub(crate) fn of(path: &Path) -> Result<Self, Failure> {
        let lock = open_lock(path).and_then(|lock| lock.lock().map(|()| lock));
        lock.map(Self).map_err(|error| unusable("lock", path, &error))
    }
}

/// The path with something behind its name.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// [`update`], or nothing when somebody else is at it: for what is not worth waiting for.
pub(crate) fn update_if_free(path: &Path, change: impl FnOnce(Option<String>) -> String) {
    let Ok(lock) = open_lock(path) else { return };
    if lock.try_lock().is_ok() {
        let _ = read(path).and_then(|text| write(path, &change(text)));
    }
}

fn open_lock(path: &Path) -> std::io::Result<File> {
    // Two names of one file have one lock.
    let target = behind_links(path);
    create_private(target.parent().unwrap_or(Path::new(".")))?;
    private(OpenOptions::new().create(true).truncate(false)).open(beside(&target, ".lock"))
}

/// Written by nobody but the user.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.write(true)
}

/// The file that a path leads to, also where there is none yet.
fn behind_links(path: &Path) -> PathBuf {
    let mut target = path.to_owned();
    // As many as a kernel follows before it says that they go round in circles.
    for _ in 0..40 {
        let Ok(next) = fs::read_link(&target) else { break };
        target = target.parent().unwrap_or(Path::new("")).join(next);
    }
    target
}

fn unusable(verb: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Code::SettingsInvalid, format!("Cannot {verb} {}", path.display()))
        .why(error.to_string())
        .hint("check that you own the file and its folder, and that they are what they should be")
}

fn create_private(directory: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// The mode of a file that others can read, in octal; `None` when they cannot, or where there are no modes.
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
