//! What creates and updates are given: flags, and a JSON file beside them.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::commands::common::entries::entries;
use crate::error::Failure;
use crate::runner::{Entries, run_blocking};

/// An object that comes as JSON, or many.
#[derive(Args, Clone, Debug)]
pub(crate) struct FileArgs {
    /// Take the object from a JSON file, or from stdin with `-`; flags beside it win. An array or JSONL is many
    #[arg(long, value_name = "PATH")]
    from_file: Option<PathBuf>,
}

/// No file is longer, in bytes.
const LONGEST: u64 = 64 * 1024 * 1024;

impl FileArgs {
    /// See [`crate::runner::Write::reads_stdin`].
    pub(crate) fn reads_stdin(&self) -> Option<&'static str> {
        self.from_file.as_deref().is_some_and(is_stdin).then_some("--from-file -")
    }

    /// What is in the file; nothing where no file is named.
    pub(crate) async fn read<T: DeserializeOwned + Serialize>(&self) -> Result<Option<Entries<T>>> {
        let Some(path) = self.from_file.clone() else { return Ok(None) };
        let name = if is_stdin(&path) { "stdin".to_owned() } else { path.display().to_string() };
        let text = run_blocking(move || Ok(read(&path))).await?.map_err(|error| {
            Failure::usage(format!("Cannot read the object from {name}"))
                .why(error.to_string())
                .hint("name a file with JSON objects, or `-` and pipe them into the command")
        })?;
        entries(&text, name.clone()).map(Some).map_err(|why| {
            Failure::usage(format!("The object in {name} cannot be used"))
                .why(why)
                .hint("the object is the `body` that --dry-run shows, with the newer backend's field names")
                .into()
        })
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let source: &mut dyn Read =
        if is_stdin(path) { &mut std::io::stdin().lock() } else { &mut std::fs::File::open(path)? };
    let mut text = Vec::new();
    source.take(LONGEST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LONGEST {
        Err(std::io::Error::other("it is longer than 64 MiB"))
    } else {
        Ok(text)
    }
}

/// On a command line, `-` is stdin.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Reads `true` and `false`, in either case.
pub(crate) fn boolean() -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new(["true", "false"]).map(|word| word.eq_ignore_ascii_case("true"))
}

/// A request's body, for whoever is to say yes to it.
pub(crate) fn to_json(body: &impl Serialize) -> Option<String> {
    serde_json::to_string(body).ok()
}

/// A field that a new object needs, and nobody gave.
pub(crate) fn missing(flag: &str) -> Failure {
    Failure::usage(format!("The object has no {}", flag.trim_start_matches('-').replace('-', " ")))
        .hint(format!("give it with {flag}, or in the file"))
}
