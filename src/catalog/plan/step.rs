//! The requests that a change is made of.

use crate::catalog::{IDENTITY, REPLACED_BY};
use crate::error::{Code, Failure};
use crate::wire::{Metadata, NewPrice, NewProduct, PriceChanges, ProductChanges};

/// An object that a request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ref {
    /// It is there, with this id.
    Known(String),
    /// It is made earlier in the plan: the product of this key, or the price of this lookup key.
    Made(String),
}

/// One request. None of them deletes anything.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    CreateProduct {
        /// Its key in the file.
        key: String,
        body: NewProduct,
    },
    UpdateProduct {
        id: String,
        changes: ProductChanges,
    },
    CreatePrice {
        /// Its lookup key in the file, which a replacement gets only later.
        key: String,
        product: Ref,
        /// Without its product's id.
        body: NewPrice,
    },
    UpdatePrice {
        price: Ref,
        changes: PriceChanges,
        /// The price that takes its place from now on: its id goes into the changes, see [`replaced_by`].
        replaced_by: Option<Ref>,
    },
    ArchivePrice {
        id: String,
    },
}

impl Step {
    /// A change of a price, and no more than that.
    pub(super) fn update(price: Ref, changes: PriceChanges) -> Self {
        Self::UpdatePrice { price, changes, replaced_by: None }
    }
}

/// The changes of a price in whose place another comes, whose id is known now: the same, and its metadata says so and
/// loses its identity.
///
/// # Errors
/// The id is no text for metadata.
pub(crate) fn replaced_by(mut changes: PriceChanges, id: &str) -> Result<PriceChanges, Failure> {
    let mut metadata = changes.metadata.take().unwrap_or_default();
    put(&mut metadata, IDENTITY, "", id)?;
    put(&mut metadata, REPLACED_BY, id, id)?;
    changes.metadata = Some(metadata);
    Ok(changes)
}

/// Puts a text into the metadata of what this key names.
pub(super) fn put(metadata: &mut Metadata, name: &str, text: &str, key: &str) -> Result<(), Failure> {
    metadata.put(name, text).map_err(|why| {
        Failure::new(
            Code::Usage,
            format!("The metadata of `{key}` has no room for what this tool keeps there"),
        )
        .why(why)
        .hint("take a name out of its metadata in the file")
    })
}
