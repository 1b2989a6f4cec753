//! What is at Stripe and not in the file: what is archived, and what is left alone and told.

use foldhash::HashMap;

use serde_json::{Value, json};

use crate::catalog::identity::of_product;
use crate::catalog::plan::index::{Index, Seen};
use crate::catalog::plan::shown::{CHOOSE_ANOTHER, facts, unmanaged};
use crate::catalog::plan::{Action, Change, Kind, Plan, Step, Unmanaged};
use crate::wire::{MirroredProduct, ProductChanges};

const NOT_IN_FILE: &str = "is not in the file";
const CAN_BE_PRUNED: &str = "is not in the file; --prune archives it";
const NO_IDENTITY: &str = "has no identity";

/// Goes through all that is active at Stripe, after the file.
#[derive(Debug)]
pub(super) struct Rest<'i, 'a> {
    pub(super) index: &'i Index<'a>,
    pub(super) prune: bool,
}

impl Rest<'_, '_> {
    /// Adds what it finds: replaced prices first, then what is pruned, prices before their products.
    pub(super) fn add_to(&self, plan: &mut Plan) {
        let prices = &self.index.prices;
        let identities: HashMap<&str, &str> = prices
            .iter()
            .filter_map(|seen| seen.identity.map(|identity| (seen.price.price_id.as_str(), identity)))
            .collect();
        let (mut pruned, mut told) = (Vec::new(), Vec::new());
        for product in self.index.mirror.products.iter().filter(|product| product.active) {
            match of_product(product) {
                Some(key) if self.index.wants_product(key) => {}
                Some(key) if self.prune => pruned.push(archive_product(key, product)),
                Some(_) => plan.unmanaged.push(left(product, CAN_BE_PRUNED, true)),
                None => plan.unmanaged.push(left(product, NO_IDENTITY, false)),
            }
        }
        for seen in prices.iter().filter(|seen| seen.price.active) {
            match self.fate(seen) {
                Fate::Planned => {}
                Fate::Told(reason) => told.push(unmanaged(seen, reason, false)),
                Fate::Differs(reason) => told.push(unmanaged(seen, reason, true)),
                Fate::Finished(by) => {
                    let key = identities.get(by).copied().unwrap_or(&seen.price.price_id);
                    plan.changes.push(archive(seen, key, format!("was replaced by {by}"), false));
                }
                Fate::Pruned(key) => pruned.push(archive(seen, key, NOT_IN_FILE.into(), true)),
            }
        }
        // Stable: products stay behind their prices.
        pruned.sort_by_key(|change| change.kind == Kind::Product);
        plan.changes.extend(pruned);
        plan.unmanaged.extend(told);
    }

    fn fate<'s>(&self, seen: &'s Seen) -> Fate<'s> {
        if let Some(why) = seen.beyond_files() {
            return Fate::Told(why.into());
        }
        if seen.candidate_of().is_some_and(|key| self.index.wants_price(key)) {
            return Fate::Planned;
        }
        let Some(identity) = seen.identity else {
            return match seen.replaced_by {
                Some(by) if seen.is_default => self.default(seen, &format!("was replaced by {by}")),
                Some(by) => Fate::Finished(by),
                None => Fate::Told(NO_IDENTITY.into()),
            };
        };
        match seen.product.and_then(of_product) {
            None => Fate::Told("is not in the file, and its product has no identity".into()),
            Some(_) if seen.is_default => self.default(seen, NOT_IN_FILE),
            Some(_) if self.prune => Fate::Pruned(identity),
            Some(_) => Fate::Differs(CAN_BE_PRUNED.into()),
        }
    }

    /// A default price stays as it is. Nobody has to know where its product is off sale with it.
    fn default(&self, seen: &Seen, why: &str) -> Fate<'static> {
        let off_sale = |product: &MirroredProduct| {
            let key = of_product(product);
            let kept = key.is_some_and(|key| self.index.wants_product(key));
            !kept && (!product.active || (self.prune && key.is_some()))
        };
        if seen.product.is_some_and(off_sale) {
            Fate::Planned
        } else {
            Fate::Differs(format!("{why}, but {CHOOSE_ANOTHER}"))
        }
    }
}

/// What becomes of a price.
enum Fate<'s> {
    /// Nothing that is not planned already.
    Planned,
    /// It is left alone, for this reason.
    Told(String),
    /// It is not as the file says, and is left alone for this reason.
    Differs(String),
    /// The last step of its replacement by this price is made.
    Finished(&'s str),
    /// It is archived: the file has nothing of this identity.
    Pruned(&'s str),
}

fn left(product: &MirroredProduct, reason: &str, differs: bool) -> Unmanaged {
    let (id, name) = (product.product_id.clone(), product.name.clone());
    Unmanaged { differs, kind: Kind::Product, id, name, reason: reason.to_owned() }
}

fn archive(seen: &Seen, key: &str, reason: String, pruned: bool) -> Change {
    let id = seen.price.price_id.clone();
    Change {
        action: Action::Archive,
        kind: Kind::Price,
        key: key.to_owned(),
        id: Some(id.clone()),
        before: Some(facts(seen)),
        after: None,
        reason,
        also: Vec::new(),
        pruned,
        steps: vec![Step::ArchivePrice { id }],
    }
}

fn archive_product(key: &str, product: &MirroredProduct) -> Change {
    let changes = ProductChanges { active: Some(false), ..ProductChanges::default() };
    let id = product.product_id.clone();
    let before: Value = json!({ "name": product.name });
    Change {
        action: Action::Archive,
        kind: Kind::Product,
        key: key.to_owned(),
        id: Some(id.clone()),
        before: Some(before),
        after: None,
        reason: NOT_IN_FILE.into(),
        also: Vec::new(),
        pruned: true,
        steps: vec![Step::UpdateProduct { id, changes }],
    }
}
