//! Catalog as code: what a file says is for sale, compared with what is for sale at Stripe, and made so.
//!
//! `file` reads `payments.toml` and `export` writes it; `plan` compares, a pure function; a [`Plan`] is made of changes,
//! a change of requests, and `apply` sends them one after the other.
//!
//! Whoever is in the file is known at Stripe by what stands in its metadata under [`IDENTITY`]: a product by its key, a
//! price by its lookup key. What has no identity there is not managed, and never touched.

pub(crate) mod apply;
mod export;
pub(crate) mod file;
mod identity;
pub(crate) mod plan;
mod wanted;
mod words;

pub(crate) use export::{Adopt, Export, export};
pub(crate) use wanted::{Wanted, WantedPrice, WantedProduct};

use crate::wire::Mirror;

/// The metadata key under which a managed object carries its identity.
pub(crate) const IDENTITY: &str = "catalog_key";
/// The metadata key under which a price that was replaced names the price that replaced it.
pub(crate) const REPLACED_BY: &str = "catalog_replaced_by";

/// What is managed of a mirror: what carries its identity.
pub(crate) fn managed(mut mirror: Mirror) -> Mirror {
    mirror.products.retain(|product| identity::of_product(product).is_some());
    mirror.prices.retain(|price| price.metadata.contains_key(IDENTITY));
    mirror
}
