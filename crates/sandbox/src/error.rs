//! The errors of starting, using and resetting a sandbox.

use std::path::PathBuf;
use std::{fmt, io};

/// An error from starting or resetting a sandbox.
///
/// The text says what failed; [`source`](std::error::Error::source) has the reason, where there is one.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The sandbox cannot listen on this port.
    Listen {
        /// The requested port.
        port: u16,
        /// The reason.
        source: io::Error,
    },
    /// The state file cannot be read, written, locked or removed.
    File {
        /// The failed action: `read`, `write`, `lock` or `remove`.
        action: &'static str,
        /// The state file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The path of the state file is a directory, a device or a pipe.
    NotRegularFile {
        /// The path.
        path: PathBuf,
    },
    /// The file does not contain a valid state. It is not changed.
    InvalidState {
        /// The state file.
        path: PathBuf,
        /// Whether the file looks like a damaged state, and not like another kind of file.
        damaged: bool,
        /// The reason.
        source: serde_json::Error,
    },
    /// A later version of this crate wrote the state file. It is not changed.
    NewerState {
        /// The state file.
        path: PathBuf,
        /// The version in the file.
        version: u32,
        /// The latest version that this crate reads.
        supported: u32,
    },
    /// The file to reset does not look like a sandbox state. It is not changed.
    NotState {
        /// The file.
        path: PathBuf,
    },
    /// The state cannot be written as JSON.
    Serialize(serde_json::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { port, .. } => write!(f, "Cannot listen on port {port}"),
            Self::File { action, path, .. } => write!(f, "Cannot {action} {}", path.display()),
            Self::NotRegularFile { path } => write!(f, "{} is not a regular file", path.display()),
            Self::InvalidState { path, .. } => {
                write!(f, "{} is not a valid sandbox state file", path.display())
            }
            Self::NewerState { path, .. } => {
                write!(f, "{} was written by a later version", path.display())
            }
            Self::NotState { path } => write!(f, "{} is not a sandbox state file", path.display()),
            Self::Serialize(_) => f.write_str("Cannot write the sandbox state as JSON"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen { source, .. } | Self::File { source, .. } => Some(source),
            Self::InvalidState { source, .. } | Self::Serialize(source) => Some(source),
            Self::NotRegularFile { .. } | Self::NewerState { .. } | Self::NotState { .. } => None,
        }
    }
}
