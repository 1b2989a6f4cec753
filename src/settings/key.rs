//! Reads the project's API key from a pipe or a file, and rejects text that cannot be an API key.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use zeroize::Zeroizing;

use crate::env::ProcessEnv;
use crate::error::{Code, Failure};
use crate::secret::Secret;
use crate::settings::{Source, WithSource};

/// A flag that says where to read the key. No flag takes the key itself, because other users can see argv.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyFlag {
    Stdin,
    File(PathBuf),
}

impl KeyFlag {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Stdin => "--api-key-stdin",
            Self::File(_) => "--api-key-file",
        }
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
                let key = read_secret(std::io::stdin().lock()).map_err(|error| {
                    Failure::new(Code::ApiKeyInvalid, "Cannot read the key from stdin")
                        .why(format!("{error:#}"))
                })?;
                Ok(WithSource { value: check_api_key(key, &source)?, source })
            }
        }
    }
}

pub(super) fn read_key_file(path: &Path, named_by: &'static str) -> Result<WithSource<Secret>> {
    let source = Source::KeyFile { named_by, path: path.to_owned() };
    let key =
        std::fs::File::open(path).map_err(anyhow::Error::from).and_then(read_secret).map_err(|error| {
            Failure::new(Code::ApiKeyInvalid, format!("Cannot read the key from {}", path.display()))
                .why(format!("{error:#}"))
                .hint(format!("check the path in {named_by}"))
        })?;
    Ok(WithSource { value: check_api_key(key, &source)?, source })
}

/// In bytes; no key is longer.
const MAX_KEY_BYTES: u64 = 16 * 1024;

/// Reads a key of the project or of a payment provider.
pub(crate) fn read_secret(from: impl Read) -> Result<Secret> {
    let mut text = Zeroizing::new(Vec::new());
    from.take(MAX_KEY_BYTES + 1).read_to_end(&mut text)?;
    anyhow::ensure!(text.len() as u64 <= MAX_KEY_BYTES, "the input is too long to be a key");
    Ok(Secret::new(std::str::from_utf8(&text).context("the input is not UTF-8 text")?.to_owned()))
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
