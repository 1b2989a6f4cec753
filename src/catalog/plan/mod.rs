//! Plans the changes that make Stripe match the desired catalog. Planning is a pure comparison without stored state.
//!
//! A plan can follow an apply that stopped at any request:
//! - one request moves a price's `catalog_key` and lookup key, so each price can be identified at any time;
//! - of several prices with the same `catalog_key`, one that matches the file stays and replaces the others;
//! - a replaced price names its replacement in its metadata, and is archived as soon as Stripe allows it.
//!
//! After a complete apply, the next plan is empty.

mod archive_product;
mod change;
mod current;
mod describe;
mod diff;
mod orphans;
mod price;
mod product;
mod replace_price;
mod step;

#[cfg(test)]
mod tests;

pub(crate) use archive_product::{ProductArchive, archive_product};
pub(crate) use change::{CatalogPlan, ChangeAction, ObjectKind, PlanSummary, PlannedChange, UnmanagedObject};
pub(crate) use replace_price::{PriceReplacement, replace_price};
pub(crate) use step::{ObjectRef, Step, replaced_by};

use std::fmt;

use crate::catalog::DesiredCatalog;
use crate::error::Failure;
use crate::wire::{Environment, Mirror};
use current::CatalogIndex;
use orphans::Orphans;
use price::PriceTarget;

/// The options of a comparison.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlanOptions {
    /// Where the desired catalog comes from.
    pub(crate) source: Source,
    /// Whether to archive managed objects that the desired catalog does not have.
    pub(crate) prune: bool,
    /// The environment that error messages name.
    pub(crate) environment: Environment,
}

/// Where a desired catalog comes from, for messages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    File,
    Environment(Environment),
}

/// `the file` or `test`
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "the file",
            Self::Environment(environment) => environment.as_str(),
        })
    }
}

/// Compares the desired catalog with the mirror. Each key and lookup key must be unique in the desired catalog.
///
/// Stripe accepts the changes in this order: first lookup keys are released for other prices, then the file's products
/// follow in its order, each with its prices, and objects to archive come last.
///
/// # Errors
/// [`crate::error::Code::CatalogConflict`] if two products have the same `catalog_key`, or if an unmanaged price has a
/// lookup key of the file and differs from the file. [`crate::error::Code::Usage`] if a product or price has too much
/// metadata.
pub(crate) fn plan(
    desired: &DesiredCatalog,
    mirror: &Mirror,
    options: PlanOptions,
) -> Result<CatalogPlan, Failure> {
    let mut index = CatalogIndex::new(desired, mirror)?;
    index.check_lookup_keys(options)?;
    let mut plan = CatalogPlan { changes: index.release_lookup_keys(options.source), unmanaged: Vec::new() };
    for product in &desired.products {
        let current = index.product(&product.key);
        plan.changes.extend(product::change(product, current, options.source)?);
        for price in &product.prices {
            let target = PriceTarget { price, product_key: &product.key, product: current };
            let candidates = index.candidates(price.lookup_key.as_str());
            let (change, unmanaged) = price::change(&target, &candidates, options)?;
            plan.changes.extend(change);
            plan.unmanaged.extend(unmanaged);
        }
    }
    Orphans { index: &index, options }.add_to(&mut plan);
    Ok(plan)
}
