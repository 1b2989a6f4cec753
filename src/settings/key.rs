//! Reading the project's API key from where a flag or a variable says, and refusing what cannot be one.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use zeroize::Zeroizing;

use crate::env::ProcessEnv;
use crate::error::{Code, Failure};
use crate::secret::Secret;
use crate::settings::{Found, Source};

/// A flag that says where the key is; the key itself has none, argv is public.
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

    /// Reads the key from where the flag says.
    pub(crate) fn read(&self, env: &ProcessEnv) -> Result<Found<Secret>> {
        match self {
            Self::File(path) => read_key_file(path, "--api-key-file"),
            Self::Stdin if env.stdin_terminal => {
                Err(Failure::usage("--api-key-stdin reads a pipe, not a terminal")
                    .hint("leave it out to be asked for the key, or pipe the key into the command")
                    .into())
            }
            Self::Stdin => {
                let source = Source::Flag("--api-key-stdin");
                let key = read_secret(std::io::stdin().lock()).map_err(|error| {
                    Failure::new(Code::ApiKeyInvalid, "Cannot read the key from stdin")
                        .why(format!("{error:#}"))
                })?;
                Ok(Found { value: check_api_key(key, &source)?, source })
            }
        }
    }
}

pub(super) fn read_key_file(path: &Path, named_by: &'static str) -> Result<Found<Secret>> {
    let source = Source::KeyFile { named_by, path: path.to_owned() };
    let key =
        std::fs::File::open(path).map_err(anyhow::Error::from).and_then(read_secret).map_err(|error| {
            Failure::new(Code::ApiKeyInvalid, format!("Cannot read the key from {}", path.display()))
                .why(format!("{error:#}"))
                .hint(format!("check the path that {named_by} gives"))
        })?;
    Ok(Found { value: check_api_key(key, &source)?, source })
}

/// The longest text that is taken for a key.
const LONGEST_KEY: u64 = 16 * 1024;

/// Reads a key, whoever's it is.
pub(crate) fn read_secret(from: impl Read) -> Result<Secret> {
    let mut text = Zeroizing::new(Vec::new());
    from.take(LONGEST_KEY + 1).read_to_end(&mut text)?;
    anyhow::ensure!(text.len() as u64 <= LONGEST_KEY, "it is longer than any key");
    Ok(Secret::new(std::str::from_utf8(&text).context("it is not text")?.to_owned()))
}

/// Refuses what cannot be the project's API key, before it is sent or stored anywhere.
pub(crate) fn check_api_key(key: Secret, source: &Source) -> Result<Secret, Failure> {
    let wrong = |what: &str| {
        Failure::new(Code::ApiKeyInvalid, format!("The API key from {source} {what}"))
            .hint("use the project's API key (ik_…) from the backend's settings")
    };
    if let Some(flaw) = key.flaw() {
        return Err(wrong(flaw));
    }
    let providers = ["sk_", "rk_", "pk_", "whsec_", "rzp_"];
    if providers.iter().any(|prefix| key.expose().starts_with(prefix)) {
        return Err(wrong("is a payment provider's key, not the project's"));
    }
    Ok(key)
}
