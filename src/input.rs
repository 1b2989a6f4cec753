//! Reads the text that people and other programs write: settings, keys, catalogs, bulk input. Everything that is read comes
//! through here, so encodings and limits are the same everywhere.

use std::fs::{self, File};
use std::io::{self, Error, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use zeroize::{Zeroize, Zeroizing};

/// The longest key, in bytes.
pub(crate) const MAX_KEY: u64 = 64 * KIB;
/// The longest file of settings, in bytes.
pub(crate) const MAX_SETTINGS: u64 = MIB;
/// The longest catalog file, in bytes.
pub(crate) const MAX_CATALOG: u64 = 16 * MIB;
/// The longest file with objects, and the longest plan file, in bytes.
pub(crate) const MAX_OBJECTS: u64 = 64 * MIB;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// Where a text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Stdin,
    /// A file that the user named. It can be a pipe.
    Named(PathBuf),
    /// A file that the tool found by itself, perhaps in a directory of somebody else. Only a regular file is read.
    Found(PathBuf),
}

impl Input {
    /// The file that an argument names; `-` is stdin.
    pub(crate) fn named(path: &Path) -> Self {
        if is_stdin(path) { Self::Stdin } else { Self::Named(path.to_owned()) }
    }

    /// Reads the text, without a byte order mark. This can wait for a pipe.
    ///
    /// # Errors
    /// It cannot be read, is longer than `limit` bytes, or is not UTF-8. The message repeats nothing of the text.
    pub(crate) fn read(&self, limit: u64) -> io::Result<String> {
        // The text can be a key. Growing would leave a copy behind.
        let capacity = usize::try_from(limit.min(MAX_KEY) + 1).unwrap_or_default();
        let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
        self.open()?.take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(invalid(format!("it is longer than {}", size(limit))));
        }
        decode(std::mem::take(&mut *bytes))
    }

    fn open(&self) -> io::Result<Box<dyn Read>> {
        let path = match self {
            Self::Stdin => return Ok(Box::new(io::stdin().lock())),
            Self::Named(path) => path,
            Self::Found(path) => return Ok(Box::new(open_found(path)?)),
        };
        Ok(Box::new(File::open(path)?))
    }
}

/// Opens a file that the tool found by itself.
fn open_found(path: &Path) -> io::Result<File> {
    let kind = fs::metadata(path)?.file_type();
    // Opening a pipe would wait for its writer. Reading a directory has its own error.
    if !kind.is_file() && !kind.is_dir() {
        return Err(invalid("it is not a regular file".to_owned()));
    }
    File::open(path)
}

/// Reads the end of a file that the tool found by itself, at most `limit` bytes in any encoding, and whether this is the
/// whole file.
pub(crate) fn read_end(path: &Path, limit: u64) -> io::Result<(Vec<u8>, bool)> {
    let mut file = open_found(path)?;
    let start = file.metadata()?.len().saturating_sub(limit);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    // The file can grow meanwhile.
    file.take(limit).read_to_end(&mut bytes)?;
    Ok((bytes, start == 0))
}

/// Whether an argument means stdin.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// The value of a variable or an argument, without what files and other programs leave around it: a byte order mark, and
/// the line break at the end.
pub(crate) fn trim_line_end(text: &str) -> &str {
    text.trim_start_matches(BOM).trim_end_matches(['\r', '\n'])
}

/// The byte order mark, which some editors write at the beginning of a file.
pub(crate) const BOM: char = '\u{feff}';

/// The text of a file, without a byte order mark.
pub(crate) fn decode(bytes: Vec<u8>) -> io::Result<String> {
    if is_utf16(&bytes) {
        return Err(refused(bytes, "it is UTF-16; save it as UTF-8".to_owned()));
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|byte| *byte == b'\n').count();
        refused(error.into_bytes(), format!("line {line} is not UTF-8; save it as UTF-8"))
    })?;
    if text.starts_with(BOM) {
        text.drain(..BOM.len_utf8());
    }
    Ok(text)
}

/// Whether the bytes begin like UTF-16: with one of its marks, or with characters of which every other byte is zero.
fn is_utf16(bytes: &[u8]) -> bool {
    const CHECKED: usize = 64;
    let begin = &bytes[..bytes.len().min(CHECKED) & !1];
    let zeros_at = |offset: usize| {
        let pairs = begin.chunks_exact(2);
        begin.len() >= 4 && pairs.into_iter().all(|pair| pair[offset] == 0 && pair[1 - offset] != 0)
    };
    bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || zeros_at(0) || zeros_at(1)
}

fn refused(mut bytes: Vec<u8>, message: String) -> Error {
    bytes.zeroize();
    invalid(message)
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidData, message)
}

/// `16 MiB`
fn size(bytes: u64) -> String {
    if bytes < MIB { format!("{} KiB", bytes / KIB) } else { format!("{} MiB", bytes / MIB) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_utf8_and_every_other_encoding_is_named() {
        let utf16 =
            |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        let little = utf16("key = 'ä'\n", u16::to_le_bytes);
        let big = utf16("key = 'ä'\n", u16::to_be_bytes);
        let read = |bytes: &[u8]| decode(bytes.to_vec()).map_err(|error| error.to_string());
        for (bytes, text) in [
            (&b"a\r\nb\r\n"[..], Ok("a\r\nb\r\n")),
            (b"\xef\xbb\xbfa", Ok("a")),
            (b"", Ok("")),
            (b"a", Ok("a")),
            ("日".as_bytes(), Ok("日")),
            (b"a\0b", Ok("a\0b")),
            (b"\0\0", Ok("\0\0")),
            (&little, Err("it is UTF-16; save it as UTF-8")),
            (&big, Err("it is UTF-16; save it as UTF-8")),
            (b"\xff\xfe\xe5\x65", Err("it is UTF-16; save it as UTF-8")),
            (b"\xfe\xff\x65\xe5", Err("it is UTF-16; save it as UTF-8")),
            (b"a\nb\nschl\xfcssel", Err("line 3 is not UTF-8; save it as UTF-8")),
        ] {
            assert_eq!(read(bytes), text.map(str::to_owned).map_err(str::to_owned), "{bytes:?}");
        }
    }

    #[test]
    fn a_line_break_and_a_mark_are_not_part_of_a_value() {
        for (text, trimmed) in
            [("\u{feff}a\r\n", "a"), ("a b\r", "a b"), (" a ", " a "), ("\n", ""), ("", "")]
        {
            assert_eq!(trim_line_end(text), trimmed);
        }
    }
}
