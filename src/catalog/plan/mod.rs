//! What has to change at Stripe so that it is as the file says: a pure comparison.
//!
//! It keeps nothing between two runs. Whatever state an apply was stopped in, comparing again finds what is left to do:
//! - a price's identity moves in one request with its lookup key, so at every moment each price is told apart;
//! - of several prices with one identity, one that is as the file says stays, and the others give way to it;
//! - a price that gave way says so in its metadata, and is archived as soon as it can be.
//!
//! After an apply there is nothing left to do: comparing again finds no change.

mod change;
mod compared;
mod conflict;
mod index;
mod price;
mod product;
mod replace;
mod rest;
mod shown;
mod step;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod generators;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod simulator;

pub(crate) use change::{Action, Change, Kind, Plan, Summary, Unmanaged};
pub(crate) use step::{Ref, Step, replaced_by};

use crate::catalog::Wanted;
use crate::error::Failure;
use crate::wire::{Environment, Mirror};
use index::Index;
use price::Goal;
use rest::Rest;

/// What a comparison is to know besides file and mirror.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// What is managed and not in the file is archived.
    pub(crate) prune: bool,
    /// Whose catalog it is, for what a failure says to do.
    pub(crate) environment: Environment,
}

/// Compares. The file's keys and lookup keys are expected to be there once each.
///
/// The changes are in an order in which Stripe takes them: lookup keys that are in the way are freed first, then come
/// the file's products in its order, each with its prices, and what is only archived comes last.
///
/// # Errors
/// [`crate::error::Code::CatalogConflict`] where two products have one identity, or a lookup key of the file names a
/// price that is not managed and not as the file says; [`crate::error::Code::Usage`] where a product or a price has too much metadata.
pub(crate) fn plan(wanted: &Wanted, mirror: &Mirror, options: Options) -> Result<Plan, Failure> {
    let mut index = Index::new(wanted, mirror)?;
    index.check_lookup_keys(options.environment)?;
    let mut plan = Plan { changes: index.free_lookup_keys(), unmanaged: Vec::new() };
    for product in &wanted.products {
        let found = index.product(&product.key);
        plan.changes.extend(product::change(product, found)?);
        for price in &product.prices {
            let goal = Goal { price, key: &product.key, product: found };
            let candidates = index.candidates(price.lookup_key.as_str());
            let (change, held) = price::change(&goal, &candidates, options.environment)?;
            plan.changes.extend(change);
            plan.unmanaged.extend(held);
        }
    }
    Rest { index: &index, prune: options.prune }.add_to(&mut plan);
    Ok(plan)
}
