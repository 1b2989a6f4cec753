//! What at Stripe contradicts the file in a way that only a person can decide.

use crate::catalog::IDENTITY;
use crate::catalog::plan::index::Seen;
use crate::error::{Code, Failure};
use crate::wire::{Environment, MirroredProduct};

const DASHBOARD: &str = "take the lookup key from it in Stripe's dashboard";

/// Which of two products the file means cannot be told.
pub(super) fn two_products(key: &str, one: &MirroredProduct, other: &MirroredProduct) -> Failure {
    let (one, other) = (&one.product_id, &other.product_id);
    Failure::new(Code::CatalogConflict, format!("Two products at Stripe are `{key}`: {one} and {other}"))
        .why(format!(
            "both have it as {IDENTITY} in their metadata, so which of them the file means cannot be told"
        ))
        .hint(format!(
            "take {IDENTITY} out of the metadata of the one that is not to be managed, in Stripe's dashboard"
        ))
}

/// A price without an identity has a lookup key of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotManaged<'s, 'a> {
    pub(super) key: &'s str,
    pub(super) seen: &'s Seen<'a>,
    pub(super) environment: Environment,
}

impl NotManaged<'_, '_> {
    /// No file can say it, or its product is not managed either.
    pub(super) fn failure(self) -> Failure {
        let id = &self.seen.price.price_id;
        if let Some(why) = self.seen.beyond_files() {
            return self.because(format!("{id} {why}, which no file can say")).hint(DASHBOARD);
        }
        // Only what is for sale is exported.
        let is_exported = self.seen.price.active && self.seen.product.is_some_and(|product| product.active);
        let hint = if is_exported {
            // Another file: this one would lose what was changed in it.
            format!(
                "`insforge payments catalog export {} --adopt --file OTHER.toml` gives both one, and writes them into \
                 another file to take over from; otherwise {DASHBOARD}",
                self.environment
            )
        } else {
            DASHBOARD.to_owned()
        };
        self.because(format!("neither {id} nor its product has {IDENTITY} in its metadata")).hint(hint)
    }

    /// It differs in this, which Stripe changes in no price: to make it managed is to have it replaced.
    pub(super) fn differs(self, words: &str) -> Failure {
        let id = &self.seen.price.price_id;
        self.because(format!(
            "{id} has no {IDENTITY} in its metadata, and differs in {words}, which Stripe does not change"
        ))
        .hint(format!(
            "`insforge payments prices update {} {id} --metadata-field {IDENTITY}={}` gives it one, and it will be replaced; \
             otherwise {DASHBOARD}",
            self.environment,
            shell_words::quote(self.key)
        ))
    }

    /// Another price has the identity already.
    pub(super) fn beside(self, managed: &Seen) -> Failure {
        let (id, other) = (&self.seen.price.price_id, &managed.price.price_id);
        self.because(format!(
            "{id} has no {IDENTITY} in its metadata, and {other} has this lookup key as its own there"
        ))
        .hint(format!(
            "`insforge payments prices update {} {id} --lookup-key null` takes the lookup key from it",
            self.environment
        ))
    }

    fn because(self, why: String) -> Failure {
        let (key, id) = (self.key, &self.seen.price.price_id);
        Failure::new(
            Code::CatalogConflict,
            format!("The lookup key `{key}` belongs to {id}, a price that is not managed"),
        )
        .why(why)
    }
}
