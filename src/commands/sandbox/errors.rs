//! Errors of the sandbox as failures of the command line, with hints.

use std::error::Error as _;
use std::path::Path;

use crate::error::{Code, Failure};
use crate::sandbox::Error;

/// The failure that reports an error of the sandbox.
pub(super) fn failure(error: &Error) -> Failure {
    let code = match error {
        Error::Listen { .. } | Error::Serialize(_) => Code::Failed,
        _ => Code::SettingsInvalid,
    };
    let failure = Failure::new(code, error.to_string());
    let failure = match (error, error.source()) {
        (Error::NewerState { version, supported, .. }, _) => failure.why(format!(
            "the file has version {version}; this version of insforge reads up to version {supported}"
        )),
        (_, Some(source)) => failure.why(source.to_string()),
        (_, None) => failure,
    };
    match error {
        Error::Listen { .. } => failure.hint("choose another port, or use port 0 for any free one"),
        Error::File { .. } => {
            failure.hint("check that you own the file and its directory; --state names another file")
        }
        Error::NotRegularFile { .. } => {
            failure.hint("name a regular file; it is created if it does not exist")
        }
        Error::InvalidState { path, damaged: true, .. } => {
            failure.hint(format!("repair the file, or delete the state with {}", reset(path)))
        }
        Error::InvalidState { .. } => {
            failure.hint("name another file, or remove this one if you do not need it")
        }
        Error::NewerState { path, .. } => {
            failure.hint(format!("update insforge, or delete the state with {}", reset(path)))
        }
        Error::NotState { .. } => {
            failure.hint("check the path; to delete this file anyway, remove it yourself")
        }
        _ => failure,
    }
}

/// The command that deletes the state in this file.
fn reset(path: &Path) -> String {
    let path = path.display().to_string();
    format!("`insforge sandbox reset --state {}`", shell_words::quote(&path))
}
