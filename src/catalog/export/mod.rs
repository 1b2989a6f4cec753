//! Writes `payments.toml` from what is at Stripe: a new file, or what has changed into one that is there.

mod adopt;
mod choose;
mod edit;
#[cfg(test)]
mod edit_tests;
mod fresh;
mod keys;
mod place;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
mod world;

use serde::Serialize;

pub(crate) use self::adopt::Adopt;
use self::choose::Chosen;
pub(crate) use self::choose::has_amount;
pub(crate) use self::fresh::escape;
use super::{Wanted, file};
use crate::error::{Code, Failure};
use crate::wire::{Metadata, Mirror};

/// A file with what is at Stripe, and what there is to know about it.
#[derive(Clone, Debug)]
pub(crate) struct Export {
    /// The whole file. It is the one before to the byte where nothing has changed.
    pub(crate) text: String,
    /// How many products are in it.
    pub(crate) products: usize,
    /// How many prices are in it.
    pub(crate) prices: usize,
    /// What is for sale at Stripe and not in the file.
    pub(crate) left_out: Vec<LeftOut>,
    /// What was in the file and is not any more, as paths: `products.pro.prices.monthly`.
    pub(crate) removed: Vec<String>,
    /// What there is to write at Stripe, so that a later plan recognises what was exported.
    pub(crate) adopt: Vec<Adopt>,
}

/// Something that is for sale at Stripe and that the file cannot say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct LeftOut {
    /// `product` or `price`.
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    /// As in `it is tiered`.
    pub(crate) reason: String,
}

impl LeftOut {
    /// In a sentence.
    pub(crate) fn note(&self) -> String {
        format!("Left out: {} {}, {}.", self.kind, self.id, self.reason)
    }
}

/// Writes what is at Stripe into the file that is `before`, or into a new one. `name` is the file's name as errors show it.
///
/// # Errors
/// The file before cannot be read, or objects at Stripe contradict each other about who they are.
pub(crate) fn export(mirror: &Mirror, before: Option<&str>, name: &str) -> Result<Export, Failure> {
    let said = before.map(|text| file::read(text, name)).transpose()?;
    world::check(mirror)?;
    let Chosen { products, left_out } = choose::choose(mirror, said.as_ref());
    let named = keys::name(mirror, products, said.as_ref());
    let adopt = adopt::all(mirror, &named);
    let target = Wanted { products: named.into_iter().map(|product| product.wanted).collect() };
    let mut removed = Vec::new();
    let text = match before.zip(said.as_ref()) {
        None => fresh::file(&target),
        Some((text, said)) if settled(said) == settled(&target) => text.to_owned(),
        Some((text, said)) => {
            removed = edit::removed(said, &target);
            let text = edit::edit(text, said, &target).ok_or_else(|| unwritable(name))?;
            // There are many ways to write a table, and no one of them may end in a file that says something else.
            let again = file::read(&text, name).map_err(|_| unwritable(name))?;
            if settled(&again) != settled(&target) {
                return Err(unwritable(name));
            }
            text
        }
    };
    let prices = target.products.iter().map(|product| product.prices.len()).sum();
    Ok(Export { text, products: target.products.len(), prices, left_out, removed, adopt })
}

fn unwritable(name: &str) -> Failure {
    Failure::new(Code::Failed, format!("{name} cannot be changed into what is at Stripe"))
        .why("its tables are written in a way that this tool cannot keep; it is left as it is")
        .hint("export into a new file, and take over from it what has changed")
}

/// The same catalog in one order, and without the names that are only there to be taken away: they are.
fn settled(wanted: &Wanted) -> Wanted {
    let mut wanted = wanted.clone();
    wanted.products.sort_by(|one, other| one.key.cmp(&other.key));
    for product in &mut wanted.products {
        product.metadata = product.metadata.as_ref().and_then(kept);
        product.prices.sort_by(|one, other| one.key.cmp(&other.key));
        for price in &mut product.prices {
            price.metadata = price.metadata.as_ref().and_then(kept);
        }
    }
    wanted
}

/// What is not empty of some metadata.
fn kept(metadata: &Metadata) -> Option<Metadata> {
    choose::metadata(metadata.iter().filter(|(_, text)| !text.is_empty())).ok().flatten()
}
