//! Files of lines that only grow. Several processes can add lines at the same time.

use std::fs::{File, OpenOptions};
use std::io::{self, Error, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::{FileError, FileLock, LOCK_TIMEOUT, Readers, is_device_or_pipe};
use crate::input;

/// Adds a line to a private file, and waits until it is stored. If the path is a symbolic link, the line is added to its
/// target.
pub(crate) fn append(path: &Path, line: &str) -> Result<(), FileError> {
    // A line in /dev/null would be lost, and the lock is a file beside it.
    if is_device_or_pipe(path) {
        let reason = Error::new(ErrorKind::InvalidData, "it is not a regular file");
        return Err(FileError::of("write", path)(reason));
    }
    let _lock = FileLock::acquire(path, LOCK_TIMEOUT)?;
    add_line(path, line).map_err(FileError::of("write", path))
}

/// Reads the last lines of a file, at most `limit` bytes, and whether these are all of its lines. A file that does not
/// exist has none.
pub(crate) fn read_last_lines(path: &Path, limit: u64) -> Result<(Vec<u8>, bool), FileError> {
    match input::read_end(path, limit) {
        Ok((bytes, true)) => Ok((bytes, true)),
        Ok((mut bytes, false)) => {
            // The first line is cut.
            let first = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
            bytes.drain(..first);
            Ok((bytes, false))
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok((Vec::new(), true))
        }
        Err(error) => Err(FileError::of("read", path)(error)),
    }
}

fn add_line(path: &Path, line: &str) -> io::Result<()> {
    let mut file = Readers::User.open(OpenOptions::new().read(true).append(true).create(true), path)?;
    make_private(&file);
    let length = file.metadata()?.len();
    // A killed writer can have left half a line.
    let start = if ends_within_line(&mut file, length)? { "\n" } else { "" };
    let written = file.write_all(format!("{start}{line}\n").as_bytes()).and_then(|()| file.sync_data());
    // A full disk can have taken half of it.
    written.inspect_err(|_| drop(file.set_len(length)))
}

/// Whether a file has a last line without a line break.
fn ends_within_line(file: &mut File, length: u64) -> io::Result<bool> {
    if length == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// Takes the file from other users, whom an editor or a backup may have given access. Errors are ignored, because a line
/// has no secrets.
fn make_private(file: &File) {
    #[cfg(unix)]
    {
        use std::fs::Permissions;
        use std::os::unix::fs::PermissionsExt;
        if file.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
            let _ = file.set_permissions(Permissions::from_mode(0o600));
        }
    }
    #[cfg(not(unix))]
    let _ = file;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn lines_of_threads_are_kept_apart_and_half_a_line_stays_alone() {
        const THREADS: usize = 8;
        const LINES: usize = 20;
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("below/lines");
        append(&path, "first").expect("a line");
        OpenOptions::new()
            .append(true)
            .open(&path)
            .and_then(|mut it| it.write_all(b"half"))
            .expect("half a line");
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let path = &path;
                scope.spawn(move || {
                    for line in 0..LINES {
                        append(path, &format!("{thread} {line} {}", "x".repeat(5000))).expect("a line");
                    }
                });
            }
        });
        let text = fs::read_to_string(&path).expect("a file");
        let lines: Vec<&str> = text.lines().collect();
        assert!(text.ends_with('\n') && lines[..2] == ["first", "half"], "{:?}", &lines[..2]);
        let is_whole = |line: &&str| line.ends_with(&"x".repeat(5000)) && line.matches(' ').count() == 2;
        assert_eq!(lines[2..].iter().filter(|line| is_whole(line)).count(), THREADS * LINES);
        assert_eq!(lines.len(), THREADS * LINES + 2);
    }

    #[test]
    fn the_last_lines_begin_with_a_whole_line() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("lines");
        let read = |limit| read_last_lines(&path, limit).expect("lines");
        assert_eq!(read(10), (Vec::new(), true));
        fs::write(&path, "one\ntwo\nthree\n").expect("a file");
        for (limit, lines, is_all) in [
            (14, "one\ntwo\nthree\n", true),
            (13, "two\nthree\n", false),
            (10, "three\n", false),
            (6, "", false),
            (0, "", false),
        ] {
            assert_eq!(read(limit), (lines.as_bytes().to_vec(), is_all), "{limit}");
        }
    }
}
