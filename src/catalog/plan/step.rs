//! The requests of a change.

use crate::catalog::{CATALOG_KEY, REPLACED_BY};
use crate::error::{Code, Failure};
use crate::wire::{Metadata, NewPrice, NewProduct, PriceChanges, ProductChanges};

/// The product or price that a request refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ObjectRef {
    /// An object that exists, by its id.
    Existing(String),
    /// An object that an earlier step creates: a product by its key, a price by its lookup key.
    Created(String),
}

/// One request. No step deletes anything.
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
        /// Its lookup key in the file. A replacement gets it in a later step.
        key: String,
        product: ObjectRef,
        /// Without `product_id`.
        body: NewPrice,
    },
    UpdatePrice {
        price: ObjectRef,
        changes: PriceChanges,
        /// The price that replaces it. [`replaced_by`] adds its id to the changes.
        replaced_by: Option<ObjectRef>,
    },
    ArchivePrice {
        id: String,
    },
}

impl Step {
    /// An update of a price that is not replaced.
    pub(super) fn update(price: ObjectRef, changes: PriceChanges) -> Self {
        Self::UpdatePrice { price, changes, replaced_by: None }
    }
}

/// Adds to the changes of a price that the price `id` replaces it, and that it is no longer managed.
///
/// # Errors
/// The id is not a valid metadata value.
pub(crate) fn replaced_by(mut changes: PriceChanges, id: &str) -> Result<PriceChanges, Failure> {
    let mut metadata = changes.metadata.take().unwrap_or_default();
    put(&mut metadata, CATALOG_KEY, "", id)?;
    put(&mut metadata, REPLACED_BY, id, id)?;
    changes.metadata = Some(metadata);
    Ok(changes)
}

/// Sets one name in the metadata of the object with this key.
pub(super) fn put(metadata: &mut Metadata, name: &str, value: &str, key: &str) -> Result<(), Failure> {
    metadata.put(name, value).map_err(|why| {
        Failure::new(Code::Usage, format!("The metadata of `{key}` has no room for this tool's own keys"))
            .why(why)
            .hint("remove a metadata key from the file")
    })
}
