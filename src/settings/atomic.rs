//! Files that are whole or not there: written beside, for the user alone from the first byte, then renamed.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Reads a text file; `None` where there is none.
pub(super) fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error)
            if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("Cannot read {}", path.display())),
    }
}

/// Replaces a file's content. A symbolic link keeps pointing where it did: the file behind it is replaced.
pub(super) fn write(path: &Path, content: &str) -> Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let directory = target.parent().unwrap_or(Path::new("."));
    let written = (|| -> Result<()> {
        create_private(directory)?;
        // tempfile creates with mode 0600; the rename keeps it.
        let mut file = tempfile::Builder::new().prefix(".insforge-").tempfile_in(directory)?;
        file.write_all(content.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&target)?;
        Ok(())
    })();
    written.with_context(|| format!("Cannot write {}", path.display()))
}

/// Changes a file that others of our processes may change at the same time: one after the other.
pub(super) fn update(path: &Path, change: impl FnOnce(Option<String>) -> Result<String>) -> Result<()> {
    let lock = lock(path).with_context(|| format!("Cannot lock {}", path.display()))?;
    let outcome = change(read(path)?).and_then(|content| write(path, &content));
    drop(lock);
    outcome
}

fn lock(path: &Path) -> Result<File> {
    let beside = PathBuf::from(format!("{}.lock", path.display()));
    create_private(path.parent().unwrap_or(Path::new(".")))?;
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(beside)?;
    file.lock()?;
    Ok(file)
}

fn create_private(directory: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// The mode of a file that others can read, in octal; `None` when they cannot, or where there are no modes.
pub(super) fn readable_by_others(path: &Path) -> Option<String> {
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
