//! Reads the project's API key from a pipe or a file, and rejects text that cannot be an API key.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::env::ProcessEnv;
use crate::error::{Code, Failure};
use crate::input::{Input, MAX_KEY};
use crate::secret::Secret;
use crate::settings::{Source, WithSource};

/// A flag that says where to read the key. No flag takes the key itself, because other users can see argv.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyFlag {
    Stdin,
    File(PathBuf),
}

impl KeyFlag {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Stdin => "--api-key-stdin",
            Self::File(_) => "--api-key-file",
        }
    }

    /// What a run waits for while it reads the key.
    pub(crate) fn awaited(&self) -> String {
        format!("the API key from {}", self.name())
    }

    /// Reads the key.
    pub(crate) fn read(&self, env: &ProcessEnv) -> Result<WithSource<Secret>> {
        match self {
            Self::File(path) => read_key_file(path, "--api-key-file"),
            Self::Stdin if env.stdin_terminal => {
                Err(Failure::usage("--api-key-stdin reads a pipe, not a terminal")
                    .hint("pipe the key into the command, or omit the option to be prompted for the key")
                    .into())
            }
            Self::Stdin => {
                let source = Source::Flag("--api-key-stdin");
                let key = read_secret(&Input::Stdin).map_err(|error| {
                    Failure::new(Code::ApiKeyInvalid, "Cannot read the key from stdin")
                        .why(error.to_string())
                        .hint("pipe the project's API key (ik_…) into the command, and nothing else")
                })?;
                Ok(WithSource { value: check_api_key(key, &source)?, source })
            }
        }
    }
}

pub(super) fn read_key_file(path: &Path, named_by: &'static str) -> Result<WithSource<Secret>> {
    let source = Source::KeyFile { named_by, path: path.to_owned() };
    let key = read_secret(&Input::Named(path.to_owned())).map_err(|error| {
        Failure::new(Code::ApiKeyInvalid, format!("Cannot read the key from {}", path.display()))
            .why(error.to_string())
            .hint(format!("check the file that {named_by} names"))
    })?;
    Ok(WithSource { value: check_api_key(key, &source)?, source })
}

/// Reads a key of the project or of a payment provider.
pub(crate) fn read_secret(from: &Input) -> std::io::Result<Secret> {
    from.read(MAX_KEY).map(Secret::remembered)
}

/// Rejects text that cannot be the project's API key, before it is sent or stored.
pub(crate) fn check_api_key(key: Secret, source: &Source) -> Result<Secret, Failure> {
    let invalid = |reason: &str| {
        Failure::new(Code::ApiKeyInvalid, format!("The API key from {source} {reason}"))
            .hint("use the project's API key (ik_…), which is in the project's settings")
    };
    if let Some(flaw) = key.flaw() {
        return Err(invalid(flaw));
    }
    let provider_prefixes = ["sk_", "rk_", "pk_", "whsec_", "rzp_"];
    if provider_prefixes.iter().any(|prefix| key.expose().starts_with(prefix)) {
        return Err(invalid("is a payment provider's key, not the project's"));
    }
    Ok(key)
}
