//! What creates and updates are given: flags, and a JSON file beside them.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::command::aside;
use crate::error::Failure;
use crate::wire::{Field, Metadata};

/// The whole object as JSON.
#[derive(Args, Clone, Debug)]
pub(crate) struct FileArgs {
    /// Take the object from a JSON file, or from stdin with `-`; flags beside it win
    #[arg(long, value_name = "PATH")]
    from_file: Option<PathBuf>,
}

/// No object is longer, in bytes.
const LONGEST: u64 = 1024 * 1024;

impl FileArgs {
    /// See [`crate::command::Write::reads_stdin`].
    pub(crate) fn reads_stdin(&self) -> Option<&'static str> {
        self.from_file.as_deref().is_some_and(is_stdin).then_some("--from-file -")
    }

    /// The object in the file; an empty one where no file is named.
    pub(crate) async fn read<T: DeserializeOwned + Default>(&self) -> Result<T> {
        let Some(path) = self.from_file.clone() else { return Ok(T::default()) };
        let name = if is_stdin(&path) { "stdin".to_owned() } else { path.display().to_string() };
        let text = aside(move || Ok(read(&path))).await?.map_err(|error| {
            Failure::usage(format!("Cannot read the object from {name}"))
                .why(error.to_string())
                .hint("name a file with one JSON object, or `-` and pipe it into the command")
        })?;
        serde_json::from_slice(&text).map_err(|error| {
            Failure::usage(format!("The object in {name} cannot be used"))
                .why(error.to_string())
                .hint("the object is the request's body as --dry-run shows it")
                .into()
        })
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let source: &mut dyn Read =
        if is_stdin(path) { &mut std::io::stdin().lock() } else { &mut std::fs::File::open(path)? };
    let mut text = Vec::new();
    source.take(LONGEST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LONGEST { Err(std::io::Error::other("it is longer than 1 MiB")) } else { Ok(text) }
}

/// On a command line, `-` is stdin.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Metadata, whole and by its fields.
#[derive(Args, Clone, Debug)]
pub(crate) struct MetadataArgs {
    /// Metadata as a JSON object of texts, such as '{"tier":"pro"}'
    #[arg(long, value_name = "JSON")]
    metadata: Option<Metadata>,
    /// One text of the metadata; repeat it for more. In an update `NAME=` removes the name
    #[arg(long, value_name = "NAME=TEXT")]
    metadata_field: Vec<Field>,
}

impl MetadataArgs {
    /// What the flags say, over what the file says.
    pub(crate) fn over(&self, file: Option<Metadata>) -> Result<Option<Metadata>, Failure> {
        let whole = self.metadata.clone().or(file);
        if self.metadata_field.is_empty() {
            return Ok(whole);
        }
        let mut metadata = whole.unwrap_or_default();
        for field in &self.metadata_field {
            metadata.set(field.clone()).map_err(|limit| {
                Failure::usage(limit).hint("leave some out; Stripe keeps no more beside an object")
            })?;
        }
        Ok(Some(metadata))
    }
}

/// Reads `true` and `false`, in either case.
pub(crate) fn boolean() -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new(["true", "false"]).map(|word| word.eq_ignore_ascii_case("true"))
}

/// A request's body, for whoever is to say yes to it.
pub(crate) fn in_full(body: &impl Serialize) -> Option<String> {
    serde_json::to_string(body).ok()
}

/// A field that a new object needs, and nobody gave.
pub(crate) fn missing(flag: &str) -> Failure {
    Failure::usage(format!("The object has no {}", flag.trim_start_matches('-').replace('-', " ")))
        .hint(format!("give it with {flag}, or in the file"))
}
