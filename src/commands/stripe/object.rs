//! What creates and updates of every object at Stripe have in common.

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::commands::common::{FileArgs, boolean};
use crate::error::Failure;
use crate::runner::Entries;
use crate::wire::{Metadata, MetadataEntry};

/// Whether it is for sale, its metadata, and a file that may have it all.
#[derive(Args, Clone, Debug)]
pub(super) struct ObjectArgs {
    /// Whether it can be bought [default for a new one: true]
    #[arg(long, value_name = "BOOL", value_parser = boolean(), ignore_case = true)]
    active: Option<bool>,
    /// Metadata as a JSON object of texts, such as '{"tier":"pro"}'
    #[arg(long, value_name = "JSON")]
    metadata: Option<Metadata>,
    /// One text of the metadata; repeat it for more. In an update `NAME=` removes the name
    #[arg(long, value_name = "NAME=TEXT")]
    metadata_field: Vec<MetadataEntry>,
    #[command(flatten)]
    file: FileArgs,
}

impl ObjectArgs {
    /// See [`crate::runner::Write::reads_stdin`].
    pub(super) fn reads_stdin(&self) -> Option<&'static str> {
        self.file.reads_stdin()
    }

    /// See [`crate::runner::Bulk::read`].
    pub(super) async fn read<T: DeserializeOwned + Serialize>(&self) -> Result<Option<Entries<T>>> {
        self.file.read().await
    }

    /// What the flag says, over what the file says.
    pub(super) fn active(&self, file: Option<bool>) -> Option<bool> {
        self.active.or(file)
    }

    /// What the flags say, over what the file says.
    pub(super) fn metadata(&self, file: Option<Metadata>) -> Result<Option<Metadata>, Failure> {
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
