//! The arguments that all creates and updates of Stripe objects share.

use clap::Args;

use crate::commands::common::boolean;
use crate::error::Failure;
use crate::runner::FileArgs;
use crate::wire::{Metadata, MetadataEntry};

/// Whether the object is active, its metadata, and a file that can have the whole object.
#[derive(Args, Clone, Debug)]
pub(super) struct ObjectArgs {
    /// Whether customers can buy it; a new one is active by default
    #[arg(long, value_name = "BOOL", value_parser = boolean(), ignore_case = true)]
    active: Option<bool>,
    /// Metadata as a JSON object, such as '{"tier":"pro"}'; in an update, null removes a value
    #[arg(long, value_name = "JSON")]
    metadata: Option<Metadata>,
    /// One metadata value, such as tier=pro; repeatable; in an update, `NAME=` removes it
    #[arg(long, value_name = "NAME=VALUE")]
    metadata_field: Vec<MetadataEntry>,
    #[command(flatten)]
    pub(super) file: FileArgs,
}

impl ObjectArgs {
    /// The value of the option, or else of the file.
    pub(super) fn active(&self, file: Option<bool>) -> Option<bool> {
        self.active.or(file)
    }

    /// The values of the options, or else of the file.
    pub(super) fn metadata(&self, file: Option<Metadata>) -> Result<Option<Metadata>, Failure> {
        let whole = self.metadata.clone().or(file);
        if self.metadata_field.is_empty() {
            return Ok(whole);
        }
        let mut metadata = whole.unwrap_or_default();
        for field in &self.metadata_field {
            metadata.set(field.clone()).map_err(|limit| {
                Failure::usage("Too many values of --metadata-field")
                    .why(limit)
                    .hint("leave some out: Stripe stores no more with an object")
            })?;
        }
        Ok(Some(metadata))
    }
}
