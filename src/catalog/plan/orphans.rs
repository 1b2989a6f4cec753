//! Orphans: active objects at Stripe that the file does not have. A plan archives them, or reports them as unmanaged.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::catalog::catalog_key::product_key;
use crate::catalog::plan::current::{CatalogIndex, CurrentPrice};
use crate::catalog::plan::describe::{IS_DEFAULT, archived_fields, unmanaged};
use crate::catalog::plan::{
    CatalogPlan, ChangeAction, ObjectKind, PlanOptions, PlannedChange, Step, UnmanagedObject,
};
use crate::wire::{MirroredProduct, ProductChanges};

const NO_CATALOG_KEY: &str = "has no catalog_key";

/// Plans the orphans, after the objects of the file.
#[derive(Debug)]
pub(super) struct Orphans<'i, 'a> {
    pub(super) index: &'i CatalogIndex<'a>,
    pub(super) options: PlanOptions,
}

impl Orphans<'_, '_> {
    fn not_in_source(&self) -> String {
        format!("is not in {}", self.options.source)
    }

    fn can_be_pruned(&self) -> String {
        format!("{}; --prune archives it", self.not_in_source())
    }

    /// Adds the orphans to the plan: replaced prices first, then pruned prices, then pruned products.
    pub(super) fn add_to(&self, plan: &mut CatalogPlan) {
        let prices = &self.index.prices;
        let catalog_keys: HashMap<&str, &str> = prices
            .iter()
            .filter_map(|current| current.catalog_key.map(|key| (current.price.price_id.as_str(), key)))
            .collect();
        let (mut pruned, mut unmanaged_prices) = (Vec::new(), Vec::new());
        for product in self.index.mirror.products.iter().filter(|product| product.active) {
            match product_key(product) {
                Some(key) if self.index.file_has_product(key) => {}
                Some(key) if self.options.prune => {
                    pruned.push(archive_product(key, product, self.not_in_source()));
                }
                Some(_) => plan.unmanaged.push(unmanaged_product(product, self.can_be_pruned(), true)),
                None => plan.unmanaged.push(unmanaged_product(product, NO_CATALOG_KEY.into(), false)),
            }
        }
        for current in prices.iter().filter(|current| current.price.active) {
            match self.classify(current) {
                PriceFinding::Planned => {}
                PriceFinding::Unmanaged(reason) => unmanaged_prices.push(unmanaged(current, reason, false)),
                PriceFinding::Differs(reason) => unmanaged_prices.push(unmanaged(current, reason, true)),
                PriceFinding::Replaced(by) => {
                    let key = catalog_keys.get(by).copied().unwrap_or(&current.price.price_id);
                    plan.changes.push(archive_price(current, key, format!("was replaced by {by}"), false));
                }
                PriceFinding::Pruned(key) => {
                    pruned.push(archive_price(current, key, self.not_in_source(), true));
                }
            }
        }
        // The sort is stable, so products come after their prices.
        pruned.sort_by_key(|change| change.kind == ObjectKind::Product);
        plan.changes.extend(pruned);
        plan.unmanaged.extend(unmanaged_prices);
    }

    fn classify<'s>(&self, current: &'s CurrentPrice) -> PriceFinding<'s> {
        if let Some(why) = current.unsupported() {
            return PriceFinding::Unmanaged(why.into());
        }
        if current.match_key().is_some_and(|key| self.index.file_has_price(key)) {
            return PriceFinding::Planned;
        }
        let Some(catalog_key) = current.catalog_key else {
            return match current.replaced_by {
                Some(by) if current.is_default => {
                    self.classify_default(current, &format!("was replaced by {by}"))
                }
                Some(by) => PriceFinding::Replaced(by),
                None => PriceFinding::Unmanaged(NO_CATALOG_KEY.into()),
            };
        };
        match current.product.and_then(product_key) {
            None => PriceFinding::Unmanaged(format!(
                "{}, and its product has no catalog_key",
                self.not_in_source()
            )),
            Some(_) if current.is_default => self.classify_default(current, &self.not_in_source()),
            Some(_) if self.options.prune => PriceFinding::Pruned(catalog_key),
            Some(_) => PriceFinding::Differs(self.can_be_pruned()),
        }
    }

    /// A default price stays active. That is a difference only while its product stays active.
    fn classify_default(&self, current: &CurrentPrice, why: &str) -> PriceFinding<'static> {
        let is_archived = |product: &MirroredProduct| {
            let key = product_key(product);
            let in_file = key.is_some_and(|key| self.index.file_has_product(key));
            !in_file && (!product.active || (self.options.prune && key.is_some()))
        };
        if current.product.is_some_and(is_archived) {
            PriceFinding::Planned
        } else {
            PriceFinding::Differs(format!("{why}, but {IS_DEFAULT}"))
        }
    }
}

/// What a plan does with an active price.
enum PriceFinding<'s> {
    /// Another part of the plan covers it.
    Planned,
    /// It stays unchanged, for this reason.
    Unmanaged(String),
    /// It differs from the file and stays unchanged, for this reason.
    Differs(String),
    /// It is archived: the last step of its replacement by the price with this id.
    Replaced(&'s str),
    /// It is archived: the file has no price with this `catalog_key`.
    Pruned(&'s str),
}

fn unmanaged_product(product: &MirroredProduct, reason: String, differs: bool) -> UnmanagedObject {
    let (id, name) = (product.product_id.clone(), product.name.clone());
    UnmanagedObject { differs, kind: ObjectKind::Product, id, name, reason }
}

fn archive_price(current: &CurrentPrice, key: &str, reason: String, pruned: bool) -> PlannedChange {
    let id = current.price.price_id.clone();
    PlannedChange {
        action: ChangeAction::Archive,
        kind: ObjectKind::Price,
        key: key.to_owned(),
        id: Some(id.clone()),
        before: Some(archived_fields(current)),
        after: None,
        reason,
        also: Vec::new(),
        pruned,
        steps: vec![Step::ArchivePrice { id }],
    }
}

fn archive_product(key: &str, product: &MirroredProduct, reason: String) -> PlannedChange {
    let changes = ProductChanges { active: Some(false), ..ProductChanges::default() };
    let id = product.product_id.clone();
    let before: Value = json!({ "name": product.name });
    PlannedChange {
        action: ChangeAction::Archive,
        kind: ObjectKind::Product,
        key: key.to_owned(),
        id: Some(id.clone()),
        before: Some(before),
        after: None,
        reason,
        also: Vec::new(),
        pruned: true,
        steps: vec![Step::UpdateProduct { id, changes }],
    }
}
